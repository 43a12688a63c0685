//! The mock exchange, heard and asked as a client hears and asks it.

mod client;
mod determinism;
mod market;
mod orders;
mod rest;
mod stream;
