//! A market's position as the venue keeps it: both sides, paired as they come.

use trader_journal::book::Side;
use trader_journal::event::Outcome;

/// YES and NO contracts in 0.01 and what they cost in $0.000001; never both at once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Held {
    pub(crate) yes: i64,
    pub(crate) no: i64,
    pub(crate) cost_yes: i64,
    pub(crate) cost_no: i64,
}

impl Held {
    /// What the contracts held cost.
    pub(crate) fn cost(&self) -> i64 {
        self.cost_yes + self.cost_no
    }

    /// Cash that a fill moves, its fee apart.
    pub(crate) fn fill(&mut self, side: Side, price: i64, count: i64) -> i64 {
        let (own, own_cost, other, other_cost, price) = match side {
            Side::Bid => (&mut self.yes, &mut self.cost_yes, &mut self.no, &mut self.cost_no, price),
            Side::Ask => (&mut self.no, &mut self.cost_no, &mut self.yes, &mut self.cost_yes, 10_000 - price),
        };
        let pairs = count.min(*other);
        if pairs > 0 {
            *other_cost -= (i128::from(*other_cost) * i128::from(pairs) / i128::from(*other)) as i64;
            *other -= pairs;
        }
        *own += count - pairs;
        *own_cost += (count - pairs) * price;
        pairs * 10_000 - count * price
    }

    /// Down to $0.0001.
    pub(crate) fn pay(&self, outcome: Outcome, value: i64) -> i64 {
        let exact = match outcome {
            Outcome::Yes => self.yes * 10_000,
            Outcome::No => self.no * 10_000,
            Outcome::Scalar => self.yes * value / 100 + self.no * (1_000_000 - value) / 100,
            Outcome::Void => self.cost_yes + self.cost_no,
            Outcome::Open => 0,
        };
        exact / 100 * 100
    }
}
