//! The commands of the README are run as they stand there.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The lines of all `console` blocks.
fn commands() -> Vec<String> {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let mut inside = false;
    let mut commands = Vec::new();
    for line in readme.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            line if inside => commands.push(line.to_owned()),
            _ => {}
        }
    }
    assert!(commands.len() > 8, "the README shows how to use the program");
    commands
}

#[test]
fn every_command_of_the_program_runs_in_the_order_given() {
    let folder = tempfile::tempdir().unwrap();
    let binary = env!("CARGO_BIN_EXE_kalshi-trader");
    let mut run = 0;
    for command in commands() {
        if command == "cargo run --locked" {
            start_and_interrupt(folder.path());
            continue;
        }
        let command = command.replace("cargo run --locked -- ", "kalshi-trader ");
        let Some(arguments) = command.strip_prefix("kalshi-trader ") else { continue };
        let output = Command::new(binary).args(arguments.split(' ')).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        run += 1;
    }
    assert!(run >= 8, "only {run} commands were run");
}

/// The one run command takes minutes: it is started as it stands, and interrupted when it trades.
fn start_and_interrupt(folder: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kalshi-trader"));
    let mut child = command.current_dir(folder).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("run 1 starts: sim")), "it ended before it traded");
    if cfg!(windows) {
        child.kill().unwrap();
        child.wait().unwrap();
        return;
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let told: Vec<_> = lines.collect();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{told:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("NOT EVIDENCE"));
}

#[test]
fn the_test_command_is_the_one_that_must_pass() {
    let ci = std::fs::read_to_string(root().join(".ci/run")).unwrap();
    let tests: Vec<_> = commands().into_iter().filter(|command| command.starts_with("cargo test")).collect();
    assert_eq!(tests.len(), 1);
    assert!(ci.contains(&format!("tests() {{ {}; }}", tests[0])), "{} is not what .ci/run runs", tests[0]);
}

#[test]
fn every_other_command_is_one_of_the_toolchain() {
    let known = ["kalshi-trader ", "cargo run --locked", "cargo test ", "cargo build ", "rustup toolchain install "];
    for command in commands() {
        assert!(known.iter().any(|start| command.starts_with(start)), "nobody checks `{command}`");
    }
}
