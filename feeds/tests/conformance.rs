//! The feeds against what the venues really said: samples and ticks that are not in the repository.
//!
//! `SAMPLES_DIR` holds `kalshi_samples` and `binance_samples`, `DATA_DIR` holds `binance_ticks`.
//! Without them there is no conformance to speak of, so the tests fail.

use serde_json::Value;
use std::path::{Path, PathBuf};

#[path = "conformance/kalshi.rs"]
mod kalshi;
#[path = "conformance/kalshi_rest.rs"]
mod kalshi_rest;
#[path = "conformance/binance.rs"]
mod binance;
#[path = "conformance/ticks.rs"]
mod ticks;

fn folder(variable: &str) -> PathBuf {
    let folder = std::env::var(variable).unwrap_or_else(|_| panic!("{variable} must name a folder: see this file"));
    PathBuf::from(folder)
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file under a folder, by its path inside it.
fn files(root: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).expect("under the root").to_string_lossy().into_owned();
                found.push((name, path));
            }
        }
    }
    found.sort();
    found
}

/// Holds each file against the row of a table that names it, the first one whose name or
/// `prefix*` fits. A file without a row and a row without a file both fail.
fn each_by_table<E>(root: &Path, table: &[(&str, E)], check: impl Fn(&str, &Path, &E)) {
    let mut used = vec![false; table.len()];
    for (name, path) in files(root) {
        let fits = |pattern: &str| match pattern.split_once('*') {
            Some((start, end)) => name.starts_with(start) && name.ends_with(end),
            None => name == pattern,
        };
        let row = table.iter().position(|(pattern, _)| fits(pattern));
        let row = row.unwrap_or_else(|| panic!("{name} is in no row of the table: say what is expected of it"));
        used[row] = true;
        check(&name, &path, &table[row].1);
    }
    for ((pattern, _), used) in table.iter().zip(used) {
        assert!(used, "no file for the row {pattern}");
    }
}

/// A decimal in units of `10^-places`, by way of its digits; decimals beyond are rounded half up.
fn units(value: &Value, places: usize) -> i64 {
    let text = match value {
        Value::String(text) => text.clone(),
        number => number.to_string(),
    };
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let kept: String = decimals.chars().chain(std::iter::repeat('0')).take(places).collect();
    let up = decimals.as_bytes().get(places).is_some_and(|digit| *digit >= b'5');
    format!("{whole}{kept}").parse::<i64>().unwrap_or_else(|_| panic!("{text} is no decimal")) + i64::from(up)
}

fn word<'v>(object: &'v Value, key: &str) -> &'v str {
    object[key].as_str().unwrap_or_else(|| panic!("{key} in {object}"))
}
