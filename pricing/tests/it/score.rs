//! The scorecard beside floats.

use proptest::prelude::*;
use trader_pricing::scorecard::Scorecard;

proptest! {
    #[test]
    fn it_is_the_brier_score_of_the_last_window(
        settled in proptest::collection::vec((0..=1_000_000u32, 0..=1_000_000u32, any::<bool>()), 0..300),
        window in 1..100usize,
    ) {
        let mut card = Scorecard::new(window, 50);
        for (ours, mid, yes) in &settled {
            card.settle(*ours, *mid, *yes);
        }
        let last = &settled[settled.len().saturating_sub(window)..];
        let error = |p: u32, yes: bool| (f64::from(p) / 1e6 - f64::from(u8::from(yes))).powi(2);
        let slow: f64 = last.iter().map(|(ours, mid, yes)| error(*ours, *yes) - error(*mid, *yes)).sum();
        let (mean, count) = card.difference();
        prop_assert_eq!(count, last.len());
        prop_assert!((mean * count as f64 - slow).abs() < 1e-6);
        if slow.abs() > 1e-6 {
            prop_assert_eq!(card.is_behind_market(), last.len() >= 50 && slow > 0.0);
        }
    }
}

#[test]
fn fewer_than_fifty_give_no_verdict() {
    let mut card = Scorecard::new(200, 50);
    for _ in 0..49 {
        card.settle(900_000, 100_000, false);
        assert!(!card.is_behind_market());
    }
    card.settle(900_000, 100_000, false);
    assert!(card.is_behind_market());
    // As good as the mid is not behind.
    let mut even = Scorecard::new(200, 1);
    even.settle(400_000, 400_000, true);
    assert!(!even.is_behind_market());
}
