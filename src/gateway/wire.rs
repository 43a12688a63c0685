//! The gateway with its connections, on exec's thread. It never waits.
//!
//! A command leaves when its intent is committed, a connection is free and our own bucket has a
//! token; one that cannot in time is refused here and never leaves. What leaves is written down
//! first, and never sent again: a reply that does not come whole, in time and about the order asked
//! for means that the outcome is not known, and exec counts the order at its full size.
//!
//! Cancels do not stand behind creates: they have a lane, a connection and tokens of their own.

use super::lane::{Lane, Waiting};
use super::settings::GatewaySettings;
pub use super::slot::{Connection, ConnectionEvent, HttpRequest};
use super::slot::{Errand, Slot};
use super::{Bucket, Gateway, Outgoing, Request, write_reply};
use crate::line::{Pen, PenError};
use crate::record::RecordKind;
use crate::signer::pool::{Pool, PoolCounts};
use trader_feeds::kalshi::reply::{Asked, no_reply, not_sent, read_reply};
use trader_feeds::kalshi::request::REQUEST_BYTES_MAX;
use trader_journal::event::{ClientId, Event, RejectReason, UnknownReason};
use trader_journal::units::Nanos;
use trader_ring::spsc::Producer;

/// What keeps a connection from being closed: it costs nothing and needs no key.
const WARMTH: &str = "/trade-api/v2/exchange/status";
/// Room for the line that says what a record is about.
const HEAD_BYTES_MAX: usize = 128;
/// Requests whose time of writing nobody has taken yet.
const LEFT_MAX: usize = 256;
/// How often the signatures made ahead are looked after.
const TEND_NS: u64 = 5 * Nanos::MILLI;

/// What one round works with.
pub struct Turn<'a, R> {
    /// Market time.
    pub now: Nanos,
    /// Wall time, for ages and deadlines.
    pub wall: Nanos,
    /// Wall time at the moment it is asked, for histograms.
    pub stamp: &'a dyn Fn() -> Nanos,
    /// Wall time at the moment it is asked, ms since the Unix epoch, for signatures.
    pub wall_ms: &'a dyn Fn() -> u64,
    /// The sockets of the thread.
    pub reactor: &'a mut R,
    /// Lines of exec's stream that are committed.
    pub committed: u64,
    /// The shell's pen.
    pub pen: &'a mut Pen,
    /// The ring to exec.
    pub replies: &'a mut Producer<Event>,
}

/// A request that was written to its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// The order it is about.
    pub client: ClientId,
    /// Whether it was a create.
    pub is_create: bool,
    /// When exec's command was accepted, wall time.
    pub accepted: Nanos,
    /// When it was written, wall time.
    pub wall: Nanos,
}

/// What became of the commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GatewayCounts {
    /// Requests that left.
    pub sent: u64,
    /// Whole replies to them.
    pub replied: u64,
    /// Requests without one: their outcome is not known.
    pub lost: u64,
    /// Commands that never left.
    pub kept: u64,
    /// Rounds in which a command had to wait for a token.
    pub token_waits: u64,
    /// Times a connection was kept warm.
    pub warmed: u64,
}

/// The way of the orders.
pub struct GatewayAgent<C> {
    gateway: Gateway,
    settings: GatewaySettings,
    pool: Pool,
    bucket: Bucket,
    creates: Lane,
    cancels: Lane,
    slots: Vec<Slot<C>>,
    last_created: Option<ClientId>,
    left: Vec<Left>,
    next_tend: Nanos,
    ledger: Ledger,
}

/// The two kinds of command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Create,
    Cancel,
}

impl<C: Connection> GatewayAgent<C> {
    /// A gateway over these connections; with more than one, the last is for cancels alone.
    #[must_use]
    pub fn new(settings: GatewaySettings, connections: Vec<C>, pool: Pool) -> GatewayAgent<C> {
        GatewayAgent {
            gateway: Gateway::new(settings.shard),
            pool,
            bucket: Bucket::new(&settings),
            creates: Lane::new(settings.intent_age_ns_max),
            cancels: Lane::new(settings.cancel_age_ns_max),
            slots: connections.into_iter().map(Slot::new).collect(),
            last_created: None,
            left: Vec::with_capacity(LEFT_MAX),
            next_tend: Nanos(0),
            ledger: Ledger {
                record: Vec::with_capacity(settings.reply_bytes_max + HEAD_BYTES_MAX),
                counts: GatewayCounts::default(),
            },
            settings,
        }
    }

