//! On what, and how long, was measured.

use std::fmt;
use std::time::Instant;

/// How long to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Seconds: does it run, are the ratios sane.
    Quick,
    /// About a minute: figures worth quoting.
    Full,
}

/// What stands above the tables.
#[derive(Debug)]
pub struct Conditions {
    cores: usize,
    model: String,
    pinned: bool,
    effort: Effort,
}

impl Conditions {
    /// Looks at the machine; pins the calling thread to the first core to learn whether that works.
    pub fn here(effort: Effort) -> Conditions {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
        let model = model.trim_start_matches([' ', '\t', ':']).to_owned();
        Conditions { cores, model, pinned: pin(0) && cores > 1, effort }
    }

    /// How many times each block is repeated: `full` of them, or a few.
    pub fn rounds(&self, full: usize) -> usize {
        match self.effort {
            Effort::Quick => full.div_ceil(20),
            Effort::Full => full,
        }
    }
}

impl fmt::Display for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let profile = if cfg!(debug_assertions) { "with debug assertions" } else { "optimised" };
        let pinned = if self.pinned { "threads pinned to cores 0 and 1" } else { "threads NOT pinned" };
        write!(f, "{} cores, {}, {profile}, {pinned}, {:?}", self.cores, self.model, self.effort)?;
        if self.cores < 2 {
            write!(f, "\nONE CORE: both ends share it, and no ratio below means anything")?;
        }
        Ok(())
    }
}

/// Keeps the calling thread on the `index`-th core it may use; `false` where that is not possible.
pub fn pin(index: usize) -> bool {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    cores.get(index).is_some_and(|core| core_affinity::set_for_current(*core))
}

/// The bench's only look at the clock.
#[expect(clippy::disallowed_methods, reason = "a bench measures time; nothing here is a stage")]
#[inline(always)]
pub fn now() -> Instant {
    Instant::now()
}
