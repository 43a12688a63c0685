//! A hand-made journal: one market, one order, two fills, one settlement, every dollar in place.

use kalshi_trader::audit::{self, AuditError, Inputs, Report};
use kalshi_trader::record::RecordKind;
use std::collections::BTreeMap;
use std::path::Path;
use trader_journal::book::Side;
use trader_journal::event::{
    Account, Agent, ClientId, EvalId, Event, EventId, LifecycleKind, MarketId, Mode, OrderStatus, Outcome, Ring,
    SelfTrade, SeriesId, SeriesMode, SizedBy, StrikeKind, Style, TimeInForce, UpdateReason, Uuid, pad,
};
use trader_journal::log::{Identity, Options, Origin, Stream, Writer};
use trader_journal::units::{Count, Money, Nanos, Price};

pub(crate) const NONCE: u32 = 0x00c0_ffee;
pub(crate) const CLIENT: ClientId = ClientId { epoch: 1, nonce: NONCE, seq: 1 };
pub(crate) const ORDER: Uuid = Uuid([7; 16]);
pub(crate) const TRADES: [Uuid; 2] = [Uuid([1; 16]), Uuid([2; 16])];
pub(crate) const MARKET: MarketId = MarketId(3);
pub(crate) const TICKER: &str = "KXBTC15M-26NOV021215-15";
pub(crate) const START: u64 = 1_793_620_800 * Nanos::SECOND;
pub(crate) const CLOSE: Nanos = Nanos(START + 900 * Nanos::SECOND);

pub(crate) const CONFIGURATION: &str = "
[limits]
position_max_usd = 50.0
close_exposure_max_usd = 75.0
exposure_max_usd = 150.0
daily_loss_max_usd = 50.0
daily_loss_rule = \"auto\"
collar_cents = 15.0
order_contracts_max = 500
order_usd_max = 50.0
[account]
fee_precision_usd = 0.0001
";
pub(crate) const LABEL: &str = r#"{"mode":"sim","market":"synthetic","evidence":false}"#;

/// One line: who heard or said it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) agent: Agent,
    /// `None`: said.
    pub(crate) ring: Option<Ring>,
    pub(crate) event: Event,
    /// Sequence numbers that are left out before this line.
    pub(crate) skipped: u64,
}

pub(crate) fn heard(ring: Ring, event: Event) -> Line {
    Line { agent: Agent::Exec, ring: Some(ring), event, skipped: 0 }
}

pub(crate) fn said(event: Event) -> Line {
    Line { agent: Agent::Exec, ring: None, event, skipped: 0 }
}

fn at(second: u64) -> Nanos {
    Nanos(START + second * Nanos::SECOND)
}

fn text<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    bytes
}

pub(crate) fn posting(second: u64, debit: Account, credit: Account, amount: i64, cash_after: i64) -> Event {
    let (amount, cash_after) = (Money(amount), Money(cash_after));
    Event::Posting { debit, credit, market: MARKET, ts: at(second), amount, reference: 0, cash_after, pad: pad() }
}

pub(crate) fn lifecycle(second: u64, kind: LifecycleKind, outcome: Outcome) -> Event {
    let value = if outcome == Outcome::Yes { Money::DOLLAR } else { Money::ZERO };
    let (ts, venue_ts) = (at(second), at(second));
    Event::Lifecycle {
        kind,
        outcome,
        market: MARKET,
        ts,
        venue_ts,
        close: CLOSE,
        value,
        settlement: Money::ZERO,
        pad: pad(),
    }
}

pub(crate) fn intent(second: u64, client: ClientId, contracts: i64) -> Event {
    Event::OrderIntent {
        side: Side::Bid,
        time_in_force: TimeInForce::ImmediateOrCancel,
        market: MARKET,
        ts: at(second),
        client,
        count: Count(contracts * 100),
        expires: Nanos(0),
        price: Price(5_000),
        post_only: 0,
        self_trade: SelfTrade::TakerAtCross,
        eval: EvalId(1),
    }
}

pub(crate) fn sized(second: u64, loss: i64) -> Event {
    let loss = Money(loss);
    Event::OrderSized {
        sized_by: SizedBy::Kelly,
        pad: pad(),
        market: MARKET,
        ts: at(second),
        market_loss: loss,
        close_loss: loss,
        total_loss: loss,
        kelly: Count(4_000),
        eval: EvalId(1),
        pad2: pad(),
    }
}

