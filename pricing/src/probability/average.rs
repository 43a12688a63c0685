//! What averaging the last minute does to mean, variance and drift.

/// Prints of the settlement index in its closing average.
const PRINTS: f64 = 60.0;

/// Which value a market settles on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Average {
    /// The last value itself.
    None,
    /// The time average over the last `seconds`; positive.
    Continuous {
        /// Length of the average.
        seconds: f64,
    },
    /// The mean of sixty prints, one a second, the last one at the close: what the venue does.
    Prints,
}

/// What has been seen of the closing average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observed {
    /// Mean of what has been seen, dollars.
    pub average: f64,
    /// Share of the whole average that has been seen, 0 ..= 1.
    pub share: f64,
}

impl Average {
    /// Seconds of unaveraged movement that would give the same variance, `tau_s` before the close:
    /// Var ln(average) = σ² per second × this.
    #[must_use]
    pub fn variance_time_s(self, tau_s: f64) -> f64 {
        let tau = tau_s.max(0.0);
        match self {
            Average::None => tau,
            Average::Continuous { seconds } if tau >= seconds => tau - 2.0 * seconds / 3.0,
            Average::Continuous { seconds } => tau * tau * tau / (3.0 * seconds * seconds),
            Average::Prints => {
                let (left, before) = prints_left(tau);
                let share = left / PRINTS;
                before * share * share + left * (left + 1.0) * (2.0 * left + 1.0) / (6.0 * PRINTS * PRINTS)
            }
        }
    }

    /// Seconds of drift that would give the same expected move.
    #[must_use]
    pub fn drift_time_s(self, tau_s: f64) -> f64 {
        let tau = tau_s.max(0.0);
        match self {
            Average::None => tau,
            Average::Continuous { seconds } if tau >= seconds => tau - seconds / 2.0,
            Average::Continuous { seconds } => tau * tau / (2.0 * seconds),
            Average::Prints => {
                let (left, before) = prints_left(tau);
                before * left / PRINTS + left * (left + 1.0) / (2.0 * PRINTS)
            }
        }
    }

    /// Share of the average that lies behind us.
    #[must_use]
    pub fn share_seen(self, tau_s: f64) -> f64 {
        let tau = tau_s.max(0.0);
        match self {
            Average::None => 0.0,
            Average::Continuous { seconds } => ((seconds - tau) / seconds).max(0.0),
            Average::Prints => (PRINTS - prints_left(tau).0) / PRINTS,
        }
    }

    /// What the average would be if the price stood still at `spot`; `seen` is the mean of the
    /// part behind us, and not looked at while there is none.
    #[must_use]
    pub fn mean(self, tau_s: f64, spot: f64, seen: f64) -> f64 {
        let share = self.share_seen(tau_s);
        if share > 0.0 { Observed { average: seen, share }.mean(spot) } else { spot }
    }
}

impl Observed {
    /// The whole average if the rest of it came in at `spot`.
    #[must_use]
    pub fn mean(self, spot: f64) -> f64 {
        self.share * self.average + (1.0 - self.share) * spot
    }
}

/// Prints to come, and the seconds before their clock starts.
fn prints_left(tau: f64) -> (f64, f64) {
    let left = libm::floor(tau).min(PRINTS);
    (left, tau - left)
}
