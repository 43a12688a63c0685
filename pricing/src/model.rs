//! A model as bytes: how one gets from the trainer, or the configuration, into the running stage.
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | `EWM3` |
//! | 4..6 | version 1, little-endian |
//! | 6..8 | zero |
//! | 8..40 | b0, b10, b60, b720: IEEE 754 doubles, little-endian |
//!
//! Chunks fill a standby slot in order; an activation that names their length and hash puts the
//! model to use. One that does not fit is not activated, and what was active stays so.

use crate::volatility::Coefficients;
use alloc::vec::Vec;
use trader_journal::event::{Event, pad};
use trader_journal::hash::StateHash;
use trader_journal::units::Nanos;

/// Bytes of an encoded model.
pub const MODEL_BYTES: usize = 40;
/// The standby slot's size: room for later kinds of model.
pub const STANDBY_BYTES: usize = 4096;
/// Bytes of one chunk, as [`Event::ModelChunk`] carries them.
pub const CHUNK_BYTES: usize = 40;

const MAGIC: [u8; 4] = *b"EWM3";
const VERSION: u16 = 1;
/// Coefficients outside are a misread file, not a market (weekly refits of 2.5 years: b0 −2.23 ..= −0.86, slopes 0.06 ..= 0.68).
const INTERCEPT: core::ops::RangeInclusive<f64> = -12.0..=6.0;
const SLOPE: core::ops::RangeInclusive<f64> = -1.0..=2.0;

/// Why bytes are not a model. The active one stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelError {
    /// Not as long as a model is: chunks are missing or left over.
    Length,
    /// Another file.
    Magic,
    /// A version this program does not read: it is older than the model.
    Version,
    /// A coefficient that is not a number, or outside every fit ever seen: train again.
    Coefficient,
}

/// A model as bytes.
#[must_use]
#[expect(clippy::little_endian_bytes, reason = "the byte form is little-endian on every platform")]
pub fn encode(coefficients: &Coefficients) -> [u8; MODEL_BYTES] {
    let mut bytes = [0; MODEL_BYTES];
    bytes[..4].copy_from_slice(&MAGIC);
    bytes[4..6].copy_from_slice(&VERSION.to_le_bytes());
    let Coefficients { b0, b10, b60, b720 } = *coefficients;
    for (place, value) in bytes[8..].chunks_exact_mut(8).zip([b0, b10, b60, b720]) {
        place.copy_from_slice(&value.to_le_bytes());
    }
    bytes
}

/// A model from bytes.
///
/// # Errors
/// [`ModelError`] names the first thing wrong.
#[expect(clippy::little_endian_bytes, reason = "the byte form is little-endian on every platform")]
pub fn decode(bytes: &[u8]) -> Result<Coefficients, ModelError> {
    let bytes: &[u8; MODEL_BYTES] = bytes.try_into().map_err(|_| ModelError::Length)?;
    if bytes[..4] != MAGIC {
        return Err(ModelError::Magic);
    }
    if u16::from_le_bytes([bytes[4], bytes[5]]) != VERSION || bytes[6..8] != [0, 0] {
        return Err(ModelError::Version);
    }
    let mut values = [0.0; 4];
    for (value, place) in values.iter_mut().zip(bytes[8..].chunks_exact(8)) {
        let mut eight = [0; 8];
        eight.copy_from_slice(place);
        *value = f64::from_le_bytes(eight);
    }
    let [b0, b10, b60, b720] = values;
    let legal = INTERCEPT.contains(&b0) && [b10, b60, b720].iter().all(|slope| SLOPE.contains(slope));
    if legal { Ok(Coefficients { b0, b10, b60, b720 }) } else { Err(ModelError::Coefficient) }
}

/// The hash an activation names.
#[must_use]
pub fn hash(bytes: &[u8]) -> u64 {
    let mut hash = StateHash::EMPTY;
    hash.mix_bytes(bytes);
    hash.value()
}

/// The events that put a model of `bytes` to use: its chunks, then its activation.
pub fn events(bytes: &[u8], ts: Nanos) -> impl Iterator<Item = Event> + '_ {
    let chunks = (0..).zip(bytes.chunks(CHUNK_BYTES)).map(move |(index, chunk)| {
        let mut padded = [0; CHUNK_BYTES];
        padded[..chunk.len()].copy_from_slice(chunk);
        Event::ModelChunk { used: chunk.len() as u8, pad: pad(), index, ts, bytes: padded }
    });
    let bytes_total = bytes.len() as u32;
    chunks.chain([Event::ModelActivate { pad: pad(), bytes_total, ts, hash: hash(bytes), pad2: pad() }])
}

/// The model in use and the one that is arriving.
#[derive(Debug)]
pub(crate) struct ModelSlots {
    active: Option<Active>,
    standby: Vec<u8>,
    /// Index of the chunk that must come next; `None` after one that did not fit.
    next_chunk: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Active {
    coefficients: Coefficients,
    hash: u64,
}

impl ModelSlots {
    pub(crate) fn new() -> ModelSlots {
        ModelSlots { active: None, standby: Vec::with_capacity(STANDBY_BYTES), next_chunk: Some(0) }
    }

    /// The coefficients in use; `None` until a model was activated.
    pub(crate) fn coefficients(&self) -> Option<&Coefficients> {
        self.active.as_ref().map(|active| &active.coefficients)
    }

    /// One chunk; chunk 0 begins a new model.
    pub(crate) fn chunk(&mut self, index: u32, bytes: &[u8]) {
        if index == 0 {
            self.standby.clear();
            self.next_chunk = Some(0);
        }
        let fits = self.next_chunk == Some(index) && self.standby.len() + bytes.len() <= STANDBY_BYTES;
        self.next_chunk = if fits { index.checked_add(1) } else { None };
        if fits {
            self.standby.extend_from_slice(bytes);
        }
    }

    /// Puts the standby model to use if it is the one named and whole.
    pub(crate) fn activate(&mut self, bytes_total: u32, named: u64) {
        let whole = self.next_chunk.is_some() && self.standby.len() == bytes_total as usize;
        if !whole || hash(&self.standby) != named {
            return;
        }
        if let Ok(coefficients) = decode(&self.standby) {
            self.active = Some(Active { coefficients, hash: named });
        }
    }

    pub(crate) fn hash_into(&self, hash: &mut StateHash) {
        hash.mix(self.active.map_or(0, |active| active.hash));
        hash.mix_bytes(&self.standby);
        hash.mix(self.next_chunk.map_or(u64::MAX, u64::from));
    }
}
