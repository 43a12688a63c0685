//! How the asking goes, for whoever shows it.

use super::Api;
use crate::skew::SkewGauge;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use trader_journal::units::Nanos;

/// Counts and the last trouble of one scout, shared between its thread and those who look.
#[derive(Debug)]
pub struct ScoutHealth {
    asked: AtomicU64,
    answered: AtomicU64,
    failed: AtomicU64,
    skew: SkewGauge,
    last_answer: [AtomicU64; 2],
    troubles: Mutex<[Option<(Nanos, String)>; 2]>,
}

/// What a scout's health is at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScoutReport {
    /// Calls made.
    pub asked: u64,
    /// Answers handed to a feed.
    pub answered: u64,
    /// Calls that failed; each was, or will be, made again.
    pub failed: u64,
    /// Our clock less Kalshi's as its answers show it, ns; `None` before one that told the time.
    pub skew_ns: Option<i64>,
    /// Wall time of the last answer of Kalshi and of Binance; 0 before the first.
    pub last_answer: [Nanos; 2],
    /// Wall time and text of the trouble with Kalshi and with Binance that is not over yet.
    pub troubles: [Option<(Nanos, String)>; 2],
}

impl Default for ScoutHealth {
    fn default() -> ScoutHealth {
        ScoutHealth {
            asked: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            skew: SkewGauge::default(),
            last_answer: [const { AtomicU64::new(0) }; 2],
            troubles: Mutex::default(),
        }
    }
}

impl ScoutHealth {
    /// Everything as it is now.
    #[must_use]
    pub fn report(&self) -> ScoutReport {
        ScoutReport {
            asked: self.asked.load(Ordering::Relaxed),
            answered: self.answered.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            skew_ns: self.skew_ns(),
            last_answer: [0, 1].map(|api: usize| Nanos(self.last_answer[api].load(Ordering::Relaxed))),
            troubles: self.troubles().clone(),
        }
    }

    /// Our clock less Kalshi's, ns, as its answers so far show it; `None` before one that told the time.
    #[must_use]
    pub fn skew_ns(&self) -> Option<i64> {
        self.skew.skew_ns()
    }

    pub(super) fn asked(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn answered(&self, api: Api, wall: Nanos) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        self.last_answer[api as usize].store(wall.0, Ordering::Relaxed);
        self.troubles()[api as usize] = None;
    }

    pub(super) fn failed(&self, api: Api, wall: Nanos, trouble: String) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        self.troubles()[api as usize] = Some((wall, trouble));
    }

    fn troubles(&self) -> MutexGuard<'_, [Option<(Nanos, String)>; 2]> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn told_skew(&self, skew_ns: i64) {
        self.skew.tell(skew_ns);
    }
}
