//! The mock exchange in process: what the market does, a venue that matches, makers that quote,
//! and the two venues' own words for it.
//!
//! [`MockExchange`] is a value driven by its caller: time is an argument, frames and replies are
//! taken out when they have arrived. Sockets are put around it elsewhere. It talks as the venues
//! do (JSON text in and out), so that whoever reads it needs no special case.

pub mod path;
pub mod schedule;
pub mod wire;

mod outbox;
mod prints;
mod settings;
mod spot;

pub use settings::ExchangeSettings;

use outbox::Outbox;
use path::MarketPath;
use prints::{Print, Prints};
use spot::Spot;
use std::io;
use trader_journal::units::Nanos;

/// Prints before the start that the averages, and the first window's strike, are made of.
const PRINTS_BEFORE_START_S: u64 = 120;

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
}

/// One venue, one account, one Kalshi connection and one Binance stream.
pub struct MockExchange {
    settings: ExchangeSettings,
    path: MarketPath,
    now: Nanos,
    /// The next second that has not begun.
    next_second: Nanos,
    prints: Prints,
    spot: Spot,
    connected: bool,
    kalshi: Outbox,
}

impl MockExchange {
    /// An exchange at `settings.start`, its first markets listed, nobody connected.
    ///
    /// # Errors
    /// [`ExchangeError`] names what the settings or the path lack.
    pub fn new(settings: ExchangeSettings, mut path: MarketPath) -> Result<MockExchange, ExchangeError> {
        let start = Nanos(settings.start.0.next_multiple_of(Nanos::SECOND));
        let from = start.minus(PRINTS_BEFORE_START_S * Nanos::SECOND);
        if path.series().start() > from {
            let candles_s = path.series().start().seconds();
            return Err(ExchangeError::NoHistory { start_s: start.seconds(), candles_s });
        }
        path.seek(from);
        let mut exchange = MockExchange {
            settings,
            path,
            now: from,
            next_second: from,
            prints: Prints::new(),
            spot: Spot::default(),
            connected: false,
            kalshi: Outbox::default(),
        };
        exchange.advance(start.minus(1));
        exchange.spot.forget_frames();
        Ok(exchange)
    }

    /// When something happens next by itself, or a frame or reply arrives. Market time never ends:
    /// after the last candle the index stands still.
    #[must_use]
    pub fn next_deadline(&self) -> Nanos {
        self.next_event().min(self.kalshi.next_due()).min(self.spot.frames.next_due())
    }

    /// The market moves on to `now`. Steps of any size give the same market; a `now` that has passed does nothing.
    pub fn advance(&mut self, now: Nanos) {
        while self.next_event() <= now {
            let at = self.next_event();
            self.happen(at);
        }
        self.now = self.now.max(now);
    }

    /// The client connects to the Kalshi stream: a new connection without subscriptions.
    pub fn connect(&mut self, now: Nanos) {
        self.disconnect(now);
        self.connected = true;
    }

    /// The Kalshi connection is gone, with every frame under way on it.
    pub fn disconnect(&mut self, now: Nanos) {
        self.advance(now);
        self.connected = false;
        self.kalshi.clear();
    }

    /// The client sends a text frame on the Kalshi connection.
    pub fn command(&mut self, now: Nanos, frame: &[u8]) {
        self.advance(now);
        let _ = frame;
    }

    /// The next Kalshi frame that has arrived by `now`, into `out`.
    pub fn next_kalshi_frame(&mut self, now: Nanos, out: &mut Vec<u8>) -> bool {
        self.kalshi.pop(now, out)
    }

    /// The next frame of Binance's combined stream that has arrived by `now`, into `out`.
    pub fn next_binance_frame(&mut self, now: Nanos, out: &mut Vec<u8>) -> bool {
        self.spot.frames.pop(now, out)
    }

    /// Answers a GET of either venue; gives the HTTP status. `target` is path and query.
    pub fn get(&mut self, now: Nanos, target: &str, out: &mut Vec<u8>) -> u16 {
        self.advance(now);
        let _ = target;
        out.clear();
        404
    }

    /// The client POSTs an order's body; the answer comes as the reply with the ticket given back.
    pub fn create(&mut self, now: Nanos, body: &[u8]) -> u64 {
        self.advance(now);
        let _ = body;
        0
    }

    /// The client DELETEs `target` (path and query); the answer comes as the reply with the ticket given back.
    pub fn cancel(&mut self, now: Nanos, target: &str) -> u64 {
        self.advance(now);
        let _ = target;
        0
    }

    /// The next reply that has arrived by `now`: its body into `out`; gives its ticket and HTTP status.
    pub fn next_reply(&mut self, now: Nanos, out: &mut Vec<u8>) -> Option<(u64, u16)> {
        let _ = (now, out);
        None
    }

    /// Writes what the venue's own books say happened, one JSON object a line.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_ledger(&self, out: &mut dyn io::Write) -> io::Result<()> {
        writeln!(out, "{{\"kind\":\"start\",\"cash\":\"{}\"}}", self.settings.cash)
    }

    fn next_event(&self) -> Nanos {
        self.next_second.min(self.spot.next_tick())
    }

    fn happen(&mut self, at: Nanos) {
        if at == self.next_second {
            self.begin_second(at);
        }
        self.spot.trade(at, self.settings.stream_latency_ns);
    }

    fn begin_second(&mut self, at: Nanos) {
        self.next_second = at.plus(Nanos::SECOND);
        let index = match self.path.next_second() {
            Some(second) => {
                self.spot.take_ticks(second.timed_ticks());
                second.index
            }
            None => None,
        };
        self.spot.end_minute(at, self.path.series(), self.settings.stream_latency_ns);
        let Some(value) = index.or(self.prints.last()) else { return };
        let print = self.prints.take(at, value);
        self.tell_print(&print);
    }

    fn tell_print(&mut self, print: &Print) {
        let _ = print;
    }
}
