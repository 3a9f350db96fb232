//! Judging a push: every change through core's admission, against the log as one connection sees
//! it. Done outside the write transaction on whatever core is free; the writer repeats it where
//! something that it rested on has changed meanwhile.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rusqlite::Connection;
use vanguard_core::admission::{self, Bounded, Claim, Context, Outcome, Parsed, Subject, Verdict};
use vanguard_core::batch::change_hash;
use vanguard_core::document::Admitted;
use vanguard_core::id::{DocumentId, MemberId, OrgId};
use vanguard_core::keys::Hash;
use vanguard_core::model::Header;
use vanguard_core::rules::{Directory, Refusal};

use super::log;
use super::pusher::{Pusher, Verified};

/// What is to become of a change.
#[derive(Debug)]
pub(super) enum Decision {
    /// It is in the log already, or goes into it earlier in the same push.
    Known,
    /// It was refused before.
    KnownRefused { reason: String },
    /// It goes into the log.
    Admit(Facts),
    /// It waits for these changes.
    Hold { missing: Vec<Hash> },
    /// Nothing is decided: the device keeps it, and pushes it again.
    Postpone,
    /// It is refused now.
    Refuse {
        /// Why.
        refusal: Refusal,
        /// Whether it is the change's own device that pushes it: then the decision is final. Of
        /// what somebody else pushes it says nothing about the change.
        is_own: bool,
    },
}

/// What the log notes of an admitted change's document.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) header: Header,
    pub(super) is_open: bool,
    pub(super) assignee: Option<MemberId>,
    pub(super) is_late: bool,
    /// How many operations the change has.
    pub(super) ops: usize,
}

/// A change with its decision.
#[derive(Debug)]
pub(super) struct Judged {
    /// `None` where not even that can be read.
    pub(super) document: Option<DocumentId>,
    pub(super) space: OrgId,
    pub(super) hash: Hash,
    pub(super) decision: Decision,
}

/// What decisions rested on: the last change of each document, 0 where there was none.
pub(super) type Basis = HashMap<DocumentId, u64>;

/// Judges pushes one after the other against one view of the log.
pub(super) struct Bench<'a> {
    conn: &'a Connection,
    directory: Arc<Directory>,
    now_ms: i64,
    grace_ms: i64,
    standings: HashMap<DocumentId, Standing>,
    /// How much judging these pushes may still ask for.
    pub(super) work_left: usize,
    pub(super) basis: Basis,
    provisional: u64,
    /// What these pushes were refused: what builds on it will never be admitted either.
    refused: HashSet<(DocumentId, Hash)>,
}

/// How a document stands while pushes are judged.
#[derive(Debug)]
enum Standing {
    Absent,
    /// It was created just now by this change. Most pushes create many documents and do no more
    /// to them, so it is loaded only when something more comes.
    Created {
        raw: Vec<u8>,
        at: Admitted,
        hash: Hash,
    },
    Loaded(Box<Subject>),
    /// The log's bytes do not load: nothing is decided over it until they do.
    Unreadable,
}

/// How much judging a push may ask for, in bytes and operations of the changes read and of the
/// documents that they are judged on, each counted before anything is read or loaded, so that it
/// bounds the memory too. The most that our app pushes at a time takes two thirds of it; of a push
/// that is meant to hold the relay up the rest is postponed.
pub(super) const WORK_LIMIT: usize = 32 << 20;

/// What it costs to find out that a change is none. Our app sends no such thing.
const MALFORMED_WEIGHT: usize = 8 << 10;

/// Positions that no log reaches: what is judged but not placed yet folds after all that is.
const PROVISIONAL: u64 = 1 << 62;

impl<'a> Bench<'a> {
    pub(super) fn new(
        conn: &'a Connection,
        directory: Arc<Directory>,
        now_ms: i64,
        grace_ms: i64,
        work_left: usize,
    ) -> Self {
        Self {
            conn,
            directory,
            now_ms,
            grace_ms,
            standings: HashMap::new(),
            work_left,
            basis: Basis::new(),
            provisional: PROVISIONAL,
            refused: HashSet::new(),
        }
    }

