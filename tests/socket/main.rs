//! Sockets over the real loopback: our side against a TLS server of our own and against peers
//! that misbehave. Nothing sleeps: everything waits for a condition, with a deadline.

mod support;
mod stream;
mod link;
mod link_faults;
mod http;
