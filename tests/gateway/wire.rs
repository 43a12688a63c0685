//! The gateway over real sockets: whatever a server does with a request, exec is told once, and what is true.

use crate::orders::{Desk, SETTINGS, cancel, client, command, create, done, meanings, named, pool};
use crate::server::{Does, Server, reply};
use crate::wait_until;
use kalshi_trader::clock::{MarketClock, wall};
use kalshi_trader::gateway::GatewaySettings;
use kalshi_trader::gateway::port::{OrderGateway, OrderSettings};
use kalshi_trader::line::port::{OrderPort, OrderTurn};
use kalshi_trader::record::RecordKind;
use kalshi_trader::socket::reactor::Reactor;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use trader_feeds::kalshi::reply::{Asked, no_reply, read_reply};
use trader_journal::event::{Event, UnknownReason};
use trader_journal::units::Nanos;

const SOON: Duration = Duration::from_secs(10);

struct Rig {
    gateway: OrderGateway,
    reactor: Reactor,
    clock: MarketClock,
    desk: Desk,
    told: Vec<Event>,
}

impl Rig {
    fn new(server: &Server, gateway: GatewaySettings) -> Rig {
        let settings = OrderSettings {
            gateway,
            url: server.url(),
            tls: Arc::clone(&server.tls),
            connect_ms_max: 2_000,
            reconnect_ms_min: 1,
            reconnect_ms_max: 4,
        };
        let clock = MarketClock::real();
        let gateway = OrderGateway::new(&settings, (pool(), None), clock.clone()).unwrap();
        let mut rig = Rig { gateway, reactor: Reactor::new().unwrap(), clock, desk: Desk::new(16), told: Vec::new() };
        rig.gateway.hear(&named(7));
        rig
    }

    fn work(&mut self) {
        self.reactor.turn(Some(Duration::from_millis(1)));
        let turn = OrderTurn {
            now: self.clock.now(),
            wall: self.clock.wall_now(),
            reactor: &mut self.reactor,
            committed: u64::MAX,
            pen: &mut self.desk.pens.shell,
            replies: &mut self.desk.replies,
        };
        self.gateway.work(turn).unwrap();
        self.told.extend(self.desk.told());
    }

    fn work_until(&mut self, what: &str, mut holds: impl FnMut(&Rig) -> bool) {
        wait_until(what, SOON, || {
            self.work();
            holds(self)
        });
    }

    fn ask(&mut self, asked: Asked) {
        self.gateway.accept(&command(asked), 1);
    }

    /// Works on a little, and gives all exec was told, which is what the journal's records mean.
    fn end(mut self) -> (Vec<Event>, Vec<RecordKind>) {
        (0..30).for_each(|_| self.work());
        let records = self.desk.records();
        assert_eq!(meanings(&records), self.told);
        (self.told, records.into_iter().map(|(kind, ..)| kind).collect())
    }
}

fn quick() -> GatewaySettings {
    GatewaySettings { connections: 1, reply_timeout_ns: 300 * Nanos::MILLI, ..SETTINGS }
}

/// Orders that reached the server; connections are kept warm by others.
fn orders(server: &Server) -> usize {
    server.asked().iter().filter(|asked| asked.method != "GET").count()
}

/// Asks one thing of a server that does one thing; gives what exec was told.
fn one(asked: Asked, does: Does) -> (Event, Vec<RecordKind>) {
    let what = format!("{asked:?} {does:?}");
    let server = Server::start(move |_| does.clone());
    let mut rig = Rig::new(&server, quick());
    rig.ask(asked);
    rig.work_until(&what, |rig| !rig.told.is_empty());
    let (told, records) = rig.end();
    assert_eq!((told.len(), orders(&server)), (1, 1), "told once and sent once: {what}");
    (told[0], records)
}

/// Apart from its time.
fn same(told: Event, expected: impl Fn(Nanos) -> Event) -> bool {
    told == expected(told.ts())
}

const SENT_AND_REPLIED: [RecordKind; 2] = [RecordKind::OrderSent, RecordKind::OrderReply];
const SENT_AND_LOST: [RecordKind; 2] = [RecordKind::OrderSent, RecordKind::OrderLost];

