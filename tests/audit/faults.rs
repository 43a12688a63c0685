//! One fault at a time, and the row that must catch it.
#![expect(clippy::ptr_arg, reason = "every fault has the one type of the table, also where it moves no line")]

use crate::story::{
    CLIENT, Line, TRADES, accepted, audited, clean, fill, find, findings, heard, intent, said, sized, write,
};
use kalshi_trader::audit::{self, AuditError, Inputs};
use trader_journal::event::{Account, ClientId, Event, Ring, UnknownReason, pad};
use trader_journal::units::{Count, Money, Price};

type Fault = (&'static str, (&'static str, &'static str), fn(&mut Vec<Line>));

/// The table of `main.rs`, in its order; the altered line is made on disk, below.
const FAULTS: [Fault; 9] = [
    ("dropped intent", ("J3", "answer_without_intent"), dropped_intent),
    ("doubled POST", ("J4", "answered_twice"), doubled_post),
    ("doubled fill", ("J4", "trade_booked_twice"), doubled_fill),
    ("forgotten fee", ("J5", "fee_not_as_charged"), forgotten_fee),
    ("overfill", ("J4", "overfilled"), overfill),
    ("limit skipped", ("J6", "limit_market"), limit_skipped),
    ("cash not balancing", ("J5", "cash_after_wrong"), cash_not_balancing),
    ("missing end", ("J3", "no_end"), missing_end),
    ("gap in a sequence", ("J1", "sequence_gap"), gap),
];

fn dropped_intent(lines: &mut Vec<Line>) {
    lines.retain(|line| !matches!(line.event, Event::OrderIntent { .. } | Event::OrderSized { .. }));
}

fn doubled_post(lines: &mut Vec<Line>) {
    let at = find(lines, |event| matches!(event, Event::OrderAccepted { .. }));
    let conflict = Event::OrderUnknown {
        reason: UnknownReason::Conflict,
        pad: pad(),
        status: 409,
        ts: lines[at].event.ts(),
        client: CLIENT,
        pad2: pad(),
    };
    lines.insert(at + 1, heard(Ring::GatewayExec, conflict));
}

/// The bookings of a fill: from its first half to the end of its step.
fn step_of_fill(lines: &[Line]) -> std::ops::Range<usize> {
    let first = find(lines, |event| matches!(event, Event::FillTrade { .. }));
    first..first + 4
}

fn doubled_fill(lines: &mut Vec<Line>) {
    let step = step_of_fill(lines);
    let mut again = lines[step.clone()].to_vec();
    let mut cash = 979_700_200;
    for line in &mut again {
        if let Event::Posting { cash_after, .. } = &mut line.event {
            cash_after.0 = cash + 349_900;
            cash -= 349_900;
        }
    }
    for line in &mut lines[step.end..] {
        if let Event::Posting { cash_after, .. } = &mut line.event {
            cash_after.0 -= 10_149_900;
        }
    }
    lines.splice(step.end..step.end, again);
}

fn forgotten_fee(lines: &mut Vec<Line>) {
    let at = find(lines, |event| matches!(event, Event::Posting { debit: Account::Fees, .. }));
    lines.remove(at);
    for line in &mut lines[at..] {
        if let Event::Posting { cash_after, .. } = &mut line.event {
            cash_after.0 += 349_900;
        }
    }
}

fn overfill(lines: &mut Vec<Line>) {
    let at = find(lines, |event| matches!(event, Event::OrderIntent { .. }));
    if let Event::OrderIntent { count, .. } = &mut lines[at].event {
        *count = Count(2_400);
    }
    let at = find(lines, |event| matches!(event, Event::OrderAccepted { .. }));
    if let Event::OrderAccepted { filled, .. } = &mut lines[at].event {
        *filled = 2_400;
    }
    let at = find(lines, |event| matches!(event, Event::OrderUpdate { .. }));
    if let Event::OrderUpdate { filled, .. } = &mut lines[at].event {
        *filled = Count(2_400);
    }
}

fn limit_skipped(lines: &mut Vec<Line>) {
    let at = find(lines, |event| matches!(event, Event::OrderIntent { .. }));
    if let Event::OrderIntent { count, .. } = &mut lines[at].event {
        // 97 at 50c with fees is $50.20.
        *count = Count(9_700);
    }
    lines[at - 1] = said(sized(10, 50_200_000));
}

fn cash_not_balancing(lines: &mut Vec<Line>) {
    let at = find(lines, |event| matches!(event, Event::Posting { debit: Account::Positions, .. }));
    for line in &mut lines[at..] {
        if let Event::Posting { cash_after, .. } = &mut line.event {
            cash_after.0 += 100;
        }
    }
}

fn missing_end(lines: &mut Vec<Line>) {
    lines.retain(|line| !matches!(line.event, Event::OrderUpdate { .. } | Event::OrderIds { .. }));
    let at = find(lines, |event| matches!(event, Event::OrderAccepted { .. }));
    lines[at] = heard(Ring::GatewayExec, accepted(11, CLIENT, 2_500, 1_500));
}

fn gap(lines: &mut Vec<Line>) {
    let at = find(lines, |event| matches!(event, Event::Fill { .. }));
    lines[at].skipped = 1;
}

#[test]
fn a_clean_journal_is_clean_and_says_what_was_checked() {
    let report = audited(&clean(), None).unwrap();
    assert_eq!(findings(&report), []);
    let expected = [
        ("epochs", 1),
        ("orders", 1),
        ("answers", 1),
        ("fills", 2),
        ("order_updates", 1),
        ("orders_ended", 1),
        ("postings", 7),
        ("postings_external", 1),
        ("settlements", 1),
        ("sizes_compared", 1),
        ("collars", 1),
    ];
    for (what, number) in expected {
        assert_eq!(report.counts.get(what), number, "{what}");
    }
    assert_eq!(report.counts.get("prefixes"), clean().len() as u64);
    assert!(report.counts.get("limit_checks") > 5 && report.counts.get("cash_steps") == 3);
}

#[test]
fn every_fault_is_caught_by_its_row_and_by_it_alone() {
    for (name, row, plant) in FAULTS {
        let mut lines = clean();
        plant(&mut lines);
        assert_ne!(lines, clean(), "{name} changes nothing");
        let report = audited(&lines, None).unwrap();
        let found = findings(&report);
        assert!(found.contains(&row), "{name}: {found:?}");
        // What follows from the fault may be told too, but no other rule's row in its place.
        let strangers: Vec<_> = found.iter().filter(|(rule, _)| *rule != row.0).collect();
        let explained = strangers.iter().all(|finding| follows(name, finding));
        assert!(explained, "{name}: also {strangers:?}");
        let place = report.findings.kept().iter().find(|finding| finding.what == row.1).unwrap();
        assert!(place.position.is_some() && !place.numbers.is_empty(), "{name}: {place:?}");
    }
}

/// Findings of other rules that a fault entails.
fn follows(fault: &str, finding: &(&str, &str)) -> bool {
    matches!((fault, *finding), ("limit skipped", ("J6", _)))
}

#[test]
fn an_altered_line_is_damage_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &clean());
    let path = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let path = path.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "jrn")).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let line = 20;
    bytes[4096 + 64 * line + 40] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let report = audit::audit(dir.path(), Inputs::default()).unwrap();
    let damage = &report.findings.kept()[0];
    assert_eq!((damage.rule.word(), damage.what), ("J1", "damage"));
    assert!(damage.numbers.contains(&("line", line.to_string())), "{damage:?}");
}

