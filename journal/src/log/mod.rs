//! The log: memory-mapped, append-only, crash-safe lines of 64 bytes.
//!
//! A line is an 8-byte prefix (checksum, stream, origin, sequence) and a 56-byte body: the
//! event as it travelled in the ring, opaque here. Every 1024th line is a seal that carries
//! the hash chain. `FORMAT.md` draws every byte.
//!
//! One [`Writer`] owns a directory; any number of [`Reader`]s follow it from any process.
//! What the writer [committed](Writer::committed) is there after `kill -9`; what it
//! [flushed](Writer::flush) is there after a power cut, if the disk keeps its word.
//! Damage is [named](Damage), never skipped. Nothing here reads a clock or draws a random
//! number: both come in as an [`Identity`].
//!
//! | file | idea |
//! |---|---|
//! | `format` | what the bytes mean |
//! | `disk`, `ram` | the storage seam, on a file system and on plain memory |
//! | `segment` | mapped memory and the checksum instruction: the only `unsafe` |
//! | `checksum` | the CRC of one line |
//! | `damage` | what can be wrong, and where |
//! | `spare`, `writer` | preparing a segment; appending to it |
//! | `walk`, `reader` | the lines of one segment; the entries of a directory |
//! | `verify`, `recover` | is every byte right; where may the next writer go on |
#![deny(unsafe_code)]

mod format;

mod damage;

mod segment;

mod checksum;

mod disk;

mod ram;

mod spare;

mod writer;

mod walk;

mod reader;

mod verify;

mod recover;

pub use damage::{AppendError, Damage, DiskError, OpenError, Reason};
pub use disk::{Disk, DiskFile, Folder};
pub use format::{
    BLOCK_LINES, BODY_BYTES, HEADER_BYTES, Header, LINE_BYTES, Origin, Position, STREAMS, Stream, record_lines,
};
pub use ram::Ram;
pub use reader::{Entry, Reader};
pub use recover::{Recovered, recover, recover_on};
pub use segment::Memory;
pub use spare::{Retired, Spare, SpareOrder};
pub use verify::{Report, verify, verify_on};
pub use writer::{Identity, Options, Syncer, Writer};
