//! Closed lists as a trader would say them.

use super::super::amounts::{Currency, contracts, edge, span};
use trader_journal::event::{BookFault, CancelReason, Feed, Gate, ReconcileReason, SizedBy, StrikeKind};
use trader_journal::units::{Count, Money};

/// Why there is no trade, after "no trade: " or "refused: ".
pub(super) const fn gate(gate: Gate) -> &'static str {
    match gate {
        Gate::Sent => "nothing stops it",
        Gate::StrikeUnknown => "the strike is not announced yet",
        Gate::StrikeDisagrees => "the sources of the strike disagree",
        Gate::VolWarmup => "the volatility model has too little history",
        Gate::VolGaps => "too many minutes are missing in the last hour",
        Gate::BookInvalid => "there is no whole book",
        Gate::BookStale => "the book is too old",
        Gate::BookOneSided => "one side of the book is empty",
        Gate::IndexStale => "the index is too old, or was never heard",
        Gate::SourceStale => "the spot source is too old, or was never heard",
        Gate::TooSoonAfterOpen => "the market has only just opened",
        Gate::CentreUnwatched => "the bracket around the index is not watched",
        Gate::PreviousOpen => "the window before it has no result yet",
        Gate::NearStrike => "too near the strike for what is known of the index",
        Gate::Disagreement => "model and market disagree more than we trust ourselves",
        Gate::EdgeGross => "too little edge before fees",
        Gate::EdgeNet => "too little edge after fees",
        Gate::NoDepth => "nothing rests at the limit",
        Gate::ModelBehindMarket => "the model lately scored worse than the market",
        Gate::WindowMissed => "the time for it passed",
        Gate::SizeZero => "the size comes to less than the smallest order",
        Gate::Paused => "paused by a person",
        Gate::Killed => "killed, until a person clears it",
        Gate::UnknownOrder => "an order of unknown outcome is open here",
        Gate::Duplicate => "this window had its evaluation",
        Gate::HourlyTrades => "this ticker had its trades of the hour",
        Gate::DailyTrades => "this ticker had its trades of the day",
        Gate::NearClose => "too near the close",
        Gate::PositionLimit => "the position limit of the market",
        Gate::CloseExposureLimit => "the exposure limit of this close",
        Gate::ExposureLimit => "the total exposure limit",
        Gate::DailyLoss => "the daily loss limit",
        Gate::Balance => "not enough cash",
        Gate::Collar => "the price is outside the collar, or off the grid",
        Gate::FatSize => "larger than one order may be",
        Gate::OrderRate => "too many orders in a short time",
        Gate::LiveOrders => "too many live orders",
        Gate::Identical => "too many orders like it",
        Gate::OpinionStale => "the opinion is too old",
        Gate::MarketNotOpen => "the market is not open",
        Gate::ReconcileStale => "the account was not compared lately",
        Gate::Journal => "the journal is behind or short of space",
        Gate::ClockSkew => "our clock is too far off",
        Gate::TermsUnknown => "price grid or fee are not known",
        Gate::FeeAtSize => "the exact fee at this size eats the edge",
        Gate::ForeignActivity => "somebody else trades on this account: stopped until a person resumes",
        Gate::Contradiction => "the venue contradicts itself: stopped until a person resumes",
    }
}

/// What a refusing gate asked for and what there was, in the gate's unit; nothing where numbers would say nothing.
pub(super) fn numbers(gate: Gate, needed: i64, had: i64, currency: Currency) -> String {
    let (needed, had) = match gate {
        Gate::BookStale
        | Gate::IndexStale
        | Gate::SourceStale
        | Gate::OpinionStale
        | Gate::NearClose
        | Gate::ReconcileStale
        | Gate::ClockSkew => (age(needed), age(had)),
        Gate::PositionLimit | Gate::CloseExposureLimit | Gate::ExposureLimit | Gate::DailyLoss | Gate::Balance => {
            (currency.amount(Money(needed)), currency.amount(Money(had)))
        }
        Gate::EdgeGross | Gate::EdgeNet | Gate::FeeAtSize | Gate::Collar if needed > 1 => (edge(needed), edge(had)),
        Gate::SizeZero | Gate::NoDepth => (contracts(Count(needed)), contracts(Count(had))),
        Gate::HourlyTrades | Gate::DailyTrades | Gate::OrderRate | Gate::LiveOrders | Gate::Identical => {
            (needed.to_string(), had.to_string())
        }
        _ => return String::new(),
    };
    format!(" (needed {needed}, had {had})")
}

fn age(ns: i64) -> String {
    if ns == i64::MAX { "never".to_owned() } else { span(ns.unsigned_abs()) }
}

/// A feed's name.
pub(super) const fn feed(feed: Feed) -> &'static str {
    match feed {
        Feed::Kalshi => "Kalshi",
        Feed::BinanceSpot => "Binance",
        Feed::BinancePerp => "Binance futures",
        Feed::Index => "the index",
    }
}

/// What is wrong with a book.
pub(super) const fn book_fault(fault: BookFault) -> &'static str {
    match fault {
        BookFault::Gap => "a change is missing",
        BookFault::Negative => "a level fell below zero",
        BookFault::Crossed => "it is crossed",
        BookFault::Illegal => "a price or size cannot be",
        BookFault::Disconnected => "the connection is gone",
        BookFault::Unsubscribed => "the venue ended it",
    }
}

/// What sized an order.
pub(super) const fn sized_by(by: SizedBy) -> &'static str {
    match by {
        SizedBy::Kelly => "Kelly",
        SizedBy::Depth => "depth",
        SizedBy::Position => "the position limit",
        SizedBy::CloseExposure => "the exposure limit of this close",
        SizedBy::Exposure => "the total exposure limit",
        SizedBy::DailyLoss => "the daily loss limit",
        SizedBy::Balance => "the cash there is",
        SizedBy::OrderSize => "the largest order allowed",
    }
}

/// Why an order is taken back.
pub(super) const fn cancel(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::NearClose => "the market closes soon",
        CancelReason::Operator => "a person asked",
        CancelReason::Kill => "killed",
        CancelReason::Stale => "the data it rests on is gone",
        CancelReason::Replaced => "a newer opinion replaces it",
    }
}

/// Why the account is read out of turn; `None` for the routine.
pub(super) const fn reconcile(reason: ReconcileReason) -> Option<&'static str> {
    match reason {
        ReconcileReason::Routine | ReconcileReason::Start => None,
        ReconcileReason::UnknownOrder => Some("nobody knows whether an order exists"),
        ReconcileReason::UnlinkedFill => Some("a fill came of an order without a name"),
        ReconcileReason::PositionDiffers => Some("the venue's position is not ours"),
        ReconcileReason::FillMissing => Some("the venue spoke of a fill that was not heard"),
    }
}

/// How the closing average is compared with the strikes, before their numbers.
pub(super) fn strike(kind: StrikeKind, floor: &str, cap: &str) -> Option<String> {
    match kind {
        StrikeKind::Unknown => None,
        StrikeKind::Greater => Some(format!("above {floor}")),
        StrikeKind::GreaterOrEqual => Some(format!("at least {floor}")),
        StrikeKind::Less => Some(format!("below {cap}")),
        StrikeKind::LessOrEqual => Some(format!("at most {cap}")),
        StrikeKind::Between => Some(format!("{floor} to {cap}")),
        StrikeKind::Unpriced => Some("by a rule this program does not price".to_owned()),
    }
}
