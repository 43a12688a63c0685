//! One kept-alive HTTPS connection on which one request is outstanding at a time.
//!
//! It opens itself, and again when it closed, with growing pauses; what it never does is send a
//! request twice or follow a redirect. A request is one buffer, one TLS write and one system call.

mod reply;
mod request;

use super::backoff::Backoff;
use super::dial::Dialer;
use super::fault::{SocketFault, TlsFault};
use super::reactor::Reactor;
use super::stream::TlsStream;
use super::url::{Url, UrlError};
use reply::ReplyReader;
use request::Request;
use rustls::ClientConfig;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use trader_journal::units::Nanos;

/// The largest request, bytes: what TLS takes in one write without a wait.
pub const REQUEST_BYTES_MAX: usize = 60 * 1024;

/// The head of a reply, bytes: twice what front ends let through.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Where to, and the limits. Times are the wall's.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// The host; the path of each request is given with it.
    pub url: Url,
    /// Whom to trust.
    pub tls: Arc<ClientConfig>,
    /// From the first packet to the end of the TLS handshake, ms.
    pub connect_ms_max: u64,
    /// From a request to the last byte of its reply, ms.
    pub reply_ms_max: u64,
    /// Up for so long, or once answered, a connection has proved itself: the next pause is short again, ms.
    pub proven_after_ms: u64,
    /// Pause after the first failure, ms; doubled with each more.
    pub backoff_ms_min: u64,
    /// Longest pause, ms.
    pub backoff_ms_max: u64,
    /// Largest head of a reply, bytes.
    pub head_bytes_max: usize,
    /// Largest body of a reply, bytes.
    pub body_bytes_max: usize,
    /// Of the pauses.
    pub seed: u64,
}

impl HttpSettings {
    /// The limits of a configuration, for the orders' connections to `url`. The seed is of the pauses'
    /// jitter: different ones for different connections.
    #[must_use]
    pub fn of(config: &crate::config::Config, url: Url, tls: Arc<ClientConfig>, seed: u64) -> HttpSettings {
        HttpSettings {
            url,
            tls,
            connect_ms_max: config.link.connect_ms_max,
            reply_ms_max: config.gateway.reply_timeout_ms,
            proven_after_ms: config.link.proven_after_ms,
            backoff_ms_min: config.link.backoff_ms_min,
            backoff_ms_max: config.link.backoff_ms_max,
            head_bytes_max: HEAD_BYTES_MAX,
            body_bytes_max: usize::try_from(config.gateway.reply_bytes_max).unwrap_or(usize::MAX),
            seed,
        }
    }
}

/// Why a request was not sent, or a connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpFault {
    /// The host name leads nowhere.
    #[error("{}", SocketFault::Unresolved)]
    Unresolved,
    /// Nobody answered in time: neither a connection nor a request.
    #[error("nobody answered in time: look at the network and at the venue's status")]
    Timeout,
    /// The other side ended the connection.
    #[error("{}", SocketFault::Closed)]
    Closed,
    /// We ended it.
    #[error("we closed the connection")]
    ClosedByUs,
    /// TLS did not accept it.
    #[error(transparent)]
    Tls(TlsFault),
    /// The system says so.
    #[error("{}", SocketFault::Io(*.0))]
    Io(ErrorKind),
    /// What came is not a reply of HTTP/1.1.
    #[error("what answers does not speak HTTP/1.1: look at the port and at what stands between us and the host")]
    Garbage,
    /// A reply larger than allowed.
    #[error("a reply was larger than allowed: raise gateway.reply_bytes_max if it was right")]
    TooLarge,
    /// Bytes came that answer nothing.
    #[error("the server sent something nobody asked for: the connection is not used again")]
    Unasked,
    /// Not connected: the request was not sent.
    #[error("the connection is not up: nothing was sent, try another or wait for it")]
    NotReady,
    /// A request is outstanding: this one was not sent.
    #[error("a request is outstanding on this connection: nothing was sent, use another")]
    Busy,
    /// The request has a character that could end it early, or is too long: it was not sent.
    #[error("the request cannot be written as one of HTTP/1.1: nothing was sent")]
    Unwritable,
}

impl From<SocketFault> for HttpFault {
    fn from(fault: SocketFault) -> HttpFault {
        match fault {
            SocketFault::Unresolved => HttpFault::Unresolved,
            SocketFault::Timeout => HttpFault::Timeout,
            SocketFault::Closed => HttpFault::Closed,
            SocketFault::Tls(fault) => HttpFault::Tls(fault),
            SocketFault::Io(kind) => HttpFault::Io(kind),
        }
    }
}

/// What happened on a connection.
#[derive(Debug, PartialEq, Eq)]
pub enum HttpEvent<'a> {
    /// It is up: a request may be sent.
    Ready,
    /// The outstanding request is answered.
    Reply {
        /// Of the reply.
        status: u16,
        /// The whole body.
        body: &'a [u8],
    },
    /// It is gone, or could not be made; another is coming.
    Closed {
        /// Why.
        fault: HttpFault,
        /// A request was outstanding: what became of it is not known.
        was_asked: bool,
    },
}

