//! The scanner beside a full parser: what it accepts means the same there.

use proptest::prelude::*;
use serde_json::{Map, Number, Value};
use trader_feeds::json::{Cursor, DEPTH_MAX, Read};
use trader_journal::event::FrameFault;

/// Reads a whole text into a value with the scanner's own pieces.
fn scanned(text: &[u8]) -> Read<Value> {
    let mut cursor = Cursor::new(text);
    let value = value(&mut cursor, DEPTH_MAX)?;
    cursor.end()?;
    Ok(value)
}

fn value(cursor: &mut Cursor<'_>, depth: u32) -> Read<Value> {
    let inside = depth.checked_sub(1).ok_or(FrameFault::Malformed)?;
    match cursor.peek() {
        Some(b'{') => {
            let mut map = Map::new();
            cursor.object(|key, cursor| {
                let key = String::from_utf8(key.to_vec()).map_err(|_| FrameFault::Malformed)?;
                map.insert(key, value(cursor, inside)?);
                Ok(())
            })?;
            Ok(Value::Object(map))
        }
        Some(b'[') => {
            let mut items = Vec::new();
            cursor.array(|cursor| {
                items.push(value(cursor, inside)?);
                Ok(())
            })?;
            Ok(Value::Array(items))
        }
        Some(b'"') => {
            let text = cursor.text()?;
            let mut room = vec![0; text.raw.len() + 4];
            let plain = if text.escaped { text.unescape(&mut room)? } else { text.raw };
            Ok(Value::String(String::from_utf8(plain.to_vec()).map_err(|_| FrameFault::Malformed)?))
        }
        Some(b't' | b'f') => cursor.boolean().map(Value::Bool),
        Some(b'n') => Ok(cursor.nullable(Cursor::boolean)?.map_or(Value::Null, Value::Bool)),
        _ => {
            let number: Number = serde_json::from_slice(cursor.number()?).map_err(|_| FrameFault::BadField)?;
            Ok(Value::Number(number))
        }
    }
}

fn skipped(text: &[u8]) -> Read<()> {
    let mut cursor = Cursor::new(text);
    cursor.skip()?;
    cursor.end()
}

/// Accepted here, accepted there with the same meaning. Text is checked for UTF-8 by the
/// WebSocket, so bytes that are none never get here.
fn agrees(text: &[u8]) -> Result<(), TestCaseError> {
    if std::str::from_utf8(text).is_err() {
        let _ = (skipped(text), scanned(text));
        return Ok(());
    }
    let parsed = serde_json::from_slice::<Value>(text);
    if let Ok(value) = scanned(text) {
        prop_assert_eq!(&value, parsed.as_ref().expect("scanned, so it parses"));
        prop_assert_eq!(skipped(text), Ok(()), "read in pieces, so it can be passed over");
    }
    if skipped(text).is_ok() {
        let lenient = parsed.is_ok()
            || parsed.is_err_and(|error| {
                let what = error.to_string();
                // The scanner leaves numbers and escapes as written: whoever wants the value checks it.
                what.contains("number out of range") || what.contains("surrogate") || what.contains("hex escape")
            });
        prop_assert!(lenient, "{}", String::from_utf8_lossy(text));
    }
    Ok(())
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e12f64..1e12).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[ -~]{0,24}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::Array),
            proptest::collection::btree_map("[a-z_]{0,12}", inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn every_value_is_read_as_it_was_written(value in json(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        prop_assert_eq!(skipped(text.as_bytes()), Ok(()));
        prop_assert_eq!(scanned(text.as_bytes()), Ok(serde_json::from_str::<Value>(&text).unwrap()));
    }

    #[test]
    fn damaged_text_is_never_read_otherwise(value in json(), at: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
        let mut text = serde_json::to_vec(&value).unwrap();
        agrees(&text[..cut.index(text.len() + 1)])?;
        let place = at.index(text.len());
        text[place] = byte;
        agrees(&text)?;
        text.remove(place);
        agrees(&text)?;
    }

    #[test]
    fn an_integer_is_what_the_parser_reads(text in prop_oneof!["[0-9]{1,22}", "[0-9]{7,9}[/:.e+-][0-9]{0,9}", any::<u64>().prop_map(|value| value.to_string())]) {
        let mut cursor = Cursor::new(text.as_bytes());
        let read = cursor.integer().and_then(|value| cursor.end().map(|()| value));
        prop_assert_eq!(read.ok(), serde_json::from_str::<u64>(&text).ok(), "{}", text);
    }

    #[test]
    fn noise_is_never_read_otherwise(text in r#"[\[\]{}:,"\\ntrue0-9eE.+\- ]{0,24}"#) {
        agrees(text.as_bytes())?;
    }
}

#[test]
fn what_is_not_json_is_refused() {
    for text in [
        "",
        " ",
        "{",
        "}",
        "[",
        "]",
        "{]",
        "[}",
        "{,}",
        "[,]",
        "[1,]",
        r#"{"a":1,}"#,
        r#"{"a"}"#,
        r#"{"a":}"#,
        "{a:1}",
        "01",
        "1.",
        ".5",
        "+1",
        "-",
        "1e",
        "1e+",
        "0x10",
        "NaN",
        "Infinity",
        "tru",
        "nul",
        "True",
        "'a'",
        "\"a",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\n\"",
        "\"\t\"",
        "1 2",
        "{} {}",
        "[1 2]",
        r#"{"a":1 "b":2}"#,
        r#"{"a" 1}"#,
    ] {
        assert!(skipped(text.as_bytes()).is_err(), "{text:?}");
        assert!(serde_json::from_str::<Value>(text).is_err(), "{text:?}");
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(skipped(nested(DEPTH_MAX as usize).as_bytes()), Ok(()));
    assert_eq!(skipped(nested(DEPTH_MAX as usize + 1).as_bytes()), Err(FrameFault::Malformed));
    assert_eq!(skipped("[".repeat(1 << 20).as_bytes()), Err(FrameFault::Malformed));
}

#[test]
fn escapes_are_undone() {
    let mut room = [0; 64];
    for (text, plain) in [
        (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r#""\u0041\u00e9\u20ac""#, "A\u{e9}\u{20ac}"),
        (r#""\ud83d\ude00""#, "\u{1f600}"),
    ] {
        let text = Cursor::new(text.as_bytes()).text().unwrap();
        assert_eq!(text.unescape(&mut room), Ok(plain.as_bytes()));
    }
    for half in [r#""\ud83d""#, r#""\ud83dx""#, r#""\ud83d\u0041""#, r#""\ude00""#] {
        let text = Cursor::new(half.as_bytes()).text().unwrap();
        assert_eq!(text.unescape(&mut room), Err(FrameFault::BadField), "{half}");
    }
    let long = format!("\"{}\\n\"", "x".repeat(64));
    assert_eq!(Cursor::new(long.as_bytes()).text().unwrap().unescape(&mut room), Err(FrameFault::TooLong));
}
