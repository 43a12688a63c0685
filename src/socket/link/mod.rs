//! One WebSocket, kept alive: it comes up by itself, again when it went, and anew before it is too old.
//!
//! A renewal makes before it breaks: the new connection is up before the old one goes, and there
//! is no `Down` between. Everything it does is driven by `work`; everything it did is counted.

mod fault;
mod wire;

pub use fault::LinkFault;

use super::backoff::Backoff;
use super::dial::Dialer;
use super::reactor::Reactor;
use super::url::{Url, UrlError};
use rustls::ClientConfig;
use std::fmt;
use std::sync::Arc;
use trader_journal::units::Nanos;
use tungstenite::http::Uri;
use tungstenite::{Bytes, Utf8Bytes};
use wire::{Heard, Refusal, Upgrade, Upgraded, Wire, begin_upgrade, go_on};

/// What the old connection has received is handed on before the new one takes over, but not for longer.
const DRAIN_NS_MAX: u64 = 250 * Nanos::MILLI;
/// Frames that tell nothing, heard in one call.
const IDLE_FRAMES_MAX: usize = 64;
/// A connection that goes may take so long to say goodbye.
const GOODBYE_NS_MAX: u64 = Nanos::SECOND;
/// The longest pause a server may ask for.
const PAUSE_S_MAX: u64 = 300;

/// Makes the headers of an upgrade; asked anew for each, because they are signed with its time.
pub type Handshake = Box<dyn FnMut() -> Vec<(String, String)> + Send>;

/// Where to, and the limits. Times are the wall's.
#[derive(Clone, Debug)]
pub struct LinkSettings {
    /// The WebSocket.
    pub url: Url,
    /// Whom to trust.
    pub tls: Arc<ClientConfig>,
    /// From the first packet to the end of the upgrade, ms.
    pub connect_ms_max: u64,
    /// Nothing heard for so long: the connection is dead, ms.
    pub silence_ms_max: u64,
    /// Nothing heard for so long: we ping, ms.
    pub ping_after_ms: u64,
    /// A connection of this age is replaced, s.
    pub renew_after_s: u64,
    /// Up for so long, or with its first frame, a connection has proved itself: the next pause is short again, ms.
    pub proven_after_ms: u64,
    /// Pause after the first failure, ms; doubled with each more.
    pub backoff_ms_min: u64,
    /// Longest pause, ms.
    pub backoff_ms_max: u64,
    /// Largest message taken, bytes.
    pub frame_bytes_max: usize,
    /// Most that may wait to be sent, bytes; more, and the connection is dead.
    pub send_bytes_max: usize,
    /// Of the pauses.
    pub seed: u64,
}

impl LinkSettings {
    /// The limits of a configuration, for `url`. The seed is of the pauses' jitter: different ones for
    /// different links.
    #[must_use]
    pub fn of(config: &crate::config::Config, url: Url, tls: Arc<ClientConfig>, seed: u64) -> LinkSettings {
        let link = &config.link;
        let bytes = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        LinkSettings {
            url,
            tls,
            connect_ms_max: link.connect_ms_max,
            silence_ms_max: link.silence_ms_max,
            ping_after_ms: link.ping_after_ms,
            renew_after_s: link.renew_after_s,
            proven_after_ms: link.proven_after_ms,
            backoff_ms_min: link.backoff_ms_min,
            backoff_ms_max: link.backoff_ms_max,
            frame_bytes_max: bytes(config.capacity.frame_bytes_max),
            send_bytes_max: bytes(link.unsent_bytes_max),
            seed,
        }
    }
}

/// What happened on a link. Epochs count connections that came up, from 1.
#[derive(Debug, PartialEq, Eq)]
pub enum LinkEvent<'a> {
    /// A connection is up and takes over: what is sent from now on goes there, and nothing comes from
    /// an older one any more. Subscriptions must be made anew.
    Up {
        /// Of the connection.
        epoch: u32,
    },
    /// A text message.
    Frame {
        /// Of the connection it came on: always the latest that was `Up`.
        epoch: u32,
        /// The whole message.
        bytes: &'a [u8],
    },
    /// The connection that was up is gone; another is coming.
    Down {
        /// Of the connection.
        epoch: u32,
        /// Why.
        fault: LinkFault,
    },
    /// An attempt did not come up; nothing else has changed, and another attempt is coming.
    Failed {
        /// Why.
        fault: LinkFault,
    },
}

