//! The default volatility model, close by close.

use super::Form;
use super::table::{Cell, Got, Row};
use crate::cli::Failure;
use clap::Args;
use jiff::civil::DateTime;
use miette::miette;
use trader_journal::units::{Money, Nanos};
use trader_pricing::volatility::{Coefficients, Ewma3};

#[derive(Debug, Args)]
pub(in crate::cli) struct VolArgs {
    /// Needs --csv: columns `minute_utc` (a minute's start, `2025-11-28 13:15:00`) and `close`, oldest first.
    #[command(flatten)]
    form: Form,
}

pub(super) fn run(args: &VolArgs) -> Result<(), Failure> {
    if args.form.csv.is_none() {
        let help = "calc vol --csv FILE, with the columns minute_utc and close";
        return Err(Failure::Input(miette!(help = help, "a forecast needs a file of one-minute closes")));
    }
    let mut model = Model { ewma: Ewma3::new(0), last: None };
    super::rows(&args.form, Vec::new())?.print(&args.form, |row| model.close(row))
}

/// The model, and the close before.
struct Model {
    ewma: Ewma3,
    last: Option<(Nanos, Money)>,
}

impl Model {
    fn close(&mut self, row: &Row<'_>) -> Result<Got, Failure> {
        let text = row.needed("minute_utc")?;
        let minute = minute(text).ok_or_else(|| row.wrong("minute_utc", text, "a time as 2025-11-28 13:15:00"))?;
        let text = row.needed("close")?;
        let price = Money::parse(text.as_bytes()).ok().filter(|price| price.0 > 0);
        let price = price.ok_or_else(|| row.wrong("close", text, "a price above zero, at most six decimals"))?;
        if let Some((before, _)) = self.last
            && before >= minute
        {
            return Err(row.wrong("minute_utc", row.needed("minute_utc")?, "a minute later than the row before"));
        }
        let r = self.last.map(|(_, before)| libm::log1p((price.0 - before.0) as f64 / before.0 as f64));
        let multiplier = self.ewma.profile().multiplier(minute.seconds() / 60);
        self.ewma.on_close(minute, price);
        self.last = Some((minute, price));
        let seen = |value: f64| if r.is_some() { Cell::Float(value) } else { Cell::Blank };
        let averages = self.ewma.averages();
        let end = minute.plus(60 * Nanos::SECOND);
        let quarter = end.plus(900 * Nanos::SECOND);
        let variance = self.ewma.variance(&Coefficients::FROZEN, end, quarter).unwrap_or(f64::NAN);
        let squared = r.unwrap_or(f64::NAN) * r.unwrap_or(f64::NAN);
        Ok(vec![
            ("r", seen(r.unwrap_or(f64::NAN))),
            ("x", seen(squared / multiplier)),
            ("E10", seen(averages[0])),
            ("E60", seen(averages[1])),
            ("E720", seen(averages[2])),
            ("base", seen(Coefficients::FROZEN.minute_variance(averages))),
            ("seas_sum", seen(self.ewma.profile().weight(end, quarter))),
            ("h15", seen(variance)),
            ("sigma_15m", seen(libm::sqrt(variance))),
        ])
    }
}

fn minute(text: &str) -> Option<Nanos> {
    let at: DateTime = text.parse().ok()?;
    let seconds = at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    Nanos::from_seconds(u64::try_from(seconds).ok()?)
}
