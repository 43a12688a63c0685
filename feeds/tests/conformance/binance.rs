//! Frames and bodies of Binance.

use crate::{each_by_table, folder, text, units, word};
use serde_json::Value;
use trader_feeds::binance::message::{Data, Message, decode};
use trader_feeds::binance::{RestAnswer, RestRequest, Session, Settings, Stream, next_start_ms};
use trader_feeds::frames::Frames;
use trader_journal::event::{Event, FrameFault, Interval};
use trader_journal::stage::Outbox;
use trader_journal::units::Nanos;

/// What is expected of a sample.
enum Expect {
    /// A frame of market data, held against a full parser's reading.
    Market,
    /// A frame of a stream that is not read.
    Unknown,
    /// A page of minute candles.
    Klines,
    /// Shapes from the documentation, one by one.
    Shapes,
    /// Nothing of ours reads it, and why.
    NotRead(&'static str),
}

use Expect::*;

const TABLE: &[(&str, Expect)] = &[
    ("README.md", NotRead("about the samples")),
    ("doc_examples.json", Shapes),
    ("spot/rest_*", NotRead("books and limits are not asked for")),
    ("spot/ws_combined_depth_*", Unknown),
    ("spot/ws_*", Market),
    ("binance_us/ws_combined_depth_2021.json", Unknown),
    ("binance_us/ws_*", Market),
    ("futures_live_2026-10-07/PROVENANCE.md", NotRead("about the samples")),
    ("futures_live_2026-10-07/rest/klines.json", Klines),
    ("futures_live_2026-10-07/rest/*", NotRead("candles are all that is asked for")),
    ("futures_live_2026-10-07/ws/stream_all_*", Unknown),
    ("futures_live_2026-10-07/ws/stream_btcusdt_ticker.json", Unknown),
    ("futures_live_2026-10-07/ws/stream_btcusdt_depth20_100ms.json", Unknown),
    ("futures_live_2026-10-07/ws/*", Market),
];

#[test]
fn every_sample_is_read_or_has_a_reason_not_to_be() {
    each_by_table(&folder("SAMPLES_DIR").join("binance_samples"), TABLE, |name, path, expect| match expect {
        Market => check(name, &text(path)),
        Unknown => assert_eq!(decode(text(path).as_bytes()), Ok(Message::Unknown), "{name}"),
        Klines => check_klines(name, &text(path)),
        Shapes => check_shapes(&text(path)),
        NotRead(why) => assert!(!why.is_empty(), "{name}"),
    });
}

pub(crate) fn check(name: &str, frame: &str) {
    let message = decode(frame.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error:?} in {frame}"));
    let twin: Value = serde_json::from_str(frame).expect("a sample is JSON");
    let Message::Market { stream, symbol, data } = message else { panic!("{name}: {message:?}") };
    let body = &twin["data"];
    assert_eq!(word(&twin, "stream").split_once('@').map(|(_, word)| word), Some(stream.word()), "{name}");
    assert_eq!(symbol, word(body, "s").as_bytes(), "{name}");
    check_data(name, stream, &data, body);
}

fn check_data(name: &str, stream: Stream, data: &Data, twin: &Value) {
    match data {
        Data::Trade(trade) => {
            let id = if stream == Stream::Trade { "t" } else { "a" };
            assert_eq!(Some(trade.id), twin[id].as_u64(), "{name}");
            assert_eq!(trade.price.0, units(&twin["p"], 6), "{name}");
            assert_eq!(i64::try_from(trade.quantity), Ok(units(&twin["q"], 8)), "{name}");
            assert_eq!(Some(trade.venue_ts.millis()), twin["T"].as_u64(), "{name}");
            assert_eq!(Some(trade.buyer_is_maker), twin["m"].as_bool(), "{name}");
        }
        Data::Quote(quote) => {
            assert_eq!(Some(quote.update_id), twin["u"].as_u64(), "{name}");
            assert_eq!((quote.bid.0, quote.ask.0), (units(&twin["b"], 6), units(&twin["a"], 6)), "{name}");
            let sizes = [quote.bid_quantity, quote.ask_quantity].map(|size| i64::try_from(size).expect("a size"));
            assert_eq!(sizes, [units(&twin["B"], 8), units(&twin["A"], 8)], "{name}");
        }
        Data::Candle(candle, closed) => {
            let twin = &twin["k"];
            assert_eq!(Some(candle.open_time.millis()), twin["t"].as_u64(), "{name}");
            assert_eq!(Some(candle.close_time.millis()), twin["T"].as_u64(), "{name}");
            let prices = [candle.open, candle.high, candle.low, candle.close].map(|price| price.0);
            assert_eq!(prices, ["o", "h", "l", "c"].map(|key| units(&twin[key], 6)), "{name}");
            assert_eq!(Some(*closed), twin["x"].as_bool(), "{name}");
        }
        Data::Funding(funding) => {
            assert_eq!(funding.rate_e8, units(&twin["r"], 8), "{name}");
            assert_eq!(Some(funding.next.millis()), twin["T"].as_u64(), "{name}");
            assert_eq!(Some(funding.venue_ts.millis()), twin["E"].as_u64(), "{name}");
        }
    }
}

/// A page, read when its last candle is still open.
fn check_klines(name: &str, body: &str) {
    let rows: Vec<Value> = serde_json::from_str(body).expect("rows");
    let last = rows.last().expect("a row")[0].as_u64().expect("a time");
    let settings = Settings::perp("BTCUSDT");
    let (mut out, mut frames) = (Outbox::new(settings.says_max()), Frames::new(1, settings.frames_bytes_max()));
    let mut session = Session::new(settings);
    let answer = RestAnswer { request: RestRequest::Klines(Interval::Minute), status: 200, body: body.as_bytes() };
    let now = Nanos::from_millis(last + 30_000).expect("a time");
    session.on_rest(now, &answer, &mut out, &mut frames);
    assert_eq!(out.events().len(), rows.len() - 1, "{name}");
    for (event, row) in out.events().iter().zip(&rows) {
        let Event::Candle { open_time, open, high, low, close, closed, .. } = *event else { panic!("{name}") };
        assert_eq!(Some(open_time.millis()), row[0].as_u64(), "{name}");
        assert_eq!([open.0, high.0, low.0, close.0], [1, 2, 3, 4].map(|at| units(&row[at], 6)), "{name}");
        assert_eq!(closed, 1, "{name}");
    }
    assert_eq!(next_start_ms(body.as_bytes(), Interval::Minute), Some(last + 60_000), "{name}");
}

fn check_shapes(text: &str) {
    let shapes: Value = serde_json::from_str(text).expect("an object");
    for (name, shape) in shapes.as_object().expect("an object") {
        let body = shape.to_string();
        match name.as_str() {
            "ws_subscribe_ack" => assert_eq!(decode(body.as_bytes()), Ok(Message::Answered)),
            "spot_ws_serverShutdown_raw" | "spot_ws_serverShutdown_combined" => {
                assert_eq!(decode(body.as_bytes()), Ok(Message::Shutdown), "{name}");
            }
            "spot_ws_kline" => {
                let frame = format!(r#"{{"stream":"bnbbtc@kline_1m","data":{body}}}"#);
                assert_eq!(decode(frame.as_bytes()), Err(FrameFault::BadField), "its open is below its low");
            }
            "error_body" | "geo_block_451_body" => assert_eq!(decode(body.as_bytes()), Ok(Message::Error), "{name}"),
            "spot_rest_klines" => {
                assert_eq!(next_start_ms(body.as_bytes(), Interval::Minute), None, "a week is no minute");
            }
            "spot_rest_time" | "spot_rest_ticker_price" | "spot_rest_bookTicker" | "spot_rest_avgPrice" => {
                assert!(decode(body.as_bytes()).is_err(), "{name} is no frame");
            }
            "ws_subscribe" => assert!(decode(body.as_bytes()).is_err(), "{name} is what we send"),
            other => panic!("{other} is in no row: say what is expected of it"),
        }
    }
}
