//! The judge: nobody looks ahead, and gaps are not judged.

use super::common::{DAY, START, walk};
use kalshi_trader::research::contestants::ROSTER;
use kalshi_trader::research::exam::{Exam, Trailing};
use kalshi_trader::research::judge;
use kalshi_trader::research::score::score;
use kalshi_trader::research::windows::from_minutes;
use trader_journal::units::Nanos;

const MINUTE: u64 = 60 * Nanos::SECOND;

#[test]
fn a_future_cut_off_changes_no_forecast() {
    let days = 45;
    let (whole, cut) = (walk(days * DAY, 1, |_| false), walk((days - 2) * DAY, 1, |_| false));
    let whole = Exam::new(&whole, &[], Nanos(0), Nanos::NEVER);
    let cut = Exam::new(&cut, &[], Nanos(0), Nanos::NEVER);
    assert_eq!(cut.sittings[..], whole.sittings[..cut.sittings.len()]);
    for contestant in ROSTER {
        let answers = [&whole, &cut].map(|exam| judge(exam, &mut *(contestant.make)(), &mut |_| {}));
        assert!(answers[1].variances.iter().any(Option::is_some), "{} answers", contestant.name);
        let same = answers[0].variances[..cut.sittings.len()] == answers[1].variances[..];
        assert!(same, "{} looks ahead", contestant.name);
    }
}

#[test]
fn windows_with_a_hole_are_not_judged_and_neither_is_the_one_after_a_hole_at_the_end() {
    let first = 20 * DAY / 15;
    // Minute 7 of one window; the last minute of another, which is the close before the next.
    let hole = |minute: u64| minute == first * 15 + 7 || minute == (first + 10) * 15 + 14;
    let series = walk(45 * DAY, 2, hole);
    let exam = Exam::new(&series, &[], Nanos(0), Nanos::NEVER);
    let start = |window: u64| Nanos((START + window * 15) * MINUTE);
    let judged = |window: u64| exam.sittings.iter().any(|sitting| sitting.start() == start(window));
    for (window, expected) in [
        (first - 1, true),
        (first, false),
        (first + 1, true),
        (first + 10, false),
        (first + 11, false),
        (first + 12, true),
    ] {
        assert_eq!(judged(window), expected, "window {window}");
    }
    for contestant in ROSTER {
        let answers = judge(&exam, &mut *(contestant.make)(), &mut |_| {});
        assert_eq!(answers.variances.len(), exam.sittings.len());
        assert!(score(&exam, &answers).qlike.mean.is_finite(), "{}", contestant.name);
    }
}

#[test]
fn a_window_is_the_sum_of_its_minutes() {
    let series = walk(60, 3, |_| false);
    let windows = from_minutes(series.candles());
    assert_eq!(windows.len(), 4);
    let minutes = &series.candles()[15..30];
    let window = &windows[1];
    assert_eq!(window.bar.open, minutes[0].open);
    assert_eq!(window.bar.close, minutes[14].close);
    assert_eq!(window.bar.high, minutes.iter().map(|minute| minute.high).max().unwrap());
    assert_eq!(window.bar.low, minutes.iter().map(|minute| minute.low).min().unwrap());
    assert_eq!(window.before, Some(series.candles()[14].close));
    let closes: Vec<f64> = series.candles()[14..30].iter().map(|minute| minute.close.0 as f64).collect();
    let rv: f64 = closes.windows(2).map(|pair| (pair[1] / pair[0]).ln().powi(2)).sum();
    assert!((window.rv.unwrap() / rv - 1.0).abs() < 1e-9);
    assert!((window.flow.volume - 22.5).abs() < 1e-9 && window.flow.trades == 450);
    assert_eq!(windows[0].rv, None, "the close before the first is not known");
}

#[test]
fn the_trailing_mean_forgets_after_a_month() {
    let mut trailing = Trailing::default();
    for _ in 0..671 {
        trailing.push(1.0);
    }
    assert_eq!(trailing.mean(), None);
    trailing.push(1.0);
    assert_eq!(trailing.mean(), Some(1.0));
    for _ in 0..2880 {
        trailing.push(3.0);
    }
    assert_eq!(trailing.mean(), Some(3.0));
}
