//! Cash to the millionth: what is booked for fills, netting, settlements and strangers' movements,
//! against an account that only adds up what the venue would do.

use crate::account::Held;
use crate::desk::{Desk, Intent, View, asked, at, balance, contracts, fill, taker_fee, trade_id, usd};
use proptest::prelude::*;
use trader_exec::Settings;
use trader_journal::book::Side;
use trader_journal::event::{Account, Event, Gate, LifecycleKind, MarketId, OperatorVerb, Outcome, RejectReason};
use trader_journal::units::{Count, Money, Price};

fn desk() -> Desk {
    Desk::new(Settings { trades_per_hour_max: 99, trades_per_day_max: 99, ..Settings::default() })
}

/// No limit that a second order of a market could meet.
fn unlimited() -> Settings {
    Settings {
        close_exposure_max: usd(1_000),
        exposure_max: usd(1_000),
        trades_per_hour_max: 99,
        trades_per_day_max: 99,
        orders_per_second_max: 99,
        ..Settings::default()
    }
}

fn postings(said: &[Event]) -> Vec<(Account, Account, i64)> {
    let postings = said.iter().filter_map(|event| match *event {
        Event::Posting { debit, credit, amount, .. } => Some((debit, credit, amount.0)),
        _ => None,
    });
    postings.collect()
}

fn settled(said: &[Event]) -> Vec<(Count, Money, Money, Money, Money)> {
    let settled = said.iter().filter_map(|event| match *event {
        Event::PositionSettled { position, payout, cost, fees, day_result, .. } => {
            Some((position, payout, cost, fees, day_result))
        }
        _ => None,
    });
    settled.collect()
}

fn finalize(desk: &mut Desk, market: u32, outcome: Outcome, value: Money) -> Vec<Event> {
    let before = desk.said.len();
    desk.lifecycle(market, LifecycleKind::Finalized, outcome, value);
    desk.said[before..].to_vec()
}

/// 17 YES of market 1 at 40 cents and a fee of 28.56.
fn long(desk: &mut Desk) -> Intent {
    let order = desk.order(&View::default());
    desk.fill_whole(&order);
    order
}

#[test]
fn the_first_balance_opens_the_ledger() {
    let desk = desk();
    assert_eq!(postings(&desk.said), [(Account::Cash, Account::External, 1_000_000_000)]);
}

#[test]
fn a_fill_moves_its_principal_and_its_fee() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    let said = desk.filled(&order, contracts(17));
    let expected = [(Account::Positions, Account::Cash, 6_800_000), (Account::Fees, Account::Cash, 285_600)];
    assert_eq!(postings(&said), expected);
    let Event::Posting { reference, cash_after, market, .. } = said[1] else { panic!("{said:?}") };
    assert_eq!((reference, cash_after, market), (1, Money(1_000_000_000 - 7_085_600), MarketId(1)));
}

#[test]
fn the_other_side_closes_and_a_pair_gives_its_dollar_back() {
    let mut desk = desk();
    long(&mut desk);
    // NO at 35 cents: a pair costs 75 and is worth 100.
    let no = desk.order(&View { side: Side::Ask, limit: 6_500, q_yes_e9: 550_000_000, ..View::default() });
    let said = desk.filled(&no, contracts(7));
    let fee = taker_fee(Price(6_500), contracts(7)).0;
    let expected = [
        (Account::Cash, Account::Positions, 2_800_000),
        (Account::Cash, Account::Result, 1_750_000),
        (Account::Fees, Account::Cash, fee),
    ];
    assert_eq!(postings(&said), expected);
    let position = desk.exec.position(MarketId(1));
    assert_eq!((position.net, position.cost, position.realised), (contracts(10), Money(4_000_000), Money(1_750_000)));
    // More than is held: ten close, the rest opens on the other side.
    let said = desk.filled(&no, contracts(12));
    assert_eq!(postings(&said)[0], (Account::Positions, Account::Cash, 2 * 350_000));
    assert_eq!(desk.exec.position(MarketId(1)).net, contracts(-2));
}

