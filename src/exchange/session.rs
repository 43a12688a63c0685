//! A connection's subscriptions to the Kalshi stream, and the answers to its commands.

use super::MockExchange;
use super::command::{self, Action, Channel, Command, CommandFault};
use super::streams::{ConnId, Stream};
use super::wire;
use trader_exec::venue::VenueMarket;
use trader_journal::book::{Level, Side};
use trader_journal::units::Nanos;

/// One subscription: its number, and the number of the last message on it.
#[derive(Clone, Copy, Default)]
pub(super) struct Line {
    /// 0 when there is no subscription.
    sid: u32,
    seq: u64,
}

impl Line {
    /// The head of the next numbered message; `None` without a subscription.
    pub(super) const fn next(&mut self) -> Option<(u32, u64)> {
        if self.sid == 0 {
            return None;
        }
        self.seq += 1;
        Some((self.sid, self.seq))
    }

    /// The subscription's number, for messages that are not numbered.
    pub(super) fn sid(self) -> Option<u32> {
        (self.sid != 0).then_some(self.sid)
    }
}

/// The subscriptions of a connection; a new one has nothing.
#[derive(Default)]
pub(super) struct Session {
    sids: u32,
    pub(super) books: Line,
    pub(super) trades: Line,
    pub(super) lifecycle: Line,
    pub(super) fills: Line,
    pub(super) orders: Line,
    pub(super) index: Line,
    silent: Vec<(String, u32)>,
    /// The scale of NO levels on the book line.
    pub(super) use_yes_price: bool,
    /// The trade line has no filter.
    pub(super) all_trades: bool,
}

impl Session {
    fn line_mut(&mut self, channel: Channel) -> Option<&mut Line> {
        match channel {
            Channel::Books => Some(&mut self.books),
            Channel::Trades => Some(&mut self.trades),
            Channel::Lifecycle => Some(&mut self.lifecycle),
            Channel::Fills => Some(&mut self.fills),
            Channel::Orders => Some(&mut self.orders),
            Channel::Index => Some(&mut self.index),
            Channel::Silent => None,
        }
    }

    /// The sid of a channel, which it gets now if it has none: several subscriptions to one channel are one.
    fn open(&mut self, channel: Channel, word: &str) -> u32 {
        let next = self.sids + 1;
        let sid = match self.line_mut(channel) {
            Some(line) => {
                if line.sid == 0 {
                    *line = Line { sid: next, seq: 0 };
                }
                line.sid
            }
            None => match self.silent.iter().find(|(known, _)| known == word) {
                Some((_, sid)) => *sid,
                None => {
                    self.silent.push((word.to_owned(), next));
                    next
                }
            },
        };
        self.sids = self.sids.max(sid);
        sid
    }

    fn channel_of(&mut self, sid: u64) -> Option<Channel> {
        let channels =
            [Channel::Books, Channel::Trades, Channel::Lifecycle, Channel::Fills, Channel::Orders, Channel::Index];
        if sid == 0 {
            return None;
        }
        let numbered =
            channels.into_iter().find(|channel| self.line_mut(*channel).is_some_and(|line| u64::from(line.sid) == sid));
        numbered.or_else(|| self.silent.iter().any(|(_, known)| u64::from(*known) == sid).then_some(Channel::Silent))
    }

    fn subscriptions(&self) -> impl Iterator<Item = (&str, u32)> {
        let lines = [
            ("orderbook_delta", self.books),
            ("trade", self.trades),
            ("market_lifecycle_v2", self.lifecycle),
            ("fill", self.fills),
            ("user_orders", self.orders),
            ("cfbenchmarks_value", self.index),
        ];
        let numbered = lines.into_iter().filter_map(|(word, line)| Some((word, line.sid()?)));
        numbered.chain(self.silent.iter().map(|(word, sid)| (word.as_str(), *sid)))
    }
}

/// One command of a client: when it came, on which connection, and its number.
#[derive(Clone, Copy)]
struct Asked {
    now: Nanos,
    /// Place among the connections.
    conn: usize,
    id: u64,
}

