//! Sessions over TLS on the loopback address: the exchange served for real, the line connected as it would
//! be to the venues.

use kalshi_trader::audit::{Inputs, audit};
use kalshi_trader::clock::MarketClock;
use kalshi_trader::config::Layers;
use kalshi_trader::exchange::MockExchange;
use kalshi_trader::exchange::server::{Server, ServerSettings};
use kalshi_trader::exchange::setup::{Day, DayRequest};
use kalshi_trader::line::replay::replay;
use kalshi_trader::line::sim::{SimRequest, SimRun};
use kalshi_trader::line::wired::WiredRun;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// A quarter of an hour in seven seconds and a half, a bar so low that orders leave, and ages that fit the speed.
const SETTINGS: [&str; 11] = [
    "sim.speed=120",
    "edge.edge_gross_min_cents=0",
    "edge.edge_net_min_cents=0",
    "edge.disagreement_max_cents=100",
    "limits.collar_cents=100",
    "sim.maker.price_lag_ms=300000",
    "freshness.reconcile_age_ms_max=86400000",
    "freshness.book_age_ms_max=600000",
    "freshness.index_age_ms_max=600000",
    "freshness.source_age_ms_max=600000",
    "freshness.opinion_age_ms_max=60000",
];

fn layers(more: &[&str]) -> Layers {
    let mut layers = Layers::defaults().expect("defaults");
    SETTINGS.iter().chain(more).for_each(|setting| layers.add_setting(setting).expect("a setting"));
    layers
}

fn embedded(dir: &TempDir, more: &[&str]) -> WiredRun {
    let request =
        SimRequest { candles: Vec::new(), from: None, to: None, windows: Some(1), data_dir: dir.path().join("run") };
    let run = SimRun::prepare(&mut layers(more), &request).expect("a session");
    WiredRun::embedded(run).expect("a running session")
}

fn finish(mut run: WiredRun) -> Value {
    while !run.is_over().expect("a journal that can be read") {
        std::thread::park_timeout(Duration::from_millis(5));
    }
    run.finish().expect("a report").json()
}

fn check(dir: &Path, ledger: Option<&str>) {
    let journal = dir.join("journal");
    let found = audit(&journal, Inputs { limits: None, ledger }).expect("an audit");
    assert_eq!(found.findings.total(), 0, "{:?}", found.findings);
    replay(&journal, &[]).expect("the same again");
}

fn ledger(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("ledger.jsonl")).expect("a ledger")
}

#[test]
fn a_session_over_sockets_trades_is_settled_and_replays() {
    let dir = tempfile::tempdir().unwrap();
    let report = finish(embedded(&dir, &[]));
    assert_eq!(report["windows_settled"], report["evaluations"], "{report}");
    assert!(report["orders_sent"].as_u64() >= Some(1), "{report}");
    let pool = &report["signature_pool"];
    assert!(pool["taken"].as_u64().zip(pool["inline"].as_u64()).map(|(a, b)| a + b) >= Some(1), "{report}");
    for hop in ["kalshi->pricing", "binance->pricing", "tick->order", "committed->wire", "order->reply"] {
        assert!(report["latency_ns"][hop]["count"].as_u64() >= Some(1), "{hop}: {report}");
    }
    assert_eq!(report["reconnects"], 0, "{report}");
    let journal = &report["journal"];
    assert!(journal["segments_prepared"].as_u64() >= Some(1), "{report}");
    assert!(journal["sync"]["count"].as_u64() >= Some(1), "{report}");
    let run = dir.path().join("run");
    check(&run, Some(&ledger(&run)));
}

/// All connections go down in the middle; they come up again, the books are asked for anew, and the
/// journal tells all of it.
#[test]
fn a_line_whose_connections_are_closed_makes_them_anew() {
    let dir = tempfile::tempdir().unwrap();
    let report = finish(embedded(&dir, &["sim.faults=close@8m", "threads.stages=4"]));
    assert!(report["reconnects"].as_u64() >= Some(2), "both streams were closed: {report}");
    assert_eq!(report["windows_settled"], report["evaluations"], "{report}");
    let run = dir.path().join("run");
    check(&run, Some(&ledger(&run)));
}

