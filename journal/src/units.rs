//! The four quantities everything else is said in, as integers with checked arithmetic.
//!
//! | type | one unit | range used |
//! |---|---|---|
//! | [`Price`] | $0.0001 per contract | 0 ..= 10 000 |
//! | [`Count`] | 0.01 contract | signed; sizes are never negative |
//! | [`Money`] | $0.000001 | signed; also the price of one bitcoin |
//! | [`Nanos`] | 1 ns since the Unix epoch, UTC | |
//!
//! `Price × Count` is exact in [`Money`]: $0.0001 × 0.01 contract = $0.000001.
//! People read cents and contracts; conversion happens at the edge only.

use core::fmt;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// A contract price in $0.0001, quoted for the YES side unless a name says otherwise.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
#[repr(transparent)]
pub struct Price(pub u16);

impl Price {
    /// $0: never a legal order price.
    pub const ZERO: Price = Price(0);
    /// $1: the payout of one winning contract.
    pub const ONE: Price = Price(10_000);

    /// The price of the same contract seen from the other side: `$1 − price`.
    ///
    /// # Panics
    /// If the price is above [`Price::ONE`], which no parser lets through.
    #[must_use]
    pub const fn complement(self) -> Price {
        Price(Self::ONE.0 - self.0)
    }

    /// From whole cents; `None` above 100.
    #[must_use]
    pub const fn from_cents(cents: u16) -> Option<Price> {
        if cents <= 100 { Some(Price(cents * 100)) } else { None }
    }

    /// Price moved by `delta` units, or `None` outside 0 ..= 10 000.
    #[must_use]
    pub const fn checked_add(self, delta: i32) -> Option<Price> {
        let moved = self.0 as i32 + delta;
        if moved >= 0 && moved <= Self::ONE.0 as i32 { Some(Price(moved as u16)) } else { None }
    }

    /// What `count` contracts cost at this price, exactly; `None` on overflow.
    #[must_use]
    pub const fn notional(self, count: Count) -> Option<Money> {
        match count.0.checked_mul(self.0 as i64) {
            Some(units) => Some(Money(units)),
            None => None,
        }
    }
}

impl fmt::Display for Price {
    /// Dollars with four decimals: the form the venue's wire uses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:04}", self.0 / 10_000, self.0 % 10_000)
    }
}

/// A number of contracts in 0.01 contract. Sizes are ≥ 0; positions and changes are signed.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
#[repr(transparent)]
pub struct Count(pub i64);

impl Count {
    /// No contracts.
    pub const ZERO: Count = Count(0);

    /// From whole contracts; `None` on overflow.
    #[must_use]
    pub const fn from_contracts(contracts: i64) -> Option<Count> {
        match contracts.checked_mul(100) {
            Some(units) => Some(Count(units)),
            None => None,
        }
    }

    /// Sum, or `None` on overflow.
    #[must_use]
    pub const fn checked_add(self, other: Count) -> Option<Count> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Count(sum)),
            None => None,
        }
    }

    /// Difference, or `None` on overflow.
    #[must_use]
    pub const fn checked_sub(self, other: Count) -> Option<Count> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Count(difference)),
            None => None,
        }
    }

    /// What these contracts pay if they win: $1 each; `None` on overflow.
    #[must_use]
    pub const fn payout(self) -> Option<Money> {
        Price::ONE.notional(self)
    }
}

impl fmt::Display for Count {
    /// Contracts with two decimals: the form the venue's wire uses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fixed(f, self.0, 100, 2)
    }
}

/// US dollars in $0.000001: cash, fees, strikes, the index, the price of one bitcoin.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
#[repr(transparent)]
pub struct Money(pub i64);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);
    /// One dollar.
    pub const DOLLAR: Money = Money(1_000_000);
    /// One cent.
    pub const CENT: Money = Money(10_000);

    /// From whole dollars; `None` on overflow.
    #[must_use]
    pub const fn from_dollars(dollars: i64) -> Option<Money> {
        match dollars.checked_mul(Self::DOLLAR.0) {
            Some(units) => Some(Money(units)),
            None => None,
        }
    }

    /// Sum, or `None` on overflow.
    #[must_use]
    pub const fn checked_add(self, other: Money) -> Option<Money> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Money(sum)),
            None => None,
        }
    }

    /// Difference, or `None` on overflow.
    #[must_use]
    pub const fn checked_sub(self, other: Money) -> Option<Money> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Money(difference)),
            None => None,
        }
    }
}

impl fmt::Display for Money {
    /// Dollars with six decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fixed(f, self.0, 1_000_000, 6)
    }
}

/// Nanoseconds since the Unix epoch, UTC. Stages only ever see it as an event's stamp.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
#[repr(transparent)]
pub struct Nanos(pub u64);

impl Nanos {
    /// One second.
    pub const SECOND: u64 = 1_000_000_000;
    /// One millisecond.
    pub const MILLI: u64 = 1_000_000;
    /// The end of time: a deadline that never comes.
    pub const NEVER: Nanos = Nanos(u64::MAX);

