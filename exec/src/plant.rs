//! Deliberate faults, each at the one place it alters, so that checkers can be shown to find
//! them. Never compiled without the feature `planted`, nor into a release.

use crate::position::Execution;
use trader_journal::event::{ClientId, Outcome};
use trader_journal::units::Money;

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// Fees never reach the ledger.
    ForgetFee,
    /// Every fill is applied twice.
    FillTwice,
    /// An order of unknown outcome stops counting in the limits and in the market.
    DropUnknown,
    /// Markets have no position limit.
    SkipPositionLimit,
    /// Every second order bears the client identifier of the one before.
    SameClientId,
    /// A refused opinion ends without a word.
    LoseRefusal,
    /// A fill beyond an order's size raises no alarm.
    IgnoreOverfill,
    /// Settlement pays the losing side.
    WrongSettlement,
}

/// The identifier of the order before, for every second order.
pub(crate) fn repeated(plant: Option<Plant>, client: ClientId) -> ClientId {
    let is_second = client.seq.is_multiple_of(2);
    match plant {
        Some(Plant::SameClientId) if is_second => ClientId { seq: client.seq - 1, ..client },
        _ => client,
    }
}

/// The same fill without its fee.
pub(crate) fn without_fee(plant: Option<Plant>, execution: &Execution) -> Execution {
    let fee = if plant == Some(Plant::ForgetFee) { Money::ZERO } else { execution.fee };
    Execution { fee, ..*execution }
}

/// What the winners would have lost.
pub(crate) fn to_the_losers(plant: Option<Plant>, outcome: Outcome) -> Outcome {
    match (plant, outcome) {
        (Some(Plant::WrongSettlement), Outcome::Yes) => Outcome::No,
        (Some(Plant::WrongSettlement), Outcome::No) => Outcome::Yes,
        _ => outcome,
    }
}

/// No limit at all, for the fault of having none.
pub(crate) fn position_max(plant: Option<Plant>, limit: Money) -> Money {
    if plant == Some(Plant::SkipPositionLimit) { Money(i64::MAX / 4) } else { limit }
}
