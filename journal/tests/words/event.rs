//! The event list: numbers and layouts are for ever, bytes that are no event are refused.

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use trader_journal::book::Side;
use trader_journal::event::{
    Account, AccountList, Agent, BookFault, CancelReason, Event, Feed, FeedState, FrameFault, Gate, Interval,
    LifecycleKind, Mode, OperatorVerb, OrderStatus, Outcome, ReconcileReason, RejectReason, Ring, SelfTrade,
    SeriesMode, SizedBy, StrikeKind, Style, TimeInForce, UnknownReason, UpdateReason, Zero,
};
use trader_journal::units::Nanos;
use zerocopy::TryFromBytes;

type Bytes = [u8; 56];

/// Every number that is an event's. All-zero fields are valid in each of them.
fn numbers() -> Vec<u16> {
    (0..=u16::MAX).filter(|number| Event::from_bytes(&zeroed(*number)).is_some()).collect()
}

fn zeroed(number: u16) -> Bytes {
    let mut bytes = [0; 56];
    bytes[..2].copy_from_slice(&number.to_le_bytes());
    bytes
}

fn with(bytes: &Bytes, at: usize, value: u8) -> Bytes {
    let mut changed = *bytes;
    changed[at] = value;
    changed
}

/// The event of this number whose bytes are `wanted` where they may be, the rest of a division of
/// them where they are a word's, and zero where they are padding.
fn event_like(number: u16, wanted: &Bytes) -> Event {
    let mut bytes = zeroed(number);
    for (at, wanted) in wanted.iter().enumerate().skip(2) {
        let tried = [256u16, 32, 8, 4, 2].map(|words| with(&bytes, at, (u16::from(*wanted) % words) as u8));
        bytes = tried.into_iter().find(|tried| Event::from_bytes(tried).is_some()).unwrap_or(bytes);
    }
    Event::from_bytes(&bytes).unwrap()
}

/// The fields of an event as its `Debug` tells them: the variant's name, then name and value of each.
fn told(event: &Event) -> (String, Vec<(String, String)>) {
    let text = format!("{event:?}");
    let (name, body) = text.split_once(" { ").unwrap();
    let mut fields: Vec<String> = vec![String::new()];
    let mut depth = 0;
    for character in body.strip_suffix(" }").unwrap().chars() {
        match character {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth -= 1,
            _ => {}
        }
        if character == ',' && depth == 0 {
            fields.push(String::new());
        } else if let Some(field) = fields.last_mut() {
            field.push(character);
        }
    }
    let pair = |field: String| {
        let (name, value) =
            field.trim().split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();
        (name, value)
    };
    (name.to_owned(), fields.into_iter().map(pair).collect())
}

/// The bytes each field lies in, found by changing one byte after the other.
fn layout(number: u16) -> (String, BTreeMap<String, BTreeSet<usize>>) {
    let (name, zero) = told(&Event::from_bytes(&zeroed(number)).unwrap());
    let mut fields: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for at in 2..56 {
        let Some(changed) = Event::from_bytes(&with(&zeroed(number), at, 1)) else { continue };
        let (_, changed) = told(&changed);
        let differing: Vec<_> = zero.iter().zip(&changed).filter(|(before, after)| before != after).collect();
        assert_eq!(differing.len(), 1, "{name}: byte {at} changes {differing:?}");
        fields.entry(differing[0].0.0.clone()).or_default().insert(at);
    }
    (name, fields)
}

fn layout_row(number: u16) -> String {
    let (name, fields) = layout(number);
    let mut places: Vec<_> = fields.into_iter().map(|(field, bytes)| (*bytes.first().unwrap(), bytes, field)).collect();
    places.sort();
    let places = places.into_iter().map(|(start, bytes, field)| {
        assert_eq!(*bytes.last().unwrap() + 1 - start, bytes.len(), "{name}: {field} lies in one piece");
        format!("{field} {start}+{}", bytes.len())
    });
    format!("{number} {name}: {}", places.collect::<Vec<_>>().join(", "))
}

fn rows(golden: &str) -> Vec<&str> {
    golden.lines().filter(|row| !row.is_empty() && !row.starts_with('#')).collect()
}

