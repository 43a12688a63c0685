//! A small world around the stage: terms, opinions and reports as the line would tell them.

use proptest::prelude::ProptestConfig;
use trader_exec::{Exec, Settings};
use trader_journal::book::Side;
use trader_journal::event::{
    ClientId, EvalId, Event, EventId, Gate, LifecycleKind, MarketId, Mode, OperatorVerb, OrderStatus, Outcome,
    RejectReason, SeriesId, SeriesMode, StrikeKind, Style, UnknownReason, UpdateReason, Uuid, pad,
};
use trader_journal::grid::PriceGrid;
use trader_journal::stage::{Outbox, Stage};
use trader_journal::units::{Count, Money, Nanos, Price};

/// 2026-11-02 12:00:00 UTC, a quarter hour's open.
pub(crate) const NOON: u64 = 1_793_620_800;

/// So many cases; a failure is told, not kept in a file.
pub(crate) fn asked(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

pub(crate) fn at(seconds_after_noon: u64) -> Nanos {
    Nanos((NOON + seconds_after_noon) * Nanos::SECOND)
}

pub(crate) fn usd(dollars: i64) -> Money {
    Money(dollars * 1_000_000)
}

pub(crate) fn contracts(whole: i64) -> Count {
    Count(whole * 100)
}

/// The venue's name for our n-th order.
pub(crate) fn order_id(n: u64) -> Uuid {
    let mut bytes = [0xa0; 16];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    Uuid(bytes)
}

/// The venue's name for the n-th trade.
pub(crate) fn trade_id(n: u64) -> Uuid {
    let mut bytes = [0x77; 16];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    Uuid(bytes)
}

/// An order the stage asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Intent {
    pub(crate) client: ClientId,
    pub(crate) market: MarketId,
    pub(crate) side: Side,
    pub(crate) price: Price,
    pub(crate) count: Count,
    pub(crate) expires: Nanos,
    pub(crate) post_only: u8,
}

/// An opinion before it is said. The default is one that every gate lets pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) market: u32,
    pub(crate) side: Side,
    pub(crate) style: Style,
    pub(crate) q_yes_e9: u32,
    pub(crate) limit: u16,
    pub(crate) fraction_e9: u32,
    pub(crate) depth: Count,
    pub(crate) book_age_ms: u64,
    pub(crate) index_age_ms: Option<u64>,
    pub(crate) source_age_ms: Option<u64>,
    pub(crate) opinion_age_ms: u64,
    pub(crate) gross_min: i32,
    pub(crate) net_min: i32,
}

impl Default for View {
    fn default() -> View {
        View {
            market: 1,
            side: Side::Bid,
            style: Style::Taker,
            q_yes_e9: 500_000_000,
            limit: 4_000,
            fraction_e9: 50_000_000,
            depth: contracts(1_000),
            book_age_ms: 100,
            index_age_ms: Some(500),
            source_age_ms: Some(500),
            opinion_age_ms: 0,
            gross_min: 40_000,
            net_min: 20_000,
        }
    }
}

/// The stage with its outbox and a clock that only moves when told.
pub(crate) struct Desk {
    pub(crate) exec: Exec,
    out: Outbox,
    pub(crate) now: Nanos,
    pub(crate) said: Vec<Event>,
    pub(crate) heard: Vec<Event>,
    /// What was heard and what was said, in order: what a journal would hold.
    pub(crate) log: Vec<Event>,
    eval: u32,
    trade: u64,
}

impl Desk {
    /// An account of $1,000 and markets 1 (up/down, closes in 15 minutes), 2 and 3 (ranges of the same
    /// close) and 4 (of the next quarter hour), one second after noon.
    pub(crate) fn new(settings: Settings) -> Desk {
        let mut desk = Desk::bare(settings);
        desk.hear(balance(2, at(0), usd(1_000)));
        desk.series(0, SeriesMode::Digital);
        desk.series(1, SeriesMode::Bracket);
        desk.grid();
        desk.market(1, 0, at(900));
        desk.market(2, 1, at(900));
        desk.market(3, 1, at(900));
        desk.market(4, 0, at(1_800));
        desk.now = at(1);
        desk
    }