#[test]
fn closing_at_a_loss_books_the_loss() {
    let mut desk = desk();
    long(&mut desk);
    let no = desk.order(&View { side: Side::Ask, limit: 3_000, q_yes_e9: 200_000_000, ..View::default() });
    let said = desk.filled(&no, contracts(10));
    assert_eq!(
        postings(&said)[..2],
        [(Account::Cash, Account::Positions, 3_000_000), (Account::Result, Account::Positions, 1_000_000)]
    );
    assert_eq!(desk.exec.ledger().day_result().0, -1_000_000 - 285_600 - taker_fee(Price(3_000), contracts(10)).0);
}

#[test]
fn a_winner_is_paid_a_dollar_each_when_final_and_not_before() {
    let mut desk = desk();
    long(&mut desk);
    let before = desk.said.len();
    desk.lifecycle(1, LifecycleKind::Determined, Outcome::Yes, Money::DOLLAR);
    desk.lifecycle(1, LifecycleKind::Disputed, Outcome::Yes, Money::DOLLAR);
    assert_eq!(postings(&desk.said[before..]), []);
    let said = finalize(&mut desk, 1, Outcome::Yes, Money::DOLLAR);
    let expected = [(Account::Cash, Account::Positions, 6_800_000), (Account::Cash, Account::Result, 10_200_000)];
    assert_eq!(postings(&said), expected);
    let result = Money(10_200_000 - 285_600);
    assert_eq!(settled(&said), [(contracts(17), usd(17), Money(6_800_000), Money(285_600), result)]);
    let again = finalize(&mut desk, 1, Outcome::Yes, Money::DOLLAR);
    assert_eq!(again, [], "a market is paid once");
}

#[test]
fn a_loser_a_scalar_and_a_void_are_paid_what_they_are_due() {
    let cases = [
        (Outcome::No, Money::ZERO, 0),
        (Outcome::Scalar, Money(250_001), 17 * 250_000),
        (Outcome::Scalar, Money(9_000_000), 17_000_000),
        (Outcome::Void, Money::ZERO, 6_800_000),
    ];
    for (outcome, value, payout) in cases {
        let mut desk = desk();
        long(&mut desk);
        let said = finalize(&mut desk, 1, outcome, value);
        assert_eq!(settled(&said)[0].1, Money(payout), "{outcome:?}");
        assert_eq!(desk.exec.ledger().cash(), Money(1_000_000_000 - 7_085_600 + payout));
    }
}

#[test]
fn a_no_wins_what_yes_does_not() {
    let mut desk = desk();
    let order = desk.order(&View { side: Side::Ask, limit: 6_000, ..View::default() });
    desk.fill_whole(&order);
    let said = finalize(&mut desk, 1, Outcome::Scalar, Money(250_000));
    assert_eq!(settled(&said)[0].1, Money(17 * 750_000));
}

#[test]
fn an_amended_result_replaces_the_first() {
    let mut desk = desk();
    long(&mut desk);
    desk.lifecycle(1, LifecycleKind::Determined, Outcome::Yes, Money::DOLLAR);
    desk.lifecycle(1, LifecycleKind::Amended, Outcome::No, Money::ZERO);
    assert_eq!(settled(&finalize(&mut desk, 1, Outcome::No, Money::ZERO))[0].1, Money::ZERO);
}

#[test]
fn a_result_amended_after_it_was_paid_moves_the_difference() {
    let mut desk = desk();
    long(&mut desk);
    finalize(&mut desk, 1, Outcome::Yes, Money::DOLLAR);
    let said = finalize(&mut desk, 1, Outcome::No, Money::ZERO);
    assert_eq!(postings(&said), [(Account::Result, Account::Cash, 17_000_000)]);
    assert_eq!(desk.exec.ledger().cash(), Money(1_000_000_000 - 7_085_600));
    assert_eq!(desk.exec.ledger().sum(), Money::ZERO);
}

