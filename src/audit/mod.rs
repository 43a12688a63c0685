//! The offline checker: did the line keep its promises, at every prefix of its journal?
//!
//! It shares with the line the frame format and the decoding of events, and nothing else: no
//! state machine, no fee schedule, no exposure formula. Facts come from execution's stream, which
//! is self-contained (what it heard is in it before what it said), limits from the configuration
//! in the journal, and, where there is one, the venue's own ledger is the witness.
//!
//! | rule | where | asks |
//! |---|---|---|
//! | J1 | here | every byte, every stream's sequence, every line an event |
//! | J3, J4, J8 | `orders` | nothing lost, nothing doubled, no fill worse than its limit |
//! | J5 | `cash`, `holding` | every step's bookings are what its event is worth |
//! | J6, J7 | `risk`, `holding` | limits at every prefix, unknown and live orders at full size |
//! | J7 | `proof` | an order of unknown outcome is released after what proves that it never was |
//! | X1–X4 | `venue` | the venue's orders, fills, settlements and cash are the journal's |
//!
//! A journal with several openings is one run: who goes on knows what it knew, and what it had said and
//! not written down it writes down first.
//!
//! J2, that a replay says the same bytes again, is `replay --verify`.

mod finding;
mod limits;
mod names;
mod holding;
mod orders;
mod proof;
mod cash;
mod risk;
mod run;
mod ledger;
mod venue;

pub use finding::{Counts, Finding, Findings, Rule};
pub use ledger::LedgerError;
pub use limits::{DailyRule, Limits, LimitsError};

use crate::record::RecordKind;
use ledger::Ledger;
use run::{Book, Run};
use std::collections::BTreeMap;
use std::path::Path;
use thiserror::Error;
use trader_journal::event::{Agent, Event};
use trader_journal::log::{BODY_BYTES, Damage, Entry, Origin, Position, Reader, Stream, verify};
use trader_journal::units::Nanos;

/// What an audit is made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inputs<'a> {
    /// Limits to hold the journal to, in place of those it carries.
    pub limits: Option<&'a Limits>,
    /// The venue's ledger, as JSON lines.
    pub ledger: Option<&'a str>,
}

/// What an audit says.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What is wrong; empty is clean.
    pub findings: Findings,
    /// What was looked at.
    pub counts: Counts,
    /// The run's label, as the journal has it: the last one, one line of JSON.
    pub label: Option<String>,
}

/// Why there is no report.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AuditError {
    /// Execution's stream is empty.
    #[error("nothing to audit: execution wrote no event into this journal")]
    Nothing,
    /// There are orders, and nothing says what they may risk.
    #[error("the journal has orders but no configuration before them")]
    NoLimits,
    /// The configuration in the journal cannot be used.
    #[error(transparent)]
    Limits(#[from] LimitsError),
    /// The venue's ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Audits the log in `dir`.
///
/// # Errors
/// [`AuditError`] when there is nothing to judge or nothing to judge it by. Damage is a finding.
pub fn audit(dir: &Path, inputs: Inputs<'_>) -> Result<Report, AuditError> {
    let ledger = inputs.ledger.map(Ledger::parse).transpose()?;
    let mut report = Report::default();
    if let Err(damage) = verify(dir) {
        report.findings.push(damaged(&damage));
    }
    let mut auditor = Auditor { given: inputs.limits, ..Auditor::default() };
    match read(dir, &mut auditor, &mut report) {
        Ok(()) => {}
        // `verify` named it already; what stands before it is judged all the same.
        Err(Stopped::Damaged) => {}
        Err(Stopped::Refused(error)) => return Err(error),
    }
    auditor.end_run(&mut report);
    if report.counts.get("prefixes") == 0 && report.findings.total() == 0 {
        return Err(AuditError::Nothing);
    }
    if let Some(ledger) = &ledger {
        venue::compare(&auditor.run, ledger, &mut report);
    }
    Ok(report)
}

fn damaged(damage: &Damage) -> Finding {
    let finding = Finding::new(Rule::J1, "damage", None).with("file", &damage.file).with("byte", damage.offset);
    let finding = match damage.line {
        Some(line) => finding.with("line", line),
        None => finding,
    };
    finding.with("reason", damage.reason)
}

enum Stopped {
    Damaged,
    Refused(AuditError),
}

impl From<Damage> for Stopped {
    fn from(_: Damage) -> Stopped {
        Stopped::Damaged
    }
}

/// An [`Entry`] that no longer borrows its reader.
enum Read {
    Line { position: Position, stream: Stream, origin: Origin, seq: u16, body: [u8; BODY_BYTES] },
    Record { kind: Option<RecordKind>, ts: Nanos, text: String },
}

fn read(dir: &Path, auditor: &mut Auditor<'_>, report: &mut Report) -> Result<(), Stopped> {
    let mut reader = Reader::open(dir)?;
    loop {
        let read = match reader.next()? {
            None => return Ok(()),
            Some(Entry::Line { position, stream, origin, seq, body }) => {
                Read::Line { position, stream, origin, seq, body: *body }
            }
            Some(Entry::Record { kind, ts, bytes, .. }) => {
                let kind = RecordKind::from_number(kind);
                let is_read = matches!(kind, Some(RecordKind::Configuration | RecordKind::Label));
                let text = if is_read { String::from_utf8_lossy(bytes).into_owned() } else { String::new() };
                Read::Record { kind, ts, text }
            }
        };
        if let Some(header) = reader.header() {
            auditor.epoch(header.epoch, header.nonce, report);
        }
        match read {
            Read::Line { position, stream, origin, seq, body } => {
                report.counts.one("lines");
                auditor.check_sequence(position, (stream, origin), seq, report);
                auditor.line(position, (stream, origin), &body, report).map_err(Stopped::Refused)?;
            }
            Read::Record { kind, ts, text } => {
                report.counts.one("records");
                auditor.record(kind, ts, text, report).map_err(Stopped::Refused)?;
            }
        }
    }
}

/// The journal entry by entry.
#[derive(Default)]
struct Auditor<'a> {
    given: Option<&'a Limits>,
    read: Option<Limits>,
    run: Run,
    /// Number and nonce of the opening that is read.
    epoch: (u32, u32),
    /// The next sequence number of each stream and origin.
    next_seq: BTreeMap<(Stream, Origin), u16>,
}

