//! How far our clock is from a venue's, as far as what the venue says of the time shows it.
//!
//! A `Date` names a second only, and travelled: one reply bounds the difference to a second and the time
//! the reply took. Several replies bound it better, each from where its second began.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use trader_journal::units::Nanos;

/// Replies that are looked at together.
const RANGES_MAX: usize = 8;

/// Bounds of our clock less the venue's, ns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SkewRange {
    /// It is not less,
    pub least_ns: i64,
    /// and not more.
    pub most_ns: i64,
}

impl SkewRange {
    /// What a reply shows that was asked for and heard at these times of ours, and made in the second
    /// `date_s` since the Unix epoch of theirs. `None` for times no clock shows.
    #[must_use]
    pub fn of_date(asked: Nanos, heard: Nanos, date_s: i64) -> Option<SkewRange> {
        let began = date_s.checked_mul(Nanos::SECOND as i64)?;
        let ended = began.checked_add(Nanos::SECOND as i64)?;
        let ours = |at: Nanos| i64::try_from(at.0).ok();
        let range = SkewRange { least_ns: ours(asked)?.checked_sub(ended)?, most_ns: ours(heard)?.checked_sub(began)? };
        (range.least_ns <= range.most_ns).then_some(range)
    }

    /// The middle, which is wrong by no more than half the width.
    #[must_use]
    pub const fn middle_ns(&self) -> i64 {
        self.least_ns + (self.most_ns - self.least_ns) / 2
    }

    /// What both allow.
    fn both(self, other: SkewRange) -> Option<SkewRange> {
        let (least_ns, most_ns) = (self.least_ns.max(other.least_ns), self.most_ns.min(other.most_ns));
        (least_ns <= most_ns).then_some(SkewRange { least_ns, most_ns })
    }
}

/// The difference that the last replies allow.
#[derive(Clone, Debug, Default)]
pub struct SkewEstimate {
    /// Oldest first.
    ranges: VecDeque<SkewRange>,
}

impl SkewEstimate {
    /// Takes what one more reply shows; gives what is known now. Replies from before one of the clocks was
    /// set contradict those after it, and end the look back.
    pub fn see(&mut self, range: SkewRange) -> SkewRange {
        if self.ranges.len() == RANGES_MAX {
            self.ranges.pop_front();
        }
        self.ranges.push_back(range);
        let mut known = range;
        for older in self.ranges.iter().rev() {
            let Some(both) = known.both(*older) else { break };
            known = both;
        }
        known
    }
}

/// What somebody showed last, between the thread that hears it and the one that acts on it.
#[derive(Debug)]
pub struct SkewGauge(AtomicI64);

/// No clock is that wrong.
const UNTOLD: i64 = i64::MIN;

impl Default for SkewGauge {
    fn default() -> SkewGauge {
        SkewGauge(AtomicI64::new(UNTOLD))
    }
}

impl SkewGauge {
    /// Our clock is `skew_ns` ahead, or behind where that is negative.
    pub fn tell(&self, skew_ns: i64) {
        self.0.store(skew_ns.max(UNTOLD + 1), Ordering::Relaxed);
    }

    /// What was told last; `None` before the first.
    #[must_use]
    pub fn skew_ns(&self) -> Option<i64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|told| *told != UNTOLD)
    }
}

/// The worst of what several show; `None` when none of them has told yet.
#[must_use]
pub fn worst_ns(told: impl IntoIterator<Item = Option<i64>>) -> Option<i64> {
    told.into_iter().flatten().max_by_key(|skew_ns| skew_ns.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: u64 = 1_793_620_800 * Nanos::SECOND;

    /// A reply to a question asked at `asked` of ours, `to_ns` on its way there and `back_ns` back, from a venue whose
    /// clock is `skew_ns` behind ours.
    fn reply(asked: u64, (to_ns, back_ns): (u64, u64), skew_ns: i64) -> SkewRange {
        let made = (asked + to_ns).checked_add_signed(-skew_ns).unwrap();
        let date_s = (made / Nanos::SECOND) as i64;
        SkewRange::of_date(Nanos(asked), Nanos(asked + to_ns + back_ns), date_s).unwrap()
    }

    proptest! {
        /// Whatever the replies' phases and ways, the truth is inside, and the middle is wrong by half the width at most.
        #[test]
        fn what_is_known_holds_the_truth(
            skew_ms in -20_000i64..20_000,
            asks in prop::collection::vec((0u64..60_000, 0u64..400, 0u64..400), 1..20),
        ) {
            let skew_ns = skew_ms * Nanos::MILLI as i64;
            let mut estimate = SkewEstimate::default();
            let mut at = START;
            let mut width = i64::MAX;
            for (later_ms, to_ms, back_ms) in asks {
                at += later_ms * Nanos::MILLI;
                let known = estimate.see(reply(at, (to_ms * Nanos::MILLI, back_ms * Nanos::MILLI), skew_ns));
                prop_assert!(known.least_ns <= skew_ns && skew_ns <= known.most_ns, "{known:?}");
                prop_assert!((known.middle_ns() - skew_ns).abs() * 2 <= known.most_ns - known.least_ns + 2);
                width = known.most_ns - known.least_ns;
            }
            prop_assert!(width <= 1_800 * Nanos::MILLI as i64, "{width}");
        }

        /// A clock that is set is noticed with the first reply that the replies before it contradict, and the
        /// estimate is never further from the truth than one reply alone may be.
        #[test]
        fn a_clock_that_is_set_is_noticed(before_ms in -5_000i64..5_000, after_ms in -5_000i64..5_000, phase_ms in 0u64..1_000) {
            let mut estimate = SkewEstimate::default();
            let ms = Nanos::MILLI as i64;
            let at = |count: u64| START + count * 15_137 * Nanos::MILLI + phase_ms * Nanos::MILLI;
            for count in 0..8 {
                estimate.see(reply(at(count), (Nanos::MILLI, Nanos::MILLI), before_ms * ms));
            }
            let known = estimate.see(reply(at(8), (Nanos::MILLI, Nanos::MILLI), after_ms * ms));
            prop_assert!((known.middle_ns() - after_ms * ms).abs() <= 1_002 * ms, "{known:?}");
        }
    }

    #[test]
    fn the_worst_that_was_told_counts() {
        let gauges: [SkewGauge; 3] = Default::default();
        let worst = || worst_ns(gauges.iter().map(SkewGauge::skew_ns));
        assert_eq!(worst(), None);
        gauges[0].tell(5);
        gauges[2].tell(-7);
        assert_eq!(worst(), Some(-7));
        gauges[2].tell(i64::MIN);
        assert_eq!(worst(), Some(i64::MIN + 1));
    }
}
