//! A slow auditor: from the events alone, in its own arithmetic, what every limit looks like after
//! each of them. It shares no code with the stage but the words.

use crate::account::Held;
use std::collections::BTreeMap;
use trader_exec::{DailyLossRule, Settings};
use trader_journal::book::Side;
use trader_journal::event::{ClientId, Event, LifecycleKind, MarketId, OrderStatus, Outcome, Uuid};
use trader_journal::units::{Money, Nanos};

/// An order as its messages tell it. Counts in 0.01.
#[derive(Clone, Debug)]
struct Order {
    market: MarketId,
    side: Side,
    price: i64,
    count: i64,
    is_maker: bool,
    filled: i64,
    fills: i64,
    told: i64,
    is_over: bool,
}

impl Order {
    fn open(&self) -> i64 {
        let most = if self.is_over { self.told } else { self.count };
        (most - self.filled).max(0)
    }

    /// Everything the open part can take: 7 % of C·P·(1−P) for a taker, and $0.0001 for each of at
    /// most a hundred fills in all.
    fn cost(&self) -> i64 {
        let (open, bought) = (self.open(), if self.side == Side::Bid { self.price } else { 10_000 - self.price });
        let variance = i128::from(bought) * i128::from(10_000 - bought);
        let fee = if self.is_maker { 0 } else { (7 * i128::from(open) * variance + 999_999) / 1_000_000 };
        if open == 0 { 0 } else { open * bought + fee as i64 + 100 * open.min(100 - self.fills) }
    }
}

#[derive(Clone, Debug, Default)]
struct Market {
    close: Nanos,
    /// Cash paid in all, fees included.
    paid: i64,
    /// Contracts bought in all, never netted: a pair pays its dollar either way.
    yes: i64,
    no: i64,
    held: Held,
    verdict: Option<(Outcome, i64)>,
    is_paid: bool,
    trade_hours: Vec<u64>,
    trade_days: Vec<u64>,
}

/// The auditor.
pub(crate) struct Checker {
    settings: Settings,
    orders: BTreeMap<ClientId, Order>,
    markets: BTreeMap<MarketId, Market>,
    trades: Vec<Uuid>,
    trade: Option<(Uuid, ClientId)>,
    ids: Option<ClientId>,
    sent: Vec<(Nanos, Nanos)>,
    now: Nanos,
    day: u64,
    day_result: i64,
    cash: i64,
    /// Opinions heard and not yet answered.
    unanswered: u32,
    last_client: ClientId,
}

impl Checker {
    pub(crate) fn new(settings: Settings) -> Checker {
        Checker {
            settings,
            orders: BTreeMap::new(),
            markets: BTreeMap::new(),
            trades: Vec::new(),
            trade: None,
            ids: None,
            sent: Vec::new(),
            now: Nanos(0),
            day: 0,
            day_result: 0,
            cash: 0,
            unanswered: 0,
            last_client: ClientId::FOREIGN,
        }
    }

    /// Reads one more event and asks everything again.
    pub(crate) fn read(&mut self, event: &Event) {
        self.now = self.now.max(event.ts());
        let day = (self.now.0 - self.settings.day_starts_ns) / (86_400 * Nanos::SECOND);
        if day != self.day {
            (self.day, self.day_result) = (day, 0);
        }
        let (before, stop) = (self.unanswered, self.day_result);
        self.learn(event);
        assert!(self.unanswered <= 1 && before <= 1, "an opinion without an end");
        if let Event::OrderIntent { .. } = event {
            let loss_max = self.settings.daily_loss_max.0;
            assert!(self.settings.daily_loss_rule == DailyLossRule::Cap || stop > -loss_max, "sent after the stop");
        }
        self.check();
    }

    fn learn(&mut self, event: &Event) {
        match *event {
            Event::Balance { available, .. } if self.cash == 0 => self.cash = available.0,
            Event::MarketTerms { market, close, .. } => self.markets.entry(market).or_default().close = close,
            Event::Lifecycle { market, kind, outcome, value, .. } => self.settle(market, kind, (outcome, value.0)),
            Event::Opinion { .. } => {
                assert_eq!(self.unanswered, 0, "an opinion ended without a word");
                self.unanswered = 1;
            }
            Event::Refused { .. } => self.unanswered -= 1,
            Event::OrderIntent { .. } => self.sent(event),
            Event::OrderAccepted { client, filled, remaining, .. } => self.tell(client, filled.into(), remaining == 0),
            Event::OrderRejected { client, .. } => self.tell(client, 0, true),
            Event::OrderIds { client, .. } => self.ids = Some(client),
            Event::OrderUpdate { status, filled, .. } => {
                let client = self.ids.take().expect("an update has its first half");
                self.tell(client, filled.0, status != OrderStatus::Resting);
            }
            Event::FillTrade { trade, client, .. } => self.trade = Some((trade, client)),
            Event::Fill { .. } => self.fill(event),
            _ => {}
        }
    }

    fn sent(&mut self, event: &Event) {
        let Event::OrderIntent { side, market, client, count, price, post_only, .. } = *event else { return };
        self.unanswered -= 1;
        assert!(client > self.last_client, "identifiers rise: {client} after {}", self.last_client);
        self.last_client = client;
        let (price, count, is_maker) = (i64::from(price.0), count.0, post_only == 1);
        let order = Order { market, side, price, count, is_maker, filled: 0, fills: 0, told: 0, is_over: false };
        self.orders.insert(client, order);
        self.sent.push((self.now, self.markets[&market].close));
    }

