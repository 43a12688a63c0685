//! The slots, and the only `unsafe` of the ring: who may touch a payload, and when.
//!
//! Message number `s` (from 0) lives in slot `s mod capacity`. Two numbers decide everything:
//!
//! * the slot's **stamp**, written by the producer only: `s + 1` once message `s` is complete.
//!   The consumer reads the payload of `s` after it has seen exactly that stamp.
//! * the ring's **taken**, written by the consumer only: how many messages it is done with.
//!   The producer writes the payload of `s` after it has seen `taken > s - capacity`.
//!
//! Each is stored with `Release` and loaded with `Acquire`, so a payload is touched by one side
//! at a time. [`Writer`] and [`Reader`] exist once per ring and keep both promises by themselves:
//! nothing that the rest of the crate can say to them breaks one.

use crate::sync::{Arc, AtomicBool, AtomicU64, Ordering, UnsafeCell};
use crossbeam_utils::CachePadded;
use std::mem::{MaybeUninit, align_of, size_of};

/// The x86 cache line; ours is also the journal's line.
const LINE_BYTES: usize = 64;

/// What a message must weigh for it and its stamp to fill one line.
pub(crate) const PAYLOAD_BYTES: usize = 56;

/// One cache line: the stamp travels with the message it vouches for.
#[repr(C, align(64))]
struct Slot<T> {
    stamp: AtomicU64,
    payload: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: a shared slot carries a `T` from one thread to another. The writer touches the payload only
// before it stores the stamp, the reader only after it loaded that stamp and before it stores `taken`
// (see the module's head), so no write meets a read. The reader copies the `T` out and never lends
// it: what reaches another thread is a value, which is what `T: Send` allows.
unsafe impl<T: Send> Sync for Slot<T> {}

impl<T> Slot<T> {
    /// Checked when a ring of `T` is compiled: one message and its stamp are one line.
    const IS_ONE_LINE: () = {
        assert!(size_of::<T>() == PAYLOAD_BYTES, "a ring message must be exactly 56 bytes");
        assert!(align_of::<T>() <= 8, "a ring message must not need more than 8-byte alignment");
        // loom's atomics are heavier than the machine's.
        assert!(cfg!(loom) || (size_of::<Slot<T>>() == LINE_BYTES && align_of::<Slot<T>>() == LINE_BYTES));
    };

    fn vacant() -> Slot<T> {
        Slot { stamp: AtomicU64::new(0), payload: UnsafeCell::new(MaybeUninit::uninit()) }
    }
}

/// What both sides hold. Each field group has its own line, so that nobody polls another's writes.
struct Shared<T> {
    slots: Box<[Slot<T>]>,
    taken: CachePadded<AtomicU64>,
    writer_gone: CachePadded<AtomicBool>,
    reader_gone: CachePadded<AtomicBool>,
}

impl<T> Shared<T> {
    #[inline(always)]
    fn slot(&self, sequence: u64) -> &Slot<T> {
        &self.slots[sequence as usize & (self.slots.len() - 1)]
    }
}

/// Makes the two sides of a ring of `capacity` slots, a power of two.
pub(crate) fn split<T: Copy>(capacity: usize) -> (Writer<T>, Reader<T>) {
    const { Slot::<T>::IS_ONE_LINE };
    let shared = Arc::new(Shared {
        slots: (0..capacity).map(|_| Slot::vacant()).collect(),
        taken: CachePadded::new(AtomicU64::new(0)),
        writer_gone: CachePadded::new(AtomicBool::new(false)),
        reader_gone: CachePadded::new(AtomicBool::new(false)),
    });
    (Writer { shared: Arc::clone(&shared), next: 0, limit: capacity as u64 }, Reader { shared, next: 0 })
}

/// The producing side: the only one that writes payloads and stamps.
pub(crate) struct Writer<T> {
    shared: Arc<Shared<T>>,
    /// Sequence of the next message; never stale.
    next: u64,
    /// First sequence without proven room. May be stale, and then only too small: `taken` grows.
    limit: u64,
}

impl<T: Copy> Writer<T> {
    pub(crate) fn capacity(&self) -> usize {
        self.shared.slots.len()
    }

    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    pub(crate) fn reader_gone(&self) -> bool {
        self.shared.reader_gone.load(Ordering::Acquire)
    }

    /// Reads anew how far the consumer is: this is the only line the producer takes from it.
    #[cold]
    pub(crate) fn refresh(&mut self) -> usize {
        self.limit = self.shared.taken.load(Ordering::Acquire) + self.capacity() as u64;
        (self.limit - self.next) as usize
    }

