//! What exec is told of the program itself: whether the journal keeps up, and how far our clock is off.
//!
//! Both are measured on other threads. A scribe that hangs cannot say so; therefore exec's thread looks at
//! what he left behind, and tells exec where that changes what exec may do.

use super::health::JournalState;
use super::port::SkewOf;
use super::scribe::Committed;
use std::sync::Arc;
use trader_journal::event::{Agent, Event, Ring, pad};
use trader_journal::units::Nanos;

/// A scribe who leaves exec's lines alone for so long hangs.
const SILENCE_NS_MAX: u64 = 250 * Nanos::MILLI;
/// A skew is told again when it moved by this part of what is allowed.
const SKEW_PARTS: u64 = 4;

/// Beyond these exec opens nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct StandingLimits {
    /// Lines that may wait for the scribe.
    pub lag_lines_max: u64,
    /// Our clock may be so far off.
    pub skew_ns_max: u64,
}

/// What was told last, and what there is to tell.
pub(super) struct Standing {
    journal: Arc<JournalState>,
    committed: Arc<Committed>,
    skew: SkewOf,
    limits: StandingLimits,
    /// Whether the journal kept up, and had a next segment.
    journal_told: Option<(bool, bool)>,
    skew_told: Option<i64>,
    /// The scribe's round, and since when it is that one.
    round: (u64, Nanos),
}

impl Standing {
    pub(super) fn new(
        journal: Arc<JournalState>,
        committed: Arc<Committed>,
        skew: SkewOf,
        limits: StandingLimits,
    ) -> Standing {
        Standing { journal, committed, skew, limits, journal_told: None, skew_told: None, round: (0, Nanos(0)) }
    }

    /// What exec has to hear at `now`, and on which ring; `lines` of its stream are written. `wall` is the wall's
    /// time, or virtual time where there is no other.
    pub(super) fn news(&mut self, now: Nanos, wall: Nanos, lines: u64) -> Option<(Ring, Event)> {
        self.journal_news(now, wall, lines).or_else(|| self.skew_news(now))
    }

    fn journal_news(&mut self, now: Nanos, wall: Nanos, lines: u64) -> Option<(Ring, Event)> {
        let lag_lines = self.lag_lines(wall, lines);
        let has_spare = self.journal.has_spare();
        let stands = Some((lag_lines <= self.limits.lag_lines_max, has_spare));
        if stands == self.journal_told {
            return None;
        }
        self.journal_told = stands;
        let free_bytes = self.journal.room_bytes();
        let has_spare = u8::from(has_spare);
        Some((
            Ring::JournalExec,
            Event::JournalHealth { has_spare, pad: pad(), ts: now, lag_lines, free_bytes, pad2: pad() },
        ))
    }

    /// Lines that wait for the scribe; all there could be when he hangs or is dead.
    fn lag_lines(&mut self, wall: Nanos, lines: u64) -> u64 {
        let own = lines.saturating_sub(self.committed.of(Agent::Exec));
        let rounds = self.journal.rounds();
        if rounds != self.round.0 || own == 0 {
            self.round = (rounds, wall);
        }
        if self.committed.is_dead() || wall.since(self.round.1) > SILENCE_NS_MAX {
            return u64::MAX;
        }
        own.max(self.journal.lag_lines())
    }

