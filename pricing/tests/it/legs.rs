//! Gates of a leg, its limit, edges, depth and size.

use crate::script::{CLOSE, OPEN, SPOT, Script, UP, usd};
use trader_journal::book::Side;
use trader_journal::event::{Event, EventId, Gate, LifecycleKind, MarketId, Outcome, StrikeKind};
use trader_journal::units::{Count, Money, Nanos};
use trader_pricing::Settings;

/// The up/down market, its strike `below` dollars under the spot, and this book.
fn judged(settings: Settings, below: i64, book: &[(Side, u16, i64)]) -> Script {
    let mut script = Script::ready_with(settings);
    script.terms(UP, EventId(1), StrikeKind::GreaterOrEqual, (usd(SPOT), Money::ZERO), (OPEN, CLOSE));
    script.book(UP, book);
    // A strike that moved would be a disagreement, so the price moves instead.
    script.at(5.0);
    script.prices(SPOT + below);
    script.timer();
    script
}

fn around(bid: u16, ask: u16) -> [(Side, u16, i64); 2] {
    [(Side::Bid, bid, 100), (Side::Ask, ask, 100)]
}

#[test]
fn at_the_money_there_is_nothing_to_gain() {
    let script = judged(Settings::default(), 0, &around(4_900, 5_100));
    let leg = script.leg(UP);
    assert!((leg.q - 0.5).abs() < 1e-3, "{leg:?}");
    assert_eq!((leg.gate, leg.mid, leg.needed), (Gate::EdgeGross, 5_000, 40_000));
    assert_eq!(script.opinions(), []);
}

#[test]
fn a_cheap_yes_is_bought_a_cent_beyond_the_ask() {
    let book = [(Side::Bid, 4_900, 70), (Side::Ask, 5_000, 40), (Side::Ask, 5_100, 60), (Side::Ask, 5_200, 500)];
    let script = judged(Settings::default(), 40, &book);
    let leg = script.leg(UP);
    assert_eq!((leg.gate, leg.side, leg.limit, leg.depth), (Gate::Sent, Side::Bid, 5_100, Count(10_000)));
    // Edges are taken at the limit, not at the touch; the fee is that of the fifty contracts the depth allows.
    let gross = leg.q - 0.51;
    assert!((f64::from(leg.gross) / 1e6 - gross).abs() < 2e-6);
    assert!((f64::from(leg.net) / 1e6 - (gross - 0.07 * 0.51 * 0.49)).abs() < 4e-6);
    let [Event::Opinion { side, limit, depth_cap, fraction_e9, legs_left, edge_gross_min, edge_net_min, .. }] =
        script.opinions()[..]
    else {
        panic!("one opinion");
    };
    assert_eq!((side, limit.0, depth_cap, legs_left), (Side::Bid, 5_100, Count(5_000), 0));
    assert_eq!((edge_gross_min, edge_net_min), (40_000, 20_000));
    // Alone, it is half Kelly on the ramp.
    let cost = 0.51 + 0.07 * 0.51 * 0.49;
    let ramp = 0.25 + 0.75 * ((leg.q - cost - 0.02) / 0.08).min(1.0);
    let fraction = 0.5 * ramp * (leg.q - cost) / (1.0 - cost);
    assert!((f64::from(fraction_e9) / 1e9 - fraction).abs() < 1e-5, "{fraction_e9} and {fraction}");
}

#[test]
fn a_cheap_no_is_bought_a_cent_below_the_bid() {
    let book = [(Side::Ask, 5_100, 70), (Side::Bid, 5_000, 40), (Side::Bid, 4_900, 60), (Side::Bid, 4_800, 500)];
    let script = judged(Settings::default(), -40, &book);
    let leg = script.leg(UP);
    assert_eq!((leg.gate, leg.side, leg.limit, leg.depth), (Gate::Sent, Side::Ask, 4_900, Count(10_000)));
    assert!((f64::from(leg.gross) / 1e6 - (0.49 - leg.q)).abs() < 2e-6);
    // The mirror image of the YES above.
    let yes =
        judged(Settings::default(), 40, &[(Side::Bid, 4_900, 70), (Side::Ask, 5_000, 40), (Side::Ask, 5_100, 60)]);
    assert!((yes.leg(UP).q + leg.q - 1.0).abs() < 1e-3);
}

