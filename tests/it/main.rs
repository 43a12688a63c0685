//! Behaviour of the shell, one binary.

mod calc;
mod config;
mod gateway;
mod house;
mod readme;
mod sim;
