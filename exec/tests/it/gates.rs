//! Every gate, by a script that meets exactly that one; and what is said when none refuses.

use crate::desk::{Desk, View, at, balance, contracts, intent, refusal, usd};
use trader_exec::{DailyLossRule, Settings};
use trader_journal::book::Side;
use trader_journal::event::{
    Event, Gate, LifecycleKind, OperatorVerb, OrderStatus, Outcome, RejectReason, SeriesMode, SizedBy, StrikeKind,
    Style, UpdateReason,
};
use trader_journal::units::{Count, Money, Nanos};

fn desk() -> Desk {
    Desk::new(Settings::default())
}

/// A desk where Kelly asks for more than any limit gives.
fn greedy(settings: Settings) -> Desk {
    Desk::new(Settings { bankroll: usd(1_000_000), ..settings })
}

fn sized_by(said: &[Event]) -> SizedBy {
    let sized = said.iter().find_map(|event| match event {
        Event::OrderSized { sized_by, .. } => Some(*sized_by),
        _ => None,
    });
    sized.unwrap_or_else(|| panic!("no order: {said:?}"))
}

#[test]
fn an_opinion_that_passes_becomes_one_order_with_its_size_explained() {
    let mut desk = desk();
    let said = desk.opine(&View::default());
    let [Event::OrderSized { sized_by, kelly, market_loss, .. }, Event::OrderIntent { client, count, expires, .. }] =
        said[..]
    else {
        panic!("{said:?}")
    };
    // 5 % of $150 at 40 cents and a fee of 1.68 cents: 17.99 contracts, 17 in whole ones.
    assert_eq!((sized_by, kelly, count), (SizedBy::Kelly, Count(1_799), contracts(17)));
    // 17 x 0.40, a fee of 0.2856, and a hundred roundings of $0.0001.
    assert_eq!(market_loss, Money(6_800_000 + 285_600 + 10_000));
    assert_eq!((client.epoch, client.nonce, client.seq, expires), (3, 0xbeef, 1, Nanos(0)));
}

#[test]
fn a_no_is_an_ask_at_the_price_of_yes() {
    let mut desk = desk();
    let order = desk.order(&View { side: Side::Ask, limit: 6_000, ..View::default() });
    // NO costs 40 cents: the same contracts as a YES at 40.
    assert_eq!((order.side, order.price.0, order.count), (Side::Ask, 6_000, contracts(17)));
}

#[test]
fn stale_data_is_refused_with_its_age() {
    let ms = 1_000_000;
    let cases = [
        (View { book_age_ms: 2_001, ..View::default() }, (Gate::BookStale, 2_000 * ms, 2_001 * ms)),
        (View { index_age_ms: Some(3_001), ..View::default() }, (Gate::IndexStale, 3_000 * ms, 3_001 * ms)),
        (View { source_age_ms: Some(2_001), ..View::default() }, (Gate::SourceStale, 2_000 * ms, 2_001 * ms)),
        (View { opinion_age_ms: 1_001, ..View::default() }, (Gate::OpinionStale, 1_000 * ms, 1_001 * ms)),
    ];
    for (view, refused) in cases {
        assert_eq!(desk().refusal(&view), refused);
    }
    let exactly = View {
        book_age_ms: 2_000,
        index_age_ms: Some(3_000),
        source_age_ms: Some(2_000),
        opinion_age_ms: 1_000,
        ..View::default()
    };
    desk().order(&exactly);
}

#[test]
fn an_opinion_needs_an_index_or_a_source_and_its_first_half() {
    desk().order(&View { source_age_ms: None, ..View::default() });
    desk().order(&View { index_age_ms: None, ..View::default() });
    let blind = View { index_age_ms: None, source_age_ms: None, ..View::default() };
    assert_eq!(desk().refusal(&blind).0, Gate::SourceStale);

    let mut desk = desk();
    let halved = desk.opinion(&View::default(), desk.now);
    assert_eq!(refusal(&desk.hear(halved)).unwrap().0, Gate::BookStale);
}

