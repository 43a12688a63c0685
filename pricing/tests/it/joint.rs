//! Joint Kelly beside brute force.

use proptest::prelude::*;
use trader_pricing::kelly::{Bet, JointBet, KellyRule, LEGS_MAX, joint_fractions};

/// Expected log wealth of stakes, outcome by outcome.
fn growth(legs: &[JointBet], outcomes: &[f64], stakes: &[f64]) -> f64 {
    let wealth = |outcome: usize| {
        let paid = legs.iter().zip(stakes).map(|(leg, stake)| match leg.wins >> outcome & 1 {
            1 => stake / leg.cost - stake,
            _ => -stake,
        });
        1.0 + paid.sum::<f64>()
    };
    outcomes.iter().enumerate().map(|(outcome, p)| p * wealth(outcome).max(1e-300).ln()).sum()
}

/// Every corner of an ever finer grid around the best point so far.
fn brute_force(legs: &[JointBet], outcomes: &[f64]) -> Vec<f64> {
    let mut best = vec![0.0; legs.len()];
    let mut step = 0.16;
    while step > 1e-5 {
        let mut moved = true;
        while moved {
            moved = false;
            for code in 0..3usize.pow(legs.len() as u32) {
                let at: Vec<f64> = best
                    .iter()
                    .enumerate()
                    .map(|(leg, now)| now + step * (f64::from((code / 3usize.pow(leg as u32) % 3) as u8) - 1.0))
                    .collect();
                let legal = at.iter().all(|stake| *stake >= 0.0) && at.iter().sum::<f64>() < 1.0;
                if legal && growth(legs, outcomes, &at) > growth(legs, outcomes, &best) + 1e-16 {
                    best = at;
                    moved = true;
                }
            }
        }
        step /= 2.0;
    }
    best
}

#[test]
fn one_leg_is_the_formula() {
    for (q, cost) in [(0.55, 0.5), (0.3, 0.2), (0.95, 0.9), (0.02, 0.005), (0.4, 0.5)] {
        let fractions = joint_fractions(&[JointBet { cost, wins: 0b01 }], &[q, 1.0 - q]);
        let formula = Bet { q, price: cost, fee: 0.0 }.kelly();
        assert!((fractions[0] - formula).abs() < 1e-6, "{q} at {cost}: {} and {formula}", fractions[0]);
        assert_eq!(fractions[1..], [0.0; LEGS_MAX - 1]);
    }
}

#[test]
fn the_same_bet_twice_is_one_bet() {
    let leg = JointBet { cost: 0.5, wins: 0b01 };
    let twice = joint_fractions(&[leg, leg], &[0.6, 0.4]);
    assert!((twice[0] + twice[1] - 0.2).abs() < 1e-6);
    // Of two prices for one outcome only the better is bought.
    let dearer = joint_fractions(&[JointBet { cost: 0.52, ..leg }, leg], &[0.6, 0.4]);
    assert!(dearer[0] < 1e-6 && (dearer[1] - 0.2).abs() < 1e-6, "{dearer:?}");
}

#[test]
fn rivals_are_bought_together_and_hedge_each_other() {
    // Two brackets, each cheap: one pays when the other does not.
    let legs = [JointBet { cost: 0.25, wins: 0b001 }, JointBet { cost: 0.25, wins: 0b010 }];
    let outcomes = [0.35, 0.35, 0.3];
    let both = joint_fractions(&legs, &outcomes);
    let alone = Bet { q: 0.35, price: 0.25, fee: 0.0 }.kelly();
    assert!(both[0] > alone && (both[0] - both[1]).abs() < 1e-9);
}

#[test]
fn a_set_that_pays_in_every_outcome_still_leaves_something() {
    let legs = [JointBet { cost: 0.3, wins: 0b01 }, JointBet { cost: 0.3, wins: 0b10 }];
    let sure = joint_fractions(&legs, &[0.5, 0.5]);
    let total: f64 = sure.iter().sum();
    assert!(total > 0.9 && total < 1.0, "{total}");
}

