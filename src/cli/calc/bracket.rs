//! What a stretch of the closing average is worth.

use super::table::{Cell, Got, Row, Table};
use super::{AverageForm, Form};
use crate::cli::Failure;
use crate::config::Config;
use clap::Args;
use trader_pricing::probability::{Average, ClosingValue, Distribution, Mixture, StudentT, Tail};

#[derive(Debug, Args)]
pub(in crate::cli) struct BracketArgs {
    #[command(flatten)]
    form: Form,
    /// The index now, USD.
    #[arg(long)]
    spot: Option<String>,
    /// Lowest value inside; left out: no lower end.
    #[arg(long)]
    k_lo: Option<String>,
    /// Lowest value above that is outside; left out: no upper end.
    #[arg(long)]
    k_hi: Option<String>,
    /// Standard deviation of the log return over 900 s.
    #[arg(long, value_name = "SIGMA")]
    sigma_15m: Option<String>,
    /// Seconds to the close.
    #[arg(long, default_value = "900")]
    tau_s: String,
    /// Length of the closing average, seconds; 0 settles on the last price.
    #[arg(long, default_value = "60")]
    avg_s: String,
    /// Expected log return over 900 s.
    #[arg(long, value_name = "DRIFT", default_value = "0", allow_negative_numbers = true)]
    drift_15m: String,
    /// The average of what has been seen of the last minute.
    #[arg(long)]
    obs_avg: Option<String>,
    /// normal, student_t (p1: degrees of freedom), mix (p1: weight, p2: width) or tail_adjusted.
    #[arg(long)]
    model: Option<String>,
    /// The model's first number.
    #[arg(long)]
    p1: Option<String>,
    /// The model's second number.
    #[arg(long)]
    p2: Option<String>,
    /// Which closing average.
    #[arg(long, value_enum)]
    average: Option<AverageForm>,
}

pub(super) fn run(args: &BracketArgs, config: &Config) -> Result<(), Failure> {
    let given = vec![
        ("spot", args.spot.clone()),
        ("k_lo", args.k_lo.clone()),
        ("k_hi", args.k_hi.clone()),
        ("sigma_15m", args.sigma_15m.clone()),
        ("tau_s", Some(args.tau_s.clone())),
        ("avg_s", Some(args.avg_s.clone())),
        ("drift_15m", Some(args.drift_15m.clone())),
        ("obs_avg", args.obs_avg.clone()),
        ("model", args.model.clone()),
        ("p1", args.p1.clone()),
        ("p2", args.p2.clone()),
    ];
    let form = AverageForm::asked(args.average, &args.form, config);
    let table = super::rows(&args.form, given)?;
    let questions = Question::of(&table);
    table.print(&args.form, |row| match questions {
        Question::Bracket => bracket(row, form, config),
        Question::Strike => strike(row, form, config),
        Question::VarianceTime => variance_time(row),
    })
}

/// What a file asks, seen from its columns.
#[derive(Clone, Copy)]
enum Question {
    /// A stretch, under a model.
    Bracket,
    /// One strike, under the normal and the tail-adjusted normal.
    Strike,
    /// Nothing but the time to the close.
    VarianceTime,
}

impl Question {
    fn of(table: &Table) -> Question {
        if table.has("strike") {
            Question::Strike
        } else if table.has("tau_s") && !table.has("spot") {
            Question::VarianceTime
        } else {
            Question::Bracket
        }
    }
}

