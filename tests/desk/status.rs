//! The status is folded from events: what is open, held and at risk, and whether it trades.

use super::common::heard;
use kalshi_trader::desk::{Status, Told};
use serde_json::Value;
use trader_journal::book::Side;
use trader_journal::event::{
    Agent, ClientId, EvalId, Event, EventId, Feed, FeedState, Gate, MarketId, Mode, OperatorVerb, Outcome, Ring,
    SelfTrade, TimeInForce, UnknownReason, Uuid, pad,
};
use trader_journal::log::Position;
use trader_journal::units::{Count, Money, Nanos, Price};

const MARKET: MarketId = MarketId(1);
const CLIENT: ClientId = ClientId { epoch: 1, nonce: 7, seq: 1 };

struct Run(Status);

impl Run {
    fn new() -> Run {
        let mut run = Run(Status::default());
        let started =
            Event::RunStarted { mode: Mode::Sim, pad: pad(), epoch: 3, ts: Nanos(1), seed: 1, nonce: 7, pad2: pad() };
        let mut ticker = [0; 36];
        ticker[..2].copy_from_slice(b"KX");
        let named =
            Event::MarketNamed { ticker_len: 2, pad: pad(), market: MARKET, ts: Nanos(1), ticker, event: EventId(1) };
        run.hears(started).hears(named);
        run
    }

    fn hears(&mut self, event: Event) -> &mut Run {
        let told = Told::Event { at: Position::default(), agent: Agent::Exec, origin: heard(Ring::KalshiExec), event };
        self.0.see(&told);
        self
    }

    fn shows(&self) -> Value {
        self.0.json(Nanos(5 * Nanos::SECOND))
    }
}

fn intent(side: Side, price: u16, count: i64) -> Event {
    Event::OrderIntent {
        side,
        time_in_force: TimeInForce::GoodTillCanceled,
        market: MARKET,
        ts: Nanos(2),
        client: CLIENT,
        count: Count(count),
        expires: Nanos(0),
        price: Price(price),
        post_only: 0,
        self_trade: SelfTrade::TakerAtCross,
        eval: EvalId(1),
    }
}

/// Each fill is told twice, as the stream and the list of fills do; the list does not say whose.
fn fill(run: &mut Run, side: Side, price: u16, count: i64, fee: i64) {
    for client in [CLIENT, ClientId::FOREIGN] {
        tell_fill(run, client, (side, price, count), fee);
    }
}

fn tell_fill(run: &mut Run, client: ClientId, (side, price, count): (Side, u16, i64), fee: i64) {
    let post_position = Count(count);
    let trade = Uuid([side as u8; 16]);
    run.hears(Event::FillTrade { pad: pad(), market: MARKET, ts: Nanos(3), trade, client, post_position });
    run.hears(Event::Fill {
        side,
        is_taker: 1,
        market: MARKET,
        ts: Nanos(3),
        order: Uuid([2; 16]),
        count: Count(count),
        fee: Money(fee),
        price: Price(price),
        pad: pad(),
    });
}