/// Every row that is kept is still true, and every row that is true is kept.
fn assert_kept(golden: &str, now: &[String]) {
    let kept = rows(golden);
    for row in &kept {
        assert!(now.iter().any(|now| now == row), "changed or gone, though journals hold it for ever:\n{row}");
    }
    let new: Vec<_> = now.iter().filter(|row| !kept.contains(&row.as_str())).cloned().collect();
    assert!(new.is_empty(), "append to the table, if the numbers are new ones:\n{}", new.join("\n"));
    assert_eq!(kept.len(), now.len(), "a row is kept twice");
}

#[test]
fn an_event_is_56_bytes_on_an_8_byte_border() {
    assert_eq!((size_of::<Event>(), align_of::<Event>()), (56, 8));
}

#[test]
fn numbers_and_layouts_of_events_are_kept_for_ever() {
    let now: Vec<_> = numbers().into_iter().map(layout_row).collect();
    assert_kept(include_str!("golden_events.txt"), &now);
}

/// One word list: its values by number, as every byte that can be read tells them.
fn list<T: TryFromBytes + Copy + Debug + PartialEq>(name: &str, all: &[T], word: impl Fn(T) -> String) -> Vec<String> {
    let read: Vec<T> = (0..=u8::MAX).map_while(|number| T::try_read_from_bytes(&[number]).ok()).collect();
    assert_eq!(read, all, "{name}: numbers rise from 0 without a gap, and ALL has them in that order");
    assert!((read.len()..256).all(|number| T::try_read_from_bytes(&[number as u8]).is_err()), "{name}");
    let words: BTreeSet<_> = all.iter().map(|value| word(*value)).collect();
    assert_eq!(words.len(), all.len(), "{name}: no word is there twice");
    (0..).zip(all).map(|(number, value)| format!("{name} {number} {value:?} {}", word(*value))).collect()
}

macro_rules! lists {
    ($($name:ident)+) => { [$(list(stringify!($name), $name::ALL, |value| value.word().to_owned()),)+] };
}

fn word_rows() -> Vec<String> {
    let lists = lists! {
        Mode SeriesMode StrikeKind LifecycleKind Outcome Feed FeedState BookFault FrameFault Interval TimeInForce
        SelfTrade OrderStatus RejectReason UnknownReason UpdateReason CancelReason Style OperatorVerb SizedBy Gate
        Account AccountList ReconcileReason
    };
    let mut rows: Vec<_> = lists.into_iter().flatten().collect();
    rows.extend(list("Side", Side::ALL, |side| format!("{side:?}")));
    rows.extend(list("Agent", &Agent::ALL, |agent| format!("{agent:?}")));
    rows.extend(list("Ring", &Ring::ALL, |ring| format!("{ring:?}")));
    rows
}

#[test]
fn numbers_of_words_are_kept_for_ever() {
    assert_kept(include_str!("golden_words.txt"), &word_rows());
}

#[test]
fn no_word_list_is_left_out_of_the_table() {
    let source = include_str!("../../src/event/words.rs");
    let lists = source.split("words! {\n").skip(1).filter_map(|list| {
        let head = list.lines().map(str::trim).find(|line| !line.starts_with("///"))?;
        head.strip_suffix(" {")
    });
    let rows = word_rows();
    let lists: Vec<_> = lists.filter(|list| !list.contains('$')).collect();
    assert_eq!(lists.len(), 24, "{lists:?}");
    for list in lists {
        assert!(rows.iter().any(|row| row.starts_with(&format!("{list} 0 "))), "{list}");
    }
}

#[test]
fn agents_and_rings_are_found_by_their_numbers() {
    for number in 0..=u8::MAX {
        assert_eq!(Agent::from_stream(number), Agent::try_read_from_bytes(&[number]).ok());
        assert_eq!(Ring::from_number(number), Ring::try_read_from_bytes(&[number]).ok());
    }
    assert!(Zero::try_read_from_bytes(&[0]).is_ok() && Zero::try_read_from_bytes(&[1]).is_err());
}

/// What may stand in one byte of an event.
#[derive(Debug, PartialEq)]
enum Admits {
    Anything,
    /// A word of a list of this many.
    Words(usize),
    Zero,
}

