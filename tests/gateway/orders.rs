//! What leaves, when, on which connection, and what exec is told; with connections a test holds in its hand.

use crate::known_key;
use kalshi_trader::gateway::wire::{Connection, ConnectionEvent, GatewayAgent, HttpRequest, Turn};
use kalshi_trader::gateway::{Bucket, GatewaySettings, split_reply};
use kalshi_trader::line::{PenSizes, Pens, Scribe};
use kalshi_trader::record::RecordKind;
use kalshi_trader::signer::pool::{Pool, PoolSettings};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use trader_feeds::kalshi::reply::{Asked, no_reply, not_sent, read_reply};
use trader_journal::book::Side;
use trader_journal::event::{
    CancelReason, ClientId, EvalId, Event, EventId, MarketId, RejectReason, SelfTrade, TimeInForce, UnknownReason,
    Uuid, pad,
};
use trader_journal::log::{Entry, Identity, Options, Reader, Writer};
use trader_journal::units::{Count, Nanos, Price};
use trader_ring::spsc::{self, Consumer, Producer};

pub(crate) const NOW: Nanos = Nanos(1_700_000_000_000_000_000);
pub(crate) const TICKER: &str = "KXBTC15M-26AUG170100-00";
pub(crate) const SETTINGS: GatewaySettings = GatewaySettings {
    shard: 2,
    connections: 3,
    reply_timeout_ns: 5_000 * Nanos::MILLI,
    intent_age_ns_max: 500 * Nanos::MILLI,
    cancel_age_ns_max: 10_000 * Nanos::MILLI,
    keep_warm_ns: 10 * Nanos::SECOND,
    reply_bytes_max: 4_096,
    write_tokens_per_s: 80,
    write_tokens_burst: 100,
    cancel_share_percent: 40,
};
const ORDER: &str = "2597b999-f887-4195-8bac-c3f97a1f2021";

pub(crate) fn client(seq: u64) -> ClientId {
    ClientId { epoch: 3, nonce: 0xabcd, seq }
}

pub(crate) fn order() -> Uuid {
    Uuid::parse(ORDER.as_bytes()).unwrap()
}

pub(crate) fn create(seq: u64) -> Asked {
    Asked::Create { client: client(seq) }
}

pub(crate) fn cancel(seq: u64) -> Asked {
    Asked::Cancel { client: client(seq), order: order() }
}

pub(crate) fn named(market: u32) -> Event {
    let mut ticker = [0; 36];
    ticker[..TICKER.len()].copy_from_slice(TICKER.as_bytes());
    let ticker_len = TICKER.len() as u8;
    Event::MarketNamed { ticker_len, pad: pad(), market: MarketId(market), ts: NOW, ticker, event: EventId(1) }
}

/// The command exec says to ask this.
pub(crate) fn command(asked: Asked) -> Event {
    match asked {
        Asked::Create { client } => Event::OrderIntent {
            side: Side::Bid,
            time_in_force: TimeInForce::ImmediateOrCancel,
            market: MarketId(7),
            ts: NOW,
            client,
            count: Count(1_000),
            expires: Nanos::NEVER,
            price: Price(6_400),
            post_only: 0,
            self_trade: SelfTrade::TakerAtCross,
            eval: EvalId(1),
        },
        Asked::Cancel { client, order } => {
            let reason = CancelReason::NearClose;
            Event::CancelIntent { reason, pad: pad(), market: MarketId(7), ts: NOW, client, order, pad2: pad() }
        }
    }
}

/// The body of a create that was done.
pub(crate) fn done(seq: u64) -> String {
    format!(
        r#"{{"order_id":"{ORDER}","client_order_id":"{}","fill_count":"0.00","remaining_count":"10.00","ts_ms":1}}"#,
        client(seq)
    )
}

// ---- the rig ---------------------------------------------------------------------------------

/// The journal's pens and the ring to exec, without a line around them.
pub(crate) struct Desk {
    dir: tempfile::TempDir,
    scribe: Scribe,
    pub(crate) pens: Pens,
    pub(crate) replies: Producer<Event>,
    pub(crate) told: Consumer<Event>,
}

