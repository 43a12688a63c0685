use proptest::prelude::*;
use trader_journal::grid::{GridError, GridRange, PriceGrid, RANGES_MAX};
use trader_journal::units::Price;

const CENT: PriceGrid = PriceGrid::LINEAR_CENT;
const TAPERED: PriceGrid = PriceGrid::TAPERED_DECI_CENT;

const fn range(start: u16, end: u16, step: u16) -> GridRange {
    GridRange { start, end, step }
}

/// The obvious twin: every legal price, written out.
fn legal_prices(ranges: &[GridRange]) -> Vec<u16> {
    let inside = |units: u16| {
        ranges.iter().any(|r| (r.start..=r.end).contains(&units) && (units - r.start).is_multiple_of(r.step))
    };
    (1..10_000).filter(|units| inside(*units)).collect()
}

/// Grids that pass validation: cut points on a coarse lattice, steps that divide.
fn grids() -> impl Strategy<Value = Vec<GridRange>> {
    let cuts = prop::collection::btree_set(0u16..=50, 2..=RANGES_MAX + 1);
    (cuts, prop::collection::vec(prop::sample::select(vec![1u16, 2, 5, 10, 20, 25, 40, 50, 100, 200]), RANGES_MAX))
        .prop_map(|(cuts, steps)| {
            let cuts: Vec<u16> = cuts.into_iter().map(|cut| cut * 200).collect();
            cuts.windows(2).zip(steps).map(|(ends, step)| range(ends[0], ends[1], step)).collect()
        })
}

#[test]
fn the_venues_two_grids_have_the_prices_it_documents() {
    assert_eq!(legal_prices(CENT.ranges()).len(), 99);
    assert_eq!(legal_prices(TAPERED.ranges()).len(), 100 + 80 + 99);
    for (grid, legal, illegal) in [
        (CENT, vec![100, 5_000, 9_900], vec![0, 10, 50, 150, 9_950, 10_000]),
        (TAPERED, vec![10, 990, 1_000, 1_100, 8_900, 9_000, 9_010, 9_990], vec![0, 5, 1_010, 1_050, 8_990, 10_000]),
    ] {
        legal.iter().for_each(|units| assert!(grid.contains(Price(*units)), "{units} is legal"));
        illegal.iter().for_each(|units| assert!(!grid.contains(Price(*units)), "{units} is not legal"));
    }
}

#[test]
fn a_step_crosses_the_border_between_two_ranges() {
    assert_eq!(TAPERED.next_up(Price(990)), Some(Price(1_000)));
    assert_eq!(TAPERED.next_up(Price(1_000)), Some(Price(1_100)));
    assert_eq!(TAPERED.next_down(Price(1_000)), Some(Price(990)));
    assert_eq!(TAPERED.next_up(Price(9_000)), Some(Price(9_010)));
    assert_eq!(TAPERED.step_at(Price(999)), Some(10));
    assert_eq!(TAPERED.step_at(Price(1_000)), Some(100));
    assert_eq!(TAPERED.step_at(Price(9_000)), Some(10));
    assert_eq!(TAPERED.step_at(Price(10_000)), Some(10));
    assert_eq!(TAPERED.step_at(Price(10_001)), None);
}

#[test]
fn the_ends_have_no_neighbour_and_nothing_outside_rounds_to_zero_or_one() {
    for (grid, lowest, highest) in [(CENT, 100, 9_900), (TAPERED, 10, 9_990)] {
        assert_eq!((grid.lowest(), grid.highest()), (Price(lowest), Price(highest)));
        assert_eq!(grid.next_down(Price(lowest)), None);
        assert_eq!(grid.next_up(Price(highest)), None);
        assert_eq!(grid.floor(Price(lowest - 1)), None);
        assert_eq!(grid.ceil(Price(highest + 1)), None);
        assert_eq!(grid.floor(Price(u16::MAX)), Some(Price(highest)));
        assert_eq!(grid.ceil(Price(0)), Some(Price(lowest)));
        assert_eq!(grid.next_up(Price(u16::MAX)), None);
        assert_eq!(grid.next_down(Price(0)), None);
        assert_eq!(grid.clamp(Price(0)), Price(lowest));
        assert_eq!(grid.clamp(Price(10_000)), Price(highest));
    }
}

