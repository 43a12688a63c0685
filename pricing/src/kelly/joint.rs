//! Kelly over the outcomes of one event: its legs win and lose together.
//!
//! A bracket that is cheap and its neighbour that is dear are one bet on the same σ, not two.
//! So the fractions f maximise Σ p_o·ln(1 + Σ f_j·(win_jo/c_j − 1)) over the event's outcomes o,
//! f ≥ 0: a concave sum with one maximum. Newton's method finds it, its steps bent along f ≥ 0
//! and halved until the sum rises enough (projected Newton with Armijo's rule, Bertsekas 1982).

use libm::{fabs, log, sqrt};

/// The most legs that are sized together.
pub const LEGS_MAX: usize = 16;
/// The most outcomes: each leg has two ends, which cut the line into one more piece than they are.
pub const OUTCOMES_MAX: usize = 2 * LEGS_MAX + 1;

/// In one case out of ten million the model knows nothing and every leg loses, so that no set of
/// legs, however dear together to its seller, takes the whole bankroll.
const DISASTER: f64 = 1e-7;
const STEPS_MAX: u32 = 200;
const HALVINGS_MAX: u32 = 60;
/// A step that promises less growth than this ends the search; fractions are then exact to about 1e-8.
const GROWTH_LEFT: f64 = 1e-18;
/// Share of the promised growth a step must bring (Armijo).
const SUFFICIENT: f64 = 1e-4;
/// A stake this small that shrinks is given up at once: bending a step along f ≥ 0 at a stake of
/// nearly nothing would bend all of it.
const NEARLY_NOTHING: f64 = 1e-6;
/// Added to the curvature, relative to its largest: two legs that are one bet have none between them.
const RIDGE: f64 = 1e-10;

/// One leg of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct JointBet {
    /// Price and fee of one contract, dollars, 0 < cost < 1.
    pub cost: f64,
    /// Outcomes it pays $1 in, one bit each.
    pub wins: u64,
}

impl JointBet {
    fn is_priced(&self) -> bool {
        self.cost > 0.0 && self.cost < 1.0
    }

    fn wins_in(&self, outcome: usize) -> bool {
        self.wins >> outcome & 1 == 1
    }

    /// A leg that stands alone has Kelly's closed form: `(q − c)/(1 − c)`.
    fn fraction_alone(&self, outcomes: &[f64]) -> f64 {
        let total: f64 = outcomes.iter().sum();
        if !self.is_priced() || total <= 0.0 {
            return 0.0;
        }
        let won: f64 =
            (0..outcomes.len()).filter(|outcome| self.wins_in(*outcome)).map(|outcome| outcomes[outcome]).sum();
        let q = won / total * (1.0 - DISASTER);
        ((q - self.cost) / (1.0 - self.cost)).max(0.0)
    }
}

/// The full Kelly fractions of `legs` in their order, over outcomes of these probabilities.
///
/// Looks at the first [`LEGS_MAX`] legs and [`OUTCOMES_MAX`] outcomes; the other places are zero.
/// A leg whose cost is not between 0 and 1 gets nothing. Probabilities need not sum to 1.
#[must_use]
pub fn joint_fractions(legs: &[JointBet], outcomes: &[f64]) -> Fractions {
    let (legs, outcomes) = (&legs[..legs.len().min(LEGS_MAX)], &outcomes[..outcomes.len().min(OUTCOMES_MAX)]);
    let mut fractions = [0.0; LEGS_MAX];
    if let [only] = legs {
        fractions[0] = only.fraction_alone(outcomes);
        return fractions;
    }
    let event = Event::new(legs, outcomes);
    for _ in 0..STEPS_MAX {
        let slope = event.slope(&fractions);
        let direction = event.newton(&slope, &fractions);
        match event.step(&fractions, &slope.first, &direction) {
            Some(better) => fractions = better,
            None => break,
        }
    }
    fractions
}

/// Fractions of the bankroll, one place a leg.
pub type Fractions = [f64; LEGS_MAX];

/// First and second derivatives of the growth (the second with its sign turned: positive).
struct Slope {
    first: Fractions,
    curvature: [Fractions; LEGS_MAX],
}

/// The legs' gains and the outcomes' probabilities.
struct Event {
    legs: usize,
    outcomes: usize,
    /// What one dollar in a leg becomes in an outcome, less the dollar.
    gains: [[f64; OUTCOMES_MAX + 1]; LEGS_MAX],
    probabilities: [f64; OUTCOMES_MAX + 1],
}

