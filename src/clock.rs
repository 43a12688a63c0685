//! The one reader of time. Everything else is told what time it is.
//!
//! Two times: the **wall's**, which sockets, signatures and histograms live in, and the
//! **market's**, which stages see. In a simulation the market's runs faster; with real venues
//! both are the same.
#![expect(clippy::disallowed_methods, reason = "somebody has to look at the clock; it is here and nowhere else")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
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

    /// Microseconds since the start.
    #[must_use]
    pub fn micros(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// A moment, to measure how long something takes: cheap to take, and good for nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment(pub(crate) u64);

/// Takes moments: the processor's own counter where it is fit for that, the system's clock where not.
#[derive(Clone, Debug)]
pub struct Ticker(quanta::Clock);

impl Default for Ticker {
    fn default() -> Ticker {
        Ticker::new()
    }
}

impl Ticker {
    /// The first of a process compares the counter with the clock for some milliseconds.
    #[must_use]
    pub fn new() -> Ticker {
        Ticker(quanta::Clock::new())
    }

    /// This moment.
    #[must_use]
    #[inline]
    pub fn now(&self) -> Moment {
        Moment(self.0.raw())
    }

    /// Nanoseconds from one moment to another; 0 when it was earlier.
    #[must_use]
    #[inline]
    pub fn nanos(&self, from: Moment, to: Moment) -> u64 {
        self.0.delta_as_nanos(from.0, to.0)
    }

    /// Nanoseconds since a moment.
    #[must_use]
    #[inline]
    pub fn nanos_since(&self, from: Moment) -> u64 {
        self.nanos(from, self.now())
    }
}

/// Market time, as far as everybody who holds a copy agrees on it.
///
/// It never steps with the wall clock: it is anchored once and counted by a clock that never
/// goes back. `lag` lets the exchange hold it back when it cannot keep up; because of that a
/// reader may see it go back, and takes the latest it has seen.
#[derive(Clone, Debug)]
pub struct MarketClock {
    began: Instant,
    /// The wall's time at `began`.
    wall_start: Nanos,
    market_start: Nanos,
    speed: u32,
    lag_ns: Arc<AtomicU64>,
}

impl MarketClock {
    /// The clock of real venues: market time is the wall's.
    #[must_use]
    pub fn real() -> MarketClock {
        let now = wall();
        MarketClock::begun_at(now, now, 1)
    }

    /// Begins now at `market_start` and runs `speed` times as fast as the wall.
    #[must_use]
    pub fn scaled(market_start: Nanos, speed: u32) -> MarketClock {
        MarketClock::begun_at(wall(), market_start, speed)
    }

    /// The clock of another process on this machine: it stood at `market_start` when the wall's was `wall_start`.
    #[must_use]
    pub fn begun_at(wall_start: Nanos, market_start: Nanos, speed: u32) -> MarketClock {
        let since = wall().since(wall_start);
        let began = Instant::now().checked_sub(Duration::from_nanos(since)).unwrap_or_else(Instant::now);
        MarketClock { began, wall_start, market_start, speed: speed.max(1), lag_ns: Arc::new(AtomicU64::new(0)) }
    }

    /// Market time now.
    #[must_use]
    #[inline]
    pub fn now(&self) -> Nanos {
        let elapsed = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let scaled = elapsed.saturating_mul(u64::from(self.speed));
        self.market_start.plus(scaled.saturating_sub(self.lag_ns.load(Ordering::Relaxed)))
    }

    /// Wall time now, by the same anchor: for ages and deadlines of sockets, never for signatures.
    #[must_use]
    #[inline]
    pub fn wall_now(&self) -> Nanos {
        self.wall_start.plus(u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// How many times as fast as the wall it runs.
    #[must_use]
    pub const fn speed(&self) -> u32 {
        self.speed
    }

    /// Wall and market time at its beginning.
    #[must_use]
    pub const fn anchors(&self) -> (Nanos, Nanos) {
        (self.wall_start, self.market_start)
    }

    /// How long by the wall until market time `due`, zero when it has come.
    #[must_use]
    pub fn wall_until(&self, due: Nanos) -> Duration {
        Duration::from_nanos(due.since(self.now()) / u64::from(self.speed))
    }

    /// Market time loses `ns`: who makes the market could not keep up.
    pub fn hold_back(&self, ns: u64) {
        self.lag_ns.fetch_add(ns, Ordering::Relaxed);
    }

    /// Takes back that it was held back by `ns`, as far as it was: whoever held it back had been mistaken.
    pub fn give_back(&self, ns: u64) {
        let less = |lag_ns: u64| Some(lag_ns.saturating_sub(ns));
        // It never refuses: the closure always has an answer.
        let _ = self.lag_ns.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// How much it was held back so far, ns of market time.
    #[must_use]
    pub fn held_back_ns(&self) -> u64 {
        self.lag_ns.load(Ordering::Relaxed)
    }
}
