//! The process: one line on stdout, a ledger when asked and at the end.

use super::client::{Http, ORDERS, Reply, resting};
use kalshi_trader::clock::Stopwatch;
use kalshi_trader::exchange::server::Description;
use kalshi_trader::signer::Key;
use kalshi_trader::thread::rest;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

struct Process {
    child: Child,
    stdout: BufReader<ChildStdout>,
    description: Description,
    folder: TempDir,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kalshi-trader"));
    command.args(["exchange", "--windows", "4", "--seed", "3", "--market", "easy", "--dir"]).arg(folder.join("in"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Process {
    fn start(more: &[&str]) -> Process {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("ledger.jsonl");
        let mut child = command(folder.path()).arg("--ledger").arg(ledger).args(more).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let path = folder.path().join("line.json");
        std::fs::write(&path, &line).unwrap();
        let description = Description::read(&path).unwrap();
        Process { child, stdout, description, folder }
    }

    fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger.jsonl")
    }

    fn create(&self, client: &str) -> Reply {
        let key = Key::read(&self.description.key_path, &self.description.key_id).unwrap();
        let mut http = Http::connect(&self.description.rest_url, &self.description.ca_path);
        let page = http.get("/trade-api/v2/markets?series_ticker=KXBTC15M&status=unopened").json();
        let ticker = page["markets"][0]["ticker"].as_str().unwrap().to_owned();
        http.signed(&key, "POST", ORDERS, &resting(client).replace(super::client::WINDOW, &ticker))
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end; the exit code, and what else it said.
    fn end(&mut self) -> (Option<i32>, String, String) {
        let (mut out, mut err) = (String::new(), String::new());
        self.stdout.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code(), out, err)
    }
}

/// Waits until a ledger is there that is whole and fits.
fn ledger_with(path: &Path, fits: impl Fn(&str) -> bool) -> Vec<Value> {
    let watch = Stopwatch::start();
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if fits(&text) {
            return text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        }
        assert!(watch.millis() < 20_000, "no such ledger: {text}");
        rest(Duration::from_millis(5));
    }
}

#[cfg(unix)]
#[test]
fn the_ledger_is_written_when_asked_and_at_the_end_whole_each_time() {
    let mut process = Process::start(&[]);
    // It was written once already, to find out whether it can be.
    std::fs::remove_file(process.ledger()).unwrap();
    process.signal("-USR1");
    let rows = ledger_with(&process.ledger(), |text| !text.is_empty());
    assert_eq!(rows.iter().map(|row| row["kind"].as_str().unwrap()).collect::<Vec<_>>(), ["start", "end"]);
    assert_eq!((&rows[0]["evidence"], &rows[0]["cash"]), (&Value::Bool(false), &Value::from("1000.000000")));
    let client = "k1-1-00000000-1";
    // A market that is not open yet takes no order, but the venue remembers that it was asked.
    assert!(process.create(client).status >= 400);
    process.signal("-USR1");
    let rows = ledger_with(&process.ledger(), |text| text.contains(client));
    assert_eq!(rows.last().unwrap()["kind"], "end", "never half of it");
    std::fs::remove_file(process.ledger()).unwrap();
    process.signal("-TERM");
    let (code, out, err) = process.end();
    assert_eq!((code, out.as_str()), (Some(0), ""), "{err}");
    assert!(std::fs::read_to_string(process.ledger()).unwrap().contains(client));
    let names = std::fs::read_dir(process.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().contains("part")), "nothing half-written stays");
    assert!(err.lines().next().unwrap().contains("SIM") && err.contains("NOT EVIDENCE"), "{err}");
    assert!(err.contains("GENERATED") && err.contains("ledger.jsonl"), "{err}");
}

#[cfg(unix)]
#[test]
fn the_keys_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut process = Process::start(&[]);
    for path in [&process.description.key_path, &process.description.ed25519_key_path] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let text = |path| std::fs::read_to_string(path).unwrap();
    assert!(text(&process.description.key_path).starts_with("-----BEGIN RSA PRIVATE KEY-----\n"), "as the venue does");
    assert!(text(&process.description.ed25519_key_path).starts_with("-----BEGIN PRIVATE KEY-----\n"));
    process.signal("-INT");
    assert_eq!(process.end().0, Some(0));
}

#[cfg(unix)]
#[test]
fn the_end_of_the_candles_is_said() {
    let mut process = Process::start(&["--speed", "100000"]);
    let err = BufReader::new(process.child.stderr.take().unwrap());
    let said = err.lines().map(Result::unwrap).find(|line| line.contains("the market has ended")).unwrap();
    assert!(said.contains("NOT EVIDENCE"), "{said}");
    process.signal("-TERM");
    assert_eq!(process.child.wait().unwrap().code(), Some(0));
}

#[test]
fn what_cannot_be_served_is_said_with_its_fix() {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let output = command(folder.path()).args(["--rest-port", &port]).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains(&port) && told.contains("another port"), "{told}");
    assert!(output.stdout.is_empty());
    let nowhere = folder.path().join("no/such/folder/ledger.jsonl");
    let output = command(folder.path()).arg("--ledger").arg(&nowhere).output().unwrap();
    assert!(output.status.code() == Some(2) && output.stdout.is_empty(), "found before anybody relies on it");
    let output = command(folder.path()).args(["--fault", "nonsense"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
