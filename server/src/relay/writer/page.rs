//! One transaction of the writer: judged batches become rows.

use std::sync::Arc;

use rusqlite::Connection;
use vanguard_core::admission::{self, Claim};
use vanguard_core::id::DocumentId;
use vanguard_core::keys::Hash;
use vanguard_core::rules::{Directory, Refusal};
use vanguard_core::wire::{BatchOutcome, ChangeOutcome};

use crate::relay::aside::{self, Fate, HeldRow, RefusedRow};
use crate::relay::judge::{self, Bench, Decision, Facts, Judged, Who};
use crate::relay::log::{self, Envelope, Head, NewChange};
use crate::relay::pusher::{Pusher, Verified};

use super::Answer;

/// One transaction of the writer.
pub(super) struct Page<'a> {
    pub(super) conn: &'a Connection,
    pub(super) head: Head,
    pub(super) directory: Arc<Directory>,
    pub(super) is_directory_changed: bool,
    pub(super) now_ms: i64,
    pub(super) grace_ms: i64,
    /// How much judging of what waited this transaction may still ask for.
    pub(super) work_left: usize,
}

impl<'a> Page<'a> {
    fn bench(&self, work_left: usize) -> Bench<'a> {
        Bench::new(
            self.conn,
            Arc::clone(&self.directory),
            self.now_ms,
            self.grace_ms,
            work_left,
        )
    }

    pub(super) fn judge_again(
        &self,
        pusher: &Pusher,
        batches: &[Verified],
    ) -> log::Result<Vec<Vec<Judged>>> {
        let mut bench = self.bench(pusher.work_limit());
        batches
            .iter()
            .map(|batch| bench.judge(pusher, batch))
            .collect()
    }

    pub(super) fn write_job(
        &mut self,
        pusher: &Pusher,
        batches: &[Verified],
        judged: Vec<Vec<Judged>>,
        is_all_or_nothing: bool,
    ) -> log::Result<Answer> {
        if is_all_or_nothing && let Some((index, refusal)) = first_refusal(&judged) {
            return Ok(Answer::Refused { index, refusal });
        }
        let mut outcomes = Vec::with_capacity(batches.len());
        let mut is_in_order = true;
        for (verified, judged) in batches.iter().zip(judged) {
            let outcome = if is_in_order {
                self.write_batch(pusher, verified, judged)?
            } else {
                // It was judged as if the one before were in the log.
                self.out_of_order(pusher, verified)?
            };
            is_in_order = !matches!(outcome, BatchOutcome::OutOfOrder { .. });
            outcomes.push(outcome);
        }
        Ok(Answer::Done {
            outcomes,
            received_at_ms: self.now_ms,
        })
    }

    /// Whether what was signed is kept beside its hash: for what is taken always, for what is only
    /// refused within the device's quota of evidence.
    fn is_kept(
        &self,
        pusher: &Pusher,
        verified: &Verified,
        judged: &[Judged],
    ) -> log::Result<bool> {
        let is_taken =
            |judged: &Judged| matches!(judged.decision, Decision::Admit(_) | Decision::Hold { .. });
        if judged.iter().any(is_taken) {
            return Ok(true);
        }
        aside::keep_evidence(self.conn, pusher.device, verified.statement.len() as u64)
    }

    fn out_of_order(&self, pusher: &Pusher, verified: &Verified) -> log::Result<BatchOutcome> {
        let opening = &verified.batch.header.opening;
        let expected = log::expected_number(self.conn, pusher.device, opening)?;
        Ok(BatchOutcome::OutOfOrder { expected })
    }

    fn write_batch(
        &mut self,
        pusher: &Pusher,
        verified: &Verified,
        judged: Vec<Judged>,
    ) -> log::Result<BatchOutcome> {
        let header = &verified.batch.header;
        let known = log::batch(self.conn, pusher.device, &header.opening, header.number)?;
        let batch = match known {
            Some((batch, hash)) if hash == verified.hash => batch,
            Some(_) => {
                log::mark_cloned(self.conn, pusher.device, self.now_ms)?;
                return self.out_of_order(pusher, verified);
            }
            None => {
                let expected = log::expected_number(self.conn, pusher.device, &header.opening)?;
                if header.number != expected {
                    return Ok(BatchOutcome::OutOfOrder { expected });
                }
                if !pusher.is_relay
                    && log::goes_on_by_turns(self.conn, pusher.device, &header.opening)?
                {
                    log::mark_cloned(self.conn, pusher.device, self.now_ms)?;
                }
                let envelope = Envelope {
                    device: pusher.device,
                    opening: header.opening,
                    number: header.number,
                    hash: &verified.hash,
                    statement: if self.is_kept(pusher, verified, &judged)? {
                        &verified.statement
                    } else {
                        &[]
                    },
                    signature: &verified.batch.signature,
                };
                log::put_batch(self.conn, &envelope, self.now_ms)?
            }
        };
        let raws = verified
            .batch
            .entries
            .iter()
            .flat_map(|entry| &entry.changes);
        let mut outcomes = Vec::with_capacity(judged.len());
        for (judged, raw) in judged.into_iter().zip(raws) {
            outcomes.push(self.write_change(pusher, verified, batch, judged, raw)?);
        }
        Ok(BatchOutcome::Judged(outcomes))
    }

    fn write_change(
        &mut self,
        pusher: &Pusher,
        verified: &Verified,
        batch: i64,
        judged: Judged,
        raw: &[u8],
    ) -> log::Result<ChangeOutcome> {
        let Judged {
            document,
            space,
            hash,
            decision,
        } = judged;
        let refused = |refusal: Refusal| ChangeOutcome::Refused {
            reason: refusal.as_str().into(),
        };
        let Some(document) = document else {
            return Ok(match decision {
                Decision::Postpone => ChangeOutcome::Held,
                Decision::Refuse { refusal, .. } => refused(refusal),
                _ => refused(Refusal::Malformed),
            });
        };
        Ok(match decision {
            Decision::Known => match log::place_of(self.conn, document, &hash)? {
                Some(at) => ChangeOutcome::Admitted {
                    position: at.position,
                    received_at_ms: Some(at.received_at_ms),
                },
                None => ChangeOutcome::Held, // the push that it was known from came to nothing
            },
            Decision::KnownRefused { reason } => ChangeOutcome::Refused { reason },
            Decision::Admit(facts) => {
                let position = self.append(document, &facts, &hash, raw, batch)?;
                self.settle_waiting(document, hash, Fate::Admitted)?;
                ChangeOutcome::Admitted {
                    position,
                    received_at_ms: None,
                }
            }
            Decision::Postpone => ChangeOutcome::Held,
            Decision::Hold { missing } => {
                let header = &verified.batch.header;
                let row = HeldRow {
                    hash,
                    device: pusher.device,
                    member: header.on_behalf_of.unwrap_or(pusher.member),
                    actor_prefix: pusher.public_key.actor_prefix(),
                    space,
                    directory_position: header.directory_position,
                    batch,
                    raw: raw.to_vec(),
                };
                aside::put_held(self.conn, document, &row, &missing, self.now_ms)?;
                ChangeOutcome::Held
            }
            Decision::Refuse { refusal, is_own } => {
                let row = RefusedRow {
                    hash: &hash,
                    reason: refusal.as_str(),
                    device: pusher.device,
                    is_own,
                    raw,
                };
                aside::put_refused(self.conn, document, &row, self.now_ms)?;
                if is_own {
                    self.settle_waiting(document, hash, Fate::Refused)?;
                }
                refused(refusal)
            }
        })
    }

    /// Puts a change into the log.
    fn append(
        &mut self,
        document: DocumentId,
        facts: &Facts,
        hash: &[u8; 32],
        raw: &[u8],
        batch: i64,
    ) -> log::Result<u64> {
        self.head = self.head.next(document, hash);
        let seq = self.head.seq;
        let doc = log::put_document(
            self.conn,
            &facts.header,
            facts.is_open,
            facts.ops,
            seq,
            self.now_ms,
        )?;
        let (received_at_ms, is_late) = (self.now_ms, facts.is_late);
        let change = NewChange {
            doc,
            space: facts.header.space,
            hash,
            raw,
            batch,
            received_at_ms,
            is_late,
        };
        log::put_change(self.conn, &self.head, &change)?;
        if let Some(member) = facts.assignee {
            log::put_assigned(self.conn, member, doc)?;
        }
        if facts.header.kind.is_directory() {
            self.note_directory(doc)?;
        }
        Ok(seq)
    }

    fn note_directory(&mut self, doc: i64) -> log::Result<()> {
        if let Some(subject) = judge::load_subject(self.conn, doc)? {
            // What was admitted can be read.
            let _ = admission::note_in_directory(Arc::make_mut(&mut self.directory), &subject);
            self.is_directory_changed = true;
        }
        Ok(())
    }

    /// Judges what waited for a change, now that this has become of it, and what waited for that.
    fn settle_waiting(&mut self, document: DocumentId, hash: Hash, fate: Fate) -> log::Result<()> {
        let mut settled = vec![(hash, fate)];
        let mut bench = None;
        while let Some((hash, fate)) = settled.pop() {
            for held in aside::take_settled(self.conn, document, &hash, fate)? {
                let who = Who {
                    member: held.member,
                    actor_prefix: held.actor_prefix,
                    directory_position: held.directory_position,
                };
                let claim = Claim {
                    document: Some(document),
                    space: held.space,
                };
                let bench = bench.get_or_insert_with(|| self.bench(self.work_left));
                let judged = bench.judge_change(&who, claim, &held.raw)?;
                self.work_left = bench.work_left;
                match judged.decision {
                    Decision::Admit(facts) => {
                        self.append(document, &facts, &held.hash, &held.raw, held.batch)?;
                        settled.push((held.hash, Fate::Admitted));
                    }
                    Decision::Refuse { refusal, is_own } => {
                        let row = RefusedRow {
                            hash: &held.hash,
                            reason: refusal.as_str(),
                            device: held.device,
                            is_own,
                            raw: &held.raw,
                        };
                        aside::put_refused(self.conn, document, &row, self.now_ms)?;
                        if is_own {
                            settled.push((held.hash, Fate::Refused));
                        }
                    }
                    // What there is no time for now its device still has, and pushes again.
                    Decision::Postpone
                    | Decision::Hold { .. }
                    | Decision::Known
                    | Decision::KnownRefused { .. } => {}
                }
            }
        }
        Ok(())
    }
}

fn first_refusal(judged: &[Vec<Judged>]) -> Option<(usize, Refusal)> {
    judged
        .iter()
        .flatten()
        .enumerate()
        .find_map(|(index, judged)| match &judged.decision {
            Decision::Refuse { refusal, .. } => Some((index, *refusal)),
            Decision::KnownRefused { reason } => {
                Some((index, Refusal::parse(reason).unwrap_or(Refusal::Malformed)))
            }
            Decision::Hold { .. } | Decision::Postpone => Some((index, Refusal::BuildsOnRefused)),
            Decision::Known | Decision::Admit(_) => None,
        })
}
