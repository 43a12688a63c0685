//! Laying files over the defaults, key by key, remembering where each value came from.

use super::values::Config;
use miette::{Diagnostic, NamedSource, SourceSpan};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use thiserror::Error;
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

/// Where a value came from: the name of its source and the line in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `default.toml`, a file's path, or `--set`.
    pub source: String,
    /// 1-based line; 0 for the command line.
    pub line: usize,
    span: Range<usize>,
}

/// The name of the shipped defaults.
const SHIPPED: &str = "default.toml";

/// A longer file is no configuration, and a device never ends.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The text an error points into; shared, so that an error stays small to return.
type Shown = Arc<NamedSource<String>>;

/// What is wrong with a configuration, shown at its place, with the fix.
#[derive(Debug, Error, Diagnostic)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {path}: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// The text is not TOML.
    #[error("not valid TOML: {reason}")]
    Syntax {
        /// What the parser said.
        reason: String,
        /// The text.
        #[source_code]
        text: Shown,
        /// Where.
        #[label("here")]
        at: SourceSpan,
    },
    /// A key nobody reads.
    #[error("unknown key `{key}` on line {line}")]
    UnknownKey {
        /// The key's full path.
        key: String,
        /// 1-based line.
        line: usize,
        /// The text.
        #[source_code]
        text: Shown,
        /// Where.
        #[label("not a setting")]
        at: SourceSpan,
        /// The nearest key that exists.
        #[help]
        suggestion: String,
    },
    /// A value of the wrong type or out of range.
    #[error("`{key}` on line {line}: {problem}")]
    BadValue {
        /// The key's full path.
        key: String,
        /// 1-based line; 0 for the command line.
        line: usize,
        /// What is wrong and what would be right.
        problem: String,
        /// The text.
        #[source_code]
        text: Shown,
        /// Where.
        #[label("this value")]
        at: SourceSpan,
    },
}

/// The layers read so far, merged.
pub struct Layers {
    merged: Table,
    origins: BTreeMap<String, Origin>,
    texts: BTreeMap<String, String>,
}

impl Layers {
    /// The shipped defaults alone.
    ///
    /// # Errors
    /// Only if the shipped file is broken, which a test rules out.
    pub fn defaults() -> Result<Layers, ConfigError> {
        let mut layers = Layers { merged: Table::new(), origins: BTreeMap::new(), texts: BTreeMap::new() };
        layers.add_text(SHIPPED, super::DEFAULT_TOML, true)?;
        Ok(layers)
    }

