//! A ring of one-line messages between one producer and one consumer.
//!
//! A message is any `Copy` type of exactly 56 bytes; with its 8-byte stamp it fills one cache line.
//! Messages are numbered from 0 without a gap, and both sides can say how far they are.
//!
//! ```
//! use trader_ring::spsc;
//! let (mut producer, mut consumer) = spsc::ring::<[u64; 7]>(4)?;
//! producer.push([7; 7])?;
//! assert_eq!(consumer.pop(), Some([7; 7]));
//! assert_eq!(consumer.pop(), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A message of another size does not compile:
//!
//! ```compile_fail
//! let _ = trader_ring::spsc::ring::<[u64; 8]>(4); // 64 bytes and a stamp would be two lines
//! ```
//!
//! Neither does a second producer, nor a message that may not change its thread:
//!
//! ```compile_fail,E0599
//! let (producer, _consumer) = trader_ring::spsc::ring::<[u64; 7]>(4)?;
//! let second = producer.clone();
//! # Ok::<(), trader_ring::CapacityError>(())
//! ```
//!
//! ```compile_fail,E0277
//! let (producer, _consumer) = trader_ring::spsc::ring::<[*const u8; 7]>(4)?;
//! std::thread::scope(|scope| { scope.spawn(move || drop(producer)); });
//! # Ok::<(), trader_ring::CapacityError>(())
//! ```

use crate::capacity::{self, CapacityError, SLOTS_MAX};
use crate::slot::{self, Reader, Writer};
use std::fmt;

/// Makes a ring of `capacity` slots, a power of two up to [`SLOTS_MAX`].
///
/// # Errors
/// [`CapacityError`] names the nearest capacity that is accepted.
///
/// ```
/// assert!(trader_ring::spsc::ring::<[u64; 7]>(1024).is_ok());
/// assert!(trader_ring::spsc::ring::<[u64; 7]>(0).is_err());
/// ```
pub fn ring<T: Copy>(capacity: usize) -> Result<(Producer<T>, Consumer<T>), CapacityError> {
    capacity::check(capacity, 1, SLOTS_MAX)?;
    let (writer, reader) = slot::split(capacity);
    Ok((Producer { writer }, Consumer { reader }))
}

/// The ring had no free slot. The message is the caller's still; try again after the consumer took some.
///
/// ```
/// use trader_ring::spsc::{self, Full};
/// let (mut producer, _consumer) = spsc::ring::<[u64; 7]>(1)?;
/// assert_eq!(producer.push([1; 7]), Ok(()));
/// assert_eq!(producer.push([2; 7]), Err(Full));
/// # Ok::<(), trader_ring::CapacityError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the ring is full; try again when the consumer has taken a message")
    }
}

impl std::error::Error for Full {}

/// Why a group was refused whole; nothing of it was written.
///
/// ```
/// use trader_ring::spsc::{self, GroupError};
/// let (mut producer, _consumer) = spsc::ring::<[u64; 7]>(2)?;
/// producer.push([1; 7])?;
/// assert_eq!(producer.push_group(&[[0; 7]; 2]), Err(GroupError::Full { room: 1 }));
/// assert_eq!(producer.push_group(&[[0; 7]; 3]), Err(GroupError::TooLong { capacity: 2 }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupError {
    /// Only `room` slots are free; try again when the consumer has taken more.
    Full {
        /// Free slots at the moment of the refusal.
        room: usize,
    },
    /// The group can never fit: make the ring larger or the group smaller.
    TooLong {
        /// Slots in the ring.
        capacity: usize,
    },
}

impl fmt::Display for GroupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GroupError::Full { room } => write!(f, "the ring has room for {room} messages, fewer than the group"),
            GroupError::TooLong { capacity } => write!(f, "the group is longer than the whole ring of {capacity}"),
        }
    }
}

impl std::error::Error for GroupError {}

/// The side that pushes. Owned by one agent; move it to its thread.
pub struct Producer<T> {
    writer: Writer<T>,
}

