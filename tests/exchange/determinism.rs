//! The same seed says the same bytes, however time is stepped; another seed says others.

use super::client::{NEXT_WINDOW, START, WINDOW, at, exchange, settings};
use kalshi_trader::exchange::{ConnId, ExchangeSettings, MockExchange};
use proptest::prelude::*;
use trader_journal::units::Nanos;

const COMMANDS: [&str; 3] = [
    r#"{"id":1,"cmd":"subscribe","params":{"channels":["cfbenchmarks_value"],"index_ids":["BRTI"]}}"#,
    r#"{"id":2,"cmd":"subscribe","params":{"channels":["market_lifecycle_v2","fill","user_orders","trade"]}}"#,
    r#"{"id":3,"cmd":"subscribe","params":{"channels":["orderbook_delta"],"market_tickers":["W","N"],"use_yes_price":true}}"#,
];

/// Everything said, each message with the moment it was taken out, where steps allow.
fn transcript(settings: ExchangeSettings, steps: impl Iterator<Item = u64>) -> Vec<u8> {
    let mut exchange = exchange(settings);
    let conn = exchange.connect(START).expect("nothing is cut");
    let mut heard = Vec::new();
    for command in COMMANDS {
        let command =
            command.replace("\"W\"", &format!("\"{WINDOW}\"")).replace("\"N\"", &format!("\"{NEXT_WINDOW}\""));
        exchange.command(at(1), conn, command.as_bytes());
    }
    let order = format!(
        r#"{{"ticker":"{WINDOW}","client_order_id":"k1-1-0000002a-1","side":"bid","price":"0.9900","count":"5.00","time_in_force":"immediate_or_cancel","self_trade_prevention_type":"taker_at_cross"}}"#
    );
    let mut now = at(1);
    for step in steps {
        step_to(&mut exchange, conn, now.plus(step), &mut heard);
        now = now.plus(step);
        if now == at(400) {
            exchange.create(now, order.as_bytes());
        }
    }
    heard
}

fn step_to(exchange: &mut MockExchange, conn: ConnId, now: Nanos, heard: &mut Vec<u8>) {
    let mut out = Vec::new();
    exchange.advance(now);
    while exchange.next_kalshi_frame(now, conn, &mut out) {
        heard.extend_from_slice(&out);
    }
    while let Some((ticket, status)) = exchange.next_reply(now, &mut out) {
        heard.extend_from_slice(format!("{ticket} {status} ").as_bytes());
        heard.extend_from_slice(&out);
        heard.push(b'\n');
    }
}

/// Steps that stop at second 400 and at second 1000.
fn even(step_ns: u64) -> impl Iterator<Item = u64> {
    let steps = |seconds: u64| std::iter::repeat_n(step_ns, (seconds * Nanos::SECOND / step_ns) as usize);
    steps(399).chain(steps(600))
}

#[test]
fn the_same_seed_says_the_same_bytes_and_another_does_not() {
    let said = transcript(settings(6), even(Nanos::SECOND));
    assert!(said.len() > 300_000);
    assert_eq!(said, transcript(settings(6), even(Nanos::SECOND)));
    let other = ExchangeSettings { seed: 8, ..settings(6) };
    assert_ne!(said, transcript(other, even(Nanos::SECOND)));
}

#[test]
fn steps_of_any_size_say_the_same() {
    // Replies travel beside the stream: between two stops nobody can tell which came first.
    let said = sorted(transcript(settings(6), [399 * Nanos::SECOND, 600 * Nanos::SECOND].into_iter()));
    for step_ns in [50 * Nanos::MILLI, Nanos::SECOND, 3 * Nanos::SECOND] {
        assert!(said == sorted(transcript(settings(6), even(step_ns))), "steps of {step_ns} ns");
    }
}

fn sorted(said: Vec<u8>) -> Vec<String> {
    let text = String::from_utf8(said).expect("text");
    let (replies, frames): (Vec<_>, Vec<_>) = text.lines().partition(|line| line.starts_with("1 "));
    frames.into_iter().chain(replies).map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn steps_of_random_sizes_say_the_same(cuts in proptest::collection::vec(1..40_000u64, 1..60)) {
        // Cuts in ms between second 1 and second 400, then one long step.
        let mut moments: Vec<u64> = cuts.into_iter().map(|ms| 1_000 + ms * 9).filter(|ms| *ms < 400_000).collect();
        moments.sort_unstable();
        moments.push(400_000);
        let mut last = 1_000;
        let steps: Vec<u64> = moments.into_iter().map(|ms| { let step = (ms - last) * Nanos::MILLI; last = ms; step }).collect();
        let whole = transcript(settings(6), std::iter::once(399 * Nanos::SECOND));
        prop_assert_eq!(whole, transcript(settings(6), steps.into_iter()));
    }
}
