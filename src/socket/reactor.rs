//! Which sockets of one thread can be read or written: `mio`'s edges, kept as levels.
//!
//! The kernel says once that something arrived. The reactor remembers it in the socket's
//! [`Readiness`] until the socket says that it would have to wait; so nothing is missed by whoever
//! looks later, and nobody makes a system call that must fail.

use mio::event::Source;
use mio::{Events, Interest, Poll, Token};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

const READABLE: u8 = 1;
const WRITABLE: u8 = 2;
/// Events taken from the kernel in one turn; what is left comes with the next.
const EVENTS_PER_TURN: usize = 256;

/// One socket's place in its reactor; given back when dropped.
///
/// It is not locked: the thread that turns the reactor owns its sockets too. It is an `Arc` of an
/// atomic only so that both can be made on one thread and moved to another.
#[derive(Debug)]
pub struct Readiness(Arc<AtomicU8>);

impl Readiness {
    /// Whether a read may find something: bytes, an end or an error.
    #[must_use]
    #[inline]
    pub fn is_readable(&self) -> bool {
        self.0.load(Ordering::Relaxed) & READABLE != 0
    }

    /// Whether a write may find room; for a socket that connects: whether it may be done.
    #[must_use]
    #[inline]
    pub fn is_writable(&self) -> bool {
        self.0.load(Ordering::Relaxed) & WRITABLE != 0
    }

    /// A read would have to wait: nothing to read until the kernel says so again.
    #[inline]
    pub fn read_blocked(&self) {
        self.0.fetch_and(!READABLE, Ordering::Relaxed);
    }

    /// A write would have to wait: no room until the kernel says so again.
    #[inline]
    pub fn write_blocked(&self) {
        self.0.fetch_and(!WRITABLE, Ordering::Relaxed);
    }
}

/// The poll of one thread.
#[derive(Debug)]
pub struct Reactor {
    poll: Poll,
    events: Events,
    /// By token; a place whose socket is gone is held by nobody else and is handed out again.
    places: Vec<Arc<AtomicU8>>,
}

impl Reactor {
    /// A reactor without sockets.
    ///
    /// # Errors
    /// The system has no room for another poll.
    pub fn new() -> io::Result<Reactor> {
        Ok(Reactor { poll: Poll::new()?, events: Events::with_capacity(EVENTS_PER_TURN), places: Vec::new() })
    }

    /// Watches `source` from now on, until it is dropped. Nothing is known of it yet, so it counts as
    /// ready: the first read or write finds out.
    ///
    /// # Errors
    /// The system refuses to watch it.
    pub fn watch(&mut self, source: &mut impl Source) -> io::Result<Readiness> {
        let place = self.free_place();
        self.poll.registry().register(source, Token(place), Interest::READABLE | Interest::WRITABLE)?;
        self.places[place].store(READABLE | WRITABLE, Ordering::Relaxed);
        Ok(Readiness(Arc::clone(&self.places[place])))
    }

    /// Waits up to `timeout` (`None`: for ever, zero: not at all) for the kernel to tell something and
    /// remembers it for the sockets meant. How many were told of.
    pub fn turn(&mut self, timeout: Option<Duration>) -> usize {
        if let Err(error) = self.poll.poll(&mut self.events, timeout) {
            if error.kind() != io::ErrorKind::Interrupted {
                self.suppose_all_ready();
            }
            return 0;
        }
        let mut told = 0;
        for event in &self.events {
            let mut bits = 0;
            if event.is_readable() || event.is_read_closed() || event.is_error() {
                bits |= READABLE;
            }
            if event.is_writable() || event.is_write_closed() || event.is_error() {
                bits |= WRITABLE;
            }
            if let Some(place) = self.places.get(event.token().0) {
                place.fetch_or(bits, Ordering::Relaxed);
                told += 1;
            }
        }
        told
    }

    /// How many sockets it watches.
    #[must_use]
    pub fn sockets(&self) -> usize {
        self.places.iter().filter(|place| Arc::strong_count(place) > 1).count()
    }

    fn free_place(&mut self) -> usize {
        match self.places.iter().position(|place| Arc::strong_count(place) == 1) {
            Some(place) => place,
            None => {
                self.places.push(Arc::new(AtomicU8::new(0)));
                self.places.len() - 1
            }
        }
    }

    /// A poll that fails must not make sockets deaf: they are read and written on suspicion.
    fn suppose_all_ready(&self) {
        for place in &self.places {
            place.fetch_or(READABLE | WRITABLE, Ordering::Relaxed);
        }
    }
}
