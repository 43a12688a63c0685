//! What changes something beside a single create and cancel: names of any form, batches, transfers.

use super::client::{Client, START, WINDOW, money, text};
use super::orders::{order, trader, with};
use serde_json::{Value, json};
use trader_journal::units::{Money, Nanos};

pub(crate) const ORDERS: &str = "portfolio/events/orders";

/// An order that rests far from the market, under a name of any form.
pub(crate) fn resting(name: &str, count: &str) -> Value {
    let order = with(order(1, "bid", "0.0100", count), "time_in_force", json!("good_till_canceled"));
    with(order, "client_order_id", json!(name))
}

pub(crate) fn code((status, body): (u16, Value)) -> (u16, String) {
    let code = body["error"]["code"].as_str().or(body["code"].as_str());
    (status, code.unwrap_or_else(|| panic!("no error: {body}")).to_owned())
}

fn shard(client: &mut Client, index: usize) -> i64 {
    let (_, balance) = client.get("/trade-api/v2/portfolio/balance");
    let parts: Vec<i64> = (0..4).map(|at| money(&balance["balance_breakdown"][at]["balance"])).collect();
    assert_eq!(money(&balance["balance_dollars"]), parts.iter().sum::<i64>(), "the parts are the whole");
    parts[index]
}

#[test]
fn a_name_of_any_form_is_told_wherever_its_order_is() {
    let name = "8c35ecb3-328f-4f52-8c7c-0f4b9862f8d1";
    let mut client = trader(0);
    let (status, created) = client.create(&resting(name, "3.00"));
    assert_eq!((status, text(&created["client_order_id"])), (201, name));
    let told = |client: &Client, kind: &str| {
        let last = client.of_type(kind).into_iter().rev().find(|frame| frame["msg"].get("client_order_id").is_some());
        text(&last.expect("one that names its order")["msg"]["client_order_id"]).to_owned()
    };
    assert_eq!(told(&client, "orderbook_delta"), name);
    assert_eq!(told(&client, "user_order"), name);
    let id = text(&created["order_id"]).to_owned();
    assert_eq!(text(&client.get(&format!("/trade-api/v2/portfolio/orders/{id}")).1["order"]["client_order_id"]), name);
    let (status, canceled) = client.call("DELETE", &format!("{ORDERS}/{id}?exchange_index=2"), &Value::Null);
    assert_eq!((status, text(&canceled["client_order_id"])), (200, name));
    assert_eq!(code(client.create(&resting(name, "1.00"))), (409, "order_already_exists".into()), "for ever");

    let taker = with(order(1, "bid", "0.9900", "2.00"), "client_order_id", json!("taker_1"));
    assert_eq!(text(&client.create(&taker).1["client_order_id"]), "taker_1");
    assert_eq!(told(&client, "fill"), "taker_1");
    assert_eq!(told(&client, "orderbook_delta"), "taker_1", "the level it took from");
    let mut ledger = Vec::new();
    client.exchange.write_ledger(&mut ledger).expect("memory does not refuse");
    let ledger = String::from_utf8(ledger).expect("text");
    assert_eq!(ledger.matches(&format!("\"client_order_id\":\"{name}\"")).count(), 2, "taken and refused");
    assert!(ledger.lines().any(|line| line.contains("\"kind\":\"fill\"") && line.contains("\"taker_1\"")));
}

#[test]
fn names_differ_by_text_and_orders_may_have_none() {
    let mut client = trader(0);
    for name in ["k1-1-0000002a-1", "k1-01-0000002a-1", "K1-1-0000002a-1", "k1-ffffffff-00000000-1"] {
        let (status, body) = client.create(&resting(name, "1.00"));
        assert_eq!((status, text(&body["client_order_id"])), (201, name));
    }
    for wrong in ["a.b", "a b", &"x".repeat(65)] {
        assert_eq!(code(client.create(&resting(wrong, "1.00"))), (400, "invalid_parameters".into()), "{wrong}");
    }
    for _ in 0..2 {
        let (status, body) = client.create(&with(resting("", "1.00"), "client_order_id", Value::Null));
        assert_eq!((status, text(&body["client_order_id"])), (201, ""));
    }
    let (_, orders) = client.get("/trade-api/v2/portfolio/orders");
    assert_eq!(text(&orders["orders"][0]["client_order_id"]), "");
}

