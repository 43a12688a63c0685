//! Makes one-minute candles of a market that never was, with the statistics of one that is.
//!
//! Each minute's log-variance is a level plus components that forget at different speeds, times
//! the measured profile of the day and of the quarter hour. Inside the minute the price takes
//! sixty Gaussian steps, and now and then jumps. The figures were fitted to Binance BTCUSDT spot,
//! 2024-06 to 2025-08; the tests hold them against what was measured there.

use super::bridge::whole_cent;
use super::chance::{Chance, Purpose};
use super::profile::minute_multiplier;
use super::traded::{Traded, value};
use crate::candles::{Candle, CandleNotes, CandleSeries, MINUTE_NANOS};
use std::num::NonZeroU32;
use trader_journal::units::{Money, Nanos};

/// What to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneratorSettings {
    /// Decides everything below.
    pub seed: u64,
    /// Start of the first candle; taken down to a whole minute.
    pub start: Nanos,
    /// How many candles.
    pub minutes: NonZeroU32,
    /// Price of the first trade, dollars per coin; taken to whole cents between $0.01 and $10,000,000.
    pub open: Money,
}

/// A part of the log-volatility that forgets half of itself in `half_life_minutes`.
struct Component {
    half_life_minutes: f64,
    /// Stationary standard deviation of its share of ln σ, jumps apart.
    deviation: f64,
    /// What a jump adds to it, in ln σ: a shock is followed by a restless market.
    kick: f64,
}

/// From hardly remembered to hardly forgotten.
const COMPONENTS: [Component; 5] = [
    Component { half_life_minutes: 0.5, deviation: 0.26, kick: 0.0 },
    Component { half_life_minutes: 6.0, deviation: 0.13, kick: 1.45 },
    Component { half_life_minutes: 60.0, deviation: 0.24, kick: 0.25 },
    Component { half_life_minutes: 480.0, deviation: 0.29, kick: 0.0 },
    Component { half_life_minutes: 14400.0, deviation: 0.33, kick: 0.0 },
];
/// Median standard deviation of one minute at multiplier 1, log-return.
const MINUTE_SIGMA: f64 = 4.0e-4;
/// A ceiling of twenty times the median, so that jumps in a row cannot run away.
const LOG_SIGMA_MAX: f64 = 3.0;
/// Chance of a jump in a minute, times the minute's multiplier.
const JUMP_CHANCE: f64 = 0.0016;
/// Standard deviation of a jump in standard deviations of its minute.
const JUMP_SIGMAS: f64 = 5.5;
/// Steps of the path inside a minute.
const STEPS: usize = 60;
/// Prices stay within one cent and ten million dollars, micro-dollars.
const PRICE_MIN: f64 = 1e4;
const PRICE_MAX: f64 = 1e13;

/// Generates `settings.minutes` candles without a gap. Fewer minutes give the same first ones.
#[must_use]
pub fn generate_candles(settings: &GeneratorSettings) -> CandleSeries {
    let first = settings.start.0 / MINUTE_NANOS;
    let mut volatility = Volatility::new(settings.seed, first);
    let mut open = moved(settings.open, 0.0);
    let mut candles = Vec::with_capacity(settings.minutes.get() as usize);
    for minute in first..first + u64::from(settings.minutes.get()) {
        let mut chance = Chance::new(settings.seed, Purpose::Candle, minute);
        let open_time = Nanos(minute * MINUTE_NANOS);
        let weather = volatility.next_minute(open_time, &mut chance);
        let candle = walk_minute(open_time, open, &weather, &mut chance);
        open = candle.close;
        candles.push(candle);
    }
    CandleSeries::from_sorted(candles, CandleNotes::default())
}

/// What the walk through one minute needs to know.
struct Weather {
    /// Standard deviation of the minute's log-return, a jump apart.
    sigma: f64,
    /// The jump's log-return; 0 in most minutes.
    jump: f64,
}

/// Where each component of ln σ stands.
struct Volatility {
    state: [f64; COMPONENTS.len()],
    keep: [f64; COMPONENTS.len()],
}

impl Volatility {
    /// Starts as if it had always run: each component at a draw from its stationary law.
    fn new(seed: u64, minute: u64) -> Volatility {
        let mut chance = Chance::new(seed, Purpose::Level, minute);
        let state = COMPONENTS.each_ref().map(|component| component.deviation * chance.normal());
        let keep = COMPONENTS.each_ref().map(|component| libm::exp2(-1.0 / component.half_life_minutes));
        Volatility { state, keep }
    }

    fn next_minute(&mut self, open_time: Nanos, chance: &mut Chance) -> Weather {
        for ((state, keep), component) in self.state.iter_mut().zip(self.keep).zip(&COMPONENTS) {
            *state = keep * *state + component.deviation * libm::sqrt(1.0 - keep * keep) * chance.normal();
        }
        let season = minute_multiplier(open_time);
        let log_sigma = self.state.iter().sum::<f64>().min(LOG_SIGMA_MAX);
        let sigma = MINUTE_SIGMA * libm::exp(log_sigma) * libm::sqrt(season);
        if chance.uniform() >= JUMP_CHANCE * season {
            return Weather { sigma, jump: 0.0 };
        }
        for (state, component) in self.state.iter_mut().zip(&COMPONENTS) {
            *state += component.kick;
        }
        Weather { sigma, jump: JUMP_SIGMAS * sigma * chance.normal() }
    }
}

/// Where the price went inside one minute, as log-returns from its open.
struct Walk {
    high: f64,
    low: f64,
    close: f64,
}

impl Walk {
    fn draw(weather: &Weather, chance: &mut Chance) -> Walk {
        let jump_step = (chance.uniform() * STEPS as f64) as usize;
        let step_sigma = weather.sigma / libm::sqrt(STEPS as f64);
        let mut walk = Walk { high: 0.0, low: 0.0, close: 0.0 };
        for step in 0..STEPS {
            walk.close += step_sigma * chance.normal() + if step == jump_step { weather.jump } else { 0.0 };
            walk.high = walk.high.max(walk.close);
            walk.low = walk.low.min(walk.close);
        }
        walk
    }
}

/// Walks the price through one minute and keeps what a candle keeps.
fn walk_minute(open_time: Nanos, open: Money, weather: &Weather, chance: &mut Chance) -> Candle {
    let walk = Walk::draw(weather, chance);
    let [high, low, close] = [walk.high, walk.low, walk.close].map(|log_move| moved(open, log_move));
    let traded = Traded::draw(Money(high.0 - low.0), open, chance);
    Candle {
        open_time,
        open,
        high,
        low,
        close,
        volume: traded.volume,
        quote_volume: value(traded.volume, close),
        trades: traded.trades,
        taker_base: traded.bought,
        taker_quote: value(traded.bought, close),
    }
}

/// `price` after a log-return, in whole cents; rising in `log_move`, and `price` itself at 0.
fn moved(price: Money, log_move: f64) -> Money {
    let micros = price.0 as f64 * libm::exp(log_move);
    whole_cent(micros.clamp(PRICE_MIN, PRICE_MAX) as i64)
}
