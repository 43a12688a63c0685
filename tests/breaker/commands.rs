//! Commands as a careless person, a full disk or a broken pipe gives them: a clear error, exit code 2, nothing else.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

fn trader(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kalshi-trader"));
    command.current_dir(folder).env("RUST_BACKTRACE", "0");
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    trader(folder).args(["run", "--lockstep", "--json"]).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    // Words that the width of the page has parted are put together again.
    String::from_utf8_lossy(bytes).replace("\n  │ ", " ")
}

/// Runs and expects exit code 2, `said` on standard error, nothing on standard output.
fn refused(folder: &Path, arguments: &[&str], said: &str) {
    let output = run(folder, arguments);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
    assert!(told.contains(said), "{arguments:?}: {told}");
    assert!(output.stdout.is_empty(), "{arguments:?}: stdout is data");
}

/// Three days of quiet candles in microseconds, one a minute from 2025-08-12, each passed through `alter`.
fn candles(alter: impl Fn(u64, String) -> String) -> String {
    const FIRST_US: u64 = 1_754_956_800_000_000;
    let row = |minute: u64| {
        let open = FIRST_US + minute * 60_000_000;
        let close = open + 59_999_999;
        let price = 118_000 + minute * 7 % 50;
        format!("{open},{price}.00,{price}.50,{price}.00,{price}.25,1.5,{close},177000.0,9,0.7,82600.0,0")
    };
    (0..3 * 1440).map(|minute| alter(minute, row(minute)) + "\n").collect()
}

#[test]
fn a_number_of_windows_nobody_can_trade_is_refused_before_memory_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    for windows in ["0", "35041", "100000000", "1000000000", "18446744073709551615", "-1"] {
        refused(folder.path(), &[&format!("--windows={windows}")], "--windows");
    }
}

