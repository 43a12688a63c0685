//! Whatever is altered is found, and named with its file and place.

use super::common::{FIRST, SECOND, blocks, closed_log, disk, killed_log, open, small_closed_log, small_killed_log};
use proptest::prelude::*;
use trader_journal::log::{Damage, Disk, Ram, Reason, recover_on, verify_on};

fn damage(ram: &Ram) -> Option<Damage> {
    verify_on(&disk(ram)).err()
}

/// Flips `mask` at `offset`, and undoes it when dropped.
struct Flip<'a> {
    ram: &'a Ram,
    name: &'a str,
    offset: u64,
    byte: u8,
}

impl<'a> Flip<'a> {
    fn new(ram: &'a Ram, name: &'a str, offset: u64, mask: u8) -> Flip<'a> {
        let file = ram.open_mut(name).unwrap();
        let mut byte = [0];
        file.read_at(offset, &mut byte).unwrap();
        file.write_at(offset, &[byte[0] ^ mask]).unwrap();
        Flip { ram, name, offset, byte: byte[0] }
    }
}

impl Drop for Flip<'_> {
    fn drop(&mut self) {
        self.ram.open_mut(self.name).unwrap().write_at(self.offset, &[self.byte]).unwrap();
    }
}

fn assert_found(ram: &Ram, name: &str, offset: u64, mask: u8) {
    let _flip = Flip::new(ram, name, offset, mask);
    let Some(damage) = damage(ram) else { panic!("{name}: byte {offset} flipped by {mask:#x} was not found") };
    assert_eq!(damage.file, name, "byte {offset}: {damage}");
    if name != "EPOCH" && offset >= 4096 {
        let line = (offset - 4096) / 64;
        assert_eq!(damage.line, Some(line as u32), "byte {offset}: {damage}");
        assert!((4096 + line * 64..=offset).contains(&damage.offset), "byte {offset}: {damage}");
    } else {
        assert!(damage.offset <= offset, "byte {offset}: {damage}");
    }
}

/// One mask per byte, another for the next byte: all eight bits take their turn.
fn flip_every_byte(ram: &Ram, name: &str) {
    for offset in 0..ram.bytes(name).unwrap().len() as u64 {
        assert_found(ram, name, offset, 1 << (offset % 8));
    }
}

#[test]
fn every_flipped_byte_of_a_killed_segment_is_found_header_padding_and_zero_tail_too() {
    flip_every_byte(&small_killed_log().0, SECOND);
}

#[test]
fn every_flipped_byte_of_a_sealed_segment_is_found() {
    flip_every_byte(&small_killed_log().0, FIRST);
}

#[test]
fn every_flipped_byte_of_the_closed_end_and_of_the_epoch_is_found() {
    let (ram, _) = small_closed_log();
    flip_every_byte(&ram, SECOND);
    flip_every_byte(&ram, "EPOCH");
}

#[test]
fn a_flipped_byte_in_any_line_of_a_segment_of_several_blocks_is_found() {
    let (ram, _) = killed_log();
    for name in [FIRST, SECOND] {
        for line in 0..2048 {
            assert_found(&ram, name, 4096 + line * 64 + line * 37 % 64, 1 << (line % 8));
        }
    }
}

#[test]
fn every_flipped_byte_of_a_blank_spare_is_found() {
    let ram = Ram::default();
    let mut writer = open(&ram, blocks(1));
    writer.prepare_next().unwrap();
    drop(writer);
    flip_every_byte(&ram, SECOND);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn any_mask_anywhere_is_found(offset in 0u64..4096 + 2 * 65_536, mask in 1u8.., second: bool) {
        thread_local!(static LOG: Ram = killed_log().0);
        LOG.with(|ram| assert_found(ram, if second { SECOND } else { FIRST }, offset, mask));
    }
}

#[test]
fn recovery_refuses_what_a_kill_does_not_leave() {
    let (ram, entries) = killed_log();
    let end = verify_on(&disk(&ram)).unwrap().end;
    let begun_line = end.byte_offset() + 8..end.byte_offset() + 64;
    for (name, step) in [(FIRST, 211), (SECOND, 97)] {
        for offset in (0..ram.bytes(name).unwrap().len() as u64).step_by(step) {
            let _flip = Flip::new(&ram, name, offset, 0x10);
            let image = ram.image();
            match recover_on(&disk(&image)) {
                Err(error) => assert!(error.to_string().contains(name), "{error}"),
                // Only here, because it is what a kill may leave; and nothing committed is lost.
                Ok(recovered) => {
                    assert!(name == SECOND && begun_line.contains(&offset), "{name} {offset}");
                    assert_eq!(recovered.cleared_line, Some(end));
                    assert_eq!(super::common::read(disk(&image)), entries);
                }
            }
        }
    }
}

