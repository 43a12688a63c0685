//! The shell of the trader: arguments, configuration, files and the clock are here and nowhere
//! else. The stages are crates of their own and know nothing of it.
//!
//! Read [`mod@line`] first: it joins the stages. What it needs from outside comes next ([`gateway`],
//! [`scout`], the mock [`exchange`]), then what only looks at a journal afterwards ([`show`], [`audit`]).

pub mod cli;
pub mod config;
pub mod line;
pub mod socket;
pub mod signer;
pub mod gateway;
pub mod scout;
pub mod control;
pub mod exchange;
pub mod candles;
pub mod research;
pub mod record;
pub mod desk;
pub mod show;
pub mod audit;
pub mod skew;
pub mod clock;
pub mod thread;
