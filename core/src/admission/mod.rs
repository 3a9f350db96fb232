//! Nothing enters a relay's log unchecked: the four steps that every pushed change goes through,
//! in causal order. **Bounded** before it is parsed; **well-formed**; **applied** to a copy and
//! reloaded, or written as Automerge writes; **allowed** on its decoded operations by the rules.
//! Pure: a document as it stands and a change go in, a [`Verdict`] comes out; the relay keeps the
//! log around it.

pub mod bounded;
mod judge;
mod shape;

use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::{Automerge, Change, ChangeHash, ExpandedChange, ReadDoc as _};

use crate::document::{self, Admitted, Positions, ReadError};
use crate::id::{DocumentId, EventId, MemberId, OrgId};
use crate::keys::Hash;
use crate::model::organisation::PartyOrg;
use crate::model::people::Grant;
use crate::model::{DocumentKind, Header};
use crate::rules::{Directory, Refusal};

/// Where a change comes from, and what it is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The organisation tree and the grants as the log has them.
    pub directory: &'a Directory,
    /// The member whose device signed the batch, or in whose name the console acted.
    pub member: MemberId,
    /// What every actor of the signing key begins with.
    pub actor_prefix: [u8; 8],
    /// How far the batch's device had seen the directory.
    pub directory_position: u64,
    /// The relay's clock, in milliseconds.
    pub now_ms: i64,
    /// How long after a grant's end work from before it is still admitted, in milliseconds.
    pub grace_ms: i64,
}

/// A document as its admitted changes make it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The document.
    pub doc: Automerge,
    /// The positions of its changes.
    pub positions: Positions,
    /// What it says of itself.
    pub header: Header,
    /// How many bytes its changes have, all together.
    pub bytes: usize,
}

impl Subject {
    /// Loads a document from its admitted changes in the log's order.
    ///
    /// # Errors
    /// Where the log's bytes are damaged.
    pub fn load<'a>(
        changes: impl IntoIterator<Item = (Admitted, Hash, &'a [u8])>,
    ) -> Result<Self, ReadError> {
        let mut positions = Positions::new();
        let mut bytes = 0;
        let raws: Vec<&[u8]> = changes
            .into_iter()
            .map(|(at, hash, raw)| {
                positions.insert(ChangeHash(hash), at);
                bytes += raw.len();
                raw
            })
            .collect();
        let doc = document::load(raws)?;
        let header = document::read_header(&doc)?;
        Ok(Self {
            doc,
            positions,
            header,
            bytes,
        })
    }

    /// Where the log has a change of it.
    pub fn position_of(&self, hash: &Hash) -> Option<&Admitted> {
        self.positions.get(&ChangeHash(*hash))
    }

    /// How much it costs to judge a change to it, in bytes, see [`Bounded::weight`].
    pub fn weight(&self) -> usize {
        stored_weight(self.positions.len(), self.bytes, self.ops())
    }

    /// How many operations it has.
    pub fn ops(&self) -> usize {
        usize::try_from(self.doc.stats().num_ops).unwrap_or(usize::MAX)
    }

    /// The latest events in it: what the author of the next one has seen.
    ///
    /// # Errors
    /// Where the document cannot be read.
    pub fn frontier(&self) -> Result<Vec<EventId>, ReadError> {
        crate::model::for_kind!(self.header.kind, R => {
            document::read::<R>(&self.doc, &self.positions).map(|view| document::frontier(&view.events))
        })
    }
}

/// What becomes of a change.
#[derive(Debug)]
pub enum Verdict {
    /// It goes into the log; the document stands thus after it.
    Admitted(Box<Outcome>),
    /// It builds on changes that are not there yet.
    Held {
        /// The missing changes.
        missing: Vec<Hash>,
    },
    /// It never will.
    Refused(Refusal),
}

/// An admitted change's document.
#[derive(Debug)]
pub struct Outcome {
    /// What the document says of itself.
    pub header: Header,
    /// The document after the change; `None` where the change creates it and its bytes alone say
    /// all that there is to know of it.
    pub subject: Option<Subject>,
    /// Whether somebody still has something to do about the record.
    pub is_open: bool,
    /// Members whom the record brings across spaces: the person it is assigned to.
    pub assignee: Option<MemberId>,
    /// Whether the grant that it was made under had ended meanwhile.
    pub is_late: bool,
}

