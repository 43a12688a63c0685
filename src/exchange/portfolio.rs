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
    until_s: u64,
    ticker: Option<&'q str>,
    event: Option<&'q str>,
    shard: Option<&'q str>,
}

impl<'q> Asked<'q> {
    fn read(query: &'q str) -> Asked<'q> {
        let number = |key| query::value(query, key).and_then(|text| text.parse::<usize>().ok());
        Asked {
            below: number("cursor").unwrap_or(usize::MAX),
            rows_max: number("limit").unwrap_or(PAGE_ROWS).clamp(1, PAGE_ROWS_MAX),
            since_s: query::value(query, "min_ts").and_then(|ts| ts.parse().ok()).unwrap_or(0),
            until_s: query::value(query, "max_ts").and_then(|ts| ts.parse().ok()).unwrap_or(u64::MAX),
            ticker: query::value(query, "ticker"),
            event: query::value(query, "event_ticker"),
            shard: query::value(query, "exchange_index"),
        }
    }

    fn wants(&self, ticker: &str, at: Nanos, as_of: Nanos) -> bool {
        self.wants_market(ticker) && (self.since_s..=self.until_s).contains(&at.seconds()) && at <= as_of
    }

    fn wants_market(&self, ticker: &str) -> bool {
        let is_of = |event: &str| event_of(ticker) == event;
        self.ticker.is_none_or(|wanted| wanted.split(',').any(|wanted| wanted == ticker))
            && self.event.is_none_or(is_of)
    }

    /// Nothing of the account is on another shard.
    fn wants_shard(&self, shard: u8) -> bool {
        self.shard.is_none_or(|wanted| wanted.parse() == Ok(shard))
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

/// A market's event: its ticker without the last part.
fn event_of(ticker: &str) -> &str {
    ticker.rsplit_once('-').map_or(ticker, |(event, _)| event)
}

impl MockExchange {
    /// Answers `portfolio/…`.
    pub(super) fn answer_portfolio(&self, now: Nanos, path: &[&str], query: &str, out: &mut String) -> Result<(), u16> {
        let as_of = self.trouble.read_side(now);
        match path {
            ["balance"] => {
                let balances = self.shards.balances(self.settings.shard, self.cash_as_of(as_of));
                wire::balance_body(out, &balances, as_of);
            }
            ["orders"] => self.write_orders(query, as_of, out),
            ["orders", "queue_positions"] => self.write_queue(query, out),
            ["orders", id, "queue_position"] => return self.write_queue_of(id, out),
            ["orders", id] => return self.write_order(id, out),
            ["fills"] => self.write_fills(query, as_of, out),
            ["positions"] => self.write_positions(query, as_of, out),
            ["settlements"] => self.write_settlements(query, as_of, out),
            ["intra_exchange_instance_transfers"] => self.write_transfers(out),
            ["intra_exchange_instance_transfers", id] => return self.write_transfer(id, out),
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
        let is_here = asked.wants_shard(self.settings.shard);
        let keeps = |order: &OrderRecord| {
            let ticker = order.asked.market.filter(|_| order.order != Uuid::NONE).map(|market| self.ticker(market));
            is_here
                && ticker.is_some_and(|ticker| asked.wants(ticker, order.at, as_of))
                && status.is_none_or(|word| word == order.status.word())
        };
        asked.write(("orders", self.venue.account().orders()), keeps, out, |out, order| {
            let ticker = order.asked.market.map_or("", |market| self.ticker(market));
            let client = self.client_text(order.asked.client);
            wire::order_object(out, (order, &client), &self.totals(order.order), (ticker, self.settings.shard));
        });
        out.push('}');
    }

    fn write_order(&self, id: &str, out: &mut String) -> Result<(), u16> {
        let order = Uuid::parse(id.as_bytes()).and_then(|id| self.venue.account().order(id));
        let Some((order, market)) = order.and_then(|order: &OrderRecord| Some((order, order.asked.market?))) else {
            return Err(not_found(out));
        };
        out.push_str("{\"order\":");
        let (client, totals) = (self.client_text(order.asked.client), self.totals(order.order));
        wire::order_object(out, (order, &client), &totals, (self.ticker(market), self.settings.shard));
        out.push('}');
        Ok(())
    }

    fn write_fills(&self, query: &str, as_of: Nanos, out: &mut String) {
        let (asked, order) = (Asked::read(query), query::value(query, "order_id"));
        let order = order.map(|id| Uuid::parse(id.as_bytes()).unwrap_or(Uuid::NONE));
        let is_here = asked.wants_shard(self.settings.shard);
        let keeps = |fill: &FillRecord| {
            is_here
                && asked.wants(self.ticker(fill.market), fill.at, as_of)
                && order.is_none_or(|order| order == fill.order)
        };
        asked.write(("fills", self.venue.account().fills()), keeps, out, |out, fill| {
            wire::fill_object(out, fill, self.ticker(fill.market), self.settings.shard);
        });
        out.push('}');
    }

    /// What the fills of an order came to.
    pub(super) fn totals(&self, order: Uuid) -> wire::OrderTotals {
        let mut totals = wire::OrderTotals::default();
        for fill in self.venue.account().fills().iter().filter(|fill| fill.order == order) {
            let price = if fill.side == Side::Bid { fill.price } else { fill.price.complement() };
            // $0.0001 times 0.01 contract is $0.000001.
            let cost = i64::from(price.0) * fill.count.0;
            let (costs, fees) = match fill.is_taker {
                true => (&mut totals.taker_cost, &mut totals.taker_fees),
                false => (&mut totals.maker_cost, &mut totals.maker_fees),
            };
            costs.0 += cost;
            fees.0 += fill.fee.0;
        }
        totals
    }

    /// Contracts before a resting order of ours, by the makers' and public flow only.
    fn write_queue(&self, query: &str, out: &mut String) {
        let wanted = query::value(query, "market_tickers").or_else(|| query::value(query, "market_ticker"));
        let event = query::value(query, "event_ticker");
        let mut comma = "";
        out.push_str("{\"queue_positions\":[");
        for order in self.venue.account().orders() {
            let (Some(market), Some(ahead)) = (order.asked.market, self.venue.queue_ahead(order.order)) else {
                continue;
            };
            let ticker = self.ticker(market);
            let is_wanted = wanted.is_none_or(|wanted| wanted.split(',').any(|wanted| wanted == ticker))
                && event.is_none_or(|event| event_of(ticker) == event);
            if is_wanted {
                let id = order.order;
                out.push_str(&format!(
                    "{comma}{{\"order_id\":\"{id}\",\"market_ticker\":\"{ticker}\",\"queue_position_fp\":\"{ahead}\"}}"
                ));
                comma = ",";
            }
        }
        out.push_str("]}");
    }

    fn write_queue_of(&self, id: &str, out: &mut String) -> Result<(), u16> {
        let ahead = Uuid::parse(id.as_bytes()).and_then(|id| self.venue.queue_ahead(id));
        let Some(ahead) = ahead else { return Err(not_found(out)) };
        out.push_str(&format!("{{\"queue_position_fp\":\"{ahead}\"}}"));
        Ok(())
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
        let (unsettled, settled) = match query::value(query, "settlement_status") {
            Some("settled") => (false, true),
            Some("all") => (true, true),
            _ => (true, false),
        };
        if !unsettled {
            holdings.clear();
        }
        let is_paid = |market| account.settlements().iter().any(|paid| paid.market == market && paid.at <= as_of);
        let paid = account.settlements().iter().filter(|paid| settled && is_paid(paid.market));
        holdings.extend(paid.map(|paid| Holding {
            market: paid.market,
            position: Count::ZERO,
            cost: Money::ZERO,
            fees: self.traded_in(paid.market, as_of).fees,
        }));
        let is_here = asked.wants_shard(self.settings.shard);
        let keeps = |holding: &Holding| is_here && asked.wants_market(self.ticker(holding.market));
        asked.write(("market_positions", &holdings), keeps, out, |out, holding| {
            let traded = self.traded_in(holding.market, as_of);
            wire::position_object(out, holding, &traded, (self.ticker(holding.market), self.settings.shard));
        });
        out.push_str(",\"event_positions\":[]}");
    }

    /// What the account did in a market up to a time.
    fn traded_in(&self, market: VenueMarket, as_of: Nanos) -> wire::MarketTotals {
        let mut totals = wire::MarketTotals::default();
        let is_counted = |fill: &&FillRecord| fill.market == market && fill.at <= as_of;
        for fill in self.venue.account().fills().iter().filter(is_counted) {
            let price = if fill.side == Side::Bid { fill.price } else { fill.price.complement() };
            totals.traded.0 += i64::from(price.0) * fill.count.0;
            totals.cash_flow.0 += fill.balance_change.0 + fill.fee.0;
            totals.fees.0 += fill.fee.0;
            totals.last = totals.last.max(fill.at);
        }
        totals
    }

    /// What was paid to us.
    fn write_settlements(&self, query: &str, as_of: Nanos, out: &mut String) {
        let (asked, account) = (Asked::read(query), self.venue.account());
        asked.write(
            ("settlements", account.settlements()),
            |paid| asked.wants(self.ticker(paid.market), paid.at, as_of),
            out,
            |out, paid| {
                let fees = self.traded_in(paid.market, as_of).fees;
                wire::settlement_object(out, paid, fees, (self.ticker(paid.market), self.settings.shard));
            },
        );
        out.push('}');
    }
}
