//! One-minute candles of one market: what they are, and a series of them with its holes named.
//!
//! Candles come from Binance dumps ([`read_candles`]) or from a seeded generator
//! (`exchange::path::generate`). Either way they are a [`CandleSeries`]: sorted,
//! at most one row per minute, and honest about the minutes that are missing.

mod error;
mod reader;
mod archive;
mod writer;

pub use error::CandleError;
pub use reader::read_candles;
pub use writer::write_candles;

use std::fmt;
use std::path::PathBuf;
use trader_journal::units::{Money, Nanos};

/// One minute in nanoseconds.
pub const MINUTE_NANOS: u64 = 60 * Nanos::SECOND;
/// One quarter of an hour, the length of a KXBTC15M window, in nanoseconds.
pub const QUARTER_HOUR_NANOS: u64 = 15 * MINUTE_NANOS;
/// How many candles the volatility model hears before anything is traded: two days of them.
pub const WARM_UP_CANDLES: usize = 2 * 24 * 60;

/// What happened to a market's price in one minute, `open_time ..= open_time + 60 s` exclusive.
///
/// `low <= open, close <= high` and `low > 0` hold for every candle of a [`CandleSeries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candle {
    /// Start of the minute, a whole minute of UTC.
    pub open_time: Nanos,
    /// Price of the first trade, dollars per coin.
    pub open: Money,
    /// Highest price, dollars per coin.
    pub high: Money,
    /// Lowest price, dollars per coin.
    pub low: Money,
    /// Price of the last trade, dollars per coin.
    pub close: Money,
    /// Traded amount in 0.000 000 01 coin.
    pub volume: i64,
    /// Traded value in 0.000 000 01 dollar.
    pub quote_volume: i64,
    /// Number of trades.
    pub trades: u32,
    /// The part of `volume` whose taker bought, in 0.000 000 01 coin.
    pub taker_base: i64,
    /// The part of `quote_volume` whose taker bought, in 0.000 000 01 dollar.
    pub taker_quote: i64,
}

impl Candle {
    /// The first instant that is no longer in this minute.
    #[must_use]
    pub const fn end_time(&self) -> Nanos {
        self.open_time.plus(MINUTE_NANOS)
    }
}

/// Missing minutes between two candles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Open time of the first missing minute.
    pub from: Nanos,
    /// Open time of the first minute that is there again.
    pub until: Nanos,
}

impl Gap {
    /// How many minutes are missing.
    #[must_use]
    pub const fn minutes(&self) -> u64 {
        self.until.since(self.from) / MINUTE_NANOS
    }
}

/// What reading found that is not an error but that a person should know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CandleNotes {
    /// The files read, in the order given; empty for generated candles.
    pub files: Vec<PathBuf>,
    /// Missing minutes, oldest first.
    pub gaps: Vec<Gap>,
    /// Rows that repeat another row exactly and were dropped.
    pub duplicates: u64,
    /// Rows that came before an earlier row of the same file and were sorted into place.
    pub out_of_order: u64,
}

/// Candles in time order, one per minute at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CandleSeries {
    candles: Vec<Candle>,
    notes: CandleNotes,
}

impl CandleSeries {
    /// `candles` must be sorted, without duplicates and not empty; the gaps are found here.
    pub(crate) fn from_sorted(candles: Vec<Candle>, mut notes: CandleNotes) -> CandleSeries {
        debug_assert!(candles.windows(2).all(|pair| pair[0].open_time < pair[1].open_time));
        debug_assert!(!candles.is_empty());
        notes.gaps = gaps_between(&candles);
        CandleSeries { candles, notes }
    }

    /// The candles, oldest first; never empty.
    #[must_use]
    pub fn candles(&self) -> &[Candle] {
        &self.candles
    }

    /// Files, gaps, duplicates and rows out of order.
    #[must_use]
    pub const fn notes(&self) -> &CandleNotes {
        &self.notes
    }

    /// Start of the first candle.
    #[must_use]
    pub fn start(&self) -> Nanos {
        self.candles.first().map_or(Nanos::NEVER, |candle| candle.open_time)
    }

    /// End of the last candle.
    #[must_use]
    pub fn end(&self) -> Nanos {
        self.candles.last().map_or(Nanos::NEVER, Candle::end_time)
    }

    /// The first quarter hour with [`WARM_UP_CANDLES`] candles before it: trading may start there.
    ///
    /// Candles count, not hours, so that a gap in the warm-up makes it longer.
    ///
    /// # Errors
    /// [`TooShort`] if less than one quarter hour would be left to trade.
    pub fn trade_start(&self) -> Result<Nanos, TooShort> {
        let warm = self.candles.get(WARM_UP_CANDLES - 1).map_or(Nanos(0), Candle::end_time);
        let start = Nanos(warm.0.next_multiple_of(QUARTER_HOUR_NANOS));
        if warm > Nanos(0) && start.plus(QUARTER_HOUR_NANOS) <= self.end() {
            return Ok(start);
        }
        let until_quarter = start.since(warm) / MINUTE_NANOS;
        let minutes_needed = WARM_UP_CANDLES as u64 + until_quarter + QUARTER_HOUR_NANOS / MINUTE_NANOS;
        Err(TooShort { minutes_have: self.candles.len() as u64, minutes_needed })
    }

    /// The candles that open before `at`, and the others.
    #[must_use]
    pub fn split_at(&self, at: Nanos) -> (&[Candle], &[Candle]) {
        self.candles.split_at(self.candles.partition_point(|candle| candle.open_time < at))
    }
}

/// The candles do not reach past the warm-up: give more files, or files of following days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooShort {
    /// Candles there are.
    pub minutes_have: u64,
    /// Candles needed: two days of warm-up, up to the next quarter hour, and that one to trade.
    pub minutes_needed: u64,
}

impl fmt::Display for TooShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TooShort { minutes_have, minutes_needed } = self;
        write!(f, "there are {minutes_have} one-minute candles; two days of warm-up and one quarter hour to trade ")?;
        write!(f, "take {minutes_needed}: add the files of the days that follow")
    }
}

impl std::error::Error for TooShort {}

fn gaps_between(candles: &[Candle]) -> Vec<Gap> {
    candles
        .windows(2)
        .filter(|pair| pair[0].end_time() < pair[1].open_time)
        .map(|pair| Gap { from: pair[0].end_time(), until: pair[1].open_time })
        .collect()
}
