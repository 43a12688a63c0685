//! What each message of the WebSocket does.

use super::books::{SnapshotFault, Stamp};
use super::delta::{Delta, laid_out};
use super::lines::{LineState, Place};
use super::message::{Body, Envelope, Fill, Index, Message, Trade, UserOrder, decode_any_order};
use super::ticker::event_part;
use super::words::Channel;
use super::{Session, Step, body};
use crate::json::Read;
use trader_journal::event::{BookFault, Event, FrameFault, MarketId, pad};
use trader_journal::fee::{FeeType, Multiplier};
use trader_journal::units::Nanos;

/// Errors that end a subscription while the connection stays: channel error, buffer overflow.
const ENDS_SUBSCRIPTION: [u64; 2] = [10, 25];

/// The error that says a subscription is not there any more.
const UNKNOWN_SID: u64 = 7;

impl Session {
    pub(super) fn hear_frame(&mut self, frame: &[u8], step: &mut Step<'_>) {
        if let Some((envelope, delta)) = laid_out(frame) {
            if let Err(fault) = self.hear_delta(&envelope, &delta, step) {
                self.reject(fault, step);
            }
            return;
        }
        match decode_any_order(frame, &mut self.scratch) {
            Ok(message) => {
                if let Err(fault) = self.hear(&message, step) {
                    self.reject(fault, step);
                }
            }
            Err(rejected) if rejected.may_concern_books() => self.doubt_books(rejected.fault, step),
            Err(rejected) => self.reject(rejected.fault, step),
        }
    }

    /// Something new on the subscription of books may have changed one.
    fn hear_unknown(&mut self, envelope: &Envelope, step: &mut Step<'_>) -> Read<()> {
        if envelope.sid.is_some() && envelope.sid == self.lines.line(Channel::Book).sid() {
            self.invalidate_all(BookFault::Illegal, step);
        }
        Err(FrameFault::UnknownKind)
    }

    /// A frame that cannot be read may have changed a book: none is trusted.
    pub(super) fn doubt_books(&mut self, fault: FrameFault, step: &mut Step<'_>) {
        self.reject(fault, step);
        self.invalidate_all(BookFault::Illegal, step);
    }

    fn hear(&mut self, message: &Message<'_>, step: &mut Step<'_>) -> Read<()> {
        let envelope = &message.envelope;
        match message.body {
            Body::Delta(delta) => return self.hear_delta(envelope, &delta, step),
            Body::Snapshot { ticker } => return self.hear_snapshot(envelope, ticker, step),
            Body::Subscribed { channel, sid } => return self.hear_subscribed(envelope, channel, sid, step),
            Body::Ok { tickers } => return self.hear_ok(envelope, tickers, step),
            Body::Unsubscribed => self.hear_unsubscribed(envelope, step),
            Body::Error { code } => return self.hear_error(envelope, code, step),
            _ => self.count_gap(envelope),
        }
        match message.body {
            Body::Trade(trade) => self.hear_trade(&trade, step),
            Body::Index(index) => self.hear_index(&index, step),
            Body::Lifecycle { ticker, word, details } => self.hear_lifecycle(ticker, word, details, step),
            Body::FeeUpdate { event_ticker, fees } => self.hear_fees(event_ticker, fees),
            Body::Fill(fill) => self.hear_fill(&fill, step),
            Body::UserOrder(order) => self.hear_user_order(&order, step),
            Body::Unknown => self.hear_unknown(envelope, step),
            _ => {
                self.counts.ignored += 1;
                Ok(())
            }
        }
    }

    // ---- books -------------------------------------------------------------------------------

    fn hear_delta(&mut self, envelope: &Envelope, delta: &Delta<'_>, step: &mut Step<'_>) -> Read<()> {
        if self.take_book_number(envelope, step)? != Place::Next {
            return Err(FrameFault::BookInvalid);
        }
        let at = self.slot_of(delta.ticker)?;
        let stamp = Stamp { ts: step.ts, venue_ts: delta.venue_ts, epoch: self.link.epoch };
        let slot = &mut self.slots[at];
        if !slot.valid {
            return Err(FrameFault::BookInvalid);
        }
        if let Err(fault) = slot.apply(delta, stamp, step.out) {
            slot.invalidate(fault, step.ts, step.out);
            self.dirty = true;
            return Err(FrameFault::BookInvalid);
        }
        Ok(())
    }

    fn hear_snapshot(&mut self, envelope: &Envelope, ticker: &[u8], step: &mut Step<'_>) -> Read<()> {
        if self.take_book_number(envelope, step)? == Place::Behind {
            return Err(FrameFault::BookInvalid);
        }
        let at = self.slot_of(ticker)?;
        let stamp = Stamp { ts: step.ts, venue_ts: envelope.sent, epoch: self.link.epoch };
        let slot = &mut self.slots[at];
        let replaced = slot.replace(self.scratch.levels(), stamp, step.out);
        self.dirty = true;
        let Err(fault) = replaced else { return Ok(()) };
        let fault = match fault {
            SnapshotFault::Fault(fault) => fault,
            SnapshotFault::WrongScale => {
                self.counts.wrong_scales += 1;
                BookFault::Illegal
            }
        };
        slot.invalidate(fault, step.ts, step.out);
        // Not at once again: what the venue sends twice in a row it means.
        slot.asked = step.ts;
        Err(FrameFault::BookInvalid)
    }

