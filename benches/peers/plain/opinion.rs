//! Once per event: what its markets are worth, which gate stops them, how much of the bankroll they deserve.

use super::market::{Bounds, Event, Market, Mode, Series};
use super::risk::model_fee;
use super::{MILLI, NOISE, Plain, SECOND};
use crate::session::Body;
use trader_journal::units::Nanos;
use trader_pricing::kelly::{JointBet, KellyRule, joint_fractions};
use trader_pricing::probability::{Average, ClosingValue, Distribution, Tail};

/// The gate that is shut.
type Gate = &'static str;

/// One market, judged.
#[derive(Clone)]
pub(crate) struct Leg {
    pub(crate) ticker: String,
    gate: Option<Gate>,
    pub(crate) buys_yes: bool,
    /// Probability of YES.
    pub(crate) q: f64,
    pub(crate) limit: f64,
    mid: f64,
    /// What may be taken of the depth.
    pub(crate) depth_cap: f64,
    pub(crate) edge_gross: f64,
    edge_net: f64,
    /// Of the bankroll.
    pub(crate) fraction: f64,
    bounds: Bounds,
}

/// One side of a market at its limit.
struct Offer {
    buys_yes: bool,
    limit: f64,
    depth_cap: f64,
    edge_gross: f64,
    edge_net: f64,
}

impl Plain {
    pub(super) fn ready_at(&self, event: &Event) -> u64 {
        let window = &self.config.window;
        let opens = event.close - window.evaluate_from_s * SECOND;
        opens.max(event.open + window.after_open_min_s * SECOND).min(self.missed_at(event))
    }

    fn missed_at(&self, event: &Event) -> u64 {
        event.close - self.config.window.evaluate_to_s * SECOND + 1
    }

    /// Evaluates, or gives up, every event that is ready.
    pub(super) fn evaluate_due(&mut self, orders: &mut Vec<Body>) {
        let due = |(_, event): &(&String, &Event)| {
            !event.done && !event.watched.is_empty() && self.ready_at(event) <= self.now
        };
        let due: Vec<String> = self.events.iter().filter(due).map(|(name, _)| name.clone()).collect();
        for name in due {
            let event = &self.events[&name];
            let mode = self.series.get(&event.series).map_or(Mode::Ignored, |series| series.mode);
            if mode == Mode::Ignored || event.close <= self.now || self.now >= self.missed_at(event) {
                self.finish(&name, false);
            } else if let Ok((centre, legs)) = self.evaluate(event) {
                self.evaluations += 1;
                self.judge_centre(&centre, &legs);
                let opined = self.opine(legs, orders);
                self.finish(&name, opined);
            }
        }
    }

    fn finish(&mut self, name: &str, opined: bool) {
        if let Some(event) = self.events.get_mut(name) {
            (event.done, event.opined) = (true, opined);
        }
        self.look_ahead();
    }

    fn judge_centre(&mut self, centre: &str, legs: &[Leg]) {
        let leg = legs.iter().find(|leg| leg.ticker == centre && leg.mid > 0.0);
        if let (Some(leg), Some(market)) = (leg, self.markets.get_mut(centre)) {
            market.judged = Some((leg.q, leg.mid));
        }
    }

    /// Acts on the legs that nothing stops, best first; says whether there was one.
    fn opine(&mut self, mut legs: Vec<Leg>, orders: &mut Vec<Body>) -> bool {
        legs.retain(|leg| leg.gate.is_none());
        legs.sort_by(|a, b| b.edge_net.total_cmp(&a.edge_net).then_with(|| a.ticker.cmp(&b.ticker)));
        for leg in &legs {
            // A refusal is a line in a log, which this path does not have.
            if let Ok(order) = self.act(leg) {
                orders.push(order.into_bytes());
            }
        }
        !legs.is_empty()
    }

    // ---- the data gates ----------------------------------------------------------------------

