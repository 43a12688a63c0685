//! One connection and what it was sent for.

use trader_feeds::kalshi::reply::Asked;
use trader_journal::units::Nanos;

/// What a connection of the gateway can do. It carries one request at a time, sends none twice, and makes
/// itself anew when it is gone.
pub trait Connection {
    /// What its socket is registered with.
    type Reactor;

    /// Whether a request can be sent now.
    fn is_ready(&self) -> bool;

    /// Hands one request to the socket. With `false` no byte of it left, nor will: the connection turned out to
    /// be gone.
    fn send(&mut self, request: &HttpRequest<'_>, wall: Nanos) -> bool;

    /// The next thing that happened to it.
    fn next(&mut self, reactor: &mut Self::Reactor, wall: Nanos) -> Option<ConnectionEvent<'_>>;

    /// Drops the connection, and whatever may still come on it, and makes another.
    fn reset(&mut self, reactor: &mut Self::Reactor, wall: Nanos);

    /// When it wants to be asked again though nothing came, wall time.
    fn next_deadline(&self) -> Nanos;
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub struct HttpRequest<'a> {
    /// In capitals.
    pub method: &'static str,
    /// Path and query.
    pub target: &'a str,
    /// Names and values beside those every request has.
    pub headers: &'a [(&'static str, String)],
    /// Empty for none.
    pub body: &'a [u8],
}

/// What happened to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionEvent<'a> {
    /// It is up.
    Ready,
    /// A whole reply came.
    Reply {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: &'a [u8],
    },
    /// It is gone.
    Closed,
}

/// What a connection is on its way for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    /// A command of exec.
    Order(Asked),
    /// Nothing but to be used.
    Warmth,
}

/// A connection and its errand.
pub(super) struct Slot<C> {
    pub connection: C,
    /// With its deadline, wall time.
    pub errand: Option<(Errand, Nanos)>,
    /// When it was last used, wall time.
    pub used: Nanos,
}

impl<C: Connection> Slot<C> {
    pub(super) const fn new(connection: C) -> Slot<C> {
        Slot { connection, errand: None, used: Nanos(0) }
    }

    pub(super) fn is_free(&self) -> bool {
        self.errand.is_none() && self.connection.is_ready()
    }

    pub(super) fn carries_order(&self) -> bool {
        matches!(self.errand, Some((Errand::Order(_), _)))
    }

    /// Takes the errand when its time is over.
    pub(super) fn take_overdue(&mut self, wall: Nanos) -> Option<Errand> {
        self.errand.take_if(|(_, deadline)| *deadline <= wall).map(|(errand, _)| errand)
    }

    pub(super) fn next_deadline(&self, keep_warm_ns: u64) -> Nanos {
        let own = match self.errand {
            Some((_, deadline)) => deadline,
            None if self.connection.is_ready() => self.used.plus(keep_warm_ns),
            None => Nanos::NEVER,
        };
        own.min(self.connection.next_deadline())
    }
}
