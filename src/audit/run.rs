//! One run (one epoch of the journal): execution's stream, fact by fact.

use super::cash::{Cash, dollars};
use super::finding::{Counts, Finding, Findings, Rule};
use super::holding::{Holding, Open, Worst};
use super::limits::{DailyRule, Limits};
use super::names::Names;
use super::orders::{Booking, FillFact, Orders};
use super::proof::Walks;
use super::risk::{Place, Risk, Sums};
use std::collections::{BTreeMap, BTreeSet};
use trader_journal::event::{ClientId, Event, MarketId, Mode, POSITION_NOT_TOLD, Uuid};
use trader_journal::log::Position;
use trader_journal::units::{Count, Money, Nanos};

/// Everything the checker knows of one run. All of it is forgotten when the next one starts.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// Epoch and nonce: what its orders are named after.
    pub(super) id: (u32, u32),
    pub(super) names: Names,
    pub(super) orders: Orders,
    pub(super) settled: BTreeMap<MarketId, Settled>,
    pub(super) cash: Cash,
    /// The latest time stamp of any line.
    pub(super) last: Nanos,
    holdings: BTreeMap<MarketId, Holding>,
    risk: Risk,
    mode: Option<Mode>,
    fill_trade: Option<(Uuid, ClientId, Count)>,
    /// The latest trade of a market, and the position the venue told after it.
    told_positions: BTreeMap<MarketId, (Uuid, Count)>,
    /// Positions that were not what was told: a fill before may be on its way by REST.
    doubts: BTreeMap<MarketId, Doubt>,
    walks: Walks,
    ids: Option<(Uuid, ClientId)>,
    size_said: Option<Sums>,
    /// An opinion that is neither acted on nor refused yet, and its line.
    opinion: Option<(MarketId, Position)>,
    /// Fair value of YES in $0.000001 as last heard, per market.
    fair: BTreeMap<MarketId, i64>,
}

/// A position that differed from the one told, where and when.
#[derive(Clone, Copy, Debug)]
struct Doubt {
    at: Position,
    since: Nanos,
}

/// What execution said of a settlement, and what was held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settled {
    pub(super) position: Position,
    pub(super) held: Count,
    pub(super) payout: Money,
    before: Holding,
}

/// Where findings and counts go, the line that is judged, and the limits it is held to: `None`
/// when no configuration came before it.
pub(super) struct Book<'a> {
    pub(super) at: Position,
    pub(super) limits: Option<&'a Limits>,
    pub(super) found: &'a mut Findings,
    pub(super) counts: &'a mut Counts,
}

impl Book<'_> {
    fn tell(&mut self, rule: Rule, what: &'static str, numbers: &[(&'static str, &dyn ToString)]) {
        let finding = Finding::new(rule, what, Some(self.at));
        let finding = numbers.iter().fold(finding, |finding, (name, value)| finding.with(name, value.to_string()));
        self.found.push(finding);
    }

    fn place(&mut self) -> Place<'_> {
        Place { at: self.at, found: self.found }
    }
}

impl Run {
    /// One line of execution's stream.
    pub(super) fn fact(&mut self, said: bool, event: &Event, book: &mut Book) {
        book.counts.one("prefixes");
        if said {
            self.say(event, book);
        } else {
            self.cash.hear(book.at, book.found, book.counts);
            self.end_opinion(book.found);
            self.hear(event, book);
        }
    }

    /// The run is over: what was never told is lost.
    pub(super) fn finish(&mut self, found: &mut Findings, counts: &mut Counts) {
        for market in std::mem::take(&mut self.doubts).into_iter() {
            self.tell_doubt(market, found);
        }
        self.cash.close_step(found, counts);
        self.end_opinion(found);
        self.orders.finish(&self.names, self.last, found, counts);
    }

    // ---- heard -------------------------------------------------------------------------------

