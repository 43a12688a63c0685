//! The built program over every oracle file that `calc` has a verb for, read from `GOLDEN_DIR`, and
//! `evaluate` on the candles in `DATA_DIR`; fails when they are not set. What is compared is what the
//! program printed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

type Row = BTreeMap<String, String>;

fn golden(file: &str) -> PathBuf {
    let folder = std::env::var_os("GOLDEN_DIR").expect("GOLDEN_DIR names the folder of oracle files");
    PathBuf::from(folder).join(file)
}

/// The rows that `calc VERB --csv FILE` prints, each as column to text.
fn computed(verb: &str, file: &str) -> Vec<Row> {
    let program = env!("CARGO_BIN_EXE_kalshi-trader");
    let output = Command::new(program).args(["calc", verb, "--csv"]).arg(golden(file)).output().unwrap();
    assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let names = lines.next().expect("a header");
    let rows: Vec<Row> = lines.map(|fields| names.iter().cloned().zip(fields).collect()).collect();
    let data = |line: &&str| !line.starts_with('#') && !line.trim().is_empty();
    let oracle = std::fs::read_to_string(golden(file)).unwrap().lines().filter(data).count() - 1;
    assert_eq!(rows.len(), oracle, "{file}: a row for each of the oracle's");
    rows
}

fn number(row: &Row, column: &str) -> f64 {
    let text = row.get(column).unwrap_or_else(|| panic!("no column {column}"));
    if text.is_empty() { f64::NAN } else { text.parse().unwrap_or_else(|_| panic!("{column} = {text}")) }
}

/// The printed number beside the oracle's: as near as `within` says.
fn check(row: &Row, column: &str, within: impl Fn(f64) -> f64) {
    let (want, got) = (number(row, column), number(row, &format!("got_{column}")));
    let both_blank = want.is_nan() && got.is_nan();
    assert!(both_blank || (got - want).abs() <= within(want), "{column}: got {got:e}, want {want:e}\n{row:?}");
}

#[test]
fn fees_are_exact() {
    for row in computed("fee", "kalshi_fees.csv") {
        for column in ["fee_cents", "fee_centicents", "exact_fee_cents_rational"] {
            assert_eq!(row[column], row[&format!("got_{column}")], "{column}\n{row:?}");
        }
        check(&row, "per_contract_usd", |want| 1e-15 * want);
    }
}

#[test]
fn brackets_agree_to_1e_9_down_to_the_smallest() {
    let mut smallest = 1.0_f64;
    for row in computed("bracket", "bracket_prob.csv") {
        check(&row, "prob", |want| 1e-9 * want);
        check(&row, "tau_eff_s", |want| 1e-12 * want);
        check(&row, "m_usd", |want| 1e-12 * want);
        check(&row, "s", |want| 1e-12 * want);
        smallest = smallest.min(Some(number(&row, "prob")).filter(|prob| *prob > 0.0).unwrap_or(1.0));
    }
    assert!(smallest < 1e-150, "the file asks for the far tail");
    for row in computed("bracket", "tail_adjusted_prob.csv") {
        check(&row, "p_tail", |want| 1e-9 * want);
        check(&row, "p_normal", |want| 1e-9 * want);
        check(&row, "s", |want| 1e-12 * want);
    }
    for row in computed("bracket", "tau_eff.csv") {
        check(&row, "tau_eff_continuous_s", |want| 1e-14 * want);
        check(&row, "tau_eff_discrete_s", |want| 1e-14 * want);
    }
}

/// An edge of exactly the threshold is in: asked in whole $1e-9, where no rounding can move it.
#[test]
fn kelly_agrees_to_1e_12_and_the_threshold_is_in() {
    let mut on_threshold = 0;
    for row in computed("kelly", "kelly.csv") {
        for column in ["fee_usd", "cost", "edge_gross", "edge_net", "kelly_full"] {
            check(&row, column, |_| 1e-12);
        }
        let nanos = |column: &str| (number(&row, column) * 1e9).round() as i64;
        on_threshold += u32::from(nanos("edge_net") == nanos("threshold"));
        assert_eq!(nanos("edge_net") < nanos("threshold"), number(&row, "got_ramp") == 0.0, "{row:?}");
        for column in ["ramp", "fraction", "fraction_gross_ramp"] {
            check(&row, column, |_| 1e-12);
        }
    }
    assert!(on_threshold >= 1, "the file has a row on the threshold");
}

#[test]
fn the_default_model_agrees_to_1e_10() {
    let rows = computed("vol", "default_model.csv");
    for row in &rows {
        for column in ["r", "x", "E10", "E60", "E720"] {
            check(row, column, |want| 1e-10 * want.abs());
        }
    }
    // The RESULT line among the file's comments.
    let text = std::fs::read_to_string(golden("default_model.csv")).unwrap();
    let result = text.lines().find_map(|line| line.strip_prefix("# RESULT ")).expect("a RESULT line");
    let last = rows.last().unwrap();
    for pair in result.split_whitespace() {
        let (name, want) = pair.split_once('=').expect("name=value");
        let (want, got): (f64, f64) = (want.parse().unwrap(), number(last, &format!("got_{name}")));
        assert!((got - want).abs() <= 1e-10 * want, "{name}: got {got:e}, want {want:e}");
    }
    assert_eq!(result.split_whitespace().count(), 4);
}

/// The rows that are frozen, as an independent implementation measured them; the one that is not must
/// come within a hundredth of them, or beat them.
#[test]
fn evaluate_has_the_study_s_numbers() {
    let folder = std::env::var_os("DATA_DIR").expect("DATA_DIR names the folder of candles");
    let candles = PathBuf::from(folder).join("btcusdt_spot_1m_2024-06_2025-08.csv.gz");
    let output = Command::new(env!("CARGO_BIN_EXE_kalshi-trader"))
        .args(["evaluate", "--json", "--from", "2024-12-08", "--to", "2025-08-31", "--candles"])
        .arg(candles)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["windows"], 25_632);
    let got = |pointer: &str| told["models"].pointer(pointer).and_then(serde_json::Value::as_f64).expect("a number");
    let study = [
        ("/ewma3_frozen/qlike", 0.2860),
        ("/ewma3_frozen/mae_bp", 9.89),
        ("/ewma3_frozen/log_loss/t0", 0.372_68),
        ("/ewma3_frozen/brier/t0", 0.120_24),
        ("/ewma60_normal/qlike", 0.3587),
        ("/ewma60_normal/log_loss/t0", 0.377_14),
        ("/naive/qlike", 0.7771),
        ("/naive/log_loss/t0", 0.405_59),
    ];
    for (pointer, want) in study {
        assert!((got(pointer) / want - 1.0).abs() < 0.01, "{pointer}: {} for {want}", got(pointer));
    }
    for measure in ["qlike", "log_loss/t0", "brier/t0"] {
        let [walking, frozen] = ["ewma3", "ewma3_frozen"].map(|model| got(&format!("/{model}/{measure}")));
        assert!(walking < frozen * 1.01, "{measure}: {walking} for {frozen}");
    }
}
