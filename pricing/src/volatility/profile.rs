//! How much of a day's variance each minute of it has.
//!
//! Multipliers without a unit, mean 1: one per quarter hour of the UTC day (weekends have their
//! own set) times one per minute inside the quarter hour. The former learn from every full day,
//! the latter stand still.

use super::new_york::behind_utc_min;
use trader_journal::hash::StateHash;
use trader_journal::units::Nanos;

/// Quarter hours of a day.
pub const SLOTS: usize = 96;
/// Minutes of a day.
pub(super) const DAY_MINUTES: u64 = 1440;
pub(super) const SLOT_MINUTES: u64 = 15;
/// One minute.
pub(super) const MINUTE_NANOS: u64 = 60 * Nanos::SECOND;
/// A day with more minutes missing than this teaches nothing (a choice).
const DAY_MISSING_MAX: u32 = 60;
/// A slot's share of its day counts at most this much.
const SHARE_MAX: f64 = 6.0;
/// `1 − 2^(−1/30)`: half of what is known is forgotten in thirty weekdays, or in fifteen weekend days.
const WEEKDAY_GAIN: f64 = 0.022_840_031_565_754_1;
/// The same with sixty days: how the profile of New York's clock learns.
const NEW_YORK_GAIN: f64 = 0.011_485_979_647_103_85;
/// There a share counts up to this: the minutes of announcements fall on the same slots all year.
const NEW_YORK_SHARE_MAX: f64 = 12.0;

/// The profile, and what the running day has shown of itself.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Weekday and weekend sets: circularly smoothed shares, not yet divided by their mean.
    ///
    /// Averaging over days and smoothing over slots commute, so the smoothed average is carried
    /// instead of the raw one; the published numbers are the same.
    shares: [[f64; SLOTS]; 2],
    /// What each set is divided by.
    means: [f64; 2],
    /// Full days heard of each set, as far as they still speed up the learning.
    days: [u32; 2],
    /// Whether full days move it.
    learns: bool,
    /// Whose days and quarter hours.
    clock: Clock,
    day: u64,
    day_variance: [f64; SLOTS],
    day_heard: u32,
}

impl Profile {
    /// The frozen profile of 2025-11-27, which goes on learning.
    #[must_use]
    pub fn frozen() -> Profile {
        // The table is published, so its mean is 1 by definition: dividing by the mean of four
        // rounded decimals would move every number by a millionth.
        Profile::start([WEEKDAY, WEEKEND], [u32::MAX; 2])
    }

    /// The frozen profile, standing still: what the study's frozen rows were measured with.
    #[must_use]
    pub fn fixed() -> Profile {
        Profile { learns: false, ..Profile::frozen() }
    }

    /// Nothing known: every quarter hour alike. The first days count as much as each other, until
    /// there are so many that the old ones fade. For walks over data that the frozen one has seen.
    #[must_use]
    pub fn flat() -> Profile {
        Profile::start([[1.0; SLOTS]; 2], [0; 2])
    }

    /// As [`Profile::flat`], by the days and hours of New York: where most of the variance comes from moves
    /// with its summer time, so a profile of UTC is wrong for weeks, twice a year.
    #[must_use]
    pub fn new_york() -> Profile {
        Profile { clock: Clock::NewYork, ..Profile::flat() }
    }

    /// As [`Profile::new_york`], beginning with what was known on 2025-08-31: for the running line, and for no
    /// walk over days before that.
    #[must_use]
    pub fn new_york_known() -> Profile {
        Profile { clock: Clock::NewYork, ..Profile::start([NEW_YORK_WEEKDAY, NEW_YORK_WEEKEND], [u32::MAX; 2]) }
    }

    const fn start(shares: [[f64; SLOTS]; 2], days: [u32; 2]) -> Profile {
        let (day, day_variance, day_heard) = (0, [0.0; SLOTS], 0);
        Profile { shares, means: [1.0; 2], days, learns: true, clock: Clock::Utc, day, day_variance, day_heard }
    }