#[test]
fn people_stop_it() {
    let mut desk = desk();
    desk.operator(OperatorVerb::Pause);
    assert_eq!(desk.refusal(&View::default()).0, Gate::Paused);
    desk.operator(OperatorVerb::Resume);
    desk.operator(OperatorVerb::Kill);
    desk.operator(OperatorVerb::Resume);
    desk.now = at(70);
    assert_eq!(desk.refusal(&View::default()).0, Gate::Killed, "a kill is sticky");
    desk.operator(OperatorVerb::Clear);
    desk.order(&View::default());
}

#[test]
fn after_everything_was_cancelled_it_is_quiet_for_a_while() {
    let mut desk = desk();
    desk.operator(OperatorVerb::CancelAll);
    desk.now = at(60);
    assert_eq!(desk.refusal(&View::default()).0, Gate::Paused);
    desk.now = at(61);
    desk.order(&View::default());
}

#[test]
fn nothing_is_sent_before_the_epoch_has_a_name() {
    let mut desk = desk();
    desk.hear(Event::RunStarted {
        mode: trader_journal::event::Mode::Sim,
        pad: trader_journal::event::pad(),
        epoch: 0,
        ts: at(1),
        seed: 0,
        nonce: 0,
        pad2: trader_journal::event::pad(),
    });
    assert_eq!(desk.refusal(&View::default()).0, Gate::Paused);
}

#[test]
fn an_unknown_order_blocks_its_market_and_no_other() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    desk.unknown(&order);
    assert_eq!(desk.refusal(&View::default()), (Gate::UnknownOrder, 0, 1));
    desk.order(&View { market: 2, ..View::default() });
}

#[test]
fn one_opinion_leads_to_at_most_one_order() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    desk.rejected(&order, RejectReason::RateLimited);
    let again = desk.opine_again(&View::default());
    assert_eq!(refusal(&again), Some((Gate::Duplicate, 2, 1)));
    // Another leg of the same evaluation is another opinion.
    let leg = desk.opine_again(&View { market: 2, ..View::default() });
    assert!(intent(&leg).is_some());
}

#[test]
fn a_refused_opinion_is_used_up_too() {
    let mut desk = desk();
    desk.refusal(&View { book_age_ms: 9_000, ..View::default() });
    assert_eq!(refusal(&desk.opine_again(&View::default())).unwrap().0, Gate::Duplicate);
}

#[test]
fn one_trade_an_hour_and_three_a_day() {
    let mut desk = Desk::new(Settings { orders_identical_max: 9, ..Settings::default() });
    desk.market(9, 0, at(40 * 3_600));
    let view = View { market: 9, ..View::default() };
    for hour in 0..3 {
        desk.now = at(hour * 3_600 + 10);
        let order = desk.order(&view);
        assert_eq!(desk.refusal(&view), (Gate::HourlyTrades, 1, 1), "an order that may be filled is a trade to be");
        desk.fill_whole(&order);
        assert_eq!(desk.refusal(&view), (Gate::HourlyTrades, 1, 1));
    }
    desk.now = at(3 * 3_600 + 10);
    assert_eq!(desk.refusal(&view), (Gate::DailyTrades, 3, 3));
    desk.now = at(12 * 3_600 + 10);
    desk.order(&view);
}

#[test]
fn an_order_without_a_fill_was_no_trade() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    desk.accepted(&order, Count::ZERO, Count::ZERO);
    desk.order(&View::default());
}

#[test]
fn not_near_the_close() {
    let mut desk = desk();
    desk.now = at(810);
    desk.order(&View { market: 2, ..View::default() });
    desk.now = at(811);
    assert_eq!(desk.refusal(&View::default()), (Gate::NearClose, 90_000_000_000, 89_000_000_000));
}

