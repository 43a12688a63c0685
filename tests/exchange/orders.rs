//! Orders as bodies and replies, and the ledger that must add up.

use super::client::{Client, START, WINDOW, at, money, settings, text};
use serde_json::{Value, json};
use trader_journal::units::{Count, Money, Nanos, Price};

/// An order of our form; the client id from `seq`.
pub(crate) fn order(seq: u64, side: &str, price: &str, count: &str) -> Value {
    json!({
        "ticker": WINDOW, "client_order_id": format!("k1-1-0000002a-{seq:x}"), "side": side, "price": price,
        "count": count, "time_in_force": "immediate_or_cancel", "self_trade_prevention_type": "taker_at_cross",
        "exchange_index": 2,
    })
}

pub(crate) fn with(mut order: Value, key: &str, value: Value) -> Value {
    order[key] = value;
    order
}

/// Watching the window's book and everything private, ten seconds after the open.
pub(crate) fn trader(latency_ms: u64) -> Client {
    let mut client = Client::new(settings(latency_ms));
    client.subscribe(&["fill", "user_orders", "trade"]);
    client.run_to(at(10));
    client.subscribe_books(&[WINDOW], true);
    // Between two requotes, everything of the last one heard.
    client.run_to(at(12).plus(100 * Nanos::MILLI));
    client
}

#[test]
fn an_ioc_takes_the_touch_and_everything_tells_of_it() {
    let mut client = trader(5);
    let (ask, size) = client.books[WINDOW][1].first_key_value().map(|(price, size)| (*price, *size)).expect("an ask");
    assert!(size >= 5_000);
    let sent = client.now;
    let (status, body) = client.create(&order(1, "bid", "0.9900", "10.00"));
    assert_eq!(status, 201, "{body}");
    assert_eq!(client.now, sent.plus(10 * Nanos::MILLI), "entry and reply latency");
    assert_eq!((text(&body["fill_count"]), text(&body["remaining_count"])), ("10.00", "0.00"));
    assert_eq!(text(&body["average_fill_price"]), Price(ask).to_string());
    client.run_to(client.now.plus(10 * Nanos::MILLI));

    let fill = client.of_type("fill")[0]["msg"].clone();
    assert_eq!((text(&fill["book_side"]), text(&fill["count_fp"])), ("bid", "10.00"));
    assert_eq!((&fill["is_taker"], text(&fill["post_position_fp"])), (&json!(true), "10.00"));
    assert_eq!(fill["order_id"], body["order_id"]);
    let trade = &client.of_type("trade")[0]["msg"];
    assert_eq!(trade["trade_id"], fill["trade_id"]);
    assert_eq!(trade["taker_book_side"], "bid");
    let state = &client.of_type("user_order").last().expect("a state")["msg"];
    assert_eq!((text(&state["status"]), text(&state["fill_count_fp"])), ("executed", "10.00"));
    let taken =
        client.of_type("orderbook_delta").into_iter().rev().find(|frame| frame["msg"]["client_order_id"].is_string());
    assert_eq!(text(&taken.expect("our own change")["msg"]["delta_fp"]), "-10.00");

    let (_, positions) = client.get("/trade-api/v2/portfolio/positions");
    assert_eq!(text(&positions["market_positions"][0]["position_fp"]), "10.00");
    let (_, fills) = client.get(&format!("/trade-api/v2/portfolio/fills?ticker={WINDOW}"));
    assert_eq!(fills["fills"][0]["trade_id"], fill["trade_id"]);
    let (_, orders) = client.get("/trade-api/v2/portfolio/orders?status=executed");
    assert_eq!(orders["orders"][0]["order_id"], body["order_id"]);
}

#[test]
fn taken_liquidity_comes_back_at_a_requote_only() {
    let mut client = trader(0);
    let (price, size) = client.books[WINDOW][1].first_key_value().map(|(price, size)| (*price, *size)).expect("an ask");
    let take = Count(size.min(20_000));
    let limit = Price(price).to_string();
    let (_, body) = client.create(&order(1, "bid", &limit, &take.to_string()));
    assert_eq!(text(&body["fill_count"]), take.to_string());
    let before = client.books[WINDOW][1].get(&price).copied().unwrap_or(0);
    assert_eq!(before, size - take.0);
    let (_, again) = client.create(&order(2, "bid", &limit, "2000.00"));
    assert_eq!(text(&again["fill_count"]), Count(before).to_string(), "only what was left");
    client.run_to(at(12).plus(999 * Nanos::MILLI));
    assert!(!client.books[WINDOW][1].contains_key(&price));
    client.run_to(at(13));
    assert!(!client.books[WINDOW][1].is_empty(), "quoted anew");
}