#[test]
fn a_batch_answers_for_each_of_its_orders() {
    let mut client = trader(5);
    let sent = client.now;
    let bad_price = with(resting("b2", "1.00"), "price", json!("0.0155"));
    let dear = with(resting("b3", "100000.00"), "price", json!("0.3000"));
    let orders = json!({"orders": [resting("b1", "5.00"), bad_price, dear, resting("b1", "1.00")]});
    let (status, body) = client.call("POST", &format!("{ORDERS}/batched"), &orders);
    assert_eq!((status, client.now), (201, sent.plus(10 * Nanos::MILLI)));
    let rows = body["orders"].as_array().expect("a list").clone();
    assert_eq!(rows.len(), 4);
    assert_eq!((text(&rows[0]["client_order_id"]), text(&rows[0]["remaining_count"])), ("b1", "5.00"));
    assert!(rows[0]["error"].is_null() && rows[0]["ts_ms"].is_u64());
    let codes: Vec<&str> = rows[1..].iter().map(|row| text(&row["error"]["code"])).collect();
    assert_eq!(codes, ["invalid_price", "insufficient_balance", "order_already_exists"]);
    assert_eq!(text(&rows[1]["client_order_id"]), "b2");

    let id = text(&rows[0]["order_id"]).to_owned();
    let none = "3b23c1c7-f4ef-4f0d-8b9a-9e53c61f1a0d";
    let orders =
        json!({"orders": [{"order_id": none, "exchange_index": 2}, {"order_id": id, "market_ticker": WINDOW}]});
    let (status, body) = client.call("DELETE", &format!("{ORDERS}/batched"), &orders);
    assert_eq!(status, 200);
    let [missing, canceled] = [&body["orders"][0], &body["orders"][1]];
    assert_eq!((text(&missing["order_id"]), text(&missing["reduced_by"])), (none, "0.00"));
    assert_eq!(text(&missing["error"]["code"]), "not_found");
    assert_eq!((text(&canceled["reduced_by"]), text(&canceled["client_order_id"])), ("5.00", "b1"));
    assert!(canceled["error"].is_null());

    let before = client.exchange.venue().account().orders().len();
    let number = json!({"orders": [resting("c1", "1.00"), with(resting("c2", "1.00"), "count", json!(1))]});
    assert_eq!(code(client.call("POST", &format!("{ORDERS}/batched"), &number)), (400, "bad_request".into()));
    assert_eq!(client.exchange.venue().account().orders().len(), before, "the whole was refused");
    for nothing in [json!({}), json!({"orders": []})] {
        let (status, _) = client.call("POST", &format!("{ORDERS}/batched"), &nothing);
        assert_eq!(status, 400, "{nothing}");
    }
}

#[test]
fn money_moves_between_shards_and_orders_are_paid_from_their_own() {
    let mut client = trader(0);
    let all = shard(&mut client, 2);
    let move_it = |client: &mut Client, from: u8, to: u8, amount: i64| {
        let body = json!({"source": "event_contract", "destination": "event_contract", "amount": amount / 100,
            "source_exchange_shard": from, "destination_exchange_shard": to});
        client.call("POST", "portfolio/intra_exchange_instance_transfer", &body)
    };
    let (status, first) = move_it(&mut client, 2, 0, all);
    assert_eq!(status, 200, "{first}");
    assert_eq!((shard(&mut client, 0), shard(&mut client, 2)), (all, 0));
    assert_eq!(code(client.create(&resting("poor", "1.00"))), (400, "insufficient_balance".into()));
    assert_eq!(code(move_it(&mut client, 2, 1, 100)), (400, "insufficient_balance".into()));
    assert_eq!(code(move_it(&mut client, 3, 1, 100)), (400, "insufficient_balance".into()));
    let (_, second) = move_it(&mut client, 0, 2, all);
    assert_ne!(first["transfer_id"], second["transfer_id"]);
    assert_eq!((shard(&mut client, 0), shard(&mut client, 2)), (0, all));
    assert_eq!(client.create(&resting("rich", "1.00")).0, 201);
    assert_eq!(code(move_it(&mut client, 2, 0, all)), (400, "insufficient_balance".into()), "an order may need it");
    for (from, to, amount) in [(2, 2, 100), (2, 9, 100), (2, 0, 0), (2, 0, -100)] {
        let (status, _) = move_it(&mut client, from, to, amount);
        assert_eq!(status, 400, "{from} {to} {amount}");
    }
    assert_eq!(client.exchange.venue().account().imbalance(), Money::ZERO);
    let (_, list) = client.get("/trade-api/v2/portfolio/intra_exchange_instance_transfers");
    assert_eq!(
        (list["transfers"].as_array().map(Vec::len), &list["transfers"][0]["transfer_id"]),
        (Some(2), &second["transfer_id"])
    );
    let path = format!("/trade-api/v2/portfolio/intra_exchange_instance_transfers/{}", text(&first["transfer_id"]));
    assert_eq!(client.get(&path).1["transfer"]["source_exchange_shard"], 2);
}

