//! An event as people read it and as JSON has it: its word, and its fields in order.
//!
//! Nothing here rounds: money, prices and counts are printed as the decimals they are, times to
//! the nanosecond, and no float is made on the way. Used by `journal cat` and by every desk.

mod table;
mod value;

pub use table::{KINDS, fields, word};
pub use value::{Value, time};

use trader_journal::event::{Agent, Ring};
use trader_journal::log::{Origin, Position};

/// The word of an agent.
#[must_use]
pub const fn agent_word(agent: Agent) -> &'static str {
    match agent {
        Agent::Shell => "shell",
        Agent::Kalshi => "kalshi",
        Agent::Binance => "binance",
        Agent::Pricing => "pricing",
        Agent::Exec => "exec",
        Agent::Venue => "venue",
        Agent::Control => "control",
    }
}

/// The word of a ring.
#[must_use]
pub const fn ring_word(ring: Ring) -> &'static str {
    match ring {
        Ring::Shell => "shell",
        Ring::KalshiPricing => "kalshi_pricing",
        Ring::KalshiExec => "kalshi_exec",
        Ring::BinancePricing => "binance_pricing",
        Ring::PricingExec => "pricing_exec",
        Ring::GatewayExec => "gateway_exec",
        Ring::ControlExec => "control_exec",
        Ring::ModelPricing => "model_pricing",
        Ring::JournalExec => "journal_exec",
        Ring::ShellExec => "shell_exec",
    }
}

/// `said`, or the ring it was heard on; a ring without a name is its number.
#[must_use]
pub fn origin_word(origin: Origin) -> String {
    match origin.ring() {
        None => "said".to_owned(),
        Some(number) => {
            Ring::from_number(number).map_or_else(|| format!("ring {number}"), |ring| ring_word(ring).to_owned())
        }
    }
}

/// A position as it is printed and typed: `SEGMENT:LINE`.
#[must_use]
pub fn position_word(position: Position) -> String {
    format!("{}:{}", position.segment, position.line)
}

/// Reads `SEGMENT:LINE`; a segment alone is its first line.
#[must_use]
pub fn parse_position(text: &str) -> Option<Position> {
    let (segment, line) = text.split_once(':').unwrap_or((text, "0"));
    Some(Position { segment: segment.parse().ok()?, line: line.parse().ok()? })
}
