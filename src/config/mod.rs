//! Configuration: `config/default.toml`, files laid over it, `--set key=value` on top.
//!
//! Every key exists in the default file; a key that does not is refused with its line and
//! the nearest one that does. Every value knows where it came from.

mod layer;
mod values;
mod threads;
mod amounts;
mod exchange;
mod faults;
mod outside;
mod waiting;

pub use amounts::{cents, contracts, dollars};
pub use exchange::{Exchange, RateRefusal, Tier};
pub use faults::{Fault, WireFault, needs_sockets, parse_faults};
pub use layer::{ConfigError, Layers, Origin};
pub use outside::{Gateway, Link, Scout, Signer};
pub use threads::{StageThreads, Threads, Waiting};
pub use values::{
    Account, Bankroll, Capacity, Config, DailyLossRule, Difficulty, Direction, Edge, Freshness, Journal, JournalSync,
    Limits, MakerSettings, Market, Mode, Orders, Polls, Probability, Series, Sim, Strategies, Volatility, Window,
};

pub use waiting::{WAITING, waits_for};

/// The shipped defaults, kept in the binary so that it runs from any directory.
pub const DEFAULT_TOML: &str = include_str!("../../config/default.toml");
