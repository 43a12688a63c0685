//! How much of the bankroll a contract deserves: Kelly after fees, halved, and ramped by the edge.

mod joint;

pub use joint::{Fractions, JointBet, LEGS_MAX, OUTCOMES_MAX, joint_fractions};

use trader_journal::fee::{FeeRates, Precision, Role};
use trader_journal::units::{Count, Price};

/// One contract on offer, seen from the side that is bought. Dollars per contract.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bet {
    /// Probability that the bought side wins.
    pub q: f64,
    /// Price of the bought side.
    pub price: f64,
    /// Taker fee per contract.
    pub fee: f64,
}

impl Bet {
    /// Buys `count` contracts of a side at `price` (of that side) with its probability `q`, the fee
    /// rounded as the account's balance is. `None` for no contracts, a price above $1 or overflow.
    #[must_use]
    pub fn new(q: f64, price: Price, count: Count, rates: FeeRates, precision: Precision) -> Option<Bet> {
        let fee = rates.model_fee(Role::Taker, price, count, precision)?;
        if count.0 <= 0 {
            return None;
        }
        // $0.000001 over 0.01 contract is $0.0001 a contract.
        Some(Bet { q, price: f64::from(price.0) / 1e4, fee: fee.0 as f64 / count.0 as f64 / 1e4 })
    }

    /// What one contract costs, fee included.
    #[must_use]
    pub fn cost(&self) -> f64 {
        self.price + self.fee
    }

    /// What it is worth above its price.
    #[must_use]
    pub fn edge_gross(&self) -> f64 {
        self.q - self.price
    }

    /// What it is worth above its cost.
    #[must_use]
    pub fn edge_net(&self) -> f64 {
        self.q - self.cost()
    }

    /// The fraction of the bankroll that grows it fastest, `(q − c)/(1 − c)`; 0 without an edge.
    #[must_use]
    pub fn kelly(&self) -> f64 {
        let cost = self.cost();
        if cost >= 1.0 { 0.0 } else { ((self.q - cost) / (1.0 - cost)).max(0.0) }
    }
}

/// What is made of the full Kelly fraction. Edges in dollars per contract.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KellyRule {
    /// Below this edge nothing is bought; at it, the ramp starts.
    pub edge_min: f64,
    /// From this edge on the ramp is 1; above `edge_min`.
    pub edge_full: f64,
    /// Where the ramp starts.
    pub ramp_floor: f64,
    /// Half Kelly is 0.5.
    pub multiplier: f64,
    /// No fraction is larger.
    pub fraction_max: f64,
}

impl KellyRule {
    /// The rule of `config/default.toml`.
    pub const DEFAULT: KellyRule =
        KellyRule { edge_min: 0.02, edge_full: 0.10, ramp_floor: 0.25, multiplier: 0.5, fraction_max: 1.0 };

    /// 0 below `edge_min`, then from `ramp_floor` to 1. The threshold itself is in: edges are compared
    /// in whole $1e-9, so that 0.5575 − 0.5175 is 0.04 and not a bit less.
    #[must_use]
    pub fn ramp(&self, edge: f64) -> f64 {
        if to_nanos(edge) < to_nanos(self.edge_min) {
            return 0.0;
        }
        let span = self.edge_full - self.edge_min;
        let along = if span > 0.0 { ((edge - self.edge_min) / span).clamp(0.0, 1.0) } else { 1.0 };
        self.ramp_floor + (1.0 - self.ramp_floor) * along
    }

    /// The fraction of the bankroll for a bet that stands alone, its ramp run by the net edge.
    #[must_use]
    pub fn fraction(&self, bet: &Bet) -> f64 {
        self.scaled(bet.kelly(), bet.edge_net())
    }

    /// A full Kelly fraction after ramp, multiplier and cap.
    #[must_use]
    pub fn scaled(&self, kelly: f64, edge: f64) -> f64 {
        (self.multiplier * self.ramp(edge) * kelly).min(self.fraction_max)
    }
}

/// Dollars in whole $1e-9, to the nearest.
fn to_nanos(dollars: f64) -> i64 {
    libm::round(dollars * 1e9) as i64
}
