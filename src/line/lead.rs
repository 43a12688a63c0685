//! What frames that say when they were made tell of our clock.
//!
//! Market time of an exchange in another process may be held back there, and only that process hears of
//! it: our clock follows. The stream of the venue says how far the two clocks are apart.
//!
//! A frame that waited **here** says nothing of a clock. So a frame counts as late only by the time that
//! had passed when its stream was last found empty: it was made and still not there. Of many frames the
//! quickest counts, since each may have been on its way for long.

use crate::clock::MarketClock;
use crate::skew::SkewGauge;
use std::sync::Arc;
use trader_journal::units::Nanos;

/// Frames of which the quickest is taken,
const FRAMES_MIN: u32 = 16;
/// and how long, wall time, they are collected.
const WINDOW_NS: u64 = 500 * Nanos::MILLI;
/// A frame may be on its way for so long, ns of market time, before our clock counts as ahead.
const LATE_NS_MAX: i64 = 250 * Nanos::MILLI as i64;
/// A key is looked for this far from either end of a frame.
const KEY_BYTES_MAX: usize = 96;

/// How a stream says when a frame was made, in ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MadeAt {
    /// Binance's event time.
    Binance,
    /// Kalshi's sending time.
    Kalshi,
}

/// What becomes of what the frames say.
pub(super) enum Purpose {
    /// Our clock, and all its copies, is set by it.
    Follow,
    /// It is told, in wall time.
    Tell(Arc<SkewGauge>),
}

/// The frames of one stream against our clock.
pub(super) struct Lead {
    clock: MarketClock,
    made_at: MadeAt,
    purpose: Purpose,
    empties: Empties,
    quickest: Quickest,
}

impl Lead {
    pub(super) const fn new(clock: MarketClock, made_at: MadeAt, purpose: Purpose) -> Lead {
        Lead { clock, made_at, purpose, empties: Empties::new(), quickest: Quickest::new() }
    }

    /// The stream was asked at `wall` and had nothing.
    pub(super) const fn saw_nothing(&mut self, wall: Nanos) {
        self.empties.see(wall);
    }

    /// A frame came.
    pub(super) fn see(&mut self, frame: &[u8]) {
        let Some(made) = self.made_at.read(frame) else { return };
        let (now, wall) = (self.clock.now(), self.clock.wall_now());
        let speed = u64::from(self.clock.speed());
        let was_empty = now.minus(wall.since(self.empties.since).saturating_mul(speed));
        let Some(late_ns) = self.quickest.see(lateness(made, now, was_empty), wall) else { return };
        match &self.purpose {
            Purpose::Tell(gauge) => gauge.tell(late_ns / speed as i64),
            Purpose::Follow if late_ns > LATE_NS_MAX => self.clock.hold_back(late_ns.unsigned_abs()),
            Purpose::Follow if late_ns < 0 => self.clock.give_back(late_ns.unsigned_abs()),
            Purpose::Follow => {}
        }
    }
}

/// When a stream was surely empty.
///
/// What the kernel had is looked up once a round, before the round's time is taken: a stream that is found
/// empty was so at the time of the round before.
#[derive(Debug)]
struct Empties {
    since: Nanos,
    last: Nanos,
}

impl Empties {
    const fn new() -> Empties {
        Empties { since: Nanos(0), last: Nanos(0) }
    }

    const fn see(&mut self, wall: Nanos) {
        self.since = self.last;
        self.last = wall;
    }
}

/// How late a frame is that was made at `made`, is here at `now`, and was not at `was_empty`; negative for one from
/// the future. Market time, ns.
fn lateness(made: Nanos, now: Nanos, was_empty: Nanos) -> i64 {
    let signed = |ns: u64| i64::try_from(ns).unwrap_or(i64::MAX);
    if made > now { -signed(made.since(now)) } else { signed(was_empty.since(made)) }
}

