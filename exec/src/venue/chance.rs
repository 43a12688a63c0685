//! The one source of chance: an integer generator that any platform repeats.
//!
//! SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).

use trader_journal::event::Uuid;

/// A stream of numbers, fixed by its seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chance {
    state: u64,
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Chance {
    pub(super) const fn new(seed: u64) -> Chance {
        Chance { state: seed }
    }

    /// Uniform in `0 ..= most`. The high half of a product is biased by less than `most / 2^64`.
    pub(super) const fn up_to(&mut self, most: u64) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        let wide = mixed(self.state) as u128 * (most as u128 + 1);
        (wide >> 64) as u64
    }
}

/// A number that belongs to `key` under `seed`, whatever else was drawn before: what the trader
/// does must not move the market's own chances.
pub(super) const fn of(seed: u64, key: u64) -> u64 {
    mixed(mixed(seed.wrapping_add(GOLDEN)) ^ key.wrapping_mul(GOLDEN))
}

const fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Which of the venue's things an identifier names.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Order = 1,
    Trade = 2,
}

/// The identifier of the `number`-th thing of a kind: a version 4 UUID to look at, with the number
/// in its last six bytes, so that no two are equal and [`number`] finds it again.
pub(super) fn uuid(seed: u64, kind: Kind, number: u64) -> Uuid {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&of(seed ^ kind as u64, number).to_be_bytes());
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    bytes[6] = 0x40 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[7] & 0x3f);
    bytes[9] = bytes[0].rotate_left(3) ^ bytes[1];
    Uuid(bytes)
}

/// The number an identifier was made from, if it was made here.
pub(super) fn number(uuid: Uuid) -> u64 {
    let mut bytes = [0; 8];
    bytes[2..].copy_from_slice(&uuid.0[10..]);
    u64::from_be_bytes(bytes)
}
