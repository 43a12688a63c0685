//! Training: one line of a table per model, from candles to a card.

use super::card::Card;
use super::direction;
use super::judge::Candidate;
use super::metrics::{log_loss_of, mean, qlike_of};
use super::walk::{SAMPLES_MIN, Walk};
use super::windows::{bar, from_minutes};
use crate::candles::{Candle, WARM_UP_CANDLES};
use serde_json::{Value, json};
use std::f64::consts::LN_2;
use thiserror::Error;
use trader_journal::hash::StateHash;
use trader_journal::units::Nanos;
use trader_pricing::direction::{Belief, FEATURES, FairValue};
use trader_pricing::volatility::{Coefficients, Ewma3, Har, LogLinear, Memory, Parkinson, Profile, Ranges, Traded};

/// From candles to a card.
pub type Train = fn(&[Candle], &Trainer) -> Result<Card, TrainError>;

/// A model that can be trained.
#[derive(Clone, Copy, Debug)]
pub struct Trainer {
    /// Its key.
    pub kind: &'static str,
    /// What it looks at, as its cards say.
    pub features: &'static str,
    /// How.
    pub train: Train,
}

/// Every model that can be trained.
pub const TRAINERS: &[Trainer] = &[
    Trainer {
        kind: "ewma3",
        features: "ln ewma(r²/(s·q)) 10,60,720 min; UTC profile",
        train: |candles, as_what| loglinear(candles, as_what, Ewma3::new(WARM_UP_CANDLES as u32)),
    },
    Trainer {
        kind: "ranges",
        features: "ln ewma(range²/(s·q)) 3,10,60,720 min; New York profile",
        train: |candles, as_what| loglinear(candles, as_what, Ranges::new(Profile::new_york())),
    },
    Trainer {
        kind: "traded",
        features: "ln ewma(range²/(s·q)) 3,10,60,720 min, ln ewma(dollars/(s·q)) 3,10,60,720,10080 min; New York profile",
        train: |candles, as_what| loglinear(candles, as_what, Traded::new(Profile::new_york())),
    },
    Trainer {
        kind: "har",
        features: "ln mean(r²/(s·q)) 1,4,16,96,672 quarter hours; UTC profile",
        train: |candles, as_what| loglinear(candles, as_what, Har::new(Profile::flat())),
    },
    Trainer {
        kind: "parkinson",
        features: "ln ewma(range²/(s·q)) 1,4,16,96,672 quarter hours; UTC profile",
        train: |candles, as_what| loglinear(candles, as_what, Parkinson::new(Profile::flat())),
    },
    Trainer {
        kind: "logit",
        features: "returns 1,2,4,16,96; z20; rsi14; taker imbalance 1,4; time of day; calm or wild: quarter hours",
        train: logit,
    },
];

/// Why nothing was trained.
#[derive(Debug, Error)]
pub enum TrainError {
    /// Too little to learn from: give more candles.
    #[error("{have} quarter hours to learn from; a month of them ({SAMPLES_MIN}) after the warm-up is needed")]
    TooShort {
        /// Whole quarter hours after the warm-up.
        have: usize,
    },
    /// The data do not determine the coefficients.
    #[error("the fit does not settle: the candles hardly move, or repeat themselves")]
    Unsettled,
}

/// Why a card is not a model of this program.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum KindError {
    /// No such kind.
    #[error("this program has no model `{0}`")]
    Unknown(String),
    /// Trained on something else.
    #[error("trained on other features (`{found}`) than this program's (`{ours}`): train it again")]
    Features {
        /// The card's.
        found: String,
        /// Of the same kind here.
        ours: &'static str,
    },
    /// Its parameters are not what its kind has.
    #[error("its parameters are not those of its kind, or outside every fit ever seen: train it again")]
    Parameters,
}

/// Whether a card is a model that this program can use.
///
/// # Errors
/// [`KindError`] says what is other.
pub fn check(card: &Card) -> Result<(), KindError> {
    let known = TRAINERS.iter().find(|trainer| trainer.kind == card.kind);
    let trainer = known.ok_or_else(|| KindError::Unknown(card.kind.clone()))?;
    if trainer.features != card.features {
        return Err(KindError::Features { found: card.features.clone(), ours: trainer.features });
    }
    let slopes = match card.kind.as_str() {
        "ewma3" => read::<3>(&card.parameters).map(|fitted| fitted.slopes.to_vec()),
        "ranges" => read::<4>(&card.parameters).map(|fitted| fitted.slopes.to_vec()),
        "logit" => read::<FEATURES>(&card.parameters).map(|fitted| fitted.slopes.to_vec()),
        "traded" => read::<9>(&card.parameters).map(|fitted| fitted.slopes.to_vec()),
        _ => read::<5>(&card.parameters).map(|fitted| fitted.slopes.to_vec()),
    };
    slopes.map(|_| ()).ok_or(KindError::Parameters)
}

