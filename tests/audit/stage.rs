//! The execution stage itself under the checker: made-up worlds, every line of its stream written
//! down as the line does, and nothing to find. With a fault planted in the stage, its row finds it.

use crate::story::{Line, NONCE, START, audited, findings, heard, said};
use kalshi_trader::audit::Report;
use std::collections::BTreeMap;
use trader_exec::{Exec, Reconciliation, Settings};
use trader_journal::book::Side;
use trader_journal::event::{
    AccountList, ClientId, EvalId, Event, EventId, LifecycleKind, MarketId, Mode, OrderStatus, Outcome, RejectReason,
    Ring, SeriesId, SeriesMode, StrikeKind, Style, UnknownReason, UpdateReason, Uuid, pad,
};
use trader_journal::fee::{Execution, FeeRates, FeeSchedule, OrderFees, Precision, Role};
use trader_journal::grid::PriceGrid;
use trader_journal::stage::{Outbox, Stage};
use trader_journal::units::{Count, Money, Nanos, Price};

/// xorshift64*: chance for a test, the same everywhere.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }

    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

struct World {
    exec: Exec,
    out: Outbox,
    lines: Vec<Line>,
    now: Nanos,
    chance: Chance,
    eval: u32,
    trades: u64,
    held: BTreeMap<MarketId, i64>,
    /// Orders at the venue that its lists do not show yet.
    unlisted: u32,
}

fn settings() -> Settings {
    Settings {
        trades_per_hour_max: 100,
        trades_per_day_max: 100,
        orders_per_window_max: 100,
        orders_identical_max: 100,
        orders_per_minute_max: 100,
        quiet_after_cancel_all_ns: 0,
        reconcile: Some(Reconciliation::default()),
        ..Settings::default()
    }
}

fn schedule() -> FeeSchedule {
    FeeSchedule { rates: FeeRates::new(70_000, 0).unwrap(), precision: Precision::Centicent }
}

fn uuid(kind: u8, number: u64) -> Uuid {
    let mut bytes = [kind; 16];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Uuid(bytes)
}

impl World {
    /// An account of $1,000 and eight markets, four of each close.
    fn new(seed: u64, settings: Settings) -> World {
        let mut world = World {
            exec: Exec::new(settings),
            out: Outbox::new(Exec::SAYS_MAX),
            lines: Vec::new(),
            now: Nanos(START),
            chance: Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            eval: 0,
            trades: 0,
            held: BTreeMap::new(),
            unlisted: 0,
        };
        let ts = world.now;
        let (mode, epoch) = (Mode::Sim, 1);
        world.hear(Ring::Shell, Event::RunStarted { mode, pad: pad(), epoch, ts, seed, nonce: NONCE, pad2: pad() });
        let available = Money(1_000_000_000);
        world.told(Event::Balance { shard: 2, pad: pad(), ts, available, as_of: ts, pad2: pad() });
        world.told(Event::SeriesTerms {
            mode: SeriesMode::Digital,
            shard: 2,
            series: SeriesId(0),
            ts,
            ticker: [0; 16],
            taker_rate_ppm: 70_000,
            maker_rate_ppm: 0,
            settlement_timer_s: 1,
            pad: pad(),
        });
        let ranges = PriceGrid::LINEAR_CENT.table();
        world.told(Event::GridDefined { grid: 1, ranges_used: 1, pad: pad(), ts, ranges, pad2: pad() });
        for market in 0..8 {
            world.open(market, Nanos(START + (900 + 900 * u64::from(market % 2)) * Nanos::SECOND));
        }
        world
    }

    fn open(&mut self, number: u32, close: Nanos) {
        let (ts, event, market) = (self.now, EventId(number), MarketId(number));
        let (ticker, ticker_len, series) = ([0; 36], 0, SeriesId(0));
        self.told(Event::EventNamed { ticker_len, pad: pad(), event, ts, ticker, series });
        self.told(Event::MarketNamed { ticker_len, pad: pad(), market, ts, ticker, event });
        self.told(Event::MarketTerms {
            strike: StrikeKind::GreaterOrEqual,
            grid: 1,
            market,
            ts,
            floor: Money(100_000_000_000),
            cap: Money::ZERO,
            open: Nanos(START),
            close,
            event,
            pad: pad(),
        });
        self.turn(market, LifecycleKind::Opened, Outcome::Open);
    }

    fn turn(&mut self, market: MarketId, kind: LifecycleKind, outcome: Outcome) {
        let value = match outcome {
            Outcome::Yes => Money::DOLLAR,
            Outcome::Scalar => Money(370_000),
            Outcome::Open | Outcome::No | Outcome::Void => Money::ZERO,
        };
        let (ts, close, settlement) = (self.now, Nanos(0), Money::ZERO);
        self.told(Event::Lifecycle { kind, outcome, market, ts, venue_ts: ts, close, value, settlement, pad: pad() });
    }

    fn told(&mut self, event: Event) {
        self.hear(Ring::KalshiExec, event);
    }