#[test]
fn the_tick_reaches_every_price_from_both_ends() {
    assert_eq!(CENT.tick(), 100);
    assert_eq!(TAPERED.tick(), 10);
    assert_eq!(PriceGrid::from_ranges(&[range(0, 10_000, 1)]).map(|grid| grid.tick()), Ok(1));
    // Prices 0.0050, 0.0150, …: the step alone would miss all of them.
    assert_eq!(PriceGrid::from_ranges(&[range(50, 9_950, 100)]).map(|grid| grid.tick()), Ok(50));
    // Prices 0.0003, 0.0006, …: no coarser tick meets $1 as well.
    assert_eq!(PriceGrid::from_ranges(&[range(0, 9_999, 3)]).map(|grid| grid.tick()), Ok(1));
}

#[test]
fn each_mistake_in_a_list_has_its_name() {
    let cases: [(&[GridRange], GridError); 11] = [
        (&[], GridError::NoRange),
        (&[range(0, 10, 1); 7], GridError::TooManyRanges),
        (&[range(0, 10_001, 1)], GridError::AboveOne),
        (&[range(100, 100, 10)], GridError::NotAscending),
        (&[range(200, 100, 10)], GridError::NotAscending),
        (&[range(0, 1_000, 10), range(1_100, 10_000, 100)], GridError::NotContiguous),
        (&[range(0, 1_000, 10), range(900, 10_000, 100)], GridError::NotContiguous),
        (&[range(1_000, 10_000, 100), range(0, 1_000, 10)], GridError::NotContiguous),
        (&[range(0, 1_000, 0)], GridError::UnevenStep),
        (&[range(0, 1_000, 300)], GridError::UnevenStep),
        (&[range(0, 10_000, 10_000)], GridError::NoLegalPrice),
    ];
    for (ranges, error) in cases {
        assert_eq!(PriceGrid::from_ranges(ranges), Err(error), "{ranges:?}");
    }
}

#[test]
fn a_range_of_one_step_has_its_ends() {
    let grid = PriceGrid::from_ranges(&[range(0, 5_000, 5_000), range(5_000, 10_000, 5_000)]);
    assert_eq!(grid.map(|grid| (grid.lowest(), grid.highest())), Ok((Price(5_000), Price(5_000))));
}

#[test]
fn the_table_of_an_event_gives_the_grid_back() {
    let used = TAPERED.ranges().len();
    assert_eq!(used, 3);
    assert_eq!(PriceGrid::from_ranges(&TAPERED.table()[..used]), Ok(TAPERED));
    assert!(TAPERED.table()[used..].iter().all(|range| *range == GridRange::UNUSED));
}

/// Every question at one price, asked of the grid and of the written out list.
fn assert_answers(grid: &PriceGrid, ranges: &[GridRange], legal: &[u16], units: u16) {
    let below = |limit: u16| legal.iter().rev().find(|price| **price <= limit).map(|price| Price(*price));
    let above = |limit: u16| legal.iter().find(|price| **price >= limit).map(|price| Price(*price));
    let price = Price(units);
    assert_eq!(grid.contains(price), legal.contains(&units), "{units}");
    assert_eq!(grid.floor(price), below(units), "{units}");
    assert_eq!(grid.ceil(price), above(units), "{units}");
    assert_eq!(grid.next_up(price), above(units + 1), "{units}");
    assert_eq!(grid.next_down(price), units.checked_sub(1).and_then(below), "{units}");
    assert_eq!(grid.clamp(price), below(units).unwrap_or(grid.lowest()), "{units}");
    let holding = ranges.iter().rev().find(|range| (range.start..=range.end).contains(&units));
    assert_eq!(grid.step_at(price), holding.map(|range| range.step), "{units}");
}

proptest! {
    #[test]
    fn every_question_agrees_with_the_written_out_list(ranges in grids(), units in 0u16..=10_100) {
        let grid = PriceGrid::from_ranges(&ranges).expect("the strategy makes valid grids");
        let legal = legal_prices(&ranges);
        assert_answers(&grid, &ranges, &legal, units);
        for end in ranges.iter().flat_map(|range| [range.start, range.end]) {
            (end.saturating_sub(1)..=end + 1).for_each(|near| assert_answers(&grid, &ranges, &legal, near));
        }
        prop_assert_eq!(Some(&grid.lowest().0), legal.first());
        prop_assert_eq!(Some(&grid.highest().0), legal.last());
        prop_assert!(legal.iter().all(|legal| legal.is_multiple_of(grid.tick())));
        prop_assert!(10_000u16.is_multiple_of(grid.tick()));
    }
}
