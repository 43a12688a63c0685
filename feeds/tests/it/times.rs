//! Times against a second opinion and by hand.

use proptest::prelude::*;
use trader_feeds::time::{from_millis_or_micros, from_rfc3339};
use trader_journal::units::Nanos;

#[test]
fn written_times_are_read() {
    for (text, nanos) in [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-22T17:15:00Z", 1_795_367_700_000_000_000),
        ("2026-11-22T17:15:00.1Z", 1_795_367_700_100_000_000),
        ("2026-11-22T17:15:00.123456789Z", 1_795_367_700_123_456_789),
        ("2026-11-22T12:15:00-05:00", 1_795_367_700_000_000_000),
        ("2026-11-22t18:45:00+01:30", 1_795_367_700_000_000_000),
        ("2024-02-29T23:59:59Z", 1_709_251_199_000_000_000),
    ] {
        assert_eq!(from_rfc3339(text.as_bytes()), Some(Nanos(nanos)), "{text}");
    }
}

#[test]
fn what_is_no_time_is_not_read() {
    for text in [
        "",
        "2026-11-22",
        "2026-11-22T17:15:00",
        "2026-11-22T17:15Z",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T17:60:00Z",
        "2026-11-22T17:15:60Z",
        "2026-11-22T17:15:00.Z",
        "2026-11-22T17:15:00.1234567890Z",
        "2026-11-22T17:15:00+0100",
        "2026-11-22T17:15:00Zx",
        "1969-12-31T23:59:59Z",
        "9999-12-31T23:59:59Z",
    ] {
        assert_eq!(from_rfc3339(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn milliseconds_and_microseconds_are_told_apart_by_size() {
    assert_eq!(from_millis_or_micros(1_795_367_700_123), Some(Nanos(1_795_367_700_123_000_000)));
    assert_eq!(from_millis_or_micros(1_795_367_700_123_456), Some(Nanos(1_795_367_700_123_456_000)));
    assert_eq!(from_millis_or_micros(u64::MAX), None);
}

proptest! {
    /// Day by day from the epoch with the calendar's own rules.
    #[test]
    fn every_day_is_the_one_after_the_day_before(days in 0u32..60_000, second in 0u64..86_400) {
        let (mut year, mut left) = (1970, days);
        let leap = |year: u32| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        while left >= if leap(year) { 366 } else { 365 } {
            left -= if leap(year) { 366 } else { 365 };
            year += 1;
        }
        let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let mut month = 0;
        while left >= lengths[month] {
            left -= lengths[month];
            month += 1;
        }
        let (hour, minute, rest) = (second / 3600, second / 60 % 60, second % 60);
        let text = format!("{year:04}-{:02}-{:02}T{hour:02}:{minute:02}:{rest:02}Z", month + 1, left + 1);
        let expected = Nanos((u64::from(days) * 86_400 + second) * Nanos::SECOND);
        prop_assert_eq!(from_rfc3339(text.as_bytes()), Some(expected));
    }

    #[test]
    fn no_text_panics(text in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = from_rfc3339(&text);
    }
}
