//! An order's way in time: from the tick that caused it to the reply, for the histograms.

use super::agent::Word;
use super::latency::Hop;
use super::port::Left;
use crate::clock::{MarketClock, Moment, Ticker};
use trader_journal::event::{ClientId, Event, Ring};
use trader_journal::units::Nanos;

/// Orders on their way that are remembered; more at once than any limit allows are not measured.
const FLIGHTS_MAX: usize = 256;

/// One order on its way; wall times but for the cause.
#[derive(Clone, Copy, Debug)]
struct Flight {
    client: ClientId,
    line: u64,
    /// When what the opinion was formed on was read.
    cause: Moment,
    said: Nanos,
    committed: Option<Nanos>,
    left: Option<Nanos>,
}

/// The orders on their way, and the times of those that arrived.
pub(super) struct Flights {
    open: Vec<Flight>,
    ticker: Ticker,
    /// Of the last opinion heard.
    cause: Moment,
    of_kalshi: Hop,
    of_pricing: Hop,
    to_commit: Hop,
    to_wire: Hop,
    to_order: Hop,
    to_reply: Hop,
}

impl Flights {
    pub(super) fn new(ticker: Ticker) -> Flights {
        Flights {
            open: Vec::with_capacity(FLIGHTS_MAX),
            cause: ticker.now(),
            ticker,
            of_kalshi: Hop::new("kalshi->exec"),
            of_pricing: Hop::new("pricing->exec"),
            to_commit: Hop::new("exec->committed"),
            to_wire: Hop::new("committed->wire"),
            to_order: Hop::new("tick->order"),
            to_reply: Hop::new("order->reply"),
        }
    }

    /// Exec heard or said something.
    pub(super) fn see(&mut self, word: Word<'_>, clock: &MarketClock) {
        match word {
            Word::Heard { ring: Ring::KalshiExec, times: Some(times), .. } => {
                self.of_kalshi.record(self.ticker.nanos_since(times.pushed));
            }
            Word::Heard { ring: Ring::PricingExec, times: Some(times), .. } => {
                self.cause = times.cause;
                self.of_pricing.record(self.ticker.nanos_since(times.pushed));
            }
            Word::Heard { ring: Ring::GatewayExec, event, .. } => self.replied(event, clock),
            Word::Heard { .. } => {}
            Word::Said { event: Event::OrderIntent { client, .. }, line } => {
                if self.open.len() < FLIGHTS_MAX {
                    let said = clock.wall_now();
                    let (committed, left) = (None, None);
                    self.open.push(Flight { client: *client, line, cause: self.cause, said, committed, left });
                }
            }
            Word::Said { .. } => {}
        }
    }

    /// So many lines of exec's stream are committed at `wall`.
    pub(super) fn committed(&mut self, lines: u64, wall: Nanos) {
        let Flights { open, to_commit, .. } = self;
        for flight in open.iter_mut().filter(|flight| flight.committed.is_none() && flight.line <= lines) {
            flight.committed = Some(wall);
            to_commit.record(wall.since(flight.said));
        }
    }

    /// A request was written.
    pub(super) fn left(&mut self, left: Left, clock: &MarketClock) {
        let Flights { open, ticker, to_wire, to_order, .. } = self;
        let is_it = |flight: &&mut Flight| flight.client == left.client && flight.left.is_none();
        let Some(flight) = open.iter_mut().find(is_it) else { return };
        flight.left = Some(left.wall);
        to_wire.record(left.wall.since(flight.committed.unwrap_or(flight.said)));
        let since_written = clock.wall_now().since(left.wall);
        to_order.record(ticker.nanos_since(flight.cause).saturating_sub(since_written));
    }

    fn replied(&mut self, event: &Event, clock: &MarketClock) {
        let (Event::OrderAccepted { client, .. }
        | Event::OrderRejected { client, .. }
        | Event::OrderUnknown { client, .. }) = event
        else {
            return;
        };
        let Some(at) = self.open.iter().position(|flight| flight.client == *client) else { return };
        if let Some(left) = self.open.swap_remove(at).left {
            self.to_reply.record(clock.wall_now().since(left));
        }
    }

    pub(super) fn into_hops(self) -> Vec<Hop> {
        let Flights { of_kalshi, of_pricing, to_commit, to_wire, to_order, to_reply, .. } = self;
        vec![of_kalshi, of_pricing, to_commit, to_wire, to_order, to_reply]
    }
}
