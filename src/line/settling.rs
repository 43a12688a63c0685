//! Whether all that was evaluated is paid, read from the journal while it grows.

use super::sim::SimError;
use crate::desk::{Follower, Told};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use trader_journal::event::{Event, EventId, LifecycleKind, MarketId};
use trader_journal::units::Nanos;

/// The venue's events of a run and whether they are paid.
pub(super) struct Settling {
    follower: Follower,
    state: State,
}

#[derive(Default)]
struct State {
    /// Closes later than this are not waited for.
    last_close: Nanos,
    events_of: BTreeMap<MarketId, EventId>,
    evaluated: BTreeSet<EventId>,
    paid: BTreeSet<EventId>,
}

impl Settling {
    /// Of the journal in `dir`.
    pub(super) fn new(dir: &Path, last_close: Nanos) -> Settling {
        Settling { follower: Follower::new(dir), state: State { last_close, ..State::default() } }
    }

    /// Whether every event that was evaluated is paid.
    pub(super) fn is_done(&mut self) -> Result<bool, SimError> {
        let Settling { follower, state } = self;
        follower.catch_up(&mut |told| {
            if let Told::Event { event, .. } = told {
                state.note(event);
            }
        })?;
        Ok(state.unpaid() == 0)
    }
}

impl State {
    fn note(&mut self, event: &Event) {
        match *event {
            Event::MarketNamed { market, event, .. } => {
                self.events_of.insert(market, event);
            }
            Event::EvalBasis { event, close, .. } if close <= self.last_close => {
                self.evaluated.insert(event);
            }
            Event::Lifecycle { kind: LifecycleKind::Finalized, market, .. } => {
                self.paid.extend(self.events_of.remove(&market));
            }
            _ => {}
        }
    }

    fn unpaid(&self) -> usize {
        self.evaluated.difference(&self.paid).count()
    }
}

impl fmt::Display for Settling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} event closes were not settled", self.state.unpaid(), self.state.evaluated.len())
    }
}