    /// Lays a file over what is there.
    ///
    /// # Errors
    /// [`ConfigError`] shows the line and names the fix.
    pub fn add_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let name = path.display().to_string();
        let unreadable = |reason: String| ConfigError::Unreadable { path: name.clone(), reason };
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(|error| unreadable(error.to_string()))?;
        let read = file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text);
        if read.map_err(|error| unreadable(error.to_string()))? as u64 > FILE_BYTES_MAX {
            return Err(unreadable(format!("it is longer than {FILE_BYTES_MAX} bytes")));
        }
        self.add_text(&name, &text, false)
    }

    /// Lays one `key=value` of the command line over what is there.
    ///
    /// # Errors
    /// As [`Layers::add_file`]. A bare word is taken as text, and so is a bare date where text stands.
    pub fn add_setting(&mut self, setting: &str) -> Result<(), ConfigError> {
        let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
        let (key, value) = (key.trim(), value.trim());
        let is_text = matches!(self.value(key), Some(Value::String(_))) && !value.starts_with(['"', '\'']);
        let bare = format!("{key} = {value}");
        let quoted = || format!("{key} = {}", Value::String(value.to_owned()));
        let text = if is_text || DeTable::parse(&bare).is_err() { quoted() } else { bare };
        self.add_text(&format!("--set {setting}"), &text, false)
    }

    /// Lays a named text over what is there; `defining` texts may bring new keys.
    ///
    /// # Errors
    /// As [`Layers::add_file`].
    pub fn add_text(&mut self, name: &str, text: &str, defining: bool) -> Result<(), ConfigError> {
        self.texts.insert(name.to_owned(), text.to_owned());
        let table = DeTable::parse(text).map_err(|error| syntax_error(name, text, &error))?;
        let mut merged = std::mem::take(&mut self.merged);
        let source = Source { name, text, defining };
        let laid = self.lay(&source, "", table.get_ref(), &mut merged);
        self.merged = merged;
        laid
    }

    /// The whole configuration, every value checked.
    ///
    /// # Errors
    /// [`ConfigError::BadValue`] for the first value that is out of range.
    pub fn finish(&self) -> Result<Config, ConfigError> {
        let config = typed(&self.merged).map_err(|problem| self.unreadable(problem))?;
        match config.problem() {
            None => Ok(config),
            Some((key, problem)) => Err(self.bad_value(key, problem)),
        }
    }

    /// The merged configuration as TOML text: what the journal keeps of a run.
    #[must_use]
    pub fn to_toml(&self) -> String {
        self.merged.to_string()
    }

    /// Every key with its value and origin, in key order.
    pub fn entries(&self) -> impl Iterator<Item = (&str, String, &Origin)> {
        self.origins.iter().map(|(key, origin)| (key.as_str(), self.value_text(key), origin))
    }

    /// Whether somebody set `key` to something.
    #[must_use]
    pub fn is_set(&self, key: &str) -> bool {
        self.origins.get(key).is_some_and(|origin| origin.source != SHIPPED)
    }

    fn value_text(&self, key: &str) -> String {
        self.value(key).map(ToString::to_string).unwrap_or_default()
    }

    fn value(&self, key: &str) -> Option<&Value> {
        let mut parts = key.split('.');
        let first = parts.next().and_then(|part| self.merged.get(part));
        parts.fold(first, |value, part| value.and_then(|value| value.get(part)))
    }

    /// The value that cannot be what its key takes: the defaults can be read, so it is one that was laid over them.
    fn unreadable(&self, problem: String) -> ConfigError {
        let Ok(defaults) = Layers::defaults() else { return self.bad_value("configuration", problem) };
        let alone = self.origins.keys().find_map(|key| {
            let mut table = defaults.merged.clone();
            *slot(&mut table, key)? = self.value(key)?.clone();
            typed(&table).err().map(|problem| (key, problem))
        });
        match alone {
            Some((key, problem)) => self.bad_value(key, problem),
            None => self.bad_value("configuration", problem),
        }
    }

    fn bad_value(&self, key: &str, problem: String) -> ConfigError {
        let origin = self.origins.get(key);
        let source = origin.map_or("default.toml", |origin| origin.source.as_str());
        let text = self.texts.get(source).cloned().unwrap_or_default();
        ConfigError::BadValue {
            key: key.to_owned(),
            line: origin.map_or(0, |origin| origin.line),
            problem,
            text: shown(source, text),
            at: origin.map_or(0..0, |origin| origin.span.clone()).into(),
        }
    }

    fn lay(&mut self, source: &Source, path: &str, from: &DeTable, into: &mut Table) -> Result<(), ConfigError> {
        for (key, value) in from {
            let full = if path.is_empty() { key.get_ref().to_string() } else { format!("{path}.{}", key.get_ref()) };
            let known = into.get_mut(key.get_ref().as_ref());
            match (value.get_ref(), known) {
                (DeValue::Table(inner), Some(Value::Table(existing))) => {
                    let mut existing = std::mem::take(existing);
                    let laid = self.lay(source, &full, inner, &mut existing);
                    into.insert(key.get_ref().to_string(), Value::Table(existing));
                    laid?;
                }
                (DeValue::Table(inner), None) if source.defining => {
                    let mut fresh = Table::new();
                    self.lay(source, &full, inner, &mut fresh)?;
                    into.insert(key.get_ref().to_string(), Value::Table(fresh));
                }
                (_, None) if !source.defining => return Err(unknown_key(source, &full, key.span(), into)),
                (_, known) => {
                    let read = source.read_value(&full, value, known.as_deref())?;
                    self.origins.insert(full, source.origin(value.span()));
                    into.insert(key.get_ref().to_string(), read);
                }
            }
        }
        Ok(())
    }
}

