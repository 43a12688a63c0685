//! The Binance session: frames and candle pages in, trades, quotes and candles out.
//!
//! Prices are measurements here: nothing is kept but the numbers that tell a skipped or a
//! repeated message. The venue acknowledges subscriptions that it never serves, so the only
//! proof that a stream is alive is that it speaks.

pub mod message;
pub use counts::Counts;
pub use klines::{RestAnswer, RestRequest, next_start_ms};
pub use settings::{Settings, Stream};

mod counts;
mod klines;
mod settings;

use crate::frames::Frames;
use crate::json::Read;
use crate::text::Digits;
use message::{Candle, Data, Message, Quote, Trade, decode};
use trader_journal::event::{Event, FeedState, FrameFault, Interval, pad};
use trader_journal::hash::StateHash;
use trader_journal::stage::Outbox;
use trader_journal::units::Nanos;

/// A Binance session. See the module.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    connected: bool,
    epoch: u32,
    told: FeedState,
    /// When each stream of the settings last spoke or was last subscribed.
    heard: Vec<Nanos>,
    last_trade: Option<u64>,
    last_quote: Option<u64>,
    ending: bool,
    last_command: u64,
    counts: Counts,
}

impl Session {
    /// A session that has heard nothing.
    #[must_use]
    pub fn new(settings: Settings) -> Session {
        Session {
            heard: vec![Nanos(0); settings.streams.len()],
            settings,
            connected: false,
            epoch: 0,
            told: FeedState::Down,
            last_trade: None,
            last_quote: None,
            ending: false,
            last_command: 0,
            counts: Counts::default(),
        }
    }

    /// A new connection to the venue's combined-stream endpoint (`/stream`) is open and nothing
    /// was sent on it yet. Epochs rise with each connection.
    pub fn on_connected(&mut self, ts: Nanos, epoch: u32, out: &mut Outbox, frames: &mut Frames) {
        self.leave_connection(ts, out);
        self.connected = true;
        self.epoch = epoch;
        self.tell(FeedState::Connecting, ts, out);
        self.subscribe(ts, |_| true, frames);
    }

    /// The connection is gone.
    pub fn on_disconnected(&mut self, ts: Nanos, out: &mut Outbox, _frames: &mut Frames) {
        self.leave_connection(ts, out);
    }

    /// A text frame arrived on the connection numbered `epoch`.
    pub fn on_frame(&mut self, ts: Nanos, epoch: u32, frame: &[u8], out: &mut Outbox, _frames: &mut Frames) {
        self.counts.frames += 1;
        let heard = if !self.connected || epoch != self.epoch {
            Err(FrameFault::UnknownSubscription)
        } else if frame.len() > self.settings.frame_bytes_max as usize {
            Err(FrameFault::TooLong)
        } else {
            decode(frame).and_then(|message| self.hear(&message, ts, out))
        };
        if let Err(fault) = heard {
            self.reject(fault, ts, out);
        }
    }

    /// An answer of the REST API arrived: its closed candles are said in order, a candle that is
    /// still open at `ts` is not.
    pub fn on_rest(&mut self, ts: Nanos, answer: &RestAnswer<'_>, out: &mut Outbox, _frames: &mut Frames) {
        if let Err(fault) = self.hear_rest(ts, answer, out) {
            self.reject(fault, ts, out);
        }
    }

    /// Hears an event of the line. Only two concern a feed: a [`Event::Timer`], and the
    /// [`Event::RunStarted`] of a program that goes on from a journal: no connection outlives it.
    pub fn on(&mut self, event: &Event, out: &mut Outbox, frames: &mut Frames) {
        if matches!(event, Event::RunStarted { .. }) && self.epoch != 0 {
            // Said whatever was said before: of that nobody knows who heard it.
            self.told = FeedState::Up;
            return self.leave_connection(event.ts(), out);
        }
        let Event::Timer { ts, .. } = event else { return };
        let silence = self.silence();
        let silent = self.heard.iter().filter(|heard| heard.plus(silence) <= *ts).count() as u64;
        if self.connected && silent > 0 {
            self.counts.silences += silent;
            self.subscribe(*ts, |heard| heard.plus(silence) <= *ts, frames);
        }
    }

