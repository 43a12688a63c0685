//! Requests: who is let in, and how they come over a connection.

use super::client::{BALANCE, Http, ORDERS, WINDOW, World, request, resting, tls_to};
use kalshi_trader::clock::wall;
use kalshi_trader::config::Tier;
use kalshi_trader::signer::{KEY_HEADER, Key, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use trader_journal::units::Nanos;

fn sample(name: &str) -> Value {
    match name {
        "bad_signature" => {
            json!({"error":{"code":"authentication_error","message":"authentication_error","details":"INCORRECT_API_KEY_SIGNATURE"}})
        }
        "unknown_key" => {
            json!({"error":{"code":"authentication_error","message":"authentication_error","details":"NOT_FOUND"}})
        }
        "missing" => {
            json!({"error":{"code":"signature_is_missing_from_headers","message":"signature is missing from headers"}})
        }
        _ => json!({"error":{"code":"header_timestamp_expired","message":"header timestamp expired"}}),
    }
}

/// Asks for the balance with headers as given.
fn ask(http: &mut Http, headers: &[(&'static str, String)]) -> (u16, Value) {
    http.send(&request("GET", BALANCE, headers, ""));
    let reply = http.reply();
    (reply.status, reply.json())
}

#[test]
fn only_who_has_the_ca_shakes_hands() {
    let (world, other) = (World::new(), World::new());
    assert_eq!(world.rest().get("/trade-api/v2/exchange/status").status, 200);
    let mut tls = tls_to(&world.description().rest_url, &other.description().ca_path);
    let error = tls.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[test]
fn both_kinds_of_key_come_in_and_market_data_needs_none() {
    let world = World::new();
    let mut http = world.rest();
    for key in [world.rsa(), world.ed25519()] {
        let reply = http.signed(&key, "GET", BALANCE, "");
        assert_eq!((reply.status, reply.json()["balance_dollars"].as_str()), (200, Some("1000.0000")), "{key:?}");
        // The query is not signed.
        assert_eq!(http.signed(&key, "GET", "/trade-api/v2/portfolio/orders?ticker=A%20B", "").status, 200);
    }
    assert_eq!(http.get(&format!("/trade-api/v2/markets/{WINDOW}/orderbook")).status, 200);
    assert_eq!(world.spot().get("/api/v3/ping").body, "{}");
    assert_eq!(http.get("/api/v3/ping").status, 404, "each venue behind its own door");
}

#[test]
fn who_is_not_let_in_is_told_in_the_venues_words() {
    let world = World::new();
    let mut http = world.rest();
    let (rsa, path) = (world.rsa(), BALANCE);
    let good = rsa.headers(wall(), "GET", path);
    for missing in [KEY_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER] {
        let some: Vec<_> = good.iter().filter(|(name, _)| *name != missing).cloned().collect();
        assert_eq!(ask(&mut http, &some), (401, sample("missing")), "without {missing}");
    }
    assert_eq!(ask(&mut http, &[]), (401, sample("missing")));
    let of_another_path = rsa.headers(wall(), "GET", "/trade-api/v2/portfolio/fills");
    let of_another_method = rsa.headers(wall(), "POST", path);
    let of_another_key =
        Key::read(&world.description().ed25519_key_path, rsa.id()).unwrap().headers(wall(), "GET", path);
    let mut damaged = good.clone();
    damaged[2].1.replace_range(..4, "AAAA");
    let mut no_base64 = good.clone();
    no_base64[2].1 = "!".into();
    for headers in [of_another_path, of_another_method, of_another_key, damaged, no_base64] {
        assert_eq!(ask(&mut http, &headers), (401, sample("bad_signature")));
    }
    let stranger = Key::read(&world.description().key_path, "59b845d5-f85b-4045-9201-000000000000").unwrap();
    assert_eq!(ask(&mut http, &stranger.headers(wall(), "GET", path)), (401, sample("unknown_key")));
    // Market data with a wrong signature is not market data without one.
    http.send(&request("GET", "/trade-api/v2/exchange/status", &stranger.headers(wall(), "GET", "/x"), ""));
    assert_eq!(http.reply().status, 401);
    assert_eq!(ask(&mut http, &good).0, 200, "the connection is as good as before");
}

#[test]
fn the_clock_window_is_twenty_seconds_to_either_side() {
    let world = World::new();
    let (mut http, key) = (world.rest(), world.ed25519());
    let shifted = |seconds: i64| {
        let by = seconds.unsigned_abs() * Nanos::SECOND;
        let at = if seconds < 0 { wall().minus(by) } else { wall().plus(by) };
        key.headers(at, "GET", BALANCE)
    };
    for seconds in [-18, -10, 0, 10, 19] {
        assert_eq!(ask(&mut http, &shifted(seconds)).0, 200, "{seconds} s");
    }
    for seconds in [-300, -60, -21, 22, 300] {
        assert_eq!(ask(&mut http, &shifted(seconds)), (401, sample("expired")), "{seconds} s");
    }
    let mut no_number = shifted(0);
    no_number[1].1 = "yesterday".into();
    assert_eq!(ask(&mut http, &no_number), (401, sample("expired")));
}

#[test]
fn answers_keep_the_order_of_the_questions_on_one_connection() {
    let world = World::new();
    let (mut http, key) = (world.rest(), world.ed25519());
    let create = |client: &str| request("POST", ORDERS, &key.headers(wall(), "POST", ORDERS), &resting(client));
    // The creates take their time at the engine, the reads between them none.
    let balance = request("GET", BALANCE, &key.headers(wall(), "GET", BALANCE), "");
    let status = request("GET", "/trade-api/v2/exchange/status", &[], "");
    let first = "k1-1-00000000-1";
    let second = "k1-1-00000000-2";
    http.send(&[create(first), balance, create(second), status].concat());
    let replies: Vec<_> = (0..4).map(|_| http.reply()).collect();
    assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [201, 200, 201, 200], "{replies:?}");
    assert!(replies[1].json()["balance"].is_number(), "the answer to the second question came second");
    assert_ne!(replies[0].json()["order_id"], replies[2].json()["order_id"]);
    assert_eq!(replies[3].json()["exchange_active"], true);
    let order = replies[0].json()["order_id"].as_str().unwrap().to_owned();
    let canceled = http.signed(&key, "DELETE", &format!("{ORDERS}/{order}?exchange_index=2"), "");
    assert_eq!((canceled.status, canceled.json()["reduced_by"].as_str()), (200, Some("1.00")));
}

#[test]
fn a_request_may_come_byte_by_byte_and_in_chunks() {
    let world = World::new();
    let (mut http, key) = (world.rest(), world.rsa());
    let body = resting("k1-1-00000000-3");
    for byte in request("POST", ORDERS, &key.headers(wall(), "POST", ORDERS), &body) {
        http.send(&[byte]);
    }
    assert_eq!(http.reply().status, 201);
    let body = resting("k1-1-00000000-4");
    let (one, other) = body.split_at(40);
    let head = request("POST", ORDERS, &key.headers(wall(), "POST", ORDERS), "");
    let head = String::from_utf8(head).unwrap().replace("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunks = format!("{:x};a=b\r\n{one}\r\n{:x}\r\n{other}\r\n0\r\nTrailer: x\r\n\r\n", one.len(), other.len());
    http.send(format!("{head}{chunks}").as_bytes());
    assert_eq!(http.reply().status, 201);
}

#[test]
fn connections_are_kept_and_ended_as_the_client_says() {
    let world = World::new();
    let mut http = world.rest();
    let reply = http.get("/trade-api/v2/exchange/status");
    assert_eq!(reply.header("Connection"), Some("keep-alive"));
    let date = jiff::fmt::rfc2822::parse(reply.header("Date").unwrap()).unwrap().timestamp().as_second();
    assert!(date.abs_diff(wall().seconds() as i64) <= 2, "the wall's time, not the market's");
    http.send(&request("HEAD", "/trade-api/v2/exchange/status", &[("Connection", "close".into())], ""));
    let mut rest = String::new();
    http.tls.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("HTTP/1.1 200 OK\r\n") && rest.ends_with("Connection: close\r\n\r\n"), "{rest}");
}

#[test]
fn what_is_no_request_is_refused_and_the_connection_ended() {
    let world = World::new();
    for (bytes, status) in [
        (&b"\x00\x01garbage\r\n\r\n"[..], 400),
        (b"GET /x HTTP/1.1\r\n\r\n", 400),
        (b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n", 413),
    ] {
        let mut http = world.rest();
        http.send(bytes);
        let reply = http.reply();
        assert_eq!((reply.status, reply.header("Connection")), (status, Some("close")));
        assert!(http.has_ended());
    }
    let mut http = world.rest();
    let long = format!("GET /x HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n", "a".repeat(20_000));
    http.send(long.as_bytes());
    assert_eq!(http.reply().status, 431);
    assert_eq!(world.rest().get("/trade-api/v2/exchange/status").status, 200, "nobody else is harmed");
}

#[test]
fn who_says_nothing_or_not_enough_is_closed() {
    let world = World::with(1, |settings| settings.idle_ns_max = 100 * Nanos::MILLI);
    let mut silent = world.rest();
    let mut slow = world.rest();
    slow.send(b"GET /trade-api/v2/exchange/sta");
    silent.send(b"");
    assert!(silent.has_ended());
    assert_eq!(slow.reply().status, 408);
    assert!(slow.has_ended());
}

#[test]
fn too_much_asked_is_refused_in_both_shapes_and_the_bucket_refills_with_the_market() {
    let world = World::with(20, |_| {});
    let (mut http, key) = (world.rest(), world.ed25519());
    // A bucket of 900 and 300 a market second, at 10 each: twenty market seconds in one of the wall.
    let mut refused = Vec::new();
    while refused.len() < 2 {
        let batch: Vec<_> =
            (0..200).map(|_| request("GET", BALANCE, &key.headers(wall(), "GET", BALANCE), "")).collect();
        http.send(&batch.concat());
        let replies = (0..200).map(|_| http.reply());
        refused.extend(replies.filter(|reply| reply.status == 429).map(|reply| reply.json()));
    }
    assert!(refused.contains(&json!({"error": "too many requests"})), "{refused:?}");
    assert!(refused.contains(&json!({"error": {"code": "too_many_requests", "message": "too many requests"}})));
    while http.signed(&key, "GET", BALANCE, "").status != 200 {}
    // Writing has its own bucket.
    assert_eq!(http.signed(&key, "DELETE", &format!("{ORDERS}/x?exchange_index=2"), "").status, 404);
}

#[test]
fn what_was_retired_is_gone() {
    let world = World::new();
    let reply = world.rest().signed(&world.rsa(), "POST", "/trade-api/v2/portfolio/orders", "{}");
    assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (410, Some("deprecated_v1_order_endpoint")));
}

#[test]
fn the_account_is_told_its_rates_and_what_costs_what() {
    let world = World::with(1, |settings| settings.tier = Tier::Basic);
    let (mut http, key) = (world.rest(), world.ed25519());
    assert_eq!(http.get("/trade-api/v2/account/limits").status, 401);
    let limits = http.signed(&key, "GET", "/trade-api/v2/account/limits", "").json();
    assert_eq!((&limits["usage_tier"], &limits["read"]["refill_rate"]), (&json!("basic"), &json!(200)));
    assert_eq!(limits["write"], json!({"bucket_capacity": 100, "refill_rate": 100}));
    let costs = http.signed(&key, "GET", "/trade-api/v2/account/endpoint_costs", "").json();
    assert_eq!(costs["default_cost"], 10);
    let cancel = json!({"method": "DELETE", "path": format!("{ORDERS}/:order_id"), "cost": 2});
    assert!(costs["endpoint_costs"].as_array().unwrap().contains(&cancel), "{costs}");
}
