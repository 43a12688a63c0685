//! A session on the bench: told frames, answers and times, watched in what it says and sends.

use crate::fixtures::{CLOSE, OPEN, market, series};
use serde_json::Value;
use std::collections::BTreeMap;
use trader_feeds::frames::Frames;
use trader_feeds::kalshi::rest::{RestAnswer, RestRequest};
use trader_feeds::kalshi::{SeriesSettings, Session, Settings};
use trader_journal::book::Side;
use trader_journal::event::{Event, MarketId, SeriesMode, pad};
use trader_journal::stage::Outbox;
use trader_journal::units::Nanos;

/// The number of each channel's subscription on this bench.
pub(crate) const SIDS: [(&str, u32); 6] = [
    ("market_lifecycle_v2", 1),
    ("fill", 2),
    ("user_orders", 3),
    ("cfbenchmarks_value", 4),
    ("orderbook_delta", 5),
    ("trade", 6),
];

/// A book as the line is told it: sizes by side and price, or nothing while it is invalid.
pub(crate) type ToldBook = BTreeMap<(Side, u16), i64>;

pub(crate) struct Rig {
    pub(crate) session: Session,
    pub(crate) now: Nanos,
    pub(crate) epoch: u32,
    pub(crate) seq: u64,
    out: Outbox,
    frames: Frames,
    sent: Vec<String>,
    told: BTreeMap<MarketId, (bool, ToldBook)>,
}

pub(crate) fn settings() -> Settings {
    let series = |ticker: &str, mode| SeriesSettings { ticker: ticker.to_owned(), mode };
    let series = vec![series("KXBTC15M", SeriesMode::Digital), series("KXBTC", SeriesMode::Bracket)];
    Settings { watched_max: 8, events_max: 16, markets_max: 256, ..Settings::for_series(series) }
}

impl Rig {
    /// A session that knows nothing, a minute after the fixture market's open.
    pub(crate) fn new(settings: Settings) -> Rig {
        Rig {
            out: Outbox::new(settings.says_max()),
            frames: Frames::new(Settings::FRAMES_MAX, settings.frames_bytes_max()),
            session: Session::new(settings),
            now: OPEN.plus(60 * Nanos::SECOND),
            epoch: 0,
            seq: 0,
            sent: Vec::new(),
            told: BTreeMap::new(),
        }
    }

    /// A session that knows the fixture market, is connected and subscribed, and has no book yet.
    pub(crate) fn up() -> Rig {
        let mut rig = Rig::new(settings());
        rig.rest(RestRequest::Series, &series("KXBTC15M"));
        rig.list(&[market("active")]);
        rig.connect();
        rig.serve();
        rig
    }

