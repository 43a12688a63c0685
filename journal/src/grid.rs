//! Which prices a market takes: a ladder of ranges, each with its own step.
//!
//! The venue lists them as `price_ranges` of a market. The list is the truth, the name
//! beside it (`price_level_structure`) is not: new names appear without notice.

use crate::units::Price;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The most ranges a grid can have: what fits in the event that defines it.
pub const RANGES_MAX: usize = 6;

/// One stretch of prices, all in $0.0001: `start`, `start + step`, … `end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct GridRange {
    /// Lowest price; the end of the range below, if there is one.
    pub start: u16,
    /// Highest price; the start of the range above, if there is one.
    pub end: u16,
    /// Distance between neighbours; divides `end − start`.
    pub step: u16,
}

impl GridRange {
    /// What fills the unused places of a grid's table.
    pub const UNUSED: GridRange = GridRange { start: 0, end: 0, step: 0 };

    const fn check(self) -> Result<(), GridError> {
        if self.end > Price::ONE.0 {
            return Err(GridError::AboveOne);
        }
        if self.start >= self.end {
            return Err(GridError::NotAscending);
        }
        if self.step == 0 || !(self.end - self.start).is_multiple_of(self.step) {
            return Err(GridError::UnevenStep);
        }
        // Only the range 0 to 1 in one step has no price between its ends.
        if self.step >= Price::ONE.0 {
            return Err(GridError::NoLegalPrice);
        }
        Ok(())
    }
}

/// Why a list of ranges is not a grid. The market cannot be traded until a better list comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GridError {
    /// The list is empty: the market's terms are not known yet.
    NoRange,
    /// More than [`RANGES_MAX`] ranges: the event that carries a grid must grow.
    TooManyRanges,
    /// A range ends above $1: prices were read in the wrong unit.
    AboveOne,
    /// A range does not end above its start.
    NotAscending,
    /// A range does not start where the one before it ends: the list is out of order or torn.
    NotContiguous,
    /// A step is zero or does not divide its range: its end would not be a legal price.
    UnevenStep,
    /// No price between $0 and $1 is on the grid.
    NoLegalPrice,
}

/// The legal order prices of a market. $0 and $1 are never among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PriceGrid {
    ranges: [GridRange; RANGES_MAX],
    used: u8,
}

impl PriceGrid {
    /// Whole cents, 0.01 to 0.99: KXBTC, KXBTCD (`linear_cent`).
    pub const LINEAR_CENT: PriceGrid = known(&[GridRange { start: 0, end: 10_000, step: 100 }]);

    /// Tenths of a cent up to 0.10 and from 0.90, whole cents between: KXBTC15M (`tapered_deci_cent`).
    pub const TAPERED_DECI_CENT: PriceGrid = known(&[
        GridRange { start: 0, end: 1_000, step: 10 },
        GridRange { start: 1_000, end: 9_000, step: 100 },
        GridRange { start: 9_000, end: 10_000, step: 10 },
    ]);

    /// A grid from the venue's list, lowest range first.
    ///
    /// # Errors
    /// [`GridError`] names the first thing wrong with the list.
    pub const fn from_ranges(ranges: &[GridRange]) -> Result<PriceGrid, GridError> {
        if ranges.is_empty() {
            return Err(GridError::NoRange);
        }
        if ranges.len() > RANGES_MAX {
            return Err(GridError::TooManyRanges);
        }
        let mut table = [GridRange::UNUSED; RANGES_MAX];
        let mut used = 0;
        while used < ranges.len() {
            if let Err(error) = ranges[used].check() {
                return Err(error);
            }
            if used > 0 && ranges[used - 1].end != ranges[used].start {
                return Err(GridError::NotContiguous);
            }
            table[used] = ranges[used];
            used += 1;
        }
        Ok(PriceGrid { ranges: table, used: used as u8 })
    }

    /// The ranges in use, lowest first: at least one.
    #[must_use]
    pub fn ranges(&self) -> &[GridRange] {
        &self.ranges[..usize::from(self.used)]
    }

    /// All places of the table, the unused ones zero: the form an event carries.
    #[must_use]
    pub const fn table(&self) -> [GridRange; RANGES_MAX] {
        self.ranges
    }

    /// Whether an order at `price` is legal.
    #[must_use]
    pub fn contains(&self, price: Price) -> bool {
        self.floor(price) == Some(price)
    }

    /// The highest legal price that is not above `price`: the limit of a buyer who will not pay more.
    #[must_use]
    pub fn floor(&self, price: Price) -> Option<Price> {
        let at = price.0.min(Price::ONE.0 - 1);
        let range = self.ranges().iter().rev().find(|range| range.start <= at)?;
        let inside = at.min(range.end) - range.start;
        legal(range.start + inside / range.step * range.step)
    }

    /// The lowest legal price that is not below `price`: the limit of a seller who will not take less.
    #[must_use]
    pub fn ceil(&self, price: Price) -> Option<Price> {
        let at = price.0.max(1);
        let range = self.ranges().iter().find(|range| range.end >= at)?;
        let inside = at.max(range.start) - range.start;
        legal(range.start + inside.div_ceil(range.step) * range.step)
    }

    /// The next legal price above `price`.
    #[must_use]
    pub fn next_up(&self, price: Price) -> Option<Price> {
        self.ceil(Price(price.0.checked_add(1)?))
    }

    /// The next legal price below `price`.
    #[must_use]
    pub fn next_down(&self, price: Price) -> Option<Price> {
        self.floor(Price(price.0.checked_sub(1)?))
    }

    /// [`floor`](Self::floor), or the lowest legal price where there is none: always legal.
    #[must_use]
    pub fn clamp(&self, price: Price) -> Price {
        self.floor(price).unwrap_or_else(|| self.lowest())
    }

    /// The lowest legal price.
    #[must_use]
    pub fn lowest(&self) -> Price {
        let first = self.ranges[0];
        Price(if first.start == 0 { first.step } else { first.start })
    }

    /// The highest legal price.
    #[must_use]
    pub fn highest(&self) -> Price {
        let last = self.ranges[usize::from(self.used) - 1];
        Price(if last.end == Price::ONE.0 { last.end - last.step } else { last.end })
    }

    /// The step of the range that holds `price`, in $0.0001; where two ranges meet, of the upper one.
    #[must_use]
    pub fn step_at(&self, price: Price) -> Option<u16> {
        let holding = self.ranges().iter().rev().find(|range| range.start <= price.0)?;
        (price.0 <= holding.end).then_some(holding.step)
    }

    /// The largest step, in $0.0001, that reaches every legal price from $0 and from $1.
    #[must_use]
    pub fn tick(&self) -> u16 {
        // A start is its end less a multiple of the step: it has every divisor these two share.
        let parts = self.ranges().iter().flat_map(|range| [range.end, range.step]);
        parts.fold(Price::ONE.0, greatest_common_divisor)
    }
}

/// $0 and $1 lie on most grids and are no order prices on any.
fn legal(units: u16) -> Option<Price> {
    (units > 0 && units < Price::ONE.0).then_some(Price(units))
}

const fn greatest_common_divisor(a: u16, b: u16) -> u16 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// For the grids written down here: a wrong one does not compile.
const fn known(ranges: &[GridRange]) -> PriceGrid {
    match PriceGrid::from_ranges(ranges) {
        Ok(grid) => grid,
        Err(_) => panic!("a grid constant is not a grid"),
    }
}
