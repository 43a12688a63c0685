//! Orders that are changed while they rest: their place in the queue, their money, and what is told.

use crate::world::{World, contracts, level, price};
use trader_exec::venue::{
    Accepted, AmendOrder, AmendRefusal, DecreaseOrder, Decreased, NewExpiry, NewOrder, Reduction, Said, VenueMarket,
};
use trader_journal::book::Side;
use trader_journal::event::{ClientId, OrderStatus, RejectReason, UpdateReason, Uuid};
use trader_journal::units::{Count, Money};

fn decrease(world: &mut World, order: Uuid, reduction: Reduction) -> Result<Decreased, RejectReason> {
    world.venue.decrease(world.now, &DecreaseOrder { order, shard: Some(2), reduction, ticket: 5 });
    world.wait(1);
    let found = world.said.iter().find_map(|said| match said {
        Said::DecreaseReply { ticket: 5, result, .. } => Some(*result),
        _ => None,
    });
    found.expect("a decrease is answered")
}

/// The order at another price and count.
fn terms(world: &World, order: Uuid, at: &str, count: &str) -> AmendOrder {
    let side = world.venue.account().order(order).map_or(Side::Bid, |record| record.asked.side);
    AmendOrder {
        order,
        shard: Some(2),
        market: world.market,
        side,
        client: None,
        renamed: None,
        price: price(at),
        count: contracts(count),
        expires: NewExpiry::Kept,
        ticket: 6,
    }
}

fn amend(world: &mut World, amend: AmendOrder) -> Result<Accepted, AmendRefusal> {
    world.venue.amend(world.now, &amend);
    world.wait(1);
    let found = world.said.iter().find_map(|said| match said {
        Said::AmendReply { ticket: 6, result, .. } => Some(*result),
        _ => None,
    });
    found.expect("an amend is answered")
}

fn ahead(world: &World, order: Uuid) -> &'static str {
    match world.venue.queue_ahead(order) {
        None => "gone",
        Some(Count(0)) => "front",
        Some(Count(_)) => "behind",
    }
}

/// Ours first, then the makers at the same price.
fn first_in_line(world: &mut World) -> Uuid {
    let order = world.rest(Side::Bid, "0.40", "10");
    world.quote(Side::Bid, &[level("0.40", "5")]);
    order
}

#[test]
fn a_smaller_order_keeps_its_place_and_frees_its_money() {
    let mut world = World::new();
    let order = first_in_line(&mut world);
    let reserved = world.venue.account().reserved();
    assert_eq!(decrease(&mut world, order, Reduction::By(contracts("4"))).unwrap().remaining, contracts("6"));
    assert_eq!((ahead(&world, order), world.levels(Side::Bid)), ("front", vec![level("0.40", "11")]));
    let state = world.states()[0];
    assert_eq!(
        (state.status, state.reason, state.remaining),
        (OrderStatus::Resting, UpdateReason::Decrease, contracts("6"))
    );
    assert!(world.venue.account().reserved() < reserved);
    assert_eq!(decrease(&mut world, order, Reduction::To(contracts("2"))).unwrap().remaining, contracts("2"));
    for wrong in [
        Reduction::By(Count(0)),
        Reduction::By(contracts("3")),
        Reduction::To(contracts("2")),
        Reduction::To(Count(-1)),
    ] {
        assert_eq!(decrease(&mut world, order, wrong), Err(RejectReason::InvalidCount), "{wrong:?}");
    }
    assert_eq!(decrease(&mut world, order, Reduction::To(Count(0))).unwrap().remaining, Count(0));
    assert_eq!((ahead(&world, order), world.states()[0].status), ("gone", OrderStatus::Canceled));
    assert_eq!(decrease(&mut world, order, Reduction::To(Count(0))), Err(RejectReason::OrderNotFound));
    assert_eq!(world.venue.account().reserved(), Money::ZERO);
}

#[test]
fn an_amend_keeps_the_place_only_of_what_shrinks_or_lives_longer() {
    for (count, expires, place) in
        [("10", NewExpiry::Never, "front"), ("9", NewExpiry::Kept, "front"), ("11", NewExpiry::Kept, "behind")]
    {
        let mut world = World::new();
        let order = first_in_line(&mut world);
        let wanted = AmendOrder { expires, ..terms(&world, order, "0.40", count) };
        assert_eq!(amend(&mut world, wanted).unwrap().remaining, contracts(count));
        assert_eq!(ahead(&world, order), place, "{count}");
        assert_eq!(world.states().last().unwrap().reason, UpdateReason::Amend);
    }
    // Among our own: the first one, made larger, is served after the second.
    let mut world = World::new();
    let (first, second) = (world.rest(Side::Bid, "0.40", "1"), world.rest(Side::Bid, "0.40", "1"));
    let wanted = terms(&world, first, "0.40", "2");
    amend(&mut world, wanted).unwrap();
    world.public(Side::Ask, "0.40", "1");
    assert_eq!((ahead(&world, first), ahead(&world, second)), ("front", "gone"));
}

