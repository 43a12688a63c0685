//! One log of several pens: in order, causes first, and whole when a segment ends or a disk is full.

use crate::disks::FullDisk;
use kalshi_trader::line::{DiskPlan, Pen, PenError, PenSizes, Pens, Scribe};
use kalshi_trader::record::RecordKind;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use std::time::{Duration, SystemTime};
use trader_journal::event::{Agent, Event, Ring, pad};
use trader_journal::log::{Entry, Identity, Options, Ram, Reader, Writer, verify};
use trader_journal::units::Nanos;

const SIZES: PenSizes = PenSizes { shell: 1 << 14, kalshi: 1 << 14, binance: 1 << 14, pricing: 1 << 14, exec: 1 << 14 };

fn writer(dir: &std::path::Path, blocks: u32) -> Writer {
    let identity =
        Identity { epoch_nonce: 1, salt_seed: 2, created: Nanos(3), config_hash: [0; 32], build_hash: [0; 32] };
    Writer::open(dir, Options::with_blocks(blocks).expect("a segment").without_sync(), identity).expect("a log")
}

fn timer(ts: u64) -> Event {
    Event::Timer { pad: pad(), ts: Nanos(ts), due: Nanos(ts), pad2: pad() }
}

/// Everything of a log as (stream, ring, time) and (stream, kind, length).
fn entries(dir: &std::path::Path) -> Vec<(u8, Option<u8>, u64)> {
    let mut reader = Reader::open(dir).expect("a log");
    let mut all = Vec::new();
    while let Some(entry) = reader.next().expect("a whole log") {
        all.push(match entry {
            Entry::Line { stream, origin, body, .. } => {
                (stream.number(), origin.ring(), Event::from_bytes(body).expect("an event").ts().0)
            }
            Entry::Record { stream, kind, bytes, .. } => (stream.number(), Some(100 + kind), bytes.len() as u64),
        });
    }
    all
}

#[test]
fn events_and_records_of_a_pen_keep_their_order_and_count_as_the_log_does() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scribe, mut pens) = Scribe::new(writer(dir.path(), 4), &SIZES).unwrap();
    let committed = scribe.committed();
    let pen = &mut pens.kalshi;
    pen.heard(Ring::Shell, &timer(1)).unwrap();
    pen.record(RecordKind::FrameHeard, 7, Nanos(2), &[9; 150]).unwrap();
    pen.said(&timer(3)).unwrap();
    assert_eq!((pen.lines(), committed.of(Agent::Kalshi)), (6, 0));
    assert_eq!(scribe.work().unwrap(), 3);
    assert_eq!(committed.of(Agent::Kalshi), pens.kalshi.lines());
    assert_eq!(scribe.events(), 2);
    scribe.close().unwrap();
    verify(dir.path()).unwrap();
    assert_eq!(entries(dir.path()), [(1, Some(0), 1), (1, Some(101), 150), (1, None, 3)]);
}

#[test]
fn a_pen_counts_on_from_the_lines_that_the_log_holds() {
    let dir = tempfile::tempdir().unwrap();
    let (scribe, mut pens) = Scribe::new(writer(dir.path(), 4), &SIZES).unwrap();
    pens.exec.said(&timer(1)).unwrap();
    scribe.close().unwrap();
    let (scribe, pens) = Scribe::new(writer(dir.path(), 4), &SIZES).unwrap();
    assert_eq!((pens.exec.lines(), scribe.committed().of(Agent::Exec)), (1, 1));
}

#[test]
fn a_pen_promises_only_room_that_is_there_and_names_what_never_fits() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scribe, Pens { mut shell, .. }) = Scribe::new(writer(dir.path(), 4), &SIZES).unwrap();
    let mut written = 0;
    while shell.has_room(100, 2) {
        shell.record(RecordKind::OrderSent, 0, Nanos(1), &[1; 50]).unwrap();
        shell.record(RecordKind::OrderSent, 0, Nanos(1), &[1; 50]).unwrap();
        written += 2;
    }
    assert!(written > 100, "{written}");
    while shell.said(&timer(1)).is_ok() {}
    assert_eq!(shell.said(&timer(1)), Err(PenError::Full { agent: Agent::Shell }));
    scribe.work().unwrap();
    assert!(shell.has_room(100, 2));
    let refused = shell.record(RecordKind::OrderReply, 0, Nanos(1), &[0; 1 << 14]).unwrap_err();
    assert!(matches!(refused, PenError::TooLong { agent: Agent::Shell, .. }));
    assert!(refused.to_string().contains("capacity.frame_bytes_max"), "{refused}");
}

