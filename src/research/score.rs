//! A candidate's answers beside what happened.

use super::bootstrap::{by_day, interval};
use super::exam::{DECISIONS_MIN, Exam, STRIKES, Sitting};
use super::judge::Answers;
use super::metrics::{Reliability, brier_of, correlation, log_loss_of, mae, mean, qlike_of, r2};
use trader_journal::units::Nanos;
use trader_pricing::probability::Distribution;

/// Probabilities are kept so far from 0 and 1 where their logarithm is taken.
pub const PROBABILITY_FLOOR: f64 = 1e-4;
/// E|r| in standard deviations: below a normal's 0.798, for the tails are fat.
pub const ABSOLUTE_PER_SIGMA: f64 = 0.734;
const DAY_NANOS: u64 = 86_400 * Nanos::SECOND;
const MOMENTS: usize = DECISIONS_MIN.len();

/// A mean and the middle 95 % of it over days drawn again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Its interval; `None` below two days.
    pub interval: Option<[f64; 2]>,
}

/// How one candidate did.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Who.
    pub name: &'static str,
    /// Windows it gave an opinion on.
    pub windows: usize,
    /// QLIKE of the whole window's variance.
    pub qlike: Estimate,
    /// Mean distance of `0.734 σ` from |r|, 1e-4 of log return.
    pub mae_bp: Estimate,
    /// Correlation of σ and |r|.
    pub correlation: f64,
    /// R² of `0.734 σ` for |r|.
    pub r2: f64,
    /// QLIKE of what is left of the window, by moment.
    pub qlike_left: [f64; MOMENTS],
    /// Log loss over the strikes, nats, by moment.
    pub log_loss: [Estimate; MOMENTS],
    /// Brier score over the strikes, by moment.
    pub brier: [f64; MOMENTS],
    /// What was said and what happened, by moment.
    pub reliability: [Reliability; MOMENTS],
    /// QLIKE and log loss at the open less the default's, over the windows of both; `None` for the default.
    pub beside_default: Option<[Estimate; 2]>,
    losses: Vec<Option<Losses>>,
}

/// Of one window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Losses {
    day: u64,
    qlike: [f64; MOMENTS],
    log_loss: [f64; MOMENTS],
    brier: [f64; MOMENTS],
}

/// Scores a candidate's answers to an exam.
#[must_use]
pub fn score(exam: &Exam, answers: &Answers) -> Score {
    let mut reliability = [Reliability::default(); MOMENTS];
    let mut losses = Vec::with_capacity(answers.variances.len());
    let (mut moved, mut expected) = (Vec::new(), Vec::new());
    for (sitting, variances) in exam.sittings.iter().zip(&answers.variances) {
        let loss = variances.map(|variances| {
            moved.push(sitting.moved * 1e4);
            expected.push(ABSOLUTE_PER_SIGMA * variances[0].sqrt() * 1e4);
            losses_of(sitting, &variances, &answers.distribution, &mut reliability)
        });
        losses.push(loss);
    }
    let known = || losses.iter().flatten();
    let each = |what: &dyn Fn(&Losses) -> f64| estimate(known().map(|loss| (loss.day, what(loss))));
    let misses =
        known().zip(moved.iter().zip(&expected)).map(|(loss, (moved, expected))| (loss.day, (moved - expected).abs()));
    debug_assert!(
        (mae(&moved, &expected) - mean(misses.clone().map(|(_, miss)| miss))).abs() < 1e-9 || moved.is_empty()
    );
    Score {
        name: answers.name,
        windows: moved.len(),
        qlike: each(&|loss| loss.qlike[0]),
        mae_bp: estimate(misses),
        correlation: correlation(&moved, &expected),
        r2: r2(&moved, &expected),
        qlike_left: std::array::from_fn(|at| mean(known().map(|loss| loss.qlike[at]))),
        log_loss: std::array::from_fn(|at| each(&|loss| loss.log_loss[at])),
        brier: std::array::from_fn(|at| mean(known().map(|loss| loss.brier[at]))),
        reliability,
        beside_default: None,
        losses,
    }
}

impl Score {
    /// Measures the distance from the default, window by window.
    pub fn compare(&mut self, default: &Score) {
        let pairs = || self.losses.iter().zip(&default.losses).filter_map(|(a, b)| a.as_ref().zip(b.as_ref()));
        let qlike = estimate(pairs().map(|(ours, theirs)| (ours.day, ours.qlike[0] - theirs.qlike[0])));
        let log_loss = estimate(pairs().map(|(ours, theirs)| (ours.day, ours.log_loss[0] - theirs.log_loss[0])));
        self.beside_default = Some([qlike, log_loss]);
    }
}

fn losses_of(
    sitting: &Sitting,
    variances: &[f64; MOMENTS],
    distribution: &Distribution,
    reliability: &mut [Reliability; MOMENTS],
) -> Losses {
    let mut losses = Losses { day: sitting.start().0 / DAY_NANOS, ..Losses::default() };
    for (at, (question, variance)) in sitting.questions.iter().zip(variances).enumerate() {
        losses.qlike[at] = qlike_of(question.rv, *variance);
        let sigma = (variance * question.averaged(sitting.end)).sqrt();
        for strike in STRIKES {
            let strike = strike * question.unit;
            let probability = distribution.above(strike / sigma);
            let happened = question.outcome >= strike;
            losses.log_loss[at] += log_loss_of(happened, probability, PROBABILITY_FLOOR);
            losses.brier[at] += brier_of(happened, probability);
            reliability[at].add(happened, probability);
        }
        losses.log_loss[at] /= STRIKES.len() as f64;
        losses.brier[at] /= STRIKES.len() as f64;
    }
    losses
}

fn estimate(values: impl Iterator<Item = (u64, f64)>) -> Estimate {
    let days = by_day(values);
    let (sum, count) = days.iter().fold((0.0, 0.0), |(sum, count), day| (sum + day.sum, count + day.count));
    Estimate { mean: sum / count, interval: interval(&days) }
}
