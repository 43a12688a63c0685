//! Tickers as keys: text that fits in an event, and a table to find its row by.

use trader_journal::hash::StateHash;

/// Bytes of the longest ticker an event can name.
pub(crate) const TICKER_BYTES: usize = 36;

/// A ticker that can be named in an event and written into a command as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticker {
    bytes: [u8; TICKER_BYTES],
    len: u8,
}

impl Ticker {
    pub(crate) const EMPTY: Ticker = Ticker { bytes: [0; TICKER_BYTES], len: 0 };

    /// Whether this is [`EMPTY`](Self::EMPTY): tables are scanned for free rows on every message.
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Letters, digits, dash, dot and underscore, 1 to 36 of them; `None` for anything else.
    pub(crate) fn new(text: &[u8]) -> Option<Ticker> {
        let legal = text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
        if !legal || text.is_empty() || text.len() > TICKER_BYTES {
            return None;
        }
        let mut bytes = [0; TICKER_BYTES];
        bytes[..text.len()].copy_from_slice(text);
        Some(Ticker { bytes, len: text.len() as u8 })
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// The ticker filled with zeros, as an event carries it, and its length.
    pub(crate) const fn padded(&self) -> ([u8; TICKER_BYTES], u8) {
        (self.bytes, self.len)
    }
}

/// The part before the first dash: a market's or an event's series.
pub(crate) fn series_part(ticker: &[u8]) -> &[u8] {
    let end = ticker.iter().position(|byte| *byte == b'-').unwrap_or(ticker.len());
    &ticker[..end]
}

/// The part before the last dash: a market's event.
pub(crate) fn event_part(ticker: &[u8]) -> &[u8] {
    let end = ticker.iter().rposition(|byte| *byte == b'-').unwrap_or(ticker.len());
    &ticker[..end]
}

/// Rows by ticker: open addressing, at most half full, memory taken once.
#[derive(Debug)]
pub(crate) struct TickerIndex {
    /// Row + 1; zero is a free place.
    places: Box<[u32]>,
}

impl TickerIndex {
    pub(crate) fn new(rows_max: usize) -> TickerIndex {
        TickerIndex { places: vec![0; (rows_max.max(1) * 2).next_power_of_two()].into_boxed_slice() }
    }

    /// The row whose ticker, as `name` tells it, is this one.
    pub(crate) fn find<'r>(&self, ticker: &[u8], name: impl Fn(u32) -> &'r Ticker) -> Option<u32> {
        let mut place = self.home(ticker);
        loop {
            let row = self.places[place].checked_sub(1)?;
            if name(row).as_bytes() == ticker {
                return Some(row);
            }
            place = (place + 1) & (self.places.len() - 1);
        }
    }

    /// Adds a row; the caller keeps to the number of rows the table was made for.
    pub(crate) fn insert(&mut self, ticker: &[u8], row: u32) {
        let mut place = self.home(ticker);
        while self.places[place] != 0 {
            place = (place + 1) & (self.places.len() - 1);
        }
        self.places[place] = row + 1;
    }

    pub(crate) fn clear(&mut self) {
        self.places.fill(0);
    }

    fn home(&self, ticker: &[u8]) -> usize {
        let mut hash = StateHash::EMPTY;
        hash.mix_bytes(ticker);
        hash.value() as usize & (self.places.len() - 1)
    }
}
