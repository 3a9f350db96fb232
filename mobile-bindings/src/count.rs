//! How many objects of this library are alive, so that an app's tests can see a leak.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Result;

static LIVE: AtomicU64 = AtomicU64::new(0);

/// Part of every object that apps hold: counts it while it lives.
#[derive(Debug)]
pub(crate) struct Counted(());

impl Counted {
    pub(crate) fn new() -> Self {
        LIVE.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How many notebooks and handles are alive in this process. For tests: after an app has let go
/// of everything, and its garbage collector has noticed, this is 0.
///
/// # Errors
/// None so far.
#[uniffi::export]
pub fn live_objects() -> Result<u64> {
    Ok(LIVE.load(Ordering::Relaxed))
}
