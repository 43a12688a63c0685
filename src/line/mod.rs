//! The line: agents, the rings between them, and the journal they write.
//!
//! ```text
//! feeds::kalshi ──ring──▶ pricing ──ring──▶ exec ──▶ gate ──▶ venue
//! feeds::binance ─ring──▶    ▲                ▲ └─ replies, fills ─┘
//! ```
//!
//! Today it runs on one thread in virtual time ([`lockstep`]); an agent does not know that.

mod agent;
mod lockstep;
mod stages;
mod tap;

pub use agent::{FeedAgents, StageAgent};
pub use lockstep::{Lockstep, LockstepError, RunReport};
pub use stages::{StageSettings, stage_settings};
pub use tap::{HASH_EVERY_EVENTS, Tap, TapError};