    fn skew_news(&mut self, now: Nanos) -> Option<(Ring, Event)> {
        let skew_ns = (self.skew)()?;
        let max = self.limits.skew_ns_max;
        let is_news = self.skew_told.is_none_or(|told| {
            let is_off = |skew_ns: i64| skew_ns.unsigned_abs() > max;
            is_off(told) != is_off(skew_ns) || skew_ns.abs_diff(told) > max / SKEW_PARTS
        });
        if !is_news {
            return None;
        }
        self.skew_told = Some(skew_ns);
        Some((Ring::ShellExec, Event::ClockMeasured { pad: pad(), ts: now, skew_ns, pad2: pad() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::skew::SkewGauge;

    const MS: u64 = Nanos::MILLI;

    struct Bench {
        journal: Arc<JournalState>,
        committed: Arc<Committed>,
        skew: Arc<SkewGauge>,
        standing: Standing,
    }

    fn bench() -> Bench {
        let (journal, committed, skew): (_, _, Arc<SkewGauge>) = Default::default();
        let limits = StandingLimits { lag_lines_max: 100, skew_ns_max: 1_000 * MS };
        let gauge = Arc::clone(&skew);
        let skew_of = Box::new(move || gauge.skew_ns());
        let standing = Standing::new(Arc::clone(&journal), Arc::clone(&committed), skew_of, limits);
        Bench { journal, committed, skew, standing }
    }

    impl Bench {
        /// What is told at so many ms, with so many lines written: lag, spare and skew.
        fn told(&mut self, at_ms: u64, lines: u64) -> Vec<(u64, u8, i64)> {
            let at = Nanos(at_ms * MS);
            let news = std::iter::from_fn(|| self.standing.news(at, at, lines));
            news.map(|(ring, event)| match event {
                Event::JournalHealth { lag_lines, has_spare, .. } if ring == Ring::JournalExec => {
                    (lag_lines, has_spare, 0)
                }
                Event::ClockMeasured { skew_ns, .. } if ring == Ring::ShellExec => (0, 0, skew_ns),
                other => panic!("{other:?} on {ring:?}"),
            })
            .collect()
        }
    }

    #[test]
    fn what_changes_nothing_for_exec_is_told_once() {
        let mut bench = bench();
        assert_eq!(bench.told(0, 0), [(0, 1, 0)]);
        for at_ms in 1..1_000 {
            bench.journal.looked(at_ms % 90);
            assert_eq!(bench.told(at_ms, 0), []);
        }
    }

    #[test]
    fn a_scribe_who_is_behind_hangs_or_is_dead_is_told_and_so_is_his_recovery() {
        let mut bench = bench();
        bench.told(0, 0);
        bench.journal.looked(101);
        assert_eq!(bench.told(1, 0), [(101, 1, 0)]);
        bench.journal.looked(3);
        assert_eq!(bench.told(2, 0), [(3, 1, 0)]);
        // Ten lines of exec's wait, and he does no round any more.
        assert_eq!(bench.told(250, 10), []);
        assert_eq!(bench.told(253, 10), [(u64::MAX, 1, 0)]);
        bench.journal.looked(10);
        assert_eq!(bench.told(254, 10), [(10, 1, 0)]);
        bench.committed.die();
        assert_eq!(bench.told(255, 10), [(u64::MAX, 1, 0)]);
    }

    #[test]
    fn a_scribe_who_has_nothing_to_write_does_not_hang() {
        let mut bench = bench();
        bench.told(0, 0);
        assert_eq!(bench.told(10_000, 0), []);
        assert_eq!(bench.told(10_100, 1), []);
    }

    #[test]
    fn no_next_segment_and_one_again_are_told() {
        let mut bench = bench();
        bench.told(0, 0);
        bench.journal.stands(false, 64, 0);
        assert_eq!(bench.told(1, 0), [(0, 0, 0)]);
        bench.journal.stands(true, 64, 0);
        assert_eq!(bench.told(2, 0), [(0, 1, 0)]);
    }

    #[test]
    fn a_clock_is_told_where_it_crosses_what_is_allowed_or_moves_much() {
        let mut bench = bench();
        bench.told(0, 0);
        let ms = MS as i64;
        let mut skewed = |skew_ms: i64| {
            bench.skew.tell(skew_ms * ms);
            bench.told(1, 0)
        };
        assert_eq!(skewed(900), [(0, 0, 900 * ms)]);
        assert_eq!(skewed(950), []);
        assert_eq!(skewed(1_001), [(0, 0, 1_001 * ms)]);
        assert_eq!(skewed(1_100), []);
        assert_eq!(skewed(1_300), [(0, 0, 1_300 * ms)]);
        assert_eq!(skewed(1_000), [(0, 0, 1_000 * ms)]);
        assert_eq!(skewed(-1_001), [(0, 0, -1_001 * ms)]);
    }
}
