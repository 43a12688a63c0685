//! The commands as a person or a script meets them: exit codes, lines, JSON.

use crate::story::{Line, clean, find, write};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use trader_journal::event::{Account, Event};

fn run(arguments: &[&str], dir: &Path) -> Output {
    let program = env!("CARGO_BIN_EXE_kalshi-trader");
    Command::new(program).arg("journal").args(arguments).arg(dir).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A data directory with a journal in it.
fn data_dir(lines: &[Line]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("journal"), lines);
    dir
}

#[test]
fn info_says_what_is_there() {
    let dir = data_dir(&clean());
    let output = run(&["info", "--json"], dir.path());
    assert_eq!(output.status.code(), Some(0));
    let info: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(info["epochs"][0]["epoch"], 1);
    assert_eq!(info["epochs"][0]["config_hash"], "c0".repeat(32));
    assert_eq!(info["streams"]["exec"]["said"], 10);
    assert_eq!(info["streams"]["shell"]["records"], 2);
    assert_eq!(info["labels"][0]["evidence"], false);
    assert_eq!(info["first"], "2026-11-02T12:00:00.000000000Z");
    let text = stdout(&run(&["info"], &dir.path().join("journal")));
    assert!(text.contains("stream    exec") && text.contains("\"evidence\":false"), "{text}");
}

#[test]
fn cat_prints_exact_decimals_and_filters() {
    let dir = data_dir(&clean());
    let all = stdout(&run(&["cat"], dir.path()));
    assert_eq!(all.lines().count(), clean().len() + 2);
    let intent = stdout(&run(&["cat", "--kind", "order_intent"], dir.path()));
    let expected = "exec said order_intent client=k1-1-00c0ffee-1 market=3 side=bid price=0.5000 count=40.00 \
                    time_in_force=immediate_or_cancel expires=- post_only=false self_trade=taker_at_cross eval=1";
    assert!(intent.trim_end().ends_with(expected), "{intent}");
    let json = stdout(&run(&["cat", "--json", "--kind", "fill", "--kind", "configuration"], dir.path()));
    let lines: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0]["text"].as_str().unwrap().contains("position_max_usd"));
    assert_eq!(
        (&lines[1]["fee"], &lines[1]["count"], &lines[1]["is_taker"]),
        (&"0.349900".into(), &"20.00".into(), &true.into())
    );
    let at = lines[1]["at"].as_str().unwrap();
    let one = stdout(&run(&["cat", "--json", "--from", at, "--to", at], dir.path()));
    assert_eq!(one.lines().count(), 1);
    assert_eq!(stdout(&run(&["cat", "--agent", "pricing"], dir.path())), "");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let dir = data_dir(&clean());
    let program = env!("CARGO_BIN_EXE_kalshi-trader");
    let mut cat = Command::new(program)
        .args(["journal", "cat"])
        .arg(dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(cat.stdout.take());
    let output = cat.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

#[test]
fn bad_input_names_its_fix_and_exits_2() {
    let dir = data_dir(&clean());
    let cases = [
        (run(&["cat", "--kind", "order_intend"], dir.path()), "did you mean `order_intent`?"),
        (run(&["cat", "--agent", "exex"], dir.path()), "did you mean `exec`?"),
        (run(&["cat", "--from", "x"], dir.path()), "SEGMENT:LINE"),
        (run(&["info"], Path::new("/nowhere/at/all")), "no such directory"),
        (run(&["verify"], tempfile::tempdir().unwrap().path()), "holds no journal"),
        (run(&["audit", "--ledger", "/nowhere/ledger.jsonl"], dir.path()), "cannot read"),
        (run(&["audit"], data_dir(&[]).path()), "nothing to audit"),
    ];
    for (output, expected) in cases {
        assert_eq!(output.status.code(), Some(2), "{expected}");
        assert!(stderr(&output).contains(expected), "{expected}: {}", stderr(&output));
    }
}

#[test]
fn verify_and_audit_exit_1_when_something_is_wrong() {
    let dir = data_dir(&clean());
    assert_eq!(run(&["verify"], dir.path()).status.code(), Some(0));
    let output = run(&["audit", "--json"], dir.path());
    assert_eq!(output.status.code(), Some(0));
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(
        (&report["clean"], &report["label"]["evidence"], &report["checked"]["fills"]),
        (&true.into(), &false.into(), &2.into())
    );

    let mut lines = clean();
    let fee = find(&lines, |event| matches!(event, Event::Posting { debit: Account::Fees, .. }));
    lines.remove(fee);
    let wrong = data_dir(&lines);
    let output = run(&["audit"], wrong.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("J5 fee_not_as_charged at 0:"), "{}", stdout(&output));

    let journal = dir.path().join("journal");
    let segment = journal.join("seg-00000001-00000000.jrn");
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[5_000] ^= 0x80;
    std::fs::write(&segment, bytes).unwrap();
    for verb in ["verify", "cat", "info"] {
        let output = run(&[verb], dir.path());
        assert_eq!(output.status.code(), Some(1), "{verb}");
        assert!(stderr(&output).contains("seg-00000001-00000000.jrn at byte 4992 (line 14)"), "{}", stderr(&output));
    }
    assert_eq!(run(&["audit"], dir.path()).status.code(), Some(1));
}