    /// A stage that has heard nothing but its epoch.
    pub(crate) fn bare(settings: Settings) -> Desk {
        let out = Outbox::new(Exec::SAYS_MAX);
        let mut desk = Desk {
            exec: Exec::new(settings),
            out,
            now: at(0),
            said: Vec::new(),
            heard: Vec::new(),
            log: Vec::new(),
            eval: 0,
            trade: 0,
        };
        let (mode, seed) = (Mode::Sim, 0);
        desk.hear(Event::RunStarted { mode, pad: pad(), epoch: 3, ts: at(0), seed, nonce: 0xbeef, pad2: pad() });
        desk
    }

    /// Grid 1: whole cents.
    pub(crate) fn grid(&mut self) {
        let ranges = PriceGrid::LINEAR_CENT.table();
        self.hear(Event::GridDefined { grid: 1, ranges_used: 1, pad: pad(), ts: at(0), ranges, pad2: pad() });
    }

    pub(crate) fn series(&mut self, series: u32, mode: SeriesMode) {
        self.hear(Event::SeriesTerms {
            mode,
            shard: 2,
            series: SeriesId(series),
            ts: self.now,
            ticker: [0; 16],
            taker_rate_ppm: 70_000,
            maker_rate_ppm: 0,
            settlement_timer_s: 1,
            pad: pad(),
        });
    }

    /// Names a market, tells its terms and opens it.
    pub(crate) fn market(&mut self, market: u32, series: u32, close: Nanos) {
        let (event, ts) = (EventId(market), self.now);
        self.hear(Event::EventNamed {
            ticker_len: 0,
            pad: pad(),
            event,
            ts,
            ticker: [0; 36],
            series: SeriesId(series),
        });
        self.hear(Event::MarketNamed {
            ticker_len: 0,
            pad: pad(),
            market: MarketId(market),
            ts,
            ticker: [0; 36],
            event,
        });
        self.terms(market, StrikeKind::GreaterOrEqual, close);
        self.lifecycle(market, LifecycleKind::Opened, Outcome::Open, Money::ZERO);
    }

    pub(crate) fn terms(&mut self, market: u32, strike: StrikeKind, close: Nanos) {
        self.hear(Event::MarketTerms {
            strike,
            grid: 1,
            market: MarketId(market),
            ts: self.now,
            floor: usd(100_000),
            cap: Money::ZERO,
            open: at(0),
            close,
            event: EventId(market),
            pad: pad(),
        });
    }

    pub(crate) fn lifecycle(&mut self, market: u32, kind: LifecycleKind, outcome: Outcome, value: Money) {
        self.hear(Event::Lifecycle {
            kind,
            outcome,
            market: MarketId(market),
            ts: self.now,
            venue_ts: self.now,
            close: at(1_200),
            value,
            settlement: Money::ZERO,
            pad: pad(),
        });
    }

    /// Determined and paid at once.
    pub(crate) fn settle(&mut self, market: u32, outcome: Outcome) {
        let value = if outcome == Outcome::Yes { Money::DOLLAR } else { Money::ZERO };
        self.lifecycle(market, LifecycleKind::Determined, outcome, value);
        self.lifecycle(market, LifecycleKind::Finalized, outcome, value);
    }

    pub(crate) fn hear(&mut self, event: Event) -> Vec<Event> {
        self.now = self.now.max(event.ts());
        self.out.clear();
        self.exec.on(&event, &mut self.out);
        self.said.extend_from_slice(self.out.events());
        self.heard.push(event);
        self.log.push(event);
        self.log.extend_from_slice(self.out.events());
        self.out.events().to_vec()
    }

