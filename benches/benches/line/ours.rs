//! The line, from frame to order: every stage and ring as it runs, once without and once with its journal.

use crate::session::{Body, Contender, Heard, Input, Session, Venue};
use kalshi_trader::gateway::{Gateway, Outgoing, Request};
use kalshi_trader::line::{
    Committed, FeedAgent, FeedInput, FeedSession, Input as RingEnd, Output, Pens, Route, Scribe, StageAgent, Stages,
    Word,
};
use kalshi_trader::record::RecordKind;
use std::path::Path;
use std::sync::Arc;
use trader_exec::Exec;
use trader_feeds::frames::Frames;
use trader_feeds::{binance, kalshi};
use trader_journal::event::{Agent, Event, Ring};
use trader_journal::log::{Identity, Options, Writer};
use trader_journal::stage::{Outbox, Stage};
use trader_journal::units::Nanos;
use trader_pricing::Pricing;
use trader_ring::spsc::{self, Consumer, Producer};

/// The only connection of the session.
const EPOCH: u32 = 1;

type Ends = (Producer<Event>, Consumer<Event>);

/// As the line makes them: twice the worst case of one input, 1024 at least.
fn ring(says_max: usize) -> Ends {
    spsc::ring((2 * says_max).next_power_of_two().max(1024)).expect("a power of two")
}

fn is_for_exec(event: &Event) -> bool {
    matches!(event, Event::OpinionBasis { .. } | Event::Opinion { .. })
}

fn is_command(event: &Event) -> bool {
    matches!(event, Event::OrderIntent { .. } | Event::CancelIntent { .. })
}

/// What a feed hears of an input; `None` for what is no feed's.
fn of_a_feed(heard: &Heard) -> Option<(Venue, FeedInput<'_>)> {
    match heard {
        Heard::Connected(venue) => Some((*venue, FeedInput::Connected { epoch: EPOCH })),
        Heard::Frame(venue, bytes) => Some((*venue, FeedInput::Frame { epoch: EPOCH, bytes })),
        Heard::Answer { venue, target, status, body } => {
            Some((*venue, FeedInput::Answer { target, status: *status, body }))
        }
        Heard::Timer(venue, event) => Some((*venue, FeedInput::Timer(event))),
        Heard::Pricing(_) | Heard::Exec(_) => None,
    }
}

/// A feed session with room for what it says.
struct Feed<S> {
    session: S,
    outbox: Outbox,
    frames: Frames,
}

impl<S: FeedSession> Feed<S> {
    fn new(session: S) -> Feed<S> {
        Feed { outbox: Outbox::new(session.says_max()), frames: session.frames(), session }
    }

    fn hear(&mut self, ts: Nanos, input: &FeedInput<'_>) -> &[Event] {
        self.outbox.clear();
        self.session.hear(ts, input, &mut self.outbox, &mut self.frames);
        self.frames.clear();
        self.outbox.events()
    }
}

/// The stages and the rings between them, and no journal.
pub(crate) struct Bare {
    kalshi: Feed<kalshi::Session>,
    binance: Feed<binance::Session>,
    pricing: Pricing,
    exec: Exec,
    gateway: Gateway,
    to_pricing: [Ends; 2],
    to_exec: [Ends; 2],
    said_by_pricing: Outbox,
    said_by_exec: Outbox,
}

/// Places in [`Bare::to_exec`].
const OF_KALSHI: usize = 0;
const OF_PRICING: usize = 1;

impl Bare {
    pub(crate) fn new(session: &Session) -> Bare {
        let Stages { kalshi, binance, pricing, exec, shard, .. } = Stages::of(&session.config, session.started);
        let (of_kalshi, of_binance) = (kalshi.says_max(), binance.says_max());
        Bare {
            kalshi: Feed::new(kalshi),
            binance: Feed::new(binance),
            pricing,
            exec,
            gateway: Gateway::new(shard),
            to_pricing: [ring(of_kalshi), ring(of_binance)],
            to_exec: [ring(of_kalshi), ring(Pricing::SAYS_MAX)],
            said_by_pricing: Outbox::new(Pricing::SAYS_MAX),
            said_by_exec: Outbox::new(Exec::SAYS_MAX),
        }
    }

