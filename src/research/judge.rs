//! Tells a candidate the past, minute by minute, and asks it at every moment of the exam.

use super::exam::{DECISIONS_MIN, Exam};
use super::windows::{Window, bar};
use crate::candles::MINUTE_NANOS;
use trader_journal::units::Nanos;
use trader_pricing::probability::{Distribution, Tail};
use trader_pricing::volatility::Bar;

/// A model as the judge sees it: it may train itself on whatever it was told, whenever it likes.
pub trait Candidate {
    /// Its key in tables.
    fn name(&self) -> &'static str;

    /// How it believes the standardised distance is spread.
    fn distribution(&self) -> Distribution {
        Distribution::TailAdjusted(Tail::DEFAULT)
    }

    /// What was traded in the minute that is told next, dollars.
    fn hear_traded(&mut self, dollars: f64) {
        let _ = dollars;
    }

    /// A minute has closed.
    fn hear_minute(&mut self, minute: &Bar) {
        let _ = minute;
    }

    /// A quarter hour has closed; its last minute was told before. This is the moment to refit.
    fn hear_window(&mut self, window: &Window) {
        let _ = window;
    }

    /// Variance of the log return from `from`, which is now, to `to`, the end of the running
    /// window; `None` where it has no opinion.
    fn variance(&mut self, from: Nanos, to: Nanos) -> Option<f64>;
}

/// What a candidate answered: for every sitting a variance at each moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    /// Who.
    pub name: &'static str,
    /// How its standardised distance is spread.
    pub distribution: Distribution,
    /// By sitting; `None` where one of the four was missing, or no variance at all.
    pub variances: Vec<Option<[f64; DECISIONS_MIN.len()]>>,
}

/// Walks once through the exam's candles. `told` hears after each day how many windows are done.
pub fn judge(exam: &Exam, candidate: &mut dyn Candidate, told: &mut dyn FnMut(usize)) -> Answers {
    for window in &exam.older {
        candidate.hear_window(window);
    }
    let mut minutes = exam.candles.iter();
    let mut sittings = exam.sittings.iter().peekable();
    let mut variances = Vec::with_capacity(exam.sittings.len());
    for (done, window) in exam.windows.iter().enumerate() {
        let sitting = sittings.next_if(|sitting| sitting.start() == window.start());
        let mut answers = [None; DECISIONS_MIN.len()];
        for candle in minutes.by_ref().take(usize::from(window.minutes)) {
            let passed = candle.open_time.since(window.start()) / MINUTE_NANOS;
            if let (Some(sitting), Some(at)) = (sitting, DECISIONS_MIN.iter().position(|minute| *minute == passed)) {
                answers[at] = candidate.variance(sitting.questions[at].at, sitting.end);
            }
            candidate.hear_traded(candle.quote_volume as f64 / 1e8);
            candidate.hear_minute(&bar(candle));
        }
        candidate.hear_window(window);
        if sitting.is_some() {
            variances.push(all(answers));
        }
        if done % 96 == 95 {
            told(done + 1);
        }
    }
    told(exam.windows.len());
    Answers { name: candidate.name(), distribution: candidate.distribution(), variances }
}

fn all(answers: [Option<f64>; DECISIONS_MIN.len()]) -> Option<[f64; DECISIONS_MIN.len()]> {
    let mut variances = [0.0; DECISIONS_MIN.len()];
    for (variance, answer) in variances.iter_mut().zip(answers) {
        *variance = answer.filter(|variance| variance.is_finite() && *variance > 0.0)?;
    }
    Some(variances)
}