#[test]
fn a_market_that_is_not_open_takes_nothing() {
    let mut desk = desk();
    desk.lifecycle(1, LifecycleKind::Deactivated, Outcome::Open, Money::ZERO);
    assert_eq!(desk.refusal(&View::default()).0, Gate::MarketNotOpen);
    desk.lifecycle(1, LifecycleKind::Activated, Outcome::Open, Money::ZERO);
    desk.order(&View::default());
    desk.lifecycle(2, LifecycleKind::Closed, Outcome::Open, Money::ZERO);
    assert_eq!(desk.refusal(&View { market: 2, ..View::default() }).0, Gate::MarketNotOpen);
}

#[test]
fn a_market_whose_terms_are_not_whole_takes_nothing() {
    let mut desk = desk();
    assert_eq!(desk.refusal(&View { market: 77, ..View::default() }).0, Gate::TermsUnknown, "never heard of");
    desk.terms(1, StrikeKind::Unknown, at(900));
    assert_eq!(desk.refusal(&View::default()).0, Gate::TermsUnknown, "no strike");
    desk.terms(1, StrikeKind::Unpriced, at(900));
    assert_eq!(desk.refusal(&View::default()).0, Gate::TermsUnknown, "a rule that is not priced");
    desk.market(8, 5, at(900));
    assert_eq!(desk.refusal(&View { market: 8, ..View::default() }).0, Gate::TermsUnknown, "no fee rates");
    desk.series(1, SeriesMode::Ignored);
    assert_eq!(desk.refusal(&View { market: 2, ..View::default() }).0, Gate::TermsUnknown, "not traded");
    assert_eq!(desk.refusal(&View { limit: 0, market: 3, ..View::default() }).0, Gate::TermsUnknown, "no price");
}

#[test]
fn the_collar_and_the_grid_hold_the_price() {
    let far = View { limit: 3_400, ..View::default() };
    assert_eq!(desk().refusal(&far), (Gate::Collar, 150_000, 160_000));
    assert_eq!(desk().refusal(&View { limit: 6_600, ..far }), (Gate::Collar, 150_000, 160_000), "either way");
    desk().order(&View { limit: 3_500, ..far });
    assert_eq!(desk().refusal(&View { limit: 4_050, ..View::default() }), (Gate::Collar, 1, 0), "off the grid");
}

#[test]
fn edges_are_asked_again_at_the_final_size() {
    let thin = View { q_yes_e9: 439_999_999, ..View::default() };
    assert_eq!(desk().refusal(&thin), (Gate::EdgeGross, 40_000, 39_999));
    desk().order(&View { q_yes_e9: 440_000_000, ..View::default() });
    // 1.68 cents of 17 contracts: 0.2856, aligned to 0.2856.
    let dear = View { net_min: 83_201, ..View::default() };
    assert_eq!(desk().refusal(&dear), (Gate::FeeAtSize, 83_201, 83_200));
    desk().order(&View { net_min: 83_200, ..dear });
    // A maker pays no fee here.
    desk().order(&View { style: Style::Maker, net_min: 100_000, ..dear });
}

#[test]
fn kelly_and_depth_leave_nothing() {
    let poor = View { fraction_e9: 1_000_000, ..View::default() };
    assert_eq!(desk().refusal(&poor), (Gate::SizeZero, 100, 35));
    assert_eq!(desk().refusal(&View { fraction_e9: 0, ..poor }), (Gate::SizeZero, 100, 0));
    assert_eq!(desk().refusal(&View { depth: Count(99), ..View::default() }), (Gate::NoDepth, 100, 99));
}

#[test]
fn whole_steps_only() {
    let coarse = Settings { count_step: contracts(5), order_count_min: contracts(5), ..Settings::default() };
    assert_eq!(Desk::new(coarse).order(&View::default()).count, contracts(15));
    let fine = Settings { count_step: Count(1), order_count_min: Count(1), ..Settings::default() };
    assert_eq!(Desk::new(fine).order(&View::default()).count, Count(1_799));
}