/// Pricing answers each event of the feed, exec each of pricing: in the log no answer stands before
/// what it answers, however the three threads run.
#[test]
fn no_effect_stands_before_its_cause_however_the_threads_run() {
    const ROUNDS: u64 = 20_000;
    let dir = tempfile::tempdir().unwrap();
    let (mut scribe, pens) = Scribe::new(writer(dir.path(), 64), &SIZES).unwrap();
    let Pens { kalshi, pricing, exec, .. } = pens;
    let (to_pricing, of_kalshi) = channel::<u64>();
    let (to_exec, of_pricing) = channel::<u64>();
    let stage = |mut pen: Pen, input: Box<dyn Iterator<Item = u64> + Send>, output: Option<_>| {
        std::thread::spawn(move || {
            for number in input {
                while !pen.has_room(0, 1) {
                    std::thread::yield_now();
                }
                pen.said(&timer(number)).unwrap();
                if let Some(output) = &output {
                    let _: Result<(), _> = std::sync::mpsc::Sender::send(output, number);
                }
            }
        })
    };
    let threads = [
        stage(exec, Box::new(of_pricing.into_iter()), None),
        stage(pricing, Box::new(of_kalshi.into_iter()), Some(to_exec)),
        stage(kalshi, Box::new(1..=ROUNDS), Some(to_pricing)),
    ];
    while scribe.events() < 3 * ROUNDS {
        scribe.work().unwrap();
        std::thread::yield_now();
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    scribe.close().unwrap();
    let mut last = [u64::MAX; 5];
    let mut answered = 0;
    last[Agent::Kalshi as usize] = 0;
    last[Agent::Pricing as usize] = 0;
    for (stream, _, number) in entries(dir.path()) {
        last[usize::from(stream)] = number;
        if stream == Agent::Pricing as u8 {
            assert!(number <= last[Agent::Kalshi as usize], "pricing answers {number} before it is there");
        }
        if stream == Agent::Exec as u8 {
            assert!(number <= last[Agent::Pricing as usize], "exec answers {number} before it is there");
            answered += 1;
        }
    }
    assert_eq!(answered, ROUNDS);
}

#[test]
fn the_disk_thread_brings_segments_in_time_and_the_log_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (scribe, mut pens) = Scribe::new(writer(dir.path(), 1), &SIZES).unwrap();
    let mut scribe = scribe.with_disk_thread(&DiskPlan { sync_every_ms: Some(1) }).unwrap();
    for number in 0..20_000 {
        pens.kalshi.record(RecordKind::FrameHeard, 1, Nanos(number), &[1; 100]).unwrap();
        scribe.work().unwrap();
    }
    scribe.close().unwrap();
    let report = verify(dir.path()).unwrap();
    assert_eq!(entries(dir.path()).len(), 20_000);
    assert!(report.segments > 20, "{report:?}");
    let names = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(
        names.filter(|name| name.to_string_lossy().starts_with("seg-")).count() as u64,
        u64::from(report.segments)
    );
}

/// A writer that makes durable, on a disk with room for so many segments.
fn durable(segments: u64) -> (FullDisk, Writer) {
    let disk = FullDisk::with_room_for(segments, Arc::new(Ram::default()));
    let identity =
        Identity { epoch_nonce: 1, salt_seed: 2, created: Nanos(3), config_hash: [0; 32], build_hash: [0; 32] };
    let options = Options::with_blocks(1).expect("a segment");
    let writer = Writer::open_on(Arc::new(disk.clone()), options, identity).expect("a log");
    (disk, writer)
}

/// Lets the scribe work until something is so.
fn work_until(scribe: &mut Scribe, what: &str, mut is_so: impl FnMut(&Scribe) -> bool) {
    let begun = SystemTime::UNIX_EPOCH.elapsed().expect("a time");
    while !is_so(scribe) {
        scribe.work().expect("a scribe that works");
        std::thread::park_timeout(Duration::from_millis(1));
        let waited = SystemTime::UNIX_EPOCH.elapsed().expect("a time").saturating_sub(begun);
        assert!(waited < Duration::from_secs(20), "never: {what}");
    }
}