impl<T: Copy> Producer<T> {
    /// Puts one message in, visible to the consumer on return.
    ///
    /// # Errors
    /// [`Full`] if no slot is free; the ring is unchanged.
    ///
    /// ```
    /// let (mut producer, mut consumer) = trader_ring::spsc::ring::<[u64; 7]>(2)?;
    /// producer.push([5; 7])?;
    /// assert_eq!(consumer.pop(), Some([5; 7]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn push(&mut self, message: T) -> Result<(), Full> {
        if self.writer.write(message) { Ok(()) } else { Err(Full) }
    }

    /// Puts several messages in as one: the consumer sees none of them or all. An empty group is no message.
    ///
    /// # Errors
    /// [`GroupError`] if they do not fit, now or ever; the ring is unchanged.
    ///
    /// ```
    /// let (mut producer, mut consumer) = trader_ring::spsc::ring::<[u64; 7]>(4)?;
    /// producer.push_group(&[[1; 7], [2; 7], [3; 7]])?;
    /// assert_eq!(consumer.drain(4, |_| ()), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn push_group(&mut self, group: &[T]) -> Result<(), GroupError> {
        if self.writer.write_group(group) { Ok(()) } else { Err(self.refusal(group.len())) }
    }

    #[cold]
    fn refusal(&mut self, len: usize) -> GroupError {
        let capacity = self.capacity();
        if len > capacity { GroupError::TooLong { capacity } } else { GroupError::Full { room: self.room() } }
    }

    /// Free slots now: that many pushes will succeed whatever the consumer does. Reads the consumer's line.
    ///
    /// ```
    /// let (mut producer, _consumer) = trader_ring::spsc::ring::<[u64; 7]>(4)?;
    /// producer.push([0; 7])?;
    /// assert_eq!(producer.room(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn room(&mut self) -> usize {
        self.writer.refresh()
    }

    /// Whether `count` pushes would succeed: what an agent asks before it takes an input. Cheaper than
    /// [`Producer::room`], because the consumer's line is read only when the room known so far is too small.
    ///
    /// ```
    /// let (mut producer, _consumer) = trader_ring::spsc::ring::<[u64; 7]>(4)?;
    /// assert!(producer.has_room(4));
    /// assert!(!producer.has_room(5));
    /// # Ok::<(), trader_ring::CapacityError>(())
    /// ```
    #[inline]
    pub fn has_room(&mut self, count: usize) -> bool {
        self.writer.has_room(count)
    }

    /// How many messages were pushed so far; also the sequence of the next one.
    ///
    /// ```
    /// let (mut producer, _consumer) = trader_ring::spsc::ring::<[u64; 7]>(4)?;
    /// producer.push([0; 7])?;
    /// assert_eq!(producer.produced(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn produced(&self) -> u64 {
        self.writer.next()
    }

    /// Slots in the ring.
    ///
    /// ```
    /// let (producer, _consumer) = trader_ring::spsc::ring::<[u64; 7]>(4)?;
    /// assert_eq!(producer.capacity(), 4);
    /// # Ok::<(), trader_ring::CapacityError>(())
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.writer.capacity()
    }

    /// Whether the consumer was dropped: nobody will take what is pushed from now on.
    ///
    /// ```
    /// let (producer, consumer) = trader_ring::spsc::ring::<[u64; 7]>(4)?;
    /// drop(consumer);
    /// assert!(producer.is_abandoned());
    /// # Ok::<(), trader_ring::CapacityError>(())
    /// ```
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.writer.reader_gone()
    }
}

impl<T: Copy> fmt::Debug for Producer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer").field("capacity", &self.capacity()).field("produced", &self.produced()).finish()
    }
}

/// The side that pops. Owned by one agent; move it to its thread.
pub struct Consumer<T> {
    reader: Reader<T>,
}

impl<T: Copy> Consumer<T> {
    /// Takes the oldest message, if one is complete.
    ///
    /// ```
    /// let (mut producer, mut consumer) = trader_ring::spsc::ring::<[u64; 7]>(4)?;
    /// assert_eq!(consumer.pop(), None);
    /// producer.push([9; 7])?;
    /// assert_eq!(consumer.pop(), Some([9; 7]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        self.reader.pop()
    }

    /// The oldest message, left in the ring: for choosing between rings by time.
    ///
    /// ```
    /// let (mut producer, mut consumer) = trader_ring::spsc::ring::<[u64; 7]>(4)?;
    /// producer.push([9; 7])?;
    /// assert_eq!(consumer.peek(), consumer.pop());
    /// assert_eq!(consumer.peek(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn peek(&self) -> Option<T> {
        self.reader.peek()
    }

    /// Hands up to `max` messages to `hear`, oldest first, and returns how many there were.
    ///
    /// Their slots become free together, when the batch ends, so one call takes a lap at most. If `hear`
    /// panics, the message it was given counts as taken, and the rest is still there.
    ///
    /// ```
    /// let (mut producer, mut consumer) = trader_ring::spsc::ring::<[u64; 7]>(4)?;
    /// producer.push_group(&[[1; 7], [2; 7], [3; 7]])?;
    /// let mut sum = 0;
    /// assert_eq!(consumer.drain(2, |message| sum += message[0]), 2);
    /// assert_eq!(sum, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn drain(&mut self, max: usize, mut hear: impl FnMut(T)) -> usize {
        let mut batch = self.reader.batch();
        batch.by_ref().take(max).for_each(&mut hear);
        batch.len()
    }

    /// How many messages were taken so far; also the sequence of the next one.
    ///
    /// ```
    /// let (mut producer, mut consumer) = trader_ring::spsc::ring::<[u64; 7]>(4)?;
    /// producer.push([0; 7])?;
    /// consumer.pop();
    /// assert_eq!(consumer.consumed(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn consumed(&self) -> u64 {
        self.reader.next()
    }

    /// Slots in the ring.
    ///
    /// ```
    /// let (_producer, consumer) = trader_ring::spsc::ring::<[u64; 7]>(4)?;
    /// assert_eq!(consumer.capacity(), 4);
    /// # Ok::<(), trader_ring::CapacityError>(())
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.reader.capacity()
    }

    /// Whether the producer was dropped. What it pushed before is still here: a consumer is done when
    /// this was `true` *before* a [`Consumer::pop`] that returned `None`.
    ///
    /// ```
    /// let (mut producer, mut consumer) = trader_ring::spsc::ring::<[u64; 7]>(4)?;
    /// producer.push([1; 7])?;
    /// drop(producer);
    /// assert!(consumer.is_abandoned());
    /// assert_eq!(consumer.pop(), Some([1; 7]));
    /// assert_eq!(consumer.pop(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.reader.writer_gone()
    }
}

impl<T: Copy> fmt::Debug for Consumer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer").field("capacity", &self.capacity()).field("consumed", &self.consumed()).finish()
    }
}