#[test]
fn other_wrongs_have_their_own_rows() {
    let check = |row: (&str, &str), plant: fn(&mut Vec<Line>)| {
        let mut lines = clean();
        plant(&mut lines);
        let found = findings(&audited(&lines, None).unwrap());
        assert!(found.contains(&row), "{row:?} is not in {found:?}");
    };
    check(("J4", "intent_twice"), |lines| {
        let at = find(lines, |event| matches!(event, Event::OrderIntent { .. }));
        lines.splice(at + 1..at + 1, [said(sized(10, 20_700_100)), said(intent(10, CLIENT, 40))]);
    });
    check(("J4", "client_id_not_rising"), |lines| {
        let at = find(lines, |event| matches!(event, Event::OrderIntent { .. }));
        let other = ClientId { epoch: 2, ..CLIENT };
        lines.splice(at + 1..at + 1, [said(sized(10, 41_000_000)), said(intent(10, other, 40))]);
    });
    check(("J3", "never_answered"), |lines| {
        lines.retain(|line| !matches!(line.event, Event::OrderAccepted { .. }));
    });
    check(("J3", "fill_missing"), |lines| {
        let at = find(lines, |event| matches!(event, Event::OrderAccepted { .. }));
        lines[at] = heard(Ring::GatewayExec, accepted(11, CLIENT, 2_600, 0));
    });
    check(("J4", "position_differs"), |lines| {
        let at = find(lines, |event| matches!(event, Event::FillTrade { .. }));
        let [first, _] = fill(11, TRADES[0], 20, 4_900, 349_900, 21);
        lines[at] = first;
    });
    check(("J5", "cash_not_as_due"), |lines| {
        let at = find(lines, |event| matches!(event, Event::Posting { debit: Account::Positions, .. }));
        lines.remove(at);
        for line in &mut lines[at..] {
            if let Event::Posting { cash_after, .. } = &mut line.event {
                cash_after.0 += 9_800_000;
            }
        }
    });
    check(("J5", "settled_payout"), |lines| {
        let at = find(lines, |event| matches!(event, Event::PositionSettled { .. }));
        if let Event::PositionSettled { payout, .. } = &mut lines[at].event {
            *payout = Money(24_000_000);
        }
    });
    check(("J6", "said_market_loss"), |lines| {
        let at = find(lines, |event| matches!(event, Event::OrderSized { .. }));
        // The principal without its fee.
        lines[at] = said(sized(10, 20_000_000));
    });
    check(("J8", "fill_worse_than_limit"), |lines| {
        let at = find(lines, |event| matches!(event, Event::OrderIntent { .. }));
        if let Event::OrderIntent { price, .. } = &mut lines[at].event {
            *price = Price(4_950);
        }
    });
    check(("J8", "outside_collar"), |lines| {
        let at = find(lines, |event| matches!(event, Event::Opinion { .. }));
        if let Event::Opinion { q_yes_e9, .. } = &mut lines[at].event {
            *q_yes_e9 = 660_000_000;
        }
    });
}