    /// Heard before handled, said after: as the line writes it.
    fn hear(&mut self, ring: Ring, event: Event) -> Vec<Event> {
        self.lines.push(heard(ring, event));
        self.out.clear();
        self.exec.on(&event, &mut self.out);
        self.lines.extend(self.out.events().iter().copied().map(said));
        self.out.events().to_vec()
    }

    /// The account is read, whole.
    fn read(&mut self) {
        let ts = self.now;
        let lists = [AccountList::Orders, AccountList::Fills, AccountList::Positions, AccountList::Settlements];
        for list in lists {
            let held: Vec<_> = self.held.iter().map(|(market, held)| (*market, *held)).collect();
            for (market, held) in held.into_iter().filter(|_| list == AccountList::Positions) {
                let (position, as_of) = (Count(held), ts);
                self.told(Event::PositionTold { pad: pad(), market, ts, position, as_of, pad2: pad() });
            }
            let (as_of, asked, since) = (ts, ts, Nanos(START - 60 * Nanos::SECOND));
            let rows = 0;
            self.told(Event::AccountWalked {
                list,
                pad: pad(),
                rows,
                ts,
                as_of,
                asked,
                since,
                strange: 0,
                pad2: pad(),
            });
        }
        let available = self.exec.ledger().cash();
        self.told(Event::Balance { shard: 2, pad: pad(), ts, available, as_of: ts, pad2: pad() });
    }

    /// One opinion, and the fate of the order it may lead to.
    fn trade(&mut self) {
        self.now = self.now.plus((1 + self.chance.below(10)) * Nanos::SECOND);
        if self.unlisted == 0 {
            self.read();
        }
        self.eval += 1;
        let (ts, eval, market) = (self.now, EvalId(self.eval), MarketId(self.chance.below(8) as u32));
        let side = if self.chance.once_in(2) { Side::Bid } else { Side::Ask };
        let cents = 5 + self.chance.below(90) as u16;
        // Up to a cent beyond the collar.
        let edge = 30_000_000 + self.chance.below(14) as u32 * 10_000_000;
        let fair = u32::from(cents) * 10_000_000;
        let q_yes_e9 = if side == Side::Bid { fair + edge } else { fair.saturating_sub(edge) }.min(1_000_000_000);
        let (mid, limit) = (Price(cents * 100), Price(cents * 100));
        let (book_ts, index_ts, source_ts) = (ts, ts, ts);
        let basis =
            Event::OpinionBasis { pad: pad(), market, ts, book_ts, index_ts, source_ts, eval, mid, pad2: pad() };
        self.hear(Ring::PricingExec, basis);
        let opinion = Event::Opinion {
            side,
            style: Style::Taker,
            market,
            ts,
            eval,
            q_yes_e9,
            depth_cap: Count(100 * (1 + self.chance.below(300) as i64)),
            fraction_e9: 400_000_000,
            limit,
            pad: pad(),
            edge_gross_min: 20_000,
            edge_net_min: 10_000,
            legs_left: 0,
            pad2: pad(),
        };
        for event in self.hear(Ring::PricingExec, opinion) {
            if let Event::OrderIntent { client, market, side, count, price, .. } = event {
                self.answer(&Sent { client, market, side, count, price });
            }
        }
    }

    fn answer(&mut self, sent: &Sent) {
        let (ts, client) = (self.now, sent.client);
        let reason = RejectReason::MarketInactive;
        let fate = self.chance.below(10);
        if fate == 0 {
            let no = Event::OrderRejected { reason, pad: pad(), status: 409, ts, client, pad2: pad() };
            self.hear(Ring::GatewayExec, no);
            return;
        }
        let filled = if fate < 6 { sent.count.0 } else { self.chance.below(sent.count.0 as u64 + 1) as i64 };
        let order = uuid(0xa0, client.seq);
        let remaining = 0;
        let yes = Event::OrderAccepted { pad: pad(), ts, client, order, filled: filled as u32, remaining };
        let lost =
            Event::OrderUnknown { reason: UnknownReason::Timeout, pad: pad(), status: 0, ts, client, pad2: pad() };
        match fate {
            1 => {
                self.fills(sent, filled);
                self.hear(Ring::GatewayExec, yes);
            }
            2 => {
                self.hear(Ring::GatewayExec, lost);
                // Others may be traded meanwhile; then the stream tells what became of it.
                self.unlisted += 1;
                (0..self.chance.below(3)).for_each(|_| self.trade());
                self.unlisted -= 1;
                self.fills(sent, filled);
            }
            3 => {
                self.hear(Ring::GatewayExec, lost);
                return;
            }
            _ => {
                self.hear(Ring::GatewayExec, yes);
                self.fills(sent, filled);
            }
        }
        self.update(sent, filled);
    }