    /// `s·q` of the minute that starts `minute` minutes after the Unix epoch.
    #[must_use]
    pub fn multiplier(&self, minute: u64) -> f64 {
        let minute = self.clock.local(minute);
        let set = set_of_day(minute / DAY_MINUTES);
        let slot = slot_of(minute);
        self.shares[set][slot] / self.means[set] * MINUTE[(minute % SLOT_MINUTES) as usize]
    }

    /// Sum of `s·q` over the minutes from `from` to `to`, their first and last pro rata.
    #[must_use]
    pub fn weight(&self, from: Nanos, to: Nanos) -> f64 {
        let mut weight = 0.0;
        let mut at = from.0;
        while at < to.0 {
            let minute = at / MINUTE_NANOS;
            let end = ((minute + 1) * MINUTE_NANOS).min(to.0);
            weight += self.multiplier(minute) * ((end - at) as f64 / MINUTE_NANOS as f64);
            at = end;
        }
        weight
    }

    /// One minute's squared return. A minute of a later day ends the day before: if enough of it
    /// was heard, its slots' shares move the profile.
    pub(super) fn hear(&mut self, minute: u64, squared: f64) {
        self.hear_some(minute, squared, 1);
    }

    /// A whole quarter hour's variance; `minute` is its first. As [`Profile::hear`].
    pub(super) fn hear_quarter(&mut self, minute: u64, variance: f64) {
        self.hear_some(minute, variance, SLOT_MINUTES as u32);
    }

    fn hear_some(&mut self, minute: u64, squared: f64, minutes: u32) {
        let minute = self.clock.local(minute);
        let day = minute / DAY_MINUTES;
        if day != self.day {
            self.learn();
            self.day = day;
            self.day_variance = [0.0; SLOTS];
            self.day_heard = 0;
        }
        self.day_variance[slot_of(minute)] += squared;
        self.day_heard += minutes;
    }

    fn learn(&mut self) {
        let total: f64 = self.day_variance.iter().sum();
        if !self.learns || u64::from(self.day_heard + DAY_MISSING_MAX) < DAY_MINUTES || total <= 0.0 {
            return;
        }
        let mut shares = [0.0; SLOTS];
        for (share, variance) in shares.iter_mut().zip(&self.day_variance) {
            *share = (variance / total * SLOTS as f64).min(self.clock.share_max());
        }
        let set = set_of_day(self.day);
        self.days[set] = self.days[set].saturating_add(1);
        let gain = (self.clock.weekday_gain() * [1.0, 2.0][set]).max(1.0 / f64::from(self.days[set]));
        for (slot, known) in self.shares[set].iter_mut().enumerate() {
            let before = shares[(slot + SLOTS - 1) % SLOTS];
            let after = shares[(slot + 1) % SLOTS];
            let smooth = 0.25 * before + 0.5 * shares[slot] + 0.25 * after;
            *known += gain * (smooth - *known);
        }
        self.means[set] = self.shares[set].iter().sum::<f64>() / SLOTS as f64;
    }

    /// Adds all that later forecasts depend on.
    pub(super) fn hash_into(&self, hash: &mut StateHash) {
        for value in self.shares.iter().flatten().chain(&self.means).chain(&self.day_variance) {
            hash.mix(value.to_bits());
        }
        hash.mix(self.day << 16 | u64::from(self.day_heard));
        hash.mix(u64::from(self.days[0]) << 32 | u64::from(self.days[1]));
        hash.mix(u64::from(self.learns) << 1 | u64::from(self.clock == Clock::NewYork));
    }
}

/// Whose days and hours a profile has, and how it learns there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clock {
    Utc,
    NewYork,
}

impl Clock {
    fn local(self, minute: u64) -> u64 {
        match self {
            Clock::Utc => minute,
            Clock::NewYork => minute.saturating_sub(behind_utc_min(minute)),
        }
    }

