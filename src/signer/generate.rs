//! Keys of one's own making: the mock exchange issues them, as the venue does.

use super::error::{KeyError, KeyKind};
use super::key::Key;
use super::verify::PublicKey;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use zeroize::Zeroizing;

/// Characters of a line of PEM.
const PEM_COLUMNS: usize = 64;

/// A pair of keys that was just made.
pub struct Generated {
    /// The private key, PKCS#8 in PEM; wiped when dropped.
    pub pem: Zeroizing<String>,
    /// What its signatures are checked with.
    pub public: PublicKey,
}

/// Makes a new key: RSA of 2048 bits, or Ed25519.
///
/// # Errors
/// [`KeyError::Make`] when the system has no randomness or no memory.
pub fn generate(kind: KeyKind) -> Result<Generated, KeyError> {
    let failed = |_| KeyError::Make("the system gave no randomness; try again".into());
    let der = match kind {
        KeyKind::Rsa => {
            let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).map_err(failed)?;
            let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
            Zeroizing::new(der.as_ref().to_vec())
        }
        KeyKind::Ed25519 => {
            let pair = Ed25519KeyPair::generate().map_err(failed)?;
            Zeroizing::new(pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec())
        }
    };
    let pem = pem_of(&der);
    let public = Key::from_pem(pem.as_bytes(), "new")?.public();
    Ok(Generated { pem, public })
}

/// Writes a private key into a new file that its owner alone may read.
///
/// # Errors
/// [`KeyError::Make`]; a file that is already there is left as it is.
pub fn write_private(path: &Path, pem: &str) -> Result<(), KeyError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(pem.as_bytes()));
    written.map_err(|why| KeyError::Make(format!("{}: {why}; name a folder that may be written", path.display())))
}

fn pem_of(der: &[u8]) -> Zeroizing<String> {
    let text = Zeroizing::new(STANDARD.encode(der));
    let mut pem = Zeroizing::new(String::with_capacity(2 * text.len() + 64));
    pem.push_str("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(PEM_COLUMNS));
        pem.push_str(line);
        pem.push('\n');
        rest = more;
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}
