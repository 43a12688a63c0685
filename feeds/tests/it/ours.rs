//! Our own fills and orders: never lost, whatever else is known.

use crate::fixtures::{self, TICKER};
use crate::rig::{Rig, faults, kinds};
use trader_journal::book::Side;
use trader_journal::event::{ClientId, Event, FrameFault, MarketId, OrderStatus, UpdateReason, Uuid};
use trader_journal::units::{Count, Money, Nanos, Price};

const OURS: ClientId = ClientId { epoch: 1, nonce: 42, seq: 7 };

#[test]
fn a_fill_is_told_in_two_halves() {
    let mut rig = Rig::up();
    let said = rig.frame(fixtures::fill(TICKER, "k1-1-0000002a-7"));
    let [Event::FillTrade { market, trade, client, post_position, .. }, Event::Fill { .. }] = said[..] else {
        panic!("{said:?}")
    };
    assert_eq!((market, client, post_position), (MarketId(1), OURS, Count(-2_550)));
    assert_eq!(Some(trade), Uuid::parse(b"d91bc706-ee49-470d-82d8-11418bda6fed"));
    let Event::Fill { side, is_taker, order, count, fee, price, .. } = said[1] else { panic!() };
    assert_eq!((side, is_taker, count, price), (Side::Ask, 1, Count(2_550), Price(6_400)));
    assert_eq!(fee, Money(411_264));
    assert_eq!(Some(order), Uuid::parse(b"ee587a1c-8b87-4dcf-b721-9f6f790619fa"));
}

#[test]
fn a_fill_of_somebody_elses_order_is_foreign() {
    let mut rig = Rig::up();
    for client in ["my-order-1", "", r"k1\u002d1-2a-7"] {
        let said = rig.frame(fixtures::fill(TICKER, client));
        let Event::FillTrade { client, .. } = said[0] else { panic!("{said:?}") };
        assert_eq!(client, ClientId::FOREIGN);
    }
    let without = fixtures::fill(TICKER, "x").replace(r#""client_order_id":"x","#, "");
    assert_eq!(kinds(&rig.frame(without)), ["fill trade", "fill"]);
}

#[test]
fn a_fill_names_its_market_on_the_spot() {
    let mut rig = Rig::up();
    let said = rig.frame(fixtures::fill("KXBTC15M-26NOV221200-00", "k1-1-0000002a-7"));
    assert_eq!(kinds(&said), ["event", "market", "fill trade", "fill"]);
    let said = rig.frame(fixtures::fill("KXBTC15M-26NOV221200-00", "k1-1-0000002a-7"));
    assert_eq!(kinds(&said), ["fill trade", "fill"]);
    let said = rig.frame(fixtures::fill("KXETH15M-26NOV221200-00", "k1-1-0000002a-7"));
    assert_eq!(faults(&said), [FrameFault::UnknownMarket], "not a series of ours");
}

#[test]
fn an_order_update_is_told_in_two_halves() {
    let mut rig = Rig::up();
    let said = rig.frame(fixtures::user_order(TICKER, "k1-1-0000002a-7", "CloseCancel"));
    let [Event::OrderIds { market, client, .. }, Event::OrderUpdate { .. }] = said[..] else { panic!("{said:?}") };
    assert_eq!((market, client), (MarketId(1), OURS));
    let Event::OrderUpdate { status, reason, filled, remaining, venue_ts, price, side, .. } = said[1] else { panic!() };
    assert_eq!((status, reason), (OrderStatus::Canceled, UpdateReason::CloseCancel));
    assert_eq!((filled, remaining, price, side), (Count(500), Count::ZERO, Price(6_400), Side::Ask));
    assert_eq!(venue_ts, Nanos(1_795_366_860_120 * Nanos::MILLI));
}

#[test]
fn reasons_that_are_new_are_other_reasons() {
    let mut rig = Rig::up();
    for (word, reason) in [
        ("Trade", UpdateReason::Trade),
        ("ExpiryCancel", UpdateReason::ExpiryCancel),
        ("MarginCancel", UpdateReason::Other),
        ("SettlementBoundsCancel", UpdateReason::Other),
        ("", UpdateReason::None),
    ] {
        let said = rig.frame(fixtures::user_order(TICKER, "x", word));
        let Event::OrderUpdate { reason: told, .. } = said[1] else { panic!("{said:?}") };
        assert_eq!(told, reason, "{word}");
    }
    let frame = fixtures::user_order(TICKER, "x", "Trade").replace("1795366860100", "null");
    assert_eq!(kinds(&rig.frame(frame)), ["order ids", "order"], "the time of creation may be null");
}

#[test]
fn each_field_of_a_fill_must_be_there() {
    for key in [
        "trade_id",
        "order_id",
        "market_ticker",
        "is_taker",
        "yes_price_dollars",
        "count_fp",
        "fee_cost",
        "post_position_fp",
        "book_side",
    ] {
        let mut rig = Rig::up();
        let frame = fixtures::fill(TICKER, "x").replace(&format!(r#""{key}":"#), r#""another":"#);
        assert_eq!(faults(&rig.frame(frame)), [FrameFault::MissingField], "{key}");
    }
}
