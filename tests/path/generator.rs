//! Generated candles look like the market they stand for, and like themselves on every platform.

use crate::statistics::{Study, correlation, study};
use kalshi_trader::candles::CandleSeries;
use kalshi_trader::exchange::path::{
    GeneratorSettings, MarketPath, PathSettings, Source, generate_candles, minute_multiplier,
};
use std::num::{NonZeroU16, NonZeroU32};
use trader_journal::units::{Money, Nanos};

/// A Friday's midnight.
const START: Nanos = Nanos(20_000 * 86_400 * Nanos::SECOND);
const DAY_MINUTES: u32 = 24 * 60;

fn candles(seed: u64, minutes: u32) -> CandleSeries {
    let open = Money::from_dollars(100_000).expect("fits");
    generate_candles(&settings(seed, minutes, open))
}

fn settings(seed: u64, minutes: u32, open: Money) -> GeneratorSettings {
    GeneratorSettings { seed, start: START, minutes: NonZeroU32::new(minutes).expect("not 0"), open }
}

/// FNV-1a: enough to notice one changed bit.
fn digest(words: impl Iterator<Item = i64>) -> u64 {
    words
        .flat_map(i64::to_le_bytes)
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn generated_candles_are_possible_ones() {
    for seed in 0..20 {
        let series = candles(seed, DAY_MINUTES);
        assert_eq!(series.candles().len(), 1440);
        assert!(series.notes().gaps.is_empty());
        for pair in series.candles().windows(2) {
            assert_eq!(pair[0].close, pair[1].open);
        }
        for candle in series.candles() {
            let range = candle.low..=candle.high;
            assert!(range.contains(&candle.open) && range.contains(&candle.close) && candle.low > Money::ZERO);
            assert!([candle.open, candle.high, candle.low, candle.close].iter().all(|p| p.0 % Money::CENT.0 == 0));
            assert!((0..=candle.volume).contains(&candle.taker_base) && candle.volume > 0 && candle.trades > 0);
            assert!((0..=candle.quote_volume).contains(&candle.taker_quote));
        }
    }
}

#[test]
fn any_start_price_and_any_time_is_taken() {
    for open in [Money(i64::MIN), Money::ZERO, Money(1), Money::CENT, Money(123_456_789), Money(i64::MAX)] {
        let series = generate_candles(&settings(1, 300, open));
        assert!(series.candles().iter().all(|candle| candle.low >= Money::CENT), "{open:?}");
    }
    let late = GeneratorSettings { start: Nanos(17 + START.0), ..settings(1, 2, Money::DOLLAR) };
    assert_eq!(generate_candles(&late).start(), START);
}

#[test]
fn fewer_minutes_are_the_beginning_of_more() {
    let (long, short) = (candles(7, 5_000), candles(7, 1_234));
    assert_eq!(&long.candles()[..1_234], short.candles());
    assert_ne!(candles(8, 1_234).candles(), short.candles());
}

/// The bits of one day, held: a change of platform, library or formula shows here.
#[test]
fn the_same_seed_gives_the_same_bytes_everywhere() {
    let series = candles(42, DAY_MINUTES);
    let of_candles = digest(series.candles().iter().flat_map(|candle| {
        let prices = [candle.open, candle.high, candle.low, candle.close].map(|price| price.0);
        prices.into_iter().chain([candle.volume, candle.quote_volume, candle.taker_base, i64::from(candle.trades)])
    }));
    let ticks_per_second = NonZeroU16::new(2).expect("not 0");
    let mut path = MarketPath::new(series, PathSettings { seed: 42, ticks_per_second });
    let mut words = Vec::new();
    while let Some(second) = path.next_second() {
        words.extend(second.ticks.iter().chain(&second.index).map(|price| price.0));
    }
    assert_eq!(words.len(), 86_400 * 3);
    assert_eq!((of_candles, digest(words.into_iter())), (CANDLES_DIGEST, PATH_DIGEST));
}

const CANDLES_DIGEST: u64 = 5_604_502_831_705_263_841;
const PATH_DIGEST: u64 = 14_040_313_212_086_952_861;

#[test]
fn a_session_says_where_its_prices_come_from() {
    let made = settings(7, DAY_MINUTES, Money::DOLLAR);
    assert_eq!(
        Source::generated(&made).to_string(),
        "prices: GENERATED from seed 7, 2024-10-04 00:00 to 2024-10-05 00:00 UTC; no market data \
         (give --candles FILE to use recorded candles)"
    );
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let row = |minute: u64| format!("{},1,1,1,1,1,0,1,1,1,1\n", START.millis() + minute * 60_000);
    std::fs::write(file.path(), [row(9), row(0), row(0)].concat()).expect("a fixture is written");
    let series = kalshi_trader::candles::read_candles(&[file.path().to_owned()]).expect("good rows");
    let said = Source::files(&series).to_string();
    assert!(said.contains("2024-10-04 00:00 to 2024-10-04 00:10 UTC, 2 minutes"), "{said}");
    assert!(said.contains("GAP of 8 minutes, 2024-10-04 00:01 to 2024-10-04 00:09"), "{said}");
    assert!(said.contains("1 repeated rows dropped; 2 rows out of order sorted"), "{said}");
    assert!(!said.contains("GENERATED"));
}

/// Half years of this many seeds; their statistics are averaged.
const SEEDS: u64 = 6;
const STUDY_DAYS: u32 = 182;

fn studies() -> Vec<Study> {
    let multiplier = |minute: u64| minute_multiplier(Nanos(minute * 60 * Nanos::SECOND));
    (1..=SEEDS).map(|seed| study(candles(seed, STUDY_DAYS * DAY_MINUTES).candles(), &multiplier)).collect()
}

/// Each statistic beside what real candles have: the volatility study of 2022 to 2025 where it has the
/// number ("study"), else Binance BTCUSDT spot 2024-06 to 2025-08 through the same code ("spot").
/// The bands are as wide as real half years differ from each other.
#[test]
fn the_generated_market_has_the_statistics_of_the_real_one() {
    let studies = studies();
    let check = |name: &str, real: f64, band: std::ops::RangeInclusive<f64>, of: &dyn Fn(&Study) -> f64| {
        let found = studies.iter().map(of).sum::<f64>() / studies.len() as f64;
        assert!(band.contains(&found), "{name}: generated {found:.4}, real {real}, accepted {band:?}");
    };
    // Study: forecast standard deviation of a quarter hour, quantiles in bp.
    for (share, real) in [(0.01, 5.6), (0.1, 9.9), (0.5, 18.0), (0.9, 35.5), (0.99, 65.0)] {
        check("sigma15 bp", real, real * 0.8..=real * 1.25, &|study| study.sigma_quantile_bp(share));
    }
    // Study: how much of volatility can be foreseen, and how much cannot.
    check("QLIKE of the default model", 0.294, 0.26..=0.34, &Study::qlike_model);
    check("QLIKE of a constant", 0.804, 0.65..=0.95, &Study::qlike_constant);
    check("correlation of |r| and forecast", 0.494, 0.40..=0.55, &Study::skill);
    check("realised over forecast variance", 1.04, 0.9..=1.1, &Study::bias);
    check("deviation of ln(realised / forecast)", 0.714, 0.65..=0.80, &Study::surprise);
    // Study 14 to 18; spot 8.5, and 9.7 to 10.2 in parts of it.
    check("kurtosis of standardised returns", 8.5, 5.5..=18.0, &Study::kurtosis_standardised);
    // Spot: the rest.
    check("kurtosis of quarter hours", 20.6, 11.0..=40.0, &Study::kurtosis_raw);
    check("kurtosis of minutes", 56.5, 25.0..=90.0, &|study| study.kurtosis_minute);
    check("squared range over squared return", 2.075, 1.75..=2.45, &|study| study.range_ratio);
    check("share beyond 1 sigma", 0.2603, 0.245..=0.285, &|study| study.beyond(1.0));
    check("share beyond 2 sigma", 0.0451, 0.039..=0.052, &|study| study.beyond(2.0));
    check("share beyond 3 sigma", 0.0117, 0.008..=0.014, &|study| study.beyond(3.0));
    check("share beyond 4 sigma", 0.0041, 0.0022..=0.0055, &|study| study.beyond(4.0));
    for (lag, real) in [(1, 0.325), (4, 0.249), (16, 0.155), (48, 0.105), (96, 0.139)] {
        check("correlation of |r| with later |r|", real, real - 0.09..=real + 0.09, &|study| study.memory(lag));
    }
    for (lag, real) in [(1, 0.777), (4, 0.673), (16, 0.495), (96, 0.410)] {
        check("correlation of ln RV with later ln RV", real, real - 0.15..=real + 0.1, &|study| study.memory_log(lag));
    }
}

#[test]
fn the_generated_day_has_the_measured_profile() {
    let profile: Vec<f64> = (0..96)
        .map(|slot| {
            let minutes = (0..15).map(|minute| Nanos(START.0 + (slot * 15 + minute) * 60 * Nanos::SECOND));
            minutes.map(minute_multiplier).sum::<f64>() / 15.0
        })
        .collect();
    let studies = studies();
    let found: Vec<f64> =
        (0..96).map(|slot| studies.iter().map(|study| study.weekday_profile[slot]).sum::<f64>() / 6.0).collect();
    let likeness = correlation(&profile, &found);
    assert!(likeness > 0.97, "correlation with the measured profile {likeness:.3}");
}
