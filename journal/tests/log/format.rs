//! `FORMAT.md` says what the bytes are: every field of its tables is looked for in what a writer wrote.

use super::common::{FIRST, IDENTITY, SECOND, blocks, disk, line, open, record, stream};
use super::twin;
use std::collections::BTreeMap;
use trader_journal::log::{
    BLOCK_LINES, BODY_BYTES, HEADER_BYTES, LINE_BYTES, Options, Origin, Ram, Reader, STREAMS, record_lines, verify_on,
};
use trader_journal::units::Nanos;

const FORMAT: &str = include_str!("../../FORMAT.md");

/// The rows of a table, without its head, each cell trimmed and without backticks.
fn table(name: &str) -> Vec<Vec<String>> {
    let heading = format!("### Table: {name}\n");
    let (_, behind) = FORMAT.split_once(&heading).unwrap_or_else(|| panic!("no table {name}"));
    let rows = behind.lines().skip_while(|row| !row.starts_with('|')).take_while(|row| row.starts_with('|'));
    rows.skip(2)
        .map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect())
        .collect()
}

/// What a field's bytes must be.
type Fields = BTreeMap<&'static str, Vec<u8>>;

fn fields<const N: usize>(pairs: [(&'static str, Vec<u8>); N]) -> Fields {
    pairs.into_iter().collect()
}

/// The table covers `bytes` without a gap, and each of its fields holds what is expected.
fn assert_fields(name: &str, bytes: &[u8], expected: &Fields) {
    let mut at = 0;
    let mut seen = Vec::new();
    for row in table(name) {
        let (offset, size): (usize, usize) = (row[0].parse().unwrap(), row[1].parse().unwrap());
        assert_eq!(offset, at, "{name}: {row:?}");
        let found = &bytes[offset..offset + size];
        match row[2].as_str() {
            "zero" => assert!(found.iter().all(|&byte| byte == 0), "{name}: {row:?}"),
            field => {
                let expected = expected.get(field).unwrap_or_else(|| panic!("{name}: {field} is not known here"));
                assert_eq!(found, expected, "{name}: {row:?}");
                seen.push(field.to_owned());
            }
        }
        at = offset + size;
    }
    assert_eq!(at, bytes.len(), "{name} covers every byte");
    assert_eq!(seen.len(), expected.len(), "{name} has every field: {seen:?}");
}

fn word(value: u32) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

fn long(value: u64) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

/// Two segments of two blocks: 2 046 lines said by stream 3, then a record of 60 bytes by stream 5, closed.
fn sample() -> Ram {
    let ram = Ram::default();
    let mut writer = open(&ram, blocks(2));
    for number in 0..2046 {
        writer.append(stream(3), Origin::SAID, number, &[0x77; BODY_BYTES]).unwrap();
    }
    writer.append_record(stream(5), 0x21, 0x4344, Nanos(0x5152_5354_5556_5758), &[0x66; 60]).unwrap();
    writer.close().unwrap();
    ram
}

fn lines_of(ram: &Ram, name: &str) -> Vec<[u8; 64]> {
    ram.bytes(name).unwrap()[HEADER_BYTES..].chunks(64).map(|line| line.try_into().unwrap()).collect()
}

#[test]
fn the_epoch_table_is_true() {
    let ram = sample();
    let bytes = ram.bytes("EPOCH").unwrap();
    let expected = fields([
        ("magic", b"TREPOCH\n".to_vec()),
        ("version", word(1)),
        ("epoch", word(1)),
        ("nonce", word(IDENTITY.epoch_nonce)),
        ("crc", word(twin::crc32c(&bytes[..20]))),
    ]);
    assert_fields("epoch", &bytes, &expected);
    assert!(FORMAT.contains("## 2. EPOCH: 24 bytes"));
}

#[test]
fn the_header_table_is_true() {
    let ram = sample();
    let page = ram.bytes(SECOND).unwrap()[..HEADER_BYTES].to_vec();
    let last_seal = lines_of(&ram, FIRST)[2047];
    let salt = {
        let named: Vec<u8> = [1, IDENTITY.epoch_nonce, 1u32].iter().flat_map(|field| field.to_le_bytes()).collect();
        xxhash_rust::xxh3::xxh3_64_with_seed(&named, IDENTITY.salt_seed)
    };
    let mut counts = vec![0; 128];
    counts[3 * 8..4 * 8].copy_from_slice(&2046u64.to_le_bytes());
    let expected = fields([
        ("magic", b"TRJRNL\r\n".to_vec()),
        ("version", word(1)),
        ("endian_mark", word(0x0102_0304)),
        ("segment", word(1)),
        ("epoch", word(1)),
        ("nonce", word(IDENTITY.epoch_nonce)),
        ("blocks", word(2)),
        ("salt", long(salt)),
        ("created", long(IDENTITY.created.0)),
        ("previous_chain", last_seal[8..16].to_vec()),
        ("previous_lines", word(2048)),
        ("first_line", long(2046)),
        ("counts", counts),
        ("config_hash", IDENTITY.config_hash.to_vec()),
        ("build_hash", IDENTITY.build_hash.to_vec()),
        ("crc", word(twin::crc32c(&page[..4092]))),
    ]);
    assert_fields("header", &page, &expected);
}

#[test]
fn the_line_table_is_true() {
    let ram = sample();
    let salt = u64::from_le_bytes(ram.bytes(FIRST).unwrap()[32..40].try_into().unwrap());
    let line = lines_of(&ram, FIRST)[300];
    let expected = fields([
        ("crc", word(twin::line_crc(salt, 300, &line))),
        ("stream", vec![3]),
        ("origin", vec![0x80]),
        ("seq", 300u16.to_le_bytes().to_vec()),
        ("body", vec![0x77; 56]),
    ]);
    assert_fields("line", &line, &expected);
}

#[test]
fn the_seal_table_is_true_of_a_middle_seal_and_of_a_last_one() {
    let ram = sample();
    let first = ram.bytes(FIRST).unwrap();
    let lines = lines_of(&ram, FIRST);
    let mut chain = xxhash_rust::xxh3::xxh3_64_with_seed(&first[..HEADER_BYTES], 0);
    for (block, last) in [(0u32, 0u32), (1, 1)] {
        let seal_at = block as usize * 1024 + 1023;
        chain = xxhash_rust::xxh3::xxh3_64_with_seed(&lines[block as usize * 1024..seal_at].concat(), chain);
        let seal = lines[seal_at];
        assert_eq!(&seal[4..8], [0, 0xfe, 0, 0]);
        let expected = fields([
            ("chain", long(chain)),
            ("total", long(1023 * u64::from(block + 1))),
            ("block", word(block)),
            ("lines", word(1023)),
            ("last", word(last)),
        ]);
        assert_fields("seal", &seal[8..], &expected);
    }
    // And where a closed log ends early.
    let seal = lines_of(&ram, SECOND)[3];
    assert_eq!((seal[5], &seal[8 + 20..8 + 28]), (0xfe, &[3, 0, 0, 0, 1, 0, 0, 0][..]));
}

#[test]
fn the_record_table_is_true() {
    let ram = sample();
    let lines = lines_of(&ram, SECOND);
    let expected = fields([
        ("len", word(60)),
        ("tag", 0x4344u16.to_le_bytes().to_vec()),
        ("kind", vec![0x21]),
        ("ts", long(0x5152_5354_5556_5758)),
    ]);
    assert_fields("record", &lines[0][8..], &expected);
    let prefixes: Vec<_> = lines.iter().map(|line| (line[4], line[5], line[6])).collect();
    assert_eq!(prefixes, [(5, 0xf0, 0), (5, 0xf1, 1), (5, 0xf1, 2), (0, 0xfe, 0)]);
    assert_eq!((&lines[1][8..], &lines[2][8..12]), (&[0x66; 56][..], &[0x66; 4][..]));
    assert!(lines[2][12..].iter().all(|&byte| byte == 0));
}

#[test]
fn the_origin_table_is_the_list_of_codes() {
    let codes: Vec<_> = table("origin").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(codes, ["0x00 to 0x7f", "0x80", "0xf0", "0xf1", "0xfe"]);
    assert_eq!((Origin::heard(0x7f).and_then(Origin::ring), Origin::heard(0x80)), (Some(0x7f), None));
}

#[test]
fn the_numbers_in_the_text_are_those_of_the_code() {
    assert_eq!((HEADER_BYTES, LINE_BYTES, BODY_BYTES, BLOCK_LINES, STREAMS), (4096, 64, 56, 1024, 16));
    assert!(FORMAT.contains("# The format of the log, version 1\n"));
    for text in [
        "A header page of 4096 bytes, then `blocks` × 1024 lines of 64 bytes",
        "the 1023 before it hold\nentries",
        "line `n` starts at byte 4096 + 64 `n`",
        "blocks it has room for, 1 to 65536",
        "which agent wrote it, 0 to 15",
        "`len` ≤ (`blocks` × 1023 − 1) × 56",
    ] {
        assert!(FORMAT.contains(text), "{text}");
    }
    assert!(Options::with_blocks(65_536).is_some());
    assert!(Options::with_blocks(0).is_none() && Options::with_blocks(65_537).is_none());
    assert_eq!((record_lines(0), record_lines(1), record_lines(56), record_lines(57)), (1, 2, 2, 3));
}

#[test]
fn a_killed_segment_is_continued_as_if_its_open_block_had_been_sealed() {
    for lines in [0, 1, 100, 1022, 1023, 1024] {
        let ram = Ram::default();
        let mut writer = open(&ram, blocks(2));
        (0..lines).for_each(|number| line(number).append(&mut writer).unwrap());
        drop(writer);
        open(&ram, blocks(2)).close().unwrap();
        let killed = ram.bytes(FIRST).unwrap();
        let next = ram.bytes("seg-00000002-00000001.jrn").unwrap();
        let (page, body) = killed.split_at(HEADER_BYTES);
        let mut chain = xxhash_rust::xxh3::xxh3_64_with_seed(page, 0);
        let written = lines as usize + usize::from(lines > 1023);
        for block in body[..written * 64].chunks(1024 * 64) {
            chain = xxhash_rust::xxh3::xxh3_64_with_seed(&block[..block.len().min(1023 * 64)], chain);
        }
        assert_eq!(next[48..56], chain.to_le_bytes(), "{lines} lines");
        assert_eq!(next[56..60], (written as u32).to_le_bytes(), "{lines} lines");
    }
}

#[test]
fn a_record_that_does_not_fit_closes_the_segment_and_begins_the_next() {
    let ram = Ram::default();
    let mut writer = open(&ram, blocks(1));
    line(0).append(&mut writer).unwrap();
    record(1, 1022 * 56).append(&mut writer).unwrap();
    writer.close().unwrap();
    let first = ram.bytes(FIRST).unwrap();
    assert_eq!(first[HEADER_BYTES + 64 + 5], 0xfe);
    let mut reader = Reader::open_on(disk(&ram)).unwrap();
    let positions: Vec<_> = std::iter::from_fn(|| {
        reader.next().unwrap().is_some().then(|| reader.header().map(|header| (header.segment, header.first_line())))
    })
    .flatten()
    .collect();
    assert_eq!(positions, [(0, 0), (1, 1)]);
    assert_eq!(verify_on(&disk(&ram)).unwrap().lines.iter().sum::<u64>(), 1024);
}
