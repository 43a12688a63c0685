//! Faults of the venue, found and mended by reading the account; without a kill, and with one.

use crate::lives::{SETTINGS, Seen, Session, entries};
use trader_journal::event::{Agent, Event, Gate, POSITION_NOT_TOLD};
use trader_journal::units::Nanos;

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    SETTINGS.iter().copied().chain(more.iter().copied()).collect()
}

/// What execution heard and said.
fn of_exec(session: &Session) -> Vec<Event> {
    let seen = entries(&session.journal());
    seen.into_iter().filter(|seen| seen.agent == Agent::Exec).filter_map(|seen| seen.event).collect()
}

fn count(events: &[Event], is: impl Fn(&Event) -> bool) -> usize {
    events.iter().filter(|event| is(event)).count()
}

/// Whole seconds from the session's start to just after its first order.
fn first_order_s(settings: &[&str]) -> u64 {
    let session = Session::new();
    session.live(settings, &[]);
    let seen = entries(&session.journal());
    let is_order = |seen: &&Seen| matches!(seen.event, Some(Event::OrderIntent { .. }));
    let sent = seen.iter().find(is_order).expect("an order is sent").ts;
    sent.since(seen[0].ts) / Nanos::SECOND + 1
}

#[test]
fn an_order_whose_reply_was_lost_is_adopted() {
    let session = Session::new();
    session.live(&with(&["sim.faults=502x9"]), &[]).assert_clean("replies lost");
    let events = of_exec(&session);
    assert!(count(&events, |event| matches!(event, Event::OrderUnknown { .. })) > 0);
    assert_eq!(count(&events, |event| matches!(event, Event::OrderReleased { .. })), 0);
}

#[test]
fn an_order_that_never_arrived_is_released_by_proof() {
    let session = Session::new();
    let over = session.live(&with(&["sim.faults=lostx2"]), &[]);
    over.assert_clean("orders lost");
    assert!(count(&of_exec(&session), |event| matches!(event, Event::OrderReleased { .. })) > 0);
    assert!(over.audited.counts.get("releases") > 0);
}

#[test]
fn a_fill_during_a_cut_is_found_in_the_list() {
    // The stream is so slow that the cut takes what it was about to tell of the fill.
    let slow = ["sim.stream_latency_ms=900", "sim.entry_latency_ms=400"];
    let fault = format!("sim.faults=cut@{}s=20s", first_order_s(&with(&slow)));
    let session = Session::new();
    session.live(&with(&[slow[0], slow[1], &fault]), &[]).assert_clean("cut");
    let first = of_exec(&session).into_iter().find_map(|event| match event {
        Event::FillTrade { post_position, .. } => Some(post_position),
        _ => None,
    });
    assert_eq!(first, Some(POSITION_NOT_TOLD), "the list told it first");
}

#[test]
fn lists_that_are_behind_raise_no_alarm() {
    let fault = format!("sim.faults=lag@{}s=60s", first_order_s(SETTINGS).saturating_sub(2));
    let session = Session::new();
    session.live(&with(&[&fault]), &[]).assert_clean("lists behind");
    let events = of_exec(&session);
    assert!(count(&events, |event| matches!(event, Event::Fill { .. })) > 0);
    let is_alarm =
        |event: &Event| matches!(event, Event::Refused { gate: Gate::ForeignActivity | Gate::Contradiction, .. });
    assert_eq!(count(&events, is_alarm), 0);
}

#[test]
fn faults_and_kills_together_lose_nothing() {
    for fault in ["sim.faults=502x9", "sim.faults=lostx2", "sim.faults=lostx1,502x1,lag@5m=2m"] {
        let settings = with(&[fault]);
        let session = Session::new();
        session.live(&settings, &[]).assert_clean(fault);
        let seen = entries(&session.journal());
        let places = (0..).zip(&seen).filter(|(_, seen)| seen.agent == Agent::Exec);
        let places = places.filter(|(_, seen)| {
            matches!(
                seen.event,
                Some(Event::OrderIntent { .. } | Event::OrderUnknown { .. } | Event::OrderReleased { .. })
            )
        });
        for at in places.map(|(at, _): (u64, _)| at).take(3) {
            for around in [at.saturating_sub(1), at, at + 1, at + 2] {
                Session::new().live(&settings, &[(around, Nanos::SECOND)]).assert_clean(&format!("{fault}, {around}"));
            }
        }
    }
}
