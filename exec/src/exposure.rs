//! The worst a market can cost us, by two corners.
//!
//! A binary market ends YES or NO. Against a YES outcome the adversary fills the orders that
//! buy NO and leaves the others; against NO, the other way round. No other choice of fills
//! is worse, so two sums are the whole search.

use crate::money::{add, payout, sub};
use trader_journal::book::Side;
use trader_journal::fee::{Execution, FeeSchedule, Role};
use trader_journal::units::{Count, Money, Price};

/// What a market has lost by its end, for each outcome; negative is a gain. Over the market's
/// whole life, fees included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Corners {
    /// If YES wins.
    pub if_yes: Money,
    /// If NO wins.
    pub if_no: Money,
}

impl Corners {
    /// Of `yes` and `no` contracts bought for `paid` in all.
    #[must_use]
    pub fn held(paid: Money, yes: Count, no: Count) -> Corners {
        Corners { if_yes: sub(paid, payout(yes)), if_no: sub(paid, payout(no)) }
    }

    /// With one more order that may be filled for `cost`, or not at all.
    ///
    /// Where its contracts win, a fill hurts only if fees eat more than the gain.
    #[must_use]
    pub fn with(self, side: Side, cost: Money, count: Count) -> Corners {
        let when_won = Money(sub(cost, payout(count)).0.max(0));
        match side {
            Side::Bid => Corners { if_yes: add(self.if_yes, when_won), if_no: add(self.if_no, cost) },
            Side::Ask => Corners { if_yes: add(self.if_yes, cost), if_no: add(self.if_no, when_won) },
        }
    }

    /// The loss if what `side` buys loses.
    #[must_use]
    pub const fn when_lost(self, side: Side) -> Money {
        match side {
            Side::Bid => self.if_no,
            Side::Ask => self.if_yes,
        }
    }

    /// The worse of the two; negative when both gain.
    #[must_use]
    pub fn worst(self) -> Money {
        self.if_yes.max(self.if_no)
    }

    /// The worst loss as limits count it: a certain gain here is no room elsewhere.
    #[must_use]
    pub fn at_risk(self) -> Money {
        self.worst().max(Money::ZERO)
    }
}

/// The price of one contract of what `side` buys, from the YES price: NO costs `$1 − price`.
/// Prices above $1 count as $1.
#[must_use]
pub fn price_bought(side: Side, yes_price: Price) -> Price {
    let price = yes_price.min(Price::ONE);
    match side {
        Side::Bid => price,
        Side::Ask => price.complement(),
    }
}

/// What an order costs, fees at their upper bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub schedule: FeeSchedule,
    pub role: Role,
    /// Of the side bought.
    pub price: Price,
    pub fills_max: u32,
}

impl Cost {
    /// Everything `count` contracts can take from the balance; the largest amount on overflow.
    pub(crate) fn of(&self, count: Count) -> Money {
        let fee = self.schedule.fee_upper_bound(self.role, self.price, count, self.fills_max);
        let whole = self.price.notional(count).zip(fee);
        whole.and_then(|(notional, fee)| notional.checked_add(fee)).unwrap_or(Money(i64::MAX))
    }

    /// One contract with its model fee, in $0.000001: at least 1.
    pub(crate) fn per_contract(&self) -> i64 {
        self.of_one().max(1)
    }

    fn of_one(&self) -> i64 {
        let one = Count(100);
        let step = trader_journal::fee::Precision::Micro;
        let fee = self.schedule.rates.model_fee(self.role, self.price, one, step).unwrap_or(Money::DOLLAR);
        i64::from(self.price.0) * one.0 + fee.0
    }

    /// Contracts whose [`Cost::of`] is within `budget`: all of them but what the reserve for
    /// roundings takes.
    pub(crate) fn affordable(&self, budget: Money) -> Count {
        let roundings = i64::from(self.fills_max) * self.schedule.precision.units() + 1;
        let spendable = budget.0.saturating_sub(roundings).max(0);
        Count(scaled(spendable, 100, self.per_contract()))
    }

    /// Contracts that `stake` buys at the price and its fee, roundings apart.
    pub(crate) fn contracts(&self, stake: Money) -> Count {
        Count(scaled(stake.0.max(0), 100, self.per_contract()))
    }

    /// The exact fee of `count` contracts filled at once, per contract in $0.000001, up.
    pub(crate) fn fee_per_contract(&self, count: Count) -> i64 {
        let execution = Execution { side: Side::Bid, role: self.role, price: self.price, count };
        match self.schedule.whole_order(&execution) {
            Some(fill) if count.0 > 0 => fill.net_fee.0.saturating_mul(100).saturating_add(count.0 - 1) / count.0,
            Some(_) | None => i64::MAX,
        }
    }
}

/// `value × numerator ÷ denominator`, down, for a positive denominator; stops at the largest number.
pub(crate) fn scaled(value: i64, numerator: i64, denominator: i64) -> i64 {
    let wide = i128::from(value) * i128::from(numerator) / i128::from(denominator.max(1));
    i64::try_from(wide).unwrap_or(i64::MAX)
}
