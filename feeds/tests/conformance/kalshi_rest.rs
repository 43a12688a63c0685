//! Bodies of Kalshi's REST API.

use crate::kalshi::{Expect, Line, NOW, open_market};
use crate::{units, word};
use serde_json::{Value, json};
use trader_feeds::kalshi::reply::{Asked, read_reply};
use trader_feeds::kalshi::request::{Create, write_create};
use trader_feeds::kalshi::rest::{Page, RestRequest};
use trader_feeds::time::from_rfc3339;
use trader_journal::book::Side;
use trader_journal::event::{
    AccountList, ClientId, Event, RejectReason, SelfTrade, StrikeKind, TimeInForce, UnknownReason, Uuid,
};
use trader_journal::grid::PriceGrid;
use trader_journal::units::{Count, Nanos, Price};

const CLIENT: ClientId = ClientId { epoch: 1, nonce: 2, seq: 3 };

pub(crate) fn check(name: &str, text: &str, expect: &Expect) {
    let twin: Value = serde_json::from_str(text).expect("a sample is JSON");
    match expect {
        Expect::Series => check_series(name, text, &twin["series"]),
        Expect::Market => check_market(name, twin.get("market").unwrap_or(&twin)),
        Expect::Markets => {
            for market in twin["markets"].as_array().expect("a list") {
                check_market(name, market);
            }
        }
        Expect::Balance(ours) => check_balance(name, text, &twin, *ours),
        Expect::Account(list) => check_account(name, text, &twin, *list),
        Expect::Created => check_created(name, text, &twin),
        Expect::Cancelled => check_cancelled(name, text, &twin),
        Expect::Refused(status, reason) => check_refused(name, text, *status, *reason),
        Expect::Conflict => {
            let event = read_reply(Nanos(1), Asked::Create { client: CLIENT }, 409, text.as_bytes());
            assert!(matches!(event, Event::OrderUnknown { reason: UnknownReason::Conflict, .. }), "{name}: {event:?}");
        }
        Expect::Request => check_request(name, &twin),
        Expect::Frame | Expect::Message(_) | Expect::Ignored | Expect::NotRead(_) => unreachable!("no answer of REST"),
    }
}

fn check_series(name: &str, text: &str, twin: &Value) {
    let mut line = Line::trading("KXBTC15M");
    let said = line.answer(Nanos(1), RestRequest::Series, text);
    assert_eq!(said.len(), 0, "{name}: the rates the line trades with are those of the sample");
    assert_eq!(word(twin, "fee_type"), "quadratic");
    assert_eq!(twin["exchange_index"], 2);
    let dearer = text.replace("\"fee_multiplier\": 1", "\"fee_multiplier\": 2");
    let said = line.answer(Nanos(1), RestRequest::Series, &dearer);
    assert!(matches!(said[..], [Event::SeriesTerms { taker_rate_ppm: 140_000, .. }]), "{name}: {said:?}");
}

/// The terms that are told of a market, at a time when it is open.
fn check_market(name: &str, twin: &Value) {
    let time = |key: &str| from_rfc3339(word(twin, key).as_bytes()).unwrap_or_else(|| panic!("{name}: {key}"));
    let mut line = Line::trading(word(twin, "ticker"));
    let middle = Nanos(time("open_time").0.midpoint(time("close_time").0));
    // As it is: whatever its status, nothing of it is refused.
    line.answer(middle, RestRequest::Market, &json!({ "market": twin }).to_string());
    assert_eq!(line.session.counts().faults_total(), 0, "{name}");
    assert_eq!(line.session.counts().unknown_words, 0, "{name}");
    // As it was while open, so that it is watched and told.
    let mut open = twin.clone();
    open["status"] = json!("active");
    let mut line = Line::trading(word(twin, "ticker"));
    let said = line.answer(middle, RestRequest::Market, &json!({ "market": open }).to_string());
    let terms = said.iter().find_map(|event| match event {
        Event::MarketTerms { strike, floor, cap, open, close, .. } => Some((*strike, *floor, *cap, *open, *close)),
        _ => None,
    });
    if twin["price_ranges"].as_array().is_none_or(Vec::is_empty) {
        assert_eq!(terms, None, "{name}: without a grid there is no book");
        return;
    }
    let (strike, floor, cap, open, close) = terms.unwrap_or_else(|| panic!("{name}: {said:?}"));
    assert_eq!((open, close), (time("open_time"), time("close_time")), "{name}");
    let (kind, has_floor, has_cap) = match twin["strike_type"].as_str() {
        None => (StrikeKind::Unknown, false, false),
        Some("greater") => (StrikeKind::Greater, true, false),
        Some("greater_or_equal") => (StrikeKind::GreaterOrEqual, true, false),
        Some("less") => (StrikeKind::Less, false, true),
        Some("between") => (StrikeKind::Between, true, true),
        Some("structured") => (StrikeKind::Unpriced, false, false),
        Some(other) => panic!("{name}: strike type {other}"),
    };
    assert_eq!(strike, kind, "{name}");
    assert_eq!(floor.0, if has_floor { units(&twin["floor_strike"], 6) } else { 0 }, "{name}");
    assert_eq!(cap.0, if has_cap { units(&twin["cap_strike"], 6) } else { 0 }, "{name}");
    let grid = said.iter().find_map(|event| match event {
        Event::GridDefined { ranges, .. } => Some(*ranges),
        _ => None,
    });
    let known = if twin["price_level_structure"] == "tapered_deci_cent" {
        PriceGrid::TAPERED_DECI_CENT
    } else {
        PriceGrid::LINEAR_CENT
    };
    assert_eq!(grid, Some(known.table()), "{name}");
}