#[test]
fn a_final_market_without_a_result_stays_risk_until_it_has_one() {
    let mut desk = desk();
    long(&mut desk);
    let risk = desk.exec.exposure();
    finalize(&mut desk, 1, Outcome::Open, Money::ZERO);
    assert_eq!(desk.exec.exposure(), risk);
    finalize(&mut desk, 1, Outcome::Yes, Money::DOLLAR);
    assert_eq!(desk.exec.exposure(), Money::ZERO);
}

#[test]
fn a_fill_told_after_its_market_was_paid_is_paid_at_once() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    desk.accepted(&order, contracts(17), Count::ZERO);
    desk.filled(&order, contracts(7));
    finalize(&mut desk, 1, Outcome::Yes, Money::DOLLAR);
    assert_eq!((desk.exec.counts().fills_missed, desk.exec.exposure()), (1, Money::ZERO));
    let late = desk.filled(&order, contracts(10));
    assert_eq!(settled(&late)[0].1, usd(10));
    assert_eq!(desk.exec.ledger().cash(), Money(1_000_000_000 + 17_000_000 - 6_800_000 - 117_600 - 168_000));
}

#[test]
fn an_unknown_order_of_a_final_market_holds_nothing_back() {
    let mut desk = desk();
    let order = desk.order(&View::default());
    desk.unknown(&order);
    finalize(&mut desk, 1, Outcome::Yes, Money::DOLLAR);
    assert_eq!(desk.exec.exposure(), Money::ZERO);
    assert!(desk.exec.order_state(order.client).unwrap().is_over());
}

#[test]
fn a_market_that_is_over_makes_room_for_a_new_one() {
    let mut desk = Desk::new(Settings { markets: 4, ..Settings::default() });
    let order = desk.order(&View::default());
    desk.rejected(&order, RejectReason::Other);
    desk.market(5, 0, at(2_700));
    assert_eq!(desk.exec.counts().no_room, 2, "named and told in vain: all four may still matter");
    desk.now = at(1_000);
    desk.market(6, 0, at(2_700));
    assert_eq!(desk.order(&View { market: 6, ..View::default() }).market, MarketId(6));
    assert!(desk.exec.order_state(order.client).is_some(), "a market with orders is kept until it is paid");
}

#[test]
fn tombstones_of_paid_markets_make_room_for_orders() {
    let mut desk = Desk::new(Settings { orders: 1, ..Settings::default() });
    let order = desk.order(&View::default());
    desk.fill_whole(&order);
    assert_eq!(desk.refusal(&View { market: 4, ..View::default() }).0, Gate::LiveOrders, "not paid: not forgotten");
    finalize(&mut desk, 1, Outcome::Yes, Money::DOLLAR);
    assert!(desk.exec.order_state(order.client).is_some(), "a late fill may come while nobody needs the room");
    desk.order(&View { market: 4, ..View::default() });
    assert_eq!(desk.exec.order_state(order.client), None);
}

#[test]
fn a_balance_that_differs_twice_is_cash_that_moved_without_us() {
    let mut desk = desk();
    assert_eq!(desk.hear(balance(2, at(5), usd(990))), []);
    let said = desk.hear(balance(2, at(6), usd(990)));
    assert_eq!(postings(&said), [(Account::External, Account::Cash, 10_000_000)]);
    assert_eq!(desk.refusal(&View::default()).0, Gate::ForeignActivity, "a fill never told looks the same");
    desk.operator(OperatorVerb::Resume);
    desk.order(&View { market: 2, ..View::default() });
}

#[test]
fn cash_that_came_is_booked_like_cash_that_went() {
    let mut desk = desk();
    desk.hear(balance(2, at(8), usd(1_200)));
    assert_eq!(postings(&desk.hear(balance(2, at(9), usd(1_200)))), [(Account::Cash, Account::External, 200_000_000)]);
    assert_eq!(postings(&desk.hear(balance(2, at(10), usd(1_200)))), []);
}