impl Desk {
    pub(crate) fn new(replies: usize) -> Desk {
        let dir = tempfile::tempdir().unwrap();
        let identity =
            Identity { epoch_nonce: 1, salt_seed: 2, created: NOW, config_hash: [0; 32], build_hash: [0; 32] };
        let options = Options::with_blocks(64).unwrap().without_sync();
        let writer = Writer::open(dir.path(), options, identity).unwrap();
        let small = 1 << 12;
        let sizes = PenSizes { shell: 1 << 18, kalshi: small, binance: small, pricing: small, exec: small };
        let (scribe, pens) = Scribe::new(writer, &sizes).unwrap();
        let (replies, told) = spsc::ring(replies).unwrap();
        Desk { dir, scribe, pens, replies, told }
    }

    /// What exec was told since the last time.
    pub(crate) fn told(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.told.pop()).collect()
    }

    /// The records of the gateway: kind, tag, time, bytes.
    pub(crate) fn records(self) -> Vec<(RecordKind, u16, Nanos, Vec<u8>)> {
        self.scribe.close().unwrap();
        let mut reader = Reader::open(self.dir.path()).unwrap();
        let mut records = Vec::new();
        while let Some(entry) = reader.next().unwrap() {
            let Entry::Record { kind, tag, ts, bytes, .. } = entry else { panic!("the gateway says no events") };
            records.push((RecordKind::from_number(kind).unwrap(), tag, ts, bytes.to_vec()));
        }
        records
    }
}

/// Each thing exec was told has its cause in the journal, in the same order: what a replay relies on.
pub(crate) fn meanings(records: &[(RecordKind, u16, Nanos, Vec<u8>)]) -> Vec<Event> {
    let meaning = |(kind, tag, ts, bytes): &(RecordKind, u16, Nanos, Vec<u8>)| {
        let split = || split_reply(bytes).unwrap();
        let asked = || split().0.unwrap();
        Some(match kind {
            RecordKind::OrderReply => read_reply(*ts, asked(), *tag, split().1),
            RecordKind::OrderLost => no_reply(*ts, asked(), UnknownReason::ALL[usize::from(*tag)]),
            RecordKind::OrderKept => not_sent(*ts, asked(), RejectReason::ALL[usize::from(*tag)]),
            RecordKind::OrderSent => return None,
            other => panic!("{other:?}"),
        })
    };
    records.iter().filter_map(meaning).collect()
}

enum Coming {
    Ready,
    Reply(u16, String),
    Closed,
}

#[derive(Default)]
struct State {
    ready: bool,
    fails: bool,
    resets: usize,
    sent: Vec<String>,
    headers: Vec<Vec<(&'static str, String)>>,
    coming: VecDeque<Coming>,
}

/// A connection in the hand of the test.
#[derive(Clone, Default)]
struct Wire(Arc<Mutex<State>>);

struct Held {
    state: Arc<Mutex<State>>,
    body: String,
}

impl Connection for Held {
    type Reactor = ();

    fn is_ready(&self) -> bool {
        self.state.lock().unwrap().ready
    }

    fn send(&mut self, request: &HttpRequest<'_>, _wall: Nanos) -> bool {
        let mut state = self.state.lock().unwrap();
        assert!(state.ready, "nothing is sent on a connection that is not up");
        let body = std::str::from_utf8(request.body).unwrap();
        state.sent.push(format!("{} {} {body}", request.method, request.target));
        state.headers.push(request.headers.to_vec());
        !state.fails
    }

    fn next(&mut self, (): &mut (), _wall: Nanos) -> Option<ConnectionEvent<'_>> {
        let coming = self.state.lock().unwrap().coming.pop_front()?;
        Some(match coming {
            Coming::Ready => ConnectionEvent::Ready,
            Coming::Reply(status, body) => {
                self.body = body;
                ConnectionEvent::Reply { status, body: self.body.as_bytes() }
            }
            Coming::Closed => ConnectionEvent::Closed,
        })
    }

    fn reset(&mut self, (): &mut (), _wall: Nanos) {
        self.state.lock().unwrap().resets += 1;
    }

    fn next_deadline(&self) -> Nanos {
        Nanos::NEVER
    }
}

impl Wire {
    fn sent(&self) -> Vec<String> {
        self.0.lock().unwrap().sent.clone()
    }

    fn replies(&self, status: u16, body: &str) {
        self.0.lock().unwrap().coming.push_back(Coming::Reply(status, body.to_owned()));
    }

    fn closes(&self) {
        self.0.lock().unwrap().coming.push_back(Coming::Closed);
    }

