//! Opens one candle into ticks: a random path that has the candle's open, high, low and close exactly.
//!
//! A minute is three legs: open → first extreme → second extreme → close. When the
//! extremes happen is drawn from the law those three legs have for a Brownian motion
//! (first-passage densities on a grid of seconds, either extreme may come first). Between
//! them the path is drawn as its distance from an extreme, which is a Bessel(3) bridge
//! (Williams' decomposition at the maximum), drawn anew a few times if it would pass the
//! other extreme, and at last folded there. So the candle's numbers are met by construction.

use super::chance::Chance;
use crate::candles::Candle;
use trader_journal::units::Money;

/// Seconds of a minute: the grid on which the extremes are placed.
const GRID: usize = 60;
/// Steps from the first to the last second.
const STEPS: usize = GRID - 1;
/// How often a leg is drawn anew because it left the candle's range, before it is folded back into it.
const TRIES: usize = 12;
/// Weights of a leg that takes 0 ..= [`STEPS`] steps.
type LegWeights = [f64; GRID];

/// Fills `ticks` (at least [`GRID`] of them) with the minute of `candle`: the first is the open,
/// the last the close, the highest the high, the lowest the low; all others are whole cents
/// inside [low, high].
pub(super) fn open_minute(candle: &Candle, chance: &mut Chance, ticks: &mut [Money]) {
    debug_assert!(ticks.len() >= GRID);
    let range = (candle.high.0 - candle.low.0) as f64;
    if range == 0.0 {
        ticks.fill(candle.open);
        return;
    }
    let variance = minute_variance(candle);
    let [first, second] = place_extremes(candle, variance / STEPS as f64, chance);
    let last = ticks.len() - 1;
    let [first_at, second_at] = [first, second].map(|extreme| extreme.step * last / STEPS);
    let step = libm::sqrt(variance / last as f64);
    let mut leg = Leg { candle, range, step, wall: first.price, chance };
    ticks[0] = candle.open;
    ticks[last] = candle.close;
    ticks[first_at] = first.price;
    ticks[second_at] = second.price;
    leg.fill(&mut ticks[..=first_at]);
    leg.fill(&mut ticks[first_at..=second_at]);
    leg.wall = second.price;
    leg.fill(&mut ticks[second_at..]);
}

/// Variance of the whole minute in micro-dollars², as Garman and Klass (1980) estimate it from the
/// candle; at least 0.114 of the squared range, so never 0 when the price moved.
fn minute_variance(candle: &Candle) -> f64 {
    let range = (candle.high.0 - candle.low.0) as f64;
    let change = (candle.close.0 - candle.open.0) as f64;
    0.5 * range * range - (2.0 * core::f64::consts::LN_2 - 1.0) * change * change
}

/// Where the path touches its high or its low.
#[derive(Clone, Copy)]
struct Extreme {
    step: usize,
    price: Money,
}

/// The two ways through a minute: the weights of the legs around the first and second extreme.
struct Order {
    first: Money,
    second: Money,
    /// Open → first extreme.
    reach: LegWeights,
    /// First extreme → second extreme → close, by the steps of both together.
    rest: LegWeights,
    /// Second extreme → close.
    leave: LegWeights,
}

impl Order {
    fn new(candle: &Candle, [first, second]: [Money; 2], span: &LegWeights, step_variance: f64) -> Order {
        let reach = passage_weights(first.0 - candle.open.0, step_variance);
        let leave = passage_weights(second.0 - candle.close.0, step_variance);
        Order { first, second, reach, rest: convolve(span, &leave), leave }
    }

    /// Weights of the first extreme's step.
    fn first_steps(&self) -> impl Iterator<Item = f64> + Clone {
        self.reach.iter().zip(self.rest.iter().rev()).map(|(reach, rest)| reach * rest)
    }
}

/// Draws which extreme comes first, and the steps at which both are touched.
fn place_extremes(candle: &Candle, step_variance: f64, chance: &mut Chance) -> [Extreme; 2] {
    let span = span_weights(candle.high.0 - candle.low.0, step_variance);
    let high_first = Order::new(candle, [candle.high, candle.low], &span, step_variance);
    let low_first = Order::new(candle, [candle.low, candle.high], &span, step_variance);
    let orders = [high_first, low_first];
    let order = &orders[chance.pick(orders.iter().map(|order| order.first_steps().sum::<f64>()))];
    let first_step = chance.pick(order.first_steps());
    let left = STEPS - first_step;
    let between = chance.pick((0..=left).map(|steps| span[steps] * order.leave[left - steps]));
    [Extreme { step: first_step, price: order.first }, Extreme { step: first_step + between, price: order.second }]
}