#[test]
fn a_balance_read_before_our_own_movement_says_nothing() {
    let mut desk = desk();
    desk.now = at(10);
    long(&mut desk);
    for ts in [11, 12, 13] {
        let old = Event::Balance {
            shard: 2,
            pad: trader_journal::event::pad(),
            ts: at(ts),
            available: usd(1_000),
            as_of: at(9),
            pad2: trader_journal::event::pad(),
        };
        assert_eq!(desk.hear(old), []);
    }
}

#[test]
fn what_is_missing_once_is_not_spent() {
    let mut desk = desk();
    desk.hear(balance(2, at(5), usd(2)));
    let order = desk.order(&View::default());
    assert_eq!(order.count, contracts(4), "$2 buys four at 41.68");
}

#[test]
fn a_new_day_starts_with_nothing_lost() {
    let mut desk = desk();
    long(&mut desk);
    assert_eq!(desk.exec.ledger().day_result(), Money(-285_600));
    desk.now = at(12 * 3_600 - 1);
    desk.tick();
    assert_eq!(desk.exec.ledger().day_result(), Money(-285_600));
    desk.now = at(12 * 3_600);
    desk.tick();
    assert_eq!(desk.exec.ledger().day_result(), Money::ZERO);
}

// ---- any sequence of fills and settlements ---------------------------------------------------------

#[derive(Clone, Debug)]
enum Deed {
    Fill { market: u32, side: Side, price: u16, count: i64, fee: i64 },
    Settle { market: u32, outcome: Outcome, value: i64 },
}

fn deed() -> impl Strategy<Value = Deed> {
    let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    let fill = (1..=4u32, side, 0..=10_000u16, 1..100_000i64, 0..2_000_000i64)
        .prop_map(|(market, side, price, count, fee)| Deed::Fill { market, side, price, count, fee });
    let outcome = prop::sample::select(vec![Outcome::Yes, Outcome::No, Outcome::Scalar, Outcome::Void]);
    let settle = (1..=4u32, outcome, 0..=1_000_000i64).prop_map(|(market, outcome, value)| Deed::Settle {
        market,
        outcome,
        value,
    });
    prop_oneof![9 => fill, 1 => settle]
}

proptest! {
    #![proptest_config(asked(1_000))]

    #[test]
    fn all_accounts_are_zero_together_and_cash_is_the_venues(deeds in proptest::collection::vec(deed(), 1..60)) {
        let mut desk = Desk::new(unlimited());
        // Two orders a market, of which any fill is told: what is booked is what the venue says.
        let bids = [1, 2, 3, 4].map(|market| desk.order(&View { market, ..View::default() }));
        let asks = [1, 2, 3, 4].map(|market| desk.order(&View { market, side: Side::Ask, limit: 6_000, ..View::default() }));
        let mut held = [Held::default(); 4];
        let mut paid = [None; 4];
        let mut cash = 1_000_000_000;
        for (trade, deed) in deeds.into_iter().enumerate() {
            match deed {
                Deed::Fill { market, side, price, count, fee } => {
                    let at_market = market as usize - 1;
                    let order = if side == Side::Bid { bids[at_market] } else { asks[at_market] };
                    let told = Intent { price: Price(price), ..order };
                    desk.group(fill(at(2), &told, trade_id(trade as u64), Count(count), Money(fee)));
                    cash += held[at_market].fill(side, i64::from(price), count) - fee;
                    if let Some((outcome, value)) = paid[at_market] {
                        cash += std::mem::take(&mut held[at_market]).pay(outcome, value);
                    }
                }
                Deed::Settle { market, outcome, value } if paid[market as usize - 1].is_none() => {
                    finalize(&mut desk, market, outcome, Money(value));
                    cash += std::mem::take(&mut held[market as usize - 1]).pay(outcome, value);
                    paid[market as usize - 1] = Some((outcome, value));
                }
                Deed::Settle { .. } => {}
            }
            prop_assert_eq!(desk.exec.ledger().sum(), Money::ZERO);
            prop_assert_eq!(desk.exec.ledger().cash(), Money(cash));
        }
    }
}
