//! One connection's bytes: what TLS gives, and what still waits to be given to it.
//!
//! Writing never waits and never fails: it appends. How much waits is known, so whoever does not
//! read is found out before it costs memory.

use crate::socket::stream::TlsStream;
use std::io::{self, ErrorKind, Read, Write};

/// So many bytes that were sent are kept in front of the others before they are cut off.
const SPENT_BYTES_MAX: usize = 256 * 1024;

/// A TLS connection with an outgoing buffer.
pub(super) struct Pipe {
    stream: TlsStream,
    outgoing: Vec<u8>,
    /// Bytes at the front of `outgoing` that TLS has taken.
    spent: usize,
}

impl Pipe {
    pub(super) const fn new(stream: TlsStream) -> Pipe {
        Pipe { stream, outgoing: Vec::new(), spent: 0 }
    }

    /// Bytes that TLS has not taken.
    pub(super) const fn waiting(&self) -> usize {
        self.outgoing.len() - self.spent
    }

    /// Gives TLS and the kernel what they take now.
    ///
    /// # Errors
    /// The connection failed.
    pub(super) fn push(&mut self) -> io::Result<()> {
        while self.waiting() > 0 {
            match self.stream.write(&self.outgoing[self.spent..]) {
                Ok(taken) => self.spent += taken,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.forget_sent();
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        self.forget_sent();
        match self.stream.flush() {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Says goodbye; `false`: something has to be sent before it.
    ///
    /// # Errors
    /// The connection failed.
    pub(super) fn close(&mut self) -> io::Result<bool> {
        self.push()?;
        if self.waiting() > 0 { Ok(false) } else { self.stream.close() }
    }

    fn forget_sent(&mut self) {
        if self.waiting() == 0 {
            self.outgoing.clear();
            self.spent = 0;
        } else if self.spent > SPENT_BYTES_MAX {
            self.outgoing.drain(..self.spent);
            self.spent = 0;
        }
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for Pipe {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.outgoing.extend_from_slice(buffer);
        Ok(buffer.len())
    }

    /// Nothing: what was written goes with the next [`push`](Pipe::push).
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
