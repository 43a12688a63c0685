//! The story of a run, word for word, and the sentences an easy run does not have.

use super::common::{heard, journal_of, lockstep};
use kalshi_trader::desk::{Story, Told, read_all};
use trader_journal::book::Side;
use trader_journal::event::{
    Agent, BookFault, CancelReason, ClientId, EvalId, Event, EventId, Feed, FeedState, Gate, LifecycleKind, MarketId,
    Mode, OperatorVerb, Outcome, RejectReason, Ring, SelfTrade, SeriesId, SeriesMode, StrikeKind, TimeInForce,
    UnknownReason, Uuid, pad,
};
use trader_journal::log::{Origin, Position};
use trader_journal::units::{Count, Money, Nanos, Price};

#[test]
fn an_easy_hour_is_told_word_for_word() {
    let folder = tempfile::tempdir().unwrap();
    lockstep(folder.path(), 4, 14);
    let mut story = Story::default();
    let mut told = String::new();
    let mut see = |entry: &Told<'_>| {
        for line in story.see(entry) {
            told.push_str(line);
            told.push('\n');
        }
    };
    read_all(&journal_of(folder.path()), &mut see).unwrap();
    assert_eq!(told, include_str!("story.txt"), "told:\n{told}");
    // Four windows and a ladder: a firehose is a bug.
    assert!(told.lines().count() <= 5 * 8);
}

/// 2025-11-02 00:00:00 UTC and so many seconds.
fn at(second: u64) -> Nanos {
    Nanos(1_762_041_600_000_000_000).plus(second * Nanos::SECOND)
}

const CLIENT: ClientId = ClientId { epoch: 1, nonce: 7, seq: 3 };
const MARKET: MarketId = MarketId(1);

/// Tells what exec or pricing heard or said; each line without its date.
struct Teller(Story);

impl Teller {
    fn new() -> Teller {
        let mut teller = Teller(Story::default());
        let started =
            Event::RunStarted { mode: Mode::Sim, pad: pad(), epoch: 1, ts: at(0), seed: 1, nonce: 7, pad2: pad() };
        let ticker = |text: &str| {
            let mut bytes = [0; 36];
            bytes[..text.len()].copy_from_slice(text.as_bytes());
            bytes
        };
        let (event, market) = (EventId(1), MARKET);
        let terms = Event::SeriesTerms {
            mode: SeriesMode::Digital,
            shard: 2,
            series: SeriesId(0),
            ts: at(0),
            ticker: [0; 16],
            taker_rate_ppm: 70_000,
            maker_rate_ppm: 0,
            settlement_timer_s: 1,
            pad: pad(),
        };
        let named = Event::EventNamed {
            ticker_len: 4,
            pad: pad(),
            event,
            ts: at(0),
            ticker: ticker("EV-1"),
            series: SeriesId(0),
        };
        let market_named =
            Event::MarketNamed { ticker_len: 6, pad: pad(), market, ts: at(0), ticker: ticker("EV-1-T"), event };
        for event in [started, terms, named, market_named] {
            teller.exec(event);
        }
        teller
    }

    fn tell(&mut self, agent: Agent, origin: Origin, event: Event) -> Vec<String> {
        let told = Told::Event { at: Position::default(), agent, origin, event };
        self.0.see(&told).iter().map(|line| line["11-02 ".len()..].to_owned()).collect()
    }

    fn exec(&mut self, event: Event) -> Vec<String> {
        self.tell(Agent::Exec, heard(Ring::KalshiExec), event)
    }

    fn pricing(&mut self, event: Event) -> Vec<String> {
        self.tell(Agent::Pricing, heard(Ring::KalshiPricing), event)
    }
}

fn operator(verb: OperatorVerb, text: &str) -> Event {
    let mut why = [0; 40];
    why[..text.len()].copy_from_slice(text.as_bytes());
    Event::Operator { verb, pad: pad(), by: 1, ts: at(60), why }
}

