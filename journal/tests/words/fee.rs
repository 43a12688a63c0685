use proptest::prelude::*;
use trader_journal::book::Side;
use trader_journal::fee::{
    Execution, FeeRates, FeeSchedule, FeeType, FillFee, Multiplier, OrderFees, Precision, RATE_PPM_MAX, Role,
};
use trader_journal::units::{Count, Money, Price};

use Role::{Maker, Taker};
use Side::{Ask, Bid};

fn rates(taker_ppm: u32, maker_ppm: u32) -> FeeRates {
    FeeRates::new(taker_ppm, maker_ppm).expect("a rate within range")
}

fn schedule(precision: Precision) -> FeeSchedule {
    let rates = FeeType::Quadratic.rates(Multiplier::ONE).expect("the usual rates");
    FeeSchedule { rates, precision }
}

fn money(text: &str) -> Money {
    Money::parse(text.as_bytes()).expect("a test's own number")
}

fn execution(side: Side, role: Role, price: &str, count: &str) -> Execution {
    let price = Price::parse(price.as_bytes()).expect("a test's own number");
    let count = Count::parse(count.as_bytes()).expect("a test's own number");
    Execution { side, role, price, count }
}

/// Columns: contracts, price in cents, rate, exact fee in cents as a fraction, fee in cents, fee in centicents.
#[test]
fn every_row_of_the_golden_fee_table() {
    let golden = include_str!("../golden/kalshi_fees.csv");
    let mut rows = 0;
    for line in golden.lines().filter(|line| !line.starts_with('#') && !line.starts_with("case")) {
        let cell: Vec<&str> = line.split(',').collect();
        let number = |column: usize| cell[column].parse::<i64>().expect("an integer cell");
        let rate_ppm = u32::try_from(money(cell[3]).0).expect("a rate");
        let count = Count::from_contracts(number(1)).expect("a count");
        let price = Price::from_cents(u16::try_from(number(2)).expect("cents")).expect("a price");
        let fee = |precision| rates(rate_ppm, 0).model_fee(Taker, price, count, precision);
        assert_eq!(fee(Precision::Cent), Some(Money(number(5) * 10_000)), "cents, case {}", cell[0]);
        assert_eq!(fee(Precision::Centicent), Some(Money(number(6) * 100)), "centicents, case {}", cell[0]);

        let (top, bottom) = cell[4].split_once('/').unwrap_or((cell[4], "1"));
        let exact = |text: &str| text.parse::<i64>().expect("an integer");
        let micros = (exact(top) * 10_000 + exact(bottom) - 1).div_euclid(exact(bottom));
        assert_eq!(fee(Precision::Micro), Some(Money(micros)), "millionths, case {}", cell[0]);
        rows += 1;
    }
    assert_eq!(rows, 50);
}

/// Count, price, side, role; then trade fee, rounding fee, rebate, net fee, balance change.
type Row = ([&'static str; 2], Side, Role, [&'static str; 5]);

