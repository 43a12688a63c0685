//! What the bytes mean: names, header, line prefix, seal, record head.
//!
//! All integers are little-endian. Every field, and every byte that is not a field, is
//! checked when it is read.

use super::Reason;
use crate::units::Nanos;
use xxhash_rust::xxh3::xxh3_64_with_seed;

#[cfg(target_endian = "big")]
compile_error!("the log is written in the byte order of the machine, which must be little-endian");

/// Bytes of one line: one cache line.
pub const LINE_BYTES: usize = 64;
/// Bytes of a line's body: one event.
pub const BODY_BYTES: usize = 56;
/// Bytes of a segment's header page.
pub const HEADER_BYTES: usize = 4096;
/// Lines of a block; the last of them is its seal.
pub const BLOCK_LINES: u32 = 1024;
/// Streams a log can hold: one per agent.
pub const STREAMS: usize = 16;

pub(super) const BLOCK_BYTES: usize = BLOCK_LINES as usize * LINE_BYTES;
/// Lines of a block that hold entries.
pub(super) const BLOCK_ROOM: u32 = BLOCK_LINES - 1;
/// 4 GiB of lines: so that a line's number and a segment's length stay far from overflow.
pub(super) const BLOCKS_MAX: u32 = 1 << 16;
/// More lines than 2^32 segments hold: so that counting on from a header cannot overflow.
const LOG_LINES_MAX: u64 = 1 << (32 + 16 + 10);

const MAGIC: [u8; 8] = *b"TRJRNL\r\n";
const EPOCH_MAGIC: [u8; 8] = *b"TREPOCH\n";
const VERSION: u32 = 1;
/// Reads back as another number on a machine of the other byte order.
const ENDIAN_MARK: u32 = 0x0102_0304;

pub(super) const ORIGIN_SAID: u8 = 0x80;
pub(super) const ORIGIN_RECORD: u8 = 0xf0;
pub(super) const ORIGIN_CONTINUATION: u8 = 0xf1;
pub(super) const ORIGIN_SEAL: u8 = 0xfe;

/// Which agent wrote a line: 0 ..= 15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stream(u8);

impl Stream {
    /// The stream of this number; `None` from [`STREAMS`] on.
    #[must_use]
    #[inline]
    pub const fn new(number: u8) -> Option<Stream> {
        if (number as usize) < STREAMS { Some(Stream(number)) } else { None }
    }

    /// Its number, 0 ..= 15.
    #[must_use]
    #[inline]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Its place in a table of [`STREAMS`]; the mask lets the compiler drop the bounds check.
    pub(super) const fn index(self) -> usize {
        self.0 as usize % STREAMS
    }
}

/// Where an agent has a line from: a ring it heard it on, or itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(u8);

impl Origin {
    /// Said by the agent itself.
    pub const SAID: Origin = Origin(ORIGIN_SAID);

    /// Heard on ring 0 ..= 127; `None` above.
    #[must_use]
    #[inline]
    pub const fn heard(ring: u8) -> Option<Origin> {
        if ring < ORIGIN_SAID { Some(Origin(ring)) } else { None }
    }

    /// The ring it was heard on; `None` when it was said.
    #[must_use]
    pub const fn ring(self) -> Option<u8> {
        if self.0 < ORIGIN_SAID { Some(self.0) } else { None }
    }

    pub(super) const fn code(self) -> u8 {
        self.0
    }

    pub(super) const fn from_code(code: u8) -> Option<Origin> {
        if code <= ORIGIN_SAID { Some(Origin(code)) } else { None }
    }
}

/// A line's place: segment and line in it, counted from 0 after the header, seals included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Segment number, counted through all epochs.
    pub segment: u32,
    /// Line in the segment.
    pub line: u32,
}

impl Position {
    /// Where the line starts in its file, in bytes.
    #[must_use]
    pub const fn byte_offset(self) -> u64 {
        line_offset(self.line)
    }
}

pub(super) const fn line_offset(line: u32) -> u64 {
    HEADER_BYTES as u64 + line as u64 * LINE_BYTES as u64
}