/// Density of first reaching a level `distance` micro-dollars away after each number of steps.
/// A level already reached is reached at once.
fn passage_weights(distance: i64, step_variance: f64) -> LegWeights {
    let mut weights = [0.0; GRID];
    if distance == 0 {
        weights[0] = 1.0;
        return weights;
    }
    let square = (distance as f64) * (distance as f64) / step_variance;
    let scale = libm::sqrt(square);
    for (steps, weight) in weights.iter_mut().enumerate().skip(1) {
        let time = steps as f64;
        *weight = scale * libm::exp(-0.5 * square / time) / (time * libm::sqrt(time));
    }
    weights
}

/// Density of going from one extreme to the other after each number of steps: the leading term of
/// the reflection series, which is positive because `range² >= 2 × variance` of the minute.
fn span_weights(range: i64, step_variance: f64) -> LegWeights {
    let mut weights = [0.0; GRID];
    let square = (range as f64) * (range as f64) / step_variance;
    for (steps, weight) in weights.iter_mut().enumerate().skip(1) {
        let time = steps as f64;
        *weight = (square / time - 1.0) * libm::exp(-0.5 * square / time) / (time * libm::sqrt(time));
    }
    weights
}

/// Weights of two legs in a row, by the steps of both together.
fn convolve(first: &LegWeights, second: &LegWeights) -> LegWeights {
    let mut both = [0.0; GRID];
    for (steps, weight) in first.iter().enumerate() {
        for (sum, other) in both[steps..].iter_mut().zip(second) {
            *sum += weight * other;
        }
    }
    both
}

/// A piece of the minute that begins or ends at the extreme `wall`.
struct Leg<'a> {
    candle: &'a Candle,
    /// High − low, micro-dollars.
    range: f64,
    /// Standard deviation of one tick, micro-dollars.
    step: f64,
    wall: Money,
    chance: &'a mut Chance,
}

impl Leg<'_> {
    /// Draws the ticks between the first and the last of `ticks`, which stand.
    fn fill(&mut self, ticks: &mut [Money]) {
        if ticks.len() > 2 {
            let _drawn = (1..=TRIES).any(|attempt| self.draw(ticks, attempt == TRIES));
        }
    }

    /// Draws once; gives up with `false` where the path leaves the range, unless it may be folded.
    fn draw(&mut self, ticks: &mut [Money], may_fold: bool) -> bool {
        let [from, inner @ .., to] = ticks else { return true };
        let wall = self.wall.0;
        let (start, end) = ((from.0 - wall).abs() as f64, (to.0 - wall).abs() as f64);
        let side = if wall == self.candle.high.0 { -1 } else { 1 };
        let steps = inner.len() + 1;
        let mut noise = [0.0; 3];
        for (done, tick) in inner.iter_mut().enumerate() {
            let left = (steps - done) as f64;
            let keep = (left - 1.0) / left;
            let spread = self.step * libm::sqrt(keep);
            noise = noise.map(|at| at * keep + spread * self.chance.normal());
            let straight = start + (end - start) * (done + 1) as f64 / steps as f64;
            let distance = length([straight + noise[0], noise[1], noise[2]]);
            if distance > self.range && !may_fold {
                return false;
            }
            let inside = fold(distance, self.range) as i64;
            *tick = whole_cent(wall + side * inside).clamp(self.candle.low, self.candle.high);
        }
        true
    }
}

fn length([x, y, z]: [f64; 3]) -> f64 {
    libm::sqrt(x * x + y * y + z * z)
}

/// `distance >= 0` reflected at `range` and at 0 until it lies between.
fn fold(distance: f64, range: f64) -> f64 {
    let within = distance % (2.0 * range);
    if within > range { 2.0 * range - within } else { within }
}

/// The nearest whole cent of a positive number of micro-dollars.
pub(super) const fn whole_cent(micros: i64) -> Money {
    Money((micros + Money::CENT.0 / 2).div_euclid(Money::CENT.0) * Money::CENT.0)
}