impl MockExchange {
    /// Answers one frame of a client. Without its connection nobody hears it.
    pub(super) fn obey(&mut self, now: Nanos, conn: ConnId, frame: &[u8]) {
        let Some(conn) = self.streams.place(conn) else { return };
        let (id, command) = command::read(frame);
        let asked = Asked { now, conn, id };
        match command {
            Ok(Command::Subscribe { channels, tickers, use_yes_price, index_ids }) => {
                for word in &channels {
                    if let Err(fault) = self.subscribe(asked, word, (&tickers, use_yes_price), &index_ids) {
                        self.refuse(asked, fault);
                    }
                }
            }
            Ok(Command::Unsubscribe { sids }) => sids.iter().for_each(|sid| self.unsubscribe(asked, *sid)),
            Ok(Command::Update { sid, action, tickers }) => self.update(asked, sid, action, &tickers),
            Ok(Command::List) => {
                let due = self.due(now);
                let stream = &mut self.streams[conn];
                stream.frames.push(due, |out| wire::subscriptions(out, id, stream.session.subscriptions()));
            }
            Err(fault) => self.refuse(asked, fault),
        }
    }

    fn due(&self, at: Nanos) -> Nanos {
        at.plus(self.settings.stream_latency_ns)
    }

    fn refuse(&mut self, Asked { now, conn, id }: Asked, fault: CommandFault) {
        let due = self.due(now);
        self.streams[conn].frames.push(due, |out| wire::venue_error(out, id, fault.code, fault.text));
    }

    fn subscribe(
        &mut self,
        asked: Asked,
        word: &str,
        (tickers, use_yes_price): (&[String], bool),
        index_ids: &[String],
    ) -> Result<(), CommandFault> {
        let channel = Channel::from_word(word).ok_or(CommandFault::UNKNOWN_CHANNEL)?;
        if channel == Channel::Books && tickers.is_empty() {
            return Err(CommandFault::TICKERS);
        }
        if channel == Channel::Index && !index_ids.iter().any(|index| index == "BRTI") {
            return Err(CommandFault::INDEX);
        }
        let due = self.due(asked.now);
        let stream = &mut self.streams[asked.conn];
        let sid = stream.session.open(channel, word);
        if channel == Channel::Books {
            stream.session.use_yes_price = use_yes_price;
        }
        stream.frames.push(due, |out| wire::subscribed(out, asked.id, word, sid, asked.now));
        stream.session.all_trades |= channel == Channel::Trades && tickers.is_empty();
        self.join(asked, channel, tickers);
        Ok(())
    }

    /// Makes markets members of a line; new members of the book line get their snapshot.
    fn join(&mut self, asked: Asked, channel: Channel, tickers: &[String]) {
        for ticker in tickers {
            let Some(market) = self.catalog.find(ticker) else {
                self.refuse(asked, CommandFault::UNKNOWN_MARKET);
                continue;
            };
            match channel {
                Channel::Books => {
                    self.admit(asked, market);
                    self.tell_snapshot(asked.now, asked.conn, market);
                }
                Channel::Trades => _ = self.streams[asked.conn].trades.join(market),
                Channel::Lifecycle | Channel::Fills | Channel::Orders | Channel::Index | Channel::Silent => {}
            }
        }
    }

    /// A member of the book line; first quoted, so that its first message is a snapshot and no change.
    fn admit(&mut self, asked: Asked, market: VenueMarket) {
        self.watch(asked.now, market);
        if self.streams[asked.conn].books.join(market) {
            self.catalog.market_mut(market).readers += 1;
        }
    }

    fn update(&mut self, asked: Asked, sid: u64, action: Action, tickers: &[String]) {
        let Some(channel) = self.streams[asked.conn].session.channel_of(sid) else {
            return self.refuse(asked, CommandFault::UNKNOWN_SID);
        };
        if action == Action::Add {
            self.join_silently(asked, channel, tickers);
        }
        if action == Action::Delete {
            self.leave(asked.conn, channel, tickers);
        }
        self.tell_members(asked, channel);
        if channel == Channel::Books && action != Action::Delete {
            for market in tickers.iter().filter_map(|ticker| self.catalog.find(ticker)).collect::<Vec<_>>() {
                self.tell_snapshot(asked.now, asked.conn, market);
            }
        }
    }