    /// Whether `count` slots are free; asks the consumer's line only when the known room is too small.
    #[inline(always)]
    pub(crate) fn has_room(&mut self, count: usize) -> bool {
        (self.limit - self.next) as usize >= count || self.refresh() >= count
    }

    /// Writes one message and shows it; `false` if there is no room.
    #[inline(always)]
    pub(crate) fn write(&mut self, value: T) -> bool {
        let free = self.has_room(1);
        if free {
            self.fill(self.next, value);
            self.stamp(self.next);
            self.next += 1;
        }
        free
    }

    /// Writes all of `values` and shows them as one; `false`, and nothing written, if there is no room.
    ///
    /// From the last to the first: the consumer waits for the first stamp, and when it has come all the
    /// others have. Each line is written once and in one go, and the one that the consumer polls at the
    /// very end; it would take that line away between a payload and a stamp that came in a second pass.
    #[inline]
    pub(crate) fn write_group(&mut self, values: &[T]) -> bool {
        let free = self.has_room(values.len());
        if free {
            for (index, value) in values.iter().enumerate().rev() {
                let sequence = self.next + index as u64;
                self.fill(sequence, *value);
                self.stamp(sequence);
            }
            self.next += values.len() as u64;
        }
        free
    }

    /// Callers pass `next <= sequence < limit`.
    #[inline(always)]
    fn fill(&mut self, sequence: u64, value: T) {
        debug_assert!((self.next..self.limit).contains(&sequence));
        self.shared.slot(sequence).payload.with_mut(|payload| {
            // SAFETY: `sequence < limit`, so an Acquire load has seen the consumer done with this
            // slot's previous message, and it will not look again before the stamp we store later.
            // There is one writer, and we have it to ourselves.
            unsafe { (*payload).write(value) };
        });
    }

    #[inline(always)]
    fn stamp(&mut self, sequence: u64) {
        self.shared.slot(sequence).stamp.store(sequence + 1, Ordering::Release);
    }
}

impl<T> Drop for Writer<T> {
    fn drop(&mut self) {
        self.shared.writer_gone.store(true, Ordering::Release);
    }
}

/// The consuming side: the only one that reads payloads and says what was taken.
pub(crate) struct Reader<T> {
    shared: Arc<Shared<T>>,
    /// Sequence of the next message to take; ahead of `taken` only inside a batch.
    next: u64,
}

impl<T: Copy> Reader<T> {
    pub(crate) fn capacity(&self) -> usize {
        self.shared.slots.len()
    }

    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    pub(crate) fn writer_gone(&self) -> bool {
        self.shared.writer_gone.load(Ordering::Acquire)
    }

    /// The next message, left where it is; `None` until its stamp is there.
    #[inline(always)]
    pub(crate) fn peek(&self) -> Option<T> {
        let slot = self.shared.slot(self.next);
        if slot.stamp.load(Ordering::Acquire) != self.next + 1 {
            return None;
        }
        slot.payload.with(|payload| {
            // SAFETY: the stamp of `next` was stored after its payload was written, and we loaded it
            // with Acquire. The writer comes back to this slot only once `taken` has passed `next`,
            // which `release` stores later. `T: Copy`, so reading it out leaves nothing to drop.
            Some(unsafe { (*payload).assume_init() })
        })
    }

    /// Takes the next message and gives its slot back.
    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<T> {
        let message = self.peek()?;
        self.next += 1;
        self.release();
        Some(message)
    }

    /// Takes messages whose slots go back to the producer together.
    #[inline(always)]
    pub(crate) fn batch(&mut self) -> Batch<'_, T> {
        Batch { first: self.next, reader: self }
    }
}

impl<T> Reader<T> {
    /// Gives every slot taken so far back to the producer.
    #[inline(always)]
    fn release(&self) {
        self.shared.taken.store(self.next, Ordering::Release);
    }
}

impl<T> Drop for Reader<T> {
    fn drop(&mut self) {
        self.shared.reader_gone.store(true, Ordering::Release);
    }
}

/// Messages taken one after another. Their slots become free when this is dropped, be it by a panic
/// of whoever looks at them: a slot that was taken and not given back would never be filled again.
pub(crate) struct Batch<'a, T> {
    reader: &'a mut Reader<T>,
    first: u64,
}

impl<T: Copy> Batch<'_, T> {
    pub(crate) fn len(&self) -> usize {
        (self.reader.next - self.first) as usize
    }
}

impl<T: Copy> Iterator for Batch<'_, T> {
    type Item = T;

    #[inline(always)]
    fn next(&mut self) -> Option<T> {
        let message = self.reader.peek()?;
        self.reader.next += 1;
        Some(message)
    }
}

impl<T> Drop for Batch<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.reader.next != self.first {
            self.reader.release();
        }
    }
}