/// Bytes of a segment file of this many blocks before it is cut to its content.
pub(super) const fn segment_bytes(blocks: u32) -> u64 {
    line_offset(blocks * BLOCK_LINES)
}

/// Lines that a record of this many bytes takes: its head, then 56 bytes a line.
#[must_use]
pub const fn record_lines(bytes: usize) -> usize {
    1 + bytes.div_ceil(BODY_BYTES)
}

/// The salt of a segment, so that no line of another segment is valid in it.
pub(super) fn salt(seed: u64, epoch: u32, nonce: u32, segment: u32) -> u64 {
    let mut words = [0; 12];
    put(&mut words, 0, epoch.to_le_bytes());
    put(&mut words, 4, nonce.to_le_bytes());
    put(&mut words, 8, segment.to_le_bytes());
    xxh3_64_with_seed(&words, seed)
}

/// The chain after a block whose lines before the seal are `lines`.
pub(super) fn chain(previous: u64, lines: &[u8]) -> u64 {
    xxh3_64_with_seed(lines, previous)
}

// ---- a line's prefix ------------------------------------------------------------------------

/// The 8 bytes before a body. All zero means: nothing committed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prefix {
    pub(super) crc: u32,
    pub(super) stream: u8,
    pub(super) origin: u8,
    pub(super) seq: u16,
}

impl Prefix {
    pub(super) const fn from_word(word: u64) -> Prefix {
        let [c0, c1, c2, c3, stream, origin, s0, s1] = word.to_le_bytes();
        Prefix { crc: u32::from_le_bytes([c0, c1, c2, c3]), stream, origin, seq: u16::from_le_bytes([s0, s1]) }
    }

    /// Bytes 4..8, which the checksum covers.
    pub(super) const fn tag(self) -> u32 {
        tag(self.stream, self.origin, self.seq)
    }
}

/// Bytes 4..8 of a prefix as one word.
pub(super) const fn tag(stream: u8, origin: u8, seq: u16) -> u32 {
    let [s0, s1] = seq.to_le_bytes();
    u32::from_le_bytes([stream, origin, s0, s1])
}

// ---- the seal -------------------------------------------------------------------------------

/// The body of a block's last line, or of a closed segment's last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seal {
    /// XXH3-64 of the block's lines before this one, seeded with the chain before it.
    pub(super) chain: u64,
    /// Entry lines (no seals) in the log up to here.
    pub(super) total: u64,
    pub(super) block: u32,
    /// Entry lines in this block.
    pub(super) lines: u32,
    /// The segment ends here.
    pub(super) last: bool,
}

impl Seal {
    pub(super) fn encode(&self) -> [u8; BODY_BYTES] {
        let mut body = [0; BODY_BYTES];
        put(&mut body, 0, self.chain.to_le_bytes());
        put(&mut body, 8, self.total.to_le_bytes());
        put(&mut body, 16, self.block.to_le_bytes());
        put(&mut body, 20, self.lines.to_le_bytes());
        put(&mut body, 24, u32::from(self.last).to_le_bytes());
        body
    }

    /// `None` when a flag is unknown or a byte that must be zero is not.
    pub(super) fn decode(body: &[u8; BODY_BYTES]) -> Option<Seal> {
        let flags = u32_at(body, 24);
        if flags > 1 || !is_zero(&body[28..]) {
            return None;
        }
        Some(Seal {
            chain: u64_at(body, 0),
            total: u64_at(body, 8),
            block: u32_at(body, 16),
            lines: u32_at(body, 20),
            last: flags == 1,
        })
    }
}

// ---- the head of a record -------------------------------------------------------------------

/// The body of a record's first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordHead {
    /// Bytes of the record, which follow in continuation lines.
    pub(super) len: u32,
    pub(super) tag: u16,
    pub(super) kind: u8,
    pub(super) ts: Nanos,
}

impl RecordHead {
    pub(super) fn encode(&self) -> [u8; BODY_BYTES] {
        let mut body = [0; BODY_BYTES];
        put(&mut body, 0, self.len.to_le_bytes());
        put(&mut body, 4, self.tag.to_le_bytes());
        put(&mut body, 6, [self.kind]);
        put(&mut body, 8, self.ts.0.to_le_bytes());
        body
    }

