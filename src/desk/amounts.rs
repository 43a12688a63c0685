//! Amounts as a trader reads them: cents, contracts, dollars of the right kind, times of the day.
//! Integers to the end; what is cut off is said in the name.

use trader_journal::book::Side;
use trader_journal::event::Mode;
use trader_journal::units::{Count, Money, Nanos, Price};

/// Which dollars a run trades with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency(&'static str);

impl Currency {
    /// Nobody said yet what the run is.
    pub const UNKNOWN: Currency = Currency("?$");

    /// The dollars of a mode: only `live` has real ones.
    #[must_use]
    pub const fn of(mode: Mode) -> Currency {
        match mode {
            Mode::Live => Currency("$"),
            Mode::Paper | Mode::Observe => Currency("paper$"),
            Mode::Sim | Mode::Exercise | Mode::Backtest => Currency("sim$"),
        }
    }

    /// Its sign: `$`, `sim$`, `paper$`.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        self.0
    }

    /// An amount: to the cent when it has no more, else to four decimals, the rest rounded.
    #[must_use]
    pub fn amount(self, amount: Money) -> String {
        let minus = if amount.0 < 0 { "-" } else { "" };
        format!("{minus}{}{}", self.0, plain(amount.0.unsigned_abs()))
    }

    /// An amount with its sign, also when it is a gain.
    #[must_use]
    pub fn change(self, amount: Money) -> String {
        let plus = if amount.0 >= 0 { "+" } else { "" };
        format!("{plus}{}", self.amount(amount))
    }
}

fn plain(micros: u64) -> String {
    let rounded = (micros + 50) / 100;
    let (dollars, rest) = (rounded / 10_000, rounded % 10_000);
    if rest.is_multiple_of(100) { format!("{dollars}.{:02}", rest / 100) } else { format!("{dollars}.{rest:04}") }
}

/// A price in cents: `47¢`, `4.7¢`.
#[must_use]
pub fn cents(price: Price) -> String {
    let (whole, part) = (price.0 / 100, price.0 % 100);
    match part {
        0 => format!("{whole}¢"),
        part if part.is_multiple_of(10) => format!("{whole}.{}¢", part / 10),
        part => format!("{whole}.{part:02}¢"),
    }
}

/// An amount per contract in tenths of a cent, rounded down, so that what is not enough never
/// looks as if it were.
#[must_use]
pub fn edge(micros: i64) -> String {
    let tenths = micros.div_euclid(1000);
    let minus = if tenths < 0 { "-" } else { "" };
    format!("{minus}{}.{}¢", tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10)
}

/// Contracts: `6`, `6.5`.
#[must_use]
pub fn contracts(count: Count) -> String {
    let text = count.to_string();
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text.is_empty() || text == "-" { "0".to_owned() } else { text.to_owned() }
}

/// The price of one bitcoin, to the cent: `97,977.04`.
#[must_use]
pub fn bitcoin(value: Money) -> String {
    let cents = (value.0 + 5_000).div_euclid(10_000).max(0);
    let digits = (cents / 100).to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped}.{:02}", cents % 100)
}

/// The side that is bought, and what one contract of it costs at a YES price.
#[must_use]
pub fn bought(side: Side, yes: Price) -> (&'static str, Price) {
    match side {
        Side::Bid => ("YES", yes),
        Side::Ask => ("NO", Price(Price::ONE.0.saturating_sub(yes.0))),
    }
}

/// A time of market time, UTC: `11-02 00:15:00`.
#[must_use]
pub fn when(ts: Nanos) -> String {
    stamp(ts, "%m-%d %H:%M:%S")
}

/// The time of day of market time, UTC: `00:15:00`.
#[must_use]
pub fn time_of_day(ts: Nanos) -> String {
    stamp(ts, "%H:%M:%S")
}

fn stamp(ts: Nanos, form: &str) -> String {
    let second = i64::try_from(ts.seconds()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(second).map_or_else(|_| "?".to_owned(), |at| at.strftime(form).to_string())
}

/// A span: `0.7 s`, `12 s`, `4 min`.
#[must_use]
pub fn span(ns: u64) -> String {
    match ns / Nanos::MILLI {
        millis @ 0..1_000 => format!("{millis} ms"),
        millis @ 1_000..10_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        millis @ 10_000..120_000 => format!("{} s", millis / 1000),
        millis => format!("{} min", millis / 60_000),
    }
}

/// The text of a field filled up with zeros.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let shown = String::from_utf8_lossy(&bytes[..end]);
    shown.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_they_should() {
        let sim = Currency::of(Mode::Sim);
        assert_eq!(sim.amount(Money(4_200_000)), "sim$4.20");
        assert_eq!(sim.amount(Money(-88_249)), "-sim$0.0882");
        assert_eq!(sim.change(Money(1_999_960)), "+sim$2.00");
        assert_eq!(Currency::of(Mode::Live).change(Money(-1)), "-$0.00");
        assert_eq!(
            [4700, 4710, 4715, 50, 0].map(|units| cents(Price(units))),
            ["47¢", "47.1¢", "47.15¢", "0.5¢", "0¢"]
        );
        assert_eq!([19_999, -20_381, -1, 0, 40_000].map(edge), ["1.9¢", "-2.1¢", "-0.1¢", "0.0¢", "4.0¢"]);
        assert_eq!([600, 650, 5, 0, -600].map(|units| contracts(Count(units))), ["6", "6.5", "0.05", "0", "-6"]);
        assert_eq!(bitcoin(Money(97_977_040_000)), "97,977.04");
        assert_eq!(bitcoin(Money(1_234_567_995_000)), "1,234,568.00");
        assert_eq!(bitcoin(Money(5_000)), "0.01");
        assert_eq!(bought(Side::Ask, Price(2900)), ("NO", Price(7100)));
        assert_eq!(
            [7_00, 7_100, 12_345, 240_000].map(|ms| span(ms * Nanos::MILLI)),
            ["700 ms", "7.1 s", "12 s", "4 min"]
        );
        assert_eq!(text(b"lunch\x1b[0m\0\0"), "lunch [0m");
        assert_eq!(when(Nanos(1_762_041_600_000_000_000)), "11-02 00:00:00");
    }
}
