//! Times as the venues write them, read as [`Nanos`] with integers only.

use trader_journal::units::Nanos;

/// Unix times from here on are microseconds: in milliseconds this would be the year 5138.
const MICROS_FROM: u64 = 100_000_000_000_000;

/// Reads Unix milliseconds or microseconds, told apart by their size; `None` on overflow.
#[must_use]
pub const fn from_millis_or_micros(units: u64) -> Option<Nanos> {
    let scale = if units >= MICROS_FROM { 1_000 } else { Nanos::MILLI };
    match units.checked_mul(scale) {
        Some(nanos) => Some(Nanos(nanos)),
        None => None,
    }
}

/// Reads an RFC 3339 time (`2026-08-17T04:45:00.707862Z`, `…+02:00`) from 1970 on.
///
/// Up to nine decimals of a second; `None` for anything else, leap seconds included.
#[must_use]
pub fn from_rfc3339(text: &[u8]) -> Option<Nanos> {
    let (date_time, rest) = text.split_at_checked(19)?;
    let seconds = seconds_of(date_time)?;
    let (nanos, zone) = fraction(rest)?;
    let utc = seconds.checked_sub(offset_seconds(zone)?)?;
    u64::try_from(utc).ok()?.checked_mul(Nanos::SECOND)?.checked_add(nanos).map(Nanos)
}

/// Seconds since the epoch of `YYYY-MM-DDThh:mm:ss`.
fn seconds_of(text: &[u8]) -> Option<i64> {
    let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if marks.iter().any(|(at, mark)| text[*at] != *mark) || !matches!(text[10], b'T' | b't' | b' ') {
        return None;
    }
    let year = number(&text[0..4])?;
    let month = number(&text[5..7]).filter(|month| (1..=12).contains(month))?;
    let day = number(&text[8..10]).filter(|day| (1..=days_in(year, month)).contains(day))?;
    let time = clock_seconds(&text[11..19])?;
    Some(days_since_epoch(year, month, day) * 86_400 + time)
}

/// Seconds since midnight of `hh:mm:ss`, the colons already seen.
fn clock_seconds(text: &[u8]) -> Option<i64> {
    let hour = number(&text[0..2]).filter(|hour| *hour < 24)?;
    let minute = number(&text[3..5]).filter(|minute| *minute < 60)?;
    let second = number(&text[6..8]).filter(|second| *second < 60)?;
    Some(hour * 3_600 + minute * 60 + second)
}

/// Nanoseconds of `.707862`, if that is there, and what follows.
fn fraction(text: &[u8]) -> Option<(u64, &[u8])> {
    let Some(decimals) = text.strip_prefix(b".") else { return Some((0, text)) };
    let places = decimals.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let digits = decimals.get(..places).filter(|digits| (1..=9).contains(&digits.len()))?;
    let scale = 10u64.pow(9 - places as u32);
    Some((number(digits)?.unsigned_abs() * scale, &decimals[places..]))
}

fn offset_seconds(zone: &[u8]) -> Option<i64> {
    if matches!(zone, b"Z" | b"z") {
        return Some(0);
    }
    let [sign @ (b'+' | b'-'), a, b, b':', c, d] = zone else { return None };
    let seconds = number(&[*a, *b])? * 3_600 + number(&[*c, *d]).filter(|minutes| *minutes < 60)? * 60;
    Some(if *sign == b'-' { -seconds } else { seconds })
}

fn number(digits: &[u8]) -> Option<i64> {
    crate::json::digits(digits).and_then(|value| i64::try_from(value).ok())
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01, counting years from March so that the leap day is the last
/// (H. Hinnant, chrono-compatible low-level date algorithms, `days_from_civil`).
const fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}
