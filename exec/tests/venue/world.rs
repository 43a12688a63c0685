//! A venue with a market or two, spoken to in few words.

use trader_exec::venue::{
    Accepted, CancelOrder, Canceled, FillRecord, Listing, NewOrder, OrderState, Said, StrikeRule, Venue, VenueMarket,
    VenueSettings,
};
use trader_journal::book::{Level, Side};
use trader_journal::event::{ClientId, RejectReason, SelfTrade, StrikeKind, TimeInForce, Uuid};
use trader_journal::fee::{FeeRates, FeeType, Multiplier};
use trader_journal::grid::PriceGrid;
use trader_journal::units::{Count, Money, Nanos, Price};

pub(crate) const OPEN: Nanos = Nanos(1_000_000 * Nanos::SECOND);
pub(crate) const CLOSE: Nanos = Nanos(1_000_900 * Nanos::SECOND);

pub(crate) fn dollars(text: &str) -> Money {
    Money::parse(text.as_bytes()).unwrap()
}

pub(crate) fn contracts(text: &str) -> Count {
    Count::parse(text.as_bytes()).unwrap()
}

pub(crate) fn price(text: &str) -> Price {
    Price::parse(text.as_bytes()).unwrap()
}

pub(crate) fn level(at: &str, size: &str) -> Level {
    Level { price: price(at), size: contracts(size) }
}

pub(crate) fn rates() -> FeeRates {
    FeeType::Quadratic.rates(Multiplier::ONE).unwrap()
}

/// No latency, so that a command and its answer are one call apart.
pub(crate) fn settings() -> VenueSettings {
    VenueSettings { entry_latency_ns: 0, entry_jitter_ns: 0, ..VenueSettings::default() }
}

pub(crate) fn listing() -> Listing {
    Listing {
        strike: StrikeKind::GreaterOrEqual,
        floor: dollars("100"),
        cap: Money::ZERO,
        strike_rule: StrikeRule::Given,
        open: OPEN,
        close: CLOSE,
        grid: PriceGrid::TAPERED_DECI_CENT,
        rates: rates(),
        settlement_timer_ns: Nanos::SECOND,
    }
}

pub(crate) struct World {
    pub(crate) venue: Venue,
    pub(crate) now: Nanos,
    pub(crate) market: VenueMarket,
    pub(crate) said: Vec<Said>,
    sent: u64,
}

impl World {
    /// One open market with an empty book.
    pub(crate) fn new() -> World {
        World::with(settings(), &listing())
    }

    pub(crate) fn with(settings: VenueSettings, listing: &Listing) -> World {
        let mut venue = Venue::new(settings);
        let market = venue.list(OPEN.minus(60 * Nanos::SECOND), listing).unwrap();
        let mut world = World { venue, now: OPEN, market, said: Vec::new(), sent: 0 };
        world.wait(1);
        world
    }

    /// Lets time pass; `said` holds what was said meanwhile.
    pub(crate) fn wait(&mut self, nanos: u64) -> &[Said] {
        self.now = self.now.plus(nanos);
        self.said.clear();
        self.venue.advance(self.now, &mut self.said);
        &self.said
    }

    pub(crate) fn quote(&mut self, side: Side, levels: &[Level]) -> &[Said] {
        self.venue.quote(self.now, self.market, side, levels);
        self.wait(1)
    }

    pub(crate) fn public(&mut self, side: Side, limit: &str, count: &str) -> &[Said] {
        self.venue.outside_taker(self.now, self.market, side, price(limit), contracts(count));
        self.wait(1)
    }

    /// An order nobody sent yet, good till canceled.
    pub(crate) fn order(&mut self, side: Side, at: &str, count: &str) -> NewOrder {
        self.sent += 1;
        NewOrder {
            client: ClientId { epoch: 1, nonce: 7, seq: self.sent },
            market: Some(self.market),
            side,
            price: price(at),
            count: contracts(count),
            time_in_force: TimeInForce::GoodTillCanceled,
            expires: None,
            post_only: false,
            reduce_only: false,
            self_trade: SelfTrade::TakerAtCross,
            cancel_on_pause: false,
            ticket: self.sent,
        }
    }

    pub(crate) fn ioc(&mut self, side: Side, at: &str, count: &str) -> NewOrder {
        NewOrder { time_in_force: TimeInForce::ImmediateOrCancel, ..self.order(side, at, count) }
    }

    pub(crate) fn send(&mut self, order: NewOrder) -> Result<Accepted, RejectReason> {
        self.venue.submit(self.now, &order);
        self.wait(1);
        self.create_reply(order.ticket)
    }

    /// A resting order.
    pub(crate) fn rest(&mut self, side: Side, at: &str, count: &str) -> Uuid {
        let order = self.order(side, at, count);
        let accepted = self.send(order).unwrap();
        assert_eq!(accepted.remaining, contracts(count), "it was to rest");
        accepted.order
    }

    pub(crate) fn cancel(&mut self, order: Uuid) -> Result<Canceled, RejectReason> {
        self.cancel_on(order, Some(2))
    }

    pub(crate) fn cancel_on(&mut self, order: Uuid, shard: Option<u8>) -> Result<Canceled, RejectReason> {
        self.venue.cancel(self.now, &CancelOrder { order, shard, ticket: 99 });
        self.wait(1);
        let found = self.said.iter().find_map(|said| match said {
            Said::CancelReply { ticket: 99, result, .. } => Some(*result),
            _ => None,
        });
        found.expect("a cancel is answered")
    }

    pub(crate) fn create_reply(&self, asked: u64) -> Result<Accepted, RejectReason> {
        let found = self.said.iter().find_map(|said| match said {
            Said::CreateReply { ticket, result, .. } if *ticket == asked => Some(*result),
            _ => None,
        });
        found.expect("a create is answered")
    }

    pub(crate) fn fills(&self) -> Vec<FillRecord> {
        fills(&self.said)
    }

    pub(crate) fn states(&self) -> Vec<OrderState> {
        let state = |said: &Said| match said {
            Said::Order { state, .. } => Some(*state),
            _ => None,
        };
        self.said.iter().filter_map(state).collect()
    }

    pub(crate) fn cash(&self) -> String {
        self.venue.account().cash().to_string()
    }

    pub(crate) fn levels(&self, side: Side) -> Vec<Level> {
        self.venue.book(self.market).levels(side).collect()
    }

    pub(crate) fn position(&self) -> Count {
        self.venue.account().position(self.market)
    }
}

pub(crate) fn fills(said: &[Said]) -> Vec<FillRecord> {
    let fill = |said: &Said| match said {
        Said::Fill(fill) => Some(*fill),
        _ => None,
    };
    said.iter().filter_map(fill).collect()
}
