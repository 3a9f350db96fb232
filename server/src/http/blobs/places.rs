//! Who may bring bytes at a time. A request that does takes as long as its network does, so that
//! these have places of their own beside the turns of all requests, and few for each who asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::blobs::Owner;
use crate::http::problem::{Problem, ProblemKind};

/// So many requests bring bytes at a time.
const OF_ALL: usize = 64;
/// So many of one device, or of one person at the console.
const OF_ONE: usize = 4;
/// How long a request waits to be one of them.
const PATIENCE: Duration = Duration::from_secs(5);

/// The places of a relay.
pub struct Places {
    all: Arc<Semaphore>,
    each: Mutex<HashMap<Owner, Weak<Semaphore>>>,
    patience: Duration,
}

/// A place, until it is dropped.
pub(super) struct Taken {
    _of_one: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
    _own: Arc<Semaphore>,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            all: Arc::new(Semaphore::new(OF_ALL)),
            each: Mutex::default(),
            patience: PATIENCE,
        }
    }
}

impl Places {
    /// Waits for a place, for a while.
    ///
    /// # Errors
    /// 503 where none becomes free.
    pub(super) async fn take(&self, owner: Owner) -> Result<Taken, Problem> {
        let own = self.own(owner);
        let both = async {
            let of_one = Arc::clone(&own).acquire_owned().await.ok()?;
            let of_all = Arc::clone(&self.all).acquire_owned().await.ok()?;
            Some((of_one, of_all))
        };
        let Ok(Some((of_one, of_all))) = timeout(self.patience, both).await else {
            return Err(ProblemKind::Busy.into());
        };
        Ok(Taken {
            _of_one: of_one,
            _of_all: of_all,
            _own: own,
        })
    }

    /// Waits until nobody brings bytes any more; false where that takes too long. A request's work
    /// outlives its connection, until what has come is durable.
    pub(crate) async fn all_left(&self, within: Duration) -> bool {
        let all = u32::try_from(OF_ALL).unwrap_or(u32::MAX);
        timeout(within, self.all.acquire_many(all)).await.is_ok()
    }

    fn own(&self, owner: Owner) -> Arc<Semaphore> {
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = each.get(&owner).and_then(Weak::upgrade) {
            return own;
        }
        each.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(Semaphore::new(OF_ONE));
        each.insert(owner, Arc::downgrade(&own));
        own
    }
}

#[cfg(test)]
mod tests {
    use vanguard_core::id::DeviceId;

    use super::*;

    #[tokio::test]
    async fn whoever_waits_for_all_to_leave_waits_for_the_last() {
        let places = Places::default();
        let owner = Owner::device(DeviceId::from_bytes([1; 16]));
        let taken = places.take(owner).await.ok().unwrap();
        assert!(!places.all_left(Duration::from_millis(20)).await);
        drop(taken);
        assert!(places.all_left(PATIENCE).await);
    }

    #[tokio::test]
    async fn nobody_takes_the_places_of_all() {
        let places = Places {
            patience: Duration::from_millis(20),
            ..Places::default()
        };
        let owner = |n| Owner::device(DeviceId::from_bytes([n; 16]));
        let mut taken = Vec::new();
        for _ in 0..OF_ONE {
            taken.push(places.take(owner(1)).await.ok().unwrap());
        }
        let kind = |error: Problem| error.kind;
        let one_more = places.take(owner(1)).await.map(|_| ()).map_err(kind);
        assert_eq!(one_more, Err(ProblemKind::Busy));
        assert!(places.take(owner(2)).await.is_ok());
        taken.pop();
        assert!(places.take(owner(1)).await.is_ok());
    }
}
