//! One check per oracle file. The folder is an argument: the copies in this repository, or the whole set.

use crate::common::{close_to, maybe, number, rows};
use std::collections::BTreeMap;
use std::path::Path;
use trader_journal::fee::{FeeRates, Precision};
use trader_journal::units::{Count, Price};
use trader_pricing::kelly::{Bet, KellyRule};
use trader_pricing::probability::{Average, ClosingValue, Distribution, Mixture, StudentT};

type Row = BTreeMap<String, String>;

fn distribution(row: &Row) -> Distribution {
    match row["model"].as_str() {
        "normal" => Distribution::Normal,
        "student_t" => Distribution::StudentT(StudentT::new(number(row, "p1")).expect("degrees of freedom")),
        "mix" => Distribution::Mixture(Mixture::new(number(row, "p1"), number(row, "p2")).expect("a mixture")),
        other => panic!("model {other}"),
    }
}

/// `bracket_prob.csv`: normal, Student-t and mixture, down to 1e-152.
pub(crate) fn brackets(folder: &Path) {
    for row in rows(folder, "bracket_prob.csv") {
        let seconds = number(&row, "avg_s");
        let average = if seconds > 0.0 { Average::Continuous { seconds } } else { Average::None };
        let tau = number(&row, "tau_s");
        let variance_time = average.variance_time_s(tau);
        let value = ClosingValue {
            mean: average.mean(tau, number(&row, "spot"), number(&row, "obs_avg")),
            sigma: number(&row, "sigma_15m") * (variance_time / 900.0).sqrt(),
            drift: number(&row, "drift_15m") * average.drift_time_s(tau) / 900.0,
            distribution: distribution(&row),
        };
        let case = &row["case"];
        close_to(variance_time, number(&row, "tau_eff_s"), 1e-14, &format!("case {case}, tau_eff"));
        close_to(value.mean, number(&row, "m_usd"), 1e-14, &format!("case {case}, mean"));
        let got = match (maybe(&row, "k_lo"), maybe(&row, "k_hi")) {
            (Some(floor), Some(cap)) => value.between(floor, cap),
            (Some(floor), None) => value.at_least(floor),
            (None, Some(cap)) => value.below(cap),
            (None, None) => 1.0,
        };
        close_to(got, number(&row, "prob"), 1e-9, &format!("case {case}"));
    }
}

/// `tau_eff.csv`: both forms of the average.
pub(crate) fn averages(folder: &Path) {
    for row in rows(folder, "tau_eff.csv") {
        let tau = number(&row, "tau_s");
        let continuous = Average::Continuous { seconds: 60.0 }.variance_time_s(tau);
        close_to(continuous, number(&row, "tau_eff_continuous_s"), 1e-14, "continuous");
        let prints = Average::Prints.variance_time_s(tau);
        close_to(prints, number(&row, "tau_eff_discrete_s"), 1e-14, "prints");
    }
}

/// `kelly.csv`: fees in cents, the ramp's threshold included, to 1e-12.
pub(crate) fn kelly(folder: &Path) {
    for row in rows(folder, "kelly.csv") {
        let case = &row["case"];
        let yes = row["side"] == "yes";
        let p_yes = number(&row, "p_yes");
        let rates = FeeRates::new((number(&row, "rate") * 1e6).round() as u32, 0).expect("rates");
        let price = Price((number(&row, "price_cents") * 100.0).round() as u16);
        let count = Count((number(&row, "contracts") * 100.0).round() as i64);
        let q = if yes { p_yes } else { 1.0 - p_yes };
        let bet = Bet::new(q, price, count, rates, Precision::Cent).expect("a bet");
        let rule = KellyRule {
            edge_min: number(&row, "threshold"),
            edge_full: number(&row, "full_edge"),
            ramp_floor: 0.25,
            multiplier: number(&row, "kelly_mult"),
            fraction_max: number(&row, "cap"),
        };
        let check = |got: f64, column: &str| {
            let want = number(&row, column);
            assert!((got - want).abs() <= 1e-12, "case {case}, {column}: got {got}, want {want}");
        };
        check(bet.fee, "fee_usd");
        check(bet.cost(), "cost");
        check(bet.edge_gross(), "edge_gross");
        check(bet.edge_net(), "edge_net");
        check(bet.kelly(), "kelly_full");
        check(rule.ramp(bet.edge_net()), "ramp");
        check(rule.fraction(&bet), "fraction");
        check(rule.scaled(bet.kelly(), bet.edge_gross()), "fraction_gross_ramp");
    }
}
