//! Why a connection failed, small enough to be counted and compared; each says what helps.

use rustls::{CertificateError, Error as RustlsError};
use std::io::{self, ErrorKind};

/// What TLS did not accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// The certificate is signed by nobody we trust.
    #[error("the certificate is signed by nobody we trust: give the CA file of this exchange")]
    Untrusted,
    /// The certificate is out of its time.
    #[error("the certificate has expired or is not valid yet: look at both clocks, then make it anew")]
    Expired,
    /// The certificate is somebody else's.
    #[error("the certificate is not this host's: use the host name it was made for")]
    WrongName,
    /// What came is not TLS.
    #[error("what answers does not speak TLS: look at the port")]
    NotTls,
    /// The peer ended the handshake or the connection with an alert.
    #[error("the other side refuses our TLS: it may not trust us or know our versions")]
    RefusedByPeer,
    /// Something else about the certificate.
    #[error("the certificate cannot be used: make it anew, as a server's, signed by a CA")]
    BadCertificate,
    /// Anything else.
    #[error("TLS failed: look at what stands between us and the host")]
    Other,
}

impl TlsFault {
    /// The kind of a `rustls` error.
    #[must_use]
    pub fn of(error: &RustlsError) -> TlsFault {
        match error {
            RustlsError::InvalidCertificate(certificate) => TlsFault::of_certificate(certificate),
            RustlsError::NoCertificatesPresented => TlsFault::BadCertificate,
            RustlsError::InvalidMessage(_) | RustlsError::InappropriateMessage { .. } => TlsFault::NotTls,
            RustlsError::AlertReceived(_) => TlsFault::RefusedByPeer,
            _ => TlsFault::Other,
        }
    }

    fn of_certificate(error: &CertificateError) -> TlsFault {
        match error {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsFault::Untrusted,
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => TlsFault::Expired,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => TlsFault::WrongName,
            _ => TlsFault::BadCertificate,
        }
    }
}

/// Why a socket failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SocketFault {
    /// The host name leads nowhere.
    #[error("the host name is not known: look at its spelling and at the network")]
    Unresolved,
    /// It took too long to connect.
    #[error("nobody answered in time: look at the network, or raise link.connect_ms_max")]
    Timeout,
    /// The other side ended the connection.
    #[error("the other side closed the connection")]
    Closed,
    /// TLS did not accept it.
    #[error(transparent)]
    Tls(TlsFault),
    /// The system says so.
    #[error("the network failed ({0}): look whether the host is up and reachable")]
    Io(ErrorKind),
}

impl SocketFault {
    /// The kind of what a [`TlsStream`](super::stream::TlsStream) returned.
    #[must_use]
    pub fn of(error: &io::Error) -> SocketFault {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<RustlsError>()) {
            Some(inner) => SocketFault::Tls(TlsFault::of(inner)),
            None if error.kind() == ErrorKind::UnexpectedEof => SocketFault::Closed,
            None => SocketFault::Io(error.kind()),
        }
    }
}
