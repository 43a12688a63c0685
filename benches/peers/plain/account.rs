//! Orders, fills, positions, cash.

use super::Plain;
use super::market::Held;
use super::risk::Cost;
use super::{SECOND, number};
use serde_json::Value;
use std::collections::{HashSet, VecDeque};

/// One order of ours.
pub(crate) struct Order {
    pub(crate) client: String,
    pub(crate) ticker: String,
    pub(crate) buys_yes: bool,
    pub(crate) price: f64,
    pub(crate) count: f64,
    /// By fills heard.
    pub(crate) filled: f64,
    /// The most the exchange said was filled.
    told: f64,
    pub(crate) over: bool,
    pub(crate) cost: Cost,
}

impl Order {
    pub(crate) fn at_risk(&self) -> f64 {
        let most = if self.over { self.told } else { self.count };
        (most - self.filled).max(0.0)
    }

    pub(crate) fn cost_at_risk(&self) -> f64 {
        let open = self.at_risk();
        if open > 0.0 { self.cost.of(open) } else { 0.0 }
    }
}

#[derive(Default)]
pub(crate) struct Account {
    epoch: u32,
    nonce: u32,
    orders_made: u64,
    pub(crate) orders: Vec<Order>,
    pub(crate) sent: VecDeque<u64>,
    trades: HashSet<String>,
    pub(crate) cash: f64,
    knows_cash: bool,
    pub(crate) shortfall: f64,
    suspected: f64,
    moved: u64,
    pub(crate) day: u64,
    pub(crate) day_result: f64,
    /// A stranger trades on the account, or the exchange contradicts itself.
    pub(crate) is_stopped: bool,
}

/// Our name of an order.
pub(crate) fn name(epoch: u32, nonce: u32, number: u64) -> String {
    format!("k1-{epoch:x}-{nonce:08x}-{number:x}")
}

impl Account {
    pub(crate) fn start(&mut self, epoch: u32, nonce: u32) {
        (self.epoch, self.nonce) = (epoch, nonce);
    }

    pub(crate) fn next_name(&mut self) -> String {
        self.orders_made += 1;
        name(self.epoch, self.nonce, self.orders_made)
    }

    pub(crate) fn add(&mut self, order: Order, now: u64) {
        self.orders.push(order);
        self.sent.push_back(now);
    }

    pub(crate) fn new_order(client: String, ticker: &str, cost: Cost, price: f64, count: f64) -> Order {
        let ticker = ticker.to_owned();
        Order { client, ticker, buys_yes: cost.buys_yes, price, count, filled: 0.0, told: 0.0, over: false, cost }
    }

    pub(crate) fn turn_day(&mut self, now: u64, starts: u64) {
        let day = (now - starts) / (86_400 * SECOND);
        if day != self.day {
            (self.day, self.day_result) = (day, 0.0);
        }
    }

    fn find(&mut self, client: &str) -> Option<&mut Order> {
        self.orders.iter_mut().rev().find(|order| order.client == client)
    }

    pub(crate) fn accepted(&mut self, client: &str, filled: f64, remaining: f64) {
        if let Some(order) = self.find(client) {
            order.told = order.told.max(filled.min(order.count));
            order.over = remaining == 0.0;
        }
    }

    pub(crate) fn rejected(&mut self, client: &str) {
        if let Some(order) = self.find(client) {
            order.over = true;
        }
    }

    pub(crate) fn hear_balance(&mut self, cash: f64, as_of: u64) {
        if !self.knows_cash {
            (self.knows_cash, self.cash) = (true, cash);
            return;
        }
        if as_of < self.moved || self.orders.iter().any(|order| order.at_risk() > 0.0) {
            return;
        }
        let difference = cash - self.cash;
        self.shortfall = (-difference).max(0.0);
        if difference.abs() > 5e-5 && (difference - self.suspected).abs() < 5e-5 {
            (self.cash, self.shortfall, self.suspected) = (cash, 0.0, 0.0);
        } else {
            self.suspected = difference;
        }
    }
}

impl Plain {
    pub(super) fn hear_user_order(&mut self, msg: &Value) -> Option<()> {
        let order = self.account.find(msg["client_order_id"].as_str()?)?;
        order.told = order.told.max(number(&msg["fill_count_fp"])?);
        order.over |= msg["status"] != "resting";
        Some(())
    }

    pub(super) fn hear_fill(&mut self, msg: &Value) -> Option<()> {
        if !self.account.trades.insert(msg["trade_id"].as_str()?.to_owned()) {
            return None;
        }
        let (hour, day) = (self.now / (3_600 * SECOND), self.account.day);
        let (price, count) = (number(&msg["yes_price_dollars"])?, number(&msg["count_fp"])?);
        let fee = number(&msg["fee_cost"])?;
        let Some(order) = self.account.find(msg["client_order_id"].as_str().unwrap_or_default()) else {
            self.account.is_stopped = true;
            return None;
        };
        let is_first = order.filled == 0.0;
        order.filled += count;
        order.cost.fills_left = (order.cost.fills_left - 1.0).max(0.0);
        order.over |= order.filled >= order.count;
        let is_too_much = order.filled > order.count + 0.005;
        let buys_yes = order.buys_yes;
        let held = &mut self.markets.get_mut(&order.ticker)?.held;
        if is_first {
            held.hour = (hour, if held.hour.0 == hour { held.hour.1 + 1 } else { 1 });
            held.day = (day, if held.day.0 == day { held.day.1 + 1 } else { 1 });
        }
        let (spent, gained) = held.fill(buys_yes, price, count, fee);
        let account = &mut self.account;
        account.is_stopped |= is_too_much;
        account.cash -= spent + fee;
        account.day_result += gained - fee;
        (account.moved, account.suspected) = (self.now, 0.0);
        Some(())
    }

    /// Pays a market.
    pub(super) fn settle(&mut self, ticker: &str) {
        let Some(market) = self.markets.get_mut(ticker) else { return };
        if market.result.is_empty() || market.held.settled {
            return;
        }
        let held = &mut market.held;
        let yes = match market.result.as_str() {
            "yes" => 1.0,
            "no" => 0.0,
            _ => market.value,
        };
        let payout = if held.net >= 0.0 { held.net * yes } else { -held.net * (1.0 - yes) };
        let gained = payout - held.cost;
        held.realised += gained;
        (held.net, held.cost, held.settled) = (0.0, 0.0, true);
        self.account.cash += payout;
        self.account.day_result += gained;
        (self.account.moved, self.account.suspected) = (self.now, 0.0);
        for order in self.account.orders.iter_mut().filter(|order| order.ticker == ticker) {
            (order.over, order.told) = (true, order.filled);
        }
    }
}

impl Held {
    /// First closes what is held of the other side, the rest opens. Dollars spent, and dollars gained.
    fn fill(&mut self, buys_yes: bool, price: f64, count: f64, fee: f64) -> (f64, f64) {
        let change = if buys_yes { count } else { -count };
        let closes = if self.net * change < 0.0 { count.min(self.net.abs()) } else { 0.0 };
        let bought = if buys_yes { price } else { 1.0 - price };
        let closed_cost = if closes > 0.0 { self.cost * closes / self.net.abs() } else { 0.0 };
        let opened = (count - closes) * bought;
        let proceeds = closes * (1.0 - bought);
        self.net += change;
        self.cost += opened - closed_cost;
        self.realised += proceeds - closed_cost;
        self.fees += fee;
        (opened - proceeds, proceeds - closed_cost)
    }
}
