//! What is listed.

use super::book::Book;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Ignored,
    Digital,
    Bracket,
    Threshold,
}

#[derive(Clone, Copy)]
pub(crate) struct Series {
    pub(crate) mode: Mode,
    /// Taker's fee, of contracts × price × (1 − price).
    pub(crate) rate: f64,
    pub(crate) shard: u64,
}

/// Markets that settle on one number.
#[derive(Default)]
pub(crate) struct Event {
    pub(crate) series: String,
    pub(crate) open: u64,
    pub(crate) close: u64,
    /// Tickers that have a book.
    pub(crate) watched: Vec<String>,
    pub(crate) done: bool,
    pub(crate) opined: bool,
    pub(crate) determined: bool,
}

#[derive(Default)]
pub(crate) struct Market {
    pub(crate) event: String,
    pub(crate) series: String,
    pub(crate) strike_type: String,
    pub(crate) floor: Option<f64>,
    pub(crate) cap: Option<f64>,
    pub(crate) strike_disagrees: bool,
    pub(crate) open: u64,
    pub(crate) close: u64,
    /// Start, end and step of each range of prices.
    pub(crate) ticks: Vec<(f64, f64, f64)>,
    pub(crate) halted: bool,
    pub(crate) result: String,
    /// What YES pays.
    pub(crate) value: f64,
    pub(crate) book: Book,
    /// Our probability and the mid, until the result is known.
    pub(crate) judged: Option<(f64, f64)>,
    pub(crate) held: Held,
}

/// What we did in a market.
#[derive(Clone, Copy, Default)]
pub(crate) struct Held {
    /// YES contracts; negative: NO.
    pub(crate) net: f64,
    pub(crate) cost: f64,
    pub(crate) realised: f64,
    pub(crate) fees: f64,
    pub(crate) orders_sent: u64,
    pub(crate) last_evaluation: u32,
    /// Hour and day of the last trade, and how many there were in it.
    pub(crate) hour: (u64, u64),
    pub(crate) day: (u64, u64),
    pub(crate) settled: bool,
}

/// Lowest value that is YES, and lowest above that is not.
pub(crate) type Bounds = (Option<f64>, Option<f64>);

impl Market {
    /// `None` while the strike is not known, or is of a kind that is not priced.
    pub(crate) fn bounds(&self) -> Option<Bounds> {
        const CENT: f64 = 0.01;
        Some(match self.strike_type.as_str() {
            "greater" => (Some(self.floor? + CENT), None),
            "greater_or_equal" => (Some(self.floor?), None),
            "less" => (None, Some(self.cap?)),
            "less_or_equal" => (None, Some(self.cap? + CENT)),
            "between" => (Some(self.floor?), Some(self.cap? + CENT)),
            _ => return None,
        })
    }

    pub(crate) fn is_on_grid(&self, price: f64) -> bool {
        self.tick_below(price).is_some_and(|tick| (tick - price).abs() < 1e-6)
    }

    /// The highest legal price that is not above.
    pub(crate) fn tick_below(&self, price: f64) -> Option<f64> {
        let at = price.min(0.9999);
        let (start, end, step) = self.ticks.iter().rev().find(|range| range.0 <= at + 1e-6)?;
        legal(start + ((at.min(*end) - start) / step + 1e-6).floor() * step)
    }

    /// The lowest legal price that is not below.
    pub(crate) fn tick_above(&self, price: f64) -> Option<f64> {
        let at = price.max(0.0001);
        let (start, _, step) = self.ticks.iter().find(|range| range.1 >= at - 1e-6)?;
        legal(start + ((at.max(*start) - start) / step - 1e-6).ceil() * step)
    }
}

fn legal(price: f64) -> Option<f64> {
    let price = (price * 1e4).round() / 1e4;
    (price > 0.0 && price < 1.0).then_some(price)
}
