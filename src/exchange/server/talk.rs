//! A WebSocket on the server's side, over a pipe that takes everything.

use super::connection::Rhythm;
use super::pipe::Pipe;
use std::io::ErrorKind;
use trader_journal::units::Nanos;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame};
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Error, Message};

/// A command of a client has at most so many bytes.
const COMMAND_BYTES_MAX: usize = 1 << 20;

/// What came.
pub(super) enum Said {
    /// A message.
    Text(Vec<u8>),
    /// Nothing more for now.
    Nothing,
    /// Both sides, or we, said goodbye: what is left has to be sent.
    Over,
    /// The connection failed.
    Gone,
}

/// The state of a WebSocket.
pub(super) struct Talk {
    context: WebSocketContext,
    last_ping: Nanos,
    last_pong: Nanos,
    commands_per_s_max: u32,
    /// Since when, and how many.
    commands: (Nanos, u32),
}

impl Talk {
    /// A WebSocket that begins at wall time `wall`; `came` is what the client has sent already.
    pub(super) fn new(came: Vec<u8>, wall: Nanos, commands_per_s_max: u32) -> Talk {
        let config = WebSocketConfig::default()
            .write_buffer_size(0)
            .max_message_size(Some(COMMAND_BYTES_MAX))
            .max_frame_size(Some(COMMAND_BYTES_MAX));
        let context = WebSocketContext::from_partially_read(came, Role::Server, Some(config));
        Talk { context, last_ping: wall, last_pong: wall, commands_per_s_max, commands: (wall, 0) }
    }

    pub(super) fn is_open(&self) -> bool {
        self.context.can_write()
    }

    pub(super) fn next(&mut self, pipe: &mut Pipe, wall: Nanos) -> Said {
        loop {
            match self.context.read(pipe) {
                Ok(Message::Text(_) | Message::Binary(_)) if !self.may_say_more(wall) => {
                    self.close(pipe, "too many requests");
                    return Said::Over;
                }
                Ok(Message::Text(text)) => return Said::Text(text.as_bytes().to_vec()),
                Ok(Message::Binary(bytes)) => return Said::Text(bytes.to_vec()),
                Ok(Message::Pong(_)) => self.last_pong = wall,
                // Pings and closes are answered by the protocol itself.
                Ok(Message::Ping(_) | Message::Close(_) | Message::Frame(_)) => {}
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => return Said::Nothing,
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => return Said::Over,
                Err(Error::Io(_)) => return Said::Gone,
                Err(_) => {
                    self.close_with(pipe, CloseCode::Protocol, "not understood");
                    return Said::Over;
                }
            }
        }
    }

    fn may_say_more(&mut self, wall: Nanos) -> bool {
        let (since, count) = &mut self.commands;
        if wall.since(*since) >= Nanos::SECOND {
            (*since, *count) = (wall, 0);
        }
        *count += 1;
        *count <= self.commands_per_s_max
    }

    pub(super) fn say(&mut self, pipe: &mut Pipe, text: &[u8]) {
        let frame = Frame::message(text.to_vec(), OpCode::Data(Data::Text), true);
        // After our goodbye nothing is said any more.
        let _ = self.context.write(pipe, Message::Frame(frame));
    }

    pub(super) fn close(&mut self, pipe: &mut Pipe, why: &'static str) {
        self.close_with(pipe, CloseCode::Policy, why);
    }

    fn close_with(&mut self, pipe: &mut Pipe, code: CloseCode, why: &'static str) {
        let _ = self.context.close(pipe, Some(CloseFrame { code, reason: why.into() }));
    }

    /// Pings when it is time; `false`: no pong came for too long.
    pub(super) fn beat(&mut self, pipe: &mut Pipe, wall: Nanos, rhythm: &Rhythm) -> bool {
        if wall.since(self.last_pong) > rhythm.pong_ns_max {
            return false;
        }
        if wall.since(self.last_ping) >= rhythm.ping_ns {
            self.last_ping = wall;
            let _ = self.context.write(pipe, Message::Ping(rhythm.word.to_vec().into()));
        }
        true
    }
}
