//! Rows of named numbers: read from a file or from flags, printed with what was computed.

use super::Form;
use crate::cli::{Failure, output};
use miette::{IntoDiagnostic, miette};
use serde_json::{Map, Value};
use std::io::{self, Read, Write};
use std::path::Path;

/// What flags say, by the name a column would have.
pub(super) type Given = Vec<(&'static str, Option<String>)>;

/// Named texts, one row at a time.
pub(super) struct Table {
    names: Vec<String>,
    /// Line in the file and fields, in the order of `names`.
    rows: Vec<(u64, Vec<String>)>,
    given: Given,
}

/// One row, asked by column.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    table: &'a Table,
    line: u64,
    fields: &'a [String],
}

/// One computed value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// Shortest decimal that reads back as the same bits.
    Float(f64),
    Integer(i64),
    Text(String),
    Blank,
}

impl Cell {
    fn text(&self) -> String {
        match self {
            Cell::Float(number) => format!("{number:?}"),
            Cell::Integer(number) => number.to_string(),
            Cell::Text(text) => text.clone(),
            Cell::Blank => String::new(),
        }
    }

    fn json(&self) -> Value {
        match self {
            Cell::Float(number) => (*number).into(),
            Cell::Integer(number) => (*number).into(),
            Cell::Text(text) => text.as_str().into(),
            Cell::Blank => Value::Null,
        }
    }
}

/// What was computed of one row: oracle columns and values.
pub(super) type Got = Vec<(&'static str, Cell)>;

impl Table {
    /// The one row that the flags are.
    pub(super) fn single(given: Given) -> Table {
        Table { names: Vec::new(), rows: vec![(0, Vec::new())], given }
    }

    /// A file's rows.
    pub(super) fn read(path: &Path, given: Given) -> Result<Table, Failure> {
        let mut text = String::new();
        let read = if path.as_os_str() == "-" {
            io::stdin().read_to_string(&mut text).map(|_| ())
        } else {
            std::fs::read_to_string(path).map(|read| text = read)
        };
        read.into_diagnostic().map_err(|report| report.wrap_err(format!("cannot read {}", path.display())))?;
        let named = |error: csv::Error| Failure::Input(miette!("{}: {error}", path.display()));
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
        let names: Vec<_> = reader.headers().map_err(named)?.iter().map(str::to_owned).collect();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(named)?;
            let line = record.position().map_or(0, csv::Position::line);
            rows.push((line, record.iter().map(str::to_owned).collect()));
        }
        if rows.is_empty() {
            let help = "the first line that does not begin with # names the columns, the others are rows";
            return Err(Failure::Input(miette!(help = help, "{} has no rows", path.display())));
        }
        Ok(Table { names, rows, given })
    }

    pub(super) fn has(&self, column: &str) -> bool {
        self.names.iter().any(|name| name == column)
    }

    /// Computes every row and prints it.
    pub(super) fn print(
        &self,
        form: &Form,
        mut compute: impl FnMut(&Row<'_>) -> Result<Got, Failure>,
    ) -> Result<(), Failure> {
        let mut computed = Vec::with_capacity(self.rows.len());
        for (line, fields) in &self.rows {
            let row = Row { table: self, line: *line, fields };
            computed.push(compute(&row)?);
        }
        output::print(|out| {
            let written = match (form.json, form.csv.is_some()) {
                (true, _) => self.write_json(&computed, out),
                (false, true) => self.write_csv(&computed, out),
                (false, false) => write_lines(&computed, out),
            };
            Ok(written?)
        })
    }

    fn write_csv(&self, computed: &[Got], out: &mut dyn Write) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        let got = computed.first().into_iter().flatten().map(|(name, _)| format!("got_{name}"));
        writer.write_record(self.names.iter().cloned().chain(got))?;
        for ((_, fields), got) in self.rows.iter().zip(computed) {
            writer.write_record(fields.iter().cloned().chain(got.iter().map(|(_, cell)| cell.text())))?;
        }
        writer.flush()
    }

    fn write_json(&self, computed: &[Got], out: &mut dyn Write) -> io::Result<()> {
        for ((_, fields), got) in self.rows.iter().zip(computed) {
            let read = self.names.iter().cloned().zip(fields.iter().map(|field| field.as_str().into()));
            let prefix = if self.names.is_empty() { "" } else { "got_" };
            let made = got.iter().map(|(name, cell)| (format!("{prefix}{name}"), cell.json()));
            let object: Map<String, Value> = read.chain(made).collect();
            writeln!(out, "{}", Value::Object(object))?;
        }
        Ok(())
    }
}

fn write_lines(computed: &[Got], out: &mut dyn Write) -> io::Result<()> {
    for (name, cell) in computed.iter().flatten() {
        writeln!(out, "{name} = {}", cell.text())?;
    }
    Ok(())
}

impl Row<'_> {
    /// A column's text; `None` where it is blank or not there.
    pub(super) fn text(&self, column: &str) -> Option<&str> {
        let at = self.table.names.iter().position(|name| name == column);
        let field = at.and_then(|at| self.fields.get(at)).map(|field| field.trim());
        let flag = || self.table.given.iter().find(|(name, _)| *name == column).and_then(|(_, text)| text.as_deref());
        // A blank field of a column that is there means blank.
        if at.is_some() { field.filter(|field| !field.is_empty()) } else { flag() }
    }

    /// A column's text, which must be there.
    pub(super) fn needed(&self, column: &str) -> Result<&str, Failure> {
        self.text(column).ok_or_else(|| {
            let flag = column.to_lowercase().replace('_', "-");
            let help = format!("give a column `{column}`, or --{flag}");
            Failure::Input(miette!(help = help, "{}`{column}` is missing", self.place()))
        })
    }

    /// A column's number; `None` where it is blank or not there.
    pub(super) fn maybe(&self, column: &str) -> Result<Option<f64>, Failure> {
        let Some(text) = self.text(column) else { return Ok(None) };
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.map(Some).ok_or_else(|| self.wrong(column, text, "a number"))
    }

    /// A column's number, which must be there.
    pub(super) fn number(&self, column: &str) -> Result<f64, Failure> {
        self.needed(column)?;
        Ok(self.maybe(column)?.unwrap_or(f64::NAN))
    }

    /// A column's number in `10^-decimals` units, exactly, from 0 to `most`; must be there.
    pub(super) fn units(&self, column: &str, decimals: u32, most: i64) -> Result<i64, Failure> {
        let text = self.needed(column)?;
        let units = trader_journal::units::parse_decimal(text.as_bytes(), decimals);
        units
            .ok()
            .filter(|units| (0..=most).contains(units))
            .ok_or_else(|| self.wrong(column, text, &format!("a number of at most {decimals} decimals in its range")))
    }

    /// An error that names row, column and what would be right.
    pub(super) fn wrong(&self, column: &str, text: &str, right: &str) -> Failure {
        Failure::Input(miette!(help = format!("`{column}` takes {right}"), "{}`{column}` is `{text}`", self.place()))
    }

    fn place(&self) -> String {
        if self.line == 0 { String::new() } else { format!("line {}: ", self.line) }
    }
}