    fn hear(&mut self, event: &Event, book: &mut Book) {
        self.names.hear(event);
        let touched = match *event {
            Event::OrderAccepted { .. } | Event::OrderRejected { .. } | Event::OrderUnknown { .. } => {
                book.counts.one("answers");
                self.orders.answer(book.at, event, book.found)
            }
            Event::CancelAccepted { .. } => self.orders.canceled(book.at, event, book.found),
            Event::OrderUpdate { .. } => {
                book.counts.one("order_updates");
                let ids = self.ids.take();
                ids.and_then(|ids| self.orders.update(book.at, ids, event, book.found))
            }
            Event::Fill { market, .. } => {
                self.hear_fill(event, book);
                Some(market)
            }
            Event::MarketTerms { market, .. } | Event::Lifecycle { market, .. } => Some(market),
            Event::AccountWalked { .. } => {
                book.counts.one("walks");
                self.walks.hear(event);
                self.settle_doubts(book.found);
                None
            }
            _ => {
                self.remember(event, book.at);
                None
            }
        };
        let linked = self.orders.take_linked();
        for (trade, fact) in &linked {
            self.book_fill(*trade, fact, event.ts(), book);
        }
        let filled: BTreeSet<_> = linked.iter().map(|(_, fact)| fact.market).collect();
        for market in &filled {
            self.check_position(*market, event.ts(), book);
        }
        let changed: BTreeSet<_> = touched.into_iter().chain(filled).collect();
        for market in changed {
            self.weigh(market, book);
        }
    }

    /// An opinion ends in an intent or in a refusal that says why, before the next thing is heard.
    fn end_opinion(&mut self, found: &mut Findings) {
        if let Some((market, at)) = self.opinion.take() {
            found.push(Finding::new(Rule::J3, "opinion_without_end", Some(at)).with("market", market.0));
        }
    }

    /// First halves, and what later facts are judged by.
    fn remember(&mut self, event: &Event, at: Position) {
        match *event {
            Event::RunStarted { mode, epoch, nonce, .. } => {
                self.mode = Some(mode);
                self.id = (epoch, nonce);
                (self.fill_trade, self.ids) = (None, None);
                self.orders.restart(at);
            }
            Event::Opinion { market, q_yes_e9, .. } => {
                self.fair.insert(market, i64::from(q_yes_e9 / 1_000));
                self.opinion = Some((market, at));
            }
            Event::OrderIds { order, client, .. } => self.ids = Some((order, client)),
            Event::FillTrade { trade, client, post_position, .. } => {
                self.fill_trade = Some((trade, client, post_position));
            }
            _ => {}
        }
    }

    fn hear_fill(&mut self, event: &Event, book: &mut Book) {
        let Event::Fill { side, is_taker, market, order, count, fee, price, .. } = *event else { return };
        let Some((trade, client, told_position)) = self.fill_trade.take() else {
            book.tell(Rule::J3, "fill_without_trade", &[("order", &order)]);
            return;
        };
        let is_taker = is_taker != 0;
        let fact = FillFact { position: book.at, client, market, side, price, count, fee, is_taker };
        match self.orders.fill(trade, order, fact, book.found) {
            Booking::Again(first) => self.cash.heard_again(trade, first),
            Booking::New if told_position != POSITION_NOT_TOLD => {
                self.told_positions.insert(market, (trade, told_position));
            }
            Booking::New => {}
        }
    }

    /// A fill that is known to be ours counts from here on.
    fn book_fill(&mut self, trade: Uuid, fact: &FillFact, ts: Nanos, book: &mut Book) {
        book.counts.one("fills");
        let holding = self.holdings.entry(fact.market).or_default();
        let moved = holding.fill(fact.side, fact.price, fact.count, fact.fee);
        self.cash.due(moved.cash, i128::from(fact.fee.0));
        if let Some(limits) = book.limits {
            self.risk.gained(ts, moved.gained, limits);
        }
        if self.settled.contains_key(&fact.market) {
            book.tell(Rule::J3, "fill_after_settlement", &[("trade", &trade)]);
        }
    }

    /// The position the venue told with its latest fill, once all fills of the market count. A fill
    /// before it that the stream lost comes with the next walk through the list.
    fn check_position(&mut self, market: MarketId, ts: Nanos, book: &mut Book) {
        let Some((_, told)) = self.told_positions.get(&market) else { return };
        if self.orders.awaits_name(market) {
            return;
        }
        if self.position(market) == i128::from(told.0) {
            self.doubts.remove(&market);
            return;
        }
        self.doubts.entry(market).or_insert(Doubt { at: book.at, since: ts });
        if !self.walks.are_known() {
            self.settle_doubts(book.found);
        }
    }

    fn position(&self, market: MarketId) -> i128 {
        self.holdings.get(&market).map_or(0, |holding| holding.position)
    }

