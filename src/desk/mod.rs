//! What a person sees of a run: readers of its journal.
//!
//! Nothing here is on the order path. A [`Follower`] reads the journal while it grows, in the
//! same process or another, and hands on what it finds; the [`Tally`] counts it.

mod follow;
mod tally;

pub use follow::{Follower, Observer, Told, read_all};
pub use tally::Tally;

use trader_journal::event::{Agent, Event};

/// Whether an event that `agent` heard or said is to be counted there: what two agents hear
/// (a market's name, its life) is exec's to tell, and each thing is told once.
#[must_use]
pub const fn is_told_by(agent: Agent, event: &Event) -> bool {
    match agent {
        Agent::Exec => true,
        Agent::Pricing => !event.hearers().exec && !matches!(event, Event::RunStarted { .. }),
        Agent::Shell | Agent::Kalshi | Agent::Binance | Agent::Venue | Agent::Control => {
            !matches!(event, Event::RunStarted { .. } | Event::Operator { .. })
        }
    }
}
