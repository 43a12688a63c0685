//! Why a WebSocket went, or did not come up.

use crate::socket::fault::{SocketFault, TlsFault};
use std::io::ErrorKind;
use tungstenite::Error;
use tungstenite::error::{CapacityError, ProtocolError};

/// Why a link is down; small enough to be counted and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkFault {
    /// The server answered the upgrade with another status than 101.
    #[error("the server refused the WebSocket with status {status}: {}", remedy(*.status))]
    Refused {
        /// Of its answer.
        status: u16,
    },
    /// Nothing came for too long, not even an answer to our ping.
    #[error("nothing was heard for longer than link.silence_ms_max: the connection is taken for dead")]
    Silent,
    /// The other side ended the connection.
    #[error("{}", SocketFault::Closed)]
    Closed,
    /// The host name leads nowhere.
    #[error("{}", SocketFault::Unresolved)]
    Unresolved,
    /// It took too long to come up.
    #[error("{}", SocketFault::Timeout)]
    Timeout,
    /// TLS did not accept it.
    #[error(transparent)]
    Tls(TlsFault),
    /// The system says so.
    #[error("{}", SocketFault::Io(*.0))]
    Io(ErrorKind),
    /// What came is not WebSocket.
    #[error("what answers does not speak WebSocket: look at the path and at what stands between us and the host")]
    Garbage,
    /// A frame larger than allowed.
    #[error("a frame was larger than allowed: raise capacity.frame_bytes_max if it was right")]
    TooLarge,
    /// The server takes nothing we send.
    #[error("the server does not take what we send: the connection is taken for dead")]
    Stuck,
    /// A header of ours cannot be written.
    #[error("a header of the upgrade cannot be written: look at the key id")]
    Unwritable,
}

fn remedy(status: u16) -> &'static str {
    match status {
        401 | 403 => "look at the key, its environment and the clock",
        404 => "look at the path",
        429 => "too many attempts; it is asked again later",
        500.. => "it is asked again later",
        _ => "look at the address",
    }
}

impl From<SocketFault> for LinkFault {
    fn from(fault: SocketFault) -> LinkFault {
        match fault {
            SocketFault::Unresolved => LinkFault::Unresolved,
            SocketFault::Timeout => LinkFault::Timeout,
            SocketFault::Closed => LinkFault::Closed,
            SocketFault::Tls(fault) => LinkFault::Tls(fault),
            SocketFault::Io(kind) => LinkFault::Io(kind),
        }
    }
}

impl From<&Error> for LinkFault {
    fn from(error: &Error) -> LinkFault {
        match error {
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake | ProtocolError::HandshakeIncomplete) => {
                LinkFault::Closed
            }
            Error::Io(error) => SocketFault::of(error).into(),
            Error::Http(reply) => LinkFault::Refused { status: reply.status().as_u16() },
            Error::Capacity(CapacityError::MessageTooLong { .. }) => LinkFault::TooLarge,
            Error::WriteBufferFull(_) => LinkFault::Stuck,
            _ => LinkFault::Garbage,
        }
    }
}
