//! The venue's fee, in integers.

use super::table::{Cell, Got, Row};
use super::{Form, Rounding};
use crate::cli::Failure;
use crate::config::Config;
use clap::Args;
use trader_journal::fee::{FeeRates, Precision, Role};
use trader_journal::units::{Count, Price};

#[derive(Debug, Args)]
pub(in crate::cli) struct FeeArgs {
    #[command(flatten)]
    form: Form,
    /// Price per contract of the side bought, cents.
    #[arg(long)]
    price_cents: Option<String>,
    /// Contracts.
    #[arg(long)]
    contracts: Option<String>,
    /// The rate of C·P·(1−P).
    #[arg(long, default_value = "0.07")]
    rate: String,
    /// What `per_contract_usd` is rounded up to.
    #[arg(long, value_enum)]
    rounding: Option<Rounding>,
}

pub(super) fn run(args: &FeeArgs, config: &Config) -> Result<(), Failure> {
    let given = vec![
        ("price_cents", args.price_cents.clone()),
        ("contracts", args.contracts.clone()),
        ("rate", Some(args.rate.clone())),
    ];
    let precision = Rounding::precision(args.rounding, &args.form, config);
    super::rows(&args.form, given)?.print(&args.form, |row| compute(row, precision))
}

/// The order a row describes.
pub(super) struct Asked {
    pub(super) rates: FeeRates,
    pub(super) price: Price,
    pub(super) count: Count,
}

impl Asked {
    pub(super) fn of(row: &Row<'_>) -> Result<Asked, Failure> {
        const CONTRACTS_MAX: i64 = 1_000_000_000;
        // Two decimals of a cent are the venue's $0.0001.
        let price = row.units("price_cents", 2, 10_000)?;
        let count = row.units("contracts", 2, 100 * CONTRACTS_MAX)?;
        let ppm = row.units("rate", 6, i64::from(trader_journal::fee::RATE_PPM_MAX))?;
        let rates = u32::try_from(ppm).ok().and_then(|ppm| FeeRates::new(ppm, ppm));
        let rates = rates.ok_or_else(|| row.wrong("rate", row.text("rate").unwrap_or(""), "at most 1"))?;
        Ok(Asked { rates, price: Price(u16::try_from(price).unwrap_or(Price::ONE.0)), count: Count(count) })
    }

    /// The model fee in steps of `precision`, rounded up.
    fn steps(&self, row: &Row<'_>, precision: Precision) -> Result<i64, Failure> {
        let fee = self.rates.model_fee(Role::Taker, self.price, self.count, precision);
        let fee = fee.ok_or_else(|| row.wrong("contracts", &self.count.to_string(), "fewer contracts"))?;
        Ok(fee.0 / precision.units())
    }
}

fn compute(row: &Row<'_>, precision: Precision) -> Result<Got, Failure> {
    let asked = Asked::of(row)?;
    let steps = asked.steps(row, precision)?;
    let per_contract = match asked.count {
        Count::ZERO => Cell::Blank,
        count => Cell::Float((steps * precision.units()) as f64 / 1e4 / count.0 as f64),
    };
    Ok(vec![
        ("exact_fee_cents_rational", Cell::Text(exact_cents(&asked))),
        ("fee_cents", Cell::Integer(asked.steps(row, Precision::Cent)?)),
        ("fee_centicents", Cell::Integer(asked.steps(row, Precision::Centicent)?)),
        ("per_contract_usd", per_contract),
    ])
}

/// `rate × C × P × (1 − P)` in cents as a fraction in lowest terms.
fn exact_cents(asked: &Asked) -> String {
    let Asked { rates, price, count } = asked;
    let product = i128::from(rates.ppm(Role::Taker)) * i128::from(count.0);
    let above = product * i128::from(price.0) * i128::from(price.complement().0);
    // 1e-6 × 1e-2 × 1e-4 × 1e-4 dollars, in cents.
    let below = 100_000_000_000_000_i128;
    let common = gcd(above, below);
    match (above / common, below / common) {
        (cents, 1) => cents.to_string(),
        (above, below) => format!("{above}/{below}"),
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { gcd(b, a % b) }
}
