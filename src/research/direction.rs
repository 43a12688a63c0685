//! The direction model walking forward, and its training: logistic regression with a ridge, by Newton's steps.

use super::bootstrap::{by_day, interval};
use super::gamma::System;
use super::metrics::{auc, log_loss_of};
use super::score::Estimate;
use super::windows::Window;
use std::f64::consts::LN_2;
use trader_journal::units::Nanos;
use trader_pricing::direction::{Belief, FEATURES, FairValue, Trend};

/// The ridge of the whole sum of losses, as the study's `C = 0.01`.
const RIDGE: f64 = 100.0;
const STEP_MIN: f64 = 1e-8;
const STEPS_MAX: usize = 25;
/// Quarter hours between refits, and before the first.
const REFIT_EVERY: usize = 672;
const SAMPLES_MIN: usize = 2_880;
const DAY_NANOS: u64 = 86_400 * Nanos::SECOND;

/// What was known at the end of a quarter hour, and whether the next one closed higher.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Call {
    /// The features.
    pub x: [f64; FEATURES],
    /// Whether it went up.
    pub up: bool,
    /// When it was known: the end of the quarter hour before.
    pub at: Nanos,
}

/// A call with what the model of its time said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Said {
    /// When.
    pub at: Nanos,
    /// P(up) as fitted.
    pub probability: f64,
    /// Whether it went up.
    pub up: bool,
}

/// Every quarter hour whose features and outcome are known.
#[must_use]
pub fn calls(windows: &[Window]) -> Vec<Call> {
    let mut trend = Trend::default();
    let mut calls = Vec::new();
    for pair in windows.windows(2) {
        let [window, next] = pair else { continue };
        trend.hear(&window.bar, imbalance(window));
        let whole = window.is_whole() && next.is_whole() && window.end() == next.start();
        if let Some(x) = trend.features().filter(|_| whole) {
            calls.push(Call { x, up: next.bar.close > window.bar.close, at: window.end() });
        }
    }
    calls
}

fn imbalance(window: &Window) -> f64 {
    let flow = window.flow;
    if flow.volume > 0.0 { 2.0 * flow.taker_bought / flow.volume - 1.0 } else { 0.0 }
}

/// The best coefficients; `None` where the steps do not end.
#[must_use]
pub fn fit(calls: &[Call]) -> Option<FairValue> {
    let ridge = RIDGE / calls.len() as f64;
    let mut b = [0.0; FEATURES + 1];
    for _ in 0..STEPS_MAX {
        let mut system = System::default();
        for call in calls {
            let mut z = [1.0; FEATURES + 1];
            z[1..].copy_from_slice(&call.x);
            let logit: f64 = z.iter().zip(&b).map(|(z, b)| z * b).sum();
            let p = 1.0 / (1.0 + libm::exp(-logit));
            system.add(&z, p * (1.0 - p), f64::from(u8::from(call.up)) - p);
        }
        system.ridge_of(ridge, Some(&b));
        let step = system.solve()?;
        for (b, step) in b.iter_mut().zip(&step) {
            *b += step;
        }
        if step.iter().all(|step| step.abs() < STEP_MIN) {
            return Some(FairValue { intercept: b[0], slopes: std::array::from_fn(|at| b[at + 1]) });
        }
    }
    None
}

/// What the model said of each call from `from` on and before `until`, refitted weekly on all that was
/// known by then.
#[must_use]
pub fn walk(calls: &[Call], from: Nanos, until: Nanos) -> Vec<Said> {
    let mut model = None;
    let mut said = Vec::new();
    for (known, call) in calls.iter().enumerate() {
        if known >= SAMPLES_MIN && known.is_multiple_of(REFIT_EVERY) || known == SAMPLES_MIN {
            // The last of them ends where this one begins.
            model = fit(&calls[..known]).or(model);
        }
        if let Some(model) = model.filter(|_| (from..until).contains(&call.at)) {
            said.push(Said { at: call.at, probability: model.probability(&call.x), up: call.up });
        }
    }
    said
}

/// How the direction model did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DirectionScore {
    /// Calls judged.
    pub calls: usize,
    /// Share that went up.
    pub base_rate: f64,
    /// Chance that a rise is given more than a fall.
    pub auc: f64,
    /// Log loss less ln 2, as fitted; below zero is better than a coin.
    pub as_fitted: Estimate,
    /// The same after shrinking and clipping.
    pub as_used: Estimate,
}

/// Scores what was said; `None` of nothing.
#[must_use]
pub fn score(said: &[Said]) -> Option<DirectionScore> {
    if said.is_empty() {
        return None;
    }
    let up: Vec<bool> = said.iter().map(|said| said.up).collect();
    let probability: Vec<f64> = said.iter().map(|said| said.probability).collect();
    let excess = |of: &dyn Fn(f64) -> f64| {
        let loss = |said: &Said| (said.at.0 / DAY_NANOS, log_loss_of(said.up, of(said.probability), 1e-6) - LN_2);
        let days = by_day(said.iter().map(loss));
        let sum: f64 = days.iter().map(|day| day.sum).sum();
        Estimate { mean: sum / said.len() as f64, interval: interval(&days) }
    };
    Some(DirectionScore {
        calls: said.len(),
        base_rate: up.iter().filter(|up| **up).count() as f64 / up.len() as f64,
        auc: auc(&up, &probability),
        as_fitted: excess(&|p| p),
        as_used: excess(&|p| Belief::DEFAULT.of(p)),
    })
}
