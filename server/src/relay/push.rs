//! A push on its way: verified and judged beside the writer, then handed to it.

use std::sync::Arc;

use tokio::sync::oneshot;
use vanguard_core::keys::Hash;
use vanguard_core::rules::Refusal;
use vanguard_core::wire::{BatchOutcome, ByteArray32, ChangeOutcome, SealedBatch};

use super::judge::Bench;
use super::pusher::{Pusher, Verified, verify};
use super::turns::Turn;
use super::writer::{Answer, Job};
use super::{Relay, RelayError};

impl Relay {
    /// Judges batches and puts them into the log.
    pub(super) async fn push(
        self: &Arc<Self>,
        turn: Turn,
        pusher: Pusher,
        batches: Vec<SealedBatch>,
    ) -> Result<Pushed, RelayError> {
        let relay = Arc::clone(self);
        let (reply, answer) = oneshot::channel();
        let judging = self.blocking(move || {
            let submitted = relay.submit(pusher, batches, false, reply);
            drop(turn); // not before: nobody waits for an answer that has gone
            submitted
        });
        let (hashes, rejected) = judging.await?;
        let Answer::Done {
            mut outcomes,
            received_at_ms,
        } = answer
            .await
            .map_err(|_| RelayError::Stopped)?
            .into_result()?
        else {
            return Err(RelayError::Stopped); // only the console asks for all or nothing
        };
        if let Some(refusal) = rejected {
            outcomes.push(BatchOutcome::Rejected {
                reason: refusal.as_str().into(),
            });
        }
        Ok(Pushed {
            outcomes,
            hashes,
            received_at_ms,
        })
    }

    /// Verifies and judges batches up to the first that is not the pusher's, and hands them to
    /// the writer. Gives the hashes of each batch's changes, and why the rest was rejected.
    pub(super) fn submit(
        &self,
        pusher: Pusher,
        batches: Vec<SealedBatch>,
        is_all_or_nothing: bool,
        reply: oneshot::Sender<Answer>,
    ) -> Result<(Vec<Vec<Hash>>, Option<Refusal>), RelayError> {
        let mut verified: Vec<Verified> = Vec::with_capacity(batches.len());
        let mut rejected = None;
        for batch in batches {
            match verify(&pusher, &self.fingerprint, batch) {
                Ok(good) => verified.push(good),
                Err(refusal) => {
                    rejected = Some(refusal);
                    break;
                }
            }
        }
        let directory = self.writer.directory();
        let (judged, basis) = self.readers.with(|conn| {
            let tx = conn.transaction()?; // one view of the log for all of them
            let now_ms = self.env.now_ms();
            let mut bench = Bench::new(
                &tx,
                Arc::clone(&directory),
                now_ms,
                self.options.grace_ms,
                pusher.work_limit(),
            );
            let judged: rusqlite::Result<Vec<_>> = verified
                .iter()
                .map(|batch| bench.judge(&pusher, batch))
                .collect();
            Ok::<_, RelayError>((judged?, bench.basis))
        })?;
        let hashes = judged
            .iter()
            .map(|batch| batch.iter().map(|change| change.hash).collect())
            .collect();
        let job = Job {
            pusher,
            batches: verified,
            judged,
            basis,
            directory,
            is_all_or_nothing,
            reply,
        };
        if self.writer.submit(job) {
            Ok((hashes, rejected))
        } else {
            Err(RelayError::Stopped)
        }
    }
}

/// What became of a push.
pub(super) struct Pushed {
    pub(super) outcomes: Vec<BatchOutcome>,
    pub(super) hashes: Vec<Vec<Hash>>,
    pub(super) received_at_ms: i64,
}

/// What a receipt names: the admitted changes in the push's order.
pub(super) fn admitted_of(pushed: &Pushed) -> Vec<(ByteArray32, u64)> {
    let mut admitted = Vec::new();
    for (outcome, hashes) in pushed.outcomes.iter().zip(&pushed.hashes) {
        let BatchOutcome::Judged(changes) = outcome else {
            continue;
        };
        for (change, hash) in changes.iter().zip(hashes) {
            if let ChangeOutcome::Admitted { position, .. } = change {
                admitted.push((ByteArray32(*hash), *position));
            }
        }
    }
    admitted
}

impl Answer {
    pub(super) fn into_result(self) -> Result<Self, RelayError> {
        match self {
            Self::Failed(error) => Err(error),
            other => Ok(other),
        }
    }
}
