//! A rolling 64-bit hash of a stage's state, so that two runs can be compared by one number.
//!
//! It finds accidents, not adversaries: it is **not cryptographic**, and nothing that a
//! stranger controls may rely on it.

/// Odd constants without structure: the fractional bits of √2 and √3, lowest bit set.
const MULTIPLIER: u64 = 0x6a09_e667_f3bc_c909;
const INCREMENT: u64 = 0xbb67_ae85_84ca_a73b;

/// A hash that takes one 64-bit word at a time; order matters.
///
/// Each word is folded in by one 64 × 64 → 128 bit multiplication whose halves are XORed
/// (the step of wyhash). Integers only, so the value is the same on every platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateHash(u64);

impl StateHash {
    /// The hash of nothing.
    pub const EMPTY: StateHash = StateHash(INCREMENT);

    /// Takes one word. Zero is a word too: the number of words changes the value.
    pub const fn mix(&mut self, word: u64) {
        let product = (self.0 ^ word) as u128 * MULTIPLIER as u128;
        // The increment keeps a product of zero from swallowing the zeros that follow it.
        self.0 = ((product >> 64) as u64 ^ product as u64).wrapping_add(INCREMENT);
    }

    /// Takes bytes as little-endian words, the last one filled with zeros, then their number.
    pub fn mix_bytes(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
        self.mix(bytes.len() as u64);
    }

    /// The hash of all words taken so far.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }
}

impl Default for StateHash {
    fn default() -> Self {
        Self::EMPTY
    }
}
