//! Series, events and public trades as REST lists them (kalshi.md §2.1).

use super::MockExchange;
use super::catalog::{Market, status_word};
use super::filter::{has_status, is_of_series};
use super::query;
use super::rest::{Refused, not_found};
use super::wire::{self, EventCard, TradeRow};
use std::collections::VecDeque;
use trader_exec::venue::VenueMarket;

/// Events of a page that does not say how many it wants, and the most it gets.
const EVENTS_LIMIT: usize = 100;
const EVENTS_LIMIT_MAX: usize = 200;
/// The same of trades.
const TRADES_LIMIT: usize = 100;
const TRADES_LIMIT_MAX: usize = 1000;
/// Trades kept to be listed.
const TRADES_KEPT: usize = 20_000;

/// The public trades there were, oldest first.
#[derive(Default)]
pub(super) struct Traded {
    rows: VecDeque<(VenueMarket, TradeRow)>,
    /// Trades before the first one kept.
    forgotten: usize,
}

impl Traded {
    pub(super) fn add(&mut self, market: VenueMarket, row: TradeRow) {
        if self.rows.len() == TRADES_KEPT {
            self.rows.pop_front();
            self.forgotten += 1;
        }
        self.rows.push_back((market, row));
    }
}

impl MockExchange {
    pub(super) fn all_series(&self, query: &str, out: &mut String) {
        let is_wanted = query::value(query, "category").is_none_or(|category| category == "Crypto");
        out.push_str("{\"series\":[");
        for (at, series) in self.calendars.iter().filter(|_| is_wanted).enumerate() {
            out.push_str(if at == 0 { "" } else { "," });
            wire::series_object(out, series.ticker(), series.family(), self.settings.shard);
        }
        out.push_str("]}");
    }

    pub(super) fn series(&self, ticker: &str, out: &mut String) -> Result<(), Refused> {
        let Some(series) = self.calendars.iter().find(|series| series.ticker() == ticker) else {
            return Err(not_found(out));
        };
        out.push_str("{\"series\":");
        wire::series_object(out, ticker, series.family(), self.settings.shard);
        out.push('}');
        Ok(())
    }

    pub(super) fn event(&self, ticker: &str, query: &str, out: &mut String) -> Result<(), Refused> {
        let Some((_, first)) = self.catalog.iter().find(|(_, market)| market.event == ticker) else {
            return Err(not_found(out));
        };
        let is_nested = query::value(query, "with_nested_markets") == Some("true");
        out.push_str("{\"event\":");
        self.write_event(first, is_nested, out);
        if is_nested {
            out.push_str(",\"markets\":[]");
        } else {
            self.write_markets_of(ticker, out);
        }
        out.push('}');
        Ok(())
    }

    /// One page, newest first; a cursor is the number of the event's first market.
    pub(super) fn events(&self, query: &str, out: &mut String) -> Result<(), Refused> {
        let limit = limit(query, EVENTS_LIMIT, EVENTS_LIMIT_MAX)
            .ok_or_else(|| wire::parameter_error(out, "GetEvents", "Limit", "lte"))?;
        let below = cursor(query);
        let (series, status) = (query::value(query, "series_ticker"), query::value(query, "status"));
        let min_close_s = query::value(query, "min_close_ts").and_then(|ts| ts.parse().ok()).unwrap_or(0);
        let is_first = |number: VenueMarket, market: &Market| {
            number.0 == 0 || self.catalog.market(VenueMarket(number.0 - 1)).event != market.event
        };
        let kept = self.catalog.iter().rev().filter(|(number, market)| {
            (number.0 as usize) < below
                && is_first(*number, market)
                && series.is_none_or(|series| is_of_series(&market.event, series))
                && status.is_none_or(|word| has_status(word, status_word(self.venue.status(*number))))
                && market.close.seconds() >= min_close_s
        });
        let page: Vec<_> = kept.take(limit + 1).collect();
        let is_nested = query::value(query, "with_nested_markets") == Some("true");
        begin_page(out, page.get(limit - 1).filter(|_| page.len() > limit).map(|(number, _)| number.0 as usize));
        out.push_str("\"events\":[");
        for (at, (_, market)) in page.iter().take(limit).enumerate() {
            out.push_str(if at == 0 { "" } else { "," });
            self.write_event(market, is_nested, out);
        }
        out.push_str("]}");
        Ok(())
    }

