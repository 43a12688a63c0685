//! Behaviour of the shell, one binary.

mod calc;
mod config;
mod house;