/// Average, its variance time, and the value's distribution but for its shape.
fn value(row: &Row<'_>, form: AverageForm, distribution: Distribution) -> Result<(f64, ClosingValue), Failure> {
    let seconds = row.number("avg_s")?;
    let length = "60 for prints; 0 or more for a continuous average";
    let average = form.over(seconds).ok_or_else(|| row.wrong("avg_s", &seconds.to_string(), length))?;
    let (spot, tau) = (row.number("spot")?, row.number("tau_s")?);
    let (sigma, drift) = (row.number("sigma_15m")?, row.maybe("drift_15m")?.unwrap_or(0.0));
    for (column, number, is_right) in
        [("spot", spot, spot > 0.0), ("tau_s", tau, tau >= 0.0), ("sigma_15m", sigma, sigma >= 0.0)]
    {
        if !is_right {
            return Err(row.wrong(column, &number.to_string(), "a number above zero"));
        }
    }
    let seen = match row.maybe("obs_avg")? {
        Some(seen) => seen,
        None if average.share_seen(tau) > 0.0 => {
            return Err(row.wrong("obs_avg", "", "the average of what was seen, inside the last minute"));
        }
        None => spot,
    };
    let variance_time = average.variance_time_s(tau);
    let value = ClosingValue {
        mean: average.mean(tau, spot, seen),
        sigma: sigma * libm::sqrt(variance_time / 900.0),
        drift: drift * average.drift_time_s(tau) / 900.0,
        distribution,
    };
    Ok((variance_time, value))
}

fn bracket(row: &Row<'_>, form: AverageForm, config: &Config) -> Result<Got, Failure> {
    let (variance_time, value) = value(row, form, distribution(row, config)?)?;
    let probability = match (row.maybe("k_lo")?, row.maybe("k_hi")?) {
        (Some(floor), Some(cap)) => value.between(floor, cap),
        (Some(floor), None) => value.at_least(floor),
        (None, Some(cap)) => value.below(cap),
        (None, None) => 1.0,
    };
    Ok(vec![
        ("tau_eff_s", Cell::Float(variance_time)),
        ("m_usd", Cell::Float(value.mean)),
        ("s", Cell::Float(value.sigma)),
        ("prob", Cell::Float(probability)),
    ])
}

fn strike(row: &Row<'_>, form: AverageForm, config: &Config) -> Result<Got, Failure> {
    let (_, normal) = value(row, form, Distribution::Normal)?;
    let bent = ClosingValue { distribution: Distribution::TailAdjusted(tail(config)), ..normal };
    let strike = row.number("strike")?;
    Ok(vec![
        ("s", Cell::Float(normal.sigma)),
        ("p_normal", Cell::Float(normal.at_least(strike))),
        ("p_tail", Cell::Float(bent.at_least(strike))),
    ])
}

fn variance_time(row: &Row<'_>) -> Result<Got, Failure> {
    let tau = row.number("tau_s")?;
    let continuous = Average::Continuous { seconds: 60.0 }.variance_time_s(tau);
    let prints = Average::Prints.variance_time_s(tau);
    Ok(vec![("tau_eff_continuous_s", Cell::Float(continuous)), ("tau_eff_discrete_s", Cell::Float(prints))])
}

/// The configured tail; a configuration that was accepted has a legal one.
fn tail(config: &Config) -> Tail {
    let numbers = &config.probability;
    Tail::new(numbers.tail_s0, numbers.tail_kappa, numbers.tail_z0).unwrap_or(Tail::DEFAULT)
}

fn distribution(row: &Row<'_>, config: &Config) -> Result<Distribution, Failure> {
    let model = row.text("model").unwrap_or(&config.probability.distribution);
    let number = |column: &str, default: f64| Ok::<_, Failure>(row.maybe(column)?.unwrap_or(default));
    let found = match model {
        "normal" => Some(Distribution::Normal),
        "tail_adjusted" => Some(Distribution::TailAdjusted(tail(config))),
        "student_t" => StudentT::new(number("p1", config.probability.student_nu)?).map(Distribution::StudentT),
        "mix" => Mixture::new(row.number("p1")?, row.number("p2")?).map(Distribution::Mixture),
        _ => return Err(row.wrong("model", model, "normal, student_t, mix or tail_adjusted")),
    };
    found.ok_or_else(|| row.wrong("p1", row.text("p1").unwrap_or(""), "what the model allows"))
}
