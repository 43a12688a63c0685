//! Series, events and markets, as lists and messages tell them.

use super::market::{Event, Market, Mode, Series};
use super::{Plain, SECOND, number};
use kalshi_trader::config::Mode as Word;
use serde_json::Value;

impl Plain {
    /// The answer to a `GET` of the exchange.
    pub(super) fn hear_answer(&mut self, target: &str, body: &[u8]) -> Option<()> {
        let answer: Value = serde_json::from_slice(body).ok()?;
        if target.contains("/series/") {
            self.hear_series(&answer["series"])
        } else if target.contains("/markets?") {
            answer["markets"].as_array()?.iter().for_each(|market| self.hear_market(market).unwrap_or_default());
            self.look_ahead();
            Some(())
        } else if target.contains("/portfolio/balance") {
            let shard = self.config.sim.shard;
            let mut rows = answer["balance_breakdown"].as_array()?.iter();
            let cash = number(&rows.find(|row| row["exchange_index"] == shard)?["balance"])?;
            self.account.hear_balance(cash, answer["updated_ts"].as_u64()? * SECOND);
            Some(())
        } else {
            None
        }
    }

    fn hear_series(&mut self, series: &Value) -> Option<()> {
        let ticker = series["ticker"].as_str()?;
        let mode = match self.config.series.iter().find(|known| known.ticker == ticker)?.mode {
            Word::Ignored => Mode::Ignored,
            Word::Digital => Mode::Digital,
            Word::Bracket => Mode::Bracket,
            Word::Threshold => Mode::Threshold,
        };
        let rate = 0.07 * number(&series["fee_multiplier"])?;
        let shard = series["exchange_index"].as_u64()?;
        self.series.insert(ticker.to_owned(), Series { mode, rate, shard });
        Some(())
    }

    fn hear_market(&mut self, told: &Value) -> Option<()> {
        let ticker = told["ticker"].as_str()?;
        let (open, close) = (time(told["open_time"].as_str()?)?, time(told["close_time"].as_str()?)?);
        self.list(ticker, told["event_ticker"].as_str()?, open, close)?;
        let market = self.markets.get_mut(ticker)?;
        market.learn_strike(told);
        if let Some(ranges) = told["price_ranges"].as_array() {
            let range =
                |range: &Value| Some((number(&range["start"])?, number(&range["end"])?, number(&range["step"])?));
            market.ticks = ranges.iter().filter_map(range).collect();
        }
        match told["status"].as_str()? {
            "inactive" => market.halted = true,
            "active" => market.halted = false,
            "determined" | "finalized" => {
                let value = number(&told["settlement_value_dollars"]).unwrap_or_default();
                self.determine(ticker, told["result"].as_str()?, value);
            }
            _ => {}
        }
        if told["status"] == "finalized" {
            self.settle(ticker);
        }
        Some(())
    }

    pub(super) fn hear_lifecycle(&mut self, msg: &Value) -> Option<()> {
        let ticker = msg["market_ticker"].as_str()?;
        match msg["event_type"].as_str()? {
            "created" => {
                let (open, close) = (msg["open_ts"].as_u64()? * SECOND, msg["close_ts"].as_u64()? * SECOND);
                let more = &msg["additional_metadata"];
                self.list(ticker, more["event_ticker"].as_str()?, open, close)?;
                self.markets.get_mut(ticker)?.learn_strike(more);
            }
            "metadata_updated" => self.markets.get_mut(ticker)?.learn_strike(msg),
            "deactivated" => self.markets.get_mut(ticker)?.halted = true,
            "activated" => self.markets.get_mut(ticker)?.halted = false,
            "close_date_updated" => {
                let market = self.markets.get_mut(ticker)?;
                market.close = msg["close_ts"].as_u64()? * SECOND;
                self.events.get_mut(&market.event)?.close = market.close;
            }
            "determined" => self.determine(ticker, msg["result"].as_str()?, number(&msg["settlement_value"])?),
            "settled" => self.settle(ticker),
            _ => {}
        }
        self.look_ahead();
        Some(())
    }

    /// Lists a market of a series that is followed; `None` for any other.
    fn list(&mut self, ticker: &str, event: &str, open: u64, close: u64) -> Option<()> {
        let series = ticker.split('-').next()?;
        self.series.get(series)?;
        let listed = self
            .events
            .entry(event.to_owned())
            .or_insert_with(|| Event { series: series.to_owned(), ..Event::default() });
        (listed.open, listed.close) = (open, close);
        let new = || Market { event: event.to_owned(), series: series.to_owned(), ..Market::default() };
        let market = self.markets.entry(ticker.to_owned()).or_insert_with(new);
        (market.open, market.close) = (open, close);
        Some(())
    }

    fn determine(&mut self, ticker: &str, result: &str, value: f64) {
        let Some(market) = self.markets.get_mut(ticker) else { return };
        (market.result, market.value) = (result.to_owned(), value);
        if let Some((ours, mid)) = market.judged.take() {
            let came = f64::from(u8::from(result == "yes"));
            self.scores.push_back((ours - came).powi(2) - (mid - came).powi(2));
            if self.scores.len() as u64 > self.config.window.brier_evaluations {
                self.scores.pop_front();
            }
        }
        if let Some(event) = self.events.get_mut(&market.event) {
            event.determined = true;
        }
    }

    /// When the next event becomes ready.
    pub(super) fn look_ahead(&mut self) {
        let waiting = self.events.values().filter(|event| !event.done && !event.watched.is_empty());
        self.wake = waiting.map(|event| self.ready_at(event)).min().unwrap_or(u64::MAX);
    }
}

impl Market {
    /// A strike that was known and is another now is a disagreement of sources.
    fn learn_strike(&mut self, told: &Value) {
        let before = self.bounds();
        if let Some(word) = told["strike_type"].as_str() {
            word.clone_into(&mut self.strike_type);
        }
        self.floor = number(&told["floor_strike"]).or(self.floor);
        self.cap = number(&told["cap_strike"]).or(self.cap);
        self.strike_disagrees |= before.is_some() && before != self.bounds();
    }
}

/// `2026-11-02T00:15:00Z` in nanoseconds since 1970: days by the civil calendar's closed form.
fn time(text: &str) -> Option<u64> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let seconds = days * 86_400 + part(11, 13)? * 3_600 + part(14, 16)? * 60 + part(17, 19)?;
    Some(seconds * SECOND)
}
