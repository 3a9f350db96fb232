//! The live mode: while an app is in the foreground it follows the relay. What others write comes
//! within moments, what this device writes goes at once, and after each loss it tries again by
//! itself.

use std::sync::Arc;

use vanguard_core::http::LiveChannel;
use vanguard_core::sync::Options;

use crate::backoff::Backoff;
use crate::error::{Result, VanguardError};
use crate::handles::TaskHandle;
use crate::keys::SigningFailure;
use crate::notebook::Notebook;
use crate::runtime;
use crate::sync::Listening;

/// What the live mode is doing.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum LiveState {
    /// It connects, or fetches what is new.
    Connecting,
    /// It hears what happens as it happens.
    Live,
    /// The relay cannot be reached, no supervisor has confirmed this device yet, or the key store
    /// is locked; it tries again by itself.
    Waiting {
        /// In how many milliseconds.
        retry_in_ms: u64,
        /// Why.
        reason: String,
    },
    /// The notebook is paused.
    Paused,
    /// The relay says no to this device or asks for a newer app, the person does not want to sign,
    /// or the file cannot be written: it has ended.
    Ended {
        /// Why.
        reason: String,
    },
}

/// What an app gives to be told of the live mode. It is called on a thread of this library: hand
/// over to your own and return.
#[uniffi::export(with_foreign)]
pub trait LiveObserver: Send + Sync {
    /// It does something else now.
    fn on_state(&self, state: LiveState);
}

#[uniffi::export]
impl Notebook {
    /// Follows the relay until the handle is cancelled or let go of.
    ///
    /// # Errors
    /// `NotEnrolled`, `Paused`.
    #[uniffi::method(default(observer = None))]
    pub fn follow(
        self: Arc<Self>,
        observer: Option<Arc<dyn LiveObserver>>,
    ) -> Result<Arc<TaskHandle>> {
        self.relay()?; // said at once, not told later
        let task = runtime::handle()?.spawn(async move {
            let mut told = None;
            let mut tell = |state: LiveState| {
                if let Some(observer) = &observer
                    && told.as_ref() != Some(&state)
                {
                    told = Some(state.clone());
                    observer.on_state(state);
                }
            };
            follow(&self, &mut tell).await;
        });
        Ok(TaskHandle::new(task.abort_handle()))
    }
}

/// Follows, connection after connection.
async fn follow(notebook: &Arc<Notebook>, tell: &mut impl FnMut(LiveState)) {
    let mut backoff = Backoff::new();
    let mut network = notebook.wire.network.subscribe();
    loop {
        network.borrow_and_update();
        let mut changed = notebook.changed.subscribe();
        tell(LiveState::Connecting);
        let lost = tokio::select! {
            lost = connection(notebook, &mut backoff, tell) => lost,
            _ = network.changed() => {
                backoff.reset();
                continue;
            }
        };
        match lost {
            Ok(()) => {}
            Err(VanguardError::Paused { .. }) => {
                tell(LiveState::Paused);
                // `resume` is told as a change; one that came before this was subscribed is seen.
                while notebook.relay().is_err() {
                    if changed.changed().await.is_err() {
                        return;
                    }
                }
            }
            Err(
                VanguardError::Unreachable { reason }
                | VanguardError::Unconfirmed { reason }
                | VanguardError::Unsigned {
                    why: SigningFailure::Locked | SigningFailure::Failed,
                    reason,
                },
            ) => {
                let wait = backoff.next();
                let retry_in_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                tell(LiveState::Waiting {
                    retry_in_ms,
                    reason,
                });
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    _ = network.changed() => backoff.reset(),
                }
            }
            Err(error) => {
                let reason = error.to_string();
                return tell(LiveState::Ended { reason });
            }
        }
    }
}

/// Follows over one connection until it is lost. Photos are carried beside it: neither what is
/// written nor what others write waits for them, and one that does not come through is not a lost
/// connection.
async fn connection(
    notebook: &Arc<Notebook>,
    backoff: &mut Backoff,
    tell: &mut impl FnMut(LiveState),
) -> Result<()> {
    let mut written = notebook.written.subscribe();
    let mut changed = notebook.changed.subscribe();
    let opening = notebook.opening();
    let round = catch_up(notebook).await?;
    let (relay, credential) = notebook.relay()?;
    let mut channel = relay.live(&credential).await?;
    ask(notebook, opening, &mut channel).await?;
    tell(LiveState::Live);
    backoff.reset();
    let mut photos = Box::pin(photos_of(notebook, round));
    loop {
        let is_current = tokio::select! {
            news = channel.next() => {
                let news = news?;
                let is_taken = notebook.within(opening, |it| it.take_news(&news))?;
                notebook.changed.send_modify(|number| *number += 1);
                is_taken
            }
            _ = written.changed() => false,
            _ = changed.changed() => {
                // A pause is told as a change; everything else is no concern of this.
                notebook.within(opening, |_| Ok::<_, VanguardError>(()))?;
                true
            }
            again = &mut photos => {
                again?;
                false
            }
        };
        if !is_current {
            let round = catch_up(notebook).await?;
            photos.set(photos_of(notebook, round));
            ask(notebook, opening, &mut channel).await?;
        }
    }
}

/// Lets a round whose text is exchanged carry its photos. Returns when one that waits after a
/// failure is to be tried again.
async fn photos_of(notebook: &Notebook, mut round: Listening) -> Result<()> {
    match round.end().await {
        Ok(()) | Err(VanguardError::Unreachable { .. }) => {}
        Err(error) => return Err(error),
    }
    drop(round);
    match notebook.read(|it| Ok(it.photos_wait()))?? {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
    Ok(())
}

/// Says where the notebook stands.
async fn ask(notebook: &Notebook, opening: u64, channel: &mut LiveChannel) -> Result<()> {
    let request = notebook.within(opening, |it| it.live_request(&Options::default()))?;
    Ok(channel.ask(request).await?)
}

/// Exchanges the text that there is; gives the round, which carries photos for as long as it is
/// kept.
async fn catch_up(notebook: &Arc<Notebook>) -> Result<Listening> {
    let mut round = notebook.join_round()?;
    round.text().await?;
    Ok(round)
}