pub(crate) fn accepted(second: u64, client: ClientId, filled: u32, remaining: u32) -> Event {
    Event::OrderAccepted { pad: pad(), ts: at(second), client, order: ORDER, filled, remaining }
}

/// A fill's two halves.
pub(crate) fn fill(second: u64, trade: Uuid, contracts: i64, price: u16, fee: i64, position: i64) -> [Line; 2] {
    let ts = at(second);
    let post_position = Count(position * 100);
    let first = Event::FillTrade { pad: pad(), market: MARKET, ts, trade, client: CLIENT, post_position };
    let second = Event::Fill {
        side: Side::Bid,
        is_taker: 1,
        market: MARKET,
        ts,
        order: ORDER,
        count: Count(contracts * 100),
        fee: Money(fee),
        price: Price(price),
        pad: pad(),
    };
    [heard(Ring::KalshiExec, first), heard(Ring::KalshiExec, second)]
}

fn opening() -> Vec<Line> {
    let shell = |event| heard(Ring::Shell, event);
    let told = |event| heard(Ring::KalshiExec, event);
    let (series, event, market) = (SeriesId(0), EventId(2), MARKET);
    let started =
        Event::RunStarted { mode: Mode::Sim, pad: pad(), epoch: 1, ts: at(0), seed: 7, nonce: NONCE, pad2: pad() };
    let rates = Event::SeriesTerms {
        mode: SeriesMode::Digital,
        shard: 2,
        series,
        ts: at(1),
        ticker: text("KXBTC15M"),
        taker_rate_ppm: 70_000,
        maker_rate_ppm: 0,
        settlement_timer_s: 1,
        pad: pad(),
    };
    let event_named = Event::EventNamed {
        ticker_len: 20,
        pad: pad(),
        event,
        ts: at(1),
        ticker: text("KXBTC15M-26NOV021215"),
        series,
    };
    let ticker_len = TICKER.len() as u8;
    let market_named = Event::MarketNamed { ticker_len, pad: pad(), market, ts: at(1), ticker: text(TICKER), event };
    let terms = Event::MarketTerms {
        strike: StrikeKind::GreaterOrEqual,
        grid: 0,
        market,
        ts: at(1),
        floor: Money(100_000_000_000),
        cap: Money::ZERO,
        open: at(0),
        close: CLOSE,
        event,
        pad: pad(),
    };
    let balance =
        Event::Balance { shard: 2, pad: pad(), ts: at(2), available: Money(1_000_000_000), as_of: at(2), pad2: pad() };
    vec![
        shell(started),
        told(rates),
        told(event_named),
        told(market_named),
        told(terms),
        told(lifecycle(2, LifecycleKind::Opened, Outcome::Open)),
        told(balance),
        said(posting(2, Account::Cash, Account::External, 1_000_000_000, 1_000_000_000)),
    ]
}

fn opinion() -> Vec<Line> {
    let (ts, eval, market) = (at(10), EvalId(1), MARKET);
    let basis = Event::OpinionBasis {
        pad: pad(),
        market,
        ts,
        book_ts: ts,
        index_ts: ts,
        source_ts: ts,
        eval,
        mid: Price(4_850),
        pad2: pad(),
    };
    let opinion = Event::Opinion {
        side: Side::Bid,
        style: Style::Taker,
        market,
        ts,
        eval,
        q_yes_e9: 560_000_000,
        depth_cap: Count(4_000),
        fraction_e9: 100_000_000,
        limit: Price(5_000),
        pad: pad(),
        edge_gross_min: 40_000,
        edge_net_min: 20_000,
        legs_left: 0,
        pad2: pad(),
    };
    vec![heard(Ring::PricingExec, basis), heard(Ring::PricingExec, opinion)]
}

