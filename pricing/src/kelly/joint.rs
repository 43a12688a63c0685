//! Kelly over the outcomes of one event: its legs win and lose together.
//!
//! A bracket that is cheap and its neighbour that is dear are one bet on the same σ, not two.
//! So the fractions f maximise Σ p_o·ln(1 + Σ f_j·(win_jo/c_j − 1)) over the event's outcomes o.
//! The sum is concave and f ≥ 0 binds each leg by itself, so raising one leg at a time to its own
//! best, round after round, ends at the one maximum.

use libm::fabs;

/// The most legs that are sized together.
pub const LEGS_MAX: usize = 16;
/// The most outcomes: each leg has two ends, which cut the line into one more piece than they are.
pub const OUTCOMES_MAX: usize = 2 * LEGS_MAX + 1;

/// In one case out of ten million the model knows nothing and every leg loses, so that no set of
/// legs, however dear together to its seller, takes the whole bankroll.
const DISASTER: f64 = 1e-7;
const ROUNDS_MAX: u32 = 1_000;
const NEWTON_STEPS_MAX: u32 = 60;
/// Fractions that move by less than this are still.
const STILL: f64 = 1e-12;

/// One leg of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct JointBet {
    /// Price and fee of one contract, dollars, 0 < cost < 1.
    pub cost: f64,
    /// Outcomes it pays $1 in, one bit each.
    pub wins: u64,
}

impl JointBet {
    /// What one dollar in this leg becomes, less the dollar.
    fn gain(&self, outcome: usize) -> f64 {
        if self.wins >> outcome & 1 == 1 { 1.0 / self.cost - 1.0 } else { -1.0 }
    }
}

/// The full Kelly fractions of `legs` in their order, over outcomes of these probabilities.
///
/// Looks at the first [`LEGS_MAX`] legs and [`OUTCOMES_MAX`] outcomes; the other places are zero.
/// A leg whose cost is not between 0 and 1 gets nothing. Probabilities need not sum to 1.
#[must_use]
pub fn joint_fractions(legs: &[JointBet], outcomes: &[f64]) -> [f64; LEGS_MAX] {
    let legs = &legs[..legs.len().min(LEGS_MAX)];
    let mut event = Event::new(outcomes);
    let mut fractions = [0.0; LEGS_MAX];
    for _ in 0..ROUNDS_MAX {
        let mut moved = 0.0_f64;
        for (leg, fraction) in legs.iter().zip(&mut fractions) {
            if !(leg.cost > 0.0 && leg.cost < 1.0) {
                continue;
            }
            let best = event.best_fraction(leg, *fraction);
            event.stake(leg, best - *fraction);
            moved = moved.max(fabs(best - *fraction));
            *fraction = best;
        }
        if moved < STILL {
            break;
        }
    }
    fractions
}

/// Probabilities of the outcomes and what the bankroll of 1 has become in each.
struct Event {
    used: usize,
    probability: [f64; OUTCOMES_MAX + 1],
    wealth: [f64; OUTCOMES_MAX + 1],
}

impl Event {
    fn new(outcomes: &[f64]) -> Event {
        let mut probability = [0.0; OUTCOMES_MAX + 1];
        let known = outcomes.len().min(OUTCOMES_MAX);
        let total: f64 = outcomes[..known].iter().sum();
        for (place, outcome) in probability.iter_mut().zip(&outcomes[..known]) {
            *place = if total > 0.0 { outcome / total * (1.0 - DISASTER) } else { 0.0 };
        }
        // No leg has a bit beyond the outcomes: in this one they all lose.
        probability[known] = DISASTER;
        Event { used: known + 1, probability, wealth: [1.0; OUTCOMES_MAX + 1] }
    }

    fn stake(&mut self, leg: &JointBet, change: f64) {
        for outcome in 0..self.used {
            self.wealth[outcome] += change * leg.gain(outcome);
        }
    }

    /// First and second derivative of the expected log wealth when `more` is added to a leg;
    /// `None` when that would ruin us in some outcome.
    fn slope(&self, leg: &JointBet, more: f64) -> Option<(f64, f64)> {
        let (mut first, mut second) = (0.0, 0.0);
        for outcome in 0..self.used {
            let gain = leg.gain(outcome);
            let wealth = self.wealth[outcome] + more * gain;
            if wealth <= 0.0 {
                return None;
            }
            let rate = gain / wealth;
            first += self.probability[outcome] * rate;
            second -= self.probability[outcome] * rate * rate;
        }
        Some((first, second))
    }

    /// The fraction of one leg at which the slope is zero, the others as they are; 0 if it is
    /// downhill from there. Newton inside a bracket that halves when a step leaves it.
    fn best_fraction(&self, leg: &JointBet, now: f64) -> f64 {
        let most = self.wealth[self.used - 1] + now;
        let (mut low, mut high) = (0.0, most);
        match self.slope(leg, -now) {
            Some((first, _)) if first <= 0.0 => return 0.0,
            Some(_) | None => {}
        }
        let mut at = now;
        for _ in 0..NEWTON_STEPS_MAX {
            let step = match self.slope(leg, at - now) {
                Some((first, second)) => {
                    *(if first > 0.0 { &mut low } else { &mut high }) = at;
                    at - first / second
                }
                // Ruin lies above: the disaster outcome loses every stake.
                None => {
                    high = at;
                    low
                }
            };
            let next = if step > low && step < high { step } else { 0.5 * (low + high) };
            if fabs(next - at) < STILL * 0.1 {
                return next;
            }
            at = next;
        }
        at
    }
}