#[test]
fn the_old_paths_are_gone_and_unknown_ones_are_unknown() {
    let mut client = trader(0);
    for (method, path) in
        [("POST", "portfolio/orders"), ("DELETE", "portfolio/orders/x"), ("POST", "portfolio/orders/x/amend")]
    {
        assert_eq!(code(client.call(method, path, &json!({}))), (410, "deprecated_v1_order_endpoint".into()), "{path}");
    }
    for (method, path) in
        [("POST", "portfolio"), ("PUT", ORDERS), ("POST", "markets"), ("POST", "portfolio/events/orders/x/y/z")]
    {
        assert_eq!(code(client.call(method, path, &json!({}))), (404, "not_found".into()), "{method} {path}");
    }
}

fn post(client: &mut Client, id: &str, verb: &str, body: &Value) -> (u16, Value) {
    client.call("POST", &format!("{ORDERS}/{id}/{verb}"), body)
}

fn rest_one(client: &mut Client, name: &str, count: &str) -> String {
    text(&client.create(&resting(name, count)).1["order_id"]).to_owned()
}

#[test]
fn an_order_is_decreased_by_or_to_and_told_so() {
    let mut client = trader(5);
    let id = rest_one(&mut client, "large", "10.00");
    let sent = client.now;
    let (status, body) = post(&mut client, &id, "decrease", &json!({"reduce_by": "3.00", "exchange_index": 2}));
    assert_eq!((status, text(&body["remaining_count"]), text(&body["client_order_id"])), (200, "7.00", "large"));
    assert_eq!(client.now, sent.plus(10 * Nanos::MILLI), "entry and reply latency");
    client.run_to(client.now.plus(10 * Nanos::MILLI));
    let state = client.of_type("user_order").last().expect("a state")["msg"].clone();
    assert_eq!((text(&state["last_update_reason"]), text(&state["remaining_count_fp"])), ("Decrease", "7.00"));
    assert_eq!(client.books[WINDOW][0][&100], 700);
    let (_, body) = post(&mut client, &id, "decrease", &json!({"reduce_to": "2", "market_ticker": WINDOW}));
    assert_eq!(text(&body["remaining_count"]), "2.00");
    let wrong = [
        (json!({"reduce_by": "1", "reduce_to": "1", "exchange_index": 2}), 400, "invalid_parameters"),
        (json!({"exchange_index": 2}), 400, "invalid_parameters"),
        (json!({"reduce_by": 1, "exchange_index": 2}), 400, "bad_request"),
        (json!({"reduce_by": "9", "exchange_index": 2}), 400, "invalid_order_size"),
        (json!({"reduce_by": "1"}), 404, "not_found"),
    ];
    for (body, status, word) in wrong {
        assert_eq!(code(post(&mut client, &id, "decrease", &body)), (status, word.to_owned()), "{body}");
    }
}

