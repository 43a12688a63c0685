//! What a person sees of a run: readers of its journal.
//!
//! Nothing here is on the order path. A [`Follower`] reads the journal while it grows, in the
//! same process or another, and hands on what it finds; the [`Tally`] counts it,
//! the [`Story`] tells it in sentences, the [`Status`] says how it stands.

pub mod amounts;
mod fills;
mod follow;
pub mod latency;
mod memory;
pub mod status;
mod story;
mod tally;

pub use follow::{Follower, Observer, Told, read_all};
pub use status::Status;
pub use story::Story;
pub use tally::Tally;

use trader_journal::event::{Agent, Event, Ring};
use trader_journal::log::Origin;

/// Whether an event that `agent` heard or said is to be counted there: what two agents hear (a
/// market's name, its life) is exec's to tell, and each thing is told once.
#[must_use]
pub fn is_told_by(agent: Agent, origin: Origin, event: &Event) -> bool {
    let is_of_exec = matches!(event, Event::RunStarted { .. } | Event::Operator { .. });
    match agent {
        Agent::Exec => true,
        // Nobody else hears the spot feed.
        Agent::Pricing if origin.ring() == Some(Ring::BinancePricing as u8) => true,
        Agent::Pricing => !is_of_exec && !event.hearers().exec,
        Agent::Shell | Agent::Kalshi | Agent::Binance | Agent::Venue | Agent::Control => !is_of_exec,
    }
}
