//! A run as a person has it: a process that tells its story, takes commands from another terminal,
//! and ends in order when it is asked to.
#![cfg(unix)]

use kalshi_trader::clock::Stopwatch;
use kalshi_trader::control::signals::{EXIT_INTERRUPTED, Signals};
use kalshi_trader::thread::rest;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kalshi-trader");
/// A process that has not done within this what it is to do is hung.
const PATIENCE_MS: u64 = 60_000;

/// A process that is killed when the test ends.
struct Process {
    child: Child,
    told: BufReader<ChildStderr>,
}

impl Process {
    fn start(command: &mut Command) -> Process {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let told = BufReader::new(child.stderr.take().unwrap());
        Process { child, told }
    }

    /// Reads on until a line contains `words`.
    fn wait_for(&mut self, words: &str) -> String {
        let mut before = String::new();
        loop {
            let mut line = String::new();
            assert!(self.told.read_line(&mut line).unwrap() > 0, "it ended before it said `{words}`:\n{before}");
            if line.contains(words) {
                return line;
            }
            before.push_str(&line);
        }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    fn end(&mut self) -> ExitStatus {
        let since = Stopwatch::start();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(since.millis() < PATIENCE_MS, "it does not end");
            rest(Duration::from_millis(5));
        }
    }

    fn rest_of(&mut self) -> (String, String) {
        let (mut data, mut talk) = (String::new(), String::new());
        self.child.stdout.take().unwrap().read_to_string(&mut data).unwrap();
        self.told.read_to_string(&mut talk).unwrap();
        (data, talk)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It is over already when the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(parent: &Path, more: &[&str]) -> Process {
    let mut command = Command::new(PROGRAM);
    command.args(["run", "--windows", "4", "--data-dir", "one", "--no-dashboard"]).args(more).current_dir(parent);
    Process::start(&mut command)
}

fn say(parent: &Path, arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).env("USER", "ann").current_dir(parent).output().unwrap()
}

fn ok(parent: &Path, arguments: &[&str]) -> String {
    let output = say(parent, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    (folder, path)
}

#[test]
fn a_run_tells_its_story_takes_commands_and_ends_in_order_when_it_is_interrupted() {
    let (_folder, dir) = folder();
    let mut process = run(&dir, &["--json"]);
    process.wait_for("SIM · synthetic market");
    process.wait_for("run 1 starts: sim");
    // Another terminal finds the one that runs, without being told where.
    let status: Value = serde_json::from_str(&ok(&dir, &["status", "--json", "--set", "journal.directory=."])).unwrap();
    assert_eq!(
        (&status["mode"], &status["evidence"], &status["trading"]),
        (&"sim".into(), &false.into(), &"trading".into())
    );
    assert!(ok(&dir, &["pause", "--why", "lunch", "--data-dir", "one"]).contains("on its way"));
    assert!(process.wait_for("PAUSED").contains("(ann: lunch)"));
    assert!(ok(&dir, &["status", "--data-dir", "one"]).contains("PAUSED"));
    process.signal("USR1");
    assert!(process.wait_for("CANCEL ALL").contains("SIGUSR1"));
    let since = Stopwatch::start();
    process.signal("INT");
    assert_eq!(process.end().code(), Some(0));
    let millis = since.millis();
    assert!(millis < 2_000, "it took {millis} ms to end");
    let (data, talk) = process.rest_of();
    assert!(talk.contains("CANCEL ALL: everything of ours is taken back (signal: asked to end)"), "{talk}");
    // Nothing but one object is on standard output, and it carries the label.
    let report: Value = serde_json::from_str(&data).unwrap();
    assert_eq!((&report["mode"], &report["evidence"]), (&"sim".into(), &false.into()));
    assert!(report["latency_ns"].is_object(), "{report}");
    ok(&dir, &["replay", "one", "--verify"]);
    ok(&dir, &["journal", "verify", "one"]);
    let told = ok(&dir, &["journal", "story", "one"]);
    assert!(told.starts_with("SIM · synthetic market") && told.contains("PAUSED"), "{told}");
    let nobody = say(&dir, &["kill", "--data-dir", "one"]);
    let talk = String::from_utf8_lossy(&nobody.stderr);
    assert_eq!(nobody.status.code(), Some(2), "{talk}");
    assert!(talk.contains("nobody is running in one") && talk.contains("kalshi-trader run"), "{talk}");
}

#[test]
fn no_command_at_all_is_the_simulation_and_a_person_without_json_gets_the_table() {
    let (_folder, dir) = folder();
    let mut process = Process::start(Command::new(PROGRAM).current_dir(&dir));
    process.wait_for("run 1 starts: sim");
    process.signal("TERM");
    assert_eq!(process.end().code(), Some(0));
    let (data, _) = process.rest_of();
    assert!(data.starts_with("SIM · synthetic market") && data.contains("measured on"), "{data}");
}

/// Set for the process that only listens to signals.
const LISTENER: &str = "KALSHI_TRADER_TEST_LISTENER";

#[test]
fn the_second_interrupt_ends_a_process_at_once() {
    if std::env::var_os(LISTENER).is_some() {
        return listen_for_ever();
    }
    let test = "process::the_second_interrupt_ends_a_process_at_once";
    let mut command = Command::new(std::env::current_exe().unwrap());
    let mut process = Process::start(command.args(["--exact", test, "--nocapture"]).env(LISTENER, "1"));
    process.wait_for("listening");
    process.signal("INT");
    process.wait_for("asked to stop");
    assert_eq!(process.child.try_wait().unwrap(), None, "the first one ends nothing");
    process.signal("INT");
    assert_eq!(process.end().code(), Some(EXIT_INTERRUPTED));
}

fn listen_for_ever() {
    let signals = Signals::listen().unwrap();
    eprintln!("listening");
    while !signals.is_asked_to_stop() {
        rest(Duration::from_millis(5));
    }
    eprintln!("asked to stop");
    // As one does that cannot come to its end.
    rest(Duration::from_millis(PATIENCE_MS));
}
