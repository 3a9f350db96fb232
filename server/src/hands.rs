//! A few threads for work that blocks. The async runtime's own would grow to as many as there are
//! requests waiting, and each of them keeps the memory that it once needed: a hundred devices that
//! push at once would cost a hundred times what one judge needs.

use tokio::runtime::{Builder, Runtime};

/// Threads that take work in the order in which it comes.
pub(crate) struct Hands(Option<Runtime>);

/// The work panicked, or its hands are gone.
#[derive(Debug)]
pub(crate) struct Dropped;

impl Hands {
    /// As many as there are cores: for work that computes more than it waits.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(crate) fn one_for_each_core(name: &str) -> std::io::Result<Self> {
        Self::new(
            name,
            std::thread::available_parallelism().map_or(2, usize::from),
        )
    }

    /// So many.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(crate) fn new(name: &str, threads: usize) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .thread_name(name)
            .max_blocking_threads(threads)
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Does `work`, also where nobody waits for it.
    ///
    /// # Errors
    /// [`Dropped`] where there is nothing to wait for.
    pub(crate) fn run<T: Send + 'static, W: FnOnce() -> T + Send + 'static>(
        &self,
        work: W,
    ) -> impl Future<Output = Result<T, Dropped>> + use<T, W> {
        let doing = self.0.as_ref().map(|runtime| runtime.spawn_blocking(work));
        async move { doing.ok_or(Dropped)?.await.map_err(|_| Dropped) }
    }
}

impl Drop for Hands {
    /// What is being done is finished; nobody waits for it here, where an async thread may be.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[tokio::test]
    async fn much_work_is_done_by_few_threads_and_a_panic_ends_nothing() {
        let hands = Hands::new("test", 2).unwrap();
        let work = (0..50).map(|_| hands.run(|| std::thread::current().id()));
        let done = futures_util::future::join_all(work).await;
        let threads: HashSet<_> = done.into_iter().map(Result::unwrap).collect();
        assert!((1..=2).contains(&threads.len()), "{threads:?}");
        assert!(hands.run(|| panic!("on purpose")).await.is_err());
        assert_eq!(hands.run(|| 1).await.unwrap(), 1);
    }
}
