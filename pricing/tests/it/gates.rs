//! Every data gate is reached, and told when the window passes with it shut.

use crate::script::{BRACKETS, CLOSE, DIGITAL, OPEN, SPOT, Script, UP, usd};
use trader_journal::book::Side;
use trader_journal::event::{EventId, Feed, FeedState, Gate, LifecycleKind, MarketId, Outcome, SeriesMode, StrikeKind};
use trader_journal::units::{Money, Nanos};
use trader_pricing::Settings;
use trader_pricing::volatility::Coefficients;

/// The window passes; exactly one evaluation says which gate stayed shut.
fn misses(mut script: Script, gate: Gate) {
    assert_eq!(script.evaluations(), [], "nothing was evaluated yet");
    script.live(5, 31);
    assert_missed(&script, gate);
}

fn assert_missed(script: &Script, gate: Gate) {
    let told = script.evaluation();
    assert_eq!((told.gate, told.waiting_for, told.legs), (Gate::WindowMissed, gate, 0));
    assert_eq!(script.opinions(), []);
}

#[test]
fn nothing_missing_evaluates_five_seconds_after_the_open() {
    let mut script = Script::ready();
    script.at(4.999);
    script.prices(SPOT);
    assert_eq!(script.evaluations(), []);
    script.at(5.0);
    script.timer();
    let told = script.evaluation();
    assert_eq!((told.gate, told.waiting_for, told.legs, told.tau_ms), (Gate::EdgeGross, Gate::Sent, 1, 895_000));
}

#[test]
fn a_late_event_makes_nothing_young_again() {
    let mut script = Script::ready();
    script.at(8.0);
    script.index(usd(SPOT));
    assert_eq!(script.evaluations(), [], "spot is four seconds old");
    script.at(5.0);
    script.timer();
    assert_eq!(script.evaluations(), [], "and does not become younger by an event of another ring");
}

#[test]
fn strike_unknown() {
    let mut script = Script::new(Settings::default());
    script.activate(&Coefficients::FROZEN);
    script.warm_up(2880);
    script.list_series();
    script.at(4.0);
    script.list(UP, EventId(1), StrikeKind::Unknown, Money::ZERO, Money::ZERO);
    script.quote(UP, 4_900, 5_100);
    misses(script, Gate::StrikeUnknown);
}

#[test]
fn a_strike_that_changes_disagrees() {
    let mut script = Script::ready();
    script.terms(UP, EventId(1), StrikeKind::GreaterOrEqual, (usd(SPOT + 1), Money::ZERO), (OPEN, CLOSE));
    script.quote(UP, 4_900, 5_100);
    misses(script, Gate::StrikeDisagrees);
}

#[test]
fn a_strike_that_is_not_the_indexs_own_average_disagrees() {
    for (off, gate) in [(0, Gate::EdgeGross), (Money::CENT.0, Gate::EdgeGross), (Money::CENT.0 + 1, Gate::WindowMissed)]
    {
        let mut script = Script::new(Settings::default());
        script.activate(&Coefficients::FROZEN);
        script.warm_up(2880);
        script.list_series();
        script.at(0.0);
        script.closing_index(usd(SPOT), (usd(SPOT), 60));
        script.at(4.0);
        let strike = Money(usd(SPOT).0 + off);
        script.list(UP, EventId(1), StrikeKind::GreaterOrEqual, strike, Money::ZERO);
        script.quote(UP, 4_900, 5_100);
        script.live(5, 31);
        assert_eq!(script.evaluation().gate, gate, "off by {off}");
        let waiting_for = if gate == Gate::WindowMissed { Gate::StrikeDisagrees } else { Gate::Sent };
        assert_eq!(script.evaluation().waiting_for, waiting_for);
    }
}

#[test]
fn volatility_is_cold_without_a_model_and_before_two_days() {
    for (model, minutes) in [(false, 2880), (true, 2879)] {
        let mut script = Script::new(Settings::default());
        if model {
            script.activate(&Coefficients::FROZEN);
        }
        script.warm_up(minutes);
        script.list_series();
        script.at(4.0);
        script.list(UP, EventId(1), StrikeKind::GreaterOrEqual, usd(SPOT), Money::ZERO);
        script.quote(UP, 4_900, 5_100);
        misses(script, Gate::VolWarmup);
    }
}

