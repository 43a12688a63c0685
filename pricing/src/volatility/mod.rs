//! How far the price will move: volatility models behind one small interface.
//!
//! A model is a value that hears closed candles and answers for any stretch of time ahead. It
//! knows nothing that it was not told, so whoever judges it by telling it the past minute by
//! minute cannot let it look ahead. Units: log returns, variances their squares.

mod ewma3;
mod har;
mod parkinson;
mod ranges;
mod naive;
mod loglinear;
mod profile;
mod new_york;

pub use ewma3::{Coefficients, Ewma3};
pub use har::Har;
pub use loglinear::{Fitted, LogLinear, Memory};
pub use naive::Naive;
pub use new_york::behind_utc_min;
pub use parkinson::Parkinson;
pub use profile::{Profile, SLOTS};
pub use ranges::{Ranges, Traded};

use trader_journal::units::{Money, Nanos};

/// A closed candle as models hear it; dollars per coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// When it began.
    pub open_time: Nanos,
    /// Price of the first trade.
    pub open: Money,
    /// Highest price.
    pub high: Money,
    /// Lowest price.
    pub low: Money,
    /// Price of the last trade.
    pub close: Money,
}

/// What every volatility model does.
///
/// Told out of order, twice, or a price that is none, it does not hear; it never panics. The
/// answer depends on what was heard and on nothing else, bit for bit on every platform.
pub trait VolModel {
    /// What was traded in the minute that closes next, dollars. Told before it, or never.
    fn hear_traded(&mut self, dollars: f64) {
        let _ = dollars;
    }

    /// A minute has closed. Minutes come oldest first, each before the quarter hour that it ends.
    fn hear_minute(&mut self, minute: &Bar);

    /// A quarter hour of the UTC clock has closed. Models that live on minutes need not listen.
    fn hear_quarter(&mut self, quarter: &Bar) {
        let _ = quarter;
    }

    /// Variance of the log return from `from` to `to`, at most a quarter hour ahead of what was
    /// heard last; `None` while too little was heard to say anything.
    fn variance(&self, from: Nanos, to: Nanos) -> Option<f64>;
}