    fn set_ready(&self, ready: bool) {
        let mut state = self.0.lock().unwrap();
        state.ready = ready;
        if ready {
            state.coming.push_back(Coming::Ready);
        }
    }

    fn resets(&self) -> usize {
        self.0.lock().unwrap().resets
    }
}

struct Rig {
    agent: GatewayAgent<Held>,
    wires: Vec<Wire>,
    desk: Desk,
    wall: Nanos,
    committed: u64,
}

pub(crate) fn pool() -> Pool {
    Pool::inline(Arc::new(known_key()), PoolSettings { ready: 1, age_ms_max: 1_000 })
}

impl Rig {
    fn new(connections: usize) -> Rig {
        Rig::with(connections, SETTINGS)
    }

    fn with(connections: usize, settings: GatewaySettings) -> Rig {
        let wires: Vec<_> = (0..connections).map(|_| Wire::default()).collect();
        wires.iter().for_each(|wire| wire.set_ready(true));
        let held = wires.iter().map(|wire| Held { state: Arc::clone(&wire.0), body: String::new() }).collect();
        let mut agent = GatewayAgent::new(settings, held, pool());
        agent.hear(&named(7));
        let mut rig = Rig { agent, wires, desk: Desk::new(16), wall: NOW, committed: u64::MAX };
        rig.work();
        rig
    }

    fn accept(&mut self, asked: Asked) {
        self.agent.accept(&command(asked), 1, self.wall);
    }

    fn work(&mut self) -> usize {
        let Rig { agent, desk, wall, committed, .. } = self;
        let stamp = || wall.plus(1);
        let wall_ms = || wall.millis();
        let mut turn = Turn {
            now: *wall,
            wall: *wall,
            stamp: &stamp,
            wall_ms: &wall_ms,
            reactor: &mut (),
            committed: *committed,
            pen: &mut desk.pens.shell,
            replies: &mut desk.replies,
        };
        agent.work(&mut turn).unwrap()
    }

    fn after(&mut self, ns: u64) -> usize {
        self.wall = self.wall.plus(ns);
        self.work()
    }

    /// Everything that was sent on all connections.
    fn sent(&self) -> Vec<String> {
        self.wires.iter().flat_map(Wire::sent).collect()
    }

    /// Ends: what was told is what the records mean.
    fn records(self, told: &[Event]) -> Vec<RecordKind> {
        let records = self.desk.records();
        assert_eq!(meanings(&records), told);
        records.into_iter().map(|(kind, ..)| kind).collect()
    }
}

// ---- leaving ---------------------------------------------------------------------------------

#[test]
fn an_order_leaves_when_its_intent_is_committed_once_and_written_down() {
    let mut rig = Rig::new(2);
    rig.committed = 0;
    rig.accept(create(1));
    assert_eq!((rig.work(), rig.sent().len()), (0, 0));
    rig.committed = 1;
    assert_eq!((rig.work(), rig.work(), rig.sent().len()), (1, 0, 1));
    let sent = rig.sent().remove(0);
    assert!(sent.starts_with("POST /trade-api/v2/portfolio/events/orders {\"ticker\":"), "{sent}");
    let headers = rig.wires[0].0.lock().unwrap().headers[0].clone();
    let header = |name| headers.iter().find(|(known, _)| *known == name).unwrap().1.as_str();
    let at = header("KALSHI-ACCESS-TIMESTAMP");
    let path = "/trade-api/v2/portfolio/events/orders";
    assert!(known_key().public().verify(at, "POST", path, header("KALSHI-ACCESS-SIGNATURE")));
    let mut left = Vec::new();
    rig.agent.left(&mut |one| left.push((one.client, one.is_create, one.wall)));
    assert_eq!(left, [(client(1), true, NOW.plus(1))]);
    assert_eq!(rig.agent.open(), 1);

    rig.wires[0].replies(201, &done(1));
    rig.work();
    let told = rig.desk.told();
    assert!(matches!(told[..], [Event::OrderAccepted { client: of, .. }] if of == client(1)), "{told:?}");
    assert_eq!(rig.agent.open(), 0);
    assert_eq!(rig.records(&told), [RecordKind::OrderSent, RecordKind::OrderReply]);
}