    /// The fill's pieces, at the limit or better; some are told twice, some without our identifier.
    fn fills(&mut self, sent: &Sent, filled: i64) {
        let mut left = filled;
        let mut fees = OrderFees::default();
        while left > 0 {
            let count = Count(if self.chance.once_in(2) { left } else { 1 + self.chance.below(left as u64) as i64 });
            left -= count.0;
            let better = self.chance.below(3) as u16 * 100;
            let price = match sent.side {
                Side::Bid => Price(sent.price.0.saturating_sub(better).max(100)),
                Side::Ask => Price((sent.price.0 + better).min(9_900)),
            };
            let execution = Execution { side: sent.side, role: Role::Taker, price, count };
            let fee = fees.fill(&schedule(), &execution).unwrap().net_fee;
            let signed = if sent.side == Side::Bid { count.0 } else { -count.0 };
            let held = self.held.entry(sent.market).or_default();
            *held += signed;
            let post_position = Count(*held);
            self.trades += 1;
            let (ts, market, trade) = (self.now, sent.market, uuid(0x77, self.trades));
            let client = if self.chance.once_in(4) { ClientId::FOREIGN } else { sent.client };
            let halves = [
                Event::FillTrade { pad: pad(), market, ts, trade, client, post_position },
                Event::Fill {
                    side: sent.side,
                    is_taker: 1,
                    market,
                    ts,
                    order: uuid(0xa0, sent.client.seq),
                    count,
                    fee,
                    price,
                    pad: pad(),
                },
            ];
            for _ in 0..=u32::from(self.chance.once_in(5)) {
                halves.into_iter().for_each(|half| self.told(half));
            }
        }
    }

    fn update(&mut self, sent: &Sent, filled: i64) {
        let (ts, market, order) = (self.now, sent.market, uuid(0xa0, sent.client.seq));
        let status = if filled == sent.count.0 { OrderStatus::Executed } else { OrderStatus::Canceled };
        self.told(Event::OrderIds { pad: pad(), market, ts, order, client: sent.client, pad2: pad() });
        self.told(Event::OrderUpdate {
            status,
            reason: UpdateReason::None,
            market,
            ts,
            filled: Count(filled),
            remaining: Count(0),
            venue_ts: ts,
            price: sent.price,
            side: sent.side,
            pad: pad(),
        });
    }

    fn settle(&mut self, close: u64) {
        self.now = Nanos(START + (900 + 900 * close) * Nanos::SECOND);
        for number in (0..8).filter(|number| u64::from(number % 2) == close) {
            let outcomes = [Outcome::Yes, Outcome::No, Outcome::No, Outcome::Yes, Outcome::Scalar, Outcome::Void];
            let outcome = outcomes[self.chance.below(6) as usize];
            self.turn(MarketId(number), LifecycleKind::Closed, Outcome::Open);
            self.turn(MarketId(number), LifecycleKind::Determined, outcome);
            self.turn(MarketId(number), LifecycleKind::Finalized, outcome);
            self.held.remove(&MarketId(number));
        }
    }
}

/// An order that was said.
struct Sent {
    client: ClientId,
    market: MarketId,
    side: Side,
    count: Count,
    price: Price,
}

/// One made-up world from open to the last settlement.
fn lived(seed: u64, settings: Settings) -> Report {
    let mut world = World::new(seed, settings);
    (0..30).for_each(|_| world.trade());
    world.settle(0);
    (0..30).for_each(|_| world.trade());
    world.settle(1);
    audited(&world.lines, None).unwrap()
}

#[test]
fn the_stage_keeps_every_promise_in_every_world() {
    let mut checked = BTreeMap::new();
    for seed in 1..=80 {
        let report = lived(seed, settings());
        assert_eq!(findings(&report), [], "seed {seed}: {:#?}", report.findings.kept());
        for (what, number) in report.counts.iter() {
            *checked.entry(what).or_insert(0) += number;
        }
    }
    // A rule that was never asked proves nothing.
    let floors = [("orders", 500), ("fills", 500), ("settlements", 150), ("trades_heard_again", 50)];
    for (what, least) in floors {
        assert!(checked[what] >= least, "{what}: {checked:?}");
    }
    assert!(checked["releases"] > 20, "{checked:?}");
    assert!(checked["orders_rejected"] > 25 && checked["refusals"] > 250, "{checked:?}");
}

#[cfg(feature = "planted")]
#[test]
fn a_fault_planted_in_the_stage_is_found_by_its_row() {
    use trader_exec::Plant;
    let rows = [
        (Plant::ForgetFee, ("J5", "fee_not_as_charged")),
        (Plant::FillTwice, ("J4", "booked_twice")),
        (Plant::DropUnknown, ("J7", "intent_beside_unknown")),
        (Plant::SkipPositionLimit, ("J6", "limit_market")),
        (Plant::SkipCloseLimit, ("J6", "limit_close")),
        (Plant::SkipDailyLoss, ("J6", "limit_day_stop")),
        (Plant::SkipCollar, ("J8", "outside_collar")),
        (Plant::SameClientId, ("J4", "intent_twice")),
        (Plant::LoseRefusal, ("J3", "opinion_without_end")),
        (Plant::WrongSettlement, ("J5", "settled_payout")),
        (Plant::ReleaseUnproven, ("J7", "released_without_proof")),
    ];
    for (plant, row) in rows {
        let mut found = Vec::new();
        for seed in 1..=40 {
            found.extend(findings(&lived(seed, Settings { plant: Some(plant), ..settings() })));
        }
        assert!(found.contains(&row), "{plant:?}: {found:?}");
    }
}