    /// The number of a book message. Anything but the next one puts every book of the subscription
    /// in doubt: the numbers are shared by all its markets.
    fn take_book_number(&mut self, envelope: &Envelope, step: &mut Step<'_>) -> Read<Place> {
        let Ok((sid, seq)) = envelope.stream() else {
            self.invalidate_all(BookFault::Gap, step);
            return Err(FrameFault::MissingField);
        };
        let line = self.lines.line_mut(Channel::Book);
        if line.sid() != Some(sid) {
            return Err(FrameFault::UnknownSubscription);
        }
        let place = line.take(seq);
        self.judge_book_place(place, step);
        Ok(place)
    }

    fn judge_book_place(&mut self, place: Place, step: &mut Step<'_>) {
        if place != Place::Next {
            self.counts.book_gaps += 1;
            self.invalidate_all(BookFault::Gap, step);
        }
    }

    fn invalidate_all(&mut self, fault: BookFault, step: &mut Step<'_>) {
        for slot in self.slots.iter_mut().filter(|slot| slot.market.is_some()) {
            slot.invalidate(fault, step.ts, step.out);
        }
        self.dirty = true;
    }

    fn slot_of(&self, ticker: &[u8]) -> Read<usize> {
        let row = self.catalog.find_market(ticker).ok_or(FrameFault::UnknownMarket)?;
        let slot = self.catalog.market(row).slot.ok_or(FrameFault::UnknownMarket)?;
        Ok(slot as usize)
    }

    // ---- subscriptions -----------------------------------------------------------------------

    fn hear_subscribed(
        &mut self,
        envelope: &Envelope,
        channel: Option<Channel>,
        sid: u32,
        step: &Step<'_>,
    ) -> Read<()> {
        let channel = channel.ok_or(FrameFault::UnknownSubscription)?;
        let asked = envelope.id.map(LineState::Asked);
        if asked != Some(self.lines.line(channel).state) {
            return Err(FrameFault::UnknownSubscription);
        }
        self.lines.confirm(channel, sid, step.ts);
        self.dirty = true;
        Ok(())
    }

    /// `ok` lists the markets the subscription has now: ours that are not among them are added again.
    fn hear_ok(&mut self, envelope: &Envelope, tickers: Option<&[u8]>, step: &mut Step<'_>) -> Read<()> {
        self.take_reply_number(envelope, step);
        let Some(channel) = envelope.sid.and_then(|sid| self.lines.channel_of(sid)) else { return Ok(()) };
        let newest = envelope.id == Some(self.lines.line(channel).update);
        if let (true, Some(side), Some(tickers)) = (newest, market_channel(channel), tickers) {
            for slot in self.slots.iter_mut().filter(|slot| slot.member[side]) {
                let Some(row) = slot.market else { continue };
                slot.member[side] = body::contains_ticker(tickers, self.catalog.market(row).ticker.as_bytes());
            }
            self.dirty = true;
        }
        Ok(())
    }

    fn hear_unsubscribed(&mut self, envelope: &Envelope, step: &mut Step<'_>) {
        if let Some(channel) = envelope.sid.and_then(|sid| self.lines.channel_of(sid)) {
            self.lose_line(channel, step);
        }
    }

    fn hear_error(&mut self, envelope: &Envelope, code: u64, step: &mut Step<'_>) -> Read<()> {
        self.take_reply_number(envelope, step);
        let on = envelope.sid.and_then(|sid| self.lines.channel_of(sid));
        if let Some(channel) = on.filter(|_| ENDS_SUBSCRIPTION.contains(&code)) {
            self.lose_line(channel, step);
        }
        for channel in Channel::ALL {
            if envelope.id.is_some_and(|id| self.lines.is_failed_by(channel, id, code == UNKNOWN_SID)) {
                self.lose_line(channel, step);
            } else if envelope.id == Some(self.lines.line(channel).update) {
                self.undo_members(channel, step.ts);
            }
        }
        Err(FrameFault::VenueError)
    }

    /// A change of a subscription's markets failed: those without a book may not be in it. They
    /// are added again, but not at once.
    fn undo_members(&mut self, channel: Channel, now: Nanos) {
        let Some(side) = market_channel(channel) else { return };
        self.slots.iter_mut().filter(|slot| !slot.valid).for_each(|slot| slot.member[side] = false);
        self.lines.line_mut(channel).retry_at = now.plus(self.retry());
        self.dirty = true;
    }

    /// A subscription ended: its books are nobody's, and it is asked for again.
    pub(super) fn lose_line(&mut self, channel: Channel, step: &mut Step<'_>) {
        if let Some(side) = market_channel(channel) {
            self.slots.iter_mut().for_each(|slot| slot.member[side] = false);
        }
        if channel == Channel::Book {
            self.invalidate_all(BookFault::Unsubscribed, step);
        }
        self.lines.drop_line(channel, self.retry());
        self.dirty = true;
    }

