//! What is asked of the REST APIs, and when: a schedule, without sockets.
//!
//! Series, open and unopened markets and the cash once in full at the start, the two days of
//! one-minute candles the volatility model needs; then only what changed, at the polls of the
//! configuration. One answer at a time is paged through to its end.

use crate::candles::{MINUTE_NANOS, WARM_UP_CANDLES};
use std::collections::VecDeque;
use trader_feeds::kalshi::rest::next_cursor;
use trader_journal::units::Nanos;

/// Binance's symbol of the one asset there is.
pub const SYMBOL: &str = "BTCUSDT";
/// Candles of one klines call (binance.md §2).
const KLINES_PAGE: u64 = 1000;
/// Markets of one page (kalshi.md §2.1).
const MARKETS_PAGE: u64 = 1000;
/// Changes are asked for from this long before the last poll: the venue's lists lag up to 15 s.
const OVERLAP_S: u64 = 20;

/// Which API a question goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// Kalshi's.
    Kalshi,
    /// Binance's spot API.
    Binance,
}

/// One `GET`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Whom to ask.
    pub api: Api,
    /// Path and query.
    pub target: String,
}

/// How often to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoutSettings {
    /// Tickers of the series followed.
    pub series: Vec<String>,
    /// Between polls of markets, ns.
    pub markets_every_ns: u64,
    /// Between polls of the cash, ns.
    pub balance_every_ns: u64,
    /// Minutes of candles fetched at the start.
    pub warmup_minutes: u64,
    /// Binance's symbol.
    pub symbol: String,
}

impl ScoutSettings {
    /// The schedule of a configuration.
    #[must_use]
    pub fn of(config: &crate::config::Config) -> ScoutSettings {
        ScoutSettings {
            series: config.series.iter().map(|series| series.ticker.clone()).collect(),
            markets_every_ns: config.polls.kalshi_s * Nanos::SECOND,
            balance_every_ns: config.polls.reconcile_s * Nanos::SECOND,
            warmup_minutes: config.volatility.warmup_minutes.max(WARM_UP_CANDLES as u64),
            symbol: SYMBOL.to_owned(),
        }
    }
}

/// The schedule.
#[derive(Debug)]
pub struct Scout {
    settings: ScoutSettings,
    waiting: VecDeque<Question>,
    next_markets: Nanos,
    next_balance: Nanos,
    last_markets: Nanos,
}

impl Scout {
    /// A scout that starts at `now` with everything to ask.
    #[must_use]
    pub fn new(settings: ScoutSettings, now: Nanos) -> Scout {
        let mut scout = Scout {
            next_markets: now.plus(settings.markets_every_ns),
            next_balance: now.plus(settings.balance_every_ns),
            last_markets: now,
            waiting: VecDeque::new(),
            settings,
        };
        scout.ask_candles(now);
        scout.ask_everything();
        scout
    }

    /// When there is something to ask again.
    #[must_use]
    pub fn next_deadline(&self) -> Nanos {
        if self.waiting.is_empty() { self.next_markets.min(self.next_balance) } else { Nanos(0) }
    }

    /// Whether the next question is for the candles of the warm-up.
    #[must_use]
    pub fn asks_candles(&self) -> bool {
        self.waiting.front().is_some_and(|question| question.api == Api::Binance)
    }

    /// The next question that is due.
    pub fn next(&mut self, now: Nanos) -> Option<Question> {
        if self.next_markets <= now {
            self.ask_changes();
            self.last_markets = now;
            self.next_markets = now.plus(self.settings.markets_every_ns);
        }
        if self.next_balance <= now {
            self.ask_balance();
            self.next_balance = now.plus(self.settings.balance_every_ns);
        }
        self.waiting.pop_front()
    }

    /// The answer of a question, so that a list is read to its last page.
    pub fn answered(&mut self, question: &Question, status: u16, body: &[u8]) {
        if question.api != Api::Kalshi || status != 200 || !question.target.contains("/markets?") {
            return;
        }
        let Some(cursor) = next_cursor(body).and_then(|cursor| std::str::from_utf8(cursor).ok()) else { return };
        let first_page = question.target.split("&cursor=").next().unwrap_or(&question.target);
        let target = format!("{first_page}&cursor={cursor}");
        self.waiting.push_front(Question { api: Api::Kalshi, target });
    }