    fn evaluate(&self, event: &Event) -> Result<(String, Vec<Leg>), Gate> {
        let series = *self.series.get(&event.series).ok_or("terms_unknown")?;
        let (centre, targets) = self.targets(event, series.mode).ok_or("strike_unknown")?;
        self.ask_strikes(event, &targets, series.mode)?;
        self.ask_volatility()?;
        if let Some(centre) = &centre {
            self.ask_book(&self.markets[centre])?;
        }
        self.ask_sources()?;
        if self.now < event.open + self.config.window.after_open_min_s * SECOND {
            return Err("too_soon_after_open");
        }
        let centre = centre.ok_or("centre_unwatched")?;
        let is_previous = |other: &&Event| other.series == event.series && other.close == event.open;
        if self.events.values().find(is_previous).is_some_and(|previous| previous.opined && !previous.determined) {
            return Err("previous_open");
        }
        if self.markets[&centre].halted {
            return Err("market_not_open");
        }
        if self.markets[&centre].ticks.is_empty() {
            return Err("terms_unknown");
        }
        let value = self.fair(event).ok_or("index_stale")?;
        let mut legs: Vec<Leg> = targets.iter().filter_map(|ticker| self.judge(ticker, &value, series)).collect();
        self.size(&mut legs, &value);
        Ok((centre, legs))
    }

    /// The market that holds the index and its neighbours, lowest first.
    fn targets(&self, event: &Event, mode: Mode) -> Option<(Option<String>, Vec<String>)> {
        let with_bounds = |ticker: &String| Some((self.markets[ticker].bounds()?, ticker.clone()));
        let mut candidates: Vec<(Bounds, String)> = event.watched.iter().filter_map(with_bounds).collect();
        if candidates.is_empty() {
            return None;
        }
        let place = |bounds: &Bounds| bounds.0.or(bounds.1).unwrap_or(0.0);
        candidates.sort_by(|(a, _), (b, _)| place(a).total_cmp(&place(b)).then(a.0.is_some().cmp(&b.0.is_some())));
        let index = self.spot.estimate().map(|estimate| estimate.0);
        let distance = |bounds: &Bounds, index: f64| (place(bounds) - index).abs();
        let centre = match mode {
            Mode::Ignored => None,
            Mode::Digital => Some(0),
            Mode::Bracket => index.and_then(|index| candidates.iter().position(|(bounds, _)| holds(bounds, index))),
            Mode::Threshold => index.and_then(|index| {
                (0..candidates.len())
                    .min_by(|a, b| distance(&candidates[*a].0, index).total_cmp(&distance(&candidates[*b].0, index)))
            }),
        };
        let Some(centre) = centre else { return Some((None, Vec::new())) };
        let linked = |low: usize| mode != Mode::Bracket || touch(&candidates[low].0, &candidates[low + 1].0);
        let radius = self.config.window.bracket_radius as usize;
        let (mut low, mut high) = (centre, centre);
        while low > 0 && centre - low < radius && linked(low - 1) {
            low -= 1;
        }
        while high + 1 < candidates.len() && high - centre < radius && linked(high) {
            high += 1;
        }
        let targets = candidates[low..=high].iter().map(|(_, ticker)| ticker.clone()).collect();
        Some((Some(candidates[centre].1.clone()), targets))
    }

    fn ask_strikes(&self, event: &Event, targets: &[String], mode: Mode) -> Result<(), Gate> {
        let told = self.spot.closed.filter(|closed| mode == Mode::Digital && closed.0 == event.open);
        let agrees = |market: &Market| {
            let floor = market.floor.unwrap_or(0.0);
            !market.strike_disagrees && told.is_none_or(|(_, average)| (average - floor).abs() <= 0.01 + NOISE)
        };
        let agree = targets.iter().all(|ticker| agrees(&self.markets[ticker]));
        if agree { Ok(()) } else { Err("strike_disagrees") }
    }

    fn ask_volatility(&self) -> Result<(), Gate> {
        if !self.volatility.is_warm() {
            return Err("vol_warmup");
        }
        let missing = self.volatility.missing_of_last_hour(Nanos(self.now));
        if u64::from(missing) > self.config.volatility.missing_max { Err("vol_gaps") } else { Ok(()) }
    }

