//! What a field's value looks like, type by type.

use std::fmt;
use trader_journal::book::Side;
use trader_journal::event::{
    Account, AccountList, Agent, BookFault, CancelReason, ClientId, EvalId, EventId, Feed, FeedState, FrameFault, Gate,
    Interval, LifecycleKind, MarketId, Mode, OperatorVerb, OrderStatus, Outcome, ReconcileReason, RejectReason,
    SelfTrade, SeriesId, SeriesMode, SizedBy, StrikeKind, Style, TimeInForce, UnknownReason, UpdateReason, Uuid,
};
use trader_journal::grid::GridRange;
use trader_journal::units::{Count, Money, Nanos, Price};

/// One field's value, exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A whole number.
    Integer(i128),
    /// A decimal, an identifier or a name; JSON has it as a string, so that no reader rounds it.
    Text(String),
    /// One of a closed list of words.
    Word(&'static str),
    /// Yes or no.
    Flag(bool),
    /// Not there.
    Absent,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Integer(number) => write!(f, "{number}"),
            Value::Text(text) => f.write_str(text),
            Value::Word(word) => f.write_str(word),
            Value::Flag(flag) => write!(f, "{flag}"),
            Value::Absent => f.write_str("-"),
        }
    }
}

impl From<&Value> for serde_json::Value {
    fn from(value: &Value) -> serde_json::Value {
        match value {
            // Numbers of 64 bits are JSON numbers: every integer field has at most as many.
            Value::Integer(number) => i64::try_from(*number).map_or_else(
                |_| u64::try_from(*number).map_or_else(|_| number.to_string().into(), Into::into),
                Into::into,
            ),
            Value::Text(text) => text.as_str().into(),
            Value::Word(word) => (*word).into(),
            Value::Flag(flag) => (*flag).into(),
            Value::Absent => serde_json::Value::Null,
        }
    }
}

/// A time as people read it, UTC to the nanosecond; 0 and the end of time are words.
#[must_use]
pub fn time(at: Nanos) -> String {
    if at == Nanos::NEVER {
        return "never".to_owned();
    }
    match jiff::Timestamp::from_nanosecond(i128::from(at.0)) {
        Ok(stamp) => format!("{stamp:.9}"),
        Err(_) => format!("{}ns", at.0),
    }
}

/// A type that can stand in a field.
pub(super) trait Shown {
    fn value(&self) -> Value;
}

macro_rules! shown {
    ($($kind:ty),+ => $make:expr) => {
        $(impl Shown for $kind {
            fn value(&self) -> Value {
                let make: fn(&$kind) -> Value = $make;
                make(self)
            }
        })+
    };
}

shown!(u8, u16, u32, u64, i32, i64 => |number| Value::Integer(i128::from(*number)));
shown!(MarketId, EventId, SeriesId, EvalId => |id| Value::Integer(i128::from(id.0)));
shown!(Price, Count, Money, ClientId => |exact| Value::Text(exact.to_string()));
shown!(
    Account, AccountList, BookFault, CancelReason, Feed, FeedState, FrameFault, Gate, Interval, LifecycleKind, Mode, OperatorVerb,
    OrderStatus, Outcome, ReconcileReason, RejectReason, SelfTrade, SeriesMode, SizedBy, StrikeKind, Style, TimeInForce, UnknownReason,
    UpdateReason => |word| Value::Word(word.word())
);

impl Shown for Agent {
    fn value(&self) -> Value {
        Value::Word(super::agent_word(*self))
    }
}

impl Shown for Side {
    fn value(&self) -> Value {
        Value::Word(match self {
            Side::Bid => "bid",
            Side::Ask => "ask",
        })
    }
}

impl Shown for Nanos {
    fn value(&self) -> Value {
        if *self == Nanos(0) { Value::Absent } else { Value::Text(time(*self)) }
    }
}

impl Shown for Uuid {
    fn value(&self) -> Value {
        if *self == Uuid::NONE { Value::Absent } else { Value::Text(self.to_string()) }
    }
}

/// Names and reasons: text filled up with zeros.
impl<const N: usize> Shown for [u8; N] {
    fn value(&self) -> Value {
        let end = self.iter().position(|byte| *byte == 0).unwrap_or(N);
        Value::Text(self[..end].escape_ascii().to_string())
    }
}

impl Shown for [GridRange; 6] {
    fn value(&self) -> Value {
        let used = self.iter().filter(|range| **range != GridRange::default());
        let ranges: Vec<_> =
            used.map(|range| format!("{}..{}/{}", Price(range.start), Price(range.end), Price(range.step))).collect();
        Value::Text(ranges.join(" "))
    }
}

/// An amount in $0.000001 that has no type of its own.
pub(super) struct Micros(pub i64);

impl From<i32> for Micros {
    fn from(units: i32) -> Micros {
        Micros(i64::from(units))
    }
}

impl Shown for Micros {
    fn value(&self) -> Value {
        Money(self.0).value()
    }
}

/// A quantity of the base asset in 1e-8.
pub(super) struct Quantity(u64);

impl From<u64> for Quantity {
    fn from(units: u64) -> Quantity {
        Quantity(units)
    }
}

impl Shown for Quantity {
    fn value(&self) -> Value {
        Value::Text(format!("{}.{:08}", self.0 / 100_000_000, self.0 % 100_000_000))
    }
}

/// A hash: more digits than a JSON reader keeps of a number.
pub(super) struct Hex(u64);

impl From<u64> for Hex {
    fn from(hash: u64) -> Hex {
        Hex(hash)
    }
}

impl Shown for Hex {
    fn value(&self) -> Value {
        Value::Text(format!("{:016x}", self.0))
    }
}

/// Bytes that are not text.
pub(super) struct Bytes([u8; 40]);

impl From<[u8; 40]> for Bytes {
    fn from(bytes: [u8; 40]) -> Bytes {
        Bytes(bytes)
    }
}

impl Shown for Bytes {
    fn value(&self) -> Value {
        Value::Text(self.0.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// A byte that is 0 or 1.
pub(super) struct Flag(u8);

impl From<u8> for Flag {
    fn from(byte: u8) -> Flag {
        Flag(byte)
    }
}

impl Shown for Flag {
    fn value(&self) -> Value {
        Value::Flag(self.0 != 0)
    }
}
