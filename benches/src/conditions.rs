//! On what, and how long, is measured.

use core_affinity::CoreId;
use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// No time at all: every line of the bench runs once or twice, and no figure means anything.
    Smoke,
    /// Seconds: does it run, are the ratios sane.
    Quick,
    /// A minute or two: figures worth quoting.
    Full,
}

impl Effort {
    /// As the command line says: `cargo bench` is full, `-- --quick` is quick, `cargo test` is a smoke test.
    #[must_use]
    pub fn from_args() -> Effort {
        let given = |wanted: &str| std::env::args().any(|argument| argument == wanted);
        match (given("--quick"), given("--bench")) {
            (true, _) => Effort::Quick,
            (false, true) => Effort::Full,
            (false, false) => Effort::Smoke,
        }
    }

    /// How long one table may take.
    #[must_use]
    pub const fn budget(self) -> Duration {
        match self {
            Effort::Smoke => Duration::ZERO,
            Effort::Quick => Duration::from_millis(2_500),
            Effort::Full => Duration::from_secs(25),
        }
    }
}

/// What stands above the tables.
#[derive(Debug)]
pub struct Conditions {
    cores: Vec<CoreId>,
    model: String,
    effort: Effort,
    clock_ns: f64,
}

impl Conditions {
    /// Looks at the machine.
    #[must_use]
    pub fn here(effort: Effort) -> Conditions {
        let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown processor");
        let model = model.trim_start_matches([' ', '\t', ':']).to_owned();
        // Asked once, before anything is pinned: a pinned thread is told of its own core only.
        let cores = core_affinity::get_core_ids().unwrap_or_default();
        Conditions { cores, model, effort, clock_ns: clock_ns() }
    }

    /// How long to measure.
    #[must_use]
    pub const fn effort(&self) -> Effort {
        self.effort
    }

    /// Whether two threads can have a core each. If not, nothing between threads is worth measuring: two
    /// ends that spin on one core wait for the scheduler's time slice at each message.
    #[must_use]
    pub fn has_two_cores(&self) -> bool {
        self.cores.len() >= 2
    }

    /// Keeps the calling thread on the `index`-th core this process may use, if the system lets it.
    pub fn pin(&self, index: usize) {
        if let Some(core) = self.cores.get(index) {
            core_affinity::set_for_current(*core);
        }
    }
}

impl fmt::Display for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let profile = if cfg!(debug_assertions) { "WITH DEBUG ASSERTIONS" } else { "optimised" };
        let Conditions { cores, model, effort, clock_ns } = self;
        write!(f, "{} cores, {model}, {profile}, threads pinned, {effort:?}", cores.len())?;
        write!(f, "\nload before: {}; one clock reading: {clock_ns:.0} ns", load())?;
        if *effort == Effort::Smoke {
            write!(f, "\nSMOKE: a few blocks each, no figure below means anything")?;
        }
        Ok(())
    }
}

/// What else the machine was busy with: the run queue's mean of the last minute, where the system tells.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("unknown").to_owned()
}

fn clock_ns() -> f64 {
    const READINGS: u32 = 10_000;
    let start = now();
    for _ in 0..READINGS {
        std::hint::black_box(now());
    }
    start.elapsed().as_nanos() as f64 / f64::from(READINGS)
}

/// The file system a path lies on, as the longest mount point above it says.
#[must_use]
pub fn file_system(path: &Path) -> String {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>()).filter(|fields| fields.len() > 2);
    let above = fields.filter(|fields| path.starts_with(fields[1])).max_by_key(|fields| fields[1].len());
    above.map_or("unknown file system".to_owned(), |fields| fields[2].to_owned())
}

/// The benches' only look at the clock.
#[expect(clippy::disallowed_methods, reason = "a bench measures time; nothing here is a stage")]
#[inline(always)]
#[must_use]
pub fn now() -> Instant {
    Instant::now()
}
