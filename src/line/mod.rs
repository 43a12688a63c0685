//! The line: agents, the rings between them, and the journal they write.
//!
//! ```text
//! feeds::kalshi ──ring──▶ pricing ──ring──▶ exec ──▶ gateway ──▶ exchange
//!       └──────────────ring───────────────▶ ▲ ▲         └─ replies ─▶ exec
//! feeds::binance ─ring──▶ pricing
//! ```
//!
//! Today it runs on one thread in virtual time ([`Lockstep`]); an agent does not know that.

mod agent;
mod feed;
mod lockstep;
pub mod replay;
mod report;
mod sessions;
pub mod sim;
mod stages;
mod tally;
mod tap;

pub use agent::{Input, Output, StageAgent};
pub use feed::{FeedAgent, FeedInput, FeedSession, Route, split_answer};
pub use lockstep::{Lockstep, LockstepError, RunOutcome, RunPlan};
pub use stages::Stages;
pub use tally::Tally;
pub use tap::{HASH_EVERY_EVENTS, Tap, TapError};
