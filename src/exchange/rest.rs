//! Answers to GET: market data of the Kalshi venue, and Binance's klines.

use super::MockExchange;
use super::catalog::{Market, status_word};
use super::filter::Filter;
use super::query;
use super::wire;
use std::fmt::Write;
use trader_exec::venue::VenueMarket;
use trader_journal::book::{Level, Side};
use trader_journal::units::Nanos;

const KALSHI: &str = "/trade-api/v2/";
const MARKETS_LIMIT: usize = 100;
const MARKETS_LIMIT_MAX: usize = 1000;
const KLINES_LIMIT: usize = 500;
const KLINES_LIMIT_MAX: usize = 1000;
/// How long the makers keep quoting a market whose book was asked for by REST.
const ASKED_NS: u64 = 10 * Nanos::SECOND;

/// A request that is refused: status and body are written.
pub(super) type Refused = u16;

impl MockExchange {
    /// Writes the body of a GET and gives its status.
    pub(super) fn answer(&mut self, now: Nanos, target: &str, out: &mut String) -> u16 {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = &*query::decoded(query);
        let answered = match path {
            "/api/v3/klines" => self.klines(now, query, out),
            "/api/v3/ping" => written(out, "{}"),
            "/api/v3/time" => written(out, &format!("{{\"serverTime\":{}}}", now.millis())),
            _ => match path.strip_prefix(KALSHI) {
                Some(rest) => self.answer_kalshi(now, rest, query, out),
                None => Err(not_found(out)),
            },
        };
        answered.map_or_else(|status| status, |()| 200)
    }

    fn answer_kalshi(&mut self, now: Nanos, path: &str, query: &str, out: &mut String) -> Result<(), Refused> {
        let parts: Vec<&str> = path.split('/').collect();
        if self.answer_plainly(now, &parts, query, out) {
            return Ok(());
        }
        match parts.as_slice() {
            ["series", ticker] => self.series(ticker, out),
            ["events"] => self.events(query, out),
            ["events", ticker] => self.event(ticker, query, out),
            ["markets"] => self.markets(query, out),
            ["markets", "trades"] => self.trades(query, out),
            ["markets", "orderbooks"] => self.orderbooks(now, query, out),
            ["markets", ticker] => self.market(ticker, out),
            ["markets", ticker, "orderbook"] => self.orderbook(now, ticker, query, out),
            ["portfolio", rest @ ..] => self.answer_portfolio(now, rest, query, out),
            _ => Err(not_found(out)),
        }
    }

    fn market(&self, ticker: &str, out: &mut String) -> Result<(), Refused> {
        let Some(market) = self.catalog.find(ticker) else { return Err(not_found(out)) };
        wire::market_body(out, &self.card(market, self.catalog.market(market)));
        Ok(())
    }

    /// What cannot be refused; says whether it was one of these.
    fn answer_plainly(&self, now: Nanos, path: &[&str], query: &str, out: &mut String) -> bool {
        match path {
            ["exchange", "status"] => wire::exchange_status(out),
            ["exchange", "schedule"] => wire::exchange_schedule(out),
            ["exchange", "user_data_timestamp"] => self.answer_data_timestamp(now, out),
            ["series"] => self.all_series(query, out),
            ["series", "fee_changes"] => out.push_str("{\"series_fee_change_arr\":[]}"),
            _ => return false,
        }
        true
    }

    pub(super) fn card<'a>(&'a self, number: VenueMarket, market: &'a Market) -> wire::MarketCard<'a> {
        let mut card = market.card(status_word(self.venue.status(number)), self.settings.shard);
        let book = self.venue.book(number);
        (card.bid, card.ask) = (book.best(Side::Bid), book.best(Side::Ask));
        card
    }

    /// One page of the list, newest listing first. A cursor is the number of the market to go on from;
    /// one that is not a number begins anew, as the venue does silently.
    fn markets(&self, query: &str, out: &mut String) -> Result<(), Refused> {
        let limit = match query::value(query, "limit").map(str::parse::<usize>) {
            None => MARKETS_LIMIT,
            Some(Ok(limit)) if limit <= MARKETS_LIMIT_MAX => limit.max(1),
            Some(_) => return Err(wire::parameter_error(out, "GetMarkets", "Limit", "lte")),
        };
        let filter = Filter::read(query).map_err(|field| wire::parameter_error(out, "GetMarkets", field, "number"))?;
        let from = query::value(query, "cursor").and_then(|cursor| cursor.parse().ok()).unwrap_or(usize::MAX);
        let is_kept = |(number, market): &(VenueMarket, &Market)| {
            (number.0 as usize) < from && filter.keeps(market, status_word(self.venue.status(*number)))
        };
        let mut all = self.catalog.iter().rev().filter(is_kept);
        let mut alive = self.catalog.alive().rev().filter(is_kept);
        let kept: &mut dyn Iterator<Item = _> = if filter.wants_final() { &mut all } else { &mut alive };
        let page: Vec<_> = kept.take(limit).collect();
        let next = kept.next().and(page.last()).map(|(number, _)| number.0);
        wire::markets_body(out, next, page.into_iter().map(|(number, market)| self.card(number, market)));
        Ok(())
    }

