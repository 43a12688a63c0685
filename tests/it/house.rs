//! The walls of the house, as tests: who may import whom, what a stage may not touch,
//! where `unsafe` and floats live, how large things grow, what may be depended on.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const OURS: [&str; 5] = ["trader-ring", "trader-journal", "trader-feeds", "trader-pricing", "trader-exec"];
const STAGES: [&str; 3] = ["feeds/src", "pricing/src", "exec/src"];
const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn metadata(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

fn sources(under: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(under)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a source folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "no sources under {under}");
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Lines of code that contain one of `words`, comments left out, up to the file's test module.
fn lines_with(under: &str, words: &[&str]) -> Vec<String> {
    let mut hits = Vec::new();
    for (path, text) in sources(under) {
        let code = text.split("#[cfg(test)]").next().unwrap_or("");
        for (index, line) in code.lines().enumerate() {
            let spoken = line.split("//").next().unwrap_or("");
            if words.iter().any(|word| contains_word(spoken, word)) {
                hits.push(format!("{}:{}: {}", name(&path), index + 1, line.trim()));
            }
        }
    }
    hits
}

fn contains_word(line: &str, word: &str) -> bool {
    let part_of_name = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        !part_of_name(line[..at].chars().next_back()) && !part_of_name(line[at + word.len()..].chars().next())
    })
}

#[test]
fn imports_form_a_star() {
    let metadata = metadata(&["--no-deps"]);
    let mut imports: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let ours = package["dependencies"].as_array().unwrap().iter().filter(|dependency| dependency["kind"].is_null());
        let ours = ours.map(|dependency| dependency["name"].as_str().unwrap()).filter(|name| OURS.contains(name));
        imports.insert(package["name"].as_str().unwrap(), ours.collect());
    }
    assert_eq!(imports["trader-ring"], [""; 0], "the ring imports nothing of ours");
    assert_eq!(imports["trader-journal"], [""; 0], "the words import nothing of ours");
    for stage in ["trader-feeds", "trader-pricing", "trader-exec"] {
        assert_eq!(imports[stage], ["trader-journal"], "{stage} imports the words and nothing else of ours");
    }
}

#[test]
fn stages_touch_no_clock_file_socket_thread_or_chance() {
    let banned = [
        "std::time",
        "std::thread",
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::sync",
        "Instant",
        "SystemTime",
        "HashMap",
        "HashSet",
        "thread_rng",
        "getrandom",
        "println!",
        "eprintln!",
    ];
    for stage in STAGES {
        let hits = lines_with(stage, &banned);
        assert!(hits.is_empty(), "{}", hits.join("\n"));
    }
}

#[test]
fn pricing_and_exec_are_no_std_and_forbid_unsafe() {
    for stage in ["pricing", "exec"] {
        let head = std::fs::read_to_string(root().join(stage).join("src/lib.rs")).unwrap();
        assert!(head.contains("#![no_std]") && head.contains("#![forbid(unsafe_code)]"), "{stage}/src/lib.rs");
        assert!(lines_with(&format!("{stage}/src"), &["std"]).is_empty(), "{stage} names std");
    }
}

#[test]
fn floats_stay_out_of_words_money_and_orders() {
    for place in ["journal/src", "exec/src"] {
        let hits = lines_with(place, &["f64", "f32"]);
        assert!(hits.is_empty(), "{}", hits.join("\n"));
    }
}

#[test]
fn unsafe_lives_in_two_files() {
    let homes = ["ring/src/slot.rs", "journal/src/log/segment.rs"];
    for place in ["src", "ring/src", "journal/src", "feeds/src", "pricing/src", "exec/src", "benches"] {
        let strays: Vec<_> = lines_with(place, &["unsafe"])
            .into_iter()
            .filter(|hit| !homes.iter().any(|home| hit.starts_with(home)))
            .collect();
        assert!(strays.is_empty(), "{}", strays.join("\n"));
    }
}

#[test]
fn files_and_functions_stay_small_enough_to_read() {
    let mut large = Vec::new();
    for place in ["src", "ring/src", "journal/src", "feeds/src", "pricing/src", "exec/src"] {
        for (path, text) in sources(place) {
            let lines = text.lines().count();
            if lines > FILE_LINES_MAX {
                large.push(format!("{} has {lines} lines", name(&path)));
            }
            large.extend(long_functions(&text).into_iter().map(|what| format!("{}: {what}", name(&path))));
        }
    }
    assert!(large.is_empty(), "worth a look:\n{}", large.join("\n"));
}

