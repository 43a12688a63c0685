//! Keeps the market clock of a line beside that of an exchange in another process.
//!
//! An exchange that cannot keep up holds its market time back, and only its own process hears of it. Its
//! spot frames say when they were made; when even the quickest of many is late, our clock is ahead.

use crate::clock::MarketClock;
use trader_journal::units::Nanos;

/// Frames of which the quickest is taken,
const FRAMES_MIN: u32 = 16;
/// and how long, wall time, they are collected: when it was we who were away, the late ones come in a
/// burst, and quick ones again soon after.
const WINDOW_NS: u64 = 500 * Nanos::MILLI;
/// A frame may be on its way for so long, ns of market time, before our clock counts as ahead.
const LATE_NS_MAX: u64 = 250 * Nanos::MILLI;
/// How a frame says when it was made.
const MADE_AT: &[u8] = b"\"E\":";

/// The lateness of the frames of one stream.
#[derive(Debug)]
pub(super) struct Lead {
    clock: MarketClock,
    frames: u32,
    /// Wall time of the first of them.
    since: Nanos,
    /// Of the quickest: how late it came, and how early, ns of market time; one of them is 0.
    late_ns: u64,
    early_ns: u64,
}

impl Lead {
    /// Holds back `clock`, and with it all its copies.
    pub(super) const fn new(clock: MarketClock) -> Lead {
        Lead { clock, frames: 0, since: Nanos(0), late_ns: u64::MAX, early_ns: 0 }
    }

    /// A frame came.
    pub(super) fn see(&mut self, frame: &[u8]) {
        let Some(made) = made_at(frame) else { return };
        let (now, wall) = (self.clock.now(), self.clock.wall_now());
        if self.frames == 0 {
            (self.since, self.late_ns, self.early_ns) = (wall, u64::MAX, 0);
        }
        self.frames += 1;
        self.late_ns = self.late_ns.min(now.since(made));
        self.early_ns = self.early_ns.max(made.since(now));
        if self.frames < FRAMES_MIN || wall.since(self.since) < WINDOW_NS {
            return;
        }
        self.frames = 0;
        if self.late_ns > LATE_NS_MAX {
            self.clock.hold_back(self.late_ns);
        } else if self.early_ns > 0 {
            self.clock.give_back(self.early_ns);
        }
    }
}

/// When a frame was made, if it says so.
fn made_at(frame: &[u8]) -> Option<Nanos> {
    let at = frame.windows(MADE_AT.len()).position(|window| window == MADE_AT)? + MADE_AT.len();
    let digits = frame[at..].iter().take_while(|byte| byte.is_ascii_digit());
    let ms = digits.take(15).fold(0, |ms: u64, digit| ms * 10 + u64::from(digit - b'0'));
    (ms > 0).then(|| Nanos(ms.saturating_mul(Nanos::MILLI)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Nanos = Nanos(1_793_620_800 * Nanos::SECOND);

    fn frame(made: Nanos) -> Vec<u8> {
        format!(
            "{{\"stream\":\"btcusdt@trade\",\"data\":{{\"e\":\"trade\",\"E\":{},\"s\":\"BTCUSDT\"}}}}",
            made.millis()
        )
        .into_bytes()
    }

    /// Shows frames made `late_ns` before they come until a window is over.
    fn a_window(lead: &mut Lead, clock: &MarketClock, late_ns: u64) {
        let until = clock.wall_now().plus(10 * WINDOW_NS);
        while clock.wall_now() < until {
            lead.see(&frame(clock.now().minus(late_ns)));
            if lead.frames == 0 {
                return;
            }
        }
        panic!("the window never ended");
    }

    #[test]
    fn a_clock_that_is_ahead_of_every_frame_is_held_back_and_one_that_is_behind_gets_it_back() {
        let clock = MarketClock::scaled(START.plus(40 * Nanos::SECOND), 1);
        let mut lead = Lead::new(clock.clone());
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
    fn a_burst_of_late_frames_says_nothing_when_quick_ones_come_again() {
        let clock = MarketClock::scaled(START, 1);
        let mut lead = Lead::new(clock.clone());
        (0..10 * FRAMES_MIN).for_each(|_| lead.see(&frame(clock.now().minus(9 * Nanos::SECOND))));
        lead.see(b"{\"result\":null,\"id\":1}");
        a_window(&mut lead, &clock, Nanos::MILLI);
        assert_eq!(clock.held_back_ns(), 0);
    }
}
