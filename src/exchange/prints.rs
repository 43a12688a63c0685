//! The settlement index as the venue relays it: prints, their trailing average, and the average
//! of the closing minute while it lasts (kalshi.md §3.2).

use crate::candles::QUARTER_HOUR_NANOS;
use trader_journal::units::{Money, Nanos};

const WINDOW: usize = 60;

/// The last minute of prints, and the closing minute's sum so far.
pub(super) struct Prints {
    values: [i64; WINDOW],
    count: usize,
    sum: i64,
    closing_sum: i64,
    closing_count: u8,
}

/// One print with its averages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Print {
    pub(super) at: Nanos,
    pub(super) value: Money,
    /// Mean of the up to 60 prints before this one; the print itself where there is none.
    pub(super) average: Money,
    /// Mean and number of the closing minute's prints, this one included, inside a closing minute.
    pub(super) closing: Option<(Money, u8)>,
}

impl Prints {
    pub(super) const fn new() -> Prints {
        Prints { values: [0; WINDOW], count: 0, sum: 0, closing_sum: 0, closing_count: 0 }
    }

    /// Takes the print of one second.
    pub(super) fn take(&mut self, at: Nanos, value: Money) -> Print {
        let known = self.count.min(WINDOW) as i64;
        let average = if known == 0 { value } else { Money(self.sum / known) };
        let place = self.count % WINDOW;
        self.sum += value.0 - self.values[place];
        self.values[place] = value.0;
        self.count += 1;
        Print { at, value, average, closing: self.take_closing(at, value) }
    }

    /// The last print.
    pub(super) fn last(&self) -> Option<Money> {
        self.count.checked_sub(1).map(|last| Money(self.values[last % WINDOW]))
    }

    fn take_closing(&mut self, at: Nanos, value: Money) -> Option<(Money, u8)> {
        let second = at.0 % QUARTER_HOUR_NANOS / Nanos::SECOND;
        let before_close = (QUARTER_HOUR_NANOS / Nanos::SECOND - second) % (QUARTER_HOUR_NANOS / Nanos::SECOND);
        if before_close >= WINDOW as u64 {
            return None;
        }
        if before_close == WINDOW as u64 - 1 {
            (self.closing_sum, self.closing_count) = (0, 0);
        }
        self.closing_sum += value.0;
        self.closing_count += 1;
        Some((Money(self.closing_sum / i64::from(self.closing_count)), self.closing_count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_minute_ends_with_the_print_at_the_close() {
        let mut prints = Prints::new();
        let start = Nanos(20_000 * 86_400 * Nanos::SECOND);
        let mut told = Vec::new();
        for second in 0..=901u64 {
            let print = prints.take(start.plus(second * Nanos::SECOND), Money(second as i64));
            told.push(print.closing);
        }
        assert_eq!(told[840], None);
        assert_eq!(told[841], Some((Money(841), 1)));
        assert_eq!(told[900], Some((Money((841..=900).sum::<i64>() / 60), 60)));
        assert_eq!(told[901], None);
    }

    #[test]
    fn the_trailing_average_leaves_the_print_itself_out() {
        let mut prints = Prints::new();
        for second in 0..200u64 {
            let print = prints.take(Nanos(second * Nanos::SECOND), Money(second as i64 * 60));
            if second >= 60 {
                assert_eq!(print.average, Money((second as i64 - 60..second as i64).sum()));
            }
        }
    }
}
