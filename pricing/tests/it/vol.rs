//! The volatility model beside slow twins.

use crate::common::close_to;
use proptest::prelude::*;
use trader_journal::units::{Money, Nanos};
use trader_pricing::volatility::{Coefficients, Ewma3, Profile, SLOTS};

const MINUTE: u64 = 60 * Nanos::SECOND;
/// 2026-11-02 00:00 UTC, a Monday, in minutes.
const MONDAY: u64 = 20_759 * 1440;

/// A price path that anybody can recompute: multiplicative steps from a linear congruence.
fn path(minutes: usize, seed: u64) -> Vec<Money> {
    let mut state = seed;
    let mut price = 100_000.0;
    let mut step = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1u64 << 31) as f64 - 0.5
    };
    (0..minutes)
        .map(|_| {
            price *= 1.0 + 2e-3 * step();
            Money((price * 1e6) as i64)
        })
        .collect()
}

fn minute(at: u64) -> Nanos {
    Nanos(at * MINUTE)
}

/// The three averages as weighted sums: each x times all the forgetting since.
fn slow_average(x: &[f64], half_life: f64) -> f64 {
    let keep = libm::exp2(-1.0 / half_life);
    let last = x.len() - 1;
    let weight =
        |at: usize| if at == 0 { keep.powi(last as i32) } else { (1.0 - keep) * keep.powi((last - at) as i32) };
    x.iter().enumerate().map(|(at, x)| weight(at) * x).sum()
}

#[test]
fn averages_are_weighted_sums_of_all_squares() {
    let closes = path(300, 1);
    let mut model = Ewma3::new(2880);
    let profile = model.profile().clone();
    for (at, close) in closes.iter().enumerate() {
        model.on_close(minute(MONDAY + at as u64), *close);
    }
    let x = |at: usize| {
        let r = (closes[at].0 as f64 / closes[at - 1].0 as f64).ln();
        r * r / profile.multiplier(MONDAY + at as u64)
    };
    let x: Vec<_> = (1..closes.len()).map(x).collect();
    for (fast, half_life) in model.averages().into_iter().zip([10.0, 60.0, 720.0]) {
        close_to(fast, slow_average(&x, half_life), 1e-9, "an average");
    }
}

#[test]
fn a_missing_minute_is_a_return_of_zero_and_the_next_has_the_whole_move() {
    let (mut gap, mut flat) = (Ewma3::new(2880), Ewma3::new(2880));
    let closes = path(100, 2);
    for (at, close) in closes.iter().enumerate() {
        let at_minute = minute(MONDAY + at as u64);
        flat.on_close(at_minute, if (50..53).contains(&at) { closes[49] } else { *close });
        if !(50..53).contains(&at) {
            gap.on_close(at_minute, *close);
        }
    }
    assert_eq!(gap.averages(), flat.averages());
    let now = minute(MONDAY + 100);
    assert_eq!((gap.missing_of_last_hour(now), flat.missing_of_last_hour(now)), (3, 0));
    // An hour on, they are forgotten; a close that does not come is missed a minute after its own.
    for at in 100..160 {
        gap.on_close(minute(MONDAY + at), closes[at as usize % 100]);
    }
    assert_eq!(gap.missing_of_last_hour(minute(MONDAY + 160)), 0);
    assert_eq!(gap.missing_of_last_hour(minute(MONDAY + 161)), 0);
    assert_eq!(gap.missing_of_last_hour(minute(MONDAY + 165)), 4);
    assert_eq!(gap.missing_of_last_hour(minute(MONDAY + 5_000)), 60);
}

#[test]
fn old_repeated_and_impossible_closes_are_not_heard() {
    let mut model = Ewma3::new(2880);
    for (at, close) in path(10, 3).into_iter().enumerate() {
        model.on_close(minute(MONDAY + at as u64), close);
    }
    let before = model.averages();
    model.on_close(minute(MONDAY + 9), Money(1));
    model.on_close(minute(MONDAY + 3), Money(1));
    model.on_close(minute(MONDAY + 10), Money(0));
    model.on_close(minute(MONDAY + 10), Money(-5));
    assert_eq!(model.averages(), before);
}

#[test]
fn two_days_make_it_warm_and_two_days_of_silence_make_it_cold() {
    let mut model = Ewma3::new(2880);
    for at in 0..2880 {
        assert!(!model.is_warm(), "minute {at}");
        model.on_close(minute(MONDAY + at), Money(100_000_000_000 + i64::try_from(at).unwrap()));
    }
    assert!(model.is_warm());
    model.on_close(minute(MONDAY + 2879 + 2880), Money(100_000_000_000));
    assert!(!model.is_warm() && model.averages() == [0.0; 3]);
    let nothing = model.variance(&Coefficients::FROZEN, minute(MONDAY + 6_000), minute(MONDAY + 6_015));
    assert_eq!(nothing, None);
}