fn typed(table: &Table) -> Result<Config, String> {
    Value::Table(table.clone()).try_into().map_err(|error: toml::de::Error| error.message().to_owned())
}

/// Where the value of a dotted key is kept.
fn slot<'a>(table: &'a mut Table, key: &str) -> Option<&'a mut Value> {
    let mut parts = key.split('.');
    let first = table.get_mut(parts.next()?)?;
    parts.try_fold(first, |value, part| value.get_mut(part))
}

/// One text being laid over the rest.
struct Source<'a> {
    name: &'a str,
    text: &'a str,
    defining: bool,
}

impl Source<'_> {
    fn origin(&self, span: Range<usize>) -> Origin {
        Origin { source: self.name.to_owned(), line: line_of(self.text, span.start), span }
    }

    fn read_value(&self, key: &str, value: &Spanned<DeValue>, known: Option<&Value>) -> Result<Value, ConfigError> {
        let bad = |problem: String| ConfigError::BadValue {
            key: key.to_owned(),
            line: line_of(self.text, value.span().start),
            problem,
            text: shown(self.name, self.text.to_owned()),
            at: value.span().into(),
        };
        let read = plain_value(value.get_ref()).ok_or_else(|| bad("this number is out of range".into()))?;
        match (known, &read) {
            (Some(Value::Float(_)), Value::Integer(whole)) => Ok(Value::Float(*whole as f64)),
            (Some(known), read) if known.type_str() != read.type_str() => {
                Err(bad(format!("this is {}, it takes {}, as in `{known}`", read.type_str(), known.type_str())))
            }
            _ => Ok(read),
        }
    }
}

fn plain_value(value: &DeValue) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => Value::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok()?),
        DeValue::Float(number) => Value::Float(number.as_str().parse().ok().filter(|value: &f64| value.is_finite())?),
        DeValue::Boolean(truth) => Value::Boolean(*truth),
        DeValue::Datetime(date) => Value::Datetime(*date),
        DeValue::Array(items) => {
            Value::Array(items.iter().map(|item| plain_value(item.get_ref())).collect::<Option<_>>()?)
        }
        DeValue::Table(table) => {
            let entries =
                table.iter().map(|(key, value)| Some((key.get_ref().to_string(), plain_value(value.get_ref())?)));
            Value::Table(entries.collect::<Option<_>>()?)
        }
    })
}

fn unknown_key(source: &Source, full: &str, span: Range<usize>, siblings: &Table) -> ConfigError {
    let last = full.rsplit('.').next().unwrap_or(full);
    let nearest = siblings.keys().min_by_key(|key| strsim::levenshtein(key, last));
    let suggestion = match nearest {
        Some(key) if strsim::levenshtein(key, last) <= last.len().div_ceil(2) => format!("did you mean `{key}`?"),
        _ => format!("the settings here are: {}", siblings.keys().cloned().collect::<Vec<_>>().join(", ")),
    };
    ConfigError::UnknownKey {
        key: full.to_owned(),
        line: line_of(source.text, span.start),
        text: shown(source.name, source.text.to_owned()),
        at: span.into(),
        suggestion,
    }
}

fn syntax_error(name: &str, text: &str, error: &toml::de::Error) -> ConfigError {
    ConfigError::Syntax {
        reason: error.message().to_owned(),
        text: shown(name, text.to_owned()),
        at: error.span().unwrap_or(0..0).into(),
    }
}

fn shown(name: &str, text: String) -> Shown {
    Arc::new(NamedSource::new(name, text))
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count()
}