#[test]
fn more_than_three_missing_minutes_are_gaps() {
    for (missing, gate) in [(3, Gate::EdgeGross), (4, Gate::WindowMissed)] {
        let mut script = Script::new(Settings::default());
        script.activate(&Coefficients::FROZEN);
        for back in (1..=2880u64).rev().filter(|back| *back < 10 || *back >= 10 + missing) {
            script.candle(OPEN.minus(back * 60 * Nanos::SECOND), usd(SPOT + (back % 2 * 50) as i64));
        }
        script.list_series();
        script.at(4.0);
        script.list(UP, EventId(1), StrikeKind::GreaterOrEqual, usd(SPOT), Money::ZERO);
        script.quote(UP, 4_900, 5_100);
        script.live(5, 31);
        assert_eq!(script.evaluation().gate, gate, "{missing} missing");
    }
}

#[test]
fn a_book_that_is_not_whole_is_invalid() {
    let mut never = Script::new(Settings::default());
    never.activate(&Coefficients::FROZEN);
    never.warm_up(2880);
    never.list_series();
    never.at(4.0);
    never.list(UP, EventId(1), StrikeKind::GreaterOrEqual, usd(SPOT), Money::ZERO);
    misses(never, Gate::BookInvalid);
    let mut gap = Script::ready();
    gap.invalid(UP);
    misses(gap, Gate::BookInvalid);
    let mut down = Script::ready();
    down.feed(Feed::Kalshi, FeedState::Down);
    misses(down, Gate::BookInvalid);
    let mut crossed = Script::ready();
    crossed.quote(UP, 5_200, 5_100);
    misses(crossed, Gate::BookInvalid);
    let mut off_grid = Script::ready();
    off_grid.book(UP, &[(Side::Bid, 4_900, 10), (Side::Ask, 5_105, 10), (Side::Ask, 5_200, 10)]);
    misses(off_grid, Gate::BookInvalid);
}

#[test]
fn a_book_whose_connection_is_silent_is_stale() {
    let mut script = Script::ready();
    // No index stream: nothing else would keep the connection alive.
    script.at(6.001);
    script.spot(usd(SPOT));
    assert_eq!(script.evaluations(), []);
    for second in 7..=31 {
        script.at(f64::from(second));
        script.spot(usd(SPOT));
    }
    assert_missed(&script, Gate::BookStale);
}

#[test]
fn a_book_with_one_side_is_one_sided() {
    for (bid, ask) in [(0, 5_100), (4_900, 0), (0, 0)] {
        let mut script = Script::ready();
        script.quote(UP, bid, ask);
        misses(script, Gate::BookOneSided);
    }
}

#[test]
fn an_index_that_was_heard_and_fell_silent_is_stale() {
    let mut script = Script::ready();
    for tenth in 75..=310 {
        script.at(f64::from(tenth) / 10.0);
        script.spot(usd(SPOT));
        script.quote(UP, 4_900, 5_100);
    }
    assert_missed(&script, Gate::IndexStale);
    let mut down = Script::ready();
    down.feed(Feed::Index, FeedState::Down);
    for second in 5..=31 {
        down.at(f64::from(second));
        down.spot(usd(SPOT));
        down.quote(UP, 4_900, 5_100);
    }
    assert_missed(&down, Gate::IndexStale);
}

#[test]
fn a_silent_spot_source_is_stale() {
    let mut script = Script::ready();
    script.at(6.5);
    for second in 7..=31 {
        script.at(f64::from(second));
        script.index(usd(SPOT));
    }
    assert_missed(&script, Gate::SourceStale);
    let mut down = Script::ready();
    down.feed(Feed::BinanceSpot, FeedState::Down);
    for second in 5..=31 {
        down.at(f64::from(second));
        down.index(usd(SPOT));
    }
    assert_missed(&down, Gate::SourceStale);
}

#[test]
fn an_event_that_opens_inside_the_window_may_be_too_young_for_all_of_it() {
    let mut script = Script::ready();
    let open = CLOSE.minus(872 * Nanos::SECOND);
    script.terms(UP, EventId(1), StrikeKind::GreaterOrEqual, (usd(SPOT), Money::ZERO), (open, CLOSE));
    misses(script, Gate::TooSoonAfterOpen);
}

/// Five $100 brackets whose middle one holds the spot, markets 11 to 15 of event 2.
fn list_brackets(script: &mut Script, lowest: i64) {
    for step in 0..5 {
        let floor = lowest + i64::from(step) * 100;
        let market = MarketId(11 + step);
        script.list(market, EventId(2), StrikeKind::Between, usd(floor), Money(usd(floor + 100).0 - Money::CENT.0));
        script.quote(market, 1_900, 2_100);
    }
}

