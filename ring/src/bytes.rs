//! A ring of records of any length between one producer and one consumer: raw frames on their way
//! to the journal.
//!
//! A record is a small header (time, tag, length) and its bytes, rounded up to whole 8-byte words.
//! It is written whole before it is shown, wraps freely around the end, and is refused whole when
//! it does not fit. Bytes are copied in and copied out, so neither side waits for the other to
//! finish reading.
//!
//! ```
//! use trader_ring::bytes;
//! let (mut producer, mut consumer) = bytes::ring(1024)?;
//! producer.push(1_700_000_000_000_000_000, 3, b"{\"type\":\"orderbook_delta\"}")?;
//!
//! let record = consumer.pop().expect("one record was pushed");
//! assert_eq!((record.tag, record.bytes.len()), (3, 26));
//! assert!(consumer.pop().is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The words are atomics written and read with `Relaxed`: the same plain moves as `memcpy`'s tail,
//! in safe code. Order comes from the two indexes alone.

use crate::capacity::{self, BYTES_MAX, CapacityError};
use crate::sync::{Arc, AtomicBool, AtomicU64, Ordering};
use crossbeam_utils::CachePadded;
use std::fmt;

const WORD_BYTES: usize = 8;

/// Time in one word; tag and length share the other.
const HEADER_WORDS: usize = 2;

/// Smallest byte ring: a header and two words of bytes.
const CAPACITY_MIN_BYTES: usize = 32;

/// Makes a byte ring of `capacity_bytes`, a power of two within 32 ..= [`BYTES_MAX`]. Each record costs
/// 16 bytes of it beside its own, rounded up to 8.
///
/// # Errors
/// [`CapacityError`] names the nearest capacity that is accepted.
///
/// ```
/// assert!(trader_ring::bytes::ring(1 << 20).is_ok());
/// assert!(trader_ring::bytes::ring(1_000_000).is_err());
/// ```
pub fn ring(capacity_bytes: usize) -> Result<(ByteProducer, ByteConsumer), CapacityError> {
    capacity::check(capacity_bytes, CAPACITY_MIN_BYTES, BYTES_MAX)?;
    let shared = Arc::new(Shared::new(capacity_bytes / WORD_BYTES));
    let scratch = vec![0; shared.record_max_bytes()].into_boxed_slice();
    let producer = ByteProducer { shared: Arc::clone(&shared), head: 0, tail_seen: 0, produced: 0 };
    Ok((producer, ByteConsumer { shared, tail: 0, head_seen: 0, consumed: 0, scratch }))
}

/// What both sides hold. Indexes count words from 0 and never wrap; each has a line of its own.
struct Shared {
    words: Box<[AtomicU64]>,
    /// First word not yet shown; stored by the producer.
    head: CachePadded<AtomicU64>,
    /// First word not yet taken; stored by the consumer.
    tail: CachePadded<AtomicU64>,
    producer_gone: CachePadded<AtomicBool>,
    consumer_gone: CachePadded<AtomicBool>,
}

impl Shared {
    fn new(words: usize) -> Shared {
        Shared {
            words: (0..words).map(|_| AtomicU64::new(0)).collect(),
            head: CachePadded::new(AtomicU64::new(0)),
            tail: CachePadded::new(AtomicU64::new(0)),
            producer_gone: CachePadded::new(AtomicBool::new(false)),
            consumer_gone: CachePadded::new(AtomicBool::new(false)),
        }
    }

    fn record_max_bytes(&self) -> usize {
        (self.words.len() - HEADER_WORDS) * WORD_BYTES
    }

    fn load(&self, at: u64) -> u64 {
        self.words[self.index(at)].load(Ordering::Relaxed)
    }

    fn store(&self, at: u64, word: u64) {
        self.words[self.index(at)].store(word, Ordering::Relaxed);
    }

    fn index(&self, at: u64) -> usize {
        at as usize & (self.words.len() - 1)
    }

    /// The `words` words from `at` on, which may lie in two pieces around the ring's end.
    fn span(&self, at: u64, words: usize) -> (&[AtomicU64], &[AtomicU64]) {
        let start = self.index(at);
        let first = words.min(self.words.len() - start);
        (&self.words[start..start + first], &self.words[..words - first])
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.words.len() * WORD_BYTES)
    }
}