#[test]
fn a_cancel_names_order_and_shard_and_is_signed_without_them() {
    let mut rig = Rig::new(1);
    rig.accept(cancel(1));
    rig.work();
    let path = format!("/trade-api/v2/portfolio/events/orders/{ORDER}");
    assert_eq!(rig.sent(), [format!("DELETE {path}?exchange_index=2 ")]);
    let headers = rig.wires[0].0.lock().unwrap().headers[0].clone();
    assert!(known_key().public().verify(&headers[1].1, "DELETE", &path, &headers[2].1));
}

#[test]
fn an_order_without_a_connection_in_time_is_refused_and_never_leaves() {
    let mut rig = Rig::new(2);
    rig.wires.iter().for_each(|wire| wire.set_ready(false));
    rig.accept(create(1));
    rig.accept(cancel(2));
    rig.work();
    assert_eq!(rig.after(SETTINGS.intent_age_ns_max), 0, "it may still leave");
    assert_eq!(rig.after(1), 1);
    let mut told = rig.desk.told();
    assert_eq!(told, [not_sent(rig.wall, create(1), RejectReason::NotSent)]);
    rig.after(SETTINGS.cancel_age_ns_max);
    told.extend(rig.desk.told());
    assert_eq!(told[1..], [not_sent(rig.wall, cancel(2), RejectReason::NotSent)]);
    rig.wires.iter().for_each(|wire| wire.set_ready(true));
    rig.work();
    assert_eq!((rig.sent().len(), rig.agent.open()), (0, 0));
    assert_eq!(rig.records(&told), [RecordKind::OrderKept; 2]);
}

#[test]
fn a_connection_that_comes_up_in_time_takes_what_waits() {
    let mut rig = Rig::new(1);
    rig.wires[0].set_ready(false);
    rig.accept(create(1));
    rig.work();
    rig.wires[0].set_ready(true);
    assert_eq!(rig.sent().len(), 0);
    rig.after(SETTINGS.intent_age_ns_max);
    assert_eq!(rig.sent().len(), 1);
}

/// Before the intent is in the journal nothing is said about it, not even that it was refused.
#[test]
fn an_intent_that_is_not_committed_is_not_refused_either() {
    let mut rig = Rig::new(1);
    rig.committed = 0;
    rig.accept(create(1));
    assert_eq!(rig.after(60 * Nanos::SECOND), 0);
    rig.committed = 1;
    rig.work();
    let told = rig.desk.told();
    assert_eq!(told, [not_sent(rig.wall, create(1), RejectReason::NotSent)]);
}

#[test]
fn a_market_without_a_name_is_refused_and_written_down() {
    let mut rig = Rig::new(1);
    rig.agent =
        GatewayAgent::new(SETTINGS, vec![Held { state: Arc::clone(&rig.wires[0].0), body: String::new() }], pool());
    rig.accept(create(1));
    rig.work();
    let told = rig.desk.told();
    assert_eq!(told, [not_sent(NOW, create(1), RejectReason::MarketNotFound)]);
    assert_eq!(rig.records(&told), [RecordKind::OrderKept]);
}

#[test]
fn an_identifier_that_was_sent_is_never_sent_again() {
    let mut rig = Rig::new(3);
    rig.accept(create(2));
    rig.accept(create(2));
    rig.accept(create(1));
    rig.work();
    assert_eq!(rig.sent().len(), 1);
    let told = rig.desk.told();
    let conflict = UnknownReason::Conflict;
    assert_eq!(told, [no_reply(NOW, create(2), conflict), no_reply(NOW, create(1), conflict)]);
    let next_run = ClientId { epoch: 4, nonce: 1, seq: 1 };
    rig.accept(Asked::Create { client: next_run });
    rig.work();
    assert_eq!(rig.sent().len(), 2, "another run counts from the start");
}

// ---- no reply --------------------------------------------------------------------------------

#[test]
fn a_connection_that_ends_while_asked_leaves_the_outcome_unknown_and_nothing_is_sent_again() {
    for asked in [create(1), cancel(1)] {
        let mut rig = Rig::new(1);
        rig.accept(asked);
        rig.work();
        rig.wires[0].closes();
        rig.work();
        let told = rig.desk.told();
        assert_eq!(told, [no_reply(NOW, asked, UnknownReason::Disconnected)]);
        for _ in 0..10 {
            rig.after(Nanos::SECOND);
        }
        let orders = rig.sent().into_iter().filter(|sent| !sent.starts_with("GET"));
        assert_eq!(orders.count(), 1);
        assert!(rig.desk.told().is_empty());
        assert_eq!(rig.records(&told), [RecordKind::OrderSent, RecordKind::OrderLost]);
    }
}

