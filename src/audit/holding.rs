//! What is held in one market and what it cost: the checker's own sums, in plain integers.
//!
//! Units: positions in 0.01 contract, money in $0.000001, prices in $0.0001; price × count is
//! money exactly. Sums are 128 bits wide: a journal cannot make them overflow.

use trader_journal::book::Side;
use trader_journal::event::Outcome;
use trader_journal::units::{Count, Money, Price};

const PRICE_ONE: i128 = 10_000;

/// A market's position over the run. A contract of each side together is $1 at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Holding {
    /// YES contracts above zero, NO contracts below.
    pub(super) position: i128,
    /// Cash that left, fees included, less what pairs and settlements gave back.
    pub(super) paid: i128,
    /// Fees among it.
    pub(super) fees: i128,
    /// What the contracts held cost, fees apart: of a part given back, its share.
    pub(super) cost: i128,
}

/// What a fill did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    /// Change of cash.
    pub(super) cash: i128,
    /// What the day gained: pairs closed, less the fee.
    pub(super) gained: i128,
}

/// The price of one contract of what a side buys.
pub(super) fn price_bought(side: Side, yes_price: Price) -> i128 {
    let yes = i128::from(yes_price.0).min(PRICE_ONE);
    match side {
        Side::Bid => yes,
        Side::Ask => PRICE_ONE - yes,
    }
}

impl Holding {
    /// Books one fill.
    pub(super) fn fill(&mut self, side: Side, price: Price, count: Count, fee: Money) -> Moved {
        let (count, fee) = (i128::from(count.0), i128::from(fee.0));
        let (change, against) = match side {
            Side::Bid => (count, -self.position),
            Side::Ask => (-count, self.position),
        };
        let (bought, held) = (price_bought(side, price), self.position.abs());
        let pairs = count.min(against.max(0));
        let given_back = if held > 0 { self.cost * pairs / held } else { 0 };
        let cash = pairs * PRICE_ONE - bought * count - fee;
        self.position += change;
        self.paid -= cash;
        self.fees += fee;
        self.cost += bought * (count - pairs) - given_back;
        Moved { cash, gained: pairs * (PRICE_ONE - bought) - given_back - fee }
    }

    /// What the position pays under a result, down to the account's `precision`; `value` is what YES
    /// pays per contract. A void market gives back what the contracts cost, not the fees.
    pub(super) fn payout(&self, outcome: Outcome, value: Money, precision: Money) -> i128 {
        let whole = self.exact_payout(outcome, value);
        whole - whole.rem_euclid(i128::from(precision.0).max(1))
    }

    fn exact_payout(&self, outcome: Outcome, value: Money) -> i128 {
        let yes_pays = match outcome {
            Outcome::Open => return 0,
            Outcome::Void => return self.cost,
            Outcome::Yes => PRICE_ONE * 100,
            Outcome::No => 0,
            Outcome::Scalar => i128::from(value.0).clamp(0, PRICE_ONE * 100),
        };
        let per_contract = if self.position >= 0 { yes_pays } else { PRICE_ONE * 100 - yes_pays };
        self.position.abs() * per_contract / 100
    }

    /// What would come back if the other side of all that is held were bought.
    pub(super) fn pairs_worth(&self) -> i128 {
        self.position.abs() * PRICE_ONE
    }

    /// Loss over the market's life if YES wins, and if NO wins; negative is a gain.
    fn life(&self) -> [i128; 2] {
        self.losses(self.paid)
    }

    /// The same of what is still to come: what is paid and realised is not in it.
    fn still_to_come(&self) -> [i128; 2] {
        self.losses(self.cost)
    }

    fn losses(&self, paid: i128) -> [i128; 2] {
        [paid - self.position.max(0) * PRICE_ONE, paid - (-self.position).max(0) * PRICE_ONE]
    }
}

/// An order that may still be filled, wholly or not at all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) side: Side,
    pub(super) price: Price,
    /// 0.01 contracts.
    pub(super) count: i128,
    /// Fee rate in 1e-6 of C·P·(1−P).
    pub(super) rate_ppm: u32,
}

impl Open {
    /// What it takes when filled at its limit: principal and fee, the fee rounded up to `precision`.
    pub(super) fn cost(&self, precision: Money) -> i128 {
        let price = price_bought(self.side, self.price);
        price * self.count + fee_up(self.rate_ppm, price, self.count, i128::from(precision.0))
    }

    /// What it adds to the losses if YES and if NO wins.
    fn adds(&self, precision: Money) -> [i128; 2] {
        let cost = self.cost(precision);
        let won = cost - self.count * PRICE_ONE;
        match self.side {
            Side::Bid => [won, cost],
            Side::Ask => [cost, won],
        }
    }
}