    /// Judges the changes of a batch in its order.
    pub(super) fn judge(
        &mut self,
        pusher: &Pusher,
        verified: &Verified,
    ) -> log::Result<Vec<Judged>> {
        let header = &verified.batch.header;
        let actor_prefix = pusher.public_key.actor_prefix();
        let member = header
            .on_behalf_of
            .filter(|_| pusher.is_relay)
            .unwrap_or(pusher.member);
        let who = Who {
            member,
            actor_prefix,
            directory_position: header.directory_position,
        };
        let mut judged = Vec::new();
        for entry in &verified.batch.entries {
            let mut document = entry.document;
            for raw in &entry.changes {
                let claim = Claim {
                    document,
                    space: entry.space,
                };
                let change = self.judge_change(&who, claim, raw)?;
                document = document.or(change.document);
                judged.push(change);
            }
        }
        Ok(judged)
    }

    /// Judges one change.
    pub(super) fn judge_change(
        &mut self,
        who: &Who,
        claim: Claim,
        raw: &[u8],
    ) -> log::Result<Judged> {
        let hash = change_hash(raw).unwrap_or_default();
        let (document, decision) = match self.parse(raw) {
            Ok(Some(parsed)) => {
                let document = claim.document.or_else(|| parsed.created_document());
                let decision = match document {
                    Some(document) => self.decide(who, document, claim, (&hash, raw), parsed)?,
                    None => Decision::Refuse {
                        refusal: Refusal::Malformed,
                        is_own: parsed.is_by(&who.actor_prefix),
                    },
                };
                (document, decision)
            }
            Ok(None) => (claim.document, Decision::Postpone),
            Err(refusal) => {
                let is_own = false;
                (claim.document, Decision::Refuse { refusal, is_own })
            }
        };
        Ok(Judged {
            document,
            space: claim.space,
            hash,
            decision,
        })
    }

