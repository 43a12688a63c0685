//! The thread "exchange": time moves on, requests are answered, streams are told what there is to say.
//!
//! It owns the exchange and every socket, and waits for nothing but the kernel, and for that no longer
//! than until something happens in the market.

use super::super::ConnId;
use super::ServerError;
use super::buckets::Buckets;
use super::connection::{Connection, Entrance, Heard, Rhythm};
use super::counter::{Answer, Counter, Times};
use super::market::{Market, SpotId};
use super::mishap::Mishaps;
use super::pace::{Pace, Shift};
use super::papers::Papers;
use super::settings::ServerSettings;
use crate::clock::{MarketClock, wall};
use crate::config::Fault;
use crate::exchange::MockExchange;
use crate::socket::reactor::{Reactor, Readiness};
use crate::socket::stream::TlsStream;
use mio::net::TcpListener;
use rustls::ServerConfig;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::time::Duration;
use trader_journal::units::Nanos;

/// The mailbox is looked into at least so often.
const WAIT_MAX: Duration = Duration::from_millis(20);
/// The kernel counts in milliseconds: what is due sooner is not slept for, or a fast market would always be late.
const WAIT_MIN: Duration = Duration::from_micros(500);
/// Things heard of one connection in one turn: the others have their turn too.
const HEARD_PER_TURN: usize = 64;
/// What a reader is told who does not read (kalshi.md §3, code 25).
const OVERFLOW: &[u8] = b"{\"type\":\"error\",\"msg\":{\"code\":25,\"msg\":\"Subscription buffer overflow\"}}\n";
/// What is no message.
const GARBAGE: &[u8] = b"{\"type\":\"orderbook_delta\",\"sid\":1,\"seq\":\x01\x02\n";

/// What the thread is asked for by the others of this process.
pub(super) enum Ask {
    /// The ledger as it is now.
    Ledger(Sender<Vec<u8>>),
    /// Faults, their times counted from now.
    Faults(Vec<Fault>),
    /// To end.
    Stop,
}

/// Where a connection sits at the exchange.
#[derive(Clone, Copy)]
enum Seat {
    None,
    Kalshi(ConnId),
    Spot(SpotId),
}

struct Guest {
    connection: Connection,
    seat: Seat,
}

struct Entry {
    entrance: Entrance,
    listener: TcpListener,
    ready: Readiness,
}

/// Everything the thread owns.
pub(super) struct House {
    reactor: Reactor,
    entries: Vec<Entry>,
    tls: Arc<ServerConfig>,
    guests: BTreeMap<u64, Guest>,
    counter: Counter,
    clock: MarketClock,
    settings: ServerSettings,
    asks: Receiver<Ask>,
    /// The last connection's number.
    last: u64,
    /// The latest market time anything happened at.
    now: Nanos,
    /// What the thread waits for, in market time.
    due: Nanos,
    pace: Pace,
    /// Something is left to do without waiting.
    is_busy: bool,
    frame: Vec<u8>,
}

