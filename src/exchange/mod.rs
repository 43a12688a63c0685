//! The mock exchange in process: what the market does, a venue that matches, makers that quote,
//! and the two venues' own words for it.
//!
//! [`MockExchange`] is a value driven by its caller: time is an argument, frames and replies are
//! taken out when they have arrived. Sockets are put around it elsewhere. It talks as the venues
//! do (JSON text in and out), so that whoever reads it needs no special case.

pub mod path;
pub mod schedule;
pub mod wire;
pub mod setup;
pub mod server;

mod settings;
mod clockwork;
mod call;
mod calendar;
mod catalog;
mod prints;
mod spot;
mod makers;
mod command;
mod session;
mod streams;
mod tell;
mod trouble;
mod orders;
mod shards;
mod rest;
mod filter;
mod lists;
mod portfolio;
mod query;
mod outbox;
mod ledger;

pub use call::Call;
pub use settings::ExchangeSettings;
pub use streams::ConnId;

use calendar::SeriesCalendar;
use catalog::Catalog;
use lists::Traded;
use makers::Makers;
use orders::{Batches, ClientNames};
use path::MarketPath;
use prints::Prints;
use shards::Shards;
use spot::Spot;
use std::collections::BTreeMap;
use std::io;
use streams::Streams;
use trader_exec::venue::{ListError, Said, Venue};
use trader_journal::units::Nanos;
use trouble::{BAD_GATEWAY, Trouble};

/// Why a mock exchange cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The market path must reach back before the start: begin later or give older candles.
    #[error("market time begins at second {start_s}, but the candles begin at second {candles_s}")]
    NoHistory {
        /// The start asked for, seconds since the Unix epoch.
        start_s: u64,
        /// The first candle's.
        candles_s: u64,
    },
    /// The calendar cannot hold a close: begin earlier.
    #[error("an event's close is no date")]
    Calendar(#[from] jiff::Error),
    /// The venue did not list a market.
    #[error("the venue refuses a listing: {0:?}")]
    Listing(ListError),
}

/// One venue, one account, any number of Kalshi connections, one Binance stream.
pub struct MockExchange {
    settings: ExchangeSettings,
    path: MarketPath,
    now: Nanos,
    /// The next second that has not begun.
    next_second: Nanos,
    prints: Prints,
    spot: Spot,
    calendars: Vec<SeriesCalendar>,
    catalog: Catalog,
    venue: Venue,
    makers: Makers,
    traded: Traded,
    streams: Streams,
    /// By arrival and ticket: status and body.
    replies: BTreeMap<(Nanos, u64), (u16, String)>,
    tickets: u64,
    names: ClientNames,
    batches: Batches,
    shards: Shards,
    /// What the engine said, while it is told.
    said: Vec<Said>,
    text: String,
    trouble: Trouble,
    fault: Option<ExchangeError>,
}

impl MockExchange {
    /// An exchange at `settings.start`, its first markets listed, nobody connected.
    ///
    /// # Errors
    /// [`ExchangeError`] names what the settings or the path lack.
    pub fn new(settings: ExchangeSettings, path: MarketPath) -> Result<MockExchange, ExchangeError> {
        clockwork::begin(settings, path)
    }

    /// When something happens next by itself, or a frame or reply arrives. Market time never ends:
    /// after the last candle the index stands still.
    #[must_use]
    pub fn next_deadline(&self) -> Nanos {
        let reply = self.replies.keys().next().map_or(Nanos::NEVER, |(due, _)| *due);
        self.next_event().min(self.streams.next_due()).min(self.spot.frames.next_due()).min(reply)
    }

    /// The market moves on to `now`. Steps of any size give the same market; a `now` that has passed does nothing.
    pub fn advance(&mut self, now: Nanos) {
        self.turn(now);
    }

    /// What went wrong in the calendar, if anything did: markets are missing since then.
    #[must_use]
    pub const fn fault(&self) -> Option<&ExchangeError> {
        self.fault.as_ref()
    }