/// An order nobody answered counts at full size until its end is known, and closes its market.
#[test]
fn an_unknown_order_keeps_its_size_and_closes_its_market() {
    let mut lines = clean();
    let at = find(&lines, |event| matches!(event, Event::OrderAccepted { .. }));
    let ts = lines[at].event.ts();
    let unknown =
        Event::OrderUnknown { reason: UnknownReason::Timeout, pad: pad(), status: 0, ts, client: CLIENT, pad2: pad() };
    lines.truncate(at);
    lines.push(heard(Ring::GatewayExec, unknown));
    let next = ClientId { seq: 2, ..CLIENT };
    lines.extend([said(sized(12, 51_750_100)), said(intent(12, next, 60))]);
    let found = findings(&audited(&lines, None).unwrap());
    assert_eq!(found, [("J7", "intent_beside_unknown"), ("J6", "limit_market")]);
}

#[test]
fn a_trade_heard_twice_and_booked_once_is_no_fault() {
    let mut lines = clean();
    let step = step_of_fill(&lines);
    let again = lines[step.start..step.start + 2].to_vec();
    lines.splice(step.end..step.end, again);
    let report = audited(&lines, None).unwrap();
    assert_eq!(findings(&report), []);
    assert_eq!(report.counts.get("trades_heard_again"), 1);
}