#[test]
fn an_amend_that_crosses_takes() {
    let mut world = World::new();
    world.quote(Side::Ask, &[level("0.50", "3")]);
    let order = world.rest(Side::Bid, "0.40", "5");
    let wanted = terms(&world, order, "0.55", "5");
    let amended = amend(&mut world, wanted).unwrap();
    assert_eq!((amended.filled, amended.remaining), (contracts("3"), contracts("2")));
    let fill = world.fills()[0];
    assert_eq!((fill.price, fill.is_taker, fill.order), (price("0.50"), true, order));
    assert_eq!(world.levels(Side::Bid), vec![level("0.55", "2")]);
    // The count is the whole order's.
    let wanted = terms(&world, order, "0.55", "3");
    assert_eq!(amend(&mut world, wanted), Err(RejectReason::InvalidCount.into()));
    let wanted = terms(&world, order, "0.55", "4");
    assert_eq!(amend(&mut world, wanted).unwrap().remaining, contracts("1"));
    assert_eq!(world.venue.account().imbalance(), Money::ZERO);
}

#[test]
fn an_amend_that_means_another_order_changes_nothing() {
    let mut world = World::new();
    let order = first_in_line(&mut world);
    let other = world.rest(Side::Bid, "0.30", "1");
    let used = world.venue.account().order(other).unwrap().asked.client;
    let good = terms(&world, order, "0.41", "10");
    let before = world.venue.account().orders().to_vec();
    let rejected = |reason| AmendRefusal::Rejected(reason);
    let wrong = [
        (AmendOrder { market: VenueMarket(7), ..good }, AmendRefusal::OtherMarket),
        (AmendOrder { side: Side::Ask, ..good }, AmendRefusal::OtherSide),
        (AmendOrder { client: Some(used), ..good }, AmendRefusal::OtherClient),
        (AmendOrder { renamed: Some(used), ..good }, rejected(RejectReason::DuplicateClientId)),
        (AmendOrder { shard: None, ..good }, rejected(RejectReason::OrderNotFound)),
        (AmendOrder { price: price("0.4015"), ..good }, rejected(RejectReason::InvalidPrice)),
        (AmendOrder { count: Count(0), ..good }, rejected(RejectReason::InvalidCount)),
        (AmendOrder { count: contracts("100000"), ..good }, rejected(RejectReason::InsufficientBalance)),
        (AmendOrder { expires: NewExpiry::At(world.now), ..good }, rejected(RejectReason::InvalidExpiration)),
    ];
    for (asked, refusal) in wrong {
        assert_eq!(amend(&mut world, asked), Err(refusal));
        assert!(world.states().is_empty() && world.venue.account().orders() == before, "{refusal:?}");
    }
    let named = ClientId { epoch: 9, nonce: 9, seq: 9 };
    let amended = amend(&mut world, AmendOrder { renamed: Some(named), ..good }).unwrap();
    assert_eq!(amended.client, named);
    let again = NewOrder { client: named, ..world.order(Side::Bid, "0.20", "1") };
    assert_eq!(world.send(again), Err(RejectReason::DuplicateClientId), "the new name is used up too");
}

#[test]
fn an_order_that_only_reduces_never_turns_the_position() {
    let mut world = World::new();
    world.quote(Side::Ask, &[level("0.50", "50")]);
    world.quote(Side::Bid, &[level("0.48", "50")]);
    let order = world.ioc(Side::Bid, "0.50", "4");
    world.send(order).unwrap();
    let reducing = |order| NewOrder { reduce_only: true, ..order };
    let order = world.ioc(Side::Bid, "0.50", "4");
    assert_eq!(world.send(reducing(order)).unwrap().filled, Count(0), "it would enlarge");
    let order = world.ioc(Side::Ask, "0.48", "9");
    assert_eq!(world.send(reducing(order)).unwrap().filled, contracts("4"));
    assert_eq!((world.position(), world.states().last().unwrap().status), (Count(0), OrderStatus::Canceled));
    let order = world.order(Side::Ask, "0.48", "9");
    assert_eq!(world.send(reducing(order)), Err(RejectReason::Other), "only at once");
}

#[test]
fn everything_leaves_at_once() {
    let mut world = World::new();
    let orders =
        [world.rest(Side::Bid, "0.40", "1"), world.rest(Side::Ask, "0.60", "2"), world.rest(Side::Bid, "0.41", "3")];
    world.venue.cancel_all(world.now, 8);
    world.wait(1);
    assert!(world.said.iter().any(|said| matches!(said, Said::CancelAllReply { ticket: 8, canceled: 3, .. })));
    assert!(orders.iter().all(|order| ahead(&world, *order) == "gone"));
    assert_eq!((world.levels(Side::Bid).len(), world.levels(Side::Ask).len()), (0, 0));
    assert_eq!(world.venue.account().reserved(), Money::ZERO);
}
