//! One feed session with its rings and its stream of the journal.
//!
//! What a feed hears are bytes: frames, answers, the coming and going of its connection. They
//! are in the journal before the session sees them. What it says goes to whoever hears it by
//! [`Event::hearers`], and is written down there; what nobody hears is written down here.

use super::latency::Hop;
use super::pen::{HASH_EVERY_EVENTS, Pen, PenError, room_cost_bytes};
use super::times::Stamping;
use crate::record::RecordKind;
use trader_feeds::frames::Frames;
use trader_journal::event::{Agent, Event, Hearers, Ring, pad};
use trader_journal::stage::Outbox;
use trader_journal::units::Nanos;
use trader_ring::spsc::Producer;

/// What the line needs of a session; the sessions of both venues have it.
pub trait FeedSession {
    /// Whose stream it writes.
    const AGENT: Agent;

    /// The most events one input may lead to.
    fn says_max(&self) -> usize;

    /// The most frames one input may send.
    fn frames_max(&self) -> usize;

    /// The most bytes they have together.
    fn frames_bytes_max(&self) -> usize;

    /// Room for all that one input may send.
    fn frames(&self) -> Frames {
        Frames::new(self.frames_max(), self.frames_bytes_max())
    }

    /// Hears one input.
    fn hear(&mut self, ts: Nanos, input: &FeedInput<'_>, out: &mut Outbox, frames: &mut Frames);

    /// When it next wants an [`Event::Timer`].
    fn next_deadline(&self) -> Nanos;

    /// A hash of all that its later events depend on.
    fn state_hash(&self) -> u64;
}

/// One thing a feed hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedInput<'a> {
    /// A connection came up; epochs rise by one with each.
    Connected {
        /// Its number.
        epoch: u32,
    },
    /// The connection went down.
    Disconnected,
    /// A text frame of the connection with this number.
    Frame {
        /// The connection's number.
        epoch: u32,
        /// The text.
        bytes: &'a [u8],
    },
    /// The answer to a `GET`.
    Answer {
        /// Path and query asked for.
        target: &'a str,
        /// The HTTP status.
        status: u16,
        /// The body.
        body: &'a [u8],
    },
    /// A deadline it asked for has come.
    Timer(&'a Event),
}

/// A ring to a stage that hears a part of what the feed says.
pub struct Route {
    /// Which part: `hears(event.hearers())`.
    pub hears: fn(Hearers) -> bool,
    /// The feed's end of the ring.
    pub events: Producer<Event>,
}

/// What one input may add to the journal beside its own bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedCost {
    /// Bytes of the frames it makes the session send.
    pub sent_bytes: usize,
    /// Lines: the input itself, frames sent, events said, a state hash.
    pub lines: usize,
}

impl FeedCost {
    /// The worst case of a session.
    #[must_use]
    pub fn of<S: FeedSession>(session: &S) -> FeedCost {
        FeedCost { sent_bytes: session.frames_bytes_max(), lines: session.says_max() + session.frames_max() + 2 }
    }

    /// Bytes of a ring to the journal that takes any input of `input_bytes_max` while another one is read.
    #[must_use]
    pub const fn ring_bytes(self, input_bytes_max: usize) -> usize {
        2 * room_cost_bytes(input_bytes_max + self.sent_bytes, self.lines)
    }
}

/// A session, the rings it tells the stages through, and what it wants sent.
pub struct FeedAgent<S> {
    session: S,
    routes: Vec<Route>,
    outbox: Outbox,
    frames: Frames,
    cost: FeedCost,
    /// Bytes of an answer's record.
    scratch: Vec<u8>,
    inputs: u64,
    last_timer: Option<(Nanos, Nanos)>,
    /// Market time until a deadline that did not move is told again.
    timer_again_ns: u64,
    stamping: Option<Stamping>,
    /// From what was read to what is told of it.
    reading: Hop,
}

impl<S: FeedSession> FeedAgent<S> {
    /// Joins a session to its rings.
    #[must_use]
    pub fn new(session: S, routes: Vec<Route>) -> FeedAgent<S> {
        let outbox = Outbox::new(session.says_max());
        let (frames, cost) = (session.frames(), FeedCost::of(&session));
        FeedAgent {
            session,
            routes,
            outbox,
            frames,
            cost,
            scratch: Vec::new(),
            inputs: 0,
            last_timer: None,
            timer_again_ns: 0,
            stamping: None,
            reading: Hop::new(if S::AGENT == Agent::Kalshi { "kalshi frame->told" } else { "binance frame->told" }),
        }
    }

    /// What it tells is stamped; an output each for its routes.
    #[must_use]
    pub(super) fn with_stamping(self, stamping: Stamping) -> FeedAgent<S> {
        FeedAgent { stamping: Some(stamping), ..self }
    }

    /// How long what was read took until it was told.
    pub(super) fn into_hop(self) -> Hop {
        self.reading
    }

    /// Where time runs on by itself, a deadline that was told and did not move is told again after `ns`
    /// of market time only.
    #[must_use]
    pub fn with_timer_again_ns(self, ns: u64) -> FeedAgent<S> {
        FeedAgent { timer_again_ns: ns, ..self }
    }

    /// The session, for those who look.
    #[must_use]
    pub const fn session(&self) -> &S {
        &self.session
    }

    /// When the session next wants to be woken.
    #[must_use]
    pub fn next_deadline(&self) -> Nanos {
        self.session.next_deadline()
    }

