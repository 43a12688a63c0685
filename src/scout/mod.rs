//! What is asked of the REST APIs, and when: a schedule, without sockets.
//!
//! Series, open and unopened markets and the cash once in full at the start, the two days of
//! one-minute candles the volatility model needs; then only what changed, at the polls of the
//! configuration. One answer at a time is paged through to its end.
//!
//! The account is read in rounds, in an order that proves something: first how far its lists have come,
//! then the lists, orders before the fills that name them and both before what was paid, then the cash.
//! Execution asks for rounds; where it does not, they come by themselves, more rarely. A question that was not answered
//! is asked again later; the API it went to is left alone until then, the other is not.
//!
//! Who asks them over HTTPS is the [`caller`].

pub mod caller;
mod ask;
mod health;
mod tls;

pub use ask::{Answer, AskSettings, Asker, Failure};
pub use health::{ScoutHealth, ScoutReport};

use crate::candles::{MINUTE_NANOS, WARM_UP_CANDLES};
use std::collections::VecDeque;
use trader_feeds::kalshi::rest::{ACCOUNT_PAGE_ROWS, next_cursor};
use trader_journal::units::Nanos;

/// Binance's symbol of the one asset there is.
pub const SYMBOL: &str = "BTCUSDT";
/// Candles of one klines call (binance.md §2).
const KLINES_PAGE: u64 = 1000;
/// Markets of one page (kalshi.md §2.1).
const MARKETS_PAGE: u64 = 1000;
/// Changes are asked for from this long before the last poll: the venue's lists lag up to 15 s.
const OVERLAP_S: u64 = 20;

/// What is asked of the account goes back at least so far: the venue's clock is not ours.
const ACCOUNT_MARGIN_NS: u64 = 5 * Nanos::SECOND;
/// Where the account is.
const PORTFOLIO: &str = "/portfolio/";
/// How far its lists have come.
const DATA_TIMESTAMP: &str = "/exchange/user_data_timestamp";

/// Candles are asked for again from this long before the last time: the open minute was not told.
const CANDLES_OVERLAP_MINUTES: u64 = 3;

/// Which API a question goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// Kalshi's.
    Kalshi,
    /// Binance's spot API.
    Binance,
}

/// Which questions are asked: those of the market and of the account may be two schedules, so that one call
/// that hangs cannot stop both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of them.
    All,
    /// Series, markets and candles: nothing that needs a key.
    Market,
    /// The account's own.
    Account,
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
    /// Between rounds through the account when nobody asks for one, ns.
    pub account_every_ns: u64,
    /// Minutes of candles fetched at the start.
    pub warmup_minutes: u64,
    /// Between polls of candles, ns; with `None` they are asked for once, at the start.
    pub candles_every_ns: Option<u64>,
    /// Binance's symbol.
    pub symbol: String,
    /// Which of it.
    pub part: Part,
}

impl ScoutSettings {
    /// The schedule of a configuration.
    #[must_use]
    pub fn of(config: &crate::config::Config) -> ScoutSettings {
        ScoutSettings {
            series: config.series.iter().map(|series| series.ticker.clone()).collect(),
            markets_every_ns: config.polls.kalshi_s * Nanos::SECOND,
            account_every_ns: config.polls.reconcile_s * Nanos::SECOND * 3 / 2,
            warmup_minutes: config.volatility.warmup_minutes.max(WARM_UP_CANDLES as u64),
            candles_every_ns: None,
            symbol: SYMBOL.to_owned(),
            part: Part::All,
        }
    }

    /// The schedule of the market alone, candles polled too: a stream that breaks loses minutes.
    #[must_use]
    pub fn market(config: &crate::config::Config) -> ScoutSettings {
        let candles_every_ns = Some(config.polls.binance_s * Nanos::SECOND);
        ScoutSettings { part: Part::Market, candles_every_ns, ..ScoutSettings::of(config) }
    }

    /// The schedule of the account alone.
    #[must_use]
    pub fn account(config: &crate::config::Config) -> ScoutSettings {
        ScoutSettings { part: Part::Account, ..ScoutSettings::of(config) }
    }
}