/// The published share of a quarter hour: its first minute's multiplier without the minute's own 1.2444.
fn share_of(profile: &Profile, day: u64, slot: usize) -> f64 {
    profile.multiplier(day * 1440 + slot as u64 * 15) / 1.2444
}

/// A day's shares as the rule says: slot variance over its mean, at most 6, smoothed around the clock.
fn shares(squares: &[f64]) -> Vec<f64> {
    let slots: Vec<f64> = squares.chunks(15).map(|minutes| minutes.iter().sum()).collect();
    let mean = slots.iter().sum::<f64>() / SLOTS as f64;
    let capped: Vec<_> = slots.iter().map(|variance| (variance / mean).min(6.0)).collect();
    (0..SLOTS).map(|at| 0.25 * capped[(at + 95) % 96] + 0.5 * capped[at] + 0.25 * capped[(at + 1) % 96]).collect()
}

#[test]
fn the_profile_learns_from_full_days_as_the_rule_says() {
    let mut model = Ewma3::new(2880);
    let frozen = model.profile().clone();
    // Friday to Wednesday.
    let (first_day, days) = (MONDAY / 1440 - 3, 6);
    let closes = path(1440 * days + 1, 4);
    for (at, close) in closes.iter().enumerate() {
        model.on_close(minute(first_day * 1440 + at as u64), *close);
    }
    let squared = |at: usize| if at == 0 { 0.0 } else { (closes[at].0 as f64 / closes[at - 1].0 as f64).ln().powi(2) };
    let squares: Vec<_> = (0..1440 * days).map(squared).collect();
    let published = |set: u64| (0..SLOTS).map(|slot| share_of(&frozen, first_day + set, slot)).collect::<Vec<_>>();
    let mut known = [published(0), published(1)];
    for (day, squares) in squares.chunks(1440).enumerate() {
        let set = usize::from(day == 1 || day == 2);
        let gain = (1.0 - 2f64.powf(-1.0 / 30.0)) * [1.0, 2.0][set];
        for (known, seen) in known[set].iter_mut().zip(shares(squares)) {
            *known += gain * (seen - *known);
        }
    }
    for (day, known) in (first_day..).zip(known) {
        let mean = known.iter().sum::<f64>() / SLOTS as f64;
        for (slot, known) in known.iter().enumerate() {
            close_to(share_of(model.profile(), day, slot), known / mean, 1e-9, "a share");
        }
    }
    assert_ne!(share_of(model.profile(), first_day, 10), share_of(&frozen, first_day, 10));
}

#[test]
fn a_day_with_too_many_gaps_teaches_nothing() {
    for (missing, learns) in [(60, true), (61, false)] {
        let mut model = Ewma3::new(2880);
        let before = model.profile().multiplier(MONDAY);
        for (at, close) in path(1440 + 1440, 5)
            .into_iter()
            .enumerate()
            .filter(|(at, _)| !(1440 + 100..1440 + 100 + missing).contains(at))
        {
            model.on_close(minute(MONDAY - 1440 + at as u64), close);
        }
        model.on_close(minute(MONDAY + 1440), Money(100_000_000_000));
        // The first day starts one return short of full and is Sunday's: the weekday set is Monday's alone.
        assert_eq!(model.profile().multiplier(MONDAY) != before, learns, "{missing} missing");
    }
}

proptest! {
    #[test]
    fn stretches_add_up_and_minutes_count_pro_rata(start in 0..(3 * 1440 * MINUTE), first in 0..(40 * MINUTE), second in 0..(40 * MINUTE)) {
        let model = Ewma3::new(2880);
        let profile = model.profile();
        let from = Nanos(MONDAY * MINUTE + start);
        let (middle, end) = (from.plus(first), from.plus(first + second));
        let whole = profile.weight(from, end);
        prop_assert!((whole - profile.weight(from, middle) - profile.weight(middle, end)).abs() < 1e-9);
        prop_assert_eq!(profile.weight(end, from), if first + second == 0 { whole } else { 0.0 });
        let minute_start = Nanos(from.0 / MINUTE * MINUTE);
        let whole_minute = profile.weight(minute_start, minute_start.plus(MINUTE));
        prop_assert_eq!(whole_minute, profile.multiplier(from.0 / MINUTE));
        prop_assert!((profile.weight(minute_start, minute_start.plus(MINUTE / 4)) * 4.0 - whole_minute).abs() < 1e-12);
    }
}

#[test]
fn the_frozen_profile_has_mean_one() {
    let model = Ewma3::new(2880);
    let monday = Nanos(MONDAY * MINUTE);
    for day in 0..7 {
        let from = monday.plus(day * 1440 * MINUTE);
        let mean = model.profile().weight(from, from.plus(1440 * MINUTE)) / 1440.0;
        assert!((mean - 1.0).abs() < 1e-4, "day {day}: {mean}");
    }
}
