//! Quantities out of JSON values: the readers every message shares.

use crate::json::{Cursor, Read, leading_digits};
use crate::time;
use trader_journal::event::{ClientId, FrameFault, Uuid};
use trader_journal::units::{Count, DecimalError, Money, Nanos, Price, parse_decimal};

/// Decimals a venue may send where only a measurement is meant; Kalshi's averages have eight.
const DECIMALS_MAX: usize = 18;

#[inline]
pub(crate) fn price(cursor: &mut Cursor<'_>) -> Read<Price> {
    price_of(cursor.plain()?).ok_or(FrameFault::BadField)
}

#[inline]
pub(crate) fn count(cursor: &mut Cursor<'_>) -> Read<Count> {
    count_of(cursor.plain()?).ok_or(FrameFault::BadField)
}

/// The venue writes prices as `0.1234`; any other form takes the general way.
#[inline]
pub(crate) fn price_of(text: &[u8]) -> Option<Price> {
    if let [b'0', b'.', a, b, c, d] = *text
        && let [a @ 0..=9, b @ 0..=9, c @ 0..=9, d @ 0..=9] = [a, b, c, d].map(|byte| byte.wrapping_sub(b'0'))
    {
        return Some(Price([a, b, c, d].into_iter().fold(0, |value, digit| value * 10 + u16::from(digit))));
    }
    Price::parse(text).ok()
}

/// The venue writes counts as `12.34`; any other form takes the general way.
#[inline]
pub(crate) fn count_of(text: &[u8]) -> Option<Count> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        digits => (1, digits),
    };
    match plain_count(digits) {
        Some((count, used)) if used == digits.len() => Some(Count(sign * count.0)),
        _ => Count::parse(text).ok(),
    }
}

/// A count of at most sixteen digits before the point and two behind it, and the bytes it takes.
#[inline]
pub(crate) fn plain_count(text: &[u8]) -> Option<(Count, usize)> {
    let (whole, used) = leading_digits(text).filter(|(_, used)| *used <= 16)?;
    let [b'.', tenths, hundredths, ..] = text[used..] else { return None };
    let [tenths @ 0..=9, hundredths @ 0..=9] = [tenths, hundredths].map(|byte| byte.wrapping_sub(b'0')) else {
        return None;
    };
    let units = whole * 100 + u64::from(tenths) * 10 + u64::from(hundredths);
    Some((Count(units.cast_signed()), used + 3))
}

/// A count that is a size: not negative.
pub(crate) fn size(cursor: &mut Cursor<'_>) -> Read<Count> {
    count(cursor).and_then(|count| if count.0 < 0 { Err(FrameFault::BadField) } else { Ok(count) })
}

/// An amount that must be held exactly, as a string.
pub(crate) fn money(cursor: &mut Cursor<'_>) -> Read<Money> {
    Money::parse(cursor.plain()?).map_err(|_| FrameFault::BadField)
}

/// An amount that must be held exactly, as a number or a string: strikes come as numbers.
pub(crate) fn amount(cursor: &mut Cursor<'_>) -> Read<Money> {
    Money::parse(cursor.decimal()?).map_err(|_| FrameFault::BadField)
}

/// A measured amount, as a string: decimals beyond the sixth are rounded.
pub(crate) fn measurement(cursor: &mut Cursor<'_>) -> Read<Money> {
    rounded(cursor.plain()?).map_err(|_| FrameFault::BadField)
}

pub(crate) fn uuid(cursor: &mut Cursor<'_>) -> Read<Uuid> {
    Uuid::parse(cursor.plain()?).ok_or(FrameFault::BadField)
}

/// A price of something: more than nothing, as a string.
pub(crate) fn positive(cursor: &mut Cursor<'_>) -> Read<Money> {
    money(cursor).and_then(|money| if money.0 > 0 { Ok(money) } else { Err(FrameFault::BadField) })
}

/// A number with at most eight decimals, as a string, in 1e-8.
pub(crate) fn signed_e8(cursor: &mut Cursor<'_>) -> Read<i64> {
    parse_decimal(cursor.plain()?, 8).map_err(|_| FrameFault::BadField)
}

/// A size of the base asset in 1e-8: not negative.
pub(crate) fn quantity_e8(cursor: &mut Cursor<'_>) -> Read<u64> {
    u64::try_from(signed_e8(cursor)?).map_err(|_| FrameFault::BadField)
}

/// Our identifier of an order; somebody else's may be any text.
pub(crate) fn client_id(cursor: &mut Cursor<'_>) -> Read<ClientId> {
    let text = cursor.text()?;
    Ok(ClientId::parse(text.raw).unwrap_or(ClientId::FOREIGN))
}

#[inline]
pub(crate) fn millis(cursor: &mut Cursor<'_>) -> Read<Nanos> {
    Nanos::from_millis(cursor.integer()?).ok_or(FrameFault::BadField)
}

pub(crate) fn seconds(cursor: &mut Cursor<'_>) -> Read<Nanos> {
    Nanos::from_seconds(cursor.integer()?).ok_or(FrameFault::BadField)
}

pub(crate) fn rfc3339(cursor: &mut Cursor<'_>) -> Read<Nanos> {
    time::from_rfc3339(cursor.plain()?).ok_or(FrameFault::BadField)
}

pub(crate) fn int32(cursor: &mut Cursor<'_>) -> Read<u32> {
    u32::try_from(cursor.integer()?).map_err(|_| FrameFault::BadField)
}

/// Dollars to the nearest $0.000001, halves away from zero.
pub(crate) fn rounded(text: &[u8]) -> Result<Money, DecimalError> {
    let point = text.iter().position(|byte| *byte == b'.').unwrap_or(text.len());
    let kept = text.len().min(point + 7);
    let (head, tail) = text.split_at(kept);
    if tail.len() > DECIMALS_MAX || !tail.iter().all(u8::is_ascii_digit) {
        return Err(DecimalError::NotANumber);
    }
    let units = parse_decimal(head, 6)?;
    let up = i64::from(tail.first().is_some_and(|digit| *digit >= b'5'));
    let away = if text.first() == Some(&b'-') { -up } else { up };
    units.checked_add(away).map(Money).ok_or(DecimalError::OutOfRange)
}
