//! A change applied to a document through the whole of admission: nothing escapes it, and what it
//! admits can be read, reloaded and worked on for ever.

use automerge::Automerge;
use serde_json::json;
use vanguard_core::admission::{Claim, Context, Subject, Verdict, admit, bound};
use vanguard_core::batch::change_hash;
use vanguard_core::document::{Admitted, Contents};

use super::life::{self, NOW_MS, PREFIX, SPACE, Step};
use super::made_to_fit;

thread_local! {
    static LIFE: Vec<Step> = life::life();
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It was no change, or one that the rules do not accept.
    Refused,
    /// It builds on what nobody has.
    Held,
    /// It was admitted as it was read.
    Read,
    /// It was admitted after its document had been loaded.
    Loaded,
}

/// Judges a change: the first byte says on which state of the document, the rest is its bytes.
///
/// # Panics
/// Where an admitted change has done harm.
pub fn judge(data: &[u8]) -> Outcome {
    LIFE.with(|life| judge_on(life, data))
}

/// [Judges](judge) a change, for a target.
pub fn run(data: &[u8]) {
    judge(data);
}

/// The seeds: every change of the life, on the document that it was made on.
pub fn seeds() -> Vec<Vec<u8>> {
    let seed = |(at, step): (u8, &Step)| [vec![at], step.raw.clone()].concat();
    LIFE.with(|life| (0..).zip(life).map(seed).collect())
}

fn judge_on(life: &[Step], data: &[u8]) -> Outcome {
    let Some((at, data)) = data.split_first() else {
        return Outcome::Refused;
    };
    let step = &life[usize::from(*at) % life.len()];
    let Some(raw) = made_to_fit(data) else {
        return Outcome::Refused;
    };
    let directory = life::directory();
    let context = Context {
        directory: &directory,
        member: life::author(step.who).member,
        actor_prefix: PREFIX,
        directory_position: 10,
        now_ms: NOW_MS,
        grace_ms: 0,
    };
    let claim = Claim {
        document: step.before.as_ref().map(|subject| subject.header.id),
        space: SPACE,
    };
    let placed = Admitted {
        position: 100,
        received_at_ms: NOW_MS,
    };
    let Ok(parsed) = bound(&raw).and_then(|bounded| bounded.parse()) else {
        return Outcome::Refused;
    };
    let (subject, outcome) = match admit(&context, step.before.as_ref(), claim, parsed, placed) {
        Verdict::Refused(_) => return Outcome::Refused,
        Verdict::Held { .. } => return Outcome::Held,
        Verdict::Admitted(admitted) => match admitted.subject {
            Some(subject) => (subject, Outcome::Loaded),
            None => (as_read(&raw, placed), Outcome::Read),
        },
    };
    assert!(!subject.doc.get_heads().is_empty());
    let mut reloaded = Automerge::load(&subject.doc.save()).expect("what is admitted reloads");
    let seen = subject.frontier().expect("what is admitted can be read");
    let comment = life::append(0x77, json!({"event": "commented", "text": "还能写"}));
    let next = life::composer(9)
        .perform(&mut reloaded, &comment, &seen)
        .expect("what is admitted can be worked on");
    bound(&next.raw)
        .and_then(|bounded| bounded.parse())
        .expect("and what is done then is a change");
    outcome
}

/// The document of a first change that was admitted as it was read: what was read is what it holds.
fn as_read(raw: &[u8], placed: Admitted) -> Subject {
    let hash = change_hash(raw).expect("what is admitted has a hash");
    let subject = Subject::load([(placed, hash, raw)]).expect("what is admitted unloaded loads");
    let read = Contents::of_creation(raw).expect("what was read can be read");
    assert_eq!(Contents::of(&subject.doc), Ok(read));
    subject
}