#[test]
fn nonsense_gets_nothing() {
    let outcomes = [0.5, 0.5];
    for cost in [0.0, 1.0, -1.0, f64::NAN, 2.0] {
        assert_eq!(joint_fractions(&[JointBet { cost, wins: 1 }], &outcomes), [0.0; LEGS_MAX]);
    }
    assert_eq!(joint_fractions(&[], &outcomes), [0.0; LEGS_MAX]);
    assert_eq!(joint_fractions(&[JointBet { cost: 0.5, wins: 1 }], &[0.0, 0.0])[0], 0.0);
    assert_eq!(joint_fractions(&[JointBet { cost: 0.5, wins: 1 }], &[])[0], 0.0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_grid_finds_better(
        legs in proptest::collection::vec((0.05..0.95f64, 0..31u64), 1..4),
        weights in proptest::array::uniform5(0.01..1.0f64),
    ) {
        let total: f64 = weights.iter().sum();
        let outcomes = weights.map(|weight| weight / total);
        let legs: Vec<_> = legs.into_iter().map(|(cost, wins)| JointBet { cost, wins }).collect();
        let fast = joint_fractions(&legs, &outcomes);
        prop_assert!(fast.iter().all(|fraction| fraction.is_finite() && *fraction >= 0.0));
        prop_assert!(fast.iter().sum::<f64>() < 1.0);
        let slow = brute_force(&legs, &outcomes);
        let (ours, theirs) = (growth(&legs, &outcomes, &fast[..legs.len()]), growth(&legs, &outcomes, &slow));
        // The disaster outcome keeps a sure set from taking everything: allow what it costs.
        prop_assert!(ours >= theirs - 1e-5 * theirs.abs().max(1e-3), "{ours} < {theirs}: {fast:?} {slow:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// At the maximum no leg's slope is uphill, and none with a stake is downhill. (A sure set leaves one
    /// ten-millionth of the wealth to the disaster, which floats know to a few digits: hence 1e-4.)
    #[test]
    fn it_stands_on_the_top(
        legs in proptest::collection::vec((0.02..0.98f64, 0..1u64 << 9), 1..8),
        weights in proptest::array::uniform9(0.001..1.0f64),
    ) {
        let total: f64 = weights.iter().sum();
        let mut outcomes: Vec<_> = weights.iter().map(|weight| weight / total * (1.0 - 1e-7)).collect();
        let legs: Vec<_> = legs.into_iter().map(|(cost, wins)| JointBet { cost, wins }).collect();
        let f = joint_fractions(&legs, &outcomes);
        outcomes.push(1e-7);
        let gain = |leg: &JointBet, outcome: usize| if leg.wins >> outcome & 1 == 1 { 1.0 / leg.cost - 1.0 } else { -1.0 };
        let wealth: Vec<f64> = (0..10)
            .map(|outcome| 1.0 + legs.iter().zip(&f).map(|(leg, stake)| stake * gain(leg, outcome)).sum::<f64>())
            .collect();
        for (leg, stake) in legs.iter().zip(&f) {
            let slope: f64 = (0..10).map(|outcome| outcomes[outcome] * gain(leg, outcome) / wealth[outcome]).sum();
            prop_assert!(slope < 1e-4, "{slope} uphill at {stake}: {f:?}");
            prop_assert!(*stake == 0.0 || slope * stake > -1e-4, "{slope} downhill at {stake}: {f:?}");
        }
    }
}

#[test]
fn the_ramp_starts_at_the_threshold_and_never_falls() {
    let rule = KellyRule::DEFAULT;
    assert_eq!(rule.ramp(0.0199), 0.0);
    // In floats 0.5575 − 0.5375 is a little more than 0.02, and 0.12 − 0.10 a little less.
    assert!((rule.ramp(0.5575 - 0.5375) - 0.25).abs() < 1e-12 && (rule.ramp(0.12 - 0.10) - 0.25).abs() < 1e-12);
    assert_eq!((rule.ramp(0.10), rule.ramp(0.5)), (1.0, 1.0));
    let mut last = 0.0;
    for step in 0..2000 {
        let ramp = rule.ramp(f64::from(step) * 1e-4);
        assert!(ramp >= last && ramp <= 1.0);
        last = ramp;
    }
}
