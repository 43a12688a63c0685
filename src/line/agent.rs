//! One stage with its rings and its stream of the journal.
//!
//! An agent never waits: `work` takes what there is, or nothing when there is no room for
//! the worst that may follow, and says how much it did. Heard before handled: an event is
//! in the journal before the stage sees it.

use super::pen::{HASH_EVERY_EVENTS, Pen, PenError};
use super::times::{Stamping, Times};
use trader_journal::event::{Agent, Event, Ring, pad};
use trader_journal::stage::{Outbox, Stage};
use trader_journal::units::Nanos;
use trader_ring::spsc::{Consumer, Producer};

/// Events taken of one input in one round: the other inputs, and whoever shares the thread, have their turn.
pub const EVENTS_MAX: usize = 256;

/// A ring an agent takes events from.
pub struct Input {
    /// Its name in the journal.
    pub ring: Ring,
    /// Its end.
    pub events: Consumer<Event>,
}

/// A ring an agent tells the next stage through.
pub struct Output {
    /// Which of the events the stage says go there; the rest nobody on the line hears.
    pub takes: fn(&Event) -> bool,
    /// Its end.
    pub events: Producer<Event>,
}

/// What somebody who looks over an agent's shoulder sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Word<'a> {
    /// The agent heard it; it is written down, and not handled yet.
    Heard {
        /// The ring it came from.
        ring: Ring,
        /// What.
        event: &'a Event,
        /// When it was pushed, and what caused it came; `None` where nothing is stamped, or nobody pushed it.
        times: Option<Times>,
    },
    /// The agent said it, to the next stage or to nobody.
    Said {
        /// What.
        event: &'a Event,
        /// How many lines of the agent's stream were written then: with them its causes.
        line: u64,
    },
}

/// A stage, the rings it takes from, and the ring it tells the next stage through.
pub struct StageAgent<S> {
    agent: Agent,
    stage: S,
    inputs: Vec<Input>,
    output: Option<Output>,
    outbox: Outbox,
    heard: u64,
    last_timer: Option<(Nanos, Nanos)>,
    /// Market time until a deadline that did not move is told again.
    timer_again_ns: u64,
    stamping: Option<Stamping>,
}

impl<S: Stage> StageAgent<S> {
    /// The most lines one event leads to: itself, what is said of it, a state hash.
    pub const LINES_MAX: usize = S::SAYS_MAX + 2;

    /// Joins a stage to its rings; inputs are asked in the order given.
    #[must_use]
    pub fn new(agent: Agent, stage: S, inputs: Vec<Input>, output: Option<Output>) -> StageAgent<S> {
        StageAgent {
            agent,
            stage,
            inputs,
            output,
            outbox: Outbox::new(S::SAYS_MAX),
            heard: 0,
            last_timer: None,
            timer_again_ns: 0,
            stamping: None,
        }
    }

    /// What it hears has its times, and what it tells is stamped.
    #[must_use]
    pub(super) fn with_stamping(self, stamping: Stamping) -> StageAgent<S> {
        StageAgent { stamping: Some(stamping), ..self }
    }

    /// Where time runs on by itself, a deadline that was told and did not move is told again after `ns`
    /// of market time only.
    #[must_use]
    pub fn with_timer_again_ns(self, ns: u64) -> StageAgent<S> {
        StageAgent { timer_again_ns: ns, ..self }
    }

    /// The stage, for those who look.
    #[must_use]
    pub const fn stage(&self) -> &S {
        &self.stage
    }

    /// When the stage next wants to be woken.
    #[must_use]
    pub fn next_deadline(&self) -> Nanos {
        self.stage.next_deadline()
    }

