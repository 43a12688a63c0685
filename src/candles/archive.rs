//! The one file in a zip archive, as dumps are published: unpacked into memory and checked.

use flate2::{Crc, read::DeflateDecoder};
use std::io::{self, Cursor, ErrorKind, Read};

/// `PK\3\4` and the fixed part of a member's header (PKWARE APPNOTE 4.3.7).
const HEADER_BYTES: usize = 30;
/// Before each member, before the list of members, and before the sizes that follow a streamed one.
const MEMBER: &[u8] = b"PK\x03\x04";
const DIRECTORY: &[u8] = b"PK\x01\x02";
const DESCRIPTOR: &[u8] = b"PK\x07\x08";
/// The header's checksum is empty and follows the data.
const STREAMED: u16 = 1 << 3;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// A year of one-minute candles is some 60 MB.
const UNPACKED_BYTES_MAX: u64 = 1 << 30;

/// Unpacks an archive of one file.
///
/// # Errors
/// `UnexpectedEof` where it is cut off; `InvalidData` says what is wrong otherwise.
pub(super) fn unpack(mut archive: impl Read) -> io::Result<Cursor<Vec<u8>>> {
    let mut packed = Vec::new();
    archive.read_to_end(&mut packed)?;
    let header = packed.get(..HEADER_BYTES).filter(|header| header.starts_with(MEMBER)).ok_or_else(cut_off)?;
    let [flags, method] = [6, 8].map(|at| u16::from_le_bytes([header[at], header[at + 1]]));
    let names = [26, 28].map(|at| usize::from(u16::from_le_bytes([header[at], header[at + 1]])));
    let four = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let (checksum, packed_size) = (four(14), four(18) as usize);
    let body = packed.get(HEADER_BYTES + names[0] + names[1]..).ok_or_else(cut_off)?;
    let (data, used) = match method {
        STORED if flags & STREAMED == 0 => (body.get(..packed_size).ok_or_else(cut_off)?.to_vec(), packed_size),
        DEFLATED => inflate(body)?,
        _ => return Err(invalid("packed in a way that this program does not unpack: unpack it first")),
    };
    let rest = body.get(used..).ok_or_else(cut_off)?;
    let (checksum, rest) = if flags & STREAMED == 0 { (checksum, rest) } else { described(rest)? };
    let mut sum = Crc::new();
    sum.update(&data);
    if sum.sum() != checksum {
        return Err(invalid("its checksum is another's: fetch it again"));
    }
    if rest.starts_with(MEMBER) {
        return Err(invalid("holds more than one file: unpack it and give the one"));
    }
    if rest.starts_with(DIRECTORY) { Ok(Cursor::new(data)) } else { Err(cut_off()) }
}

fn inflate(body: &[u8]) -> io::Result<(Vec<u8>, usize)> {
    let mut decoder = DeflateDecoder::new(body);
    let mut data = Vec::new();
    decoder.by_ref().take(UNPACKED_BYTES_MAX + 1).read_to_end(&mut data)?;
    if data.len() as u64 > UNPACKED_BYTES_MAX {
        return Err(invalid("larger than a dump of candles can be"));
    }
    Ok((data, decoder.total_in() as usize))
}

/// The checksum that follows the data, with or without a signature of its own.
fn described(rest: &[u8]) -> io::Result<(u32, &[u8])> {
    let rest = rest.strip_prefix(DESCRIPTOR).unwrap_or(rest);
    let (checksum, rest) = rest.split_first_chunk::<4>().ok_or_else(cut_off)?;
    Ok((u32::from_le_bytes(*checksum), rest.get(8..).ok_or_else(cut_off)?))
}

fn cut_off() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "the archive ends in the middle")
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}