fn admits(event: &Bytes, at: usize) -> Admits {
    let accepted: Vec<_> =
        (0..=u8::MAX).filter(|value| Event::from_bytes(&with(event, at, *value)).is_some()).collect();
    assert!(
        (0..=u8::MAX).zip(&accepted).all(|(expected, value)| expected == *value),
        "byte {at} of {event:?} admits a gap"
    );
    match accepted.len() {
        256 => Admits::Anything,
        1 => Admits::Zero,
        words => Admits::Words(words),
    }
}

#[test]
fn an_altered_byte_is_refused_or_another_event_and_padding_is_always_refused() {
    let (mut zeros, mut words) = (0, 0);
    for number in numbers() {
        let (_, fields) = layout(number);
        let named: BTreeSet<_> = fields.into_values().flatten().collect();
        let event = event_like(number, &std::array::from_fn(|at| at as u8 * 3 + 1));
        let bytes = event.to_bytes();
        for at in 2..56 {
            match admits(&bytes, at) {
                Admits::Zero => zeros += usize::from(!named.contains(&at)),
                Admits::Words(_) => words += 1,
                Admits::Anything => {}
            }
            assert_eq!(named.contains(&at), admits(&zeroed(number), at) != Admits::Zero, "{event:?}: byte {at}");
        }
        for (at, value) in (0..56).flat_map(|at| (0..=u8::MAX).map(move |value| (at, value))) {
            let altered = with(&bytes, at, value);
            match Event::from_bytes(&altered) {
                Some(other) => assert_eq!((other == event, other.to_bytes()), (altered == bytes, altered)),
                None => assert_ne!(altered, bytes),
            }
        }
    }
    assert!(zeros > 600 && words > 40, "{zeros} bytes of padding, {words} words");
}

/// Any event at all: every value of every field can come up.
fn any_event() -> impl Strategy<Value = Event> {
    let bytes = proptest::array::uniform::<_, 56>(any::<u8>());
    (proptest::sample::select(numbers()), bytes).prop_map(|(number, bytes)| event_like(number, &bytes))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn an_event_is_the_same_after_a_trip_through_bytes(event in any_event()) {
        let bytes = event.to_bytes();
        prop_assert_eq!(Event::from_bytes(&bytes), Some(event));
        prop_assert_eq!(event.number(), u16::from_le_bytes([bytes[0], bytes[1]]));
    }

    #[test]
    fn bytes_that_are_read_are_written_back(bytes in proptest::array::uniform::<_, 56>(any::<u8>()), number in 0u16..96) {
        let bytes: Bytes = std::array::from_fn(|at| if at < 2 { number.to_le_bytes()[at] } else { bytes[at] });
        if let Some(event) = Event::from_bytes(&bytes) {
            prop_assert_eq!(event.to_bytes(), bytes);
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_time_of_an_event_is_its_field_ts(time: u64) {
        for number in numbers() {
            let mut bytes = [0; 56];
            bytes[8..16].copy_from_slice(&time.to_le_bytes());
            let event = event_like(number, &bytes);
            let (name, fields) = told(&event);
            let ts = fields.into_iter().find(|(field, _)| field == "ts").map(|(_, value)| value);
            prop_assert_eq!(ts, Some(format!("Nanos({time})")), "{}", name);
            prop_assert_eq!(event.ts(), Nanos(time));
        }
    }
}

#[test]
fn a_feed_publishes_to_those_who_need_it_and_nobody_hears_what_is_only_said() {
    let mut heard = BTreeMap::new();
    for number in numbers() {
        let event = Event::from_bytes(&zeroed(number)).unwrap();
        heard.entry((event.hearers().pricing, event.hearers().exec)).or_insert_with(Vec::new).push(number);
    }
    assert_eq!(heard[&(true, true)], [10, 11, 12, 13, 14, 15, 26]);
    assert_eq!(heard[&(true, false)], [20, 21, 22, 23, 24, 25, 30, 31, 32, 33]);
    assert_eq!(heard[&(false, true)], [76, 77, 78, 79, 80, 81, 82]);
}
