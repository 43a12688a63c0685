//! A client made of `serde_json` and maps: slow, obvious, and sharing no code with what it checks.

use kalshi_trader::config::Layers;
use kalshi_trader::exchange::path::{GeneratorSettings, MarketPath, PathSettings, generate_candles};
use kalshi_trader::exchange::{Call, ConnId, ExchangeSettings, MockExchange};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::num::{NonZeroU16, NonZeroU32};
use trader_exec::venue::VenueMarket;
use trader_journal::book::Side;
use trader_journal::units::{Count, Money, Nanos, Price};

/// 2026-11-02T12:00:00Z, a Monday: the first window is KXBTC15M-26NOV020715-15 (EST).
pub(crate) const START: Nanos = Nanos(1_793_620_800 * Nanos::SECOND);
pub(crate) const WINDOW: &str = "KXBTC15M-26NOV020715-15";
pub(crate) const NEXT_WINDOW: &str = "KXBTC15M-26NOV020730-30";
const WARM_UP_MINUTES: u64 = 240;
const MINUTES: u32 = 240 + 180;

pub(crate) fn at(seconds: u64) -> Nanos {
    START.plus(seconds * Nanos::SECOND)
}

/// The default settings, latencies as given, in ms.
pub(crate) fn settings(latency_ms: u64) -> ExchangeSettings {
    let config = Layers::defaults().expect("defaults are read").finish().expect("defaults are good");
    let mut settings = ExchangeSettings::new(&config, START, Nanos::NEVER);
    settings.entry_latency_ns = latency_ms * Nanos::MILLI;
    settings.reply_latency_ns = latency_ms * Nanos::MILLI;
    settings.stream_latency_ns = latency_ms * Nanos::MILLI;
    settings
}

pub(crate) fn path(seed: u64) -> MarketPath {
    let generator = GeneratorSettings {
        seed,
        start: START.minus(WARM_UP_MINUTES * 60 * Nanos::SECOND),
        minutes: NonZeroU32::new(MINUTES).expect("not 0"),
        open: Money(100_000_000_000),
    };
    let ticks_per_second = NonZeroU16::new(2).expect("not 0");
    MarketPath::new(generate_candles(&generator), PathSettings { seed, ticks_per_second })
}

pub(crate) fn exchange(settings: ExchangeSettings) -> MockExchange {
    MockExchange::new(settings, path(5)).expect("good settings")
}

/// Sizes by YES price in $0.0001, bids and asks.
pub(crate) type Book = [BTreeMap<u16, i64>; 2];

/// Everything heard.
pub(crate) struct Client {
    pub(crate) exchange: MockExchange,
    pub(crate) conn: ConnId,
    pub(crate) now: Nanos,
    /// Every Kalshi frame in order of arrival.
    pub(crate) frames: Vec<Value>,
    pub(crate) spot: Vec<Value>,
    pub(crate) books: BTreeMap<String, Book>,
    pub(crate) replies: BTreeMap<u64, (u16, Value, Nanos)>,
    seqs: BTreeMap<u64, u64>,
    id: u64,
    yes_scale: bool,
}

impl Client {
    pub(crate) fn new(settings: ExchangeSettings) -> Client {
        Client::of(exchange(settings))
    }

    pub(crate) fn of(mut exchange: MockExchange) -> Client {
        // Just before the start: connecting lets everything happen that is due by then.
        let now = START.minus(1);
        let conn = exchange.connect(now).expect("nothing is cut");
        Client {
            exchange,
            conn,
            now,
            frames: Vec::new(),
            spot: Vec::new(),
            books: BTreeMap::new(),
            replies: BTreeMap::new(),
            seqs: BTreeMap::new(),
            id: 0,
            yes_scale: true,
        }
    }

    /// Sends a command and hears what has arrived by then; gives its number.
    pub(crate) fn send(&mut self, cmd: &str, params: &Value) -> u64 {
        self.id += 1;
        if let Some(flag) = params["use_yes_price"].as_bool() {
            self.yes_scale = flag;
        }
        let frame = json!({"id": self.id, "cmd": cmd, "params": params});
        self.exchange.command(self.now, self.conn, frame.to_string().as_bytes());
        self.hear();
        self.id
    }

    pub(crate) fn subscribe_books(&mut self, tickers: &[&str], use_yes_price: bool) {
        let params =
            json!({"channels": ["orderbook_delta"], "market_tickers": tickers, "use_yes_price": use_yes_price});
        self.send("subscribe", &params);
    }

    pub(crate) fn subscribe(&mut self, channels: &[&str]) {
        self.send("subscribe", &json!({"channels": channels, "index_ids": ["BRTI"]}));
    }

    /// From deadline to deadline, hearing everything when it arrives; `check` after each.
    pub(crate) fn run(&mut self, until: Nanos, mut check: impl FnMut(&Client)) {
        loop {
            let next = self.exchange.next_deadline();
            assert!(next >= self.now, "a deadline in the past");
            if next > until {
                break;
            }
            self.now = next;
            self.exchange.advance(next);
            self.hear();
            check(self);
        }
        self.now = until;
        self.exchange.advance(until);
    }

    pub(crate) fn run_to(&mut self, until: Nanos) {
        self.run(until, |_| {});
    }

