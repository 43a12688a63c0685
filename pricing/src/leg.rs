//! What one market is worth, what it costs at the limit, and which gate stops it.

use crate::kelly::{JointBet, LEGS_MAX as JOINT_MAX, OUTCOMES_MAX, joint_fractions};
use crate::probability::{Bounds, ClosingValue, dollars};
use crate::settings::Settings;
use crate::spot::Estimate;
use crate::tables::Market;
use crate::target::LEGS_MAX;
use libm::{fabs, log};
use trader_journal::book::Side;
use trader_journal::event::{Gate, MarketId, PROB_ONE};
use trader_journal::fee::{FeeRates, Role};
use trader_journal::units::{Count, Money, Price};

const _: () = assert!(LEGS_MAX <= JOINT_MAX, "all legs of an event are sized together");

/// $0.0001 and $0.000001 in $1e-9, in which edges are compared: integers, so that a threshold is in.
const PRICE_E9: i64 = 100_000;
const MONEY_E9: i64 = 1_000;

/// Where an event's value will be, and how well the index is known now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fair {
    pub(crate) value: ClosingValue,
    pub(crate) estimate: Estimate,
    /// Standard deviation of the log return over the next quarter hour.
    pub(crate) sigma_15m: f64,
}

/// What all legs of an event are judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bench<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) fair: &'a Fair,
    pub(crate) rates: FeeRates,
    /// The model lately scored worse than the mid.
    pub(crate) behind_market: bool,
}

/// One market, judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leg {
    pub(crate) market: MarketId,
    /// [`Gate::Sent`] when nothing stops it.
    pub(crate) gate: Gate,
    /// The side that is better to buy; [`Side::Ask`] buys NO.
    pub(crate) side: Side,
    pub(crate) q_yes_e9: u32,
    /// YES price; zero when the book has none.
    pub(crate) limit: Price,
    /// Zero when the book is not two-sided.
    pub(crate) mid: Price,
    /// Rests up to the limit.
    pub(crate) depth: Count,
    /// Of the bankroll.
    pub(crate) fraction: f64,
    /// What the gate asked for, $0.000001 per contract (1e-9 log return for the distance to a strike).
    pub(crate) needed: i64,
    edge_gross_e9: i64,
    edge_net_e9: i64,
    bounds: Bounds,
}

impl Leg {
    /// A place nobody was judged for.
    const BLANK: Leg = Leg {
        market: MarketId(0),
        gate: Gate::Sent,
        side: Side::Bid,
        q_yes_e9: 0,
        limit: Price::ZERO,
        mid: Price::ZERO,
        depth: Count::ZERO,
        fraction: 0.0,
        needed: 0,
        edge_gross_e9: 0,
        edge_net_e9: 0,
        bounds: Bounds { floor: None, cap: None },
    };

    /// Edge over the price, $0.000001 per contract, rounded down.
    pub(crate) fn edge_gross(&self) -> i32 {
        to_money(self.edge_gross_e9)
    }

    /// Edge over price and fee.
    pub(crate) fn edge_net(&self) -> i32 {
        to_money(self.edge_net_e9)
    }

    /// What may be taken of the depth.
    pub(crate) fn depth_cap(&self, settings: &Settings) -> Count {
        depth_cap(self.depth, settings)
    }

    /// Net edge, best first.
    pub(crate) const fn rank(&self) -> i64 {
        -self.edge_net_e9
    }

    const fn refused(self, gate: Gate, needed: i64) -> Leg {
        Leg { gate, needed, ..self }
    }
}

/// The legs of one evaluation, lowest strike first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Legs {
    legs: [Leg; LEGS_MAX],
    used: usize,
}

impl Legs {
    /// Judges markets one by one; those whose strike has no price are left out.
    pub(crate) fn judge<'m>(bench: &Bench<'_>, markets: impl Iterator<Item = &'m Market>) -> Legs {
        let mut legs = Legs { legs: [Leg::BLANK; LEGS_MAX], used: 0 };
        for (place, leg) in legs.legs.iter_mut().zip(markets.filter_map(|market| bench.judge(market))) {
            *place = leg;
            legs.used += 1;
        }
        legs
    }

    pub(crate) fn as_ref(&self) -> &[Leg] {
        &self.legs[..self.used]
    }

    pub(crate) fn as_mut(&mut self) -> &mut [Leg] {
        &mut self.legs[..self.used]
    }
}

fn to_money(e9: i64) -> i32 {
    i32::try_from(e9.div_euclid(MONEY_E9)).unwrap_or(if e9 < 0 { i32::MIN } else { i32::MAX })
}

fn depth_cap(depth: Count, settings: &Settings) -> Count {
    Count((i128::from(depth.0) * i128::from(settings.depth_share_ppm) / 1_000_000) as i64)
}

