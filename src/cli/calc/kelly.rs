//! How much of the bankroll a contract deserves.

use super::fee::Asked;
use super::table::{Cell, Got, Row};
use super::{Form, Rounding};
use crate::cli::Failure;
use crate::config::Config;
use clap::Args;
use trader_journal::fee::Precision;
use trader_pricing::kelly::{Bet, KellyRule};

#[derive(Debug, Args)]
pub(in crate::cli) struct KellyArgs {
    #[command(flatten)]
    form: Form,
    /// Probability of YES.
    #[arg(long)]
    p_yes: Option<String>,
    /// The side bought: yes or no.
    #[arg(long, default_value = "yes")]
    side: String,
    /// Price of the side bought, cents.
    #[arg(long)]
    price_cents: Option<String>,
    /// Contracts the fee is shared by.
    #[arg(long, default_value = "100")]
    contracts: String,
    /// The fee rate of C·P·(1−P).
    #[arg(long, default_value = "0.07")]
    rate: String,
    /// Net edge below which nothing is bought, USD per contract.
    #[arg(long, value_name = "USD")]
    threshold: Option<String>,
    /// Net edge from which the ramp is full, USD per contract.
    #[arg(long, value_name = "USD")]
    full_edge: Option<String>,
    /// Half Kelly is 0.5.
    #[arg(long)]
    kelly_mult: Option<String>,
    /// No fraction is larger.
    #[arg(long)]
    cap: Option<String>,
    /// What the fee is rounded up to.
    #[arg(long, value_enum)]
    rounding: Option<Rounding>,
}

pub(super) fn run(args: &KellyArgs, config: &Config) -> Result<(), Failure> {
    let given = vec![
        ("p_yes", args.p_yes.clone()),
        ("side", Some(args.side.clone())),
        ("price_cents", args.price_cents.clone()),
        ("contracts", Some(args.contracts.clone())),
        ("rate", Some(args.rate.clone())),
        ("threshold", args.threshold.clone()),
        ("full_edge", args.full_edge.clone()),
        ("kelly_mult", args.kelly_mult.clone()),
        ("cap", args.cap.clone()),
    ];
    let precision = Rounding::precision(args.rounding, &args.form, config);
    super::rows(&args.form, given)?.print(&args.form, |row| compute(row, precision, config))
}

fn compute(row: &Row<'_>, precision: Precision, config: &Config) -> Result<Got, Failure> {
    let p_yes = row.number("p_yes")?;
    if !(0.0..=1.0).contains(&p_yes) {
        return Err(row.wrong("p_yes", &p_yes.to_string(), "a probability, 0 to 1"));
    }
    let q = match row.needed("side")? {
        "yes" => p_yes,
        "no" => 1.0 - p_yes,
        other => return Err(row.wrong("side", other, "yes or no")),
    };
    let Asked { rates, price, count } = Asked::of(row)?;
    let bet = Bet::new(q, price, count, rates, precision);
    let bet = bet.ok_or_else(|| row.wrong("contracts", &count.to_string(), "at least 0.01"))?;
    let edge = &config.edge;
    let or = |column: &str, default: f64| Ok::<_, Failure>(row.maybe(column)?.unwrap_or(default));
    let rule = KellyRule {
        edge_min: or("threshold", edge.edge_net_min_cents / 100.0)?,
        edge_full: or("full_edge", edge.full_kelly_edge_cents / 100.0)?,
        ramp_floor: edge.kelly_ramp_floor,
        multiplier: or("kelly_mult", edge.kelly_multiplier)?,
        fraction_max: or("cap", edge.kelly_fraction_max)?,
    };
    Ok(vec![
        ("fee_usd", Cell::Float(bet.fee)),
        ("cost", Cell::Float(bet.cost())),
        ("edge_gross", Cell::Float(bet.edge_gross())),
        ("edge_net", Cell::Float(bet.edge_net())),
        ("kelly_full", Cell::Float(bet.kelly())),
        ("ramp", Cell::Float(rule.ramp(bet.edge_net()))),
        ("fraction", Cell::Float(rule.fraction(&bet))),
        ("fraction_gross_ramp", Cell::Float(rule.scaled(bet.kelly(), bet.edge_gross()))),
    ])
}