/// Words that a record with `len` bytes takes.
const fn record_words(len: usize) -> usize {
    HEADER_WORDS + len.div_ceil(WORD_BYTES)
}

/// Bytes of a ring that a record with `len` bytes takes, its header and padding included.
///
/// ```
/// assert_eq!(trader_ring::bytes::cost_bytes(5), 24);
/// ```
#[must_use]
pub const fn cost_bytes(len: usize) -> usize {
    record_words(len) * WORD_BYTES
}

/// Why a record was refused whole; nothing of it was written.
///
/// ```
/// use trader_ring::bytes::{self, RecordError};
/// let (mut producer, _consumer) = bytes::ring(64)?;
/// assert_eq!(producer.push(0, 0, &[0; 49]), Err(RecordError::TooLong { max_bytes: 48 }));
/// assert_eq!(producer.push(0, 0, &[0; 48]), Ok(()));
/// assert_eq!(producer.push(0, 0, b""), Err(RecordError::Full));
/// # Ok::<(), trader_ring::CapacityError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// There is no room now; try again after the consumer took a record.
    Full,
    /// The record can never fit: this ring takes records of at most `max_bytes` bytes.
    TooLong {
        /// Longest record of this ring, in bytes without the header.
        max_bytes: usize,
    },
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordError::Full => f.write_str("the byte ring is full; try again when the consumer has taken a record"),
            RecordError::TooLong { max_bytes } => {
                write!(f, "the record is longer than the {max_bytes} bytes this ring can hold")
            }
        }
    }
}

impl std::error::Error for RecordError {}

/// One record as the consumer sees it; it lives until the next call.
///
/// ```
/// let (mut producer, mut consumer) = trader_ring::bytes::ring(64)?;
/// producer.push(17, 2, b"frame")?;
/// let record = consumer.pop().expect("one record");
/// assert_eq!((record.ts_ns, record.tag, record.bytes), (17, 2, &b"frame"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// When the bytes arrived, as the producer said it: nanoseconds since the Unix epoch.
    pub ts_ns: u64,
    /// What the bytes are, as the producer said it.
    pub tag: u16,
    /// What else [`ByteProducer::push_marked`] said of them; 0 from [`ByteProducer::push`].
    pub mark: u16,
    /// The bytes, exactly as pushed.
    pub bytes: &'a [u8],
}

/// The side that pushes records.
#[derive(Debug)]
pub struct ByteProducer {
    shared: Arc<Shared>,
    /// First free word; never stale.
    head: u64,
    /// What `tail` was when last read. May be stale, and then only too small.
    tail_seen: u64,
    produced: u64,
}