#[test]
fn the_limit_stays_on_the_grid_and_below_a_dollar() {
    // Tapered: tenths of a cent above 90. One cent beyond 89.00 is 90.00, beyond 98.95 it is 99.9 at most.
    for (ask, limit) in [(8_900, 9_000), (9_850, 9_950), (9_980, 9_990)] {
        let script = judged(Settings::default(), 3_000, &around(ask - 100, ask));
        let leg = script.leg(UP);
        if leg.side == Side::Bid {
            assert_eq!(leg.limit, limit);
        } else {
            assert_eq!(leg.limit, ask - 200);
        }
    }
    let low = judged(Settings::default(), -3_000, &around(50, 150));
    assert_eq!((low.leg(UP).side, low.leg(UP).limit), (Side::Ask, 10));
}

#[test]
fn far_from_the_mid_our_own_feed_is_the_suspect() {
    let script = judged(Settings::default(), 150, &around(4_900, 5_000));
    let leg = script.leg(UP);
    assert_eq!((leg.gate, leg.needed), (Gate::Disagreement, 120_000));
    assert!(leg.q > 0.62 && leg.fraction == 0.0);
    assert_eq!(script.evaluation().gate, Gate::Disagreement);
}

#[test]
fn fees_can_eat_what_is_left() {
    let settings = Settings { edge_gross_min: Money(20_000), ..Settings::default() };
    let script = judged(settings, 15, &around(4_900, 5_000));
    let leg = script.leg(UP);
    assert_eq!((leg.gate, leg.needed), (Gate::EdgeNet, 20_000));
    assert!(leg.gross >= 20_000 && leg.net < 20_000, "{leg:?}");
}

#[test]
fn a_share_of_nothing_is_no_depth() {
    let settings = Settings { depth_share_ppm: 50, ..Settings::default() };
    let script = judged(settings, 40, &[(Side::Bid, 4_900, 70), (Side::Ask, 5_000, 40)]);
    assert_eq!(script.leg(UP).gate, Gate::NoDepth);
}

#[test]
fn a_model_behind_the_market_watches() {
    let settings = Settings { score_evaluations_min: 1, ..Settings::default() };
    let run = |outcome| {
        let mut script = judged(settings, 40, &around(4_900, 5_000));
        assert_eq!(script.leg(UP).gate, Gate::Sent);
        script.said.clear();
        script.now = CLOSE.plus(4 * Nanos::SECOND);
        script.life(UP, LifecycleKind::Determined, outcome);
        let (open, close) = (CLOSE, CLOSE.plus(900 * Nanos::SECOND));
        script.name(MarketId(2), EventId(2), crate::script::DIGITAL);
        for back in 0..15 {
            script.candle(OPEN.plus(back * 60 * Nanos::SECOND), usd(SPOT + (back % 2 * 50) as i64));
        }
        script.terms(MarketId(2), EventId(2), StrikeKind::GreaterOrEqual, (usd(SPOT), Money::ZERO), (open, close));
        script.now = CLOSE.plus(5 * Nanos::SECOND);
        script.quote(MarketId(2), 4_900, 5_000);
        script.prices(SPOT + 40);
        script.timer();
        script.leg(MarketId(2)).gate
    };
    // We said more than the mid, so NO makes us worse and YES better.
    assert_eq!(run(Outcome::No), Gate::ModelBehindMarket);
    assert_eq!(run(Outcome::Yes), Gate::Sent);
    assert_eq!(run(Outcome::Void), Gate::Sent);
}

/// A stage that never heard an index: the level comes from the strike of a window before.
fn without_index(distance: i64) -> Script {
    let mut script = Script::new(Settings::default());
    script.activate(&trader_pricing::volatility::Coefficients::FROZEN);
    script.warm_up(2880);
    script.list_series();
    for second in -70..=4 {
        script.at(f64::from(second));
        // The source is $50 above the index.
        script.spot(usd(SPOT + 50));
    }
    script.list(UP, EventId(1), StrikeKind::GreaterOrEqual, usd(SPOT), Money::ZERO);
    script.at(5.0);
    script.spot(usd(SPOT + 50 + distance));
    script.quote(UP, 4_900, 5_000);
    script
}