#[test]
fn an_order_is_amended_renamed_and_trades_where_it_crosses() {
    let mut client = trader(0);
    let id = rest_one(&mut client, "first", "10.00");
    let terms = |price: &str, count: &str| json!({"ticker": WINDOW, "side": "bid", "price": price, "count": count});
    let mut cheap = terms("0.0200", "12.00");
    cheap["client_order_id"] = json!("first");
    cheap["updated_client_order_id"] = json!("second");
    cheap["expiration_time"] = json!(client.now.seconds() + 100);
    let (status, body) = post(&mut client, &id, "amend", &cheap);
    assert_eq!((status, text(&body["client_order_id"]), text(&body["remaining_count"])), (200, "second", "12.00"));
    assert_eq!(client.books[WINDOW][0].get(&200), Some(&1200));
    assert!(!client.books[WINDOW][0].contains_key(&100));
    let state = client.of_type("user_order").last().expect("a state")["msg"].clone();
    assert_eq!((text(&state["last_update_reason"]), text(&state["client_order_id"])), ("Amend", "second"));
    assert_eq!(code(client.create(&resting("second", "1.00"))), (409, "order_already_exists".into()));

    let with_member = |key: &str, value: Value| with(terms("0.0300", "12.00"), key, value);
    let wrong = [
        (with_member("ticker", json!("KXDOG-1")), 404, "market_not_found"),
        (with_member("ticker", json!("KXBTC15M-26NOV020730-30")), 400, "order_ticker_mismatch"),
        (with_member("side", json!("ask")), 400, "order_side_mismatch"),
        (with_member("client_order_id", json!("first")), 400, "order_id_and_client_order_id_mismatch"),
        (with_member("price", json!("0.0305")), 400, "invalid_price"),
        (with_member("count", json!("0.00")), 400, "invalid_order_size"),
        (with_member("count", json!(12)), 400, "bad_request"),
        (with_member("expiration_time", json!(START.seconds())), 400, "invalid_order"),
        (with_member("exchange_index", json!(0)), 404, "not_found"),
    ];
    for (body, status, word) in wrong {
        assert_eq!(code(post(&mut client, &id, "amend", &body)), (status, word.to_owned()), "{body}");
    }
    let (_, body) = post(&mut client, &id, "amend", &terms("0.9900", "12.00"));
    assert_eq!((text(&body["fill_count"]), text(&body["remaining_count"])), ("12.00", "0.00"));
    assert!(money(&body["average_fill_price"]) > 0);
    assert_eq!(code(post(&mut client, &id, "amend", &terms("0.9900", "13.00"))), (404, "not_found".into()));
    assert_eq!(client.exchange.venue().account().imbalance(), Money::ZERO);
}

#[test]
fn an_order_leaves_when_its_time_has_come_and_an_amend_moves_that_time() {
    let mut client = trader(0);
    let until = client.now.seconds() + 5;
    let timed = with(resting("timed", "1.00"), "expiration_time", json!(until));
    let id = text(&client.create(&timed).1["order_id"]).to_owned();
    let terms =
        json!({"ticker": WINDOW, "side": "bid", "price": "0.0100", "count": "1.00", "expiration_time": until + 5});
    assert_eq!(post(&mut client, &id, "amend", &terms).0, 200);
    client.run_to(Nanos((until + 4) * Nanos::SECOND));
    let path = format!("/trade-api/v2/portfolio/orders/{id}");
    assert_eq!(text(&client.get(&path).1["order"]["status"]), "resting");
    client.run_to(Nanos((until + 6) * Nanos::SECOND));
    assert_eq!(text(&client.get(&path).1["order"]["status"]), "canceled");
    let state = client.of_type("user_order").last().expect("a state")["msg"].clone();
    assert_eq!(text(&state["last_update_reason"]), "ExpiryCancel");
}

#[test]
fn everything_is_cancelled_by_one_request_without_a_body() {
    let mut client = trader(5);
    for name in ["a", "b", "c"] {
        rest_one(&mut client, name, "1.00");
    }
    assert_eq!(client.call("DELETE", ORDERS, &Value::Null), (204, Value::Null));
    let (_, orders) = client.get("/trade-api/v2/portfolio/orders?status=resting");
    assert_eq!(orders["orders"], json!([]));
    assert_eq!(client.call("DELETE", ORDERS, &Value::Null).0, 204, "and nothing is nothing");
}

#[test]
fn an_order_that_only_reduces_needs_a_position() {
    let mut client = trader(0);
    let reducing = |seq, side, price| with(order(seq, side, price, "9.00"), "reduce_only", json!(true));
    let (status, body) = client.create(&reducing(1, "bid", "0.9900"));
    assert_eq!((status, text(&body["fill_count"]), text(&body["remaining_count"])), (201, "0.00", "0.00"));
    client.create(&order(2, "bid", "0.9900", "4.00"));
    assert_eq!(text(&client.create(&reducing(3, "ask", "0.0100")).1["fill_count"]), "4.00");
    let rests = with(reducing(4, "ask", "0.9900"), "time_in_force", json!("good_till_canceled"));
    assert_eq!(code(client.create(&rests)), (400, "invalid_parameters".into()));
}
