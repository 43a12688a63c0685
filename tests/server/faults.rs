//! What was asked to go wrong on the wire goes wrong, and nothing else.

use super::client::{BALANCE, ORDERS, WINDOW, World, request, resting, tls_to};
use kalshi_trader::clock::{Stopwatch, wall};
use serde_json::json;
use tungstenite::Message;

/// Asks for faults over a connection of its own: the answer comes before they do.
fn plan(world: &World, faults: &str) {
    let reply = world.rest().signed(&world.ed25519(), "POST", "/mock/faults", faults);
    assert_eq!((reply.status, reply.body.as_str()), (200, "{\"planned\":1}"));
}

#[test]
fn all_connections_are_closed_and_new_ones_taken() {
    let world = World::new();
    let (mut http, mut stream) = (world.rest(), world.stream());
    assert_eq!(http.get("/trade-api/v2/exchange/status").status, 200);
    plan(&world, "close@0s");
    assert!(http.has_ended());
    assert!(stream.socket.read().is_err(), "without a goodbye");
    assert_eq!(world.rest().get("/trade-api/v2/exchange/status").status, 200);
    let mut stream = world.stream();
    stream.command("list_subscriptions", &json!(null));
    assert_eq!(stream.next_json()["type"], "ok");
}

#[test]
fn connections_are_refused_for_a_while() {
    let world = World::new();
    let mut kept = world.rest();
    plan(&world, "refuse@0s=2s");
    let comes_in = || {
        let tls = &mut tls_to(&world.description().rest_url, &world.description().ca_path);
        tls.conn.complete_io(&mut tls.sock).is_ok() && !tls.conn.is_handshaking()
    };
    let watch = Stopwatch::start();
    assert!(!comes_in());
    assert_eq!(kept.get("/trade-api/v2/exchange/status").status, 200, "who is in stays in");
    while !comes_in() {
        assert!(watch.millis() < 15_000);
    }
    assert!(watch.millis() > 1_000, "{} ms", watch.millis());
}

#[test]
fn nothing_is_answered_while_the_wire_is_frozen_and_everything_after() {
    let world = World::new();
    let (mut http, mut stream) = (world.rest(), world.stream());
    stream.command("subscribe", &json!({"channels": ["cfbenchmarks_value"], "index_ids": ["BRTI"]}));
    assert_eq!(stream.next_json()["type"], "subscribed");
    plan(&world, "freeze@0s=2s");
    let watch = Stopwatch::start();
    assert_eq!(http.get("/trade-api/v2/exchange/status").status, 200);
    assert!(watch.millis() > 1_500, "{} ms", watch.millis());
    // The market went on: its seconds come one after the other, none is missing.
    let value = |stream: &mut super::client::Stream| {
        let data = stream.next_json()["msg"]["data"].as_str().unwrap().to_owned();
        serde_json::from_str::<serde_json::Value>(&data).unwrap()["time"].as_u64().unwrap()
    };
    let times: Vec<_> = (0..4).map(|_| value(&mut stream)).collect();
    assert!(times.windows(2).all(|two| two[1] - two[0] == 1_000), "{times:?}");
}

#[test]
fn a_stream_says_what_is_no_message() {
    let world = World::new();
    let mut stream = world.stream();
    plan(&world, "garbage@0s");
    loop {
        if let Message::Text(text) = stream.next() {
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_err(), "{text}");
            break;
        }
    }
    stream.command("list_subscriptions", &json!(null));
    assert_eq!(stream.next_json()["type"], "ok", "and goes on");
}

#[test]
fn an_order_is_lost_before_it_is_done_or_its_answer_after() {
    let world = World::new();
    let key = world.ed25519();
    let client = |last: u8| format!("k1-1-00000000-f{last:02x}");
    for (fault, last, is_done) in [("unheard@0s", 1, false), ("unanswered@0s", 2, true)] {
        plan(&world, fault);
        let mut http = world.rest();
        assert_eq!(http.signed(&key, "GET", BALANCE, "").status, 200, "reads are not orders");
        http.send(&request("POST", ORDERS, &key.headers(wall(), "POST", ORDERS), &resting(&client(last))));
        assert!(http.try_reply().is_none(), "{fault}");
        let orders = world.rest().signed(&key, "GET", &format!("/trade-api/v2/portfolio/orders?ticker={WINDOW}"), "");
        assert_eq!(orders.body.contains(&client(last)), is_done, "{fault}: {}", orders.body);
        let next = world.rest().signed(&key, "POST", ORDERS, &resting(&client(last + 16)));
        assert_eq!(next.status, 201, "one only");
    }
}

#[test]
fn faults_are_not_for_strangers_and_nonsense_is_named() {
    let world = World::new();
    let mut http = world.rest();
    http.send(&request("POST", "/mock/faults", &[], "close@0s"));
    assert_eq!(http.reply().status, 401);
    let refused = http.signed(&world.rsa(), "POST", "/mock/faults", "explode@0s");
    assert!(refused.status == 400 && refused.body.contains("explode@0s"), "{refused:?}");
}
