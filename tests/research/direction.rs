//! The direction model: what it looks at, what it learns, and that it does not look ahead.

use super::common::{DAY, walk as candles};
use kalshi_trader::research::direction::{Call, calls, fit, score, walk};
use kalshi_trader::research::windows::from_minutes;
use proptest::prelude::*;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use trader_journal::units::Nanos;
use trader_pricing::direction::{Belief, FEATURES, FairValue, Trend};

const QUARTER: u64 = 900 * Nanos::SECOND;

/// Calls made by a regression of the first two features.
fn made(count: u64) -> Vec<Call> {
    let mut chance = Xoshiro256PlusPlus::seed_from_u64(21);
    let mut unit = move || (chance.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let one = |at: u64| {
        let x: [f64; FEATURES] = std::array::from_fn(|_| unit() * 4.0 - 2.0);
        let p = 1.0 / (1.0 + (-(0.1 + 0.8 * x[0] - 0.4 * x[1])).exp());
        Call { x, up: unit() < p, at: Nanos(at * QUARTER) }
    };
    (0..count).map(one).collect()
}

#[test]
fn the_fit_finds_what_the_calls_were_made_of() {
    let fitted = fit(&made(60_000)).expect("a fit");
    assert!((fitted.slopes[0] - 0.8).abs() < 0.05 && (fitted.slopes[1] + 0.4).abs() < 0.05, "{fitted:?}");
    assert!((fitted.intercept - 0.1).abs() < 0.05 && fitted.slopes[2..].iter().all(|slope| slope.abs() < 0.05));
}

#[test]
fn what_is_to_be_known_is_found_and_a_coin_is_not() {
    let found = score(&walk(&made(20_000), Nanos(0), Nanos::NEVER)).expect("calls");
    assert!(found.auc > 0.7 && found.as_fitted.mean < -0.05, "{found:?}");
    let mut coin = made(20_000);
    let mut chance = Xoshiro256PlusPlus::seed_from_u64(22);
    coin.iter_mut().for_each(|call| call.up = chance.next_u64() & 1 == 1);
    let nothing = score(&walk(&coin, Nanos(0), Nanos::NEVER)).expect("calls");
    assert!((nothing.auc - 0.5).abs() < 0.02 && nothing.as_used.mean.abs() < 1e-3, "{nothing:?}");
    assert_eq!(score(&[]), None);
}

#[test]
fn a_future_cut_off_changes_no_call() {
    let windows = from_minutes(candles(50 * DAY, 23, |minute| minute % 5000 == 9).candles());
    let cut = &windows[..windows.len() - 400];
    let [whole, cut] = [&windows[..], cut].map(|windows| walk(&calls(windows), Nanos(0), Nanos::NEVER));
    assert!(cut.len() > 500);
    assert_eq!(cut[..], whole[..cut.len()]);
}

#[test]
fn features_are_what_they_are_called() {
    let windows = from_minutes(candles(3 * DAY, 24, |_| false).candles());
    let mut trend = Trend::default();
    windows.iter().for_each(|window| trend.hear(&window.bar, 0.25));
    let x = trend.features().expect("three days are enough");
    let closes: Vec<f64> = windows.iter().map(|window| (window.bar.close.0 as f64).ln()).collect();
    let back = |quarters: usize| closes[closes.len() - 1 - quarters];
    let ratio = |at: usize, quarters: usize| (back(0) - back(quarters)) / (quarters as f64).sqrt() / x[at];
    let sigma = ratio(0, 1);
    for (at, quarters) in [(1, 2), (2, 4), (3, 16), (4, 96)] {
        assert!((ratio(at, quarters) / sigma - 1.0).abs() < 1e-6, "{quarters}");
    }
    let last = &closes[closes.len() - 20..];
    let mean = last.iter().sum::<f64>() / 20.0;
    let deviation = (last.iter().map(|close| (close - mean).powi(2)).sum::<f64>() / 20.0).sqrt();
    assert!((x[5] - (back(0) - mean) / deviation).abs() < 1e-6);
    let steps: Vec<f64> = closes[closes.len() - 15..].windows(2).map(|pair| pair[1] - pair[0]).collect();
    let both: f64 = steps.iter().map(|step| step.abs()).sum();
    assert!((x[6] - steps.iter().sum::<f64>() / both).abs() < 1e-6);
    assert_eq!((x[7], x[8]), (0.25, 0.25));
    // The last quarter hour of a day.
    assert!((x[9] - (-std::f64::consts::TAU / 96.0).sin()).abs() < 1e-12);
}

#[test]
fn a_gap_forgets_and_what_is_old_is_not_heard() {
    let windows = from_minutes(candles(3 * DAY, 25, |_| false).candles());
    let mut trend = Trend::default();
    windows[..200].iter().for_each(|window| trend.hear(&window.bar, 0.0));
    let before = trend.features();
    trend.hear(&windows[50].bar, 0.0);
    assert_eq!(trend.features(), before);
    trend.hear(&windows[201].bar, 0.0);
    assert_eq!(trend.features(), None);
}

proptest! {
    #[test]
    fn a_belief_is_never_beyond_its_clip(slope in -50.0..50.0_f64, x in -6.0..6.0_f64) {
        let model = FairValue { intercept: 0.0, slopes: [slope; FEATURES] };
        let used = Belief::DEFAULT.of(model.probability(&[x; FEATURES]));
        prop_assert!((0.35..=0.65).contains(&used));
        let mirrored = Belief::DEFAULT.of(model.probability(&[-x; FEATURES]));
        prop_assert!((used + mirrored - 1.0).abs() < 1e-12);
    }
}

#[test]
fn no_probability_is_one_half() {
    assert_eq!(Belief::DEFAULT.of(f64::NAN), 0.5);
}
