//! Oracle files: CSV with `#` comments and a header, columns by name.

use std::collections::BTreeMap;
use std::path::Path;

/// The rows of a file, each as column name to text.
pub(crate) fn rows(folder: &Path, file: &str) -> Vec<BTreeMap<String, String>> {
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let names: Vec<_> = lines.next().expect("a header").split(',').map(str::to_owned).collect();
    let row = |line: &str| names.iter().cloned().zip(line.split(',').map(str::to_owned)).collect();
    let found: Vec<_> = lines.map(row).collect();
    assert!(!found.is_empty(), "{file} has no rows");
    found
}

/// A number; NaN where the field is blank.
pub(crate) fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    let text = row.get(column).unwrap_or_else(|| panic!("no column {column}"));
    if text.is_empty() { f64::NAN } else { text.parse().unwrap_or_else(|_| panic!("{column} = {text}")) }
}

/// A number, if there is one.
pub(crate) fn maybe(row: &BTreeMap<String, String>, column: &str) -> Option<f64> {
    Some(number(row, column)).filter(|value| !value.is_nan())
}

/// Fails unless `got` is within `relative` of `want` (or equal, for zero).
pub(crate) fn close_to(got: f64, want: f64, relative: f64, what: &str) {
    assert!((got - want).abs() <= relative * want.abs(), "{what}: got {got:e}, want {want:e}");
}
