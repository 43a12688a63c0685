//! The venue's ledger as witness: X1 to X4.

use crate::story::{CLIENT, ORDER, START, TICKER, TRADES, audited, clean, find, findings};
use trader_journal::event::{Event, Uuid};
use trader_journal::units::Nanos;

/// What the venue wrote down of the clean run.
fn ledger() -> Vec<String> {
    let at = |second: u64| START + second * Nanos::SECOND;
    let fill = |trade: Uuid, price: &str, count: &str, fee: &str, change: &str| {
        format!(
            r#"{{"kind":"fill","trade_id":"{trade}","order_id":"{ORDER}","client_order_id":"{CLIENT}","ticker":"{TICKER}","side":"bid","price":"{price}","count":"{count}","fee":"{fee}","is_taker":true,"balance_change":"{change}","at_ns":{}}}"#,
            at(11)
        )
    };
    vec![
        r#"{"kind":"start","cash":"1000.000000"}"#.to_owned(),
        format!(
            r#"{{"kind":"order","order_id":"{ORDER}","client_order_id":"{CLIENT}","ticker":"{TICKER}","side":"bid","price":"0.5000","count":"40.00","time_in_force":"immediate_or_cancel","at_ns":{},"outcome":"accepted"}}"#,
            at(10)
        ),
        fill(TRADES[0], "0.4900", "20.00", "0.349900", "-10.149900"),
        fill(TRADES[1], "0.5000", "5.00", "0.087500", "-2.587500"),
        format!(
            r#"{{"kind":"settlement","ticker":"{TICKER}","result":"yes","position":"25.00","payout":"25.000000","at_ns":{}}}"#,
            at(904)
        ),
        r#"{"kind":"end","cash":"1012.262600","open_positions":0}"#.to_owned(),
    ]
}

fn check(row: (&str, &str), change: impl Fn(&mut Vec<String>)) {
    let mut lines = ledger();
    change(&mut lines);
    let found = findings(&audited(&clean(), Some(&lines.join("\n"))).unwrap());
    assert!(found.contains(&row), "{row:?} is not in {found:?}");
}

#[test]
fn an_honest_ledger_agrees() {
    let report = audited(&clean(), Some(&ledger().join("\n"))).unwrap();
    assert_eq!(findings(&report), []);
    for (what, number) in [("venue_orders", 1), ("venue_fills", 2), ("venue_settlements", 1), ("venue_cash", 1)] {
        assert_eq!(report.counts.get(what), number, "{what}");
    }
}

#[test]
fn what_the_venue_saw_and_the_journal_did_not_is_told() {
    check(("X4", "posted_twice"), |lines| lines.insert(2, lines[1].replace("accepted", "order_already_exists")));
    check(("X1", "intent_not_at_venue"), |lines| drop(lines.remove(1)));
    check(("X1", "terms_differ"), |lines| lines[1] = lines[1].replace("\"bid\"", "\"ask\""));
    check(("X1", "outcome_differs"), |lines| lines[1] = lines[1].replace("accepted", "insufficient_balance"));
    check(("X1", "venue_order_without_intent"), |lines| {
        lines.push(lines[1].replace("k1-1-", "k1-2-"));
    });
    check(("X1", "foreign_order"), |lines| lines.push(lines[1].replace("k1-1-", "app-")));
    check(("X2", "fill_differs"), |lines| lines[2] = lines[2].replace("0.349900", "0.350000"));
    check(("X2", "fill_not_at_venue"), |lines| drop(lines.remove(3)));
    check(("X2", "fill_not_in_journal"), |lines| {
        lines.push(lines[3].replace(&TRADES[1].to_string(), &Uuid([9; 16]).to_string()));
    });
    check(("X3", "settlement_differs"), |lines| lines[4] = lines[4].replace("\"25.000000\"", "\"24.000000\""));
    check(("X3", "settlement_not_at_venue"), |lines| drop(lines.remove(4)));
    check(("X3", "end_cash_differs"), |lines| lines[5] = lines[5].replace("1012.262600", "1012.262500"));
    check(("X3", "start_cash_differs"), |lines| lines[0] = lines[0].replace("1000.0", "1001.0"));
}

#[test]
fn what_is_on_its_way_when_the_journal_ends_is_no_fault() {
    let mut lines = clean();
    let cut = find(&lines, |event| matches!(event, Event::FillTrade { .. }));
    lines.truncate(cut);
    let report = audited(&lines, Some(&ledger()[..4].join("\n"))).unwrap();
    assert_eq!(findings(&report), []);
    assert_eq!(report.counts.get("in_flight"), 2);
}

#[test]
fn a_ledger_that_cannot_be_read_names_its_line() {
    let refused = audited(&clean(), Some("{\"kind\":\"start\",\"cash\":\"1.0\"}\n{\"kind\":\"fill\"}\n"));
    let said = refused.unwrap_err().to_string();
    assert!(said.starts_with("line 2 of the venue's ledger: missing field"), "{said}");
    assert!(audited(&clean(), Some("\n")).unwrap_err().to_string().contains("empty"));
}
