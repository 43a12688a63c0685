//! What the market does in a simulated session: spot ticks and the 1 Hz index, second by second.
//!
//! The day comes from one-minute candles, real ones or [`generate_candles`]'s. [`MarketPath`]
//! opens each minute into ticks that have the candle's open, high, low and close exactly, and
//! sets the index beside them. Everything is a function of the candles and a seed: each minute
//! draws from (seed, minute) alone, so any second can be opened without the ones before it, and
//! the same seed gives the same bytes on every platform (transcendental functions are `libm`'s).

mod basis;
mod bridge;
mod chance;
mod generator;
mod profile;
mod seconds;
mod source;
mod traded;

pub(super) use chance::{Chance, Purpose};
pub use generator::{GeneratorSettings, generate_candles};
pub use profile::minute_multiplier;
pub use seconds::{MarketPath, PathSettings, Second};
pub use source::{Source, date};