    /// `None` when a byte that must be zero is not.
    pub(super) fn decode(body: &[u8; BODY_BYTES]) -> Option<RecordHead> {
        if body[7] != 0 || !is_zero(&body[16..]) {
            return None;
        }
        let tag = u16::from_le_bytes(array_at(body, 4));
        Some(RecordHead { len: u32_at(body, 0), tag, kind: body[6], ts: Nanos(u64_at(body, 8)) })
    }
}

// ---- the header page ------------------------------------------------------------------------

/// What a segment says of itself before its first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Number of this segment, counted through all epochs.
    pub segment: u32,
    /// Which opening of the log wrote it.
    pub epoch: u32,
    /// The random number of that opening.
    pub nonce: u32,
    /// Blocks of 1024 lines it has room for.
    pub blocks: u32,
    /// The random number in every checksum of this segment.
    pub salt: u64,
    /// When the epoch was opened.
    pub created: Nanos,
    /// The hash chain at the end of the segment before.
    pub previous_chain: u64,
    /// Lines in the segment before, seals included.
    pub previous_lines: u32,
    /// Entry lines in the log before this segment, per stream.
    pub counts: [u64; STREAMS],
    /// Hash of the configuration; opaque here.
    pub config_hash: [u8; 32],
    /// Hash of the program; opaque here.
    pub build_hash: [u8; 32],
}

/// A header page that was read.
#[derive(Debug)]
pub(super) enum Page {
    Written(Box<Header>),
    /// Prepared and not begun: every byte is zero.
    Blank,
    /// The magic is missing and something else is there: the writer died in its first stores.
    Unfinished,
}

const COUNTS_AT: usize = 72;
const CONFIG_AT: usize = COUNTS_AT + 8 * STREAMS;
const BUILD_AT: usize = CONFIG_AT + 32;
const FIELDS_END: usize = BUILD_AT + 32;
const CRC_AT: usize = HEADER_BYTES - 4;

impl Header {
    /// Entry lines in the log before this segment: the number of its first line.
    #[must_use]
    pub fn first_line(&self) -> u64 {
        self.counts.iter().sum()
    }

    pub(super) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut page = [0; HEADER_BYTES];
        put(&mut page, 0, MAGIC);
        put(&mut page, 8, VERSION.to_le_bytes());
        put(&mut page, 12, ENDIAN_MARK.to_le_bytes());
        put(&mut page, 16, self.segment.to_le_bytes());
        put(&mut page, 20, self.epoch.to_le_bytes());
        put(&mut page, 24, self.nonce.to_le_bytes());
        put(&mut page, 28, self.blocks.to_le_bytes());
        put(&mut page, 32, self.salt.to_le_bytes());
        put(&mut page, 40, self.created.0.to_le_bytes());
        put(&mut page, 48, self.previous_chain.to_le_bytes());
        put(&mut page, 56, self.previous_lines.to_le_bytes());
        put(&mut page, 64, self.first_line().to_le_bytes());
        for (stream, count) in self.counts.iter().enumerate() {
            put(&mut page, COUNTS_AT + 8 * stream, count.to_le_bytes());
        }
        put(&mut page, CONFIG_AT, self.config_hash);
        put(&mut page, BUILD_AT, self.build_hash);
        let crc = crc32c::crc32c(&page[..CRC_AT]);
        put(&mut page, CRC_AT, crc.to_le_bytes());
        page
    }

    /// Reads a header page; the reason says what is wrong with it.
    pub(super) fn decode(page: &[u8; HEADER_BYTES]) -> Result<Page, Reason> {
        let magic: [u8; 8] = array_at(page, 0);
        if magic == [0; 8] {
            return Ok(if is_zero(page) { Page::Blank } else { Page::Unfinished });
        }
        if magic != MAGIC {
            return Err(Reason::Magic);
        }
        // Every version keeps the magic, its number and the checksum where they are.
        if u32_at(page, CRC_AT) != crc32c::crc32c(&page[..CRC_AT]) {
            return Err(Reason::HeaderChecksum);
        }
        if u32_at(page, 8) != VERSION {
            return Err(Reason::Version { found: u32_at(page, 8), known: VERSION });
        }
        let header = Self::fields(page);
        let padding_is_zero = u32_at(page, 60) == 0 && is_zero(&page[FIELDS_END..CRC_AT]);
        let fields_agree = u32_at(page, 12) == ENDIAN_MARK
            && (1..=BLOCKS_MAX).contains(&header.blocks)
            && header.counts.iter().try_fold(0u64, |sum, &count| sum.checked_add(count)) == Some(u64_at(page, 64))
            && u64_at(page, 64) <= LOG_LINES_MAX;
        if padding_is_zero && fields_agree { Ok(Page::Written(Box::new(header))) } else { Err(Reason::HeaderField) }
    }

    fn fields(page: &[u8; HEADER_BYTES]) -> Header {
        Header {
            segment: u32_at(page, 16),
            epoch: u32_at(page, 20),
            nonce: u32_at(page, 24),
            blocks: u32_at(page, 28),
            salt: u64_at(page, 32),
            created: Nanos(u64_at(page, 40)),
            previous_chain: u64_at(page, 48),
            previous_lines: u32_at(page, 56),
            counts: std::array::from_fn(|stream| u64_at(page, COUNTS_AT + 8 * stream)),
            config_hash: array_at(page, CONFIG_AT),
            build_hash: array_at(page, BUILD_AT),
        }
    }

    /// The chain that the first block of this segment is seeded with: it covers the header.
    pub(super) fn first_chain(&self) -> u64 {
        chain(self.previous_chain, &self.encode())
    }
}

