//! One event's one evaluation: when it may happen, what must be known first, what is said of it.

use crate::leg::{Bench, Fair, Leg, Legs};
use crate::model::{Model, ModelSlots};
use crate::probability::ClosingValue;
use crate::settings::Settings;
use crate::spot::Spot;
use crate::tables::{Listed, Market, Series, Tables};
use crate::target::{LEGS_MAX, Target, choose, strike_agrees};
use crate::volatility::{Ewma3, Memory, Ranges};
use libm::sqrt;
use trader_journal::event::{EvalId, Event, Gate, MarketId, SeriesMode, Style, pad};
use trader_journal::stage::Outbox;
use trader_journal::units::{Money, Nanos};

/// The most one evaluation says: its basis, its legs, and two events for each opinion.
pub(crate) const EVALUATION_SAYS_MAX: usize = 1 + LEGS_MAX * 3;

const QUARTER_NANOS: u64 = 900 * Nanos::SECOND;

/// All that an evaluation looks at.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) tables: &'a Tables,
    pub(crate) spot: &'a Spot,
    pub(crate) volatility: &'a Ewma3,
    pub(crate) ranges: &'a Ranges,
    pub(crate) model: &'a ModelSlots,
    /// When the venue's connection was last heard: how long its books are known to be good.
    pub(crate) venue_ts: Nanos,
    pub(crate) behind_market: bool,
    pub(crate) now: Nanos,
}

/// When an event's evaluation may first happen; never later than its window's end.
pub(crate) fn ready_at(listed: &Listed, settings: &Settings) -> Nanos {
    if listed.close == Nanos::NEVER {
        return Nanos::NEVER;
    }
    let opens = listed.close.minus(settings.evaluate_from_ns);
    opens.max(listed.open.plus(settings.after_open_min_ns)).min(missed_at(listed, settings))
}

/// The first moment at which it is too late.
pub(crate) fn missed_at(listed: &Listed, settings: &Settings) -> Nanos {
    if listed.close == Nanos::NEVER { Nanos::NEVER } else { listed.close.minus(settings.evaluate_to_ns).plus(1) }
}

/// What an evaluation found, before it is said.
pub(crate) struct Verdict {
    legs: Legs,
    pub(crate) target: Target,
    fair: Fair,
    mode: SeriesMode,
}

