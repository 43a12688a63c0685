//! Order requests, read back by a full parser.

use crate::fixtures::TICKER;
use proptest::prelude::*;
use serde_json::{Value, json};
use trader_feeds::kalshi::request::{Create, REQUEST_BYTES_MAX, write_cancel_path, write_create};
use trader_journal::book::Side;
use trader_journal::event::{ClientId, SelfTrade, TimeInForce, Uuid};
use trader_journal::units::{Count, Nanos, Price};

const ORDER: Create = Create {
    client: ClientId { epoch: 1, nonce: 0x2a, seq: 7 },
    side: Side::Ask,
    price: Price(6_400),
    count: Count(2_550),
    time_in_force: TimeInForce::ImmediateOrCancel,
    expires: None,
    post_only: false,
    self_trade: SelfTrade::TakerAtCross,
    cancel_on_pause: false,
};

fn written(order: &Create) -> Value {
    let mut body = Vec::new();
    write_create(&mut body, TICKER.as_bytes(), order, 2);
    assert!(body.len() <= REQUEST_BYTES_MAX);
    serde_json::from_slice(&body).expect("a body is JSON")
}

#[test]
fn buying_no_is_an_ask_in_yes_dollars() {
    let expected = json!({
        "ticker": TICKER,
        "client_order_id": "k1-1-0000002a-7",
        "side": "ask",
        "count": "25.50",
        "price": "0.6400",
        "time_in_force": "immediate_or_cancel",
        "self_trade_prevention_type": "taker_at_cross",
        "exchange_index": 2,
    });
    assert_eq!(written(&ORDER), expected);
}

#[test]
fn a_resting_order_says_when_it_ends() {
    let resting = Create {
        side: Side::Bid,
        time_in_force: TimeInForce::GoodTillCanceled,
        expires: Some(Nanos(1_795_367_690_999_999_999)),
        post_only: true,
        self_trade: SelfTrade::Maker,
        cancel_on_pause: true,
        ..ORDER
    };
    let body = written(&resting);
    assert_eq!(body["expiration_time"], json!(1_795_367_690), "not later than it was meant");
    assert_eq!(body["post_only"], json!(true));
    assert_eq!(body["cancel_order_on_pause"], json!(true));
    assert_eq!(body["self_trade_prevention_type"], json!("maker"));
    assert_eq!(body["side"], json!("bid"));
}

#[test]
fn a_cancel_names_the_shard() {
    let order = Uuid::parse(b"0b6c5f3e-0d53-4d4a-9f35-0f1f6c8d6a02").expect("an identifier");
    let mut path = Vec::new();
    write_cancel_path(&mut path, order, 2);
    let expected = "/trade-api/v2/portfolio/events/orders/0b6c5f3e-0d53-4d4a-9f35-0f1f6c8d6a02?exchange_index=2";
    assert_eq!(String::from_utf8(path).unwrap(), expected);
}

proptest! {
    #[test]
    fn every_quantity_is_written_as_it_is_read(
        epoch in 1u32.., nonce: u32, seq: u64, price in 0u16..=10_000, count in 0i64.., order: [u8; 16], shard: u8,
    ) {
        let client = ClientId { epoch, nonce, seq };
        let body = written(&Create { client, price: Price(price), count: Count(count), ..ORDER });
        let text = |key: &str| body[key].as_str().unwrap().to_owned();
        prop_assert_eq!(&text("client_order_id"), &client.to_string());
        prop_assert_eq!(ClientId::parse(text("client_order_id").as_bytes()), Some(client));
        prop_assert_eq!(&text("price"), &Price(price).to_string());
        prop_assert_eq!(&text("count"), &Count(count).to_string());
        prop_assert_eq!(Count::parse(text("count").as_bytes()), Ok(Count(count)));
        let mut path = Vec::new();
        write_cancel_path(&mut path, Uuid(order), shard);
        let expected = format!("/trade-api/v2/portfolio/events/orders/{}?exchange_index={shard}", Uuid(order));
        prop_assert_eq!(String::from_utf8(path).unwrap(), expected);
    }
}
