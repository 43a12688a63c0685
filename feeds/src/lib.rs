//! Frames in, events out: the venues' sessions as state machines without I/O.
//!
//! A session is told what arrived and when, and says two things: events for the line and
//! frames to send. It owns no socket, no clock and no thread, and never waits: whoever drives
//! it calls [`kalshi::Session::next_deadline`] and injects a timer when that time has come.
#![forbid(unsafe_code)]

pub mod kalshi;
pub mod binance;
pub mod frames;
pub mod json;
pub mod time;

mod read;
mod text;
