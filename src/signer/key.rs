//! A private key and what it signs.

use super::error::{KeyError, KeyKind};
use super::verify::PublicKey;
use super::{KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, file, message};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair, RSA_PSS_SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use std::path::Path;
use trader_journal::units::Nanos;

const NANOS_PER_MS: u64 = 1_000_000;

/// A private key with the name the venue knows it by. There is no text form of it.
pub struct Key {
    id: String,
    pair: Pair,
}

enum Pair {
    Rsa(rsa::KeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A signature as it stands in the header: base64 with padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature(String);

impl Signature {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, to keep.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Says of which kind it is and nothing else.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a private key ({:?})", self.kind())
    }
}

impl Key {
    /// Reads the key file at `path`, which must be a plain file that nobody but its owner may use.
    ///
    /// # Errors
    /// [`KeyError`] says what to do; it never quotes the file.
    pub fn read(path: &Path, key_id: &str) -> Result<Key, KeyError> {
        Key::from_pem(&file::read(path)?, key_id)
    }

    /// A key from its PEM text: RSA as PKCS#1 or PKCS#8, Ed25519 as PKCS#8. The heading is not trusted,
    /// the key inside decides.
    ///
    /// # Errors
    /// As [`Key::read`].
    pub fn from_pem(pem: &[u8], key_id: &str) -> Result<Key, KeyError> {
        let id_fits = (1..=128).contains(&key_id.len()) && key_id.bytes().all(|byte| byte.is_ascii_graphic());
        if !id_fits {
            return Err(KeyError::Id);
        }
        let der = PrivateKeyDer::from_pem_slice(pem).map(zeroize::Zeroizing::new).map_err(|_| no_private_key(pem))?;
        let pair = Pair::from_der(der.secret_der()).ok_or(KeyError::NotSupported)?;
        let key = Key { id: key_id.to_owned(), pair };
        key.prove()
    }

    /// The name the venue knows it by.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Of which kind it is.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        match self.pair {
            Pair::Rsa(_) => KeyKind::Rsa,
            Pair::Ed25519(_) => KeyKind::Ed25519,
        }
    }

    /// The half that is not secret.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        match &self.pair {
            Pair::Rsa(pair) => PublicKey::new(KeyKind::Rsa, pair.public_key().as_ref()),
            Pair::Ed25519(pair) => PublicKey::new(KeyKind::Ed25519, pair.public_key().as_ref()),
        }
    }

    /// Signs a request: wall time in ms, method in capitals, path from the root. A query is left out.
    ///
    /// # Panics
    /// When the system has no memory left: the key itself was proved when it was read.
    #[must_use]
    pub fn sign(&self, timestamp_ms: u64, method: &str, path: &str) -> Signature {
        let message = message(&timestamp_ms.to_string(), method, path);
        self.pair.sign(&message).expect("a key that was proved signs")
    }

    /// The three headers of a request that leaves at wall time `wall`.
    ///
    /// # Panics
    /// As [`Key::sign`].
    #[must_use]
    pub fn headers(&self, wall: Nanos, method: &str, path: &str) -> [(&'static str, String); 3] {
        let timestamp_ms = wall.0 / NANOS_PER_MS;
        self.headers_of(timestamp_ms, self.sign(timestamp_ms, method, path))
    }

    /// The three headers with a signature made before, for `timestamp_ms`.
    #[must_use]
    pub fn headers_of(&self, timestamp_ms: u64, signature: Signature) -> [(&'static str, String); 3] {
        [
            (KEY_HEADER, self.id.clone()),
            (TIMESTAMP_HEADER, timestamp_ms.to_string()),
            (SIGNATURE_HEADER, signature.into_string()),
        ]
    }

    /// Signs once and checks it, so that a key which cannot sign is found at the start and not at an order.
    fn prove(self) -> Result<Key, KeyError> {
        let signature = self.pair.sign(&message("0", "GET", "/")).ok_or(KeyError::NotSupported)?;
        let holds = self.public().verify("0", "GET", "/", signature.as_str());
        if holds { Ok(self) } else { Err(KeyError::NotSupported) }
    }
}

impl Signature {
    pub(super) fn from_text(text: String) -> Signature {
        Signature(text)
    }
}

impl Pair {
    fn from_der(der: &[u8]) -> Option<Pair> {
        let rsa = rsa::KeyPair::from_pkcs8(der).or_else(|_| rsa::KeyPair::from_der(der));
        match rsa {
            Ok(pair) => Some(Pair::Rsa(pair)),
            Err(_) => Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok().map(Pair::Ed25519),
        }
    }

    fn sign(&self, message: &[u8]) -> Option<Signature> {
        match self {
            Pair::Rsa(pair) => {
                let mut bytes = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PSS_SHA256, &SystemRandom::new(), message, &mut bytes).ok()?;
                Some(Signature(STANDARD.encode(bytes)))
            }
            Pair::Ed25519(pair) => Some(Signature(STANDARD.encode(pair.try_sign(message).ok()?))),
        }
    }
}

/// What is there instead of a private key.
fn no_private_key(pem: &[u8]) -> KeyError {
    let holds = |words: &str| pem.windows(words.len()).any(|part| part == words.as_bytes());
    match () {
        () if holds("BEGIN ENCRYPTED PRIVATE KEY") || holds("Proc-Type: 4,ENCRYPTED") => KeyError::Encrypted,
        () if holds("PUBLIC KEY-----") => KeyError::Public,
        () => KeyError::NotPem,
    }
}
