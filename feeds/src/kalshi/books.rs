//! The books of the watched markets: each mirrors the venue's, or is known not to.

use super::delta::Delta;
use super::ticker::Ticker;
use trader_journal::book::{BookError, LevelBook, Side};
use trader_journal::event::{BookFault, Event, MarketId, pad};
use trader_journal::grid::PriceGrid;
use trader_journal::stage::Outbox;
use trader_journal::units::{Count, Nanos, Price};

/// A watched market and its book.
#[derive(Debug)]
pub(crate) struct Slot {
    /// The row of its market; `None` for a free place.
    pub(crate) market: Option<u32>,
    pub(crate) id: MarketId,
    /// Its ticker; kept after the market is gone, until it is out of the subscriptions.
    pub(crate) ticker: Ticker,
    pub(crate) book: LevelBook,
    /// The book takes every multiple of the smallest tick; a level may be at fewer prices.
    grid: PriceGrid,
    pub(crate) valid: bool,
    /// When a snapshot was last asked for and not come yet; zero when none is under way.
    pub(crate) asked: Nanos,
    /// Whether it is in the subscription of books, and in that of trades.
    pub(crate) member: [bool; 2],
}

/// One step's stamps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    pub(crate) ts: Nanos,
    pub(crate) venue_ts: Nanos,
    pub(crate) epoch: u32,
}

/// Why a snapshot is not a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SnapshotFault {
    /// As the venue's book can never be.
    Fault(BookFault),
    /// It makes sense only with NO levels in NO prices: the flag we send was not heeded.
    WrongScale,
}

impl Slot {
    pub(crate) fn free() -> Slot {
        Slot {
            market: None,
            id: MarketId(0),
            ticker: Ticker::EMPTY,
            book: LevelBook::new(&PriceGrid::LINEAR_CENT),
            grid: PriceGrid::LINEAR_CENT,
            valid: false,
            asked: Nanos(0),
            member: [false; 2],
        }
    }

    /// Gives the place to a market.
    pub(crate) fn assign(&mut self, market: u32, id: MarketId, ticker: Ticker, grid: &PriceGrid) {
        self.regrid(grid);
        self.market = Some(market);
        self.id = id;
        self.ticker = ticker;
        self.asked = Nanos(0);
        self.member = [false; 2];
    }

    /// Empties the book and fits it to a grid.
    pub(crate) fn regrid(&mut self, grid: &PriceGrid) {
        self.book.regrid(grid);
        self.grid = *grid;
    }

    /// Gives the place back.
    pub(crate) fn release(&mut self, ts: Nanos, out: &mut Outbox) {
        self.invalidate(BookFault::Unsubscribed, ts, out);
        self.market = None;
    }

    /// Whether a snapshot is what the book lacks.
    pub(crate) const fn awaits_snapshot(&self) -> bool {
        self.market.is_some() && !self.valid && self.member[0]
    }

    /// Whether a snapshot may be asked for: none is under way, or the last one did not come.
    pub(crate) const fn snapshot_due(&self, now: Nanos, retry: u64) -> bool {
        self.asked.0 == 0 || self.asked.plus(retry).0 <= now.0
    }

    /// The book is worth nothing from here on; the line hears it once.
    pub(crate) fn invalidate(&mut self, fault: BookFault, ts: Nanos, out: &mut Outbox) {
        if std::mem::replace(&mut self.valid, false) {
            out.push(Event::BookInvalid { fault, pad: pad(), market: self.id, ts, pad2: pad() });
        }
    }

    /// Replaces the book and tells it, whole.
    pub(crate) fn replace(
        &mut self,
        levels: &[(Side, Price, Count)],
        stamp: Stamp,
        out: &mut Outbox,
    ) -> Result<(), SnapshotFault> {
        self.fill(levels)?;
        self.asked = Nanos(0);
        self.valid = true;
        let Stamp { ts, venue_ts, epoch } = stamp;
        out.push(Event::BookBegin { pad: pad(), market: self.id, ts, venue_ts, epoch, pad2: pad() });
        for (side, price, size) in levels {
            out.push(self.level(*side, *price, *size, stamp));
        }
        let levels = levels.len() as u32;
        out.push(Event::BookEnd { pad: pad(), market: self.id, ts, venue_ts, levels, pad2: pad() });
        Ok(())
    }

    fn fill(&mut self, levels: &[(Side, Price, Count)]) -> Result<(), SnapshotFault> {
        self.book.clear();
        for (side, price, size) in levels {
            let twice = self.book.size(*side, *price).0 != 0;
            if twice || !self.grid.contains(*price) || self.book.set(*side, *price, *size).is_err() {
                return Err(SnapshotFault::Fault(BookFault::Illegal));
            }
        }
        match self.book.is_crossed() {
            false => Ok(()),
            true if fits_no_prices(levels) => Err(SnapshotFault::WrongScale),
            true => Err(SnapshotFault::Fault(BookFault::Crossed)),
        }
    }

    /// Applies a change and tells the level's new size.
    pub(crate) fn apply(&mut self, delta: &Delta<'_>, stamp: Stamp, out: &mut Outbox) -> Result<(), BookFault> {
        if !self.grid.contains(delta.price) {
            return Err(BookFault::Illegal);
        }
        let size = self.book.apply(delta.side, delta.price, delta.change).map_err(book_fault)?;
        if self.book.is_crossed() {
            return Err(BookFault::Crossed);
        }
        out.push(self.level(delta.side, delta.price, size, stamp));
        Ok(())
    }

    const fn level(&self, side: Side, price: Price, size: Count, stamp: Stamp) -> Event {
        let Stamp { ts, venue_ts, .. } = stamp;
        Event::BookLevel { side, pad: pad(), market: self.id, ts, venue_ts, size, price, pad2: pad() }
    }
}

const fn book_fault(error: BookError) -> BookFault {
    match error {
        BookError::BelowZero => BookFault::Negative,
        BookError::OffGrid | BookError::TooLarge => BookFault::Illegal,
    }
}

/// Whether the levels are an uncrossed book when NO levels are read as NO prices.
fn fits_no_prices(levels: &[(Side, Price, Count)]) -> bool {
    let best = |side| levels.iter().filter(|level| level.0 == side).map(|level| level.1).max();
    match (best(Side::Bid), best(Side::Ask)) {
        (Some(yes), Some(no)) => yes < no.complement(),
        _ => true,
    }
}
