//! kill -9 of a process that appends: everything it acknowledged through a pipe is there.

use super::common::{IDENTITY, Owned, blocks, entry};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use trader_journal::log::{Identity, OpenError, Reader, Writer, recover, verify};
use trader_journal::units::Nanos;

const DIR: &str = "TRADER_JOURNAL_KILL_DIR";
const ROUNDS: u64 = 24;
const ROUNDS_ASKED: &str = "TRADER_JOURNAL_KILL_ROUNDS";

/// How many entries the log in `dir` has, each checked.
fn entries_of(dir: &Path) -> u64 {
    let mut reader = Reader::open(dir).unwrap();
    let mut number = 0;
    while let Some(found) = reader.next().unwrap() {
        assert_eq!(Owned::of(&found), entry(number));
        number += 1;
    }
    number
}

/// The child: appends from where the log ends and says on stderr how many are committed.
fn append_until_killed(dir: &Path) {
    let identity = Identity { epoch_nonce: std::process::id(), created: Nanos(1), ..IDENTITY };
    let mut writer = Writer::open(dir, blocks(2), identity).unwrap();
    let mut acknowledgements = std::io::stderr();
    let first = writer.recovered().report.entries;
    for number in first.. {
        entry(number).append(&mut writer).unwrap();
        if number % 700 == 0 {
            writer.prepare_next().unwrap();
        }
        if number % 16 == 0 && acknowledgements.write_all(&(number + 1).to_le_bytes()).is_err() {
            return;
        }
    }
}

/// Another process writes it: this one may neither write nor clear anything, and says why.
fn assert_in_use(dir: &Path) {
    let refused = Writer::open(dir, blocks(2), IDENTITY).err().unwrap();
    assert!(matches!(refused, OpenError::Locked { .. }), "{refused}");
    assert!(refused.to_string().contains(&dir.display().to_string()), "it says which one: {refused}");
    assert!(matches!(recover(dir), Err(OpenError::Locked { .. })));
}

fn start(dir: &Path) -> Child {
    let test = "log::kill::what_was_acknowledged_before_kill_9_is_there";
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(DIR, dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills the child after `acknowledgements`, then reads what else it had said; the last number.
fn kill_after(child: &mut Child, acknowledgements: u64, dir: &Path) -> u64 {
    let mut pipe = child.stderr.take().unwrap();
    let mut word = [0; 8];
    let mut last = 0;
    for _ in 0..acknowledgements {
        pipe.read_exact(&mut word).unwrap();
        last = u64::from_le_bytes(word);
    }
    assert_in_use(dir);
    child.kill().unwrap();
    child.wait().unwrap();
    while pipe.read_exact(&mut word).is_ok() {
        last = u64::from_le_bytes(word);
    }
    last
}

#[test]
fn what_was_acknowledged_before_kill_9_is_there() {
    if let Some(dir) = std::env::var_os(DIR) {
        return append_until_killed(Path::new(&dir));
    }
    let rounds = std::env::var(ROUNDS_ASKED).map_or(ROUNDS, |asked| asked.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    for round in 0..rounds {
        // Every fourth round forgets the log, so that long runs stay short.
        if round % 4 == 0 {
            std::fs::remove_dir_all(dir.path()).unwrap();
        }
        let acknowledged = kill_after(&mut start(dir.path()), 1 + round * 37 % 400, dir.path());
        let there = entries_of(dir.path());
        assert!(there >= acknowledged, "round {round}: {there} of {acknowledged}");
        let recovered = recover(dir.path()).unwrap();
        assert_eq!(recovered.report.entries, there, "round {round}");
        assert_eq!(verify(dir.path()).unwrap(), recovered.report, "round {round}");
    }
}
