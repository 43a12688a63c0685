//! The account as REST tells of it (kalshi.md §2.4), as of a time that it tells too: the read side may be behind.

use super::MockExchange;
use super::query;
use super::rest::not_found;
use super::wire;
use trader_exec::venue::{FillRecord, Holding, OrderRecord, VenueMarket};
use trader_journal::book::Side;
use trader_journal::event::Uuid;
use trader_journal::units::{Count, Money, Nanos};

/// Rows of a page that does not say how many it wants, and the most it gets (kalshi.md §2.1).
const PAGE_ROWS: usize = 100;
const PAGE_ROWS_MAX: usize = 1000;

/// What one page of a list is asked for: rows of the record below the cursor, newest first.
struct Asked<'q> {
    below: usize,
    rows_max: usize,
    since_s: u64,
    ticker: Option<&'q str>,
}

impl<'q> Asked<'q> {
    fn read(query: &'q str) -> Asked<'q> {
        let number = |key| query::value(query, key).and_then(|text| text.parse::<usize>().ok());
        Asked {
            below: number("cursor").unwrap_or(usize::MAX),
            rows_max: number("limit").unwrap_or(PAGE_ROWS).clamp(1, PAGE_ROWS_MAX),
            since_s: query::value(query, "min_ts").and_then(|ts| ts.parse().ok()).unwrap_or(0),
            ticker: query::value(query, "ticker"),
        }
    }

    fn wants(&self, ticker: &str, at: Nanos, as_of: Nanos) -> bool {
        let is_wanted = self.ticker.is_none_or(|wanted| wanted.split(',').any(|wanted| wanted == ticker));
        is_wanted && at.seconds() >= self.since_s && at <= as_of
    }

    /// One page of the rows `keeps` keeps, each written by `write`: its place in the record is the next cursor.
    fn write<'a, T: 'a>(
        &self,
        (name, record): (&str, &'a [T]),
        keeps: impl Fn(&T) -> bool,
        out: &mut String,
        mut write: impl FnMut(&mut String, &'a T),
    ) {
        let kept = record.iter().enumerate().take(self.below).rev().filter(|(_, row)| keeps(row));
        let page: Vec<_> = kept.take(self.rows_max + 1).collect();
        let has_more = page.len() > self.rows_max;
        let page = &page[..page.len().min(self.rows_max)];
        let cursor = page.last().filter(|_| has_more).map_or(String::new(), |(place, _)| place.to_string());
        out.push_str(&format!("{{\"cursor\":\"{cursor}\",\"{name}\":["));
        for (at, (_, row)) in page.iter().enumerate() {
            out.push_str(if at == 0 { "" } else { "," });
            write(out, row);
        }
        out.push(']');
    }
}

impl MockExchange {
    /// Answers `portfolio/…`.
    pub(super) fn answer_portfolio(&self, now: Nanos, path: &[&str], query: &str, out: &mut String) -> Result<(), u16> {
        let as_of = self.trouble.read_side(now);
        match path {
            ["balance"] => wire::balance_body(out, self.settings.shard, self.cash_as_of(as_of), as_of),
            ["orders"] => self.write_orders(query, as_of, out),
            ["orders", id] => return self.write_order(id, out),
            ["fills"] => self.write_fills(query, as_of, out),
            ["positions"] => self.write_positions(query, as_of, out),
            ["settlements"] => self.write_settlements(query, as_of, out),
            _ => return Err(not_found(out)),
        }
        Ok(())
    }

    /// Up to when the lists know everything: `exchange/user_data_timestamp`.
    pub(super) fn answer_data_timestamp(&self, now: Nanos, out: &mut String) {
        wire::data_timestamp(out, self.trouble.read_side(now));
    }

    fn ticker(&self, market: VenueMarket) -> &str {
        &self.catalog.market(market).ticker
    }

    fn cash_as_of(&self, as_of: Nanos) -> Money {
        let account = self.venue.account();
        let later_fills = account.fills().iter().rev().take_while(|fill| fill.at > as_of);
        let later_payments = account.settlements().iter().rev().take_while(|paid| paid.at > as_of);
        let later: i64 =
            later_fills.map(|fill| fill.balance_change.0).chain(later_payments.map(|paid| paid.payout.0)).sum();
        Money(account.cash().0 - later)
    }

    fn write_orders(&self, query: &str, as_of: Nanos, out: &mut String) {
        let (asked, status) = (Asked::read(query), query::value(query, "status"));
        let keeps = |order: &OrderRecord| {
            let ticker = order.asked.market.filter(|_| order.order != Uuid::NONE).map(|market| self.ticker(market));
            ticker.is_some_and(|ticker| asked.wants(ticker, order.at, as_of))
                && status.is_none_or(|word| word == order.status.word())
        };
        asked.write(("orders", self.venue.account().orders()), keeps, out, |out, order| {
            let ticker = order.asked.market.map_or("", |market| self.ticker(market));
            wire::order_object(out, order, ticker, self.settings.shard);
        });
        out.push('}');
    }

    fn write_order(&self, id: &str, out: &mut String) -> Result<(), u16> {
        let order = Uuid::parse(id.as_bytes()).and_then(|id| self.venue.account().order(id));
        let Some((order, market)) = order.and_then(|order: &OrderRecord| Some((order, order.asked.market?))) else {
            return Err(not_found(out));
        };
        out.push_str("{\"order\":");
        wire::order_object(out, order, self.ticker(market), self.settings.shard);
        out.push('}');
        Ok(())
    }

    fn write_fills(&self, query: &str, as_of: Nanos, out: &mut String) {
        let (asked, order) = (Asked::read(query), query::value(query, "order_id"));
        let order = order.map(|id| Uuid::parse(id.as_bytes()).unwrap_or(Uuid::NONE));
        let keeps = |fill: &FillRecord| {
            asked.wants(self.ticker(fill.market), fill.at, as_of) && order.is_none_or(|order| order == fill.order)
        };
        asked.write(("fills", self.venue.account().fills()), keeps, out, |out, fill| {
            wire::fill_object(out, fill, self.ticker(fill.market), self.settings.shard);
        });
        out.push('}');
    }

    /// What is not paid yet; the default of the venue.
    fn write_positions(&self, query: &str, as_of: Nanos, out: &mut String) {
        let (asked, account) = (Asked::read(query), self.venue.account());
        let mut holdings: Vec<_> = account.holdings().copied().collect();
        let paid_later = account.settlements().iter().rev().take_while(|paid| paid.at > as_of);
        holdings.extend(paid_later.map(|paid| Holding {
            market: paid.market,
            position: paid.position,
            cost: Money::ZERO,
            fees: Money::ZERO,
        }));
        for fill in account.fills().iter().rev().take_while(|fill| fill.at > as_of) {
            if let Some(holding) = holdings.iter_mut().find(|holding| holding.market == fill.market) {
                let change = if fill.side == Side::Bid { fill.count.0 } else { -fill.count.0 };
                holding.position = Count(holding.position.0 - change);
            }
        }
        let keeps = |holding: &Holding| asked.wants(self.ticker(holding.market), Nanos(u64::MAX), Nanos::NEVER);
        asked.write(("market_positions", &holdings), keeps, out, |out, holding| {
            wire::position_object(out, holding, self.ticker(holding.market), self.settings.shard);
        });
        out.push_str(",\"event_positions\":[]}");
    }

    /// What was paid to us.
    fn write_settlements(&self, query: &str, as_of: Nanos, out: &mut String) {
        let (asked, account) = (Asked::read(query), self.venue.account());
        asked.write(
            ("settlements", account.settlements()),
            |paid| asked.wants(self.ticker(paid.market), paid.at, as_of),
            out,
            |out, paid| {
                let fees =
                    account.fills().iter().filter(|fill| fill.market == paid.market).map(|fill| fill.fee.0).sum();
                wire::settlement_object(out, paid, Money(fees), (self.ticker(paid.market), self.settings.shard));
            },
        );
        out.push('}');
    }
}
