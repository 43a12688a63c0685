//! A source's own average over the minute before a quarter hour, one print a second as the index's.

use trader_journal::hash::StateHash;
use trader_journal::units::Nanos;

const MINUTE_S: u64 = 60;
const QUARTER_S: u64 = 900;
/// Fewer prints than this are no average of a minute.
const PRINTS_MIN: u32 = 50;

/// The running minute and the last one that ended on a quarter hour.
#[derive(Debug)]
pub(super) struct Minute {
    silence_ns_max: u64,
    last_ts: Nanos,
    last_price: f64,
    sum: f64,
    prints: u32,
    quarter: Option<(Nanos, f64)>,
}

impl Minute {
    pub(super) const fn new(silence_ns_max: u64) -> Minute {
        Minute { silence_ns_max, last_ts: Nanos(0), last_price: 0.0, sum: 0.0, prints: 0, quarter: None }
    }

    /// A tick. Prints the price before it at every whole second since the last one; says whether a
    /// quarter hour's average is new.
    pub(super) fn hear(&mut self, ts: Nanos, price: f64) -> bool {
        let mut ended = false;
        if ts.since(self.last_ts) <= self.silence_ns_max {
            for second in self.last_ts.seconds() + 1..=ts.seconds() {
                // A tick on the second itself is that second's print.
                let print = if second * Nanos::SECOND == ts.0 { price } else { self.last_price };
                ended |= self.print(second, print);
            }
        } else {
            (self.sum, self.prints) = (0.0, 0);
        }
        (self.last_ts, self.last_price) = (ts, price);
        ended
    }

    fn print(&mut self, second: u64, price: f64) -> bool {
        self.sum += price;
        self.prints += 1;
        if !second.is_multiple_of(MINUTE_S) {
            return false;
        }
        let whole = second.is_multiple_of(QUARTER_S) && self.prints >= PRINTS_MIN;
        if whole {
            self.quarter = Some((Nanos(second * Nanos::SECOND), self.sum / f64::from(self.prints)));
        }
        (self.sum, self.prints) = (0.0, 0);
        whole
    }

    /// The average over the minute that ended at `end`, if that was the last quarter hour.
    pub(super) fn average_before(&self, end: Nanos) -> Option<f64> {
        self.quarter.filter(|(at, _)| *at == end).map(|(_, average)| average)
    }

    pub(super) fn hash_into(&self, hash: &mut StateHash) {
        hash.mix(self.last_ts.0);
        hash.mix(self.last_price.to_bits());
        hash.mix(self.sum.to_bits());
        hash.mix(u64::from(self.prints));
        if let Some((at, average)) = self.quarter {
            hash.mix(at.0);
            hash.mix(average.to_bits());
        }
    }
}