/// The documented rule worked through order by order. The first two are fills the venue really made.
#[rustfmt::skip]
const ORDERS: [(Precision, &[Row]); 15] = [
    (Precision::Centicent, &[(["1", "0.52"], Bid, Taker, ["0.017472", "0.000028", "0", "0.0175", "-0.5375"])]),
    (Precision::Centicent, &[(["1", "0.99"], Bid, Taker, ["0.000693", "0.000007", "0", "0.0007", "-0.9907"])]),
    (Precision::Centicent, &[(["1", "0.50"], Bid, Taker, ["0.0175", "0", "0", "0.0175", "-0.5175"])]),
    (Precision::Centicent, &[(["100", "0.50"], Bid, Taker, ["1.75", "0", "0", "1.75", "-51.75"])]),
    (Precision::Centicent, &[(["100", "0.05"], Bid, Taker, ["0.3325", "0", "0", "0.3325", "-5.3325"])]),
    (Precision::Centicent, &[(["1", "0.05"], Bid, Taker, ["0.003325", "0.000075", "0", "0.0034", "-0.0534"])]),
    (Precision::Centicent, &[(["8.94", "0.77"], Bid, Taker, ["0.11083", "0.00007", "0", "0.1109", "-6.9947"])]),
    (Precision::Centicent, &[(["0.5", "0.005"], Bid, Taker, ["0.000175", "0.000025", "0", "0.0002", "-0.0027"])]),
    (Precision::Centicent, &[(["25.37", "0.935"], Bid, Taker, ["0.107931", "0.000019", "0", "0.10795", "-23.8289"])]),
    (Precision::Centicent, &[(["25.37", "0.935"], Bid, Maker, ["0", "0.00005", "0", "0.00005", "-23.721"])]),
    (Precision::Centicent, &[(["10", "0.43"], Ask, Taker, ["0.17157", "0.00003", "0", "0.1716", "4.1284"])]),
    (Precision::Centicent, &[
        (["3.33", "0.37"], Bid, Taker, ["0.054336", "0.000064", "0", "0.0544", "-1.2865"]),
        (["3.33", "0.38"], Bid, Taker, ["0.054919", "0.000081", "0.0001", "0.0549", "-1.3203"]),
        (["3.34", "0.39"], Bid, Taker, ["0.055622", "0.000078", "0.0001", "0.0556", "-1.3582"]),
    ]),
    (Precision::Centicent, &[
        (["10", "0.40"], Bid, Taker, ["0.168", "0", "0", "0.168", "-4.168"]),
        (["15", "0.40"], Bid, Maker, ["0", "0", "0", "0", "-6"]),
    ]),
    (Precision::Cent, &[(["1", "0.50"], Bid, Taker, ["0.0175", "0.0025", "0", "0.02", "-0.52"])]),
    (Precision::Cent, &[(["0.5", "0.005"], Bid, Taker, ["0.000175", "0.007325", "0", "0.0075", "-0.01"])]),
];

#[test]
fn orders_worked_through_by_the_documented_rule() {
    for (precision, fills) in ORDERS {
        let mut order = OrderFees::default();
        for ([count, price], side, role, expected) in fills {
            let [trade_fee, rounding_fee, rebate, net_fee, balance_change] = expected.map(money);
            let expected = FillFee { trade_fee, rounding_fee, rebate, net_fee, balance_change };
            let fill = order.fill(&schedule(precision), &execution(*side, *role, price, count));
            assert_eq!(fill, Some(expected), "{count} at {price}");
        }
    }
}

#[test]
fn buying_no_costs_the_same_fee_seen_as_a_bid_for_no_or_an_ask_for_yes() {
    let schedule = schedule(Precision::Cent);
    for price in ["0.001", "0.065", "0.3", "0.935"] {
        let yes = execution(Ask, Taker, price, "7.77");
        let no = Execution { side: Bid, price: yes.price.complement(), ..yes };
        let (yes, no) = (schedule.whole_order(&yes).expect("a fee"), schedule.whole_order(&no).expect("a fee"));
        assert_eq!((yes.net_fee, yes.rounding_fee), (no.net_fee, no.rounding_fee));
        assert_eq!(yes.balance_change.0 - no.balance_change.0, money("7.77").0);
    }
}

#[test]
fn many_tiny_fills_at_a_tenth_of_a_cent_cost_even_a_maker_without_fee() {
    let mut order = OrderFees::default();
    let schedule = schedule(Precision::Centicent);
    let piece = execution(Bid, Maker, "0.935", "0.01");
    let pieces: i64 = (0..100).map(|_| order.fill(&schedule, &piece).expect("a fee").net_fee.0).sum();
    let whole = schedule.whole_order(&execution(Bid, Maker, "0.935", "1")).expect("a fee");
    assert_eq!((Money(pieces), whole.net_fee), (money("0.005"), Money::ZERO));
    assert_eq!(order.carried(), money("0.005"));
}

