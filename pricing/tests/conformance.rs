//! The oracle set that is not part of this repository, read from `GOLDEN_DIR`; fails when it is not set.

#[path = "common/mod.rs"]
mod common;
#[path = "common/oracles.rs"]
mod oracles;

use common::{close_to, maybe, number, rows};
use std::collections::BTreeMap;
use std::path::PathBuf;
use trader_journal::units::{Money, Nanos};
use trader_pricing::probability::{Average, ClosingValue, Distribution, Tail};
use trader_pricing::volatility::{Coefficients, Ewma3};

fn folder() -> PathBuf {
    std::env::var_os("GOLDEN_DIR").expect("GOLDEN_DIR names the folder of oracle files").into()
}

#[test]
fn brackets_agree_with_fifty_digits() {
    oracles::brackets(&folder());
}

#[test]
fn averages_agree() {
    oracles::averages(&folder());
}

#[test]
fn kelly_agrees() {
    oracles::kelly(&folder());
}

#[test]
fn the_tail_adjustment_agrees() {
    for row in rows(&folder(), "tail_adjusted_prob.csv") {
        let spot = number(&row, "spot");
        let average = Average::Continuous { seconds: 60.0 };
        let tau = number(&row, "tau_s");
        let sigma = number(&row, "sigma_15m") * (average.variance_time_s(tau) / 900.0).sqrt();
        close_to(sigma, number(&row, "s"), 1e-12, "s");
        let value = |distribution| ClosingValue { mean: spot, sigma, drift: 0.0, distribution };
        let strike = number(&row, "strike");
        let case = &row["case"];
        let tail = value(Distribution::TailAdjusted(Tail::DEFAULT)).at_least(strike);
        close_to(tail, number(&row, "p_tail"), 1e-9, &format!("case {case}"));
        let normal = value(Distribution::Normal).at_least(strike);
        close_to(normal, number(&row, "p_normal"), 1e-9, &format!("case {case}, normal"));
    }
}

#[test]
fn the_default_model_agrees_minute_by_minute() {
    let mut model = Ewma3::new(2880);
    let mut last = Nanos(0);
    for row in rows(&folder(), "default_model.csv") {
        last = minute(&row);
        let close = Money::parse(row["close"].as_bytes()).expect("a close");
        let multiplier = model.profile().multiplier(last.seconds() / 60);
        close_to(multiplier, number(&row, "s") * number(&row, "q"), 1e-12, &row["minute_utc"]);
        model.on_close(last, close);
        for (average, column) in model.averages().into_iter().zip(["E10", "E60", "E720"]) {
            close_to(average, maybe(&row, column).unwrap_or(0.0), 1e-10, &row["minute_utc"]);
        }
    }
    let end = last.plus(60 * Nanos::SECOND);
    let quarter = end.plus(900 * Nanos::SECOND);
    let variance = model.variance(&Coefficients::FROZEN, end, quarter).expect("a forecast");
    // The RESULT line of the file's header.
    close_to(Coefficients::FROZEN.minute_variance(model.averages()), 3.033_448_862_240_355_3e-7, 1e-10, "base");
    close_to(model.profile().weight(end, quarter), 29.326_695_51, 1e-10, "weight");
    close_to(variance, 8.896_103_112_807_884e-6, 1e-10, "h15");
}

/// `2025-11-28 13:15:00` as nanoseconds; days by the civil calendar (March-based years).
fn minute(row: &BTreeMap<String, String>) -> Nanos {
    let text = &row["minute_utc"];
    let field = |from: usize, to: usize| text[from..to].parse::<i64>().expect("a number");
    let (year, month, day) = (field(0, 4), field(5, 7), field(8, 10));
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let seconds = (days * 24 + field(11, 13)) * 3600 + field(14, 16) * 60 + field(17, 19);
    Nanos(u64::try_from(seconds).expect("after 1970") * Nanos::SECOND)
}
