//! `journal info`, `cat`, `story`, `verify` and `audit`: what is in a journal, and whether it is right.

use super::Failure;
use super::output::{damaged, print};
use crate::audit::{self, AuditError, Finding, Inputs, Limits, Report};
use crate::desk::{Story, read_all};
use crate::record::RecordKind;
use crate::show;
use clap::{Args, Subcommand};
use miette::{IntoDiagnostic, miette};
use serde_json::{Map, Value, json};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use trader_journal::event::{Agent, Event};
use trader_journal::log::{Damage, Entry, Position, Reader, verify};
use trader_journal::units::Nanos;

#[derive(Debug, Subcommand)]
pub(super) enum JournalVerb {
    /// What a journal holds: epochs, segments, streams, label, configuration, time span.
    Info(DirArgs),
    /// Print a journal, one line per entry.
    Cat(CatArgs),
    /// Tell what happened, one sentence a line.
    Story(StoryArgs),
    /// Check every byte of a journal.
    Verify(DirArgs),
    /// Check what the run did: nothing lost, nothing doubled, every dollar and every limit.
    Audit(AuditArgs),
}

#[derive(Debug, Args)]
pub(super) struct DirArgs {
    /// A data directory that holds `journal/`, or the log's folder itself.
    dir: PathBuf,
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct StoryArgs {
    /// A data directory that holds `journal/`, or the log's folder itself.
    dir: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct CatArgs {
    /// A data directory that holds `journal/`, or the log's folder itself.
    dir: PathBuf,
    /// One JSON object per line.
    #[arg(long)]
    json: bool,
    /// Only entries of this agent; may be given several times.
    #[arg(long, value_name = "AGENT")]
    agent: Vec<String>,
    /// Only entries of this kind, as in `order_intent` or `frame_heard`; may be given several times.
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Begin at this position, SEGMENT:LINE.
    #[arg(long, value_name = "POSITION")]
    from: Option<String>,
    /// End after this position.
    #[arg(long, value_name = "POSITION")]
    to: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    /// A data directory that holds `journal/`, or the log's folder itself.
    dir: PathBuf,
    /// Compare with the venue's own ledger, JSON lines.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// Hold the journal to the limits of this configuration file, not to those it carries.
    #[arg(long, value_name = "FILE")]
    limits: Option<PathBuf>,
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(verb: &JournalVerb) -> Result<(), Failure> {
    match verb {
        JournalVerb::Info(args) => info(args),
        JournalVerb::Cat(args) => cat(args),
        JournalVerb::Story(args) => story(args),
        JournalVerb::Verify(args) => check(args),
        JournalVerb::Audit(args) => run_audit(args),
    }
}

/// The log's folder of what a person named.
pub(super) fn log_dir(dir: &Path) -> Result<PathBuf, Failure> {
    let wrong = |what: &str, help: &str| Failure::Input(miette!(help = help.to_owned(), "{}: {what}", dir.display()));
    if !dir.is_dir() {
        return Err(wrong("no such directory", "name the directory that `run` printed as journal_dir, or --data-dir"));
    }
    let holds_log = |dir: &Path| {
        let names = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.file_name());
        names.into_iter().any(|name| name == "EPOCH" || name.to_string_lossy().ends_with(".jrn"))
    };
    [dir.join("journal"), dir.to_owned()].into_iter().find(|dir| holds_log(dir)).ok_or_else(|| {
        wrong("holds no journal", "a data directory has a folder `journal` with seg-*.jrn files; `run` makes one")
    })
}

// ---- info -----------------------------------------------------------------------------------

#[derive(Default)]
struct StreamInfo {
    heard: u64,
    said: u64,
    records: u64,
}

#[derive(Default)]
struct Info {
    /// Epoch, when it was opened, configuration hash, build hash.
    epochs: Vec<(u32, Nanos, String, String)>,
    segments: u32,
    streams: [StreamInfo; Agent::ALL.len()],
    unnamed_streams: u64,
    labels: Vec<String>,
    builds: Vec<String>,
    span: Option<(Nanos, Nanos)>,
}

impl Info {
    fn read(dir: &Path) -> Result<Info, Damage> {
        let mut info = Info::default();
        let mut reader = Reader::open(dir)?;
        let mut segment = None;
        while let Some(entry) = reader.next()? {
            info.entry(&entry);
            let Some(header) = reader.header() else { continue };
            if segment != Some(header.segment) {
                segment = Some(header.segment);
                info.segments += 1;
                if info.epochs.last().is_none_or(|(epoch, ..)| *epoch != header.epoch) {
                    let hashes = (hex(&header.config_hash), hex(&header.build_hash));
                    info.epochs.push((header.epoch, header.created, hashes.0, hashes.1));
                }
            }
        }
        Ok(info)
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        let (stream, ts) = match *entry {
            Entry::Line { stream, body, .. } => {
                let mut ts = [0; 8];
                ts.copy_from_slice(&body[8..16]);
                (stream, Nanos(u64::from_le_bytes(ts)))
            }
            Entry::Record { stream, ts, kind, bytes, .. } => {
                let text = || String::from_utf8_lossy(bytes).into_owned();
                match RecordKind::from_number(kind) {
                    Some(RecordKind::Label) => self.labels.push(text()),
                    Some(RecordKind::Build) => self.builds.push(text()),
                    _ => {}
                }
                (stream, ts)
            }
        };
        if ts != Nanos(0) {
            let (first, last) = self.span.unwrap_or((ts, ts));
            self.span = Some((first.min(ts), last.max(ts)));
        }
        match self.streams.get_mut(usize::from(stream.number())) {
            None => self.unnamed_streams += 1,
            Some(info) => match entry {
                Entry::Record { .. } => info.records += 1,
                Entry::Line { origin, .. } if origin.ring().is_none() => info.said += 1,
                Entry::Line { .. } => info.heard += 1,
            },
        }
    }

    fn json(&self, dir: &Path) -> Value {
        let epochs = self.epochs.iter().map(|(epoch, created, config, build)| {
            json!({ "epoch": epoch, "created": show::time(*created), "config_hash": config, "build_hash": build })
        });
        let streams = self.named().map(|(agent, info)| {
            let counts = json!({ "heard": info.heard, "said": info.said, "records": info.records });
            (agent.to_owned(), counts)
        });
        json!({
            "journal_dir": dir.display().to_string(),
            "epochs": epochs.collect::<Vec<_>>(),
            "segments": self.segments,
            "streams": streams.collect::<Map<_, _>>(),
            "labels": self.labels.iter().map(|label| label_json(label)).collect::<Vec<_>>(),
            "builds": self.builds,
            "first": self.span.map(|(first, _)| show::time(first)),
            "last": self.span.map(|(_, last)| show::time(last)),
        })
    }

    fn named(&self) -> impl Iterator<Item = (&'static str, &StreamInfo)> {
        let used = Agent::ALL.into_iter().zip(&self.streams);
        used.filter(|(_, info)| info.heard + info.said + info.records > 0)
            .map(|(agent, info)| (show::agent_word(agent), info))
    }

    fn write(&self, dir: &Path, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "journal   {}", dir.display())?;
        for label in &self.labels {
            writeln!(out, "label     {label}")?;
        }
        for build in &self.builds {
            writeln!(out, "build     {build}")?;
        }
        for (epoch, created, config, build) in &self.epochs {
            writeln!(out, "epoch     {epoch}, opened {}", show::time(*created))?;
            writeln!(out, "          configuration {config}")?;
            writeln!(out, "          program       {build}")?;
        }
        writeln!(out, "segments  {}", self.segments)?;
        if let Some((first, last)) = self.span {
            writeln!(out, "span      {} .. {}", show::time(first), show::time(last))?;
        }
        for (agent, info) in self.named() {
            let StreamInfo { heard, said, records } = info;
            writeln!(out, "stream    {agent:<8} heard {heard:>9}  said {said:>9}  records {records:>9}")?;
        }
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A label is one line of JSON; one that is not is shown as the text it is.
pub(super) fn label_json(label: &str) -> Value {
    serde_json::from_str(label).unwrap_or_else(|_| Value::from(label))
}

fn info(args: &DirArgs) -> Result<(), Failure> {
    let dir = log_dir(&args.dir)?;
    let info = Info::read(&dir).map_err(|damage| damaged(&damage))?;
    print(|out| {
        let written = if args.json { writeln!(out, "{}", info.json(&dir)) } else { info.write(&dir, out) };
        Ok(written?)
    })
}

// ---- cat ------------------------------------------------------------------------------------

struct Filter {
    agents: Vec<Agent>,
    kinds: Vec<String>,
    from: Position,
    to: Position,
}

impl Filter {
    fn of(args: &CatArgs) -> Result<Filter, Failure> {
        let agents = args.agent.iter().map(|word| known(word, "agent", Agent::ALL, show::agent_word));
        let agents = agents.collect::<Result<_, _>>()?;
        let records = RecordKind::ALL.into_iter().map(RecordKind::word);
        let words: Vec<_> = show::KINDS.iter().copied().chain(records).collect();
        for word in &args.kind {
            known(word, "kind", words.iter().copied(), |word| word)?;
        }
        let end = Position { segment: u32::MAX, line: u32::MAX };
        Ok(Filter {
            agents,
            kinds: args.kind.clone(),
            from: position(args.from.as_deref(), Position::default())?,
            to: position(args.to.as_deref(), end)?,
        })
    }

    fn takes(&self, stream: u8, kind: &str) -> bool {
        let agent = Agent::from_stream(stream);
        let by_agent = self.agents.is_empty() || agent.is_some_and(|agent| self.agents.contains(&agent));
        by_agent && (self.kinds.is_empty() || self.kinds.iter().any(|word| word == kind))
    }
}

/// The one of a closed list that a person named, or the nearest word to what they typed.
fn known<T: Copy>(
    typed: &str,
    what: &str,
    list: impl IntoIterator<Item = T>,
    word: impl Fn(T) -> &'static str,
) -> Result<T, Failure> {
    let list: Vec<T> = list.into_iter().collect();
    if let Some(found) = list.iter().find(|item| word(**item) == typed) {
        return Ok(*found);
    }
    let distance = |item: &&T| strsim::damerau_levenshtein(typed, word(**item));
    let nearest = list.iter().min_by_key(distance).map_or("", |item| word(*item));
    Err(Failure::Input(miette!(help = format!("did you mean `{nearest}`?"), "unknown {what} `{typed}`")))
}

fn position(text: Option<&str>, default: Position) -> Result<Position, Failure> {
    let Some(text) = text else { return Ok(default) };
    show::parse_position(text).ok_or_else(|| {
        Failure::Input(miette!(help = "write SEGMENT:LINE, as `cat` prints it: 0:1234", "`{text}` is not a position"))
    })
}

fn cat(args: &CatArgs) -> Result<(), Failure> {
    let dir = log_dir(&args.dir)?;
    let filter = Filter::of(args)?;
    let mut reader = Reader::open(&dir).map_err(|damage| damaged(&damage))?;
    print(|out| {
        while let Some(entry) = reader.next()? {
            let at = match entry {
                Entry::Line { position, .. } | Entry::Record { position, .. } => position,
            };
            if at > filter.to {
                break;
            }
            if at >= filter.from {
                cat_entry(&entry, &filter, args.json, out)?;
            }
        }
        Ok(())
    })
}

fn cat_entry(entry: &Entry<'_>, filter: &Filter, json: bool, out: &mut dyn Write) -> io::Result<()> {
    match *entry {
        Entry::Line { position, stream, origin, seq, body } => {
            let Some(event) = Event::from_bytes(body) else {
                return writeln!(
                    out,
                    "{} stream {} not an event: {}",
                    show::position_word(position),
                    stream.number(),
                    hex(body)
                );
            };
            if !filter.takes(stream.number(), show::word(&event)) {
                return Ok(());
            }
            let head = Head {
                at: position,
                stream: stream.number(),
                origin: show::origin_word(origin),
                ts: event.ts(),
                kind: show::word(&event),
            };
            let fields = show::fields(&event);
            if json {
                let mut object = head.json();
                object.insert("seq".into(), seq.into());
                object.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.into())));
                return writeln!(out, "{}", Value::Object(object));
            }
            head.write(out)?;
            for (name, value) in fields {
                write!(out, " {name}={value}")?;
            }
            writeln!(out)
        }
        Entry::Record { position, stream, kind, tag, ts, bytes } => {
            let word = RecordKind::from_number(kind).map_or("record", RecordKind::word);
            if !filter.takes(stream.number(), word) {
                return Ok(());
            }
            let head = Head { at: position, stream: stream.number(), origin: "record".to_owned(), ts, kind: word };
            cat_record(&head, tag, bytes, json, out)
        }
    }
}