/// `rate × C × P × (1 − P)` in $0.000001, up to a multiple of `precision`.
fn fee_up(rate_ppm: u32, price: i128, count: i128, precision: i128) -> i128 {
    // 1e-6 × 1e-2 × 1e-4 × 1e-4 = 1e-16 dollars, 1e10 of them in $0.000001.
    let exact = i128::from(rate_ppm) * count * price * (PRICE_ONE - price);
    let unit = 10_000_000_000 * precision.max(1);
    exact.div_euclid(unit) * precision.max(1) + if exact.rem_euclid(unit) > 0 { precision.max(1) } else { 0 }
}

/// Above this many open orders in one market their subsets are no longer tried one by one.
const BRUTE_MAX: usize = 8;

/// The worst a market can do: over both results and every choice of which open orders fill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Worst {
    /// Over its life; 0 when it cannot lose.
    pub(super) life: i128,
    /// Still to come.
    pub(super) to_come: i128,
}

impl Worst {
    pub(super) fn of(holding: &Holding, open: &[Open], precision: Money) -> Worst {
        let adds: Vec<_> = open.iter().map(|order| order.adds(precision)).collect();
        let worst = if adds.len() <= BRUTE_MAX { brute_force } else { corners };
        Worst { life: worst(holding.life(), &adds).max(0), to_come: worst(holding.still_to_come(), &adds).max(0) }
    }
}

fn brute_force(losses: [i128; 2], adds: &[[i128; 2]]) -> i128 {
    let of_subset = |subset: u32| {
        let chosen = adds.iter().enumerate().filter(|(index, _)| subset & (1 << index) != 0);
        let filled = chosen.fold(losses, |sum, (_, add)| [sum[0] + add[0], sum[1] + add[1]]);
        filled[0].max(filled[1])
    };
    (0..1u32 << adds.len()).map(of_subset).fold(losses[0].max(losses[1]), i128::max)
}

/// Against each result every order that hurts fills, and no other.
fn corners(losses: [i128; 2], adds: &[[i128; 2]]) -> i128 {
    let corner = |result: usize| adds.iter().fold(losses[result], |sum, add| sum + add[result].max(0));
    corner(0).max(corner(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAKER: u32 = 70_000;

    fn open(side: Side, price: u16, contracts: i128) -> Open {
        Open { side, price: Price(price), count: contracts * 100, rate_ppm: TAKER }
    }

    #[test]
    fn a_bought_contract_loses_its_cost_and_a_pair_loses_only_fees() {
        let mut holding = Holding::default();
        let moved = holding.fill(Side::Bid, Price(4_000), Count(10_000), Money(1_680_000));
        assert_eq!(moved, Moved { cash: -41_680_000, gained: -1_680_000 });
        assert_eq!(holding.life(), [-58_320_000, 41_680_000]);
        assert_eq!(holding.still_to_come(), [-60_000_000, 40_000_000]);
        // Selling 60 of them at 50c is buying 60 NO at 50c: the pairs come back as $60.
        let moved = holding.fill(Side::Ask, Price(5_000), Count(6_000), Money(1_050_000));
        assert_eq!(moved, Moved { cash: 60_000_000 - 30_000_000 - 1_050_000, gained: 6_000_000 - 1_050_000 });
        assert_eq!((holding.position, holding.cost), (4_000, 16_000_000));
        assert_eq!(holding.payout(Outcome::Void, Money::ZERO, Money(100)), 16_000_000);
        assert_eq!(holding.payout(Outcome::Yes, Money::ZERO, Money(100)), 40_000_000);
        assert_eq!(holding.payout(Outcome::No, Money::ZERO, Money(100)), 0);
        assert_eq!(holding.payout(Outcome::Scalar, Money(250_000), Money(100)), 10_000_000);
    }

    #[test]
    fn the_fee_is_the_venues_table_rounded_up() {
        // 100 @ 50c: 7% of 25 is $1.75; 1 @ 52c: $0.017472, up to $0.0175.
        assert_eq!(fee_up(TAKER, 5_000, 10_000, 100), 1_750_000);
        assert_eq!(fee_up(TAKER, 5_200, 100, 100), 17_500);
        assert_eq!(fee_up(TAKER, 5_200, 100, 10_000), 20_000);
        assert_eq!(fee_up(0, 5_200, 100, 100), 0);
    }

    #[test]
    fn two_corners_are_every_subset() {
        let mut held = Holding::default();
        held.fill(Side::Ask, Price(3_100), Count(1_700), Money(20_000));
        let orders = [
            open(Side::Bid, 4_500, 10),
            open(Side::Ask, 6_000, 25),
            open(Side::Bid, 9_950, 3),
            open(Side::Ask, 10, 40),
            open(Side::Bid, 5_000, 1),
        ];
        for used in 0..=orders.len() {
            let adds: Vec<_> = orders[..used].iter().map(|order| order.adds(Money(100))).collect();
            assert_eq!(brute_force(held.life(), &adds), corners(held.life(), &adds), "{used} orders");
        }
        let alone = 4_500_000 + 173_300;
        let worst = Worst::of(&Holding::default(), &orders[..1], Money(100));
        assert_eq!(worst, Worst { life: alone, to_come: alone });
    }
}
