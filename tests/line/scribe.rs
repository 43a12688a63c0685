//! One log of several pens: in order, causes first, and whole when a segment ends or a disk is full.

use kalshi_trader::line::{DiskPlan, Pen, PenError, PenSizes, Pens, Scribe};
use kalshi_trader::record::RecordKind;
use std::sync::mpsc::channel;
use trader_journal::event::{Agent, Event, Ring, pad};
use trader_journal::log::{Entry, Identity, Options, Reader, Writer, verify};
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
