//! The photos of a round: after its text, for as long as anybody listens.

use std::sync::atomic::Ordering;

use vanguard_core::http::{HttpError, HttpRelay, Moved};
use vanguard_core::photos::transfer::{self, PhotoProgress};

use super::{Round, SyncProgress};
use crate::error::{Result, VanguardError};
use crate::notebook::{Notebook, paused};

/// Carries what may travel now; `None` where everybody has left. Where anything was sent, the round
/// looks once more, for the receipt.
pub(super) async fn carry(
    notebook: &Notebook,
    round: &Round,
    relay: &HttpRelay,
    credential: &str,
    base: &mut SyncProgress,
) -> Option<Result<()>> {
    let opening = notebook.opening();
    let mut files = transfer::Round::new(notebook.wire.travel());
    let ended = loop {
        if round.told.receiver_count() == 0 {
            break None;
        }
        let job = match notebook.within(opening, |it| files.next(it)) {
            Ok(Some(job)) => job,
            Ok(None) if files.is_offline() => {
                let reason = "no photo comes through".to_owned();
                break Some(Err(VanguardError::Unreachable { reason }));
            }
            Ok(None) => break Some(Ok(())),
            Err(error) => break Some(Err(error)),
        };
        let mut told = |moved: Moved<'_>| {
            match moved {
                Moved::Begun(url) => notebook
                    .within(opening, |it| it.upload_begun(&job.hash, url))
                    .map_err(|error| HttpError::Unreachable(error.to_string()))?,
                Moved::Bytes(bytes) => {
                    files.moved(&job, bytes);
                    let done = sum(*base, files.progress());
                    round.told.send_modify(|told| told.done = done);
                }
            }
            Ok(())
        };
        let end = tokio::select! {
            end = relay.carry(credential, &job, &mut told) => end,
            () = round.told.closed() => break None,
            () = notebook.is_closed_since(opening) => break Some(Err(paused())),
        };
        let settled = match end {
            Ok(end) => notebook.within(opening, |it| files.ended(it, &job, end)),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = settled {
            break Some(Err(error));
        }
        notebook.changed.send_modify(|number| *number += 1);
    };
    let done = files.progress();
    *base = sum(*base, done);
    round.told.send_modify(|told| told.done = *base);
    if done.sent > 0 {
        round.again.store(true, Ordering::Relaxed);
    }
    ended
}

fn sum(base: SyncProgress, files: PhotoProgress) -> SyncProgress {
    SyncProgress {
        photos_sent: base.photos_sent + files.sent,
        photos_received: base.photos_received + files.received,
        photo_bytes_left: files.bytes_left,
        bytes_up: base.bytes_up + files.bytes_up,
        bytes_down: base.bytes_down + files.bytes_down,
        ..base
    }
}
