//! Keeps the subscriptions at what is wanted. One step sends at most one command of each row:
//!
//! | command | when |
//! |---|---|
//! | subscribe lifecycle · fills and orders · index | off |
//! | subscribe books · trades (one command when both are off) | off, and a market is watched |
//! | add markets to books · to trades | watched, not subscribed |
//! | delete markets from books · from trades | subscribed, not watched |
//! | unsubscribe books · trades | no market is watched |
//! | get snapshot | a book is invalid and no snapshot under way |

use super::books::Slot;
use super::command::{self, Update};
use super::hear::market_channel;
use super::lines::LineState;
use super::words::Channel;
use super::{Session, Step};
use trader_journal::event::{Feed, FeedState};
use trader_journal::units::Nanos;

impl Session {
    pub(super) fn keep_subscribed(&mut self, step: &mut Step<'_>) {
        self.give_up_unanswered(step);
        self.subscribe_if_off(&[Channel::Lifecycle], step);
        if self.settings.private {
            self.subscribe_if_off(&[Channel::Fill, Channel::Orders], step);
        }
        self.subscribe_index_if_off(step);
        if self.slots.iter().any(|slot| slot.market.is_some()) {
            self.subscribe_markets_if_off(step);
            self.change_markets(Channel::Book, step);
            self.change_markets(Channel::Trade, step);
            self.ask_for_snapshots(step);
        } else {
            self.unsubscribe_markets(Channel::Book, step);
            self.unsubscribe_markets(Channel::Trade, step);
        }
    }

    /// Tells the line when the feeds are up, or no longer whole.
    pub(super) fn tell_states(&mut self, step: &mut Step<'_>) {
        let whole = self.required().into_iter().flatten().all(|channel| self.lines.line(channel).is_on());
        self.tell_feed(Feed::Kalshi, if whole { FeedState::Up } else { FeedState::Connecting }, step);
        let index = self.lines.line(Channel::Index).is_on();
        self.tell_feed(Feed::Index, if index { FeedState::Up } else { FeedState::Connecting }, step);
    }

    /// The earliest time at which something is due.
    pub(super) fn earliest_deadline(&self, now: Nanos) -> Nanos {
        let turns = self.next_turn.min(self.next_watch(now));
        if !self.link.connected {
            return turns;
        }
        let snapshots = self.slots.iter().filter(|slot| slot.awaits_snapshot());
        let snapshot = snapshots.map(|slot| slot.asked.plus(self.retry())).min().unwrap_or(Nanos::NEVER);
        let lines = Channel::ALL.into_iter().map(|channel| self.line_deadline(channel, now));
        lines.fold(turns.min(snapshot), Nanos::min)
    }

    fn line_deadline(&self, channel: Channel, now: Nanos) -> Nanos {
        let line = self.lines.line(channel);
        match line.state {
            LineState::Asked(_) => line.since.plus(self.retry()),
            _ if line.retry_at > now => line.retry_at,
            _ => Nanos::NEVER,
        }
    }

    /// The channels without which the venue's feed is not whole; books only once a market is watched.
    fn required(&self) -> [Option<Channel>; 5] {
        let private = |channel| self.settings.private.then_some(channel);
        let watching = self.slots.iter().any(|slot| slot.market.is_some());
        let market = |channel| watching.then_some(channel);
        [
            Some(Channel::Lifecycle),
            private(Channel::Fill),
            private(Channel::Orders),
            market(Channel::Book),
            market(Channel::Trade),
        ]
    }

    /// A command without an answer is given up; it is sent again under another number.
    fn give_up_unanswered(&mut self, step: &mut Step<'_>) {
        for channel in Channel::ALL {
            let line = self.lines.line(channel);
            let overdue = matches!(line.state, LineState::Asked(_)) && line.since.plus(self.retry()) <= step.ts;
            if overdue {
                self.lose_line(channel, step);
            }
        }
    }

    fn subscribe_if_off(&mut self, channels: &[Channel], step: &mut Step<'_>) {
        let mut off = [Channel::Lifecycle; 2];
        let mut count = 0;
        for channel in channels.iter().filter(|channel| self.lines.may_ask(**channel, step.ts)) {
            off[count] = *channel;
            count += 1;
        }
        if count > 0 {
            let id = self.ask(&off[..count], step.ts);
            command::subscribe(step.frames, id, &off[..count]);
        }
    }