    fn hear_feed(&mut self, ts: Nanos, venue: Venue, input: &FeedInput<'_>) {
        let said = match venue {
            Venue::Kalshi => self.kalshi.hear(ts, input),
            Venue::Binance => self.binance.hear(ts, input),
        };
        for event in said {
            self.gateway.hear(event);
            let hearers = event.hearers();
            if hearers.pricing {
                self.to_pricing[venue as usize].0.push(*event).expect("the ring is emptied after each input");
            }
            if hearers.exec {
                self.to_exec[OF_KALSHI].0.push(*event).expect("the ring is emptied after each input");
            }
        }
    }

    fn hear_pricing(&mut self, event: &Event) {
        self.said_by_pricing.clear();
        self.pricing.on(event, &mut self.said_by_pricing);
        for said in self.said_by_pricing.events().iter().filter(|said| is_for_exec(said)) {
            self.to_exec[OF_PRICING].0.push(*said).expect("the ring is emptied after each input");
        }
    }

    fn hear_exec(&mut self, event: &Event) {
        self.said_by_exec.clear();
        self.exec.on(event, &mut self.said_by_exec);
        for said in self.said_by_exec.events().iter().filter(|said| is_command(said)) {
            self.gateway.accept(said, 0);
        }
    }

    fn work(&mut self) {
        for venue in [Venue::Kalshi, Venue::Binance] {
            while let Some(event) = self.to_pricing[venue as usize].1.pop() {
                self.hear_pricing(&event);
            }
        }
        for from in [OF_KALSHI, OF_PRICING] {
            while let Some(event) = self.to_exec[from].1.pop() {
                self.hear_exec(&event);
            }
        }
    }
}

impl Contender for Bare {
    fn hear(&mut self, input: &Input, orders: &mut Vec<Body>) {
        match (of_a_feed(&input.heard), &input.heard) {
            (Some((venue, heard)), _) => self.hear_feed(input.ts, venue, &heard),
            (None, Heard::Pricing(event)) => self.hear_pricing(event),
            (None, Heard::Exec(event)) => self.hear_exec(event),
            (None, _) => {}
        }
        self.work();
        while let Some(outgoing) = self.gateway.next_request(0) {
            orders.extend(body(outgoing));
        }
    }
}

/// The agents of the line with their journal on a disk.
pub(crate) struct Journaled {
    kalshi: FeedAgent<kalshi::Session>,
    binance: FeedAgent<binance::Session>,
    pricing: StageAgent<Pricing>,
    exec: StageAgent<Exec>,
    gateway: Gateway,
    pens: Pens,
    scribe: Scribe,
    committed: Arc<Committed>,
}

/// No deadline is before it: the agents are never woken by the clock.
const NEVER_DUE: Nanos = Nanos(0);

