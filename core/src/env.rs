//! Time and randomness, the only two things that the core takes from the world around it.

use std::sync::Arc;

use uuid::Uuid;

/// Where the core gets its time and its randomness, so that every test can be deterministic.
pub trait Env: Send + Sync {
    /// The device's clock: milliseconds since 1970-01-01T00:00:00Z. It may be wrong; nothing is
    /// ordered by it.
    fn now_ms(&self) -> i64;

    /// Fills `bytes` with randomness fit for keys and identifiers.
    fn fill_random(&self, bytes: &mut [u8]);
}

impl dyn Env + '_ {
    /// Sixteen random bytes.
    pub fn random_16(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.fill_random(&mut bytes);
        bytes
    }

    /// Thirty-two random bytes.
    pub fn random_32(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.fill_random(&mut bytes);
        bytes
    }

    /// A UUIDv7 (RFC 9562): the device's time in milliseconds, then 74 random bits.
    pub fn uuid_v7(&self) -> Uuid {
        let mut random = [0; 10];
        self.fill_random(&mut random);
        let ms = u64::try_from(self.now_ms()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid()
    }
}

/// The operating system's clock and random source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEnv;

impl SystemEnv {
    /// The system's environment, ready to hand to a notebook.
    pub fn shared() -> Arc<dyn Env> {
        Arc::new(Self)
    }
}

impl Env for SystemEnv {
    #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
    fn now_ms(&self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
    }

    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    #[allow(clippy::cast_possible_truncation)] // a browser's time is a whole number below 2^53
    fn now_ms(&self) -> i64 {
        js_sys::Date::now() as i64
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        // There is no sensible way to go on without randomness: keys would be guessable.
        #[allow(clippy::expect_used)]
        getrandom::fill(bytes).expect("the system's random source answers");
    }
}
