//! One connection from its first byte to its last: requests one after the other, or a WebSocket.
//!
//! A request is read when the one before it is answered, so answers keep the order of the questions.

use super::pipe::Pipe;
use super::reply::{Reply, write_upgrade};
use super::request::{self, Reading, Request};
use super::talk::{Said, Talk};
use crate::socket::stream::TlsStream;
use std::io::{ErrorKind, Read, Write};
use trader_journal::units::Nanos;
use tungstenite::handshake::derive_accept_key;

/// Bytes read at once.
const READ_BYTES: usize = 16 * 1024;
/// With so many unread bytes of answers no further request is read.
const ANSWERS_BYTES_MAX: usize = 256 * 1024;
/// Wall time for the last bytes to leave, and for the client to take its leave.
const LEAVE_NS_MAX: u64 = 5 * Nanos::SECOND;

/// Which door a connection came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entrance {
    KalshiRest,
    KalshiStream,
    SpotRest,
    SpotStream,
}

impl Entrance {
    /// In the order of the ports in the settings.
    pub(super) const ALL: [Entrance; 4] =
        [Entrance::KalshiRest, Entrance::KalshiStream, Entrance::SpotRest, Entrance::SpotStream];

    /// How many commands a client of its streams may send in a market second (kalshi.md §3, binance.md §3).
    const fn commands_per_s_max(self) -> u32 {
        match self {
            Entrance::KalshiRest | Entrance::KalshiStream => 10_000,
            Entrance::SpotRest | Entrance::SpotStream => 5,
        }
    }
}

/// What came over a connection.
pub(super) enum Heard {
    /// A request; nothing else is read until it is answered.
    Request(Request),
    /// A message on the WebSocket.
    Text(Vec<u8>),
    /// It is over: drop the connection.
    Gone,
}

enum Stage {
    Asking {
        told_to_continue: bool,
    },
    Answering {
        keeps_alive: bool,
        has_body: bool,
    },
    Talking(Box<Talk>),
    /// Everything is said; the rest has to leave by then.
    Leaving {
        until: Nanos,
        said_goodbye: bool,
    },
}

const ASKING: Stage = Stage::Asking { told_to_continue: false };

/// A connection.
pub(super) struct Connection {
    pub(super) entrance: Entrance,
    pipe: Pipe,
    incoming: Vec<u8>,
    stage: Stage,
    /// Wall time of the last answer, of the first byte of a request, or of the connection's beginning.
    since: Nanos,
    idle_ns_max: u64,
    /// Market seconds in one of the wall's.
    speed: u32,
}

impl Connection {
    /// `speed`: market seconds in one of the wall's, for rates.
    pub(super) fn new(entrance: Entrance, stream: TlsStream, wall: Nanos, idle_ns_max: u64, speed: u32) -> Connection {
        let pipe = Pipe::new(stream);
        Connection { entrance, pipe, incoming: Vec::new(), stage: ASKING, since: wall, idle_ns_max, speed }
    }

    /// The next thing that came; `None`: nothing more for now.
    pub(super) fn next(&mut self, wall: Nanos) -> Option<Heard> {
        loop {
            match &mut self.stage {
                Stage::Asking { .. } => return self.next_request(wall),
                Stage::Answering { .. } => return None,
                Stage::Leaving { .. } => return self.leave(wall),
                Stage::Talking(talk) => match talk.next(&mut self.pipe, wall) {
                    Said::Text(text) => return Some(Heard::Text(text)),
                    Said::Nothing => return None,
                    Said::Over => self.begin_to_leave(wall),
                    Said::Gone => return Some(Heard::Gone),
                },
            }
        }
    }

    /// Answers the request that was read.
    pub(super) fn answer(&mut self, reply: &Reply, wall: Nanos) {
        let Stage::Answering { keeps_alive, has_body } = self.stage else { return };
        let mut text = Vec::with_capacity(reply.body.len() + 256);
        reply.write(&mut text, wall, keeps_alive, has_body);
        self.put(&text);
        self.since = wall;
        self.stage = ASKING;
        if !keeps_alive {
            self.begin_to_leave(wall);
        }
    }

    /// Answers an upgrade: from now on it is a WebSocket.
    pub(super) fn upgrade(&mut self, request: &Request, wall: Nanos) {
        let accept = derive_accept_key(request.header("Sec-WebSocket-Key").unwrap_or("").as_bytes());
        let mut text = Vec::new();
        write_upgrade(&mut text, wall, &accept);
        self.put(&text);
        // What the client sent at once after its request belongs to the WebSocket.
        let came = std::mem::take(&mut self.incoming);
        // Rates are of market time, as the clients' own beats are.
        let commands_per_s_max = self.entrance.commands_per_s_max().saturating_mul(self.speed);
        self.stage = Stage::Talking(Box::new(Talk::new(came, wall, commands_per_s_max)));
    }

    /// Whether it is a WebSocket that can be spoken on.
    pub(super) fn is_talking(&self) -> bool {
        matches!(&self.stage, Stage::Talking(talk) if talk.is_open())
    }

