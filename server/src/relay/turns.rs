//! Whose push it is: one of a device at a time, and of few devices at once. A device that pushes
//! much waits for itself, and not everybody for it; and what a hundred of them bring is unfolded
//! piece by piece.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use vanguard_core::id::DeviceId;

/// So many pushes are unfolded at once: enough to keep every core busy while some wait for others.
const PLACES: usize = 8;

/// The turns of one relay.
pub(super) struct Turns {
    places: Arc<Semaphore>,
    devices: Mutex<HashMap<DeviceId, Weak<Semaphore>>>,
    /// How many have a turn, or wait for a place.
    taken: watch::Sender<usize>,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(PLACES)),
            devices: Mutex::default(),
            taken: watch::Sender::default(),
        }
    }
}

/// A device's turn, until it is dropped.
pub(crate) struct Turn {
    _own: Arc<Semaphore>,
    _permit: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
    _counted: Counted,
}

/// One of those that are counted, until it is dropped.
struct Counted(watch::Sender<usize>);

impl Counted {
    fn of(taken: &watch::Sender<usize>) -> Self {
        taken.send_modify(|taken| *taken += 1);
        Self(taken.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|taken| *taken -= 1);
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
        let counted = Counted::of(&self.taken);
        let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
        Some(Turn {
            _own: own,
            _permit: permit,
            _place: place,
            _counted: counted,
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