    /// Learns what exec heard: the names of the markets are among it.
    pub fn hear(&mut self, event: &Event) {
        self.gateway.hear(event);
    }

    /// Takes a command of exec at wall time `wall`; it may leave when `line` lines of exec's stream are committed.
    pub fn accept(&mut self, command: &Event, line: u64, wall: Nanos) {
        let waiting = Waiting { command: *command, line, since: wall };
        match command {
            Event::OrderIntent { .. } => self.creates.push(waiting),
            Event::CancelIntent { .. } => self.cancels.push(waiting),
            _ => {}
        }
    }

    /// Hears what came, gives up what is overdue, and sends what may leave. Returns how much it did.
    ///
    /// # Errors
    /// [`PenError`] when the journal refuses a record: nothing more may be done.
    pub fn work(&mut self, turn: &mut Turn<'_, C::Reactor>) -> Result<usize, PenError> {
        let mut did = self.hear_connections(turn)?;
        did += self.give_up_overdue(turn)?;
        did += self.send(Kind::Cancel, turn)?;
        did += self.send(Kind::Create, turn)?;
        did += self.keep_warm(turn);
        if self.next_tend <= turn.wall {
            self.next_tend = turn.wall.plus(TEND_NS);
            self.pool.tend((turn.wall_ms)());
        }
        Ok(did)
    }

    /// Requests written since the last call.
    pub fn left(&mut self, each: &mut dyn FnMut(Left)) {
        self.left.drain(..).for_each(each);
    }

    /// Commands that are waiting, and requests without a reply.
    #[must_use]
    pub fn open(&self) -> usize {
        let asked = self.slots.iter().filter(|slot| slot.carries_order()).count();
        self.creates.len() + self.cancels.len() + asked
    }

    /// When it wants to work again though nothing came, wall time.
    #[must_use]
    pub fn next_deadline(&self) -> Nanos {
        let slots = self.slots.iter().map(|slot| slot.next_deadline(self.settings.keep_warm_ns));
        slots.chain([self.creates.next_deadline(), self.cancels.next_deadline()]).min().unwrap_or(Nanos::NEVER)
    }

    /// What became of the signatures.
    #[must_use]
    pub const fn signatures(&self) -> PoolCounts {
        self.pool.counts()
    }

    /// What became of the commands.
    #[must_use]
    pub const fn counts(&self) -> GatewayCounts {
        self.ledger.counts
    }

    /// Its connections.
    pub fn connections(&self) -> impl Iterator<Item = &C> {
        self.slots.iter().map(|slot| &slot.connection)
    }

    // ---- what came ---------------------------------------------------------------------------

    fn hear_connections(&mut self, turn: &mut Turn<'_, C::Reactor>) -> Result<usize, PenError> {
        let GatewayAgent { slots, ledger, bucket, settings, .. } = self;
        let mut did = 0;
        for Slot { connection, errand, used } in slots.iter_mut() {
            let mut out_of_step = false;
            while !out_of_step
                && has_room(turn, settings)
                && let Some(event) = connection.next(turn.reactor, turn.wall)
            {
                did += 1;
                *used = turn.wall;
                out_of_step = match (event, errand.take()) {
                    (ConnectionEvent::Reply { status, body }, Some((Errand::Order(asked), _))) => {
                        if status == 429 {
                            bucket.empty(turn.now);
                        }
                        ledger.replied(turn, asked, status, body)?
                    }
                    // Nobody asked: whatever it is, the next reply would be taken for another's.
                    (ConnectionEvent::Reply { .. }, None) => true,
                    (ConnectionEvent::Closed, Some((Errand::Order(asked), _))) => {
                        ledger.lost(turn, asked, UnknownReason::Disconnected)?;
                        false
                    }
                    (ConnectionEvent::Reply { .. } | ConnectionEvent::Closed, Some((Errand::Warmth, _)))
                    | (ConnectionEvent::Ready, _)
                    | (ConnectionEvent::Closed, None) => false,
                };
            }
            if out_of_step {
                connection.reset(turn.reactor, turn.wall);
            }
        }
        Ok(did)
    }

