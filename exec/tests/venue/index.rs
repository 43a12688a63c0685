//! The minute's average, and what stands in for prints that never came.

use crate::world::{CLOSE, OPEN, dollars, listing, settings};
use proptest::prelude::*;
use trader_exec::venue::{IndexAverage, StrikeRule, Venue};
use trader_journal::units::{Money, Nanos};

const SECOND: u64 = Nanos::SECOND;

fn average(prints: &[(u64, i64)], end: u64) -> Option<IndexAverage> {
    let mut venue = Venue::new(settings());
    prints.iter().for_each(|(second, value)| venue.index_print(Nanos(second * SECOND), Money(*value)));
    venue.index().average(Nanos(end * SECOND))
}

#[test]
fn the_window_is_open_at_its_start_and_closed_at_its_end() {
    let flat = |from: u64, to: u64| (from..=to).map(|second| (second, 1_000_000)).collect::<Vec<_>>();
    let mut prints = flat(900, 1000);
    prints[40].1 = 61_000_000; // 940 is outside (940, 1000]
    assert_eq!(average(&prints, 1000).unwrap().value, dollars("1.00"));
    prints[41].1 = 61_000_000; // 941 is inside
    assert_eq!(average(&prints, 1000).unwrap().value, dollars("2.00"));
    prints[100].1 = 61_000_000; // and so is 1000
    assert_eq!(average(&prints, 1000).unwrap().value, dollars("3.00"));
    prints.push((1001, 99_000_000));
    assert_eq!(average(&prints, 1000).unwrap().value, dollars("3.00"));
}

#[test]
fn a_missing_print_is_held_and_counted() {
    let prints = [(940, 5_000_000), (950, 7_000_000), (1000, 9_000_000)];
    // 941..=949 hold 5, 950..=999 are 7, 1000 is 9.
    let expected = IndexAverage { value: dollars("6.73"), missing: 58 };
    assert_eq!(average(&prints, 1000), Some(expected));
    assert_eq!(average(&prints[1..], 1000).unwrap().value, dollars("7.03"), "the first one stands for those before it");
    assert_eq!(average(&[(700, 5_000_000)], 800).unwrap(), IndexAverage { value: dollars("5"), missing: 60 });
    assert_eq!(average(&[], 1000), None);
    assert_eq!(average(&[(1001, 1)], 1000), None, "the future does not count");
}

#[test]
fn held_prints_are_counted_by_the_venue() {
    let mut venue = Venue::new(settings());
    venue
        .list(
            OPEN.minus(SECOND),
            &trader_exec::venue::Listing { strike_rule: StrikeRule::PreviousAverage, ..listing() },
        )
        .unwrap();
    venue.index_print(OPEN, dollars("5"));
    venue.advance(OPEN.plus(SECOND), &mut Vec::new());
    assert_eq!(venue.counts().prints_held, 59);
    (0..60).for_each(|second| venue.index_print(CLOSE.minus((59 - second) * SECOND), dollars("5")));
    venue.advance(CLOSE.plus(10 * SECOND), &mut Vec::new());
    assert_eq!(venue.counts().prints_held, 59);
}

proptest! {
    #[test]
    fn it_is_the_mean_of_sixty_rounded_to_the_cent(values in prop::collection::vec(1i64..200_000_000_000, 60)) {
        let prints: Vec<_> = (941..=1000).zip(values.iter().copied()).collect();
        let sum: i128 = values.iter().map(|value| i128::from(*value)).sum();
        // Sixty times the distance to the rounded mean is at most half a cent sixty times.
        let mean = average(&prints, 1000).unwrap();
        let distance = sum - i128::from(mean.value.0) * 60;
        prop_assert!((-300_000..300_000).contains(&distance), "{distance}");
        prop_assert_eq!((mean.value.0 % Money::CENT.0, mean.missing), (0, 0));
    }
}
