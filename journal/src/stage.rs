//! What every stage is: a value that is told events and says events, and nothing else.

use crate::event::Event;
use crate::units::Nanos;
use alloc::vec::Vec;

/// What a stage says in one step, in order. Bounded; allocates once, in [`Outbox::new`].
#[derive(Debug)]
pub struct Outbox {
    events: Vec<Event>,
    capacity: usize,
}

impl Outbox {
    /// Room for `capacity` events: the worst case one step of its stage may say.
    #[must_use]
    pub fn new(capacity: usize) -> Outbox {
        Outbox { events: Vec::with_capacity(capacity), capacity }
    }

    /// Says one event.
    ///
    /// # Panics
    /// When the stage says more than the worst case it declared: that is our bug, and
    /// dropping what a stage said is the one thing a journal must never do.
    pub fn push(&mut self, event: Event) {
        assert!(self.events.len() < self.capacity, "a stage said more than its declared worst case");
        self.events.push(event);
    }

    /// What was said since the last [`Outbox::clear`], in order.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// How many more events fit.
    #[must_use]
    pub fn room(&self) -> usize {
        self.capacity - self.events.len()
    }

    /// Forgets what was said, keeping the memory.
    pub fn clear(&mut self) {
        self.events.clear();
    }
}

/// A stage of the line. Time is in the events; a deadline is asked for and comes back as
/// [`Event::Timer`]. Feeds hear bytes besides events and have their own entry points.
pub trait Stage {
    /// The most events one call of [`Stage::on`] may say.
    const SAYS_MAX: usize;

    /// Hears one event, in the order taken, and says what follows from it.
    fn on(&mut self, event: &Event, out: &mut Outbox);

    /// When the stage next wants an [`Event::Timer`]; [`Nanos::NEVER`] when it does not.
    fn next_deadline(&self) -> Nanos;

    /// A hash of all state that a later decision depends on.
    fn state_hash(&self) -> u64;
}
