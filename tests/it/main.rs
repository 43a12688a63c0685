//! Behaviour of the shell, one binary.

mod config;
mod house;
