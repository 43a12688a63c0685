//! Statistics of one-minute candles as the volatility study defines them, written the obvious way.

use kalshi_trader::candles::Candle;

/// Minutes of a quarter hour.
const WINDOW: usize = 15;
const SLOTS: usize = 96;
/// Two days, after which the averages are taken to be warm.
const WARM_UP: usize = 2 * 24 * 60;
/// Coefficients of the study's default model: constant, then half-lives of 10, 60 and 720 minutes.
const MODEL: [f64; 4] = [-1.166, 0.474, 0.356, 0.086];
const HALF_LIVES: [f64; 3] = [10.0, 60.0, 720.0];

/// One quarter hour after the warm-up.
pub(crate) struct Quarter {
    /// Log-return.
    pub(crate) change: f64,
    /// Sum of the fifteen squared one-minute log-returns.
    pub(crate) realised: f64,
    /// Variance the default model forecast before the quarter began.
    pub(crate) forecast: f64,
}

/// All of a series without gaps that starts at a midnight.
pub(crate) struct Study {
    pub(crate) quarters: Vec<Quarter>,
    /// Mean realised variance of each quarter hour of the day on weekdays, relative to their mean.
    pub(crate) weekday_profile: Vec<f64>,
    pub(crate) kurtosis_minute: f64,
    /// Mean squared range over mean squared return of one minute; 4 ln 2 for a continuous walk.
    pub(crate) range_ratio: f64,
}

/// `multiplier(minute of the epoch)` is the seasonal variance multiplier.
pub(crate) fn study(candles: &[Candle], multiplier: &dyn Fn(u64) -> f64) -> Study {
    let minute_of = |candle: &Candle| candle.open_time.seconds() / 60;
    let changes: Vec<f64> =
        candles.windows(2).map(|pair| (pair[1].close.0 as f64 / pair[0].close.0 as f64).ln()).collect();
    let mut averages = [0.0; 3];
    let mut quarters = Vec::new();
    let mut sums = vec![(0.0, 0u32); SLOTS];
    for at in 0..changes.len() {
        // changes[at] is the return of candle at + 1.
        let minute = minute_of(&candles[at + 1]);
        if minute % WINDOW as u64 == 0 && at >= WARM_UP && at + WINDOW <= changes.len() {
            let inside = &changes[at..at + WINDOW];
            let season: f64 = (minute..minute + WINDOW as u64).map(multiplier).sum();
            let quarter = Quarter {
                change: inside.iter().sum(),
                realised: inside.iter().map(|change| change * change).sum(),
                forecast: forecast(&averages) * season,
            };
            let day = minute / 1440;
            if !matches!(day % 7, 2 | 3) {
                let slot = &mut sums[(minute % 1440) as usize / WINDOW];
                *slot = (slot.0 + quarter.realised, slot.1 + 1);
            }
            quarters.push(quarter);
        }
        let square = changes[at] * changes[at] / multiplier(minute);
        for (average, half_life) in averages.iter_mut().zip(HALF_LIVES) {
            let weight = if at == 0 { 1.0 } else { 1.0 - (-1.0 / half_life).exp2() };
            *average += weight * (square - *average);
        }
    }
    let profile: Vec<f64> = sums.iter().map(|(sum, count)| sum / f64::from((*count).max(1))).collect();
    let mean = mean(profile.iter().copied());
    let ranges = self::mean(candles[1..].iter().map(|c| (c.high.0 as f64 / c.low.0 as f64).ln().powi(2)));
    Study {
        quarters,
        weekday_profile: profile.iter().map(|slot| slot / mean).collect(),
        kurtosis_minute: kurtosis(changes.iter().copied()),
        range_ratio: ranges / self::mean(changes.iter().map(|change| change * change)),
    }
}

fn forecast(averages: &[f64; 3]) -> f64 {
    let logs = averages.map(|average| average.max(1e-10).ln());
    (MODEL[0] + MODEL[1] * logs[0] + MODEL[2] * logs[1] + MODEL[3] * logs[2]).exp()
}

impl Study {
    /// Quantile `share` of the forecast standard deviation of a quarter hour, basis points.
    pub(crate) fn sigma_quantile_bp(&self, share: f64) -> f64 {
        let mut sigmas: Vec<f64> = self.quarters.iter().map(|quarter| quarter.forecast.sqrt() * 1e4).collect();
        sigmas.sort_by(f64::total_cmp);
        sigmas[((sigmas.len() - 1) as f64 * share).round() as usize]
    }

