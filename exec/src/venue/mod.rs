//! The simulated venue: an exchange as a value. Commands and time in, what it did out.
//!
//! No socket, no clock: every call carries the time, [`Venue::next_deadline`] says when something
//! next happens by itself, and [`Venue::advance`] lets it happen. The rules are those of
//! kalshi.md §2.2, §2.4, §4 and §5.3.
//!
//! There is one account, ours, whose every order is remembered. Everybody else is two nameless
//! participants: the **makers**, who quote whole ladders and stand in the queues like anyone, and
//! the public that takes. At one instant the market's life comes first, then expiries, then
//! arrivals in the order sent, then what the caller does at that instant.

mod settings;
mod market;
mod lifecycle;
mod index;
mod order;
mod said;
mod entry;
mod change;
mod queue;
mod matching;
mod quote;
mod account;
mod holding;
mod chance;

pub use account::{Account, FillRecord, Holding, SettlementRecord};
pub use index::{AVERAGE_PRINTS, IndexAverage, IndexWindow};
pub use market::{ListError, Listing, MarketStatus, StrikeRule, VenueMarket, Verdict};
pub use order::{
    Accepted, AmendOrder, AmendRefusal, CancelOrder, Canceled, DecreaseOrder, Decreased, NewExpiry, NewOrder,
    OrderRecord, OrderState, Reduction,
};
pub use said::Said;
pub use settings::VenueSettings;

use alloc::vec::Vec;
use chance::Chance;
use entry::Entry;
use lifecycle::Lives;
use market::Market;
use matching::{Taker, Who};
use queue::RestingOrders;
use trader_journal::book::{Level, LevelBook, Side};
use trader_journal::event::RejectReason;
use trader_journal::fee::FeeSchedule;
use trader_journal::grid::PriceGrid;
use trader_journal::units::{Count, Money, Nanos, Price};

/// The venue.
///
/// Memory: [`Venue::list`] takes what a market needs where no final market left its place; the
/// account's record and the list of what was said grow as any `Vec`, from room for `orders_max`
/// rows and a thousand words. Quoting and matching inside that room allocate nothing.
pub struct Venue {
    settings: VenueSettings,
    /// The engine's time: never goes back.
    clock: Nanos,
    /// When [`Venue::step`] has something to do.
    next: Nanos,
    said: Vec<Said>,
    markets: Vec<Market>,
    lives: Lives,
    entry: Entry,
    resting: RestingOrders,
    next_expiry: Nanos,
    account: Account,
    index: IndexWindow,
    counts: VenueCounts,
    trades: u64,
    /// The ladder a quote is about to put in place.
    ladder: Vec<Level>,
    nothing: LevelBook,
}

/// What the venue did quietly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VenueCounts {
    /// Seconds of an average for which the print before was held, once per market and average.
    pub prints_held: u64,
    /// Levels of quotes that were left out: off the grid, out of order, empty, too large or too many.
    pub levels_left_out: u64,
}

impl Venue {
    /// A venue without markets.
    #[must_use]
    pub fn new(settings: VenueSettings) -> Venue {
        let settings = settings.within_ceilings();
        Venue {
            settings,
            clock: Nanos(0),
            next: Nanos::NEVER,
            said: Vec::with_capacity(1024),
            markets: Vec::with_capacity(settings.markets_max),
            lives: Lives::new(settings.markets_max),
            entry: Entry::new(Chance::new(settings.seed)),
            resting: RestingOrders::new(settings.orders_max),
            next_expiry: Nanos::NEVER,
            account: Account::new(settings.cash, settings.orders_max, settings.markets_max),
            index: IndexWindow::new(),
            counts: VenueCounts::default(),
            trades: 0,
            ladder: Vec::with_capacity(settings.levels_max),
            nothing: LevelBook::new(&PriceGrid::LINEAR_CENT),
        }
    }

    /// Lists a market; it opens by itself, at once when its open has passed.
    ///
    /// # Errors
    /// [`ListError`]; nothing changed.
    pub fn list(&mut self, now: Nanos, listing: &Listing) -> Result<VenueMarket, ListError> {
        self.run_until(now);
        let listing = listing.checked(self.clock, self.settings.strike_delay_ns)?;
        let (slot, id) = self.lives.begin(listing.open, self.settings.markets_max).ok_or(ListError::Full)?;
        match self.markets.get_mut(slot) {
            Some(place) => place.follow(id, &listing),
            None => self.markets.push(Market::new(id, &listing, self.settings.levels_max)),
        }
        self.account.open(slot, id);
        self.refresh();
        Ok(id)
    }

    /// The settlement index printed `value` at `at`: once a second.
    pub fn index_print(&mut self, at: Nanos, value: Money) {
        self.run_until(at);
        self.index.print(at, value);
    }

    /// The makers' whole ladder of one side, best first, replaces their last one.
    ///
    /// A level made smaller keeps its place in the queue (what leaves is what came last); what is
    /// added goes to the back. What takers took is gone until a ladder is quoted that has it again.
    /// Where the ladder crosses the makers' own other side, that side is withdrawn there; where it
    /// crosses our resting orders, they trade. Ignored unless the market is active; levels off the
    /// grid, out of order, empty, too large or beyond `levels_max` are left out and counted.
    pub fn quote(&mut self, now: Nanos, market: VenueMarket, side: Side, levels: &[Level]) {
        self.run_until(now);
        let Some(slot) = self.active(market) else { return };
        if self.markets[slot].makers[side as usize] != levels {
            self.requote(slot, side, levels);
        }
    }