    /// Takes what is there, of each input in turn and of none more than [`EVENTS_MAX`], then the timer that is
    /// due. Returns how many events were taken. `sees` is shown each word, after it is written down.
    ///
    /// # Errors
    /// [`PenError`] when the journal refuses a line: nothing more may be done.
    pub fn work(&mut self, now: Nanos, pen: &mut Pen, sees: &mut impl FnMut(Word<'_>)) -> Result<usize, PenError> {
        let mut taken = 0;
        for index in 0..self.inputs.len() {
            let mut of_this = 0;
            while of_this < EVENTS_MAX
                && self.has_room(pen)
                && let Some((event, times)) = self.take(index)
            {
                self.hear((self.inputs[index].ring, times), &event, pen, sees)?;
                of_this += 1;
            }
            taken += of_this;
        }
        if taken == 0 && self.timer_is_due(now) && self.has_room(pen) {
            self.last_timer = Some((self.stage.next_deadline(), now));
            self.wake(now, pen, sees)?;
            if !self.outbox.events().is_empty() {
                // It has more to say, or it would have moved its deadline.
                self.last_timer = None;
            }
            taken = 1;
        }
        Ok(taken)
    }

    /// Tells the stage the time, due or not, when there [is room](StageAgent::has_room): after a pause it must
    /// not judge what waits in the rings by the time before it.
    ///
    /// # Errors
    /// As [`StageAgent::work`].
    pub fn wake(&mut self, now: Nanos, pen: &mut Pen, sees: &mut impl FnMut(Word<'_>)) -> Result<(), PenError> {
        let timer = Event::Timer { pad: pad(), ts: now, due: self.stage.next_deadline(), pad2: pad() };
        self.hear((Ring::Shell, None), &timer, pen, sees)
    }

    /// Whether something waits to be heard.
    #[must_use]
    pub fn has_input(&self) -> bool {
        self.inputs.iter().any(|input| input.events.peek().is_some())
    }

    /// Whether those who speak on one of `rings` are all gone; what they said last may still be here.
    #[must_use]
    pub fn is_left_alone(&self, rings: &[Ring]) -> bool {
        self.inputs.iter().filter(|input| rings.contains(&input.ring)).all(|input| input.events.is_abandoned())
    }

    /// Hears one event that the shell itself injects.
    ///
    /// # Errors
    /// As [`StageAgent::work`].
    pub fn inject(&mut self, event: &Event, pen: &mut Pen, sees: &mut impl FnMut(Word<'_>)) -> Result<(), PenError> {
        self.tell(Ring::Shell, event, pen, sees)
    }

    /// Hears one event as if it came on `ring`, when there [is room](StageAgent::has_room).
    ///
    /// # Errors
    /// As [`StageAgent::work`].
    pub fn tell(
        &mut self,
        ring: Ring,
        event: &Event,
        pen: &mut Pen,
        sees: &mut impl FnMut(Word<'_>),
    ) -> Result<(), PenError> {
        self.hear((ring, None), event, pen, sees)
    }

    /// Says the hash of the stage's state, as it does by itself every [`HASH_EVERY_EVENTS`].
    ///
    /// # Errors
    /// As [`StageAgent::work`].
    pub fn say_hash(&self, ts: Nanos, pen: &mut Pen) -> Result<u64, PenError> {
        let hash = self.stage.state_hash();
        pen.said(&self.hash_event(ts, hash))?;
        Ok(hash)
    }

    fn hash_event(&self, ts: Nanos, hash: u64) -> Event {
        Event::StateHash { agent: self.agent, pad: pad(), ts, hash, events: self.heard, pad2: pad() }
    }

    /// Whether an event may be taken now: the next stage's ring and the journal's have room for the
    /// worst that may follow.
    pub fn has_room(&mut self, pen: &mut Pen) -> bool {
        pen.has_room(0, Self::LINES_MAX)
            && self.output.as_mut().is_none_or(|output| output.events.has_room(S::SAYS_MAX))
    }

    /// A due deadline that the stage neither moves nor speaks at is told once, not for ever.
    fn timer_is_due(&self, now: Nanos) -> bool {
        let due = self.stage.next_deadline();
        let is_told = self.last_timer.is_some_and(|(told, at)| told == due && now.since(at) <= self.timer_again_ns);
        due <= now && !is_told
    }

    /// The next event of an input, with its times where they are kept.
    #[inline]
    fn take(&mut self, index: usize) -> Option<(Event, Option<Times>)> {
        let events = &mut self.inputs[index].events;
        let beside = self.stamping.as_ref().and_then(|stamping| stamping.inputs[index].as_ref());
        let Some(beside) = beside else { return Some((events.pop()?, None)) };
        // Once it is taken, its times are somebody else's.
        events.peek()?;
        let times = beside.read(events.consumed());
        Some((events.pop()?, Some(times)))
    }

    fn hear(
        &mut self,
        (ring, times): (Ring, Option<Times>),
        event: &Event,
        pen: &mut Pen,
        sees: &mut impl FnMut(Word<'_>),
    ) -> Result<(), PenError> {
        pen.heard(ring, event)?;
        self.heard += 1;
        if let Some(stamping) = &mut self.stamping {
            match times {
                Some(times) => stamping.cause = times.cause,
                None => stamping.begin(),
            }
        }
        sees(Word::Heard { ring, event, times });
        self.outbox.clear();
        self.stage.on(event, &mut self.outbox);
        let stamp = self.stamping.as_ref().filter(|_| !self.outbox.events().is_empty()).map(Stamping::now);
        for word in self.outbox.events() {
            match &mut self.output {
                // There is room: `work` asked for the worst case before it took the input.
                Some(output) if (output.takes)(word) => {
                    if let (Some(times), Some(stamping)) = (stamp, &self.stamping) {
                        stamping.outputs[0].write(output.events.produced(), times);
                    }
                    output.events.push(*word).unwrap_or_else(|_| overflow());
                }
                _ => pen.said(word)?,
            }
            sees(Word::Said { event: word, line: pen.lines() });
        }
        if self.heard.is_multiple_of(HASH_EVERY_EVENTS) {
            pen.said(&self.hash_event(event.ts(), self.stage.state_hash()))?;
        }
        Ok(())
    }
}

/// Dropping what a stage said is the one thing the line must never do.
fn overflow() -> ! {
    unreachable!("a stage said more than its declared worst case")
}