impl House {
    /// Opens the doors; gives the ports in the order of [`Entrance::ALL`].
    pub(super) fn open(
        exchange: MockExchange,
        papers: Papers,
        settings: ServerSettings,
        clock: MarketClock,
        asks: Receiver<Ask>,
    ) -> Result<(House, [u16; 4]), ServerError> {
        let mut reactor = Reactor::new()?;
        let mut entries = Vec::new();
        let mut ports = [0; 4];
        for (place, entrance) in Entrance::ALL.into_iter().enumerate() {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, settings.ports[place]));
            let refused = |error| ServerError::Listen { port: address.port(), reason: error };
            let mut listener = TcpListener::bind(address).map_err(refused)?;
            ports[place] = listener.local_addr()?.port();
            let ready = reactor.watch(&mut listener)?;
            entries.push(Entry { entrance, listener, ready });
        }
        let keys = papers.door.keys.len();
        let buckets = Buckets::new(keys, settings.tier, settings.unsigned_per_s, settings.rate_refusal);
        let mut mishaps = Mishaps::default();
        mishaps.add(&settings.faults, clock.anchors().1);
        let house = House {
            reactor,
            entries,
            tls: papers.tls,
            guests: BTreeMap::new(),
            counter: Counter::new(Market::new(exchange), mishaps, papers.door, buckets),
            pace: Pace::new(settings.late_ns_max, settings.others_follow, clock.speed()),
            settings,
            asks,
            last: 0,
            now: clock.anchors().1,
            clock,
            due: Nanos::NEVER,
            is_busy: false,
            frame: Vec::new(),
        };
        Ok((house, ports))
    }

    /// Serves until it is told to stop or nobody is left to tell it.
    pub(super) fn serve(mut self) -> MockExchange {
        while self.obey() {
            self.turn();
            self.pace.end(self.clock.wall_now());
            self.reactor.turn(Some(self.wait()));
        }
        self.counter.market.exchange
    }

    /// How long the kernel may keep the thread.
    fn wait(&self) -> Duration {
        let wait = self.clock.wall_until(self.due).min(WAIT_MAX);
        if self.is_busy || wait < WAIT_MIN { Duration::ZERO } else { wait }
    }

    /// Does what the mailbox asks; `false`: that is to end.
    fn obey(&mut self) -> bool {
        loop {
            match self.asks.try_recv() {
                Ok(Ask::Ledger(to)) => {
                    let mut ledger = Vec::new();
                    // Memory does not refuse, and who does not wait for the answer any more does not need it.
                    let _ = self.counter.market.exchange.write_ledger(&mut ledger);
                    let _ = to.send(ledger);
                }
                Ok(Ask::Faults(faults)) => self.counter.mishaps.add(&faults, self.now),
                Ok(Ask::Stop) | Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) => return true,
            }
        }
    }

    fn turn(&mut self) {
        let now = self.keep_time();
        let times = Times { now, wall: self.clock.wall_now() };
        self.is_busy = false;
        self.counter.market.advance(now);
        let strike = self.counter.mishaps.strike(now);
        if strike.closes {
            self.drop_guests(now, |_| true);
        }
        if strike.garbage {
            self.guests.values_mut().for_each(|guest| guest.connection.say(GARBAGE));
        }
        if self.counter.mishaps.is_frozen(now) {
            // What comes due meanwhile is not late: nobody was to do it.
            self.due = Nanos::NEVER;
            return;
        }
        self.welcome(times);
        self.hear(times);
        self.answer(times);
        self.speak(times);
        self.send(times);
        self.due = self.counter.market.exchange.next_deadline();
    }

    /// Market time now, as far as it goes on when this thread came too late for what was due.
    fn keep_time(&mut self) -> Nanos {
        let late_ns = self.clock.now().since(self.due);
        match self.pace.begin(late_ns, self.clock.wall_now()) {
            Shift::None => {}
            Shift::HoldBack(ns) => self.clock.hold_back(ns),
            Shift::GiveBack(ns) => self.clock.give_back(ns),
        }
        self.now = self.now.max(self.clock.now());
        self.now
    }

    // ---- who comes and goes --------------------------------------------------------------------

    fn welcome(&mut self, times: Times) {
        let refuses = self.counter.mishaps.refuses(times.now);
        for entry in &self.entries {
            while entry.ready.is_readable() {
                let tcp = match entry.listener.accept() {
                    Ok((tcp, _)) => tcp,
                    Err(error) => {
                        if error.kind() == ErrorKind::WouldBlock {
                            entry.ready.read_blocked();
                        }
                        // Out of file descriptors, or the client is gone already: the next turn tries again.
                        break;
                    }
                };
                if refuses || self.guests.len() >= self.settings.connections_max {
                    continue;
                }
                let Ok(stream) = TlsStream::accept(&mut self.reactor, tcp, Arc::clone(&self.tls)) else { continue };
                self.last += 1;
                let (idle_ns_max, speed) = (self.settings.idle_ns_max, self.clock.speed());
                let connection = Connection::new(entry.entrance, stream, times.wall, idle_ns_max, speed);
                self.guests.insert(self.last, Guest { connection, seat: Seat::None });
            }
        }
    }

    /// Drops connections as they are, and what they had at the exchange with them.
    fn drop_guests(&mut self, now: Nanos, is_meant: impl Fn(u64) -> bool) {
        let market = &mut self.counter.market;
        self.guests.retain(|id, guest| {
            let goes = is_meant(*id);
            if goes {
                leave(market, now, &mut guest.seat);
            }
            !goes
        });
    }

    // ---- one turn ------------------------------------------------------------------------------

    fn hear(&mut self, times: Times) {
        let mut gone = Vec::new();
        for (id, guest) in &mut self.guests {
            let mut heard = 0;
            while let Some(what) = guest.connection.next(times.wall) {
                let stays = match what {
                    Heard::Request(request) => {
                        let entrance = guest.connection.entrance;
                        // Signatures are compared with the wall as it is, not as it was counted since the start.
                        let ahead_ns = self.counter.market.exchange.clock_ahead_ns(times.now);
                        let asked_at = Times { wall: wall().plus(ahead_ns), ..times };
                        let mut answer = self.counter.ask(asked_at, *id, entrance, &request);
                        if let Answer::Reply(reply) = &mut answer {
                            reply.ahead_ns = ahead_ns;
                        }
                        give(guest, answer, &request, times.wall)
                    }
                    Heard::Text(text) => {
                        match guest.seat {
                            Seat::Kalshi(stream) => self.counter.market.exchange.command(times.now, stream, &text),
                            Seat::Spot(stream) => self.counter.market.command_spot(stream, &text),
                            Seat::None => {}
                        }
                        true
                    }
                    Heard::Gone => false,
                };
                if !stays {
                    gone.push(*id);
                    break;
                }
                heard += 1;
                if heard >= HEARD_PER_TURN {
                    self.is_busy = true;
                    break;
                }
            }
        }
        if !gone.is_empty() {
            self.drop_guests(times.now, |id| gone.contains(&id));
        }
    }

    /// Gives the answers that took their time.
    fn answer(&mut self, times: Times) {
        while let Some((id, reply)) = self.counter.next_answer(times.now) {
            match (reply, self.guests.get_mut(&id)) {
                (Some(mut reply), Some(guest)) => {
                    reply.ahead_ns = self.counter.market.exchange.clock_ahead_ns(times.now);
                    guest.connection.answer(&reply, times.wall);
                    // The next request may have been read already: no event will tell of it.
                    self.is_busy = true;
                }
                (None, Some(_)) => self.drop_guests(times.now, |gone| gone == id),
                (_, None) => {}
            }
        }
    }

    /// Tells the streams what there is to say.
    fn speak(&mut self, times: Times) {
        let mut cut = Vec::new();
        for (id, guest) in &mut self.guests {
            let market = &mut self.counter.market;
            match guest.seat {
                Seat::None => continue,
                Seat::Kalshi(stream) if !market.exchange.is_connected(stream) => {
                    cut.push(*id);
                    continue;
                }
                Seat::Kalshi(stream) => {
                    while market.exchange.next_kalshi_frame(times.now, stream, &mut self.frame) {
                        self.frame.push(b'\n');
                        guest.connection.say(&self.frame);
                    }
                }
                Seat::Spot(stream) => {
                    while market.next_spot_frame(stream, &mut self.frame) {
                        guest.connection.say(&self.frame);
                    }
                }
            }
            if guest.connection.waiting() > self.settings.backlog_bytes_max {
                if matches!(guest.seat, Seat::Kalshi(_)) {
                    guest.connection.say(OVERFLOW);
                }
                guest.connection.say_goodbye("too slow", times.wall);
            }
            if !guest.connection.is_talking() {
                leave(market, times.now, &mut guest.seat);
            }
        }
        if !cut.is_empty() {
            self.drop_guests(times.now, |id| cut.contains(&id));
        }
    }

    /// Pings, and gives the kernel what it takes.
    fn send(&mut self, times: Times) {
        let mut failed = Vec::new();
        for (id, guest) in &mut self.guests {
            let rhythm = self.settings.rhythm(guest.connection.entrance);
            let lives = guest.connection.beat(times.wall, &rhythm) && guest.connection.push();
            if !lives {
                failed.push(*id);
            }
        }
        if !failed.is_empty() {
            self.drop_guests(times.now, |id| failed.contains(&id));
        }
    }
}