    fn orderbook(&mut self, now: Nanos, ticker: &str, query: &str, out: &mut String) -> Result<(), Refused> {
        let Some(market) = self.catalog.find(ticker) else { return Err(not_found(out)) };
        self.ask_book(now, market);
        out.push('{');
        self.write_orderbook(market, depth(query), out);
        out.push('}');
        Ok(())
    }

    fn orderbooks(&mut self, now: Nanos, query: &str, out: &mut String) -> Result<(), Refused> {
        out.push_str("{\"orderbooks\":[");
        let asked = query::pairs(query).filter(|(key, _)| *key == "tickers");
        let asked: Vec<_> = asked.filter_map(|(_, ticker)| self.catalog.find(ticker)).collect();
        for (place, market) in asked.into_iter().enumerate() {
            self.ask_book(now, market);
            out.push_str(if place == 0 { "{" } else { ",{" });
            let _ = write!(out, "\"ticker\":\"{}\",", self.catalog.market(market).ticker);
            self.write_orderbook(market, usize::MAX, out);
            out.push('}');
        }
        out.push_str("]}");
        Ok(())
    }

    fn ask_book(&mut self, now: Nanos, market: VenueMarket) {
        self.catalog.market_mut(market).asked_until = now.plus(ASKED_NS);
        self.watch(now, market);
    }

    fn write_orderbook(&self, market: VenueMarket, depth: usize, out: &mut String) {
        let book = self.venue.book(market);
        let best = |side| {
            let mut levels: Vec<Level> = book.levels(side).take(depth).collect();
            levels.reverse();
            levels
        };
        wire::orderbook(out, &best(Side::Bid), &best(Side::Ask));
    }

    // ---- Binance -----------------------------------------------------------------------------

    /// Closed candles, and the open one last, as the real answer has it.
    fn klines(&self, now: Nanos, query: &str, out: &mut String) -> Result<(), Refused> {
        if query::value(query, "symbol") != Some("BTCUSDT") {
            return Err(binance_error(out, -1121, "Invalid symbol."));
        }
        if query::value(query, "interval") != Some("1m") {
            return Err(binance_error(out, -1120, "Invalid interval."));
        }
        let number = |key| query::value(query, key).map(str::parse::<u64>).transpose();
        let (Ok(start), Ok(end), Ok(limit)) = (number("startTime"), number("endTime"), number("limit")) else {
            return Err(binance_error(out, -1100, "Illegal characters found in a parameter."));
        };
        let limit = limit.map_or(KLINES_LIMIT, |limit| limit as usize).clamp(1, KLINES_LIMIT_MAX);
        let candles = self.path.series().candles();
        let closed = &candles[..candles.partition_point(|candle| candle.end_time() <= now)];
        let opens_before = |ms: u64| closed.partition_point(|candle| candle.open_time.millis() < ms);
        let until = end.map_or(closed.len(), |end| opens_before(end.saturating_add(1)));
        let from = start.map_or(0, opens_before).min(until);
        let open = self.spot.open_candle().filter(|candle| {
            let open_ms = candle.open_time.millis();
            candle.end_time() > now
                && start.is_none_or(|start| start <= open_ms)
                && end.is_none_or(|end| open_ms <= end)
        });
        let rows = until - from + usize::from(open.is_some());
        // From the start that was asked for, else the newest.
        let skipped = if start.is_some() { 0 } else { rows.saturating_sub(limit) };
        let rows = closed[from..until].iter().chain(open.as_ref()).skip(skipped).take(limit);
        wire::binance_klines_rest(out, rows);
        Ok(())
    }
}

/// 0 and nothing mean all.
fn depth(query: &str) -> usize {
    let depth = query::value(query, "depth").and_then(|depth| depth.parse().ok()).unwrap_or(0);
    if depth == 0 { usize::MAX } else { depth }
}

fn written(out: &mut String, body: &str) -> Result<(), Refused> {
    out.push_str(body);
    Ok(())
}

/// The nested 404.
pub(super) fn not_found(out: &mut String) -> Refused {
    out.clear();
    wire::coded_error(out, "not_found");
    404
}

fn binance_error(out: &mut String, code: i32, text: &str) -> Refused {
    let _ = write!(out, "{{\"code\":{code},\"msg\":\"{text}\"}}");
    400
}