#[test]
fn without_an_index_the_strike_gives_the_level_and_its_neighbourhood_is_shunned() {
    let near = without_index(20);
    assert_eq!((near.leg(UP).gate, near.leg(UP).needed), (Gate::NearStrike, 250_000));
    let far = without_index(40);
    let leg = far.leg(UP);
    assert_eq!(leg.gate, Gate::Sent);
    // Four basis points above the strike, whatever the source's level.
    assert!((leg.q - judged(Settings::default(), 40, &around(4_900, 5_000)).leg(UP).q).abs() < 5e-3);
    let index_ts = far.said.iter().find_map(|event| match event {
        Event::OpinionBasis { index_ts, .. } => Some(*index_ts),
        _ => None,
    });
    assert_eq!(index_ts, Some(Nanos(0)));
}

/// Brackets of $100 around the spot, markets 11.. of event 2, each quoted a little around `fair`.
fn ladder(settings: Settings, quotes: &[(u16, u16)]) -> Script {
    let mut script = Script::new(settings);
    script.activate(&trader_pricing::volatility::Coefficients::FROZEN);
    script.warm_up(2880);
    script.list_series();
    script.at(4.0);
    let lowest = SPOT - 50 - 100 * (quotes.len() as i64 / 2);
    for (step, (bid, ask)) in quotes.iter().enumerate() {
        let floor = lowest + 100 * step as i64;
        let market = MarketId(11 + step as u32);
        script.list(market, EventId(2), StrikeKind::Between, usd(floor), Money(usd(floor + 100).0 - Money::CENT.0));
        script.quote(market, *bid, *ask);
    }
    script.at(5.0);
    script.prices(SPOT);
    script.timer();
    script
}

#[test]
fn the_centre_and_two_neighbours_on_each_side_are_judged() {
    let script = ladder(Settings::default(), &[(1_000, 1_200); 9]);
    let markets: Vec<_> = script.legs().iter().map(|leg| leg.market.0).collect();
    assert_eq!(markets, [13, 14, 15, 16, 17]);
    let q: Vec<_> = script.legs().iter().map(|leg| leg.q).collect();
    assert!(q[2] > q[1] && q[1] > q[0] && q[2] > q[3] && q[3] > q[4], "{q:?}");
    assert!((q[1] - q[3]).abs() < 2e-3 && q.iter().sum::<f64>() < 1.0);
}

#[test]
fn a_neighbour_without_a_bid_is_told_and_the_rest_goes_on() {
    let script = ladder(Settings::default(), &[(0, 1_200), (1_500, 1_700), (1_900, 2_100), (1_500, 1_700), (0, 1_200)]);
    assert_eq!(script.leg(MarketId(11)).gate, Gate::BookOneSided);
    assert_eq!((script.leg(MarketId(11)).mid, script.leg(MarketId(11)).limit), (0, 0));
    assert_ne!(script.leg(MarketId(13)).gate, Gate::BookOneSided);
}