fn cat_record(head: &Head, tag: u16, bytes: &[u8], json: bool, out: &mut dyn Write) -> io::Result<()> {
    /// A frame longer than this is cut in lines for people; JSON has it whole.
    const SHOWN_MAX: usize = 400;
    if json {
        let mut object = head.json();
        object.insert("tag".into(), tag.into());
        object.insert("bytes".into(), bytes.len().into());
        match std::str::from_utf8(bytes) {
            Ok(text) => object.insert("text".into(), text.into()),
            Err(_) => object.insert("hex".into(), hex(bytes).into()),
        };
        return writeln!(out, "{}", Value::Object(object));
    }
    head.write(out)?;
    let shown = &bytes[..bytes.len().min(SHOWN_MAX)];
    let more = if bytes.len() > SHOWN_MAX { "…" } else { "" };
    writeln!(out, " tag={tag} bytes={} {}{more}", bytes.len(), shown.escape_ascii())
}

/// What every entry has.
struct Head {
    at: Position,
    stream: u8,
    origin: String,
    ts: Nanos,
    kind: &'static str,
}

impl Head {
    fn agent(&self) -> String {
        let agent = Agent::from_stream(self.stream);
        agent.map_or_else(|| format!("stream {}", self.stream), |agent| show::agent_word(agent).to_owned())
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let (at, ts, agent) = (show::position_word(self.at), show::time(self.ts), self.agent());
        write!(out, "{at} {ts} {agent} {} {}", self.origin, self.kind)
    }

