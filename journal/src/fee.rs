//! What the venue charges for a fill, to the millionth of a dollar.
//!
//! The model fee is `M × rate × C × P × (1 − P)`. Two roundings follow (docs.kalshi.com,
//! getting_started/fee_rounding, 2026-08-26), per fill, with `revenue` < 0 for a buyer:
//!
//! 1. `trade_fee` = model fee, up to $0.000001;
//! 2. `aligned` = `revenue − trade_fee`, down to the account's precision; what that takes is
//!    the `rounding_fee`. It is carried in the **order's** accumulator, and whole multiples of the
//!    precision are paid back from there, never more than the fill's own fee.
//!
//! What this guarantees for an order filled in `n` pieces at one price, with `fee` the net fee
//! of the pieces and `whole` that of one single fill:
//!
//! - every balance change is a multiple of the precision;
//! - `fee` ≥ `whole` ≥ model: splitting never helps;
//! - `fee` = Σ trade fees + what is left in the accumulator, and Σ trade fees < model + n × $0.000001;
//! - when no rebate is cut short (each piece pays at least one precision), less than one
//!   precision is left, and `fee − whole` is 0 or, for up to 100 pieces at $0.0001, one precision;
//! - otherwise up to one precision a piece is left: many tiny fills at a tenth of a cent cost
//!   even a maker whose rate is zero.

use crate::book::Side;
use crate::units::{Count, DecimalError, Money, Price, parse_decimal};

/// Taker rate of every quadratic series, in 1e-6 of C·P·(1−P), before the multiplier.
pub const QUADRATIC_RATE_PPM: u32 = 70_000;

/// The highest rate a schedule takes, in 1e-6. Up to here a better price never costs more in all,
/// fee included, which is what lets a limit order be reserved for at its limit.
pub const RATE_PPM_MAX: u32 = 1_000_000;

/// Who was there first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Came and traded.
    Taker,
    /// Rested and was traded with.
    Maker,
}

/// How a series charges, as its `fee_type` (or an event's override) says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeeType {
    /// Takers pay, makers do not.
    Quadratic,
    /// Makers pay a quarter of the taker rate.
    QuadraticWithMakerFees,
    /// Makers pay half of the taker rate.
    QuadraticWithComboMakerFees,
    /// A word not known here: everybody pays the full taker rate, and no multiplier lowers it.
    Unknown,
}

impl FeeType {
    /// Reads the venue's word; every other word is [`FeeType::Unknown`].
    #[must_use]
    pub const fn from_word(word: &[u8]) -> FeeType {
        match word {
            b"quadratic" => FeeType::Quadratic,
            b"quadratic_with_maker_fees" => FeeType::QuadraticWithMakerFees,
            b"quadratic_with_combo_maker_fees" => FeeType::QuadraticWithComboMakerFees,
            _ => FeeType::Unknown,
        }
    }

    /// The rates under a multiplier; a maker's is rounded up to 1e-6, which only a multiplier finer
    /// than 0.0004 ever needs. `None` above [`RATE_PPM_MAX`].
    #[must_use]
    pub const fn rates(self, multiplier: Multiplier) -> Option<FeeRates> {
        let (maker_quarters, multiplier) = match self {
            FeeType::Quadratic => (0, multiplier.0),
            FeeType::QuadraticWithMakerFees => (1, multiplier.0),
            FeeType::QuadraticWithComboMakerFees => (2, multiplier.0),
            FeeType::Unknown if multiplier.0 < Multiplier::ONE.0 => (4, Multiplier::ONE.0),
            FeeType::Unknown => (4, multiplier.0),
        };
        let scaled = QUADRATIC_RATE_PPM as u64 * multiplier as u64;
        let taker = scaled.div_ceil(Multiplier::ONE.0 as u64);
        let maker = (scaled * maker_quarters).div_ceil(4 * Multiplier::ONE.0 as u64);
        if taker > RATE_PPM_MAX as u64 { None } else { FeeRates::new(taker as u32, maker as u32) }
    }
}

/// A series' `fee_multiplier` in 0.0001.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Multiplier(pub u32);

impl Multiplier {
    /// The usual one.
    pub const ONE: Multiplier = Multiplier(10_000);

    /// Reads a decimal (`1`, `0.5`), at most four decimals, not negative.
    ///
    /// # Errors
    /// [`DecimalError`] names what is wrong with the text.
    pub const fn parse(text: &[u8]) -> Result<Multiplier, DecimalError> {
        match parse_decimal(text, 4) {
            Ok(units) if units >= 0 && units <= u32::MAX as i64 => Ok(Multiplier(units as u32)),
            Ok(_) => Err(DecimalError::OutOfRange),
            Err(error) => Err(error),
        }
    }
}

/// What takers and makers of a series pay, in 1e-6 of C·P·(1−P), multiplier applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FeeRates {
    taker_ppm: u32,
    maker_ppm: u32,
}

impl FeeRates {
    /// Rates as an event carries them; `None` above [`RATE_PPM_MAX`].
    #[must_use]
    pub const fn new(taker_ppm: u32, maker_ppm: u32) -> Option<FeeRates> {
        if taker_ppm > RATE_PPM_MAX || maker_ppm > RATE_PPM_MAX {
            return None;
        }
        Some(FeeRates { taker_ppm, maker_ppm })
    }

    /// The rate of a role, in 1e-6.
    #[must_use]
    pub const fn ppm(self, role: Role) -> u32 {
        match role {
            Role::Taker => self.taker_ppm,
            Role::Maker => self.maker_ppm,
        }
    }

