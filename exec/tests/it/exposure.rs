//! Two corners against every possible set of fills.

use crate::desk::asked;
use proptest::prelude::*;
use trader_exec::{Corners, price_bought};
use trader_journal::book::Side;
use trader_journal::units::{Count, Money, Price};

#[derive(Clone, Copy, Debug)]
struct Open {
    side: Side,
    price: u16,
    count: i64,
    fee: i64,
}

impl Open {
    fn cost(&self) -> i64 {
        i64::from(price_bought(self.side, Price(self.price)).0) * self.count + self.fee
    }
}

fn order() -> impl Strategy<Value = Open> {
    let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    (side, 1..10_000u16, 1..20_000i64, 0..40_000i64).prop_map(|(side, price, count, fee)| Open {
        side,
        price,
        count,
        fee,
    })
}

/// Every subset of the orders filled, both outcomes: the most that is lost.
fn by_trying(paid: i64, yes: i64, no: i64, orders: &[Open]) -> (i64, i64) {
    let mut worst = (i64::MIN, i64::MIN);
    for subset in 0..1u32 << orders.len() {
        let filled = orders.iter().enumerate().filter(|(at, _)| subset & (1 << at) != 0).map(|(_, order)| order);
        let (mut spent, mut won, mut lost) = (paid, yes * 10_000, no * 10_000);
        for order in filled {
            spent += order.cost();
            match order.side {
                Side::Bid => won += order.count * 10_000,
                Side::Ask => lost += order.count * 10_000,
            }
        }
        worst = (worst.0.max(spent - won), worst.1.max(spent - lost));
    }
    worst
}

proptest! {
    #![proptest_config(asked(1_000))]

    #[test]
    fn two_corners_are_the_whole_search(
        paid in -5_000_000_000..5_000_000_000i64,
        yes in 0..100_000i64,
        no in 0..100_000i64,
        orders in proptest::collection::vec(order(), 0..=10),
    ) {
        let held = Corners::held(Money(paid), Count(yes), Count(no));
        let corners = orders.iter().fold(held, |corners, order| corners.with(order.side, Money(order.cost()), Count(order.count)));
        let (if_yes, if_no) = by_trying(paid, yes, no, &orders);
        prop_assert_eq!(corners, Corners { if_yes: Money(if_yes), if_no: Money(if_no) });
        prop_assert_eq!(corners.at_risk(), Money(if_yes.max(if_no).max(0)));
    }
}
