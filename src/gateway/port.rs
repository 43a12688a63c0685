//! The gateway as the line has it: over HTTPS, with the clocks it is timed by.

use super::settings::GatewaySettings;
use super::wire::{Connection, ConnectionEvent, GatewayAgent, HttpRequest, Turn};
use crate::clock::MarketClock;
use crate::line::PenError;
use crate::line::port::{Left, OrderPort, OrderTurn, Signatures};
use crate::signer::pool::{Pool, Signer, wall_ms};
use crate::socket::http::{HttpConnection, HttpEvent, HttpSettings};
use crate::socket::reactor::Reactor;
use crate::socket::url::{Url, UrlError};
use rustls::ClientConfig;
use std::sync::Arc;
use trader_journal::event::Event;
use trader_journal::units::Nanos;

/// The signature's three and the body's kind.
const HEADERS_MAX: usize = 4;
/// Largest head of a reply, bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;

impl Connection for HttpConnection {
    type Reactor = Reactor;

    fn is_ready(&self) -> bool {
        HttpConnection::is_ready(self)
    }

    fn send(&mut self, request: &HttpRequest<'_>, _wall: Nanos) -> bool {
        let mut headers = [("", ""); HEADERS_MAX];
        let kind = (!request.body.is_empty()).then_some(("Content-Type", "application/json"));
        let own = request.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let mut count = 0;
        for (place, header) in headers.iter_mut().zip(kind.into_iter().chain(own)) {
            *place = header;
            count += 1;
        }
        HttpConnection::send(self, request.method, request.target, &headers[..count], request.body).is_ok()
    }

    fn next(&mut self, reactor: &mut Reactor, wall: Nanos) -> Option<ConnectionEvent<'_>> {
        Some(match self.work(reactor, wall)? {
            HttpEvent::Ready => ConnectionEvent::Ready,
            HttpEvent::Reply { status, body } => ConnectionEvent::Reply { status, body },
            HttpEvent::Closed { .. } => ConnectionEvent::Closed,
        })
    }

    fn reset(&mut self, _reactor: &mut Reactor, _wall: Nanos) {
        self.reopen();
    }

    fn next_deadline(&self) -> Nanos {
        HttpConnection::next_deadline(self)
    }
}

/// What the orders' way is made of.
pub struct OrderSettings {
    /// Deadlines, rates, sizes.
    pub gateway: GatewaySettings,
    /// The venue's REST address; its path is not used.
    pub url: String,
    /// Whom to trust.
    pub tls: Arc<ClientConfig>,
    /// From the first packet to the end of the TLS handshake, ms.
    pub connect_ms_max: u64,
    /// Pause after a connection failed, ms; doubled with each more,
    pub reconnect_ms_min: u64,
    /// up to this.
    pub reconnect_ms_max: u64,
}

impl OrderSettings {
    /// The settings of a configuration, for the orders of one shard.
    #[must_use]
    pub fn of(config: &crate::config::Config, shard: u8, url: &str, tls: Arc<ClientConfig>) -> OrderSettings {
        OrderSettings {
            gateway: GatewaySettings::of(config, shard),
            url: url.to_owned(),
            tls,
            connect_ms_max: config.gateway.connect_timeout_ms,
            reconnect_ms_min: config.gateway.reconnect_ms_min,
            reconnect_ms_max: config.gateway.reconnect_ms_max,
        }
    }

    fn connection(&self, seed: u64) -> Result<HttpConnection, UrlError> {
        HttpConnection::open(HttpSettings {
            url: Url::parse(&self.url)?,
            tls: Arc::clone(&self.tls),
            connect_ms_max: self.connect_ms_max,
            // The gateway gives up first: it knows for what the connection was asked.
            reply_ms_max: 2 * self.gateway.reply_timeout_ns / Nanos::MILLI,
            proven_after_ms: self.reconnect_ms_max,
            backoff_ms_min: self.reconnect_ms_min,
            backoff_ms_max: self.reconnect_ms_max,
            head_bytes_max: HEAD_BYTES_MAX,
            body_bytes_max: self.gateway.reply_bytes_max,
            seed,
        })
    }
}

/// The way of the orders over HTTPS.
pub struct OrderGateway {
    agent: GatewayAgent<HttpConnection>,
    clock: MarketClock,
    /// Ends with the gateway.
    _signer: Option<Signer>,
}

impl OrderGateway {
    /// A gateway whose connections open when it is worked. `signer` is the thread that fills `pool`.
    ///
    /// # Errors
    /// The venue's address is not one.
    pub fn new(
        settings: &OrderSettings,
        (pool, signer): (Pool, Option<Signer>),
        clock: MarketClock,
    ) -> Result<OrderGateway, UrlError> {
        let seeds = 1..=settings.gateway.connections.max(1) as u64;
        let connections = seeds.map(|seed| settings.connection(seed)).collect::<Result<Vec<_>, _>>()?;
        Ok(OrderGateway { agent: GatewayAgent::new(settings.gateway, connections, pool), clock, _signer: signer })
    }

    /// What became of the commands, and its connections.
    #[must_use]
    pub const fn agent(&self) -> &GatewayAgent<HttpConnection> {
        &self.agent
    }
}

impl OrderPort for OrderGateway {
    fn hear(&mut self, event: &Event) {
        self.agent.hear(event);
    }

    fn accept(&mut self, command: &Event, line: u64) {
        self.agent.accept(command, line, self.clock.wall_now());
    }

    fn work(&mut self, turn: OrderTurn<'_>) -> Result<usize, PenError> {
        let OrderTurn { now, wall, reactor, committed, pen, replies } = turn;
        let clock = &self.clock;
        let stamp = || clock.wall_now();
        self.agent.work(&mut Turn { now, wall, stamp: &stamp, wall_ms: &wall_ms, reactor, committed, pen, replies })
    }

    fn left(&mut self, each: &mut dyn FnMut(Left)) {
        self.agent.left(&mut |left| {
            if left.is_create {
                each(Left { client: left.client, wall: left.wall });
            }
        });
    }

    fn open(&self) -> usize {
        self.agent.open()
    }

    fn next_deadline(&self) -> Nanos {
        self.agent.next_deadline()
    }

    fn signatures(&self) -> Signatures {
        let counts = self.agent.signatures();
        Signatures { taken: counts.taken, inline: counts.inline }
    }
}