    pub(crate) fn kurtosis_raw(&self) -> f64 {
        kurtosis(self.quarters.iter().map(|quarter| quarter.change))
    }

    /// Of returns over the forecast standard deviation.
    pub(crate) fn kurtosis_standardised(&self) -> f64 {
        kurtosis(self.quarters.iter().map(|quarter| quarter.change / quarter.forecast.sqrt()))
    }

    /// Mean of RV/h − ln(RV/h) − 1 for the forecast, scaled to be unbiased.
    pub(crate) fn qlike_model(&self) -> f64 {
        qlike(self.quarters.iter().map(|quarter| (quarter.realised, quarter.forecast)))
    }

    /// The same for a constant forecast.
    pub(crate) fn qlike_constant(&self) -> f64 {
        qlike(self.quarters.iter().map(|quarter| (quarter.realised, 1.0)))
    }

    /// Mean realised over mean forecast variance.
    pub(crate) fn bias(&self) -> f64 {
        mean(self.quarters.iter().map(|q| q.realised)) / mean(self.quarters.iter().map(|q| q.forecast))
    }

    /// Share of quarter hours whose return is beyond `sigmas` forecast standard deviations.
    pub(crate) fn beyond(&self, sigmas: f64) -> f64 {
        mean(self.quarters.iter().map(|q| f64::from(u8::from(q.change.abs() > sigmas * q.forecast.sqrt()))))
    }

    /// Standard deviation of ln(realised / forecast).
    pub(crate) fn surprise(&self) -> f64 {
        let logs: Vec<f64> = self.quarters.iter().map(|q| (q.realised / q.forecast).ln()).collect();
        correlation_parts(&logs, &logs).0.sqrt()
    }

    /// Correlation of the absolute returns of quarter hours `lag` apart.
    pub(crate) fn memory(&self, lag: usize) -> f64 {
        let sizes: Vec<f64> = self.quarters.iter().map(|quarter| quarter.change.abs()).collect();
        correlation(&sizes[lag..], &sizes[..sizes.len() - lag])
    }

    /// Correlation of ln realised variance of quarter hours `lag` apart.
    pub(crate) fn memory_log(&self, lag: usize) -> f64 {
        let logs: Vec<f64> = self.quarters.iter().map(|quarter| quarter.realised.max(1e-12).ln()).collect();
        correlation(&logs[lag..], &logs[..logs.len() - lag])
    }

    /// Correlation of the absolute return with the forecast standard deviation.
    pub(crate) fn skill(&self) -> f64 {
        let sizes: Vec<f64> = self.quarters.iter().map(|quarter| quarter.change.abs()).collect();
        let sigmas: Vec<f64> = self.quarters.iter().map(|quarter| quarter.forecast.sqrt()).collect();
        correlation(&sizes, &sigmas)
    }
}

fn qlike(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let scale = mean(pairs.clone().map(|(realised, forecast)| realised / forecast));
    mean(pairs.map(|(realised, forecast)| {
        let ratio = (realised / (forecast * scale)).max(1e-9);
        ratio - ratio.ln() - 1.0
    }))
}

pub(crate) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
    sum / f64::from(count)
}

pub(crate) fn kurtosis(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let centre = mean(values.clone());
    let second = mean(values.clone().map(|value| (value - centre).powi(2)));
    mean(values.map(|value| (value - centre).powi(4))) / second.powi(2)
}

fn correlation_parts(left: &[f64], right: &[f64]) -> (f64, f64, f64) {
    let (a, b) = (mean(left.iter().copied()), mean(right.iter().copied()));
    let pairs = || left.iter().zip(right);
    let cov = mean(pairs().map(|(x, y)| (x - a) * (y - b)));
    (cov, mean(left.iter().map(|x| (x - a).powi(2))), mean(right.iter().map(|y| (y - b).powi(2))))
}

pub(crate) fn correlation(left: &[f64], right: &[f64]) -> f64 {
    let (covariance, variance_left, variance_right) = correlation_parts(left, right);
    covariance / (variance_left * variance_right).sqrt()
}