    fn tell(&mut self, client: ClientId, filled: i64, is_over: bool) {
        let order = self.orders.get_mut(&client).expect("a report is of an order that was sent");
        order.told = order.told.max(filled);
        order.is_over |= is_over;
    }

    fn fill(&mut self, event: &Event) {
        let Event::Fill { count, fee, price, .. } = *event else { return };
        let (trade, client) = self.trade.take().expect("a fill has its first half");
        if self.trades.contains(&trade) {
            return;
        }
        self.trades.push(trade);
        let order = self.orders.get_mut(&client).expect("a fill is of an order that was sent");
        let market = self.markets.get_mut(&order.market).expect("an order is of a market");
        if order.filled == 0 {
            market.trade_hours.push(self.now.0 / (3_600 * Nanos::SECOND));
            market.trade_days.push(self.day);
        }
        order.filled += count.0;
        order.fills += 1;
        let price = i64::from(price.0);
        let (yes, no, bought) = match order.side {
            Side::Bid => (count.0, 0, price),
            Side::Ask => (0, count.0, 10_000 - price),
        };
        market.paid += bought * count.0 + fee.0;
        market.yes += yes;
        market.no += no;
        let cost = market.held.cost();
        let cash = market.held.fill(order.side, price, count.0);
        self.cash += cash - fee.0;
        self.day_result += cash + market.held.cost() - cost - fee.0;
        let (id, is_paid) = (order.market, market.is_paid);
        if is_paid {
            self.pay(id);
        }
    }

    fn settle(&mut self, id: MarketId, kind: LifecycleKind, verdict: (Outcome, i64)) {
        let market = self.markets.entry(id).or_default();
        if verdict.0 != Outcome::Open {
            market.verdict = Some(verdict);
        }
        if kind == LifecycleKind::Finalized && market.verdict.is_some() {
            self.pay(id);
            for order in self.orders.values_mut().filter(|order| order.market == id) {
                (order.is_over, order.told) = (true, 0);
            }
        }
    }

    fn pay(&mut self, id: MarketId) {
        let market = self.markets.get_mut(&id).expect("a settled market is known");
        let (outcome, value) = market.verdict.expect("paid under a result");
        let held = std::mem::take(&mut market.held);
        market.is_paid = true;
        self.cash += held.pay(outcome, value);
        self.day_result += held.pay(outcome, value) - held.cost();
    }

    // ---- what must hold ----------------------------------------------------------------------

    /// The most a market can lose: every subset of its open orders filled, either outcome.
    fn worst(&self, id: MarketId, paid: i64, yes: i64, no: i64) -> i64 {
        let open: Vec<&Order> = self.orders.values().filter(|order| order.market == id && order.open() > 0).collect();
        let mut worst = 0;
        for subset in 0..1u32 << open.len() {
            let (mut paid, mut yes, mut no) = (paid, yes, no);
            for (_, order) in open.iter().enumerate().filter(|(at, _)| subset & (1 << at) != 0) {
                paid += order.cost();
                match order.side {
                    Side::Bid => yes += order.open(),
                    Side::Ask => no += order.open(),
                }
            }
            worst = worst.max(paid - 10_000 * yes).max(paid - 10_000 * no);
        }
        worst
    }

    fn check(&self) {
        let Settings { position_max, close_exposure_max, exposure_max, .. } = self.settings;
        let mut closes: BTreeMap<Nanos, i64> = BTreeMap::new();
        let (mut total, mut open) = (0, 0);
        for (id, market) in self.markets.iter().filter(|(_, market)| !market.is_paid) {
            let worst = self.worst(*id, market.paid, market.yes, market.no);
            assert!(worst <= position_max.0, "{id:?} may lose {}", Money(worst));
            *closes.entry(market.close).or_default() += worst;
            total += worst;
            open += self.worst(*id, market.held.cost(), market.held.yes, market.held.no);
        }
        for (close, worst) in closes {
            assert!(worst <= close_exposure_max.0, "{close:?} may lose {}", Money(worst));
        }
        assert!(total <= exposure_max.0, "all may lose {}", Money(total));
        let after = self.day_result - open;
        let loss_max = self.settings.daily_loss_max.0;
        let is_capped = self.settings.daily_loss_rule == DailyLossRule::Cap;
        assert!(!is_capped || after >= -loss_max, "the day may end at {}", Money(after));
        self.check_counts();
    }

    fn check_counts(&self) {
        let settings = &self.settings;
        let live = self.orders.values().filter(|order| !order.is_over && order.open() > 0).count();
        assert!(live <= settings.orders_live_max as usize, "{live} orders are alive");
        for (at, (sent, close)) in self.sent.iter().enumerate() {
            let within = |span: u64| self.sent[at..].iter().filter(|(later, _)| later.0 - sent.0 < span).count();
            assert!(within(Nanos::SECOND) <= settings.orders_per_second_max as usize);
            assert!(within(60 * Nanos::SECOND) <= settings.orders_per_minute_max as usize);
            let in_window = self.sent.iter().filter(|(_, other)| other == close).count();
            assert!(in_window <= settings.orders_per_window_max as usize);
        }
        for market in self.markets.values() {
            let most =
                |times: &[u64]| times.iter().map(|time| times.iter().filter(|other| *other == time).count()).max();
            assert!(most(&market.trade_hours).unwrap_or(0) <= settings.trades_per_hour_max as usize);
            assert!(most(&market.trade_days).unwrap_or(0) <= settings.trades_per_day_max as usize);
        }
    }

    pub(crate) fn cash(&self) -> Money {
        Money(self.cash)
    }

    pub(crate) fn day_result(&self) -> Money {
        Money(self.day_result)
    }
}
