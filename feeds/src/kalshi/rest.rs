//! Answers of the REST API, and what the scout needs to know of them.

use super::account::cursor_hash;
use super::catalog::Settlement;
use super::terms::MarketObject;
use super::words::Phase;
use super::{Session, Step};
use crate::json::{Cursor, Field, Read};
use crate::read;
use trader_journal::event::{AccountList, Event, FrameFault, pad};
use trader_journal::fee::{FeeRates, FeeType, Multiplier};
use trader_journal::units::{Money, Nanos};

pub use super::account::Page;

/// Rows of one page of a list of the account: asked for as `limit`, and no more are heard.
pub const ACCOUNT_PAGE_ROWS: usize = 200;

/// Under which path and version the API is.
const ROOT: &str = "/trade-api/v2/";

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestRequest {
    /// `GET /series/{ticker}`: the fees.
    Series,
    /// `GET /markets` or `GET /events/{ticker}`: a list of market objects.
    Markets,
    /// `GET /markets/{ticker}`: one market object.
    Market,
    /// `GET /portfolio/balance`: the cash of each shard.
    Balance,
    /// `GET /exchange/user_data_timestamp`: how far the lists of the account have come.
    DataTimestamp,
    /// One page of a list of the account, over all its markets.
    Account(Page),
}

impl RestRequest {
    /// What a target (path and query) asks for; `None` for what no schedule asks.
    #[must_use]
    pub fn of_target(target: &str) -> Option<RestRequest> {
        let (path, query) = target.strip_prefix(ROOT)?.split_once('?').unwrap_or((target.strip_prefix(ROOT)?, ""));
        let page = |list| page(list, query).map(RestRequest::Account);
        match path {
            "markets" => Some(RestRequest::Markets),
            "portfolio/balance" => Some(RestRequest::Balance),
            "exchange/user_data_timestamp" => Some(RestRequest::DataTimestamp),
            "portfolio/orders" => page(AccountList::Orders),
            "portfolio/fills" => page(AccountList::Fills),
            "portfolio/positions" => page(AccountList::Positions),
            "portfolio/settlements" => page(AccountList::Settlements),
            _ if path.starts_with("series/") => Some(RestRequest::Series),
            _ if path.starts_with("markets/") => Some(RestRequest::Market),
            _ => None,
        }
    }
}

/// A page of a whole list: a query that leaves anything out besides the past is none.
fn page(list: AccountList, query: &str) -> Option<Page> {
    let mut page = Page { list, since: Nanos(0), cursor: 0 };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=')? {
            ("limit", _) => {}
            ("cursor", cursor) => page.cursor = cursor_hash(cursor.as_bytes()),
            ("min_ts", seconds) => page.since = Nanos::from_seconds(seconds.parse().ok()?)?,
            _ => return None,
        }
    }
    Some(page)
}

/// An answer of the REST API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestAnswer<'a> {
    /// What was asked for.
    pub request: RestRequest,
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
}

/// The cursor of the next page of a list; `None` on the last page, and for a body that cannot be read.
#[must_use]
pub fn next_cursor(body: &[u8]) -> Option<&[u8]> {
    let mut cursor = Field::default();
    Cursor::new(body)
        .object(|key, value| match key {
            b"cursor" => cursor.read(value, Cursor::plain),
            _ => value.skip(),
        })
        .ok()?;
    cursor.optional().filter(|text: &&[u8]| !text.is_empty())
}

/// Which faults one answer has shown.
type Faults = [bool; FrameFault::ALL.len()];

impl Session {
    pub(super) fn hear_rest(&mut self, answer: &RestAnswer<'_>, step: &mut Step<'_>) -> Read<()> {
        if answer.status != 200 {
            return Err(FrameFault::VenueError);
        }
        if answer.body.len() > self.settings.frame_bytes_max as usize {
            return Err(FrameFault::TooLong);
        }
        let mut whole = Cursor::new(answer.body);
        whole.skip()?;
        whole.end()?;
        match answer.request {
            RestRequest::Series => self.hear_series(answer.body),
            RestRequest::Markets => self.hear_markets(answer.body, step),
            RestRequest::Market => self.hear_market_answer(answer.body, step),
            RestRequest::Balance => self.hear_balance(answer.body, step),
            RestRequest::DataTimestamp => self.hear_data_timestamp(answer.body, step.ts),
            RestRequest::Account(page) => self.hear_account(page, answer.body, step),
        }
    }