fn check_balance(name: &str, text: &str, twin: &Value, ours: bool) {
    let said = Line::trading("KXBTC15M").answer(Nanos(1), RestRequest::Balance, text);
    let row = twin["balance_breakdown"].as_array().expect("rows").iter().find(|row| row["exchange_index"] == 2);
    assert_eq!(row.is_some(), ours, "{name}");
    match (row, &said[..]) {
        (Some(row), [Event::Balance { available, as_of, .. }]) => {
            assert_eq!(available.0, units(&row["balance"], 6), "{name}");
            assert_eq!(Some(as_of.seconds()), twin["updated_ts"].as_u64(), "{name}");
        }
        (None, [Event::FrameRejected { .. }]) => {}
        _ => panic!("{name}: {said:?}"),
    }
}

/// Every row is told, and then the end of the walk.
fn check_account(name: &str, text: &str, twin: &Value, list: AccountList) {
    let key = if list == AccountList::Positions { "market_positions" } else { list.word() };
    let rows = twin.get(key).map_or_else(|| vec![twin.clone()], |rows| rows.as_array().expect("rows").clone());
    let page =
        if twin.get(key).is_some() { text.to_owned() } else { json!({"cursor": "", key: [twin.clone()]}).to_string() };
    let ticker = rows.first().map_or("KXBTC15M-X-00", |row| word(row, "ticker"));
    let mut line = Line::trading(ticker);
    let as_of = r#"{"as_of_time":"2026-11-22T17:00:00Z"}"#;
    line.answer(NOW, RestRequest::Markets, &open_market(ticker));
    line.answer(NOW, RestRequest::DataTimestamp, as_of);
    let said = line.answer(NOW, RestRequest::Account(Page { list, since: Nanos(0), cursor: 0 }), &page);
    let Some((Event::AccountWalked { list: walked, rows: told, strange: 0, .. }, said)) = said.split_last() else {
        panic!("{name}: {said:?}")
    };
    assert_eq!((*walked, *told as usize), (list, rows.len()), "{name}");
    // Names come first; the list's own events follow row by row.
    let own = said.iter().filter(|event| match list {
        AccountList::Orders => matches!(event, Event::OrderUpdate { .. }),
        AccountList::Fills => matches!(event, Event::Fill { .. }),
        AccountList::Positions => matches!(event, Event::PositionTold { .. }),
        AccountList::Settlements => matches!(event, Event::Lifecycle { .. }),
    });
    let own: Vec<_> = own.collect();
    let rows: Vec<_> = rows.iter().filter(|_| list != AccountList::Settlements || !own.is_empty()).collect();
    assert_eq!(own.len(), rows.len(), "{name}: {said:?}");
    for (event, row) in own.into_iter().zip(rows) {
        check_row(name, event, row);
    }
}

fn check_row(name: &str, event: &Event, row: &Value) {
    match *event {
        Event::OrderUpdate { status, filled, remaining, price, side, .. } => {
            assert_eq!(status.word(), word(row, "status"), "{name}");
            assert_eq!(side.word(), word(row, "book_side"), "{name}");
            assert_eq!(filled.0, units(&row["fill_count_fp"], 2), "{name}");
            assert_eq!(remaining.0, units(&row["remaining_count_fp"], 2), "{name}");
            assert_eq!(i64::from(price.0), units(&row["yes_price_dollars"], 4), "{name}");
        }
        Event::Fill { side, order, count, fee, price, .. } => {
            assert_eq!(side.word(), word(row, "book_side"), "{name}");
            assert_eq!(order.to_string(), word(row, "order_id"), "{name}");
            assert_eq!(count.0, units(&row["count_fp"], 2), "{name}");
            assert_eq!(fee.0, units(&row["fee_cost"], 6), "{name}");
            assert_eq!(i64::from(price.0), units(&row["yes_price_dollars"], 4), "{name}");
        }
        Event::PositionTold { position, .. } => assert_eq!(position.0, units(&row["position_fp"], 2), "{name}"),
        Event::Lifecycle { outcome, kind, .. } => {
            assert_eq!((outcome.word(), kind.word()), (word(row, "market_result"), "finalized"), "{name}");
        }
        _ => panic!("{name}: {event:?}"),
    }
}