    pub(crate) fn get(&mut self, target: &str) -> (u16, Value) {
        let mut body = Vec::new();
        let status = self.exchange.get(self.now, target, &mut body);
        (status, serde_json::from_slice(&body).expect("a JSON body"))
    }

    /// POSTs an order and waits for its reply.
    pub(crate) fn create(&mut self, body: &Value) -> (u16, Value) {
        let ticket = self.exchange.create(self.now, body.to_string().as_bytes());
        self.wait_for(ticket)
    }

    pub(crate) fn cancel(&mut self, target: &str) -> (u16, Value) {
        let ticket = self.exchange.cancel(self.now, target);
        self.wait_for(ticket)
    }

    /// Any request, and the wait for its answer; `Null` for a body that is not there.
    pub(crate) fn call(&mut self, method: &str, target: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        match self.exchange.call(self.now, method, &format!("/trade-api/v2/{target}"), body.as_bytes()) {
            Call::Now(status, body) => (status, json_or_null(&body)),
            Call::Later(ticket) => self.wait_for(ticket),
        }
    }

    fn wait_for(&mut self, ticket: u64) -> (u16, Value) {
        let deadline = self.now.plus(10 * Nanos::SECOND);
        while !self.replies.contains_key(&ticket) {
            assert!(self.now < deadline, "no reply");
            self.now = self.exchange.next_deadline().max(self.now);
            self.exchange.advance(self.now);
            self.hear();
        }
        let (status, body, _) = self.replies[&ticket].clone();
        (status, body)
    }

    pub(crate) fn of_type(&self, kind: &str) -> Vec<&Value> {
        self.frames.iter().filter(|frame| frame["type"] == kind).collect()
    }

    /// Lifecycle messages of one market, without their envelope.
    pub(crate) fn life(&self, ticker: &str) -> Vec<&Value> {
        let messages = self.of_type("market_lifecycle_v2").into_iter().map(|frame| &frame["msg"]);
        messages.filter(|message| message["market_ticker"] == ticker).collect()
    }

    /// The venue's public book.
    pub(crate) fn book_of(&self, market: VenueMarket) -> Book {
        let book = self.exchange.venue().book(market);
        let side = |side| book.levels(side).map(|level| (level.price.0, level.size.0)).collect();
        [side(Side::Bid), side(Side::Ask)]
    }

    fn hear(&mut self) {
        let mut out = Vec::new();
        while self.exchange.next_kalshi_frame(self.now, self.conn, &mut out) {
            assert_eq!(out.last(), Some(&b'\n'), "frames end with a newline");
            let frame: Value = serde_json::from_slice(&out).expect("a JSON frame");
            self.follow(&frame);
            self.frames.push(frame);
        }
        while self.exchange.next_binance_frame(self.now, &mut out) {
            self.spot.push(serde_json::from_slice(&out).expect("a JSON frame"));
        }
        while let Some((ticket, status)) = self.exchange.next_reply(self.now, &mut out) {
            let body = json_or_null(&out);
            self.replies.insert(ticket, (status, body, self.now));
        }
    }

    /// Numbers rise by one on each subscription; book messages change the naive books.
    fn follow(&mut self, frame: &Value) {
        if let (Some(sid), Some(seq)) = (frame["sid"].as_u64(), frame["seq"].as_u64()) {
            let last = self.seqs.entry(sid).or_insert(0);
            assert_eq!(seq, *last + 1, "{frame}");
            *last = seq;
        }
        let message = &frame["msg"];
        match frame["type"].as_str() {
            Some("orderbook_snapshot") => {
                let mut book = Book::default();
                for (side, key) in ["yes_dollars_fp", "no_dollars_fp"].into_iter().enumerate() {
                    if let Some(levels) = message.get(key) {
                        let levels = levels.as_array().expect("a list");
                        assert!(!levels.is_empty(), "an empty side has no key");
                        book[side].extend(levels.iter().map(|level| self.level(side, &level[0], &level[1])));
                    }
                }
                self.books.insert(text(&message["market_ticker"]).to_owned(), book);
            }
            Some("orderbook_delta") => {
                let side = usize::from(message["side"] == "no");
                let (price, change) = self.level(side, &message["price_dollars"], &message["delta_fp"]);
                let book = self.books.get_mut(text(&message["market_ticker"])).expect("a snapshot came first");
                let size = book[side].entry(price).or_insert(0);
                *size += change;
                assert!(*size >= 0, "below zero: {frame}");
                book[side].retain(|_, size| *size > 0);
            }
            _ => {}
        }
    }

    fn level(&self, side: usize, price: &Value, size: &Value) -> (u16, i64) {
        let price = Price::parse(text(price).as_bytes()).expect("a price");
        let price = if side == 1 && !self.yes_scale { price.complement() } else { price };
        (price.0, Count::parse(text(size).as_bytes()).expect("a count").0)
    }
}

fn json_or_null(body: &[u8]) -> Value {
    if body.is_empty() { Value::Null } else { serde_json::from_slice(body).expect("a JSON body") }
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a string"))
}

pub(crate) fn money(value: &Value) -> i64 {
    Money::parse(text(value).as_bytes()).expect("an amount").0
}

/// A strike, which the venue sends as a number.
pub(crate) fn number_as_money(value: &Value) -> i64 {
    Money::parse(value.to_string().as_bytes()).expect("a number").0
}