    /// The stage's own deadline comes, if it has one.
    pub(crate) fn wait(&mut self) -> Vec<Event> {
        let due = self.exec.next_deadline();
        assert_ne!(due, Nanos::NEVER, "nothing to wait for");
        self.now = self.now.max(due);
        self.hear(Event::Timer { pad: pad(), ts: self.now, due, pad2: pad() })
    }

    /// The stage hears what time it is.
    pub(crate) fn tick(&mut self) -> Vec<Event> {
        self.hear(Event::Timer { pad: pad(), ts: self.now, due: self.now, pad2: pad() })
    }

    pub(crate) fn operator(&mut self, verb: OperatorVerb) -> Vec<Event> {
        self.hear(Event::Operator { verb, pad: pad(), by: 1, ts: self.now, why: [0; 40] })
    }

    // ---- opinions ----------------------------------------------------------------------------

    /// Tells an opinion of a new evaluation.
    pub(crate) fn opine(&mut self, view: &View) -> Vec<Event> {
        self.eval += 1;
        self.opine_again(view)
    }

    /// Tells an opinion of the evaluation before.
    pub(crate) fn opine_again(&mut self, view: &View) -> Vec<Event> {
        self.tick();
        let (market, ts) = (MarketId(view.market), self.now.minus(view.opinion_age_ms * Nanos::MILLI));
        let aged = |age: Option<u64>| age.map_or(Nanos(0), |ms| self.now.minus(ms * Nanos::MILLI));
        let basis = Event::OpinionBasis {
            pad: pad(),
            market,
            ts,
            book_ts: aged(Some(view.book_age_ms)),
            index_ts: aged(view.index_age_ms),
            source_ts: aged(view.source_age_ms),
            eval: EvalId(self.eval),
            mid: Price(view.limit),
            pad2: pad(),
        };
        self.hear(basis);
        self.hear(self.opinion(view, ts))
    }

    pub(crate) fn opinion(&self, view: &View, ts: Nanos) -> Event {
        Event::Opinion {
            side: view.side,
            style: view.style,
            market: MarketId(view.market),
            ts,
            eval: EvalId(self.eval),
            q_yes_e9: view.q_yes_e9,
            depth_cap: view.depth,
            fraction_e9: view.fraction_e9,
            limit: Price(view.limit),
            pad: pad(),
            edge_gross_min: view.gross_min,
            edge_net_min: view.net_min,
            legs_left: 0,
            pad2: pad(),
        }
    }

    /// The order an opinion led to.
    pub(crate) fn order(&mut self, view: &View) -> Intent {
        let said = self.opine(view);
        intent(&said).unwrap_or_else(|| panic!("no order: {said:?}"))
    }

    /// Which gate an opinion met, with its numbers.
    pub(crate) fn refusal(&mut self, view: &View) -> (Gate, i64, i64) {
        let said = self.opine(view);
        refusal(&said).unwrap_or_else(|| panic!("not refused: {said:?}"))
    }

    // ---- reports -----------------------------------------------------------------------------

    pub(crate) fn accepted(&mut self, intent: &Intent, filled: Count, remaining: Count) -> Vec<Event> {
        let event = accepted(self.now, intent, filled, remaining);
        self.hear(event)
    }

    /// A fill of a trade not heard before, at the order's limit, with a taker's fee.
    pub(crate) fn filled(&mut self, intent: &Intent, count: Count) -> Vec<Event> {
        self.trade += 1;
        let group = fill(self.now, intent, trade_id(self.trade), count, taker_fee(intent.price, count));
        self.group(group)
    }

    pub(crate) fn updated(
        &mut self,
        intent: &Intent,
        status: OrderStatus,
        reason: UpdateReason,
        filled: Count,
    ) -> Vec<Event> {
        let group = updated(self.now, intent, (status, reason), filled);
        self.group(group)
    }

    pub(crate) fn rejected(&mut self, intent: &Intent, reason: RejectReason) -> Vec<Event> {
        let (client, ts) = (intent.client, self.now);
        self.hear(Event::OrderRejected { reason, pad: pad(), status: 400, ts, client, pad2: pad() })
    }

