//! The settlement index as the venue remembers it: one print a second, averaged over a minute.

use trader_journal::units::{Money, Nanos};

/// Prints in an average: one per second of `(end − 60 s, end]`.
pub const AVERAGE_PRINTS: u64 = 60;

/// Seconds remembered: an average is asked for at most [`AVERAGE_PRINTS`] and a determination's
/// delay after its first print.
const REMEMBERED: usize = 256;

/// The mean of a minute of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexAverage {
    /// To the cent, half a cent up (kalshi.md §5.1: `round_digits` 2).
    pub value: Money,
    /// Seconds without a print, for which the last one before was held.
    pub missing: u32,
}

#[derive(Clone, Copy)]
struct Print {
    second: u64,
    value: Money,
}

/// The last minutes of the index.
pub struct IndexWindow {
    prints: [Option<Print>; REMEMBERED],
    latest: u64,
}

impl IndexWindow {
    pub(super) const fn new() -> IndexWindow {
        IndexWindow { prints: [None; REMEMBERED], latest: 0 }
    }

    /// A print belongs to the second that ends at or after it, so that `(end − 60 s, end]` holds
    /// whole seconds. The last one of a second counts.
    pub(super) fn print(&mut self, at: Nanos, value: Money) {
        let second = at.0.div_ceil(Nanos::SECOND);
        self.prints[place(second)] = Some(Print { second, value });
        self.latest = self.latest.max(second);
    }

    /// The average of the 60 prints in `(end − 60 s, end]`. `None` when there is not one print to hold:
    /// none in the window and none in the minutes remembered before it.
    #[must_use]
    pub fn average(&self, end: Nanos) -> Option<IndexAverage> {
        let last = end.seconds();
        let first = (last + 1).saturating_sub(AVERAGE_PRINTS);
        let mut held = self.before(first).or_else(|| self.earliest(first, last))?;
        let (mut sum, mut missing) = (0i128, 0);
        for second in first..=last {
            match self.at(second) {
                Some(value) => held = value,
                None => missing += 1,
            }
            sum += i128::from(held.0);
        }
        Some(IndexAverage { value: to_cents(sum, last + 1 - first), missing })
    }

    fn at(&self, second: u64) -> Option<Money> {
        self.prints[place(second)].filter(|print| print.second == second).map(|print| print.value)
    }

    /// The last print before `second`.
    fn before(&self, second: u64) -> Option<Money> {
        let oldest = (self.latest + 1).saturating_sub(REMEMBERED as u64);
        (oldest..second).rev().find_map(|second| self.at(second))
    }

    /// The first of a window before which nothing is known.
    fn earliest(&self, first: u64, last: u64) -> Option<Money> {
        (first..=last).find_map(|second| self.at(second))
    }
}

const fn place(second: u64) -> usize {
    (second % REMEMBERED as u64) as usize
}

/// `sum / prints` to the cent, half a cent up.
fn to_cents(sum: i128, prints: u64) -> Money {
    let cent = i128::from(Money::CENT.0) * i128::from(prints);
    let cents = (sum + cent / 2).div_euclid(cent);
    Money(i64::try_from(cents * i128::from(Money::CENT.0)).unwrap_or(i64::MAX))
}