    /// As [`join`](Self::join), the snapshots left for after the answer.
    fn join_silently(&mut self, asked: Asked, channel: Channel, tickers: &[String]) {
        for ticker in tickers {
            match (self.catalog.find(ticker), channel) {
                (None, _) => self.refuse(asked, CommandFault::UNKNOWN_MARKET),
                (Some(market), Channel::Books) => self.admit(asked, market),
                (Some(market), Channel::Trades) => _ = self.streams[asked.conn].trades.join(market),
                (Some(_), _) => {}
            }
        }
    }

    fn leave(&mut self, conn: usize, channel: Channel, tickers: &[String]) {
        for ticker in tickers {
            let Some(market) = self.catalog.find(ticker) else { continue };
            let stream = &mut self.streams[conn];
            match channel {
                Channel::Books => self.catalog.market_mut(market).readers -= u32::from(stream.books.leave(market)),
                Channel::Trades => _ = stream.trades.leave(market),
                Channel::Lifecycle | Channel::Fills | Channel::Orders | Channel::Index | Channel::Silent => {}
            }
        }
    }

    /// `ok` with all members of a line.
    fn tell_members(&mut self, Asked { now, conn, id }: Asked, channel: Channel) {
        let due = self.due(now);
        let Stream { session, frames, books, trades, .. } = &mut self.streams[conn];
        let Some((sid, seq)) = session.line_mut(channel).and_then(Line::next) else { return };
        let is_member = |market| match channel {
            Channel::Books => books.contains(market),
            Channel::Trades => trades.contains(market),
            Channel::Lifecycle | Channel::Fills | Channel::Orders | Channel::Index | Channel::Silent => false,
        };
        let members = self.catalog.iter().filter(|(number, _)| is_member(*number));
        frames.push(due, |out| wire::ok(out, id, sid, seq, members.map(|(_, market)| market.ticker.as_str())));
    }

    fn unsubscribe(&mut self, asked: Asked, sid: u64) {
        let due = self.due(asked.now);
        let Stream { session, frames, .. } = &mut self.streams[asked.conn];
        let Some(channel) = session.channel_of(sid) else {
            return self.refuse(asked, CommandFault::UNKNOWN_SID);
        };
        let seq = session.line_mut(channel).and_then(Line::next).map_or(0, |(_, seq)| seq);
        frames.push(due, |out| wire::unsubscribed(out, asked.id, sid, seq));
        match session.line_mut(channel) {
            Some(line) => *line = Line::default(),
            None => session.silent.retain(|(_, known)| u64::from(*known) != sid),
        }
        self.forget_members(asked.conn, channel);
    }

    fn forget_members(&mut self, conn: usize, channel: Channel) {
        let stream = &mut self.streams[conn];
        match channel {
            Channel::Books => {
                stream.books.drain().for_each(|market| self.catalog.market_mut(market).readers -= 1);
            }
            Channel::Trades => {
                stream.session.all_trades = false;
                stream.trades.drain().for_each(drop);
            }
            Channel::Lifecycle | Channel::Fills | Channel::Orders | Channel::Index | Channel::Silent => {}
        }
    }

    /// A connection is gone, with what was under way on it.
    pub(super) fn hang_up(&mut self, conn: usize) {
        self.forget_members(conn, Channel::Books);
        self.streams.remove(conn);
    }

    /// The whole book of a market as the client is to see it.
    pub(super) fn tell_snapshot(&mut self, at: Nanos, conn: usize, market: VenueMarket) {
        let stream = &mut self.streams[conn];
        let Some((sid, seq)) = stream.session.books.next() else { return };
        let book = self.venue.book(market);
        let worst_first = |side| {
            let mut levels: Vec<Level> = book.levels(side).collect();
            levels.reverse();
            levels
        };
        let (bids, asks) = (worst_first(Side::Bid), worst_first(Side::Ask));
        let ticker = self.catalog.market(market).ticker.as_str();
        let (due, scale) = (at.plus(self.settings.stream_latency_ns), stream.session.use_yes_price);
        stream.frames.push(due, |out| wire::snapshot(out, (sid, seq, ticker), &bids, &asks, scale));
    }
}