#[test]
fn the_rates_of_each_fee_type() {
    let ppm = |word: &[u8], multiplier: &[u8]| {
        let rates = FeeType::from_word(word).rates(Multiplier::parse(multiplier).expect("a multiplier"))?;
        Some((rates.ppm(Taker), rates.ppm(Maker)))
    };
    assert_eq!(ppm(b"quadratic", b"1"), Some((70_000, 0)));
    assert_eq!(ppm(b"quadratic", b"0.5"), Some((35_000, 0)));
    assert_eq!(ppm(b"quadratic", b"0"), Some((0, 0)));
    assert_eq!(ppm(b"quadratic_with_maker_fees", b"1.0"), Some((70_000, 17_500)));
    assert_eq!(ppm(b"quadratic_with_combo_maker_fees", b"1"), Some((70_000, 35_000)));
    // A maker's 1.75e-6 becomes 2e-6: never less than what is charged.
    assert_eq!(ppm(b"quadratic_with_maker_fees", b"0.0001"), Some((7, 2)));
    assert_eq!(ppm(b"quadratic", b"14.2857"), Some((999_999, 0)));
    assert_eq!(ppm(b"quadratic", b"14.2858"), None);
    assert_eq!(ppm(b"quadratic", b"429496.7295"), None);
}

#[test]
fn an_unknown_fee_type_charges_everybody_the_worst_known_rate() {
    for word in [b"margin_market_maker_program_fees".as_slice(), b"flat", b"", b"Quadratic"] {
        assert_eq!(FeeType::from_word(word), FeeType::Unknown);
    }
    let at = |multiplier| FeeType::Unknown.rates(Multiplier(multiplier));
    assert_eq!(at(0), Some(rates(70_000, 70_000)));
    assert_eq!(at(10_000), Some(rates(70_000, 70_000)));
    assert_eq!(at(20_000), Some(rates(140_000, 140_000)));
}