    fn json(&self) -> Map<String, Value> {
        let mut object = Map::new();
        object.insert("at".into(), show::position_word(self.at).into());
        object.insert("ts".into(), show::time(self.ts).into());
        object.insert("agent".into(), self.agent().into());
        object.insert("origin".into(), self.origin.as_str().into());
        object.insert("kind".into(), self.kind.into());
        object
    }
}

// ---- story ----------------------------------------------------------------------------------

fn story(args: &StoryArgs) -> Result<(), Failure> {
    let dir = log_dir(&args.dir)?;
    let mut story = Story::default();
    print(|out| {
        let mut written = Ok(());
        read_all(&dir, &mut |told| {
            for line in story.see(told) {
                written = std::mem::replace(&mut written, Ok(())).and_then(|()| writeln!(out, "{line}"));
            }
        })?;
        Ok(written?)
    })
}

// ---- verify ---------------------------------------------------------------------------------

fn check(args: &DirArgs) -> Result<(), Failure> {
    let dir = log_dir(&args.dir)?;
    let report = verify(&dir).map_err(|damage| damaged(&damage))?;
    print(|out| {
        let lines: u64 = report.lines.iter().sum();
        if args.json {
            let object = json!({
                "whole": true,
                "segments": report.segments,
                "epoch": report.epoch,
                "entries": report.entries,
                "records": report.records,
                "cut_records": report.cut_records,
                "lines": lines,
                "closed": report.closed,
                "end": show::position_word(report.end),
            });
            return Ok(writeln!(out, "{object}")?);
        }
        writeln!(
            out,
            "whole: {} segments, {} entries ({} records) in {lines} lines, epoch {}, {} at {}",
            report.segments,
            report.entries,
            report.records,
            report.epoch,
            if report.closed { "closed" } else { "left open" },
            show::position_word(report.end),
        )?;
        let first = (report.end.segment + 1).saturating_sub(report.segments);
        if report.segments > 0 && first > 0 {
            writeln!(out, "it begins at segment {first}: the segments before it are not here")?;
        }
        Ok(())
    })
}

