//! The connections to the Kalshi stream: each has its own subscriptions, numbers and frames under way.

use super::outbox::Outbox;
use super::session::Session;
use trader_exec::venue::VenueMarket;
use trader_journal::units::Nanos;

/// One connection to the Kalshi stream, as long as it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnId(u64);

/// The markets that belong to a subscription.
#[derive(Default)]
pub(super) struct Members(Vec<bool>);

impl Members {
    pub(super) fn contains(&self, market: VenueMarket) -> bool {
        self.0.get(market.0 as usize).copied().unwrap_or(false)
    }

    /// Says whether it was no member before.
    pub(super) fn join(&mut self, market: VenueMarket) -> bool {
        let place = market.0 as usize;
        if self.0.len() <= place {
            self.0.resize(place + 1, false);
        }
        !std::mem::replace(&mut self.0[place], true)
    }

    /// Says whether it was a member.
    pub(super) fn leave(&mut self, market: VenueMarket) -> bool {
        self.0.get_mut(market.0 as usize).is_some_and(std::mem::take)
    }

    /// Takes all members out.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = VenueMarket> + use<> {
        let members = std::mem::take(&mut self.0);
        members.into_iter().enumerate().filter(|(_, is_member)| *is_member).map(|(at, _)| VenueMarket(at as u32))
    }
}

/// One connection's state.
pub(super) struct Stream {
    pub(super) id: ConnId,
    pub(super) session: Session,
    pub(super) frames: Outbox,
    pub(super) books: Members,
    pub(super) trades: Members,
    /// Deltas this connection has lost so far.
    pub(super) gaps: usize,
}

/// All connections, oldest first.
#[derive(Default)]
pub(super) struct Streams {
    all: Vec<Stream>,
    made: u64,
}

impl Streams {
    /// A connection without subscriptions, which lost what was lost before it was there.
    pub(super) fn open(&mut self, gaps: usize) -> ConnId {
        self.made += 1;
        let id = ConnId(self.made);
        self.all.push(Stream {
            id,
            session: Session::default(),
            frames: Outbox::default(),
            books: Members::default(),
            trades: Members::default(),
            gaps,
        });
        id
    }

    /// Where a connection is; `None` when it is gone.
    pub(super) fn place(&self, id: ConnId) -> Option<usize> {
        self.all.iter().position(|stream| stream.id == id)
    }

    pub(super) fn remove(&mut self, at: usize) -> Stream {
        self.all.remove(at)
    }

    pub(super) const fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Stream> {
        self.all.iter_mut()
    }

    /// A message to all who follow the life of markets; `write` is given its head: sid and number.
    pub(super) fn tell_lifecycle(&mut self, due: Nanos, write: impl Fn(&mut String, (u32, u64))) {
        for stream in &mut self.all {
            let Some(head) = stream.session.lifecycle.next() else { continue };
            stream.frames.push(due, |out| write(out, head));
        }
    }

    /// When the next frame arrives on any of them.
    pub(super) fn next_due(&self) -> Nanos {
        self.all.iter().map(|stream| stream.frames.next_due()).min().unwrap_or(Nanos::NEVER)
    }
}

impl std::ops::Index<usize> for Streams {
    type Output = Stream;

    fn index(&self, at: usize) -> &Stream {
        &self.all[at]
    }
}

impl std::ops::IndexMut<usize> for Streams {
    fn index_mut(&mut self, at: usize) -> &mut Stream {
        &mut self.all[at]
    }
}
