//! One session lived in several lives, and what must be true of its journal at the end.

use kalshi_trader::audit::{Inputs, Report, audit};
use kalshi_trader::config::Layers;
use kalshi_trader::line::RunOutcome;
use kalshi_trader::line::killed::{Killed, Life};
use kalshi_trader::line::replay::{ReplayReport, replay};
use kalshi_trader::line::sim::{SimRequest, SimRun};
use kalshi_trader::record::RecordKind;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use trader_journal::event::{Agent, Event};
use trader_journal::log::{Entry, Reader};
use trader_journal::units::Nanos;

/// Records of what is about to run, which stand in the journal before a life can be cut.
pub(crate) const HEAD: u64 = 3;

/// Half an hour in which every market is traded: the makers are a minute late, and any edge is taken.
pub(crate) const SETTINGS: &[&str] = &[
    "journal.segment_mib=4",
    "capacity.frame_bytes_max=1048576",
    "sim.windows=2",
    "sim.seed=8",
    "sim.market=easy",
    "sim.easy.noise=1.2",
    "sim.maker.price_lag_ms=60000",
    "edge.edge_gross_min_cents=0",
    "edge.edge_net_min_cents=0",
    "edge.disagreement_max_cents=90",
    "edge.near_strike_min_bp=0",
    "limits.collar_cents=95",
];

/// A session of its own in a folder of its own.
pub(crate) struct Session {
    dir: TempDir,
}

/// What a session came to.
pub(crate) struct Over {
    pub(crate) lives: u32,
    pub(crate) outcome: Box<RunOutcome>,
    pub(crate) replayed: ReplayReport,
    pub(crate) audited: Report,
}

impl Session {
    pub(crate) fn new() -> Session {
        Session { dir: TempDir::new().unwrap() }
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.dir.path().join("data/journal")
    }

    pub(crate) fn begin(&self, settings: &[&str]) -> Killed {
        let mut layers = Layers::defaults().unwrap();
        settings.iter().for_each(|setting| layers.add_setting(setting).unwrap());
        let data_dir = self.dir.path().join("data");
        let request = SimRequest { candles: Vec::new(), from: None, to: None, windows: None, data_dir };
        SimRun::prepare(&mut layers, &request).unwrap().mortal().unwrap()
    }

    /// Lives the session with a kill after each of `lives` (entries written, time until the next life);
    /// the last life goes to the end.
    pub(crate) fn live(&self, settings: &[&str], lives: &[(u64, u64)]) -> Over {
        let mut killed = self.begin(settings);
        let mut down_ns = 0;
        for (entries, then_down_ns) in lives.iter().copied().chain([(u64::MAX, 0)]) {
            match killed.live(down_ns, entries).unwrap_or_else(|error| panic!("{lives:?}: {error}")) {
                Life::Killed(next) => killed = *next,
                Life::Over(outcome, lives) => return self.judge(outcome, lives),
            }
            down_ns = then_down_ns;
        }
        unreachable!("the last life is not cut")
    }

    fn judge(&self, outcome: Box<RunOutcome>, lives: u32) -> Over {
        let mut ledger = Vec::new();
        outcome.exchange.write_ledger(&mut ledger).unwrap();
        let ledger = String::from_utf8(ledger).unwrap();
        let replayed = replay(&self.journal(), &[]).unwrap_or_else(|error| panic!("{error}"));
        let audited = audit(&self.journal(), Inputs { limits: None, ledger: Some(&ledger) }).unwrap();
        Over { lives, outcome, replayed, audited }
    }
}

impl Over {
    /// Panics with the first findings, if there are any.
    pub(crate) fn assert_clean(&self, what: &str) {
        let found: Vec<_> = self.audited.findings.kept().iter().take(5).collect();
        assert!(found.is_empty(), "{what}: {found:#?}");
        let account = self.outcome.exchange.venue().account();
        let open: i64 = account.holdings().map(|holding| holding.position.0.abs()).sum();
        assert_eq!(open, 0, "{what}: something is not paid");
    }
}

/// One entry of a journal, as far as a place to kill at is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) agent: Agent,
    pub(crate) event: Option<Event>,
    pub(crate) record: Option<RecordKind>,
    pub(crate) ts: Nanos,
}

/// The journal's entries in order, without the first [`HEAD`].
pub(crate) fn entries(journal: &Path) -> Vec<Seen> {
    let mut reader = Reader::open(journal).unwrap();
    let mut seen = Vec::new();
    while let Some(entry) = reader.next().unwrap() {
        seen.push(match entry {
            Entry::Line { stream, body, .. } => {
                let event = Event::from_bytes(body).unwrap();
                let agent = Agent::from_stream(stream.number()).unwrap();
                Seen { agent, event: Some(event), record: None, ts: event.ts() }
            }
            Entry::Record { stream, kind, ts, .. } => {
                let agent = Agent::from_stream(stream.number()).unwrap();
                Seen { agent, event: None, record: RecordKind::from_number(kind), ts }
            }
        });
    }
    seen.split_off(HEAD as usize)
}
