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
//! One agent's stream, with its records, in the order that agent took them:
//!
//! ```
//! use std::sync::Arc;
//! use trader_journal::event::{Event, pad};
//! use trader_journal::log::{Entry, Identity, Options, Origin, Ram, Reader, Stream, Writer};
//! use trader_journal::units::Nanos;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let disk = Arc::new(Ram::default()); // a directory: Writer::open, Reader::open
//! let identity =
//!     Identity { epoch_nonce: 1, salt_seed: 2, created: Nanos(3), config_hash: [0; 32], build_hash: [0; 32] };
//! let mut writer = Writer::open_on(disk.clone(), Options::default().without_sync(), identity)?;
//! let (agent, other) = (Stream::new(1).unwrap(), Stream::new(2).unwrap());
//! let timer = Event::Timer { pad: pad(), ts: Nanos(10), due: Nanos(9), pad2: pad() };
//! writer.append_record(agent, 1, 0, Nanos(10), b"{\"type\":\"trade\"}")?;
//! writer.append(other, Origin::SAID, 0, &timer.to_bytes())?;
//! writer.append(agent, Origin::heard(0).unwrap(), 0, &timer.to_bytes())?;
//! writer.close()?;
//!
//! let mut reader = Reader::open_on(disk)?;
//! let mut told = Vec::new();
//! while let Some(entry) = reader.next()? {
//!     match entry {
//!         Entry::Line { stream, origin, body, .. } if stream == agent => {
//!             let event = Event::from_bytes(body).ok_or("not an event of this version")?;
//!             told.push(format!("ring {:?}, number {}", origin.ring(), event.number()));
//!         }
//!         Entry::Record { stream, kind, ts, bytes, .. } if stream == agent => {
//!             told.push(format!("kind {kind} at {}, {} bytes", ts.0, bytes.len()));
//!         }
//!         Entry::Line { .. } | Entry::Record { .. } => {}
//!     }
//! }
//! assert_eq!(told, ["kind 1 at 10, 16 bytes", "ring Some(0), number 2"]);
//! # Ok(())
//! # }
//! ```
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
