//! The Kalshi session: frames and answers in, events and commands out.
//!
//! One [`Session`] lives through all connections of a run. It keeps the subscriptions, the
//! sequence number of each, the terms of every listed market of the configured series, and a
//! book for each market it watches. A book that may not mirror the venue's is declared
//! invalid in the very step that raises the doubt, and is valid again only with a snapshot.

pub mod message;
pub mod request;
pub mod reply;
pub mod rest;
pub mod words;
pub use settings::{SeriesSettings, Settings};

mod account;
mod body;
mod books;
mod catalog;
mod command;
mod counts;
mod delta;
mod hear;
mod life;
mod lines;
mod publish;
mod settings;
mod subscribe;
mod terms;
mod ticker;
mod watch;

pub use counts::Counts;
pub use delta::{Delta, recorded_layout};

use crate::frames::Frames;
use account::Account;
use books::Slot;
use catalog::Catalog;
use lines::Lines;
use message::Scratch;
use rest::{RestAnswer, RestRequest};
use std::ops::Range;
use trader_journal::event::{BookFault, Event, Feed, FeedState, FrameFault, pad};
use trader_journal::hash::StateHash;
use trader_journal::stage::Outbox;
use trader_journal::units::{Money, Nanos};

/// A Kalshi session. See the module.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    catalog: Catalog,
    slots: Vec<Slot>,
    lines: Lines,
    link: Link,
    scratch: Scratch,
    /// Markets of one event by place, while a centre is looked for.
    places: Vec<(i64, u32)>,
    index: Money,
    /// REST answers heard.
    answers: u64,
    account: Account,
    counts: Counts,
    deadline: Nanos,
    /// Whether something changed that subscriptions or deadlines follow from.
    dirty: bool,
    /// Whether a market's open or close is new since `next_turn` was looked for.
    times_changed: bool,
    /// No market opens or closes earlier.
    next_turn: Nanos,
    /// While the index stays in here, the watched centres stay what they are.
    centred: Range<i64>,
}

/// The connection.
#[derive(Clone, Copy, Debug)]
struct Link {
    connected: bool,
    epoch: u32,
    /// What the line was told of the venue's feed, and of the index.
    told: [FeedState; 2],
}

/// Where a step's consequences go.
struct Step<'s> {
    ts: Nanos,
    out: &'s mut Outbox,
    frames: &'s mut Frames,
}

impl Session {
    /// A session that has heard nothing. All memory of the WebSocket's path is taken here.
    #[must_use]
    pub fn new(settings: Settings) -> Session {
        let catalog = Catalog::new(&settings);
        let slots = (0..settings.watched_max).map(|_| Slot::free()).collect();
        let scratch = Scratch::new(settings.book_levels_max as usize);
        let places = Vec::with_capacity(settings.markets_max as usize);
        let link = Link { connected: false, epoch: 0, told: [FeedState::Down; 2] };
        Session {
            settings,
            catalog,
            slots,
            lines: Lines::NEW,
            link,
            scratch,
            places,
            index: Money::ZERO,
            answers: 0,
            account: Account::default(),
            counts: Counts::default(),
            deadline: Nanos::NEVER,
            dirty: false,
            times_changed: false,
            next_turn: Nanos::NEVER,
            centred: 0..0,
        }
    }

    /// A new connection is open and nothing was sent on it yet. Epochs rise with each connection.
    pub fn on_connected(&mut self, ts: Nanos, epoch: u32, out: &mut Outbox, frames: &mut Frames) {
        let mut step = Step { ts, out, frames };
        self.leave_connection(&mut step);
        self.link.connected = true;
        self.link.epoch = epoch;
        self.tell_feed(Feed::Kalshi, FeedState::Connecting, &mut step);
        self.tell_feed(Feed::Index, FeedState::Connecting, &mut step);
        self.dirty = true;
        self.settle(&mut step);
    }

    /// The connection is gone, and every book with it.
    pub fn on_disconnected(&mut self, ts: Nanos, out: &mut Outbox, frames: &mut Frames) {
        let mut step = Step { ts, out, frames };
        self.leave_connection(&mut step);
        self.settle(&mut step);
    }

    /// A text frame arrived on the connection numbered `epoch`.
    pub fn on_frame(&mut self, ts: Nanos, epoch: u32, frame: &[u8], out: &mut Outbox, frames: &mut Frames) {
        let mut step = Step { ts, out, frames };
        self.counts.frames += 1;
        if !self.link.connected || self.link.epoch != epoch {
            self.reject(FrameFault::UnknownSubscription, &mut step);
            return;
        }
        if frame.len() > self.settings.frame_bytes_max as usize {
            self.doubt_books(FrameFault::TooLong, &mut step);
        } else {
            self.hear_frame(frame, &mut step);
        }
        self.settle(&mut step);
    }