/// It was written down as sent a moment before; that it was kept after all is written down too.
#[test]
fn a_connection_that_turns_out_to_be_gone_lets_nothing_leave() {
    let mut rig = Rig::new(1);
    rig.wires[0].0.lock().unwrap().fails = true;
    rig.accept(create(1));
    rig.work();
    let told = rig.desk.told();
    assert_eq!(told, [not_sent(NOW, create(1), RejectReason::NotSent)]);
    assert_eq!((rig.agent.open(), rig.agent.counts().sent), (0, 0));
    assert_eq!(rig.records(&told), [RecordKind::OrderSent, RecordKind::OrderKept]);
}

#[test]
fn silence_is_given_up_once_and_its_connection_is_not_used_again() {
    for asked in [create(1), cancel(1)] {
        let mut rig = Rig::new(1);
        rig.accept(asked);
        rig.work();
        assert_eq!(rig.agent.next_deadline(), NOW.plus(SETTINGS.reply_timeout_ns));
        assert_eq!(rig.after(SETTINGS.reply_timeout_ns - 1), 0);
        rig.after(1);
        let mut told = rig.desk.told();
        assert_eq!(told, [no_reply(rig.wall, asked, UnknownReason::Timeout)]);
        assert_eq!(rig.wires[0].resets(), 1);
        // Its late reply is nobody's.
        rig.wires[0].replies(201, &done(1));
        rig.work();
        told.extend(rig.desk.told());
        assert_eq!((told.len(), rig.wires[0].resets()), (1, 2));
    }
}

#[test]
fn a_reply_about_another_order_leaves_the_outcome_unknown_and_closes_the_connection() {
    let other = done(9);
    let error = r#"{"error":{"code":"deprecated_v1_order_endpoint"}}"#;
    for (asked, status, body) in [
        (create(1), 201, other.as_str()),
        (cancel(1), 200, other.as_str()),
        (create(1), 201, error),
        (create(1), 201, "<html>"),
        (create(1), 302, ""),
    ] {
        let mut rig = Rig::new(1);
        rig.accept(asked);
        rig.work();
        rig.wires[0].replies(status, body);
        rig.work();
        let told = rig.desk.told();
        assert_eq!(told.len(), 1);
        let unreadable = UnknownReason::Unreadable;
        assert!(
            matches!(told[0], Event::OrderUnknown { reason, .. } | Event::CancelUnknown { reason, .. } if reason == unreadable),
            "{told:?}"
        );
        assert_eq!(rig.wires[0].resets(), 1, "{body}");
        assert_eq!(rig.records(&told), [RecordKind::OrderSent, RecordKind::OrderReply]);
    }
}

#[test]
fn a_second_reply_is_told_to_nobody_and_closes_the_connection() {
    let mut rig = Rig::new(1);
    rig.accept(create(1));
    rig.work();
    rig.wires[0].replies(201, &done(1));
    rig.wires[0].replies(201, &done(1));
    rig.work();
    assert_eq!((rig.desk.told().len(), rig.wires[0].resets()), (1, 1));
}

// ---- lanes and tokens ------------------------------------------------------------------------

#[test]
fn creates_take_what_is_free_and_leave_the_last_connection_to_cancels() {
    let mut rig = Rig::new(3);
    (1..=3).for_each(|seq| rig.accept(create(seq)));
    rig.accept(cancel(9));
    rig.work();
    let sent: Vec<_> = rig.wires.iter().map(|wire| wire.sent().len()).collect();
    assert_eq!(sent, [1, 1, 1]);
    assert!(rig.wires[2].sent()[0].starts_with("DELETE"));
    assert_eq!(rig.agent.open(), 4, "the third create waits");
    rig.wires[1].replies(201, &done(2));
    rig.work();
    assert_eq!(rig.wires[1].sent().len(), 2);
    assert!(rig.wires[1].sent()[1].contains(&client(3).to_string()));
}

