//! A fitted model walking forward: it keeps what it knew at each quarter hour and what came, and
//! refits every week on the last 180 days.

use super::gamma::{Sample, fit};
use super::judge::Candidate;
use super::windows::Window;
use crate::candles::QUARTER_HOUR_NANOS;
use std::collections::VecDeque;
use trader_journal::units::Nanos;
use trader_pricing::volatility::{Bar, Fitted, LogLinear, Memory, VolModel};

/// Quarter hours that are learnt from: 180 days.
pub const SAMPLES_MAX: usize = 17_280;
/// Fewer teach nothing yet: 30 days.
pub const SAMPLES_MIN: usize = 2_880;
/// Quarter hours between refits: a week.
const REFIT_EVERY: usize = 672;

/// A model and its lessons.
#[derive(Debug)]
pub struct Walk<M, const N: usize> {
    name: &'static str,
    model: Fitted<M, N>,
    /// Whether the coefficients may be used.
    known: bool,
    /// What was known at the start of the running window, and its weight.
    open: Option<(Nanos, [f64; N], f64)>,
    samples: VecDeque<Sample<N>>,
    since_refit: usize,
    refit_every: usize,
    /// Whether a window's range may stand for its variance where its minutes are not known.
    ranges: bool,
}

impl<M: Memory<N>, const N: usize> Walk<M, N> {
    /// With coefficients to begin with, or silent until the first fit.
    #[must_use]
    pub fn new(name: &'static str, memory: M, first: Option<LogLinear<N>>) -> Walk<M, N> {
        let coefficients = first.unwrap_or(LogLinear { intercept: 0.0, slopes: [0.0; N] });
        let model = Fitted { memory, coefficients };
        Walk {
            name,
            model,
            known: first.is_some(),
            open: None,
            samples: VecDeque::new(),
            since_refit: REFIT_EVERY,
            refit_every: REFIT_EVERY,
            ranges: false,
        }
    }

    /// Does not refit by itself: only when told to.
    #[must_use]
    pub fn that_fits_once(self) -> Walk<M, N> {
        Walk { refit_every: usize::MAX, ..self }
    }

    /// Learns from the ranges of windows whose minutes are not known, too.
    #[must_use]
    pub fn with_ranges(self) -> Walk<M, N> {
        Walk { ranges: true, ..self }
    }

    /// What was learnt from, oldest first.
    #[must_use]
    pub const fn samples(&self) -> &VecDeque<Sample<N>> {
        &self.samples
    }

    /// The model as it stands.
    #[must_use]
    pub const fn model(&self) -> &Fitted<M, N> {
        &self.model
    }

    /// Fits anew. Where that fails the coefficients stay, and `false` is the answer.
    pub fn refit(&mut self) -> bool {
        let fitted = fit(self.samples.make_contiguous());
        if let Some(coefficients) = fitted {
            self.model.coefficients = coefficients;
            self.known = true;
        }
        fitted.is_some()
    }

    fn learn(&mut self, window: &Window, realised: Option<f64>) {
        if let (Some((start, x, weight)), Some(realised)) = (self.open.take(), realised)
            && start == window.start()
        {
            if self.samples.len() == SAMPLES_MAX {
                self.samples.pop_front();
            }
            self.samples.push_back(Sample { x, y: realised / weight });
        }
        let end = window.end();
        let weight = self.model.memory.profile().weight(end, end.plus(QUARTER_HOUR_NANOS));
        self.open = self.model.memory.features().map(|x| (end, x, weight));
    }
}

impl<M: Memory<N>, const N: usize> Candidate for Walk<M, N> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn hear_traded(&mut self, dollars: f64) {
        self.model.hear_traded(dollars);
    }

    fn hear_minute(&mut self, minute: &Bar) {
        self.model.hear_minute(minute);
    }

    fn hear_window(&mut self, window: &Window) {
        self.model.hear_quarter(&window.bar);
        let range = || (self.ranges && window.is_whole()).then(|| window.parkinson());
        let realised = window.rv.or_else(range);
        self.learn(window, realised);
        self.since_refit += 1;
        if self.since_refit >= self.refit_every && self.samples.len() >= SAMPLES_MIN {
            self.refit();
            self.since_refit = 0;
        }
    }

    fn variance(&mut self, from: Nanos, to: Nanos) -> Option<f64> {
        if self.known { self.model.variance(from, to) } else { None }
    }
}
