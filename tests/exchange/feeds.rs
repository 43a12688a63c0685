//! The line's own reader on the other side: it shares no code with what writes, and finds no fault.

use super::client::{START, WINDOW, at, exchange, settings};
use kalshi_trader::exchange::{ConnId, MockExchange};
use std::collections::BTreeSet;
use trader_feeds::frames::Frames;
use trader_feeds::kalshi::reply::{Asked, read_reply};
use trader_feeds::kalshi::request::{Create, write_cancel_path, write_create};
use trader_feeds::kalshi::rest::{RestAnswer, RestRequest};
use trader_feeds::kalshi::{SeriesSettings, Session, Settings};
use trader_journal::book::Side;
use trader_journal::event::{
    ClientId, Event, FrameFault, LifecycleKind, RejectReason, SelfTrade, SeriesMode, TimeInForce, pad,
};
use trader_journal::stage::Outbox;
use trader_journal::units::{Count, Nanos, Price};

/// The session, the exchange, and everything said.
struct Line {
    exchange: MockExchange,
    conn: ConnId,
    session: Session,
    out: Outbox,
    frames: Frames,
    said: Vec<Event>,
    body: Vec<u8>,
}

impl Line {
    fn new() -> Line {
        let series = [("KXBTC15M", SeriesMode::Digital), ("KXBTC", SeriesMode::Bracket)];
        let series = series.map(|(ticker, mode)| SeriesSettings { ticker: ticker.to_owned(), mode });
        let settings_of_feed = Settings::for_series(series.to_vec());
        let mut exchange = exchange(settings(6));
        let conn = exchange.connect(START.minus(1)).expect("nothing is cut");
        let mut line = Line {
            exchange,
            conn,
            out: Outbox::new(settings_of_feed.says_max()),
            frames: Frames::new(Settings::FRAMES_MAX, settings_of_feed.frames_bytes_max()),
            session: Session::new(settings_of_feed),
            said: Vec::new(),
            body: Vec::new(),
        };
        line.session.on_connected(START.minus(1), 1, &mut line.out, &mut line.frames);
        line.pass_on(START.minus(1));
        line.ask(START.minus(1), RestRequest::Series, "/trade-api/v2/series/KXBTC15M");
        line.ask(START.minus(1), RestRequest::Series, "/trade-api/v2/series/KXBTC");
        line.scout(START.minus(1));
        line
    }

    fn scout(&mut self, now: Nanos) {
        self.ask(now, RestRequest::Markets, "/trade-api/v2/markets?series_ticker=KXBTC15M&limit=1000");
        self.ask(now, RestRequest::Markets, "/trade-api/v2/markets?series_ticker=KXBTC&limit=1000");
        self.ask(now, RestRequest::Balance, "/trade-api/v2/portfolio/balance");
    }

    fn ask(&mut self, now: Nanos, request: RestRequest, target: &str) {
        let status = self.exchange.get(now, target, &mut self.body);
        let answer = RestAnswer { request, status, body: &self.body };
        self.session.on_rest(now, &answer, &mut self.out, &mut self.frames);
        self.pass_on(now);
    }

    /// Commands to the exchange, events to the record.
    fn pass_on(&mut self, now: Nanos) {
        let commands: Vec<Vec<u8>> = self.frames.iter().map(<[u8]>::to_vec).collect();
        self.frames.clear();
        self.said.extend_from_slice(self.out.events());
        self.out.clear();
        commands.iter().for_each(|command| self.exchange.command(now, self.conn, command));
    }

