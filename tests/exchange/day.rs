//! A whole day, taken as fast as it can be told.

use super::client::{START, money, settings, text};
use kalshi_trader::exchange::path::{GeneratorSettings, MarketPath, PathSettings, generate_candles};
use kalshi_trader::exchange::{ConnId, MockExchange};
use serde_json::Value;
use std::num::{NonZeroU16, NonZeroU32};
use trader_journal::units::{Money, Nanos};

const DAY_S: u64 = 86_400;
/// A frame costs its reader about two microseconds; more than these would not fit its six seconds.
const FRAMES_MAX: u64 = 1_000_000;

fn a_day_of_it() -> MockExchange {
    let generator = GeneratorSettings {
        seed: 7,
        start: START.minus(2 * DAY_S * Nanos::SECOND),
        minutes: NonZeroU32::new(3 * 1_440).expect("not 0"),
        open: Money(100_000_000_000),
    };
    let ticks_per_second = NonZeroU16::new(1).expect("not 0");
    let path = MarketPath::new(generate_candles(&generator), PathSettings { seed: 7, ticks_per_second });
    MockExchange::new(settings(6), path).expect("good settings")
}

/// The open window and seven brackets around spot.
fn watch(exchange: &mut MockExchange, conn: ConnId, now: Nanos, id: u64) {
    let mut body = Vec::new();
    let mut open = |series: &str| {
        let target = format!("/trade-api/v2/markets?series_ticker={series}&status=open&limit=1000");
        assert_eq!(exchange.get(now, &target, &mut body), 200);
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        let markets = body["markets"].as_array().expect("a list");
        markets.iter().map(|market| text(&market["ticker"]).to_owned()).collect::<Vec<_>>()
    };
    let mut tickers = open("KXBTC15M");
    let ladder = open("KXBTC");
    tickers.extend(ladder.iter().skip(ladder.len() / 2 - 3).take(7).cloned());
    let params = serde_json::json!({"channels": ["orderbook_delta"], "market_tickers": tickers, "use_yes_price": true});
    let command = serde_json::json!({"id": id, "cmd": "subscribe", "params": params});
    exchange.command(now, conn, command.to_string().as_bytes());
}

#[test]
fn a_day_has_96_windows_that_chain_and_no_more_frames_than_can_be_read() {
    let mut exchange = a_day_of_it();
    let conn = exchange.connect(START.minus(1)).expect("nothing is cut");
    exchange.command(
        START.minus(1),
        conn,
        br#"{"id":1,"cmd":"subscribe","params":{"channels":["market_lifecycle_v2"]}}"#,
    );
    let (mut now, mut out, mut frames, mut deltas) = (START, Vec::new(), 0, 0);
    for quarter in 0..96 {
        let until = START.plus((quarter + 1) * 900 * Nanos::SECOND);
        watch(&mut exchange, conn, now.plus(2 * Nanos::SECOND), quarter + 2);
        while now < until {
            now = exchange.next_deadline().min(until);
            exchange.advance(now);
            while exchange.next_kalshi_frame(now, conn, &mut out) {
                frames += 1;
                deltas += u64::from(out.starts_with(b"{\"type\":\"orderbook_delta\""));
            }
            while exchange.next_binance_frame(now, &mut out) {}
        }
    }
    exchange.advance(now.plus(70 * Nanos::SECOND));
    assert!(exchange.fault().is_none());
    assert!(deltas > 50_000 && frames < FRAMES_MAX, "{deltas} changes in {frames} frames");

    let target = "/trade-api/v2/markets?series_ticker=KXBTC15M&status=settled&limit=1000";
    exchange.get(now.plus(70 * Nanos::SECOND), target, &mut out);
    let body: Value = serde_json::from_slice(&out).expect("JSON");
    let windows = body["markets"].as_array().expect("a list");
    assert_eq!(windows.len(), 96);
    for pair in windows.windows(2) {
        let strike = Money::parse(pair[0]["floor_strike"].to_string().as_bytes()).expect("a number");
        assert_eq!(strike.0, money(&pair[1]["expiration_value"]), "newest first: {}", pair[0]["ticker"]);
    }
    assert!(windows.iter().any(|window| window["result"] == "yes"));
    assert!(windows.iter().any(|window| window["result"] == "no"));
}