    fn hear_series(&mut self, body: &[u8]) -> Read<()> {
        let told = SeriesObject::read(body)?;
        let Some(at) = self.catalog.series.iter().position(|series| series.ticker.as_bytes() == told.ticker) else {
            self.counts.foreign += 1;
            return Ok(());
        };
        self.counts.unknown_words += u64::from(told.fee_type == FeeType::Unknown);
        let series = &mut self.catalog.series[at];
        series.rates = Some(told.rates);
        series.shard = told.shard.unwrap_or(series.shard);
        Ok(())
    }

    fn hear_markets(&mut self, body: &[u8], step: &mut Step<'_>) -> Read<()> {
        self.catalog.purge(step.ts);
        self.answers += 1;
        let mut list = Field::default();
        Cursor::new(body).object(|key, value| match key {
            b"markets" => list.read(value, Cursor::span),
            _ => value.skip(),
        })?;
        let mut faults = Faults::default();
        Cursor::new(list.required()?).array(|item| {
            self.hear_listed(item.span()?, &mut faults, step);
            Ok(())
        })
    }

    fn hear_market_answer(&mut self, body: &[u8], step: &mut Step<'_>) -> Read<()> {
        self.answers += 1;
        let mut market = Field::default();
        Cursor::new(body).object(|key, value| match key {
            b"market" => market.read(value, Cursor::span),
            _ => value.skip(),
        })?;
        let market = MarketObject::read(&mut Cursor::new(market.required()?))?;
        self.hear_market(&market, step)
    }

    /// One market of a list. One that cannot be read is counted and the others are heard; a
    /// thousand of them are told as one refusal of each kind.
    fn hear_listed(&mut self, object: &[u8], faults: &mut Faults, step: &mut Step<'_>) {
        let heard = MarketObject::read(&mut Cursor::new(object)).and_then(|market| self.hear_market(&market, step));
        if let Err(fault) = heard {
            let seen = &mut faults[fault as usize];
            if std::mem::replace(seen, true) {
                self.counts.count(fault);
            } else {
                self.reject(fault, step);
            }
        }
    }

    fn hear_market(&mut self, told: &MarketObject<'_>, step: &mut Step<'_>) -> Read<()> {
        let Some(series) = self.catalog.series_of(told.ticker) else {
            self.counts.foreign += 1;
            return Ok(());
        };
        let Some(phase) = told.phase else {
            self.counts.unknown_words += 1;
            return Ok(());
        };
        self.hear_settlement_timer(series, told);
        if phase == Phase::Final && self.catalog.find_market(told.ticker).is_none() {
            return Ok(());
        }
        let row = self.catalog.list(told.ticker, told.event_ticker, series)?;
        // Twice in one answer: the second is heard with the next one. What one step says is bounded.
        if std::mem::replace(&mut self.catalog.market_mut(row).answer, self.answers) == self.answers {
            return Err(FrameFault::BadField);
        }
        self.adopt_terms(row, told, step)?;
        self.adopt_settlement(row, told);
        self.adopt_status(row, phase, step);
        Ok(())
    }

    /// The series object does not say how long after the close it settles; its markets do.
    fn hear_settlement_timer(&mut self, series: u32, told: &MarketObject<'_>) {
        if let Some(seconds) = told.settlement_timer_s {
            self.catalog.series[series as usize].settlement_timer_s = seconds;
        }
    }

