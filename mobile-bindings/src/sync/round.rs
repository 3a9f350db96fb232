//! The one round that is under way: its text, its photos, and those who listen to it.

use std::sync::Arc;

use tokio::sync::watch;
use vanguard_core::http::HttpRelay;
use vanguard_core::photos::transfer::{self, PhotoProgress};
use vanguard_core::sync::{Options, Progress, Session, Step, SyncError};

use super::{SyncProgress, lock, photos};
use crate::error::{Result, VanguardError};
use crate::keys;
use crate::notebook::{Notebook, paused};

/// One round that any number of callers listen to.
#[derive(Default)]
pub(super) struct Round {
    pub(super) told: watch::Sender<Told>,
    /// How often an exchange of text was asked for. Whoever asks after one had begun gets another,
    /// so that what they wrote before they called is sent.
    pub(super) asked: watch::Sender<u64>,
    /// It has ended, and touches the file no more.
    is_over: watch::Sender<bool>,
}

/// What a round tells its listeners.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    text: SyncProgress,
    pub(super) photos: PhotoProgress,
    /// Up to which asking text was exchanged.
    served: u64,
    end: Option<Result<()>>,
}

impl Told {
    fn done(&self) -> SyncProgress {
        let Self { text, photos, .. } = *self;
        SyncProgress {
            photos_sent: photos.sent,
            photos_received: photos.received,
            photos_failed: photos.failed,
            photo_bytes_left: photos.bytes_left,
            bytes_up: text.bytes_up + photos.bytes_up,
            bytes_down: text.bytes_down + photos.bytes_down,
            ..text
        }
    }
}

impl Round {
    /// Asks for another exchange of text; gives the number of this asking.
    pub(super) fn ask(&self) -> u64 {
        self.asked.send_modify(|number| *number += 1);
        *self.asked.borrow()
    }

    /// Whether somebody asked after the last exchange had begun.
    pub(super) fn is_asked(&self) -> bool {
        *self.asked.borrow() > self.told.borrow().served
    }

    pub(super) fn is_left(&self) -> bool {
        self.told.receiver_count() == 0
    }
}

/// Somebody who listens to a round; it goes on for as long as anybody does.
pub(crate) struct Listening {
    round: Arc<Round>,
    told: watch::Receiver<Told>,
    number: u64,
}

impl Listening {
    /// Joins a round; to be called with its slot locked, so that it has not ended.
    pub(super) fn to(round: &Arc<Round>) -> Self {
        let told = round.told.subscribe();
        round.is_over.send_modify(|_| ()); // who was the last to leave no longer is
        Self {
            round: Arc::clone(round),
            told,
            number: round.ask(),
        }
    }

    /// Waits for what comes next: what was done so far, and how the round ended where it has.
    pub(crate) async fn news(&mut self) -> (SyncProgress, Option<Result<()>>) {
        let _ = self.told.changed().await; // the sender is the round's own, which is held here
        let told = self.told.borrow_and_update();
        (told.done(), told.end.clone())
    }

    /// Waits until the text that there was when the round was joined is exchanged. Photos may
    /// still be on their way.
    pub(crate) async fn text(&mut self) -> Result<()> {
        let number = self.number;
        let is_told = |told: &Told| told.served >= number || told.end.is_some();
        match self.told.wait_for(is_told).await {
            Ok(told) if told.served < number => told.end.clone().unwrap_or(Ok(())),
            _ => Ok(()),
        }
    }

    /// Waits until the round is over, photos included.
    pub(crate) async fn end(&mut self) -> Result<()> {
        match self.told.wait_for(|told| told.end.is_some()).await {
            Ok(told) => told.end.clone().unwrap_or(Ok(())),
            Err(_) => Ok(()),
        }
    }

    /// Leaves. Who was the last to listen waits until the round is over, so that whoever is told
    /// “interrupted” may be suspended: no page is being written any more.
    pub(crate) async fn leave(self) {
        let Self { round, told, .. } = self;
        drop(told);
        let mut is_over = round.is_over.subscribe();
        let wait = is_over.wait_for(|is_over| *is_over || !round.is_left());
        let _ = wait.await; // the sender is this round's own
    }
}

