//! Syncing with a budget. However many callers ask at once, one round is under way: each caller
//! listens to it within its own budget and cancel handle, and when the last of them has left, the
//! round ends before its next page. A page is committed whole or not at all. Text goes first, and
//! what is written while photos travel goes beside them.

mod photos;
mod round;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use vanguard_core::http::HttpRelay;
use vanguard_core::invite::Invite;
use vanguard_core::photos::transfer::RoundOptions;
use vanguard_core::photos::{Conditions, SyncPolicy};

use crate::error::{Result, VanguardError};
use crate::handles::CancelHandle;
use crate::keys;
use crate::notebook::Notebook;
use crate::runtime;
pub(crate) use round::Listening;
use round::Round;

/// How much a sync may take; whatever is left out does not limit it.
#[derive(Clone, Copy, Debug, Default, uniffi::Record)]
pub struct SyncBudget {
    /// Milliseconds from the call on. iOS gives a background refresh about 25,000.
    #[uniffi(default = None)]
    pub time_ms: Option<u64>,
    /// Bytes up and down, before compression; looked at after each page of about 1 MiB.
    #[uniffi(default = None)]
    pub bytes: Option<u64>,
}

/// What a sync has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct SyncProgress {
    /// Changes that the relay signed for.
    pub acknowledged: u64,
    /// Changes that the relay refused; they are in the tray, or were done again.
    pub refused: u64,
    /// Changes that the relay holds until what they build on arrives.
    pub held: u64,
    /// Changes of others that were new here.
    pub taken: u64,
    /// What is still to come down and to go up, as far as known.
    pub remaining: u64,
    /// Bytes sent, before compression.
    pub bytes_up: u64,
    /// Bytes received, after decompression.
    pub bytes_down: u64,
    /// Files of photos sent.
    pub photos_sent: u64,
    /// Files of photos received.
    pub photos_received: u64,
    /// Files of photos that could not travel, and wait: see `delayed_photos`.
    pub photos_failed: u64,
    /// Bytes of photos that may travel now and have not yet.
    pub photo_bytes_left: u64,
    /// Requests made, those of photos apart.
    pub requests: u64,
    /// Another copy of this notebook syncs as well: it was restored on two phones.
    pub is_cloned: bool,
}

/// How a sync ended.
#[derive(Clone, Debug, uniffi::Enum)]
pub enum SyncOutcome {
    /// Nothing remains that may travel now, but for what the progress says is held. Photos may
    /// still wait for a connection that the policy allows them, or after a failure: see
    /// `sync_status` and `delayed_photos`.
    UpToDate {
        /// What was done.
        done: SyncProgress,
    },
    /// The budget was used up, it was cancelled, or the app was paused. What came is kept, and the
    /// next sync goes on from there.
    Interrupted {
        /// What is still to come down and to go up, as far as known.
        remaining: u64,
        /// What was done.
        done: SyncProgress,
    },
}

/// What an app gives to be told of progress. It is called on a thread of this library: hand over
/// to your own and return.
#[uniffi::export(with_foreign)]
pub trait SyncObserver: Send + Sync {
    /// Another page has been committed; pages in quick succession may be told as one.
    fn on_progress(&self, progress: SyncProgress);
}

/// A notebook's side of the network: the connection that is kept, and the round under way.
#[derive(Default)]
pub(crate) struct Wire {
    relay: Mutex<Option<HttpRelay>>,
    round: Mutex<Option<Arc<Round>>>,
    travel: Mutex<RoundOptions>,
    /// Raised when the phone has another network.
    pub(crate) network: watch::Sender<u64>,
}

impl Wire {
    /// By what photos travel.
    fn travel(&self) -> RoundOptions {
        *lock(&self.travel)
    }

    pub(crate) fn may_travel(&self, policy: SyncPolicy, conditions: Conditions) {
        *lock(&self.travel) = RoundOptions { policy, conditions };
    }