/// A side at its limit.
#[derive(Clone, Copy)]
struct Offer {
    side: Side,
    limit: Price,
    depth: Count,
    edge_gross_e9: i64,
    edge_net_e9: i64,
}

impl Bench<'_> {
    /// Judges one market by the gates after the data gates, in their order. `None` for a market whose
    /// strike has no price.
    pub(crate) fn judge(&self, market: &Market) -> Option<Leg> {
        let bounds = Bounds::of(market.strike, market.floor, market.cap)?;
        let q_yes_e9 = self.probability(market)?;
        let leg = Leg { market: market.market, q_yes_e9, bounds, ..Leg::BLANK };
        if !market.book_valid {
            return Some(leg.refused(Gate::BookInvalid, 0));
        }
        let Some(mid) = market.mid() else { return Some(leg.refused(Gate::BookOneSided, 0)) };
        let best = [Side::Bid, Side::Ask].map(|side| self.offer(market, side, q_yes_e9));
        let best = best.into_iter().flatten().max_by_key(|offer| (offer.edge_net_e9, offer.side == Side::Bid));
        let Some(offer) = best else { return Some(leg.refused(Gate::TermsUnknown, 0)) };
        let Offer { side, limit, depth, edge_gross_e9, edge_net_e9 } = offer;
        let leg = Leg { side, limit, mid, depth, edge_gross_e9, edge_net_e9, ..leg };
        let (gate, needed) = self.gate(market, &leg);
        Some(leg.refused(gate, needed))
    }

    fn probability(&self, market: &Market) -> Option<u32> {
        let least = self.settings.probability_min;
        let q = self.fair.value.yes(market.strike, market.floor, market.cap)?.clamp(least, 1.0 - least);
        Some(libm::round(q * f64::from(PROB_ONE)) as u32)
    }

    /// Buying on `side` (YES for [`Side::Bid`]): the touch of the other side, a little beyond, on the grid.
    fn offer(&self, market: &Market, side: Side, q_yes_e9: u32) -> Option<Offer> {
        let grid = market.grid?;
        let resting = side.opposite();
        let touch = market.book.best(resting)?.price;
        let beyond = i32::from(self.settings.limit_beyond_touch);
        let limit = match side {
            Side::Bid => touch.checked_add(beyond).and_then(|price| grid.floor(price)).unwrap_or(grid.highest()),
            Side::Ask => touch.checked_add(-beyond).and_then(|price| grid.ceil(price)).unwrap_or(grid.lowest()),
        };
        let depth = market.book.depth_within(resting, limit);
        let worth = i64::from(q_yes_e9) - i64::from(limit.0) * PRICE_E9;
        let edge_gross_e9 = match side {
            Side::Bid => worth,
            Side::Ask => -worth,
        };
        let edge_net_e9 = edge_gross_e9 - self.fee_e9(limit, depth)?;
        Some(Offer { side, limit, depth, edge_gross_e9, edge_net_e9 })
    }

    /// Fee per contract at the limit, rounded up, of an order as large as the depth allows but no
    /// larger than `fee_count`. A NO contract's is the same.
    fn fee_e9(&self, limit: Price, depth: Count) -> Option<i64> {
        let one_contract = Count(100);
        let count = depth_cap(depth, self.settings).min(self.settings.fee_count).max(one_contract);
        let fee = self.rates.model_fee(Role::Taker, limit, count, self.settings.fee_precision)?;
        let per_contract = fee.0.checked_mul(MONEY_E9)?.checked_mul(one_contract.0)?;
        Some((per_contract + count.0 - 1) / count.0)
    }

    /// The first gate that stops a leg, with what it asked for.
    fn gate(&self, market: &Market, leg: &Leg) -> (Gate, i64) {
        let settings = self.settings;
        let off_mid_e9 = (i64::from(leg.q_yes_e9) - i64::from(leg.mid.0) * PRICE_E9).abs();
        if self.is_near_strike(leg) {
            return (Gate::NearStrike, (settings.near_strike_min * 1e9) as i64);
        }
        if off_mid_e9 > settings.disagreement_max.0 * MONEY_E9 {
            return (Gate::Disagreement, settings.disagreement_max.0);
        }
        if leg.edge_gross_e9 < settings.edge_gross_min.0 * MONEY_E9 {
            return (Gate::EdgeGross, settings.edge_gross_min.0);
        }
        if leg.edge_net_e9 < settings.edge_net_min.0 * MONEY_E9 {
            return (Gate::EdgeNet, settings.edge_net_min.0);
        }
        if leg.depth_cap(settings) <= Count::ZERO {
            return (Gate::NoDepth, 0);
        }
        if self.behind_market {
            return (Gate::ModelBehindMarket, 0);
        }
        if market.halted {
            return (Gate::MarketNotOpen, 0);
        }
        (Gate::Sent, settings.edge_net_min.0)
    }

    /// Without an index stream the level is a guess to a few basis points: too near a strike it decides.
    fn is_near_strike(&self, leg: &Leg) -> bool {
        if self.fair.estimate.index_ts.0 > 0 {
            return false;
        }
        let near = |strike: Money| {
            let strike = dollars(strike);
            strike > 0.0 && fabs(log(self.fair.value.mean / strike)) < self.settings.near_strike_min
        };
        [leg.bounds.floor, leg.bounds.cap].into_iter().flatten().any(near)
    }

    /// Sizes the legs that nothing stopped, together. A leg that the others make superfluous gets
    /// nothing and says so.
    pub(crate) fn size(&self, legs: &mut [Leg]) {
        let outcomes = Outcomes::cut(legs, &self.fair.value);
        let mut bets = [JointBet::default(); LEGS_MAX];
        let mut open = [0; LEGS_MAX];
        let mut used = 0;
        for (at, leg) in legs.iter().enumerate().filter(|(_, leg)| leg.gate == Gate::Sent) {
            bets[used] = JointBet { cost: cost_of(leg), wins: outcomes.wins(leg) };
            open[used] = at;
            used += 1;
        }
        let kelly = &self.settings.kelly;
        let fractions = joint_fractions(&bets[..used], outcomes.probabilities());
        let mut total = 0.0;
        for (at, full) in open[..used].iter().zip(fractions) {
            legs[*at].fraction = kelly.scaled(full, legs[*at].edge_net_e9 as f64 / 1e9);
            total += legs[*at].fraction;
        }
        for at in &open[..used] {
            let leg = &mut legs[*at];
            if total > kelly.fraction_max {
                leg.fraction *= kelly.fraction_max / total;
            }
            if leg.fraction < 1.0 / f64::from(PROB_ONE) {
                *leg = leg.refused(Gate::SizeZero, 0);
            }
        }
    }
}