impl Journaled {
    pub(crate) fn new(session: &Session, dir: &Path) -> Journaled {
        let stages = Stages::of(&session.config, session.started);
        let (scribe, pens) = Scribe::new(journal(dir), &stages.pen_sizes()).expect("rings of a checked configuration");
        let Stages { kalshi, binance, pricing, exec, shard, .. } = stages;
        let says_max = kalshi.says_max();
        let ((to_pricing, of_kalshi), (to_exec, kalshi_exec)) = (ring(says_max), ring(says_max));
        let ((spot, of_binance), (opinions, of_pricing)) = (ring(binance.says_max()), ring(Pricing::SAYS_MAX));
        let end = |ring, events| RingEnd { ring, events };
        let routes = vec![
            Route { hears: |hearers| hearers.pricing, events: to_pricing },
            Route { hears: |hearers| hearers.exec, events: to_exec },
        ];
        let heard_by_pricing = vec![end(Ring::KalshiPricing, of_kalshi), end(Ring::BinancePricing, of_binance)];
        let heard_by_exec = vec![end(Ring::KalshiExec, kalshi_exec), end(Ring::PricingExec, of_pricing)];
        let output = Output { takes: is_for_exec, events: opinions };
        Journaled {
            kalshi: FeedAgent::new(kalshi, routes),
            binance: FeedAgent::new(binance, vec![Route { hears: |hearers| hearers.pricing, events: spot }]),
            pricing: StageAgent::new(Agent::Pricing, pricing, heard_by_pricing, Some(output)),
            exec: StageAgent::new(Agent::Exec, exec, heard_by_exec, None),
            gateway: Gateway::new(shard),
            committed: scribe.committed(),
            pens,
            scribe,
        }
    }

    fn hear_feed(&mut self, ts: Nanos, venue: Venue, input: &FeedInput<'_>) {
        let Journaled { kalshi, binance, pens, .. } = self;
        let heard = match venue {
            Venue::Kalshi => {
                let heard = kalshi.hear(ts, input, &mut pens.kalshi, &mut |_| ());
                heard.and_then(|()| kalshi.send(ts, &mut pens.kalshi, &mut |_| ()))
            }
            Venue::Binance => {
                let heard = binance.hear(ts, input, &mut pens.binance, &mut |_| ());
                heard.and_then(|()| binance.send(ts, &mut pens.binance, &mut |_| ()))
            }
        };
        heard.expect("a journal that takes lines");
    }

    fn work(&mut self) {
        let Journaled { pricing, exec, pens, gateway, scribe, .. } = self;
        pricing.work(NEVER_DUE, &mut pens.pricing, &mut |_| ()).expect("a journal that takes lines");
        let mut sees = |word: Word<'_>| match word {
            Word::Heard { event, .. } => gateway.hear(event),
            Word::Said { event, line } if is_command(event) => gateway.accept(event, line),
            Word::Said { .. } => {}
        };
        exec.work(NEVER_DUE, &mut pens.exec, &mut sees).expect("a journal that takes lines");
        scribe.work().expect("a journal that takes lines");
    }
}

impl Contender for Journaled {
    fn hear(&mut self, input: &Input, orders: &mut Vec<Body>) {
        let told = match (of_a_feed(&input.heard), &input.heard) {
            (Some((venue, heard)), _) => {
                self.hear_feed(input.ts, venue, &heard);
                Ok(())
            }
            (None, Heard::Pricing(event)) => self.pricing.inject(event, &mut self.pens.pricing, &mut |_| ()),
            (None, Heard::Exec(event)) => self.exec.inject(event, &mut self.pens.exec, &mut |_| ()),
            (None, _) => Ok(()),
        };
        told.expect("a journal that takes lines");
        self.work();
        while let Some(outgoing) = self.gateway.next_request(self.committed.of(Agent::Exec)) {
            let Some(body) = body(outgoing) else { continue };
            let kept = self.pens.shell.record(RecordKind::OrderSent, 0, input.ts, &body);
            kept.expect("a journal that takes lines");
            orders.push(body);
        }
    }
}

fn body(outgoing: Outgoing) -> Option<Body> {
    match outgoing {
        Outgoing::Send(Request::Create(body), _) => Some(body),
        Outgoing::Send(Request::Cancel(_), _) | Outgoing::Refused { .. } => None,
    }
}

fn journal(dir: &Path) -> Writer {
    let identity = Identity {
        epoch_nonce: 1,
        salt_seed: 2,
        created: Nanos(1_780_000_000_000_000_000),
        config_hash: [3; 32],
        build_hash: [4; 32],
    };
    Writer::open(dir, Options::default().without_sync(), identity).expect("a new log")
}
