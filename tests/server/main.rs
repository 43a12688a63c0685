//! The mock exchange over real sockets: TLS, keys, requests, streams, faults, and the process that serves it.

mod client;
mod description;
mod faults;
mod many;
mod process;
mod rest;
mod stream;
