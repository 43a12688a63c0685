//! What is held of one market, and what it did to the account so far.
//!
//! A position is one signed number: buying NO while holding YES gives YES back, and each pair
//! returns the $1 it was locked for (docs.kalshi.com, getting_started/order_direction).

use crate::exposure::{Corners, price_bought, scaled};
use crate::money::{add, payout, share, sub};
use trader_journal::book::Side;
use trader_journal::event::Outcome;
use trader_journal::fee::Precision;
use trader_journal::hash::StateHash;
use trader_journal::units::{Count, Money, Price};

/// A market's position over its whole life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// YES contracts held; negative: NO contracts.
    pub net: Count,
    /// What the contracts held cost, without fees.
    pub cost: Money,
    /// What closing contracts gained so far, without fees; negative: lost.
    pub realised: Money,
    /// Fees of all fills so far.
    pub fees: Money,
}

/// One fill as the venue told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Execution {
    pub side: Side,
    /// Of the YES leg.
    pub price: Price,
    pub count: Count,
    pub fee: Money,
}

/// What a fill moved, the fee apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moved {
    /// Paid for contracts that are held now.
    pub opened: Money,
    /// What the contracts given back had cost.
    pub closed_cost: Money,
    /// What giving them back returned.
    pub proceeds: Money,
}

impl Position {
    /// Applies a fill: first it closes what is held of the other side, the rest opens.
    pub(crate) fn fill(&mut self, fill: &Execution) -> Moved {
        let change = match fill.side {
            Side::Bid => fill.count.0,
            Side::Ask => -fill.count.0,
        };
        let is_closing = self.net.0.signum() * change.signum() < 0;
        let closes = if is_closing { Count(fill.count.0.min(self.held().0)) } else { Count::ZERO };
        let opens = Count(fill.count.0 - closes.0);
        let bought = price_bought(fill.side, fill.price);
        let spent = |count| bought.notional(count).unwrap_or(Money(i64::MAX));
        let moved = Moved {
            opened: spent(opens),
            closed_cost: share(self.cost, closes, self.held()),
            proceeds: sub(payout(closes), spent(closes)),
        };
        self.net = Count(self.net.0.saturating_add(change));
        self.cost = add(sub(self.cost, moved.closed_cost), moved.opened);
        self.realised = add(self.realised, sub(moved.proceeds, moved.closed_cost));
        self.fees = add(self.fees, fill.fee);
        moved
    }

    /// Contracts held, of whichever side.
    pub(crate) const fn held(&self) -> Count {
        Count(self.net.0.saturating_abs())
    }

    /// What the venue pays for it, down to the account's precision; a void market gives back what the
    /// contracts cost, not the fees.
    pub(crate) fn payout(&self, outcome: Outcome, value: Money, precision: Precision) -> Money {
        let whole = self.exact_payout(outcome, value);
        Money(whole.0 - whole.0.rem_euclid(precision.units()))
    }

    fn exact_payout(&self, outcome: Outcome, value: Money) -> Money {
        let yes = match outcome {
            Outcome::Yes => Money::DOLLAR,
            Outcome::No => Money::ZERO,
            Outcome::Scalar => value.clamp(Money::ZERO, Money::DOLLAR),
            Outcome::Void | Outcome::Open => return self.cost,
        };
        let each = if self.net.0 < 0 { sub(Money::DOLLAR, yes) } else { yes };
        Money(scaled(each.0, self.held().0, 100))
    }

    /// The loss of the market's whole life for each outcome, fees included.
    pub(crate) fn life(&self) -> Corners {
        self.corners(sub(add(self.cost, self.fees), self.realised))
    }

    /// The loss still to come for each outcome: what is realised and paid is not in it, nor is what
    /// held contracts would gain. Netting turns such a gain into cash of today; counted against
    /// orders of the other side it would be missing from tomorrow, when they lose.
    pub(crate) fn open(&self) -> Corners {
        let Corners { if_yes, if_no } = self.corners(self.cost);
        Corners { if_yes: if_yes.max(Money::ZERO), if_no: if_no.max(Money::ZERO) }
    }

    fn corners(&self, paid: Money) -> Corners {
        Corners::held(paid, Count(self.net.0.max(0)), Count(self.net.0.saturating_neg().max(0)))
    }

    pub(crate) fn mix(&self, hash: &mut StateHash) {
        for word in [self.net.0, self.cost.0, self.realised.0, self.fees.0] {
            hash.mix(word as u64);
        }
    }
}