#[test]
fn every_whole_reply_is_told_for_what_it_is() {
    let nested = r#"{"error":{"code":"insufficient_balance","message":"no"}}"#;
    let flat = r#"{"code":"bad_request","message":"no","details":"no"}"#;
    let cancelled = format!(r#"{{"order_id":"{}","reduced_by":"10.00","ts_ms":1}}"#, crate::orders::order());
    let cases = [
        (create(1), 201, done(1)),
        (create(1), 201, done(9)),
        (create(1), 400, nested.to_owned()),
        (create(1), 400, flat.to_owned()),
        (create(1), 401, "{}".into()),
        (create(1), 409, r#"{"error":{"code":"order_already_exists"}}"#.into()),
        (create(1), 409, r#"{"error":{"code":"trading_is_paused"}}"#.into()),
        (create(1), 429, r#"{"error":"too many requests"}"#.into()),
        (create(1), 500, "{}".into()),
        (create(1), 502, "<html>Bad Gateway</html>".into()),
        (cancel(1), 200, cancelled),
        (cancel(1), 200, done(1)),
        (cancel(1), 404, r#"{"error":{"code":"not_found"}}"#.into()),
        (cancel(1), 503, "{}".into()),
    ];
    for (asked, status, body) in cases {
        let (told, records) = one(asked, Does::Replies(status, body.clone()));
        assert!(same(told, |ts| read_reply(ts, asked, status, body.as_bytes())), "{status} {body}: {told:?}");
        assert_eq!(records, SENT_AND_REPLIED);
    }
}

/// B1: the reply is lost at every one of its bytes.
#[test]
fn a_reply_cut_at_any_byte_leaves_the_outcome_unknown_and_the_order_is_not_sent_again() {
    let whole = reply(201, &done(1));
    let cut_at = Arc::new(AtomicUsize::new(0));
    let (bytes, at) = (whole.clone(), Arc::clone(&cut_at));
    let server = Server::start(move |_| Does::Cuts(bytes[..at.load(Ordering::SeqCst)].to_vec()));
    let mut rig = Rig::new(&server, GatewaySettings { write_tokens_per_s: 10_000, ..quick() });
    for bytes in 0..whole.len() {
        cut_at.store(bytes, Ordering::SeqCst);
        let asked = create(bytes as u64 + 1);
        let before = rig.told.len();
        rig.ask(asked);
        rig.work_until(&format!("cut at {bytes}"), |rig| rig.told.len() > before);
        let told = rig.told[before];
        assert!(same(told, |ts| no_reply(ts, asked, UnknownReason::Disconnected)), "cut at {bytes}: {told:?}");
        assert_eq!(orders(&server), bytes + 1);
    }
    let (told, records) = rig.end();
    assert_eq!((told.len(), orders(&server)), (whole.len(), whole.len()));
    assert!(records.chunks(2).all(|pair| pair == SENT_AND_LOST));
}

#[test]
fn silence_ends_with_an_unknown_outcome_and_a_new_connection() {
    for asked in [create(1), cancel(1)] {
        let (told, records) = one(asked, Does::Nothing);
        assert!(same(told, |ts| no_reply(ts, asked, UnknownReason::Timeout)), "{told:?}");
        assert_eq!(records, SENT_AND_LOST);
    }
    let silent = AtomicUsize::new(0);
    let server = Server::start(move |_| match silent.fetch_add(1, Ordering::SeqCst) {
        0 => Does::Nothing,
        _ => Does::Replies(201, done(2)),
    });
    let mut rig = Rig::new(&server, quick());
    rig.ask(create(1));
    rig.work_until("silence", |rig| rig.told.len() == 1);
    rig.ask(create(2));
    rig.work_until("the next order goes on another connection", |rig| rig.told.len() == 2);
    let is_done = matches!(rig.told[1], Event::OrderAccepted { client: of, .. } if of == client(2));
    assert!(is_done, "{:?}", rig.told);
    let asked = server.asked();
    assert_ne!(asked[0].connection, asked[1].connection);
}

/// B21: the second reply of one request is not taken for the reply of the next.
#[test]
fn two_replies_to_one_request_are_not_taken_for_two_answers() {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Does::Writes([reply(201, &done(1)), reply(400, "{}")].concat()),
        _ => Does::Replies(201, done(2)),
    });
    let mut rig = Rig::new(&server, quick());
    rig.ask(create(1));
    rig.work_until("the first", |rig| rig.told.len() == 1);
    rig.ask(create(2));
    rig.work_until("the second", |rig| rig.told.len() == 2);
    let (told, _) = rig.end();
    for (event, seq) in told.iter().zip([1, 2]) {
        assert!(matches!(event, Event::OrderAccepted { client: of, .. } if *of == client(seq)), "{told:?}");
    }
    assert_eq!((told.len(), orders(&server)), (2, 2));
}

#[test]
fn what_is_no_http_is_unknown_too() {
    let huge = format!("HTTP/1.1 201 X\r\nContent-Length: {}\r\n\r\n", SETTINGS.reply_bytes_max + 1);
    for bytes in [&b"garbage\r\n\r\n"[..], b"HTTP/1.1 201 X\r\nContent-Length: x\r\n\r\n", huge.as_bytes()] {
        let (told, records) = one(create(1), Does::Writes(bytes.to_vec()));
        assert!(same(told, |ts| no_reply(ts, create(1), UnknownReason::Disconnected)), "{told:?}");
        assert_eq!(records, SENT_AND_LOST);
    }
}

#[test]
fn a_server_that_is_not_there_refuses_nothing_and_the_order_never_leaves() {
    let mut away = Server::start(|_| Does::Nothing);
    away.port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut rig = Rig::new(&away, GatewaySettings { intent_age_ns_max: 50 * Nanos::MILLI, ..quick() });
    rig.ask(create(1));
    rig.work_until("it is refused", |rig| !rig.told.is_empty());
    let (told, records) = rig.end();
    let reason = trader_journal::event::RejectReason::NotSent;
    assert!(same(told[0], |ts| trader_feeds::kalshi::reply::not_sent(ts, create(1), reason)));
    assert_eq!((told.len(), records), (1, vec![RecordKind::OrderKept]));
    assert_eq!(orders(&away), 0);
}

#[test]
fn a_request_on_the_wire_is_what_the_venue_takes() {
    let server = Server::start(|_| Does::Replies(201, done(1)));
    let mut rig = Rig::new(&server, quick());
    rig.ask(create(1));
    rig.work_until("a reply", |rig| !rig.told.is_empty());
    let mut left = Vec::new();
    rig.gateway.left(&mut |one| left.push(one));
    assert!(left.len() == 1 && left[0].client == client(1) && left[0].wall <= rig.clock.wall_now());
    let asked = server.asked().remove(0);
    let header = |name| asked.header(name).unwrap_or_else(|| panic!("no {name}"));
    let path = "/trade-api/v2/portfolio/events/orders";
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", path));
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("host"), format!("127.0.0.1:{}", server.port));
    let at: u64 = header("KALSHI-ACCESS-TIMESTAMP").parse().unwrap();
    assert!(wall().millis().abs_diff(at) < 10_000);
    let key = crate::known_key();
    assert!(key.public().verify(&at.to_string(), "POST", path, header("KALSHI-ACCESS-SIGNATURE")));
    let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(body["client_order_id"], client(1).to_string());
}

#[test]
fn an_idle_connection_is_kept_warm_without_a_key_and_used_afterwards() {
    let server = Server::start(|asked| match asked.method.as_str() {
        "GET" => Does::Replies(200, r#"{"exchange_active":true}"#.into()),
        _ => Does::Replies(201, done(1)),
    });
    let mut rig = Rig::new(&server, GatewaySettings { keep_warm_ns: 20 * Nanos::MILLI, ..quick() });
    rig.work_until("it is used twice", |_| server.asked().len() >= 2);
    rig.ask(create(1));
    rig.work_until("a reply", |rig| !rig.told.is_empty());
    let asked = server.asked();
    let warm = asked.iter().filter(|asked| asked.method == "GET");
    assert!(warm.clone().all(|asked| asked.target == "/trade-api/v2/exchange/status"));
    assert!(warm.clone().all(|asked| asked.header("KALSHI-ACCESS-KEY").is_none()));
    assert!(asked.iter().all(|asked| asked.connection == 0), "one connection all the time");
}