    fn run(&mut self, from: Nanos, until: Nanos) {
        let (mut now, mut poll) = (from, from.plus(15 * Nanos::SECOND));
        while now < until {
            now = self.exchange.next_deadline().min(self.session.next_deadline()).min(poll).min(until).max(now);
            self.exchange.advance(now);
            while self.exchange.next_binance_frame(now, &mut self.body) {}
            while self.exchange.next_kalshi_frame(now, self.conn, &mut self.body) {
                self.session.on_frame(now, 1, &self.body, &mut self.out, &mut self.frames);
                self.pass_on(now);
            }
            if self.session.next_deadline() <= now {
                let timer = Event::Timer { pad: pad(), ts: now, due: now, pad2: pad() };
                self.session.on(&timer, &mut self.out, &mut self.frames);
                self.pass_on(now);
            }
            if now >= poll {
                poll = now.plus(15 * Nanos::SECOND);
                self.scout(now);
            }
        }
    }
}

#[test]
fn the_lines_own_reader_finds_no_fault_in_two_windows() {
    let mut line = Line::new();
    line.run(START.minus(1), at(1_830));
    let counts = line.session.counts();
    for fault in FrameFault::ALL {
        // A window's book is emptied while the reader, whose clock closed it too, has left it already.
        let most = if *fault == FrameFault::UnknownMarket { 2 } else { 0 };
        assert!(counts.faults_of(*fault) <= most, "{}", fault.word());
    }
    assert_eq!((counts.book_gaps, counts.other_gaps, counts.unknown_words, counts.wrong_scales), (0, 0, 0, 0));
    assert!(counts.frames > 2_000);
    let paid: BTreeSet<_> = line
        .said
        .iter()
        .filter_map(|event| match event {
            Event::Lifecycle { kind: LifecycleKind::Finalized, market, .. } => Some(*market),
            _ => None,
        })
        .collect();
    assert_eq!(paid.len(), 2, "two windows were paid");
}

#[test]
fn requests_are_understood_and_replies_are_read() {
    let mut exchange = exchange(settings(5));
    let mut body = Vec::new();
    exchange.get(at(30), &format!("/trade-api/v2/markets/{WINDOW}/orderbook"), &mut body);
    let mut order = Create {
        client: ClientId { epoch: 1, nonce: 42, seq: 1 },
        side: Side::Bid,
        price: Price(100),
        count: Count(300),
        time_in_force: TimeInForce::GoodTillCanceled,
        expires: Some(at(60)),
        post_only: true,
        self_trade: SelfTrade::TakerAtCross,
        cancel_on_pause: true,
    };
    let mut send = |exchange: &mut MockExchange, order: &Create, now: Nanos| {
        body.clear();
        write_create(&mut body, WINDOW.as_bytes(), order, 2);
        exchange.create(now, &body);
        let now = now.plus(10 * Nanos::MILLI);
        exchange.advance(now);
        let (_, status) = exchange.next_reply(now, &mut body).expect("a reply");
        read_reply(now, Asked::Create { client: order.client }, status, &body)
    };
    let Event::OrderAccepted { client, order: id, remaining, .. } = send(&mut exchange, &order, at(30)) else {
        panic!("not accepted")
    };
    assert_eq!((client, remaining), (order.client, 300));
    let again = send(&mut exchange, &order, at(31));
    assert!(matches!(
        again,
        Event::OrderUnknown { .. } | Event::OrderRejected { reason: RejectReason::DuplicateClientId, .. }
    ));
    order.client.seq = 2;
    order.price = Price(9_900);
    let crossing = send(&mut exchange, &order, at(32));
    assert!(matches!(crossing, Event::OrderRejected { reason: RejectReason::PostOnlyCross, .. }), "{crossing:?}");

    let (mut target, mut reply) = (Vec::new(), Vec::new());
    write_cancel_path(&mut target, id, 2);
    exchange.cancel(at(33), std::str::from_utf8(&target).expect("text"));
    exchange.advance(at(34));
    let (_, status) = exchange.next_reply(at(34), &mut reply).expect("a reply");
    let event = read_reply(at(34), Asked::Cancel { client, order: id }, status, &reply);
    assert!(matches!(event, Event::CancelAccepted { .. }), "{event:?}");
}