fn order() -> Vec<Line> {
    let ids = Event::OrderIds { pad: pad(), market: MARKET, ts: at(12), order: ORDER, client: CLIENT, pad2: pad() };
    let update = Event::OrderUpdate {
        status: OrderStatus::Canceled,
        reason: UpdateReason::None,
        market: MARKET,
        ts: at(12),
        filled: Count(2_500),
        remaining: Count(0),
        venue_ts: at(12),
        price: Price(5_000),
        side: Side::Bid,
        pad: pad(),
    };
    // 20 at 49c and 5 at 50c; fees by hand: 0.07 x 20 x 0.49 x 0.51 and 0.07 x 5 x 0.25, aligned.
    let mut lines = vec![
        said(sized(10, 20_700_100)),
        said(intent(10, CLIENT, 40)),
        heard(Ring::GatewayExec, accepted(11, CLIENT, 2_500, 0)),
    ];
    lines.extend(fill(11, TRADES[0], 20, 4_900, 349_900, 20));
    lines.push(said(posting(11, Account::Positions, Account::Cash, 9_800_000, 990_200_000)));
    lines.push(said(posting(11, Account::Fees, Account::Cash, 349_900, 989_850_100)));
    lines.extend(fill(11, TRADES[1], 5, 5_000, 87_500, 25));
    lines.push(said(posting(11, Account::Positions, Account::Cash, 2_500_000, 987_350_100)));
    lines.push(said(posting(11, Account::Fees, Account::Cash, 87_500, 987_262_600)));
    lines.push(heard(Ring::KalshiExec, ids));
    lines.push(heard(Ring::KalshiExec, update));
    lines
}

fn closing() -> Vec<Line> {
    let told = |event| heard(Ring::KalshiExec, event);
    let settled = Event::PositionSettled {
        outcome: Outcome::Yes,
        pad: pad(),
        market: MARKET,
        ts: at(905),
        position: Count(2_500),
        payout: Money(25_000_000),
        cost: Money(12_300_000),
        fees: Money(437_400),
        day_result: Money(12_262_600),
    };
    let timer = Event::Timer { pad: pad(), ts: at(1_000), due: at(1_000), pad2: pad() };
    vec![
        told(lifecycle(900, LifecycleKind::Closed, Outcome::Open)),
        told(lifecycle(903, LifecycleKind::Determined, Outcome::Yes)),
        told(lifecycle(905, LifecycleKind::Finalized, Outcome::Yes)),
        said(posting(905, Account::Cash, Account::Positions, 12_300_000, 999_562_600)),
        said(posting(905, Account::Cash, Account::Result, 12_700_000, 1_012_262_600)),
        said(settled),
        heard(Ring::Shell, timer),
    ]
}

/// The clean run.
pub(crate) fn clean() -> Vec<Line> {
    [opening(), opinion(), order(), closing()].concat()
}

/// The place of the first line that `is` one.
pub(crate) fn find(lines: &[Line], is: impl Fn(&Event) -> bool) -> usize {
    lines.iter().position(|line| is(&line.event)).expect("the story has such a line")
}

fn identity() -> Identity {
    Identity {
        epoch_nonce: NONCE,
        salt_seed: 11,
        created: Nanos(START),
        config_hash: [0xc0; 32],
        build_hash: [0xb1; 32],
    }
}

/// Writes a journal into `dir`.
pub(crate) fn write(dir: &Path, lines: &[Line]) {
    let mut writer = Writer::open(dir, Options::with_blocks(1).unwrap(), identity()).unwrap();
    let shell = Stream::new(Agent::Shell as u8).unwrap();
    let records = [(RecordKind::Configuration, CONFIGURATION), (RecordKind::Label, LABEL)];
    for (kind, bytes) in records {
        writer.append_record(shell, kind as u8, 0, Nanos(START), bytes.as_bytes()).unwrap();
    }
    let mut next: BTreeMap<(u8, Option<u8>), u64> = BTreeMap::new();
    for line in lines {
        let ring = line.ring.map(|ring| ring as u8);
        let seq = next.entry((line.agent as u8, ring)).or_default();
        *seq += line.skipped;
        let origin = ring.map_or(Origin::SAID, |ring| Origin::heard(ring).unwrap());
        writer.append(Stream::new(line.agent as u8).unwrap(), origin, *seq, &line.event.to_bytes()).unwrap();
        *seq += 1;
    }
    writer.close().unwrap();
}

/// Writes a journal and audits it.
pub(crate) fn audited(lines: &[Line], ledger: Option<&str>) -> Result<Report, AuditError> {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), lines);
    audit::audit(dir.path(), Inputs { limits: None, ledger })
}

/// Rule and word of each finding.
pub(crate) fn findings(report: &Report) -> Vec<(&'static str, &'static str)> {
    report.findings.kept().iter().map(|finding| (finding.rule.word(), finding.what)).collect()
}
