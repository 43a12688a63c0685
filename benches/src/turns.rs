//! Two pinned threads that run one block after another together.

use crate::conditions::{Conditions, now};
use crossbeam_utils::CachePadded;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// The turn that ends the far thread.
const STOP: u64 = u64::MAX;

/// Looks without an answer before a waiting thread gives its core to whoever else needs it: some 50 us
/// with a PAUSE between them, far more than any hand-off takes while both ends are running.
pub const PATIENT_LOOKS: u32 = 2_000;

/// Every contender has two rounds at least, whatever the budget.
const ROUNDS_MIN: usize = 2;

/// Waits until `ready`: with PAUSE, and after a while with yields.
#[inline]
pub fn wait_until(mut ready: impl FnMut() -> bool) {
    let mut looks = 0;
    while !ready() {
        if looks < PATIENT_LOOKS {
            looks += 1;
            std::hint::spin_loop();
        } else {
            std::thread::yield_now();
        }
    }
}

/// Ends the other thread when this one ends, be it by a panic.
struct StopAtEnd<'a>(&'a AtomicU64);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(STOP, Ordering::Release);
    }
}

/// Runs the block of each contender in turn, its near end on the calling thread and its far end on
/// another core, round after round until the time is over. Returns for each contender how long each of
/// its blocks took, in nanoseconds, from the start of the near end to the end of both.
///
/// `near_block` is told the round, so that it can take turns between two ways of measuring.
pub fn in_turns<N, F: Send>(
    conditions: &Conditions,
    near: &mut [N],
    far: &mut [F],
    mut near_block: impl FnMut(usize, &mut N),
    far_block: impl Fn(&mut F) + Sync,
) -> Vec<Vec<f64>> {
    let go = CachePadded::new(AtomicU64::new(0));
    let done = CachePadded::new(AtomicU64::new(0));
    let contenders = near.len();
    let mut times_ns = vec![Vec::new(); contenders];
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _stop = StopAtEnd(&done);
            conditions.pin(1);
            for turn in 0_usize.. {
                wait_until(|| go.load(Ordering::Acquire) > turn as u64);
                if go.load(Ordering::Acquire) == STOP {
                    break;
                }
                far_block(&mut far[contender(turn, contenders)]);
                done.store(turn as u64 + 1, Ordering::Release);
            }
        });
        let _stop = StopAtEnd(&go);
        conditions.pin(0);
        for round in rounds(conditions) {
            for turn in round * contenders..(round + 1) * contenders {
                let index = contender(turn, contenders);
                go.store(turn as u64 + 1, Ordering::Release);
                let start = now();
                near_block(round, &mut near[index]);
                wait_until(|| done.load(Ordering::Acquire) > turn as u64);
                times_ns[index].push(elapsed_ns(start));
                assert!(done.load(Ordering::Relaxed) != STOP, "the far end of a block panicked");
            }
        }
    });
    times_ns
}

/// Whose turn it is. Every second round another contender begins, so that nobody always meets the end of
/// the scheduler's time slice; two rounds alike, because benches measure in two ways by turns.
fn contender(turn: usize, contenders: usize) -> usize {
    let round = turn / contenders;
    (turn + round / 2) % contenders
}

/// Numbers of rounds, as many as the budget allows and an even number of them.
pub fn rounds(conditions: &Conditions) -> impl Iterator<Item = usize> {
    let (start, budget) = (now(), conditions.effort().budget());
    (0..).take_while(move |round| *round < ROUNDS_MIN || round % 2 == 1 || start.elapsed() < budget)
}

/// Nanoseconds since `start`.
#[must_use]
pub fn elapsed_ns(start: Instant) -> f64 {
    start.elapsed().as_nanos() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_has_every_contender_once_and_rounds_begin_with_another() {
        let round = |round: usize| (round * 5..(round + 1) * 5).map(|turn| contender(turn, 5)).collect::<Vec<_>>();
        assert_eq!([round(0), round(1)], [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]);
        assert_eq!([round(2), round(3)], [[1, 2, 3, 4, 0], [1, 2, 3, 4, 0]]);
        assert_eq!(round(10), [0, 1, 2, 3, 4]);
    }
}