/// What one contract of the bought side costs, fee included: dollars.
fn cost_of(leg: &Leg) -> f64 {
    let q = i64::from(leg.q_yes_e9);
    let q_bought = match leg.side {
        Side::Bid => q,
        Side::Ask => i64::from(PROB_ONE) - q,
    };
    (q_bought - leg.edge_net_e9) as f64 / 1e9
}

/// The line of values, cut at every strike of the open legs.
struct Outcomes {
    cuts: [Money; 2 * LEGS_MAX],
    used: usize,
    probabilities: [f64; 2 * LEGS_MAX + 1],
}

const _: () = assert!(2 * LEGS_MAX < OUTCOMES_MAX);

impl Outcomes {
    fn cut(legs: &[Leg], value: &ClosingValue) -> Outcomes {
        let mut outcomes = Outcomes { cuts: [Money::ZERO; _], used: 0, probabilities: [0.0; _] };
        let open = legs.iter().filter(|leg| leg.gate == Gate::Sent);
        for strike in open.flat_map(|leg| [leg.bounds.floor, leg.bounds.cap]).flatten() {
            if !outcomes.cuts[..outcomes.used].contains(&strike) {
                outcomes.cuts[outcomes.used] = strike;
                outcomes.used += 1;
            }
        }
        outcomes.cuts[..outcomes.used].sort_unstable();
        for piece in 0..=outcomes.used {
            let (low, high) = outcomes.piece(piece);
            outcomes.probabilities[piece] = match (low.map(dollars), high.map(dollars)) {
                (Some(low), Some(high)) => value.between(low, high),
                (Some(low), None) => value.at_least(low),
                (None, Some(high)) => value.below(high),
                (None, None) => 1.0,
            };
        }
        outcomes
    }

    fn probabilities(&self) -> &[f64] {
        &self.probabilities[..=self.used]
    }

    fn piece(&self, at: usize) -> (Option<Money>, Option<Money>) {
        let cuts = &self.cuts[..self.used];
        (at.checked_sub(1).map(|below| cuts[below]), cuts.get(at).copied())
    }

    /// The pieces in which the bought side of a leg pays, one bit each.
    fn wins(&self, leg: &Leg) -> u64 {
        let inside = |piece: usize| {
            let (low, high) = self.piece(piece);
            let above = leg.bounds.floor.is_none_or(|floor| low.is_some_and(|low| low >= floor));
            let below = leg.bounds.cap.is_none_or(|cap| high.is_some_and(|high| high <= cap));
            above && below
        };
        (0..=self.used)
            .filter(|piece| inside(*piece) == (leg.side == Side::Bid))
            .fold(0, |wins, piece| wins | 1 << piece)
    }
}