    /// A client connects to the Kalshi stream: a new connection without subscriptions. `None`
    /// while the exchange takes none.
    pub fn connect(&mut self, now: Nanos) -> Option<ConnId> {
        self.turn(now);
        let gaps = self.trouble.gaps_before(now);
        (!self.trouble.is_cut(now)).then(|| self.streams.open(gaps))
    }

    /// Whether a connection is still there.
    #[must_use]
    pub fn is_connected(&self, conn: ConnId) -> bool {
        self.streams.place(conn).is_some()
    }

    /// A client's connection is gone, with every frame under way on it.
    pub fn disconnect(&mut self, now: Nanos, conn: ConnId) {
        self.turn(now);
        if let Some(conn) = self.streams.place(conn) {
            self.hang_up(conn);
        }
    }

    /// A client sends a text frame on its connection.
    pub fn command(&mut self, now: Nanos, conn: ConnId, frame: &[u8]) {
        self.turn(now);
        self.obey(now, conn, frame);
    }

    /// The next frame that has arrived on a connection by `now`, into `out`; `false`: there is none.
    pub fn next_kalshi_frame(&mut self, now: Nanos, conn: ConnId, out: &mut Vec<u8>) -> bool {
        let Some(conn) = self.streams.place(conn) else { return false };
        let stream = &mut self.streams[conn];
        while stream.frames.pop(now, out) {
            if !self.trouble.loses(now, &mut stream.gaps, out) {
                return true;
            }
        }
        false
    }

    /// The next frame of Binance's combined stream that has arrived by `now`, into `out`; `false` leaves `out` alone.
    pub fn next_binance_frame(&mut self, now: Nanos, out: &mut Vec<u8>) -> bool {
        self.spot.frames.pop(now, out)
    }

    /// Answers a GET of either venue at once; gives the HTTP status. `target` is path and query.
    pub fn get(&mut self, now: Nanos, target: &str, out: &mut Vec<u8>) -> u16 {
        self.turn(now);
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        let status = self.answer(now, target, &mut text);
        out.clear();
        out.extend_from_slice(text.as_bytes());
        self.text = text;
        status
    }

    /// The client POSTs an order's body; the answer comes as the reply with the ticket given back.
    /// Tickets rise by one from 1, whatever is asked.
    pub fn create(&mut self, now: Nanos, body: &[u8]) -> u64 {
        self.turn(now);
        self.receive_create(now, body)
    }

    /// The client DELETEs `target` (path and query); the answer comes as the reply with the ticket given back.
    pub fn cancel(&mut self, now: Nanos, target: &str) -> u64 {
        self.turn(now);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        self.receive_cancel(now, path.rsplit('/').next().unwrap_or(path), query)
    }

    /// The next reply that has arrived by `now`: its body into `out`; gives its ticket and HTTP status.
    pub fn next_reply(&mut self, now: Nanos, out: &mut Vec<u8>) -> Option<(u64, u16)> {
        let first = self.replies.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((_, ticket), (status, body)) = first.remove_entry();
        let (status, body) = if self.trouble.spoils_reply() { BAD_GATEWAY } else { (status, body.as_str()) };
        out.clear();
        out.extend_from_slice(body.as_bytes());
        Some((ticket, status))
    }

    /// How far the exchange's clock is ahead of the wall's at `now`, ns: what its replies say of the time.
    #[must_use]
    pub fn clock_ahead_ns(&self, now: Nanos) -> u64 {
        self.trouble.clock_ahead_ns(now)
    }

    /// The venue itself, for whoever checks what was said against what is.
    #[must_use]
    pub const fn venue(&self) -> &Venue {
        &self.venue
    }

    /// Writes what the venue's own books say happened, one JSON object a line.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_ledger(&self, out: &mut dyn io::Write) -> io::Result<()> {
        self.write_record(out)
    }
}
