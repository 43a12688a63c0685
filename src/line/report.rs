//! The report of a run, and the label without which nothing of a simulation is shown.

use super::health::JournalReport;
use super::port::Signatures;
use crate::desk::Tally;
use crate::desk::latency::Latency;
use serde_json::{Value, json};
use std::fmt;
use std::path::PathBuf;
use trader_journal::units::{Count, Money};

/// What must be said wherever something of a simulation is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Label {
    /// `easy`, `normal` or `hard`.
    pub difficulty: &'static str,
    /// Standard deviation of the makers' error of ln σ.
    pub noise: f64,
    /// The run's seed.
    pub seed: u64,
}

impl Label {
    /// The label as JSON: the keys every object of a simulation carries.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "mode": "sim",
            "market": "synthetic",
            "difficulty": self.difficulty,
            "noise": self.noise,
            "seed": self.seed,
            "evidence": false,
        })
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Label { difficulty, noise, seed } = self;
        write!(f, "SIM · synthetic market ({difficulty}), noise {noise}, seed {seed} · NOT EVIDENCE")
    }
}

/// What is left of a run beside its journal.
#[derive(Clone, Debug)]
pub struct RunEnd {
    /// Hash of the state of every agent at the end.
    pub state_hash: u64,
    /// Events in the journal.
    pub events: u64,
    /// What only a run over sockets has.
    pub wire: Option<WireEnd>,
}

/// What is left of a run over sockets.
#[derive(Clone, Debug)]
pub struct WireEnd {
    /// Times between the line's places.
    pub latency: Latency,
    /// Connections of both streams that were made because another had gone.
    pub reconnects: u64,
    /// What became of the signatures made ahead.
    pub signatures: Signatures,
    /// How the journal stood when the line had ended.
    pub journal: JournalReport,
    /// What people should know of how it went.
    pub remarks: Vec<String>,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct RunReport {
    label: Label,
    index_source: String,
    windows_settled: u64,
    evaluations: u64,
    evaluations_by_gate: Vec<(&'static str, u64)>,
    orders_sent: u64,
    orders_filled: u64,
    contracts: Count,
    fees: Money,
    result: Money,
    journal_dir: PathBuf,
    ledger_path: Option<PathBuf>,
    end: RunEnd,
    wall_ms: u64,
}

impl RunReport {
    /// The report of what is left of a run and of what its journal came to; a venue that is somebody else's
    /// keeps its ledger.
    #[must_use]
    pub fn new(
        label: Label,
        index_source: String,
        end: RunEnd,
        tally: &Tally,
        (journal_dir, ledger_path): (PathBuf, Option<PathBuf>),
    ) -> RunReport {
        let by_gate = tally.evaluations_by_gate();
        RunReport {
            label,
            index_source,
            windows_settled: tally.events_settled(),
            evaluations: tally.evaluations(),
            evaluations_by_gate: by_gate.into_iter().map(|(gate, count)| (gate.word(), count)).collect(),
            orders_sent: tally.orders_sent(),
            orders_filled: tally.orders_filled(),
            contracts: tally.contracts(),
            fees: tally.fees(),
            result: tally.result(),
            journal_dir,
            ledger_path,
            end,
            wall_ms: 0,
        }
    }

    /// With the time it took by the wall clock.
    #[must_use]
    pub fn with_wall_ms(self, wall_ms: u64) -> RunReport {
        RunReport { wall_ms, ..self }
    }

    /// One object.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut object = self.label.json();
        let gates: serde_json::Map<_, _> =
            self.evaluations_by_gate.iter().map(|(gate, count)| ((*gate).to_owned(), json!(count))).collect();
        let more = json!({
            "index_source": self.index_source,
            "windows_settled": self.windows_settled,
            "evaluations": self.evaluations,
            "evaluations_by_gate": gates,
            "orders_sent": self.orders_sent,
            "orders_filled": self.orders_filled,
            "contracts": number(&self.contracts),
            "fees_usd": number(&self.fees),
            "pnl_usd": number(&self.result),
            "journal_dir": self.journal_dir.display().to_string(),
            "ledger_path": self.ledger_path.as_ref().map(|path| path.display().to_string()),
            "state_hash": format!("{:016x}", self.end.state_hash),
            "events": self.end.events,
            "wall_ms": self.wall_ms,
        });
        if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
            object.extend(more);
        }
        if let (Value::Object(object), Some(wire)) = (&mut object, &self.end.wire) {
            object.extend(wire.json());
        }
        object
    }
}

impl WireEnd {
    fn json(&self) -> serde_json::Map<String, Value> {
        let Signatures { taken, inline } = self.signatures;
        let fields = [
            ("latency_ns", self.latency.json()),
            ("measured", self.latency.conditions().json()),
            ("reconnects", json!(self.reconnects)),
            ("signature_pool", json!({ "taken": taken, "inline": inline })),
            ("journal", self.journal.json()),
            ("remarks", json!(self.remarks)),
        ];
        fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

impl fmt::Display for WireEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Signatures { taken, inline } = self.signatures;
        writeln!(f, "reconnects            {}", self.reconnects)?;
        writeln!(f, "signatures            {taken} made ahead, {inline} on the spot")?;
        writeln!(f, "journal's disk        {}", self.journal)?;
        self.remarks.iter().try_for_each(|remark| writeln!(f, "note                  {remark}"))?;
        write!(f, "{}", self.latency)
    }
}

/// A decimal as the JSON number with the same digits.
fn number(decimal: &impl fmt::Display) -> Value {
    serde_json::from_str(&decimal.to_string()).unwrap_or(Value::Null)
}

impl fmt::Display for RunReport {
    /// Evaluations and replay first, money last, in `sim$`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.label)?;
        writeln!(f, "{}", self.index_source)?;
        writeln!(f, "event closes settled  {}", self.windows_settled)?;
        writeln!(f, "evaluations           {}", self.evaluations)?;
        for (gate, count) in &self.evaluations_by_gate {
            writeln!(f, "  {count:>5}  {gate}")?;
        }
        writeln!(f, "orders sent / filled  {} / {}", self.orders_sent, self.orders_filled)?;
        writeln!(f, "contracts             {}", self.contracts)?;
        writeln!(f, "journal               {} ({} events)", self.journal_dir.display(), self.end.events)?;
        if let Some(ledger) = &self.ledger_path {
            writeln!(f, "venue's ledger        {}", ledger.display())?;
        }
        writeln!(f, "state hash            {:016x}", self.end.state_hash)?;
        writeln!(f, "wall time             {} ms", self.wall_ms)?;
        if let Some(wire) = &self.end.wire {
            write!(f, "{wire}")?;
        }
        writeln!(f, "fees                  sim${}", self.fees)?;
        writeln!(f, "result                sim${}  (synthetic makers: this is not evidence)", self.result)
    }
}
