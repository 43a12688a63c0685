//! The fit finds what samples were made of, and the fitted models what the rule says.

use super::common::{DAY, START, walk};
use kalshi_trader::research::gamma::{Sample, fit};
use kalshi_trader::research::windows::bar;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use trader_journal::units::Nanos;
use trader_pricing::volatility::{
    Bar, Har, Memory, Naive, Parkinson, Profile, Ranges, Traded, VolModel, behind_utc_min,
};

/// Exponential draws of mean `exp(0.3 + 0.5 a − 0.2 b)`.
fn samples(count: usize) -> Vec<Sample<2>> {
    let mut chance = Xoshiro256PlusPlus::seed_from_u64(9);
    let mut unit = move || ((chance.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    (0..count)
        .map(|_| {
            let x = [unit() * 4.0 - 10.0, unit() * 4.0 - 12.0];
            Sample { x, y: (0.3 + 0.5 * x[0] - 0.2 * x[1]).exp() * -unit().ln() }
        })
        .collect()
}

#[test]
fn the_fit_finds_what_the_samples_were_made_of() {
    let fitted = fit(&samples(40_000)).expect("a fit");
    for (got, want) in fitted.slopes.iter().zip([0.5, -0.2]) {
        assert!((got - want).abs() < 0.02, "{fitted:?}");
    }
    assert!((fitted.intercept - 0.3).abs() < 0.2, "{fitted:?}");
}

#[test]
fn at_the_fit_no_coefficient_can_be_moved_for_the_better() {
    let samples = samples(3_000);
    let fitted = fit(&samples).expect("a fit");
    let centre = |at: usize| samples.iter().map(|sample| sample.x[at]).sum::<f64>() / samples.len() as f64;
    let centres = [centre(0), centre(1)];
    // mean(y/h + ln h) and the ridge, of intercept at the centre and slopes.
    let loss = |level: f64, slopes: [f64; 2]| {
        let one = |sample: &Sample<2>| {
            let f = level + (0..2).map(|at| slopes[at] * (sample.x[at] - centres[at])).sum::<f64>();
            sample.y * (-f).exp() + f
        };
        samples.iter().map(one).sum::<f64>() / samples.len() as f64
            + 0.5e-4 * (slopes[0] * slopes[0] + slopes[1] * slopes[1])
    };
    let level = fitted.intercept + (0..2).map(|at| fitted.slopes[at] * centres[at]).sum::<f64>();
    let best = loss(level, fitted.slopes);
    let [a, b] = fitted.slopes;
    for step in [1e-3, -1e-3] {
        assert!(loss(level + step, [a, b]) > best);
        assert!(loss(level, [a + step, b]) > best);
        assert!(loss(level, [a, b + step]) > best);
    }
}

#[test]
fn samples_that_say_nothing_are_no_fit() {
    assert_eq!(fit::<2>(&[]), None);
    let alike = [Sample { x: [1.0, 2.0], y: 0.5 }; 3];
    assert_eq!(fit(&alike), None);
    let broken = [Sample { x: [f64::NAN, 2.0], y: 0.5 }; 30];
    assert_eq!(fit(&broken), None);
}

fn hear(model: &mut dyn VolModel, bars: &[Bar]) {
    for minute in bars {
        model.hear_minute(minute);
    }
}

#[test]
fn har_is_the_logarithm_of_means_of_deseasonalised_squares() {
    let series = walk(10 * DAY + 5, 4, |minute| minute % 1000 == 77);
    let bars: Vec<Bar> = series.candles().iter().map(bar).collect();
    let mut har = Har::new(Profile::fixed());
    bars.iter().for_each(|minute| har.hear_minute(minute));
    let profile = Profile::fixed();
    let mut sums = vec![0.0; (10 * DAY / 15) as usize];
    for pair in bars.windows(2) {
        let minute = pair[1].open_time.seconds() / 60;
        let r = (pair[1].close.0 as f64 / pair[0].close.0 as f64).ln();
        if let Some(sum) = sums.get_mut(((minute - START) / 15) as usize) {
            *sum += r * r / profile.multiplier(minute) / 15.0;
        }
    }
    let features = har.features().expect("ten days are enough");
    for (got, span) in features.iter().zip([1, 4, 16, 96, 672]) {
        let want = (sums[sums.len() - span..].iter().sum::<f64>() / span as f64).ln();
        assert!((got - want).abs() < 1e-9, "{span}: {got} {want}");
    }
}

#[test]
fn parkinson_lives_on_quarter_hours_alone() {
    let series = walk(3 * DAY, 5, |_| false);
    let windows = kalshi_trader::research::windows::from_minutes(series.candles());
    let mut model = Parkinson::new(Profile::fixed());
    for (heard, window) in windows.iter().enumerate() {
        assert_eq!(model.features().is_some(), heard >= 192, "{heard}");
        model.hear_quarter(&window.bar);
    }
    let before = model.features();
    model.hear_quarter(&windows[3].bar);
    let no_price = Bar { open_time: windows[287].end(), low: trader_journal::units::Money(0), ..windows[3].bar };
    model.hear_quarter(&no_price);
    assert_eq!(model.features(), before, "what is old or no price is not heard");
}

#[test]
fn naive_is_the_mean_of_whole_quarter_hours() {
    let series = walk(9 * DAY, 6, |minute| minute == 3000);
    let bars: Vec<Bar> = series.candles().iter().map(bar).collect();
    let mut naive = Naive::default();
    hear(&mut naive, &bars);
    let windows = kalshi_trader::research::windows::from_minutes(series.candles());
    let known: Vec<f64> = windows.iter().filter_map(|window| window.rv).collect();
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    let (from, to) = (series.end(), series.end().plus(300 * Nanos::SECOND));
    let got = naive.variance(from, to).expect("a week is enough");
    assert!((got / (mean / 3.0) - 1.0).abs() < 1e-9);
}

#[test]
fn no_model_breaks_on_minutes_that_are_none() {
    let minute = |at: u64, price: i64| {
        let price = trader_journal::units::Money(price);
        Bar { open_time: Nanos((START + at) * 60 * Nanos::SECOND), open: price, high: price, low: price, close: price }
    };
    let odd = [
        minute(5, 100),
        minute(5, 200),
        minute(3, 100),
        minute(6, 0),
        minute(7, -4),
        minute(900_000, 7),
        minute(900_001, 8),
    ];
    let (mut har, mut naive) = (Har::new(Profile::flat()), Naive::default());
    for bar in &odd {
        har.hear_minute(bar);
        naive.hear_minute(bar);
    }
    assert_eq!((har.features(), naive.mean()), (None, None));
}

#[test]
fn new_york_s_clock_is_the_time_zone_table_s() {
    let zone = jiff::tz::TimeZone::get("America/New_York").expect("the table is bundled");
    // Every half hour from 2007 on for thirty years, and the minutes on either side.
    for minute in (19_500_000_u64..35_200_000).step_by(30).flat_map(|minute| [minute - 1, minute]) {
        let at = jiff::Timestamp::from_second(i64::try_from(minute * 60).unwrap()).unwrap();
        let behind = -zone.to_offset(at).seconds() / 60;
        assert_eq!(i64::try_from(behind_utc_min(minute)).unwrap(), i64::from(behind), "{at}");
    }
}

#[test]
fn ranges_are_averages_of_squared_ranges() {
    let series = walk(5 * DAY, 7, |minute| (3000..3004).contains(&minute));
    let mut model = Ranges::new(Profile::fixed());
    let profile = Profile::fixed();
    let mut x: Vec<f64> = Vec::new();
    let mut last: Option<(u64, i64)> = None;
    for candle in series.candles() {
        model.hear_minute(&bar(candle));
        let minute = candle.open_time.seconds() / 60;
        if let Some((before, close)) = last {
            x.extend((before + 1..minute).map(|_| 0.0));
            let range = (candle.high.0 as f64 / candle.low.0 as f64).ln();
            let gap = (candle.open.0 as f64 / close as f64).ln();
            x.push((range * range / (4.0 * 2f64.ln()) + gap * gap) / profile.multiplier(minute));
        }
        last = Some((minute, candle.close.0));
    }
    let features = model.features().expect("five days are enough");
    for (got, half_life) in features.iter().zip([3.0, 10.0, 60.0, 720.0]) {
        let gain = 1.0 - 2f64.powf(-1.0 / half_life);
        let mut average = 0.0;
        for (count, x) in (1..).zip(&x) {
            average += f64::max(gain, 1.0 / f64::from(count)) * (x - average);
        }
        assert!((got - average.ln()).abs() < 1e-9, "{half_life}: {got} {}", average.ln());
    }
}

#[test]
fn what_is_traded_moves_the_forecast_only_where_it_is_looked_at() {
    let series = walk(5 * DAY, 8, |_| false);
    let features = |dollars: f64| {
        let mut model = Traded::new(Profile::new_york());
        for candle in series.candles() {
            model.hear_traded(dollars * (candle.open_time.seconds() % 7 + 1) as f64);
            model.hear_minute(&bar(candle));
        }
        model.features().expect("five days are enough")
    };
    let (little, much) = (features(1e4), features(1e6));
    assert_eq!(little[..4], much[..4]);
    assert!(little[4..].iter().zip(&much[4..]).all(|(little, much)| ((much - little) - 100f64.ln()).abs() < 1e-3));
}