    pub(crate) fn unknown(&mut self, intent: &Intent) -> Vec<Event> {
        let (client, ts, reason) = (intent.client, self.now, UnknownReason::Timeout);
        self.hear(Event::OrderUnknown { reason, pad: pad(), status: 0, ts, client, pad2: pad() })
    }

    pub(crate) fn group(&mut self, group: [Event; 2]) -> Vec<Event> {
        let mut said = self.hear(group[0]);
        said.extend(self.hear(group[1]));
        said
    }

    /// Accepted and filled whole at the limit.
    pub(crate) fn fill_whole(&mut self, intent: &Intent) {
        self.accepted(intent, intent.count, Count::ZERO);
        self.filled(intent, intent.count);
    }
}

/// 7 % of C·P·(1−P), aligned up to $0.0001: what a fill costs whose principal is
/// aligned already.
pub(crate) fn taker_fee(price: Price, count: Count) -> Money {
    let variance = i128::from(price.0) * i128::from(10_000 - price.0);
    let fee = (7 * i128::from(count.0) * variance + 999_999) / 1_000_000;
    Money((fee as i64 + 99) / 100 * 100)
}

pub(crate) fn balance(shard: u8, ts: Nanos, available: Money) -> Event {
    Event::Balance { shard, pad: pad(), ts, available, as_of: ts, pad2: pad() }
}

pub(crate) fn accepted(ts: Nanos, intent: &Intent, filled: Count, remaining: Count) -> Event {
    Event::OrderAccepted {
        pad: pad(),
        ts,
        client: intent.client,
        order: order_id(intent.client.seq),
        filled: filled.0 as u32,
        remaining: remaining.0 as u32,
    }
}

pub(crate) fn fill(ts: Nanos, intent: &Intent, trade: Uuid, count: Count, fee: Money) -> [Event; 2] {
    let (market, client) = (intent.market, intent.client);
    [
        Event::FillTrade { pad: pad(), market, ts, trade, client, post_position: Count::ZERO },
        Event::Fill {
            side: intent.side,
            is_taker: 1,
            market,
            ts,
            order: order_id(client.seq),
            count,
            fee,
            price: intent.price,
            pad: pad(),
        },
    ]
}

pub(crate) fn updated(ts: Nanos, intent: &Intent, how: (OrderStatus, UpdateReason), filled: Count) -> [Event; 2] {
    let (market, client, order) = (intent.market, intent.client, order_id(intent.client.seq));
    let open = matches!(how.0, OrderStatus::Resting);
    [
        Event::OrderIds { pad: pad(), market, ts, order, client, pad2: pad() },
        Event::OrderUpdate {
            status: how.0,
            reason: how.1,
            market,
            ts,
            filled,
            remaining: if open { Count(intent.count.0 - filled.0) } else { Count::ZERO },
            venue_ts: ts,
            price: intent.price,
            side: intent.side,
            pad: pad(),
        },
    ]
}

pub(crate) fn intent(said: &[Event]) -> Option<Intent> {
    said.iter().find_map(|event| match *event {
        Event::OrderIntent { client, market, side, price, count, expires, post_only, .. } => {
            Some(Intent { client, market, side, price, count, expires, post_only })
        }
        _ => None,
    })
}

pub(crate) fn refusal(said: &[Event]) -> Option<(Gate, i64, i64)> {
    said.iter().find_map(|event| match *event {
        Event::Refused { gate, needed, had, .. } => Some((gate, needed, had)),
        _ => None,
    })
}

/// The cancels among what was said: whose, and why.
pub(crate) fn cancels(said: &[Event]) -> Vec<(ClientId, trader_journal::event::CancelReason)> {
    let cancels = said.iter().filter_map(|event| match *event {
        Event::CancelIntent { client, reason, .. } => Some((client, reason)),
        _ => None,
    });
    cancels.collect()
}
