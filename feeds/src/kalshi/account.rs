//! The account as REST lists it: what our orders, fills, positions and payments are, page by page.
//!
//! The rows are told as the stream would tell them. What matters beside them is the end of a whole
//! walk: [`Event::AccountWalked`] says that everything there was, as of a time the venue itself
//! names, has been told. It is not said when a page or a row could not be read.

use super::catalog::Settlement;
use super::rest::ACCOUNT_PAGE_ROWS;
use super::terms::payout;
use super::words::{self, Phase};
use super::{Session, Step};
use crate::json::{Cursor, Field, Read};
use crate::read;
use trader_journal::event::{
    AccountList, ClientId, Event, FrameFault, MarketId, POSITION_NOT_TOLD, UpdateReason, Uuid, pad,
};
use trader_journal::hash::StateHash;
use trader_journal::units::{Count, Money, Nanos};

/// A row of a market that is not listed any more is of one long over, unless it is younger than this.
const RECENT_NS: u64 = 900 * Nanos::SECOND;

/// One page that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Of which list.
    pub list: AccountList,
    /// Rows from here on are asked for; zero: all.
    pub since: Nanos,
    /// What its cursor hashes to; zero for the first page.
    pub cursor: u64,
}

/// How far the walk through each list is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Account {
    /// What the read side knew everything up to, when it was last asked.
    as_of: Nanos,
    /// When that answer came: whatever is asked after it shows as much.
    asked: Nanos,
    walks: [Walk; AccountList::ALL.len()],
}

/// One walk.
#[derive(Clone, Copy, Debug, Default)]
struct Walk {
    /// Every row so far was read, and the next page is waited for.
    is_whole: bool,
    /// The cursor that the next page is asked with.
    next: u64,
    as_of: Nanos,
    asked: Nanos,
    since: Nanos,
    rows: u32,
    strange: u32,
}

impl Account {
    pub(super) fn hash_into(&self, hash: &mut StateHash) {
        hash.mix(self.as_of.0);
        hash.mix(self.asked.0);
        for walk in &self.walks {
            let rows = u64::from(walk.rows) << 32 | u64::from(walk.strange);
            let words = [u64::from(walk.is_whole), walk.next, walk.as_of.0, walk.asked.0, walk.since.0, rows];
            words.into_iter().for_each(|word| hash.mix(word));
        }
    }
}

/// What a cursor is compared by; never zero.
pub(super) fn cursor_hash(cursor: &[u8]) -> u64 {
    let mut hash = StateHash::EMPTY;
    hash.mix_bytes(cursor);
    hash.value() | 1
}

impl Session {
    /// `GET /exchange/user_data_timestamp`.
    pub(super) fn hear_data_timestamp(&mut self, body: &[u8], now: Nanos) -> Read<()> {
        let mut as_of = Field::default();
        Cursor::new(body).object(|key, value| match key {
            b"as_of_time" => as_of.read(value, read::rfc3339),
            _ => value.skip(),
        })?;
        self.account.as_of = as_of.required()?;
        self.account.asked = now;
        Ok(())
    }

    pub(super) fn hear_account(&mut self, page: Page, body: &[u8], step: &mut Step<'_>) -> Read<()> {
        self.begin_page(page);
        let (rows, next) = page_of(page.list, body)?;
        let mut read = 0;
        Cursor::new(rows).array(|row| {
            let row = row.span()?;
            read += 1;
            let heard =
                if read > ACCOUNT_PAGE_ROWS { Err(FrameFault::TooMany) } else { self.hear_row(page, row, step) };
            if let Err(fault) = heard {
                self.walk(page.list).is_whole = false;
                // A page of rubbish is told as one refusal for each of its rows that would have been heard.
                if read <= ACCOUNT_PAGE_ROWS + 1 {
                    self.reject(fault, step);
                } else {
                    self.counts.count(fault);
                }
            }
            Ok(())
        })?;
        self.end_page(page, read as u32, next, step);
        Ok(())
    }

    fn walk(&mut self, list: AccountList) -> &mut Walk {
        &mut self.account.walks[list as usize]
    }

    /// A first page begins a walk anew; another one goes on only from the page before it.
    fn begin_page(&mut self, page: Page) {
        let Account { as_of, asked, .. } = self.account;
        let walk = self.walk(page.list);
        if page.cursor == 0 {
            let is_whole = as_of.0 != 0;
            *walk = Walk { is_whole, next: 0, as_of, asked, since: page.since, rows: 0, strange: 0 };
        }
        walk.is_whole &= walk.next == page.cursor && walk.since == page.since;
    }

