//! The same trading written as it is usually written: `serde_json::Value`, a `BTreeMap` book in a `HashMap` by ticker,
//! dollars and contracts in `f64`, `format!` for the order.
//!
//! It hears what the line hears, asks the same gates in the same order, and sizes by the same limits. The formulas of
//! volatility, probability and Kelly are the line's own crate, so that what is compared is everything around them.
//! It leaves out what this bench never asks of it: cancels, makers' orders, a life without an index, a journal.

mod account;
mod book;
mod listing;
mod market;
mod opinion;
mod risk;
mod spot;

use crate::session::{Body, Contender, Heard, Input, Venue};
use account::Account;
use book::Book;
use kalshi_trader::config::Config;
use market::{Event, Market, Series};
use serde_json::Value;
use spot::Spot;
use std::collections::{BTreeMap, HashMap, VecDeque};
use trader_journal::event as line;
use trader_pricing::volatility::{Coefficients, Ewma3};

pub(crate) const SECOND: u64 = 1_000_000_000;
pub(crate) const MILLI: u64 = 1_000_000;

/// Rounding noise of sums of dollars: what is nearer than this to a threshold has reached it.
pub(crate) const NOISE: f64 = 1e-9;

/// Everything there is.
pub(crate) struct Plain {
    config: Config,
    coefficients: Coefficients,
    series: HashMap<String, Series>,
    events: BTreeMap<String, Event>,
    markets: HashMap<String, Market>,
    books_sid: Option<u64>,
    books_seq: Option<u64>,
    spot: Spot,
    volatility: Ewma3,
    account: Account,
    /// Per settled evaluation, our squared error less the mid's.
    scores: VecDeque<f64>,
    now: u64,
    /// When the exchange was last heard.
    venue_ts: u64,
    /// No event is ready before.
    wake: u64,
    evaluations: u32,
}

impl Plain {
    pub(crate) fn new(config: &Config) -> Plain {
        let volatility = &config.volatility;
        Plain {
            coefficients: Coefficients {
                b0: volatility.b0,
                b10: volatility.b10,
                b60: volatility.b60,
                b720: volatility.b720,
            },
            series: HashMap::new(),
            events: BTreeMap::new(),
            markets: HashMap::new(),
            books_sid: None,
            books_seq: None,
            spot: Spot::new(),
            volatility: Ewma3::new(volatility.warmup_minutes as u32),
            account: Account::default(),
            scores: VecDeque::new(),
            now: 0,
            venue_ts: 0,
            wake: u64::MAX,
            evaluations: 0,
            config: config.clone(),
        }
    }

    // ---- the exchange ------------------------------------------------------------------------

    fn hear_kalshi(&mut self, frame: &[u8]) -> Option<()> {
        let frame: Value = serde_json::from_slice(frame).ok()?;
        let msg = &frame["msg"];
        self.number(&frame);
        match frame["type"].as_str()? {
            "orderbook_delta" => self.hear_delta(msg),
            "orderbook_snapshot" => self.hear_snapshot(msg),
            "cfbenchmarks_value" => self.hear_index(msg),
            "trade" => {
                self.venue_ts = self.now;
                Some(())
            }
            "market_lifecycle_v2" => self.hear_lifecycle(msg),
            "fill" => self.hear_fill(msg),
            "user_order" => self.hear_user_order(msg),
            "subscribed" if msg["channel"] == "orderbook_delta" => {
                self.books_sid = msg["sid"].as_u64();
                self.books_seq = None;
                Some(())
            }
            _ => Some(()),
        }
    }

    /// A number that is skipped puts every book in doubt. A command's reply may repeat the last one.
    fn number(&mut self, frame: &Value) -> Option<()> {
        let seq = frame["seq"].as_u64()?;
        if frame["sid"].as_u64() != self.books_sid {
            return Some(());
        }
        let follows = self.books_seq.is_none_or(|last| seq == last + 1 || (seq == last && frame["type"] == "ok"));
        if !follows {
            self.markets.values_mut().for_each(|market| market.book.valid = false);
        }
        self.books_seq = Some(seq);
        Some(())
    }

    fn hear_delta(&mut self, msg: &Value) -> Option<()> {
        let market = self.markets.get_mut(msg["market_ticker"].as_str()?)?;
        if !market.book.valid {
            return None;
        }
        let (price, change) = (number(&msg["price_dollars"])?, number(&msg["delta_fp"])?);
        market.book.valid = market.is_on_grid(price);
        market.book.apply(msg["side"].as_str()?, price, change);
        self.venue_ts = self.now;
        Some(())
    }