/// What a link did so far, and how old it is. Times are the wall's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkStats {
    /// Of the present connection, or of the last one; 0 before the first.
    pub epoch: u32,
    /// Whether a connection is up.
    pub is_up: bool,
    /// When the present connection, or the last one, came up.
    pub up_since: Option<Nanos>,
    /// Connections that came up because another had gone.
    pub reconnects: u64,
    /// Connections that came up to replace one that was up.
    pub renewals: u64,
    /// Connections that went.
    pub downs: u64,
    /// Attempts that did not come up.
    pub failures: u64,
    /// Text messages.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When the last of them came.
    pub last_frame_at: Option<Nanos>,
    /// When anything came last, pings and pongs too.
    pub last_heard_at: Option<Nanos>,
    /// Binary messages, which nobody reads.
    pub binaries: u64,
    /// Pings of the server, all answered.
    pub pings_heard: u64,
    /// Pings of ours.
    pub pings_sent: u64,
    /// Texts that were sent while nothing was up, or were no text, and therefore dropped.
    pub unsent: u64,
    /// Why the last connection went or the last attempt failed.
    pub last_fault: Option<LinkFault>,
}

#[derive(Debug)]
enum Attempt {
    /// Nothing is being made.
    None,
    /// Begins then.
    Waiting(Nanos),
    /// Given up then.
    Dialing(Nanos),
    Upgrading(Nanos, Box<Upgrade>),
}

enum Step {
    Up,
    Frame(Utf8Bytes),
    Down(u32, LinkFault),
    Failed(LinkFault),
}

/// One WebSocket kept alive.
pub struct Link {
    settings: LinkSettings,
    uri: Uri,
    host: String,
    handshake: Handshake,
    dialer: Dialer,
    backoff: Backoff,
    attempt: Attempt,
    current: Option<Box<Wire>>,
    /// Up, and about to take over since then.
    next: Option<(Nanos, Box<Wire>)>,
    /// Saying goodbye until then.
    leaving: Option<(Nanos, Box<Wire>)>,
    /// The frame handed out; kept until the next call.
    frame: Utf8Bytes,
    wants_renewal: bool,
    is_closed: bool,
    /// Found while sending; told by the next `work`.
    broken: Option<LinkFault>,
    stats: LinkStats,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("uri", &self.uri).field("stats", &self.stats).finish_non_exhaustive()
    }
}

impl Link {
    /// A link that begins to come up with the first `work`.
    ///
    /// # Errors
    /// The URL's host can be nobody's name, or its path cannot be asked for.
    pub fn new(settings: LinkSettings, handshake: Handshake) -> Result<Link, UrlError> {
        let millis = |ms: u64| ms.saturating_mul(Nanos::MILLI);
        let host = settings.url.host_header();
        let uri = format!("wss://{host}{}", settings.url.target).parse::<Uri>().map_err(|_| UrlError::Path)?;
        Ok(Link {
            uri,
            host,
            handshake,
            dialer: Dialer::new(&settings.url, Arc::clone(&settings.tls))?,
            backoff: Backoff::new(millis(settings.backoff_ms_min), millis(settings.backoff_ms_max), settings.seed),
            attempt: Attempt::Waiting(Nanos(0)),
            current: None,
            next: None,
            leaving: None,
            frame: Utf8Bytes::default(),
            wants_renewal: false,
            is_closed: false,
            broken: None,
            stats: LinkStats::default(),
            settings,
        })
    }

