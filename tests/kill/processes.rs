//! The two processes, and what can be seen of them from outside.

use kalshi_trader::clock::Stopwatch;
use kalshi_trader::desk::{Follower, Told};
use kalshi_trader::thread::rest;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use trader_journal::event::{Agent, Event};
use trader_journal::units::Nanos;

/// Market seconds a second: the pace a person is shown, at which sockets have time to be slow.
pub(crate) const SPEED: u64 = 60;
/// The hourly ladder is traded 45 minutes after the start, that is within so many seconds.
pub(crate) const FIRST_ORDER_MS: u64 = 90_000;
/// Makers so wrong, and edges so small, that every session trades.
const SETTINGS: [&str; 10] = [
    "--set",
    "sim.easy.noise=1.0",
    "--set",
    "edge.edge_gross_min_cents=0.5",
    "--set",
    "edge.edge_net_min_cents=0.1",
    "--set",
    "edge.disagreement_max_cents=40",
    "--set",
    "limits.daily_loss_max_usd=1000",
];

pub(crate) fn trader() -> Command {
    Command::new(env!("CARGO_BIN_EXE_kalshi-trader"))
}

/// Asks until there is an answer; the deadline is for a machine with much else to do.
pub(crate) fn until<T>(what: &str, patience_ms: u64, mut probe: impl FnMut() -> Option<T>) -> T {
    let watch = Stopwatch::start();
    loop {
        if let Some(answer) = probe() {
            return answer;
        }
        assert!(watch.millis() < patience_ms, "{what}: not within {patience_ms} ms");
        rest(Duration::from_millis(5));
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().expect("there is kill");
    assert!(sent.success(), "kill {name}");
}

/// A mock exchange of its own.
pub(crate) struct Exchange {
    child: Child,
    folder: PathBuf,
}

impl Exchange {
    pub(crate) fn start(folder: &Path, seed: u64) -> Exchange {
        let out = File::create(folder.join("line")).expect("a file");
        let mut command = trader();
        command.args(["exchange", "--market", "easy", "--speed", &SPEED.to_string(), "--seed", &seed.to_string()]);
        command.args(SETTINGS).arg("--dir").arg(folder.join("exchange"));
        let child = command.stdout(out).stderr(File::create(folder.join("exchange.log")).expect("a file")).spawn();
        let exchange = Exchange { child: child.expect("the exchange starts"), folder: folder.to_owned() };
        until("the exchange's line", 30_000, || {
            fs::read_to_string(exchange.line()).ok().filter(|text| text.ends_with('\n'))
        });
        exchange
    }

    /// The file that says how to come in.
    pub(crate) fn line(&self) -> PathBuf {
        self.folder.join("line")
    }

    /// The venue's record as it is now.
    pub(crate) fn ledger(&self) -> PathBuf {
        let path = self.folder.join("exchange/ledger.jsonl");
        let _ = fs::remove_file(&path);
        signal(&self.child, "-USR1");
        until("the ledger", 10_000, || {
            let text = fs::read_to_string(&path).ok()?;
            text.lines().last()?.contains("\"kind\":\"end\"").then_some(())
        });
        path
    }

    /// It stands still: the kernel goes on taking what is sent to it.
    pub(crate) fn freeze(&self) {
        signal(&self.child, "-STOP");
    }

    pub(crate) fn thaw(&self) {
        signal(&self.child, "-CONT");
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line in a process of its own.
pub(crate) struct Line {
    child: Option<Child>,
    pub(crate) dir: PathBuf,
    follower: Follower,
    /// Everything exec said it means to send, and when.
    pub(crate) intents: Vec<(String, Nanos)>,
    /// The last thing anybody said, market time.
    pub(crate) last: Nanos,
}

impl Line {
    /// Trades `windows` quarter hours against the exchange that `line` describes.
    pub(crate) fn start(folder: &Path, name: &str, line: &Path, windows: u64) -> Line {
        let dir = folder.join(name);
        let mut command = trader();
        command.args(["run", "--mode", "sim", "--json", "--windows", &windows.to_string()]);
        command.args(SETTINGS).arg("--exchange").arg(line).arg("--data-dir").arg(&dir);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let follower = Follower::new(&dir.join("journal"));
        Line { child: Some(child.expect("the line starts")), dir, follower, intents: Vec::new(), last: Nanos(0) }
    }

    /// Reads on in its journal, which may break off anywhere.
    pub(crate) fn look(&mut self) {
        let (intents, last) = (&mut self.intents, &mut self.last);
        let read = self.follower.catch_up(&mut |told: &Told<'_>| {
            if let Told::Event { agent: Agent::Exec, event, .. } = *told {
                *last = (*last).max(event.ts());
                if let Event::OrderIntent { client, ts, .. } = event {
                    intents.push((client.to_string(), ts));
                }
            }
        });
        read.expect("a journal that can be read");
    }

    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().expect("it runs");
        child.wait().expect("it ends");
    }

    /// Waits until it ends by itself.
    pub(crate) fn end(&mut self) -> Output {
        let child = self.child.take().expect("it runs");
        child.wait_with_output().expect("it ends")
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub(crate) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Client ids of the orders in a ledger.
pub(crate) fn ordered(ledger: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(ledger).expect("a ledger");
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a JSON row"));
    rows.filter(|row| row["kind"] == "order")
        .map(|row| row["client_order_id"].as_str().expect("an id").to_owned())
        .collect()
}

/// Whatever happened to it, a journal is whole up to its end and its agents do again what they did.
pub(crate) fn holds_what_it_says(dir: &Path) {
    for arguments in [vec!["journal", "verify"], vec!["replay", "--verify"]] {
        let output = trader().args(&arguments).arg(dir).output().expect("the binary runs");
        assert!(output.status.success(), "{arguments:?} {}: {}", dir.display(), text(&output));
    }
}

/// Nothing lost, nothing doubled, every dollar and every limit, beside the venue's own record.
pub(crate) fn is_audited(dir: &Path, ledger: &Path) {
    let output = trader().args(["journal", "audit"]).arg(dir).arg("--ledger").arg(ledger).output();
    let output = output.expect("the binary runs");
    assert!(output.status.success(), "audit of {}: {}", dir.display(), text(&output));
}