impl ByteProducer {
    /// Puts one record in, visible whole on return.
    ///
    /// # Errors
    /// [`RecordError`] if it does not fit, now or ever; the ring is unchanged.
    ///
    /// ```
    /// let (mut producer, _consumer) = trader_ring::bytes::ring(4096)?;
    /// producer.push(0, 1, &[0xAB; 300])?;
    /// assert_eq!(producer.produced(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn push(&mut self, ts_ns: u64, tag: u16, bytes: &[u8]) -> Result<(), RecordError> {
        self.push_marked(ts_ns, tag, 0, bytes)
    }

    /// The same with a second tag, for those who pass on records that have a tag already.
    ///
    /// # Errors
    /// As [`ByteProducer::push`].
    ///
    /// ```
    /// let (mut producer, mut consumer) = trader_ring::bytes::ring(64)?;
    /// producer.push_marked(17, 200, 3, b"answer")?;
    /// let record = consumer.pop().expect("one record");
    /// assert_eq!((record.tag, record.mark), (200, 3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn push_marked(&mut self, ts_ns: u64, tag: u16, mark: u16, bytes: &[u8]) -> Result<(), RecordError> {
        let max_bytes = self.record_max_bytes();
        if bytes.len() > max_bytes {
            return Err(RecordError::TooLong { max_bytes });
        }
        if !self.has_room(bytes.len()) {
            return Err(RecordError::Full);
        }
        self.shared.store(self.head, ts_ns);
        self.shared.store(self.head + 1, (u64::from(mark) << 48) | (u64::from(tag) << 32) | bytes.len() as u64);
        self.fill(self.head + HEADER_WORDS as u64, bytes);
        self.head += record_words(bytes.len()) as u64;
        self.produced += 1;
        self.shared.head.store(self.head, Ordering::Release);
        Ok(())
    }

    fn fill(&self, at: u64, bytes: &[u8]) {
        let (whole, rest) = bytes.as_chunks::<WORD_BYTES>();
        let (first, second) = self.shared.span(at, whole.len());
        let (head, tail) = whole.split_at(first.len());
        for (words, bytes) in [(first, head), (second, tail)] {
            words.iter().zip(bytes).for_each(|(word, bytes)| word.store(u64::from_le_bytes(*bytes), Ordering::Relaxed));
        }
        if !rest.is_empty() {
            let mut last = [0; WORD_BYTES];
            last[..rest.len()].copy_from_slice(rest);
            self.shared.store(at + whole.len() as u64, u64::from_le_bytes(last));
        }
    }

    /// Whether a record of `len` bytes would be taken now: what an agent asks before it takes an input.
    ///
    /// ```
    /// let (mut producer, _consumer) = trader_ring::bytes::ring(64)?;
    /// assert!(producer.has_room(48));
    /// assert!(!producer.has_room(49));
    /// # Ok::<(), trader_ring::CapacityError>(())
    /// ```
    pub fn has_room(&mut self, len: usize) -> bool {
        self.has_free(record_words(len))
    }

    /// Whether records that [cost](cost_bytes) this much together would be taken now.
    ///
    /// ```
    /// use trader_ring::bytes::{self, cost_bytes};
    /// let (mut producer, _consumer) = bytes::ring(64)?;
    /// assert!(producer.has_room_for(2 * cost_bytes(16)));
    /// assert!(!producer.has_room_for(3 * cost_bytes(16)));
    /// # Ok::<(), trader_ring::CapacityError>(())
    /// ```
    pub fn has_room_for(&mut self, cost_bytes: usize) -> bool {
        self.has_free(cost_bytes.div_ceil(WORD_BYTES))
    }

    fn has_free(&mut self, words: usize) -> bool {
        self.free_words() >= words || {
            self.tail_seen = self.shared.tail.load(Ordering::Acquire);
            self.free_words() >= words
        }
    }

    /// Bytes of the ring: what [`ByteProducer::has_room_for`] can promise at most.
    #[must_use]
    pub fn capacity_bytes(&self) -> usize {
        self.shared.words.len() * WORD_BYTES
    }

    fn free_words(&self) -> usize {
        self.shared.words.len() - (self.head - self.tail_seen) as usize
    }

    /// Longest record this ring takes, in bytes.
    ///
    /// ```
    /// let (producer, _consumer) = trader_ring::bytes::ring(64)?;
    /// assert_eq!(producer.record_max_bytes(), 48);
    /// # Ok::<(), trader_ring::CapacityError>(())
    /// ```
    #[must_use]
    pub fn record_max_bytes(&self) -> usize {
        self.shared.record_max_bytes()
    }

    /// How many records were pushed so far; also the sequence of the next one.
    ///
    /// ```
    /// let (producer, _consumer) = trader_ring::bytes::ring(64)?;
    /// assert_eq!(producer.produced(), 0);
    /// # Ok::<(), trader_ring::CapacityError>(())
    /// ```
    #[must_use]
    pub fn produced(&self) -> u64 {
        self.produced
    }

    /// Whether the consumer was dropped: nobody will take what is pushed from now on.
    ///
    /// ```
    /// let (producer, consumer) = trader_ring::bytes::ring(64)?;
    /// drop(consumer);
    /// assert!(producer.is_abandoned());
    /// # Ok::<(), trader_ring::CapacityError>(())
    /// ```
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.shared.consumer_gone.load(Ordering::Acquire)
    }
}

impl Drop for ByteProducer {
    fn drop(&mut self) {
        self.shared.producer_gone.store(true, Ordering::Release);
    }
}

/// The side that pops records.
pub struct ByteConsumer {
    shared: Arc<Shared>,
    /// First word of the next record; never stale.
    tail: u64,
    /// What `head` was when last read. May be stale, and then only too small.
    head_seen: u64,
    consumed: u64,
    /// Where the bytes of the last record lie in one piece.
    scratch: Box<[u8]>,
}

