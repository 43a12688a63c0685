//! What is left when a process dies, stands still or is turned away: the line and the exchange as two
//! processes on real sockets, killed at the moments that matter.
//!
//! A session takes about a minute, most of it waiting: the job `kills` runs them side by side.
#![cfg(unix)]

mod exchange_gone;
mod line_killed;
mod processes;
