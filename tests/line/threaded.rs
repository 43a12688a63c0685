//! Whole runs on one, two and four threads: each can be replayed bit for bit, however the threads
//! ran; and the line ends in order, or loudly.

use crate::disks::FullDisk;
use crate::world::{Case, Running, Shared, options, start};
use kalshi_trader::audit::{Inputs, audit};
use kalshi_trader::line::replay::replay;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use trader_journal::event::{Agent, Event, Ring};
use trader_journal::log::{Entry, Ram, Reader, Writer, verify};
use trader_journal::units::Nanos;

const MINUTE: u64 = 60 * Nanos::SECOND;

fn dir() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// The events of one agent's stream, with the ring each was heard on.
fn stream(dir: &TempDir, agent: Agent) -> Vec<(Option<Ring>, Event)> {
    let mut reader = Reader::open(dir.path()).expect("a journal");
    let mut events = Vec::new();
    while let Some(entry) = reader.next().expect("a whole journal") {
        if let Entry::Line { stream, origin, body, .. } = entry
            && stream.number() == agent as u8
        {
            let ring = origin.ring().and_then(Ring::from_number);
            events.push((ring, Event::from_bytes(body).expect("an event")));
        }
    }
    events
}

fn count(events: &[(Option<Ring>, Event)], is_it: impl Fn(&Event) -> bool) -> usize {
    events.iter().filter(|(_, event)| is_it(event)).count()
}

fn runs_and_replays(threads: u64) {
    let dir = dir();
    let running = start(Case::new(threads, dir.path()));
    running.wait(running.end);
    let (end, world) = running.stop();
    assert_eq!(end.error, None);
    verify(dir.path()).expect("a sealed journal");
    let found = audit(dir.path(), Inputs { limits: None, ledger: Some(&ledger(&world)) }).expect("an audit");
    assert_eq!(found.findings.total(), 0, "{:?}", found.findings);
    let report = replay(dir.path(), &[]).expect("the same again");
    let exec = &report.agents[Agent::Exec as usize];
    assert!(exec.hashes >= 1 && report.agents[Agent::Pricing as usize].hashes >= 1, "{report:?}");
    assert!(report.agents.iter().all(|agent| agent.in_flight == 0), "{report:?}");
    let said = stream(&dir, Agent::Exec);
    assert!(count(&said, |event| matches!(event, Event::OrderIntent { .. })) > 0, "nothing was traded: {report:?}");
    assert!(count(&said, |event| matches!(event, Event::OrderAccepted { .. })) > 0, "nothing was answered");
    for hop in ["kalshi->pricing", "binance->pricing", "pricing->exec", "tick->order", "order->reply"] {
        let hop = end.latency.iter().find(|measured| measured.name == hop).expect("a hop of this name");
        assert!(!hop.histogram.is_empty(), "{} was never measured", hop.name);
    }
    if std::env::var_os("SHOW_HOPS").is_some() {
        end.latency.iter().for_each(|hop| {
            let at = |quantile| hop.histogram.value_at_quantile(quantile) / 1000;
            eprintln!("{:18} n {:6} p50 {:6} us p99 {:6} us", hop.name, hop.histogram.len(), at(0.5), at(0.99));
        });
    }
    // A deadline is told once, not in every round: timers are few beside what is heard.
    let timers = count(&said, |event| matches!(event, Event::Timer { .. }));
    assert!(timers < 100_000, "{timers} timers");
}

#[test]
fn a_run_on_one_thread_replays_bit_for_bit() {
    runs_and_replays(1);
}

#[test]
fn a_run_on_two_threads_replays_bit_for_bit() {
    runs_and_replays(2);
}

#[test]
fn a_run_on_four_threads_replays_bit_for_bit() {
    runs_and_replays(4);
}

/// Frames, opinions and orders are on their way when it is told to stop, again and again: what is
/// under way is finished and the journal is whole.
#[test]
fn a_stop_in_the_middle_leaves_a_sealed_journal_of_whole_runs() {
    for (threads, minutes) in [(4, 3), (2, 5), (1, 6), (4, 7)] {
        let dir = dir();
        let running = start(Case::new(threads, dir.path()));
        let middle = running.clock.now().plus(minutes * MINUTE);
        running.wait(middle);
        let (end, _) = running.stop();
        assert_eq!(end.error, None);
        verify(dir.path()).expect("a sealed journal");
        let report = replay(dir.path(), &[]).expect("the same again");
        for agent in [Agent::Kalshi, Agent::Binance, Agent::Pricing, Agent::Exec] {
            let compared = &report.agents[agent as usize];
            assert!(compared.hashes >= 1, "{agent:?} said no hash at the end: {report:?}");
            assert_eq!(compared.in_flight, 0, "{agent:?} said what nobody heard: {report:?}");
        }
        assert_eq!(end.events, report.entries - records(&dir));
    }
}