impl ByteConsumer {
    /// Takes the oldest record, if there is one. Its room is free for the producer on return.
    ///
    /// ```
    /// let (mut producer, mut consumer) = trader_ring::bytes::ring(64)?;
    /// assert!(consumer.pop().is_none());
    /// producer.push(0, 0, b"x")?;
    /// assert_eq!(consumer.pop().map(|record| record.bytes), Some(&b"x"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pop(&mut self) -> Option<Record<'_>> {
        if self.head_seen == self.tail {
            self.look();
        }
        self.pop_seen()
    }

    /// Looks how far the producer is: a later [`ByteConsumer::pop_seen`] takes what was there by now.
    ///
    /// A consumer of several rings that looks at all of them first, those of the last hearers before
    /// those of the first speakers, and then takes what it saw in the other order, takes no effect
    /// before its cause.
    pub fn look(&mut self) {
        self.head_seen = self.shared.head.load(Ordering::Acquire);
    }

    /// Bytes of the ring that hold what was there at the last look and was not taken yet.
    ///
    /// ```
    /// let (mut producer, mut consumer) = trader_ring::bytes::ring(64)?;
    /// producer.push(0, 0, b"x")?;
    /// assert_eq!(consumer.seen_bytes(), 0);
    /// consumer.look();
    /// assert_eq!(consumer.seen_bytes(), trader_ring::bytes::cost_bytes(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn seen_bytes(&self) -> usize {
        (self.head_seen - self.tail) as usize * WORD_BYTES
    }

    /// Takes the oldest record that was there at the last look, by this call's caller or by [`ByteConsumer::pop`].
    ///
    /// ```
    /// let (mut producer, mut consumer) = trader_ring::bytes::ring(64)?;
    /// producer.push(0, 0, b"seen")?;
    /// consumer.look();
    /// producer.push(0, 0, b"not yet")?;
    /// assert_eq!(consumer.pop_seen().map(|record| record.bytes), Some(&b"seen"[..]));
    /// assert!(consumer.pop_seen().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pop_seen(&mut self) -> Option<Record<'_>> {
        if self.head_seen == self.tail {
            return None;
        }
        let ts_ns = self.shared.load(self.tail);
        let tag_and_len = self.shared.load(self.tail + 1);
        let len = tag_and_len as u32 as usize;
        self.copy_out(self.tail + HEADER_WORDS as u64, len);
        self.tail += record_words(len) as u64;
        self.consumed += 1;
        self.shared.tail.store(self.tail, Ordering::Release);
        let (tag, mark) = ((tag_and_len >> 32) as u16, (tag_and_len >> 48) as u16);
        Some(Record { ts_ns, tag, mark, bytes: &self.scratch[..len] })
    }

    /// Whole words are copied; what the last one has too much stays beyond `len`, unseen.
    fn copy_out(&mut self, at: u64, len: usize) {
        let words = len.div_ceil(WORD_BYTES);
        let (first, second) = self.shared.span(at, words);
        let (head, tail) = self.scratch.as_chunks_mut::<WORD_BYTES>().0.split_at_mut(first.len());
        for (words, out) in [(first, head), (second, tail)] {
            words.iter().zip(out).for_each(|(word, out)| *out = word.load(Ordering::Relaxed).to_le_bytes());
        }
    }

    /// How many records were taken so far; also the sequence of the next one.
    ///
    /// ```
    /// let (_producer, consumer) = trader_ring::bytes::ring(64)?;
    /// assert_eq!(consumer.consumed(), 0);
    /// # Ok::<(), trader_ring::CapacityError>(())
    /// ```
    #[must_use]
    pub fn consumed(&self) -> u64 {
        self.consumed
    }

    /// Whether the producer was dropped. What it pushed before is still here: a consumer is done when
    /// this was `true` *before* a [`ByteConsumer::pop`] that returned `None`.
    ///
    /// ```
    /// let (producer, consumer) = trader_ring::bytes::ring(64)?;
    /// drop(producer);
    /// assert!(consumer.is_abandoned());
    /// # Ok::<(), trader_ring::CapacityError>(())
    /// ```
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.shared.producer_gone.load(Ordering::Acquire)
    }
}

impl fmt::Debug for ByteConsumer {
    /// Without the scratch, which may be megabytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteConsumer").field("shared", &self.shared).field("consumed", &self.consumed).finish()
    }
}

impl Drop for ByteConsumer {
    fn drop(&mut self) {
        self.shared.consumer_gone.store(true, Ordering::Release);
    }
}
