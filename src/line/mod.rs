//! The line: agents, the rings between them, and the journal they write.
//!
//! ```text
//! feeds::kalshi ──ring──▶ pricing ──ring──▶ exec ──▶ gateway ──▶ exchange
//!       └──────────────ring───────────────▶ ▲ ▲         └─ replies ─▶ exec
//! feeds::binance ─ring──▶ pricing
//! ```
//!
//! It runs on one thread in virtual time ([`Lockstep`]), or on one, two or four threads against
//! sockets ([`threaded`]); an agent does not know which.

mod agent;
mod disk;
mod feed;
mod flight;
mod halt;
pub mod health;
mod latency;
pub mod killed;
mod lead;
mod lockstep;
mod opening;
pub mod outside;
mod part;
pub mod pen;
pub mod plan;
pub mod port;
pub mod replay;
mod rerun;
pub mod resume;
mod report;
pub mod scribe;
mod seat;
mod sessions;
pub mod sim;
mod settling;
mod stages;
mod standing;
pub mod threaded;
mod times;
pub mod wired;

pub use agent::{EVENTS_MAX, Input, Output, StageAgent, Word};
pub use disk::DiskPlan;
pub use feed::{FeedAgent, FeedCost, FeedInput, FeedSession, Route, answer_bytes_max, split_answer};
pub use halt::Halt;
pub use latency::{Hop, StampCost};
pub use lockstep::{Ended, Lockstep, LockstepError, RunOutcome, RunPlan};
pub use pen::{HASH_EVERY_EVENTS, Pen, PenError};
pub use scribe::{Committed, PenSizes, Pens, Scribe, ScribeError};
pub use stages::Stages;
pub use times::Times;