/// The exchange's clock is 5 s ahead for one window: its answers say so, and nothing is opened.
#[test]
fn a_skewed_exchange_clock_stops_opening_and_a_right_one_lets_it_open_again() {
    let dir = tempfile::tempdir().unwrap();
    let request =
        SimRequest { candles: Vec::new(), from: None, to: None, windows: Some(2), data_dir: dir.path().join("run") };
    let run = SimRun::prepare(&mut layers(&["sim.faults=skew@0s=15m"]), &request).expect("a session");
    let report = finish(WiredRun::embedded(run).expect("a running session"));
    let gates = &report["evaluations_by_gate"];
    assert!(gates["clock_skew"].as_u64() >= Some(1), "{report}");
    assert!(report["orders_sent"].as_u64() >= Some(1), "{report}");
    let run = dir.path().join("run");
    check(&run, Some(&ledger(&run)));
}

#[test]
fn a_session_can_be_ended_at_any_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = embedded(&dir, &["threads.stages=1"]);
    let middle = run.clock().now().plus(6 * 60_000_000_000);
    while run.clock().now() < middle {
        assert!(!run.is_over().expect("a journal that can be read"), "it ended by itself");
        std::thread::park_timeout(Duration::from_millis(5));
    }
    let report = run.finish().expect("a report").json();
    assert!(report["events"].as_u64() > Some(1000), "{report}");
    replay(&dir.path().join("run").join("journal"), &[]).expect("the same again");
}

/// The exchange is somebody else's: its line of JSON is all the line knows of it.
#[test]
fn a_line_trades_against_an_exchange_that_is_served_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let ours = layers(&["sim.windows=3"]);
    let config = {
        let mut theirs = layers(&["sim.windows=3", "sim.seed=11", "sim.market=hard"]);
        theirs.add_setting("sim.hard.noise=0.07").expect("a setting");
        theirs.finish().expect("a configuration")
    };
    let day = Day::prepare(&config, &DayRequest { windows: Some(3), ..DayRequest::default() }).expect("a day");
    let settings = day.exchange_settings(&config);
    let clock = MarketClock::scaled(day.starts_at(), 120);
    let exchange = MockExchange::new(settings, day.path).expect("an exchange");
    let server = Server::start(exchange, ServerSettings::of(&config), clock).expect("a server");
    let file = dir.path().join("exchange.json");
    std::fs::write(&file, server.description().line().expect("a line")).expect("a file");
    let data_dir = dir.path().join("run");
    let run = WiredRun::attached(&ours, &file, 1, &data_dir).expect("a running session");
    let report = finish(run);
    // What is said of the market is what its exchange is made of.
    let label = ["difficulty", "noise", "seed"].map(|key| report[key].clone());
    assert_eq!(label, [serde_json::json!("hard"), serde_json::json!(0.07), serde_json::json!(11)]);
    // The exchange goes on: the next window is evaluated while the one asked for is settled.
    assert!(report["windows_settled"].as_u64() >= Some(1), "{report}");
    assert_eq!(report["ledger_path"], Value::Null, "{report}");
    server.write_ledger(&data_dir.join("ledger.jsonl")).expect("a ledger");
    server.stop().expect("an exchange");
    check(&data_dir, Some(&ledger(&data_dir)));
}

/// What a command line says and its exit code, run in a folder of its own.
fn run_in(dir: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_kalshi-trader"));
    let output = command.args(arguments).current_dir(dir).output().expect("a process");
    let said = String::from_utf8_lossy(&output.stderr).replace('│', " ");
    // Lines end where the terminal does.
    (output.status.code(), said.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[test]
fn a_mistyped_exchange_leaves_no_folder() {
    let dir = tempfile::tempdir().unwrap();
    let (code, said) = run_in(dir.path(), &["run", "--exchange", "exchnage.json"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("exchnage.json") && said.contains("kalshi-trader exchange"), "{said}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "something was left");
}

/// An exchange that runs already has its seed, its makers, its faults and its speed.
#[test]
fn flags_that_are_the_exchanges_are_refused_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    for (flag, value) in [("--seed", "9"), ("--market", "easy"), ("--fault", "close@5m"), ("--speed", "30")] {
        let (code, said) = run_in(dir.path(), &["run", "--exchange", "exchange.json", flag, value]);
        assert_eq!(code, Some(2), "{said}");
        let fix = format!("exchange {flag} {value}");
        assert!(said.contains(flag) && said.contains(&fix) && said.contains("leave it out"), "{said}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "something was left");
    }
}

#[test]
fn a_second_session_in_the_same_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let run = embedded(&dir, &[]);
    run.finish().expect("a report");
    let request =
        SimRequest { candles: Vec::new(), from: None, to: None, windows: Some(1), data_dir: dir.path().join("run") };
    assert!(SimRun::prepare(&mut layers(&[]), &request).is_err());
}
