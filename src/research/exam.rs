//! The questions that models are asked, with their answers: one per quarter hour whose candles are
//! whole, each at four moments, each with thirteen strikes.
//!
//! As the study has it: at minute t of the window with price S, strikes `S·exp(d·√(v·τ_eff/900 s))`
//! with v the mean realised variance of the 2,880 windows before; `τ_eff = τ − 40 s` for the average
//! of the last minute, whose value is read from that minute's candle:
//! `ln A = O − 0.0494 (C − O) + 0.5510 (H + L − 2O)`, prices in logs: the linear projection of a
//! Brownian minute's average on its candle (R² 0.956 by simulation).

use super::windows::{WINDOW_MINUTES, Window, from_minutes, log_ratio};
use crate::candles::{Candle, CandleSeries, MINUTE_NANOS};
use trader_journal::units::{Money, Nanos};

/// Minutes into the window at which a forecast is asked for.
pub const DECISIONS_MIN: [u64; 4] = [0, 5, 10, 14];
/// Strikes, in standard deviations of the trailing month.
pub const STRIKES: [f64; 13] = [-2.0, -1.5, -1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0];
/// Windows of the trailing month.
const TRAILING_WINDOWS: usize = 2_880;
/// Fewer windows than a week make no trailing variance (a choice).
pub const TRAILING_WINDOWS_MIN: usize = 672;
/// What the average of a minute takes off the time to the close, two thirds of it.
const AVERAGED_AWAY_S: f64 = 40.0;
const SECONDS: f64 = 60.0;

/// One moment of one window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question {
    /// When it is asked.
    pub at: Nanos,
    /// A standard deviation of the trailing month, by which strikes are apart; log return.
    pub unit: f64,
    /// Where the closing average came to lie; log return from the price at the moment.
    pub outcome: f64,
    /// What the variance of the rest of the window came to be.
    pub rv: f64,
}

impl Question {
    /// Share of the variance to the close that the closing average has: τ_eff/τ.
    #[must_use]
    pub fn averaged(&self, end: Nanos) -> f64 {
        let tau_s = end.since(self.at) as f64 / Nanos::SECOND as f64;
        averaged(tau_s)
    }
}

fn averaged(tau_s: f64) -> f64 {
    (tau_s - AVERAGED_AWAY_S) / tau_s
}

/// One window's questions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sitting {
    /// The window's end.
    pub end: Nanos,
    /// |log return| of the window.
    pub moved: f64,
    /// The questions, as [`DECISIONS_MIN`].
    pub questions: [Question; DECISIONS_MIN.len()],
}

impl Sitting {
    /// The window's start.
    #[must_use]
    pub const fn start(&self) -> Nanos {
        self.end.minus(WINDOW_MINUTES * MINUTE_NANOS)
    }
}

/// Candles, their windows, and the questions of a span of time.
#[derive(Clone, Debug)]
pub struct Exam {
    /// Windows before the minutes, known by their quarter hour's candle alone.
    pub older: Vec<Window>,
    /// The minutes.
    pub candles: Vec<Candle>,
    /// Their windows.
    pub windows: Vec<Window>,
    /// The questions, oldest first.
    pub sittings: Vec<Sitting>,
}

impl Exam {
    /// Questions for every whole window that begins from `from` on and before `until`, and has a
    /// week of windows before it.
    #[must_use]
    pub fn new(series: &CandleSeries, older: &[Window], from: Nanos, until: Nanos) -> Exam {
        let candles = series.candles().to_vec();
        let windows = from_minutes(&candles);
        let start = windows.first().map_or(Nanos::NEVER, Window::start);
        let older: Vec<_> = older.iter().filter(|window| window.end() <= start).copied().collect();
        let sittings = sittings(&candles, &windows, from, until);
        Exam { older, candles, windows, sittings }
    }
}

fn sittings(candles: &[Candle], windows: &[Window], from: Nanos, until: Nanos) -> Vec<Sitting> {
    let mut trailing = Trailing::default();
    let mut sittings = Vec::new();
    let mut first = 0;
    for window in windows {
        let minutes = &candles[first..first + usize::from(window.minutes)];
        first += usize::from(window.minutes);
        if let (Some(variance), Some(before), Some(rv)) = (trailing.mean(), window.before, window.rv)
            && (from..until).contains(&window.start())
        {
            sittings.push(sit(minutes, before, rv, variance));
        }
        if let Some(rv) = window.rv {
            trailing.push(rv);
        }
    }
    sittings
}

fn sit(minutes: &[Candle], before: Money, rv: f64, variance: f64) -> Sitting {
    let last = &minutes[minutes.len() - 1];
    let average = closing_average(last);
    let questions = DECISIONS_MIN.map(|minute| {
        let passed = &minutes[..minute as usize];
        let spot = passed.last().map_or(before, |candle| candle.close);
        let left_s = (WINDOW_MINUTES - minute) as f64 * SECONDS;
        let unit = (variance * left_s / (WINDOW_MINUTES as f64 * SECONDS) * averaged(left_s)).sqrt();
        let outcome = log_ratio(last.open, spot) + average;
        Question {
            at: minutes[0].open_time.plus(minute * MINUTE_NANOS),
            unit,
            outcome,
            rv: rv - squares(passed, before),
        }
    });
    Sitting { end: last.end_time(), moved: log_ratio(last.close, before).abs(), questions }
}

/// ln(average/open) of the last minute.
fn closing_average(minute: &Candle) -> f64 {
    let [close, high, low] = [minute.close, minute.high, minute.low].map(|price| log_ratio(price, minute.open));
    -0.0494 * close + 0.5510 * (high + low)
}

fn squares(minutes: &[Candle], before: Money) -> f64 {
    let closes = std::iter::once(before).chain(minutes.iter().map(|minute| minute.close));
    let next = minutes.iter().map(|minute| minute.close);
    closes.zip(next).map(|(last, close)| log_ratio(close, last).powi(2)).sum()
}

/// Mean of the last 2,880 realised variances.
#[derive(Debug, Default)]
pub struct Trailing {
    kept: std::collections::VecDeque<f64>,
}

impl Trailing {
    /// The newest one.
    pub fn push(&mut self, rv: f64) {
        if self.kept.len() == TRAILING_WINDOWS {
            self.kept.pop_front();
        }
        self.kept.push_back(rv);
    }

    /// The mean; `None` before a week of them.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let enough = self.kept.len() >= TRAILING_WINDOWS_MIN;
        // Summed anew: a running sum would drift, and this is some microseconds per window.
        enough.then(|| self.kept.iter().sum::<f64>() / self.kept.len() as f64)
    }
}