#[test]
fn whoever_writes_never_prepares_cuts_or_syncs_a_segment() {
    let (disk, writer) = durable(u64::MAX);
    disk.done.lock().unwrap().clear();
    let (scribe, mut pens) = Scribe::new(writer, &SIZES).unwrap();
    let mut scribe = scribe.with_disk_thread(&DiskPlan { sync_every_ms: Some(1) }).unwrap();
    let state = scribe.state();
    for number in 0..5_000 {
        pens.kalshi.record(RecordKind::FrameHeard, 1, Nanos(number), &[1; 100]).unwrap();
        scribe.work().unwrap();
    }
    work_until(&mut scribe, "all is durable", |_| state.report().sync.is_some_and(|sync| sync.lag_lines == 0));
    let report = state.report();
    assert!(report.segments_prepared > 10 && report.has_spare, "{report:?}");
    assert!(report.sync.is_some_and(|sync| sync.syncs > 0 && sync.lag_ms == 0), "{report:?}");
    for what in ["create", "cut", "sync"] {
        let who = disk.who(what);
        assert!(who.len() > 10 && who.iter().all(|thread| thread == "disk"), "{what}: {who:?}");
    }
    scribe.close().unwrap();
}

#[test]
fn a_full_disk_is_said_while_there_is_room_and_forgotten_when_it_is_not_full_any_more() {
    let (disk, writer) = durable(1);
    let (scribe, mut pens) = Scribe::new(writer, &SIZES).unwrap();
    let mut scribe = scribe.with_disk_thread(&DiskPlan { sync_every_ms: None }).unwrap();
    let state = scribe.state();
    work_until(&mut scribe, "there is no next segment", |_| !state.has_spare());
    let report = state.report();
    assert!(report.trouble.as_ref().is_some_and(|trouble| trouble.contains("create")), "{report:?}");
    assert!(report.to_string().contains("NO NEXT SEGMENT") && report.sync.is_none(), "{report}");
    // What there is room for is written all the same.
    pens.exec.said(&timer(1)).unwrap();
    assert_eq!(scribe.work().unwrap(), 1);
    disk.segments_left.store(8, Ordering::Release);
    work_until(&mut scribe, "there is a next segment again", |_| state.has_spare());
    assert_eq!(state.report().trouble, None);
    for number in 0..900 {
        pens.kalshi.record(RecordKind::FrameHeard, 1, Nanos(number), &[1; 100]).unwrap();
        scribe.work().unwrap();
    }
    scribe.close().unwrap();
}

/// Without a thread the next segment is made when half of this one is used; both are the same in lockstep.
#[test]
fn where_there_is_no_disk_thread_a_full_disk_is_said_before_the_segment_is() {
    let (disk, writer) = durable(1);
    let (mut scribe, mut pens) = Scribe::new(writer, &SIZES).unwrap();
    let state = scribe.state();
    let mut write = |scribe: &mut Scribe, records: u64| {
        for number in 0..records {
            pens.kalshi.record(RecordKind::FrameHeard, 1, Nanos(number), &[1; 100]).unwrap();
            scribe.work().unwrap();
        }
    };
    write(&mut scribe, 160);
    assert!(state.has_spare(), "{:?}", state.report());
    write(&mut scribe, 20);
    assert!(!state.has_spare(), "{:?}", state.report());
    disk.segments_left.store(8, Ordering::Release);
    write(&mut scribe, 40);
    assert!(state.has_spare(), "{:?}", state.report());
    write(&mut scribe, 400);
    scribe.close().unwrap();
}

#[test]
fn a_record_larger_than_a_segment_ends_the_scribe_and_everybody_sees_it() {
    let dir = tempfile::tempdir().unwrap();
    let sizes = PenSizes { kalshi: 1 << 18, ..SIZES };
    let (mut scribe, mut pens) = Scribe::new(writer(dir.path(), 1), &sizes).unwrap();
    let committed = scribe.committed();
    pens.kalshi.record(RecordKind::FrameHeard, 1, Nanos(1), &[1; 100_000]).unwrap();
    assert!(!committed.is_dead());
    assert!(scribe.work().is_err());
    assert!(committed.is_dead());
    assert_eq!(committed.of(Agent::Kalshi), 0);
}
