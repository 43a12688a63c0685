//! Reading one message into integers: ours in the recorded layout, ours in any order, serde_json.

use crate::session::Session;
use serde::Deserialize;
use std::hint::black_box;
use trader_benches::conditions::{Conditions, now};
use trader_benches::report::{Bound, Goal, Table};
use trader_benches::statistics::{median, median_ratio};
use trader_benches::turns::{elapsed_ns, rounds};
use trader_feeds::kalshi::message::{Body, Scratch, decode, decode_any_order};
use trader_feeds::kalshi::recorded_layout;
use trader_journal::book::Side;

/// Messages of a block; each block reads all of them.
const MESSAGES: usize = 512;
/// Levels of each side of a snapshot.
const LEVELS: usize = 30;

/// What a message comes to, so that the readers can be compared and none of their work is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    seq: u64,
    prices: i64,
    counts: i64,
    asks: u64,
    ticker: u64,
    venue_ms: u64,
}

type ReadOne = fn(&[u8], &mut Scratch) -> Option<Sum>;

impl Sum {
    fn add(&mut self, other: Sum) {
        self.seq = self.seq.wrapping_add(other.seq);
        self.prices += other.prices;
        self.counts += other.counts;
        self.asks += other.asks;
        self.ticker = self.ticker.wrapping_add(other.ticker);
        self.venue_ms = self.venue_ms.wrapping_add(other.venue_ms);
    }
}

/// Deltas as the venue writes them, and snapshots of thirty levels a side.
pub(crate) fn measure(conditions: &Conditions, session: &Session) -> [Table; 2] {
    let deltas: Vec<_> = session.frames().filter_map(as_the_venue_writes).take(MESSAGES).collect();
    let snapshots: Vec<_> = (0..MESSAGES / 8).map(snapshot).collect();
    let columns = &["serde / it", "ns"];
    let rows = time(conditions, &deltas, &DELTA_READERS);
    let goals = vec![
        goal(&rows, "serde_json typed / layout first", 0, 6.0),
        goal(&rows, "serde_json typed / any order", 1, 2.5),
    ];
    let of_deltas = Table { title: "a delta", conditions: says(&deltas, &rows), columns, rows: ratios(&rows), goals };
    let rows = time(conditions, &snapshots, &SNAPSHOT_READERS);
    let goals = vec![goal(&rows, "serde_json typed / ours", 0, 3.0)];
    let of_snapshots =
        Table { title: "a snapshot", conditions: says(&snapshots, &rows), columns, rows: ratios(&rows), goals };
    [of_deltas, of_snapshots]
}

const DELTA_READERS: [(&str, ReadOne); 4] = [
    ("ours, layout first", delta_by_layout),
    ("ours, any order", delta_in_any_order),
    ("serde_json typed", delta_by_serde),
    ("serde_json Value", delta_by_value),
];

const SNAPSHOT_READERS: [(&str, ReadOne); 2] = [("ours", snapshot_by_ours), ("serde_json typed", snapshot_by_serde)];

/// Which row of a table is the peer.
const TYPED: &str = "serde_json typed";

// ---- readers -----------------------------------------------------------------------------------

fn delta_by_layout(frame: &[u8], _: &mut Scratch) -> Option<Sum> {
    sum_of_delta(&recorded_layout(frame)?)
}

fn delta_in_any_order(frame: &[u8], scratch: &mut Scratch) -> Option<Sum> {
    sum_of_delta(&decode_any_order(frame, scratch).ok()?)
}

fn sum_of_delta(message: &trader_feeds::kalshi::message::Message<'_>) -> Option<Sum> {
    let Body::Delta(delta) = message.body else { return None };
    Some(Sum {
        seq: message.envelope.seq?,
        prices: i64::from(delta.price.0),
        counts: delta.change.0,
        asks: u64::from(delta.side == Side::Ask),
        ticker: tail(delta.ticker),
        venue_ms: delta.venue_ts.millis(),
    })
}

#[derive(Deserialize)]
struct Typed<Content> {
    seq: u64,
    msg: Content,
}

#[derive(Deserialize)]
struct TypedDelta<'a> {
    market_ticker: &'a str,
    price_dollars: &'a str,
    delta_fp: &'a str,
    side: &'a str,
    ts_ms: u64,
}

fn delta_by_serde(frame: &[u8], _: &mut Scratch) -> Option<Sum> {
    let Typed { seq, msg } = serde_json::from_slice::<Typed<TypedDelta<'_>>>(frame).ok()?;
    Some(Sum {
        seq,
        prices: scaled(msg.price_dollars, 1e4)?,
        counts: scaled(msg.delta_fp, 100.0)?,
        asks: u64::from(msg.side == "no"),
        ticker: tail(msg.market_ticker.as_bytes()),
        venue_ms: msg.ts_ms,
    })
}

fn delta_by_value(frame: &[u8], _: &mut Scratch) -> Option<Sum> {
    let frame: serde_json::Value = serde_json::from_slice(frame).ok()?;
    let msg = &frame["msg"];
    Some(Sum {
        seq: frame["seq"].as_u64()?,
        prices: scaled(msg["price_dollars"].as_str()?, 1e4)?,
        counts: scaled(msg["delta_fp"].as_str()?, 100.0)?,
        asks: u64::from(msg["side"] == "no"),
        ticker: tail(msg["market_ticker"].as_str()?.as_bytes()),
        venue_ms: msg["ts_ms"].as_u64()?,
    })
}

fn snapshot_by_ours(frame: &[u8], scratch: &mut Scratch) -> Option<Sum> {
    let message = decode(frame, scratch).ok()?;
    let (seq, Body::Snapshot { ticker }) = (message.envelope.seq?, message.body) else { return None };
    let mut sum = Sum { seq, ticker: tail(ticker), ..Sum::default() };
    for (side, price, size) in scratch.levels() {
        sum.prices += i64::from(price.0);
        sum.counts += size.0;
        sum.asks += u64::from(*side == Side::Ask);
    }
    Some(sum)
}