    /// Doubts that no list has explained.
    fn settle_doubts(&mut self, found: &mut Findings) {
        let unexplained = |doubt: &Doubt| !self.walks.are_known() || self.walks.fills_are_told_until(doubt.since);
        let over: Vec<_> =
            self.doubts.iter().filter(|(_, doubt)| unexplained(doubt)).map(|(id, at)| (*id, *at)).collect();
        for (market, doubt) in over {
            self.doubts.remove(&market);
            self.tell_doubt((market, doubt), found);
        }
    }

    fn tell_doubt(&self, (market, doubt): (MarketId, Doubt), found: &mut Findings) {
        let Some((trade, told)) = self.told_positions.get(&market) else { return };
        let own = self.position(market);
        if own != i128::from(told.0) {
            let differs = Finding::new(Rule::J4, "position_differs", Some(doubt.at)).with("trade", trade);
            found.push(differs.with("own", contracts(own)).with("told", told));
        }
    }

    // ---- said --------------------------------------------------------------------------------

    fn say(&mut self, event: &Event, book: &mut Book) {
        match *event {
            Event::OrderSized { market, market_loss, close_loss, total_loss, .. } => {
                self.orders.sized(market);
                let [market, close, total] = [market_loss, close_loss, total_loss].map(|loss| i128::from(loss.0));
                self.size_said = Some(Sums { market, close, total });
            }
            Event::Refused { .. } => {
                book.counts.one("refusals");
                self.opinion = None;
            }
            Event::OrderIntent { .. } => {
                self.opinion = None;
                self.intend(event, book);
            }
            Event::CancelIntent { client, .. } => {
                book.counts.one("cancels");
                if self.orders.market_of(client).is_none() {
                    book.tell(Rule::J3, "cancel_without_intent", &[("client", &client)]);
                }
            }
            Event::Posting { .. } => self.cash.posting(book.at, event, book.found, book.counts),
            Event::PositionSettled { .. } => self.settle(event, book),
            Event::OrderReleased { .. } => {
                book.counts.one("releases");
                if let Some(market) = self.orders.release(book.at, event, &self.walks, book.found) {
                    self.weigh(market, book);
                }
            }
            _ => {}
        }
    }

    fn intend(&mut self, intent: &Event, book: &mut Book) {
        let Event::OrderIntent { market, client, ts, side, price, count, post_only, .. } = *intent else { return };
        book.counts.one("orders");
        self.orders.intend(book.at, intent, self.id, book.found);
        if let Some(other) = self.orders.unknown_beside(market, client) {
            book.tell(Rule::J7, "intent_beside_unknown", &[("client", &client), ("unknown", &other)]);
        }
        let said = self.size_said.take();
        let Some(limits) = book.limits else { return };
        self.check_collar((market, client), i64::from(price.0) * 100, limits, book);
        let Some(rates) = self.names.rates(market) else {
            book.tell(Rule::J6, "intent_without_terms", &[("client", &client)]);
            return;
        };
        let order = Open { side, price, count: i128::from(count.0), rate_ppm: rates.of(post_only != 0) };
        self.risk.check_order(&order, limits, &mut book.place());
        let own = self.weigh(market, book);
        if let Some(said) = said {
            let mut place = Place { at: book.at, found: book.found };
            self.risk.check_said(said, own, &mut place, book.counts);
        }
        self.risk.check_day(ts, self.daily_rule(limits), limits, &mut book.place());
        self.check_cash(limits, book);
    }

    fn daily_rule(&self, limits: &Limits) -> DailyRule {
        match limits.daily_rule {
            DailyRule::Auto if self.mode == Some(Mode::Live) => DailyRule::Cap,
            DailyRule::Auto => DailyRule::Stop,
            rule @ (DailyRule::Cap | DailyRule::Stop) => rule,
        }
    }

    fn check_collar(&self, order: (MarketId, ClientId), price: i64, limits: &Limits, book: &mut Book) {
        let (Some(fair), Some(collar)) = (self.fair.get(&order.0), limits.collar) else { return };
        book.counts.one("collars");
        if i128::from(price).abs_diff(i128::from(*fair)) > u128::from(collar.0.unsigned_abs()) {
            let numbers: [(_, &dyn ToString); 4] =
                [("client", &order.1), ("price", &Money(price)), ("fair", &Money(*fair)), ("collar", &collar)];
            book.tell(Rule::J8, "outside_collar", &numbers);
        }
    }

