//! A line as it was when its journal ends, for whoever goes on with it.

use super::replay::{Line, ReplayError, ReplayReport, leftover, run_again, stages_of};
use super::stages::Stages;
use std::path::Path;
use trader_journal::event::{Agent, Event};

/// The numbers of the feeds' last connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// Kalshi's.
    pub kalshi: u32,
    /// Binance's.
    pub binance: u32,
}

/// What each agent said last and did not write down, by its number.
pub type LastWords = [Vec<Event>; Agent::ALL.len()];

/// A line as it was when its journal ends, for whoever goes on with it.
pub struct Resumed {
    /// The stages, with all they know.
    pub stages: Stages,
    /// To be written down before anything else.
    pub last_words: LastWords,
    /// The connections there were.
    pub links: Links,
    /// The configuration it was made with.
    pub configuration: String,
    /// What was compared on the way.
    pub report: ReplayReport,
}

/// The line of the journal in `dir` as it was at its end: every agent run again on its own stream.
///
/// # Errors
/// As [`super::replay::replay`]: a line that would say something else today cannot go on with what was said. Go on
/// with the program and the configuration that wrote the journal, or begin another journal.
pub fn resume(dir: &Path) -> Result<Resumed, ReplayError> {
    let (mut line, label, entries, _) = run_again(dir, &[])?;
    line.drop_unheard()?;
    let last_words = std::array::from_fn(|agent| line.said[agent].now.drain(..).collect());
    for agent in Agent::ALL {
        leftover(&line.said[agent as usize], agent)?;
    }
    let Line { configuration, links, kalshi, binance, pricing, exec, report, .. } = line;
    let again = stages_of(&configuration, &[], report.last_ts)?;
    let stages =
        Stages { kalshi: kalshi.session, binance: binance.session, pricing: pricing.stage, exec: exec.stage, ..again };
    let report = ReplayReport { label, entries, ..report };
    Ok(Resumed { stages, last_words, links, configuration, report })
}