    /// The model fee rounded up to `precision`: `ceil(rate × C × P × (1 − P))`.
    ///
    /// With [`Precision::Cent`] this is the formula of the venue's fee table, with
    /// [`Precision::Centicent`] that of its text. `None` for a negative count, a price above $1,
    /// or overflow.
    #[must_use]
    pub const fn model_fee(self, role: Role, price: Price, count: Count, precision: Precision) -> Option<Money> {
        if count.0 < 0 || price.0 > Price::ONE.0 {
            return None;
        }
        let variance = price.0 as u64 * price.complement().0 as u64;
        let per_unit = self.ppm(role) as u64 * variance;
        let divisor = MODEL_SCALE * precision.units() as u64;
        let steps = match per_unit.checked_mul(count.0 as u64) {
            Some(product) => product.div_ceil(divisor) as u128,
            None => (per_unit as u128 * count.0 as u128).div_ceil(divisor as u128),
        };
        to_money(steps * precision.units() as u128)
    }
}

/// rate (1e-6) × count (1e-2) × price (1e-4) × complement (1e-4) is 1e-16 dollars; money is 1e-6.
const MODEL_SCALE: u64 = 10_000_000_000;

const fn to_money(units: u128) -> Option<Money> {
    if units > i64::MAX as u128 { None } else { Some(Money(units as i64)) }
}

/// What an amount is rounded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// $0.000001: trade fees.
    Micro,
    /// $0.0001: balances of direct members.
    Centicent,
    /// $0.01: balances held through a broker (FCM).
    Cent,
}

impl Precision {
    /// One step of it, in $0.000001.
    #[must_use]
    pub const fn units(self) -> i64 {
        match self {
            Precision::Micro => 1,
            Precision::Centicent => 100,
            Precision::Cent => 10_000,
        }
    }

    const fn floor(self, amount: i64) -> Option<i64> {
        amount.checked_sub(amount.rem_euclid(self.units()))
    }
}

/// One execution, as the fee sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Execution {
    /// A bid pays `price × count`, an ask receives it. For a bought NO contract either pass a bid
    /// at the NO price or an ask at the YES price: the fees are the same, the balance change
    /// differs by the $1 a contract that is locked.
    pub side: Side,
    /// Who was there first.
    pub role: Role,
    /// Price of the leg that `side` names.
    pub price: Price,
    /// Contracts; not negative.
    pub count: Count,
}

impl Execution {
    fn revenue(&self) -> Option<i64> {
        let notional = self.price.notional(self.count)?.0;
        Some(match self.side {
            Side::Bid => -notional,
            Side::Ask => notional,
        })
    }
}

/// What one fill costs and what it does to the balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillFee {
    /// The model fee, up to $0.000001.
    pub trade_fee: Money,
    /// What aligning the balance takes on top.
    pub rounding_fee: Money,
    /// What the order's accumulator pays back.
    pub rebate: Money,
    /// `trade_fee + rounding_fee − rebate`: what the venue reports as the fill's fee; never negative.
    pub net_fee: Money,
    /// Signed change of the cash balance, fee included: a multiple of the precision.
    pub balance_change: Money,
}

/// How fills on one account are charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeSchedule {
    /// The series' rates.
    pub rates: FeeRates,
    /// What the account's balance is kept to.
    pub precision: Precision,
}

impl FeeSchedule {
    /// The net fee and the balance change of an order filled at once at one price.
    ///
    /// `None` for a negative count, a price above $1, or overflow.
    #[must_use]
    pub fn whole_order(&self, execution: &Execution) -> Option<FillFee> {
        OrderFees::default().fill(self, execution)
    }

    /// A fee no order of `count` at limit `price` exceeds when filled at the limit in at most
    /// `fills_max` pieces: the model fee plus one precision a piece.
    ///
    /// Filled at better prices, principal and fee **together** stay below the limit's principal and
    /// this fee; the fee alone need not. `None` for a negative count, a price above $1, or overflow.
    #[must_use]
    pub fn fee_upper_bound(&self, role: Role, price: Price, count: Count, fills_max: u32) -> Option<Money> {
        let model = self.rates.model_fee(role, price, count, Precision::Micro)?;
        // A fill is at least one unit of count.
        let fills = i64::from(fills_max).min(count.0);
        model.checked_add(Money(fills.checked_mul(self.precision.units())?))
    }
}

/// The roundings an order has paid and not got back; one per order, from its first fill to its last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderFees {
    accumulator: i64,
}

impl OrderFees {
    /// Charges one fill of this order.
    ///
    /// `None`, and nothing carried, for a negative count, a price above $1, or overflow.
    pub fn fill(&mut self, schedule: &FeeSchedule, execution: &Execution) -> Option<FillFee> {
        let Execution { role, price, count, .. } = *execution;
        let precision = schedule.precision;
        let trade_fee = schedule.rates.model_fee(role, price, count, Precision::Micro)?.0;
        let exact = execution.revenue()?.checked_sub(trade_fee)?;
        let aligned = precision.floor(exact)?;
        let rounding_fee = exact - aligned;
        let carried = self.accumulator.checked_add(rounding_fee)?;
        let charged = trade_fee.checked_add(rounding_fee)?;
        let rebate = precision.floor(carried.min(charged))?;
        self.accumulator = carried - rebate;
        Some(FillFee {
            trade_fee: Money(trade_fee),
            rounding_fee: Money(rounding_fee),
            rebate: Money(rebate),
            net_fee: Money(charged - rebate),
            balance_change: Money(aligned + rebate),
        })
    }

    /// What a later fill of the order may still get back.
    #[must_use]
    pub const fn carried(&self) -> Money {
        Money(self.accumulator)
    }
}
