//! Certificates, a loopback listener, and waiting for a condition with a deadline.

use kalshi_trader::clock::Stopwatch;
use kalshi_trader::socket::reactor::{Reactor, Readiness};
use kalshi_trader::socket::stream::TlsStream;
use kalshi_trader::socket::tls;
use kalshi_trader::socket::url::Url;
use mio::net::TcpListener;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ServerConfig};
use std::io::{ErrorKind, Read};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tempfile::NamedTempFile;

/// Nothing here takes a second; a wait of this long is a failure.
const PATIENCE_MS: u64 = 10_000;

/// Somebody who signs certificates.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: NamedTempFile,
}

impl Authority {
    pub(crate) fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA");
        let file = NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), issuer.pem()).expect("written");
        Authority { issuer, file }
    }

    /// A client that trusts this authority.
    pub(crate) fn client(&self) -> Arc<ClientConfig> {
        tls::client_config(Some(self.file.path())).expect("a client configuration")
    }

    /// A server called `name` that this authority vouches for.
    pub(crate) fn server(&self, name: &str) -> Arc<ServerConfig> {
        self.server_with(&CertificateParams::new(vec![name.to_owned()]).expect("parameters"))
    }

    pub(crate) fn server_with(&self, params: &CertificateParams) -> Arc<ServerConfig> {
        let (chain, key) = self.certificate(params);
        tls::server_config(chain, key).expect("a server configuration")
    }

    fn certificate(&self, params: &CertificateParams) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).expect("a key"))
    }
}

/// A listener on a free loopback port, watched by a reactor.
pub(crate) struct Door {
    listener: TcpListener,
    _ready: Readiness,
    pub(crate) address: SocketAddr,
}

impl Door {
    pub(crate) fn open(reactor: &mut Reactor) -> Door {
        let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).expect("a free port");
        let ready = reactor.watch(&mut listener).expect("watched");
        let address = listener.local_addr().expect("an address");
        Door { listener, _ready: ready, address }
    }

    /// Whoever knocked, as a TLS server's side.
    pub(crate) fn accept(&self, reactor: &mut Reactor, config: &Arc<ServerConfig>) -> Option<TlsStream> {
        match self.listener.accept() {
            Ok((tcp, _)) => Some(TlsStream::accept(reactor, tcp, Arc::clone(config)).expect("accepted")),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("accept: {error}"),
        }
    }
}

/// Turns the reactor until `step` has something.
pub(crate) fn until<T>(reactor: &mut Reactor, what: &str, mut step: impl FnMut(&mut Reactor) -> Option<T>) -> T {
    let watch = Stopwatch::start();
    loop {
        if let Some(done) = step(reactor) {
            return done;
        }
        assert!(watch.millis() < PATIENCE_MS, "waited {PATIENCE_MS} ms for {what}");
        reactor.turn(Some(Duration::from_millis(1)));
    }
}

/// A server that one authority vouches for, as `localhost`.
pub(crate) struct Host {
    door: Door,
    config: Arc<ServerConfig>,
    pub(crate) client: Arc<ClientConfig>,
}

impl Host {
    pub(crate) fn new(reactor: &mut Reactor) -> Host {
        let authority = Authority::new();
        Host { door: Door::open(reactor), config: authority.server("localhost"), client: authority.client() }
    }

    pub(crate) fn url(&self, target: &str) -> Url {
        Url::parse(&format!("https://localhost:{}{target}", self.door.address.port())).expect("a URL")
    }

    /// Whoever knocked.
    pub(crate) fn accept(&self, reactor: &mut Reactor) -> Option<TlsStream> {
        self.door.accept(reactor, &self.config)
    }
}

/// Reads what there is; `false` at the end of the stream.
pub(crate) fn read_some(stream: &mut TlsStream, into: &mut Vec<u8>) -> bool {
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return false,
            Ok(came) => into.extend_from_slice(&buffer[..came]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
            Err(_) => return false,
        }
    }
}
