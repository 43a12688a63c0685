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
mod disk;
mod feed;
mod lockstep;
pub mod pen;
pub mod replay;
mod report;
pub mod scribe;
mod sessions;
pub mod sim;
mod stages;

pub use agent::{Input, Output, StageAgent, Word};
pub use disk::DiskPlan;
pub use feed::{FeedAgent, FeedCost, FeedInput, FeedSession, Route, split_answer};
pub use lockstep::{Lockstep, LockstepError, RunOutcome, RunPlan};
pub use pen::{HASH_EVERY_EVENTS, Pen, PenError};
pub use scribe::{Committed, PenSizes, Pens, Scribe, ScribeError};
pub use stages::Stages;
