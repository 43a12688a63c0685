//! Everybody judged side by side, on as many threads as there are cores.

use super::contestants::{Contestant, ROSTER};
use super::direction::{self, DirectionScore};
use super::exam::Exam;
use super::judge::{Answers, judge};
use super::score::{Score, score};
use crate::thread;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The candidate that the others are measured beside.
pub const DEFAULT: &str = "ewma3";

/// Who was judged, in the roster's order.
pub struct Panel {
    /// What each answered.
    pub answers: Vec<Answers>,
    /// How each did.
    pub scores: Vec<Score>,
    /// How the direction model did in the same span; `None` with too little history.
    pub direction: Option<DirectionScore>,
}

/// Judges everybody. `told` hears of windows done, summed over candidates: of
/// [`windows_to_judge`] in all.
///
/// # Errors
/// The system has no room for a thread, or a candidate panicked.
pub fn judge_all(exam: &Arc<Exam>, told: &Arc<dyn Fn(u64) + Send + Sync>) -> io::Result<Panel> {
    let next = Arc::new(AtomicUsize::new(0));
    let judged = Arc::new(Mutex::new(Vec::with_capacity(ROSTER.len())));
    let workers = (0..thread::cores().min(ROSTER.len())).map(|_| {
        let (exam, told, next, judged) = (exam.clone(), told.clone(), next.clone(), judged.clone());
        thread::spawn("judge", move || {
            loop {
                let turn = next.fetch_add(1, Ordering::Relaxed);
                let Some(contestant) = ROSTER.get(turn) else { break };
                let one = judge_one(&exam, contestant, &*told);
                judged.lock().unwrap_or_else(PoisonError::into_inner).push((turn, one));
            }
        })
    });
    for worker in workers.collect::<io::Result<Vec<_>>>()? {
        worker.join().map_err(|_| io::Error::other("a candidate panicked"))?;
    }
    let mut judged = std::mem::take(&mut *judged.lock().unwrap_or_else(PoisonError::into_inner));
    judged.sort_by_key(|(turn, _)| *turn);
    let (answers, mut scores): (Vec<_>, Vec<Score>) = judged.into_iter().map(|(_, one)| one).unzip();
    if let Some(default) = scores.iter().find(|score| score.name == DEFAULT).cloned() {
        for score in scores.iter_mut().filter(|score| score.name != DEFAULT) {
            score.compare(&default);
        }
    }
    Ok(Panel { answers, scores, direction: direction(exam) })
}

fn direction(exam: &Exam) -> Option<DirectionScore> {
    let (first, last) = (exam.sittings.first()?, exam.sittings.last()?);
    let calls = direction::calls(&exam.windows);
    direction::score(&direction::walk(&calls, first.start(), last.end))
}

/// How many windows all candidates go through.
#[must_use]
pub fn windows_to_judge(exam: &Exam) -> u64 {
    (exam.windows.len() * ROSTER.len()) as u64
}

fn judge_one(exam: &Exam, contestant: &Contestant, told: &(dyn Fn(u64) + Send + Sync)) -> (Answers, Score) {
    let mut candidate = (contestant.make)();
    let mut before = 0;
    let answers = judge(exam, &mut *candidate, &mut |done| {
        told((done - before) as u64);
        before = done;
    });
    let score = score(exam, &answers);
    (answers, score)
}
