//! Commands on their way out: committed before they leave, once, and answered by name.

use kalshi_trader::gateway::{Gateway, Outgoing, Request, split_reply, write_reply};
use trader_feeds::kalshi::reply::Asked;
use trader_journal::book::Side;
use trader_journal::event::{
    CancelReason, ClientId, EvalId, Event, EventId, MarketId, RejectReason, SelfTrade, TimeInForce, Uuid, pad,
};
use trader_journal::units::{Count, Nanos, Price};

const NOW: Nanos = Nanos(1_700_000_000_000_000_000);
const TICKER: &str = "KXBTC15M-26AUG170100-00";

fn client(seq: u64) -> ClientId {
    ClientId { epoch: 3, nonce: 0xabcd, seq }
}

fn named(market: u32) -> Event {
    let mut ticker = [0; 36];
    ticker[..TICKER.len()].copy_from_slice(TICKER.as_bytes());
    let ticker_len = TICKER.len() as u8;
    Event::MarketNamed { ticker_len, pad: pad(), market: MarketId(market), ts: NOW, ticker, event: EventId(1) }
}

fn intent(seq: u64, market: u32) -> Event {
    Event::OrderIntent {
        side: Side::Ask,
        time_in_force: TimeInForce::ImmediateOrCancel,
        market: MarketId(market),
        ts: NOW,
        client: client(seq),
        count: Count(1_000),
        expires: Nanos::NEVER,
        price: Price(6_400),
        post_only: 0,
        self_trade: SelfTrade::TakerAtCross,
        eval: EvalId(1),
    }
}

fn body(outgoing: Option<Outgoing>) -> (serde_json::Value, Asked) {
    match outgoing {
        Some(Outgoing::Send(Request::Create(body), asked)) => (serde_json::from_slice(&body).unwrap(), asked),
        other => panic!("not a create: {other:?}"),
    }
}

#[test]
fn an_order_leaves_when_its_intent_is_kept_and_only_then_and_only_once() {
    let mut gateway = Gateway::new(2);
    gateway.hear(&named(7));
    gateway.accept(&intent(1, 7), 41);
    gateway.accept(&intent(2, 7), 42);
    assert_eq!(gateway.next_request(40), None, "its line is not committed");
    let (order, asked) = body(gateway.next_request(41));
    assert_eq!(asked, Asked::Create { client: client(1) });
    assert_eq!(gateway.next_request(41), None, "the second is not committed, the first has gone");
    let (second, _) = body(gateway.next_request(100));
    assert_eq!(gateway.next_request(100), None, "nothing leaves twice");
    assert_ne!(order["client_order_id"], second["client_order_id"]);
}

#[test]
fn a_request_says_what_was_meant() {
    let mut gateway = Gateway::new(2);
    gateway.hear(&named(7));
    gateway.accept(&intent(1, 7), 1);
    let (order, _) = body(gateway.next_request(1));
    for (key, value) in [
        ("ticker", TICKER),
        ("side", "ask"),
        ("count", "10.00"),
        ("price", "0.6400"),
        ("time_in_force", "immediate_or_cancel"),
        ("self_trade_prevention_type", "taker_at_cross"),
        ("client_order_id", "k1-3-0000abcd-1"),
    ] {
        assert_eq!(order[key], value, "{key} in {order}");
    }
    assert_eq!(order["exchange_index"], 2);
    assert!(order.get("expiration_time").is_none(), "an IOC order has none: {order}");
}

#[test]
fn a_market_without_a_name_is_refused_here_and_exec_hears_it() {
    let mut gateway = Gateway::new(2);
    gateway.accept(&intent(1, 7), 1);
    let refused = gateway.next_request(1);
    let (asked, reason) = (Asked::Create { client: client(1) }, RejectReason::MarketNotFound);
    assert_eq!(refused, Some(Outgoing::Refused { asked, reason }));
}

#[test]
fn a_cancel_names_the_order_and_the_shard() {
    let mut gateway = Gateway::new(2);
    let order = Uuid::parse(b"2597b999-f887-4195-8bac-c3f97a1f2021").unwrap();
    let reason = CancelReason::NearClose;
    let cancel =
        Event::CancelIntent { reason, pad: pad(), market: MarketId(7), ts: NOW, client: client(1), order, pad2: pad() };
    gateway.accept(&cancel, 1);
    let Some(Outgoing::Send(Request::Cancel(path), _)) = gateway.next_request(1) else { panic!("a cancel leaves") };
    assert_eq!(path, format!("/trade-api/v2/portfolio/events/orders/{order}?exchange_index=2"));
}

#[test]
fn an_answer_is_matched_by_its_ticket_and_counts_once() {
    let mut gateway = Gateway::new(2);
    gateway.sent(5, Asked::Create { client: client(1) });
    gateway.sent(6, Asked::Create { client: client(2) });
    let reply = |seq: u64| {
        format!(
            r#"{{"order_id":"2597b999-f887-4195-8bac-c3f97a1f2021","client_order_id":"{}","fill_count":"0.00","remaining_count":"0.00","ts_ms":1}}"#,
            client(seq)
        )
    };
    let event = gateway.answered(NOW, 6, 201, reply(2).as_bytes());
    assert!(matches!(event, Some(Event::OrderAccepted { client: of, .. }) if of == client(2)), "{event:?}");
    assert_eq!(gateway.answered(NOW, 6, 201, reply(2).as_bytes()), None, "the ticket is closed");
    let other = gateway.answered(NOW, 5, 201, reply(9).as_bytes());
    assert!(
        matches!(other, Some(Event::OrderUnknown { client: of, .. }) if of == client(1)),
        "another order's body: {other:?}"
    );
}

#[test]
fn a_reply_is_kept_with_what_it_answers() {
    let order = Uuid::parse(b"2597b999-f887-4195-8bac-c3f97a1f2021").unwrap();
    let questions = [Some(Asked::Create { client: client(1) }), Some(Asked::Cancel { client: client(2), order }), None];
    let mut record = Vec::new();
    for asked in questions {
        for body in [&b"{}"[..], b"", b"two\nlines"] {
            write_reply(&mut record, asked, body);
            assert_eq!(split_reply(&record), Some((asked, body)));
        }
    }
    for wrong in [&b"create\n{}"[..], b"create k1-3-0000abcd-1", b"create k1-3-0000abcd-1 more\n", b"{}", b""] {
        assert_eq!(split_reply(wrong), None, "{}", String::from_utf8_lossy(wrong));
    }
}