    /// Whether an input of `input_bytes` may be taken now: every ring has room for it and for the worst it
    /// may lead to.
    pub fn has_room(&mut self, input_bytes: usize, pen: &mut Pen) -> bool {
        let says_max = self.session.says_max();
        let FeedCost { sent_bytes, lines } = self.cost;
        pen.has_room(input_bytes + sent_bytes, lines)
            && self.routes.iter_mut().all(|route| route.events.has_room(says_max))
    }

    /// Hears one input, for which there [is room](FeedAgent::has_room). `said` sees every event.
    ///
    /// # Errors
    /// [`PenError`] when the journal refuses a line: nothing more may be done.
    pub fn hear(
        &mut self,
        ts: Nanos,
        input: &FeedInput<'_>,
        pen: &mut Pen,
        said: &mut impl FnMut(&Event),
    ) -> Result<(), PenError> {
        if let Some(stamping) = &mut self.stamping {
            stamping.begin();
        }
        self.write_down(ts, input, pen)?;
        self.inputs += 1;
        self.outbox.clear();
        self.session.hear(ts, input, &mut self.outbox, &mut self.frames);
        self.tell(pen, said)?;
        if self.inputs.is_multiple_of(HASH_EVERY_EVENTS) {
            self.say_hash(ts, pen)?;
        }
        Ok(())
    }

    /// Wakes the session if its deadline has come; says whether it had.
    ///
    /// # Errors
    /// As [`FeedAgent::hear`].
    pub fn wake(&mut self, now: Nanos, pen: &mut Pen, said: &mut impl FnMut(&Event)) -> Result<bool, PenError> {
        let due = self.session.next_deadline();
        let is_told = self.last_timer.is_some_and(|(told, at)| told == due && now.since(at) <= self.timer_again_ns);
        if due > now || is_told || !self.has_room(0, pen) {
            return Ok(false);
        }
        self.last_timer = Some((due, now));
        let timer = Event::Timer { pad: pad(), ts: now, due, pad2: pad() };
        self.hear(now, &FeedInput::Timer(&timer), pen, said)?;
        Ok(true)
    }

    /// Hands the frames the session wants sent to `send`, oldest first, after they are in the journal.
    ///
    /// # Errors
    /// As [`FeedAgent::hear`].
    pub fn send(&mut self, now: Nanos, pen: &mut Pen, send: &mut impl FnMut(&[u8])) -> Result<usize, PenError> {
        let mut sent = 0;
        for frame in self.frames.iter() {
            pen.record(RecordKind::FrameSent, 0, now, frame)?;
            send(frame);
            sent += 1;
        }
        self.frames.clear();
        Ok(sent)
    }

    /// Says the hash of the session's state.
    ///
    /// # Errors
    /// As [`FeedAgent::hear`].
    pub fn say_hash(&self, ts: Nanos, pen: &mut Pen) -> Result<u64, PenError> {
        let hash = self.session.state_hash();
        pen.said(&Event::StateHash { agent: S::AGENT, pad: pad(), ts, hash, events: self.inputs, pad2: pad() })?;
        Ok(hash)
    }

    fn write_down(&mut self, ts: Nanos, input: &FeedInput<'_>, pen: &mut Pen) -> Result<(), PenError> {
        let record = |pen: &mut Pen, kind, tag, bytes: &[u8]| pen.record(kind, tag, ts, bytes);
        match *input {
            FeedInput::Connected { epoch } => record(pen, RecordKind::Connected, epoch as u16, &[]),
            FeedInput::Disconnected => record(pen, RecordKind::Disconnected, 0, &[]),
            FeedInput::Frame { epoch, bytes } => record(pen, RecordKind::FrameHeard, epoch as u16, bytes),
            FeedInput::Answer { target, status, body } => {
                self.scratch.clear();
                self.scratch.extend_from_slice(target.as_bytes());
                self.scratch.push(b'\n');
                self.scratch.extend_from_slice(body);
                record(pen, RecordKind::AnswerHeard, status, &self.scratch)
            }
            FeedInput::Timer(event) => pen.heard(Ring::Shell, event),
        }
    }

    fn tell(&mut self, pen: &mut Pen, said: &mut impl FnMut(&Event)) -> Result<(), PenError> {
        let stamp = self.stamping.as_ref().filter(|_| !self.outbox.events().is_empty()).map(Stamping::now);
        if let (Some(times), Some(stamping)) = (stamp, &self.stamping) {
            self.reading.record(stamping.ticker.nanos(times.cause, times.pushed));
        }
        for event in self.outbox.events() {
            let hearers = event.hearers();
            let mut heard = false;
            for (place, route) in self.routes.iter_mut().enumerate().filter(|(_, route)| (route.hears)(hearers)) {
                heard = true;
                if let (Some(times), Some(stamping)) = (stamp, &self.stamping) {
                    stamping.outputs[place].write(route.events.produced(), times);
                }
                // There is room: it was asked for before the input was taken.
                route.events.push(*event).unwrap_or_else(|_| unreachable!("a session said more than its worst case"));
            }
            if !heard {
                pen.said(event)?;
            }
            said(event);
        }
        Ok(())
    }
}

/// Room for the path and query before an answer.
const TARGET_BYTES_MAX: usize = 4096;

/// The longest record of an answer whose body has `frame_bytes_max` bytes: a longer one is not heard.
#[must_use]
pub const fn answer_bytes_max(frame_bytes_max: usize) -> usize {
    frame_bytes_max + TARGET_BYTES_MAX
}

/// Splits the record of an answer into what was asked and what was answered.
#[must_use]
pub fn split_answer(record: &[u8]) -> Option<(&str, &[u8])> {
    let end = record.iter().position(|byte| *byte == b'\n')?;
    Some((std::str::from_utf8(&record[..end]).ok()?, &record[end + 1..]))
}
