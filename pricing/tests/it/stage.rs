//! The stage as a whole: one evaluation an event, bounded, the same every time.

use crate::script::{CLOSE, OPEN, SPOT, Script, UP, usd};
use proptest::prelude::*;
use std::collections::BTreeMap;
use trader_journal::book::Side;
use trader_journal::event::{
    Event, EventId, Feed, FeedState, Gate, LifecycleKind, MarketId, Outcome, SeriesMode, StrikeKind, pad,
};
use trader_journal::stage::{Outbox, Stage};
use trader_journal::units::{Money, Nanos};
use trader_pricing::{Pricing, Settings};

#[test]
fn deadlines_are_the_moments_a_window_opens_and_passes() {
    let mut script = Script::ready();
    assert_eq!(script.pricing.next_deadline(), OPEN.plus(5 * Nanos::SECOND));
    script.invalid(UP);
    script.at(5.0);
    script.timer();
    let missed = CLOSE.minus(870 * Nanos::SECOND).plus(1);
    assert_eq!(script.pricing.next_deadline(), missed);
    script.now = missed;
    script.timer();
    assert_eq!(script.evaluation().gate, Gate::WindowMissed);
    assert_eq!(script.pricing.next_deadline(), Nanos::NEVER);
}

#[test]
fn an_evaluation_is_said_once_whatever_comes_after() {
    let mut script = Script::ready();
    script.live(5, 60);
    script.quote(UP, 1_000, 1_200);
    script.list(UP, EventId(1), StrikeKind::GreaterOrEqual, usd(SPOT), Money::ZERO);
    script.terms(
        UP,
        EventId(1),
        StrikeKind::GreaterOrEqual,
        (usd(SPOT), Money::ZERO),
        (OPEN, CLOSE.plus(60 * Nanos::SECOND)),
    );
    script.live(61, 300);
    assert_eq!(script.evaluation().event, EventId(1));
}

#[test]
fn events_that_are_ready_together_are_said_one_a_step() {
    let mut script = Script::ready();
    for extra in 2..=5 {
        script.list(MarketId(extra), EventId(extra), StrikeKind::GreaterOrEqual, usd(SPOT), Money::ZERO);
        script.quote(MarketId(extra), 4_900, 5_100);
    }
    script.at(5.0);
    let mut steps = 0;
    while script.pricing.next_deadline() <= script.now {
        script.timer();
        steps += 1;
    }
    assert_eq!((steps, script.evaluations().len()), (5, 5));
    let evals: Vec<_> = script.evaluations().iter().map(|told| told.eval.0).collect();
    assert_eq!(evals, [1, 2, 3, 4, 5]);
}

#[test]
fn a_market_that_is_over_when_first_heard_is_nobodys_window() {
    let mut script = Script::ready();
    let (open, close) = (OPEN.minus(1800 * Nanos::SECOND), OPEN.minus(900 * Nanos::SECOND));
    script.name(MarketId(2), EventId(2), crate::script::DIGITAL);
    script.terms(MarketId(2), EventId(2), StrikeKind::GreaterOrEqual, (usd(SPOT), Money::ZERO), (open, close));
    script.live(5, 5);
    assert_eq!(script.evaluation().event, EventId(1));
}

#[test]
fn a_series_that_is_not_traded_is_passed_over() {
    let mut script = Script::ready();
    script.series(crate::script::DIGITAL, SeriesMode::Ignored, 70_000);
    script.live(5, 60);
    assert_eq!(script.evaluations(), []);
    assert_eq!(script.pricing.next_deadline(), Nanos::NEVER);
}

#[test]
fn a_clock_that_jumps_over_the_window_says_which_gate_is_shut_then() {
    let mut script = Script::ready();
    script.at(200.0);
    script.timer();
    let told = script.evaluation();
    assert_eq!((told.gate, told.waiting_for), (Gate::WindowMissed, Gate::BookStale));
}

#[test]
fn what_was_seen_of_the_closing_average_counts() {
    let settings =
        Settings { evaluate_from_ns: 30 * Nanos::SECOND, evaluate_to_ns: 10 * Nanos::SECOND, ..Settings::default() };
    let q_after = |average: i64, prints: u8| {
        let mut script = Script::ready_with(settings);
        for minute in 0..14 {
            script.candle(OPEN.plus(minute * 60 * Nanos::SECOND), usd(SPOT + (minute % 2 * 50) as i64));
        }
        script.at(871.0);
        script.spot(usd(SPOT));
        script.quote(UP, 4_900, 5_100);
        script.closing_index(usd(SPOT), (usd(average), prints));
        script.leg(UP).q
    };
    // Half of the minute came in $80 above the strike, or below it; what is left hardly matters.
    assert!(q_after(SPOT + 80, 31) > 0.99);
    assert!(q_after(SPOT - 80, 31) < 0.01);
    assert!((q_after(SPOT, 31) - 0.5).abs() < 0.01);
}

#[test]
fn a_market_first_heard_after_its_window_was_missed() {
    let mut script = Script::ready();
    let (open, close) = (OPEN.minus(600 * Nanos::SECOND), OPEN.plus(300 * Nanos::SECOND));
    script.name(MarketId(2), EventId(2), crate::script::DIGITAL);
    script.terms(MarketId(2), EventId(2), StrikeKind::GreaterOrEqual, (usd(SPOT), Money::ZERO), (open, close));
    assert_eq!((script.evaluation().event, script.evaluation().gate), (EventId(2), Gate::WindowMissed));
}

