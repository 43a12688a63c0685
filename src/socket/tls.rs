//! What TLS is made of: one provider, one place where a configuration begins.
//!
//! `rustls` panics when a process has two providers and nobody names one, so nothing else in this
//! program may start a configuration.

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The one protocol spoken inside: a venue that could choose would choose HTTP/2.
const HTTP_1_1: &[u8] = b"http/1.1";

/// Why there is no TLS configuration.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Nobody to trust was given.
    #[error("nobody to trust: name the exchange's CA file (the roots of the real venues come with live mode)")]
    NoRoots,
    /// The CA file cannot be read as PEM.
    #[error("the CA file {} cannot be read: {reason}; give the file that `exchange` wrote", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        reason: String,
    },
    /// The CA file has no usable certificate.
    #[error("the CA file {} has no usable certificate; give the file that `exchange` wrote", .0.display())]
    Empty(PathBuf),
    /// `rustls` refuses what it was given.
    #[error("TLS cannot be set up: {0}; make the certificate and its key anew")]
    Refused(#[from] rustls::Error),
}

/// The cryptography behind every connection of this program.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// The certificates in a PEM file.
///
/// # Errors
/// The file is missing, is not PEM, or has no certificate.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |reason: rustls::pki_types::pem::Error| TlsError::Unreadable {
        path: path.to_owned(),
        reason: reason.to_string(),
    };
    let found = CertificateDer::pem_file_iter(path).map_err(unreadable)?;
    let found = found.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    if found.is_empty() { Err(TlsError::Empty(path.to_owned())) } else { Ok(found) }
}

/// The client's side: trusts the CA certificates of `ca_pem` and nobody else, TLS 1.2 and 1.3.
///
/// # Errors
/// No file was named ([`TlsError::NoRoots`]), or it holds no usable certificate.
pub fn client_config(ca_pem: Option<&Path>) -> Result<Arc<ClientConfig>, TlsError> {
    let path = ca_pem.ok_or(TlsError::NoRoots)?;
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(certificates(path)?);
    if usable == 0 {
        return Err(TlsError::Empty(path.to_owned()));
    }
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![HTTP_1_1.to_vec()];
    Ok(Arc::new(config))
}

/// The server's side: shows `chain` (its own certificate first), asks nothing of the client.
///
/// # Errors
/// The key is not the certificate's, or of a kind the provider does not know.
pub fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![HTTP_1_1.to_vec()];
    Ok(Arc::new(config))
}
