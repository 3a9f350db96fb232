//! The photos of a round: after its text, for as long as anybody listens. What is written
//! meanwhile does not wait for them.

use tokio::sync::watch;
use vanguard_core::http::{HttpError, HttpRelay, Moved};
use vanguard_core::photos::transfer;

use super::round::{Round, exchange};
use crate::error::{Result, VanguardError};
use crate::notebook::{Notebook, paused};

/// Carries what may travel now; `None` where everybody has left. Where anything was sent, the round
/// looks once more, for the receipt.
pub(super) async fn carry(
    notebook: &Notebook,
    round: &Round,
    relay: &HttpRelay,
    credential: &str,
    files: &mut transfer::Round,
    written: &mut watch::Receiver<u64>,
) -> Option<Result<()>> {
    let opening = notebook.opening();
    let mut asked = round.asked.subscribe();
    if round.is_asked() {
        asked.mark_changed();
    }
    let sent_before = files.progress().sent;
    let ended = 'files: loop {
        if round.is_left() {
            break None;
        }
        files.go_by(notebook.wire.travel());
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
                    let done = files.progress();
                    round.told.send_modify(|told| told.photos = done);
                }
            }
            Ok(())
        };
        let carried = {
            let carrying = relay.carry(credential, &job, &mut told);
            tokio::pin!(carrying);
            loop {
                tokio::select! {
                    biased;
                    () = round.told.closed() => break 'files None,
                    () = notebook.is_closed_since(opening) => break 'files Some(Err(paused())),
                    _ = asked.changed() => {}
                    _ = written.changed() => {}
                    end = &mut carrying => break end,
                }
                // There is text: it goes now. The piece of the file that is on its way stays so.
                asked.mark_unchanged();
                written.mark_unchanged();
                match exchange(notebook, round, relay, credential).await {
                    Some(Ok(())) => {}
                    ended => break 'files ended,
                }
            }
        };
        let settled = match carried {
            Ok(end) => notebook.within(opening, |it| files.ended(it, &job, end)),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = settled {
            break Some(Err(error));
        }
        let done = files.progress();
        round.told.send_modify(|told| told.photos = done);
        notebook.changed.send_modify(|number| *number += 1);
    };
    let done = files.progress();
    round.told.send_modify(|told| told.photos = done);
    if done.sent > sent_before {
        round.ask();
    }
    ended
}
