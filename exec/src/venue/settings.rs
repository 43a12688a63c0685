//! Every number the venue is built with.

use trader_journal::fee::Precision;
use trader_journal::units::{Count, Money, Nanos};

/// The settings of [`Venue`](super::Venue). `Default` is the venue of kalshi.md §4 and §5.3 as a
/// member two milliseconds away meets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueSettings {
    /// Where all chance comes from: the same seed gives the same venue.
    pub seed: u64,
    /// Least time from sending a command to its turn in the engine, in ns.
    pub entry_latency_ns: u64,
    /// Most that chance adds to it, in ns.
    pub entry_jitter_ns: u64,
    /// The shard the markets live on: a cancel routed elsewhere finds nothing.
    pub shard: u8,
    /// The account's cash at the start.
    pub cash: Money,
    /// What the account's balance is kept to.
    pub fee_precision: Precision,
    /// Fills of one order for which a rounding is reserved when its cost is checked.
    pub fills_per_order_max: u32,
    /// Largest order; above 10 million contracts counts as that.
    pub count_max: Count,
    /// Markets listed and not final at once.
    pub markets_max: usize,
    /// Orders the account's record has room for from the start; beyond, it grows.
    pub orders_max: usize,
    /// Levels the makers show on one side of one market; a longer ladder is cut.
    pub levels_max: usize,
    /// From the open until the strike of a [`PreviousAverage`](super::StrikeRule::PreviousAverage) is told, in ns.
    pub strike_delay_ns: u64,
    /// Least time from close to result, in ns.
    pub determination_ns_min: u64,
    /// Most, in ns; above two minutes counts as that, since the index is not remembered longer.
    pub determination_ns_max: u64,
}

/// Ten million contracts: no price, fee or sum of such orders overflows.
const COUNT_CEILING: Count = Count(1_000_000_000);
const DETERMINATION_NS_CEILING: u64 = 120 * Nanos::SECOND;

impl VenueSettings {
    pub(super) fn within_ceilings(self) -> VenueSettings {
        VenueSettings {
            count_max: self.count_max.min(COUNT_CEILING),
            determination_ns_min: self.determination_ns_min.min(DETERMINATION_NS_CEILING),
            determination_ns_max: self.determination_ns_max.min(DETERMINATION_NS_CEILING),
            ..self
        }
    }
}

impl Default for VenueSettings {
    fn default() -> VenueSettings {
        VenueSettings {
            seed: 1,
            entry_latency_ns: 2 * Nanos::MILLI,
            entry_jitter_ns: Nanos::MILLI,
            shard: 2,
            cash: Money(1_000_000_000),
            fee_precision: Precision::Centicent,
            fills_per_order_max: 100,
            count_max: COUNT_CEILING,
            markets_max: 512,
            orders_max: 4096,
            levels_max: 32,
            strike_delay_ns: 700 * Nanos::MILLI,
            determination_ns_min: 3 * Nanos::SECOND,
            determination_ns_max: 5 * Nanos::SECOND,
        }
    }
}
