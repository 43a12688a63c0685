//! Intervals of means by drawing whole days again: windows of one day resemble each other, days do so less.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Times the days are drawn.
const DRAWS: usize = 1_000;
/// Seed of the draws: the same table every time.
const SEED: u64 = 20_250_831;

/// A day's sum and how many were summed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DaySum {
    /// UTC day since the epoch.
    pub day: u64,
    /// Sum over the day.
    pub sum: f64,
    /// Terms of the sum.
    pub count: f64,
}

/// Sums values by day; `values` in time order.
#[must_use]
pub fn by_day(values: impl IntoIterator<Item = (u64, f64)>) -> Vec<DaySum> {
    let mut days: Vec<DaySum> = Vec::new();
    for (day, value) in values {
        match days.last_mut().filter(|last| last.day == day) {
            Some(last) => {
                last.sum += value;
                last.count += 1.0;
            }
            None => days.push(DaySum { day, sum: value, count: 1.0 }),
        }
    }
    days
}

/// The middle 95 % of the mean over days drawn with replacement; `None` below two days.
#[must_use]
pub fn interval(days: &[DaySum]) -> Option<[f64; 2]> {
    if days.len() < 2 {
        return None;
    }
    let mut chance = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let mut means: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let (mut sum, mut count) = (0.0, 0.0);
            for _ in days {
                // The bias of a 64-bit remainder over some hundred days is not to be seen.
                let day = &days[(chance.next_u64() % days.len() as u64) as usize];
                sum += day.sum;
                count += day.count;
            }
            sum / count
        })
        .collect();
    means.sort_by(f64::total_cmp);
    Some([means[DRAWS * 25 / 1000], means[DRAWS * 975 / 1000 - 1]])
}
