//! The mock exchange, heard and asked as a client hears and asks it.

mod client;
mod day;
mod determinism;
mod feeds;
mod makers;
mod market;
mod orders;
mod rest;
mod stream;
mod writes;