/// What a connection did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HttpStats {
    /// Connections that came up.
    pub opened: u64,
    /// Connections that went or could not be made.
    pub closed: u64,
    /// Requests sent.
    pub asked: u64,
    /// Replies read whole.
    pub answered: u64,
    /// Since when the present connection is up.
    pub open_since: Option<Nanos>,
    /// Why the last one went.
    pub last_fault: Option<HttpFault>,
}

#[derive(Debug)]
enum State {
    /// The next attempt begins then.
    Waiting(Nanos),
    /// Given up then.
    Dialing(Nanos),
    Open(Box<TlsStream>),
    /// Closed for good.
    Over,
}

/// The outstanding request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    No,
    /// Sent since the last `work`, which knows the time.
    JustNow,
    /// Given up then.
    Until(Nanos),
}

enum Step {
    Ready,
    Reply,
    Closed(HttpFault, bool),
}

/// One HTTPS connection, kept alive.
#[derive(Debug)]
pub struct HttpConnection {
    settings: HttpSettings,
    host: String,
    dialer: Dialer,
    backoff: Backoff,
    state: State,
    reader: ReplyReader,
    outbox: Vec<u8>,
    asked: Asked,
    /// A reply was handed out and lies in the reader until the next call.
    is_answered: bool,
    /// Found while sending; told by the next `work`.
    broken: Option<HttpFault>,
    stats: HttpStats,
}

impl HttpConnection {
    /// A connection that opens with the first `work`.
    ///
    /// # Errors
    /// The URL's host can be nobody's name.
    pub fn open(settings: HttpSettings) -> Result<HttpConnection, UrlError> {
        let millis = |ms: u64| ms.saturating_mul(Nanos::MILLI);
        let dialer = Dialer::new(&settings.url, Arc::clone(&settings.tls))?;
        Ok(HttpConnection {
            host: settings.url.host_header(),
            dialer,
            backoff: Backoff::new(millis(settings.backoff_ms_min), millis(settings.backoff_ms_max), settings.seed),
            state: State::Waiting(Nanos(0)),
            reader: ReplyReader::new(settings.head_bytes_max, settings.body_bytes_max),
            outbox: Vec::with_capacity(4096),
            asked: Asked::No,
            is_answered: false,
            broken: None,
            stats: HttpStats::default(),
            settings,
        })
    }

