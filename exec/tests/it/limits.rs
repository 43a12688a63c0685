//! Limits hold at every prefix: any opinions, fills, refusals and silences, against an auditor that
//! reads nothing but the events.

use crate::checker::Checker;
use crate::desk::{Desk, Intent, View, accepted, asked, at, contracts, fill, intent, trade_id, updated, usd};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::BTreeSet;
use trader_exec::{DailyLossRule, Settings};
use trader_journal::book::Side;
use trader_journal::event::{Event, Gate, LifecycleKind, OrderStatus, Outcome, RejectReason, Style, UpdateReason};
use trader_journal::fee::{Execution, FeeRates, FeeSchedule, OrderFees, Precision, Role};
use trader_journal::units::{Count, Money, Nanos, Price};

/// One thing that happens. Numbers that choose (an order, a part) are taken modulo what there is.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Opine(View),
    Answer { order: usize, how: Answer },
    Settle { market: u32, outcome: Outcome, is_final: bool },
    Wait { ms: u64 },
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// A part is filled, at the limit or better; the stream tells the fill, once or twice.
    Fill {
        part: i64,
        better: u16,
        twice: bool,
    },
    /// The reply comes: with all that was filled, and what is still open if it rests.
    Reply,
    Reject,
    Silence,
    /// The stream tells where the order is.
    Update,
    /// The venue ends it, and says so.
    Cancel,
}

fn view() -> impl Strategy<Value = View> {
    let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    let style = prop_oneof![3 => Just(Style::Taker), 1 => Just(Style::Maker)];
    let numbers = (1..=6u32, 1..=99u16, 0..200_000_000u32, 0..400_000_000u32, 0..2_000i64);
    (side, style, numbers).prop_map(|(side, style, (market, cents, edge, fraction_e9, depth))| {
        let price = u32::from(cents) * 10_000_000;
        let q_yes_e9 = match side {
            Side::Bid => (price + edge).min(1_000_000_000),
            Side::Ask => price.saturating_sub(edge),
        };
        View {
            market,
            side,
            style,
            q_yes_e9,
            limit: cents * 100,
            fraction_e9,
            depth: contracts(depth),
            ..View::default()
        }
    })
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        4 => (1..10_000i64, 0..300u16, any::<bool>()).prop_map(|(part, better, twice)| Answer::Fill { part, better, twice }),
        3 => Just(Answer::Reply),
        1 => Just(Answer::Reject),
        1 => Just(Answer::Silence),
        1 => Just(Answer::Update),
        1 => Just(Answer::Cancel),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop::sample::select(vec![Outcome::Yes, Outcome::No, Outcome::Void]);
    prop_oneof![
        8 => view().prop_map(Step::Opine),
        9 => (any::<prop::sample::Index>(), answer())
            .prop_map(|(order, how)| Step::Answer { order: order.index(64), how }),
        1 => (1..=6u32, outcome, any::<bool>())
            .prop_map(|(market, outcome, is_final)| Step::Settle { market, outcome, is_final }),
        2 => (0..400_000u64).prop_map(|ms| Step::Wait { ms }),
        2 => (0..900u64).prop_map(|ms| Step::Wait { ms }),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    let rule = prop_oneof![Just(DailyLossRule::Cap), Just(DailyLossRule::Stop)];
    (rule, any::<bool>(), any::<bool>(), 20..80i64).prop_map(|(daily_loss_rule, is_busy, is_rich, loss)| {
        let base = Settings {
            daily_loss_rule,
            daily_loss_max: usd(loss),
            // The day turns ten minutes after the start.
            day_starts_ns: (12 * 3_600 + 600) * Nanos::SECOND,
            bankroll: if is_rich { usd(5_000) } else { usd(150) },
            near_close_ns_min: Nanos::SECOND,
            collar: Money(250_000),
            ..Settings::default()
        };
        let busy = Settings {
            trades_per_hour_max: 7,
            trades_per_day_max: 9,
            orders_identical_max: 9,
            orders_per_window_max: 30,
            ..base
        };
        if is_busy { busy } else { base }
    })
}

/// An order as the venue has it.
struct Real {
    intent: Intent,
    fees: OrderFees,
    filled: i64,
    is_over: bool,
    /// The venue has told that it has it.
    is_known: bool,
    /// Refused, or its market paid: the venue speaks of it no more.
    is_dead: bool,
}

pub(crate) struct World {
    pub(crate) desk: Desk,
    checker: Checker,
    read: usize,
    orders: Vec<Real>,
    trade: u64,
    paid: Vec<u32>,
}

impl World {
    fn new(settings: Settings) -> World {
        let mut desk = Desk::new(settings);
        desk.market(5, 0, at(1_800));
        desk.market(6, 0, at(40 * 3_600));
        World { desk, checker: Checker::new(settings), read: 0, orders: Vec::new(), trade: 0, paid: Vec::new() }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Opine(view) => {
                let said = self.desk.opine(&view);
                let real = |intent| Real {
                    intent,
                    fees: OrderFees::default(),
                    filled: 0,
                    is_over: false,
                    is_known: false,
                    is_dead: false,
                };
                self.orders.extend(intent(&said).map(real));
            }
            Step::Answer { order, how } if !self.orders.is_empty() => self.answer(order % self.orders.len(), how),
            Step::Answer { .. } => {}
            Step::Settle { market, outcome, is_final } => self.settle(market, outcome, is_final),
            Step::Wait { ms } => {
                self.desk.now = self.desk.now.plus(ms * Nanos::MILLI);
                self.desk.tick();
            }
        }
        self.audit();
    }

    fn audit(&mut self) {
        for event in &self.desk.log[self.read..] {
            self.checker.read(event);
        }
        self.read = self.desk.log.len();
        assert_eq!(self.desk.exec.ledger().cash(), self.checker.cash());
        assert_eq!(self.desk.exec.ledger().sum(), Money::ZERO);
        assert_eq!(self.desk.exec.ledger().day_result(), self.checker.day_result());
    }

    fn settle(&mut self, market: u32, outcome: Outcome, is_final: bool) {
        if self.paid.contains(&market) {
            return;
        }
        if is_final {
            self.paid.push(market);
            // The venue ends what rests before it pays.
            for order in self.orders.iter_mut().filter(|order| order.intent.market.0 == market) {
                (order.is_over, order.is_dead) = (true, true);
            }
            return self.desk.settle(market, outcome);
        }
        self.desk.lifecycle(market, LifecycleKind::Determined, outcome, Money::ZERO);
    }

    fn answer(&mut self, at: usize, how: Answer) {
        let now = self.desk.now;
        let Real { intent, filled, is_over, is_dead, .. } = self.orders[at];
        let (done, open) = (Count(filled), Count(intent.count.0 - filled));
        if is_dead {
            return;
        }
        let is_known = std::mem::replace(&mut self.orders[at].is_known, !matches!(how, Answer::Silence));
        self.orders[at].is_known |= is_known;
        match how {
            Answer::Fill { part, better, twice } if !is_over && open.0 > 0 => self.fill(at, part, better, twice),
            Answer::Fill { .. } => {}
            Answer::Reply => {
                let rests = intent.post_only == 1 && !is_over;
                self.orders[at].is_over |= !rests;
                self.desk.hear(accepted(now, &intent, done, if rests { open } else { Count::ZERO }));
            }
            Answer::Reject if !is_known && !is_over => {
                self.orders[at].is_dead = true;
                self.desk.rejected(&intent, RejectReason::InsufficientBalance);
            }
            Answer::Reject => {}
            Answer::Silence => {
                self.desk.unknown(&intent);
            }
            Answer::Update | Answer::Cancel => {
                self.orders[at].is_over |= matches!(how, Answer::Cancel) || open == Count::ZERO;
                let status = match (self.orders[at].is_over, open) {
                    (_, Count::ZERO) => OrderStatus::Executed,
                    (true, _) => OrderStatus::Canceled,
                    (false, _) => OrderStatus::Resting,
                };
                self.desk.group(updated(now, &intent, (status, UpdateReason::None), done));
            }
        }
    }

    fn fill(&mut self, at: usize, part: i64, better: u16, twice: bool) {
        let now = self.desk.now;
        let real = &mut self.orders[at];
        let intent = real.intent;
        let part = Count(1 + part % (intent.count.0 - real.filled));
        let price = Price(match intent.side {
            Side::Bid => intent.price.0.saturating_sub(better).max(1),
            Side::Ask => (intent.price.0 + better).min(9_999),
        });
        let rates = FeeRates::new(70_000, 0).unwrap();
        let schedule = FeeSchedule { rates, precision: Precision::Centicent };
        let role = if intent.post_only == 1 { Role::Maker } else { Role::Taker };
        let charged = real.fees.fill(&schedule, &Execution { side: intent.side, role, price, count: part }).unwrap();
        real.filled += part.0;
        self.trade += 1;
        let told = Intent { price, ..intent };
        let group = fill(now, &told, trade_id(self.trade), part, charged.net_fee);
        self.desk.group(group);
        if twice {
            self.desk.group(group);
        }
    }
}

