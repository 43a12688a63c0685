//! A market of the venue: its terms, where it is in its life, its public book and the makers' part of it.

use super::index::IndexAverage;
use alloc::vec::Vec;
use trader_journal::book::{Level, LevelBook};
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
    /// Lower strike; zero where the kind has none or it is not told yet.
    pub floor: Money,
    /// Upper strike; zero where the kind has none.
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
    /// What YES pays per contract, $0 ..= $1. Means nothing when everything is refunded.
    pub value: Money,
    /// The index average it settled on; zero when there was none.
    pub settlement: Money,
}

impl Verdict {
    const UNKNOWN: Verdict = Verdict { outcome: Outcome::Open, value: Money::ZERO, settlement: Money::ZERO };

    fn won_by(yes: bool, settlement: Money) -> Verdict {
        let (outcome, value) = if yes { (Outcome::Yes, Money::DOLLAR) } else { (Outcome::No, Money::ZERO) };
        Verdict { outcome, value, settlement }
    }
}

/// What a market's life does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Open,
    TellStrike,
    Close,
    Determine,
    Settle,
}

/// One place of the venue's table; markets follow each other in it.
pub(super) struct Market {
    pub id: VenueMarket,
    pub listing: Listing,
    pub status: MarketStatus,
    pub strike_told: bool,
    pub next: Step,
    /// Set beforehand, whatever the index does.
    pub decided: Option<Verdict>,
    /// Known once determined.
    pub verdict: Verdict,
    /// Everything that rests: the makers' part and ours.
    pub book: LevelBook,
    /// The makers' part, by side number, best first.
    pub makers: [Vec<Level>; 2],
}

impl Market {
    pub(super) fn new(id: VenueMarket, listing: &Listing, levels_max: usize) -> Market {
        let makers = [Vec::with_capacity(levels_max), Vec::with_capacity(levels_max)];
        Market::with(id, listing, LevelBook::new(&listing.grid), makers)
    }

    /// The next market in this place, in the same memory.
    pub(super) fn follow(&mut self, id: VenueMarket, listing: &Listing) {
        self.clear_book();
        self.book.regrid(&listing.grid);
        self.id = id;
        self.listing = *listing;
        self.status = MarketStatus::Initialized;
        self.strike_told = listing.strike_rule == StrikeRule::Given;
        self.next = Step::Open;
        self.decided = None;
        self.verdict = Verdict::UNKNOWN;
    }

    fn with(id: VenueMarket, listing: &Listing, book: LevelBook, makers: [Vec<Level>; 2]) -> Market {
        Market {
            id,
            listing: *listing,
            status: MarketStatus::Initialized,
            strike_told: listing.strike_rule == StrikeRule::Given,
            next: Step::Open,
            decided: None,
            verdict: Verdict::UNKNOWN,
            book,
            makers,
        }
    }

    pub(super) fn clear_book(&mut self) {
        self.makers.iter_mut().for_each(Vec::clear);
        self.book.clear();
    }

    /// Who wins when the index settles on `average`. Without any print nobody can know, and
    /// everything is refunded; without a strike NO wins (kalshi.md §5.1, "never set").
    pub(super) fn verdict_on(&self, average: Option<IndexAverage>) -> Verdict {
        if let Some(decided) = self.decided {
            return decided;
        }
        let Some(average) = average else {
            return Verdict { outcome: Outcome::Void, ..Verdict::UNKNOWN };
        };
        let value = average.value;
        Verdict::won_by(self.strike_told && yes_wins(&self.listing, value), value)
    }
}

fn yes_wins(listing: &Listing, value: Money) -> bool {
    match listing.strike {
        StrikeKind::Greater => value > listing.floor,
        StrikeKind::GreaterOrEqual => value >= listing.floor,
        StrikeKind::Less => value < listing.cap,
        StrikeKind::LessOrEqual => value <= listing.cap,
        StrikeKind::Between => listing.floor <= value && value <= listing.cap,
        // Refused at the listing.
        StrikeKind::Unknown | StrikeKind::Unpriced => false,
    }
}

impl Listing {
    /// The terms as the public sees them at the listing, or why they cannot be listed.
    pub(super) fn checked(&self, now: Nanos, strike_delay_ns: u64) -> Result<Listing, ListError> {
        let (needs_floor, needs_cap) = match self.strike {
            StrikeKind::Greater | StrikeKind::GreaterOrEqual => (true, false),
            StrikeKind::Less | StrikeKind::LessOrEqual => (false, true),
            StrikeKind::Between => (true, true),
            StrikeKind::Unknown | StrikeKind::Unpriced => return Err(ListError::Unpriced),
        };
        let told = match self.strike_rule {
            StrikeRule::Given => self.open,
            StrikeRule::PreviousAverage if needs_floor => self.open.plus(strike_delay_ns),
            StrikeRule::PreviousAverage => return Err(ListError::Unpriced),
        };
        if self.close <= told {
            return Err(ListError::TooShort);
        }
        if self.close <= now {
            return Err(ListError::AlreadyClosed);
        }
        let floor = if needs_floor && self.strike_rule == StrikeRule::Given { self.floor } else { Money::ZERO };
        let cap = if needs_cap { self.cap } else { Money::ZERO };
        Ok(Listing { floor, cap, ..*self })
    }
}
