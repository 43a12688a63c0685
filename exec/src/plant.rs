//! Deliberate faults, each at the one place it alters, so that checkers can be shown to find
//! them. Never compiled without the feature `planted`, nor into a release.

use crate::position::Execution;
use crate::settings::Settings;
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
    /// Close times have no exposure limit.
    SkipCloseLimit,
    /// Any loss is within the day's.
    SkipDailyLoss,
    /// Any price is near enough to fair value.
    SkipCollar,
    /// Every second order bears the client identifier of the one before.
    SameClientId,
    /// A refused opinion ends without a word.
    LoseRefusal,
    /// A fill beyond an order's size raises no alarm.
    IgnoreOverfill,
    /// Settlement pays the losing side.
    WrongSettlement,
    /// An order of unknown outcome is released at the first reading that does not show it.
    ReleaseUnproven,
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

/// The same settings without the limit that the fault skips.
pub(crate) fn without_limit(settings: Settings) -> Settings {
    const NONE: Money = Money(i64::MAX / 4);
    match settings.plant {
        Some(Plant::SkipPositionLimit) => Settings { position_max: NONE, ..settings },
        Some(Plant::SkipCloseLimit) => Settings { close_exposure_max: NONE, ..settings },
        Some(Plant::SkipDailyLoss) => Settings { daily_loss_max: NONE, ..settings },
        Some(Plant::SkipCollar) => Settings { collar: NONE, ..settings },
        _ => settings,
    }
}