/// The document and space that a change's batch names.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The document; `None` where the change creates it.
    pub document: Option<DocumentId>,
    /// Its space.
    pub space: OrgId,
}

/// A change that was bounded, parsed and decoded, and about which nothing is decided yet.
#[derive(Debug)]
pub struct Parsed {
    change: Change,
    expanded: ExpandedChange,
}

impl Parsed {
    /// Which document it creates; `None` where it creates none.
    pub fn created_document(&self) -> Option<DocumentId> {
        shape::created_id(&self.expanded)
    }

    /// How many operations it has.
    pub fn ops(&self) -> usize {
        self.change.len()
    }

    /// Whether it was made by a device whose actors begin so.
    pub fn is_by(&self, actor_prefix: &[u8; 8]) -> bool {
        self.change.actor_id().to_bytes().starts_with(actor_prefix)
    }
}

/// A change that has passed step one: what may be shown to Automerge.
#[derive(Clone, Copy, Debug)]
pub struct Bounded<'a> {
    raw: &'a [u8],
    ops: usize,
}

impl Bounded<'_> {
    /// How much it costs to read and judge it, in bytes: an operation costs what some bytes do,
    /// however few it was written in.
    pub fn weight(&self) -> usize {
        self.raw.len() + OP_WEIGHT * self.ops
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] where Automerge cannot.
    pub fn parse(&self) -> Result<Parsed, Refusal> {
        let raw = self.raw;
        let parsed = catch_unwind(|| {
            let change = Change::from_bytes(raw.to_vec()).ok()?;
            let is_whole = change.raw_bytes() == raw && change.extra_bytes().is_empty();
            let expanded = is_whole.then(|| change.decode())?;
            Some(Parsed { change, expanded })
        });
        parsed.ok().flatten().ok_or(Refusal::Malformed)
    }
}

/// What an operation costs to judge beside its bytes, in bytes.
const OP_WEIGHT: usize = 32;
/// What an operation in a document costs whoever judges the next change to it beside its bytes, in
/// bytes: what columns hold takes less than what has to be read.
const STORED_OP_WEIGHT: usize = 16;
/// What each change of a document costs whoever judges the next one beside its bytes, in bytes.
const CHANGE_WEIGHT: usize = 256;

/// How much it costs to load a document of so many changes, bytes and operations, see
/// [`Bounded::weight`].
pub fn stored_weight(changes: usize, bytes: usize, ops: usize) -> usize {
    bytes + CHANGE_WEIGHT * changes + STORED_OP_WEIGHT * ops
}

/// Step one.
///
/// # Errors
/// The refusal that the change gets.
pub fn bound(raw: &[u8]) -> Result<Bounded<'_>, Refusal> {
    let ops = bounded::check(raw)?.ops;
    Ok(Bounded { raw, ops })
}

/// Judges a change to `subject` (`None` while the document does not exist). `provisional` is the
/// place that it would take in the log.
pub fn admit(
    context: &Context<'_>,
    subject: Option<&Subject>,
    claim: Claim,
    parsed: Parsed,
    provisional: Admitted,
) -> Verdict {
    let judged = catch_unwind(AssertUnwindSafe(|| {
        judge::judge(context, subject, claim, parsed, provisional)
    }));
    match judged {
        Ok(Ok(verdict)) => verdict,
        Ok(Err(refusal)) => Verdict::Refused(refusal),
        Err(_) => Verdict::Refused(Refusal::Malformed),
    }
}

/// The directory with a directory document's news in it; other kinds leave it as it is.
///
/// # Errors
/// Where the document cannot be read.
pub fn note_in_directory(directory: &mut Directory, subject: &Subject) -> Result<(), ReadError> {
    match subject.header.kind {
        DocumentKind::Organisation => {
            directory.put_org(&document::read::<PartyOrg>(
                &subject.doc,
                &subject.positions,
            )?);
        }
        DocumentKind::Grant => {
            directory.put_grant(&document::read::<Grant>(&subject.doc, &subject.positions)?);
        }
        _ => {}
    }
    Ok(())
}