/// The recorded orders bear other programs' identifiers: ours is put in their place.
fn check_created(name: &str, text: &str, twin: &Value) {
    let asked = Asked::Create { client: CLIENT };
    let theirs = read_reply(Nanos(1), asked, 201, text.as_bytes());
    assert!(matches!(theirs, Event::OrderUnknown { .. }), "{name}: another program's order");
    let text = text.replace(word(twin, "client_order_id"), &CLIENT.to_string());
    let event = read_reply(Nanos(1), asked, 201, text.as_bytes());
    let Event::OrderAccepted { order, filled, remaining, .. } = event else { panic!("{name}: {event:?}") };
    assert_eq!(order.to_string(), word(twin, "order_id"), "{name}");
    assert_eq!(i64::from(filled), units(&twin["fill_count"], 2), "{name}");
    assert_eq!(i64::from(remaining), units(&twin["remaining_count"], 2), "{name}");
}

fn check_cancelled(name: &str, text: &str, twin: &Value) {
    let order = Uuid::parse(word(twin, "order_id").as_bytes()).expect("an identifier");
    let text = match twin["client_order_id"].as_str() {
        Some(client) => text.replace(client, &CLIENT.to_string()),
        None => text.to_owned(),
    };
    let event = read_reply(Nanos(1), Asked::Cancel { client: CLIENT, order }, 200, text.as_bytes());
    let Event::CancelAccepted { reduced, .. } = event else { panic!("{name}: {event:?}") };
    assert_eq!(reduced.0, units(&twin["reduced_by"], 2), "{name}");
    let event = read_reply(Nanos(1), Asked::Cancel { client: CLIENT, order: Uuid::NONE }, 200, text.as_bytes());
    assert!(matches!(event, Event::CancelUnknown { .. }), "{name}: another order's answer");
}

fn check_refused(name: &str, text: &str, status: u16, reason: RejectReason) {
    let asked = Asked::Create { client: CLIENT };
    let event = read_reply(Nanos(1), asked, status, text.as_bytes());
    let Event::OrderRejected { reason: told, .. } = event else { panic!("{name}: {event:?}") };
    assert_eq!(told, reason, "{name}");
}

/// What we would write for the same order says the same wherever both say something.
fn check_request(name: &str, twin: &Value) {
    let time_in_force = TimeInForce::ALL.iter().find(|known| known.word() == word(twin, "time_in_force"));
    let self_trade = SelfTrade::ALL.iter().find(|known| known.word() == word(twin, "self_trade_prevention_type"));
    let order = Create {
        client: CLIENT,
        side: if word(twin, "side") == "bid" { Side::Bid } else { Side::Ask },
        price: Price(u16::try_from(units(&twin["price"], 4)).expect("a price")),
        count: Count(units(&twin["count"], 2)),
        time_in_force: *time_in_force.unwrap_or_else(|| panic!("{name}: time in force")),
        expires: twin["expiration_time"].as_u64().and_then(Nanos::from_seconds),
        post_only: twin["post_only"] == true,
        self_trade: *self_trade.unwrap_or_else(|| panic!("{name}: self trade")),
        cancel_on_pause: twin["cancel_order_on_pause"] == true,
    };
    let mut body = Vec::new();
    write_create(&mut body, word(twin, "ticker").as_bytes(), &order, 2);
    let body: Value = serde_json::from_slice(&body).expect("a body is JSON");
    for (key, ours) in body.as_object().expect("an object") {
        match (key.as_str(), twin.get(key)) {
            ("client_order_id" | "exchange_index", _) => {}
            ("price", Some(theirs)) => assert_eq!(units(ours, 4), units(theirs, 4), "{name}"),
            ("count", Some(theirs)) => assert_eq!(units(ours, 2), units(theirs, 2), "{name}"),
            (_, theirs) => assert_eq!(Some(ours), theirs, "{name}: {key}"),
        }
    }
}