#[derive(Deserialize)]
struct TypedSnapshot<'a> {
    market_ticker: &'a str,
    #[serde(borrow, default)]
    yes_dollars_fp: Vec<(&'a str, &'a str)>,
    #[serde(borrow, default)]
    no_dollars_fp: Vec<(&'a str, &'a str)>,
}

fn snapshot_by_serde(frame: &[u8], _: &mut Scratch) -> Option<Sum> {
    let Typed { seq, msg } = serde_json::from_slice::<Typed<TypedSnapshot<'_>>>(frame).ok()?;
    let asks = msg.no_dollars_fp.len() as u64;
    let mut sum = Sum { seq, asks, ticker: tail(msg.market_ticker.as_bytes()), ..Sum::default() };
    for (price, size) in msg.yes_dollars_fp.iter().chain(&msg.no_dollars_fp) {
        sum.prices += scaled(price, 1e4)?;
        sum.counts += scaled(size, 100.0)?;
    }
    Some(sum)
}

/// A decimal as people parse it.
fn scaled(text: &str, units: f64) -> Option<i64> {
    Some((text.parse::<f64>().ok()? * units).round() as i64)
}

/// Enough of a ticker to show that it was found.
fn tail(ticker: &[u8]) -> u64 {
    ticker.last_chunk().map_or(0, |last| u64::from_le_bytes(*last))
}

// ---- messages ----------------------------------------------------------------------------------

/// A delta of the session in the venue's own layout, which names the market twice and tells microseconds.
fn as_the_venue_writes(frame: &[u8]) -> Option<Vec<u8>> {
    let delta = recorded_layout(frame)?;
    let (seq, Body::Delta(delta)) = (delta.envelope.seq?, delta.body) else { return None };
    let side = if delta.side == Side::Bid { "yes" } else { "no" };
    let (ticker, millis) = (String::from_utf8_lossy(delta.ticker), delta.venue_ts.millis());
    let text = format!(
        "{{\"type\":\"orderbook_delta\",\"sid\":2,\"seq\":{seq},\"msg\":{{\"market_ticker\":\"{ticker}\",\
         \"market_id\":\"3f8e2c11-57ab-4d0f-9c6e-0b1d2e3f4a5b\",\"price_dollars\":\"{}\",\"delta_fp\":\"{}\",\
         \"side\":\"{side}\",\"ts\":\"2026-11-02T00:44:30.250719Z\",\"ts_ms\":{millis}}}}}",
        delta.price, delta.change,
    );
    Some(text.into_bytes())
}

fn snapshot(number: usize) -> Vec<u8> {
    let level = |price: usize| format!("[\"0.{price:02}00\",\"{}.00\"]", 17 * (price + number) % 900 + 1);
    let levels = |from: usize| (from..from + LEVELS).map(level).collect::<Vec<_>>().join(",");
    let text = format!(
        "{{\"type\":\"orderbook_snapshot\",\"sid\":2,\"seq\":{number},\"msg\":{{\"market_ticker\":\
         \"KXBTC-26NOV0120-B98550\",\"market_id\":\"3f8e2c11-57ab-4d0f-9c6e-0b1d2e3f4a5b\",\
         \"yes_dollars_fp\":[{}],\"no_dollars_fp\":[{}]}}}}",
        levels(10),
        levels(50),
    );
    text.into_bytes()
}

// ---- turns -------------------------------------------------------------------------------------

/// Nanoseconds a message of each reader, block by block in turn.
///
/// # Panics
/// When two readers read different things.
fn time<const N: usize>(
    conditions: &Conditions,
    messages: &[Vec<u8>],
    readers: &[(&'static str, ReadOne); N],
) -> Vec<(&'static str, Vec<f64>)> {
    let mut scratch = Scratch::new(2 * LEVELS);
    let mut blocks_ns = vec![Vec::new(); N];
    for round in rounds(conditions) {
        let mut sums = [Sum::default(); N];
        for turn in 0..N {
            let who = (turn + round) % N;
            let start = now();
            for message in messages {
                sums[who].add(readers[who].1(black_box(message), &mut scratch).expect("a message of its kind"));
            }
            blocks_ns[who].push(elapsed_ns(start) / messages.len() as f64);
        }
        assert!(sums.iter().all(|sum| *sum == sums[0]), "the readers read different things: {sums:?}");
    }
    readers.iter().map(|(name, _)| *name).zip(blocks_ns).collect()
}

type Rows = [(&'static str, Vec<f64>)];

fn typed(rows: &Rows) -> &[f64] {
    let row = rows.iter().find(|(name, _)| *name == TYPED);
    row.map_or(&[], |(_, blocks_ns)| blocks_ns)
}

fn ratios(rows: &Rows) -> Vec<(&'static str, Vec<f64>)> {
    let row = |(name, ns): &(&'static str, Vec<f64>)| (*name, vec![median_ratio(typed(rows), ns), median(ns)]);
    rows.iter().map(row).collect()
}

fn goal(rows: &Rows, what: &'static str, row: usize, at_least: f64) -> Goal {
    Goal { what, ratio: median_ratio(typed(rows), &rows[row].1), bound: Bound::AtLeast(at_least) }
}

fn says(messages: &[Vec<u8>], rows: &Rows) -> String {
    let bytes: usize = messages.iter().map(Vec::len).sum();
    let (blocks, count) = (rows[0].1.len(), messages.len());
    format!("each row: {blocks} blocks of {count} messages of {} bytes on average", bytes / count)
}