    fn end_page(&mut self, page: Page, rows: u32, next: u64, step: &mut Step<'_>) {
        let walk = self.walk(page.list);
        walk.rows = walk.rows.saturating_add(rows);
        walk.next = next;
        if next != 0 || !std::mem::take(&mut walk.is_whole) {
            return;
        }
        let Walk { as_of, asked, since, rows, strange, .. } = *walk;
        let list = page.list;
        let ts = step.ts;
        step.out.push(Event::AccountWalked { list, pad: pad(), rows, ts, as_of, asked, since, strange, pad2: pad() });
    }

    fn hear_row(&mut self, page: Page, row: &[u8], step: &mut Step<'_>) -> Read<()> {
        let cursor = &mut Cursor::new(row);
        match page.list {
            AccountList::Orders => self.hear_order_row(cursor, step),
            AccountList::Fills => self.hear_fill_row(cursor, step),
            AccountList::Positions => self.hear_position_row(cursor, step),
            AccountList::Settlements => self.hear_settlement_row(cursor, step),
        }
    }

    /// The market of a row of `list` that was made at `at`, named now if it was not; `None` for one
    /// that is nobody's business here, which is counted.
    fn market_of_row(
        &mut self,
        list: AccountList,
        ticker: &[u8],
        at: Nanos,
        step: &mut Step<'_>,
    ) -> Read<Option<MarketId>> {
        let is_ours = self.catalog.series_of(ticker).is_some();
        let is_listed = self.catalog.find_market(ticker).is_some();
        if is_ours && (is_listed || at.plus(RECENT_NS) >= step.ts) {
            return self.name_of(ticker, step).map(Some);
        }
        let strange = &mut self.walk(list).strange;
        *strange = strange.saturating_add(1);
        Ok(None)
    }

    fn hear_order_row(&mut self, row: &mut Cursor<'_>, step: &mut Step<'_>) -> Read<()> {
        let mut ticker = Field::default();
        let mut order = Field::default();
        let mut client = Field::default();
        let mut status = Field::default();
        let mut side = Field::default();
        let mut price = Field::default();
        let mut filled = Field::default();
        let mut remaining = Field::default();
        let mut created = Field::default();
        let mut updated = Field::default();
        row.object(|key, value| match key {
            b"ticker" => ticker.read(value, Cursor::plain),
            b"order_id" => order.read(value, read::uuid),
            b"client_order_id" => client.read(value, read::client_id),
            b"status" => status.read(value, |status| words::order_status(status.plain()?)),
            b"book_side" => side.read(value, |side| words::book_side(side.plain()?)),
            b"yes_price_dollars" => price.read(value, read::price),
            b"fill_count_fp" => filled.read(value, read::size),
            b"remaining_count_fp" => remaining.read(value, read::size),
            b"created_time" => created.read(value, read::rfc3339),
            b"last_update_time" => updated.read(value, read::rfc3339),
            _ => value.skip(),
        })?;
        let created = created.required()?;
        let Some(market) = self.market_of_row(AccountList::Orders, ticker.required()?, created, step)? else {
            return Ok(());
        };
        let (ts, order, client) = (step.ts, order.required()?, client.optional().unwrap_or(ClientId::FOREIGN));
        let update = Event::OrderUpdate {
            status: status.required()?,
            // The list does not say why an order left the book.
            reason: UpdateReason::None,
            market,
            ts,
            filled: filled.required()?,
            remaining: remaining.required()?,
            venue_ts: updated.optional().unwrap_or(created),
            price: price.required()?,
            side: side.required()?,
            pad: pad(),
        };
        step.out.push(Event::OrderIds { pad: pad(), market, ts, order, client, pad2: pad() });
        step.out.push(update);
        Ok(())
    }