#[test]
fn a_multiplier_that_cannot_be_held_exactly_is_refused() {
    for text in ["-1", "0.00001", "1e0", "", "null", "429496.7296"] {
        assert!(Multiplier::parse(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn what_cannot_be_charged_is_none_and_leaves_the_order_as_it_was() {
    let schedule = schedule(Precision::Centicent);
    let mut order = OrderFees::default();
    let good = execution(Bid, Taker, "0.52", "1");
    order.fill(&schedule, &good).expect("a fee");
    let before = order;
    let bad = [
        Execution { count: Count(-1), ..good },
        Execution { price: Price(10_001), ..good },
        Execution { count: Count(i64::MAX), ..good },
        Execution { count: Count(i64::MIN), side: Ask, ..good },
        Execution { count: Count(i64::MAX / 5_200), ..good },
    ];
    for execution in bad {
        assert_eq!(order.fill(&schedule, &execution), None, "{execution:?}");
        assert_eq!(order, before);
    }
    assert_eq!(schedule.fee_upper_bound(Taker, Price(5_000), Count(-1), 1), None);
    assert_eq!(schedule.fee_upper_bound(Taker, Price(10_001), Count(1), 1), None);
    assert_eq!(FeeRates::new(RATE_PPM_MAX + 1, 0), None);
    assert_eq!(FeeRates::new(0, RATE_PPM_MAX + 1), None);
}

#[test]
fn a_product_beyond_64_bits_is_still_exact() {
    let fee = |count, price| rates(70_000, 0).model_fee(Taker, Price(price), Count(count), Precision::Micro);
    // 1.75e12 × 1e9 = 1.75e21 does not fit in 64 bits; a thousandth of it does.
    assert_eq!(fee(1_000_000_000, 5_000), Some(Money(175_000_000_000)));
    assert_eq!(fee(1_000_000, 5_000), Some(Money(175_000_000)));
    // 70000 × 1000000001 × 4999 × 5001 / 1e10 = 174 999 993 174.999993
    assert_eq!(fee(1_000_000_001, 4_999), Some(Money(174_999_993_175)));
    let largest = rates(RATE_PPM_MAX, 0).model_fee(Taker, Price(5_000), Count(i64::MAX), Precision::Micro);
    assert_eq!(largest, None);
}

/// The model fee in 1e-16 dollars: no rounding at all.
fn model_e16(rate_ppm: u32, price: Price, count: Count) -> i128 {
    i128::from(rate_ppm) * i128::from(count.0) * i128::from(price.0) * i128::from(10_000 - price.0)
}

const MICRO_E16: i128 = 10_000_000_000;

fn ceil_div(top: i128, bottom: i128) -> i128 {
    (top + bottom - 1).div_euclid(bottom)
}

fn precisions() -> impl Strategy<Value = Precision> {
    prop::sample::select(vec![Precision::Micro, Precision::Centicent, Precision::Cent])
}

fn sides() -> impl Strategy<Value = Side> {
    prop::sample::select(Side::ALL)
}

/// Mostly the rates the venue has, sometimes any.
fn any_rate() -> impl Strategy<Value = u32> {
    prop_oneof![prop::sample::select(vec![0u32, 17_500, 35_000, 70_000]), 0..=RATE_PPM_MAX]
}

/// Tiny fills, where roundings weigh most, and ordinary ones.
fn any_count() -> impl Strategy<Value = Count> {
    prop_oneof![1i64..=200, 1i64..=500_000].prop_map(Count)
}

fn any_price() -> impl Strategy<Value = Price> {
    (1u16..10_000).prop_map(Price)
}

proptest! {
    #[test]
    fn a_fill_is_what_the_text_of_the_rule_says(
        rate in any_rate(), precision in precisions(), side in sides(),
        fills in prop::collection::vec((any_price(), any_count()), 1..30),
    ) {
        let schedule = FeeSchedule { rates: rates(rate, 0), precision };
        let step = i128::from(precision.units());
        let mut order = OrderFees::default();
        let (mut accumulator, mut paid, mut trade_fees, mut model) = (0i128, 0i128, 0i128, 0i128);
        for (price, count) in fills {
            let fill = order.fill(&schedule, &Execution { side, role: Taker, price, count }).expect("a fee");
            let [trade_fee, rounding_fee, rebate, net_fee, change] =
                [fill.trade_fee, fill.rounding_fee, fill.rebate, fill.net_fee, fill.balance_change]
                    .map(|money| i128::from(money.0));
            let principal = i128::from(price.0) * i128::from(count.0);
            let revenue = if side == Bid { -principal } else { principal };

            prop_assert_eq!(trade_fee, ceil_div(model_e16(rate, price, count), MICRO_E16));
            prop_assert_eq!(rounding_fee, (revenue - trade_fee).rem_euclid(step));
            accumulator += rounding_fee;
            let most = (0..).map(|n| n * step).take_while(|r| *r <= accumulator && *r <= trade_fee + rounding_fee);
            prop_assert_eq!(Some(rebate), most.last());
            accumulator -= rebate;
            prop_assert_eq!(i128::from(order.carried().0), accumulator);
            prop_assert_eq!(net_fee, trade_fee + rounding_fee - rebate);
            prop_assert_eq!(change, revenue - net_fee);
            prop_assert_eq!(change.rem_euclid(step), 0, "the balance is not aligned");
            prop_assert!(net_fee >= 0);
            paid += net_fee;
            trade_fees += trade_fee;
            model += model_e16(rate, price, count);
        }
        prop_assert_eq!(paid, trade_fees + accumulator);
        prop_assert!(paid * MICRO_E16 >= model, "the venue never undercuts its model");
    }

    #[test]
    fn splitting_an_order_never_helps_and_costs_no_more_than_the_module_says(
        rate in any_rate(), precision in precisions(), side in sides(),
        price in any_price(), counts in prop::collection::vec(any_count(), 1..120),
    ) {
        let schedule = FeeSchedule { rates: rates(rate, 0), precision };
        let total = Count(counts.iter().map(|count| count.0).sum());
        let whole = schedule.whole_order(&Execution { side, role: Taker, price, count: total }).expect("a fee");
        let mut order = OrderFees::default();
        let fills: Vec<FillFee> = counts
            .iter()
            .map(|count| order.fill(&schedule, &Execution { side, role: Taker, price, count: *count }).expect("a fee"))
            .collect();
        let pieces = i64::try_from(fills.len()).expect("few pieces");
        let step = precision.units();
        let trade_fees: i64 = fills.iter().map(|fill| fill.trade_fee.0).sum();
        let paid: i64 = fills.iter().map(|fill| fill.net_fee.0).sum();

        prop_assert!(paid >= whole.net_fee.0);
        let dearest = model_e16(rate, price, total) + i128::from(pieces) * MICRO_E16;
        prop_assert!(i128::from(trade_fees) * MICRO_E16 < dearest);
        prop_assert_eq!((paid - whole.net_fee.0) % step, 0);
        if fills.iter().all(|fill| fill.trade_fee.0 >= step) {
            prop_assert!(order.carried().0 < step, "no rebate was cut short, so less than a step is left");
            let dearer = (pieces - 1 + step - 1) / step * step;
            prop_assert!(paid - whole.net_fee.0 <= dearer);
        }
        let bound = schedule.fee_upper_bound(Taker, price, total, u32::try_from(pieces).expect("few pieces"));
        prop_assert!(Some(Money(paid)) <= bound, "{paid} above {bound:?}");
        prop_assert!(Some(Money(paid)) <= schedule.fee_upper_bound(Taker, price, total, u32::MAX));
    }

    #[test]
    fn better_fills_stay_within_what_was_reserved_at_the_limit(
        rate in any_rate(), precision in precisions(), side in sides(), limit in any_price(),
        fills in prop::collection::vec((0.0f64..1.0, any_count()), 1..30),
    ) {
        let schedule = FeeSchedule { rates: rates(rate, 0), precision };
        let total = Count(fills.iter().map(|(_, count)| count.0).sum());
        // A buyer loses at most what is paid; a seller what is locked, $1 less what is received.
        let locked = |price: Price| if side == Bid { price } else { price.complement() };
        let bound = schedule
            .fee_upper_bound(Taker, limit, total, u32::try_from(fills.len()).expect("few fills"))
            .and_then(|fee| locked(limit).notional(total)?.checked_add(fee))
            .expect("a bound");
        let mut order = OrderFees::default();
        let mut worst = 0;
        for (share, count) in fills {
            let improvement = (f64::from(locked(limit).0 - 1) * share) as u16;
            let price = Price(if side == Bid { limit.0 - improvement } else { limit.0 + improvement });
            let fill = order.fill(&schedule, &Execution { side, role: Taker, price, count }).expect("a fee");
            worst += locked(price).notional(count).expect("small").0 + fill.net_fee.0;
        }
        prop_assert!(worst <= bound.0, "{worst} above {bound}");
    }

    #[test]
    fn more_contracts_never_cost_less(
        rate in any_rate(), precision in precisions(), price in any_price(), (a, b) in (any_count(), any_count()),
    ) {
        let (fewer, more) = (a.min(b), a.max(b));
        let schedule = FeeSchedule { rates: rates(rate, 0), precision };
        let model = |count| schedule.rates.model_fee(Taker, price, count, precision);
        let bound = |count| schedule.fee_upper_bound(Taker, price, count, 10);
        let paid = |count| schedule.whole_order(&Execution { side: Bid, role: Taker, price, count });
        prop_assert!(model(fewer) <= model(more));
        prop_assert!(bound(fewer) <= bound(more));
        prop_assert!(paid(fewer).map(|fill| fill.balance_change) >= paid(more).map(|fill| fill.balance_change));
    }

    #[test]
    fn the_net_fee_of_whole_contracts_at_whole_cents_rises_with_the_count(
        rate in any_rate(), precision in precisions(), cents in 1u16..100, (a, b) in (1i64..5_000, 1i64..5_000),
    ) {
        let schedule = FeeSchedule { rates: rates(rate, 0), precision };
        let fee = |contracts| {
            let (price, count) = (Price::from_cents(cents)?, Count::from_contracts(contracts)?);
            Some(schedule.whole_order(&Execution { side: Bid, role: Taker, price, count })?.net_fee)
        };
        prop_assert!(fee(a.min(b)) <= fee(a.max(b)));
    }
}
