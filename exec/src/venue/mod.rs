//! The simulated venue: an exchange as a value. Commands and time in, what it did out.
//!
//! No socket, no clock: every call carries the time, [`Venue::next_deadline`] says when something
//! next happens by itself, and [`Venue::advance`] lets it happen. The rules are those of
//! kalshi.md §2.2, §2.4, §4 and §5.3.

mod settings;
mod market;
mod order;
mod said;
mod account;
mod index;

pub use account::{Account, FillRecord, Holding, SettlementRecord};
pub use index::{AVERAGE_PRINTS, IndexAverage, IndexWindow};
pub use market::{ListError, Listing, MarketStatus, StrikeRule, VenueMarket, Verdict};
pub use order::{Accepted, CancelOrder, Canceled, NewOrder, OrderRecord, OrderState};
pub use said::Said;
pub use settings::VenueSettings;

use alloc::vec::Vec;
use trader_journal::book::{Level, LevelBook, Side};
use trader_journal::grid::PriceGrid;
use trader_journal::units::{Count, Money, Nanos, Price};

/// The venue.
pub struct Venue {
    settings: VenueSettings,
    account: Account,
    index: IndexWindow,
    nothing: LevelBook,
}

impl Venue {
    /// A venue without markets.
    #[must_use]
    pub fn new(settings: VenueSettings) -> Venue {
        Venue {
            settings,
            account: Account::new(settings.cash, settings.orders_max),
            index: IndexWindow::new(),
            nothing: LevelBook::new(&PriceGrid::LINEAR_CENT),
        }
    }

    /// Lists a market; it opens by itself. May allocate, where a place was never used before.
    ///
    /// # Errors
    /// [`ListError`]; nothing changed.
    pub fn list(&mut self, now: Nanos, listing: &Listing) -> Result<VenueMarket, ListError> {
        let _ = (now, listing, &self.settings);
        Err(ListError::Full)
    }

    /// The settlement index printed `value` at `at`: once a second.
    pub fn index_print(&mut self, at: Nanos, value: Money) {
        self.index.print(at, value);
    }

    /// The makers' whole ladder of one side, best first, replaces their last one.
    ///
    /// A level made smaller keeps its place in the queue (what leaves is what came last); what is
    /// added goes to the back. What takers took is gone until a ladder is quoted that has it again.
    /// Where the ladder crosses the makers' own other side, that side is withdrawn there; where it
    /// crosses our resting orders, they trade. Ignored unless the market is active; levels off the
    /// grid, out of order, empty or beyond `levels_max` are left out.
    pub fn quote(&mut self, now: Nanos, market: VenueMarket, side: Side, levels: &[Level]) {
        let _ = (now, market, side, levels);
    }

    /// Public flow: an immediate-or-cancel order of nobody's account.
    pub fn outside_taker(&mut self, now: Nanos, market: VenueMarket, side: Side, limit: Price, count: Count) {
        let _ = (now, market, side, limit, count);
    }

    /// Sends an order; it reaches the engine after the entry latency, in the order sent.
    pub fn submit(&mut self, now: Nanos, order: &NewOrder) {
        let _ = (now, order);
    }

    /// Sends a cancel; it reaches the engine after the entry latency, in the order sent.
    pub fn cancel(&mut self, now: Nanos, cancel: &CancelOrder) {
        let _ = (now, cancel);
    }

    /// When something next happens by itself: an arrival, an expiry, a step of a market's life.
    /// In the past when something was done and not yet told.
    #[must_use]
    pub const fn next_deadline(&self) -> Nanos {
        Nanos::NEVER
    }

    /// Lets everything happen that is due by `now`, and appends to `said` all that was done since
    /// the last call, in the engine's order.
    pub fn advance(&mut self, now: Nanos, said: &mut Vec<Said>) {
        let _ = (now, said);
    }

    /// The public book in YES prices, our orders included; empty for a market that is final.
    #[must_use]
    pub const fn book(&self, market: VenueMarket) -> &LevelBook {
        let _ = market;
        &self.nothing
    }

    /// Where a market is; `None` when it is final or was never listed.
    #[must_use]
    pub const fn status(&self, market: VenueMarket) -> Option<MarketStatus> {
        let _ = market;
        None
    }

    /// A market's terms, the floor filled in once it was told; `None` when it is final or was never listed.
    #[must_use]
    pub const fn listing(&self, market: VenueMarket) -> Option<&Listing> {
        let _ = market;
        None
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// The settlement index.
    #[must_use]
    pub const fn index(&self) -> &IndexWindow {
        &self.index
    }

    /// Stops trading in a market: orders are refused, cancels are not, and orders that asked for it are cancelled.
    pub fn halt(&mut self, now: Nanos, market: VenueMarket) {
        let _ = (now, market);
    }

    /// Resumes a halted market; everything that rested in it is cancelled (kalshi.md §5.3).
    pub fn resume(&mut self, now: Nanos, market: VenueMarket) {
        let _ = (now, market);
    }

    /// Decides a market's result beforehand, whatever the index does.
    pub fn settle_as(&mut self, market: VenueMarket, verdict: Verdict) {
        let _ = (market, verdict);
    }
}