/// The schedule.
#[derive(Debug)]
pub struct Scout {
    settings: ScoutSettings,
    waiting: VecDeque<Question>,
    next_markets: Nanos,
    next_account: Nanos,
    /// From when on orders and fills are asked for.
    account_since: Nanos,
    next_candles: Nanos,
    last_markets: Nanos,
    last_candles: Nanos,
    /// When each API may be asked again, by its number.
    paused_until: [Nanos; 2],
}

impl Scout {
    /// A scout that starts at `now` with everything to ask.
    #[must_use]
    pub fn new(settings: ScoutSettings, now: Nanos) -> Scout {
        let (asks_market, asks_account) = (settings.part != Part::Account, settings.part != Part::Market);
        let first = |asks: bool, every_ns: u64| if asks { now.plus(every_ns) } else { Nanos::NEVER };
        let mut scout = Scout {
            next_markets: first(asks_market, settings.markets_every_ns),
            next_account: first(asks_account, settings.account_every_ns),
            account_since: now.minus(ACCOUNT_MARGIN_NS),
            next_candles: settings.candles_every_ns.map_or(Nanos::NEVER, |every_ns| first(asks_market, every_ns)),
            last_markets: now,
            last_candles: now,
            waiting: VecDeque::new(),
            paused_until: [Nanos(0); 2],
            settings,
        };
        if asks_market {
            scout.ask_candles(now);
            scout.ask_markets();
        }
        if asks_account {
            scout.ask_account();
        }
        scout
    }

    /// Goes on after a program that ended at `since`: what changed from then on is asked for at once.
    pub fn catch_up(&mut self, now: Nanos, since: Nanos) {
        if self.next_markets != Nanos::NEVER {
            self.last_markets = since.min(now);
            self.next_markets = now;
        }
    }

    /// When there is something to ask again.
    #[must_use]
    pub fn next_deadline(&self) -> Nanos {
        let waiting = self.waiting.iter().map(|question| self.paused_until[question.api as usize]);
        let polls = [self.next_markets, self.next_account, self.next_candles];
        waiting.chain(polls).min().unwrap_or(Nanos::NEVER)
    }

    /// Whether the next question is for the candles of the warm-up.
    #[must_use]
    pub fn asks_candles(&self) -> bool {
        self.waiting.front().is_some_and(|question| question.api == Api::Binance)
    }

    /// The next question that is due.
    pub fn next(&mut self, now: Nanos) -> Option<Question> {
        if self.next_markets <= now {
            if self.ask_changes() {
                self.last_markets = now;
            }
            self.next_markets = now.plus(self.settings.markets_every_ns);
        }
        if self.next_account <= now {
            self.read_account(now, self.account_since);
        }
        if self.next_candles <= now {
            if self.ask_last_candles() {
                self.last_candles = now;
            }
            self.next_candles = now.plus(self.settings.candles_every_ns.unwrap_or(u64::MAX));
        }
        let may_be_asked = |question: &Question| self.paused_until[question.api as usize] <= now;
        let at = self.waiting.iter().position(may_be_asked)?;
        self.waiting.remove(at)
    }

    /// The question was not answered: it is the first of its API to be asked again, at `again_at`.
    pub fn failed(&mut self, question: Question, again_at: Nanos) {
        self.paused_until[question.api as usize] = again_at;
        self.waiting.push_front(question);
    }

    /// The answer of a question, so that a list is read to its last page.
    pub fn answered(&mut self, question: &Question, status: u16, body: &[u8]) {
        if question.api != Api::Kalshi || status != 200 || !is_list(&question.target) {
            return;
        }
        let Some(cursor) = next_cursor(body).and_then(|cursor| std::str::from_utf8(cursor).ok()) else { return };
        let mut parts = question.target.split("&cursor=");
        let first_page = parts.next().unwrap_or(&question.target);
        if parts.next() == Some(cursor) {
            // A list that leads to its own page has no end.
            return;
        }
        let target = format!("{first_page}&cursor={cursor}");
        self.waiting.push_front(Question { api: Api::Kalshi, target });
    }

    fn ask_markets(&mut self) {
        for series in &self.settings.series {
            self.waiting.push_back(kalshi(&format!("/series/{series}")));
        }
        for series in &self.settings.series {
            for status in ["open", "unopened"] {
                let list = format!("/markets?series_ticker={series}&status={status}&limit={MARKETS_PAGE}");
                self.waiting.push_back(kalshi(&list));
            }
        }
    }

