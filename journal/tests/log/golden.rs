//! The bytes themselves: a change of the format is loud.

use super::common::{IDENTITY, Owned, blocks, closed_log, disk, read, stream};
use super::twin;
use std::fmt::Write as _;
use trader_journal::log::{Disk, Origin, Ram, Writer, verify_on};
use trader_journal::units::Nanos;

const GOLDEN: &str = include_str!("golden_v1.hex");
const NAME: &str = "seg-00000001-00000000.jrn";

/// The log whose bytes are kept in `golden_v1.hex`.
fn small_log() -> Ram {
    let ram = Ram::default();
    let mut writer = Writer::open_on(disk(&ram), blocks(1), IDENTITY).unwrap();
    let mut body = [0; 56];
    body.iter_mut().zip(0..).for_each(|(byte, value)| *byte = value);
    writer.append(stream(2), Origin::heard(1).unwrap(), 0x1_0007, &body).unwrap();
    writer.append(stream(3), Origin::SAID, 1, &[0; 56]).unwrap();
    writer.append_record(stream(0), 5, 6, Nanos(7), b"").unwrap();
    writer.append_record(stream(0), 8, 9, Nanos(10), &[b'x'; 60]).unwrap();
    writer.close().unwrap();
    ram
}

/// One line per 64 bytes that are not all zero: offset, then the bytes.
fn hex(ram: &Ram) -> String {
    let mut text = String::new();
    for name in ram.names().unwrap() {
        let bytes = ram.bytes(&name).unwrap();
        writeln!(text, "{name} {}", bytes.len()).unwrap();
        for (index, line) in bytes.chunks(64).enumerate().filter(|(_, line)| line.iter().any(|&byte| byte != 0)) {
            write!(text, "{:06x} ", index * 64).unwrap();
            line.iter().for_each(|byte| write!(text, "{byte:02x}").unwrap());
            text.push('\n');
        }
    }
    text
}

/// The log that such a text describes.
fn parse(text: &str) -> Ram {
    let ram = Ram::default();
    let mut name = "";
    for row in text.lines() {
        let (left, right) = row.split_once(' ').unwrap();
        match u64::from_str_radix(left, 16) {
            Ok(offset) if left.len() == 6 => {
                let bytes = right.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
                let bytes: Vec<_> = bytes.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
                ram.open_mut(name).unwrap().write_at(offset, &bytes).unwrap();
            }
            _ => {
                name = left;
                ram.put(name, &vec![0; right.parse().unwrap()]);
            }
        }
    }
    ram
}

#[test]
fn the_writer_writes_the_golden_bytes() {
    assert_eq!(hex(&small_log()), GOLDEN, "the format changed: raise its version and keep a reader for this one");
}

#[test]
fn the_golden_bytes_are_read_for_ever() {
    let ram = parse(GOLDEN);
    let mut body = [0; 56];
    body.iter_mut().zip(0..).for_each(|(byte, value)| *byte = value);
    let expected = [
        Owned::Line { stream: 2, ring: Some(1), seq: 7, body },
        Owned::Line { stream: 3, ring: None, seq: 1, body: [0; 56] },
        Owned::Record { stream: 0, kind: 5, tag: 6, ts: 7, bytes: Vec::new() },
        Owned::Record { stream: 0, kind: 8, tag: 9, ts: 10, bytes: vec![b'x'; 60] },
    ];
    assert_eq!(read(disk(&ram)), expected);
    assert_eq!(twin::read(&ram), expected);
    let report = verify_on(&disk(&ram)).unwrap();
    assert_eq!((report.entries, report.records, report.closed), (4, 2, true));
}

#[test]
fn the_worked_example_of_the_format_is_true() {
    let format = include_str!("../../FORMAT.md");
    let bytes = small_log().bytes(NAME).unwrap();
    let salt = u64::from_le_bytes(bytes[32..40].try_into().unwrap());
    let line = &bytes[4096..4160];
    let crc = twin::line_crc(salt, 0, line);
    assert!(format.contains(&format!("salt `{salt:#018x}`")), "salt {salt:#018x}");
    assert!(format.contains(&format!("`{crc:#010x}`")), "crc {crc:#010x}");
    for (row, part) in line.chunks(16).enumerate() {
        let spaced: Vec<_> = part.iter().map(|byte| format!("{byte:02x}")).collect();
        let row = format!("{:02x}  {}", row * 16, spaced.join(" "));
        assert!(format.contains(&row), "{row}");
    }
}

#[test]
fn a_line_of_zeros_is_never_valid() {
    // Its checksum is never 0, whatever the salt and the place.
    let (ram, _) = closed_log();
    for salt in 0..2000 {
        assert_ne!(twin::line_crc(salt, salt as u32, &[0; 64]), 0);
    }
    let erased = ram.image();
    erased.open_mut(NAME).unwrap().write_at(4096 + 7 * 64, &[0; 64]).unwrap();
    assert!(verify_on(&disk(&erased)).is_err());
}
