//! What was appended is read back: by the reader, by a reader that follows, by the twin.

use super::common::{IDENTITY, Owned, blocks, disk, open, read};
use super::twin;
use proptest::prelude::*;
use trader_journal::log::{AppendError, Folder, Options, Position, Ram, Reader, Writer, verify, verify_on};
use trader_journal::units::Nanos;

#[derive(Clone, Debug)]
enum Step {
    Lines { stream: u8, ring: Option<u8>, seq: u16, count: u16 },
    Record { stream: u8, kind: u8, tag: u16, ts: u64, bytes: Vec<u8> },
    Flush,
    PrepareHere,
    PrepareElsewhere,
    RetireElsewhere,
    CloseAndOpen,
    KillAndOpen,
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = prop_oneof![proptest::collection::vec(any::<u8>(), 0..300), (0usize..60_000).prop_map(|n| vec![9; n])];
    prop_oneof![
        6 => (0u8..16, proptest::option::of(0u8..128), any::<u16>(), 1u16..700)
            .prop_map(|(stream, ring, seq, count)| Step::Lines { stream, ring, seq, count }),
        4 => (0u8..16, any::<u8>(), any::<u16>(), any::<u64>(), bytes)
            .prop_map(|(stream, kind, tag, ts, bytes)| Step::Record { stream, kind, tag, ts, bytes }),
        1 => Just(Step::Flush),
        1 => Just(Step::PrepareHere),
        1 => Just(Step::PrepareElsewhere),
        1 => Just(Step::RetireElsewhere),
        1 => Just(Step::CloseAndOpen),
        1 => Just(Step::KillAndOpen),
    ]
}

/// The log, and the `Vec` that must be equal to it.
struct Pair {
    ram: Ram,
    options: Options,
    writer: Option<Writer>,
    expected: Vec<Owned>,
}

impl Pair {
    fn writer(&mut self) -> &mut Writer {
        let (ram, options) = (&self.ram, self.options);
        self.writer.get_or_insert_with(|| open(ram, options))
    }

    fn append(&mut self, entry: Owned) {
        entry.append(self.writer()).unwrap();
        self.expected.push(entry);
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Lines { stream, ring, seq, count } => {
                for number in 0..count {
                    let mut body = [number as u8; 56];
                    body[..2].copy_from_slice(&number.to_le_bytes());
                    self.append(Owned::Line { stream, ring, seq: seq.wrapping_add(number), body });
                }
            }
            Step::Record { stream, kind, tag, ts, bytes } => {
                self.append(Owned::Record { stream, kind, tag, ts, bytes });
            }
            Step::Flush => self.writer().flush().unwrap(),
            Step::PrepareHere => self.writer().prepare_next().unwrap(),
            Step::PrepareElsewhere => {
                if let Some(order) = self.writer().order_spare().unwrap() {
                    self.writer().deliver_spare(order.prepare()).unwrap();
                }
            }
            Step::RetireElsewhere => {
                if let Some(retired) = self.writer().take_retired() {
                    retired.finish().unwrap();
                }
            }
            Step::CloseAndOpen => {
                self.writer();
                self.writer.take().unwrap().close().unwrap();
            }
            Step::KillAndOpen => self.writer = None,
        }
    }

    fn counts(&self) -> [u64; 16] {
        let mut counts = [0; 16];
        for entry in &self.expected {
            counts[usize::from(entry.stream())] += entry.lines();
        }
        counts
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_was_appended_is_read_back(
        steps in proptest::collection::vec(step(), 1..24), segment_blocks in 2u32..4,
    ) {
        let ram = Ram::default();
        let options = blocks(segment_blocks);
        let mut pair = Pair { ram: ram.clone(), options, writer: None, expected: Vec::new() };
        let mut follower = Reader::open_on(disk(&ram)).unwrap();
        let mut followed = Vec::new();
        for step in steps {
            pair.take(step);
            while let Some(entry) = follower.next().unwrap() {
                followed.push(Owned::of(&entry));
            }
            prop_assert_eq!(followed.len(), pair.expected.len());
        }
        prop_assert_eq!(&followed, &pair.expected);
        prop_assert_eq!(&read(disk(&ram)), &pair.expected);
        prop_assert_eq!(&twin::read(&ram), &pair.expected);
        let counts = pair.counts();
        let report = verify_on(&disk(&ram)).unwrap();
        prop_assert_eq!((report.entries, report.lines), (pair.expected.len() as u64, counts));
        let committed = (0..16).map(|number| pair.writer().committed(super::common::stream(number)));
        prop_assert_eq!(committed.collect::<Vec<_>>(), counts.to_vec());
    }
}