    const fn share_max(self) -> f64 {
        match self {
            Clock::Utc => SHARE_MAX,
            Clock::NewYork => NEW_YORK_SHARE_MAX,
        }
    }

    const fn weekday_gain(self) -> f64 {
        match self {
            Clock::Utc => WEEKDAY_GAIN,
            Clock::NewYork => NEW_YORK_GAIN,
        }
    }
}

/// 0 on a weekday, 1 at a weekend; the Unix epoch was a Thursday.
const fn set_of_day(day: u64) -> usize {
    matches!(day % 7, 2 | 3) as usize
}

const fn slot_of(minute: u64) -> usize {
    (minute % DAY_MINUTES / SLOT_MINUTES) as usize
}

/// Shares of the minutes of a quarter hour, Binance BTCUSDT spot 2022-02 to 2024-12.
#[rustfmt::skip]
const MINUTE: [f64; SLOT_MINUTES as usize] = [
    1.2444, 1.1972, 1.1086, 1.0548, 0.9277, 1.0966, 1.0586, 0.9594,
    0.9325, 0.8799, 1.0207, 0.9472, 0.9123, 0.8561, 0.8041,
];

/// Shares of the quarter hours of a weekday, from 00:00 UTC: Binance BTCUSDT spot, trailing estimate of 2025-11-27.
#[rustfmt::skip]
const WEEKDAY: [f64; SLOTS] = [
    0.8847, 1.1146, 1.1308, 1.0793, 1.0843, 1.1046, 0.9844, 0.8795, 0.9108, 0.8837, 0.798, 0.7529,
    0.7654, 0.7902, 0.7338, 0.6717, 0.7115, 0.7733, 0.7488, 0.6689, 0.6272, 0.6087, 0.6027, 0.6268,
    0.649, 0.6458, 0.642, 0.6915, 0.7264, 0.7238, 0.7177, 0.6927, 0.7405, 0.7771, 0.6869, 0.6317,
    0.6667, 0.6778, 0.6178, 0.558, 0.557, 0.5516, 0.5005, 0.4981, 0.5912, 0.63, 0.5615, 0.5674,
    0.7073, 0.9355, 1.0644, 0.9392, 0.8324, 1.2553, 1.9885, 2.2128, 2.0638, 2.1643, 2.466, 2.4596,
    2.1935, 1.9551, 1.709, 1.5927, 1.6157, 1.5796, 1.4936, 1.4631, 1.4773, 1.4612, 1.3691, 1.281,
    1.2519, 1.2451, 1.2045, 1.1355, 1.1146, 1.1275, 1.1069, 1.0807, 1.0845, 1.0507, 0.9678, 0.9405,
    0.9939, 1.0078, 0.9277, 0.8738, 0.8472, 0.7444, 0.6538, 0.6594, 0.683, 0.6295, 0.5443, 0.606,
];

/// The same of a weekend day.
#[rustfmt::skip]
const WEEKEND: [f64; SLOTS] = [
    1.2215, 1.3097, 1.2906, 1.2598, 1.1834, 1.1326, 1.1777, 1.1919, 1.1448, 1.1273, 1.1721, 1.1613,
    1.0548, 0.9857, 0.9146, 0.842, 0.8674, 0.8501, 0.7912, 0.7914, 0.7608, 0.6928, 0.6442, 0.6522,
    0.6627, 0.6199, 0.5805, 0.5795, 0.6902, 0.8041, 0.7814, 0.7618, 0.8393, 0.8762, 0.7871, 0.7482,
    0.802, 0.9064, 1.0606, 1.0837, 0.924, 0.7967, 0.7746, 0.75, 0.71, 0.7069, 0.7824, 0.8585,
    0.8228, 0.7562, 0.7166, 0.7397, 0.8499, 0.9622, 1.0577, 1.1566, 1.2885, 1.3638, 1.3057, 1.2966,
    1.3227, 1.2651, 1.2256, 1.3711, 1.5245, 1.3758, 1.2641, 1.2875, 1.1958, 1.0706, 0.9664, 0.957,
    0.9582, 0.8328, 0.7896, 0.915, 0.9805, 0.9295, 0.8154, 0.7814, 0.8765, 0.8839, 0.8528, 0.9541,
    1.0497, 1.0392, 1.0295, 1.2714, 1.5445, 1.4207, 1.2689, 1.4067, 1.5706, 1.4029, 1.1057, 1.0715,
];