    /// Whether all were asked for.
    fn ask_changes(&mut self) -> bool {
        let since = self.last_markets.seconds().saturating_sub(OVERLAP_S);
        let mut all = true;
        for at in 0..self.settings.series.len() {
            let list = format!("/markets?series_ticker={}&min_updated_ts=", self.settings.series[at]);
            all &= self.poll(kalshi(&list), &format!("{since}&limit={MARKETS_PAGE}"));
        }
        all
    }

    /// The account is to be read now, its orders and fills from `since` on. What is left of the last
    /// round is given up: this one asks for more.
    pub fn read_account(&mut self, now: Nanos, since: Nanos) {
        if self.settings.part == Part::Market {
            return;
        }
        self.account_since = since;
        self.next_account = now.plus(self.settings.account_every_ns);
        self.waiting.retain(|question| !is_of_account(&question.target));
        self.ask_account();
    }

    fn ask_account(&mut self) {
        let (since, rows) = (self.account_since.seconds(), ACCOUNT_PAGE_ROWS);
        self.waiting.push_back(kalshi(DATA_TIMESTAMP));
        for list in ["orders", "fills"] {
            self.waiting.push_back(kalshi(&format!("{PORTFOLIO}{list}?min_ts={since}&limit={rows}")));
        }
        self.waiting.push_back(kalshi(&format!("{PORTFOLIO}positions?limit={rows}")));
        self.waiting.push_back(kalshi(&format!("{PORTFOLIO}settlements?min_ts={since}&limit={rows}")));
        self.waiting.push_back(kalshi(&format!("{PORTFOLIO}balance")));
    }

    /// The minutes since the last poll, so that none is missing after a stream broke.
    fn ask_last_candles(&mut self) -> bool {
        let from = (self.last_candles.0 / MINUTE_NANOS).saturating_sub(CANDLES_OVERLAP_MINUTES);
        let target =
            format!("/api/v3/klines?symbol={}&interval=1m&limit={KLINES_PAGE}&startTime=", self.settings.symbol);
        let start = (from * MINUTE_NANOS / Nanos::MILLI).to_string();
        self.poll(Question { api: Api::Binance, target }, &start)
    }