    fn hear_snapshot(&mut self, msg: &Value) -> Option<()> {
        let ticker = msg["market_ticker"].as_str()?;
        let market = self.markets.get_mut(ticker)?;
        market.book = Book::empty();
        for (side, word) in [("yes", "yes_dollars_fp"), ("no", "no_dollars_fp")] {
            for level in msg[word].as_array().into_iter().flatten() {
                market.book.apply(side, number(&level[0])?, number(&level[1])?);
            }
        }
        let event = self.events.get_mut(&market.event)?;
        if !event.watched.iter().any(|watched| watched == ticker) {
            event.watched.push(ticker.to_owned());
        }
        self.venue_ts = self.now;
        Some(())
    }

    fn hear_index(&mut self, msg: &Value) -> Option<()> {
        let data: Value = serde_json::from_str(msg["data"].as_str()?).ok()?;
        let closing = &msg["last_60s_windowed_average_15min"];
        let closed = (closing["window_size"] == 60).then(|| number(&closing["value"])).flatten();
        self.spot.hear_index(self.now, data["time"].as_u64()? * MILLI, number(&data["value"])?, closed);
        self.venue_ts = self.now;
        Some(())
    }

    // ---- the spot market ---------------------------------------------------------------------

    fn hear_binance(&mut self, frame: &[u8]) -> Option<()> {
        let frame: Value = serde_json::from_slice(frame).ok()?;
        let data = &frame["data"];
        match data["e"].as_str()? {
            "trade" => self.spot.hear_source(self.now, data["T"].as_u64()? * MILLI, number(&data["p"])?),
            "kline" if data["k"]["x"] == true && data["k"]["i"] == "1m" => {
                self.hear_candle(data["k"]["t"].as_u64()?, number(&data["k"]["c"])?);
            }
            _ => {}
        }
        Some(())
    }

    fn hear_candles(&mut self, page: &[u8]) -> Option<()> {
        let rows: Vec<Vec<Value>> = serde_json::from_slice(page).ok()?;
        for row in rows {
            if row[6].as_u64()? * MILLI < self.now {
                self.hear_candle(row[0].as_u64()?, number(&row[4])?);
            }
        }
        Some(())
    }

    fn hear_candle(&mut self, open_ms: u64, close: f64) {
        let micros = (close * 1e6).round() as i64;
        self.volatility.on_close(trader_journal::units::Nanos(open_ms * MILLI), trader_journal::units::Money(micros));
    }

    // ---- the shell ---------------------------------------------------------------------------

    fn hear_shell(&mut self, event: &line::Event) {
        match event {
            line::Event::RunStarted { epoch, nonce, .. } => self.account.start(*epoch, *nonce),
            line::Event::OrderAccepted { client, filled, remaining, .. } => {
                let client = account::name(client.epoch, client.nonce, client.seq);
                self.account.accepted(&client, f64::from(*filled) / 100.0, f64::from(*remaining) / 100.0);
            }
            line::Event::OrderRejected { client, .. } => {
                self.account.rejected(&account::name(client.epoch, client.nonce, client.seq));
            }
            _ => {}
        }
    }
}

impl Contender for Plain {
    fn hear(&mut self, input: &Input, orders: &mut Vec<Body>) {
        self.now = input.ts.0;
        self.account.turn_day(self.now, self.config.limits.day_starts_utc_s * SECOND);
        // What cannot be read is passed over.
        let _ = match &input.heard {
            Heard::Frame(Venue::Kalshi, bytes) => self.hear_kalshi(bytes),
            Heard::Frame(Venue::Binance, bytes) => self.hear_binance(bytes),
            Heard::Answer { venue: Venue::Kalshi, target, body, .. } => self.hear_answer(target, body),
            Heard::Answer { venue: Venue::Binance, body, .. } => self.hear_candles(body),
            Heard::Exec(event) => {
                self.hear_shell(event);
                Some(())
            }
            Heard::Connected(_) | Heard::Timer(..) | Heard::Pricing(_) => Some(()),
        };
        if self.now >= self.wake {
            self.evaluate_due(orders);
        }
    }
}

/// A decimal, written as text or as a number.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_f64(),
    }
}