    pub(crate) fn relay(&self, notebook: &vanguard_core::Notebook) -> Result<HttpRelay> {
        let mut kept = lock(&self.relay);
        if let Some(relay) = &*kept {
            return Ok(relay.clone());
        }
        let relay = HttpRelay::of(notebook)?;
        *kept = Some(relay.clone());
        Ok(relay)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[uniffi::export]
impl Notebook {
    /// Enrols this device by an invite's QR code. Gives the six digits to compare where a
    /// supervisor still has to confirm; until then syncs answer `Unconfirmed`.
    ///
    /// # Errors
    /// `Invalid`, `AlreadyEnrolled`, `Unreachable` (the same invite may be used again),
    /// `Rejected`, `Unsigned`, `Paused`, `Storage`.
    pub async fn enrol(
        self: Arc<Self>,
        invite: String,
        device_name: String,
    ) -> Result<Option<String>> {
        runtime::carry_out(async move {
            let invite = Invite::parse(&invite)?;
            let enrolment = match self.key_store.clone() {
                None => self.write(|it| it.begin_enrolment(&invite, &device_name))?,
                Some(store) => {
                    let key = keys::public_key(Arc::clone(&store)).await?;
                    let begun =
                        self.write(|it| it.begin_enrolment_with(&invite, &device_name, key))?;
                    let signature = keys::sign(Some(store), begun.statement.clone()).await?;
                    begun.signed(signature)?
                }
            };
            let relay = HttpRelay::new(&invite.relay_url, &invite.relay_key)?;
            let answer = relay.ask_to_enrol(&enrolment.request).await?;
            self.write(|it| it.finish_enrolment(&invite, &answer))?;
            Ok((!answer.is_confirmed).then_some(enrolment.confirmation_code))
        })
        .await
    }

    /// Syncs until nothing remains, the budget is used up, or `cancel` is cancelled. Calls made
    /// while one is under way join it. Verbs and lists go on meanwhile.
    ///
    /// # Errors
    /// `Unreachable`, `Rejected`, `Unconfirmed` and `Unsigned`, after which everything committed is
    /// kept; `NotEnrolled`, `NeedsUpdate`, `Paused`, `Storage`.
    #[uniffi::method(default(cancel = None, observer = None))]
    pub async fn sync(
        self: Arc<Self>,
        budget: SyncBudget,
        cancel: Option<Arc<CancelHandle>>,
        observer: Option<Arc<dyn SyncObserver>>,
    ) -> Result<SyncOutcome> {
        let work = async move {
            self.sync_within(budget, cancel.as_deref(), |done| {
                if let Some(observer) = &observer {
                    observer.on_progress(done);
                }
            })
            .await
        };
        runtime::carry_out(work).await
    }

    /// Tells that the phone has another network: connections of the old one are given up, and a
    /// live mode that waits tries at once.
    ///
    /// # Errors
    /// None so far.
    pub fn network_changed(&self) -> Result<()> {
        *lock(&self.wire.relay) = None;
        self.wire.network.send_modify(|number| *number += 1);
        Ok(())
    }
}

impl Notebook {
    /// Joins the round under way or begins one, and listens to it.
    pub(crate) async fn sync_within(
        self: &Arc<Self>,
        budget: SyncBudget,
        cancel: Option<&CancelHandle>,
        mut observe: impl FnMut(SyncProgress),
    ) -> Result<SyncOutcome> {
        let mut round = self.join_round()?;
        let mut done = SyncProgress::default();
        let deadline = async {
            match budget.time_ms {
                Some(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
                None => std::future::pending().await,
            }
        };
        let cancelled = async {
            match cancel {
                Some(cancel) => cancel.cancelled().await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(deadline, cancelled);
        loop {
            tokio::select! {
                biased;
                () = &mut cancelled => break,
                () = &mut deadline => break,
                (now, end) = round.news() => {
                    if now != done {
                        done = now;
                        observe(done);
                    }
                    match end {
                        Some(Ok(())) => return Ok(SyncOutcome::UpToDate { done }),
                        Some(Err(VanguardError::Paused { .. })) => break,
                        Some(Err(error)) => return Err(error),
                        None => {}
                    }
                    if budget.bytes.is_some_and(|bytes| done.bytes_up + done.bytes_down >= bytes) {
                        break;
                    }
                }
            }
        }
        round.leave().await;
        let unsent = self
            .read(vanguard_core::Notebook::unsent)
            .map_or(0, |unsent| unsent.changes);
        let remaining = done.remaining.max(unsent);
        Ok(SyncOutcome::Interrupted { remaining, done })
    }

    /// Joins the round under way or begins one.
    pub(crate) fn join_round(self: &Arc<Self>) -> Result<Listening> {
        let (relay, credential) = self.relay()?;
        let mut slot = lock(&self.wire.round);
        if let Some(round) = &*slot {
            return Ok(Listening::to(round));
        }
        let round = Arc::new(Round::default());
        let listening = Listening::to(&round);
        *slot = Some(Arc::clone(&round));
        let work = round::carry(Arc::clone(self), round, relay, credential);
        runtime::handle()?.spawn(work);
        Ok(listening)
    }
}