/// Carries a round to its end, however that comes.
pub(super) async fn carry(
    notebook: Arc<Notebook>,
    round: Arc<Round>,
    relay: HttpRelay,
    credential: String,
) {
    let ending = Ending {
        notebook: Arc::clone(&notebook),
        round: Arc::clone(&round),
    };
    let mut written = notebook.written.subscribe();
    let mut files = transfer::Round::new(notebook.wire.travel());
    loop {
        written.mark_unchanged();
        let mut ended = exchange(&notebook, &round, &relay, &credential).await;
        if let Some(Ok(())) = ended {
            let (files, written) = (&mut files, &mut written);
            ended = photos::carry(&notebook, &round, &relay, &credential, files, written).await;
        }
        // Who joins does so under this lock: either before, and is served, or after, by another
        // round.
        let mut slot = lock(&notebook.wire.round);
        let goes_on = match &ended {
            Some(Ok(())) => round.is_asked(),
            Some(Err(_)) => false,
            None => !round.is_left(),
        };
        if goes_on {
            continue;
        }
        *slot = None;
        drop(slot);
        round.told.send_modify(|told| told.end = ended);
        return drop(ending);
    }
}

/// Ends a round whatever became of it: also one that panicked leaves nobody waiting.
struct Ending {
    notebook: Arc<Notebook>,
    round: Arc<Round>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        let mut slot = lock(&self.notebook.wire.round);
        slot.take_if(|round| Arc::ptr_eq(round, &self.round));
        drop(slot);
        self.round.told.send_modify(|told| {
            let reason = "the sync broke off; try again".to_owned();
            told.end
                .get_or_insert(Err(VanguardError::Unreachable { reason }));
        });
        self.round.is_over.send_replace(true);
    }
}

/// One session with the relay; `None` where everybody has left.
pub(super) async fn exchange(
    notebook: &Notebook,
    round: &Round,
    relay: &HttpRelay,
    credential: &str,
) -> Option<Result<()>> {
    let opening = notebook.opening();
    let asked = *round.asked.borrow();
    let base = round.told.borrow().text;
    let mut session = Session::new(Options::default());
    let ended = loop {
        if round.is_left() {
            break None;
        }
        let body = match notebook.within(opening, |it| session.next(it)) {
            Ok(Step::Exchange(body)) => body,
            Ok(Step::Done(_)) => break Some(Ok(())),
            Ok(Step::Sign(statement)) => {
                let store = notebook.key_store.clone();
                let signed = tokio::select! {
                    signed = keys::sign(store, statement) => signed,
                    () = round.told.closed() => break None,
                    () = notebook.is_closed_since(opening) => break Some(Err(paused())),
                };
                let taken = signed.and_then(|signature| {
                    notebook.within(opening, |it| session.signed(it, signature))
                });
                match taken {
                    Ok(()) => continue,
                    Err(error) => break Some(Err(error)),
                }
            }
            Err(error) => break Some(Err(error)),
        };
        let answer = tokio::select! {
            answer = relay.post("/v1/sync", Some(credential), body) => answer,
            () = round.told.closed() => break None,
            () = notebook.is_closed_since(opening) => break Some(Err(paused())),
        };
        let taken = match answer {
            Ok(answer) => notebook.within(opening, |it| {
                session.answered(it, &answer)?;
                Ok::<_, SyncError>(it.unsent().map_err(SyncError::from)?.changes)
            }),
            Err(error) => Err(error.into()),
        };
        match taken {
            Ok(unsent) => {
                let done = sum(base, session.progress(), unsent);
                round.told.send_modify(|told| told.text = done);
                notebook.changed.send_modify(|number| *number += 1);
            }
            Err(error) => break Some(Err(error)),
        }
    };
    round.told.send_modify(|told| {
        let remaining = told.text.remaining;
        told.text = sum(base, session.progress(), 0);
        told.text.remaining = remaining;
        if let Some(Ok(())) = ended {
            told.served = asked;
        }
    });
    ended
}

fn sum(base: SyncProgress, more: Progress, unsent: u64) -> SyncProgress {
    SyncProgress {
        acknowledged: base.acknowledged + more.acknowledged,
        refused: base.refused + more.refused,
        held: more.held,
        taken: base.taken + more.taken,
        remaining: more.remaining + unsent.saturating_sub(more.held),
        bytes_up: base.bytes_up + more.bytes_up,
        bytes_down: base.bytes_down + more.bytes_down,
        requests: base.requests + more.requests,
        is_cloned: base.is_cloned || more.is_cloned,
        ..base
    }
}
