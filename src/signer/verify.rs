//! The half of a key that is not secret: it tells whether a signature is right.

use super::error::KeyKind;
use super::message;
use aws_lc_rs::signature::{ED25519, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    kind: KeyKind,
    /// PKCS#1 `RSAPublicKey` in DER, or the 32 bytes of Ed25519.
    bytes: Vec<u8>,
}

impl PublicKey {
    /// A public key: for RSA the DER of PKCS#1's `RSAPublicKey`, for Ed25519 its 32 bytes.
    #[must_use]
    pub fn new(kind: KeyKind, bytes: &[u8]) -> PublicKey {
        PublicKey { kind, bytes: bytes.to_vec() }
    }

    /// Of which kind it is.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Whether `signature` (base64 with padding) was made by this key's owner for this request. The timestamp
    /// is taken as the text of its header; a query of the path is left out.
    #[must_use]
    pub fn verify(&self, timestamp_ms: &str, method: &str, path: &str, signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else { return false };
        let algorithm: &'static dyn VerificationAlgorithm = match self.kind {
            KeyKind::Rsa => &RSA_PSS_2048_8192_SHA256,
            KeyKind::Ed25519 => &ED25519,
        };
        let key = UnparsedPublicKey::new(algorithm, &self.bytes);
        key.verify(&message(timestamp_ms, method, path), &signature).is_ok()
    }
}
