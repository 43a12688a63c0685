//! What any distribution must be, and slow integrals beside the fast functions.

use proptest::prelude::*;
use trader_journal::event::StrikeKind;
use trader_journal::units::Money;
use trader_pricing::probability::{Average, Bounds, ClosingValue, Distribution, Mixture, StudentT, Tail};

fn all() -> [Distribution; 5] {
    [
        Distribution::Normal,
        Distribution::StudentT(StudentT::new(4.6).unwrap()),
        Distribution::StudentT(StudentT::new(2.7).unwrap()),
        Distribution::Mixture(Mixture::new(0.06, 3.2).unwrap()),
        Distribution::TailAdjusted(Tail::DEFAULT),
    ]
}

/// Composite Simpson over `[from, to]`.
fn integral(from: f64, to: f64, density: impl Fn(f64) -> f64) -> f64 {
    let pieces = 20_000;
    let width = (to - from) / f64::from(pieces);
    let weight = |at: i32| if at == 0 || at == pieces { 1.0 } else { 2.0 + 2.0 * f64::from(at % 2) };
    (0..=pieces).map(|at| weight(at) * density(from + f64::from(at) * width)).sum::<f64>() * width / 3.0
}

#[test]
fn student_t_is_the_integral_of_its_density() {
    for nu in [2.1, 2.7, 4.6, 5.0, 30.0, 400.0] {
        let student = StudentT::new(nu).unwrap();
        let scale = (nu / (nu - 2.0)).sqrt();
        let norm =
            libm::exp(libm::lgamma((nu + 1.0) / 2.0) - libm::lgamma(nu / 2.0)) / (nu * std::f64::consts::PI).sqrt();
        let density = |t: f64| norm * (1.0 + t * t / nu).powf(-(nu + 1.0) / 2.0);
        for z in [0.01, 0.4, 1.0, 2.5, 6.0] {
            let slow = integral(0.0, z * scale, density);
            assert!((student.within(z) - slow).abs() < 1e-12 * 10.0, "ν {nu}, z {z}");
            assert!((student.above(z) - (0.5 - slow)).abs() < 1e-11);
            assert!((student.above(-z) - (0.5 + slow)).abs() < 1e-11);
        }
    }
}

#[test]
fn student_t_has_the_power_law_tail_far_out() {
    // P(T > t) → c·t^−ν: doubling t divides it by 2^ν once t is large.
    for nu in [2.7, 5.0] {
        let student = StudentT::new(nu).unwrap();
        let ratio = student.above(1e8) / student.above(2e8);
        assert!((ratio / 2f64.powf(nu) - 1.0).abs() < 1e-9, "ν {nu}: {ratio}");
    }
    // Two degrees more than none, and a million: the ends of what is accepted.
    assert!(StudentT::new(2.0).is_none() && StudentT::new(f64::NAN).is_none() && StudentT::new(2e6).is_none());
}

#[test]
fn student_t_of_many_degrees_is_normal() {
    let student = Distribution::StudentT(StudentT::new(1e6).unwrap());
    for z in [0.0, 0.3, 1.0, 2.0, 3.0] {
        assert!((student.above(z) - Distribution::Normal.above(z)).abs() < 1e-6);
    }
}

#[test]
fn a_mixture_of_equals_is_normal_and_impossible_parameters_are_refused() {
    let equal = Distribution::Mixture(Mixture::new(0.3, 1.0).unwrap());
    assert!((equal.above(1.3) / Distribution::Normal.above(1.3) - 1.0).abs() < 1e-14);
    assert!(Mixture::new(1.1, 2.0).is_none() && Mixture::new(0.5, 0.0).is_none());
    assert!(Tail::new(0.87, 0.7, 1.5).is_none() && Tail::new(0.0, 0.2, 1.5).is_none());
}