impl View<'_> {
    /// Evaluates an event, or tells which data gate is shut.
    pub(crate) fn evaluate(&self, listed: &Listed) -> Result<Verdict, Gate> {
        let series = self.tables.series(listed.series).ok_or(Gate::TermsUnknown)?;
        let target = self.target(listed, series.mode).ok_or(Gate::StrikeUnknown)?;
        self.ask_strikes(listed, &target, series.mode)?;
        self.ask_volatility()?;
        self.ask_book(&target)?;
        self.ask_sources()?;
        let centre = self.ask_event(listed, &target)?;
        let rates = series.rates.filter(|_| centre.grid.is_some()).ok_or(Gate::TermsUnknown)?;
        let fair = self.fair(listed).ok_or(Gate::IndexStale)?;
        let bench = Bench { settings: self.settings, fair: &fair, rates, behind_market: self.behind_market };
        let mut legs = Legs::judge(&bench, target.legs().iter().filter_map(|leg| self.tables.market(*leg)));
        bench.size(legs.as_mut());
        Ok(Verdict { legs, target, fair, mode: series.mode })
    }

    fn target(&self, listed: &Listed, mode: SeriesMode) -> Option<Target> {
        let index = self.spot.estimate().map(|estimate| to_money(estimate.value));
        choose(self.tables, listed, mode, self.settings.bracket_radius, index)
    }

    fn ask_strikes(&self, listed: &Listed, target: &Target, mode: SeriesMode) -> Result<(), Gate> {
        let average = if mode == SeriesMode::Digital { self.spot.closed(listed.open) } else { None };
        let legs = target.legs().iter().filter_map(|leg| self.tables.market(*leg));
        let agree = legs.into_iter().all(|leg| !leg.strike_disagrees && strike_agrees(leg, average));
        agree.then_some(()).ok_or(Gate::StrikeDisagrees)
    }

    fn ask_volatility(&self) -> Result<(), Gate> {
        let warm = match self.model.model() {
            Some(Model::Ewma3(_)) => self.volatility.is_warm(),
            Some(Model::Ranges(_)) => self.volatility.is_warm() && self.ranges.features().is_some(),
            None => false,
        };
        if !warm {
            return Err(Gate::VolWarmup);
        }
        let missing = self.volatility.missing_of_last_hour(self.now);
        if missing > self.settings.missing_minutes_max { Err(Gate::VolGaps) } else { Ok(()) }
    }

    /// The centre's book; where no centre is known, [`View::ask_event`] says why.
    fn ask_book(&self, target: &Target) -> Result<(), Gate> {
        let Some(centre) = target.centre().and_then(|centre| self.tables.market(centre)) else { return Ok(()) };
        if !centre.book_valid || centre.book.is_crossed() {
            return Err(Gate::BookInvalid);
        }
        if self.now.since(self.venue_ts) > self.settings.book_age_ns_max {
            return Err(Gate::BookStale);
        }
        if centre.book.is_two_sided() { Ok(()) } else { Err(Gate::BookOneSided) }
    }

    fn ask_sources(&self) -> Result<(), Gate> {
        let index_old = self.now.since(self.spot.index_ts()) > self.settings.index_age_ns_max;
        if self.spot.estimate().is_none() || self.spot.has_index() && index_old {
            return Err(Gate::IndexStale);
        }
        let source_old = self.now.since(self.spot.source_ts()) > self.settings.source_age_ns_max;
        if source_old { Err(Gate::SourceStale) } else { Ok(()) }
    }

    fn ask_event(&self, listed: &Listed, target: &Target) -> Result<&Market, Gate> {
        if self.now < listed.open.plus(self.settings.after_open_min_ns) {
            return Err(Gate::TooSoonAfterOpen);
        }
        let centre = target.centre().and_then(|centre| self.tables.market(centre)).ok_or(Gate::CentreUnwatched)?;
        // Where no opinion was given there is no position to be counted.
        let previous = self.tables.previous(listed);
        if previous.is_some_and(|previous| previous.opined && !previous.determined) {
            return Err(Gate::PreviousOpen);
        }
        if centre.halted { Err(Gate::MarketNotOpen) } else { Ok(centre) }
    }

    /// The distribution of the event's closing average, as it is seen now.
    fn fair(&self, listed: &Listed) -> Option<Fair> {
        let estimate = self.spot.estimate()?;
        let average = self.settings.average;
        let tau_s = listed.close.since(self.now) as f64 / Nanos::SECOND as f64;
        let seen = average.share_seen(tau_s) > 0.0;
        let observed = if seen { Some(self.spot.closing(listed.close)?) } else { None };
        let mean = observed.map_or(estimate.value, |observed| observed.mean(estimate.value));
        let unseen = observed.map_or(1.0, |observed| 1.0 - observed.share);
        let ahead = self.variance(listed.close)?;
        let moved = if tau_s > 0.0 { ahead * average.variance_time_s(tau_s) / tau_s } else { 0.0 };
        let unsure = unseen * estimate.error;
        let sigma = sqrt(moved + unsure * unsure);
        let value = ClosingValue { mean, sigma, drift: 0.0, distribution: self.settings.distribution };
        Some(Fair { value, estimate, sigma_15m: self.sigma_15m() })
    }

    fn variance(&self, until: Nanos) -> Option<f64> {
        match self.model.model()? {
            Model::Ewma3(coefficients) => self.volatility.variance(coefficients, self.now, until),
            Model::Ranges(coefficients) => {
                let typical = coefficients.minute_variance(&self.ranges.features()?);
                Some(typical * self.ranges.profile().weight(self.now, until))
            }
        }
    }

    fn sigma_15m(&self) -> f64 {
        sqrt(self.variance(self.now.plus(QUARTER_NANOS)).unwrap_or(0.0))
    }

    /// Says that an event's window passed, and which data gate was shut.
    pub(crate) fn say_missed(&self, listed: &Listed, eval: EvalId, out: &mut Outbox) {
        let estimate = self.spot.estimate();
        out.push(Event::EvalBasis {
            gate: Gate::WindowMissed,
            mode: self.tables.series(listed.series).map_or(SeriesMode::Ignored, |series: Series| series.mode),
            event: listed.event,
            ts: self.now,
            eval,
            sigma_15m_e9: to_e9(self.sigma_15m()),
            estimate: estimate.map_or(Money::ZERO, |estimate| to_money(estimate.value)),
            basis_error_e9: estimate.map_or(0, |estimate| to_e9(estimate.error)),
            tau_ms: tau_ms(listed.close, self.now),
            close: listed.close,
            legs: 0,
            waiting_for: listed.waiting_for,
            pad: pad(),
        });
    }

    /// Says an evaluation: its basis, every leg, and an opinion for each leg that nothing stops, best
    /// first. Tells whether there was an opinion.
    pub(crate) fn say(&self, listed: &Listed, verdict: &Verdict, eval: EvalId, out: &mut Outbox) -> bool {
        let mut ranked = verdict.legs;
        ranked.as_mut().sort_unstable_by_key(|leg| (leg.gate != Gate::Sent, leg.rank(), leg.market));
        // The event's gate is that of the leg that is said first, or else of the one that came nearest.
        let gate = ranked.as_ref().first().map_or(Gate::TermsUnknown, |leg| leg.gate);
        out.push(self.basis(listed, verdict, gate, eval));
        for leg in verdict.legs.as_ref() {
            out.push(self.leg(leg, eval));
        }
        let opinions = ranked.as_ref().iter().filter(|leg| leg.gate == Gate::Sent).count();
        for (said, leg) in ranked.as_ref()[..opinions].iter().enumerate() {
            self.say_opinion(verdict, leg, (eval, (opinions - said - 1) as u8), out);
        }
        opinions > 0
    }

    fn basis(&self, listed: &Listed, verdict: &Verdict, gate: Gate, eval: EvalId) -> Event {
        let Fair { estimate, sigma_15m, .. } = verdict.fair;
        Event::EvalBasis {
            gate,
            mode: verdict.mode,
            event: listed.event,
            ts: self.now,
            eval,
            sigma_15m_e9: to_e9(sigma_15m),
            estimate: to_money(estimate.value),
            basis_error_e9: to_e9(estimate.error),
            tau_ms: tau_ms(listed.close, self.now),
            close: listed.close,
            legs: verdict.legs.as_ref().len() as u8,
            waiting_for: Gate::Sent,
            pad: pad(),
        }
    }

    fn leg(&self, leg: &Leg, eval: EvalId) -> Event {
        Event::EvalLeg {
            gate: leg.gate,
            side: leg.side,
            market: leg.market,
            ts: self.now,
            eval,
            q_yes_e9: leg.q_yes_e9,
            depth: leg.depth,
            edge_gross: leg.edge_gross(),
            edge_net: leg.edge_net(),
            fraction_e9: to_e9(leg.fraction),
            limit: leg.limit,
            mid: leg.mid,
            needed: i32::try_from(leg.needed).unwrap_or(i32::MAX),
            pad: pad(),
        }
    }

    fn say_opinion(&self, verdict: &Verdict, leg: &Leg, (eval, legs_left): (EvalId, u8), out: &mut Outbox) {
        let settings = self.settings;
        out.push(Event::OpinionBasis {
            pad: pad(),
            market: leg.market,
            ts: self.now,
            book_ts: self.venue_ts,
            index_ts: verdict.fair.estimate.index_ts,
            source_ts: verdict.fair.estimate.source_ts,
            eval,
            mid: leg.mid,
            pad2: pad(),
        });
        out.push(Event::Opinion {
            side: leg.side,
            style: Style::Taker,
            market: leg.market,
            ts: self.now,
            eval,
            q_yes_e9: leg.q_yes_e9,
            depth_cap: leg.depth_cap(settings),
            fraction_e9: to_e9(leg.fraction),
            limit: leg.limit,
            pad: pad(),
            edge_gross_min: i32::try_from(settings.edge_gross_min.0).unwrap_or(i32::MAX),
            edge_net_min: i32::try_from(settings.edge_net_min.0).unwrap_or(i32::MAX),
            legs_left,
            pad2: pad(),
        });
    }
}

impl Verdict {
    /// What was thought of one market of the target.
    pub(crate) fn leg(&self, market: MarketId) -> Option<&Leg> {
        self.legs.as_ref().iter().find(|leg| leg.market == market)
    }
}

fn to_e9(value: f64) -> u32 {
    // A cast from a float stops at the ends of its range; NaN would be 0.
    (value * 1e9) as u32
}

fn to_money(dollars: f64) -> Money {
    Money(libm::round(dollars * Money::DOLLAR.0 as f64) as i64)
}

fn tau_ms(close: Nanos, now: Nanos) -> u32 {
    u32::try_from(close.since(now) / Nanos::MILLI).unwrap_or(u32::MAX)
}
