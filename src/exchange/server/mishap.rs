//! What was asked to go wrong on the wire, and when.

use crate::config::{Fault, WireFault};
use trader_journal::units::Nanos;

/// Faults to come and faults that last.
#[derive(Debug, Default)]
pub(super) struct Mishaps {
    /// Latest first: when, what, until when.
    to_come: Vec<(Nanos, WireFault, Nanos)>,
    refuses_until: Nanos,
    frozen_until: Nanos,
    unheard: u32,
    unanswered: u32,
}

/// What happens now, once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Strike {
    pub(super) closes: bool,
    pub(super) garbage: bool,
}

impl Mishaps {
    /// Adds faults whose times count from `start`.
    pub(super) fn add(&mut self, faults: &[Fault], start: Nanos) {
        for fault in faults {
            if let Fault::Wire { what, after_ns, for_ns } = *fault {
                let from = start.plus(after_ns);
                self.to_come.push((from, what, from.plus(for_ns)));
            }
        }
        self.to_come.sort_by_key(|(from, ..)| std::cmp::Reverse(*from));
    }

    /// What happens at `now`.
    pub(super) fn strike(&mut self, now: Nanos) -> Strike {
        let mut strike = Strike::default();
        while self.to_come.last().is_some_and(|(from, ..)| *from <= now) {
            let Some((_, what, until)) = self.to_come.pop() else { break };
            match what {
                WireFault::Close => strike.closes = true,
                WireFault::Garbage => strike.garbage = true,
                WireFault::Refuse => self.refuses_until = self.refuses_until.max(until),
                WireFault::Freeze => self.frozen_until = self.frozen_until.max(until),
                WireFault::Unheard => self.unheard += 1,
                WireFault::Unanswered => self.unanswered += 1,
            }
        }
        strike
    }

    /// Whether new connections are closed at once.
    pub(super) fn refuses(&self, now: Nanos) -> bool {
        now < self.refuses_until
    }

    /// Whether nothing is read or written.
    pub(super) fn is_frozen(&self, now: Nanos) -> bool {
        now < self.frozen_until
    }

    /// Whether this order request is lost on its way; asked once for each.
    pub(super) fn loses_request(&mut self) -> bool {
        take(&mut self.unheard)
    }

    /// Whether this order request's answer is lost on its way; asked once for each.
    pub(super) fn loses_answer(&mut self) -> bool {
        take(&mut self.unanswered)
    }
}

fn take(left: &mut u32) -> bool {
    let is_one = *left > 0;
    *left -= u32::from(is_one);
    is_one
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse_faults;

    fn at(s: u64) -> Nanos {
        Nanos(1_000 * Nanos::SECOND + s * Nanos::SECOND)
    }

    #[test]
    fn faults_come_at_their_time_and_end() {
        let mut mishaps = Mishaps::default();
        let faults = parse_faults("refuse@5s=3s,close@2s,freeze@6s=1s,garbage@6s,unheard@1s,unanswered@1s").unwrap();
        mishaps.add(&faults, at(0));
        assert_eq!(mishaps.strike(at(1)), Strike::default());
        assert!(mishaps.loses_request() && !mishaps.loses_request());
        assert!(mishaps.loses_answer() && !mishaps.loses_answer());
        assert_eq!(mishaps.strike(at(2)), Strike { closes: true, garbage: false });
        assert_eq!(mishaps.strike(at(4)), Strike::default());
        assert_eq!(mishaps.strike(at(6)), Strike { closes: false, garbage: true });
        assert!(mishaps.refuses(at(7)) && !mishaps.refuses(at(8)));
        assert!(mishaps.is_frozen(at(6)) && !mishaps.is_frozen(at(7)));
    }
}
