//! One thread of the line: its agents in turn, and what it does while none has anything to do.

use super::halt::Halt;
use super::part::{Part, PartEnd, Round, Worked};
use super::scribe::Scribe;
use crate::clock::MarketClock;
use crate::socket::reactor::Reactor;
use crate::thread::{give_way, rest};
use std::hint::spin_loop;
use std::sync::Arc;
use std::time::Duration;
use trader_ring::wait::{Idle, PARK_MAX, Patience, Step};

/// A thread's agents and what they share.
pub(super) struct Seat {
    pub parts: Vec<Box<dyn Part>>,
    pub reactor: Reactor,
    /// Whether an agent here owns sockets: then the thread parks where a frame wakes it.
    pub has_sockets: bool,
    pub clock: MarketClock,
    pub patience: Patience,
    pub halt: Arc<Halt>,
}

impl Seat {
    /// Runs until its agents are done, or the line is dead.
    pub(super) fn run(mut self) -> Vec<PartEnd> {
        let mut ends = Vec::with_capacity(self.parts.len());
        let mut idle = Idle::new(self.patience);
        while !self.parts.is_empty() && !self.halt.is_dead() {
            let did = self.round(&mut ends);
            match idle.step(did) {
                Step::GoOn => {}
                Step::Pause => spin_loop(),
                Step::Yield => give_way(),
                Step::Park(park) => self.park(park),
            }
        }
        // Whoever is left ends without a last word.
        ends.extend(self.parts.drain(..).map(Part::end));
        ends
    }

    fn round(&mut self, ends: &mut Vec<PartEnd>) -> usize {
        if self.has_sockets {
            self.reactor.turn(Some(Duration::ZERO));
        }
        let is_stopping = self.halt.is_stopping();
        let mut did = 0;
        let mut place = 0;
        while place < self.parts.len() {
            let mut round = Round { reactor: &mut self.reactor, clock: &self.clock, is_stopping };
            match self.parts[place].work(&mut round) {
                Ok(Worked::Did(count)) => {
                    did += count;
                    place += 1;
                }
                Ok(Worked::Done) => {
                    did += 1;
                    ends.push(self.parts.remove(place).end());
                }
                Err(error) => {
                    self.halt.die(error.to_string());
                    return 0;
                }
            }
        }
        did
    }

    /// Sleeps for `park` at most, and not beyond the next deadline; a frame ends it.
    fn park(&mut self, park: Duration) {
        let now = (self.clock.now(), self.clock.wall_now());
        let mut pause = park.min(PARK_MAX);
        for part in &self.parts {
            let (market, wall) = part.deadlines();
            // What is due was told in the last round: nothing new comes of it before something else does.
            if market > now.0 {
                pause = pause.min(self.clock.wall_until(market));
            }
            if wall > now.1 {
                pause = pause.min(Duration::from_nanos(wall.since(now.1)));
            }
        }
        if self.has_sockets {
            self.reactor.turn(Some(pause));
        } else {
            rest(pause);
        }
    }
}

/// Writes what the pens write until all are gone, then seals the journal; says how many events it wrote.
/// A journal that takes no more ends the line.
pub(super) fn scribe(mut scribe: Scribe, patience: Patience, halt: &Halt) -> u64 {
    let mut idle = Idle::new(patience);
    let worked = loop {
        let is_last = scribe.is_left_alone();
        match scribe.work() {
            Ok(0) if is_last => break Ok(()),
            Ok(did) => match idle.step(did) {
                Step::GoOn => {}
                Step::Pause => spin_loop(),
                Step::Yield => give_way(),
                // What causes an order is written a moment before it: after that the parks are short.
                Step::Park(park) => rest(park),
            },
            Err(error) => break Err(error),
        }
    };
    let events = scribe.events();
    if let Err(error) = worked.and_then(|()| scribe.close()) {
        halt.die(error.to_string());
    }
    events
}