    /// [`up`](Self::up), with the fixture market's book: bids 0.47 × 3 and 0.46 × 10, asks 0.48 × 2 and 0.50 × 5.
    pub(crate) fn with_book() -> Rig {
        let mut rig = Rig::up();
        rig.snapshot(r#""yes_dollars_fp":[["0.4600","10.00"],["0.4700","3.00"]],"no_dollars_fp":[["0.4800","2.00"],["0.5000","5.00"]]"#);
        rig
    }

    // ---- what it is told -----------------------------------------------------------------

    pub(crate) fn connect(&mut self) -> Vec<Event> {
        self.epoch += 1;
        self.seq = 0;
        let (now, epoch) = (self.now, self.epoch);
        self.step(|session, out, frames| session.on_connected(now, epoch, out, frames))
    }

    pub(crate) fn disconnect(&mut self) -> Vec<Event> {
        let now = self.now;
        self.step(|session, out, frames| session.on_disconnected(now, out, frames))
    }

    pub(crate) fn frame(&mut self, frame: impl AsRef<[u8]>) -> Vec<Event> {
        self.frame_of(self.epoch, frame)
    }

    pub(crate) fn frame_of(&mut self, epoch: u32, frame: impl AsRef<[u8]>) -> Vec<Event> {
        self.now = self.now.plus(Nanos::MILLI);
        let now = self.now;
        self.step(|session, out, frames| session.on_frame(now, epoch, frame.as_ref(), out, frames))
    }

    pub(crate) fn rest(&mut self, request: RestRequest, body: &str) -> Vec<Event> {
        self.rest_with(request, 200, body.as_bytes())
    }

    pub(crate) fn rest_with(&mut self, request: RestRequest, status: u16, body: &[u8]) -> Vec<Event> {
        let now = self.now;
        let answer = RestAnswer { request, status, body };
        self.step(|session, out, frames| session.on_rest(now, &answer, out, frames))
    }

    pub(crate) fn list(&mut self, markets: &[String]) -> Vec<Event> {
        self.rest(RestRequest::Markets, &format!(r#"{{"cursor":"","markets":[{}]}}"#, markets.join(",")))
    }

    /// The program starts anew and goes on with this session.
    pub(crate) fn start_again(&mut self) -> Vec<Event> {
        let (mode, ts) = (trader_journal::event::Mode::Sim, self.now);
        let started = Event::RunStarted { mode, pad: pad(), epoch: 2, ts, seed: 0, nonce: 1, pad2: pad() };
        self.step(|session, out, frames| session.on(&started, out, frames))
    }

    /// The time of the next deadline comes; gives what followed.
    pub(crate) fn wait(&mut self) -> Vec<Event> {
        let due = self.session.next_deadline();
        assert_ne!(due, Nanos::NEVER, "nothing is waited for");
        self.now = due;
        let timer = Event::Timer { pad: pad(), ts: due, due, pad2: pad() };
        let said = self.step(|session, out, frames| session.on(&timer, out, frames));
        assert!(self.session.next_deadline() > self.now, "a deadline that has come would come for ever");
        said
    }

    /// Time passes up to and including `until`, all timers injected.
    pub(crate) fn wait_until(&mut self, until: Nanos) -> Vec<Event> {
        let mut said = Vec::new();
        while self.session.next_deadline() <= until {
            said.extend(self.wait());
        }
        self.now = until;
        said
    }

    /// A message of the book subscription, the next in order.
    pub(crate) fn book_message(&mut self, kind: &str, msg: &str) -> Vec<Event> {
        self.seq += 1;
        let seq = self.seq;
        self.frame(format!("{{\"type\":\"{kind}\",\"sid\":5,\"seq\":{seq},\"msg\":{{{msg}}}}}\n"))
    }

    /// A snapshot of the fixture market, its sides as JSON members.
    pub(crate) fn snapshot(&mut self, sides: &str) -> Vec<Event> {
        let comma = if sides.is_empty() { "" } else { "," };
        let ticker = crate::fixtures::TICKER;
        self.book_message("orderbook_snapshot", &format!(r#""market_ticker":"{ticker}"{comma}{sides}"#))
    }

    /// A delta of the fixture market.
    pub(crate) fn delta(&mut self, side: &str, price: &str, change: &str) -> Vec<Event> {
        self.seq += 1;
        let frame = crate::fixtures::delta(self.seq, side, price, change);
        self.frame(frame)
    }

    /// Plays the venue's part: every subscription asked for so far is made.
    pub(crate) fn serve(&mut self) -> Vec<Event> {
        let mut said = Vec::new();
        for command in self.take_sent() {
            let command: Value = serde_json::from_str(&command).expect("a command is JSON");
            if command["cmd"] != "subscribe" {
                continue;
            }
            for channel in command["params"]["channels"].as_array().expect("channels") {
                let channel = channel.as_str().expect("a word");
                let (_, sid) = SIDS.iter().find(|(word, _)| *word == channel).expect("a channel of the venue");
                let (id, sid) = (&command["id"], *sid);
                said.extend(self.frame(format!(
                    "{{\"type\":\"subscribed\",\"id\":{id},\"msg\":{{\"channel\":\"{channel}\",\"sid\":{sid}}}}}\n"
                )));
            }
        }
        said
    }

    // ---- what it says ----------------------------------------------------------------------

    /// The commands sent since the last look.
    pub(crate) fn take_sent(&mut self) -> Vec<String> {
        std::mem::take(&mut self.sent)
    }

    /// The fixture market's book as the line has been told it; `None` while there is no valid one.
    pub(crate) fn told_book(&self) -> Option<&ToldBook> {
        self.told_of(MarketId(1))
    }

    pub(crate) fn told_of(&self, market: MarketId) -> Option<&ToldBook> {
        self.told.get(&market).filter(|(valid, _)| *valid).map(|(_, book)| book)
    }

    fn step(&mut self, step: impl FnOnce(&mut Session, &mut Outbox, &mut Frames)) -> Vec<Event> {
        self.out.clear();
        self.frames.clear();
        step(&mut self.session, &mut self.out, &mut self.frames);
        self.sent.extend(self.frames.iter().map(|frame| String::from_utf8(frame.to_vec()).expect("commands are text")));
        let said = self.out.events().to_vec();
        for event in &said {
            assert_eq!(event.ts(), self.now, "{event:?} is not stamped with its arrival");
            assert_eq!(Event::from_bytes(&event.to_bytes()), Some(*event), "{event:?} cannot be read back");
            self.mirror(event);
        }
        said
    }

    /// Keeps the books that a hearer of the events would have.
    fn mirror(&mut self, event: &Event) {
        match *event {
            Event::BookBegin { market, .. } => {
                self.told.insert(market, (false, ToldBook::new()));
            }
            Event::BookLevel { market, side, price, size, .. } => {
                let (_, book) = self.told.get_mut(&market).expect("a level of a book that was begun");
                match size.0 {
                    0 => book.remove(&(side, price.0)),
                    size => book.insert((side, price.0), size),
                };
            }
            Event::BookEnd { market, levels, .. } => {
                let (valid, book) = self.told.get_mut(&market).expect("the end of a book that was begun");
                assert_eq!(book.len(), levels as usize);
                *valid = true;
            }
            Event::BookInvalid { market, .. } => {
                let (valid, _) = self.told.get_mut(&market).expect("a book that was valid");
                assert!(std::mem::replace(valid, false), "told twice that a book is invalid");
            }
            _ => {}
        }
    }
}

/// Names of the events, so that a script reads as one line.
pub(crate) fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(kind).collect()
}

pub(crate) fn kind(event: &Event) -> &'static str {
    match event {
        Event::SeriesTerms { .. } => "series",
        Event::GridDefined { .. } => "grid",
        Event::EventNamed { .. } => "event",
        Event::MarketNamed { .. } => "market",
        Event::MarketTerms { .. } => "terms",
        Event::Lifecycle { .. } => "life",
        Event::BookBegin { .. } => "begin",
        Event::BookLevel { .. } => "level",
        Event::BookEnd { .. } => "end",
        Event::BookInvalid { .. } => "invalid",
        Event::Trade { .. } => "trade",
        Event::IndexTick { .. } => "index",
        Event::FeedChanged { .. } => "feed",
        Event::SpotTrade { .. } => "spot trade",
        Event::SpotQuote { .. } => "spot quote",
        Event::Candle { .. } => "candle",
        Event::Funding { .. } => "funding",
        Event::FillTrade { .. } => "fill trade",
        Event::Fill { .. } => "fill",
        Event::OrderIds { .. } => "order ids",
        Event::OrderUpdate { .. } => "order",
        Event::Balance { .. } => "balance",
        Event::PositionTold { .. } => "position",
        Event::AccountWalked { .. } => "walked",
        Event::FrameRejected { .. } => "rejected",
        other => panic!("a feed does not say {other:?}"),
    }
}

/// The faults of the frames that were rejected.
pub(crate) fn faults(events: &[Event]) -> Vec<trader_journal::event::FrameFault> {
    let fault = |event: &Event| match event {
        Event::FrameRejected { fault, .. } => Some(*fault),
        _ => None,
    };
    events.iter().filter_map(fault).collect()
}

/// The closing time of the fixture market, so that tests say what they mean.
pub(crate) const fn before_close(seconds: u64) -> Nanos {
    CLOSE.minus(seconds * Nanos::SECOND)
}
