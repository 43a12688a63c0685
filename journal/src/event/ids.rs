//! Names that fit in an event: interned numbers, 16-byte identifiers, and who is who on the line.

use core::fmt;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, TryFromBytes};

/// An interned market. Numbers rise by one per market named and are never reused within a run.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
#[repr(transparent)]
pub struct MarketId(pub u32);

/// An interned venue event (the set of markets that settle on one number). Never reused within a run.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
#[repr(transparent)]
pub struct EventId(pub u32);

/// An interned series (`KXBTC15M`), numbered in the order of the configuration.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
#[repr(transparent)]
pub struct SeriesId(pub u32);

/// One evaluation by `pricing`; rises by one each, 0 = none.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
#[repr(transparent)]
pub struct EvalId(pub u32);

/// The venue's identifier of an order or a trade: a UUID as its 16 bytes in text order.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(transparent)]
pub struct Uuid(pub [u8; 16]);

impl Uuid {
    /// No identifier: the venue has not told one.
    pub const NONE: Uuid = Uuid([0; 16]);

    /// Reads `8-4-4-4-12` hexadecimal digits; `None` for anything else.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Uuid> {
        if text.len() != 36 {
            return None;
        }
        let mut bytes = [0u8; 16];
        let mut filled = 0;
        let mut at = 0;
        while at < 36 {
            if matches!(at, 8 | 13 | 18 | 23) {
                if text[at] != b'-' {
                    return None;
                }
                at += 1;
                continue;
            }
            bytes[filled] = (hex_digit(text[at])? << 4) | hex_digit(text[at + 1])?;
            filled += 1;
            at += 2;
        }
        Some(Uuid(bytes))
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Our own order identifier. On the wire: `k1-<epoch>-<nonce>-<seq>`, all hexadecimal.
///
/// The epoch rises with every start of the journal's writer and the nonce is drawn
/// then, so that no identifier can name two orders even after a power cut rewound `seq`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
#[repr(C)]
pub struct ClientId {
    /// Number of the writer's start, from 1. 0: not one of ours.
    pub epoch: u32,
    /// Drawn at that start.
    pub nonce: u32,
    /// Rises by one per order of the epoch, from 1.
    pub seq: u64,
}

impl ClientId {
    /// An order that is not ours, or whose identifier the venue did not tell.
    pub const FOREIGN: ClientId = ClientId { epoch: 0, nonce: 0, seq: 0 };

    /// Reads the wire form; `None` when the text is not one of ours.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<ClientId> {
        let mut parts = text.strip_prefix(b"k1-")?.split(|byte| *byte == b'-');
        let epoch = u32::try_from(hex_number(parts.next()?, 8)?).ok()?;
        let nonce = u32::try_from(hex_number(parts.next()?, 8)?).ok()?;
        let seq = hex_number(parts.next()?, 16)?;
        let whole = parts.next().is_none() && epoch != 0;
        whole.then_some(ClientId { epoch, nonce, seq })
    }
}

fn hex_number(digits: &[u8], digits_max: usize) -> Option<u64> {
    if digits.is_empty() || digits.len() > digits_max {
        return None;
    }
    digits.iter().try_fold(0u64, |value, digit| Some((value << 4) | u64::from(hex_digit(*digit)?)))
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k1-{:x}-{:08x}-{:x}", self.epoch, self.nonce, self.seq)
    }
}

/// Who writes a stream of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, TryFromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(u8)]
pub enum Agent {
    /// The program itself: what was started, with which configuration and build.
    Shell = 0,
    /// `feeds::kalshi`.
    Kalshi = 1,
    /// `feeds::binance`.
    Binance = 2,
    /// `pricing`.
    Pricing = 3,
    /// `exec`.
    Exec = 4,
    /// The paper venue, where it runs in place of the gateway.
    Venue = 5,
    /// Operator commands from people and the watchdog.
    Control = 6,
}

impl Agent {
    /// Every agent, in stream order.
    pub const ALL: [Agent; 7] =
        [Agent::Shell, Agent::Kalshi, Agent::Binance, Agent::Pricing, Agent::Exec, Agent::Venue, Agent::Control];

    /// The agent of a stream number.
    #[must_use]
    pub const fn from_stream(stream: u8) -> Option<Agent> {
        if (stream as usize) < Self::ALL.len() { Some(Self::ALL[stream as usize]) } else { None }
    }
}

/// The ring an event was taken from. Numbers are written in the journal and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, TryFromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(u8)]
pub enum Ring {
    /// Timers and the run's start, injected by the shell.
    Shell = 0,
    /// `feeds::kalshi` to `pricing`.
    KalshiPricing = 1,
    /// `feeds::kalshi` to `exec`.
    KalshiExec = 2,
    /// `feeds::binance` to `pricing`.
    BinancePricing = 3,
    /// `pricing` to `exec`.
    PricingExec = 4,
    /// Replies of the gateway (or of the venue in its place) to `exec`.
    GatewayExec = 5,
    /// Operator commands to `exec`.
    ControlExec = 6,
    /// Model chunks and activations to `pricing`.
    ModelPricing = 7,
    /// The journal's health to `exec`.
    JournalExec = 8,
    /// What the shell measures, to `exec`: the clock's skew.
    ShellExec = 9,
}

impl Ring {
    /// Every ring, in number order.
    pub const ALL: [Ring; 10] = [
        Ring::Shell,
        Ring::KalshiPricing,
        Ring::KalshiExec,
        Ring::BinancePricing,
        Ring::PricingExec,
        Ring::GatewayExec,
        Ring::ControlExec,
        Ring::ModelPricing,
        Ring::JournalExec,
        Ring::ShellExec,
    ];

    /// The ring of a number read from the journal.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Ring> {
        if (number as usize) < Self::ALL.len() { Some(Self::ALL[number as usize]) } else { None }
    }
}
