//! Signatures: keys as the venue issues them, and signatures made ahead of their use.
//!
//! A private key is read once, checked, and never shown again: it has no text form, and no error
//! quotes what a key file holds. What is signed is `timestamp_ms + METHOD + path`, the path without
//! its query; how, the key decides.

mod error;
mod file;
mod generate;
mod key;
pub mod pool;
mod verify;

pub use error::{KeyError, KeyKind};
pub use generate::{Generated, generate, write_private};
pub use key::{Key, Signature};
pub use verify::PublicKey;

/// Names the key of a request.
pub const KEY_HEADER: &str = "KALSHI-ACCESS-KEY";
/// Milliseconds since the Unix epoch, as signed.
pub const TIMESTAMP_HEADER: &str = "KALSHI-ACCESS-TIMESTAMP";
/// The signature, base64 with padding.
pub const SIGNATURE_HEADER: &str = "KALSHI-ACCESS-SIGNATURE";

/// The text that is signed. A query is not part of it, whoever hands it in.
fn message(timestamp_ms: &str, method: &str, path: &str) -> Vec<u8> {
    let path = path.split('?').next().unwrap_or(path);
    [timestamp_ms, method, path].concat().into_bytes()
}
