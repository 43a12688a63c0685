//! Quarter hours of the UTC clock, from one-minute candles or read as they are.

use crate::candles::{Candle, MINUTE_NANOS, QUARTER_HOUR_NANOS};
use trader_journal::units::{Money, Nanos};
use trader_pricing::volatility::Bar;

/// Minutes of a window.
pub const WINDOW_MINUTES: u64 = QUARTER_HOUR_NANOS / MINUTE_NANOS;

/// What was traded. The running line hears prices only: a model that uses this can be judged, but
/// not run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flow {
    /// Traded amount, coins.
    pub volume: f64,
    /// The part whose taker bought, coins.
    pub taker_bought: f64,
    /// Number of trades.
    pub trades: u32,
}

/// One quarter hour that has closed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Its candle.
    pub bar: Bar,
    /// How many of its fifteen minutes there are.
    pub minutes: u8,
    /// Close of the minute before it; `None` where that is missing.
    pub before: Option<Money>,
    /// Sum of its fifteen squared one-minute log returns; `None` where a minute or the close before
    /// is missing, and where only the quarter's candle is known.
    pub rv: Option<f64>,
    /// What was traded in it.
    pub flow: Flow,
}

impl Window {
    /// When it began.
    #[must_use]
    pub const fn start(&self) -> Nanos {
        self.bar.open_time
    }

    /// The first instant after it.
    #[must_use]
    pub const fn end(&self) -> Nanos {
        self.bar.open_time.plus(QUARTER_HOUR_NANOS)
    }

    /// Log return from the close before it to its own.
    #[must_use]
    pub fn log_return(&self) -> Option<f64> {
        Some(log_ratio(self.bar.close, self.before?))
    }

    /// `ln(H/L)² / (4 ln 2)`: variance of the window by its range (Parkinson 1980).
    #[must_use]
    pub fn parkinson(&self) -> f64 {
        let range = log_ratio(self.bar.high, self.bar.low);
        range * range / (4.0 * core::f64::consts::LN_2)
    }

    /// Whether every minute of it is there.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.minutes as u64 == WINDOW_MINUTES
    }
}

/// ln(a/b) of two prices above zero.
#[must_use]
pub fn log_ratio(a: Money, b: Money) -> f64 {
    // As log1p of an exact difference: a tick of a coin's price is its tenth digit.
    libm::log1p((a.0 - b.0) as f64 / b.0 as f64)
}

/// A candle as models hear it.
#[must_use]
pub const fn bar(candle: &Candle) -> Bar {
    let Candle { open_time, open, high, low, close, .. } = *candle;
    Bar { open_time, open, high, low, close }
}

/// The windows that one-minute candles make, oldest first; what is not whole says so.
#[must_use]
pub fn from_minutes(candles: &[Candle]) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::with_capacity(candles.len() / WINDOW_MINUTES as usize + 1);
    let mut last: Option<&Candle> = None;
    for candle in candles {
        let start = Nanos(candle.open_time.0 / QUARTER_HOUR_NANOS * QUARTER_HOUR_NANOS);
        let before = last.filter(|last| last.end_time() == candle.open_time).map(|last| last.close);
        let squared = before.map(|before| log_ratio(candle.close, before)).map(|r| r * r);
        match windows.last_mut().filter(|window| window.start() == start) {
            Some(window) => window.extend(candle, squared),
            None => windows.push(Window::begin(start, candle, before, squared)),
        }
        last = Some(candle);
    }
    for window in windows.iter_mut().filter(|window| !window.is_whole()) {
        window.rv = None;
    }
    windows
}

/// A window of which only the candle of its fifteen minutes is known; `before` is the close of the
/// one before it.
#[must_use]
pub fn from_quarter(candle: &Candle, minutes: u8, before: Option<Money>) -> Window {
    Window { bar: bar(candle), minutes, before, rv: None, flow: flow(candle) }
}

impl Window {
    fn begin(start: Nanos, candle: &Candle, before: Option<Money>, squared: Option<f64>) -> Window {
        let first = candle.open_time == start;
        Window {
            bar: Bar { open_time: start, ..bar(candle) },
            minutes: 1,
            before: before.filter(|_| first),
            rv: squared.filter(|_| first),
            flow: flow(candle),
        }
    }

    fn extend(&mut self, candle: &Candle, squared: Option<f64>) {
        self.bar.high = self.bar.high.max(candle.high);
        self.bar.low = self.bar.low.min(candle.low);
        self.bar.close = candle.close;
        self.minutes += 1;
        self.rv = self.rv.zip(squared).map(|(sum, squared)| sum + squared);
        let more = flow(candle);
        self.flow.volume += more.volume;
        self.flow.taker_bought += more.taker_bought;
        self.flow.trades = self.flow.trades.saturating_add(more.trades);
    }
}

fn flow(candle: &Candle) -> Flow {
    let coins = |amount: i64| amount as f64 / 1e8;
    Flow { volume: coins(candle.volume), taker_bought: coins(candle.taker_base), trades: candle.trades }
}
