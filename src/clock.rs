//! The one reader of time. Everything else is told what time it is.
#![expect(clippy::disallowed_methods, reason = "somebody has to look at the clock; it is here and nowhere else")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};
use trader_journal::units::Nanos;

/// Now, by the wall clock, UTC. A clock set before 1970 reads as 1970.
#[must_use]
pub fn wall() -> Nanos {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Nanos(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
}

/// How long something took, by a clock that never goes back.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// Milliseconds since the start.
    #[must_use]
    pub fn millis(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
