//! The client's one connection to the Kalshi stream: its subscriptions, and the answers to its commands.

use super::MockExchange;
use super::command::{self, Action, Channel, Command, CommandFault};
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

/// The connection's state; a new one has nothing.
#[derive(Default)]
pub(super) struct Session {
    pub(super) connected: bool,
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

impl MockExchange {
    /// Answers one frame of the client. Without a connection nobody hears it.
    pub(super) fn obey(&mut self, now: Nanos, frame: &[u8]) {
        if !self.session.connected {
            return;
        }
        let (id, command) = command::read(frame);
        match command {
            Ok(Command::Subscribe { channels, tickers, use_yes_price, index_ids }) => {
                for word in &channels {
                    if word == "orderbook_delta" {
                        self.session.use_yes_price = use_yes_price;
                    }
                    self.subscribe(now, id, word, &tickers, &index_ids);
                }
            }
            Ok(Command::Unsubscribe { sids }) => sids.iter().for_each(|sid| self.unsubscribe(now, id, *sid)),
            Ok(Command::Update { sid, action, tickers }) => self.update(now, (id, sid), action, &tickers),
            Ok(Command::List) => {
                let due = self.due(now);
                let session = &self.session;
                self.kalshi.push(due, |out| wire::subscriptions(out, id, session.subscriptions()));
            }
            Err(fault) => self.refuse(now, id, fault),
        }
    }

    fn due(&self, at: Nanos) -> Nanos {
        at.plus(self.settings.stream_latency_ns)
    }

    fn refuse(&mut self, now: Nanos, id: u64, fault: CommandFault) {
        let due = self.due(now);
        self.kalshi.push(due, |out| wire::venue_error(out, id, fault.code, fault.text));
    }

    fn subscribe(&mut self, now: Nanos, id: u64, word: &str, tickers: &[String], index_ids: &[String]) {
        let Some(channel) = Channel::from_word(word) else {
            return self.refuse(now, id, CommandFault::UNKNOWN_CHANNEL);
        };
        if channel == Channel::Books && tickers.is_empty() {
            return self.refuse(now, id, CommandFault::TICKERS);
        }
        if channel == Channel::Index && !index_ids.iter().any(|index| index == "BRTI") {
            return self.refuse(now, id, CommandFault::INDEX);
        }
        let sid = self.session.open(channel, word);
        let due = self.due(now);
        self.kalshi.push(due, |out| wire::subscribed(out, id, word, sid, now));
        self.session.all_trades |= channel == Channel::Trades && tickers.is_empty();
        self.join(now, id, channel, tickers);
    }

    /// Makes markets members of a line; new members of the book line get their snapshot.
    fn join(&mut self, now: Nanos, id: u64, channel: Channel, tickers: &[String]) {
        for ticker in tickers {
            let Some(market) = self.catalog.find(ticker) else {
                self.refuse(now, id, CommandFault::UNKNOWN_MARKET);
                continue;
            };
            match channel {
                Channel::Books => {
                    self.admit(now, market);
                    self.tell_snapshot(now, market);
                }
                Channel::Trades => self.catalog.market_mut(market).in_trades = true,
                Channel::Lifecycle | Channel::Fills | Channel::Orders | Channel::Index | Channel::Silent => {}
            }
        }
    }

    /// A member of the book line; first quoted, so that its first message is a snapshot and no change.
    fn admit(&mut self, now: Nanos, market: VenueMarket) {
        self.watch(now, market);
        self.catalog.market_mut(market).in_books = true;
    }

    fn update(&mut self, now: Nanos, (id, sid): (u64, u64), action: Action, tickers: &[String]) {
        let Some(channel) = self.session.channel_of(sid) else {
            return self.refuse(now, id, CommandFault::UNKNOWN_SID);
        };
        if action == Action::Add {
            self.join_silently(now, id, channel, tickers);
        }
        if action == Action::Delete {
            self.leave(channel, tickers);
        }
        self.tell_members(now, id, channel);
        if channel == Channel::Books && action != Action::Delete {
            for market in tickers.iter().filter_map(|ticker| self.catalog.find(ticker)).collect::<Vec<_>>() {
                self.tell_snapshot(now, market);
            }
        }
    }