    /// What all open orders could take from the account at once, less what pairs would free.
    fn check_cash(&self, limits: &Limits, book: &mut Book) {
        let Some(cash) = self.cash.balance() else { return };
        let live = self.orders.all.values().filter(|order| order.outstanding() > 0);
        let markets: BTreeSet<_> = live.map(|order| order.market).collect();
        let reserved_in = |market: MarketId| {
            let open = self.open(market);
            let cost: i128 = open.iter().map(|order| order.cost(limits.fee_precision)).sum();
            let freed = self.holdings.get(&market).map_or(0, Holding::pairs_worth);
            (cost - freed).max(0)
        };
        let reserved: i128 = markets.into_iter().map(reserved_in).sum();
        if reserved > cash {
            book.tell(Rule::J6, "limit_cash", &[("reserved", &dollars(reserved)), ("cash", &dollars(cash))]);
        }
    }

    /// A settlement: of what is held, or the correction of one that was paid.
    fn settle(&mut self, said: &Event, book: &mut Book) {
        let Event::PositionSettled { outcome, market, position, payout, cost, fees, day_result, ts, .. } = *said else {
            return;
        };
        book.counts.one("settlements");
        let told = self.names.market(market).cloned().unwrap_or_default();
        let holding = self.holdings.entry(market).or_default();
        let corrected = self.settled.get(&market).filter(|_| holding.position == 0).copied();
        let before = corrected.map_or(*holding, |settled| settled.before);
        let precision = book.limits.map_or(Limits::DIRECT_MEMBER, |limits| limits.fee_precision);
        let due = before.payout(outcome, told.value, precision);
        let paid = corrected.map_or(0, |settled| i128::from(settled.payout.0));
        holding.paid -= due - paid;
        (holding.position, holding.cost) = (0, 0);
        self.cash.due(due - paid, 0);
        let settled = Settled { position: book.at, held: position, payout, before };
        self.settled.insert(market, settled);
        if told.outcome != outcome {
            book.tell(Rule::J5, "settled_outcome", &[("said", &outcome.word()), ("told", &told.outcome.word())]);
        }
        let pairs = [
            ("settled_position", i128::from(position.0), before.position),
            ("settled_payout", i128::from(payout.0), due),
            ("settled_cost", i128::from(cost.0), before.cost),
            ("settled_fees", i128::from(fees.0), before.fees),
        ];
        for (what, said, own) in pairs.into_iter().filter(|(_, said, own)| said != own) {
            let shown =
                |amount| if what == "settled_position" { contracts(amount).to_string() } else { dollars(amount) };
            book.tell(Rule::J5, what, &[("market", &market.0), ("said", &shown(said)), ("own", &shown(own))]);
        }
        if let Some(limits) = book.limits {
            let gained = if corrected.is_some() { due - paid } else { due - before.cost };
            self.risk.gained(ts, gained, limits);
            let own = self.risk.day_result(ts, limits);
            if i128::from(day_result.0) != own {
                book.tell(Rule::J5, "day_result_differs", &[("said", &day_result), ("own", &dollars(own))]);
            }
        }
        self.weigh(market, book);
    }

    // ---- the limits --------------------------------------------------------------------------

    fn open(&self, market: MarketId) -> Vec<Open> {
        self.orders.open(market, self.names.rates(market).unwrap_or_default())
    }

    /// The limits after this prefix, with the market that changed recomputed.
    fn weigh(&mut self, market: MarketId, book: &mut Book) -> Sums {
        let Some(limits) = book.limits else { return Sums::default() };
        book.counts.one("limit_checks");
        let told = self.names.market(market);
        let close = told.and_then(|told| told.close);
        let is_over = told.is_some_and(super::names::Market::is_over);
        let holding = self.holdings.get(&market).copied().unwrap_or_default();
        let worst =
            if is_over { Worst::default() } else { Worst::of(&holding, &self.open(market), limits.fee_precision) };
        self.risk.market_changed(market, close, worst, limits, &mut book.place())
    }
}

/// A position in 0.01 contracts as people read it.
fn contracts(units: i128) -> Count {
    Count(i64::try_from(units).unwrap_or(i64::MAX))
}