proptest! {
    #![proptest_config(asked(600))]

    #[test]
    fn limits_hold_at_every_prefix(settings in settings(), steps in proptest::collection::vec(step(), 1..120)) {
        live(settings, &steps);
    }
}

/// The same so many worlds each time, long ones.
pub(crate) fn worlds(count: usize) -> Vec<(Settings, Vec<Step>)> {
    let mut runner = TestRunner::deterministic();
    let world = (settings(), proptest::collection::vec(step(), 100..120));
    (0..count).map(|_| world.new_tree(&mut runner).expect("nothing is rejected").current()).collect()
}

/// Lives through a world under the auditor's eyes.
pub(crate) fn live(settings: Settings, steps: &[Step]) -> World {
    let mut world = World::new(settings);
    world.audit();
    steps.iter().for_each(|step| world.take(step));
    world
}

/// The property asks nothing if nothing is sent: its worlds must trade, and meet many gates.
#[test]
fn the_worlds_that_are_asked_do_trade() {
    let (mut orders, mut fills) = (0, 0);
    let mut gates = BTreeSet::new();
    for (settings, steps) in worlds(100) {
        let world = live(settings, &steps);
        fills += world.trade;
        for event in &world.desk.said {
            match event {
                Event::OrderIntent { .. } => orders += 1,
                Event::Refused { gate, .. } => _ = gates.insert(*gate),
                _ => {}
            }
        }
    }
    assert!(orders > 500 && fills > 500, "{orders} orders, {fills} fills");
    assert!(gates.len() >= 12 && !gates.contains(&Gate::Contradiction), "{gates:?}");
}
