//! No agent keeps its thread: a round takes so much of each input and no more, and what it takes there is room for.

use kalshi_trader::line::{
    EVENTS_MAX, FeedAgent, FeedCost, FeedInput, FeedSession, Input, PenSizes, Pens, Scribe, StageAgent, Word,
    answer_bytes_max,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use trader_feeds::frames::Frames;
use trader_journal::event::{Agent, Event, Ring, pad};
use trader_journal::log::{Identity, Options, Ram, Writer};
use trader_journal::stage::{Outbox, Stage};
use trader_journal::units::Nanos;
use trader_ring::spsc::{self, Producer};

fn journal(sizes: &PenSizes) -> (Scribe, Pens) {
    let identity =
        Identity { epoch_nonce: 1, salt_seed: 2, created: Nanos(3), config_hash: [0; 32], build_hash: [0; 32] };
    let options = Options::with_blocks(64).expect("a segment").without_sync();
    let writer = Writer::open_on(Arc::new(Ram::default()), options, identity).expect("a log");
    Scribe::new(writer, sizes).expect("pens")
}

fn timer(ts: u64) -> Event {
    Event::Timer { pad: pad(), ts: Nanos(ts), due: Nanos(ts), pad2: pad() }
}

/// A stage that only listens.
struct Listener;

impl Stage for Listener {
    const SAYS_MAX: usize = 1;

    fn on(&mut self, _: &Event, _: &mut Outbox) {}

    fn next_deadline(&self) -> Nanos {
        Nanos::NEVER
    }

    fn state_hash(&self) -> u64 {
        0
    }
}

fn input(ring: Ring) -> (Producer<Event>, Input) {
    let (producer, events) = spsc::ring(4096).expect("a ring");
    (producer, Input { ring, events })
}

/// One ring is full again and again; the other's single event is heard in the same round, and each round ends.
#[test]
fn an_input_that_never_ends_lets_the_others_have_their_turn() {
    let sizes = PenSizes { shell: 64, kalshi: 64, binance: 64, pricing: 1 << 20, exec: 64 };
    let (mut scribe, mut pens) = journal(&sizes);
    let (mut busy, first) = input(Ring::KalshiPricing);
    let (mut quiet, second) = input(Ring::BinancePricing);
    let mut agent = StageAgent::new(Agent::Pricing, Listener, vec![first, second], None);
    for round in 0..20u64 {
        while busy.push(timer(round)).is_ok() {}
        quiet.push(timer(round)).expect("room");
        let mut heard: BTreeMap<Ring, usize> = BTreeMap::new();
        let mut sees = |word: Word<'_>| {
            if let Word::Heard { ring, .. } = word {
                *heard.entry(ring).or_default() += 1;
            }
        };
        let taken = agent.work(Nanos(round), &mut pens.pricing, &mut sees).expect("a round");
        assert_eq!(heard, BTreeMap::from([(Ring::KalshiPricing, EVENTS_MAX), (Ring::BinancePricing, 1)]));
        assert_eq!(taken, EVENTS_MAX + 1);
        scribe.work().expect("a scribe");
    }
}

/// A session that says and sends all it may, whatever it hears.
struct Talker;

impl FeedSession for Talker {
    const AGENT: Agent = Agent::Kalshi;

    fn says_max(&self) -> usize {
        3
    }

    fn frames_max(&self) -> usize {
        2
    }

    fn frames_bytes_max(&self) -> usize {
        64
    }

    fn hear(&mut self, ts: Nanos, _: &FeedInput<'_>, out: &mut Outbox, frames: &mut Frames) {
        (0..3).for_each(|_| out.push(timer(ts.0)));
        (0..2).for_each(|_| frames.push(&[&[b'x'; 32]]));
    }

    fn next_deadline(&self) -> Nanos {
        Nanos::NEVER
    }

    fn state_hash(&self) -> u64 {
        0
    }
}

/// An answer is what was asked and what came: both together fit where room was asked for the longest.
#[test]
fn the_longest_answer_fits_the_room_that_is_asked_for_it() {
    const BODY: usize = 8_192;
    let longest = answer_bytes_max(BODY);
    let kalshi = FeedCost::of(&Talker).ring_bytes(longest);
    let sizes = PenSizes { shell: 64, kalshi, binance: 64, pricing: 64, exec: 64 };
    let (mut scribe, mut pens) = journal(&sizes);
    let mut agent = FeedAgent::new(Talker, Vec::new());
    let (target, body) = ("t".repeat(longest - BODY - 1), vec![b'b'; BODY]);
    for ts in 0..50 {
        let mut heard = 0;
        while agent.has_room(longest, &mut pens.kalshi) {
            let answer = FeedInput::Answer { target: &target, status: 200, body: &body };
            agent.hear(Nanos(ts), &answer, &mut pens.kalshi, &mut |_| ()).expect("there is room");
            agent.send(Nanos(ts), &mut pens.kalshi, &mut |_| ()).expect("there is room");
            heard += 1;
        }
        assert!(heard >= 2, "an input waits for an empty ring");
        scribe.work().expect("a scribe");
    }
}