    fn ask_everything(&mut self) {
        for series in &self.settings.series {
            self.waiting.push_back(kalshi(&format!("/series/{series}")));
        }
        for series in &self.settings.series {
            for status in ["open", "unopened"] {
                let list = format!("/markets?series_ticker={series}&status={status}&limit={MARKETS_PAGE}");
                self.waiting.push_back(kalshi(&list));
            }
        }
        self.ask_balance();
    }

    fn ask_changes(&mut self) {
        let since = self.last_markets.seconds().saturating_sub(OVERLAP_S);
        for series in &self.settings.series {
            let list = format!("/markets?series_ticker={series}&min_updated_ts={since}&limit={MARKETS_PAGE}");
            self.waiting.push_back(kalshi(&list));
        }
    }

    fn ask_balance(&mut self) {
        self.waiting.push_back(kalshi("/portfolio/balance"));
    }

    fn ask_candles(&mut self, now: Nanos) {
        let minute = now.0 / MINUTE_NANOS;
        let mut from = minute.saturating_sub(self.settings.warmup_minutes);
        while from < minute {
            let target = format!(
                "/api/v3/klines?symbol={}&interval=1m&startTime={}&limit={}",
                self.settings.symbol,
                from * MINUTE_NANOS / Nanos::MILLI,
                KLINES_PAGE.min(minute - from)
            );
            self.waiting.push_back(Question { api: Api::Binance, target });
            from += KLINES_PAGE;
        }
    }
}

fn kalshi(path: &str) -> Question {
    Question { api: Api::Kalshi, target: format!("/trade-api/v2{path}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scout(now: Nanos) -> Scout {
        let settings = ScoutSettings {
            series: vec!["KXBTC15M".into()],
            markets_every_ns: 15 * Nanos::SECOND,
            balance_every_ns: 30 * Nanos::SECOND,
            warmup_minutes: 2880,
            symbol: "BTCUSDT".into(),
        };
        Scout::new(settings, now)
    }

    fn targets(scout: &mut Scout, now: Nanos) -> Vec<String> {
        std::iter::from_fn(|| scout.next(now).map(|question| question.target)).collect()
    }

    #[test]
    fn starts_with_two_days_of_candles_in_three_calls_then_terms_then_cash() {
        let now = Nanos(2_880 * MINUTE_NANOS * 2);
        let asked = targets(&mut scout(now), now);
        assert_eq!(asked.iter().filter(|target| target.contains("klines")).count(), 3);
        assert!(asked[2].ends_with("limit=880"), "{}", asked[2]);
        assert!(asked.iter().any(|target| target.contains("/series/KXBTC15M")));
        assert!(asked.last().unwrap().ends_with("/portfolio/balance"));
    }

    #[test]
    fn asks_again_at_the_polls_and_only_for_changes() {
        let start = Nanos(1_000_000 * Nanos::SECOND);
        let mut scout = scout(start);
        targets(&mut scout, start);
        assert_eq!(scout.next_deadline(), start.plus(15 * Nanos::SECOND));
        let due = scout.next_deadline();
        let asked = targets(&mut scout, due);
        assert_eq!(asked, ["/trade-api/v2/markets?series_ticker=KXBTC15M&min_updated_ts=999980&limit=1000"]);
    }

    #[test]
    fn a_list_is_read_to_its_last_page() {
        let now = Nanos(1_000_000 * Nanos::SECOND);
        let mut scout = scout(now);
        let mut question = scout.next(now).unwrap();
        while !question.target.contains("/markets?") {
            question = scout.next(now).unwrap();
        }
        scout.answered(&question, 200, br#"{"cursor":"abc","markets":[]}"#);
        let page = scout.next(now).unwrap();
        assert_eq!(page.target, format!("{}&cursor=abc", question.target));
        scout.answered(&page, 200, br#"{"cursor":"def","markets":[]}"#);
        let last = scout.next(now).unwrap();
        assert_eq!(last.target, format!("{}&cursor=def", question.target));
        scout.answered(&last, 200, br#"{"cursor":"","markets":[]}"#);
        assert!(!scout.next(now).unwrap().target.contains("cursor"));
    }
}
