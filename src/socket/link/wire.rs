//! One WebSocket connection: the upgrade, then frames both ways. It decides nothing.

use super::fault::LinkFault;
use crate::socket::stream::TlsStream;
use std::io::ErrorKind;
use trader_journal::units::Nanos;
use tungstenite::handshake::client::{ClientHandshake, Request, generate_key};
use tungstenite::handshake::{HandshakeError, MidHandshake};
use tungstenite::http::Uri;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Bytes, Error, Message, Utf8Bytes, WebSocket};

/// Read from TLS at a time: the library zeroes as much before each read.
const READ_BYTES: usize = 8 * 1024;

/// The HTTP upgrade of a connection, on its way.
pub(super) type Upgrade = MidHandshake<ClientHandshake<TlsStream>>;

/// Why an upgrade came to nothing, and how long the server wants to be left alone, s.
pub(super) struct Refusal {
    pub(super) fault: LinkFault,
    pub(super) pause_s: u64,
}

impl From<LinkFault> for Refusal {
    fn from(fault: LinkFault) -> Refusal {
        Refusal { fault, pause_s: 0 }
    }
}

/// What an upgrade became.
pub(super) enum Upgraded {
    NotYet(Box<Upgrade>),
    Done(Box<Wire>),
}

/// What the other side said.
pub(super) enum Heard {
    Nothing,
    Text(Utf8Bytes),
    /// A kind of frame nobody here reads.
    Binary,
    Ping,
    Pong,
}

/// A WebSocket that is up.
#[derive(Debug)]
pub(super) struct Wire {
    socket: WebSocket<TlsStream>,
    /// The last read found nothing and nothing has come since.
    is_dry: bool,
    has_unsent: bool,
    pub(super) epoch: u32,
    pub(super) up_since: Nanos,
    /// When anything came last; the time it came up before that.
    pub(super) heard_at: Nanos,
    pub(super) pinged_at: Nanos,
    pub(super) is_proven: bool,
}

/// Begins the upgrade on a connection that is up.
pub(super) fn begin_upgrade(
    stream: TlsStream,
    place: (&Uri, &str),
    headers: &[(String, String)],
    bytes_max: (usize, usize),
) -> Result<Box<Upgrade>, LinkFault> {
    let (uri, host) = place;
    let (frame_bytes_max, send_bytes_max) = bytes_max;
    let mut request = Request::builder()
        .uri(uri.clone())
        .header("Host", host)
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", generate_key());
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.body(()).map_err(|_| LinkFault::Unwritable)?;
    let limits = WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(send_bytes_max)
        .max_message_size(Some(frame_bytes_max))
        .max_frame_size(Some(frame_bytes_max));
    ClientHandshake::start(stream, request, Some(limits)).map(Box::new).map_err(|_| LinkFault::Unwritable)
}

/// Goes on with an upgrade as far as it goes.
pub(super) fn go_on(upgrade: Upgrade, wall: Nanos) -> Result<Upgraded, Refusal> {
    match upgrade.handshake() {
        Ok((socket, _)) => Ok(Upgraded::Done(Box::new(Wire {
            socket,
            is_dry: false,
            has_unsent: false,
            epoch: 0,
            up_since: wall,
            heard_at: wall,
            pinged_at: wall,
            is_proven: false,
        }))),
        Err(HandshakeError::Interrupted(upgrade)) => Ok(Upgraded::NotYet(Box::new(upgrade))),
        Err(HandshakeError::Failure(error)) => Err(Refusal { fault: (&error).into(), pause_s: pause_asked_s(&error) }),
    }
}

/// The `Retry-After` of a refusal, in the form of seconds.
fn pause_asked_s(error: &Error) -> u64 {
    let Error::Http(reply) = error else { return 0 };
    let asked = reply.headers().get("retry-after").and_then(|value| value.to_str().ok());
    asked.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

impl Wire {
    /// The next thing the other side said, after sending what is unsent.
    pub(super) fn hear(&mut self) -> Result<Heard, LinkFault> {
        if self.has_unsent {
            self.flush()?;
        }
        if self.is_dry && !self.socket.get_ref().is_readable() {
            return Ok(Heard::Nothing);
        }
        self.is_dry = false;
        match self.socket.read() {
            Ok(Message::Text(text)) => Ok(Heard::Text(text)),
            Ok(Message::Binary(_) | Message::Frame(_)) => Ok(Heard::Binary),
            Ok(Message::Ping(_)) => self.flush().map(|()| Heard::Ping), // the library has queued the pong
            Ok(Message::Pong(_)) => Ok(Heard::Pong),
            Ok(Message::Close(_)) => {
                let _ = self.flush(); // its close, answered if there is room
                Err(LinkFault::Closed)
            }
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                self.is_dry = true;
                Ok(Heard::Nothing)
            }
            Err(error) => Err((&error).into()),
        }
    }

    /// Sends a text frame, or keeps it until there is room.
    pub(super) fn say(&mut self, text: Utf8Bytes) -> Result<(), LinkFault> {
        self.write(Message::Text(text))
    }

    /// Asks the other side whether it is there.
    pub(super) fn ping(&mut self, wall: Nanos) -> Result<(), LinkFault> {
        self.pinged_at = wall;
        self.write(Message::Ping(Bytes::new()))
    }

    /// Says goodbye; whether it is all in the kernel's hands. Call it until it is, then drop the wire.
    pub(super) fn leave(&mut self) -> bool {
        match self.socket.close(None) {
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => false,
            Ok(()) => self.socket.get_mut().close().unwrap_or(true),
            Err(_) => true,
        }
    }

    fn write(&mut self, message: Message) -> Result<(), LinkFault> {
        match self.socket.write(message) {
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                self.has_unsent = true;
                Ok(())
            }
            Ok(()) => self.flush(),
            Err(error) => Err((&error).into()),
        }
    }

    fn flush(&mut self) -> Result<(), LinkFault> {
        match self.socket.flush() {
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                self.has_unsent = true;
                Ok(())
            }
            Ok(()) => {
                self.has_unsent = false;
                Ok(())
            }
            Err(error) => Err((&error).into()),
        }
    }
}