#[test]
fn several_legs_are_sized_together_and_counted_down() {
    // Every bracket in the middle is dear: all the NOs are good, and they are one bet.
    let dear = Settings { disagreement_max: Money(1_000_000), ..Settings::default() };
    let script = ladder(dear, &[(1_800, 2_000), (2_600, 2_800), (3_400, 3_600), (2_600, 2_800), (1_800, 2_000)]);
    let open: Vec<_> = script.legs().into_iter().filter(|leg| leg.gate == Gate::Sent).collect();
    assert!(open.len() >= 2, "{:?}", script.legs());
    let left: Vec<_> = script
        .opinions()
        .iter()
        .map(|opinion| match opinion {
            Event::Opinion { legs_left, market, fraction_e9, .. } => (*legs_left, *market, *fraction_e9),
            _ => unreachable!("only opinions"),
        })
        .collect();
    assert_eq!(
        left.iter().map(|(left, ..)| usize::from(*left)).collect::<Vec<_>>(),
        (0..left.len()).rev().collect::<Vec<_>>()
    );
    for (_, market, fraction_e9) in &left {
        assert!((script.leg(*market).fraction - f64::from(*fraction_e9) / 1e9).abs() < 1e-12);
    }
    let total: f64 = open.iter().map(|leg| leg.fraction).sum();
    assert!(total > 0.0 && total <= 0.5, "{total}");
    // The basis of each opinion stands right before it.
    for pair in script.said.windows(2) {
        if let [before, Event::Opinion { market, eval, .. }] = pair {
            assert!(matches!(before, Event::OpinionBasis { market: m, eval: e, .. } if m == market && e == eval));
        }
    }
}

#[test]
fn a_leg_the_others_make_superfluous_gets_nothing() {
    let mut script = Script::new(Settings::default());
    script.activate(&trader_pricing::volatility::Coefficients::FROZEN);
    script.warm_up(2880);
    script.list_series();
    script.series(crate::script::BRACKETS, trader_journal::event::SeriesMode::Threshold, 70_000);
    script.at(4.0);
    // One and the same strike twice, the second a cent dearer.
    for (market, ask) in [(MarketId(11), 4_200), (MarketId(12), 4_300)] {
        script.list(market, EventId(2), StrikeKind::Greater, usd(SPOT), Money::ZERO);
        script.quote(market, ask - 100, ask);
    }
    script.at(5.0);
    script.prices(SPOT);
    script.timer();
    assert_eq!((script.leg(MarketId(11)).gate, script.leg(MarketId(12)).gate), (Gate::Sent, Gate::SizeZero));
    assert_eq!(script.opinions().len(), 1);
}

#[test]
fn a_whole_ladder_in_the_radius_sums_to_one() {
    let mut script = Script::new(Settings::default());
    script.activate(&trader_pricing::volatility::Coefficients::FROZEN);
    script.warm_up(2880);
    script.list_series();
    script.at(4.0);
    let edge = Money(usd(SPOT + 50).0 - Money::CENT.0);
    script.list(MarketId(31), EventId(3), StrikeKind::Between, usd(SPOT - 50), edge);
    script.list(MarketId(32), EventId(3), StrikeKind::Greater, edge, Money::ZERO);
    script.list(MarketId(33), EventId(3), StrikeKind::Less, Money::ZERO, usd(SPOT - 50));
    for market in 31..=33 {
        script.quote(MarketId(market), 3_000, 3_200);
    }
    script.at(5.0);
    script.prices(SPOT);
    script.timer();
    let legs = script.legs();
    assert_eq!(legs.iter().map(|leg| leg.market.0).collect::<Vec<_>>(), [33, 31, 32]);
    assert!((legs.iter().map(|leg| leg.q).sum::<f64>() - 1.0).abs() < 1e-8, "{legs:?}");
}

#[test]
fn thresholds_are_judged_around_the_nearest() {
    let mut script = Script::new(Settings::default());
    script.activate(&trader_pricing::volatility::Coefficients::FROZEN);
    script.warm_up(2880);
    script.list_series();
    script.series(crate::script::BRACKETS, trader_journal::event::SeriesMode::Threshold, 70_000);
    script.at(4.0);
    for step in 0..9u32 {
        let floor = Money(usd(SPOT - 1_000 + 250 * i64::from(step)).0 - Money::CENT.0);
        script.list(MarketId(11 + step), EventId(2), StrikeKind::Greater, floor, Money::ZERO);
        script.quote(MarketId(11 + step), 4_900, 5_100);
    }
    script.at(5.0);
    script.prices(SPOT + 10);
    script.timer();
    let legs = script.legs();
    assert_eq!(legs.iter().map(|leg| leg.market.0).collect::<Vec<_>>(), [13, 14, 15, 16, 17]);
    assert!(legs.windows(2).all(|pair| pair[0].q > pair[1].q), "a higher strike is less likely");
}
