//! Every truncation and every flipped bit of a frame of every kind: no panic, and no book that
//! differs from what a full parser would have made of the same text without saying so.

use crate::fixtures::{self, CLOSE, TICKER, frames};
use crate::rig::{Rig, ToldBook, faults, kinds};
use proptest::prelude::*;
use serde_json::Value;
use trader_feeds::kalshi::rest::RestRequest;
use trader_journal::book::Side;

/// The book after a frame, by a full parser and a map: `None` when the frame is no book message
/// of ours in order, or makes no legal book.
fn by_the_twin(frame: &[u8], before: &ToldBook) -> Option<ToldBook> {
    // The WebSocket has checked that a text is one: bytes that are none are not told apart here.
    let frame: Value = serde_json::from_str(&String::from_utf8_lossy(frame)).ok()?;
    let msg = &frame["msg"];
    if frame["sid"] != 5 || msg["market_ticker"] != TICKER {
        return None;
    }
    match (frame["type"].as_str()?, frame["seq"].as_u64()?) {
        ("orderbook_delta", 2) => {
            let key = (side(msg["side"].as_str()?)?, u16::try_from(units(&msg["price_dollars"], 4)?).ok()?);
            let mut book = before.clone();
            let size = book.get(&key).copied().unwrap_or(0).checked_add(units(&msg["delta_fp"], 2)?)?;
            if size == 0 {
                book.remove(&key)
            } else {
                book.insert(key, size)
            };
            Some(book)
        }
        ("orderbook_snapshot", 2..) => {
            let mut book = ToldBook::new();
            for (name, side) in [("yes_dollars_fp", Side::Bid), ("no_dollars_fp", Side::Ask)] {
                for level in msg[name].as_array().unwrap_or(&Vec::new()) {
                    let size = units(&level[1], 2)?;
                    if size != 0 {
                        book.insert((side, u16::try_from(units(&level[0], 4)?).ok()?), size);
                    }
                }
            }
            Some(book)
        }
        _ => None,
    }
}

fn side(word: &str) -> Option<Side> {
    match word {
        "yes" => Some(Side::Bid),
        "no" => Some(Side::Ask),
        _ => None,
    }
}

fn units(value: &Value, places: usize) -> Option<i64> {
    let text = value.as_str()?;
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let decimals = decimals.trim_end_matches('0');
    (decimals.len() <= places).then(|| format!("{whole}{decimals:0<places$}").parse().ok())?
}

fn check(frame: &[u8]) {
    let mut rig = Rig::with_book();
    let before = rig.told_book().expect("a book").clone();
    let said = rig.frame(frame);
    let text = String::from_utf8_lossy(frame);
    let Some(after) = rig.told_book() else { return };
    match by_the_twin(frame, &before) {
        // A frame that is refused as a whole may be what the twin, which is less strict, reads.
        Some(book) if *after == book => {}
        Some(_) | None => {
            assert_eq!(*after, before, "{text}");
            let quiet = kinds(&said).iter().all(|kind| !matches!(*kind, "begin" | "level" | "end"));
            assert!(quiet, "{text}");
        }
    }
}

/// A message that was meant for the book and is not applied is always a doubt or a fault.
fn check_meant_for_the_book(frame: &[u8]) {
    let mut rig = Rig::with_book();
    let before = rig.told_book().expect("a book").clone();
    let said = rig.frame(frame);
    if let Some(after) = rig.told_book()
        && *after == before
    {
        let silent = faults(&said).is_empty() && !kinds(&said).contains(&"level");
        assert!(!silent, "{}", String::from_utf8_lossy(frame));
    }
}

#[test]
fn every_truncation_is_refused() {
    for frame in frames() {
        let whole = frame.trim_end().as_bytes();
        for end in 0..whole.len() {
            let mut rig = Rig::with_book();
            let said = rig.frame(&whole[..end]);
            assert_eq!(faults(&said).len(), 1, "{}", String::from_utf8_lossy(&whole[..end]));
            let spoken = kinds(&said);
            assert!(spoken.iter().all(|kind| matches!(*kind, "invalid" | "rejected")), "{spoken:?}");
        }
    }
}

#[test]
fn every_flipped_bit_is_refused_or_means_what_it_says() {
    for frame in frames() {
        let about_books = frame.contains("orderbook_");
        let mut bytes = frame.into_bytes();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                bytes[at] ^= 1 << bit;
                check(&bytes);
                if about_books {
                    check_meant_for_the_book(&bytes);
                }
                bytes[at] ^= 1 << bit;
            }
        }
    }
}