impl Event {
    fn new(legs: &[JointBet], outcomes: &[f64]) -> Event {
        let mut event = Event {
            legs: legs.len(),
            outcomes: outcomes.len() + 1,
            gains: [[0.0; OUTCOMES_MAX + 1]; LEGS_MAX],
            probabilities: [0.0; OUTCOMES_MAX + 1],
        };
        let total: f64 = outcomes.iter().sum();
        for (place, outcome) in event.probabilities.iter_mut().zip(outcomes) {
            *place = if total > 0.0 { outcome / total * (1.0 - DISASTER) } else { 0.0 };
        }
        event.probabilities[outcomes.len()] = DISASTER;
        for (gains, leg) in event.gains.iter_mut().zip(legs) {
            for (outcome, gain) in gains.iter_mut().enumerate() {
                let wins = leg.is_priced() && outcome < outcomes.len() && leg.wins_in(outcome);
                *gain = if wins { 1.0 / leg.cost - 1.0 } else { -1.0 };
            }
        }
        event
    }

    /// What a bankroll of 1 becomes in an outcome.
    fn wealth(&self, fractions: &Fractions, outcome: usize) -> f64 {
        let won = (0..self.legs).map(|leg| fractions[leg] * self.gains[leg][outcome]);
        1.0 + won.sum::<f64>()
    }

    /// Expected log wealth; `None` when some outcome ruins us.
    fn growth(&self, fractions: &Fractions) -> Option<f64> {
        let mut growth = 0.0;
        for outcome in 0..self.outcomes {
            let wealth = self.wealth(fractions, outcome);
            if wealth <= 0.0 {
                return None;
            }
            growth += self.probabilities[outcome] * log(wealth);
        }
        Some(growth)
    }

    fn slope(&self, fractions: &Fractions) -> Slope {
        let mut slope = Slope { first: [0.0; LEGS_MAX], curvature: [[0.0; LEGS_MAX]; LEGS_MAX] };
        for outcome in 0..self.outcomes {
            let wealth = self.wealth(fractions, outcome);
            let probability = self.probabilities[outcome];
            for leg in 0..self.legs {
                let rate = self.gains[leg][outcome] / wealth;
                slope.first[leg] += probability * rate;
                for other in 0..=leg {
                    slope.curvature[leg][other] += probability * rate * self.gains[other][outcome] / wealth;
                }
            }
        }
        slope
    }

    /// Newton's direction among the legs that may move, and the way out for those that are given up.
    fn newton(&self, slope: &Slope, fractions: &Fractions) -> Fractions {
        let mut free = [0; LEGS_MAX];
        let mut used = 0;
        let mut direction = [0.0; LEGS_MAX];
        for (leg, fraction) in fractions[..self.legs].iter().enumerate() {
            if *fraction > NEARLY_NOTHING || slope.first[leg] > 0.0 {
                free[used] = leg;
                used += 1;
            } else {
                direction[leg] = -fraction;
            }
        }
        solve(&free[..used], slope, &mut direction);
        direction
    }

    /// The farthest halving of a step that brings enough growth, kept at f ≥ 0. `None` when there is
    /// nothing left to gain.
    fn step(&self, from: &Fractions, first: &Fractions, direction: &Fractions) -> Option<Fractions> {
        let now = self.growth(from)?;
        let mut length = 1.0;
        for _ in 0..HALVINGS_MAX {
            let mut to = *from;
            let mut promised = 0.0;
            for leg in 0..self.legs {
                to[leg] = (from[leg] + length * direction[leg]).max(0.0);
                promised += first[leg] * (to[leg] - from[leg]);
            }
            if fabs(promised) < GROWTH_LEFT {
                return None;
            }
            if self.growth(&to).is_some_and(|growth| growth >= now + SUFFICIENT * promised && promised > 0.0) {
                return Some(to);
            }
            length *= 0.5;
        }
        None
    }
}

/// Solves curvature × direction = slope for the free legs, in order, by Cholesky's factors.
fn solve(free: &[usize], slope: &Slope, direction: &mut Fractions) {
    let ridge = RIDGE * free.iter().map(|leg| slope.curvature[*leg][*leg]).fold(1.0, f64::max);
    let mut factor = [[0.0; LEGS_MAX]; LEGS_MAX];
    let mut solved = [0.0; LEGS_MAX];
    for (row, leg) in free.iter().enumerate() {
        for (column, other) in free[..=row].iter().enumerate() {
            let known: f64 = (0..column).map(|inner| factor[row][inner] * factor[column][inner]).sum();
            let rest = slope.curvature[*leg][*other] - known;
            factor[row][column] =
                if row == column { sqrt((rest + ridge).max(ridge)) } else { rest / factor[column][column] };
        }
        let known: f64 = (0..row).map(|inner| factor[row][inner] * solved[inner]).sum();
        solved[row] = (slope.first[*leg] - known) / factor[row][row];
    }
    for (row, leg) in free.iter().enumerate().rev() {
        let known: f64 = (row + 1..free.len()).map(|below| factor[below][row] * direction[free[below]]).sum();
        direction[*leg] = (solved[row] - known) / factor[row][row];
    }
}
