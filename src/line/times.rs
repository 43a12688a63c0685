//! When what lies in a ring was pushed, and when what caused it came in: beside the ring, whose messages
//! fill their cache lines.
//!
//! A cell belongs to a slot of the ring. Its producer writes it before the push that shows the slot, its
//! consumer reads it before the pop that frees the slot: the ring's own order is the cell's.

use crate::clock::{Moment, Ticker};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// When it was pushed.
    pub pushed: Moment,
    /// When the frame or the answer was read, or the timer told, of which it is a consequence.
    pub cause: Moment,
}

#[derive(Debug, Default)]
struct Cell {
    pushed: AtomicU64,
    cause: AtomicU64,
}

/// The cells of one ring; each of its two sides has a clone.
#[derive(Clone, Debug)]
pub(super) struct Beside(Arc<[Cell]>);

impl Beside {
    /// Beside a ring of `slots` slots, a power of two.
    pub(super) fn new(slots: usize) -> Beside {
        Beside((0..slots).map(|_| Cell::default()).collect())
    }

    /// Before message number `seq` is pushed.
    #[inline]
    pub(super) fn write(&self, seq: u64, times: Times) {
        let cell = self.cell(seq);
        cell.pushed.store(times.pushed.0, Ordering::Relaxed);
        cell.cause.store(times.cause.0, Ordering::Relaxed);
    }

    /// Of message number `seq`, which was seen and not taken yet.
    #[inline]
    pub(super) fn read(&self, seq: u64) -> Times {
        let cell = self.cell(seq);
        let moment = |of: &AtomicU64| Moment(of.load(Ordering::Relaxed));
        Times { pushed: moment(&cell.pushed), cause: moment(&cell.cause) }
    }

    #[inline]
    fn cell(&self, seq: u64) -> &Cell {
        &self.0[seq as usize & (self.0.len() - 1)]
    }
}

/// What an agent needs to stamp what it tells: the clock, its rings' cells, and what it handles just now.
#[derive(Debug)]
pub(super) struct Stamping {
    pub ticker: Ticker,
    /// Beside its inputs, in their order; `None`: what comes there is a cause itself.
    pub inputs: Vec<Option<Beside>>,
    /// Beside its outputs.
    pub outputs: Vec<Beside>,
    /// When the cause of what it handles came in.
    pub cause: Moment,
}

impl Stamping {
    pub(super) fn new(ticker: Ticker, inputs: Vec<Option<Beside>>, outputs: Vec<Beside>) -> Stamping {
        Stamping { ticker, inputs, outputs, cause: Moment::default() }
    }

    /// Something came in from outside, or from the clock: it is a cause itself.
    #[inline]
    pub(super) fn begin(&mut self) {
        self.cause = self.ticker.now();
    }

    /// The stamp of what is told now.
    #[inline]
    pub(super) fn now(&self) -> Times {
        Times { pushed: self.ticker.now(), cause: self.cause }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thread;
    use trader_ring::spsc;

    /// A small ring between two threads, again and again around: each message is read with its own times.
    #[test]
    fn times_belong_to_their_message_however_the_threads_run() {
        const COUNT: u64 = 200_000;
        let (mut producer, mut consumer) = spsc::ring::<[u64; 7]>(8).unwrap();
        let beside = Beside::new(8);
        let theirs = beside.clone();
        let pushing = thread::spawn("producer", move || {
            for number in 0..COUNT {
                while !producer.has_room(1) {
                    thread::give_way();
                }
                theirs.write(producer.produced(), Times { pushed: Moment(number), cause: Moment(!number) });
                producer.push([number; 7]).unwrap();
            }
        });
        for number in 0..COUNT {
            while consumer.peek().is_none() {
                thread::give_way();
            }
            let times = beside.read(consumer.consumed());
            assert_eq!(consumer.pop(), Some([number; 7]));
            assert_eq!(times, Times { pushed: Moment(number), cause: Moment(!number) });
        }
        pushing.unwrap().join().unwrap();
    }
}