    /// When the session next wants an [`Event::Timer`].
    #[must_use]
    pub fn next_deadline(&self) -> Nanos {
        let oldest = self.heard.iter().min().filter(|_| self.connected);
        oldest.map_or(Nanos::NEVER, |heard| heard.plus(self.silence()))
    }

    /// Whether the server said that it ends: connect anew before it does.
    #[must_use]
    pub const fn is_ending(&self) -> bool {
        self.ending
    }

    /// What it was told before it started.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What was counted since the start.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// A hash of what later events depend on.
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        let mut hash = StateHash::EMPTY;
        hash.mix(u64::from(self.epoch) << 2 | u64::from(self.connected) << 1 | u64::from(self.ending));
        hash.mix(self.told as u64);
        for last in [self.last_trade, self.last_quote] {
            hash.mix(last.map_or(0, |id| id.wrapping_add(1)));
        }
        for heard in &self.heard {
            hash.mix(heard.0);
        }
        hash.value()
    }

    // ---- frames ------------------------------------------------------------------------------

    fn hear(&mut self, message: &Message<'_>, ts: Nanos, out: &mut Outbox) -> Read<()> {
        let (stream, symbol, data) = match *message {
            Message::Market { stream, symbol, data } => (stream, symbol, data),
            Message::Shutdown => {
                self.counts.shutdowns += 1;
                self.ending = true;
                return Ok(());
            }
            Message::Answered => {
                self.counts.answered += 1;
                return Ok(());
            }
            Message::Error => return Err(FrameFault::VenueError),
            Message::Unknown => return Err(FrameFault::UnknownKind),
        };
        if symbol != self.settings.symbol.as_bytes() {
            return Err(FrameFault::UnknownMarket);
        }
        let at = self.settings.streams.iter().position(|known| *known == stream);
        self.heard[at.ok_or(FrameFault::UnknownSubscription)?] = ts;
        self.tell(FeedState::Up, ts, out);
        match (data, stream) {
            (Data::Trade(trade), _) => self.hear_trade(&trade, ts, out),
            (Data::Quote(quote), _) => self.hear_quote(&quote, ts, out),
            (Data::Candle(candle, closed), Stream::Kline(interval)) => self.say(&candle, (interval, closed), ts, out),
            (Data::Candle(..), _) => return Err(FrameFault::BadField),
            (Data::Funding(funding), _) => out.push(Event::Funding {
                feed: self.settings.feed,
                settled: 0,
                pad: pad(),
                ts,
                venue_ts: funding.venue_ts,
                rate_e8: funding.rate_e8,
                next: funding.next,
                pad2: pad(),
            }),
        }
        Ok(())
    }

    /// Trade numbers are contiguous: one that is skipped is a trade that was lost.
    fn hear_trade(&mut self, trade: &Trade, ts: Nanos, out: &mut Outbox) {
        if let Some(last) = self.last_trade {
            let Some(missed) = trade.id.checked_sub(last).and_then(|step| step.checked_sub(1)) else {
                self.counts.repeats += 1;
                return;
            };
            self.counts.trade_gaps += u64::from(missed > 0);
            self.counts.trades_missed += missed;
        }
        self.last_trade = Some(trade.id);
        let Trade { id, venue_ts, price, quantity, buyer_is_maker } = *trade;
        out.push(Event::SpotTrade {
            feed: self.settings.feed,
            buyer_is_maker: u8::from(buyer_is_maker),
            pad: pad(),
            ts,
            venue_ts,
            price,
            quantity,
            trade_id: id,
            pad2: pad(),
        });
    }

    fn hear_quote(&mut self, quote: &Quote, ts: Nanos, out: &mut Outbox) {
        if self.last_quote.is_some_and(|last| quote.update_id <= last) {
            self.counts.repeats += 1;
            return;
        }
        self.last_quote = Some(quote.update_id);
        let Quote { update_id, bid, ask, bid_quantity, ask_quantity } = *quote;
        let feed = self.settings.feed;
        out.push(Event::SpotQuote { feed, pad: pad(), ts, bid, ask, bid_quantity, ask_quantity, update_id });
    }

    fn say(&self, candle: &Candle, (interval, closed): (Interval, bool), ts: Nanos, out: &mut Outbox) {
        let Candle { open_time, open, high, low, close, .. } = *candle;
        let feed = self.settings.feed;
        let closed = u8::from(closed);
        out.push(Event::Candle { feed, interval, closed, pad: pad(), ts, open_time, open, high, low, close });
    }

    // ---- REST --------------------------------------------------------------------------------

    /// The last row of a page may be the candle that is still open: it ends at `ts` or later.
    fn hear_rest(&self, ts: Nanos, answer: &RestAnswer<'_>, out: &mut Outbox) -> Read<()> {
        let RestRequest::Klines(interval) = answer.request;
        if answer.status != 200 {
            return Err(FrameFault::VenueError);
        }
        if answer.body.len() > self.settings.frame_bytes_max as usize {
            return Err(FrameFault::TooLong);
        }
        let mut rows = 0;
        klines::each_row(answer.body, interval, |_| {
            rows += 1;
            if rows > self.settings.klines_max { Err(FrameFault::TooMany) } else { Ok(()) }
        })?;
        klines::each_row(answer.body, interval, |candle| {
            if candle.close_time < ts {
                self.say(candle, (interval, true), ts, out);
            }
            Ok(())
        })
    }

    // ---- the connection ----------------------------------------------------------------------

    fn leave_connection(&mut self, ts: Nanos, out: &mut Outbox) {
        self.connected = false;
        self.ending = false;
        self.last_trade = None;
        self.last_quote = None;
        self.last_command = 0;
        self.tell(FeedState::Down, ts, out);
    }

    /// Subscribes to the streams whose last word `choose` chooses. Names are lower case: the
    /// venue acknowledges others and then says nothing.
    fn subscribe(&mut self, ts: Nanos, choose: impl Fn(Nanos) -> bool, frames: &mut Frames) {
        if self.heard.is_empty() {
            return;
        }
        self.last_command += 1;
        frames.put(b"{\"method\":\"SUBSCRIBE\",\"params\":[");
        let mut separator: &[u8] = b"\"";
        for (stream, heard) in self.settings.streams.iter().zip(&mut self.heard) {
            if choose(*heard) {
                *heard = ts;
                frames.put(separator);
                self.settings.symbol.bytes().for_each(|byte| frames.put(&[byte.to_ascii_lowercase()]));
                frames.put(b"@");
                frames.put(stream.word().as_bytes());
                separator = b"\",\"";
            }
        }
        frames.put(b"\"],\"id\":");
        frames.put(Digits::decimal(self.last_command).as_bytes());
        frames.put(b"}");
        frames.close();
    }

    fn tell(&mut self, state: FeedState, ts: Nanos, out: &mut Outbox) {
        if std::mem::replace(&mut self.told, state) != state {
            let (feed, epoch) = (self.settings.feed, self.epoch);
            out.push(Event::FeedChanged { feed, state, epoch, ts, pad: pad() });
        }
    }

    fn reject(&mut self, fault: FrameFault, ts: Nanos, out: &mut Outbox) {
        let total = self.counts.count(fault);
        let feed = self.settings.feed;
        out.push(Event::FrameRejected { feed, fault, pad: pad(), ts, total, pad2: pad() });
    }

    const fn silence(&self) -> u64 {
        self.settings.silence_ms_max as u64 * Nanos::MILLI
    }
}