// ---- the EPOCH file -------------------------------------------------------------------------

/// The number of the latest opening and its random number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Epoch {
    pub(super) number: u32,
    pub(super) nonce: u32,
}

pub(super) const EPOCH_BYTES: usize = 24;

impl Epoch {
    pub(super) fn encode(self) -> [u8; EPOCH_BYTES] {
        let mut bytes = [0; EPOCH_BYTES];
        put(&mut bytes, 0, EPOCH_MAGIC);
        put(&mut bytes, 8, VERSION.to_le_bytes());
        put(&mut bytes, 12, self.number.to_le_bytes());
        put(&mut bytes, 16, self.nonce.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..20]);
        put(&mut bytes, 20, crc.to_le_bytes());
        bytes
    }

    /// `None` unless `bytes` are exactly what [`Epoch::encode`] makes.
    pub(super) fn decode(bytes: &[u8]) -> Option<Epoch> {
        let bytes: &[u8; EPOCH_BYTES] = bytes.try_into().ok()?;
        let epoch = Epoch { number: u32_at(bytes, 12), nonce: u32_at(bytes, 16) };
        (epoch.encode() == *bytes).then_some(epoch)
    }
}

// ---- names ----------------------------------------------------------------------------------

pub(super) const LOCK_NAME: &str = "LOCK";
pub(super) const EPOCH_NAME: &str = "EPOCH";
/// Ends the name of a file that is not what it will be called yet.
pub(super) const UNFINISHED_SUFFIX: &str = ".tmp";

pub(super) fn segment_name(epoch: u32, segment: u32) -> String {
    format!("seg-{epoch:08x}-{segment:08x}.jrn")
}

/// Epoch and number of a segment's name; `None` for any other name.
pub(super) fn parse_segment_name(name: &str) -> Option<(u32, u32)> {
    let (epoch, segment) = name.strip_prefix("seg-")?.strip_suffix(".jrn")?.split_once('-')?;
    let (epoch, segment) = (u32::from_str_radix(epoch, 16).ok()?, u32::from_str_radix(segment, 16).ok()?);
    (segment_name(epoch, segment) == name).then_some((epoch, segment))
}

// ---- bytes ----------------------------------------------------------------------------------

fn put<const N: usize>(page: &mut [u8], at: usize, field: [u8; N]) {
    page[at..at + N].copy_from_slice(&field);
}

pub(super) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[at..at + N]);
    field
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

/// Whether no bit is set.
pub(super) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |seen, byte| seen | byte) == 0
}