#[test]
fn what_set_the_size_is_said() {
    let whole = Settings::default();
    let cases = [
        (SizedBy::Position, whole),
        (SizedBy::CloseExposure, Settings { close_exposure_max: usd(20), ..whole }),
        (SizedBy::Exposure, Settings { exposure_max: usd(20), ..whole }),
        (SizedBy::DailyLoss, Settings { daily_loss_rule: DailyLossRule::Cap, daily_loss_max: usd(20), ..whole }),
        (SizedBy::OrderSize, Settings { order_cost_max: usd(20), ..whole }),
        (SizedBy::OrderSize, Settings { order_count_max: contracts(3), ..whole }),
    ];
    for (by, settings) in cases {
        assert_eq!(sized_by(&greedy(settings).opine(&View::default())), by);
    }
    let shallow = View { depth: contracts(2), ..View::default() };
    assert_eq!(sized_by(&desk().opine(&shallow)), SizedBy::Depth);
}

#[test]
fn the_position_limit_counts_what_is_on_its_way() {
    let settings = Settings { trades_per_hour_max: 9, trades_per_day_max: 9, ..Settings::default() };
    let mut desk = greedy(settings);
    let first = desk.order(&View::default());
    assert_eq!(first.count, contracts(119), "$50 at 41.68 cents and a cent of roundings");
    assert_eq!(desk.refusal(&View::default()).0, Gate::PositionLimit);
    desk.accepted(&first, Count::ZERO, Count::ZERO);
    assert_eq!(desk.order(&View::default()).count, contracts(119), "cancelled unfilled, its room is back");
}

#[test]
fn the_other_side_has_its_own_corner() {
    let settings = Settings { trades_per_hour_max: 9, trades_per_day_max: 9, ..Settings::default() };
    let mut desk = greedy(settings);
    desk.order(&View::default());
    // If YES wins, the YES order's gain is not sure; if NO wins, the NO order's is not.
    let no = desk.order(&View { side: Side::Ask, limit: 6_000, ..View::default() });
    assert_eq!(no.count, contracts(119));
}

#[test]
fn one_limit_for_a_close_and_one_for_everything() {
    let mut desk = greedy(Settings { exposure_max: usd(110), ..Settings::default() });
    let yes = |market| View { market, ..View::default() };
    assert_eq!(sized_by(&desk.opine(&yes(1))), SizedBy::Position);
    assert_eq!(sized_by(&desk.opine(&yes(2))), SizedBy::CloseExposure);
    assert_eq!(desk.refusal(&yes(3)).0, Gate::CloseExposureLimit);
    assert_eq!(sized_by(&desk.opine(&yes(4))), SizedBy::Exposure);
    desk.market(5, 0, at(3_600));
    assert_eq!(desk.refusal(&yes(5)).0, Gate::ExposureLimit);
}

#[test]
fn a_result_is_risk_until_it_is_paid() {
    let mut desk = greedy(Settings { exposure_max: usd(50), ..Settings::default() });
    let order = desk.order(&View::default());
    desk.fill_whole(&order);
    desk.lifecycle(1, LifecycleKind::Determined, Outcome::Yes, Money::DOLLAR);
    assert_eq!(desk.refusal(&View { market: 4, ..View::default() }).0, Gate::ExposureLimit);
    desk.lifecycle(1, LifecycleKind::Finalized, Outcome::Yes, Money::DOLLAR);
    desk.order(&View { market: 4, ..View::default() });
}

#[test]
fn a_stop_lets_what_is_open_lose_and_sends_nothing_after() {
    let mut desk = greedy(Settings { daily_loss_max: usd(40), ..Settings::default() });
    let order = desk.order(&View::default());
    desk.fill_whole(&order);
    desk.settle(1, Outcome::No);
    let (gate, needed, had) = desk.refusal(&View { market: 4, ..View::default() });
    assert_eq!((gate, needed), (Gate::DailyLoss, -39_999_999));
    assert!(had < -40_000_000, "{had}");
    desk.market(9, 0, at(40 * 3_600));
    desk.now = at(12 * 3_600);
    desk.order(&View { market: 9, ..View::default() });
}

