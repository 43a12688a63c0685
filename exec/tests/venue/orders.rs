//! What the venue accepts, refuses and cancels, one rule a test.

use crate::world::{World, contracts, dollars, level, listing, price, settings};
use trader_exec::venue::{NewOrder, OrderRecord, VenueMarket, VenueSettings};
use trader_journal::book::Side;
use trader_journal::event::{ClientId, OrderStatus, RejectReason, SelfTrade, TimeInForce, UpdateReason, Uuid};
use trader_journal::grid::PriceGrid;
use trader_journal::units::{Count, Money, Nanos};

fn refused(change: impl Fn(NewOrder) -> NewOrder) -> RejectReason {
    let mut world = World::new();
    world.quote(Side::Ask, &[level("0.52", "10")]);
    let order = change(world.order(Side::Bid, "0.50", "1"));
    world.send(order).expect_err("it breaks a rule")
}

#[test]
fn a_crossing_order_pays_the_resting_price_and_the_recorded_fee() {
    let mut world = World::new();
    world.quote(Side::Ask, &[level("0.52", "10")]);
    let order = world.ioc(Side::Bid, "0.99", "1");
    let accepted = world.send(order).unwrap();
    assert_eq!((accepted.filled, accepted.remaining), (contracts("1"), Count::ZERO));
    assert_eq!((accepted.notional, accepted.fees), (dollars("0.52"), dollars("0.0175")));
    let fill = world.fills()[0];
    assert_eq!((fill.price, fill.fee, fill.is_taker), (price("0.52"), dollars("0.0175"), true));
    assert_eq!((fill.balance_change, fill.post_position), (dollars("-0.5375"), contracts("1")));
    assert_eq!(world.cash(), "999.462500");
}

#[test]
fn an_ioc_that_finds_nothing_is_accepted_and_over() {
    let mut world = World::new();
    let order = world.ioc(Side::Bid, "0.50", "1");
    let accepted = world.send(order).unwrap();
    assert_eq!((accepted.filled, accepted.remaining), (Count::ZERO, Count::ZERO));
    assert_eq!(world.states()[0].status, OrderStatus::Canceled);
    assert!(world.levels(Side::Bid).is_empty());
}

#[test]
fn an_ioc_takes_level_by_level_up_to_its_limit_and_forgets_the_rest() {
    let mut world = World::new();
    world.quote(Side::Ask, &[level("0.50", "2"), level("0.51", "3"), level("0.53", "9")]);
    let order = world.ioc(Side::Bid, "0.52", "10");
    let accepted = world.send(order).unwrap();
    assert_eq!((accepted.filled, accepted.notional), (contracts("5"), dollars("2.53")));
    assert_eq!(world.levels(Side::Ask), [level("0.53", "9")]);
    assert_eq!((world.states().len(), world.states()[0].reason), (1, UpdateReason::None));
}

#[test]
fn what_is_left_of_a_good_till_canceled_order_rests() {
    let mut world = World::new();
    world.quote(Side::Ask, &[level("0.50", "2")]);
    let order = world.order(Side::Bid, "0.51", "5");
    let accepted = world.send(order).unwrap();
    assert_eq!((accepted.filled, accepted.remaining), (contracts("2"), contracts("3")));
    assert_eq!(world.levels(Side::Bid), [level("0.51", "3")]);
    assert_eq!(world.states()[0].status, OrderStatus::Resting);
}

#[test]
fn fill_or_kill_is_all_or_nothing_and_uses_up_its_identifier() {
    let mut world = World::new();
    world.quote(Side::Ask, &[level("0.50", "2"), level("0.51", "2")]);
    let kill = |order: NewOrder| NewOrder { time_in_force: TimeInForce::FillOrKill, ..order };
    let order = world.order(Side::Bid, "0.51", "5");
    assert_eq!(world.send(kill(order)), Err(RejectReason::FillOrKill));
    assert_eq!(world.levels(Side::Ask).len(), 2, "nothing was taken");
    assert_eq!(world.send(NewOrder { count: contracts("1"), ..order }), Err(RejectReason::DuplicateClientId));
    let order = world.order(Side::Bid, "0.51", "4");
    assert_eq!(world.send(kill(order)).unwrap().filled, contracts("4"));
}

