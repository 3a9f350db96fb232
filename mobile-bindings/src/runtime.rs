//! The two threads on which everything that waits is carried out. Apps wait for it on threads of
//! their own, so that neither SQLite nor the network ever runs on an app's main thread.

use std::io;
use std::sync::LazyLock;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::{Result, VanguardError};

static RUNTIME: LazyLock<io::Result<Runtime>> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("vanguard")
        .enable_all()
        .build()
});

/// The runtime, started at its first use.
pub(crate) fn handle() -> Result<&'static Handle> {
    match &*RUNTIME {
        Ok(runtime) => Ok(runtime.handle()),
        Err(error) => Err(VanguardError::Storage {
            reason: error.to_string(),
        }),
    }
}

/// Carries `work` out on the runtime and waits for it. Whoever stops waiting ends it.
#[cfg(feature = "http")]
pub(crate) async fn carry_out<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn_on(work, handle()?);
    match tasks.join_next().await {
        Some(Ok(done)) => done,
        Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        _ => Err(VanguardError::Unreachable {
            reason: "cancelled".into(),
        }),
    }
}