#[test]
fn a_cap_counts_the_worst_of_what_is_open() {
    let settings =
        Settings { daily_loss_rule: DailyLossRule::Cap, close_exposure_max: usd(150), ..Settings::default() };
    let mut desk = greedy(settings);
    desk.order(&View::default());
    assert_eq!(desk.refusal(&View { market: 2, ..View::default() }).0, Gate::DailyLoss);
}

#[test]
fn the_balance_is_the_shard_s_and_known() {
    let mut desk = Desk::bare(Settings::default());
    desk.series(0, SeriesMode::Digital);
    desk.series(1, SeriesMode::Bracket);
    desk.grid();
    desk.market(1, 0, at(900));
    desk.market(2, 0, at(900));
    assert_eq!(desk.refusal(&View::default()), (Gate::Balance, 426_800, 0), "nothing is known of the cash");
    desk.hear(balance(0, at(1), usd(9_000)));
    assert_eq!(desk.refusal(&View::default()).0, Gate::Balance, "cash on another shard is no cash");
    desk.hear(balance(2, at(1), usd(5)));
    assert_eq!(sized_by(&desk.opine(&View::default())), SizedBy::Balance);
    assert_eq!(desk.refusal(&View { market: 2, ..View::default() }).0, Gate::Balance, "reserved by the first");
}

#[test]
fn an_order_too_large_for_anything_is_refused() {
    let tiny = Settings { order_cost_max: Money(400_000), ..Settings::default() };
    assert_eq!(Desk::new(tiny).refusal(&View::default()), (Gate::FatSize, 426_800, 400_000));
}

#[test]
fn rates_are_counted_per_second_minute_and_window() {
    let loose = Settings { orders_identical_max: 99, orders_live_max: 64, ..Settings::default() };
    let burst = |settings: Settings, step_ns: u64| {
        let mut desk = Desk::new(settings);
        for sent in 0..1_000 {
            desk.now = Nanos(at(1).0 + sent * step_ns);
            let said = desk.opine(&View::default());
            let Some(order) = intent(&said) else { return (sent, refusal(&said).unwrap()) };
            desk.accepted(&order, Count::ZERO, Count::ZERO);
        }
        panic!("never refused")
    };
    assert_eq!(burst(loose, 1_000_000), (5, (Gate::OrderRate, 5, 5)));
    assert_eq!(burst(loose, 250_000_000), (10, (Gate::OrderRate, 10, 10)), "the window's ten");
    let long = Settings { orders_per_window_max: 1_000, ..loose };
    assert_eq!(burst(long, 250_000_000), (30, (Gate::OrderRate, 30, 30)));
    assert_eq!(burst(Settings { orders_identical_max: 3, ..loose }, 1_000_000_000), (3, (Gate::Identical, 3, 3)));
}

#[test]
fn live_orders_and_tables_have_an_end() {
    let mut desk = Desk::new(Settings { orders_live_max: 2, ..Settings::default() });
    desk.order(&View::default());
    let second = desk.order(&View { market: 2, ..View::default() });
    assert_eq!(desk.refusal(&View { market: 4, ..View::default() }), (Gate::LiveOrders, 2, 2));
    desk.updated(&second, OrderStatus::Canceled, UpdateReason::Cancel, Count::ZERO);
    desk.order(&View { market: 4, ..View::default() });

    let mut desk = Desk::new(Settings { orders: 1, ..Settings::default() });
    desk.order(&View::default());
    assert_eq!(desk.refusal(&View { market: 4, ..View::default() }), (Gate::LiveOrders, 1, 0));
}

#[test]
fn a_makers_order_rests_post_only_and_expires_by_itself_before_the_close() {
    let order = desk().order(&View { style: Style::Maker, ..View::default() });
    assert_eq!((order.post_only, order.expires), (1, at(900 - 45)));
}
