//! What apps hold to end something: a cancel handle for one call, a task handle for what goes on.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::count::Counted;
use crate::error::Result;

/// Ends the syncs that it is given to, from any thread. (Cancelling a Swift `Task` does not reach
/// Rust, and this does.)
#[derive(Debug, uniffi::Object)]
pub struct CancelHandle {
    is_cancelled: watch::Sender<bool>,
    _counted: Counted,
}

#[uniffi::export]
impl CancelHandle {
    /// A handle that has cancelled nothing yet.
    ///
    /// # Errors
    /// None so far.
    #[uniffi::constructor]
    pub fn new() -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            is_cancelled: watch::Sender::new(false),
            _counted: Counted::new(),
        }))
    }

    /// Ends what it was given to, now and later.
    ///
    /// # Errors
    /// None so far.
    pub fn cancel(&self) -> Result<()> {
        self.is_cancelled.send_replace(true);
        Ok(())
    }
}

impl CancelHandle {
    /// Waits until it is cancelled.
    #[cfg(feature = "http")]
    pub(crate) async fn cancelled(&self) {
        // It ends only by being cancelled: the sender lives as long as this handle.
        let _ = self.is_cancelled.subscribe().wait_for(|is| *is).await;
    }
}

/// Something that goes on until it is cancelled or the last reference to this handle is gone.
#[derive(Debug, uniffi::Object)]
pub struct TaskHandle {
    task: AbortHandle,
    _counted: Counted,
}

impl TaskHandle {
    pub(crate) fn new(task: AbortHandle) -> Arc<Self> {
        Arc::new(Self {
            task,
            _counted: Counted::new(),
        })
    }
}

#[uniffi::export]
impl TaskHandle {
    /// Ends it. A call of its listener that is under way goes on to its end.
    ///
    /// # Errors
    /// None so far.
    pub fn cancel(&self) -> Result<()> {
        self.task.abort();
        Ok(())
    }
}

impl Drop for TaskHandle {
    fn drop(&mut self) {
        self.task.abort();
    }
}