    fn write_event(&self, market: &Market, is_nested: bool, out: &mut String) {
        let event = market.event.as_str();
        let card = EventCard {
            ticker: event,
            series: event.split('-').next().unwrap_or(event),
            family: market.family,
            close: market.close,
            updated: market.updated,
            shard: self.settings.shard,
        };
        wire::event_begin(out, &card);
        if is_nested {
            self.write_markets_of(event, out);
        }
        out.push('}');
    }

    fn write_markets_of(&self, event: &str, out: &mut String) {
        let markets = self.catalog.iter().filter(|(_, market)| market.event == event);
        wire::market_list(out, markets.map(|(number, market)| self.card(number, market)));
    }

    /// One page, newest first; a cursor is the number of the trade.
    pub(super) fn trades(&self, query: &str, out: &mut String) -> Result<(), Refused> {
        let limit = limit(query, TRADES_LIMIT, TRADES_LIMIT_MAX)
            .ok_or_else(|| wire::parameter_error(out, "GetTrades", "Limit", "lte"))?;
        let seconds = |key, default| match query::value(query, key) {
            Some(text) => text.parse::<u64>().map_err(|_| wire_name(key)),
            None => Ok(default),
        };
        let (min_s, max_s) = seconds("min_ts", 0)
            .and_then(|min| Ok((min, seconds("max_ts", u64::MAX)?)))
            .map_err(|field| wire::parameter_error(out, "GetTrades", field, "number"))?;
        let ticker = query::value(query, "ticker");
        let are_blocks = query::value(query, "is_block_trade") == Some("true");
        let below = cursor(query);
        let numbered = self.traded.rows.iter().enumerate().rev();
        let kept =
            numbered.map(|(place, row)| (place + self.traded.forgotten, row)).filter(|(number, (market, row))| {
                *number < below
                    && !are_blocks
                    && (min_s..=max_s).contains(&row.at.seconds())
                    && ticker.is_none_or(|ticker| self.catalog.market(*market).ticker == ticker)
            });
        let page: Vec<_> = kept.take(limit + 1).collect();
        begin_page(out, page.get(limit - 1).filter(|_| page.len() > limit).map(|(number, _)| *number));
        out.push_str("\"trades\":[");
        for (at, (_, (market, row))) in page.iter().take(limit).enumerate() {
            out.push_str(if at == 0 { "" } else { "," });
            wire::trade_object(out, row, &self.catalog.market(*market).ticker);
        }
        out.push_str("]}");
        Ok(())
    }
}

fn wire_name(key: &str) -> &'static str {
    if key == "min_ts" { "MinTs" } else { "MaxTs" }
}

/// How many rows a page has; `None`: more than it may.
fn limit(query: &str, usual: usize, most: usize) -> Option<usize> {
    match query::value(query, "limit").map(str::parse::<usize>) {
        None => Some(usual),
        Some(Ok(limit)) if limit <= most => Some(limit.max(1)),
        Some(_) => None,
    }
}

/// Rows below this number are still to come; one that is none begins anew, as the venue does silently.
fn cursor(query: &str) -> usize {
    query::value(query, "cursor").and_then(|cursor| cursor.parse().ok()).unwrap_or(usize::MAX)
}

fn begin_page(out: &mut String, next: Option<usize>) {
    let next = next.map_or(String::new(), |next| next.to_string());
    out.push_str("{\"cursor\":\"");
    out.push_str(&next);
    out.push_str("\",");
}
