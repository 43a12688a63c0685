//! Sums of money that stop at the ends of the range instead of wrapping: what comes in is
//! bounded at the door, so the ends are out of reach, and no event can make the stage panic.

use trader_journal::units::{Count, Money};

pub(crate) const fn add(a: Money, b: Money) -> Money {
    Money(a.0.saturating_add(b.0))
}

pub(crate) const fn sub(a: Money, b: Money) -> Money {
    Money(a.0.saturating_sub(b.0))
}

pub(crate) fn total(amounts: impl Iterator<Item = Money>) -> Money {
    amounts.fold(Money::ZERO, add)
}

/// What `count` contracts pay when they win; the largest amount where that does not fit.
pub(crate) const fn payout(count: Count) -> Money {
    match count.payout() {
        Some(payout) => payout,
        None => Money(i64::MAX),
    }
}

/// `amount × part ÷ whole`, down, for `whole` > 0 and `part` ≤ `whole`.
pub(crate) fn share(amount: Money, part: Count, whole: Count) -> Money {
    let scaled = i128::from(amount.0) * i128::from(part.0) / i128::from(whole.0.max(1));
    Money(i64::try_from(scaled).unwrap_or(amount.0))
}
