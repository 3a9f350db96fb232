//! Syncing with a budget. However many callers ask at once, one round is under way: each caller
//! listens to it within its own budget and cancel handle, and when the last of them has left, the
//! round ends before its next page. A page is committed whole or not at all.

mod photos;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use vanguard_core::http::HttpRelay;
use vanguard_core::invite::Invite;
use vanguard_core::photos::transfer::RoundOptions;
use vanguard_core::photos::{Conditions, SyncPolicy};
use vanguard_core::sync::{Options, Progress, Session, Step, SyncError};

use crate::error::{Result, VanguardError};
use crate::handles::CancelHandle;
use crate::notebook::{Notebook, paused};
use crate::runtime;

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
    /// Nothing remains, but for what the progress says is held.
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

/// One round that any number of callers listen to.
#[derive(Default)]
struct Round {
    told: watch::Sender<Told>,
    /// Somebody came after the round had begun: it looks once more before it ends, so that what
    /// they wrote before they called is sent.
    again: AtomicBool,
    /// It has ended, and touches the file no more.
    is_over: watch::Sender<bool>,
}

/// What a round tells its listeners.
#[derive(Clone, Debug, Default)]
struct Told {
    done: SyncProgress,
    end: Option<Result<()>>,
}

#[uniffi::export]
impl Notebook {
    /// Enrols this device by an invite's QR code. Gives the six digits to compare where a
    /// supervisor still has to confirm; until then syncs answer `Rejected`.
    ///
    /// # Errors
    /// `Invalid`, `AlreadyEnrolled`, `Unreachable` (the same invite may be used again),
    /// `Rejected`, `Paused`, `Storage`.
    pub async fn enrol(
        self: Arc<Self>,
        invite: String,
        device_name: String,
    ) -> Result<Option<String>> {
        runtime::carry_out(async move {
            let invite = Invite::parse(&invite)?;
            let enrolment = self.write(|it| it.begin_enrolment(&invite, &device_name))?;
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
    /// `Unreachable` and `Rejected`, after which everything committed is kept; `NotEnrolled`,
    /// `NeedsUpdate`, `Paused`, `Storage`.
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
        let (round, mut told) = self.join_round()?;
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
                changed = told.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    let news = told.borrow_and_update().clone();
                    if news.done != done {
                        done = news.done;
                        observe(done);
                    }
                    match news.end {
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
        drop(told);
        round.is_left().await;
        let unsent = self
            .read(vanguard_core::Notebook::unsent)
            .map_or(0, |unsent| unsent.changes);
        let remaining = done.remaining.max(unsent);
        Ok(SyncOutcome::Interrupted { remaining, done })
    }

    fn join_round(self: &Arc<Self>) -> Result<(Arc<Round>, watch::Receiver<Told>)> {
        let (relay, credential) = self.relay()?;
        let mut slot = lock(&self.wire.round);
        if let Some(round) = &*slot {
            let told = round.told.subscribe();
            round.again.store(true, Ordering::Relaxed);
            round.is_over.send_modify(|_| ()); // who was the last to leave no longer is
            return Ok((Arc::clone(round), told));
        }
        let round = Arc::new(Round::default());
        let told = round.told.subscribe();
        *slot = Some(Arc::clone(&round));
        let work = carry_round(Arc::clone(self), Arc::clone(&round), relay, credential);
        runtime::handle()?.spawn(work);
        Ok((round, told))
    }
}

impl Round {
    /// Waits until the round that this caller was the last to listen to is over, so that whoever
    /// is told “interrupted” may be suspended: no page is being written any more.
    async fn is_left(&self) {
        let mut is_over = self.is_over.subscribe();
        let wait = is_over.wait_for(|is_over| *is_over || self.told.receiver_count() > 0);
        let _ = wait.await; // the sender is this round's own
    }
}

/// Carries a round to its end, however that comes.
async fn carry_round(
    notebook: Arc<Notebook>,
    round: Arc<Round>,
    relay: HttpRelay,
    credential: String,
) {
    let ending = Ending {
        notebook: Arc::clone(&notebook),
        round: Arc::clone(&round),
    };
    let mut base = SyncProgress::default();
    loop {
        round.again.store(false, Ordering::Relaxed);
        let mut ended = exchange(&notebook, &round, &relay, &credential, &mut base).await;
        if let Some(Ok(())) = ended {
            ended = photos::carry(&notebook, &round, &relay, &credential, &mut base).await;
        }
        // Who joins does so under this lock: either before, and is served, or after, by another
        // round.
        let mut slot = lock(&notebook.wire.round);
        let goes_on = match &ended {
            Some(Ok(())) => round.again.load(Ordering::Relaxed),
            Some(Err(_)) => false,
            None => round.told.receiver_count() > 0,
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
async fn exchange(
    notebook: &Notebook,
    round: &Round,
    relay: &HttpRelay,
    credential: &str,
    base: &mut SyncProgress,
) -> Option<Result<()>> {
    let opening = notebook.opening();
    let mut session = Session::new(Options::default());
    let ended = loop {
        if round.told.receiver_count() == 0 {
            break None;
        }
        let body = match notebook.within(opening, |it| session.next(it)) {
            Ok(Step::Exchange(body)) => body,
            Ok(Step::Done(_)) => break Some(Ok(())),
            Ok(Step::Sign(_)) => {
                // Enrolment over these bindings always makes a key of this notebook's own.
                break Some(Err(VanguardError::invalid(
                    "this notebook's key lies elsewhere",
                )));
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
                let done = sum(*base, session.progress(), unsent);
                round.told.send_modify(|told| told.done = done);
                notebook.changed.send_modify(|number| *number += 1);
            }
            Err(error) => break Some(Err(error)),
        }
    };
    let remaining = round.told.borrow().done.remaining;
    *base = sum(*base, session.progress(), 0);
    base.remaining = remaining;
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
        photos_sent: base.photos_sent,
        photos_received: base.photos_received,
        photo_bytes_left: base.photo_bytes_left,
        requests: base.requests + more.requests,
        is_cloned: base.is_cloned || more.is_cloned,
    }
}