    /// As [`join`](Self::join), the snapshots left for after the answer.
    fn join_silently(&mut self, now: Nanos, id: u64, channel: Channel, tickers: &[String]) {
        for ticker in tickers {
            match (self.catalog.find(ticker), channel) {
                (None, _) => self.refuse(now, id, CommandFault::UNKNOWN_MARKET),
                (Some(market), Channel::Books) => self.admit(now, market),
                (Some(market), Channel::Trades) => self.catalog.market_mut(market).in_trades = true,
                (Some(_), _) => {}
            }
        }
    }

    fn leave(&mut self, channel: Channel, tickers: &[String]) {
        for ticker in tickers {
            let Some(market) = self.catalog.find(ticker) else { continue };
            let market = self.catalog.market_mut(market);
            match channel {
                Channel::Books => market.in_books = false,
                Channel::Trades => market.in_trades = false,
                Channel::Lifecycle | Channel::Fills | Channel::Orders | Channel::Index | Channel::Silent => {}
            }
        }
    }

    /// `ok` with all members of a line.
    fn tell_members(&mut self, now: Nanos, id: u64, channel: Channel) {
        let due = self.due(now);
        let Some((sid, seq)) = self.session.line_mut(channel).and_then(Line::next) else { return };
        let catalog = &self.catalog;
        let is_member = |market: &super::catalog::Market| match channel {
            Channel::Books => market.in_books,
            Channel::Trades => market.in_trades,
            Channel::Lifecycle | Channel::Fills | Channel::Orders | Channel::Index | Channel::Silent => false,
        };
        let members = catalog.iter().filter(|(_, market)| is_member(market)).map(|(_, market)| market.ticker.as_str());
        self.kalshi.push(due, |out| wire::ok(out, id, sid, seq, members));
    }

    fn unsubscribe(&mut self, now: Nanos, id: u64, sid: u64) {
        let Some(channel) = self.session.channel_of(sid) else {
            return self.refuse(now, id, CommandFault::UNKNOWN_SID);
        };
        let due = self.due(now);
        let seq = self.session.line_mut(channel).and_then(Line::next).map_or(0, |(_, seq)| seq);
        self.kalshi.push(due, |out| wire::unsubscribed(out, id, sid, seq));
        match self.session.line_mut(channel) {
            Some(line) => *line = Line::default(),
            None => self.session.silent.retain(|(_, known)| u64::from(*known) != sid),
        }
        self.forget_members(channel);
    }

    fn forget_members(&mut self, channel: Channel) {
        match channel {
            Channel::Books => self.catalog.iter_mut().for_each(|market| market.in_books = false),
            Channel::Trades => {
                self.session.all_trades = false;
                self.catalog.iter_mut().for_each(|market| market.in_trades = false);
            }
            Channel::Lifecycle | Channel::Fills | Channel::Orders | Channel::Index | Channel::Silent => {}
        }
    }

    /// The connection begins or ends: nothing is subscribed to.
    pub(super) fn reset_session(&mut self, connected: bool) {
        self.session = Session { connected, ..Session::default() };
        self.forget_members(Channel::Books);
        self.forget_members(Channel::Trades);
        self.kalshi.clear();
    }

    /// The whole book of a market as the client is to see it.
    pub(super) fn tell_snapshot(&mut self, at: Nanos, market: VenueMarket) {
        let Some((sid, seq)) = self.session.books.next() else { return };
        let book = self.venue.book(market);
        let worst_first = |side| {
            let mut levels: Vec<Level> = book.levels(side).collect();
            levels.reverse();
            levels
        };
        let (bids, asks) = (worst_first(Side::Bid), worst_first(Side::Ask));
        let ticker = self.catalog.market(market).ticker.as_str();
        let (due, scale) = (at.plus(self.settings.stream_latency_ns), self.session.use_yes_price);
        self.kalshi.push(due, |out| wire::snapshot(out, (sid, seq, ticker), &bids, &asks, scale));
    }
}
