//! A journal that is short of space and a clock that is off: nothing is opened while it is so, and it is
//! again when it is over.

use crate::disks::FullDisk;
use crate::world::{Case, Running, options, start};
use kalshi_trader::config::Layers;
use kalshi_trader::line::replay::replay;
use kalshi_trader::line::sim::{SimRequest, SimRun};
use kalshi_trader::line::{DiskPlan, Scribe};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use trader_journal::event::{Agent, Event, Gate};
use trader_journal::log::{Entry, Folder, Reader, Writer};
use trader_journal::units::Nanos;

const MINUTE: u64 = 60 * Nanos::SECOND;

/// What exec said and heard, in order.
fn of_exec(mut reader: Reader) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(entry) = reader.next().expect("a whole journal") {
        if let Entry::Line { stream, body, .. } = entry
            && stream.number() == Agent::Exec as u8
        {
            events.push(Event::from_bytes(body).expect("an event"));
        }
    }
    events
}

/// Where in the order something stands.
fn places(events: &[Event], is_it: impl Fn(&Event) -> bool) -> Vec<usize> {
    (0..events.len()).filter(|at| is_it(&events[*at])).collect()
}

/// Between the first `bad` and the last `good` opinions came and were refused by `gate`, none became an order, and
/// after it one did.
fn check(events: &[Event], gate: Gate, bad: impl Fn(&Event) -> bool, good: impl Fn(&Event) -> bool) {
    let (bad, good) = (places(events, bad), places(events, good));
    let (from, until) = (bad[0], *good.last().expect("it was told that it is over"));
    let refused = places(events, |event| matches!(event, Event::Refused { gate: by, .. } if *by == gate));
    let sent = places(events, |event| matches!(event, Event::OrderIntent { .. }));
    assert!(refused.iter().any(|at| (from..until).contains(at)), "nothing was refused by {gate:?}: {refused:?}");
    assert!(refused.iter().all(|at| (from..until).contains(at)), "refused by {gate:?} without a reason: {refused:?}");
    assert!(sent.iter().all(|at| !(from..until).contains(at)), "an order left: {sent:?} in {from}..{until}");
    assert!(sent.iter().any(|at| *at > until), "nothing was sent when it was over: {sent:?}, over at {until}");
}

fn is_skewed(event: &Event) -> bool {
    matches!(event, Event::ClockMeasured { skew_ns, .. } if skew_ns.unsigned_abs() > Nanos::SECOND)
}

fn is_right(event: &Event) -> bool {
    matches!(event, Event::ClockMeasured { skew_ns, .. } if skew_ns.unsigned_abs() <= Nanos::SECOND)
}

/// Waits, a run's length at most, until exec said something.
fn wait_for(running: &Running, dir: &Path, is_it: impl Fn(&Event) -> bool) {
    loop {
        // A beginning of a journal is one.
        if Reader::open(dir).is_ok_and(|reader| of_exec(reader).iter().any(&is_it)) {
            return;
        }
        assert!(running.clock.now() < running.end && !running.line.is_dead(), "it was never said");
        running.wait(running.clock.now().plus(MINUTE));
    }
}

/// Runs while something is wrong until that is why an order is refused, puts it right, and runs until one is sent.
fn until_it_is_right(case: Case, dir: &Path, gate: Gate, put_right: impl FnOnce()) {
    let running = start(Case { quarters: 12, ..case });
    wait_for(&running, dir, |event| matches!(event, Event::Refused { gate: by, .. } if *by == gate));
    put_right();
    wait_for(&running, dir, |event| matches!(event, Event::OrderIntent { .. }));
    let (end, _) = running.stop();
    assert_eq!(end.error, None);
    replay(dir, &[]).expect("the same again");
}

#[test]
fn a_clock_that_is_off_opens_nothing_until_it_is_right() {
    let dir = tempfile::tempdir().unwrap();
    let skew = Arc::new(AtomicI64::new(3 * Nanos::SECOND as i64));
    let mut case = Case::new(4, dir.path());
    let shown = Arc::clone(&skew);
    case.skew = Box::new(move || Some(shown.load(Ordering::Relaxed)));
    let put_right = || skew.store(-(Nanos::SECOND as i64) / 2, Ordering::Relaxed);
    until_it_is_right(case, dir.path(), Gate::ClockSkew, put_right);
    check(&of_exec(Reader::open(dir.path()).unwrap()), Gate::ClockSkew, is_skewed, is_right);
}

#[test]
fn a_full_disk_opens_nothing_until_it_has_room() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FullDisk::with_room_for(1, Arc::new(Folder::made(dir.path()).unwrap()));
    let room = Arc::clone(&disk.segments_left);
    let mut case = Case::new(2, dir.path());
    case.writer = Box::new(move |identity| Writer::open_on(Arc::new(disk), options(256), identity).expect("a journal"));
    case.scribe = Box::new(|scribe: Scribe| {
        scribe.with_disk_thread(&DiskPlan { sync_every_ms: None }).expect("a thread for the disk")
    });
    until_it_is_right(case, dir.path(), Gate::Journal, || room.store(100, Ordering::Release));
    let is_full = |event: &Event| matches!(event, Event::JournalHealth { has_spare: 0, .. });
    let has_room = |event: &Event| matches!(event, Event::JournalHealth { has_spare: 1, lag_lines: ..65_536, .. });
    check(&of_exec(Reader::open(dir.path()).unwrap()), Gate::Journal, is_full, has_room);
}

/// In virtual time the exchange's clock is read with its answers: the same seed, the same refusals.
#[test]
fn in_lockstep_a_clock_that_is_off_opens_nothing_until_it_is_right() {
    let run = |dir: &Path| {
        let mut layers = Layers::defaults().unwrap();
        for setting in [
            "sim.faults=skew@0s=15m",
            "edge.edge_gross_min_cents=0",
            "edge.edge_net_min_cents=0",
            "edge.disagreement_max_cents=100",
            "limits.collar_cents=100",
            "sim.maker.price_lag_ms=300000",
        ] {
            layers.add_setting(setting).unwrap();
        }
        let request =
            SimRequest { candles: Vec::new(), from: None, to: None, windows: Some(4), data_dir: dir.to_owned() };
        SimRun::prepare(&mut layers, &request).expect("a session").trade(|_| ()).expect("a run");
        of_exec(Reader::open(&dir.join("journal")).unwrap())
    };
    let dir = tempfile::tempdir().unwrap();
    let events = run(&dir.path().join("one"));
    check(&events, Gate::ClockSkew, is_skewed, is_right);
    assert_eq!(run(&dir.path().join("two")), events);
    replay(&dir.path().join("one").join("journal"), &[]).expect("the same again");
}