    /// Reads a change; `None` where there is no more time for it.
    fn parse(&mut self, raw: &[u8]) -> Result<Option<Parsed>, Refusal> {
        if self.work_left == 0 {
            return Ok(None);
        }
        let bounded = admission::bound(raw);
        let weight = bounded.as_ref().map_or(MALFORMED_WEIGHT, Bounded::weight);
        let has_time = self.spend(weight);
        let bounded = bounded?;
        if has_time {
            bounded.parse().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Takes so much of the time that is left; says no where there is not enough, and then leaves
    /// none.
    fn spend(&mut self, weight: usize) -> bool {
        let left = self.work_left.checked_sub(weight);
        self.work_left = left.unwrap_or(0);
        left.is_some()
    }

    fn decide(
        &mut self,
        who: &Who,
        document: DocumentId,
        claim: Claim,
        (hash, raw): (&Hash, &[u8]),
        parsed: Parsed,
    ) -> log::Result<Decision> {
        let is_own = parsed.is_by(&who.actor_prefix);
        if is_own && let Some(reason) = log::refusal(self.conn, document, hash)? {
            return Ok(Decision::KnownRefused { reason });
        }
        if self.load(document, hash)? {
            return Ok(Decision::Known);
        }
        let weight = match self.standings.get(&document) {
            Some(Standing::Loaded(subject)) => subject.weight(),
            Some(Standing::Absent) => 0,
            Some(Standing::Unreadable | Standing::Created { .. }) | None => {
                return Ok(Decision::Postpone);
            }
        };
        if !self.spend(weight) {
            return Ok(Decision::Postpone);
        }
        let subject = match self.standings.get(&document) {
            Some(Standing::Loaded(subject)) => Some(&**subject),
            _ => None,
        };
        let context = Context {
            directory: &self.directory,
            member: who.member,
            actor_prefix: who.actor_prefix,
            directory_position: who.directory_position,
            now_ms: self.now_ms,
            grace_ms: self.grace_ms,
        };
        let placed = Admitted {
            position: self.provisional,
            received_at_ms: self.now_ms,
        };
        let (is_new, ops) = (subject.is_none(), parsed.ops());
        let refusal = match admission::admit(&context, subject, claim, parsed, placed) {
            Verdict::Admitted(outcome) => {
                self.provisional += 1;
                let created = is_new.then(|| Standing::Created {
                    raw: raw.to_vec(),
                    at: placed,
                    hash: *hash,
                });
                return Ok(Decision::Admit(self.note(document, *outcome, ops, created)));
            }
            Verdict::Held { missing } if !self.is_any_refused(document, &missing)? => {
                return Ok(Decision::Hold { missing });
            }
            Verdict::Held { .. } => Refusal::BuildsOnRefused,
            Verdict::Refused(refusal) => refusal,
        };
        if is_own {
            self.refused.insert((document, *hash));
        }
        Ok(Decision::Refuse { refusal, is_own })
    }

    fn is_any_refused(&self, document: DocumentId, missing: &[Hash]) -> log::Result<bool> {
        for hash in missing {
            if self.refused.contains(&(document, *hash))
                || log::refusal(self.conn, document, hash)?.is_some()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Goes on with the document as it now stands.
    fn note(
        &mut self,
        document: DocumentId,
        outcome: Outcome,
        ops: usize,
        created: Option<Standing>,
    ) -> Facts {
        let Outcome {
            header,
            subject,
            is_open,
            assignee,
            is_late,
        } = outcome;
        if let Some(subject) = subject.as_ref().filter(|_| header.kind.is_directory()) {
            // What was read to be judged can be read again.
            let _ = admission::note_in_directory(Arc::make_mut(&mut self.directory), subject);
        }
        let loaded = || subject.map(|subject| Standing::Loaded(Box::new(subject)));
        let standing = created.or_else(loaded).unwrap_or(Standing::Unreadable);
        self.standings.insert(document, standing);
        Facts {
            header,
            is_open,
            assignee,
            is_late,
            ops,
        }
    }

    /// Finds out how a document stands, loaded where it exists and there is time for it; says
    /// whether it has the change already.
    fn load(&mut self, document: DocumentId, hash: &Hash) -> log::Result<bool> {
        if !self.standings.contains_key(&document) {
            let row = log::document(self.conn, document)?;
            let standing = match row {
                None => Standing::Absent,
                Some(row) => {
                    let (changes, bytes, ops) = log::size_of(self.conn, row.doc)?;
                    if !self.spend(admission::stored_weight(changes, bytes, ops)) {
                        return Ok(false);
                    }
                    match load_subject(self.conn, row.doc)? {
                        Some(subject) => Standing::Loaded(Box::new(subject)),
                        None => Standing::Unreadable,
                    }
                }
            };
            self.basis
                .insert(document, row.map_or(0, |row| row.last_seq));
            self.standings.insert(document, standing);
        }
        let Some(standing) = self.standings.get_mut(&document) else {
            return Ok(false);
        };
        if let Standing::Created {
            raw,
            at,
            hash: first,
        } = standing
        {
            if first == hash {
                return Ok(true);
            }
            let loaded = Subject::load([(*at, *first, raw.as_slice())]);
            *standing = loaded.map_or(Standing::Unreadable, |subject| {
                Standing::Loaded(Box::new(subject))
            });
        }
        Ok(match standing {
            Standing::Loaded(subject) => subject.position_of(hash).is_some(),
            _ => false,
        })
    }
}

/// In whose name a change is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Who {
    pub(super) member: MemberId,
    pub(super) actor_prefix: [u8; 8],
    pub(super) directory_position: u64,
}

/// A document as the log has it; `None` where it cannot be loaded.
pub(super) fn load_subject(conn: &Connection, doc: i64) -> log::Result<Option<Subject>> {
    load_subject_at(conn, doc, u64::MAX)
}

/// A document as the log had it at a position; `None` where it was not there yet, or cannot be
/// loaded.
pub(super) fn load_subject_at(
    conn: &Connection,
    doc: i64,
    position: u64,
) -> log::Result<Option<Subject>> {
    let changes = log::changes_of(conn, doc)?;
    let parts = changes
        .iter()
        .take_while(|change| change.admitted.position <= position)
        .map(|change| (change.admitted, change.hash, change.raw.as_slice()));
    Ok(Subject::load(parts).ok())
}

/// Whether what decisions rested on still stands.
pub(super) fn still_stands(conn: &Connection, basis: &Basis) -> log::Result<bool> {
    for (document, last_seq) in basis {
        let now = log::document(conn, *document)?.map_or(0, |row| row.last_seq);
        if now != *last_seq {
            return Ok(false);
        }
    }
    Ok(true)
}
