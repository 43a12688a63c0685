//! The measures against fifty digits.

use kalshi_trader::research::metrics::*;
use std::path::Path;

fn list(text: &str) -> Vec<f64> {
    text.split(';').map(|number| number.parse().expect("a number")).collect()
}

#[test]
fn every_measure_agrees_with_the_oracle() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/research/golden/metrics.csv");
    let text = std::fs::read_to_string(file).unwrap();
    let mut checked = 0;
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("case,")) {
        let columns: Vec<&str> = line.split(',').collect();
        let (actual, forecast) = (list(columns[2]), list(columns[3]));
        let happened: Vec<bool> = actual.iter().map(|y| *y == 1.0).collect();
        let pairs = || happened.iter().copied().zip(forecast.iter().copied());
        let got = match columns[1] {
            "qlike" => mean(actual.iter().zip(&forecast).map(|(y, h)| qlike_of(*y, *h))),
            "qlike_raw" => mean(actual.iter().zip(&forecast).map(|(y, h)| y / h + h.ln())),
            "brier" => mean(pairs().map(|(y, p)| brier_of(y, p))),
            "logloss_eps1e-6" => mean(pairs().map(|(y, p)| log_loss_of(y, p, 1e-6))),
            "ece10" => {
                let mut table = Reliability::default();
                pairs().for_each(|(y, p)| table.add(y, p));
                table.ece()
            }
            "mae" => mae(&actual, &forecast),
            "r2" => r2(&actual, &forecast),
            "auc" => auc(&happened, &forecast),
            other => panic!("no measure {other}"),
        };
        let want: f64 = columns[4].parse().unwrap();
        assert!((got - want).abs() <= 1e-12 * want.abs().max(1.0), "{line}: {got}");
        checked += 1;
    }
    assert_eq!(checked, 10);
}

#[test]
fn a_window_without_a_move_has_a_finite_qlike() {
    assert!(qlike_of(0.0, 1e-6).is_finite());
}

#[test]
fn a_straight_line_correlates_whole_and_its_mirror_the_other_way() {
    let line = [1.0, 2.0, 4.0, 8.0];
    let mirror = line.map(|x| -3.0 * x);
    assert!((correlation(&line, &line) - 1.0).abs() < 1e-12 && (correlation(&line, &mirror) + 1.0).abs() < 1e-12);
}