    /// A reply that is overdue is not waited for, and its connection not used again: it may still come.
    fn give_up_overdue(&mut self, turn: &mut Turn<'_, C::Reactor>) -> Result<usize, PenError> {
        let GatewayAgent { slots, ledger, settings, .. } = self;
        let mut did = 0;
        for slot in slots.iter_mut() {
            if has_room(turn, settings)
                && let Some(errand) = slot.take_overdue(turn.wall)
            {
                did += 1;
                if let Errand::Order(asked) = errand {
                    ledger.lost(turn, asked, UnknownReason::Timeout)?;
                }
                slot.connection.reset(turn.reactor, turn.wall);
            }
        }
        Ok(did)
    }

    // ---- what leaves -------------------------------------------------------------------------

    fn send(&mut self, kind: Kind, turn: &mut Turn<'_, C::Reactor>) -> Result<usize, PenError> {
        let mut did = 0;
        while has_room(turn, &self.settings)
            && let Some(front) = self.lane(kind).front(turn.committed).copied()
        {
            if self.lane(kind).is_too_old(&front, turn.wall) {
                if let Some(asked) = asked_by(&front.command) {
                    self.ledger.kept(turn, asked, RejectReason::NotSent)?;
                }
            } else {
                let Some(at) = self.free_slot(kind) else { break };
                if !self.take_token(kind, turn.now) {
                    self.ledger.counts.token_waits += 1;
                    break;
                }
                self.send_on(at, &front, turn)?;
            }
            self.lane(kind).pop();
            did += 1;
        }
        Ok(did)
    }

    fn send_on(&mut self, at: usize, waiting: &Waiting, turn: &mut Turn<'_, C::Reactor>) -> Result<(), PenError> {
        let (request, asked) = match self.gateway.request(&waiting.command) {
            Some(Outgoing::Send(request, asked)) => (request, asked),
            Some(Outgoing::Refused { asked, reason }) => return self.ledger.kept(turn, asked, reason),
            None => return Ok(()),
        };
        if !self.is_new(asked) {
            // One of its name has left: whatever became of that one, another must not.
            return self.ledger.lost(turn, asked, UnknownReason::Conflict);
        }
        turn.pen.record(RecordKind::OrderSent, 0, turn.now, request.text())?;
        let (method, target, body) = request.parts();
        let wall_ms = (turn.wall_ms)();
        let headers = match &request {
            Request::Create(_) => self.pool.create_headers(wall_ms),
            Request::Cancel(_) => self.pool.key().headers(Nanos(wall_ms * Nanos::MILLI), method, target),
        };
        let slot = &mut self.slots[at];
        let written = slot.connection.send(&HttpRequest { method, target, headers: &headers, body }, turn.wall);
        slot.used = turn.wall;
        if !written {
            return self.ledger.kept(turn, asked, RejectReason::NotSent);
        }
        self.ledger.counts.sent += 1;
        slot.errand = Some((Errand::Order(asked), turn.wall.plus(self.settings.reply_timeout_ns)));
        self.note_left(asked, waiting.since, (turn.stamp)());
        Ok(())
    }

    /// Identifiers of orders rise: one that does not has been sent before. A cancel may be said again.
    fn is_new(&mut self, asked: Asked) -> bool {
        let Asked::Create { client } = asked else { return true };
        let run = |client: ClientId| (client.epoch, client.nonce);
        let is_new = self.last_created.is_none_or(|last| run(last) != run(client) || last.seq < client.seq);
        if is_new {
            self.last_created = Some(client);
        }
        is_new
    }

    fn note_left(&mut self, asked: Asked, accepted: Nanos, wall: Nanos) {
        let (client, is_create) = match asked {
            Asked::Create { client } => (client, true),
            Asked::Cancel { client, .. } => (client, false),
        };
        if self.left.len() < LEFT_MAX {
            self.left.push(Left { client, is_create, accepted, wall });
        }
    }

    fn lane(&mut self, kind: Kind) -> &mut Lane {
        match kind {
            Kind::Create => &mut self.creates,
            Kind::Cancel => &mut self.cancels,
        }
    }