#[test]
fn a_seed_that_the_journal_could_not_keep_is_refused_by_its_own_name() {
    let folder = tempfile::tempdir().unwrap();
    refused(folder.path(), &["--seed", "18446744073709551615"], "--seed");
    let output = run(folder.path(), &["--seed", "9223372036854775807", "--windows", "1", "--data-dir", "largest"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn a_setting_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("sim.seed=-1", "`sim.seed` on line 1"),
        ("sim.windows=-3", "`sim.windows` on line 1"),
        ("sim.market=foo", "`sim.market` on line 1"),
        ("limits.daily_loss_rule=x", "`limits.daily_loss_rule` on line 1"),
        ("series=[1]", "`series` on line 1"),
        (r#"series=[{ticker="KXBTC",mode="zzz"}]"#, "`series` on line 1"),
        (r#"series=[{ticker="KXBTC"}]"#, "`series` on line 1"),
        (r#"series=[{ticker="KXBTC",mode="bracket"},{ticker="KXBTC",mode="bracket"}]"#, "named twice"),
        (r#"series=[{ticker="NOPE",mode="digital"}]"#, "NOPE"),
    ];
    for (setting, said) in cases {
        refused(folder.path(), &["--windows", "1", "--set", setting], said);
    }
}

#[test]
fn a_configuration_that_never_ends_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("long.toml"), " ".repeat((1 << 20) + 1)).unwrap();
    refused(folder.path(), &["--config", "long.toml"], "longer than");
    fs::write(folder.path().join("deep.toml"), format!("x={}", "[".repeat(200_000))).unwrap();
    refused(folder.path(), &["--config", "deep.toml"], "not valid TOML");
    refused(folder.path(), &["--config", "."], "cannot read");
}

#[test]
fn a_date_is_taken_bare_and_one_out_of_this_world_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for date in ["1960-01-01", "1970-01-01", "1970-01-02", "2554-07-22", "9999-12-31", "2023-02-29", ""] {
        refused(folder.path(), &["--set", &format!("sim.start_date={date}")], "is not a date of the years");
    }
    for date in ["1971-01-01", "2024-02-29", "2026-03-08", "2026-11-01", "2499-12-31"] {
        let setting = format!("sim.start_date={date}");
        let output = run(folder.path(), &["--windows", "1", "--set", &setting, "--data-dir", date]);
        assert!(output.status.success(), "{date}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains(&format!("to {date} 00:20 UTC")), "{date}: {}", text(&output.stdout));
    }
}

#[test]
fn a_day_that_no_clock_holds_is_not_silently_another_day() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("days.csv"), candles(|_, row| row)).unwrap();
    for (flag, day) in
        [("--from", "1969-12-31"), ("--from", "9999-12-31"), ("--to", "1960-01-01"), ("--to", "2554-07-22")]
    {
        refused(folder.path(), &["--candles", "days.csv", flag, day], &format!("{flag} {day}"));
    }
}

#[test]
fn candles_that_are_not_one_minute_of_a_coin_are_refused_at_their_row() {
    let folder = tempfile::tempdir().unwrap();
    let dear = |price: &'static str| {
        move |minute, row: String| {
            let cells: Vec<_> = row.split(',').collect();
            if minute != 3000 { row } else { [&cells[..1], &[price; 4], &cells[5..]].concat().join(",") }
        }
    };
    let cut = |minute, row: String| if minute == 4319 { row[..row.len() - 5].to_owned() } else { row };
    let fifteen = |_, row: String| {
        let mut cells: Vec<_> = row.split(',').map(str::to_owned).collect();
        cells[6] = (cells[6].parse::<u64>().unwrap() + 14 * 60_000_000).to_string();
        cells.join(",")
    };
    let cases = [
        ("dear.csv", candles(dear("9000000000000.00")), "row 3001, column open"),
        ("zero.csv", candles(dear("0")), "row 3001, column open"),
        ("cut.csv", candles(cut), "row 4320: 11 columns, unlike the rows before it"),
        ("quarters.csv", candles(fifteen), "row 1, column close_time"),
        ("empty.csv", String::new(), "empty.csv: no candles in this file"),
    ];
    fs::write(folder.path().join("whole.csv"), candles(|_, row| row)).unwrap();
    for (name, body, said) in cases {
        fs::write(folder.path().join(name), body).unwrap();
        refused(folder.path(), &["--windows", "1", "--candles", name], said);
    }
    refused(folder.path(), &["--candles", "whole.csv", "empty.csv"], "empty.csv: no candles in this file");
    let output = run(folder.path(), &["--windows", "1", "--candles", "whole.csv"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn a_stream_without_latency_does_not_overtake_the_warm_up() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["--windows", "2", "--set", "sim.stream_latency_ms=0"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(!text(&output.stdout).contains("window_missed"), "{}", text(&output.stdout));
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_ends_as_it_would_when_nobody_hears_what_it_says_beside() {
    let folder = tempfile::tempdir().unwrap();
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let deaf = |arguments: &[&str]| trader(folder.path()).args(arguments).stderr(full()).output().unwrap();
    let output = deaf(&["run", "--lockstep", "--windows", "1", "--json"]);
    assert!(output.status.success());
    assert!(serde_json::from_slice::<serde_json::Value>(&output.stdout).is_ok(), "one object");
    assert_eq!(deaf(&["config", "check"]).status.code(), Some(0));
    assert_eq!(deaf(&["replay", "nowhere", "--verify"]).status.code(), Some(2));
}

#[test]
fn two_runs_of_one_second_have_a_folder_each() {
    let folder = tempfile::tempdir().unwrap();
    let one = || run(folder.path(), &["--windows", "1"]);
    let outputs: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = (0..3).map(|_| scope.spawn(one)).collect();
        running.into_iter().map(|run| run.join().unwrap()).collect()
    });
    for output in &outputs {
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    assert_eq!(fs::read_dir(folder.path().join("data")).unwrap().count(), 3);
    refused(folder.path(), &["--candles", "nowhere.csv"], "nowhere.csv");
    assert_eq!(fs::read_dir(folder.path().join("data")).unwrap().count(), 3, "what never began leaves nothing");
}