/// What the venue says happened.
fn ledger(world: &Shared) -> String {
    let mut ledger = Vec::new();
    world.lock().expect("the world").exchange.write_ledger(&mut ledger).expect("a ledger");
    String::from_utf8(ledger).expect("text")
}

fn records(dir: &TempDir) -> u64 {
    let mut reader = Reader::open(dir.path()).expect("a journal");
    let mut records = 0;
    while let Some(entry) = reader.next().expect("a whole journal") {
        records += u64::from(matches!(entry, Entry::Record { .. }));
    }
    records
}

/// The disk is full after two segments: everybody leaves, nothing is sent any more, and the end says why.
#[test]
fn a_journal_that_takes_no_more_ends_the_line_and_the_orders() {
    let kept = Ram::default();
    let disk = FullDisk::with_room_for(2, Arc::new(kept.clone()));
    let folder = dir();
    let mut case = Case::new(4, folder.path());
    case.settings.push("capacity.frame_bytes_max=262144".into());
    case.writer = Box::new(move |identity| Writer::open_on(Arc::new(disk), options(16), identity).expect("a journal"));
    let running = start(case);
    running.wait(running.end);
    assert!(running.line.is_dead(), "two segments were enough for all of it");
    let (end, world) = running.stop();
    let error = end.error.expect("a reason");
    assert!(error.contains("journal") && error.contains("storage"), "{error}");
    // What the venue was sent is what the journal holds as sent: nothing left that is not in it.
    let sent = ledger(&world).matches("\"kind\":\"order\"").count();
    let intents = intents(&kept);
    assert!(sent <= intents, "{sent} orders at the venue, {intents} in the journal");
}

fn intents(disk: &Ram) -> usize {
    let mut reader = Reader::open_on(Arc::new(disk.image())).expect("a journal");
    let mut intents = 0;
    while let Ok(Some(entry)) = reader.next() {
        if let Entry::Line { stream, origin, body, .. } = entry
            && stream.number() == Agent::Exec as u8
            && origin.ring().is_none()
        {
            intents += usize::from(matches!(Event::from_bytes(body), Some(Event::OrderIntent { .. })));
        }
    }
    intents
}

/// Exec's thread stands still while opinions and fills pile up: the first thing it hears is the time.
#[test]
fn a_stage_that_was_away_hears_the_time_before_what_waited() {
    let dir = dir();
    let (frozen, thawed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let mut case = Case::new(4, dir.path());
    let (freeze, thaw) = (Arc::clone(&frozen), Arc::clone(&thawed));
    case.before_orders = Box::new(move || {
        while freeze.load(Ordering::Acquire) && !thaw.load(Ordering::Acquire) {
            std::thread::park_timeout(Duration::from_millis(1));
        }
    });
    let running = start(case);
    let wait = |running: &Running, minutes: u64| running.wait(running.clock.now().plus(minutes * MINUTE));
    wait(&running, 4);
    frozen.store(true, Ordering::Release);
    let from = running.clock.now();
    wait(&running, 4);
    let until = running.clock.now();
    thawed.store(true, Ordering::Release);
    wait(&running, 2);
    let (end, _) = running.stop();
    assert_eq!(end.error, None);
    let heard = stream(&dir, Agent::Exec);
    let thawed_at = heard.iter().position(|(_, event)| event.ts() >= until).expect("it went on");
    let (ring, first) = &heard[thawed_at];
    assert!(matches!(first, Event::Timer { .. }) && *ring == Some(Ring::Shell), "{first:?}");
    // A round that had begun when it froze was finished; everything else comes after the time.
    let frozen_at = from.plus(MINUTE);
    assert!(heard[..thawed_at].iter().all(|(_, event)| event.ts() < frozen_at), "something was heard before the time");
    let waited = heard[thawed_at..].iter().filter(|(_, event)| event.ts() > frozen_at && event.ts() < until).count();
    assert!(waited > 0, "nothing waited for it");
    replay(dir.path(), &[]).expect("the same again");
}

#[test]
fn a_panic_on_any_thread_ends_the_line_with_its_name_and_a_sealed_journal() {
    let dir = dir();
    let mut case = Case::new(4, dir.path());
    let mut rounds = 0;
    case.before_orders = Box::new(move || {
        rounds += 1;
        assert!(rounds < 100, "the hundredth round");
    });
    let running = start(case);
    running.wait(running.end);
    assert!(running.line.is_dead());
    let (end, _) = running.stop();
    let error = end.error.expect("a reason");
    assert!(error.contains("exec") && error.contains("the hundredth round"), "{error}");
    verify(dir.path()).expect("a sealed journal");
}