#[test]
fn post_only_never_takes() {
    let crossing = |order| NewOrder { post_only: true, price: price("0.52"), ..order };
    assert_eq!(refused(crossing), RejectReason::PostOnlyCross);
    let mut world = World::new();
    world.quote(Side::Ask, &[level("0.52", "10")]);
    let order = world.order(Side::Bid, "0.51", "1");
    assert!(world.send(NewOrder { post_only: true, ..order }).is_ok());
    let again = world.order(Side::Ask, "0.51", "1");
    assert_eq!(world.send(NewOrder { post_only: true, ..again }), Err(RejectReason::PostOnlyCross), "its own bid");
}

#[test]
fn an_identifier_is_taken_for_ever() {
    let mut world = World::new();
    let first = world.rest(Side::Bid, "0.40", "1");
    let used = world.venue.account().order(first).unwrap().asked;
    assert_eq!(world.send(used), Err(RejectReason::DuplicateClientId));
    world.cancel(first).unwrap();
    assert_eq!(world.send(used), Err(RejectReason::DuplicateClientId), "even when its order is dead");
    let refused = world.order(Side::Bid, "0.455", "1");
    assert_eq!(world.send(refused), Err(RejectReason::InvalidPrice));
    assert!(world.send(NewOrder { price: price("0.45"), ..refused }).is_ok(), "a refused order used up nothing");
    let nameless = NewOrder { client: ClientId::FOREIGN, price: price("0.44"), ..refused };
    assert!(world.send(nameless).is_ok() && world.send(nameless).is_ok());
}

#[test]
fn orders_off_the_rules_are_refused_by_name() {
    let at = |text: &'static str| move |order| NewOrder { price: price(text), ..order };
    assert_eq!(refused(at("0.505")), RejectReason::InvalidPrice);
    assert_eq!(refused(at("0.0000")), RejectReason::InvalidPrice);
    assert_eq!(refused(at("1.0000")), RejectReason::InvalidPrice);
    let of = |count| move |order| NewOrder { count: Count(count), ..order };
    assert_eq!(refused(of(0)), RejectReason::InvalidCount);
    assert_eq!(refused(of(-100)), RejectReason::InvalidCount);
    assert_eq!(refused(of(i64::MAX)), RejectReason::InvalidCount);
    assert_eq!(refused(|order| NewOrder { market: None, ..order }), RejectReason::MarketNotFound);
    let never_listed = Some(VenueMarket(77));
    assert_eq!(refused(|order| NewOrder { market: never_listed, ..order }), RejectReason::MarketNotFound);
    let expiring = |expires| move |order| NewOrder { expires: Some(expires), ..order };
    assert_eq!(refused(expiring(Nanos(1))), RejectReason::InvalidExpiration);
    let ioc = |order| NewOrder { time_in_force: TimeInForce::ImmediateOrCancel, ..order };
    assert_eq!(refused(|order| ioc(expiring(Nanos::NEVER)(order))), RejectReason::InvalidExpiration);
    assert_eq!(refused(|order| NewOrder { post_only: true, ..ioc(order) }), RejectReason::Other);
}

#[test]
fn tenths_of_a_cent_are_prices_only_where_the_grid_has_them() {
    let mut world = World::new();
    world.rest(Side::Bid, "0.055", "1");
    world.rest(Side::Ask, "0.966", "0.01");
    let mut cents = World::with(settings(), &trader_exec::venue::Listing { grid: PriceGrid::LINEAR_CENT, ..listing() });
    let order = cents.order(Side::Bid, "0.055", "1");
    assert_eq!(cents.send(order), Err(RejectReason::InvalidPrice));
}

