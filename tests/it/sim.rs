//! The main job as a person runs it: the binary, real files, one command after another.

use kalshi_trader::record::RecordKind;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use trader_journal::event::{Agent, BookFault, EVENT_BYTES, Event, Feed, FeedState};
use trader_journal::log::{Entry, Identity, Options, Reader, Writer};
use trader_journal::units::Nanos;

fn trader(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kalshi-trader")).args(arguments).output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn ok(arguments: &[&str]) -> String {
    let output = trader(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn fails(code: i32, arguments: &[&str]) -> String {
    let output = trader(arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stderr)
}

struct Session {
    _folder: tempfile::TempDir,
    dir: PathBuf,
    report: Value,
}

impl Session {
    fn run(more: &[&str]) -> Session {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("run");
        let mut arguments = vec!["run", "--mode", "sim", "--lockstep", "--json", "--data-dir", dir.to_str().unwrap()];
        arguments.extend(more);
        let report = serde_json::from_str(&ok(&arguments)).expect("one JSON object");
        Session { _folder: folder, dir, report }
    }

    fn path(&self) -> &str {
        self.dir.to_str().unwrap()
    }

    fn segments(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> =
            std::fs::read_dir(self.dir.join("journal")).unwrap().map(|f| f.unwrap().path()).collect();
        files.retain(|path| std::fs::metadata(path).unwrap().len() > 4096);
        files.sort();
        assert!(!files.is_empty());
        files
    }

    fn count(&self, key: &str) -> u64 {
        self.report[key].as_u64().unwrap_or_else(|| panic!("{key} in {}", self.report))
    }
}

/// A day and a seed whose makers err enough for two orders to fill.
const TWO_HOURS: [&str; 8] =
    ["--windows", "8", "--seed", "14", "--market", "easy", "--set", "sim.start_date=2026-11-02"];

fn two_hours() -> Session {
    Session::run(&TWO_HOURS)
}

#[test]
fn a_session_reports_what_it_did_and_what_it_is() {
    let session = two_hours();
    let report = &session.report;
    for (key, value) in [("mode", "sim"), ("market", "synthetic"), ("difficulty", "easy")] {
        assert_eq!(report[key], value, "{key}");
    }
    assert_eq!(report["evidence"], false);
    assert_eq!((session.count("seed"), report["noise"].as_f64()), (14, Some(0.2)));
    assert!(report["index_source"].as_str().unwrap().contains("GENERATED from seed 14"));
    // Eight quarter hours and two hourly ladders.
    assert_eq!((session.count("windows_settled"), session.count("evaluations")), (10, 10));
    let by_gate = report["evaluations_by_gate"].as_object().unwrap();
    assert_eq!(by_gate.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), 10, "each has one verdict");
    assert!(session.count("orders_filled") > 0 && session.count("orders_sent") >= session.count("orders_filled"));
    assert!(report["contracts"].as_f64().unwrap() > 0.0 && report["fees_usd"].as_f64().unwrap() > 0.0);
    for key in ["pnl_usd", "state_hash", "events", "wall_ms"] {
        assert!(!report[key].is_null(), "{key}");
    }
    assert!(Path::new(report["ledger_path"].as_str().unwrap()).is_file());
    assert!(Path::new(report["journal_dir"].as_str().unwrap()).is_dir());
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_does_not() {
    let (once, again) = (two_hours(), two_hours());
    assert_eq!(once.report["state_hash"], again.report["state_hash"]);
    for (one, other) in once.segments().iter().zip(again.segments()) {
        assert!(std::fs::read(one).unwrap() == std::fs::read(&other).unwrap(), "{} differs", one.display());
    }
    let other = Session::run(&["--windows", "8", "--seed", "8", "--market", "easy"]);
    assert_ne!(once.report["state_hash"], other.report["state_hash"]);
}

#[test]
fn a_replay_compares_every_agent_and_finds_nothing() {
    let session = two_hours();
    let report: Value = serde_json::from_str(&ok(&["replay", session.path(), "--verify", "--json"])).unwrap();
    assert_eq!(report["verified"], true);
    for agent in ["kalshi", "binance", "pricing", "exec"] {
        let compared = &report["agents"][agent];
        for count in ["heard", "outputs", "hashes"] {
            assert!(compared[count].as_u64().unwrap() > 0, "{agent}: {compared}");
        }
        assert_eq!(compared["in_flight"], 0, "{agent}");
    }
    // Every request that left, and the meaning of every reply.
    let shell = &report["agents"]["shell"];
    assert_eq!(shell["frames"], session.count("orders_sent"), "{shell}");
    assert!(shell["outputs"].as_u64().unwrap() > session.count("orders_sent"), "{shell}");
}

#[test]
fn a_replay_fails_with_an_altered_setting() {
    let session = two_hours();
    for setting in ["volatility.b10=0.475", "edge.edge_gross_min_cents=1.0", "limits.position_max_usd=1.0"] {
        let told = fails(1, &["replay", session.path(), "--verify", "--set", setting]);
        assert!(told.contains("something else today"), "{setting}: {told}");
    }
}

/// Writes the log anew, each event and each record passed through `alter`: whole checksums, other content.
fn rewrite(from: &Path, to: &Path, alter: &mut dyn FnMut(Altered<'_>)) {
    let mut reader = Reader::open(from).unwrap();
    std::fs::create_dir_all(to).unwrap();
    let identity =
        Identity { epoch_nonce: 1, salt_seed: 1, created: Nanos(0), config_hash: [0; 32], build_hash: [0; 32] };
    let mut writer = Writer::open(to, Options::default(), identity).unwrap();
    while let Some(entry) = reader.next().unwrap() {
        match entry {
            Entry::Line { stream, origin, seq, body, .. } => {
                let body: &[u8; EVENT_BYTES] = body;
                let mut event = Event::from_bytes(body).unwrap();
                alter(Altered::Event(&mut event));
                writer.append(stream, origin, u64::from(seq), &event.to_bytes()).unwrap();
            }
            Entry::Record { stream, kind, tag, ts, bytes, .. } => {
                let mut bytes = bytes.to_vec();
                alter(Altered::Record(RecordKind::from_number(kind).unwrap(), &mut bytes));
                writer.append_record(stream, kind, tag, ts, &bytes).unwrap();
            }
        }
    }
    writer.close().unwrap();
}

enum Altered<'a> {
    Event(&'a mut Event),
    Record(RecordKind, &'a mut Vec<u8>),
}

/// What a replay says of a session in which the first entry that `alter` takes is another.
fn forged(mut alter: impl FnMut(Altered<'_>) -> bool) -> String {
    let session = two_hours();
    let forged = session.dir.with_file_name("forged");
    let mut altered = false;
    rewrite(&session.dir.join("journal"), &forged.join("journal"), &mut |entry| altered = altered || alter(entry));
    assert!(altered, "there was nothing of the kind in the journal");
    fails(1, &["replay", forged.to_str().unwrap(), "--verify"])
}

#[test]
fn a_replay_fails_when_one_coefficient_of_the_journaled_model_is_altered() {
    let told = forged(|entry| match entry {
        Altered::Event(Event::ModelChunk { index: 0, bytes, .. }) => {
            // The lowest bit of a mantissa in the middle of the first chunk.
            bytes[16] ^= 1;
            true
        }
        Altered::Event(_) | Altered::Record(..) => false,
    });
    assert!(told.contains("ModelChunk"), "{told}");
}

#[test]
fn a_replay_fails_when_one_spoken_number_is_altered() {
    let told = forged(|entry| match entry {
        Altered::Event(Event::EvalBasis { tau_ms, .. }) => {
            *tau_ms += 1;
            true
        }
        Altered::Event(_) | Altered::Record(..) => false,
    });
    assert!(told.contains("Pricing says something else"), "{told}");
}

#[test]
fn a_replay_fails_when_one_state_hash_is_altered() {
    let told = forged(|entry| match entry {
        Altered::Event(Event::StateHash { agent: Agent::Pricing, hash, .. }) => {
            *hash ^= 1;
            true
        }
        Altered::Event(_) | Altered::Record(..) => false,
    });
    assert!(told.contains("Pricing says something else") && told.contains("state hash"), "{told}");
}

#[test]
fn a_replay_fails_when_a_timer_came_that_nobody_asked_for() {
    let told = forged(|entry| match entry {
        Altered::Event(Event::Timer { due, .. }) => {
            due.0 += 1;
            true
        }
        Altered::Event(_) | Altered::Record(..) => false,
    });
    assert!(told.contains("timer"), "{told}");
}

#[test]
fn a_replay_fails_when_another_order_left_than_was_meant() {
    let told = forged(|entry| match entry {
        Altered::Record(RecordKind::OrderSent, bytes) => {
            let at = bytes.windows(8).position(|part| part == b"\"count\":").expect("a create names its count") + 9;
            bytes[at] ^= 1;
            true
        }
        Altered::Event(_) | Altered::Record(..) => false,
    });
    assert!(told.contains("Shell says something else") && told.contains("client_order_id"), "{told}");
}

#[test]
fn a_replay_fails_when_exec_heard_another_reply_than_came() {
    let told = forged(|entry| match entry {
        Altered::Record(RecordKind::OrderReply, bytes) => {
            let end = bytes.iter().position(|byte| *byte == b'\n').expect("a head line");
            bytes[end - 1] ^= 1;
            true
        }
        Altered::Event(_) | Altered::Record(..) => false,
    });
    assert!(told.contains("Shell says something else"), "{told}");
}

#[test]
fn a_flipped_byte_anywhere_in_a_segment_is_named() {
    let session = two_hours();
    let segment = session.segments().remove(0);
    let whole = std::fs::read(&segment).unwrap();
    // Header, first line, the middle, the last byte: the log's own tests flip every byte.
    for at in [0, 100, 4096, 4096 + 70, whole.len() / 2, whole.len() - 1] {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        std::fs::write(&segment, &flipped).unwrap();
        for verb in [&["journal", "verify", session.path()][..], &["replay", session.path(), "--verify"][..]] {
            let output = trader(verb);
            assert_ne!(output.status.code(), Some(0), "byte {at}: {verb:?} found nothing");
        }
        let told = trader(&["journal", "verify", session.path()]);
        assert!(text(&told.stderr).contains("line") || text(&told.stdout).contains("line") || at < 4096, "byte {at}");
    }
    std::fs::write(&segment, &whole).unwrap();
    ok(&["journal", "verify", session.path()]);
}

#[test]
fn the_audit_is_clean_and_agrees_with_the_venues_ledger() {
    let session = two_hours();
    let ledger = session.report["ledger_path"].as_str().unwrap().to_owned();
    let report: Value =
        serde_json::from_str(&ok(&["journal", "audit", session.path(), "--ledger", &ledger, "--json"])).unwrap();
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(0), "{report}");
}

#[test]
fn nothing_of_a_simulation_is_shown_without_its_label() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("run");
    let arguments = ["run", "--mode", "sim", "--lockstep", "--windows", "1", "--data-dir", dir.to_str().unwrap()];
    let output = trader(&arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let (page, talk) = (text(&output.stdout), text(&output.stderr));
    assert!(talk.starts_with("SIM · synthetic market"), "the first line is the label: {talk}");
    assert!(page.starts_with("SIM · synthetic market") && page.contains("NOT EVIDENCE"), "{page}");
    let money: Vec<_> = page.lines().filter(|line| line.contains('$')).collect();
    assert!(money.len() == 2 && money.iter().all(|line| line.contains("sim$")), "{page}");
    let result = page.lines().position(|line| line.starts_with("result")).unwrap();
    assert_eq!(result + 1, page.lines().count(), "the result comes last");
    let (dir, ledger) = (dir.to_str().unwrap(), dir.join("ledger.jsonl"));
    let shown: [&[&str]; 6] = [
        &["journal", "info", dir],
        &["journal", "info", dir, "--json"],
        &["journal", "audit", dir],
        &["journal", "audit", dir, "--json"],
        &["replay", dir, "--verify"],
        &["replay", dir, "--verify", "--json"],
    ];
    for command in shown {
        let page = ok(command);
        assert!(page.contains("\"evidence\":false"), "{command:?}: {page}");
    }
    let ledger = std::fs::read_to_string(ledger).unwrap();
    assert!(ledger.lines().next().unwrap().contains("\"evidence\":false"), "{ledger}");
}

#[test]
fn a_run_is_never_written_over_another_and_a_missing_one_is_named() {
    let session = two_hours();
    let told = fails(2, &["run", "--lockstep", "--windows", "1", "--data-dir", session.path()]);
    assert!(told.contains("already holds a run") && told.contains("--data-dir"), "{told}");
    let nowhere = fails(2, &["replay", "no/such/dir", "--verify"]);
    assert!(nowhere.contains("no/such/dir"), "{nowhere}");
}

#[test]
fn what_is_asked_for_in_vain_is_said() {
    let asked = ["config", "check", "--set", "direction.enabled=true"];
    let told = text(&trader(&asked).stderr);
    assert!(told.contains("note: orders.retries_max: "), "every key that waits is named: {told}");
    assert!(told.contains("warning: direction.enabled = true") && told.contains("no direction model"), "{told}");
    let told = text(&trader(&["config", "check"]).stderr);
    assert!(!told.contains("warning"), "the shipped file asks for nothing in vain: {told}");
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("run");
    let run =
        ["run", "--lockstep", "--windows", "1", "--set", "orders.style=maker", "--data-dir", dir.to_str().unwrap()];
    let told = text(&trader(&run).stderr);
    assert!(told.starts_with("SIM") && told.contains("warning: orders.style = \"maker\""), "{told}");
}

#[test]
fn what_cannot_be_done_is_said_with_its_fix() {
    let cases: [(&[&str], &str); 5] = [
        (&["run", "--mode", "live"], "--mode sim"),
        (&["run", "--lockstep", "--fault", "gap@1m,freeze@1m=5s"], "leave out --lockstep"),
        (&["run", "--lockstep", "--set", "sim.seeed=1"], "did you mean `seed`?"),
        (&["run", "--lockstep", "--set", "limits.position_max_usd=6000"], "outside"),
        (&["run", "--lockstep", "--candles", "no-such-file.csv"], "no-such-file.csv"),
    ];
    for (arguments, fix) in cases {
        let told = fails(2, arguments);
        assert!(told.contains(fix), "{arguments:?}: {told}");
    }
}

#[test]
fn the_shells_stream_holds_the_label_the_build_and_every_request() {
    let session = two_hours();
    let mut reader = Reader::open(&session.dir.join("journal")).unwrap();
    let mut records = std::collections::BTreeMap::new();
    while let Some(entry) = reader.next().unwrap() {
        if let Entry::Record { stream, kind, .. } = entry
            && stream.number() == Agent::Shell as u8
        {
            *records.entry(kind).or_insert(0u64) += 1;
        }
    }
    let count = |kind: RecordKind| records.get(&(kind as u8)).copied().unwrap_or(0);
    for once in [RecordKind::Build, RecordKind::Label, RecordKind::Configuration] {
        assert_eq!(count(once), 1, "{once:?}");
    }
    assert_eq!(count(RecordKind::OrderSent), session.count("orders_sent"));
    assert_eq!(count(RecordKind::OrderReply), session.count("orders_sent"));
}

/// Every event of the journal, with who wrote it down.
fn events(session: &Session) -> Vec<(u8, Event)> {
    let mut reader = Reader::open(&session.dir.join("journal")).unwrap();
    let mut events = Vec::new();
    while let Some(entry) = reader.next().unwrap() {
        if let Entry::Line { stream, body, .. } = entry {
            events.push((stream.number(), Event::from_bytes(body).unwrap()));
        }
    }
    events
}

#[test]
fn a_cut_a_gap_and_a_lost_reply_lose_nothing() {
    // The stream is gone while the first window is evaluated, and once more; one delta and one reply are lost.
    let faults = ["--fault", "cut@5m=40s,cut@30m=10s,gap@40m,502x1"];
    let session = Session::run(&[&TWO_HOURS[..], &faults[..]].concat());
    let events = events(&session);
    let exec_hears = |wanted: fn(&Event) -> bool| {
        events.iter().filter(|(stream, event)| *stream == Agent::Exec as u8 && wanted(event)).count() as u64
    };
    let up = FeedState::Up;
    let connections: std::collections::BTreeSet<_> = events
        .iter()
        .filter_map(|(_, event)| match event {
            Event::FeedChanged { feed: Feed::Kalshi, state, epoch, .. } if *state == up => Some(*epoch),
            _ => None,
        })
        .collect();
    assert_eq!(connections, [1, 2, 3].into(), "each connection has its own number and comes up");
    let gap = events.iter().position(|(_, event)| matches!(event, Event::BookInvalid { fault: BookFault::Gap, .. }));
    let (_, Event::BookInvalid { market: lost, .. }) = events[gap.expect("a delta was lost")] else { unreachable!() };
    let next = events[gap.unwrap() + 1..].iter().find_map(|(_, event)| match event {
        Event::BookEnd { market, .. } if *market == lost => Some("whole again"),
        Event::BookLevel { market, .. } if *market == lost => Some("a level"),
        Event::BookBegin { market, .. } if *market == lost => Some("a new book"),
        _ => None,
    });
    assert_eq!(next, Some("a new book"), "nothing of the doubtful book is told before a whole one is");
    assert_eq!(exec_hears(|event| matches!(event, Event::OrderUnknown { .. })), 1, "the reply behind the gateway");
    assert!(session.count("orders_filled") > 0);
    let by_gate = &session.report["evaluations_by_gate"];
    assert_eq!(by_gate["window_missed"], 1, "the window that nobody could see has its own verdict: {by_gate}");
    assert_eq!((session.count("windows_settled"), session.count("evaluations")), (10, 10));
    ok(&["replay", session.path(), "--verify"]);
    let ledger = session.report["ledger_path"].as_str().unwrap();
    ok(&["journal", "audit", session.path(), "--ledger", ledger]);
}

#[test]
fn a_fault_that_is_none_is_named_with_those_there_are() {
    let told = fails(2, &["run", "--lockstep", "--windows", "1", "--fault", "dup-fill"]);
    assert!(told.contains("`dup-fill` is no fault") && told.contains("cut@30m=10s"), "{told}");
}

#[test]
fn what_is_traded_and_what_is_missing_is_said_before_it_begins() {
    let folder = tempfile::tempdir().unwrap();
    let day = folder.path().join("three-days.csv");
    // Two days to warm up and one quarter hour: a made row a minute, in the dump's format.
    let rows = (0..2 * 1440 + 15).map(|minute| {
        let open = 1_750_000_500_000_000u64 / 900_000_000 * 900_000_000 + minute * 60_000_000;
        format!(
            "{open},100000.0,100010.0,99990.0,{}.0,1.0,{},100000.0,10,0.5,50000.0,0\n",
            100_000 + minute % 7,
            open + 59_999_999
        )
    });
    std::fs::write(&day, rows.collect::<String>()).unwrap();
    let dir = folder.path().join("run");
    let (day, dir) = (day.to_str().unwrap(), dir.to_str().unwrap());
    let output = trader(&["run", "--lockstep", "--candles", day, "--windows", "3", "--data-dir", dir]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let talk = text(&output.stderr);
    assert!(talk.contains("trading: 1 quarter hours (of 3 asked for: the candles end)"), "{talk}");
}
