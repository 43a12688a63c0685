//! What a Kalshi session is told before it starts.

use trader_journal::event::SeriesMode;

/// A series to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesSettings {
    /// The venue's ticker (`KXBTC15M`), at most 16 bytes.
    pub ticker: String,
    /// How it is traded; an ignored series is listed and never watched.
    pub mode: SeriesMode,
}

/// Everything a session is told before it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The series, in the order of the configuration: their numbers are places in this list, from 1.
    pub series: Vec<SeriesSettings>,
    /// The settlement index to subscribe to (`BRTI`).
    pub index_id: String,
    /// The exchange shard whose cash is reported.
    pub shard: u8,
    /// Whether to subscribe to our own fills and orders: needs a key that may.
    pub private: bool,
    /// Markets watched on each side of the one that holds the index.
    pub bracket_radius: u32,
    /// Brackets and thresholds are watched from this long before their close.
    pub watch_before_close_s: u32,
    /// Markets watched at a time: one book each (about 160 KiB of address space).
    pub watched_max: u32,
    /// Events known at a time.
    pub events_max: u32,
    /// Markets known at a time.
    pub markets_max: u32,
    /// Levels of one snapshot, both sides together.
    pub book_levels_max: u32,
    /// Bytes of one frame or body.
    pub frame_bytes_max: u32,
    /// How long an unanswered command is waited for before it is sent again.
    pub retry_ms: u32,
}

/// Bytes of a ticker in a command: 36, two quotes and a comma.
const TICKER_BYTES: usize = 39;

/// Bytes of a command besides its tickers.
const COMMAND_BYTES: usize = 256;

impl Settings {
    /// Settings for these series, with the sizes that fit the family of BTC markets.
    #[must_use]
    pub fn for_series(series: Vec<SeriesSettings>) -> Settings {
        Settings {
            series,
            index_id: "BRTI".to_owned(),
            shard: 2,
            private: true,
            bracket_radius: 2,
            watch_before_close_s: 1_200,
            watched_max: 128,
            events_max: 256,
            markets_max: 2_048,
            book_levels_max: 2_000,
            frame_bytes_max: 4_194_304,
            retry_ms: 1_000,
        }
    }

    /// The most frames one step of the session sends: see the table of commands in `subscribe`.
    pub const FRAMES_MAX: usize = 12;

    /// The most bytes one step of the session sends.
    #[must_use]
    pub const fn frames_bytes_max(&self) -> usize {
        Self::FRAMES_MAX * (COMMAND_BYTES + TICKER_BYTES * self.watched_max as usize)
    }

    /// The most events one step of the session says: a snapshot, and for each of twice
    /// [`watched_max`](Self::watched_max) named markets its names, terms and turns of life.
    #[must_use]
    pub const fn says_max(&self) -> usize {
        self.book_levels_max as usize + 16 * self.watched_max as usize + 4 * self.series.len() + 64
    }
}
