//! A trained model as a file that people can read: what it is, what it was trained on, what it has
//! learnt, and how well that fits.
//!
//! ```json
//! {"format":"kalshi-trader model","version":1,"hash":"…","model":{"kind":"ewma3","features":"…",…}}
//! ```
//!
//! The hash is of the text of `model`. Numbers that matter are written as text, the shortest
//! that reads back as the same bits. A file that is cut off, altered, newer, or of other features is
//! refused with the reason, so whoever had a model keeps it; one is written beside its place and
//! renamed into it.

use serde_json::{Value, json};
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;
use trader_journal::hash::StateHash;

const FORMAT: &str = "kalshi-trader model";
const VERSION: u64 = 1;

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// Which model; a key of the table of trainers.
    pub kind: String,
    /// What it looks at. A model of other features is another model.
    pub features: String,
    /// What it has learnt, as its kind has it.
    pub parameters: Value,
    /// Where from: days, windows, hash of the candles.
    pub trained: Value,
    /// How it is made a probability.
    pub calibration: Value,
    /// How well it fits what it was trained on.
    pub metrics: Value,
}

/// Why a model file was not taken; the model in use stays.
#[derive(Debug, Error)]
pub enum CardError {
    /// The file cannot be opened, or not be written.
    #[error("{}: {source}", file.display())]
    File {
        /// As given.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It ends in the middle.
    #[error("{}: cut off; copy or train it again", file.display())]
    CutOff {
        /// As given.
        file: PathBuf,
    },
    /// Something else.
    #[error("{}: not a model file of this program: {what}", file.display())]
    Foreign {
        /// As given.
        file: PathBuf,
        /// What is missing or wrong.
        what: &'static str,
    },
    /// A later program wrote it.
    #[error("{}: version {version}, and this program reads {VERSION}: take the program that trained it", file.display())]
    Newer {
        /// As given.
        file: PathBuf,
        /// The file's.
        version: u64,
    },
    /// It was changed after it was written.
    #[error("{}: altered: its text hashes to {found}, it says {said}; train it again", file.display())]
    Altered {
        /// As given.
        file: PathBuf,
        /// Of what is there.
        found: String,
        /// As it says.
        said: String,
    },
}

impl Card {
    /// Reads a file.
    ///
    /// # Errors
    /// [`CardError`] names the file and what is wrong with it.
    pub fn read(file: &Path) -> Result<Card, CardError> {
        let opened = |source| CardError::File { file: file.to_owned(), source };
        let text = std::fs::read(file).map_err(opened)?;
        let document: Value = serde_json::from_slice(&text).map_err(|error| {
            let file = file.to_owned();
            if error.is_eof() { CardError::CutOff { file } } else { CardError::Foreign { file, what: "no JSON" } }
        })?;
        let foreign = |what| CardError::Foreign { file: file.to_owned(), what };
        if document["format"] != FORMAT {
            return Err(foreign("its `format` is another"));
        }
        match document["version"].as_u64() {
            Some(VERSION) => {}
            Some(version) if version > VERSION => return Err(CardError::Newer { file: file.to_owned(), version }),
            _ => return Err(foreign("its `version` is none")),
        }
        let (found, said) = (hash(&document["model"]), document["hash"].as_str().unwrap_or_default().to_owned());
        if found != said {
            return Err(CardError::Altered { file: file.to_owned(), found, said });
        }
        Card::from_model(&document["model"]).ok_or_else(|| foreign("`model` has no kind or features"))
    }

    fn from_model(model: &Value) -> Option<Card> {
        let text = |key: &str| model[key].as_str().map(str::to_owned);
        let part = |key: &str| model[key].clone();
        Some(Card {
            kind: text("kind")?,
            features: text("features")?,
            parameters: part("parameters"),
            trained: part("trained"),
            calibration: part("calibration"),
            metrics: part("metrics"),
        })
    }

    /// The model's part of a file.
    #[must_use]
    pub fn model(&self) -> Value {
        let Card { kind, features, parameters, trained, calibration, metrics } = self;
        json!({
            "kind": kind, "features": features, "parameters": parameters,
            "trained": trained, "calibration": calibration, "metrics": metrics,
        })
    }

    /// The hash that its file has.
    #[must_use]
    pub fn hash(&self) -> String {
        hash(&self.model())
    }

    /// Writes a file; what was there before stays until the new one is whole.
    ///
    /// # Errors
    /// The system's, with the file's name.
    pub fn write(&self, file: &Path) -> Result<(), CardError> {
        let document = json!({ "format": FORMAT, "version": VERSION, "hash": self.hash(), "model": self.model() });
        let mut beside = file.as_os_str().to_owned();
        beside.push(".new");
        let written = std::fs::write(&beside, format!("{document:#}\n"));
        let placed = written.and_then(|()| std::fs::rename(&beside, file));
        placed.map_err(|source| CardError::File { file: file.to_owned(), source })
    }
}

fn hash(model: &Value) -> String {
    let mut hash = StateHash::EMPTY;
    hash.mix_bytes(model.to_string().as_bytes());
    format!("{:016x}", hash.value())
}