#[test]
fn what_people_do_is_told_with_their_reason_and_without_their_control_characters() {
    let mut teller = Teller::new();
    let told = teller.exec(operator(OperatorVerb::Pause, "ann: lunch\x1b[2J"));
    assert_eq!(told, ["00:01:00  PAUSED: no new orders until somebody resumes (ann: lunch [2J)"]);
    let told = teller.exec(operator(OperatorVerb::Kill, ""));
    assert_eq!(told, ["00:01:00  KILLED: everything is taken back, nothing is sent until somebody clears it"]);
}

fn feed(feed: Feed, state: FeedState, epoch: u32, second: u64) -> Event {
    Event::FeedChanged { feed, state, epoch, ts: at(second), pad: pad() }
}

#[test]
fn connections_are_told_when_they_come_and_go_and_not_while_they_subscribe() {
    let mut teller = Teller::new();
    assert_eq!(teller.exec(feed(Feed::Kalshi, FeedState::Connecting, 1, 0)), [""; 0]);
    assert_eq!(teller.exec(feed(Feed::Kalshi, FeedState::Up, 1, 1)), ["00:00:01  Kalshi connected"]);
    assert_eq!(teller.exec(feed(Feed::Kalshi, FeedState::Connecting, 1, 2)), [""; 0]);
    assert_eq!(teller.exec(feed(Feed::Kalshi, FeedState::Up, 1, 3)), [""; 0]);
    let down = teller.exec(feed(Feed::Kalshi, FeedState::Down, 1, 4));
    assert_eq!(down, ["00:00:04  Kalshi DISCONNECTED: nothing that needs it is sent"]);
    let up = teller.exec(feed(Feed::Kalshi, FeedState::Up, 2, 16));
    assert_eq!(up, ["00:00:16  Kalshi connected again after 12 s (connection 2)"]);
    // Pricing hears the same, and it is told once.
    assert_eq!(teller.pricing(feed(Feed::Kalshi, FeedState::Down, 2, 20)), [""; 0]);
}

#[test]
fn a_book_with_a_gap_is_told_and_when_it_is_whole_again() {
    let mut teller = Teller::new();
    let invalid = |fault| Event::BookInvalid { fault, pad: pad(), market: MARKET, ts: at(5), pad2: pad() };
    let whole = Event::BookEnd { pad: pad(), market: MARKET, ts: at(6), venue_ts: at(6), levels: 3, pad2: pad() };
    assert_eq!(teller.pricing(invalid(BookFault::Unsubscribed)), [""; 0]);
    assert_eq!(teller.pricing(whole), [""; 0]);
    let told = teller.pricing(invalid(BookFault::Gap));
    assert_eq!(told, ["00:00:05  the book of EV-1-T is thrown away: a change is missing"]);
    assert_eq!(teller.pricing(invalid(BookFault::Gap)), [""; 0]);
    assert_eq!(teller.pricing(whole), ["00:00:06  the book of EV-1-T is whole again after 1.0 s"]);
}

fn evaluated(gate: Gate, legs: u8, waiting_for: Gate) -> Event {
    Event::EvalBasis {
        gate,
        mode: SeriesMode::Digital,
        event: EventId(1),
        ts: at(5),
        eval: EvalId(1),
        sigma_15m_e9: 1,
        estimate: Money::DOLLAR,
        basis_error_e9: 1,
        tau_ms: 1,
        close: at(900),
        legs,
        waiting_for,
        pad: pad(),
    }
}

fn leg(gate: Gate, side: Side, limit: u16, q_yes_e9: u32, (gross, net, needed): (i32, i32, i32)) -> Event {
    Event::EvalLeg {
        gate,
        side,
        market: MARKET,
        ts: at(5),
        eval: EvalId(1),
        q_yes_e9,
        depth: Count(100),
        edge_gross: gross,
        edge_net: net,
        fraction_e9: 0,
        limit: Price(limit),
        mid: Price(limit),
        needed,
        pad: pad(),
    }
}