    fn take_reply_number(&mut self, envelope: &Envelope, step: &mut Step<'_>) {
        let Ok((sid, seq)) = envelope.stream() else { return };
        let Some(channel) = self.lines.channel_of(sid) else { return };
        let place = self.lines.line_mut(channel).take_reply(seq);
        match channel {
            Channel::Book => self.judge_book_place(place, step),
            _ => self.counts.other_gaps += u64::from(place != Place::Next),
        }
    }

    /// Streams on whose numbers nothing hangs: each message stands alone.
    fn count_gap(&mut self, envelope: &Envelope) {
        let Ok((sid, seq)) = envelope.stream() else { return };
        let Some(channel) = self.lines.channel_of(sid).filter(|channel| *channel != Channel::Book) else { return };
        let place = self.lines.line_mut(channel).take(seq);
        self.counts.other_gaps += u64::from(place != Place::Next);
    }

    // ---- market data -------------------------------------------------------------------------

    fn hear_trade(&mut self, trade: &Trade<'_>, step: &mut Step<'_>) -> Read<()> {
        let at = self.slot_of(trade.ticker)?;
        if trade.is_block {
            self.counts.ignored += 1;
            return Ok(());
        }
        let Trade { taker, price, count, venue_ts, .. } = *trade;
        let market = self.slots[at].id;
        step.out.push(Event::Trade { taker, pad: pad(), market, ts: step.ts, venue_ts, count, price, pad2: pad() });
        Ok(())
    }

    fn hear_index(&mut self, index: &Index<'_>, step: &mut Step<'_>) -> Read<()> {
        if index.id != self.settings.index_id.as_bytes() {
            return Err(FrameFault::UnknownSubscription);
        }
        let Index { venue_ts, value, average_60s, closing_average, closing_prints, .. } = *index;
        step.out.push(Event::IndexTick {
            closing_prints,
            pad: pad(),
            ts: step.ts,
            venue_ts,
            value,
            average_60s,
            closing_average,
            pad2: pad(),
        });
        self.index = value;
        self.dirty |= self.centre_moved();
        Ok(())
    }

    fn hear_fees(&mut self, event_ticker: &[u8], fees: Option<(&[u8], &[u8])>) -> Read<()> {
        let Some(row) = self.catalog.find_event(event_ticker) else {
            self.counts.foreign += 1;
            return Ok(());
        };
        let rates = match fees {
            None => None,
            Some((fee_type, multiplier)) => {
                let multiplier = Multiplier::parse(multiplier).map_err(|_| FrameFault::BadField)?;
                Some(FeeType::from_word(fee_type).rates(multiplier).ok_or(FrameFault::BadField)?)
            }
        };
        self.catalog.events[row as usize].fees = rates;
        self.dirty = true;
        Ok(())
    }

    // ---- our own -----------------------------------------------------------------------------

    fn hear_fill(&mut self, fill: &Fill<'_>, step: &mut Step<'_>) -> Read<()> {
        let market = self.name_of(fill.ticker, step)?;
        let Fill { trade, order, client, side, price, count, fee, post_position, .. } = *fill;
        let ts = step.ts;
        step.out.push(Event::FillTrade { pad: pad(), market, ts, trade, client, post_position });
        let is_taker = u8::from(fill.is_taker);
        step.out.push(Event::Fill { side, is_taker, market, ts, order, count, fee, price, pad: pad() });
        Ok(())
    }

    fn hear_user_order(&mut self, update: &UserOrder<'_>, step: &mut Step<'_>) -> Read<()> {
        let market = self.name_of(update.ticker, step)?;
        let UserOrder { order, client, status, reason, side, price, filled, remaining, venue_ts, .. } = *update;
        let ts = step.ts;
        step.out.push(Event::OrderIds { pad: pad(), market, ts, order, client, pad2: pad() });
        step.out.push(Event::OrderUpdate {
            status,
            reason,
            market,
            ts,
            filled,
            remaining,
            venue_ts,
            price,
            side,
            pad: pad(),
        });
        Ok(())
    }

    /// The number of a market of our series that something of ours happened in, named now if it
    /// was not: a fill must never be lost for want of a name.
    pub(super) fn name_of(&mut self, ticker: &[u8], step: &mut Step<'_>) -> Read<MarketId> {
        let series = self.catalog.series_of(ticker).ok_or(FrameFault::UnknownMarket)?;
        let row = self.catalog.list(ticker, event_part(ticker), series)?;
        self.catalog.tell_market(row, step.ts, step.out);
        self.catalog.market(row).id.ok_or(FrameFault::TooMany)
    }

    pub(super) const fn retry(&self) -> u64 {
        self.settings.retry_ms as u64 * Nanos::MILLI
    }
}

/// Which of a slot's two memberships a channel is.
pub(super) const fn market_channel(channel: Channel) -> Option<usize> {
    match channel {
        Channel::Book => Some(0),
        Channel::Trade => Some(1),
        _ => None,
    }
}