#[test]
fn cash_must_cover_price_and_fee_and_what_already_rests() {
    let poor = VenueSettings { cash: dollars("10"), fills_per_order_max: 1, ..settings() };
    let mut world = World::with(poor, &listing());
    let order = world.order(Side::Bid, "0.50", "20");
    assert_eq!(world.send(order), Err(RejectReason::InsufficientBalance), "the fee is missing");
    // 19 contracts: 9.50 + 0.3325 + one rounding.
    let order = world.order(Side::Bid, "0.50", "19");
    world.send(order).unwrap();
    assert_eq!(world.venue.account().available(), dollars("0.1674"));
    let order = world.order(Side::Ask, "0.90", "2");
    assert_eq!(world.send(order), Err(RejectReason::InsufficientBalance), "0.20 for two NO contracts");
    let order = world.order(Side::Ask, "0.90", "1");
    world.send(order).unwrap();
}

#[test]
fn closing_a_position_needs_cash_for_roundings_only() {
    let poor = VenueSettings { cash: dollars("9.84"), fills_per_order_max: 10, ..settings() };
    let mut world = World::with(poor, &listing());
    world.quote(Side::Ask, &[level("0.50", "100")]);
    let order = world.ioc(Side::Bid, "0.50", "19");
    world.send(order).unwrap();
    let order = world.order(Side::Ask, "0.60", "19");
    world.send(order).unwrap();
    let order = world.order(Side::Ask, "0.60", "20");
    world.send(order).unwrap_or_else(|_| panic!("the pairs pay for these too"));
    let order = world.order(Side::Ask, "0.60", "20");
    assert_eq!(world.send(order), Err(RejectReason::InsufficientBalance), "the pairs are spoken for");
}

#[test]
fn an_order_that_would_meet_its_own_stops_there() {
    let mut world = World::new();
    world.quote(Side::Ask, &[level("0.50", "2")]);
    let resting = world.rest(Side::Ask, "0.51", "5");
    let order = world.order(Side::Bid, "0.52", "5");
    let accepted = world.send(order).unwrap();
    assert_eq!((accepted.filled, accepted.remaining), (contracts("2"), Count::ZERO));
    assert_eq!(world.states().last().unwrap().reason, UpdateReason::SelfTradeCancel);
    assert_eq!(world.venue.account().order(resting).unwrap().remaining, contracts("5"));
}

#[test]
fn or_the_resting_one_goes_and_it_trades_on() {
    let mut world = World::new();
    let resting = world.rest(Side::Ask, "0.50", "5");
    world.quote(Side::Ask, &[level("0.51", "2")]);
    let order = NewOrder { self_trade: SelfTrade::Maker, ..world.order(Side::Bid, "0.52", "3") };
    let accepted = world.send(order).unwrap();
    assert_eq!((accepted.filled, accepted.remaining), (contracts("2"), contracts("1")));
    let gone = world.venue.account().order(resting).unwrap();
    assert_eq!((gone.status, gone.reason), (OrderStatus::Canceled, UpdateReason::SelfTradeCancel));
    assert_eq!(world.levels(Side::Ask), []);
}

#[test]
fn fill_or_kill_does_not_count_its_own_orders() {
    for self_trade in [SelfTrade::TakerAtCross, SelfTrade::Maker] {
        let mut world = World::new();
        let resting = world.rest(Side::Ask, "0.50", "5");
        world.quote(Side::Ask, &[level("0.51", "2")]);
        let time_in_force = TimeInForce::FillOrKill;
        let order = NewOrder { self_trade, time_in_force, ..world.order(Side::Bid, "0.52", "3") };
        assert_eq!(world.send(order), Err(RejectReason::FillOrKill));
        assert_eq!(world.venue.account().order(resting).unwrap().status, OrderStatus::Resting);
    }
}