#[test]
fn an_evaluation_says_what_it_lacked() {
    let mut teller = Teller::new();
    let missed = teller.pricing(evaluated(Gate::WindowMissed, 0, Gate::BookStale));
    assert_eq!(missed, ["00:00:05  EV-1 no trade: the time for it passed while the book is too old"]);
    assert_eq!(teller.pricing(evaluated(Gate::EdgeNet, 1, Gate::Sent)), [""; 0]);
    let net = teller.pricing(leg(Gate::EdgeNet, Side::Bid, 4700, 501_000_000, (31_000, 13_900, 20_000)));
    assert_eq!(net, ["00:00:05  EV-1 no trade: best edge 1.3¢ YES at 47¢ (worth 50.1¢), needs 2.0¢ net after fees"]);
    teller.pricing(evaluated(Gate::Disagreement, 1, Gate::Sent));
    let apart = teller.pricing(leg(Gate::Disagreement, Side::Ask, 4500, 601_000_000, (0, 0, 150_000)));
    assert_eq!(apart, ["00:00:05  EV-1 no trade: model 60.1¢ and market 45¢ for YES differ by more than 15.0¢"]);
    teller.pricing(evaluated(Gate::BookOneSided, 1, Gate::Sent));
    let one_sided = teller.pricing(leg(Gate::BookOneSided, Side::Bid, 0, 601_000_000, (0, 0, 0)));
    assert_eq!(one_sided, ["00:00:05  EV-1 no trade: one side of the book is empty"]);
    // Of several legs the best is told, once.
    teller.pricing(evaluated(Gate::EdgeGross, 2, Gate::Sent));
    assert_eq!(teller.pricing(leg(Gate::EdgeGross, Side::Bid, 100, 9_000_000, (-1_000, -2_000, 40_000))), [""; 0]);
    let ladder = teller.pricing(leg(Gate::EdgeGross, Side::Ask, 3000, 250_000_000, (30_000, 21_000, 40_000)));
    assert_eq!(ladder, ["00:00:05  EV-1 no trade: best edge 3.0¢ NO at 70¢ (worth 75.0¢), needs 4.0¢ before fees"]);
}

fn refused(gate: Gate, needed: i64, had: i64) -> Event {
    Event::Refused {
        gate,
        side: Side::Ask,
        market: MARKET,
        ts: at(6),
        eval: EvalId(1),
        price: Price(3000),
        pad: pad(),
        needed,
        had,
        pad2: pad(),
    }
}

#[test]
fn a_refusal_names_its_gate_and_numbers_in_the_gates_unit() {
    let mut teller = Teller::new();
    for (gate, needed, had, told) in [
        (
            Gate::PositionLimit,
            50_000_000,
            51_230_000,
            "the position limit of the market (needed sim$50.00, had sim$51.23)",
        ),
        (Gate::BookStale, 2_000_000_000, 2_500_000_000, "the book is too old (needed 2.0 s, had 2.5 s)"),
        (Gate::LiveOrders, 10, 10, "too many live orders (needed 10, had 10)"),
        (Gate::SizeZero, 100, 48, "the size comes to less than the smallest order (needed 1, had 0.48)"),
        (Gate::Collar, 150_000, 162_400, "the price is outside the collar, or off the grid (needed 15.0¢, had 16.2¢)"),
        (Gate::Killed, 0, 1, "killed, until a person clears it"),
    ] {
        assert_eq!(teller.exec(refused(gate, needed, had)), [format!("00:00:06  EV-1-T refused: NO at 70¢: {told}")]);
    }
}

fn intent() -> Event {
    Event::OrderIntent {
        side: Side::Ask,
        time_in_force: TimeInForce::GoodTillCanceled,
        market: MARKET,
        ts: at(7),
        client: CLIENT,
        count: Count(600),
        expires: Nanos(0),
        price: Price(2900),
        post_only: 0,
        self_trade: SelfTrade::TakerAtCross,
        eval: EvalId(1),
    }
}