#[test]
fn every_byte_gone_or_doubled_is_refused_or_means_what_it_says() {
    for frame in frames() {
        for at in 0..frame.len() {
            let mut less = frame.clone().into_bytes();
            let byte = less.remove(at);
            check(&less);
            let mut more = frame.clone().into_bytes();
            more.insert(at, byte);
            check(&more);
        }
    }
}

#[test]
fn every_damaged_answer_is_refused_or_means_what_it_says() {
    let bodies = [
        (RestRequest::Series, fixtures::series("KXBTC15M")),
        (RestRequest::Market, format!(r#"{{"market":{}}}"#, fixtures::market("active"))),
        (RestRequest::Markets, format!(r#"{{"markets":[{}],"cursor":""}}"#, fixtures::market("closed"))),
        (
            RestRequest::Balance,
            r#"{"balance":1,"updated_ts":1795366800,"balance_breakdown":[{"exchange_index":2,"balance":"1.0000"}]}"#
                .to_owned(),
        ),
    ];
    for (request, body) in bodies {
        let mut rig = Rig::with_book();
        for end in 0..body.len() {
            assert_eq!(faults(&rig.rest(request, &body[..end])).len(), 1, "{}", &body[..end]);
        }
        let mut bytes = body.into_bytes();
        for at in 0..bytes.len() {
            let mut rig = Rig::with_book();
            for bit in 0..8 {
                bytes[at] ^= 1 << bit;
                rig.rest_with(request, 200, &bytes);
                bytes[at] ^= 1 << bit;
            }
        }
    }
}

/// One thing that may happen to a session.
#[derive(Clone, Debug)]
enum Turn {
    Frame { which: prop::sample::Index, at: prop::sample::Index, byte: Option<u8> },
    Noise(Vec<u8>),
    List(Vec<(u8, u8)>),
    Connect,
    Disconnect,
    Serve,
    Wait,
}

fn turn() -> impl Strategy<Value = Turn> {
    let frame =
        (any::<prop::sample::Index>(), any::<prop::sample::Index>(), proptest::option::weighted(0.3, any::<u8>()))
            .prop_map(|(which, at, byte)| Turn::Frame { which, at, byte });
    prop_oneof![
        8 => frame,
        1 => proptest::collection::vec(any::<u8>(), 0..64).prop_map(Turn::Noise),
        2 => proptest::collection::vec((0u8..40, 0u8..8), 0..12).prop_map(Turn::List),
        1 => Just(Turn::Connect),
        1 => Just(Turn::Disconnect),
        3 => Just(Turn::Serve),
        3 => Just(Turn::Wait),
    ]
}

/// Markets of many quarter hours in any status, each with its own times.
fn listed(row: (u8, u8)) -> String {
    let status = ["initialized", "active", "inactive", "closed", "determined", "disputed", "amended", "finalized"];
    let quarter = u64::from(row.0);
    let (hour, minute) = (17 + quarter / 4, quarter % 4 * 15);
    fixtures::market_of(
        &format!("KXBTC15M-Q{quarter}-00"),
        &format!("KXBTC15M-Q{quarter}"),
        &format!("2026-11-{:02}T{:02}:{minute:02}:00Z", 22 + hour / 24, hour % 24),
        &format!("2026-11-{:02}T{:02}:{:02}:59Z", 22 + hour / 24, hour % 24, minute + 14),
        &format!(r#","status":"{}""#, status[usize::from(row.1)]),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// The bench itself asserts: no panic, nothing beyond the declared worst case, deadlines ahead,
    /// books told in order.
    #[test]
    fn no_history_breaks_a_session(turns in proptest::collection::vec(turn(), 1..120)) {
        let known = frames();
        let mut rig = Rig::with_book();
        for turn in turns {
            match turn {
                Turn::Frame { which, at, byte } => {
                    let mut frame = which.get(&known).clone().into_bytes();
                    let place = at.index(frame.len());
                    frame[place] = byte.unwrap_or(frame[place]);
                    rig.frame(frame);
                }
                Turn::Noise(bytes) => drop(rig.frame(bytes)),
                Turn::List(rows) => drop(rig.list(&rows.into_iter().map(listed).collect::<Vec<_>>())),
                Turn::Connect => drop(rig.connect()),
                Turn::Disconnect => drop(rig.disconnect()),
                Turn::Serve => drop(rig.serve()),
                Turn::Wait if rig.session.next_deadline() < CLOSE.plus(86_400_000_000_000) => drop(rig.wait()),
                Turn::Wait => {}
            }
        }
    }
}
