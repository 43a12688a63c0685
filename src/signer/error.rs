//! Why a key cannot be used, each with what to do about it; never with what the file holds.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// The kinds of key the venue issues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA-PSS with SHA-256 and a salt as long as the digest.
    Rsa,
    /// Ed25519.
    Ed25519,
}

/// Why a key cannot be used.
#[derive(Debug, Error)]
pub enum KeyError {
    /// There is no such file, or it may not be read.
    #[error("cannot read the key file {path}: {why}; put the private key there that the venue showed once")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// A symlink, a folder, a pipe: something whose content another may choose.
    #[error("the key file {path} is {what}: name the file itself")]
    NotAFile {
        /// Which file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// Others than its owner may read or write it.
    #[error("the key file {path} has mode {mode:03o}, others may use it: chmod 600 {path}")]
    Open {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// No key is this long.
    #[error("the key file {path} has {bytes} bytes, a key has at most {max}: name the file of the private key alone")]
    TooLong {
        /// Which file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The largest size taken.
        max: u64,
    },
    /// A passphrase protects it, and nobody is there to be asked.
    #[error("the private key is encrypted: decrypt it with `openssl pkey -in OLD -out NEW` and chmod 600 NEW")]
    Encrypted,
    /// The half that is not secret cannot sign.
    #[error("this is a public key: the private key is the file the venue let you download once")]
    Public,
    /// Nothing in it is a private key in PEM.
    #[error("no private key in PEM: the file must begin with a line like -----BEGIN PRIVATE KEY-----")]
    NotPem,
    /// A private key of another kind, damaged, or too short to be safe.
    #[error("not an RSA key of 2048 to 8192 bits nor an Ed25519 key: make a key in the venue's settings")]
    NotSupported,
    /// It cannot be a header's value.
    #[error("the key id has to be 1 to 128 visible ASCII characters: copy it from the venue's settings")]
    Id,
    /// The system could not make a key or write it down.
    #[error("cannot make a key: {0}")]
    Make(String),
}