    /// From Unix milliseconds; `None` on overflow.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Option<Nanos> {
        match millis.checked_mul(Self::MILLI) {
            Some(nanos) => Some(Nanos(nanos)),
            None => None,
        }
    }

    /// From Unix seconds; `None` on overflow.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Option<Nanos> {
        match seconds.checked_mul(Self::SECOND) {
            Some(nanos) => Some(Nanos(nanos)),
            None => None,
        }
    }

    /// Whole milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0 / Self::MILLI
    }

    /// Whole seconds since the epoch.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0 / Self::SECOND
    }

    /// This instant moved later by `nanos`, stopping at [`Nanos::NEVER`].
    #[must_use]
    pub const fn plus(self, nanos: u64) -> Nanos {
        Nanos(self.0.saturating_add(nanos))
    }

    /// This instant moved earlier by `nanos`, stopping at the epoch.
    #[must_use]
    pub const fn minus(self, nanos: u64) -> Nanos {
        Nanos(self.0.saturating_sub(nanos))
    }

    /// Nanoseconds from `earlier` to here; 0 when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Nanos) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Writes `units` as a decimal with `decimals` places, `scale` = 10^decimals.
fn write_fixed(f: &mut fmt::Formatter<'_>, units: i64, scale: u64, decimals: usize) -> fmt::Result {
    let magnitude = units.unsigned_abs();
    let sign = if units < 0 { "-" } else { "" };
    write!(f, "{sign}{}.{:0decimals$}", magnitude / scale, magnitude % scale)
}

/// Why a decimal text is not a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalError {
    /// Nothing, a sign alone, or a character that is not a digit: reject the message.
    NotANumber,
    /// More non-zero decimals than the quantity has: the value cannot be held exactly.
    TooFine,
    /// Outside the quantity's range.
    OutOfRange,
}

/// Reads a plain decimal (`-12.340`) as an integer of `10^-decimals` units.
///
/// No exponent, no leading `+`, no spaces, no thousands separators: what a venue
/// sends is either this or refused. Zeros beyond `decimals` are accepted.
///
/// # Errors
/// [`DecimalError`] names what is wrong with the text.
pub const fn parse_decimal(text: &[u8], decimals: u32) -> Result<i64, DecimalError> {
    let negative = matches!(text.first(), Some(b'-'));
    let mut at = if negative { 1 } else { 0 };
    let mut value: i64 = 0;
    let mut digits = 0;
    let mut places = 0;
    let mut after_point = false;
    while at < text.len() {
        let byte = text[at];
        at += 1;
        if byte == b'.' && !after_point && digits > 0 {
            after_point = true;
            continue;
        }
        if !byte.is_ascii_digit() {
            return Err(DecimalError::NotANumber);
        }
        digits += 1;
        if after_point && places == decimals {
            if byte != b'0' {
                return Err(DecimalError::TooFine);
            }
            continue;
        }
        if after_point {
            places += 1;
        }
        value = match push_digit(value, byte) {
            Some(longer) => longer,
            None => return Err(DecimalError::OutOfRange),
        };
    }
    if digits == 0 || matches!(text.last(), Some(b'.')) {
        return Err(DecimalError::NotANumber);
    }
    while places < decimals {
        value = match value.checked_mul(10) {
            Some(scaled) => scaled,
            None => return Err(DecimalError::OutOfRange),
        };
        places += 1;
    }
    Ok(if negative { -value } else { value })
}

const fn push_digit(value: i64, byte: u8) -> Option<i64> {
    match value.checked_mul(10) {
        Some(shifted) => shifted.checked_add((byte - b'0') as i64),
        None => None,
    }
}

impl Price {
    /// Reads a price in dollars (`"0.4800"`), at most four decimals, within [0, 1].
    ///
    /// # Errors
    /// [`DecimalError`] names what is wrong with the text.
    pub const fn parse(text: &[u8]) -> Result<Price, DecimalError> {
        match parse_decimal(text, 4) {
            Ok(units) if units >= 0 && units <= 10_000 => Ok(Price(units as u16)),
            Ok(_) => Err(DecimalError::OutOfRange),
            Err(error) => Err(error),
        }
    }
}

impl Count {
    /// Reads a number of contracts (`"-54.00"`), at most two decimals, signed.
    ///
    /// # Errors
    /// [`DecimalError`] names what is wrong with the text.
    pub const fn parse(text: &[u8]) -> Result<Count, DecimalError> {
        match parse_decimal(text, 2) {
            Ok(units) => Ok(Count(units)),
            Err(error) => Err(error),
        }
    }
}

impl Money {
    /// Reads dollars (`"85850.67"`), at most six decimals, signed.
    ///
    /// # Errors
    /// [`DecimalError`] names what is wrong with the text.
    pub const fn parse(text: &[u8]) -> Result<Money, DecimalError> {
        match parse_decimal(text, 6) {
            Ok(units) => Ok(Money(units)),
            Err(error) => Err(error),
        }
    }
}
