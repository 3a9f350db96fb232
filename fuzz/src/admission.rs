//! A change applied to a document through the whole of admission: nothing escapes it, and what it
//! admits can be read, reloaded and worked on for ever.

use automerge::Automerge;
use serde_json::json;
use vanguard_core::admission::{Claim, Context, Subject, Verdict, admit, parse};
use vanguard_core::batch::change_hash;
use vanguard_core::document::Admitted;

use super::life::{self, NOW_MS, PREFIX, SPACE, Step};
use super::made_to_fit;

thread_local! {
    static LIFE: Vec<Step> = life::life();
}

/// Judges a change: the first byte says on which state of the document, the rest is its bytes.
///
/// # Panics
/// Where an admitted change has done harm.
pub fn run(data: &[u8]) {
    LIFE.with(|life| run_on(life, data));
}

/// The seeds: every change of the life, on the document that it was made on.
pub fn seeds() -> Vec<Vec<u8>> {
    let seed = |(at, step): (u8, &Step)| [vec![at], step.raw.clone()].concat();
    LIFE.with(|life| (0..).zip(life).map(seed).collect())
}

fn run_on(life: &[Step], data: &[u8]) {
    let Some((at, data)) = data.split_first() else {
        return;
    };
    let step = &life[usize::from(*at) % life.len()];
    let Some(raw) = made_to_fit(data) else {
        return;
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
    let Ok(parsed) = parse(&raw) else {
        return;
    };
    let Verdict::Admitted(outcome) = admit(&context, step.before.as_ref(), claim, parsed, placed)
    else {
        return;
    };
    let subject = outcome.subject.unwrap_or_else(|| {
        let hash = change_hash(&raw).expect("what is admitted has a hash");
        Subject::load([(placed, hash, raw.as_slice())]).expect("what is admitted unloaded loads")
    });
    assert!(!subject.doc.get_heads().is_empty());
    let mut reloaded = Automerge::load(&subject.doc.save()).expect("what is admitted reloads");
    let seen = subject.frontier().expect("what is admitted can be read");
    let comment = life::append(0x77, json!({"event": "commented", "text": "还能写"}));
    let next = life::composer(9)
        .perform(&mut reloaded, &comment, &seen)
        .expect("what is admitted can be worked on");
    parse(&next.raw).expect("and what is done then is a change");
}
