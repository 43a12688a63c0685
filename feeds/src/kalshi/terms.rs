//! What the venue tells of a market apart from its book: by REST as an object, by the
//! lifecycle channel as details.

use super::catalog::Strike;
use super::words::{self, Phase};
use crate::json::{Cursor, Field, Read};
use crate::read;
use trader_journal::event::{FrameFault, Outcome, StrikeKind};
use trader_journal::grid::{GridRange, PriceGrid, RANGES_MAX};
use trader_journal::units::{Money, Nanos, Price, parse_decimal};

/// What one message tells of a strike; a strike that is not told is not changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StrikeTold {
    pub(crate) kind: Option<StrikeKind>,
    pub(crate) floor: Option<Money>,
    pub(crate) cap: Option<Money>,
}

impl StrikeTold {
    /// What is known after a newer message.
    pub(crate) const fn updated_by(self, newer: StrikeTold) -> StrikeTold {
        StrikeTold {
            kind: if newer.kind.is_some() { newer.kind } else { self.kind },
            floor: if newer.floor.is_some() { newer.floor } else { self.floor },
            cap: if newer.cap.is_some() { newer.cap } else { self.cap },
        }
    }

    /// The strike when all of it is known, [`StrikeKind::Unknown`] until then.
    pub(crate) fn strike(self) -> Strike {
        let (floor, cap) = (self.floor.unwrap_or_default(), self.cap.unwrap_or_default());
        let kind = self.kind.unwrap_or(StrikeKind::Unknown);
        let whole = match kind {
            StrikeKind::Unknown | StrikeKind::Unpriced => Some((Money::ZERO, Money::ZERO)),
            StrikeKind::Greater | StrikeKind::GreaterOrEqual => self.floor.map(|floor| (floor, Money::ZERO)),
            StrikeKind::Less | StrikeKind::LessOrEqual => self.cap.map(|cap| (Money::ZERO, cap)),
            StrikeKind::Between => self.floor.and(self.cap).map(|_| (floor, cap)),
        };
        whole.map_or_else(Strike::default, |(floor, cap)| Strike { kind, floor, cap })
    }
}

/// The fields of a strike while an object is read.
#[derive(Default)]
struct StrikeFields {
    kind: Field<StrikeKind>,
    floor: Field<Money>,
    cap: Field<Money>,
}

impl StrikeFields {
    /// Reads the value if the key is one of a strike's; says whether it was.
    fn member(&mut self, key: &[u8], value: &mut Cursor<'_>) -> Read<bool> {
        match key {
            b"strike_type" => self.kind.read(value, strike_kind)?,
            b"floor_strike" => self.floor.read(value, read::amount)?,
            b"cap_strike" => self.cap.read(value, read::amount)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn told(self) -> StrikeTold {
        StrikeTold { kind: self.kind.optional(), floor: self.floor.optional(), cap: self.cap.optional() }
    }
}

/// A rule that is new to us is a rule this program does not price.
fn strike_kind(value: &mut Cursor<'_>) -> Read<StrikeKind> {
    Ok(words::strike_kind(value.plain()?).unwrap_or(StrikeKind::Unpriced))
}

/// A market object of the REST API.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MarketObject<'a> {
    pub(crate) ticker: &'a [u8],
    pub(crate) event_ticker: &'a [u8],
    /// `None` for a status that is not in the venue's schema.
    pub(crate) phase: Option<Phase>,
    pub(crate) open: Nanos,
    pub(crate) close: Nanos,
    pub(crate) strike: StrikeTold,
    pub(crate) grid: Option<PriceGrid>,
    pub(crate) outcome: Outcome,
    /// What YES pays, once determined.
    pub(crate) value: Option<Money>,
    /// What the event settled on, once determined.
    pub(crate) settlement: Option<Money>,
    pub(crate) settlement_timer_s: Option<u32>,
}

impl<'a> MarketObject<'a> {
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Read<MarketObject<'a>> {
        let mut ticker = Field::default();
        let mut event_ticker = Field::default();
        let mut status = Field::default();
        let mut open = Field::default();
        let mut close = Field::default();
        let mut strike = StrikeFields::default();
        let mut grid = Field::default();
        let mut outcome = Field::default();
        let mut value_paid = Field::default();
        let mut settlement = Field::default();
        let mut timer = Field::default();
        cursor.object(|key, value| match key {
            b"ticker" => ticker.read(value, Cursor::plain),
            b"event_ticker" => event_ticker.read(value, Cursor::plain),
            b"status" => status.read(value, Cursor::plain),
            b"open_time" => open.read(value, read::rfc3339),
            b"close_time" => close.read(value, read::rfc3339),
            b"price_ranges" => grid.read(value, price_grid),
            b"result" => outcome.read(value, |word| words::outcome(word.plain()?)),
            b"settlement_value_dollars" => value_paid.read(value, payout_dollars),
            b"expiration_value" => settlement.read(value, |text| Ok(read::rounded(text.plain()?).ok())),
            b"settlement_timer_seconds" => timer.read(value, read::int32),
            _ => strike.member(key, value).and_then(|taken| if taken { Ok(()) } else { value.skip() }),
        })?;
        Ok(MarketObject {
            ticker: ticker.required()?,
            event_ticker: event_ticker.required()?,
            phase: Phase::from_status(status.required()?),
            open: open.required()?,
            close: close.required()?,
            strike: strike.told(),
            grid: grid.optional(),
            outcome: outcome.optional().unwrap_or(Outcome::Open),
            value: value_paid.optional(),
            settlement: settlement.optional().flatten(),
            settlement_timer_s: timer.optional(),
        })
    }
}