#[test]
fn an_empty_directory_is_an_empty_log() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(verify(dir.path()), Ok(trader_journal::log::Report::default()));
    assert_eq!(Reader::open(dir.path()).unwrap().next(), Ok(None));
}

#[test]
fn a_closed_log_without_entries_is_sound() {
    let ram = Ram::default();
    open(&ram, blocks(1)).close().unwrap();
    open(&ram, blocks(1)).close().unwrap();
    let report = verify_on(&disk(&ram)).unwrap();
    assert_eq!((report.segments, report.entries, report.closed), (2, 0, true));
    assert_eq!(report.end, Position { segment: 1, line: 1 });
}

#[test]
fn every_line_count_of_a_segment_can_be_closed_and_killed() {
    // Around each seal: the open block empty, full, and full as the last of its segment.
    for count in [0, 1, 1022, 1023, 1024, 2045, 2046, 2047] {
        for close in [false, true] {
            let ram = Ram::default();
            let mut writer = open(&ram, blocks(2));
            let entries: Vec<_> = (0..count).map(super::common::line).collect();
            entries.iter().for_each(|entry| entry.append(&mut writer).unwrap());
            if close {
                writer.close().unwrap();
            } else {
                drop(writer);
            }
            assert_eq!(verify_on(&disk(&ram)).unwrap().closed, close);
            open(&ram, blocks(2)).close().unwrap();
            assert_eq!(twin::read(&ram), entries);
            assert_eq!(read(disk(&ram)), entries);
            verify_on(&disk(&ram)).unwrap();
        }
    }
}

#[test]
fn a_record_of_a_whole_segment_fits_and_one_byte_more_does_not() {
    let ram = Ram::default();
    let mut writer = open(&ram, blocks(1));
    let bytes = vec![1; 1022 * 56];
    let stream = super::common::stream(3);
    writer.append_record(stream, 1, 2, Nanos(3), &bytes).unwrap();
    let refused = writer.append_record(stream, 1, 2, Nanos(3), &vec![1; bytes.len() + 1]);
    assert!(matches!(refused, Err(AppendError::RecordTooLong { bytes_max, .. }) if bytes_max == bytes.len()));
    writer.append_record(stream, 1, 2, Nanos(3), &bytes).unwrap();
    writer.close().unwrap();
    assert_eq!(read(disk(&ram)).len(), 2);
    assert_eq!(verify_on(&disk(&ram)).unwrap().segments, 2);
}

#[test]
fn a_spare_that_was_ordered_and_is_late_stops_the_roll_only() {
    let ram = Ram::default();
    let mut writer = open(&ram, blocks(1));
    let order = writer.order_spare().unwrap().unwrap();
    let entries: Vec<_> = (0..1024).map(super::common::line).collect();
    entries[..1023].iter().for_each(|entry| entry.append(&mut writer).unwrap());
    assert!(matches!(entries[1023].append(&mut writer), Err(AppendError::SpareLate)));
    assert!(!writer.is_dead());
    writer.deliver_spare(order.prepare()).unwrap();
    entries[1023].append(&mut writer).unwrap();
    assert_eq!(read(disk(&ram)), entries);
}

#[test]
fn a_closed_log_has_neither_tail_nor_spare() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(dir.path(), blocks(2), IDENTITY).unwrap();
    writer.prepare_next().unwrap();
    super::common::line(1).append(&mut writer).unwrap();
    writer.close().unwrap();
    let mut files: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap()).collect();
    files.sort_by_key(std::fs::DirEntry::file_name);
    let names: Vec<_> = files.iter().map(|file| file.file_name().into_string().unwrap()).collect();
    assert_eq!(names, ["EPOCH", "LOCK", super::common::FIRST]);
    assert_eq!(files[2].metadata().unwrap().len(), 4096 + 2 * 64);
}

#[test]
fn a_reader_in_another_thread_sees_every_line_in_order_while_it_is_written() {
    const LINES: u64 = 60_000;
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(dir.path(), blocks(3), IDENTITY).unwrap();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let mut reader = Reader::open_on(std::sync::Arc::new(Folder::existing(dir.path()))).unwrap();
            let mut number = 0;
            while number < LINES {
                match reader.next().unwrap() {
                    Some(entry) => {
                        assert_eq!(Owned::of(&entry), super::common::entry(number));
                        number += 1;
                    }
                    None => std::thread::yield_now(),
                }
            }
        });
        for number in 0..LINES {
            super::common::entry(number).append(&mut writer).unwrap();
        }
        writer.close().unwrap();
    });
    assert_eq!(verify(dir.path()).unwrap().entries, LINES);
}
