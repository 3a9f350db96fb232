//! Whose push it is: one of a device at a time. A device that pushes much at once waits for itself,
//! and not everybody for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use vanguard_core::id::DeviceId;

/// The turns of one relay.
#[derive(Default)]
pub(super) struct Turns {
    devices: Mutex<HashMap<DeviceId, Weak<Semaphore>>>,
    /// How many have a turn.
    taken: watch::Sender<usize>,
}

/// A device's turn, until it is dropped.
pub(super) struct Turn {
    _own: Arc<Semaphore>,
    _permit: OwnedSemaphorePermit,
    taken: watch::Sender<usize>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.taken.send_modify(|taken| *taken -= 1);
    }
}

impl Turns {
    /// How many pushes are waiting to be judged or being judged.
    pub(super) fn taken(&self) -> watch::Receiver<usize> {
        self.taken.subscribe()
    }

    /// Waits for a device's turn; `None` when the relay is gone.
    pub(super) async fn of(&self, device: DeviceId) -> Option<Turn> {
        let own = self.own(device);
        let permit = Arc::clone(&own).acquire_owned().await.ok()?;
        self.taken.send_modify(|taken| *taken += 1);
        Some(Turn {
            _own: own,
            _permit: permit,
            taken: self.taken.clone(),
        })
    }

    fn own(&self, device: DeviceId) -> Arc<Semaphore> {
        let mut devices = self.devices.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = devices.get(&device).and_then(Weak::upgrade) {
            return own;
        }
        devices.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(Semaphore::new(1));
        devices.insert(device, Arc::downgrade(&own));
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_device_waits_for_itself_alone_and_is_forgotten_afterwards() {
        let turns = Turns::default();
        let taken = turns.taken();
        let (one, other) = ([1, 2]).map(|n| DeviceId::from_bytes([n; 16])).into();
        let first = turns.of(one).await.unwrap();
        let mut again = Box::pin(turns.of(one));
        assert!(futures_util::poll!(&mut again).is_pending());
        let others = turns.of(other).await.unwrap();
        assert_eq!(*taken.borrow(), 2);
        assert!(futures_util::poll!(&mut again).is_pending());
        drop(first);
        drop(again.await.unwrap());
        drop(others);
        assert_eq!(*taken.borrow(), 0);
        drop(turns.of(DeviceId::from_bytes([3; 16])).await.unwrap());
        assert_eq!(turns.devices.lock().unwrap().len(), 1);
    }
}
