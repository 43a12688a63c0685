//! The stage: one event in, what follows from it out.

use crate::settings::Settings;
use trader_journal::event::Event;
use trader_journal::hash::StateHash;
use trader_journal::stage::{Outbox, Stage};
use trader_journal::units::Nanos;

/// Most orders that can be alive at once, whatever the settings say.
pub const LIVE_MAX: u32 = 64;

/// The execution stage.
#[derive(Debug)]
pub struct Exec {
    settings: Settings,
}

impl Exec {
    /// A stage that knows nothing yet; all its memory is taken here.
    #[must_use]
    pub fn new(settings: Settings) -> Exec {
        Exec { settings }
    }
}

impl Stage for Exec {
    const SAYS_MAX: usize = LIVE_MAX as usize + 16;

    fn on(&mut self, _event: &Event, _out: &mut Outbox) {}

    fn next_deadline(&self) -> Nanos {
        Nanos::NEVER
    }

    fn state_hash(&self) -> u64 {
        let mut hash = StateHash::EMPTY;
        hash.mix(self.settings.markets as u64);
        hash.value()
    }
}
