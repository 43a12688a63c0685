//! The candidates: the frozen rows of the study, and what must beat them.

use super::exam::Trailing;
use super::judge::Candidate;
use super::windows::{WINDOW_MINUTES, Window};
use crate::candles::{MINUTE_NANOS, WARM_UP_CANDLES};
use trader_journal::units::{Money, Nanos};
use trader_pricing::probability::Distribution;
use trader_pricing::volatility::{Bar, Coefficients, Ewma3, Ewma3Model, Profile, VolModel};

/// One line of the roster.
#[derive(Clone, Copy, Debug)]
pub struct Contestant {
    /// Its key in tables.
    pub name: &'static str,
    /// One that was told nothing yet.
    pub make: fn() -> Box<dyn Candidate>,
}

/// Everybody who is judged, in the order of the table.
pub const ROSTER: &[Contestant] = &[
    Contestant { name: "ewma3_frozen", make: || Box::new(Frozen::default()) },
    Contestant { name: "ewma60_normal", make: || Box::new(Ewma60::default()) },
    Contestant { name: "naive", make: || Box::new(Naive::default()) },
];

/// `ewma3` with the study's coefficients and profile, both standing still.
#[derive(Debug)]
pub struct Frozen(Ewma3Model);

impl Default for Frozen {
    fn default() -> Frozen {
        let memory = Ewma3::with_profile(WARM_UP_CANDLES as u32, Profile::fixed());
        Frozen(Ewma3Model { memory, coefficients: Coefficients::FROZEN })
    }
}

impl Candidate for Frozen {
    fn name(&self) -> &'static str {
        "ewma3_frozen"
    }

    fn hear_minute(&mut self, minute: &Bar) {
        self.0.hear_minute(minute);
    }

    fn variance(&mut self, from: Nanos, to: Nanos) -> Option<f64> {
        self.0.variance(from, to)
    }
}

/// The mean of the trailing month, with a normal: what knows nothing of the day.
#[derive(Debug, Default)]
pub struct Naive {
    trailing: Trailing,
}

impl Candidate for Naive {
    fn name(&self) -> &'static str {
        "naive"
    }

    fn distribution(&self) -> Distribution {
        Distribution::Normal
    }

    fn hear_window(&mut self, window: &Window) {
        if let Some(rv) = window.rv {
            self.trailing.push(rv);
        }
    }

    fn variance(&mut self, from: Nanos, to: Nanos) -> Option<f64> {
        Some(self.trailing.mean()? / WINDOW_MINUTES as f64 * minutes(from, to))
    }
}

/// One average of squared minute returns with a half-life of an hour, and a normal: what many
/// market makers are believed to use.
#[derive(Debug, Default)]
pub struct Ewma60 {
    average: Option<f64>,
    last: Option<Money>,
}

impl Candidate for Ewma60 {
    fn name(&self) -> &'static str {
        "ewma60_normal"
    }

    fn distribution(&self) -> Distribution {
        Distribution::Normal
    }

    fn hear_minute(&mut self, minute: &Bar) {
        if let Some(last) = self.last {
            let squared = super::windows::log_ratio(minute.close, last).powi(2);
            let gain = 1.0 - libm::exp2(-1.0 / 60.0);
            self.average = Some(self.average.map_or(squared, |average| average + gain * (squared - average)));
        }
        self.last = Some(minute.close);
    }

    fn variance(&mut self, from: Nanos, to: Nanos) -> Option<f64> {
        Some(self.average? * minutes(from, to))
    }
}

fn minutes(from: Nanos, to: Nanos) -> f64 {
    to.since(from) as f64 / MINUTE_NANOS as f64
}