impl ServerSettings {
    /// How the streams of an entrance are kept alive (kalshi.md §3, binance.md §3).
    fn rhythm(&self, entrance: Entrance) -> Rhythm {
        let is_spot = entrance == Entrance::SpotStream;
        Rhythm {
            ping_ns: if is_spot { 2 * self.ping_ns } else { self.ping_ns },
            pong_ns_max: self.pong_ns_max,
            word: if is_spot { b"" } else { b"heartbeat" },
        }
    }
}

/// Gives a connection what becomes of its request; `false`: nothing, and it is over.
fn give(guest: &mut Guest, answer: Answer, request: &super::request::Request, wall: Nanos) -> bool {
    match answer {
        Answer::Reply(reply) => guest.connection.answer(&reply, wall),
        Answer::Later => {}
        Answer::HangUp => return false,
        Answer::Kalshi(stream) => {
            guest.connection.upgrade(request, wall);
            guest.seat = Seat::Kalshi(stream);
        }
        Answer::Spot(stream) => {
            guest.connection.upgrade(request, wall);
            guest.seat = Seat::Spot(stream);
        }
    }
    true
}

/// Gives a seat at the exchange back.
fn leave(market: &mut Market, now: Nanos, seat: &mut Seat) {
    match std::mem::replace(seat, Seat::None) {
        Seat::None => {}
        Seat::Kalshi(stream) => market.exchange.disconnect(now, stream),
        Seat::Spot(stream) => market.disconnect_spot(stream),
    }
}