// ---- audit ----------------------------------------------------------------------------------

fn run_audit(args: &AuditArgs) -> Result<(), Failure> {
    let dir = log_dir(&args.dir)?;
    let limits = args.limits.as_deref().map(read_text).transpose()?;
    let limits = limits.as_deref().map(Limits::parse).transpose().map_err(|error| refused(&error.into()))?;
    let ledger = args.ledger.as_deref().map(read_text).transpose()?;
    let inputs = Inputs { limits: limits.as_ref(), ledger: ledger.as_deref() };
    let report = audit::audit(&dir, inputs).map_err(|error| refused(&error))?;
    print(|out| {
        let written =
            if args.json { writeln!(out, "{}", report_json(&dir, &report)) } else { write_report(&report, out) };
        Ok(written?)
    })?;
    match report.findings.total() {
        0 => Ok(()),
        1 => Err(Failure::NotRight("NOT CLEAN: 1 finding".to_owned())),
        total => Err(Failure::NotRight(format!("NOT CLEAN: {total} findings"))),
    }
}

fn read_text(path: &Path) -> Result<String, Failure> {
    use miette::Context;
    let read = std::fs::read_to_string(path).into_diagnostic();
    Ok(read.wrap_err_with(|| format!("cannot read {}", path.display()))?)
}