/// Functions over the limit, found by the indentation that rustfmt gives their closing brace.
fn long_functions(text: &str) -> Vec<String> {
    let mut long = Vec::new();
    let mut open: Option<(usize, usize, String)> = None;
    for (index, line) in text.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        match &open {
            Some((start, depth, what)) if line.trim_end() == format!("{}}}", " ".repeat(*depth)) => {
                let lines = index - start + 1;
                if lines > FUNCTION_LINES_MAX {
                    long.push(format!("{what} has {lines} lines"));
                }
                open = None;
            }
            None if contains_word(line, "fn")
                && !line.trim_start().starts_with("//")
                && !line.trim_end().ends_with(';') =>
            {
                open = Some((index, indent, line.trim().to_owned()));
            }
            Some(_) | None => {}
        }
    }
    long
}

#[test]
fn dependencies_come_from_the_registry_with_known_licences_and_no_banned_crate() {
    let allowed = [
        "MIT",
        "Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "Zlib",
        "0BSD",
        "Unicode-3.0",
        "Unlicense",
        "BSL-1.0",
        "CC0-1.0",
        "MIT-0",
        "OpenSSL",
        "CDLA-Permissive-2.0",
    ];
    let banned = ["rsa", "openssl", "openssl-sys", "native-tls", "chrono", "dotenv", "serde_yaml"];
    let metadata = metadata(&[]);
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        assert!(!banned.contains(&name), "{name} is banned");
        let Some(source) = package["source"].as_str() else { continue };
        assert!(source.starts_with("registry+"), "{name} comes from {source}");
        let licence = package["license"].as_str().unwrap_or("none");
        assert!(licence_is_allowed(licence, &allowed), "{name}: licence {licence}");
    }
}

/// An SPDX expression of `OR`, `AND`, `/` and parentheses: one alternative must be allowed whole.
fn licence_is_allowed(expression: &str, allowed: &[&str]) -> bool {
    let plain = expression.replace(['(', ')'], "").replace('/', " OR ");
    if expression.contains('(') {
        return plain.replace(" AND ", " OR ").split(" OR ").all(|one| allowed.contains(&one.trim()))
            || plain.split(" AND ").all(|part| part.split(" OR ").any(|one| allowed.contains(&one.trim())));
    }
    plain.split(" OR ").any(|choice| choice.split(" AND ").all(|one| allowed.contains(&one.trim())))
}

#[test]
fn the_front_door_is_short() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.lines().count() <= 150, "README.md has {} lines", readme.lines().count());
}

#[test]
fn tls_begins_in_one_file_and_sockets_read_no_clock() {
    let begins = ["ClientConfig::builder", "ServerConfig::builder", "builder_with_provider", "default_provider"];
    let strays: Vec<_> = lines_with("src", &begins)
        .into_iter()
        .chain(lines_with("src", &["builder_with_protocol_versions", "install_default"]))
        .filter(|hit| !hit.starts_with("src/socket/tls.rs"))
        .collect();
    assert!(strays.is_empty(), "{}", strays.join("\n"));
    let clocks = lines_with("src/socket", &["crate::clock", "Instant", "SystemTime", "sleep"]);
    assert!(clocks.is_empty(), "{}", clocks.join("\n"));
}

#[test]
fn only_the_line_makes_stages_and_the_auditor_knows_none() {
    let makes = ["Pricing::new", "Exec::new", "kalshi::Session::new", "binance::Session::new"];
    for part in makes {
        let (inside, outside): (Vec<_>, Vec<_>) =
            lines_with("src", &[part]).into_iter().partition(|hit| hit.starts_with("src/line/"));
        assert!(!inside.is_empty() && outside.is_empty(), "{part}: {outside:?}");
    }
    let shared = lines_with("src/audit", &["trader_exec", "trader_pricing", "trader_feeds", "fee", "stage"]);
    let imports: Vec<_> = shared.into_iter().filter(|hit| hit.contains(": use ")).collect();
    assert!(imports.is_empty(), "{}", imports.join("\n"));
}
