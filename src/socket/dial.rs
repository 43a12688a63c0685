//! From a URL to a TLS connection that is up: look the host up, connect, shake hands.

use super::fault::SocketFault;
use super::reactor::Reactor;
use super::resolve::Resolver;
use super::stream::TlsStream;
use super::url::{Url, UrlError};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::sync::Arc;

/// Makes connections to one place, one at a time. How long that may take is its owner's business.
#[derive(Debug)]
pub(super) struct Dialer {
    resolver: Resolver,
    name: ServerName<'static>,
    tls: Arc<ClientConfig>,
    stream: Option<TlsStream>,
}

impl Dialer {
    /// For connections to `url`.
    pub(super) fn new(url: &Url, tls: Arc<ClientConfig>) -> Result<Dialer, UrlError> {
        let name = url.server_name()?;
        Ok(Dialer { resolver: Resolver::new(&url.host, url.port), name, tls, stream: None })
    }

    /// Goes on with the connection in the making, or begins one. `None`: call again.
    pub(super) fn work(&mut self, reactor: &mut Reactor) -> Option<Result<TlsStream, SocketFault>> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => match self.begin(reactor)? {
                Ok(stream) => stream,
                Err(fault) => return Some(Err(fault)),
            },
        };
        match stream.advance() {
            Ok(true) => Some(Ok(stream)),
            Ok(false) => {
                self.stream = Some(stream);
                None
            }
            Err(error) => Some(Err(SocketFault::of(&error))),
        }
    }

    /// Gives up the connection in the making.
    pub(super) fn give_up(&mut self) {
        self.stream = None;
    }

    fn begin(&mut self, reactor: &mut Reactor) -> Option<Result<TlsStream, SocketFault>> {
        let stream = self.resolver.look_up()?.and_then(|address| {
            TlsStream::connect(reactor, address, self.name.clone(), Arc::clone(&self.tls))
                .map_err(|error| SocketFault::of(&error))
        });
        Some(stream)
    }
}