    fn adopt_terms(&mut self, row: u32, told: &MarketObject<'_>, step: &mut Step<'_>) -> Read<()> {
        let grid = match &told.grid {
            Some(grid) => self.catalog.grids.number(grid).ok_or(FrameFault::TooMany)?,
            None => 0,
        };
        self.adopt_times(row, told, step.ts);
        self.adopt_strike(row, told.strike);
        self.adopt_grid(row, grid, step);
        self.catalog.tell_terms(row, step.ts, step.out);
        Ok(())
    }

    fn adopt_settlement(&mut self, row: u32, told: &MarketObject<'_>) {
        let market = self.catalog.market_mut(row);
        if let Some(result) = Settlement::told(told.outcome, told.value) {
            market.result = Settlement { underlying: market.result.underlying, ..result };
        }
        if let Some(underlying) = told.settlement.filter(|value| value.0 != 0) {
            market.result.underlying = underlying;
        }
    }

    fn hear_balance(&mut self, body: &[u8], step: &mut Step<'_>) -> Read<()> {
        let (available, as_of) = balance_of(body, self.settings.shard)?;
        let shard = self.settings.shard;
        step.out.push(Event::Balance { shard, pad: pad(), ts: step.ts, available, as_of, pad2: pad() });
        Ok(())
    }
}

/// What `/series/{ticker}` tells.
struct SeriesObject<'a> {
    ticker: &'a [u8],
    fee_type: FeeType,
    rates: FeeRates,
    shard: Option<u8>,
}

impl<'a> SeriesObject<'a> {
    fn read(body: &'a [u8]) -> Read<SeriesObject<'a>> {
        let mut series = Field::default();
        Cursor::new(body).object(|key, value| match key {
            b"series" => series.read(value, SeriesObject::read_inner),
            _ => value.skip(),
        })?;
        series.required()
    }

    fn read_inner(cursor: &mut Cursor<'a>) -> Read<SeriesObject<'a>> {
        let mut ticker = Field::default();
        let mut fee_type = Field::default();
        let mut multiplier = Field::default();
        let mut shard = Field::default();
        cursor.object(|key, value| match key {
            b"ticker" => ticker.read(value, Cursor::plain),
            b"fee_type" => fee_type.read(value, Cursor::plain),
            b"fee_multiplier" => multiplier.read(value, Cursor::decimal),
            b"exchange_index" => shard.read(value, Cursor::integer),
            _ => value.skip(),
        })?;
        let fee_type = FeeType::from_word(fee_type.required()?);
        let multiplier = Multiplier::parse(multiplier.required()?).map_err(|_| FrameFault::BadField)?;
        let shard = shard.optional().map(|shard| u8::try_from(shard).map_err(|_| FrameFault::BadField)).transpose()?;
        let rates = fee_type.rates(multiplier).ok_or(FrameFault::BadField)?;
        Ok(SeriesObject { ticker: ticker.required()?, fee_type, rates, shard })
    }
}

/// The cash on one shard, and when that was so. The total over all shards backs nothing.
fn balance_of(body: &[u8], shard: u8) -> Read<(Money, Nanos)> {
    let mut as_of = Field::default();
    let mut rows = Field::default();
    Cursor::new(body).object(|key, value| match key {
        b"updated_ts" => as_of.read(value, read::seconds),
        b"balance_breakdown" => rows.read(value, |value| balance_row(value, shard)),
        _ => value.skip(),
    })?;
    let available = rows.required()?.ok_or(FrameFault::MissingField)?;
    Ok((available, as_of.required()?))
}

fn balance_row(value: &mut Cursor<'_>, wanted: u8) -> Read<Option<Money>> {
    let mut found = None;
    value.array(|row| {
        let mut shard = Field::default();
        let mut balance = Field::default();
        row.object(|key, value| match key {
            b"exchange_index" => shard.read(value, Cursor::integer),
            b"balance" => balance.read(value, read::money),
            _ => value.skip(),
        })?;
        let balance = balance.required()?;
        if shard.required()? == u64::from(wanted) && found.replace(balance).is_some() {
            return Err(FrameFault::BadField);
        }
        Ok(())
    })?;
    Ok(found)
}
