//! How long to wait before the next attempt: twice as long each time, never quite the same.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Doublings after which the longest pause is reached whatever the shortest was.
const DOUBLINGS_MAX: u32 = 32;

/// Pauses between attempts.
///
/// Each is somewhere in the upper half of a span that doubles with every attempt, so that many
/// clients of one server that went away do not come back together.
#[derive(Debug)]
pub(super) struct Backoff {
    pause_ns_min: u64,
    pause_ns_max: u64,
    attempts: u32,
    chance: Xoshiro256PlusPlus,
}

impl Backoff {
    /// Pauses from `pause_ns_min` up to `pause_ns_max`; the same seed gives the same pauses.
    pub(super) fn new(pause_ns_min: u64, pause_ns_max: u64, seed: u64) -> Backoff {
        let pause_ns_max = pause_ns_max.max(pause_ns_min);
        Backoff { pause_ns_min, pause_ns_max, attempts: 0, chance: Xoshiro256PlusPlus::seed_from_u64(seed) }
    }

    /// The pause before the next attempt, ns.
    pub(super) fn next_ns(&mut self) -> u64 {
        let doubled = self.pause_ns_min.saturating_mul(1 << self.attempts.min(DOUBLINGS_MAX));
        let span = doubled.min(self.pause_ns_max);
        self.attempts = self.attempts.saturating_add(1);
        span - self.chance.next_u64() % (span / 2 + 1)
    }

    /// An attempt has proved itself: the next pause is short again.
    pub(super) fn proven(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_when_proven() {
        for seed in 0..50 {
            let mut backoff = Backoff::new(100, 1_000, seed);
            for span in [100, 200, 400, 800, 1_000, 1_000] {
                let pause = backoff.next_ns();
                assert!((span / 2..=span).contains(&pause), "{pause} of {span}");
            }
            backoff.proven();
            assert!(backoff.next_ns() <= 100);
        }
    }

    #[test]
    fn seeds_differ_and_repeat() {
        let pauses = |seed| {
            let mut backoff = Backoff::new(1_000_000, u64::MAX, seed);
            (0..8).map(|_| backoff.next_ns()).collect::<Vec<_>>()
        };
        assert_eq!(pauses(1), pauses(1));
        assert_ne!(pauses(1), pauses(2));
    }

    #[test]
    fn the_hundredth_attempt_still_waits_for_the_longest() {
        let mut backoff = Backoff::new(1, 1_000, 7);
        let last = (0..100).map(|_| backoff.next_ns()).last();
        assert!(last.is_some_and(|pause| (500..=1_000).contains(&pause)));
    }
}
