//! A simulated session whose program is killed, again and again, while the exchange lives on.
//!
//! The journal is left as a kill leaves it; the next program runs every agent again on its stream of it
//! and goes on in the same journal, under the next epoch.

use super::lockstep::{Ended, Lockstep, RunOutcome, RunPlan};
use super::opening::{Opening, journal_dir};
use super::replay::ReplayError;
use super::resume::{Resumed, resume};
use super::sim::{Label, SimError, SimParts, SimRun};
use super::stages::Stages;
use crate::config::Config;
use crate::exchange::{ExchangeSettings, MockExchange};
use crate::scout::ScoutSettings;
use std::path::PathBuf;
use thiserror::Error;
use trader_journal::units::Nanos;

/// Why a killed session cannot go on.
#[derive(Debug, Error)]
pub enum GoOnError {
    /// Its journal does not say again what it said.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// As any session.
    #[error(transparent)]
    Session(#[from] SimError),
}

/// What every life is made of.
struct Parts {
    config: Config,
    configuration: String,
    label: Label,
    plan: RunPlan,
    starts_at: Nanos,
    data_dir: PathBuf,
}

/// A session between two lives.
pub struct Killed {
    parts: Parts,
    exchange: MockExchange,
    /// When it was killed; zero before its first life.
    at: Nanos,
    lives: u32,
}

/// How one life ended.
pub enum Life {
    /// It was killed.
    Killed(Box<Killed>),
    /// It came to the session's end; how many lives that took.
    Over(Box<RunOutcome>, u32),
}

impl SimRun {
    /// The session before its first life, its exchange open.
    ///
    /// # Errors
    /// As [`SimRun::trade`].
    pub fn mortal(self) -> Result<Killed, SimError> {
        let (label, starts_at) = (self.label(), self.starts_at());
        let SimParts { config, configuration, path, plan, data_dir, .. } = self.into_parts();
        let settings = ExchangeSettings::new(&config, starts_at, plan.last_close);
        let exchange = MockExchange::new(settings, path)?;
        let parts = Parts { config, configuration, label, plan, starts_at, data_dir };
        Ok(Killed { parts, exchange, at: Nanos(0), lives: 0 })
    }
}

impl Parts {
    fn opening(&self, now: Nanos) -> Opening<'_> {
        let Parts { config, configuration, label, plan, data_dir, .. } = self;
        Opening { data_dir, config, configuration, label, nonce: plan.nonce, now, is_durable: false }
    }
}

impl Killed {
    /// Lives once more, `down_ns` after it was killed, for `entries` entries of the journal.
    ///
    /// # Errors
    /// [`GoOnError`].
    pub fn live(self, down_ns: u64, entries: u64) -> Result<Life, GoOnError> {
        let Killed { parts, exchange, at, lives } = self;
        let now = if lives == 0 { parts.starts_at } else { at.plus(down_ns) };
        let resumed = if lives == 0 { None } else { Some(resume(&journal_dir(&parts.data_dir))?) };
        let fresh = Stages::of(&parts.config, now);
        let opening = parts.opening(now);
        let sizes = fresh.pen_sizes();
        let journal = if lives == 0 { opening.open(&sizes) } else { opening.open_again(&sizes) }?;
        let scout = ScoutSettings::of(&parts.config);
        let line = match resumed {
            None => Lockstep::new(fresh, scout, exchange, journal, now).map_err(SimError::from)?,
            Some(Resumed { stages, links, last_words, .. }) => {
                // The model is told again, by the time of this life.
                let stages = Stages { model: fresh.model, ..stages };
                let line = Lockstep::new(stages, scout, exchange, journal, now).map_err(SimError::from)?;
                line.going_on(at, links, last_words)
            }
        };
        Ok(match line.run_until_cut(&parts.plan, entries).map_err(SimError::from)? {
            Ended::ByItself(outcome) => Life::Over(outcome, lives + 1),
            Ended::Cut { exchange, at } => {
                Life::Killed(Box::new(Killed { parts, exchange: *exchange, at, lives: lives + 1 }))
            }
        })
    }

    /// What the exchange did, for whoever looks for a moment to kill at.
    #[must_use]
    pub const fn exchange(&self) -> &MockExchange {
        &self.exchange
    }
}