    /// Says a message on the WebSocket, in text whatever its bytes are.
    pub(super) fn say(&mut self, text: &[u8]) {
        if let Stage::Talking(talk) = &mut self.stage {
            talk.say(&mut self.pipe, text);
        }
    }

    /// Ends the WebSocket in order.
    pub(super) fn say_goodbye(&mut self, why: &'static str, wall: Nanos) {
        if let Stage::Talking(talk) = &mut self.stage {
            talk.close(&mut self.pipe, why);
            self.begin_to_leave(wall);
        }
    }

    /// Pings when it is time; `false`: nobody answers.
    pub(super) fn beat(&mut self, wall: Nanos, rhythm: &Rhythm) -> bool {
        match &mut self.stage {
            Stage::Talking(talk) => talk.beat(&mut self.pipe, wall, rhythm),
            Stage::Asking { .. } | Stage::Answering { .. } | Stage::Leaving { .. } => true,
        }
    }

    /// Bytes that wait for the reader.
    pub(super) const fn waiting(&self) -> usize {
        self.pipe.waiting()
    }

    /// Sends what can be sent; `false`: the connection failed.
    pub(super) fn push(&mut self) -> bool {
        self.pipe.push().is_ok()
    }

    /// Puts bytes on the wire as they are.
    fn put(&mut self, bytes: &[u8]) {
        // A pipe takes everything.
        let _ = self.pipe.write_all(bytes);
    }

    // ---- requests ------------------------------------------------------------------------------

    fn next_request(&mut self, wall: Nanos) -> Option<Heard> {
        loop {
            if !self.incoming.is_empty()
                && let Some(request) = self.read_request(wall)
            {
                return Some(Heard::Request(request));
            }
            if !matches!(self.stage, Stage::Asking { .. }) {
                return None;
            }
            if self.pipe.waiting() > ANSWERS_BYTES_MAX {
                return self.end_when_idle(wall);
            }
            let mut buffer = [0; READ_BYTES];
            match self.pipe.read(&mut buffer) {
                Ok(0) => return Some(Heard::Gone),
                Ok(count) => {
                    if self.incoming.is_empty() {
                        self.since = wall;
                    }
                    self.incoming.extend_from_slice(&buffer[..count]);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return self.end_when_idle(wall),
                Err(_) => return Some(Heard::Gone),
            }
        }
    }

    /// The request at the front of what came. What is none is answered here, and the last thing that is.
    fn read_request(&mut self, wall: Nanos) -> Option<Request> {
        match request::read(&self.incoming) {
            Reading::Whole(request, length) => {
                self.incoming.drain(..length);
                self.stage = Stage::Answering { keeps_alive: request.keeps_alive, has_body: request.method != "HEAD" };
                Some(request)
            }
            Reading::Partial { .. } if self.incoming.len() > request::REQUEST_BYTES_MAX => {
                self.refuse(413, wall);
                None
            }
            Reading::Partial { asks_to_continue } => {
                if asks_to_continue && matches!(self.stage, Stage::Asking { told_to_continue: false }) {
                    self.put(b"HTTP/1.1 100 Continue\r\n\r\n");
                    self.stage = Stage::Asking { told_to_continue: true };
                }
                None
            }
            Reading::Bad(status) => {
                self.refuse(status, wall);
                None
            }
        }
    }

    /// A last answer to what cannot be read.
    fn refuse(&mut self, status: u16, wall: Nanos) {
        self.incoming.clear();
        self.stage = Stage::Answering { keeps_alive: false, has_body: true };
        let body = r#"{"error":{"code":"bad_request","message":"the request cannot be read"}}"#;
        self.answer(&Reply::new(status, body), wall);
    }

    fn end_when_idle(&mut self, wall: Nanos) -> Option<Heard> {
        if wall.since(self.since) <= self.idle_ns_max {
            return None;
        }
        if self.incoming.is_empty() {
            self.begin_to_leave(wall);
        } else {
            self.refuse(408, wall);
        }
        None
    }

    // ---- the end -------------------------------------------------------------------------------

    fn begin_to_leave(&mut self, wall: Nanos) {
        self.stage = Stage::Leaving { until: wall.plus(LEAVE_NS_MAX), said_goodbye: false };
    }

    /// Who closes with unread bytes in the kernel makes TCP throw away what is under way: the client
    /// ends it, or time does.
    fn leave(&mut self, wall: Nanos) -> Option<Heard> {
        let Stage::Leaving { until, said_goodbye } = &mut self.stage else { return None };
        if wall > *until {
            return Some(Heard::Gone);
        }
        if !*said_goodbye {
            match self.pipe.close() {
                Ok(done) => *said_goodbye = done,
                Err(_) => return Some(Heard::Gone),
            }
        }
        let mut buffer = [0; READ_BYTES];
        loop {
            match self.pipe.read(&mut buffer) {
                Ok(0) => return Some(Heard::Gone),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(_) => return Some(Heard::Gone),
            }
        }
    }
}

/// How a stream is kept alive, in wall time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rhythm {
    /// Between two pings.
    pub(super) ping_ns: u64,
    /// Without a pong.
    pub(super) pong_ns_max: u64,
    /// What a ping says.
    pub(super) word: &'static [u8],
}
