//! Messages written from the venue's tables.

use trader_journal::units::Nanos;

pub(crate) const TICKER: &str = "KXBTC15M-26NOV221215-15";
pub(crate) const EVENT: &str = "KXBTC15M-26NOV221215";

/// 2026-11-22T17:00:00Z.
pub(crate) const OPEN: Nanos = Nanos(1_795_366_800 * Nanos::SECOND);
/// 2026-11-22T17:15:00Z.
pub(crate) const CLOSE: Nanos = Nanos(1_795_367_700 * Nanos::SECOND);

const TAPERED: &str = r#"[{"start":"0.0000","end":"0.1000","step":"0.0010"},{"start":"0.1000","end":"0.9000","step":"0.0100"},{"start":"0.9000","end":"1.0000","step":"0.0010"}]"#;

pub(crate) fn series(ticker: &str) -> String {
    format!(
        r#"{{"series":{{"ticker":"{ticker}","title":"BTC","category":"Crypto","fee_type":"quadratic","fee_multiplier":1,"exchange_index":2}}}}"#
    )
}

/// The fixture market as REST lists it, without a strike.
pub(crate) fn market(status: &str) -> String {
    market_with(status, "")
}

/// The fixture market with more members (`,"key":value`).
pub(crate) fn market_with(status: &str, more: &str) -> String {
    market_of(TICKER, EVENT, "2026-11-22T17:00:00Z", "2026-11-22T17:15:00Z", &format!(r#","status":"{status}"{more}"#))
}

pub(crate) fn market_of(ticker: &str, event: &str, open: &str, close: &str, more: &str) -> String {
    format!(
        r#"{{"ticker":"{ticker}","event_ticker":"{event}","market_type":"binary","open_time":"{open}","close_time":"{close}","price_level_structure":"tapered_deci_cent","price_ranges":{TAPERED},"result":"","settlement_timer_seconds":1,"yes_bid_dollars":"0.0000"{more}}}"#
    )
}

/// A delta of the fixture market as the venue lays it out.
pub(crate) fn delta(seq: u64, side: &str, price: &str, change: &str) -> String {
    format!(
        r#"{{"type":"orderbook_delta","sid":5,"seq":{seq},"msg":{{"market_ticker":"{TICKER}","market_id":"29c871ed-e7bf-4377-a131-427c815797b8","price_dollars":"{price}","delta_fp":"{change}","side":"{side}","ts":"2026-11-22T17:01:00.123456Z","ts_ms":1795366860123}},"sending_ts_ms":1795366860125}}"#
    ) + "\n"
}

pub(crate) fn trade(ticker: &str) -> String {
    format!(
        r#"{{"type":"trade","sid":6,"seq":1,"msg":{{"trade_id":"d91bc706-ee49-470d-82d8-11418bda6fed","market_ticker":"{ticker}","yes_price_dollars":"0.3600","no_price_dollars":"0.6400","count_fp":"136.25","taker_side":"no","taker_outcome_side":"no","taker_book_side":"ask","is_block_trade":false,"ts":1795366860,"ts_ms":1795366860321}}}}"#
    ) + "\n"
}

pub(crate) fn index(value: &str, closing: &str) -> String {
    format!(
        r#"{{"type":"cfbenchmarks_value","sid":4,"seq":1,"msg":{{"index_id":"BRTI","received_at":1795366860123,"data":"{{\"type\":\"value\",\"time\":1795366860000,\"id\":\"BRTI\",\"value\":\"{value}\"}}","avg_60s_data":{{"value":"85849.12345650","window_size":60,"window_start_ts_ms":1795366800000,"window_end_ts_exclusive":1795366860000}}{closing}}},"sending_ts_ms":1795366860130}}"#
    ) + "\n"
}

/// A lifecycle message of the fixture market (`"key":value` members of `msg`).
pub(crate) fn lifecycle(event_type: &str, members: &str) -> String {
    lifecycle_of(TICKER, event_type, members)
}

pub(crate) fn lifecycle_of(ticker: &str, event_type: &str, members: &str) -> String {
    format!(
        r#"{{"type":"market_lifecycle_v2","sid":1,"seq":1,"msg":{{"market_ticker":"{ticker}"{members},"event_type":"{event_type}"}}}}"#
    ) + "\n"
}

pub(crate) fn fill(ticker: &str, client: &str) -> String {
    format!(
        r#"{{"type":"fill","sending_ts_ms":1795366860127,"sid":2,"msg":{{"trade_id":"d91bc706-ee49-470d-82d8-11418bda6fed","order_id":"ee587a1c-8b87-4dcf-b721-9f6f790619fa","client_order_id":"{client}","market_ticker":"{ticker}","exchange_index":2,"is_taker":true,"side":"no","yes_price_dollars":"0.6400","count_fp":"25.50","fee_cost":"0.411264","action":"buy","ts":1795366860,"ts_ms":1795366860123,"post_position_fp":"-25.50","purchased_side":"no","outcome_side":"no","book_side":"ask"}}}}"#
    ) + "\n"
}

pub(crate) fn user_order(ticker: &str, client: &str, reason: &str) -> String {
    format!(
        r#"{{"type":"user_order","sending_ts_ms":1795366860127,"sid":3,"msg":{{"order_id":"ee587a1c-8b87-4dcf-b721-9f6f790619fa","user_id":"a1b2c3d4-e5f6-7890-abcd-ef1234567890","ticker":"{ticker}","exchange_index":2,"status":"canceled","side":"no","outcome_side":"no","book_side":"ask","yes_price_dollars":"0.6400","fill_count_fp":"5.00","remaining_count_fp":"0.00","initial_count_fp":"25.50","client_order_id":"{client}","order_group_id":"","created_ts_ms":1795366860100,"last_updated_ts_ms":1795366860120,"last_update_reason":"{reason}","subaccount_number":0}}}}"#
    ) + "\n"
}

/// One frame of every kind the session reads, for tests of damage.
pub(crate) fn frames() -> Vec<String> {
    let window = r#","last_60s_windowed_average_15min":{"value":"85850.00000000","window_size":14}"#;
    vec![
        delta(2, "yes", "0.4700", "-1.50"),
        delta(2, "no", "0.4900", "8.27"),
        format!(
            r#"{{"type":"orderbook_snapshot","sid":5,"seq":2,"msg":{{"market_ticker":"{TICKER}","market_id":"x","yes_dollars_fp":[["0.0010","407.00"],["0.4500","3.00"]],"no_dollars_fp":[["0.4800","2.00"]]}}}}"#
        ) + "\n",
        trade(TICKER),
        index("85850.67", window),
        lifecycle("metadata_updated", r#","strike_type":"greater_or_equal","floor_strike":85851.02"#),
        lifecycle("close_date_updated", r#","close_ts":1795367800"#),
        lifecycle("determined", r#","determination_ts":1795367703,"result":"yes","settlement_value":"1.0000""#),
        lifecycle("settled", r#","settled_ts":1795367704"#),
        lifecycle("deactivated", r#","is_deactivated":true"#),
        fill(TICKER, "k1-1-0000002a-7"),
        user_order(TICKER, "k1-1-0000002a-7", "CloseCancel"),
        r#"{"type":"event_fee_update","sid":1,"msg":{"event_ticker":"KXBTC15M-26NOV221215","fee_type_override":"quadratic","fee_multiplier_override":2}}"#.to_owned(),
        r#"{"id":9,"sid":5,"seq":2,"type":"ok","msg":{"market_tickers":["KXBTC15M-26NOV221215-15"]}}"#.to_owned(),
        r#"{"type":"error","sid":5,"seq":2,"msg":{"code":25,"msg":"Subscription buffer overflow"}}"#.to_owned(),
        r#"{"id":4,"sid":5,"seq":2,"type":"unsubscribed"}"#.to_owned(),
    ]
}
