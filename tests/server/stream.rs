//! The streams: who may listen, what is heard, how they are kept alive, and what becomes of who does not read.

use super::client::{Http, Stream, WINDOW, World, tls_to};
use kalshi_trader::clock::wall;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::Duration;
use trader_journal::units::Nanos;
use tungstenite::Message;

const QUIET: Duration = Duration::from_millis(150);

/// Sizes by side and price, both as text.
type Book = BTreeMap<(String, String), i64>;

/// `12.34` as 1234.
fn hundredths(text: &str) -> i64 {
    let (whole, rest) = text.split_once('.').unwrap();
    let sign = if text.starts_with('-') { -1 } else { 1 };
    whole.parse::<i64>().unwrap() * 100 + sign * rest.parse::<i64>().unwrap()
}

fn levels(book: &mut Book, side: &str, rows: &Value) {
    for row in rows.as_array().into_iter().flatten() {
        let place = (side.to_owned(), row[0].as_str().unwrap().to_owned());
        book.insert(place, hundredths(row[1].as_str().unwrap()));
    }
}

fn hear(book: &mut Book, frame: &Value) {
    let msg = &frame["msg"];
    match frame["type"].as_str().unwrap() {
        "orderbook_snapshot" => {
            book.clear();
            levels(book, "yes", &msg["yes_dollars_fp"]);
            levels(book, "no", &msg["no_dollars_fp"]);
        }
        "orderbook_delta" => {
            let text = |key: &str| msg[key].as_str().unwrap().to_owned();
            let size = book.entry((text("side"), text("price_dollars"))).or_default();
            *size += hundredths(&text("delta_fp"));
            assert!(*size >= 0, "{frame}");
            book.retain(|_, size| *size != 0);
        }
        other => assert_eq!(other, "subscribed"),
    }
}

fn asked(http: &mut Http) -> Book {
    let reply = http.get(&format!("/trade-api/v2/markets/{WINDOW}/orderbook")).json();
    let mut book = Book::new();
    levels(&mut book, "yes", &reply["orderbook_fp"]["yes_dollars"]);
    levels(&mut book, "no", &reply["orderbook_fp"]["no_dollars"]);
    book
}

#[test]
fn a_snapshot_and_its_changes_are_the_book_that_rest_tells() {
    let world = World::new();
    let (mut stream, mut http) = (world.stream(), world.rest());
    let params = json!({"channels": ["orderbook_delta"], "market_tickers": [WINDOW], "use_yes_price": false});
    stream.command("subscribe", &params);
    let (mut book, mut seq, mut compared) = (Book::new(), 0, 0);
    while compared < 3 {
        let frames = stream.drain(QUIET);
        for frame in &frames {
            if let Some(next) = frame["seq"].as_u64() {
                assert_eq!(next, seq + 1, "no number is left out");
                seq = next;
            }
            hear(&mut book, frame);
        }
        let told = asked(&mut http);
        let meanwhile = stream.drain(QUIET);
        if meanwhile.is_empty() && !book.is_empty() {
            assert_eq!(book, told);
            compared += 1;
        }
        for frame in &meanwhile {
            seq = frame["seq"].as_u64().unwrap_or(seq);
            hear(&mut book, frame);
        }
    }
    assert!(seq > 1, "it changed meanwhile");
}