proptest! {
    #[test]
    fn probabilities_are_symmetric_and_fall(z in -40.0..40.0f64, step in 1e-6..5.0f64) {
        for spread in all() {
            let (here, there) = (spread.above(z), spread.above(z + step));
            prop_assert!((0.0..=1.0).contains(&here));
            prop_assert!(there <= here, "{spread:?}");
            prop_assert!((spread.above(z) + spread.below(z) - 1.0).abs() < 1e-15 * 4.0);
            prop_assert_eq!(spread.above(z), spread.below(-z));
        }
    }

    #[test]
    fn a_stretch_is_the_sum_of_its_parts(low in -8.0..8.0f64, first in 1e-3..4.0f64, second in 1e-3..4.0f64) {
        for spread in all() {
            let (middle, high) = (low + first, low + first + second);
            let whole = spread.between(low, high);
            let parts = spread.between(low, middle) + spread.between(middle, high);
            prop_assert!((whole - parts).abs() <= 1e-12 * whole + 1e-17, "{spread:?}: {whole} {parts}");
            // Mirrored, it is the same.
            prop_assert!((whole - spread.between(-high, -low)).abs() <= 1e-12 * whole);
        }
    }

    #[test]
    fn a_ladder_sums_to_one(
        mean in 20_000.0..200_000.0f64,
        sigma in prop_oneof![Just(0.0), 1e-9..0.02f64],
        lowest in 100..900i64,
        rungs in 2..200i64,
    ) {
        let usd = |dollars: i64| Money(dollars * Money::DOLLAR.0);
        let floor = lowest * 100;
        let top = floor + rungs * 100;
        for distribution in all() {
            let value = ClosingValue { mean, sigma, drift: 0.0, distribution };
            let mut sum = value.yes(StrikeKind::Less, Money::ZERO, usd(floor)).unwrap();
            for rung in 0..rungs {
                let low = floor + rung * 100;
                let cap = Money(usd(low + 100).0 - Money::CENT.0);
                sum += value.yes(StrikeKind::Between, usd(low), cap).unwrap();
            }
            sum += value.yes(StrikeKind::Greater, Money(usd(top).0 - Money::CENT.0), Money::ZERO).unwrap();
            prop_assert!((sum - 1.0).abs() < 1e-12, "{distribution:?}: {sum}");
        }
    }

    #[test]
    fn less_time_is_less_variance(tau in 0.0..1000.0f64, step in 0.0..30.0f64) {
        for average in [Average::None, Average::Continuous { seconds: 60.0 }, Average::Prints] {
            let (near, far) = (average.variance_time_s(tau), average.variance_time_s(tau + step));
            prop_assert!(0.0 <= near && near <= far + 1e-12 && far <= tau + step, "{average:?}");
            prop_assert!((0.0..=1.0).contains(&average.share_seen(tau)));
            prop_assert!(average.drift_time_s(tau) <= tau);
        }
    }

    /// Sixty prints, summed one by one: each second of movement before a print moves all prints after it.
    #[test]
    fn the_variance_of_sixty_prints_is_the_sum_over_seconds(whole in 0..900u32) {
        let tau = f64::from(whole);
        let weight = |second: u32| f64::from((60.0f64).min(f64::from(whole - second)) as u32) / 60.0;
        let slow: f64 = (0..whole).map(|second| weight(second) * weight(second)).sum();
        let drift: f64 = (0..whole).map(weight).sum();
        prop_assert!((Average::Prints.variance_time_s(tau) - slow).abs() < 1e-9);
        prop_assert!((Average::Prints.drift_time_s(tau) - drift).abs() < 1e-9);
    }
}

#[test]
fn what_is_decided_is_a_step_and_equality_is_yes() {
    let value = ClosingValue { mean: 100_000.0, sigma: 0.0, drift: 0.0, distribution: Distribution::Normal };
    assert_eq!((value.at_least(100_000.0), value.below(100_000.0)), (1.0, 0.0));
    assert_eq!((value.at_least(100_000.01), value.below(100_000.01)), (0.0, 1.0));
    assert_eq!((value.between(100_000.0, 100_100.0), value.between(99_900.0, 100_000.0)), (1.0, 0.0));
    assert_eq!(value.between(100_100.0, 100_000.0), 0.0);
}

#[test]
fn strikes_mean_what_the_venue_says() {
    let at = |cents: i64| Money(cents * Money::CENT.0);
    let bounds = |kind| Bounds::of(kind, at(7_274_999), at(7_284_999)).unwrap();
    assert!(!bounds(StrikeKind::Greater).contain(at(7_274_999)) && bounds(StrikeKind::Greater).contain(at(7_275_000)));
    assert!(bounds(StrikeKind::GreaterOrEqual).contain(at(7_274_999)));
    assert!(bounds(StrikeKind::Less).contain(at(7_284_998)) && !bounds(StrikeKind::Less).contain(at(7_284_999)));
    assert!(bounds(StrikeKind::LessOrEqual).contain(at(7_284_999)));
    assert!(!bounds(StrikeKind::LessOrEqual).contain(at(7_285_000)));
    let between = bounds(StrikeKind::Between);
    assert!(between.contain(at(7_274_999)) && between.contain(at(7_284_999)) && !between.contain(at(7_285_000)));
    assert!(Bounds::of(StrikeKind::Unknown, at(1), at(2)).is_none());
    assert!(Bounds::of(StrikeKind::Unpriced, at(1), at(2)).is_none());
}

#[test]
fn nothing_is_ever_not_a_number() {
    let odd = [0.0, 1e-320, 1e-12, 1.0, 1e12, 1e300];
    for distribution in all() {
        for mean in [1e-3, 1.0, 1e5, 1e9] {
            for sigma in odd {
                for strike in odd.into_iter().chain([-5.0]) {
                    let value = ClosingValue { mean, sigma, drift: 0.0, distribution };
                    let told = [value.below(strike), value.at_least(strike), value.between(strike, strike * 2.0)];
                    assert!(told.iter().all(|p| (0.0..=1.0).contains(p)), "{value:?} {strike}: {told:?}");
                }
            }
        }
    }
}