    /// A row names the venue's order, not our identifier of it (since 2026-03-30).
    fn hear_fill_row(&mut self, row: &mut Cursor<'_>, step: &mut Step<'_>) -> Read<()> {
        let mut ticker = Field::default();
        let mut trade = Field::default();
        let mut order = Field::default();
        let mut side = Field::default();
        let mut price = Field::default();
        let mut count = Field::default();
        let mut fee = Field::default();
        let mut is_taker = Field::default();
        let mut created = Field::default();
        row.object(|key, value| match key {
            b"market_ticker" => ticker.read(value, Cursor::plain),
            b"trade_id" => trade.read(value, read::uuid),
            b"order_id" => order.read(value, read::uuid),
            b"book_side" => side.read(value, |side| words::book_side(side.plain()?)),
            b"yes_price_dollars" => price.read(value, read::price),
            b"count_fp" => count.read(value, read::size),
            b"fee_cost" => fee.read(value, read::money),
            b"is_taker" => is_taker.read(value, Cursor::boolean),
            b"created_time" => created.read(value, read::rfc3339),
            _ => value.skip(),
        })?;
        let (ticker, created) = (ticker.required()?, created.required()?);
        let (trade, order): (Uuid, Uuid) = (trade.required()?, order.required()?);
        let (side, price, count, fee) = (side.required()?, price.required()?, count.required()?, fee.required()?);
        let is_taker = u8::from(is_taker.required()?);
        let Some(market) = self.market_of_row(AccountList::Fills, ticker, created, step)? else { return Ok(()) };
        let (ts, client, post_position) = (step.ts, ClientId::FOREIGN, POSITION_NOT_TOLD);
        step.out.push(Event::FillTrade { pad: pad(), market, ts, trade, client, post_position });
        step.out.push(Event::Fill { side, is_taker, market, ts, order, count, fee, price, pad: pad() });
        Ok(())
    }

    /// What is held of a market that is not listed is told all the same: it is held now.
    fn hear_position_row(&mut self, row: &mut Cursor<'_>, step: &mut Step<'_>) -> Read<()> {
        let mut ticker = Field::default();
        let mut position = Field::default();
        row.object(|key, value| match key {
            b"ticker" => ticker.read(value, Cursor::plain),
            b"position_fp" => position.read(value, read::count),
            _ => value.skip(),
        })?;
        let (ticker, position) = (ticker.required()?, position.required()?);
        let at = if position == Count::ZERO { Nanos(0) } else { step.ts };
        let Some(market) = self.market_of_row(AccountList::Positions, ticker, at, step)? else { return Ok(()) };
        let (ts, as_of) = (step.ts, self.walk(AccountList::Positions).as_of);
        step.out.push(Event::PositionTold { pad: pad(), market, ts, position, as_of, pad2: pad() });
        Ok(())
    }

    /// A payment to us: its market is final. One that is not listed any more was told before.
    fn hear_settlement_row(&mut self, row: &mut Cursor<'_>, step: &mut Step<'_>) -> Read<()> {
        let mut ticker = Field::default();
        let mut outcome = Field::default();
        let mut value_paid = Field::default();
        let mut settled = Field::default();
        row.object(|key, value| match key {
            b"ticker" => ticker.read(value, Cursor::plain),
            b"market_result" => outcome.read(value, |word| words::outcome(word.plain()?)),
            b"value" => value_paid.read(value, |value| value.nullable(payout)),
            b"settled_time" => settled.read(value, read::rfc3339),
            _ => value.skip(),
        })?;
        let (outcome, settled) = (outcome.required()?, settled.required()?);
        let paid: Option<Money> = value_paid.optional().flatten();
        let result = Settlement::told(outcome, paid).ok_or(FrameFault::BadField)?;
        let Some(market) = self.catalog.find_market(ticker.required()?) else {
            self.walk(AccountList::Settlements).strange += 1;
            return Ok(());
        };
        let known = self.catalog.market_mut(market);
        known.result = Settlement { underlying: known.result.underlying, ..result };
        self.advance(market, Phase::Final, settled, step);
        Ok(())
    }
}

/// The rows of a page as text, and what the cursor of the next one hashes to; zero on the last.
fn page_of(list: AccountList, body: &[u8]) -> Read<(&[u8], u64)> {
    let name: &[u8] = match list {
        AccountList::Orders => b"orders",
        AccountList::Fills => b"fills",
        AccountList::Positions => b"market_positions",
        AccountList::Settlements => b"settlements",
    };
    let mut rows = Field::default();
    let mut next = Field::default();
    Cursor::new(body).object(|key, value| match key {
        b"cursor" => next.read(value, Cursor::plain),
        key if key == name => rows.read(value, Cursor::span),
        _ => value.skip(),
    })?;
    let next = next.optional().filter(|cursor: &&[u8]| !cursor.is_empty());
    Ok((rows.required()?, next.map_or(0, cursor_hash)))
}