/// A fill without our identifier counts once the answer names its order, and is booked then.
#[test]
fn fills_before_the_answer_are_no_fault() {
    let mut lines = clean();
    let at = find(&lines, |event| matches!(event, Event::OrderAccepted { .. }));
    let (mut halves, mut bookings) = (Vec::new(), Vec::new());
    for mut line in lines.drain(at + 1..at + 9) {
        if let Event::FillTrade { client, .. } = &mut line.event {
            *client = ClientId::FOREIGN;
        }
        let is_booking = matches!(line.event, Event::Posting { .. });
        if is_booking { bookings.push(line) } else { halves.push(line) }
    }
    lines.splice(at + 1..at + 1, bookings);
    lines.splice(at..at, halves);
    assert_eq!(findings(&audited(&lines, None).unwrap()), []);
    lines.retain(|line| !matches!(line.event, Event::OrderAccepted { .. } | Event::OrderIds { .. }));
    let found = findings(&audited(&lines, None).unwrap());
    assert!(found.contains(&("J3", "fill_of_nobody")), "{found:?}");
}

#[test]
fn the_daily_stop_ends_opening_orders() {
    let mut lines = clean();
    let at = find(&lines, |event| matches!(event, Event::PositionSettled { .. }));
    lines.truncate(at + 1);
    let next = ClientId { seq: 2, ..CLIENT };
    lines.extend([said(sized(910, 25_000_000)), said(intent(910, next, 40))]);
    let limits = |report: &audit::Report| {
        // The market is final, so the order is also one that nobody will answer.
        findings(report).into_iter().filter(|(rule, _)| *rule == "J6").collect::<Vec<_>>()
    };
    assert_eq!(limits(&audited(&lines, None).unwrap()), [], "the day gained");
    // The same day with NO winning loses $12.74; a limit of $12 was reached.
    for line in &mut lines {
        match &mut line.event {
            Event::Lifecycle { outcome, value, .. } if *value == Money::DOLLAR => {
                (*outcome, *value) = (trader_journal::event::Outcome::No, Money::ZERO);
            }
            Event::PositionSettled { outcome, payout, .. } => {
                (*outcome, *payout) = (trader_journal::event::Outcome::No, Money::ZERO);
            }
            _ => {}
        }
    }
    lines.retain(|line| !matches!(line.event, Event::Posting { debit: Account::Cash, credit, .. } if credit != Account::External));
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &lines);
    let tight = crate::story::CONFIGURATION.replace("daily_loss_max_usd = 50.0", "daily_loss_max_usd = 12");
    for (rule, expected) in [("stop", ("J6", "limit_day_stop")), ("cap", ("J6", "limit_day_cap"))] {
        let held_to = audit::Limits::parse(&tight.replace("auto", rule)).unwrap();
        let report = audit::audit(dir.path(), Inputs { limits: Some(&held_to), ledger: None }).unwrap();
        let found = limits(&report);
        assert!(found.contains(&expected), "{rule}: {found:?}");
    }
}

#[test]
fn what_cannot_be_judged_is_an_error_and_not_clean() {
    assert_eq!(audited(&[], None).unwrap_err(), AuditError::Nothing);
    let dir = tempfile::tempdir().unwrap();
    let bare = audit::Limits::parse("[limits]\nposition_max_usd = 50.0\n");
    assert!(matches!(bare, Err(audit::LimitsError::Missing("limits.close_exposure_max_usd"))));
    write(dir.path(), &clean()[..5]);
    let report = audit::audit(dir.path(), Inputs::default()).unwrap();
    assert_eq!((findings(&report), report.counts.get("orders")), (vec![], 0), "no order is no fault");
}
