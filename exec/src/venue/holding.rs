//! What one market is to the account: its position, what that cost, and what resting orders may still take.

use super::market::{VenueMarket, Verdict};
use trader_journal::book::Side;
use trader_journal::event::Outcome;
use trader_journal::units::{Count, Money, Price};

/// What the account has in a market that is not paid yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The market.
    pub market: VenueMarket,
    /// Contracts; negative holds NO.
    pub position: Count,
    /// What the open position cost, fees apart; closing a part takes its share.
    pub cost: Money,
    /// Net fees of all fills in this market.
    pub fees: Money,
}

/// What an order may still take from the cash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Claim {
    pub count: Count,
    /// Limit price of the side bought × count, and the model fee.
    pub cost: Money,
    /// The most that roundings add.
    pub roundings: Money,
}

impl Claim {
    pub(super) const fn replace(&mut self, before: Claim, after: Claim) {
        self.count.0 += after.count.0 - before.count.0;
        self.cost.0 += after.cost.0 - before.cost.0;
        self.roundings.0 += after.roundings.0 - before.roundings.0;
    }

    /// The most these orders take when `closing` of their contracts close pairs and free $1 each.
    ///
    /// Whoever chooses the fills chooses all or nothing: a contract that closes frees at least what
    /// it costs, fee included (`1 − p ≥ rate × p × (1 − p)`), one that does not frees nothing. Only
    /// roundings can cost in between.
    fn need(&self, closing: Count) -> i64 {
        let closing = closing.min(self.count);
        self.roundings.0 + (self.cost.0 - dollars(closing).0).max(0)
    }
}

/// One place of the account's table.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub holding: Holding,
    pub traded: bool,
    /// By side: the sum over the resting orders.
    pub resting: [Claim; 2],
    /// [`Place::need`] as the account last counted it.
    pub reserve: Money,
}

impl Place {
    pub(super) const fn new(market: VenueMarket) -> Place {
        let holding = Holding { market, position: Count::ZERO, cost: Money::ZERO, fees: Money::ZERO };
        let nothing = Claim { count: Count::ZERO, cost: Money::ZERO, roundings: Money::ZERO };
        Place { holding, traded: false, resting: [nothing; 2], reserve: Money::ZERO }
    }

    /// The most the resting orders can take, in any order of fills: each side counted as if the
    /// other were never filled, since a fill of the other side only frees.
    pub(super) fn need(&self) -> Money {
        let position = self.holding.position.0;
        let [bids, asks] = &self.resting;
        Money(bids.need(Count((-position).max(0))) + asks.need(Count(position.max(0))))
    }

    /// Moves the position by one fill; gives the dollars that come free, less those newly locked.
    pub(super) fn trade(&mut self, side: Side, price: Price, count: Count, fee: Money) -> Money {
        let holding = &mut self.holding;
        let before = holding.position;
        let (towards, bought_at) = match side {
            Side::Bid => (1, price),
            Side::Ask => (-1, price.complement()),
        };
        let closed = if before.0.signum() == -towards { before.0.abs().min(count.0) } else { 0 };
        holding.cost.0 -= share(holding.cost, closed, before.0.abs());
        holding.cost.0 += i64::from(bought_at.0) * (count.0 - closed);
        holding.position.0 += towards * count.0;
        holding.fees.0 += fee.0;
        self.traded = true;
        Money(locked(before).0 - locked(holding.position).0)
    }

    /// What the position pays, down to whole `precision`; a void market gives back what it cost.
    pub(super) fn payout(&self, verdict: Verdict, precision: i64) -> Money {
        let held = self.holding.position.0;
        let yes = verdict.value.0.clamp(0, Money::DOLLAR.0);
        let each = if held < 0 { Money::DOLLAR.0 - yes } else { yes };
        let whole = match verdict.outcome {
            Outcome::Void | Outcome::Open => self.holding.cost.0,
            Outcome::Yes | Outcome::No | Outcome::Scalar => each * held.abs() / COUNTS_PER_CONTRACT,
        };
        Money(whole - whole.rem_euclid(precision))
    }
}

/// Units of [`Count`] in one contract.
const COUNTS_PER_CONTRACT: i64 = 100;

/// $1 for every contract a position is short.
pub(super) fn locked(position: Count) -> Money {
    dollars(Count((-position.0).max(0)))
}

const fn dollars(count: Count) -> Money {
    Money(count.0 * (Money::DOLLAR.0 / COUNTS_PER_CONTRACT))
}

/// `amount × part ÷ whole`, down; nothing of nothing.
fn share(amount: Money, part: i64, whole: i64) -> i64 {
    let wide = i128::from(amount.0) * i128::from(part) / i128::from(whole.max(1));
    i64::try_from(wide).unwrap_or(amount.0)
}
