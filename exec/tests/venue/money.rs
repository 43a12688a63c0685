//! Cash, netting, fees and payments, to the millionth.

use crate::world::{CLOSE, World, contracts, dollars, level, listing, settings};
use trader_exec::venue::{Listing, VenueSettings, Verdict};
use trader_journal::book::Side;
use trader_journal::event::Outcome;
use trader_journal::fee::Precision;
use trader_journal::units::{Count, Money, Nanos};

/// Takes `count` at `price` from makers who offer just that.
fn take(world: &mut World, side: Side, at: &str, count: &str) -> Money {
    world.quote(side.opposite(), &[level(at, count)]);
    let order = world.ioc(side, at, count);
    assert_eq!(world.send(order).unwrap().filled, contracts(count));
    world.fills()[0].balance_change
}

/// Count, price, side, precision, net fee, balance change.
type Row = (&'static str, &'static str, Side, Precision, &'static str, &'static str);

#[test]
fn single_fills_are_charged_as_the_published_examples() {
    use Precision::{Cent, Centicent};
    let rows: [Row; 12] = [
        ("1", "0.52", Side::Bid, Centicent, "0.017500", "-0.537500"),
        ("1", "0.99", Side::Bid, Centicent, "0.000700", "-0.990700"),
        ("1", "0.50", Side::Bid, Centicent, "0.017500", "-0.517500"),
        ("100", "0.50", Side::Bid, Centicent, "1.750000", "-51.750000"),
        ("100", "0.05", Side::Bid, Centicent, "0.332500", "-5.332500"),
        ("1", "0.05", Side::Bid, Centicent, "0.003400", "-0.053400"),
        ("8.94", "0.77", Side::Bid, Centicent, "0.110900", "-6.994700"),
        ("0.50", "0.005", Side::Bid, Centicent, "0.000200", "-0.002700"),
        ("25.37", "0.935", Side::Bid, Centicent, "0.107950", "-23.828900"),
        // Sold without holding any: the published +4.1284 less ten dollars locked.
        ("10", "0.43", Side::Ask, Centicent, "0.171600", "-5.871600"),
        ("1", "0.50", Side::Bid, Cent, "0.020000", "-0.520000"),
        ("0.50", "0.005", Side::Bid, Cent, "0.007500", "-0.010000"),
    ];
    for (count, at, side, fee_precision, fee, change) in rows {
        let mut world = World::with(VenueSettings { fee_precision, ..settings() }, &listing());
        assert_eq!(take(&mut world, side, at, count), dollars(change), "{count} @ {at}");
        assert_eq!(world.fills()[0].fee, dollars(fee), "{count} @ {at}");
    }
}

#[test]
fn fills_of_one_order_share_its_roundings() {
    let mut world = World::new();
    world.quote(Side::Ask, &[level("0.37", "3.33"), level("0.38", "3.33"), level("0.39", "3.34")]);
    let order = world.ioc(Side::Bid, "0.39", "10");
    let accepted = world.send(order).unwrap();
    let fees: Vec<_> = world.fills().iter().map(|fill| fill.fee.to_string()).collect();
    assert_eq!(fees, ["0.054400", "0.054900", "0.055600"]);
    assert_eq!((accepted.fees, world.cash()), (dollars("0.1649"), "996.035000".to_owned()));
}

#[test]
fn the_part_of_an_order_that_rested_pays_as_a_maker() {
    let mut world = World::new();
    world.quote(Side::Ask, &[level("0.40", "10")]);
    let order = world.order(Side::Bid, "0.40", "25");
    world.send(order).unwrap();
    world.public(Side::Ask, "0.40", "15");
    assert_eq!((world.fills()[0].fee, world.fills()[0].is_taker), (Money::ZERO, false));
    assert_eq!(world.cash(), "989.832000");
}

