//! The decoders beside a derived twin, on messages whose fields come in any order with strangers among them.

use proptest::prelude::*;
use serde::Deserialize;
use std::collections::BTreeMap;
use trader_feeds::kalshi::message::{Body, Message, Scratch, decode, decode_any_order};
use trader_feeds::kalshi::recorded_layout;
use trader_journal::book::Side;

#[derive(Deserialize)]
struct Twin<M> {
    sid: Option<u32>,
    seq: Option<u64>,
    #[serde(default)]
    sending_ts_ms: u64,
    msg: M,
}

#[derive(Deserialize)]
struct DeltaTwin {
    market_ticker: String,
    price_dollars: String,
    delta_fp: String,
    side: String,
    #[serde(default)]
    ts_ms: u64,
}

#[derive(Deserialize)]
struct SnapshotTwin {
    market_ticker: String,
    #[serde(default)]
    yes_dollars_fp: Vec<(String, String)>,
    #[serde(default)]
    no_dollars_fp: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct TradeTwin {
    market_ticker: String,
    taker_book_side: String,
    yes_price_dollars: String,
    count_fp: String,
    is_block_trade: bool,
    ts_ms: u64,
}

/// `text` in units of `10^-places`, by way of the digits alone.
fn units(text: &str, places: usize) -> i64 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{decimals:0<places$}").parse().expect("a decimal")
}

fn side_of(word: &str) -> Side {
    match word {
        "yes" | "bid" => Side::Bid,
        "no" | "ask" => Side::Ask,
        _ => panic!("{word}"),
    }
}

/// An object's members, already written.
type Members = Vec<(&'static str, String)>;

fn object(members: &[(&str, String)]) -> String {
    let members: Vec<_> = members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

fn quoted(text: impl std::fmt::Display) -> String {
    format!("\"{text}\"")
}

/// Any order, with fields nobody asked for among them.
fn shuffled(members: Members) -> impl Strategy<Value = Members> {
    let strangers = proptest::sample::subsequence(
        vec![
            ("novel", "{\"a\":[1,{\"b\":null}]}".to_owned()),
            ("market_uid", quoted("\\u0041\\n\\\"")),
            ("flags", "[true,false,-1.5e3]".to_owned()),
            ("", "null".to_owned()),
        ],
        0..=4,
    );
    strangers.prop_map(move |strangers| members.iter().cloned().chain(strangers).collect::<Members>()).prop_shuffle()
}

fn frame(kind: &'static str, msg: impl Strategy<Value = Members>) -> impl Strategy<Value = String> {
    (msg, any::<u32>(), any::<u64>(), 0u64..1 << 43, any::<bool>())
        .prop_flat_map(move |(msg, sid, seq, sent, told)| {
            let mut outer =
                vec![("type", quoted(kind)), ("sid", sid.to_string()), ("seq", seq.to_string()), ("msg", object(&msg))];
            if told {
                outer.push(("sending_ts_ms", sent.to_string()));
            }
            shuffled(outer)
        })
        .prop_map(|outer| object(&outer) + "\n")
}

fn price() -> impl Strategy<Value = String> {
    (0u32..=10_000).prop_map(|price| format!("{}.{:04}", price / 10_000, price % 10_000))
}

fn count() -> impl Strategy<Value = String> {
    (0u64..1 << 40).prop_map(|count| format!("{}.{:02}", count / 100, count % 100))
}

fn ticker() -> impl Strategy<Value = String> {
    "KXBTC[A-Z0-9]{0,8}-[A-Z0-9.-]{1,20}"
}

fn delta() -> impl Strategy<Value = String> {
    let fields = (ticker(), price(), count(), any::<bool>(), any::<bool>(), 0u64..1 << 43);
    let msg = fields.prop_flat_map(|(ticker, price, count, less, yes, ts)| {
        shuffled(vec![
            ("market_ticker", quoted(ticker)),
            ("market_id", quoted("29c871ed-e7bf-4377-a131-427c815797b8")),
            ("price_dollars", quoted(price)),
            ("delta_fp", quoted(format!("{}{count}", if less { "-" } else { "" }))),
            ("side", quoted(if yes { "yes" } else { "no" })),
            ("ts", quoted("2026-08-22T18:01:26.758621Z")),
            ("ts_ms", ts.to_string()),
        ])
    });
    frame("orderbook_delta", msg)
}

fn snapshot() -> impl Strategy<Value = String> {
    let levels = || proptest::option::of(proptest::collection::vec((price(), count()), 0..40));
    let msg = (ticker(), levels(), levels()).prop_flat_map(|(ticker, yes, no)| {
        let list = |levels: Vec<(String, String)>| {
            let rows: Vec<_> = levels.iter().map(|(price, count)| format!("[\"{price}\",\"{count}\"]")).collect();
            format!("[{}]", rows.join(","))
        };
        let mut msg = vec![("market_ticker", quoted(ticker))];
        msg.extend(yes.map(|levels| ("yes_dollars_fp", list(levels))));
        msg.extend(no.map(|levels| ("no_dollars_fp", list(levels))));
        shuffled(msg)
    });
    frame("orderbook_snapshot", msg)
}

fn trade() -> impl Strategy<Value = String> {
    let fields = (ticker(), price(), count(), any::<bool>(), any::<bool>(), 0u64..1 << 43);
    let msg = fields.prop_flat_map(|(ticker, price, count, bid, block, ts)| {
        shuffled(vec![
            ("trade_id", quoted("d91bc706-ee49-470d-82d8-11418bda6fed")),
            ("market_ticker", quoted(ticker)),
            ("yes_price_dollars", quoted(price)),
            ("no_price_dollars", quoted("0.6400")),
            ("count_fp", quoted(count)),
            ("taker_book_side", quoted(if bid { "bid" } else { "ask" })),
            ("is_block_trade", block.to_string()),
            ("ts", (ts / 1000).to_string()),
            ("ts_ms", ts.to_string()),
        ])
    });
    frame("trade", msg)
}

fn must_read<'a>(frame: &'a str, scratch: &mut Scratch) -> Message<'a> {
    decode(frame.as_bytes(), scratch).unwrap_or_else(|rejected| panic!("{rejected:?}: {frame}"))
}