#[test]
fn refusals_have_the_venues_statuses_and_shapes() {
    let mut client = trader(0);
    let good = || order(7, "bid", "0.5000", "1.00");
    let nested = |(status, body): (u16, Value)| (status, text(&body["error"]["code"]).to_owned());
    let flat =
        |(status, body): (u16, Value)| (status, text(&body["code"]).to_owned(), text(&body["details"]).to_owned());

    let (status, code, details) = flat(client.create(&with(good(), "count", json!(1))));
    assert_eq!((status, code.as_str()), (400, "bad_request"));
    assert!(details.contains("CreateOrderV2Request.count of type string"), "{details}");
    assert_eq!(flat(client.create(&with(good(), "price", json!(0.5)))).0, 400);
    assert_eq!(flat(client.create(&with(good(), "exchange_index", json!("2")))).0, 400);
    let ticket = client.exchange.create(client.now, b"{\"ticker\":");
    client.run_to(client.now.plus(Nanos::SECOND));
    assert_eq!((client.replies[&ticket].0, text(&client.replies[&ticket].1["code"])), (400, "bad_request"));

    let refused = [
        (with(good(), "ticker", json!("KXBTC15M-NOWHERE")), 404, "market_not_found"),
        (with(good(), "exchange_index", json!(0)), 404, "market_not_found"),
        (with(good(), "price", json!("0.5050")), 400, "invalid_price"),
        (with(good(), "price", json!("1.50")), 400, "invalid_price"),
        (with(good(), "price", json!("0.5")), 400, "invalid_price"),
        (with(good(), "price", json!("0.50000")), 400, "invalid_price"),
        (with(good(), "count", json!("0.00")), 400, "invalid_order_size"),
        (with(good(), "count", json!("1.001")), 400, "invalid_order_size"),
        (with(good(), "count", json!("-1.00")), 400, "invalid_order_size"),
        (with(good(), "side", json!("yes")), 400, "invalid_parameters"),
        (with(good(), "time_in_force", json!("gtt")), 400, "invalid_parameters"),
        (with(good(), "self_trade_prevention_type", Value::Null), 400, "invalid_parameters"),
        (with(good(), "client_order_id", json!("a.b")), 400, "invalid_parameters"),
        (order(8, "bid", "0.9900", "100000.00"), 400, "insufficient_balance"),
        (
            with(order(9, "bid", "0.0100", "1.00"), "time_in_force", json!("fill_or_kill")),
            409,
            "fill_or_kill_insufficient_resting_volume",
        ),
    ];
    for (body, status, code) in refused {
        assert_eq!(nested(client.create(&body)), (status, code.to_owned()), "{body}");
    }
    assert_eq!(client.create(&good()).0, 201);
    assert_eq!(nested(client.create(&good())), (409, "order_already_exists".to_owned()));
    let crossing = with(order(10, "bid", "0.9900", "1.00"), "time_in_force", json!("good_till_canceled"));
    let (status, body) = client.create(&with(crossing, "post_only", json!(true)));
    assert_eq!((status, text(&body["error"]["details"])), (400, "post only cross"));
    let past = with(order(11, "bid", "0.0100", "1.00"), "time_in_force", json!("good_till_canceled"));
    let (status, _) = client.create(&with(past, "expiration_time", json!(START.seconds())));
    assert_eq!(status, 400);
}

