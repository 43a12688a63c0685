//! The account as REST tells of it (kalshi.md §2.4). Reads are not delayed: the record is the engine's own.

use super::MockExchange;
use super::query;
use super::rest::not_found;
use super::wire;
use trader_exec::venue::{OrderRecord, VenueMarket};
use trader_journal::event::Uuid;
use trader_journal::units::Nanos;

impl MockExchange {
    /// Answers `portfolio/…`.
    pub(super) fn answer_portfolio(&self, now: Nanos, path: &[&str], query: &str, out: &mut String) -> Result<(), u16> {
        match path {
            ["balance"] => {
                wire::balance_body(out, self.settings.shard, self.venue.account().cash(), now);
                Ok(())
            }
            ["orders"] => {
                self.write_orders(query, out);
                Ok(())
            }
            ["orders", id] => self.write_order(id, out),
            ["fills"] => {
                self.write_fills(query, out);
                Ok(())
            }
            ["positions"] => {
                self.write_positions(query, out);
                Ok(())
            }
            _ => Err(not_found(out)),
        }
    }

    fn ticker(&self, market: VenueMarket) -> &str {
        &self.catalog.market(market).ticker
    }

    /// Newest first, all on one page.
    fn write_orders(&self, query: &str, out: &mut String) {
        let (wanted, status) = (query::value(query, "ticker"), query::value(query, "status"));
        out.push_str("{\"cursor\":\"\",\"orders\":[");
        let taken = self.venue.account().orders().iter().rev().filter(|order| order.order != Uuid::NONE);
        let kept =
            taken.filter_map(|order| Some((order, self.ticker(order.asked.market?)))).filter(|(order, ticker)| {
                wanted.is_none_or(|wanted| wanted == *ticker) && status.is_none_or(|word| word == order.status.word())
            });
        for (place, (order, ticker)) in kept.enumerate() {
            out.push_str(if place == 0 { "" } else { "," });
            wire::order_object(out, order, ticker, self.settings.shard);
        }
        out.push_str("]}");
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

    fn write_fills(&self, query: &str, out: &mut String) {
        let (wanted, order) = (query::value(query, "ticker"), query::value(query, "order_id"));
        let order = order.map(|id| Uuid::parse(id.as_bytes()).unwrap_or(Uuid::NONE));
        let since_s = query::value(query, "min_ts").and_then(|ts| ts.parse().ok()).unwrap_or(0);
        out.push_str("{\"cursor\":\"\",\"fills\":[");
        let kept = self.venue.account().fills().iter().rev().filter(|fill| {
            wanted.is_none_or(|tickers| tickers.split(',').any(|ticker| ticker == self.ticker(fill.market)))
                && order.is_none_or(|order| order == fill.order)
                && fill.at.seconds() >= since_s
        });
        for (place, fill) in kept.enumerate() {
            out.push_str(if place == 0 { "" } else { "," });
            wire::fill_object(out, fill, self.ticker(fill.market), self.settings.shard);
        }
        out.push_str("]}");
    }

    /// What is not paid yet; the default of the venue.
    fn write_positions(&self, query: &str, out: &mut String) {
        let wanted = query::value(query, "ticker");
        out.push_str("{\"cursor\":\"\",\"market_positions\":[");
        let kept = self.venue.account().holdings();
        let kept = kept.filter(|holding| wanted.is_none_or(|wanted| wanted == self.ticker(holding.market)));
        for (place, holding) in kept.enumerate() {
            out.push_str(if place == 0 { "" } else { "," });
            wire::position_object(out, holding, self.ticker(holding.market), self.settings.shard);
        }
        out.push_str("],\"event_positions\":[]}");
    }
}