#[test]
fn a_close_that_moves_moves_the_window() {
    let mut script = Script::ready();
    let close = CLOSE.plus(600 * Nanos::SECOND);
    script.tell(Event::Lifecycle {
        kind: LifecycleKind::CloseMoved,
        outcome: Outcome::Open,
        market: UP,
        ts: script.now,
        venue_ts: script.now,
        close,
        value: Money::ZERO,
        settlement: Money::ZERO,
        pad: pad(),
    });
    assert_eq!(script.pricing.next_deadline(), close.minus(930 * Nanos::SECOND));
    script.live(5, 60);
    assert_eq!(script.evaluations(), []);
}

#[test]
fn what_matters_changes_the_state_hash() {
    let base = || Script::ready();
    let hash = |script: &Script| script.pricing.state_hash();
    let reference = hash(&base());
    assert_eq!(reference, hash(&base()));
    let changes: [fn(&mut Script); 6] = [
        |script| script.level(UP, Side::Bid, 4_900, 101),
        |script| script.candle(OPEN, usd(SPOT)),
        |script| script.spot(usd(SPOT + 1)),
        |script| script.index(usd(SPOT + 1)),
        |script| script.invalid(UP),
        |script| script.life(UP, LifecycleKind::Deactivated, Outcome::Open),
    ];
    for (at, change) in changes.iter().enumerate() {
        let mut script = base();
        script.now = script.now.plus(1_000);
        script.timer();
        let before = hash(&script);
        change(&mut script);
        assert_ne!(before, hash(&script), "change {at}");
    }
}

#[test]
fn the_error_of_the_estimate_is_measured() {
    // The source follows the index exactly: the error sinks below its prior. Then it does not.
    let error_after = |off: fn(i64) -> i64| {
        let mut script = Script::ready();
        script.invalid(UP);
        for second in 5..=29 {
            script.at(f64::from(second));
            script.spot(usd(SPOT));
            script.index(usd(SPOT + off(i64::from(second))));
        }
        script.at(29.5);
        script.quote(UP, 4_900, 5_100);
        script.said.iter().find_map(|event| match event {
            Event::EvalBasis { basis_error_e9, .. } => Some(*basis_error_e9),
            _ => None,
        })
    };
    let (exact, noisy) = (error_after(|_| 0).unwrap(), error_after(|second| second % 2 * 40).unwrap());
    assert!(exact < 100_000, "below the prior of 1 bp: {exact}");
    assert!(noisy > 150_000, "an index that jumps 4 bp a second: {noisy}");
}

/// Steps of a random market: indices into what can happen next.
fn random_step(script: &mut Script, what: u8, which: u32, amount: i64) {
    let market = MarketId(1 + which % 6);
    let event = EventId(1 + which % 3);
    let strike = usd(SPOT + amount % 400);
    match what % 14 {
        0 => script.prices(SPOT + amount % 300),
        1 => script.spot(usd(SPOT + amount % 300)),
        2 => script.quote(market, 3_000 + (amount.unsigned_abs() % 30) as u16 * 100, 6_500),
        3 => script.level(market, Side::Ask, (amount.unsigned_abs() % 10_001) as u16, amount % 50),
        4 => script.invalid(market),
        5 => script.list(market, event, StrikeKind::GreaterOrEqual, strike, Money::ZERO),
        6 => script.list(market, event, StrikeKind::Between, strike, Money(strike.0 + 99_990_000)),
        7 => script.life(market, LifecycleKind::Determined, Outcome::Yes),
        8 => script.feed(Feed::Kalshi, FeedState::Down),
        9 => script.feed(Feed::BinanceSpot, FeedState::Down),
        10 => script.candle(Nanos(script.now.0 / 60_000_000_000 * 60_000_000_000), usd(SPOT + amount % 100)),
        11 => script.closing_index(usd(SPOT), (usd(SPOT + amount % 3), (amount.unsigned_abs() % 61) as u8)),
        12 => script.now = script.now.plus(amount.unsigned_abs() % 5 * Nanos::SECOND),
        _ => script.timer(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn no_market_makes_it_speak_twice_or_nonsense(
        steps in proptest::collection::vec((any::<u8>(), any::<u32>(), any::<i32>()), 1..400)
    ) {
        let mut script = Script::ready();
        for (what, which, amount) in steps {
            random_step(&mut script, what, which, i64::from(amount));
        }
        script.live(300, 320);
        let mut told = BTreeMap::new();
        for basis in script.evaluations() {
            *told.entry(basis.event.0).or_insert(0) += 1;
            prop_assert!(basis.gate == Gate::WindowMissed || basis.legs > 0);
        }
        prop_assert!(told.values().all(|times| *times == 1), "{told:?}");
        let said: usize = script.evaluations().iter().map(|basis| usize::from(basis.legs)).sum();
        prop_assert_eq!(said, script.legs().len());
        for leg in script.legs() {
            prop_assert!((0.001..=0.999).contains(&leg.q) && leg.fraction <= 0.5);
            if leg.gate == Gate::Sent {
                prop_assert!(leg.gross >= 40_000 && leg.net >= 20_000 && leg.limit > 0 && leg.fraction > 0.0);
                prop_assert!((leg.q - f64::from(leg.mid) / 1e4).abs() <= 0.12);
            }
        }
        // Told again, a fresh stage says the same and stands the same.
        let mut twin = Pricing::new(Settings::default());
        let mut out = Outbox::new(Pricing::SAYS_MAX);
        let mut said = Vec::new();
        for event in &script.heard {
            twin.on(event, &mut out);
            said.extend(out.events().iter().map(Event::to_bytes));
            out.clear();
        }
        prop_assert_eq!(said, script.said_bytes());
        prop_assert_eq!(twin.state_hash(), script.pricing.state_hash());
    }
}
