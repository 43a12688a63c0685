//! A model as bytes: how one gets from the trainer, or the configuration, into the running stage.
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | `EWM3` or `RNG4`: which model |
//! | 4..6 | version 1, little-endian |
//! | 6..8 | zero |
//! | 8.. | the constant, then the slopes on the averages, shortest half-life first: IEEE 754 doubles, little-endian |
//!
//! Chunks fill a standby slot in order; an activation that names their length and hash puts the
//! model to use. One that does not fit is not activated, and what was active stays so.

use crate::volatility::{Coefficients, LogLinear};
use alloc::vec::Vec;
use trader_journal::event::{Event, pad};
use trader_journal::hash::StateHash;
use trader_journal::units::Nanos;

/// Bytes of an encoded `ewma3`.
pub const MODEL_BYTES: usize = 40;
/// Bytes of an encoded `ranges`.
pub const RANGES_BYTES: usize = 48;
/// The standby slot's size: room for later kinds of model.
pub const STANDBY_BYTES: usize = 4096;
/// Bytes of one chunk, as [`Event::ModelChunk`] carries them.
pub const CHUNK_BYTES: usize = 40;

const EWMA3: [u8; 4] = *b"EWM3";
const RANGES: [u8; 4] = *b"RNG4";
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

/// A model that the line can use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Model {
    /// Averages of squared minute returns.
    Ewma3(Coefficients),
    /// Averages of squared minute ranges, on New York's clock.
    Ranges(LogLinear<4>),
}

/// `ewma3` as bytes.
#[must_use]
pub fn encode(coefficients: &Coefficients) -> [u8; MODEL_BYTES] {
    let mut bytes = [0; MODEL_BYTES];
    write(&mut bytes, EWMA3, &LogLinear::from(*coefficients));
    bytes
}

/// `ranges` as bytes.
#[must_use]
pub fn encode_ranges(coefficients: &LogLinear<4>) -> [u8; RANGES_BYTES] {
    let mut bytes = [0; RANGES_BYTES];
    write(&mut bytes, RANGES, coefficients);
    bytes
}

#[expect(clippy::little_endian_bytes, reason = "the byte form is little-endian on every platform")]
fn write<const N: usize>(bytes: &mut [u8], magic: [u8; 4], fitted: &LogLinear<N>) {
    bytes[..4].copy_from_slice(&magic);
    bytes[4..6].copy_from_slice(&VERSION.to_le_bytes());
    let values = core::iter::once(fitted.intercept).chain(fitted.slopes);
    for (place, value) in bytes[8..].chunks_exact_mut(8).zip(values) {
        place.copy_from_slice(&value.to_le_bytes());
    }
}

/// A model from bytes.
///
/// # Errors
/// [`ModelError`] names the first thing wrong.
pub fn decode(bytes: &[u8]) -> Result<Model, ModelError> {
    let head = bytes.first_chunk::<8>().ok_or(ModelError::Length)?;
    match [head[0], head[1], head[2], head[3]] {
        EWMA3 => Ok(Model::Ewma3(read(bytes, head)?.into())),
        RANGES => Ok(Model::Ranges(read(bytes, head)?)),
        _ => Err(ModelError::Magic),
    }
}

#[expect(clippy::little_endian_bytes, reason = "the byte form is little-endian on every platform")]
fn read<const N: usize>(bytes: &[u8], head: &[u8; 8]) -> Result<LogLinear<N>, ModelError> {
    if bytes.len() != 16 + 8 * N {
        return Err(ModelError::Length);
    }
    if u16::from_le_bytes([head[4], head[5]]) != VERSION || head[6..8] != [0, 0] {
        return Err(ModelError::Version);
    }
    let mut values = bytes[8..].as_chunks::<8>().0.iter().map(|eight| f64::from_le_bytes(*eight));
    let mut next = || values.next().unwrap_or(f64::NAN);
    let (intercept, slopes) = (next(), core::array::from_fn(|_| next()));
    let legal = INTERCEPT.contains(&intercept) && slopes.iter().all(|slope| SLOPE.contains(slope));
    if legal { Ok(LogLinear { intercept, slopes }) } else { Err(ModelError::Coefficient) }
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
    model: Model,
    hash: u64,
}

impl ModelSlots {
    pub(crate) fn new() -> ModelSlots {
        ModelSlots { active: None, standby: Vec::with_capacity(STANDBY_BYTES), next_chunk: Some(0) }
    }

    /// The model in use; `None` until one was activated.
    pub(crate) fn model(&self) -> Option<&Model> {
        self.active.as_ref().map(|active| &active.model)
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
        if let Ok(model) = decode(&self.standby) {
            self.active = Some(Active { model, hash: named });
        }
    }

    pub(crate) fn hash_into(&self, hash: &mut StateHash) {
        hash.mix(self.active.map_or(0, |active| active.hash));
        hash.mix_bytes(&self.standby);
        hash.mix(self.next_chunk.map_or(u64::MAX, u64::from));
    }
}