#[test]
fn a_cancel_tells_what_it_took_and_finds_only_the_living_on_their_shard() {
    let mut world = World::new();
    let order = world.rest(Side::Bid, "0.40", "3");
    assert_eq!(world.cancel_on(order, None), Err(RejectReason::OrderNotFound));
    assert_eq!(world.cancel_on(order, Some(0)), Err(RejectReason::OrderNotFound));
    assert_eq!(world.levels(Side::Bid), [level("0.40", "3")], "it still rests");
    world.public(Side::Ask, "0.40", "1");
    assert_eq!(world.cancel(order).unwrap().reduced, contracts("2"));
    assert_eq!(world.cancel(order), Err(RejectReason::OrderNotFound));
    assert_eq!(world.cancel(Uuid([9; 16])), Err(RejectReason::OrderNotFound));
    assert_eq!(world.cancel(Uuid::NONE), Err(RejectReason::OrderNotFound));
    assert_eq!(world.venue.account().reserved(), Money::ZERO);
}

#[test]
fn an_order_leaves_at_its_expiration() {
    let mut world = World::new();
    let order = world.order(Side::Bid, "0.40", "3");
    world.send(NewOrder { expires: Some(world.now.plus(5000)), ..order }).unwrap();
    assert_eq!(world.venue.next_deadline(), world.now.plus(4999));
    world.wait(4998);
    assert_eq!(world.levels(Side::Bid).len(), 1);
    world.wait(1);
    assert_eq!(world.states()[0].reason, UpdateReason::ExpiryCancel);
    assert_eq!((world.levels(Side::Bid).len(), world.venue.account().reserved()), (0, Money::ZERO));
}

#[test]
fn commands_take_their_time_and_keep_their_order() {
    let slow = VenueSettings { entry_latency_ns: 1000, entry_jitter_ns: 1000, ..settings() };
    let mut world = World::with(slow, &listing());
    let sent = world.now;
    for _ in 0..50 {
        let order = world.order(Side::Bid, "0.40", "1");
        world.venue.submit(sent, &order);
        assert!(world.venue.next_deadline() >= sent.plus(1000));
    }
    world.wait(999);
    assert!(world.said.is_empty());
    world.wait(1001);
    let arrivals: Vec<&OrderRecord> = world.venue.account().orders().iter().collect();
    assert_eq!(arrivals.len(), 50);
    assert!(arrivals.windows(2).all(|pair| pair[0].asked.ticket < pair[1].asked.ticket && pair[0].at <= pair[1].at));
    assert!(
        arrivals[0].at >= sent.plus(1000) && arrivals[49].at > arrivals[0].at && arrivals[49].at <= sent.plus(2000)
    );
}

#[test]
fn the_record_finds_orders_by_both_names() {
    let mut world = World::new();
    let first = world.rest(Side::Bid, "0.40", "1");
    let second = world.rest(Side::Bid, "0.41", "1");
    let account = world.venue.account();
    assert_ne!(first, second);
    for order in [first, second] {
        let record = account.order(order).unwrap();
        assert_eq!(account.order_of(record.asked.client).unwrap().order, order);
        assert_eq!(Uuid::parse(order.to_string().as_bytes()), Some(order));
    }
    assert!(account.order_of(ClientId { epoch: 9, nonce: 9, seq: 9 }).is_none());
}

#[test]
fn another_seed_is_another_venue_and_the_same_seed_the_same() {
    let first_order = |seed| {
        let mut world = World::with(VenueSettings { seed, entry_jitter_ns: 1_000_000, ..settings() }, &listing());
        let order = world.order(Side::Bid, "0.40", "1");
        world.venue.submit(world.now, &order);
        world.wait(1_000_000);
        let record = world.venue.account().orders()[0];
        (record.order, record.at)
    };
    assert_eq!(first_order(7), first_order(7));
    assert!(first_order(7).0 != first_order(8).0 && first_order(7).1 != first_order(8).1);
}
