//! Every number the stage judges by, units in the names; the shell fills them from `config/`.

use crate::kelly::KellyRule;
use crate::probability::{Average, Distribution, Tail};
use trader_journal::fee::Precision;
use trader_journal::units::{Count, Money, Nanos};

/// The settings of [`Pricing`](crate::Pricing). `Default` is what `config/default.toml` says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Least `q − price` at the limit, per contract.
    pub edge_gross_min: Money,
    /// Least `q − price − fee` at the limit, per contract.
    pub edge_net_min: Money,
    /// Multiplier, ramp and cap of Kelly; its `edge_min` is `edge_net_min` in dollars.
    pub kelly: KellyRule,
    /// Farthest our probability may be from the market's mid, per contract.
    pub disagreement_max: Money,
    /// Without an index, no trade with the estimate nearer to a strike than this, in log return.
    pub near_strike_min: f64,
    /// How far beyond the touch the limit goes, in $0.0001.
    pub limit_beyond_touch: u16,
    /// Share of what rests up to the limit that may be taken, in 1e-6.
    pub depth_share_ppm: u32,
    /// No probability said is nearer to 0 or 1 than this.
    pub probability_min: f64,
    /// How the standardised closing average is spread.
    pub distribution: Distribution,
    /// What the market settles on.
    pub average: Average,
    /// Minutes of closes before the volatility model is believed.
    pub warmup_minutes: u32,
    /// Most minutes missing of the last sixty.
    pub missing_minutes_max: u32,
    /// An event's one evaluation happens this long before its close at the earliest…
    pub evaluate_from_ns: u64,
    /// … and this long before it at the latest.
    pub evaluate_to_ns: u64,
    /// And not sooner than this after its open.
    pub after_open_min_ns: u64,
    /// Markets on each side of the centre that are evaluated; at most 3.
    pub bracket_radius: usize,
    /// Settled evaluations that model and mid are compared over.
    pub score_evaluations: usize,
    /// Fewer settled evaluations give no verdict.
    pub score_evaluations_min: usize,
    /// Longest silence of the venue's connection after which its books still count.
    pub book_age_ns_max: u64,
    /// Oldest index tick.
    pub index_age_ns_max: u64,
    /// Oldest tick of the freshest spot source.
    pub source_age_ns_max: u64,
    /// What the account's balance is rounded to: decides the fee of the net edge.
    pub fee_precision: Precision,
    /// The fee per contract is that of an order of this size, or of what the depth allows if less.
    pub fee_count: Count,
    /// Markets known at once.
    pub markets: usize,
    /// Venue events known at once.
    pub events: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            edge_gross_min: Money(40_000),
            edge_net_min: Money(20_000),
            kelly: KellyRule::DEFAULT,
            disagreement_max: Money(120_000),
            near_strike_min: 2.5e-4,
            limit_beyond_touch: 100,
            depth_share_ppm: 500_000,
            probability_min: 0.001,
            distribution: Distribution::TailAdjusted(Tail::DEFAULT),
            average: Average::Prints,
            warmup_minutes: 2880,
            missing_minutes_max: 3,
            evaluate_from_ns: 930 * Nanos::SECOND,
            evaluate_to_ns: 870 * Nanos::SECOND,
            after_open_min_ns: 5 * Nanos::SECOND,
            bracket_radius: 2,
            score_evaluations: 200,
            score_evaluations_min: 50,
            book_age_ns_max: 2 * Nanos::SECOND,
            index_age_ns_max: 3 * Nanos::SECOND,
            source_age_ns_max: 2 * Nanos::SECOND,
            fee_precision: Precision::Centicent,
            fee_count: Count(10_000),
            markets: 128,
            events: 64,
        }
    }
}
