//! The candidates: the frozen rows of the study, and what must beat them.

use super::judge::Candidate;
use super::walk::Walk;
use super::windows::Window;
use crate::candles::{MINUTE_NANOS, WARM_UP_CANDLES};
use trader_journal::units::{Money, Nanos};
use trader_pricing::probability::{Distribution, Tail};
use trader_pricing::volatility::{
    Bar, Coefficients, Ewma3, Fitted, Har, Naive, Parkinson, Profile, Ranges, Traded, VolModel,
};

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
    Contestant { name: "ewma3", make: || Box::new(ewma3()) },
    Contestant { name: "ewma3_frozen", make: || Box::new(frozen()) },
    Contestant { name: "ranges", make: || Box::new(ranges()) },
    Contestant { name: "traded", make: || Box::new(traded()) },
    Contestant { name: "har", make: || Box::new(har()) },
    Contestant { name: "parkinson", make: || Box::new(parkinson()) },
    Contestant { name: "ewma60_normal", make: || Box::new(Ewma60::default()) },
    Contestant { name: "naive", make: || Box::new(naive()) },
];

/// The fitted models, walking forward from a flat profile: the frozen one has seen what is judged.
fn ewma3() -> Walk<Ewma3, 3> {
    let memory = Ewma3::with_profile(WARM_UP_CANDLES as u32, Profile::flat());
    Walk::new("ewma3", memory, Some(Coefficients::FROZEN.into()))
}

fn har() -> Walk<Har, 5> {
    Walk::new("har", Har::new(Profile::flat()), None)
}

fn ranges() -> Walk<Ranges, 4> {
    Walk::new("ranges", Ranges::new(Profile::new_york()), None)
}

fn traded() -> Walk<Traded, 9> {
    Walk::new("traded", Traded::new(Profile::new_york()), None)
}

fn parkinson() -> Walk<Parkinson, 5> {
    Walk::new("parkinson", Parkinson::new(Profile::flat()), None).with_ranges()
}

/// A model that never learns.
struct Still<M> {
    name: &'static str,
    model: M,
    distribution: Distribution,
}

impl<M: VolModel> Candidate for Still<M> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn distribution(&self) -> Distribution {
        self.distribution
    }

    fn hear_minute(&mut self, minute: &Bar) {
        self.model.hear_minute(minute);
    }

    fn hear_window(&mut self, window: &Window) {
        self.model.hear_quarter(&window.bar);
    }

    fn variance(&mut self, from: Nanos, to: Nanos) -> Option<f64> {
        self.model.variance(from, to)
    }
}

/// `ewma3` with the study's coefficients and profile, both standing still.
fn frozen() -> Still<Fitted<Ewma3, 3>> {
    let memory = Ewma3::with_profile(WARM_UP_CANDLES as u32, Profile::fixed());
    let model = Fitted { memory, coefficients: Coefficients::FROZEN.into() };
    Still { name: "ewma3_frozen", model, distribution: Distribution::TailAdjusted(Tail::DEFAULT) }
}

/// The mean of the trailing month, with a normal.
fn naive() -> Still<Naive> {
    Still { name: "naive", model: Naive::default(), distribution: Distribution::Normal }
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