#[test]
fn only_who_signs_may_listen() {
    let world = World::new();
    let description = world.description();
    let refused =
        |headers: &[_]| Stream::open_with(&description.ws_url, &description.ca_path, headers).err().expect("a refusal");
    assert_eq!(refused(&[]), (401, r#"{"code":"token_authentication_failure"}"#.to_owned()));
    let of_another_path = world.rsa().headers(wall(), "GET", "/trade-api/v2/ws");
    let (status, body) = refused(&of_another_path);
    assert!(status == 401 && body.contains("INCORRECT_API_KEY_SIGNATURE"), "{status} {body}");
    let old = world.rsa().headers(wall().minus(60 * Nanos::SECOND), "GET", "/trade-api/ws/v2");
    let (status, body) = refused(&old);
    assert!(status == 401 && body.contains("header_timestamp_expired"), "{status} {body}");
    let elsewhere = description.ws_url.replace("/ws/v2", "/ws/v3");
    let headers = world.rsa().headers(wall(), "GET", "/trade-api/ws/v3");
    assert_eq!(Stream::open_with(&elsewhere, &description.ca_path, &headers).err().unwrap().0, 404);
    for key in [world.rsa(), world.ed25519()] {
        let mut stream = Stream::open(description, &key).expect("both kinds of key");
        stream.command("list_subscriptions", &Value::Null);
        assert_eq!(stream.next_json()["type"], "ok");
    }
    // A request that asks for no WebSocket finds none.
    let mut http = Http::connect(&description.ws_url, &description.ca_path);
    let reply = http.signed(&world.rsa(), "GET", "/trade-api/ws/v2", "");
    assert_eq!((reply.status, reply.header("Upgrade")), (426, Some("websocket")));
}

#[test]
fn the_server_pings_and_who_answers_stays() {
    let world = World::with(1, |settings| {
        settings.ping_ns = 50 * Nanos::MILLI;
        settings.pong_ns_max = 2_000 * Nanos::MILLI;
    });
    let mut stream = world.stream();
    let began = wall();
    let mut pings = 0;
    while wall().since(began) < 3 * Nanos::SECOND {
        match stream.next() {
            Message::Ping(word) => {
                assert_eq!(&word[..], b"heartbeat");
                pings += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(pings >= 10, "{pings} pings");
}

#[test]
fn who_answers_no_ping_is_closed() {
    let world = World::with(1, |settings| {
        settings.ping_ns = 50 * Nanos::MILLI;
        settings.pong_ns_max = 300 * Nanos::MILLI;
    });
    let mut stream = world.stream();
    let began = wall();
    let mut buffer = [0; 1024];
    // Read past the protocol, nothing is answered.
    while stream.socket.get_mut().read(&mut buffer).is_ok_and(|count| count > 0) {}
    assert!(wall().since(began) < 15 * Nanos::SECOND, "it was the server that ended it");
}

#[test]
fn who_does_not_read_is_told_so_and_closed_and_nobody_waits_for_him() {
    let world = World::with(1, |settings| settings.backlog_bytes_max = 256 * 1024);
    let (mut slow, mut http) = (world.stream(), world.rest());
    let page = http.get("/trade-api/v2/markets?limit=1000&series_ticker=KXBTC").json();
    let tickers: Vec<_> = page["markets"].as_array().unwrap().iter().map(|market| market["ticker"].clone()).collect();
    assert!(tickers.len() > 100);
    slow.command("subscribe", &json!({"channels": ["orderbook_delta"], "market_tickers": tickers}));
    let snapshots = json!({"sids": [1], "action": "get_snapshot", "market_tickers": tickers});
    let mut other = world.stream();
    other.command("subscribe", &json!({"channels": ["orderbook_delta"], "market_tickers": [WINDOW]}));
    assert_eq!(other.next_json()["type"], "subscribed");
    // The kernel keeps some megabytes for him.
    for _ in 0..200 {
        slow.command("update_subscription", &snapshots);
        let status = http.get("/trade-api/v2/exchange/status").status;
        assert!(status == 200 || status == 429, "{status}");
    }
    let heard = other.next_json();
    assert_eq!((&heard["type"], &heard["seq"]), (&json!("orderbook_snapshot"), &json!(1)));
    assert_eq!(other.next_json()["seq"], 2, "the market goes on");
    let mut last = None;
    let end = loop {
        match slow.socket.read() {
            Ok(Message::Text(text)) => last = Some(text),
            Ok(Message::Close(frame)) => break frame,
            Ok(_) => {}
            Err(error) => panic!("{error} after {last:?}"),
        }
    };
    let last: Value = serde_json::from_str(&last.unwrap()).unwrap();
    assert_eq!((&last["type"], &last["msg"]["code"]), (&json!("error"), &json!(25)));
    assert_eq!(end.unwrap().reason, "too slow");
    assert_eq!(world.rest().get("/trade-api/v2/exchange/status").status, 200);
}

#[test]
fn the_spot_stream_speaks_with_and_without_its_envelope() {
    let world = World::with(5, |_| {});
    let (url, ca) = (&world.description().binance_ws_url, &world.description().ca_path);
    let combined = format!("{url}/stream?streams=btcusdt@trade/btcusdt@kline_1m");
    let mut combined = Stream::open_with(&combined, ca, &[]).expect("no key is needed");
    let mut raw = Stream::open_with(&format!("{url}/ws/btcusdt@trade"), ca, &[]).expect("no key is needed");
    let next = |stream: &mut Stream| loop {
        if let Message::Text(text) = stream.next()
            && text.contains("\"e\":\"trade\"")
        {
            return serde_json::from_str::<Value>(&text).unwrap();
        }
    };
    let (whole, bare) = (next(&mut combined), next(&mut raw));
    assert_eq!((&whole["stream"], &whole["data"]["e"]), (&json!("btcusdt@trade"), &json!("trade")));
    assert_eq!(bare["e"], "trade");
    assert_eq!(Stream::open_with(&format!("{url}/nowhere"), ca, &[]).err().unwrap().0, 404);
}

#[test]
fn five_commands_a_second_are_enough_for_the_spot_stream() {
    let world = World::new();
    let url = format!("{}/ws", world.description().binance_ws_url);
    let mut stream = Stream::open_with(&url, &world.description().ca_path, &[]).expect("no key is needed");
    let command = json!({"method": "SUBSCRIBE", "params": ["btcusdt@aggTrade"], "id": 1}).to_string();
    // However slow the machine is, a hundred in a row are more than five in some second of it.
    let mut answers = 0;
    let end = loop {
        if answers < 100 && stream.socket.send(Message::text(command.clone())).is_err() {
            break None;
        }
        match stream.socket.read() {
            Ok(Message::Close(frame)) => break frame,
            Ok(Message::Text(text)) => {
                assert_eq!(text.as_str(), "{\"result\":null,\"id\":1}");
                answers += 1;
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(end.unwrap().reason, "too many requests");
    assert!((5..100).contains(&answers), "{answers}");
}

#[test]
fn a_stream_that_is_no_protocol_is_ended() {
    let world = World::new();
    let mut stream = world.stream();
    std::io::Write::write_all(stream.socket.get_mut(), b"\xff\xff\xff\xff no frame").unwrap();
    let end = loop {
        match stream.socket.read() {
            Ok(Message::Close(frame)) => break frame,
            Ok(_) => {}
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(end.unwrap().reason, "not understood");
    let tls = &mut tls_to(&world.description().ws_url, &world.description().ca_path);
    assert!(tls.conn.complete_io(&mut tls.sock).is_ok(), "others come in");
}

#[test]
fn a_market_that_cannot_keep_up_is_held_back_where_it_may_be() {
    // No machine makes a market second in a millionth of one.
    let (kept, let_go) =
        (World::with(1_000_000, |_| {}), World::with(1_000_000, |settings| settings.late_ns_max = u64::MAX));
    let held_back = |world: &World| world.server.clock().held_back_ns();
    let (kept_at, let_go_at) = (held_back(&kept), held_back(&let_go));
    let (mut kept_http, mut let_go_http) = (kept.rest(), let_go.rest());
    while held_back(&kept) <= kept_at {
        assert_eq!(kept_http.get("/trade-api/v2/exchange/status").status, 200);
    }
    assert_eq!(let_go_http.get("/trade-api/v2/exchange/status").status, 200);
    assert_eq!(held_back(&let_go), let_go_at, "whoever follows the clock elsewhere would never hear of it");
}
