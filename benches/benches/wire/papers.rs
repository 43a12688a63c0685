//! A certificate for `localhost`, and both sides' configurations.

use kalshi_trader::socket::tls;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ClientConfig, ServerConfig, ServerConnection, StreamOwned};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

/// A blocking TLS connection, the server's side.
pub(crate) type ServerStream = StreamOwned<ServerConnection, TcpStream>;

/// Both sides' configurations.
pub(crate) struct Papers {
    pub(crate) client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

impl Papers {
    pub(crate) fn new() -> Papers {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA");
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
        let certificate = params.signed_by(&key, &issuer).expect("a certificate");
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), issuer.pem()).expect("the disk has room");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        Papers {
            client: tls::client_config(Some(file.path())).expect("a client"),
            server: tls::server_config(vec![certificate.der().clone()], key).expect("a server"),
        }
    }

    /// A listener on a free port.
    pub(crate) fn door() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        (listener, address)
    }

    /// Whoever knocks first; TLS begins with the first read or write.
    pub(crate) fn accept(&self, listener: &TcpListener) -> ServerStream {
        let tcp = listener.accept().expect("a connection").0;
        tcp.set_nodelay(true).expect("no delay");
        StreamOwned::new(ServerConnection::new(Arc::clone(&self.server)).expect("a connection"), tcp)
    }
}
