//! What a Binance session is told before it starts.

use trader_journal::event::{Feed, Interval};

/// A stream of one symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Every trade.
    Trade,
    /// The trades of one taker at one price as one: all that the perpetual venue offers.
    AggTrade,
    /// The best bid and ask.
    BookTicker,
    /// Candles of this length, while they form and when they close.
    Kline(Interval),
    /// The mark price and funding rate of a perpetual, each second.
    MarkPrice,
}

impl Stream {
    /// Every stream a session can read.
    pub const ALL: [Stream; 6] = [
        Stream::Trade,
        Stream::AggTrade,
        Stream::BookTicker,
        Stream::Kline(Interval::Minute),
        Stream::Kline(Interval::Quarter),
        Stream::MarkPrice,
    ];

    /// The venue's word: what stands behind the `@` of a stream's name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Stream::Trade => "trade",
            Stream::AggTrade => "aggTrade",
            Stream::BookTicker => "bookTicker",
            Stream::Kline(Interval::Minute) => "kline_1m",
            Stream::Kline(Interval::Quarter) => "kline_15m",
            Stream::MarkPrice => "markPrice@1s",
        }
    }

    /// The stream of a word.
    #[must_use]
    pub fn from_word(word: &[u8]) -> Option<Stream> {
        Stream::ALL.into_iter().find(|stream| stream.word().as_bytes() == word)
    }
}

/// Everything a session is told before it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whose events these are: spot or perpetual.
    pub feed: Feed,
    /// The venue's symbol in capitals (`BTCUSDT`): letters and digits.
    pub symbol: String,
    /// The streams to subscribe to, at least one, and not both kinds of trades: they are numbered
    /// apart. The perpetual venue spreads them over two sockets, and so
    /// over two sessions: quotes on `/public`, all others on `/market`.
    pub streams: Vec<Stream>,
    /// A stream that says nothing for this long is subscribed again: the venue acknowledges
    /// subscriptions it never serves.
    pub silence_ms_max: u32,
    /// Rows of one page of candles.
    pub klines_max: u32,
    /// Bytes of one frame or body.
    pub frame_bytes_max: u32,
}

impl Settings {
    /// Spot: trades, quotes and both candles of this symbol.
    #[must_use]
    pub fn spot(symbol: &str) -> Settings {
        Settings {
            feed: Feed::BinanceSpot,
            symbol: symbol.to_owned(),
            streams: vec![
                Stream::Trade,
                Stream::BookTicker,
                Stream::Kline(Interval::Minute),
                Stream::Kline(Interval::Quarter),
            ],
            silence_ms_max: 30_000,
            klines_max: 1_000,
            frame_bytes_max: 1_048_576,
        }
    }

    /// The perpetual's trades, minute candles and funding rate of this symbol.
    #[must_use]
    pub fn perp(symbol: &str) -> Settings {
        let streams = vec![Stream::AggTrade, Stream::Kline(Interval::Minute), Stream::MarkPrice];
        Settings { feed: Feed::BinancePerp, streams, klines_max: 1_500, ..Settings::spot(symbol) }
    }

    /// The most frames one step of the session sends.
    pub const FRAMES_MAX: usize = 1;

    /// The most bytes one step of the session sends: one command that names every stream.
    #[must_use]
    pub const fn frames_bytes_max(&self) -> usize {
        64 + Stream::ALL.len() * (self.symbol.len() + 16)
    }

    /// The most events one step of the session says: a page of candles.
    #[must_use]
    pub const fn says_max(&self) -> usize {
        self.klines_max as usize + 4
    }
}