    fn ask_book(&self, centre: &Market) -> Result<(), Gate> {
        if !centre.book.valid || centre.book.is_crossed() {
            return Err("book_invalid");
        }
        if self.now - self.venue_ts > self.config.freshness.book_age_ms_max * MILLI {
            return Err("book_stale");
        }
        if centre.book.mid().is_none() { Err("book_one_sided") } else { Ok(()) }
    }

    fn ask_sources(&self) -> Result<(), Gate> {
        let tick = self.spot.tick.ok_or("index_stale")?;
        if self.now - tick.ts > self.config.freshness.index_age_ms_max * MILLI {
            return Err("index_stale");
        }
        let source_old = self.now - self.spot.source_ts() > self.config.freshness.source_age_ms_max * MILLI;
        if source_old { Err("source_stale") } else { Ok(()) }
    }

    /// Where the average of the last minute before the close will be; none of it is behind us yet.
    fn fair(&self, event: &Event) -> Option<ClosingValue> {
        let (mean, error) = self.spot.estimate()?;
        let tau_s = (event.close - self.now) as f64 / SECOND as f64;
        let ahead = self.volatility.variance(&self.coefficients, Nanos(self.now), Nanos(event.close))?;
        let sigma = (ahead * Average::Prints.variance_time_s(tau_s) / tau_s + error * error).sqrt();
        let told = &self.config.probability;
        let tail = Tail::new(told.tail_s0, told.tail_kappa, told.tail_z0).unwrap_or(Tail::DEFAULT);
        Some(ClosingValue { mean, sigma, drift: 0.0, distribution: Distribution::TailAdjusted(tail) })
    }

    // ---- each market -------------------------------------------------------------------------

    fn judge(&self, ticker: &str, value: &ClosingValue, series: Series) -> Option<Leg> {
        let market = &self.markets[ticker];
        let bounds = market.bounds()?;
        let q = (probability(value, &bounds).clamp(0.001, 0.999) * 1e9).round() / 1e9;
        let mut leg = Leg {
            ticker: ticker.to_owned(),
            gate: None,
            buys_yes: true,
            q,
            limit: 0.0,
            mid: 0.0,
            depth_cap: 0.0,
            edge_gross: 0.0,
            edge_net: 0.0,
            fraction: 0.0,
            bounds,
        };
        if !market.book.valid {
            leg.gate = Some("book_invalid");
            return Some(leg);
        }
        let Some(mid) = market.book.mid() else {
            leg.gate = Some("book_one_sided");
            return Some(leg);
        };
        let offers = [true, false].map(|buys_yes| self.offer(market, buys_yes, q, series.rate));
        let best = offers.into_iter().flatten().reduce(|a, b| if b.edge_net > a.edge_net + NOISE { b } else { a })?;
        leg = Leg {
            mid,
            buys_yes: best.buys_yes,
            limit: best.limit,
            depth_cap: best.depth_cap,
            edge_gross: best.edge_gross,
            edge_net: best.edge_net,
            ..leg
        };
        leg.gate = self.gate(market, &leg);
        Some(leg)
    }

    /// Buying a side: the touch of the other side, a little beyond, on the grid.
    fn offer(&self, market: &Market, buys_yes: bool, q: f64, rate: f64) -> Option<Offer> {
        let edge = &self.config.edge;
        let beyond = edge.limit_beyond_touch_cents / 100.0;
        let limit = if buys_yes {
            market.tick_below(market.book.best_ask()? + beyond).or_else(|| market.tick_below(1.0))?
        } else {
            market.tick_above(market.book.best_bid()? - beyond).or_else(|| market.tick_above(0.0))?
        };
        let depth_cap = (market.book.depth(buys_yes, limit) * edge.depth_share_max * 100.0 + 1e-6).floor() / 100.0;
        let edge_gross = if buys_yes { q - limit } else { limit - q };
        let count = depth_cap.clamp(1.0, 100.0);
        let fee = model_fee(rate, limit, count, self.config.account.fee_precision_usd) / count;
        Some(Offer { buys_yes, limit, depth_cap, edge_gross, edge_net: edge_gross - fee })
    }

