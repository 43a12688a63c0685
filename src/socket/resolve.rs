//! Host names to addresses. The system's resolver waits, so it is asked on a thread of its own.

use super::fault::SocketFault;
use crate::thread;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{Receiver, TryRecvError, channel};

/// Looks one host up, as often as asked; never more than one thread at a time.
#[derive(Debug)]
pub(super) struct Resolver {
    host: String,
    port: u16,
    /// The thread's answer; kept when an attempt gives up, for the next one.
    coming: Option<Receiver<Vec<SocketAddr>>>,
    /// Which of several addresses is tried next.
    turn: usize,
}

impl Resolver {
    pub(super) fn new(host: &str, port: u16) -> Resolver {
        Resolver { host: host.to_owned(), port, coming: None, turn: 0 }
    }

    /// The next address to try; `None` while the resolver is still looking.
    pub(super) fn look_up(&mut self) -> Option<Result<SocketAddr, SocketFault>> {
        if let Some(address) = self.known() {
            return Some(Ok(SocketAddr::new(address, self.port)));
        }
        let Some(coming) = &self.coming else {
            return self.ask().err().map(Err);
        };
        let found = match coming.try_recv() {
            Ok(found) => found,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Vec::new(),
        };
        self.coming = None;
        if found.is_empty() {
            return Some(Err(SocketFault::Unresolved));
        }
        self.turn = self.turn.wrapping_add(1);
        Some(Ok(found[self.turn.wrapping_sub(1) % found.len()]))
    }

    /// What needs no asking: a literal address, and this machine.
    fn known(&self) -> Option<IpAddr> {
        if self.host == "localhost" { Some(Ipv4Addr::LOCALHOST.into()) } else { self.host.parse().ok() }
    }

    fn ask(&mut self) -> Result<(), SocketFault> {
        let (answer, coming) = channel();
        let (host, port) = (self.host.clone(), self.port);
        let look = move || {
            let found = (host.as_str(), port).to_socket_addrs().map(Iterator::collect).unwrap_or_default();
            let _ = answer.send(found); // nobody waits any more: the connection is gone
        };
        thread::spawn("resolver", look).map_err(|error| SocketFault::Io(error.kind()))?;
        self.coming = Some(coming);
        Ok(())
    }
}
