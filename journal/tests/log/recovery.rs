//! What a killed writer leaves is cleared, once and again, and the log goes on.

use super::common::{FIRST, IDENTITY, SECOND, blocks, disk, killed_log, line, open, read, record};
use super::twin;
use trader_journal::log::{Disk, OpenError, Position, Ram, Reason, Recovered, Writer, recover, recover_on, verify_on};

fn recovered(ram: &Ram) -> Recovered {
    recover_on(&disk(ram)).unwrap()
}

#[test]
fn a_line_that_was_begun_is_cleared_and_everything_committed_stays() {
    let (ram, entries) = killed_log();
    let end = verify_on(&disk(&ram)).unwrap().end;
    // A kill can leave any of the seven stores of a body, not only the first ones.
    for stored in 1u8..128 {
        let begun = ram.image();
        let file = begun.open_mut(SECOND).unwrap();
        for word in (0..7).filter(|word| stored >> word & 1 == 1) {
            file.write_at(end.byte_offset() + 8 + word * 8, &[0xaa; 8]).unwrap();
        }
        assert_eq!(verify_on(&disk(&begun)).unwrap_err().reason, Reason::UnfinishedLine);
        assert_eq!(recovered(&begun).cleared_line, Some(end));
        assert_eq!(recovered(&begun).cleared_line, None);
        assert_eq!(begun.bytes(SECOND), ram.bytes(SECOND));
        assert_eq!(read(disk(&begun)), entries);
    }
}

#[test]
fn two_lines_that_were_begun_are_refused() {
    let (ram, _) = killed_log();
    let end = verify_on(&disk(&ram)).unwrap().end;
    let file = ram.open_mut(SECOND).unwrap();
    file.write_at(end.byte_offset() + 8, &[0xaa; 8]).unwrap();
    file.write_at(end.byte_offset() + 64 + 8, &[0xaa; 8]).unwrap();
    let before = ram.bytes(SECOND);
    let Err(OpenError::Damaged(damage)) = recover_on(&disk(&ram)) else { panic!("was not refused") };
    assert_eq!((damage.file.as_str(), damage.reason), (SECOND, Reason::Tail));
    assert_eq!((damage.offset, damage.line), (end.byte_offset() + 64 + 8, Some(end.line + 1)));
    assert_eq!(ram.bytes(SECOND), before);
}

#[test]
fn a_committed_line_with_a_wrong_checksum_is_refused_even_as_the_last() {
    let (ram, _) = killed_log();
    let end = verify_on(&disk(&ram)).unwrap().end;
    for line in [end.line - 1, end.line] {
        let altered = ram.image();
        altered.open_mut(SECOND).unwrap().write_at(4096 + u64::from(line) * 64, &[7]).unwrap();
        let Err(OpenError::Damaged(damage)) = recover_on(&disk(&altered)) else { panic!("was not refused") };
        assert_eq!((damage.line, damage.reason), (Some(line), Reason::Checksum));
    }
}

#[test]
fn a_header_that_was_begun_is_a_spare() {
    let (ram, entries) = killed_log();
    let third = "seg-00000001-00000002.jrn";
    let size = ram.bytes(SECOND).unwrap().len();
    for words in [0, 1, 5, 40, 511] {
        let begun = ram.image();
        let mut bytes = vec![0; size];
        bytes[8..8 + words * 8].fill(0x11);
        begun.put(third, &bytes);
        assert_eq!(verify_on(&disk(&begun)).is_ok(), words == 0);
        assert_eq!(read(disk(&begun)), entries);
        assert_eq!(recovered(&begun).files_removed, 1);
        assert_eq!(begun.bytes(third), None);
        assert_eq!(recovered(&begun).files_removed, 0);
    }
    // Lines without a header are no spare.
    let mut bytes = vec![0; size];
    bytes[5000] = 1;
    ram.put(third, &bytes);
    let Err(OpenError::Damaged(damage)) = recover_on(&disk(&ram)) else { panic!("was not refused") };
    assert_eq!((damage.file.as_str(), damage.offset, damage.reason), (third, 5000, Reason::NotBlank));
}

#[test]
fn files_under_temporary_names_are_removed_and_strangers_are_not() {
    let (ram, entries) = killed_log();
    ram.put("EPOCH.tmp", b"half");
    ram.put("seg-00000001-00000002.jrn.tmp", &[]);
    ram.put("notes.tmp", b"mine");
    assert_eq!(recovered(&ram).files_removed, 2);
    assert_eq!(ram.bytes("notes.tmp").unwrap(), b"mine");
    assert_eq!(read(disk(&ram)), entries);
}

#[test]
fn the_next_epoch_continues_a_killed_one_in_a_new_segment() {
    let (ram, mut entries) = killed_log();
    let killed = ram.bytes(SECOND).unwrap();
    let mut writer = open(&ram, blocks(1));
    assert_eq!((writer.epoch(), writer.position()), (2, Position { segment: 2, line: 0 }));
    assert!(!writer.recovered().report.closed);
    entries.push(line(9));
    line(9).append(&mut writer).unwrap();
    drop(writer);
    assert_eq!(ram.bytes(SECOND).unwrap(), killed);
    assert_eq!(twin::read(&ram), entries);
    assert_eq!(verify_on(&disk(&ram)).unwrap().epoch, 2);
}

#[test]
fn a_record_that_a_kill_cut_short_is_not_seen_and_does_not_stop_the_log() {
    let ram = Ram::default();
    let mut writer = open(&ram, blocks(1));
    line(1).append(&mut writer).unwrap();
    record(2, 300).append(&mut writer).unwrap();
    drop(writer);
    for lines_left in 1..6 {
        let cut = ram.image();
        let tail = vec![0; (7 - lines_left) * 64];
        cut.open_mut(FIRST).unwrap().write_at(4096 + (1 + lines_left as u64) * 64, &tail).unwrap();
        let report = verify_on(&disk(&cut)).unwrap();
        assert_eq!((report.entries, report.cut_records, report.end.line), (1, 1, 1 + lines_left as u32));
        let mut writer = open(&cut, blocks(1));
        line(3).append(&mut writer).unwrap();
        writer.close().unwrap();
        assert_eq!(read(disk(&cut)), [line(1), line(3)]);
        assert_eq!(verify_on(&disk(&cut)).unwrap().cut_records, 1);
    }
}

#[test]
fn one_directory_has_one_writer() {
    let dir = tempfile::tempdir().unwrap();
    let first = Writer::open(dir.path(), blocks(1), IDENTITY).unwrap();
    assert!(matches!(Writer::open(dir.path(), blocks(1), IDENTITY), Err(OpenError::Locked { .. })));
    assert!(matches!(recover(dir.path()), Err(OpenError::Locked { .. })));
    drop(first);
    assert_eq!(Writer::open(dir.path(), blocks(1), IDENTITY).unwrap().epoch(), 2);
}

#[test]
fn numbers_that_are_used_up_are_said() {
    let ram = Ram::default();
    open(&ram, blocks(1)).close().unwrap();
    let mut epoch = b"TREPOCH\n".to_vec();
    for field in [1, u32::MAX, IDENTITY.epoch_nonce] {
        epoch.extend(field.to_le_bytes());
    }
    epoch.extend(twin::crc32c(&epoch).to_le_bytes());
    ram.put("EPOCH", &epoch);
    assert!(matches!(Writer::open_on(disk(&ram), blocks(1), IDENTITY), Err(OpenError::Exhausted)));
}