fn refused(error: &AuditError) -> Failure {
    let help = match error {
        AuditError::Nothing => "`run --mode sim --lockstep` writes a journal that can be audited",
        AuditError::NoLimits => "give the configuration of the run with --limits FILE",
        AuditError::Limits(_) => "a configuration as `config/default.toml`, with its [limits] section",
        AuditError::Ledger(_) => "the file that `run` printed as ledger_path, one JSON object a line",
    };
    Failure::Input(miette!(help = help, "{error}"))
}

fn report_json(dir: &Path, report: &Report) -> Value {
    let findings = report.findings.kept().iter().map(|finding| {
        let numbers: Map<_, _> =
            finding.numbers.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect();
        json!({
            "rule": finding.rule.word(),
            "what": finding.what,
            "at": finding.position.map(show::position_word),
            "numbers": numbers,
        })
    });
    let checked: Map<_, _> = report.counts.iter().map(|(what, number)| (what.to_owned(), number.into())).collect();
    json!({
        "journal_dir": dir.display().to_string(),
        "label": report.label.as_deref().map(label_json),
        "clean": report.findings.total() == 0,
        "findings_total": report.findings.total(),
        "findings": findings.collect::<Vec<_>>(),
        "checked": checked,
    })
}

fn write_report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if let Some(label) = &report.label {
        writeln!(out, "label {label}")?;
    }
    for finding in report.findings.kept() {
        write_finding(finding, out)?;
    }
    let left_out = report.findings.total() - report.findings.kept().len() as u64;
    if left_out > 0 {
        writeln!(out, "and {left_out} more findings")?;
    }
    write!(out, "checked")?;
    for (what, number) in report.counts.iter() {
        write!(out, " {what}={number}")?;
    }
    writeln!(out)?;
    writeln!(out, "{}", if report.findings.total() == 0 { "clean" } else { "not clean" })
}

fn write_finding(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let at = finding.position.map_or_else(|| "-".to_owned(), show::position_word);
    write!(out, "{} {} at {at}", finding.rule.word(), finding.what)?;
    for (name, value) in &finding.numbers {
        write!(out, " {name}={value}")?;
    }
    writeln!(out)
}