#[test]
fn an_order_is_told_from_its_intent_to_its_end() {
    let mut teller = Teller::new();
    assert_eq!(teller.exec(intent()), ["00:00:07  order 1.3 sent: buy 6 NO of EV-1-T at most 71¢, rests"]);
    let accepted = Event::OrderAccepted {
        pad: pad(),
        ts: at(8),
        client: CLIENT,
        order: Uuid([1; 16]),
        filled: 200,
        remaining: 400,
    };
    assert_eq!(teller.exec(accepted), ["00:00:08  order 1.3 rests: 2 of 6 filled"]);
    let wanted = Event::CancelIntent {
        reason: CancelReason::NearClose,
        pad: pad(),
        market: MARKET,
        ts: at(9),
        client: CLIENT,
        order: Uuid([1; 16]),
        pad2: pad(),
    };
    assert_eq!(teller.exec(wanted), ["00:00:09  order 1.3 is taken back: the market closes soon"]);
    let gone =
        Event::CancelAccepted { pad: pad(), ts: at(10), client: CLIENT, order: Uuid([1; 16]), reduced: Count(400) };
    assert_eq!(teller.exec(gone), ["00:00:10  order 1.3 cancelled, 4 not filled"]);
}

#[test]
fn a_refused_and_an_unknown_order_are_told_loudly() {
    let mut teller = Teller::new();
    teller.exec(intent());
    let (client, ts) = (CLIENT, at(8));
    let reason = RejectReason::InsufficientBalance;
    let rejected = Event::OrderRejected { reason, pad: pad(), status: 409, ts, client, pad2: pad() };
    assert_eq!(teller.exec(rejected), ["00:00:08  order 1.3 REFUSED by the venue: insufficient_balance"]);
    let unknown =
        Event::OrderUnknown { reason: UnknownReason::Timeout, pad: pad(), status: 0, ts, client, pad2: pad() };
    assert_eq!(
        teller.exec(unknown),
        ["00:00:08  order 1.3 UNKNOWN (timeout): it counts at full size until its absence is proven"]
    );
    let foreign = Event::Fill {
        side: Side::Bid,
        is_taker: 1,
        market: MARKET,
        ts,
        order: Uuid([2; 16]),
        count: Count(100),
        fee: Money(17_500),
        price: Price(5000),
        pad: pad(),
    };
    assert_eq!(
        teller.exec(foreign),
        ["00:00:08  a fill that no order of ours is known for: 1 YES at 50¢, fee sim$0.0175 of EV-1-T"]
    );
}

#[test]
fn a_window_settles_once_and_a_value_that_is_not_our_average_is_told() {
    let mut teller = Teller::new();
    let close = at(900);
    let terms = Event::MarketTerms {
        strike: StrikeKind::GreaterOrEqual,
        grid: 1,
        market: MARKET,
        ts: at(1),
        floor: Money(98_000_000_000),
        cap: Money::ZERO,
        open: at(0),
        close,
        event: EventId(1),
        pad: pad(),
    };
    assert_eq!(teller.exec(terms), [""; 0], "it is not open yet");
    let life = |kind, settlement, ts| Event::Lifecycle {
        kind,
        outcome: Outcome::Yes,
        market: MARKET,
        ts,
        venue_ts: ts,
        close,
        value: Money::DOLLAR,
        settlement,
        pad: pad(),
    };
    assert_eq!(
        teller.exec(life(LifecycleKind::Opened, Money::ZERO, at(1))),
        [
            "00:00:01  EV-1 (up or down) is open until 00:15:00: no index yet, YES if the closing average is at least 98,000.00"
        ]
    );
    let last = Event::IndexTick {
        closing_prints: 60,
        pad: pad(),
        ts: close,
        venue_ts: close,
        value: Money(98_100_000_000),
        average_60s: Money(98_050_000_000),
        closing_average: Money(98_050_000_000),
        pad2: pad(),
    };
    teller.pricing(last);
    assert_eq!(
        teller.exec(life(LifecycleKind::Finalized, Money::ZERO, at(905))),
        ["00:15:05  EV-1 settled YES: closing average 98,050.00, YES was at least 98,000.00"]
    );
    assert_eq!(teller.exec(life(LifecycleKind::Finalized, Money(98_050_000_000), at(915))), [""; 0]);
    assert_eq!(
        teller.exec(life(LifecycleKind::Finalized, Money(98_051_000_000), at(920))),
        ["00:15:20  EV-1: the venue settled on 98,051.00, which is not our average"]
    );
}
