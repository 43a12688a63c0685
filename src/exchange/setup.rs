//! What a simulated day is made of: candles read or generated, and what is traded from when to when.
//!
//! Whoever runs a mock exchange, in lockstep, on threads or alone, makes it from this.

use super::ExchangeSettings;
use super::path::{GeneratorSettings, MarketPath, PathSettings, Source, generate_candles};
use super::schedule::Family;
use crate::candles::{
    CandleError, CandleSeries, MINUTE_NANOS, QUARTER_HOUR_NANOS, TooShort, WARM_UP_CANDLES, read_candles,
};
use crate::config::{Config, Mode as SeriesMode, dollars};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::num::{NonZeroU16, NonZeroU32};
use std::path::PathBuf;
use thiserror::Error;
use trader_journal::units::Nanos;

/// Market time begins this long before the first window opens: whoever trades hears the strike's minute itself.
pub const LEAD_NS: u64 = 5 * MINUTE_NANOS;
/// The last close's print, and a margin.
const TAIL_MINUTES: u64 = 5;
/// A year of quarter hours: the longest session that is generated.
pub const WINDOWS_MAX: u64 = 35_040;
/// Years whose days can be asked for.
const YEAR_MIN: i16 = 1971;
const YEAR_MAX: i16 = 2499;
const DAY_NANOS: u64 = 24 * 60 * MINUTE_NANOS;

/// Which prices, and how much of them.
#[derive(Clone, Debug, Default)]
pub struct DayRequest {
    /// Recorded candles; none: a generated day.
    pub candles: Vec<PathBuf>,
    /// First day to trade.
    pub from: Option<Date>,
    /// Last day to trade.
    pub to: Option<Date>,
    /// Quarter hours; `None`: all there are, or `sim.windows` of a generated day.
    pub windows: Option<u64>,
}

/// Why there is no such day.
#[derive(Debug, Error, miette::Diagnostic)]
pub enum DayError {
    /// As the candle reader says.
    #[error(transparent)]
    Candles(#[from] CandleError),
    /// Too few candles.
    #[error(transparent)]
    TooShort(#[from] TooShort),
    /// A date the candles do not cover.
    #[error("{what}")]
    Dates {
        /// What is missing.
        what: String,
    },
    /// Not a date, or one that no simulation starts at.
    #[error("sim.start_date `{text}` is not a date of the years {YEAR_MIN} to {YEAR_MAX}")]
    #[diagnostic(help("write it as 2026-11-02"))]
    StartDate {
        /// What stands there.
        text: String,
    },
    /// A series that the mock exchange does not list.
    #[error("the simulation lists no series `{ticker}`")]
    #[diagnostic(help("it lists KXBTC15M and KXBTC; give any other the mode \"ignored\""))]
    Series {
        /// As configured.
        ticker: String,
    },
}

/// Prices, and what is traded from when to when.
pub struct Day {
    /// Where the prices come from.
    pub source: Source,
    /// The prices.
    pub path: MarketPath,
    /// The first window opens.
    pub start: Nanos,
    /// The last window closes.
    pub last_close: Nanos,
}

impl Day {
    /// Reads or makes the prices and settles what is traded from when to when.
    ///
    /// # Errors
    /// [`DayError`] names what to change.
    pub fn prepare(config: &Config, request: &DayRequest) -> Result<Day, DayError> {
        check_series(config)?;
        let (series, source) = prices(config, request)?;
        let (start, last_close) = trading_time(&series, config, request)?;
        let ticks = NonZeroU16::new(config.sim.spot_ticks_per_s as u16).unwrap_or(NonZeroU16::MIN);
        let path = MarketPath::new(series, PathSettings { seed: config.sim.seed, ticks_per_second: ticks });
        Ok(Day { source, path, start, last_close })
    }

    /// When market time begins.
    #[must_use]
    pub const fn starts_at(&self) -> Nanos {
        self.start.minus(LEAD_NS)
    }

    /// When the candles end: the index stands still from then on.
    #[must_use]
    pub fn candles_end(&self) -> Nanos {
        self.path.series().end()
    }

    /// The settings of an exchange for this day.
    #[must_use]
    pub fn exchange_settings(&self, config: &Config) -> ExchangeSettings {
        ExchangeSettings::new(config, self.starts_at(), self.last_close)
    }
}

/// Every series that is to be traded is one that the mock exchange lists: a day without it would say nothing.
fn check_series(config: &Config) -> Result<(), DayError> {
    let traded = config.series.iter().filter(|series| series.mode != SeriesMode::Ignored);
    if let Some(series) = traded.into_iter().find(|series| Family::of_series(&series.ticker).is_none()) {
        return Err(DayError::Series { ticker: series.ticker.clone() });
    }
    Ok(())
}

fn prices(config: &Config, request: &DayRequest) -> Result<(CandleSeries, Source), DayError> {
    if !request.candles.is_empty() {
        let series = read_candles(&request.candles)?;
        let source = Source::files(&series);
        return Ok((series, source));
    }
    let text = &config.sim.start_date;
    let date: Date = text.parse().map_err(|_| DayError::StartDate { text: text.clone() })?;
    let start = midnight(date).ok_or_else(|| DayError::StartDate { text: text.clone() })?;
    let warm_up = WARM_UP_CANDLES as u64;
    let windows = request.windows.unwrap_or(config.sim.windows);
    if windows > WINDOWS_MAX {
        return Err(dates("no more than a year of quarter hours is generated"));
    }
    let minutes = warm_up + windows * (QUARTER_HOUR_NANOS / MINUTE_NANOS) + TAIL_MINUTES;
    let settings = GeneratorSettings {
        seed: config.sim.seed,
        start: start.minus(warm_up * MINUTE_NANOS),
        minutes: u32::try_from(minutes).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN),
        open: dollars(config.sim.start_price_usd),
    };
    Ok((generate_candles(&settings), Source::generated(&settings)))
}

/// The first instant of trading and the last close.
fn trading_time(series: &CandleSeries, config: &Config, request: &DayRequest) -> Result<(Nanos, Nanos), DayError> {
    let earliest = series.trade_start()?;
    let start = request.from.map_or(Ok(earliest), |from| asked_day("--from", from))?;
    if start < earliest {
        return Err(dates("--from leaves less than two days of candles before it to warm up"));
    }
    let after = request.to.map_or(Ok(series.end()), |to| asked_day("--to", to).map(|day| day.plus(DAY_NANOS)))?;
    let end = series.end().min(after);
    let there = end.since(start) / QUARTER_HOUR_NANOS;
    let generated = request.candles.is_empty().then_some(config.sim.windows);
    let windows = request.windows.or(generated).map_or(there, |asked| asked.min(there));
    if windows == 0 {
        return Err(dates("the candles leave no quarter hour to trade between --from and --to"));
    }
    Ok((start, start.plus(windows * QUARTER_HOUR_NANOS)))
}

fn dates(what: &str) -> DayError {
    DayError::Dates { what: what.to_owned() }
}

fn asked_day(flag: &str, date: Date) -> Result<Nanos, DayError> {
    let outside =
        || DayError::Dates { what: format!("{flag} {date}: give a day of the years {YEAR_MIN} to {YEAR_MAX}") };
    midnight(date).ok_or_else(outside)
}

/// The start of a day that a clock of nanoseconds since 1970 can hold with room on both sides.
fn midnight(date: Date) -> Option<Nanos> {
    if !(YEAR_MIN..=YEAR_MAX).contains(&date.year()) {
        return None;
    }
    let second = date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    Nanos::from_seconds(u64::try_from(second).ok()?)
}