#[test]
fn a_ladder_that_moved_away_has_no_centre() {
    let mut script = Script::new(Settings::default());
    script.activate(&Coefficients::FROZEN);
    script.warm_up(2880);
    script.list_series();
    script.at(4.0);
    list_brackets(&mut script, SPOT + 100);
    misses(script, Gate::CentreUnwatched);
}

#[test]
fn a_previous_window_with_an_opinion_must_be_determined() {
    let build = |determined: bool| {
        let mut script = Script::new(Settings::default());
        // A window before, which got an opinion.
        let before = OPEN.minus(900 * Nanos::SECOND);
        script.now = before.plus(6 * Nanos::SECOND);
        script.activate(&Coefficients::FROZEN);
        script.warm_up(2880);
        script.list_series();
        script.name(UP, EventId(1), DIGITAL);
        let strike = (usd(SPOT - 40), Money::ZERO);
        script.terms(UP, EventId(1), StrikeKind::GreaterOrEqual, strike, (before, OPEN));
        script.prices(SPOT);
        script.quote(UP, 4_900, 5_000);
        assert_eq!(script.evaluation().gate, Gate::Sent);
        script.said.clear();
        script.at(4.0);
        script.list(MarketId(2), EventId(2), StrikeKind::GreaterOrEqual, usd(SPOT), Money::ZERO);
        script.quote(MarketId(2), 4_900, 5_100);
        if determined {
            script.life(UP, LifecycleKind::Determined, Outcome::Yes);
        }
        script.live(5, 31);
        script.evaluation()
    };
    assert_eq!((build(false).gate, build(false).waiting_for), (Gate::WindowMissed, Gate::PreviousOpen));
    assert_eq!(build(true).gate, Gate::EdgeGross);
}

#[test]
fn a_halted_market_waits() {
    let mut script = Script::ready();
    script.life(UP, LifecycleKind::Deactivated, Outcome::Open);
    misses(script, Gate::MarketNotOpen);
    let mut resumed = Script::ready();
    resumed.life(UP, LifecycleKind::Deactivated, Outcome::Open);
    resumed.live(5, 9);
    resumed.life(UP, LifecycleKind::Activated, Outcome::Open);
    assert_eq!(resumed.evaluation().gate, Gate::EdgeGross);
}

#[test]
fn rates_or_a_grid_that_are_not_legal_are_unknown_terms() {
    let mut script = Script::ready();
    script.series(DIGITAL, SeriesMode::Digital, 2_000_000);
    misses(script, Gate::TermsUnknown);
    let mut unnamed = Script::new(Settings::default());
    unnamed.activate(&Coefficients::FROZEN);
    unnamed.warm_up(2880);
    unnamed.at(4.0);
    unnamed.list(UP, EventId(1), StrikeKind::GreaterOrEqual, usd(SPOT), Money::ZERO);
    unnamed.prices(SPOT);
    misses(unnamed, Gate::TermsUnknown);
}

#[test]
fn the_window_ends_to_the_nanosecond() {
    for (late, gate) in [(0, Gate::EdgeGross), (1, Gate::WindowMissed)] {
        let mut script = Script::ready();
        script.invalid(UP);
        script.live(5, 29);
        script.at(30.0);
        script.prices(SPOT);
        script.now = script.now.plus(late);
        script.quote(UP, 4_900, 5_100);
        assert_eq!(script.evaluation().gate, gate);
    }
}

#[test]
fn a_ladder_is_evaluated_from_the_windows_start() {
    let mut script = Script::new(Settings::default());
    script.activate(&Coefficients::FROZEN);
    script.warm_up(2880);
    script.list_series();
    script.at(-40.0);
    let open = OPEN.minus(2700 * Nanos::SECOND);
    script.name(MarketId(11), EventId(2), BRACKETS);
    let bracket = (usd(SPOT - 50), Money(usd(SPOT + 50).0 - Money::CENT.0));
    script.terms(MarketId(11), EventId(2), StrikeKind::Between, bracket, (open, CLOSE));
    script.quote(MarketId(11), 1_900, 2_100);
    script.prices(SPOT);
    assert_eq!(script.evaluations(), []);
    assert_eq!(trader_journal::stage::Stage::next_deadline(&script.pricing), OPEN.minus(30 * Nanos::SECOND));
    script.at(-30.0);
    script.prices(SPOT);
    script.timer();
    assert_eq!(script.evaluation().tau_ms, 930_000);
}