#[test]
fn a_resting_order_rests_is_cancelled_and_is_not_found_afterwards() {
    let mut client = trader(0);
    let resting = with(order(1, "bid", "0.0100", "3.00"), "time_in_force", json!("good_till_canceled"));
    let (status, body) = client.create(&resting);
    assert_eq!((status, text(&body["remaining_count"])), (201, "3.00"));
    assert!(body.get("average_fill_price").is_none());
    assert_eq!(client.books[WINDOW][0][&100], 300);
    let id = text(&body["order_id"]).to_owned();
    let path = format!("/trade-api/v2/portfolio/events/orders/{id}");
    assert_eq!(client.cancel(&path).0, 404, "without a shard it is looked for on shard 0");
    let (status, body) = client.cancel(&format!("{path}?exchange_index=2"));
    assert_eq!((status, text(&body["reduced_by"])), (200, "3.00"));
    assert!(!client.books[WINDOW][0].contains_key(&100));
    let (status, body) = client.cancel(&format!("{path}?market_ticker={WINDOW}"));
    assert_eq!((status, text(&body["error"]["code"])), (404, "not_found"));
    let (status, body) = client.get(&format!("/trade-api/v2/portfolio/orders/{id}"));
    assert_eq!((status, text(&body["order"]["status"])), (200, "canceled"));
    assert_eq!(client.cancel("/trade-api/v2/portfolio/events/orders/garbage?exchange_index=2").0, 404);
}

#[test]
fn resting_orders_are_cancelled_at_the_close_and_orders_refused_after_it() {
    let mut client = trader(0);
    let resting = with(order(1, "bid", "0.0100", "3.00"), "time_in_force", json!("good_till_canceled"));
    assert_eq!(client.create(&resting).0, 201);
    client.run_to(at(901));
    let last = &client.of_type("user_order").last().expect("a state")["msg"];
    if text(&last["fill_count_fp"]) == "0.00" {
        assert_eq!(text(&last["last_update_reason"]), "CloseCancel");
    }
    let (status, body) = client.create(&order(2, "bid", "0.5000", "1.00"));
    assert_eq!((status, text(&body["error"]["code"])), (400, "market_inactive"));
}

#[test]
fn the_ledger_adds_up_to_the_balance() {
    let mut client = trader(5);
    for (seq, side) in ["bid", "ask", "bid", "bid"].into_iter().enumerate() {
        let price = if side == "bid" { "0.9900" } else { "0.0100" };
        let (status, _) = client.create(&order(seq as u64 + 1, side, price, "12.00"));
        assert_eq!(status, 201);
        client.run_to(client.now.plus(7 * Nanos::SECOND));
    }
    client.create(&order(1, "bid", "0.9900", "12.00"));
    client.run_to(at(920));
    let mut ledger = Vec::new();
    client.exchange.write_ledger(&mut ledger).expect("memory does not refuse");
    let lines: Vec<Value> = std::str::from_utf8(&ledger)
        .expect("text")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let of = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).collect::<Vec<_>>();
    assert_eq!((of("start").len(), of("end").len()), (1, 1));
    assert_eq!(of("order").len(), 5);
    assert_eq!(of("order").last().expect("five")["outcome"], "order_already_exists");
    assert!(of("fill").len() >= 4);

    let sum = |rows: &[&Value], key: &str| rows.iter().map(|row| money(&row[key])).sum::<i64>();
    let end = money(&of("end")[0]["cash"]);
    let flows = sum(&of("fill"), "balance_change") + sum(&of("settlement"), "payout");
    assert_eq!(money(&of("start")[0]["cash"]) + flows, end);
    let (_, balance) = client.get("/trade-api/v2/portfolio/balance");
    let shard = balance["balance_breakdown"].as_array().expect("shards").iter().find(|row| row["exchange_index"] == 2);
    assert_eq!(money(&shard.expect("shard 2")["balance"]), end);
    assert_eq!(of("end")[0]["open_positions"], 0);

    let signed = |row: &Value| {
        let count = Count::parse(text(&row["count"]).as_bytes()).expect("a count").0;
        if row["side"] == "bid" { count } else { -count }
    };
    let position: i64 = of("fill").into_iter().map(signed).sum();
    let settled = of("settlement")[0];
    assert_eq!(Count::parse(text(&settled["position"]).as_bytes()), Ok(Count(position)));
    let pays = if settled["result"] == "yes" { Count(position.max(0)) } else { Count((-position).max(0)) };
    assert_eq!(money(&settled["payout"]), pays.payout().map_or(0, |payout: Money| payout.0));
}
