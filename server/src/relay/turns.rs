//! Who may have work done: one push of a device at a time, and as much of any kind at once as there
//! are cores. Judging and reading take memory and a core for as long as they are asked to; a device
//! that pushes much at once waits for itself and not everybody for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vanguard_core::id::DeviceId;

/// The turns of one relay.
pub(super) struct Turns {
    everybody: Arc<Semaphore>,
    devices: Mutex<HashMap<DeviceId, Weak<Semaphore>>>,
}

/// A device's turn, until it is dropped.
pub(super) struct Turn {
    _own: Arc<Semaphore>,
    _permit: OwnedSemaphorePermit,
}

impl Turns {
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            everybody: Arc::new(Semaphore::new(cores)),
            devices: Mutex::default(),
        }
    }

    /// Waits for a device's turn; `None` when the relay is gone.
    pub(super) async fn of(&self, device: DeviceId) -> Option<Turn> {
        let own = self.own(device);
        let permit = Arc::clone(&own).acquire_owned().await.ok()?;
        Some(Turn {
            _own: own,
            _permit: permit,
        })
    }

    /// Waits for a core; `None` when the relay is gone.
    pub(super) async fn seat(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.everybody).acquire_owned().await.ok()
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
        let turns = Turns {
            everybody: Arc::new(Semaphore::new(2)),
            devices: Mutex::default(),
        };
        let (one, other) = ([1, 2]).map(|n| DeviceId::from_bytes([n; 16])).into();
        let first = turns.of(one).await.unwrap();
        let mut again = Box::pin(turns.of(one));
        assert!(futures_util::poll!(&mut again).is_pending());
        let others = turns.of(other).await.unwrap();
        assert!(futures_util::poll!(&mut again).is_pending());
        drop(first);
        drop(again.await.unwrap());
        drop(others);
        drop(turns.of(DeviceId::from_bytes([3; 16])).await.unwrap());
        assert_eq!(turns.devices.lock().unwrap().len(), 1);
    }
}