    /// An answer of the REST API arrived. May allocate.
    pub fn on_rest(&mut self, ts: Nanos, answer: &RestAnswer<'_>, out: &mut Outbox, frames: &mut Frames) {
        let mut step = Step { ts, out, frames };
        if let Err(fault) = self.hear_rest(answer, &mut step) {
            self.reject(fault, &mut step);
        }
        // Nothing is watched or subscribed for the account's sake.
        self.dirty |= match answer.request {
            RestRequest::Series | RestRequest::Markets | RestRequest::Market => true,
            RestRequest::Balance | RestRequest::DataTimestamp | RestRequest::Account(_) => false,
        };
        self.settle(&mut step);
    }

    /// Hears an event of the line. Only two concern a feed: a [`Event::Timer`], and the
    /// [`Event::RunStarted`] of a program that goes on from a journal.
    pub fn on(&mut self, event: &Event, out: &mut Outbox, frames: &mut Frames) {
        let mut step = Step { ts: event.ts(), out, frames };
        match event {
            Event::Timer { .. } => self.dirty = true,
            Event::RunStarted { .. } => self.start_again(&mut step),
            _ => return,
        }
        self.settle(&mut step);
    }

    /// When the session next wants an [`Event::Timer`].
    #[must_use]
    pub const fn next_deadline(&self) -> Nanos {
        self.deadline
    }

    /// What it was told before it started.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What was counted since the start.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// A hash of what later events depend on.
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        let mut hash = StateHash::EMPTY;
        hash.mix(u64::from(self.link.epoch) << 1 | u64::from(self.link.connected));
        self.link.told.iter().for_each(|told| hash.mix(*told as u64));
        self.lines.hash_into(&mut hash);
        hash.mix(self.index.0.cast_unsigned());
        self.catalog.hash_into(&mut hash);
        for slot in &self.slots {
            let [book, trades] = slot.member.map(u64::from);
            hash.mix(u64::from(slot.id.0) << 3 | book << 2 | trades << 1 | u64::from(slot.valid));
            hash.mix(slot.asked.0);
            if slot.market.is_some() {
                slot.book.hash_into(&mut hash);
            }
        }
        self.account.hash_into(&mut hash);
        hash.mix(self.deadline.0);
        hash.value()
    }

    /// No connection outlives its program, and what was told last may not have been heard.
    fn start_again(&mut self, step: &mut Step<'_>) {
        if self.link.epoch != 0 {
            // Said whatever was said before.
            self.link.told = [FeedState::Up; 2];
            self.leave_connection(step);
        }
        self.catalog.tell_again(step.ts, step.out);
        self.account = Account::default();
    }

    fn leave_connection(&mut self, step: &mut Step<'_>) {
        for slot in &mut self.slots {
            slot.invalidate(BookFault::Disconnected, step.ts, step.out);
            slot.member = [false; 2];
            slot.asked = Nanos(0);
        }
        self.lines = Lines::NEW;
        self.link.connected = false;
        self.tell_feed(Feed::Kalshi, FeedState::Down, step);
        self.tell_feed(Feed::Index, FeedState::Down, step);
        self.dirty = true;
    }

    /// Draws the conclusions of a step: what is open, what is watched, what must be sent, and when
    /// to look again.
    fn settle(&mut self, step: &mut Step<'_>) {
        if !std::mem::take(&mut self.dirty) {
            return;
        }
        for series in 0..self.catalog.series.len() as u32 {
            self.catalog.tell_series(series, step.ts, step.out);
        }
        self.turn_phases(step);
        self.choose_watched(step);
        if self.link.connected {
            self.keep_subscribed(step);
            self.tell_states(step);
        }
        self.deadline = self.earliest_deadline(step.ts);
    }

    fn reject(&mut self, fault: FrameFault, step: &mut Step<'_>) {
        let total = self.counts.count(fault);
        step.out.push(Event::FrameRejected { feed: Feed::Kalshi, fault, pad: pad(), ts: step.ts, total, pad2: pad() });
    }

    fn tell_feed(&mut self, feed: Feed, state: FeedState, step: &mut Step<'_>) {
        let told = &mut self.link.told[usize::from(feed == Feed::Index)];
        if std::mem::replace(told, state) != state {
            step.out.push(Event::FeedChanged { feed, state, epoch: self.link.epoch, ts: step.ts, pad: pad() });
        }
    }
}
