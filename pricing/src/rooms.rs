//! The models and strategies there are, and those whose place is kept: one table.

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// How far the price will move.
    Volatility,
    /// How that is spread.
    Distribution,
    /// Which way.
    Direction,
    /// A rule with a vote on the way.
    Strategy,
}

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Its word in the configuration.
    pub word: &'static str,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether it is there; one that is not takes part in nothing.
    pub built: bool,
    /// What it does.
    pub what: &'static str,
}

const fn room(word: &'static str, purpose: Purpose, built: bool, what: &'static str) -> Room {
    Room { word, purpose, built, what }
}

/// Every model and strategy, the default of each purpose first.
pub const ROOMS: &[Room] = &[
    room("ewma3", Purpose::Volatility, true, "three averages of deseasonalised one-minute squared returns"),
    room("parkinson", Purpose::Volatility, false, "the same of 15-minute ranges, where only those candles are there"),
    room("boosted", Purpose::Volatility, false, "gradient-boosted trees over 21 features"),
    room("tail_adjusted", Purpose::Distribution, true, "a normal of a bent distance"),
    room("student_t", Purpose::Distribution, true, "Student's t of variance 1"),
    room("mixture", Purpose::Distribution, true, "a calm and a wild normal"),
    room("normal", Purpose::Distribution, true, "a plain normal"),
    room("logit", Purpose::Direction, false, "logistic regression on 14 features, shrunk and clipped, as a drift"),
    room("momentum", Purpose::Strategy, false, "the last candles go on"),
    room("reversion", Purpose::Strategy, false, "a stretch of two deviations comes back"),
    room("imbalance", Purpose::Strategy, false, "taker flow of the quarter hour is faded"),
    room("funding", Purpose::Strategy, false, "against an extreme funding rate"),
];