#[test]
fn every_truncation_is_found() {
    for (ram, _) in [small_killed_log(), small_closed_log()] {
        for name in [FIRST, SECOND, "EPOCH"] {
            let whole = ram.bytes(name).unwrap();
            // Every length of a file that is short, every line's border and some inside of a long one.
            let asked = |length: &usize| {
                *length < 4200 || whole.len() < 9000 || length.is_multiple_of(64) || length.is_multiple_of(23)
            };
            for length in (0..whole.len()).rev().filter(asked) {
                ram.open_mut(name).unwrap().set_len(length as u64).unwrap();
                let Some(damage) = damage(&ram) else { panic!("{name} cut to {length} was not found") };
                assert_eq!(damage.file, name, "{length}: {damage}");
            }
            ram.put(name, &whole);
        }
        assert_eq!(damage(&ram), None);
    }
}

#[test]
fn what_is_appended_to_a_file_is_found() {
    for (ram, _) in [killed_log(), closed_log()] {
        for name in [FIRST, SECOND, "EPOCH"] {
            for more in [1, 8, 64, 4096] {
                let altered = ram.image();
                let mut bytes = ram.bytes(name).unwrap();
                bytes.resize(bytes.len() + more, 0);
                altered.put(name, &bytes);
                assert_eq!(damage(&altered).unwrap().file, name, "{more} bytes more");
            }
        }
    }
}

/// The log with one line of `name` replaced by other bytes.
fn with_line(ram: &Ram, name: &str, line: usize, bytes: &[u8]) -> Ram {
    let altered = ram.image();
    altered.open_mut(name).unwrap().write_at(4096 + line as u64 * 64, bytes).unwrap();
    altered
}

fn line_bytes(ram: &Ram, name: &str, line: usize) -> Vec<u8> {
    ram.bytes(name).unwrap()[4096 + line * 64..][..64].to_vec()
}

#[test]
fn a_line_is_valid_in_its_own_place_only() {
    let (ram, _) = killed_log();
    for (from, to) in [(5, 6), (6, 5), (5, 1029), (1023, 2047), (2046, 1022)] {
        let duplicated = with_line(&ram, FIRST, to, &line_bytes(&ram, FIRST, from));
        let found = damage(&duplicated).unwrap();
        assert_eq!((found.line, found.reason), (Some(to as u32), Reason::Checksum));
        let swapped = with_line(&duplicated, FIRST, from, &line_bytes(&ram, FIRST, to));
        assert_eq!(damage(&swapped).unwrap().line, Some(from.min(to) as u32));
    }
    // The same place of another segment.
    let replayed = with_line(&ram, SECOND, 5, &line_bytes(&ram, FIRST, 5));
    assert_eq!(
        damage(&replayed).unwrap(),
        Damage { file: SECOND.to_owned(), offset: 4096 + 5 * 64, line: Some(5), reason: Reason::Checksum }
    );
    // Behind the end.
    let behind = with_line(&ram, SECOND, 1600, &line_bytes(&ram, SECOND, 1499));
    assert_eq!(damage(&behind).unwrap().reason, Reason::Tail);
}

#[test]
fn a_hole_is_not_an_end() {
    let (ram, _) = killed_log();
    for name in [FIRST, SECOND] {
        for line in [0, 1, 700, 1023, 1024, 1498] {
            let holed = with_line(&ram, name, line, &[0; 64]);
            assert_eq!(damage(&holed).unwrap().file, name, "line {line}");
            assert!(recover_on(&disk(&holed)).is_err(), "line {line}");
        }
    }
}

#[test]
fn a_sealed_segment_cannot_lose_its_end() {
    let (ram, _) = killed_log();
    for line in [0, 1, 500, 1024, 2047] {
        let altered = ram.image();
        let zeros = vec![0; (2048 - line) * 64];
        altered.open_mut(FIRST).unwrap().write_at(4096 + line as u64 * 64, &zeros).unwrap();
        assert!(damage(&altered).is_some(), "line {line}");
        assert!(recover_on(&disk(&altered)).is_err(), "line {line}");
    }
}

