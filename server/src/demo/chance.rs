//! The demo's clocks and dice. Every phone has a clock that stands still until the demo moves it
//! (and that may be wrong), and randomness from the seed: the same seed gives the same ids, texts
//! and dates. The relay has the simulated clock too, but the system's randomness for its secrets.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest as _, Sha256};
use vanguard_core::{Env, SystemEnv};

/// Seeded randomness in the words that the simulation thinks in.
#[derive(Debug)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// Dice of their own for one `purpose` under a seed.
    pub(super) fn new(seed: u64, purpose: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(seed.to_be_bytes());
        hasher.update(purpose.as_bytes());
        Self(ChaCha8Rng::from_seed(hasher.finalize().into()))
    }

    /// A number below `end`; 0 where there is none.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        if end == 0 {
            return 0;
        }
        usize::try_from(self.0.next_u64() % end).unwrap_or(0)
    }

    /// A whole number in `from..to`.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        let span = usize::try_from(to.saturating_sub(from)).unwrap_or(0);
        from + i64::try_from(self.below(span)).unwrap_or(0)
    }

    /// True so many times out of a thousand.
    pub(super) fn per_mille(&mut self, share: usize) -> bool {
        self.below(1_000) < share
    }

    /// One of `choices`, which must not be empty.
    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// Mixes a list.
    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            let other = self.below(at + 1);
            list.swap(at, other);
        }
    }
}

/// A phone's clock and randomness.
#[derive(Debug)]
pub(super) struct PhoneEnv {
    now_ms: AtomicI64,
    /// How wrong the clock is.
    offset_ms: i64,
    random: Mutex<ChaCha8Rng>,
}

impl PhoneEnv {
    pub(super) fn new(seed: u64, phone: usize, offset_ms: i64) -> Self {
        let Dice(random) = Dice::new(seed, &format!("phone {phone}"));
        Self {
            now_ms: AtomicI64::new(offset_ms),
            offset_ms,
            random: Mutex::new(random),
        }
    }

    /// Sets the clock by the true time; gives what it shows.
    pub(super) fn set(&self, true_ms: i64) -> i64 {
        let shown_ms = true_ms + self.offset_ms;
        self.now_ms.store(shown_ms, Ordering::Relaxed);
        shown_ms
    }
}

impl Env for PhoneEnv {
    fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        random.fill_bytes(bytes);
    }
}

/// The relay's clock: simulated during the simulation, going on from its end afterwards.
#[derive(Debug, Default)]
pub(super) struct RelayEnv {
    now_ms: AtomicI64,
    released: OnceLock<Instant>,
}

impl RelayEnv {
    /// Moves the clock on; it never goes back.
    pub(super) fn set(&self, true_ms: i64) {
        self.now_ms.fetch_max(true_ms, Ordering::Relaxed);
    }

    /// From now on the clock goes by itself.
    pub(super) fn release(&self) {
        let _ = self.released.set(Instant::now()); // a second time changes nothing
    }
}

impl Env for RelayEnv {
    fn now_ms(&self) -> i64 {
        let since = self.released.get().map_or(0, |at| at.elapsed().as_millis());
        self.now_ms.load(Ordering::Relaxed) + i64::try_from(since).unwrap_or(0)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        SystemEnv.fill_random(bytes);
    }
}