/// Shares of the quarter hours of a weekday, from 00:00 in New York: Binance BTCUSDT spot, trailing estimate of 2025-08-31.
#[rustfmt::skip]
const NEW_YORK_WEEKDAY: [f64; SLOTS] = [
    0.5515, 0.5393, 0.4891, 0.4882, 0.5285, 0.5510, 0.5415, 0.5491, 0.5758, 0.5706, 0.5325, 0.5773,
    0.6806, 0.7039, 0.6678, 0.6660, 0.7220, 0.7331, 0.6583, 0.5945, 0.6084, 0.6211, 0.5716, 0.5519,
    0.5998, 0.6050, 0.5349, 0.5028, 0.5305, 0.5496, 0.5422, 0.5851, 0.7109, 1.1126, 1.4707, 1.2253,
    0.9615, 1.7202, 3.0014, 3.3129, 3.0093, 2.7817, 2.4719, 2.2141, 2.0204, 1.8126, 1.6007, 1.4646,
    1.4755, 1.4997, 1.4179, 1.3442, 1.3441, 1.3526, 1.2948, 1.2491, 1.2882, 1.2719, 1.1736, 1.1139,
    1.1232, 1.1359, 1.1708, 1.2418, 1.2300, 1.1292, 0.9998, 0.8839, 0.9010, 1.0305, 1.0482, 0.9911,
    0.9378, 0.7779, 0.6220, 0.5881, 0.6331, 0.6415, 0.5673, 0.5828, 0.7678, 0.9631, 1.0257, 0.9878,
    0.9943, 1.0088, 0.9068, 0.8003, 0.7496, 0.6869, 0.6228, 0.6018, 0.6054, 0.5784, 0.5184, 0.5063,
];

/// The same of a weekend day.
#[rustfmt::skip]
const NEW_YORK_WEEKEND: [f64; SLOTS] = [
    0.6998, 0.6845, 0.6356, 0.5967, 0.6165, 0.5933, 0.5592, 0.5401, 0.5315, 0.5482, 0.5565, 0.5776,
    0.6059, 0.5869, 0.5483, 0.5364, 0.5834, 0.6396, 0.6406, 0.6422, 0.6563, 0.6434, 0.6376, 0.6517,
    0.6486, 0.6582, 0.7069, 0.7064, 0.6546, 0.6709, 0.7100, 0.7144, 0.7442, 0.8005, 0.8307, 0.8582,
    0.9397, 1.0414, 1.1478, 1.2226, 1.2767, 1.3260, 1.2534, 1.1142, 1.1010, 1.1570, 1.1209, 1.1270,
    1.2235, 1.1846, 1.0748, 1.0234, 0.9528, 0.8812, 0.8860, 0.9395, 0.9753, 0.9396, 0.8688, 0.8582,
    0.8259, 0.8507, 0.9544, 0.9690, 0.9684, 0.9717, 0.9666, 1.0109, 1.1526, 1.3568, 1.4336, 1.6143,
    1.8968, 1.7139, 1.2832, 1.1244, 1.2449, 1.3255, 1.2251, 1.1943, 1.4341, 1.7742, 1.8621, 1.7805,
    1.7977, 1.7628, 1.5319, 1.4355, 1.4926, 1.3691, 1.1965, 1.1575, 1.2010, 1.2506, 1.1456, 0.8740,
];
