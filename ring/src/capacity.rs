//! How large a ring may be, and the error that says so.

use std::fmt;

/// Largest number of slots in a ring: 1 GiB of cache lines.
pub const SLOTS_MAX: usize = 1 << 24;

/// Largest byte ring, in bytes: 1 GiB.
pub const BYTES_MAX: usize = 1 << 30;

/// Why a ring could not be made. Each variant names what would be accepted.
///
/// ```
/// use trader_ring::{CapacityError, spsc};
/// let refused = spsc::ring::<[u64; 7]>(1000).unwrap_err();
/// assert_eq!(refused, CapacityError::NotPowerOfTwo { asked: 1000, next: 1024 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapacityError {
    /// The capacity must be a power of two: take `next`.
    NotPowerOfTwo {
        /// What was asked for.
        asked: usize,
        /// The next power of two.
        next: usize,
    },
    /// The capacity lies outside what the ring supports: stay within `min ..= max`.
    OutOfRange {
        /// What was asked for.
        asked: usize,
        /// Smallest capacity accepted.
        min: usize,
        /// Largest capacity accepted.
        max: usize,
    },
}

impl fmt::Display for CapacityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            CapacityError::NotPowerOfTwo { asked, next } => {
                write!(f, "ring capacity {asked} is not a power of two; {next} is")
            }
            CapacityError::OutOfRange { asked, min, max } => {
                write!(f, "ring capacity {asked} is outside {min} ..= {max}")
            }
        }
    }
}

impl std::error::Error for CapacityError {}

/// Accepts powers of two within `min ..= max`.
pub(crate) fn check(asked: usize, min: usize, max: usize) -> Result<(), CapacityError> {
    if !(min..=max).contains(&asked) {
        return Err(CapacityError::OutOfRange { asked, min, max });
    }
    if !asked.is_power_of_two() {
        return Err(CapacityError::NotPowerOfTwo { asked, next: asked.next_power_of_two() });
    }
    Ok(())
}
