//! What people tell the line: pause, resume, cancel-all, kill, clear; and what they ask: status.
//!
//! A command is an [`Event::Operator`](trader_journal::event::Event::Operator) on a ring of its
//! own to exec, and acknowledged only when it is in there. It comes from another terminal over a
//! local socket in the run's data directory (a named pipe on Windows), or from a signal.

mod ask;
mod commands;
mod place;
mod server;
pub mod signals;

pub use ask::{AskError, ask, is_alive};
pub use commands::{By, CommandError, Commands, Request, verb_named};
pub use place::SOCKET_NAME;
pub use server::{ControlError, RunningServer, Server};
