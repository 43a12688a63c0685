//! Market time, second by second: the ticks of each second and the index at its start.

use super::basis::Basis;
use super::bridge::{open_minute, whole_cent};
use super::chance::{Chance, Purpose};
use crate::candles::{Candle, CandleSeries, MINUTE_NANOS};
use std::num::NonZeroU16;
use trader_journal::units::{Money, Nanos};

const MINUTE_SECONDS: u64 = 60;

/// How candles are opened into ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathSettings {
    /// Decides where the ticks go inside each minute, and the index's distance from spot.
    pub seed: u64,
    /// Ticks in each second, evenly spread.
    pub ticks_per_second: NonZeroU16,
}

/// One second of market time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Second<'a> {
    /// Its start, and the index's stamp.
    pub at: Nanos,
    /// Spot prices, dollars per coin, evenly spread from `at`; empty in a missing minute.
    pub ticks: &'a [Money],
    /// The index at `at` in whole cents, dollars per coin; `None` before the first candle.
    ///
    /// In a missing minute it repeats its last value: a settlement always has its sixty prints, and
    /// that spot is silent is for the reader of spot to notice.
    pub index: Option<Money>,
}

impl Second<'_> {
    /// Each tick with its time.
    pub fn timed_ticks(&self) -> impl Iterator<Item = (Nanos, Money)> + '_ {
        let apart = Nanos::SECOND / self.ticks.len().max(1) as u64;
        let times = (0..).map(move |place: u64| self.at.plus(place * apart));
        times.zip(self.ticks.iter().copied())
    }
}

/// A market's candles, opened into ticks and a 1 Hz index as they are asked for.
///
/// Only one minute is open at a time. What a second holds depends on the candles and the seed,
/// never on which seconds were asked for before it.
pub struct MarketPath {
    series: CandleSeries,
    settings: PathSettings,
    basis: Basis,
    /// The next second to give.
    next: Nanos,
    /// Which candle `ticks` holds.
    opened: Option<usize>,
    ticks: Vec<Money>,
}

impl MarketPath {
    /// A path over `series`, standing at its first second.
    #[must_use]
    pub fn new(series: CandleSeries, settings: PathSettings) -> MarketPath {
        let ticks = vec![Money::ZERO; MINUTE_SECONDS as usize * usize::from(settings.ticks_per_second.get())];
        let next = series.start();
        MarketPath { series, settings, basis: Basis::new(settings.seed), next, opened: None, ticks }
    }

    /// The candles underneath.
    #[must_use]
    pub const fn series(&self) -> &CandleSeries {
        &self.series
    }

    /// Moves to the second that contains `at`, forwards or back.
    pub const fn seek(&mut self, at: Nanos) {
        self.next = at.minus(at.0 % Nanos::SECOND);
    }

    /// The next second, or `None` after the last candle.
    pub fn next_second(&mut self) -> Option<Second<'_>> {
        let at = self.next;
        if at >= self.series.end() {
            return None;
        }
        self.next = at.plus(Nanos::SECOND);
        let Some(candle) = self.open_candle(at) else { return Some(Second { at, ticks: &[], index: None }) };
        let spot_ends = candle.end_time().minus(Nanos::SECOND);
        let index_at = at.min(spot_ends);
        let index = self.index(&candle, index_at);
        let ticks = if at > spot_ends { &[] } else { self.ticks_of(&candle, at) };
        Some(Second { at, ticks, index: Some(index) })
    }

    /// Opens the candle of the minute around `at`, or the last one before it.
    fn open_candle(&mut self, at: Nanos) -> Option<Candle> {
        let place = match self.opened {
            Some(place) if self.holds(place, at) => place,
            _ => self.series.candles().partition_point(|candle| candle.open_time <= at).checked_sub(1)?,
        };
        let candle = self.series.candles()[place];
        if self.opened != Some(place) {
            let minute = candle.open_time.0 / MINUTE_NANOS;
            let mut chance = Chance::new(self.settings.seed, Purpose::Bridge, minute);
            open_minute(&candle, &mut chance, &mut self.ticks);
            self.opened = Some(place);
        }
        Some(candle)
    }

    fn holds(&self, place: usize, at: Nanos) -> bool {
        let candle = &self.series.candles()[place];
        candle.open_time <= at && at < candle.end_time()
    }

    fn ticks_of(&self, candle: &Candle, at: Nanos) -> &[Money] {
        let per_second = usize::from(self.settings.ticks_per_second.get());
        let from = (at.since(candle.open_time) / Nanos::SECOND) as usize * per_second;
        &self.ticks[from..from + per_second]
    }

    /// Spot at `at` less the basis, in whole cents.
    fn index(&mut self, candle: &Candle, at: Nanos) -> Money {
        let basis = self.basis.at(at.seconds());
        let spot = self.ticks_of(candle, at).first().copied().unwrap_or(candle.close);
        whole_cent(spot.0 - (spot.0 as f64 * basis) as i64)
    }
}