    /// Creates leave the last connection to cancels, which take it first.
    fn free_slot(&self, kind: Kind) -> Option<usize> {
        let for_creates = self.slots.len().saturating_sub(1).max(1);
        match kind {
            Kind::Create => self.slots.iter().take(for_creates).position(Slot::is_free),
            Kind::Cancel => self.slots.iter().rposition(Slot::is_free),
        }
    }

    fn take_token(&mut self, kind: Kind, now: Nanos) -> bool {
        match kind {
            Kind::Create => self.bucket.take_create(now),
            Kind::Cancel => self.bucket.take_cancel(now),
        }
    }

    /// Uses a connection that was idle for long, one at a time and none that a command waits for.
    fn keep_warm(&mut self, turn: &mut Turn<'_, C::Reactor>) -> usize {
        let is_warming = |slot: &Slot<C>| matches!(slot.errand, Some((Errand::Warmth, _)));
        if self.creates.len() + self.cancels.len() > 0 || self.slots.iter().any(is_warming) {
            return 0;
        }
        let keep_warm_ns = self.settings.keep_warm_ns;
        let is_cold = |slot: &&mut Slot<C>| slot.is_free() && turn.wall.since(slot.used) >= keep_warm_ns;
        let Some(slot) = self.slots.iter_mut().find(is_cold) else { return 0 };
        let request = HttpRequest { method: "GET", target: WARMTH, headers: &[], body: &[] };
        slot.used = turn.wall;
        if slot.connection.send(&request, turn.wall) {
            slot.errand = Some((Errand::Warmth, turn.wall.plus(self.settings.reply_timeout_ns)));
            self.ledger.counts.warmed += 1;
        }
        1
    }
}

/// What is written down about commands, and told to exec.
struct Ledger {
    record: Vec<u8>,
    counts: GatewayCounts,
}

impl Ledger {
    /// A whole reply. Says whether it was not about what was asked: then the connection is out of step.
    fn replied<R>(&mut self, turn: &mut Turn<'_, R>, asked: Asked, status: u16, body: &[u8]) -> Result<bool, PenError> {
        self.counts.replied += 1;
        write_reply(&mut self.record, Some(asked), body);
        turn.pen.record(RecordKind::OrderReply, status, turn.now, &self.record)?;
        let told = read_reply(turn.now, asked, status, body);
        let unreadable = UnknownReason::Unreadable;
        let out_of_step = matches!(
            told,
            Event::OrderUnknown { reason, .. } | Event::CancelUnknown { reason, .. } if reason == unreadable
        );
        tell(turn, told);
        Ok(out_of_step)
    }

    fn lost<R>(&mut self, turn: &mut Turn<'_, R>, asked: Asked, reason: UnknownReason) -> Result<(), PenError> {
        self.counts.lost += 1;
        write_reply(&mut self.record, Some(asked), &[]);
        turn.pen.record(RecordKind::OrderLost, reason as u16, turn.now, &self.record)?;
        tell(turn, no_reply(turn.now, asked, reason));
        Ok(())
    }

    fn kept<R>(&mut self, turn: &mut Turn<'_, R>, asked: Asked, reason: RejectReason) -> Result<(), PenError> {
        self.counts.kept += 1;
        write_reply(&mut self.record, Some(asked), &[]);
        turn.pen.record(RecordKind::OrderKept, reason as u16, turn.now, &self.record)?;
        tell(turn, not_sent(turn.now, asked, reason));
        Ok(())
    }
}

/// Whether one more thing may be done: it writes two records at most and tells exec one event.
fn has_room<R>(turn: &mut Turn<'_, R>, settings: &GatewaySettings) -> bool {
    turn.replies.has_room(1) && turn.pen.has_room(settings.reply_bytes_max + REQUEST_BYTES_MAX + HEAD_BYTES_MAX, 3)
}

fn tell<R>(turn: &mut Turn<'_, R>, event: Event) {
    // There is room: it was asked for before anything was done.
    let _ = turn.replies.push(event);
}

/// What a command asks for; `None` for an event that is no command.
fn asked_by(command: &Event) -> Option<Asked> {
    match *command {
        Event::OrderIntent { client, .. } => Some(Asked::Create { client }),
        Event::CancelIntent { client, order, .. } => Some(Asked::Cancel { client, order }),
        _ => None,
    }
}