/// `price_ranges`: the truth about a market's grid.
fn price_grid(value: &mut Cursor<'_>) -> Read<PriceGrid> {
    let mut ranges = [GridRange::UNUSED; RANGES_MAX];
    let mut used = 0;
    value.array(|item| {
        *ranges.get_mut(used).ok_or(FrameFault::TooMany)? = grid_range(item)?;
        used += 1;
        Ok(())
    })?;
    PriceGrid::from_ranges(&ranges[..used]).map_err(|_| FrameFault::BadField)
}

fn grid_range(value: &mut Cursor<'_>) -> Read<GridRange> {
    let mut start = Field::default();
    let mut end = Field::default();
    let mut step = Field::default();
    let price = |value: &mut Cursor<'_>| Price::parse(value.decimal()?).map_err(|_| FrameFault::BadField);
    value.object(|key, value| match key {
        b"start" => start.read(value, price),
        b"end" => end.read(value, price),
        b"step" => step.read(value, price),
        _ => value.skip(),
    })?;
    Ok(GridRange { start: start.required()?.0, end: end.required()?.0, step: step.required()?.0 })
}

/// What the lifecycle channel tells of a market of ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Details<'a> {
    pub(crate) event_ticker: Option<&'a [u8]>,
    pub(crate) open: Option<Nanos>,
    pub(crate) close: Option<Nanos>,
    pub(crate) strike: StrikeTold,
    pub(crate) grid: Option<PriceGrid>,
    pub(crate) outcome: Option<Outcome>,
    /// What YES pays: dollars as a string today, cents as an integer before (July 2026).
    pub(crate) value: Option<Money>,
    /// The venue's own time of a determination or a settlement; zero when not told.
    pub(crate) venue_ts: Nanos,
}

impl<'a> Details<'a> {
    pub(crate) fn read(details: &'a [u8]) -> Read<Details<'a>> {
        let mut open = Field::default();
        let mut close = Field::default();
        let mut strike = StrikeFields::default();
        let mut metadata = Field::default();
        let mut grid = Field::default();
        let mut outcome = Field::default();
        let mut value_paid = Field::default();
        let mut determined = Field::default();
        let mut settled = Field::default();
        Cursor::new(details).object(|key, value| match key {
            b"open_ts" => open.read(value, read::seconds),
            b"close_ts" => close.read(value, read::seconds),
            b"additional_metadata" => metadata.read(value, metadata_of_creation),
            b"price_ranges" => grid.read(value, price_grid),
            b"result" => outcome.read(value, |word| words::outcome(word.plain()?)),
            b"settlement_value" => value_paid.read(value, payout),
            b"determination_ts" => determined.read(value, read::seconds),
            b"settled_ts" => settled.read(value, read::seconds),
            _ => strike.member(key, value).and_then(|taken| if taken { Ok(()) } else { value.skip() }),
        })?;
        let (event_ticker, created_strike) = metadata.optional().unwrap_or_default();
        let strike = strike.told();
        Ok(Details {
            event_ticker,
            open: open.optional(),
            close: close.optional(),
            strike: if strike == StrikeTold::default() { created_strike } else { strike },
            grid: grid.optional(),
            outcome: outcome.optional(),
            value: value_paid.optional(),
            venue_ts: determined.optional().or(settled.optional()).unwrap_or_default(),
        })
    }
}

/// A created market's event and strike stand one level deeper than later ones.
fn metadata_of_creation<'a>(value: &mut Cursor<'a>) -> Read<(Option<&'a [u8]>, StrikeTold)> {
    let mut event_ticker = Field::default();
    let mut strike = StrikeFields::default();
    value.object(|key, value| match key {
        b"event_ticker" => event_ticker.read(value, Cursor::plain),
        _ => strike.member(key, value).and_then(|taken| if taken { Ok(()) } else { value.skip() }),
    })?;
    Ok((event_ticker.optional(), strike.told()))
}

/// What YES pays: dollars as a string, cents as an integer.
pub(super) fn payout(value: &mut Cursor<'_>) -> Read<Money> {
    if value.peek() == Some(b'"') { payout_dollars(value) } else { payout_cents(value) }
}

/// Between $0 and $1 a contract.
fn payout_dollars(value: &mut Cursor<'_>) -> Read<Money> {
    in_payout_range(read::money(value)?)
}

fn payout_cents(value: &mut Cursor<'_>) -> Read<Money> {
    let cents = parse_decimal(value.number()?, 0).map_err(|_| FrameFault::BadField)?;
    in_payout_range(Money(cents.checked_mul(Money::CENT.0).ok_or(FrameFault::BadField)?))
}

fn in_payout_range(value: Money) -> Read<Money> {
    let legal = value >= Money::ZERO && value <= Money::DOLLAR;
    if legal { Ok(value) } else { Err(FrameFault::BadField) }
}
