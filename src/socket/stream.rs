//! One TLS connection that never waits, either side of it.
//!
//! It reads and writes like any stream; what would have to wait is `WouldBlock`, the handshake
//! included, which runs inside the first reads and writes. What was written and did not fit into
//! the kernel is kept and goes with the next call of anything.

use super::reactor::{Reactor, Readiness};
use mio::net::TcpStream;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;

/// A TLS connection over a non-blocking TCP socket.
#[derive(Debug)]
pub struct TlsStream {
    tcp: TcpStream,
    ready: Readiness,
    tls: Connection,
    /// TCP's own handshake is not over.
    is_connecting: bool,
    said_goodbye: bool,
    bytes_in: u64,
    bytes_out: u64,
}

impl TlsStream {
    /// Starts to connect to `address`; the certificate shown there must be `name`'s.
    ///
    /// # Errors
    /// The system has no socket, or `config` cannot be used with `name`.
    pub fn connect(
        reactor: &mut Reactor,
        address: SocketAddr,
        name: ServerName<'static>,
        config: Arc<ClientConfig>,
    ) -> io::Result<TlsStream> {
        let tls = ClientConnection::new(config, name).map_err(io::Error::other)?;
        let mut tcp = TcpStream::connect(address)?;
        let ready = reactor.watch(&mut tcp)?;
        ready.write_blocked(); // writable is how a connection is told to be there
        Ok(TlsStream::over(tcp, ready, tls.into(), true))
    }

    /// The server's side of a connection somebody made: `tcp` as the listener gave it.
    ///
    /// # Errors
    /// The system refuses to watch it, or `config` cannot be used.
    pub fn accept(reactor: &mut Reactor, mut tcp: TcpStream, config: Arc<ServerConfig>) -> io::Result<TlsStream> {
        let tls = ServerConnection::new(config).map_err(io::Error::other)?;
        tcp.set_nodelay(true)?;
        let ready = reactor.watch(&mut tcp)?;
        Ok(TlsStream::over(tcp, ready, tls.into(), false))
    }

    fn over(tcp: TcpStream, ready: Readiness, tls: Connection, is_connecting: bool) -> TlsStream {
        TlsStream { tcp, ready, tls, is_connecting, said_goodbye: false, bytes_in: 0, bytes_out: 0 }
    }

    /// Does what can be done of the handshake, and sends what waits to be sent. Whether the handshake
    /// is over.
    ///
    /// # Errors
    /// The connection failed: see [`SocketFault::of`](super::fault::SocketFault::of).
    pub fn advance(&mut self) -> io::Result<bool> {
        while self.tls.is_handshaking() {
            let step = self.push().and_then(|()| self.pull());
            match step {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        self.push_if_possible()?;
        Ok(true)
    }

    /// Whether a read may find something without waiting for the kernel to tell more. Plaintext that was
    /// already decrypted is not counted: read until `WouldBlock` before asking.
    #[must_use]
    #[inline]
    pub fn is_readable(&self) -> bool {
        self.ready.is_readable()
    }

    /// Whether something written waits for room in the kernel.
    #[must_use]
    #[inline]
    pub fn has_unsent(&self) -> bool {
        self.tls.wants_write()
    }

    /// Bytes that came from the kernel, TLS and all.
    #[must_use]
    pub const fn bytes_in(&self) -> u64 {
        self.bytes_in
    }

    /// Bytes the kernel took, TLS and all.
    #[must_use]
    pub const fn bytes_out(&self) -> u64 {
        self.bytes_out
    }

    /// Who is at the other end.
    ///
    /// # Errors
    /// Not connected yet, or not any more.
    pub fn peer(&self) -> io::Result<SocketAddr> {
        self.tcp.peer_addr()
    }

    /// Says goodbye (`close_notify`) after everything written, then ends the sending half. `false` when
    /// something waits for room: call it again. Drop the stream afterwards; who drops it with unread
    /// bytes in the kernel makes TCP reset the connection, so a server reads on until the end or for a while.
    ///
    /// # Errors
    /// The connection failed; drop it.
    pub fn close(&mut self) -> io::Result<bool> {
        if !self.said_goodbye {
            self.said_goodbye = true;
            self.tls.send_close_notify();
        }
        match self.push() {
            Ok(()) => self.tcp.shutdown(Shutdown::Write).map(|()| true),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether TCP is there; an error when it came to nothing.
    fn is_connected(&mut self) -> io::Result<bool> {
        if !self.is_connecting {
            return Ok(true);
        }
        if !self.ready.is_writable() {
            return Ok(false);
        }
        if let Some(error) = self.tcp.take_error()? {
            return Err(error);
        }
        match self.tcp.peer_addr() {
            Ok(_) => {
                self.is_connecting = false;
                self.tcp.set_nodelay(true)?;
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::NotConnected => {
                self.ready.write_blocked();
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Gives the kernel what waits, all of it or `WouldBlock`.
    fn push(&mut self) -> io::Result<()> {
        if !self.is_connected()? {
            return Err(ErrorKind::WouldBlock.into());
        }
        while self.tls.wants_write() {
            if !self.ready.is_writable() {
                return Err(ErrorKind::WouldBlock.into());
            }
            match self.tls.write_tls(&mut self.tcp) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(sent) => self.bytes_out += sent as u64,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    if error.kind() == ErrorKind::WouldBlock {
                        self.ready.write_blocked();
                    }
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn push_if_possible(&mut self) -> io::Result<()> {
        match self.push() {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// One read from the kernel, decrypted; how many bytes, zero at the end.
    fn pull(&mut self) -> io::Result<usize> {
        if !self.is_connected()? || !self.ready.is_readable() {
            return Err(ErrorKind::WouldBlock.into());
        }
        loop {
            match self.tls.read_tls(&mut self.tcp) {
                Ok(came) => {
                    self.bytes_in += came as u64;
                    self.decrypt()?;
                    return Ok(came);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    if error.kind() == ErrorKind::WouldBlock {
                        self.ready.read_blocked();
                    }
                    return Err(error);
                }
            }
        }
    }

    fn decrypt(&mut self) -> io::Result<()> {
        if let Err(error) = self.tls.process_new_packets() {
            let _ = self.push(); // the alert that tells the peer why: the fault is known without it
            return Err(io::Error::new(ErrorKind::InvalidData, error));
        }
        Ok(())
    }
}

impl Read for TlsStream {
    /// Plaintext; zero after the peer's `close_notify`, `UnexpectedEof` when TCP ended without one.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tls.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => return done,
            }
            self.push_if_possible()?; // what TLS itself has to say: handshake, key updates
            self.pull()?;
        }
    }
}

impl Write for TlsStream {
    /// Encrypts `buffer` and gives the kernel what it takes, in one system call when it takes all; the
    /// rest is kept. Fewer bytes than given, or `WouldBlock`, when 64 KiB are kept already.
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let mut taken = self.tls.writer().write(buffer)?;
        self.push_if_possible()?;
        if taken == 0 && !buffer.is_empty() {
            taken = self.tls.writer().write(buffer)?;
            self.push_if_possible()?;
            if taken == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
        }
        Ok(taken)
    }

    /// `WouldBlock` while something waits for room in the kernel.
    fn flush(&mut self) -> io::Result<()> {
        self.push()
    }
}
