//! Every limit before an order, and the order's text.

use super::account::{Account, Order};
use super::market::{Held, Market};
use super::opinion::Leg;
use super::{MILLI, NOISE, Plain, SECOND};

/// Fills of one order for which a rounding is reserved.
const FILLS_MAX: f64 = 100.0;

/// What an order costs, fees at their upper bound.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) buys_yes: bool,
    /// Of the side bought.
    price: f64,
    rate: f64,
    precision: f64,
    pub(crate) fills_left: f64,
}

impl Cost {
    pub(crate) fn of(&self, count: f64) -> f64 {
        let roundings = self.fills_left.min(count * 100.0) * self.precision;
        self.price * count + model_fee(self.rate, self.price, count, 1e-6) + roundings
    }

    fn per_contract(&self) -> f64 {
        self.price + model_fee(self.rate, self.price, 1.0, 1e-6)
    }

    fn affordable(&self, budget: f64) -> f64 {
        let spendable = (budget - self.fills_left * self.precision - 1e-6).max(0.0);
        hundredths(spendable / self.per_contract())
    }

    /// The fee of that many filled at once, per contract, to a millionth above.
    fn fee_at(&self, count: f64) -> f64 {
        let notional = self.price * count;
        let whole = up(notional + model_fee(self.rate, self.price, count, 1e-6), self.precision);
        up((whole - notional) / count, 1e-6)
    }
}

/// Losses by outcome.
#[derive(Clone, Copy, Default)]
struct Losses {
    if_yes: f64,
    if_no: f64,
}

impl Losses {
    fn of(held: &Held) -> Losses {
        let paid = held.cost + held.fees - held.realised;
        Losses { if_yes: paid - held.net.max(0.0), if_no: paid - (-held.net).max(0.0) }
    }

    fn with(self, buys_yes: bool, cost: f64, count: f64) -> Losses {
        let when_won = (cost - count).max(0.0);
        let (yes, no) = if buys_yes { (when_won, cost) } else { (cost, when_won) };
        Losses { if_yes: self.if_yes + yes, if_no: self.if_no + no }
    }

    fn at_risk(self) -> f64 {
        self.if_yes.max(self.if_no).max(0.0)
    }
}