impl Auditor<'_> {
    /// A new opening of the journal goes on with the run: sequences begin anew, and the configuration
    /// is told again.
    fn epoch(&mut self, epoch: u32, nonce: u32, report: &mut Report) {
        if self.epoch == (epoch, nonce) {
            return;
        }
        report.counts.one("epochs");
        self.epoch = (epoch, nonce);
        self.next_seq.clear();
        self.read = None;
    }

    fn end_run(&mut self, report: &mut Report) {
        self.run.finish(&mut report.findings, &mut report.counts);
    }

    fn check_sequence(&mut self, at: Position, from: (Stream, Origin), seq: u16, report: &mut Report) {
        let next = self.next_seq.entry(from).or_insert(0);
        if *next != seq {
            let (stream, origin) = from;
            let gap = Finding::new(Rule::J1, "sequence_gap", Some(at)).with("stream", stream.number());
            let gap = gap.with("origin", crate::show::origin_word(origin));
            report.findings.push(gap.with("expected", *next).with("found", seq));
        }
        *next = seq.wrapping_add(1);
    }

    fn line(
        &mut self,
        at: Position,
        from: (Stream, Origin),
        body: &[u8; BODY_BYTES],
        report: &mut Report,
    ) -> Result<(), AuditError> {
        let Some(event) = Event::from_bytes(body) else {
            let odd = Finding::new(Rule::J1, "not_an_event", Some(at));
            report.findings.push(odd.with("number", u16::from_le_bytes([body[0], body[1]])));
            return Ok(());
        };
        self.run.last = self.run.last.max(event.ts());
        let (stream, origin) = from;
        if Agent::from_stream(stream.number()) != Some(Agent::Exec) {
            return Ok(());
        }
        let limits = self.given.or(self.read.as_ref());
        if limits.is_none() && matches!(event, Event::OrderIntent { .. }) {
            return Err(AuditError::NoLimits);
        }
        let mut book = Book { at, limits, found: &mut report.findings, counts: &mut report.counts };
        self.run.fact(origin == Origin::SAID, &event, &mut book);
        Ok(())
    }

    fn record(
        &mut self,
        kind: Option<RecordKind>,
        ts: Nanos,
        text: String,
        report: &mut Report,
    ) -> Result<(), AuditError> {
        self.run.last = self.run.last.max(ts);
        match kind {
            Some(RecordKind::Configuration) if self.given.is_none() => self.read = Some(Limits::parse(&text)?),
            Some(RecordKind::Label) => report.label = Some(text),
            _ => {}
        }
        Ok(())
    }
}

/// A position as findings print it.
fn place(position: Position) -> String {
    crate::show::position_word(position)
}

fn time(at: Nanos) -> String {
    crate::show::time(at)
}