#[test]
fn an_order_counts_at_full_size_until_it_is_known_to_be_over() {
    let mut run = Run::new();
    // Six NO at 71 cents at most: $4.26 until something is known.
    run.hears(intent(Side::Ask, 2900, 600));
    assert_eq!((&run.shows()["orders_live"], &run.shows()["exposure_usd"]), (&1.into(), &4.26.into()));
    let reason = UnknownReason::Timeout;
    run.hears(Event::OrderUnknown { reason, pad: pad(), status: 0, ts: Nanos(2), client: CLIENT, pad2: pad() });
    assert_eq!((&run.shows()["orders_unknown"], &run.shows()["exposure_usd"]), (&1.into(), &4.26.into()));
    // Two are filled at 70: 2 x 0.70 and a fee of 3 cents held, four still open at 71.
    fill(&mut run, Side::Ask, 3000, 200, 30_000);
    let shows = run.shows();
    assert_eq!((&shows["orders_live"], &shows["orders_unknown"]), (&1.into(), &0.into()));
    assert_eq!(shows["positions"][0]["ticker"], "KX");
    assert_eq!(
        (&shows["positions"][0]["contracts"], &shows["positions"][0]["worst_loss_usd"]),
        (&(-2.0).into(), &1.43.into())
    );
    assert_eq!(shows["exposure_usd"], 1.43 + 2.84);
    let reduced = Count(400);
    run.hears(Event::CancelAccepted { pad: pad(), ts: Nanos(4), client: CLIENT, order: Uuid([2; 16]), reduced });
    assert_eq!((&run.shows()["orders_live"], &run.shows()["exposure_usd"]), (&0.into(), &1.43.into()));
    assert_eq!(run.0.orders_open(), 0);
    let text = run.0.text(Nanos(5));
    assert!(text.contains("holding  2 NO of KX, worst loss sim$1.43"), "{text}");
    run.hears(Event::PositionSettled {
        outcome: Outcome::No,
        pad: pad(),
        market: MARKET,
        ts: Nanos(5),
        position: Count(-200),
        payout: Money(2_000_000),
        cost: Money(1_400_000),
        fees: Money(30_000),
        day_result: Money(570_000),
    });
    assert_eq!((&run.shows()["exposure_usd"], &run.shows()["result_usd"]), (&0.0.into(), &0.57.into()));
}

#[test]
fn both_sides_of_a_market_are_worth_a_dollar_together() {
    let mut run = Run::new();
    fill(&mut run, Side::Bid, 4000, 300, 0);
    fill(&mut run, Side::Ask, 4500, 300, 0);
    // Bought at 40, sold at 45: nothing can be lost any more.
    assert_eq!((&run.shows()["positions"][0]["contracts"], &run.shows()["exposure_usd"]), (&0.0.into(), &0.0.into()));
}

#[test]
fn whether_it_trades_follows_what_people_said_and_what_stopped_it() {
    let mut run = Run::new();
    let operator = |verb| Event::Operator { verb, pad: pad(), by: 1, ts: Nanos(2), why: [0; 40] };
    let refused = Event::Refused {
        gate: Gate::ForeignActivity,
        side: Side::Bid,
        market: MARKET,
        ts: Nanos(2),
        eval: EvalId(1),
        price: Price(1),
        pad: pad(),
        needed: 0,
        had: 1,
        pad2: pad(),
    };
    assert_eq!(run.shows()["trading"], "trading");
    for (event, trading) in [
        (operator(OperatorVerb::Pause), "PAUSED"),
        (operator(OperatorVerb::Resume), "trading"),
        (refused, "STOPPED (foreign_activity)"),
        (operator(OperatorVerb::Resume), "trading"),
        (operator(OperatorVerb::Kill), "KILLED"),
        (operator(OperatorVerb::Resume), "KILLED"),
        (operator(OperatorVerb::Clear), "trading"),
    ] {
        run.hears(event);
        assert_eq!(run.shows()["trading"], trading, "after {event:?}");
    }
}

#[test]
fn feeds_show_their_state_and_the_age_of_what_was_heard() {
    let mut run = Run::new();
    assert!(!run.0.is_up(Feed::Kalshi));
    run.hears(Event::FeedChanged { feed: Feed::Kalshi, state: FeedState::Up, epoch: 2, ts: Nanos(1), pad: pad() });
    let bytes = b"{}";
    let kind = kalshi_trader::record::RecordKind::FrameHeard;
    let ts = Nanos(4 * Nanos::SECOND);
    run.0.see(&Told::Record { at: Position::default(), agent: Agent::Kalshi, kind, tag: 2, ts, bytes });
    let feed = &run.shows()["feeds"]["kalshi"];
    assert_eq!((&feed["state"], &feed["epoch"], &feed["age_ms"]), (&"up".into(), &2.into(), &1000.into()));
    assert!(run.0.is_up(Feed::Kalshi));
}
