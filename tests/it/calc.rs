//! `calc` as a person or a script meets it. The oracle files are asked by the conformance test.

use serde_json::Value;
use std::io::Write;
use std::process::{Command, Output, Stdio};

fn calc(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kalshi-trader")).arg("calc").args(arguments).output().unwrap()
}

/// The same with a file on standard input.
fn calc_csv(arguments: &[&str], text: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kalshi-trader"))
        .arg("calc")
        .args(arguments)
        .args(["--csv", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn one_fee() {
    let fee = json(&calc(&["fee", "--price-cents", "50", "--contracts", "100", "--json"]));
    assert_eq!((&fee["fee_cents"], &fee["fee_centicents"]), (&175.into(), &17_500.into()));
    // Alone the account's own precision is meant, a tenth of a cent and half a contract are numbers too.
    let fee = text(&calc(&["fee", "--price-cents", "9.5", "--contracts", "0.5"]));
    assert!(fee.contains("exact_fee_cents_rational = 24073/80000\n"), "{fee}");
    assert!(fee.contains("fee_centicents = 31\n") && fee.contains("per_contract_usd = 0.0062\n"), "{fee}");
}

#[test]
fn a_file_keeps_its_columns_and_gets_the_computed_ones() {
    let file = "# a comment\nnote,contracts,price_cents,rate\nhalf,1,50,0.07\nnone,0,50,0.07\n";
    let expected = "note,contracts,price_cents,rate,got_exact_fee_cents_rational,got_fee_cents,got_fee_centicents,\
                    got_per_contract_usd\nhalf,1,50,0.07,7/4,2,175,0.02\nnone,0,50,0.07,0,0,0,\n";
    assert_eq!(text(&calc_csv(&["fee"], file)), expected);
    let centicent = text(&calc_csv(&["fee", "--rounding", "centicent", "--json"], file));
    let first: Value = serde_json::from_str(centicent.lines().next().unwrap()).unwrap();
    assert_eq!((&first["note"], &first["got_per_contract_usd"]), (&"half".into(), &0.0175.into()));
}

#[test]
fn flags_say_what_a_file_does_not() {
    let file = "p_yes,price_cents\n0.60,50\n";
    let got = json(&calc_csv(&["kelly", "--contracts", "1", "--json"], file));
    assert_eq!(got["got_fee_usd"], 0.02, "a file's fee is in cents unless it says otherwise");
    let got = json(&calc_csv(&["kelly", "--rate", "0", "--threshold", "0.04", "--json"], file));
    assert!((got["got_fraction"].as_f64().unwrap() - 0.1).abs() < 1e-15, "{got}");
}

#[test]
fn one_bracket_and_its_complement_are_one() {
    let at = |bounds: &[&str]| {
        let fixed = ["bracket", "--spot", "100000", "--sigma-15m", "0.002", "--tau-s", "900", "--json"];
        json(&calc(&[&fixed[..], bounds].concat()))["prob"].as_f64().unwrap()
    };
    let inside = at(&["--k-lo", "99900", "--k-hi", "100100"]);
    let outside = at(&["--k-hi", "99900"]) + at(&["--k-lo", "100100"]);
    assert!((inside + outside - 1.0).abs() < 1e-12);
    // The configured distribution is narrower in the middle than the normal.
    assert!(inside > at(&["--k-lo", "99900", "--k-hi", "100100", "--model", "normal"]));
    // And the configured average is of prints, whose variance is a little larger.
    let prints = at(&["--k-lo", "100500"]);
    assert!(prints > at(&["--k-lo", "100500", "--average", "continuous"]));
}

#[test]
fn one_kelly_uses_the_configured_edges() {
    let one = ["kelly", "--p-yes", "0.55", "--price-cents", "50", "--json"];
    let fraction = |arguments: &[&str]| json(&calc(arguments))["fraction"].as_f64().unwrap();
    assert!(fraction(&one) > 0.0);
    let stricter = [&one[..], &["--set", "edge.edge_net_min_cents=4.0"]].concat();
    assert_eq!(fraction(&stricter), 0.0);
}

#[test]
fn volatility_follows_closes() {
    let mut file = "minute_utc,close\n".to_owned();
    for minute in 0..30 {
        let close = if minute % 2 == 0 { "100000" } else { "100100.5" };
        file += &format!("2025-11-28 13:{minute:02}:00,{close}\n");
    }
    let rows = text(&calc_csv(&["vol"], &file));
    let last: Vec<_> = rows.lines().last().unwrap().split(',').map(str::to_owned).collect();
    let header: Vec<_> = rows.lines().next().unwrap().split(',').collect();
    let column = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let sigma: f64 = last[column("got_sigma_15m")].parse().unwrap();
    assert!((0.001..0.01).contains(&sigma), "{sigma}");
    assert!(rows.lines().nth(1).unwrap().ends_with("100000,,,,,,,,,"), "no return, no forecast");
}

#[test]
fn bad_input_names_its_line_and_its_fix() {
    let cases = [
        (refused(&calc(&["fee", "--price-cents", "50"])), "`contracts` is missing", "--contracts"),
        (refused(&calc(&["fee", "--price-cents", "101", "--contracts", "1"])), "`price_cents` is `101`", "range"),
        (refused(&calc(&["vol"])), "one-minute closes", "--csv"),
        (refused(&calc(&["kelly", "--csv", "/nowhere.csv"])), "cannot read /nowhere.csv", ""),
        (refused(&calc_csv(&["fee"], "contracts,price_cents\n1,50\nx,50\n")), "line 3: `contracts` is `x`", ""),
        (refused(&calc_csv(&["fee"], "contracts,price_cents\n1\n")), "found record with 1 fields", ""),
        (refused(&calc_csv(&["fee"], "# nothing\n")), "has no rows", "names the columns"),
        (refused(&calc_csv(&["kelly"], "p_yes,price_cents\n1.2,50\n")), "line 2: `p_yes` is `1.2`", "0 to 1"),
        (
            refused(&calc_csv(&["bracket"], "spot,sigma_15m,tau_s,model\n1,0.002,900,cauchy\n")),
            "`model` is `cauchy`",
            "student_t",
        ),
        (
            refused(&calc_csv(&["bracket"], "spot,sigma_15m,tau_s\n1,0.002,20\n")),
            "`obs_avg` is ``",
            "inside the last minute",
        ),
        (
            refused(&calc_csv(&["bracket", "--average", "prints"], "spot,sigma_15m,tau_s,avg_s\n1,0.002,90,30\n")),
            "`avg_s` is `30`",
            "60 for prints",
        ),
    ];
    for (said, what, fix) in cases {
        let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(what) && flat.contains(fix), "{what} / {fix}: {said}");
    }
}
