//! How long to wait before trying again: longer each time, and by chance, so that a thousand
//! phones do not come back in the same second after a relay was restarted.

use std::time::Duration;

use vanguard_core::SystemEnv;
use vanguard_core::env::Env;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);

/// Waits that grow from 1 second to 1 minute.
#[derive(Debug)]
pub(crate) struct Backoff {
    ceiling: Duration,
}

impl Backoff {
    pub(crate) const fn new() -> Self {
        Self { ceiling: FIRST }
    }

    /// It went well: the next wait is a short one.
    pub(crate) fn reset(&mut self) {
        self.ceiling = FIRST;
    }

    /// The next wait: between half of the ceiling and all of it.
    pub(crate) fn next(&mut self) -> Duration {
        let mut byte = [0];
        SystemEnv.fill_random(&mut byte);
        let wait = self.ceiling / 2 + self.ceiling * u32::from(byte[0]) / 510;
        self.ceiling = (self.ceiling * 2).min(LONGEST);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_minute_and_are_never_the_same_for_everybody() {
        let mut backoff = Backoff::new();
        let mut ceiling = FIRST;
        for _ in 0..20 {
            let wait = backoff.next();
            assert!(
                wait >= ceiling / 2 && wait <= ceiling,
                "{wait:?} {ceiling:?}"
            );
            ceiling = (ceiling * 2).min(LONGEST);
        }
        assert_eq!(ceiling, LONGEST);
        backoff.reset();
        assert!(backoff.next() <= FIRST);
        let firsts: std::collections::HashSet<_> = (0..64).map(|_| Backoff::new().next()).collect();
        assert!(firsts.len() > 8);
    }
}