    fn gate(&self, market: &Market, leg: &Leg) -> Option<Gate> {
        let edge = &self.config.edge;
        if (leg.q - leg.mid).abs() > edge.disagreement_max_cents / 100.0 + NOISE {
            Some("disagreement")
        } else if leg.edge_gross < edge.edge_gross_min_cents / 100.0 - NOISE {
            Some("edge_gross")
        } else if leg.edge_net < edge.edge_net_min_cents / 100.0 - NOISE {
            Some("edge_net")
        } else if leg.depth_cap <= 0.0 {
            Some("no_depth")
        } else if self.is_behind_market() {
            Some("model_behind_market")
        } else if market.halted {
            Some("market_not_open")
        } else {
            None
        }
    }

    fn is_behind_market(&self) -> bool {
        self.scores.len() as u64 >= self.config.window.brier_evaluations_min && self.scores.iter().sum::<f64>() > 0.0
    }

    // ---- all of them together ----------------------------------------------------------------

    /// Kelly over the outcomes that the strikes of the open legs cut the values into.
    fn size(&self, legs: &mut [Leg], value: &ClosingValue) {
        let rule = self.kelly();
        let mut open: Vec<&mut Leg> = legs.iter_mut().filter(|leg| leg.gate.is_none()).collect();
        let mut cuts: Vec<f64> = open.iter().flat_map(|leg| [leg.bounds.0, leg.bounds.1]).flatten().collect();
        cuts.sort_by(f64::total_cmp);
        cuts.dedup_by(|a, b| (*a - *b).abs() < 0.005);
        let pieces: Vec<Bounds> =
            (0..=cuts.len()).map(|at| (at.checked_sub(1).map(|below| cuts[below]), cuts.get(at).copied())).collect();
        let outcomes: Vec<f64> = pieces.iter().map(|piece| probability(value, piece)).collect();
        let bets: Vec<JointBet> = open.iter().map(|leg| leg.bet(&pieces)).collect();
        let full = joint_fractions(&bets, &outcomes);
        for (leg, full) in open.iter_mut().zip(full) {
            leg.fraction = rule.scaled(full, leg.edge_net);
        }
        let total: f64 = open.iter().map(|leg| leg.fraction).sum();
        for leg in open {
            if total > rule.fraction_max {
                leg.fraction *= rule.fraction_max / total;
            }
            if leg.fraction < 1e-9 {
                leg.gate = Some("size_zero");
            }
        }
    }

    fn kelly(&self) -> KellyRule {
        let edge = &self.config.edge;
        KellyRule {
            edge_min: edge.edge_net_min_cents / 100.0,
            edge_full: edge.full_kelly_edge_cents / 100.0,
            ramp_floor: edge.kelly_ramp_floor,
            multiplier: edge.kelly_multiplier,
            fraction_max: edge.kelly_fraction_max,
        }
    }
}

impl Leg {
    /// What it costs, and the pieces it pays in.
    fn bet(&self, pieces: &[Bounds]) -> JointBet {
        let bought = if self.buys_yes { self.q } else { 1.0 - self.q };
        let inside = |piece: &Bounds| {
            let above = self.bounds.0.is_none_or(|floor| piece.0.is_some_and(|low| low > floor - 0.005));
            let below = self.bounds.1.is_none_or(|cap| piece.1.is_some_and(|high| high < cap + 0.005));
            above && below
        };
        let wins = pieces.iter().enumerate().filter(|(_, piece)| inside(piece) == self.buys_yes);
        JointBet { cost: bought - self.edge_net, wins: wins.fold(0, |wins, (at, _)| wins | 1 << at) }
    }
}

fn probability(value: &ClosingValue, bounds: &Bounds) -> f64 {
    match *bounds {
        (Some(low), Some(high)) => value.between(low, high),
        (Some(low), None) => value.at_least(low),
        (None, Some(high)) => value.below(high),
        (None, None) => 1.0,
    }
}

fn holds(bounds: &Bounds, index: f64) -> bool {
    bounds.0.is_none_or(|floor| index >= floor) && bounds.1.is_none_or(|cap| index < cap)
}

fn touch(low: &Bounds, high: &Bounds) -> bool {
    matches!((low.1, high.0), (Some(cap), Some(floor)) if (cap - floor).abs() < 0.005)
}
