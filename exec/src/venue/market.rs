//! A market of the venue: its terms, where it is in its life, its book.

use trader_journal::event::{Outcome, StrikeKind};
use trader_journal::fee::FeeRates;
use trader_journal::grid::PriceGrid;
use trader_journal::units::{Money, Nanos};

/// The venue's own number of a market: from 0, rising by one per listing, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VenueMarket(pub u32);

/// Where a market's strike comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrikeRule {
    /// The listing says it.
    Given,
    /// The floor is the index average of the minute before the open, told a moment after it
    /// (kalshi.md §5.1). When the index never printed it is never told, and NO wins.
    PreviousAverage,
}

/// A market's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// How the settlement value is compared with the strikes.
    pub strike: StrikeKind,
    /// Lower strike; ignored where the kind has none or the rule is not `Given`.
    pub floor: Money,
    /// Upper strike; ignored where the kind has none.
    pub cap: Money,
    /// Where the floor comes from.
    pub strike_rule: StrikeRule,
    /// First moment of trading.
    pub open: Nanos,
    /// First moment without.
    pub close: Nanos,
    /// Legal prices.
    pub grid: PriceGrid,
    /// What takers and makers pay.
    pub rates: FeeRates,
    /// From the result to the payment, in ns.
    pub settlement_timer_ns: u64,
}

/// Why a market was not listed. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListError {
    /// As many markets as the settings allow are not final yet: raise `markets_max`.
    Full,
    /// The close is not after the open, or not after the moment the strike is told.
    TooShort,
    /// The close has passed.
    AlreadyClosed,
    /// The venue cannot tell who wins a strike of this kind.
    Unpriced,
}

/// Where a market is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarketStatus {
    /// Listed, not open.
    Initialized,
    /// Takes orders.
    Active,
    /// Halted: takes cancels only.
    Inactive,
    /// Past its close, result not known.
    Closed,
    /// Result known, not paid.
    Determined,
}

/// How a market ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The result.
    pub outcome: Outcome,
    /// What YES pays per contract, $0 ..= $1.
    pub value: Money,
    /// The index average it settled on; zero when there was none.
    pub settlement: Money,
}