    /// Whether a request may be sent now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        matches!(self.state, State::Open(_)) && self.asked == Asked::No && self.broken.is_none() && !self.is_leaving()
    }

    /// What it did so far.
    #[must_use]
    pub const fn stats(&self) -> HttpStats {
        self.stats
    }

    /// Sends a request. `Host`, `User-Agent` and `Content-Length` are written here.
    ///
    /// # Errors
    /// No byte of it left: the connection is not up, is busy or turned out to be closed, or the request
    /// cannot be written. Once this returns `Ok` the request may have reached the server.
    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<(), HttpFault> {
        if self.asked != Asked::No {
            return Err(HttpFault::Busy);
        }
        Request { method, path, headers, body }.write(&self.host, &mut self.outbox)?;
        if self.outbox.len() > REQUEST_BYTES_MAX {
            return Err(HttpFault::Unwritable);
        }
        self.finish_reply();
        if !self.is_ready() {
            return Err(HttpFault::NotReady);
        }
        let State::Open(stream) = &mut self.state else { return Err(HttpFault::NotReady) };
        if stream.has_unsent() || self.reader.has_rest() || reads_something(&mut self.reader, stream) {
            // The server has closed it, or speaks unasked; `work` will find out which.
            self.broken = Some(if self.reader.has_rest() { HttpFault::Unasked } else { HttpFault::Closed });
            return Err(HttpFault::NotReady);
        }
        let before = stream.bytes_out();
        let written = stream.write(&self.outbox);
        let has_left = stream.bytes_out() > before;
        self.note_sent(written, has_left)
    }

    fn note_sent(&mut self, written: io::Result<usize>, has_left: bool) -> Result<(), HttpFault> {
        let whole = self.outbox.len();
        let fault = match written {
            Ok(taken) if taken == whole => None,
            Ok(_) => Some(HttpFault::Io(ErrorKind::WriteZero)),
            Err(error) => Some(SocketFault::of(&error).into()),
        };
        self.broken = fault;
        match fault {
            Some(fault) if !has_left => Err(fault),
            _ => {
                self.asked = Asked::JustNow;
                self.stats.asked += 1;
                Ok(())
            }
        }
    }

    /// What happened; call it until `None`.
    pub fn work(&mut self, reactor: &mut Reactor, wall: Nanos) -> Option<HttpEvent<'_>> {
        self.finish_reply();
        match self.step(reactor, wall)? {
            Step::Ready => Some(HttpEvent::Ready),
            Step::Reply => Some(HttpEvent::Reply { status: self.reader.status(), body: self.reader.body() }),
            Step::Closed(fault, was_asked) => Some(HttpEvent::Closed { fault, was_asked }),
        }
    }

    /// The wall's time at which `work` has something to do even if no byte comes.
    #[must_use]
    pub fn next_deadline(&self) -> Nanos {
        if self.broken.is_some() || self.asked == Asked::JustNow {
            return Nanos(0);
        }
        match self.state {
            State::Waiting(at) | State::Dialing(at) => at,
            State::Open(_) | State::Over => match self.asked {
                Asked::Until(at) => at,
                Asked::No | Asked::JustNow => Nanos::NEVER,
            },
        }
    }

    /// Ends this connection and opens another: for who has no more trust in this one.
    pub fn reopen(&mut self) {
        if let State::Open(stream) = &mut self.state {
            let _ = stream.close(); // a courtesy
            self.broken.get_or_insert(HttpFault::ClosedByUs);
        }
    }

    /// Ends it for good, with a goodbye; nothing happens any more.
    pub fn close(&mut self) {
        if let State::Open(stream) = &mut self.state {
            let _ = stream.close(); // a courtesy
        }
        self.dialer.give_up();
        self.state = State::Over;
        self.asked = Asked::No;
    }

    fn step(&mut self, reactor: &mut Reactor, wall: Nanos) -> Option<Step> {
        if let Some(fault) = self.broken.take() {
            return Some(self.closed(fault, wall));
        }
        match self.state {
            State::Over => return None,
            State::Waiting(at) if wall < at => return None,
            State::Waiting(_) => {
                self.state = State::Dialing(wall.plus(self.settings.connect_ms_max * Nanos::MILLI));
            }
            State::Dialing(_) | State::Open(_) => {}
        }
        if let State::Dialing(until) = self.state {
            return self.dial(reactor, wall, until);
        }
        match self.talk(wall) {
            Ok(true) => {
                self.is_answered = true;
                self.asked = Asked::No;
                self.stats.answered += 1;
                self.backoff.proven();
                Some(Step::Reply)
            }
            Ok(false) => None,
            Err(fault) => Some(self.closed(fault, wall)),
        }
    }

    fn dial(&mut self, reactor: &mut Reactor, wall: Nanos, until: Nanos) -> Option<Step> {
        match self.dialer.work(reactor) {
            Some(Ok(stream)) => {
                self.state = State::Open(Box::new(stream));
                self.reader.restart();
                self.stats.opened += 1;
                self.stats.open_since = Some(wall);
                Some(Step::Ready)
            }
            Some(Err(fault)) => Some(self.closed(fault.into(), wall)),
            None if wall >= until => Some(self.closed(HttpFault::Timeout, wall)),
            None => None,
        }
    }

    /// Sends what is unsent and reads what came. Whether the reply is whole.
    fn talk(&mut self, wall: Nanos) -> Result<bool, HttpFault> {
        let reply_ns_max = self.settings.reply_ms_max * Nanos::MILLI;
        let State::Open(stream) = &mut self.state else { return Ok(false) };
        if self.asked == Asked::JustNow {
            self.asked = Asked::Until(wall.plus(reply_ns_max));
        }
        if stream.has_unsent() {
            match stream.flush() {
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(SocketFault::of(&error).into()),
                Ok(()) | Err(_) => {}
            }
        }
        loop {
            if self.reader.has_rest() && self.asked == Asked::No {
                return Err(HttpFault::Unasked);
            }
            if self.reader.read()? {
                return Ok(true);
            }
            match self.reader.fill(&mut **stream) {
                Ok(0) => return Err(HttpFault::Closed),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(SocketFault::of(&error).into()),
            }
        }
        match self.asked {
            Asked::Until(until) if wall >= until => Err(HttpFault::Timeout),
            _ => Ok(false),
        }
    }

    /// The reply that was handed out is done with.
    fn finish_reply(&mut self) {
        if std::mem::take(&mut self.is_answered) {
            if !self.reader.keeps_alive() {
                if let State::Open(stream) = &mut self.state {
                    let _ = stream.close(); // the server has said that it goes
                }
                self.broken.get_or_insert(HttpFault::Closed);
            }
            self.reader.next_reply();
        }
    }

    /// The reply handed out was the connection's last.
    fn is_leaving(&self) -> bool {
        self.is_answered && !self.reader.keeps_alive()
    }

    fn closed(&mut self, fault: HttpFault, wall: Nanos) -> Step {
        let was_asked = self.asked != Asked::No;
        let lived_ns = self.stats.open_since.map_or(0, |since| wall.since(since));
        if lived_ns >= self.settings.proven_after_ms * Nanos::MILLI {
            self.backoff.proven();
        }
        self.dialer.give_up();
        self.asked = Asked::No;
        self.state = State::Waiting(wall.plus(self.backoff.next_ns()));
        self.stats.closed += 1;
        self.stats.open_since = None;
        self.stats.last_fault = Some(fault);
        Step::Closed(fault, was_asked)
    }
}

/// Whether anything but silence comes from a connection on which nothing was asked.
fn reads_something(reader: &mut ReplyReader, stream: &mut TlsStream) -> bool {
    stream.is_readable() && !reader.fill(stream).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}