    /// Public flow: an immediate-or-cancel order of nobody's account. Ignored unless the market is active.
    pub fn outside_taker(&mut self, now: Nanos, market: VenueMarket, side: Side, limit: Price, count: Count) {
        self.run_until(now);
        let Some(slot) = self.active(market) else { return };
        self.sweep(slot, Taker { side, who: Who::Public }, limit, count);
        self.refresh();
    }

    /// Sends an order; it reaches the engine after the entry latency, in the order sent.
    pub fn submit(&mut self, now: Nanos, order: &NewOrder) {
        self.run_until(now);
        self.entry.send(now, entry::Command::Create(*order), &self.settings);
        self.refresh();
    }

    /// Sends a cancel; it reaches the engine after the entry latency, in the order sent.
    pub fn cancel(&mut self, now: Nanos, cancel: &CancelOrder) {
        self.run_until(now);
        self.entry.send(now, entry::Command::Cancel(*cancel), &self.settings);
        self.refresh();
    }

    /// Sends a cancel of every order that rests when it reaches the engine, as any command.
    pub fn cancel_all(&mut self, now: Nanos, ticket: u64) {
        self.run_until(now);
        self.entry.send(now, entry::Command::CancelAll(ticket), &self.settings);
        self.refresh();
    }

    /// Sends a decrease; it reaches the engine after the entry latency, in the order sent.
    pub fn decrease(&mut self, now: Nanos, decrease: &DecreaseOrder) {
        self.run_until(now);
        self.entry.send(now, entry::Command::Decrease(*decrease), &self.settings);
        self.refresh();
    }

    /// Sends an amend; it reaches the engine after the entry latency, in the order sent.
    pub fn amend(&mut self, now: Nanos, amend: &AmendOrder) {
        self.run_until(now);
        self.entry.send(now, entry::Command::Amend(*amend), &self.settings);
        self.refresh();
    }

    /// Moves money onto the account's shard, or off it when `amount` is negative.
    ///
    /// # Errors
    /// [`RejectReason::InsufficientBalance`]: it is not there, or resting orders may need it; nothing moved.
    pub fn move_cash(&mut self, now: Nanos, amount: Money) -> Result<(), RejectReason> {
        self.run_until(now);
        let left = self.account.available().checked_add(amount);
        if amount < Money::ZERO && left.is_none_or(|left| left < Money::ZERO) {
            return Err(RejectReason::InsufficientBalance);
        }
        self.account.move_cash(amount);
        Ok(())
    }

    /// When something next happens by itself: an arrival, an expiry, a step of a market's life.
    /// In the past when something was done and is not told yet.
    #[must_use]
    pub fn next_deadline(&self) -> Nanos {
        self.said.first().map_or(self.next, |said| said.at())
    }

    /// Lets everything happen that is due by `now`, and appends to `said` all that was done since
    /// the last call, in the engine's order.
    #[inline]
    pub fn advance(&mut self, now: Nanos, said: &mut Vec<Said>) {
        self.run_until(now);
        if !self.said.is_empty() {
            said.append(&mut self.said);
        }
    }

    /// The public book in YES prices, our orders included; empty for a market that is final or was never listed.
    #[must_use]
    pub fn book(&self, market: VenueMarket) -> &LevelBook {
        self.market(market).map_or(&self.nothing, |market| &market.book)
    }

    /// Where a market is; `None` when it is final or was never listed.
    #[must_use]
    pub fn status(&self, market: VenueMarket) -> Option<MarketStatus> {
        self.market(market).map(|market| market.status)
    }

    /// A market's terms, the floor filled in once it was told; `None` when it is final or was never listed.
    #[must_use]
    pub fn listing(&self, market: VenueMarket) -> Option<&Listing> {
        self.market(market).map(|market| &market.listing)
    }

    /// The makers' contracts that are served before an order of ours; `None` when it does not rest.
    /// Our own orders before it at its price are not counted.
    #[must_use]
    pub fn queue_ahead(&self, order: trader_journal::event::Uuid) -> Option<Count> {
        let row = self.account.row_of(order)?;
        self.resting.all().iter().find(|resting| resting.row == row).map(|resting| resting.ahead)
    }

    /// The account, as of the last call that carried a time.
    #[must_use]
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// The settlement index.
    #[must_use]
    pub const fn index(&self) -> &IndexWindow {
        &self.index
    }

    /// What was done quietly.
    #[must_use]
    pub const fn counts(&self) -> VenueCounts {
        self.counts
    }

    fn market(&self, market: VenueMarket) -> Option<&Market> {
        self.lives.slot(market).map(|slot| &self.markets[slot])
    }

    /// The place of a market that takes orders.
    fn active(&self, market: VenueMarket) -> Option<usize> {
        self.lives.slot(market).filter(|slot| self.markets[*slot].status == MarketStatus::Active)
    }

    fn schedule(&self, slot: usize) -> FeeSchedule {
        FeeSchedule { rates: self.markets[slot].listing.rates, precision: self.settings.fee_precision }
    }

    #[inline]
    fn run_until(&mut self, now: Nanos) {
        while self.next <= now {
            self.step();
        }
        self.clock = self.clock.max(now);
    }

    /// The next thing that happens by itself.
    fn step(&mut self) {
        let due = self.next;
        self.clock = self.clock.max(due);
        if let Some(slot) = self.lives.due(due) {
            self.live(slot);
        } else if self.next_expiry <= due {
            self.expire();
        } else {
            self.arrive();
        }
        self.refresh();
    }

    /// Looks up again when the next thing is due: after anything that can have changed it.
    fn refresh(&mut self) {
        self.next_expiry = self.first_expiry();
        self.next = self.lives.next().min(self.next_expiry).min(self.entry.next());
    }
}