/// Coefficients of a card of `ewma3`.
#[must_use]
pub fn ewma3(card: &Card) -> Option<Coefficients> {
    if card.kind == "ewma3" { read::<3>(&card.parameters).map(Coefficients::from) } else { None }
}

/// Coefficients of a card of `ranges`.
#[must_use]
pub fn ranges(card: &Card) -> Option<LogLinear<4>> {
    if card.kind == "ranges" { read(&card.parameters) } else { None }
}

fn loglinear<M: Memory<N>, const N: usize>(
    candles: &[Candle],
    trainer: &Trainer,
    memory: M,
) -> Result<Card, TrainError> {
    let mut walk = Walk::new(trainer.kind, memory, None).that_fits_once();
    let mut minutes = candles.iter();
    for window in from_minutes(candles) {
        for candle in minutes.by_ref().take(usize::from(window.minutes)) {
            walk.hear_traded(candle.quote_volume as f64 / 1e8);
            walk.hear_minute(&bar(candle));
        }
        walk.hear_window(&window);
    }
    let have = walk.samples().len();
    if have < SAMPLES_MIN {
        return Err(TrainError::TooShort { have });
    }
    if !walk.refit() {
        return Err(TrainError::Unsettled);
    }
    let fitted = walk.model().coefficients;
    let qlike = mean(walk.samples().iter().map(|sample| qlike_of(sample.y, fitted.minute_variance(&sample.x))));
    Ok(Card {
        kind: trainer.kind.to_owned(),
        features: trainer.features.to_owned(),
        parameters: write(&fitted),
        trained: trained(candles, have),
        calibration: json!({ "shrinkage": "0", "distribution": "tail_adjusted" }),
        metrics: json!({ "in_sample": { "qlike": format!("{qlike:.4}") } }),
    })
}

/// The direction model: all the candles there are, for what there is to learn is faint.
fn logit(candles: &[Candle], trainer: &Trainer) -> Result<Card, TrainError> {
    let calls = direction::calls(&from_minutes(candles));
    if calls.len() < SAMPLES_MIN {
        return Err(TrainError::TooShort { have: calls.len() });
    }
    let FairValue { intercept, slopes } = direction::fit(&calls).ok_or(TrainError::Unsettled)?;
    let fitted = LogLinear { intercept, slopes };
    let model = FairValue { intercept, slopes };
    let excess = mean(calls.iter().map(|call| log_loss_of(call.up, model.probability(&call.x), 1e-6))) - LN_2;
    let Belief { shrinkage, clip_low, clip_high } = Belief::DEFAULT;
    Ok(Card {
        kind: trainer.kind.to_owned(),
        features: trainer.features.to_owned(),
        parameters: write(&fitted),
        trained: trained(candles, calls.len()),
        calibration: json!({
            "shrinkage": shrinkage.to_string(), "clip_low": clip_low.to_string(), "clip_high": clip_high.to_string(),
        }),
        metrics: json!({ "in_sample": { "log_loss_less_ln2": format!("{excess:.6}") } }),
    })
}

fn trained(candles: &[Candle], windows: usize) -> Value {
    let mut hash = StateHash::EMPTY;
    for candle in candles {
        hash.mix(candle.open_time.0);
        for price in [candle.open, candle.high, candle.low, candle.close] {
            hash.mix(price.0.cast_unsigned());
        }
        hash.mix(candle.quote_volume.cast_unsigned());
    }
    let ms = |at: Option<Nanos>| at.unwrap_or(Nanos(0)).millis();
    json!({
        "from_ms": ms(candles.first().map(|candle| candle.open_time)),
        "to_ms": ms(candles.last().map(Candle::end_time)),
        "candles": candles.len(),
        "windows": windows,
        "data_hash": format!("{:016x}", hash.value()),
    })
}

/// Numbers as text: the shortest that reads back as the same bits.
fn write<const N: usize>(fitted: &LogLinear<N>) -> Value {
    let text = |number: f64| Value::from(format!("{number:?}"));
    json!({ "intercept": text(fitted.intercept), "slopes": fitted.slopes.map(text).to_vec() })
}

/// Slopes and constants beyond these are a misread file, not a market.
const INTERCEPT_MAX: f64 = 30.0;
const SLOPE_MAX: f64 = 3.0;

fn read<const N: usize>(parameters: &Value) -> Option<LogLinear<N>> {
    let number = |value: &Value, most: f64| value.as_str()?.parse::<f64>().ok().filter(|number| number.abs() <= most);
    let slopes: Option<Vec<f64>> =
        parameters["slopes"].as_array()?.iter().map(|slope| number(slope, SLOPE_MAX)).collect();
    Some(LogLinear { intercept: number(&parameters["intercept"], INTERCEPT_MAX)?, slopes: slopes?.try_into().ok()? })
}