/// The least late of the frames of a while.
#[derive(Debug)]
struct Quickest {
    frames: u32,
    /// Wall time of the first of them.
    since: Nanos,
    late_ns: i64,
}

impl Quickest {
    const fn new() -> Quickest {
        Quickest { frames: 0, since: Nanos(0), late_ns: i64::MAX }
    }

    /// Takes one more frame; gives the lateness of the quickest when there were enough, and begins anew.
    fn see(&mut self, late_ns: i64, wall: Nanos) -> Option<i64> {
        if self.frames == 0 {
            (self.since, self.late_ns) = (wall, i64::MAX);
        }
        self.frames += 1;
        self.late_ns = self.late_ns.min(late_ns);
        if self.frames < FRAMES_MIN || wall.since(self.since) < WINDOW_NS {
            return None;
        }
        self.frames = 0;
        Some(self.late_ns)
    }
}

impl MadeAt {
    /// When a frame was made, if it says so near one of its ends.
    fn read(self, frame: &[u8]) -> Option<Nanos> {
        let key: &[u8] = match self {
            MadeAt::Binance => b"\"E\":",
            MadeAt::Kalshi => b"\"sending_ts_ms\":",
        };
        let begin = &frame[..frame.len().min(KEY_BYTES_MAX)];
        let end = &frame[frame.len().saturating_sub(KEY_BYTES_MAX)..];
        [begin, end].into_iter().find_map(|part| {
            let at = part.windows(key.len()).position(|window| window == key)? + key.len();
            let digits = part[at..].iter().take_while(|byte| byte.is_ascii_digit());
            let ms = digits.take(15).fold(0, |ms: u64, digit| ms * 10 + u64::from(digit - b'0'));
            (ms > 0).then(|| Nanos(ms.saturating_mul(Nanos::MILLI)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Nanos = Nanos(1_793_620_800 * Nanos::SECOND);

    fn frame(made: Nanos) -> Vec<u8> {
        let ms = made.millis();
        format!("{{\"stream\":\"btcusdt@trade\",\"data\":{{\"e\":\"trade\",\"E\":{ms},\"s\":\"BTCUSDT\"}}}}")
            .into_bytes()
    }

    /// Shows frames made `late_ns` before they come, the stream found empty before each, until a window is over.
    fn a_window(lead: &mut Lead, clock: &MarketClock, late_ns: u64) {
        let until = clock.wall_now().plus(10 * WINDOW_NS);
        lead.saw_nothing(clock.wall_now());
        while clock.wall_now() < until {
            lead.saw_nothing(clock.wall_now());
            lead.see(&frame(clock.now().minus(late_ns)));
            if lead.quickest.frames == 0 {
                return;
            }
        }
        panic!("the window never ended");
    }

    #[test]
    fn a_clock_that_is_ahead_of_every_frame_is_held_back_and_one_that_is_behind_gets_it_back() {
        let clock = MarketClock::scaled(START.plus(40 * Nanos::SECOND), 1);
        let mut lead = Lead::new(clock.clone(), MadeAt::Binance, Purpose::Follow);
        a_window(&mut lead, &clock, 40 * Nanos::SECOND);
        let held_s = |clock: &MarketClock| (clock.held_back_ns() + Nanos::SECOND / 2) / Nanos::SECOND;
        assert_eq!(held_s(&clock), 40);
        let until = clock.wall_now().plus(2 * WINDOW_NS);
        while held_s(&clock) == 40 {
            assert!(clock.wall_now() < until, "it never got anything back");
            lead.see(&frame(clock.now().plus(10 * Nanos::SECOND)));
        }
        assert_eq!(held_s(&clock), 30);
    }

    #[test]
    fn a_stream_that_is_told_of_changes_no_clock() {
        let clock = MarketClock::scaled(START.plus(40 * Nanos::SECOND), 20);
        let gauge = Arc::new(SkewGauge::default());
        let mut lead = Lead::new(clock.clone(), MadeAt::Binance, Purpose::Tell(Arc::clone(&gauge)));
        a_window(&mut lead, &clock, 40 * Nanos::SECOND);
        // A thread that was put aside between the look and the frame makes the quickest seem quicker.
        let told_ms = gauge.skew_ns().map(|skew_ns| skew_ns / 1_000_000);
        assert!(told_ms.is_some_and(|ms| (1_000..=2_000).contains(&ms)), "{told_ms:?}");
        assert_eq!(clock.held_back_ns(), 0);
    }

    #[test]
    fn a_frame_says_when_it_was_made_near_one_of_its_ends() {
        let long = "x".repeat(500);
        let front = format!("{{\"type\":\"fill\",\"sending_ts_ms\":1795366860127,\"msg\":\"{long}\"}}");
        let back = format!("{{\"msg\":\"{long}\"}},\"sending_ts_ms\":1795366860127}}\n");
        for text in [front, back] {
            assert_eq!(MadeAt::Kalshi.read(text.as_bytes()), Some(Nanos(1_795_366_860_127 * Nanos::MILLI)));
        }
        assert_eq!(MadeAt::Kalshi.read(b"{\"result\":null,\"id\":1}"), None);
        assert_eq!(MadeAt::Binance.read(b""), None);
    }

    /// The frames of an exchange whose clock is ours, read by a thread that is away again and again: when each was
    /// made, how long it was on its way, and after how long the thread looks again; ms.
    fn lateness_found(frames: &[(u64, u64, u64)], held_ms: u64) -> Vec<i64> {
        let mut made_ms = 1_000_000;
        let mut arrivals: Vec<(u64, u64)> = frames
            .iter()
            .map(|(after_ms, way_ms, _)| {
                made_ms += after_ms;
                // Its clock is behind ours by what it was held back.
                (made_ms + way_ms, made_ms - held_ms)
            })
            .collect();
        arrivals.sort_unstable();
        let at = |ms: u64| Nanos(ms * Nanos::MILLI);
        let (mut empties, mut quickest) = (Empties::new(), Quickest::new());
        let mut now_ms = 999_000;
        let mut found = Vec::new();
        let mut waiting = arrivals.into_iter().peekable();
        for (_, _, away_ms) in frames.iter().cycle() {
            now_ms += away_ms;
            let now = at(now_ms);
            while let Some((_, made_ms)) = waiting.next_if(|(came_ms, _)| *came_ms <= now_ms) {
                found.extend(quickest.see(lateness(at(made_ms), now, empties.since), now));
            }
            empties.see(now);
            if waiting.peek().is_none() {
                return found;
            }
        }
        found
    }

    proptest! {
        /// However long the reading thread was away and whatever piled up, what it finds is no more than what the
        /// quickest frame of the window was really late: our own backlog is never taken for a clock held back.
        #[test]
        fn a_backlog_of_our_own_is_not_lateness(
            frames in prop::collection::vec((0u64..200, 0u64..20, 1u64..3_000), 64..256),
            held_ms in prop::sample::select(vec![0u64, 700, 5_000]),
        ) {
            for late_ns in lateness_found(&frames, held_ms) {
                prop_assert!(late_ns <= ((held_ms + 20) * Nanos::MILLI) as i64, "{late_ns}");
            }
        }

        /// A clock that is held back is found by a thread that is seldom away, to within its rounds.
        #[test]
        fn a_clock_that_is_held_back_is_found(
            frames in prop::collection::vec((20u64..60, 0u64..20, 1u64..3), 64..256),
            held_ms in 700u64..5_000,
        ) {
            let found = lateness_found(&frames, held_ms);
            prop_assert!(!found.is_empty());
            for late_ns in found {
                prop_assert!(late_ns >= ((held_ms - 10) * Nanos::MILLI) as i64, "{late_ns}");
            }
        }
    }
}
