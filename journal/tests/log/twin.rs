//! A second reader, written from `FORMAT.md` alone: slow, obvious, and sharing no code with
//! the log. It accepts what a writer leaves and panics at anything else.

use super::common::Owned;
use std::collections::BTreeMap;
use trader_journal::log::{Disk, Ram};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), one bit at a time.
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
        }
    }
    !crc
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap())
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

pub(crate) fn line_crc(salt: u64, index: u32, line: &[u8]) -> u32 {
    let mut covered = salt.to_le_bytes().to_vec();
    covered.extend(index.to_le_bytes());
    covered.extend(&line[4..64]);
    crc32c(&covered).max(1)
}

/// What one segment leaves for the next: chain, lines, entry lines per stream.
#[derive(Debug, PartialEq, Eq)]
struct End {
    chain: u64,
    lines: u32,
    counts: [u64; 16],
}

/// Every entry of a log on memory.
pub(crate) fn read(ram: &Ram) -> Vec<Owned> {
    let mut segments = BTreeMap::new();
    for name in ram.names().unwrap() {
        let bytes = ram.bytes(&name).unwrap();
        if name.ends_with(".jrn") && bytes.iter().any(|&byte| byte != 0) {
            segments.insert(u32_at(&bytes, 16), bytes);
        }
    }
    let mut entries = Vec::new();
    let mut end = End { chain: 0, lines: 0, counts: [0; 16] };
    for (index, (number, bytes)) in segments.iter().enumerate() {
        assert_eq!(*number as usize, index);
        end = segment(bytes, &end, &mut entries);
    }
    entries
}

fn segment(bytes: &[u8], before: &End, entries: &mut Vec<Owned>) -> End {
    let (page, lines) = bytes.split_at(4096);
    header(page, before);
    let salt = u64_at(page, 32);
    let mut chain = xxh3_64_with_seed(page, before.chain);
    let mut counts = before.counts;
    let mut block: Vec<u8> = Vec::new();
    let mut record: Option<(Owned, usize)> = None;
    for (index, line) in (0u32..).zip(lines.chunks(64)) {
        if line[..8] == [0; 8] {
            assert!(lines[index as usize * 64..].iter().all(|&byte| byte == 0));
            return End {
                chain: if block.is_empty() { chain } else { xxh3_64_with_seed(&block, chain) },
                lines: index,
                counts,
            };
        }
        assert_eq!(u32_at(line, 0), line_crc(salt, index, line));
        if line[5] == 0xfe {
            chain = xxh3_64_with_seed(&block, chain);
            let last = seal(&line[8..], index, chain, counts.iter().sum(), block.len());
            block.clear();
            if last {
                assert!(lines[index as usize * 64 + 64..].iter().all(|&byte| byte == 0));
                assert!(record.is_none());
                return End { chain, lines: index + 1, counts };
            }
            continue;
        }
        assert_ne!(index % 1024, 1023);
        block.extend(line);
        counts[usize::from(line[4])] += 1;
        record = entry(line, record, entries);
    }
    panic!("a full segment ends with its last seal");
}

fn header(page: &[u8], before: &End) {
    assert_eq!(&page[..8], b"TRJRNL\r\n");
    assert_eq!((u32_at(page, 8), u32_at(page, 12)), (1, 0x0102_0304));
    let counts = std::array::from_fn(|stream| u64_at(page, 72 + 8 * stream));
    assert_eq!(End { chain: u64_at(page, 48), lines: u32_at(page, 56), counts }, *before);
    assert_eq!((u32_at(page, 60), u64_at(page, 64)), (0, counts.iter().sum()));
    assert!(page[264..4092].iter().all(|&byte| byte == 0));
    assert_eq!(u32_at(page, 4092), crc32c(&page[..4092]));
}

/// Whether the segment ends here.
fn seal(body: &[u8], index: u32, chain: u64, total: u64, block_bytes: usize) -> bool {
    assert_eq!((u64_at(body, 0), u64_at(body, 8)), (chain, total));
    assert_eq!((u32_at(body, 16), u32_at(body, 20)), (index / 1024, block_bytes as u32 / 64));
    assert!(u32_at(body, 24) <= 1 && body[28..].iter().all(|&byte| byte == 0));
    assert!(u32_at(body, 24) == 1 || index % 1024 == 1023);
    u32_at(body, 24) == 1
}

fn entry(line: &[u8], record: Option<(Owned, usize)>, entries: &mut Vec<Owned>) -> Option<(Owned, usize)> {
    let (stream, origin, seq, body) = (line[4], line[5], u16_at(line, 6), &line[8..]);
    let (so_far, missing) = match (origin, record) {
        (0xf0, None) => {
            assert!(seq == 0 && body[7] == 0 && body[16..].iter().all(|&byte| byte == 0));
            let (tag, kind, ts) = (u16_at(body, 4), body[6], u64_at(body, 8));
            (Owned::Record { stream, kind, tag, ts, bytes: Vec::new() }, u32_at(body, 0) as usize)
        }
        (0xf1, Some((Owned::Record { stream: of, kind, tag, ts, mut bytes }, missing))) => {
            assert_eq!((stream, usize::from(seq)), (of, bytes.len() / 56 + 1));
            let part = missing.min(56);
            assert!(body[part..].iter().all(|&byte| byte == 0));
            bytes.extend(&body[..part]);
            (Owned::Record { stream, kind, tag, ts, bytes }, missing - part)
        }
        (_, None) => {
            let ring = (origin < 0x80).then_some(origin);
            assert!(origin <= 0x80);
            (Owned::Line { stream, ring, seq, body: body.try_into().unwrap() }, 0)
        }
        (_, Some(_)) => panic!("a record is not finished"),
    };
    if missing > 0 {
        return Some((so_far, missing));
    }
    entries.push(so_far);
    None
}