    fn subscribe_index_if_off(&mut self, step: &mut Step<'_>) {
        if self.lines.may_ask(Channel::Index, step.ts) {
            let id = self.ask(&[Channel::Index], step.ts);
            command::subscribe_index(step.frames, id, &self.settings.index_id);
        }
    }

    fn subscribe_markets_if_off(&mut self, step: &mut Step<'_>) {
        let books = self.lines.may_ask(Channel::Book, step.ts);
        let trades = self.lines.may_ask(Channel::Trade, step.ts);
        let channels: &[Channel] = match (books, trades) {
            (true, true) => &[Channel::Book, Channel::Trade],
            (true, false) => &[Channel::Book],
            (false, true) => &[Channel::Trade],
            (false, false) => return,
        };
        let id = self.ask(channels, step.ts);
        let watched = self.slots.iter().filter(|slot| slot.market.is_some());
        command::subscribe_markets(step.frames, id, channels, tickers(watched));
        for channel in channels {
            self.join_all(*channel, step.ts);
        }
    }

    /// Every watched market is in a subscription that is made now, and no other is.
    fn join_all(&mut self, channel: Channel, now: Nanos) {
        let Some(side) = market_channel(channel) else { return };
        for slot in &mut self.slots {
            slot.member[side] = slot.market.is_some();
            if channel == Channel::Book {
                slot.asked = now;
            }
        }
    }

    fn change_markets(&mut self, channel: Channel, step: &mut Step<'_>) {
        let (Some(sid), Some(side)) = (self.lines.line(channel).sid(), market_channel(channel)) else { return };
        if self.lines.line(channel).retry_at <= step.ts {
            self.update_markets(channel, sid, Update::Add, |slot| slot.market.is_some() && !slot.member[side], step);
            for slot in self.slots.iter_mut().filter(|slot| slot.market.is_some() && !slot.member[side]) {
                slot.member[side] = true;
                slot.asked = if channel == Channel::Book { step.ts } else { slot.asked };
            }
        }
        self.delete_markets(channel, sid, side, step);
    }

    /// The places of markets that are over keep their market's ticker until it is out of the subscription.
    fn delete_markets(&mut self, channel: Channel, sid: u32, side: usize, step: &mut Step<'_>) {
        self.update_markets(channel, sid, Update::Delete, |slot| slot.market.is_none() && slot.member[side], step);
        for slot in self.slots.iter_mut().filter(|slot| slot.market.is_none()) {
            slot.member[side] = false;
        }
    }

    fn ask_for_snapshots(&mut self, step: &mut Step<'_>) {
        let Some(sid) = self.lines.line(Channel::Book).sid() else { return };
        let (now, retry) = (step.ts, self.retry());
        let due = move |slot: &Slot| slot.awaits_snapshot() && slot.snapshot_due(now, retry);
        let asked = self.update_markets(Channel::Book, sid, Update::Snapshot, due, step);
        self.counts.resyncs += asked;
        for slot in self.slots.iter_mut().filter(|slot| due(slot)) {
            slot.asked = now;
        }
    }

    /// Sends one command about the slots that `choose` chooses, if there are any; says how many.
    fn update_markets(
        &mut self,
        channel: Channel,
        sid: u32,
        update: Update,
        choose: impl Fn(&Slot) -> bool,
        step: &mut Step<'_>,
    ) -> u64 {
        let count = self.slots.iter().filter(|slot| choose(slot)).count() as u64;
        if count > 0 {
            let id = self.lines.next_command();
            let chosen = self.slots.iter().filter(|slot| choose(slot));
            command::update(step.frames, id, sid, update, tickers(chosen));
            self.lines.line_mut(channel).update = id;
        }
        count
    }

    fn unsubscribe_markets(&mut self, channel: Channel, step: &mut Step<'_>) {
        let Some(sid) = self.lines.line(channel).sid() else { return };
        let id = self.lines.next_command();
        command::unsubscribe(step.frames, id, sid);
        self.lines.close(channel);
        if let Some(side) = market_channel(channel) {
            self.slots.iter_mut().for_each(|slot| slot.member[side] = false);
        }
    }

    fn ask(&mut self, channels: &[Channel], now: Nanos) -> u64 {
        let id = self.lines.next_command();
        for channel in channels {
            self.lines.ask(*channel, id, now);
        }
        id
    }
}

fn tickers<'s>(slots: impl Iterator<Item = &'s Slot>) -> impl Iterator<Item = &'s [u8]> {
    slots.map(|slot| slot.ticker.as_bytes())
}
