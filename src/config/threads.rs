//! The values of `[threads]`: how the line's agents share the machine.
#![expect(missing_docs, reason = "a field is a key of config/default.toml, which says what it does")]

use super::values::Config;
use serde::Deserialize;

/// Threads, waiting, cores, memory.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threads {
    pub stages: StageThreads,
    pub waiting: Waiting,
    pub cores: Vec<u64>,
    pub lock_memory: bool,
}

/// On how many threads the four agents run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum StageThreads {
    /// As the number of cores allows.
    #[serde(rename = "auto")]
    Auto,
    /// All on one.
    #[serde(rename = "1")]
    One,
    /// The feeds on one, pricing and exec on another.
    #[serde(rename = "2")]
    Two,
    /// Each on its own.
    #[serde(rename = "4")]
    Four,
}

impl StageThreads {
    /// How many; `None`: as the machine allows.
    #[must_use]
    pub const fn count(self) -> Option<usize> {
        match self {
            StageThreads::Auto => None,
            StageThreads::One => Some(1),
            StageThreads::Two => Some(2),
            StageThreads::Four => Some(4),
        }
    }
}

/// What a thread does while its agents have nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// `Spin` when every stage has a core of its own, otherwise a few yields and a park.
    Auto,
    /// Never gives its core away.
    Spin,
    /// Yields, and never parks.
    Yield,
    /// Parks at once, 1 ms at most.
    Park,
}

impl Config {
    pub(super) fn threads_problem(&self) -> Option<(&'static str, String)> {
        let Threads { stages, ref cores, .. } = self.threads;
        let twice = (1..cores.len()).find(|at| cores[..*at].contains(&cores[*at]));
        if let Some(at) = twice {
            return Some(("threads.cores", format!("core {} is named twice", cores[at])));
        }
        if !cores.is_empty() && stages.count() != Some(cores.len()) {
            return Some(("threads.cores", "name one core for each thread, and say threads.stages too".into()));
        }
        None
    }
}