    /// Asks `question` with the `rest` of its target, unless an earlier one of the kind still waits, which is
    /// answered with everything since its own time.
    fn poll(&mut self, mut question: Question, rest: &str) -> bool {
        let waits = self.waiting.iter().any(|waiting| waiting.target.starts_with(&question.target));
        if !waits {
            question.target.push_str(rest);
            self.waiting.push_back(question);
        }
        !waits
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

/// Whether a target is a list, which may have more pages.
fn is_list(target: &str) -> bool {
    ["/markets?", "/orders?", "/fills?", "/positions?", "/settlements?"].iter().any(|list| target.contains(list))
}

/// Whether a target is a part of a round through the account.
fn is_of_account(target: &str) -> bool {
    target.contains(PORTFOLIO) || target.contains(DATA_TIMESTAMP)
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
            account_every_ns: 45 * Nanos::SECOND,
            warmup_minutes: 2880,
            candles_every_ns: None,
            symbol: "BTCUSDT".into(),
            part: Part::All,
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

    fn market_scout(now: Nanos) -> Scout {
        let Scout { settings, .. } = scout(now);
        let candles_every_ns = Some(10 * Nanos::SECOND);
        Scout::new(ScoutSettings { part: Part::Market, candles_every_ns, ..settings }, now)
    }

    #[test]
    fn what_failed_is_asked_first_when_its_pause_is_over_and_the_other_api_goes_on() {
        let now = Nanos(2_880 * MINUTE_NANOS * 2);
        let mut scout = market_scout(now);
        let candles = scout.next(now).unwrap();
        assert_eq!(candles.api, Api::Binance);
        scout.failed(candles.clone(), now.plus(5));
        let meanwhile = targets(&mut scout, now);
        assert!(!meanwhile.is_empty() && meanwhile.iter().all(|target| target.starts_with("/trade-api")));
        assert_eq!(scout.next_deadline(), now.plus(5));
        assert_eq!(scout.next(now.plus(4)), None);
        assert_eq!(scout.next(now.plus(5)), Some(candles));
    }

    #[test]
    fn polls_do_not_pile_up_while_an_api_is_away_and_what_changed_meanwhile_is_asked_for() {
        let start = Nanos(1_000_000 * Nanos::SECOND);
        let mut scout = market_scout(start);
        targets(&mut scout, start);
        let first = start.plus(15 * Nanos::SECOND);
        let mut polls = std::iter::from_fn(|| scout.next(first));
        let changes = polls.find(|question| question.api == Api::Kalshi).unwrap();
        assert!(changes.target.contains("min_updated_ts=999980"), "{changes:?}");
        let back = start.plus(600 * Nanos::SECOND);
        scout.failed(changes.clone(), back);
        let mut at = first;
        while at < back {
            let asked = targets(&mut scout, at);
            assert!(asked.iter().all(|target| target.contains("klines")), "{asked:?}");
            at = at.plus(5 * Nanos::SECOND);
        }
        let mut caught_up = targets(&mut scout, back);
        caught_up.retain(|target| target.contains("markets"));
        assert_eq!(caught_up, [changes.target]);
        // The next one goes on from the last poll that was asked, not from one that was left out.
        let next = targets(&mut scout, back.plus(15 * Nanos::SECOND));
        assert!(next.iter().any(|target| target.contains("min_updated_ts=999995&")), "{next:?}");
    }

    #[test]
    fn candles_are_polled_from_before_the_last_time_so_that_no_minute_is_lost() {
        let start = Nanos(1_000_000 * MINUTE_NANOS);
        let mut scout = market_scout(start);
        targets(&mut scout, start);
        let polled = targets(&mut scout, start.plus(10 * Nanos::SECOND));
        let from_ms = (1_000_000 - 3) * 60_000_u64;
        assert_eq!(polled, [format!("/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=1000&startTime={from_ms}")]);
    }

    #[test]
    fn market_and_account_are_two_schedules() {
        let now = Nanos(1_000_000 * Nanos::SECOND);
        let Scout { settings, .. } = scout(now);
        let mut account = Scout::new(ScoutSettings { part: Part::Account, ..settings }, now);
        assert!(targets(&mut account, now).iter().all(|target| is_of_account(target)));
        assert_eq!(account.next_deadline(), now.plus(45 * Nanos::SECOND));
        let all = targets(&mut market_scout(now), now.plus(3_600 * Nanos::SECOND));
        assert!(all.iter().all(|target| !target.contains("/portfolio")), "{all:?}");
    }

    /// The order of a round is what makes its walks prove something.
    #[test]
    fn a_round_through_the_account_begins_with_how_far_it_has_come_and_ends_with_the_cash() {
        let now = Nanos(1_000_000 * Nanos::SECOND);
        let Scout { settings, .. } = scout(now);
        let mut account = Scout::new(ScoutSettings { part: Part::Account, ..settings }, now);
        let round = |since: u64| {
            [
                "exchange/user_data_timestamp".to_owned(),
                format!("portfolio/orders?min_ts={since}&limit=200"),
                format!("portfolio/fills?min_ts={since}&limit=200"),
                "portfolio/positions?limit=200".to_owned(),
                format!("portfolio/settlements?min_ts={since}&limit=200"),
                "portfolio/balance".to_owned(),
            ]
            .map(|path| format!("/trade-api/v2/{path}"))
        };
        assert_eq!(targets(&mut account, now), round(999_995));
        let later = now.plus(7 * Nanos::SECOND);
        account.read_account(later, Nanos(999_900 * Nanos::SECOND));
        let first = account.next(later).unwrap();
        assert!(first.target.ends_with("user_data_timestamp"));
        account.read_account(later, Nanos(999_800 * Nanos::SECOND));
        assert_eq!(targets(&mut account, later), round(999_800), "what is left of a round is given up for a new one");
        assert_eq!(targets(&mut account, later.plus(45 * Nanos::SECOND)), round(999_800), "nobody asked: by itself");
    }

    #[test]
    fn a_list_that_leads_to_its_own_page_ends() {
        let now = Nanos(1_000_000 * Nanos::SECOND);
        let mut scout = market_scout(now);
        targets(&mut scout, now);
        let page = kalshi("/markets?series_ticker=KXBTC15M&status=open&limit=1000&cursor=abc");
        scout.answered(&page, 200, br#"{"cursor":"abc","markets":[]}"#);
        assert_eq!(scout.next(now), None);
    }
}