#[test]
fn segments_cannot_change_places_nor_be_missing() {
    let (ram, _) = killed_log();
    let (first, second) = (ram.bytes(FIRST).unwrap(), ram.bytes(SECOND).unwrap());
    let altered = |names: &[(&str, Option<&[u8]>)]| {
        let image = ram.image();
        for (name, bytes) in names {
            match bytes {
                Some(bytes) => image.put(name, bytes),
                None => image.remove(name).unwrap(),
            }
        }
        damage(&image).unwrap()
    };
    let swapped = altered(&[(FIRST, Some(&second)), (SECOND, Some(&first))]);
    assert_eq!((swapped.file.as_str(), swapped.reason), (FIRST, Reason::Renamed { epoch: 1, segment: 1 }));
    let third = "seg-00000001-00000002.jrn";
    assert_eq!(altered(&[(third, Some(&second))]).file, third);
    assert_eq!(altered(&[(third, Some(&second)), (SECOND, None)]).file, third);
    let other_epoch = "seg-00000002-00000001.jrn";
    assert_eq!(altered(&[(other_epoch, Some(&second))]).file, other_epoch);
    assert_eq!(altered(&[("EPOCH", None)]).reason, Reason::EpochMissing);
}

#[test]
fn a_missing_middle_and_another_log_are_named() {
    let ram = Ram::default();
    for _ in 0..4 {
        open(&ram, blocks(1)).close().unwrap();
    }
    let names: Vec<_> = (0..4).map(|n| format!("seg-{:08x}-{n:08x}.jrn", n + 1)).collect();
    let image = ram.image();
    image.remove(&names[1]).unwrap();
    let found = damage(&image).unwrap();
    assert_eq!((found.file, found.reason), (names[2].clone(), Reason::SegmentMissing { segment: 1 }));

    // The first ones may be deleted, on purpose.
    let kept = ram.image();
    kept.remove(&names[0]).unwrap();
    kept.remove(&names[1]).unwrap();
    assert_eq!(verify_on(&disk(&kept)).unwrap().segments, 2);

    // A segment of the right name from a log with another history.
    let (other, _) = closed_log();
    let foreign = ram.image();
    foreign.put(&names[0], &other.bytes(FIRST).unwrap());
    let found = damage(&foreign).unwrap();
    assert_eq!((found.file, found.reason), (names[1].clone(), Reason::Link));

    // An epoch file from before the last opening.
    let old = ram.image();
    old.put("EPOCH", &other.bytes("EPOCH").unwrap());
    assert_eq!(damage(&old).unwrap().reason, Reason::EpochBehind { segment: 4, file: 1 });
    assert!(recover_on(&disk(&old)).is_err());
}

#[test]
fn another_version_is_refused_by_name_and_nothing_is_touched() {
    let (ram, _) = closed_log();
    let mut bytes = ram.bytes(FIRST).unwrap();
    bytes[8] = 2;
    let crc = super::twin::crc32c(&bytes[..4092]);
    bytes[4092..4096].copy_from_slice(&crc.to_le_bytes());
    ram.put(FIRST, &bytes);
    assert_eq!(damage(&ram).unwrap().reason, Reason::Version { found: 2, known: 1 });
    assert!(recover_on(&disk(&ram)).is_err());
    assert_eq!(ram.bytes(FIRST).unwrap(), bytes);
}

#[test]
fn header_padding_is_checked_even_under_a_right_checksum() {
    let (ram, _) = closed_log();
    for offset in [60, 264, 2000, 4091] {
        let altered = ram.image();
        let mut bytes = ram.bytes(FIRST).unwrap();
        bytes[offset] = 1;
        let crc = super::twin::crc32c(&bytes[..4092]);
        bytes[4092..4096].copy_from_slice(&crc.to_le_bytes());
        altered.put(FIRST, &bytes);
        assert_eq!(damage(&altered).unwrap().reason, Reason::HeaderField, "byte {offset}");
    }
}

/// Makes a header page's checksum right again.
fn reseal_page(bytes: &mut [u8]) {
    if bytes.len() >= 4096 {
        let crc = super::twin::crc32c(&bytes[..4092]);
        bytes[4092..4096].copy_from_slice(&crc.to_le_bytes());
    }
}