    /// What happened; call it until `None`.
    pub fn work(&mut self, reactor: &mut Reactor, wall: Nanos) -> Option<LinkEvent<'_>> {
        self.frame = Utf8Bytes::default(); // its bytes go back to the buffer they came in
        match self.step(reactor, wall)? {
            Step::Up => Some(LinkEvent::Up { epoch: self.stats.epoch }),
            Step::Frame(text) => {
                self.frame = text;
                Some(LinkEvent::Frame { epoch: self.stats.epoch, bytes: self.frame.as_bytes() })
            }
            Step::Down(epoch, fault) => Some(LinkEvent::Down { epoch, fault }),
            Step::Failed(fault) => Some(LinkEvent::Failed { fault }),
        }
    }

    /// Sends a text on the connection that was `Up` last. It is kept when there is no room, and dropped
    /// and counted when nothing is up: whoever hears `Up` begins anew anyway.
    pub fn send(&mut self, text: &[u8]) {
        let text = Utf8Bytes::try_from(Bytes::copy_from_slice(text)).ok();
        match (text, &mut self.current) {
            (Some(text), Some(wire)) if self.broken.is_none() => self.broken = wire.say(text).err(),
            _ => self.stats.unsent += 1,
        }
    }

    /// Makes a new connection and lets the old one go when the new one is up. Changes nothing when a
    /// new one is being made already, as it always is while none is up.
    pub fn renew(&mut self) {
        let is_coming = self.next.is_some() || !matches!(self.attempt, Attempt::None);
        self.wants_renewal = self.current.is_some() && !is_coming;
    }

    /// The wall's time at which `work` has something to do even if no byte comes.
    #[must_use]
    pub fn next_deadline(&self) -> Nanos {
        if self.broken.is_some() || self.wants_renewal || self.next.is_some() {
            return Nanos(0);
        }
        let attempt = match &self.attempt {
            Attempt::None => Nanos::NEVER,
            Attempt::Waiting(at) | Attempt::Dialing(at) | Attempt::Upgrading(at, _) => *at,
        };
        let leaving = self.leaving.as_ref().map_or(Nanos::NEVER, |(until, _)| *until);
        let current = self.current.as_ref().map_or(Nanos::NEVER, |wire| {
            let renewal = if matches!(self.attempt, Attempt::None) { self.too_old_at(wire) } else { Nanos::NEVER };
            self.silent_at(wire).min(self.ping_at(wire)).min(renewal)
        });
        attempt.min(leaving).min(current)
    }

    /// What it did so far.
    #[must_use]
    pub const fn stats(&self) -> LinkStats {
        self.stats
    }

    /// Ends it for good, with a goodbye that a few more calls of `work` bring out; nothing else happens any more.
    pub fn close(&mut self) {
        self.is_closed = true;
        self.attempt = Attempt::None;
        self.dialer.give_up();
        self.next = None;
        if let Some(mut wire) = self.current.take()
            && !wire.leave()
        {
            self.leaving = Some((Nanos::NEVER, wire));
        }
        self.stats.is_up = false;
    }

    fn step(&mut self, reactor: &mut Reactor, wall: Nanos) -> Option<Step> {
        self.say_goodbye(wall);
        if self.is_closed {
            return None;
        }
        if let Some(fault) = self.prepare(reactor, wall) {
            return Some(Step::Failed(fault));
        }
        let is_overdue = self.next.as_ref().is_some_and(|(since, _)| wall.since(*since) >= DRAIN_NS_MAX);
        if !is_overdue && let Some(step) = self.listen(wall) {
            return Some(step);
        }
        self.take_over(wall)
    }

    /// Goes on with the connection in the making; why it came to nothing.
    fn prepare(&mut self, reactor: &mut Reactor, wall: Nanos) -> Option<LinkFault> {
        self.begin_attempt(wall);
        let attempt = std::mem::replace(&mut self.attempt, Attempt::None);
        let went_on = match attempt {
            Attempt::Dialing(until) => self.dial(reactor, wall, until),
            Attempt::Upgrading(until, upgrade) => self.go_on(*upgrade, wall, until),
            Attempt::None | Attempt::Waiting(_) => Ok(attempt),
        };
        match went_on {
            Ok(attempt) => {
                self.attempt = attempt;
                None
            }
            Err(refusal) => Some(self.failed(&refusal, wall)),
        }
    }

    fn dial(&mut self, reactor: &mut Reactor, wall: Nanos, until: Nanos) -> Result<Attempt, Refusal> {
        match self.dialer.work(reactor) {
            Some(Ok(stream)) => {
                let headers = (self.handshake)();
                let place = (&self.uri, self.host.as_str());
                let bytes_max = (self.settings.frame_bytes_max, self.settings.send_bytes_max);
                let upgrade = begin_upgrade(stream, place, &headers, bytes_max)?;
                self.go_on(*upgrade, wall, until)
            }
            Some(Err(fault)) => Err(LinkFault::from(fault).into()),
            None if wall >= until => Err(LinkFault::Timeout.into()),
            None => Ok(Attempt::Dialing(until)),
        }
    }

    fn go_on(&mut self, upgrade: Upgrade, wall: Nanos, until: Nanos) -> Result<Attempt, Refusal> {
        match go_on(upgrade, wall)? {
            Upgraded::Done(wire) => {
                self.next = Some((wall, wire));
                Ok(Attempt::None)
            }
            Upgraded::NotYet(_) if wall >= until => Err(LinkFault::Timeout.into()),
            Upgraded::NotYet(upgrade) => Ok(Attempt::Upgrading(until, upgrade)),
        }
    }

    /// Begins an attempt when one is due.
    fn begin_attempt(&mut self, wall: Nanos) {
        let is_due = match &self.attempt {
            Attempt::Waiting(at) => wall >= *at,
            Attempt::None => {
                let is_old = self.current.as_ref().is_some_and(|wire| wall >= self.too_old_at(wire));
                self.next.is_none() && (is_old || self.wants_renewal)
            }
            Attempt::Dialing(_) | Attempt::Upgrading(..) => false,
        };
        if is_due {
            self.wants_renewal = false;
            self.attempt = Attempt::Dialing(wall.plus(self.settings.connect_ms_max.saturating_mul(Nanos::MILLI)));
        }
    }

    fn failed(&mut self, refusal: &Refusal, wall: Nanos) -> LinkFault {
        self.dialer.give_up();
        let asked_ns = refusal.pause_s.min(PAUSE_S_MAX) * Nanos::SECOND;
        self.attempt = Attempt::Waiting(wall.plus(self.backoff.next_ns().max(asked_ns)));
        self.stats.failures += 1;
        self.stats.last_fault = Some(refusal.fault);
        refusal.fault
    }

    /// The next thing the present connection said, if it is worth telling.
    fn listen(&mut self, wall: Nanos) -> Option<Step> {
        if let Some(fault) = self.broken.take() {
            return self.lost(fault, wall);
        }
        for _ in 0..IDLE_FRAMES_MAX {
            let wire = self.current.as_mut()?;
            let heard = match wire.hear() {
                Ok(Heard::Nothing) => return self.when_quiet(wall),
                Ok(heard) => heard,
                Err(fault) => return self.lost(fault, wall),
            };
            wire.heard_at = wall;
            self.stats.last_heard_at = Some(wall);
            match heard {
                Heard::Text(text) => {
                    self.stats.frames += 1;
                    self.stats.bytes += text.len() as u64;
                    self.stats.last_frame_at = Some(wall);
                    self.prove();
                    return Some(Step::Frame(text));
                }
                Heard::Binary => self.stats.binaries += 1,
                Heard::Ping => self.stats.pings_heard += 1,
                Heard::Pong | Heard::Nothing => {}
            }
        }
        // It says much and nothing that is worth telling: the others of this thread have their turn.
        None
    }

    /// Nothing came: pings, and gives up a connection that is silent.
    fn when_quiet(&mut self, wall: Nanos) -> Option<Step> {
        let wire = self.current.as_ref()?;
        let (is_silent, wants_ping) = (wall >= self.silent_at(wire), wall >= self.ping_at(wire));
        if wall.since(wire.up_since) >= self.settings.proven_after_ms.saturating_mul(Nanos::MILLI) {
            self.prove();
        }
        if is_silent {
            return self.lost(LinkFault::Silent, wall);
        }
        if wants_ping {
            self.stats.pings_sent += 1;
            let pinged = self.current.as_mut().map(|wire| wire.ping(wall));
            if let Some(Err(fault)) = pinged {
                return self.lost(fault, wall);
            }
        }
        None
    }

    fn prove(&mut self) {
        if let Some(wire) = &mut self.current
            && !wire.is_proven
        {
            wire.is_proven = true;
            self.backoff.proven();
        }
    }

    /// The present connection is gone. Told only if no other is about to take over.
    fn lost(&mut self, fault: LinkFault, wall: Nanos) -> Option<Step> {
        let wire = self.current.take()?;
        self.stats.downs += 1;
        self.stats.last_fault = Some(fault);
        if self.next.is_some() {
            return None;
        }
        self.stats.is_up = false;
        self.wants_renewal = false;
        if matches!(self.attempt, Attempt::None) {
            self.attempt = Attempt::Waiting(wall.plus(self.backoff.next_ns()));
        }
        Some(Step::Down(wire.epoch, fault))
    }

    /// The new connection takes over; the old one goes.
    fn take_over(&mut self, wall: Nanos) -> Option<Step> {
        let (_, mut wire) = self.next.take()?;
        self.broken = None; // of the old one
        let is_renewal = self.stats.is_up;
        self.stats.renewals += u64::from(is_renewal);
        self.stats.reconnects += u64::from(!is_renewal && self.stats.epoch > 0);
        self.stats.epoch += 1;
        self.stats.is_up = true;
        self.stats.up_since = Some(wall);
        wire.epoch = self.stats.epoch;
        self.leaving = self.current.replace(wire).map(|old| (wall.plus(GOODBYE_NS_MAX), old));
        self.say_goodbye(wall);
        Some(Step::Up)
    }

    fn say_goodbye(&mut self, wall: Nanos) {
        if let Some((until, wire)) = &mut self.leaving {
            *until = (*until).min(wall.plus(GOODBYE_NS_MAX)); // `close` did not know the time
            if wire.leave() || wall >= *until {
                self.leaving = None;
            }
        }
    }

    fn silent_at(&self, wire: &Wire) -> Nanos {
        wire.heard_at.plus(self.settings.silence_ms_max.saturating_mul(Nanos::MILLI))
    }

    fn ping_at(&self, wire: &Wire) -> Nanos {
        wire.heard_at.max(wire.pinged_at).plus(self.settings.ping_after_ms.saturating_mul(Nanos::MILLI))
    }

    fn too_old_at(&self, wire: &Wire) -> Nanos {
        wire.up_since.plus(self.settings.renew_after_s.saturating_mul(Nanos::SECOND))
    }
}