fn same_envelope<M>(message: &Message<'_>, twin: &Twin<M>) -> Result<(), TestCaseError> {
    prop_assert_eq!(message.envelope.sid, twin.sid);
    prop_assert_eq!(message.envelope.seq, twin.seq);
    prop_assert_eq!(message.envelope.sent.millis(), twin.sending_ts_ms);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn a_delta_is_what_the_twin_reads(frame in delta()) {
        let twin: Twin<DeltaTwin> = serde_json::from_str(&frame).unwrap();
        let mut scratch = Scratch::new(0);
        let message = must_read(&frame, &mut scratch);
        same_envelope(&message, &twin)?;
        let Body::Delta(delta) = message.body else { panic!("{message:?}") };
        prop_assert_eq!(delta.ticker, twin.msg.market_ticker.as_bytes());
        prop_assert_eq!(i64::from(delta.price.0), units(&twin.msg.price_dollars, 4));
        prop_assert_eq!(delta.change.0, units(&twin.msg.delta_fp, 2));
        prop_assert_eq!(delta.side, side_of(&twin.msg.side));
        prop_assert_eq!(delta.venue_ts.millis(), twin.msg.ts_ms);
    }

    #[test]
    fn a_snapshot_is_what_the_twin_reads(frame in snapshot()) {
        let twin: Twin<SnapshotTwin> = serde_json::from_str(&frame).unwrap();
        let mut scratch = Scratch::new(128);
        let message = must_read(&frame, &mut scratch);
        same_envelope(&message, &twin)?;
        prop_assert_eq!(message.body, Body::Snapshot { ticker: twin.msg.market_ticker.as_bytes() });
        let read = |side: Side| {
            let levels = scratch.levels().iter().filter(move |level| level.0 == side);
            levels.map(|(_, price, size)| (i64::from(price.0), size.0)).collect::<Vec<_>>()
        };
        let told = |levels: &[(String, String)]| {
            let levels = levels.iter().map(|(price, size)| (units(price, 4), units(size, 2)));
            levels.filter(|(_, size)| *size != 0).collect::<Vec<_>>()
        };
        prop_assert_eq!(read(Side::Bid), told(&twin.msg.yes_dollars_fp));
        prop_assert_eq!(read(Side::Ask), told(&twin.msg.no_dollars_fp));
    }

    #[test]
    fn a_trade_is_what_the_twin_reads(frame in trade()) {
        let twin: Twin<TradeTwin> = serde_json::from_str(&frame).unwrap();
        let mut scratch = Scratch::new(0);
        let message = must_read(&frame, &mut scratch);
        same_envelope(&message, &twin)?;
        let Body::Trade(trade) = message.body else { panic!("{message:?}") };
        prop_assert_eq!(trade.ticker, twin.msg.market_ticker.as_bytes());
        prop_assert_eq!(trade.taker, side_of(&twin.msg.taker_book_side));
        prop_assert_eq!(i64::from(trade.price.0), units(&twin.msg.yes_price_dollars, 4));
        prop_assert_eq!(trade.count.0, units(&twin.msg.count_fp, 2));
        prop_assert_eq!(trade.is_block, twin.msg.is_block_trade);
        prop_assert_eq!(trade.venue_ts.millis(), twin.msg.ts_ms);
    }

    /// The two readers of a delta: the same, or the fast one leaves it to the other.
    #[test]
    fn the_recorded_layout_reads_what_any_order_reads(
        seq: u64, price in price(), count in count(), own: bool, sent in 0u8..3, id: bool,
        at: prop::sample::Index, byte: u8, damage: bool,
    ) {
        let before = if sent == 1 { "\"sending_ts_ms\":1795366860125," } else { "" };
        let after = if sent == 2 { ",\"sending_ts_ms\":1795366860125" } else { "" };
        let own = if own { "\"client_order_id\":\"k1-1-2a-7\"," } else { "" };
        let id = if id { "\"market_id\":\"x\"," } else { "" };
        let mut frame = format!(
            "{{\"type\":\"orderbook_delta\",{before}\"sid\":5,\"seq\":{seq},\"msg\":{{\"market_ticker\":\"KXBTC15M-X\",{id}\"price_dollars\":\"{price}\",\"delta_fp\":\"{count}\",\"side\":\"no\",{own}\"ts\":\"2026\",\"ts_ms\":1795366860123}}{after}}}\n"
        ).into_bytes();
        if damage {
            let place = at.index(frame.len());
            frame[place] = byte;
        } else if seq < 10_000_000_000_000_000_000 {
            prop_assert!(recorded_layout(&frame).is_some(), "{}", String::from_utf8_lossy(&frame));
        }
        if let Some(fast) = recorded_layout(&frame) {
            prop_assert_eq!(Ok(fast), decode_any_order(&frame, &mut Scratch::new(0)));
        }
    }
}

#[test]
fn each_field_of_a_delta_must_be_there_and_be_there_once() {
    let whole = crate::fixtures::delta(2, "yes", "0.4700", "1.00");
    let mut scratch = Scratch::new(0);
    for key in ["type", "market_ticker", "price_dollars", "delta_fp", "side"] {
        let without = whole.replace(&format!("\"{key}\":"), "\"another\":");
        assert!(decode(without.as_bytes(), &mut scratch).is_err(), "without {key}");
    }
    let members = BTreeMap::from([
        ("sid", "5"),
        ("seq", "2"),
        ("market_ticker", "\"X\""),
        ("price_dollars", "\"0.4700\""),
        ("delta_fp", "\"1.00\""),
        ("side", "\"yes\""),
        ("ts_ms", "1"),
    ]);
    for (key, value) in members {
        let twice = whole.replace(&format!("\"{key}\":"), &format!("\"{key}\":{value},\"{key}\":"));
        assert!(decode(twice.as_bytes(), &mut scratch).is_err(), "{key} twice");
    }
}