impl Plain {
    /// The order a leg becomes, or why it becomes none.
    pub(super) fn act(&mut self, leg: &Leg) -> Result<String, &'static str> {
        let judged = self.judge_risk(leg);
        let evaluation = self.evaluations;
        let Some(market) = self.markets.get_mut(&leg.ticker) else { return Err("terms_unknown") };
        market.held.last_evaluation = evaluation;
        let (count, cost) = judged?;
        market.held.orders_sent += 1;
        let client = self.account.next_name();
        let body = self.write(leg, &client, count);
        self.account.add(Account::new_order(client, &leg.ticker, cost, leg.limit, count), self.now);
        Ok(body)
    }

    fn write(&self, leg: &Leg, client: &str, count: f64) -> String {
        let side = if leg.buys_yes { "bid" } else { "ask" };
        format!(
            "{{\"ticker\":\"{}\",\"client_order_id\":\"{client}\",\"side\":\"{side}\",\"count\":\"{count:.2}\",\
             \"price\":\"{:.4}\",\"time_in_force\":\"{}\",\"self_trade_prevention_type\":\"taker_at_cross\",\
             \"cancel_order_on_pause\":true,\"exchange_index\":{}}}",
            leg.ticker, leg.limit, self.config.orders.time_in_force, self.config.sim.shard,
        )
    }

    fn judge_risk(&self, leg: &Leg) -> Result<(f64, Cost), &'static str> {
        let market = self.markets.get(&leg.ticker).ok_or("terms_unknown")?;
        let cost = self.cost(market, leg).ok_or("terms_unknown")?;
        self.ask_freshness()?;
        self.ask_account(leg, market)?;
        self.ask_market(leg, market)?;
        self.ask_rates(market)?;
        let count = self.size_order(leg, market, &cost)?;
        self.ask_losses(leg, market, &cost, count)?;
        let net = leg.edge_gross - cost.fee_at(count);
        within("edge_gross", self.config.edge.edge_gross_min_cents / 100.0, leg.edge_gross)?;
        within("fee_at_size", self.config.edge.edge_net_min_cents / 100.0, net)?;
        Ok((count, cost))
    }

    fn cost(&self, market: &Market, leg: &Leg) -> Option<Cost> {
        let series = self.series.get(&market.series)?;
        market.bounds()?;
        let price = if leg.buys_yes { leg.limit } else { 1.0 - leg.limit };
        let precision = self.config.account.fee_precision_usd;
        Some(Cost { buys_yes: leg.buys_yes, price, rate: series.rate, precision, fills_left: FILLS_MAX })
    }

    fn ask_freshness(&self) -> Result<(), &'static str> {
        let limits = &self.config.freshness;
        let index_ts = self.spot.tick.map_or(0, |tick| tick.ts);
        let young = |gate, ms_max: u64, ts: u64| if self.now - ts > ms_max * MILLI { Err(gate) } else { Ok(()) };
        young("book_stale", limits.book_age_ms_max, self.venue_ts)?;
        young("index_stale", limits.index_age_ms_max, index_ts)?;
        young("source_stale", limits.source_age_ms_max, self.spot.source_ts())
    }

    fn ask_account(&self, leg: &Leg, market: &Market) -> Result<(), &'static str> {
        let orders = &self.config.orders;
        if self.account.is_stopped {
            return Err("foreign_activity");
        }
        if self.evaluations <= market.held.last_evaluation {
            return Err("duplicate");
        }
        let hour = self.now / (3_600 * SECOND);
        let of_market = self.account.orders.iter().filter(|order| order.ticker == leg.ticker);
        let pending = of_market.filter(|order| order.filled == 0.0 && order.at_risk() > 0.0).count() as u64;
        let in_hour = if market.held.hour.0 == hour { market.held.hour.1 } else { 0 };
        let in_day = if market.held.day.0 == self.account.day { market.held.day.1 } else { 0 };
        one_more("hourly_trades", orders.trades_per_ticker_hour_max, in_hour + pending)?;
        one_more("daily_trades", orders.trades_per_ticker_day_max, in_day + pending)
    }

    fn ask_market(&self, leg: &Leg, market: &Market) -> Result<(), &'static str> {
        if market.close.saturating_sub(self.now) < self.config.orders.near_close_min_s * SECOND {
            return Err("near_close");
        }
        if leg.edge_gross.abs() > self.config.limits.collar_cents / 100.0 + NOISE || !market.is_on_grid(leg.limit) {
            return Err("collar");
        }
        let is_open = !market.halted && market.open <= self.now && self.now < market.close && market.result.is_empty();
        if is_open { Ok(()) } else { Err("market_not_open") }
    }

    fn ask_rates(&self, market: &Market) -> Result<(), &'static str> {
        let orders = &self.config.orders;
        let within = |span: u64| self.account.sent.iter().rev().take_while(|ts| self.now - **ts < span).count() as u64;
        let same_close = self.markets.values().filter(|other| other.close == market.close);
        one_more("order_rate", orders.orders_per_s_max, within(SECOND))?;
        one_more("order_rate", orders.orders_per_min_max, within(60 * SECOND))?;
        one_more("order_rate", orders.orders_per_window_max, same_close.map(|other| other.held.orders_sent).sum())?;
        one_more(
            "live_orders",
            orders.orders_live_max,
            self.account.orders.iter().filter(|order| !order.over).count() as u64,
        )?;
        // The day's result may not have reached the limit.
        if self.account.day_result <= -self.config.limits.daily_loss_max_usd { Err("daily_loss") } else { Ok(()) }
    }

    /// The least of what each limit leaves.
    fn size_order(&self, leg: &Leg, market: &Market, cost: &Cost) -> Result<f64, &'static str> {
        let limits = &self.config.limits;
        let here = self.losses(&leg.ticker, market);
        let lost = if leg.buys_yes { here.if_no } else { here.if_yes };
        let (close_others, others) = self.at_risk_elsewhere(&leg.ticker, market);
        let stake = self.config.bankroll.bankroll_usd * leg.fraction;
        let caps = [
            ("size_zero", hundredths(stake / cost.per_contract())),
            ("no_depth", leg.depth_cap),
            ("position_limit", cost.affordable(limits.position_max_usd - lost)),
            ("close_exposure_limit", cost.affordable(limits.close_exposure_max_usd - close_others - lost)),
            ("exposure_limit", cost.affordable(limits.exposure_max_usd - others - lost)),
            ("balance", cost.affordable(self.available(market))),
            ("fat_size", cost.affordable(limits.order_usd_max)),
            ("fat_size", limits.order_contracts_max as f64),
        ];
        let (gate, most) =
            caps.into_iter().fold(("", f64::MAX), |least, cap| if cap.1 < least.1 { cap } else { least });
        let step = self.config.orders.count_step_contracts;
        let count = (most / step + 1e-9).floor() * step;
        if count < step { Err(gate) } else { Ok(count) }
    }

    fn ask_losses(&self, leg: &Leg, market: &Market, cost: &Cost, count: f64) -> Result<(), &'static str> {
        let limits = &self.config.limits;
        let is_alike = |order: &&Order| {
            let same = order.price == leg.limit && order.count == count;
            order.ticker == leg.ticker && order.buys_yes == leg.buys_yes && same
        };
        let alike = self.account.orders.iter().filter(is_alike).count() as u64;
        one_more("identical", self.config.orders.orders_identical_max, alike)?;
        let spent = cost.of(count);
        let here = self.losses(&leg.ticker, market).with(leg.buys_yes, spent, count).at_risk();
        let (close_others, others) = self.at_risk_elsewhere(&leg.ticker, market);
        within("position_limit", here, limits.position_max_usd)?;
        within("close_exposure_limit", close_others + here, limits.close_exposure_max_usd)?;
        within("exposure_limit", others + here, limits.exposure_max_usd)?;
        within("balance", spent, self.available(market))
    }

    /// A market's losses with all its orders that may still be filled.
    fn losses(&self, ticker: &str, market: &Market) -> Losses {
        let open = self.account.orders.iter().filter(|order| order.ticker == ticker && order.at_risk() > 0.0);
        open.fold(Losses::of(&market.held), |losses, order| {
            losses.with(order.buys_yes, order.cost_at_risk(), order.at_risk())
        })
    }

    /// What the other markets of the same close, and all others, may lose.
    fn at_risk_elsewhere(&self, ticker: &str, market: &Market) -> (f64, f64) {
        let (mut same_close, mut all) = (0.0, 0.0);
        for (name, other) in &self.markets {
            if name == ticker || other.held.orders_sent == 0 || other.held.settled {
                continue;
            }
            let at_risk = self.losses(name, other).at_risk();
            all += at_risk;
            if other.close == market.close {
                same_close += at_risk;
            }
        }
        (same_close, all)
    }

    fn available(&self, market: &Market) -> f64 {
        let is_here = self.series.get(&market.series).is_some_and(|series| series.shard == self.config.sim.shard);
        let reserved: f64 = self.account.orders.iter().map(Order::cost_at_risk).sum();
        if is_here { self.account.cash - self.account.shortfall - reserved } else { 0.0 }
    }
}

/// The fee of the exchange's table: rate × contracts × price × (1 − price), up to a step.
pub(crate) fn model_fee(rate: f64, price: f64, count: f64, step: f64) -> f64 {
    up(rate * count * price * (1.0 - price), step)
}

fn up(amount: f64, step: f64) -> f64 {
    (amount / step - 1e-6).ceil() * step
}

fn hundredths(count: f64) -> f64 {
    (count * 100.0 + 1e-6).floor() / 100.0
}

fn within(gate: &'static str, least: f64, most: f64) -> Result<(), &'static str> {
    if least > most + NOISE { Err(gate) } else { Ok(()) }
}

fn one_more(gate: &'static str, most: u64, had: u64) -> Result<(), &'static str> {
    if had >= most { Err(gate) } else { Ok(()) }
}
