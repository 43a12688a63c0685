//! Answers to order requests: done, refused for good, or nobody knows.

use trader_feeds::kalshi::reply::{Asked, no_reply, read_reply};
use trader_journal::event::{ClientId, Event, RejectReason, UnknownReason, Uuid};
use trader_journal::units::{Count, Nanos};

const TS: Nanos = Nanos(7);
const CLIENT: ClientId = ClientId { epoch: 3, nonce: 0xbeef, seq: 26 };
const CREATE: Asked = Asked::Create { client: CLIENT };
const ORDER: &str = "2597b999-f887-4195-8bac-c3f97a1f2021";

fn order() -> Uuid {
    Uuid::parse(ORDER.as_bytes()).expect("an identifier")
}

fn cancel() -> Asked {
    Asked::Cancel { client: CLIENT, order: order() }
}

fn created(filled: &str, remaining: &str) -> String {
    format!(
        r#"{{"order_id":"{ORDER}","client_order_id":"{CLIENT}","fill_count":"{filled}","remaining_count":"{remaining}","average_fill_price":"0.5200","average_fee_paid":"0.0175","ts_ms":1795366800123}}"#
    )
}

fn cancelled() -> String {
    format!(r#"{{"order_id":"{ORDER}","reduced_by":"1.00","ts_ms":1781159364112}}"#)
}

#[test]
fn a_create_that_was_done_tells_what_filled_and_what_rests() {
    for (filled, remaining, hundredths) in
        [("0.00", "10.00", (0, 1000)), ("8.94", "16.06", (894, 1606)), ("0.00", "0.00", (0, 0)), ("1", "0", (100, 0))]
    {
        let event = read_reply(TS, CREATE, 201, created(filled, remaining).as_bytes());
        let Event::OrderAccepted { ts, client, order: told, filled, remaining, .. } = event else {
            panic!("{event:?}")
        };
        assert_eq!((ts, client, told), (TS, CLIENT, order()));
        assert_eq!((filled, remaining), hundredths, "an immediate order may have neither");
    }
}

#[test]
fn a_cancel_that_was_done_tells_by_how_much() {
    let event = read_reply(TS, cancel(), 200, cancelled().as_bytes());
    let Event::CancelAccepted { client, order: told, reduced, .. } = event else { panic!("{event:?}") };
    assert_eq!((client, told, reduced), (CLIENT, order(), Count(100)));
}

fn unknown(event: Event) -> Option<UnknownReason> {
    match event {
        Event::OrderUnknown { reason, client, .. } | Event::CancelUnknown { reason, client, .. } => {
            assert_eq!(client, CLIENT);
            Some(reason)
        }
        _ => None,
    }
}

#[test]
fn every_cut_of_an_acceptance_is_unknown() {
    let whole = created("1.00", "0.00");
    for end in 0..whole.len() {
        let event = read_reply(TS, CREATE, 201, &whole.as_bytes()[..end]);
        assert_eq!(unknown(event), Some(UnknownReason::Unreadable), "{}", &whole[..end]);
    }
    let whole = cancelled();
    for end in 0..whole.len() {
        assert_eq!(unknown(read_reply(TS, cancel(), 200, &whole.as_bytes()[..end])), Some(UnknownReason::Unreadable));
    }
}

#[test]
fn no_flipped_bit_makes_another_order_of_it() {
    let mut whole = created("1.00", "2.50").into_bytes();
    for at in 0..whole.len() {
        for bit in 0..8 {
            whole[at] ^= 1 << bit;
            match read_reply(TS, CREATE, 201, &whole) {
                Event::OrderAccepted { client, .. } => assert_eq!(client, CLIENT),
                event => assert_eq!(unknown(event), Some(UnknownReason::Unreadable)),
            }
            whole[at] ^= 1 << bit;
        }
    }
}

#[test]
fn an_acceptance_of_something_else_is_unknown() {
    let good = created("1.00", "0.00");
    let client = CLIENT.to_string();
    for body in [
        good.replace(&client, "k1-3-0000beef-1b"),
        good.replace(&client, "my-order-1"),
        good.replace(&format!(r#""client_order_id":"{client}","#), ""),
        good.replace(r#""order_id":"#, r#""another":"#),
        good.replace(r#""fill_count":"1.00""#, r#""fill_count":null"#),
        good.replace(r#""fill_count":"1.00""#, r#""fill_count":"-1.00""#),
        good.replace(r#""fill_count":"1.00""#, r#""fill_count":"99999999999.00""#),
        good.replace('{', r#"{"error":{"code":"deprecated_v1_order_endpoint"},"#),
        r#"{"error":{"code":"deprecated_v1_order_endpoint","message":"Please switch"}}"#.to_owned(),
        "<html>502</html>".to_owned(),
        format!("{good}{good}"),
        "[]".to_owned(),
    ] {
        assert_eq!(unknown(read_reply(TS, CREATE, 201, body.as_bytes())), Some(UnknownReason::Unreadable), "{body}");
    }
    for body in [
        cancelled().replace("2597b999", "2597b998"),
        cancelled().replace('{', r#"{"client_order_id":"k1-3-0000beef-1b","#),
        cancelled().replace(r#""reduced_by":"1.00""#, r#""reduced_by":null"#),
    ] {
        assert_eq!(unknown(read_reply(TS, cancel(), 200, body.as_bytes())), Some(UnknownReason::Unreadable), "{body}");
    }
}

/// Reason and status of a definite refusal.
fn refused(event: Event) -> Option<(RejectReason, u32)> {
    match event {
        Event::OrderRejected { reason, status, client, .. } | Event::CancelRejected { reason, status, client, .. } => {
            assert_eq!(client, CLIENT);
            Some((reason, status))
        }
        _ => None,
    }
}

#[test]
fn each_code_is_refused_with_its_reason_in_every_shape() {
    for (status, code, details, reason) in [
        (400, "market_inactive", "", RejectReason::MarketInactive),
        (400, "MARKET_INACTIVE", "", RejectReason::MarketInactive),
        (400, "invalid_price", "", RejectReason::InvalidPrice),
        (400, "invalid_order_size", "", RejectReason::InvalidCount),
        (400, "insufficient_balance", "", RejectReason::InsufficientBalance),
        (400, "available_balance_too_low", "", RejectReason::InsufficientBalance),
        (400, "invalid_order", "post only cross", RejectReason::PostOnlyCross),
        (400, "invalid_order", "Expiration timestamp must be in the future", RejectReason::InvalidExpiration),
        (400, "invalid_order", "something new", RejectReason::Other),
        (400, "bad_request", "json: cannot unmarshal \\\"1\\\"", RejectReason::Other),
        (400, "something_new", "", RejectReason::Other),
        (401, "authentication_error", "NOT_FOUND", RejectReason::Unauthorized),
        (401, "header_timestamp_expired", "", RejectReason::Unauthorized),
        (403, "forbidden", "", RejectReason::Other),
        (404, "market_not_found", "", RejectReason::MarketNotFound),
        (404, "not_found", "", RejectReason::OrderNotFound),
        (409, "fill_or_kill_insufficient_resting_volume", "", RejectReason::FillOrKill),
        (409, "immediate_or_cancel_insufficient_resting_volume", "", RejectReason::FillOrKill),
        (409, "trading_is_paused", "", RejectReason::TradingPaused),
        (409, "exchange_is_paused", "", RejectReason::ExchangePaused),
        (410, "deprecated_v1_order_endpoint", "", RejectReason::Other),
        (429, "too_many_requests", "", RejectReason::RateLimited),
    ] {
        let flat = format!(r#"{{"code":"{code}","message":"m","details":"{details}"}}"#);
        for body in [flat.clone(), format!(r#"{{"error":{flat}}}"#)] {
            for asked in [CREATE, cancel()] {
                let event = read_reply(TS, asked, status, body.as_bytes());
                assert_eq!(refused(event), Some((reason, u32::from(status))), "{status} {body}");
            }
        }
    }
}

#[test]
fn a_refusal_without_a_readable_body_is_still_one() {
    for body in ["", "<html>", r#"{"error":"too many requests"}"#, r#"{"msg":"Parameter validation failed"}"#, "null"] {
        for status in [400, 401, 403, 404, 410, 429] {
            assert!(refused(read_reply(TS, CREATE, status, body.as_bytes())).is_some(), "{status} {body}");
        }
        assert_eq!(unknown(read_reply(TS, CREATE, 409, body.as_bytes())), Some(UnknownReason::Conflict), "{body}");
    }
    let event = read_reply(TS, CREATE, 429, br#"{"error":"too many requests"}"#);
    assert_eq!(refused(event), Some((RejectReason::RateLimited, 429)));
}

#[test]
fn an_order_that_exists_already_is_unknown_until_looked_up() {
    let body = br#"{"error":{"code":"order_already_exists","message":"order already exists"}}"#;
    for status in [400, 409] {
        assert_eq!(unknown(read_reply(TS, CREATE, status, body)), Some(UnknownReason::Conflict));
    }
}

#[test]
fn every_other_status_is_unknown() {
    for status in (0..=999).filter(|status| !matches!(status, 200 | 201 | 400 | 401 | 403 | 404 | 409 | 410 | 429)) {
        for asked in [CREATE, cancel()] {
            for body in [created("1.00", "0.00"), r#"{"error":{"code":"invalid_price"}}"#.to_owned()] {
                let reason = unknown(read_reply(TS, asked, status, body.as_bytes()));
                let server = status == 408 || (500..600).contains(&status);
                let expected = if server { UnknownReason::ServerError } else { UnknownReason::Unreadable };
                assert_eq!(reason, Some(expected), "{status}");
            }
        }
    }
}

#[test]
fn no_answer_says_why_there_is_none() {
    assert_eq!(unknown(no_reply(TS, CREATE, UnknownReason::Timeout)), Some(UnknownReason::Timeout));
    assert_eq!(unknown(no_reply(TS, cancel(), UnknownReason::Disconnected)), Some(UnknownReason::Disconnected));
}
