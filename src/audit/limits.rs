//! The limits a journal is held to, read from the configuration it carries.

use thiserror::Error;
use toml::{Table, Value};
use trader_journal::units::{Count, Money};

/// What the configuration promises. Money in $0.000001.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most one market may lose.
    pub position: Money,
    /// Most all markets of one close time may lose together.
    pub close_exposure: Money,
    /// Most everything may lose together.
    pub exposure: Money,
    /// Most one day may lose.
    pub daily_loss: Money,
    /// Which promise `daily_loss` is.
    pub daily_rule: DailyRule,
    /// The day starts this long after midnight UTC, in seconds.
    pub day_starts_s: u64,
    /// Farthest a limit price may be from fair value.
    pub collar: Option<Money>,
    /// Largest order.
    pub order_count: Option<Count>,
    /// Most one order may cost, fees included.
    pub order_cost: Option<Money>,
    /// What balances are rounded to.
    pub fee_precision: Money,
}

/// The daily limit's promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DailyRule {
    /// `cap` in live, `stop` elsewhere.
    Auto,
    /// Realised loss plus worst open loss never exceeds it.
    Cap,
    /// No new order once the realised loss has reached it.
    Stop,
}

/// Why limits cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LimitsError {
    /// The text is not TOML.
    #[error("the configuration is not valid TOML: {0}")]
    NotToml(String),
    /// A limit is not there.
    #[error("the configuration has no `{0}`")]
    Missing(&'static str),
    /// A limit is not an amount with at most six decimals.
    #[error("`{0}` is not an amount that can be checked")]
    BadValue(&'static str),
}

impl Limits {
    /// What the balances of a direct member are rounded to: $0.0001.
    pub(super) const DIRECT_MEMBER: Money = Money(100);

    /// Reads `[limits]` and `[account]` of a configuration in TOML.
    ///
    /// # Errors
    /// [`LimitsError`]: what is missing or cannot be read.
    pub fn parse(text: &str) -> Result<Limits, LimitsError> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| LimitsError::NotToml(error.to_string()))?;
        let dollars = |key| amount(&table, key, 6).map(Money);
        let daily_rule = match find(&table, "limits.daily_loss_rule") {
            None => DailyRule::Auto,
            Some(Value::String(word)) if word == "auto" => DailyRule::Auto,
            Some(Value::String(word)) if word == "cap" => DailyRule::Cap,
            Some(Value::String(word)) if word == "stop" => DailyRule::Stop,
            Some(_) => return Err(LimitsError::BadValue("limits.daily_loss_rule")),
        };
        Ok(Limits {
            position: dollars("limits.position_max_usd")?,
            close_exposure: dollars("limits.close_exposure_max_usd")?,
            exposure: dollars("limits.exposure_max_usd")?,
            daily_loss: dollars("limits.daily_loss_max_usd")?,
            daily_rule,
            day_starts_s: optional(amount(&table, "limits.day_starts_utc_s", 0))?.unwrap_or(0).unsigned_abs(),
            collar: optional(amount(&table, "limits.collar_cents", 4))?.map(Money),
            order_count: optional(amount(&table, "limits.order_contracts_max", 2))?.map(Count),
            order_cost: optional(dollars("limits.order_usd_max"))?,
            fee_precision: optional(dollars("account.fee_precision_usd"))?.unwrap_or(Limits::DIRECT_MEMBER),
        })
    }
}

fn find<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    let (section, key) = path.split_once('.')?;
    table.get(section)?.as_table()?.get(key)
}

/// A number as an integer of `10^-decimals`, by way of its shortest decimal text: a file says
/// `0.07`, and 0.07 is what is checked.
fn amount(table: &Table, path: &'static str, decimals: u32) -> Result<i64, LimitsError> {
    let text = match find(table, path) {
        None => return Err(LimitsError::Missing(path)),
        Some(Value::Integer(number)) => number.to_string(),
        Some(Value::Float(number)) => number.to_string(),
        Some(_) => return Err(LimitsError::BadValue(path)),
    };
    let units = trader_journal::units::parse_decimal(text.as_bytes(), decimals);
    units.ok().filter(|units| *units >= 0).ok_or(LimitsError::BadValue(path))
}

fn optional<T>(read: Result<T, LimitsError>) -> Result<Option<T>, LimitsError> {
    match read {
        Err(LimitsError::Missing(_)) => Ok(None),
        read => read.map(Some),
    }
}