#[test]
fn buying_the_other_side_closes_pairs_and_frees_a_dollar_each() {
    let mut world = World::new();
    take(&mut world, Side::Bid, "0.40", "10");
    // Ten YES at 0.40: now sell four of them, that is, buy four NO at 0.55.
    let change = take(&mut world, Side::Ask, "0.45", "4");
    assert_eq!(change, dollars("1.7307"), "1.80 received, 0.0693 charged, nothing locked");
    assert_eq!(world.position(), contracts("6"));
    let through = take(&mut world, Side::Ask, "0.45", "10");
    // Six close; four NO contracts are new and lock four dollars: 4.50 − 0.17325 − 4.
    assert_eq!(through, dollars("0.3267"));
    assert_eq!(world.position(), contracts("-4"));
    let back = take(&mut world, Side::Bid, "0.30", "4");
    assert_eq!(back, dollars("2.7412"), "four pairs free four dollars, less 1.20 and the fee");
    assert_eq!((world.position(), world.venue.account().imbalance()), (Count::ZERO, Money::ZERO));
}

#[test]
fn a_holding_knows_what_its_open_part_cost() {
    let mut world = World::new();
    let cost = |world: &World| world.venue.account().holdings().next().unwrap().cost;
    take(&mut world, Side::Bid, "0.40", "10");
    take(&mut world, Side::Bid, "0.60", "10");
    assert_eq!(cost(&world), dollars("10"));
    take(&mut world, Side::Ask, "0.70", "5");
    assert_eq!(cost(&world), dollars("7.50"), "a quarter of the cost went with a quarter of the contracts");
    take(&mut world, Side::Ask, "0.70", "20");
    assert_eq!(cost(&world), dollars("1.50"), "five NO contracts at 0.30");
}

/// Cash after a position of `count` taken at 0.40 ends as `verdict`.
fn settled(side: Side, count: &str, verdict: Verdict) -> (Money, World) {
    let mut world = World::new();
    take(&mut world, side, "0.40", count);
    world.venue.settle_as(world.market, verdict);
    let before = world.venue.account().cash();
    world.wait(CLOSE.since(world.now) + 10 * Nanos::SECOND);
    let account = world.venue.account();
    assert_eq!((account.imbalance(), account.position(world.market)), (Money::ZERO, Count::ZERO));
    assert_eq!(account.settlements().len(), 1);
    (Money(account.cash().0 - before.0), world)
}

fn verdict(outcome: Outcome, value: &str) -> Verdict {
    Verdict { outcome, value: dollars(value), settlement: Money::ZERO }
}

#[test]
fn a_market_pays_whoever_holds_the_winner() {
    let yes = verdict(Outcome::Yes, "1");
    let no = verdict(Outcome::No, "0");
    assert_eq!(settled(Side::Bid, "10", yes).0, dollars("10"));
    assert_eq!(settled(Side::Bid, "10", no).0, Money::ZERO);
    assert_eq!(settled(Side::Ask, "10", yes).0, Money::ZERO);
    assert_eq!(settled(Side::Ask, "2.50", no).0, dollars("2.50"));
}

#[test]
fn a_scalar_market_pays_both_sides_their_part() {
    let third = verdict(Outcome::Scalar, "0.333333");
    assert_eq!(settled(Side::Bid, "10", third).0, dollars("3.3333"), "down to the account's precision");
    assert_eq!(settled(Side::Ask, "10", third).0, dollars("6.6666"));
}

#[test]
fn a_void_market_gives_back_what_was_paid_and_keeps_the_fee() {
    let void = verdict(Outcome::Void, "0");
    assert_eq!(settled(Side::Bid, "10", void).0, dollars("4"));
    let (payout, world) = settled(Side::Ask, "10", void);
    assert_eq!(payout, dollars("6"));
    assert_eq!(world.cash(), "999.832000");
}

#[test]
fn a_market_that_was_closed_out_is_still_recorded() {
    let mut world = World::with(settings(), &Listing { ..listing() });
    take(&mut world, Side::Bid, "0.40", "10");
    take(&mut world, Side::Ask, "0.45", "10");
    world.wait(CLOSE.since(world.now) + 10 * Nanos::SECOND);
    let settlement = world.venue.account().settlements()[0];
    assert_eq!((settlement.position, settlement.payout), (Count::ZERO, Money::ZERO));
    assert!(world.venue.account().holdings().next().is_none());
}
