//! Slows guessing: after a few failures, the next try under the same key waits, twice as long each
//! time. The key names account and address together, so that nobody can lock somebody else out
//! from elsewhere. In memory only: a restart forgives.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The longest wait.
const LONGEST: Duration = Duration::from_mins(5);
/// After this long without a failure all is forgotten.
const FORGET: Duration = Duration::from_hours(1);
/// The most keys remembered; beyond, the oldest go.
const MOST_KEYS: usize = 20_000;

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

/// Counts failures by key.
pub struct Throttle<K> {
    free: u32,
    failures: Mutex<HashMap<K, Failures>>,
}

impl<K: Hash + Eq + Clone> Throttle<K> {
    /// A throttle whose first `free` failures cost nothing: people mistype.
    pub fn new(free: u32) -> Self {
        Self {
            free,
            failures: Mutex::default(),
        }
    }

    /// How long `key` still has to wait; `None` where it need not.
    pub fn wait(&self, key: &K, now: Instant) -> Option<Duration> {
        let map = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = map.get(key)?;
        let over = failures.count.checked_sub(self.free)?;
        let pause = Duration::from_secs(1 << over.min(9)).min(LONGEST);
        (failures.last + pause).checked_duration_since(now)
    }

    /// Counts a failure.
    pub fn fail(&self, key: &K, now: Instant) {
        let mut map = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if map.len() >= MOST_KEYS {
            map.retain(|_, failures| now.duration_since(failures.last) < FORGET);
        }
        if map.len() >= MOST_KEYS {
            let oldest = map.iter().min_by_key(|(_, failures)| failures.last);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                map.remove(&oldest);
            }
        }
        let failures = map.entry(key.clone()).or_insert(Failures {
            count: 0,
            last: now,
        });
        if now.duration_since(failures.last) >= FORGET {
            failures.count = 0;
        }
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
    }

    /// Forgets a key's failures after a success.
    pub fn succeed(&self, key: &K) {
        let mut map = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        map.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guesser_waits_longer_each_time_and_nobody_else_does() {
        let throttle = Throttle::new(5);
        let start = Instant::now();
        for _ in 0..4 {
            throttle.fail(&("1001", 1), start);
        }
        assert_eq!(throttle.wait(&("1001", 1), start), None);
        throttle.fail(&("1001", 1), start);
        let second = Some(Duration::from_secs(1));
        assert_eq!(throttle.wait(&("1001", 1), start), second);
        for _ in 0..20 {
            throttle.fail(&("1001", 1), start);
        }
        assert_eq!(throttle.wait(&("1001", 1), start), Some(LONGEST));
        assert_eq!(throttle.wait(&("1001", 2), start), None);
        let later = start + LONGEST + Duration::from_secs(1);
        assert_eq!(throttle.wait(&("1001", 1), later), None);
        throttle.succeed(&("1001", 1));
        assert_eq!(throttle.wait(&("1001", 1), start), None);
    }
}
