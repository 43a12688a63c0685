//! Each planted fault is found: by the auditor in some world, or by the script that names it.

use crate::desk::{Desk, View, contracts};
use crate::limits::{live, worlds};
use std::panic::{AssertUnwindSafe, catch_unwind};
use trader_exec::{Plant, Settings};

/// In how many of the worlds the auditor objects.
fn objections(plant: Option<Plant>) -> usize {
    let objects = |(settings, steps): &(Settings, Vec<_>)| {
        let planted = Settings { plant, ..*settings };
        catch_unwind(AssertUnwindSafe(|| live(planted, steps))).is_err()
    };
    worlds(200).iter().filter(|world| objects(world)).count()
}

#[test]
fn the_auditor_finds_what_is_planted() {
    assert_eq!(objections(None), 0);
    let faults = [
        Plant::ForgetFee,
        Plant::FillTwice,
        Plant::DropUnknown,
        Plant::SkipPositionLimit,
        Plant::SkipCloseLimit,
        Plant::SkipDailyLoss,
        Plant::SameClientId,
        Plant::LoseRefusal,
        Plant::WrongSettlement,
    ];
    for fault in faults {
        assert!(objections(Some(fault)) > 0, "{fault:?} goes unseen");
    }
}

#[test]
fn an_overfill_that_raises_no_alarm_is_seen_in_the_next_opinion() {
    let kills = |plant| {
        let mut desk = Desk::new(Settings { plant, quiet_after_cancel_all_ns: 0, ..Settings::default() });
        let order = desk.order(&View::default());
        desk.fill_whole(&order);
        desk.filled(&order, contracts(1));
        let next = desk.opine(&View { market: 2, ..View::default() });
        crate::desk::intent(&next).is_none()
    };
    assert!(kills(None));
    assert!(!kills(Some(Plant::IgnoreOverfill)));
}
