//! Price, then time: the makers in the queue with us.

use crate::world::{World, contracts, level, price};
use trader_exec::venue::Said;
use trader_journal::book::Side;
use trader_journal::event::{ClientId, OrderStatus};
use trader_journal::units::Count;

fn changes(said: &[Said]) -> Vec<(Side, String, String, Option<ClientId>)> {
    let change = |said: &Said| match said {
        Said::Level { side, price, change, cause, .. } => Some((*side, price.to_string(), change.to_string(), *cause)),
        _ => None,
    };
    said.iter().filter_map(change).collect()
}

#[test]
fn an_order_waits_behind_what_was_there_and_before_what_comes() {
    let mut world = World::new();
    world.quote(Side::Bid, &[level("0.40", "10")]);
    let ours = world.rest(Side::Bid, "0.40", "5");
    world.quote(Side::Bid, &[level("0.40", "30")]);
    assert_eq!(world.venue.queue_ahead(ours), Some(contracts("10")));
    world.public(Side::Ask, "0.40", "12");
    assert_eq!(world.fills()[0].count, contracts("2"));
    assert!(!world.fills()[0].is_taker);
    world.public(Side::Ask, "0.40", "10");
    assert_eq!((world.fills()[0].count, world.fills().len()), (contracts("3"), 1));
    assert_eq!(world.levels(Side::Bid), [level("0.40", "13")], "of the twenty that came later");
    assert_eq!(world.venue.account().order(ours).unwrap().status, OrderStatus::Executed);
}

#[test]
fn makers_cut_from_behind_and_come_back_at_the_end() {
    let mut world = World::new();
    world.quote(Side::Bid, &[level("0.40", "10")]);
    let ours = world.rest(Side::Bid, "0.40", "5");
    world.quote(Side::Bid, &[level("0.40", "30")]);
    world.quote(Side::Bid, &[level("0.40", "12")]);
    assert_eq!(world.venue.queue_ahead(ours), Some(contracts("10")), "they kept their place");
    world.quote(Side::Bid, &[level("0.40", "4")]);
    assert_eq!(world.venue.queue_ahead(ours), Some(contracts("4")));
    world.quote(Side::Bid, &[level("0.40", "20")]);
    assert_eq!(world.venue.queue_ahead(ours), Some(contracts("4")));
    world.quote(Side::Bid, &[level("0.39", "20")]);
    world.quote(Side::Bid, &[level("0.40", "20")]);
    assert_eq!(world.venue.queue_ahead(ours), Some(Count::ZERO), "a new level stands behind us");
}

#[test]
fn two_of_our_orders_have_makers_between_them() {
    let mut world = World::new();
    let first = world.rest(Side::Ask, "0.60", "1");
    world.quote(Side::Ask, &[level("0.60", "2")]);
    let second = world.rest(Side::Ask, "0.60", "1");
    world.public(Side::Bid, "0.60", "3.50");
    let sizes: Vec<_> = world.fills().iter().map(|fill| (fill.order, fill.count)).collect();
    assert_eq!(sizes, [(first, contracts("1")), (second, contracts("0.50"))]);
    assert_eq!(world.levels(Side::Ask), [level("0.60", "0.50")]);
}

#[test]
fn a_better_price_is_served_before_an_earlier_one() {
    let mut world = World::new();
    world.quote(Side::Ask, &[level("0.60", "5")]);
    let ours = world.rest(Side::Ask, "0.59", "1");
    world.public(Side::Bid, "0.99", "2");
    assert_eq!((world.fills()[0].order, world.fills()[0].price), (ours, price("0.59")));
    assert_eq!(world.levels(Side::Ask), [level("0.60", "4")]);
}

#[test]
fn what_was_taken_is_gone_until_quoted_again() {
    let mut world = World::new();
    let ladder = [level("0.60", "5"), level("0.61", "5")];
    world.quote(Side::Ask, &ladder);
    let order = world.ioc(Side::Bid, "0.60", "5");
    world.send(order).unwrap();
    let again = world.ioc(Side::Bid, "0.60", "5");
    assert_eq!(world.send(again).unwrap().filled, Count::ZERO);
    let back = world.quote(Side::Ask, &ladder);
    assert_eq!(changes(back), [(Side::Ask, "0.6000".into(), "5.00".into(), None)]);
}

#[test]
fn the_same_ladder_again_changes_nothing_and_says_nothing() {
    let mut world = World::new();
    let ladder = [level("0.60", "5"), level("0.61", "5")];
    assert_eq!(changes(world.quote(Side::Ask, &ladder)).len(), 2);
    assert!(world.quote(Side::Ask, &ladder).is_empty());
    assert_eq!(changes(world.quote(Side::Ask, &[])).len(), 2, "an empty ladder takes everything away");
    assert!(world.levels(Side::Ask).is_empty());
}

#[test]
fn makers_who_move_through_our_order_trade_at_its_price() {
    let mut world = World::new();
    world.quote(Side::Ask, &[level("0.62", "5")]);
    let ours = world.rest(Side::Ask, "0.60", "3");
    world.quote(Side::Bid, &[level("0.61", "5"), level("0.59", "1")]);
    let fill = world.fills()[0];
    assert_eq!((fill.order, fill.price, fill.count, fill.is_taker), (ours, price("0.60"), contracts("3"), false));
    assert_eq!(world.levels(Side::Bid), [level("0.61", "2"), level("0.59", "1")]);
    assert_eq!(world.levels(Side::Ask), [level("0.62", "5")]);
}

#[test]
fn makers_do_not_trade_with_themselves() {
    let mut world = World::new();
    world.quote(Side::Ask, &[level("0.60", "5"), level("0.61", "5"), level("0.65", "5")]);
    let said = world.quote(Side::Bid, &[level("0.61", "7")]);
    assert!(!said.iter().any(|said| matches!(said, Said::Trade { .. })));
    assert_eq!(world.levels(Side::Ask), [level("0.65", "5")]);
    assert_eq!(world.levels(Side::Bid), [level("0.61", "7")]);
}

#[test]
fn levels_that_cannot_stand_are_left_out_and_counted() {
    let mut world = World::new();
    let odd = [level("0.40", "1"), level("0.41", "1"), level("0.395", "1"), level("0.39", "0"), level("0.38", "-1")];
    world.quote(Side::Bid, &odd);
    assert_eq!(world.levels(Side::Bid), [level("0.40", "1")]);
    assert_eq!(world.venue.counts().levels_left_out, 4);
    let many: Vec<_> = (1..=40u16).map(|cents| level(&format!("0.{:02}", 90 - cents), "1")).collect();
    world.quote(Side::Bid, &many);
    assert_eq!(world.levels(Side::Bid).len(), 32);
}

#[test]
fn the_public_is_told_whose_order_moved_a_level() {
    let mut world = World::new();
    world.quote(Side::Ask, &[level("0.60", "5")]);
    let order = world.order(Side::Bid, "0.60", "7");
    world.send(order).unwrap();
    let ours = Some(order.client);
    let expected = [
        (Side::Ask, "0.6000".to_owned(), "-5.00".to_owned(), ours),
        (Side::Bid, "0.6000".to_owned(), "2.00".to_owned(), ours),
    ];
    assert_eq!(changes(&world.said), expected);
    let trades: Vec<_> = world.said.iter().filter(|said| matches!(said, Said::Trade { .. })).collect();
    assert!(matches!(trades[..], [Said::Trade { trade, taker: Side::Bid, .. }] if *trade == world.fills()[0].trade));
    let taken = world.public(Side::Ask, "0.60", "2");
    assert_eq!(changes(taken)[0].3, None, "somebody else's order did it");
}