#[test]
fn counts_that_no_log_reaches_are_refused_before_anything_is_added_to_them() {
    let (ram, _) = small_killed_log();
    ram.remove(FIRST).unwrap();
    let mut bytes = ram.bytes(SECOND).unwrap();
    bytes[64..72].fill(0xff);
    bytes[72..200].fill(0);
    bytes[72 + 8..72 + 16].fill(0xff);
    reseal_page(&mut bytes);
    ram.put(SECOND, &bytes);
    assert_eq!(damage(&ram).unwrap().reason, Reason::HeaderField);
}

fn splice() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let place = prop_oneof![0usize..300, 4080usize..4400, 0usize..70_000];
    (place, prop_oneof![proptest::collection::vec(any::<u8>(), 1..70), (1usize..70).prop_map(|n| vec![0xff; n])])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_reader_panic_and_only_the_written_ones_are_sound(
        name in prop_oneof![Just(FIRST), Just(SECOND), Just("EPOCH")],
        splices in proptest::collection::vec(splice(), 1..4),
        length in proptest::option::of(0usize..70_000),
        resealed: bool,
    ) {
        let (ram, _) = small_closed_log();
        let whole = ram.bytes(name).unwrap();
        let mut bytes = whole.clone();
        bytes.resize(length.unwrap_or(whole.len()), 0);
        for (at, put) in splices {
            let end = bytes.len().min(at + put.len());
            if at < end {
                bytes[at..end].copy_from_slice(&put[..end - at]);
            }
        }
        if resealed {
            reseal_page(&mut bytes);
        }
        ram.put(name, &bytes);
        prop_assert_eq!(damage(&ram).is_none(), bytes == whole);
        let mut reader = trader_journal::log::Reader::open_on(disk(&ram)).unwrap();
        while let Ok(Some(_)) = reader.next() {}
        let opened = trader_journal::log::Writer::open_on(disk(&ram), blocks(1), super::common::IDENTITY);
        prop_assert_eq!(opened.is_ok(), bytes == whole);
    }
}

/// The log with a line of `name` altered and its checksum made right again: what only the
/// checks behind the checksum can find.
fn forged(ram: &Ram, name: &str, line: usize, alter: impl FnOnce(&mut [u8])) -> Damage {
    let mut bytes = line_bytes(ram, name, line);
    alter(&mut bytes);
    let header = ram.bytes(name).unwrap();
    let salt = u64::from_le_bytes(header[32..40].try_into().unwrap());
    let crc = super::twin::line_crc(salt, line as u32, &bytes);
    bytes[..4].copy_from_slice(&crc.to_le_bytes());
    damage(&with_line(ram, name, line, &bytes)).unwrap()
}

#[test]
fn a_forged_line_is_found_by_its_meaning_or_by_the_chain() {
    // Entry 0 is an empty record; 97 is one of 97 bytes: head and two continuations.
    let (ram, _) = killed_log();
    let reason = |line, at: usize, value: u8| forged(&ram, FIRST, line, |bytes| bytes[at] = value).reason;
    assert_eq!(reason(5, 4, 16), Reason::Stream(16));
    assert_eq!(reason(5, 5, 0x81), Reason::Origin(0x81));
    assert_eq!(reason(5, 5, 0xfe), Reason::Seal);
    assert_eq!(reason(5, 5, 0xf1), Reason::RecordOrder);
    assert_eq!(reason(97, 8 + 7, 1), Reason::RecordHead);
    assert_eq!(reason(97, 8 + 55, 1), Reason::RecordHead);
    assert_eq!(reason(97, 8 + 3, 1), Reason::RecordHead);
    assert_eq!(reason(97, 6, 1), Reason::RecordHead);
    assert_eq!(reason(98, 6, 9), Reason::RecordOrder);
    assert_eq!(reason(98, 4, 9), Reason::RecordOrder);
    assert_eq!(reason(98, 5, 0x80), Reason::RecordOrder);
    assert_eq!(reason(99, 8 + 55, 1), Reason::RecordPadding);
    assert_eq!(reason(1023, 5, 0x80), Reason::SealMissing);
    assert_eq!(reason(1023, 8 + 55, 1), Reason::Seal);
    assert_eq!(reason(1023, 8 + 16, 1), Reason::Seal);
    assert_eq!(reason(1023, 8 + 20, 1), Reason::Seal);
    assert_eq!(reason(1023, 8 + 8, 77), Reason::Seal);
    assert_eq!(reason(1023, 8, 77), Reason::Chain);
    let chained = forged(&ram, FIRST, 5, |bytes| bytes[20] = 0x77);
    assert_eq!((chained.line, chained.reason), (Some(1023), Reason::Chain));
}