#[test]
fn creates_stop_before_the_share_of_cancels_and_go_on_as_the_bucket_fills() {
    let mut bucket = Bucket::new(&SETTINGS);
    let creates = (0..50).filter(|_| bucket.take_create(NOW)).count();
    assert_eq!(creates, 6, "60 tokens");
    let cancels = (0..50).filter(|_| bucket.take_cancel(NOW)).count();
    assert_eq!(cancels, 20, "40 tokens");
    // 80 a second: a cancel after 25 ms, a create when its ten are there beside the share.
    assert!(!bucket.take_cancel(NOW.plus(24 * Nanos::MILLI)));
    assert!(bucket.take_cancel(NOW.plus(25 * Nanos::MILLI)));
    let full_share = NOW.plus(25 * Nanos::MILLI + 625 * Nanos::MILLI);
    assert!(!bucket.take_create(full_share.minus(1)));
    assert!(bucket.take_create(full_share));
    assert_eq!((0..50).filter(|_| bucket.take_create(NOW.plus(3_600 * Nanos::SECOND))).count(), 6, "no more than full");
}

#[test]
fn an_order_that_finds_no_token_waits_and_a_cancel_does_not() {
    let mut rig = Rig::with(9, GatewaySettings { intent_age_ns_max: Nanos::SECOND, ..SETTINGS });
    (1..=7).for_each(|seq| rig.accept(create(seq)));
    rig.accept(cancel(9));
    rig.work();
    let sent = |rig: &Rig, method| rig.sent().iter().filter(|sent| sent.starts_with(method)).count();
    // The cancel goes first; five creates leave 48 tokens, two short of the share and one more.
    assert_eq!((sent(&rig, "DELETE"), sent(&rig, "POST")), (1, 5));
    assert_eq!(rig.after(24 * Nanos::MILLI), 0);
    rig.after(Nanos::MILLI);
    assert_eq!(sent(&rig, "POST"), 6);
    rig.after(125 * Nanos::MILLI);
    assert_eq!(sent(&rig, "POST"), 7);
}

#[test]
fn a_429_is_a_refusal_and_empties_our_bucket_too() {
    let mut rig = Rig::new(2);
    rig.accept(create(1));
    rig.work();
    rig.wires[0].replies(429, r#"{"error":"too many requests"}"#);
    rig.accept(create(2));
    rig.work();
    let told = rig.desk.told();
    let limited = RejectReason::RateLimited;
    assert!(matches!(told[..], [Event::OrderRejected { reason, .. }] if reason == limited), "{told:?}");
    assert_eq!(rig.sent().len(), 1, "the second waits for tokens");
}

#[test]
fn nothing_is_taken_while_exec_has_no_room_for_what_it_means() {
    let mut rig = Rig::new(4);
    rig.desk = Desk::new(2);
    for seq in 1..=3 {
        rig.accept(create(seq));
    }
    rig.work();
    (0..3).for_each(|at: usize| rig.wires[at].replies(201, &done(at as u64 + 1)));
    rig.work();
    assert_eq!(rig.desk.told().len(), 2);
    rig.work();
    assert_eq!(rig.desk.told().len(), 1);
}

// ---- warmth ----------------------------------------------------------------------------------

#[test]
fn idle_connections_are_used_one_at_a_time_and_their_answers_mean_nothing() {
    let mut rig = Rig::new(2);
    rig.after(SETTINGS.keep_warm_ns);
    rig.work();
    assert_eq!(rig.sent(), ["GET /trade-api/v2/exchange/status "], "one at a time");
    assert!(rig.wires[0].0.lock().unwrap().headers[0].is_empty(), "it needs no key");
    rig.wires[0].replies(503, "whatever");
    rig.work();
    rig.work();
    assert_eq!(rig.wires[1].sent().len(), 1);
    assert_eq!(rig.after(SETTINGS.reply_timeout_ns), 1, "one that is not answered is made anew");
    assert_eq!((rig.wires[0].resets(), rig.wires[1].resets()), (0, 1));
    assert!(rig.desk.told().is_empty());
    assert!(rig.records(&[]).is_empty(), "the journal does not know of it");
}

#[test]
fn an_order_does_not_wait_for_warmth() {
    let mut rig = Rig::new(3);
    rig.after(SETTINGS.keep_warm_ns);
    rig.accept(create(1));
    rig.work();
    let sent: Vec<_> = rig.wires.iter().map(|wire| wire.sent().len()).collect();
    assert_eq!(sent, [1, 1, 0]);
    assert!(rig.wires[1].sent()[0].starts_with("POST"));
}
