//! Commands of exec on their way to the venue, and the venue's answers on their way back.
//!
//! A command waits here until its intent is kept by a recovery of the journal, becomes one
//! request, and is never sent a second time. Sockets are whoever's calls this: [`wire`] has
//! connections, [`port`] those over HTTPS.

mod bucket;
mod lane;
mod settings;
mod slot;
pub mod port;
pub mod wire;

pub use bucket::Bucket;
pub use settings::GatewaySettings;

use trader_feeds::kalshi::reply::{Asked, read_reply};
use trader_feeds::kalshi::request::{CREATE_PATH, Create, write_cancel_path, write_create};
use trader_journal::event::{ClientId, Event, MarketId, RejectReason, Uuid};
use trader_journal::units::Nanos;

/// A request, ready for the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// `POST /trade-api/v2/portfolio/events/orders` with this body.
    Create(Vec<u8>),
    /// `DELETE` of this path and query.
    Cancel(String),
}

impl Request {
    /// What the journal keeps of it: the body of a create, the path of a cancel.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        match self {
            Request::Create(body) => body,
            Request::Cancel(path) => path.as_bytes(),
        }
    }

    /// Its method, its path and query, its body.
    #[must_use]
    pub fn parts(&self) -> (&'static str, &str, &[u8]) {
        match self {
            Request::Create(body) => ("POST", CREATE_PATH, body),
            Request::Cancel(path) => ("DELETE", path, &[]),
        }
    }
}

/// What became of a command that may leave.
#[derive(Clone, Debug, PartialEq)]
pub enum Outgoing {
    /// To be sent, once.
    Send(Request, Asked),
    /// It cannot be written, so it never leaves: exec is to hear that it was refused.
    Refused {
        /// What it was.
        asked: Asked,
        /// Why.
        reason: RejectReason,
    },
}

/// A command that is not on the wire yet.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    command: Event,
    /// Lines of exec's stream that must be committed before it may leave.
    line: u64,
}

/// Market numbers rise by one: one so far ahead is nobody's, and no table is made for it.
const AHEAD_MAX: usize = 1 << 16;

/// Commands waiting, requests unanswered, and the tickers they are written with.
#[derive(Debug)]
pub struct Gateway {
    shard: u8,
    /// Ticker and its length by market number, which rises from 1.
    tickers: Vec<([u8; 36], u8)>,
    waiting: std::collections::VecDeque<Waiting>,
    unanswered: Vec<(u64, Asked)>,
}

impl Gateway {
    /// A gateway to the orders of one shard.
    #[must_use]
    pub const fn new(shard: u8) -> Gateway {
        Gateway { shard, tickers: Vec::new(), waiting: std::collections::VecDeque::new(), unanswered: Vec::new() }
    }

    /// Learns a market's name; other events are none of its business.
    pub fn hear(&mut self, event: &Event) {
        if let Event::MarketNamed { market, ticker, ticker_len, .. } = event {
            let place = market.0 as usize;
            if place > self.tickers.len() + AHEAD_MAX {
                return;
            }
            if self.tickers.len() <= place {
                self.tickers.resize(place + 1, ([0; 36], 0));
            }
            self.tickers[place] = (*ticker, *ticker_len);
        }
    }

    /// Takes a command of exec; `line` is how many lines of exec's stream must be committed first.
    pub fn accept(&mut self, command: &Event, line: u64) {
        self.waiting.push_back(Waiting { command: *command, line });
    }

    /// What becomes of the next command, now that `committed` lines of exec's stream are kept.
    pub fn next_request(&mut self, committed: u64) -> Option<Outgoing> {
        if self.waiting.front()?.line > committed {
            return None;
        }
        let command = self.waiting.pop_front()?.command;
        self.request(&command)
    }

    /// The request went out under this ticket.
    pub fn sent(&mut self, ticket: u64, asked: Asked) {
        self.unanswered.push((ticket, asked));
    }

    /// What an open ticket asked for.
    #[must_use]
    pub fn asked(&self, ticket: u64) -> Option<Asked> {
        self.unanswered.iter().find(|(open, _)| *open == ticket).map(|(_, asked)| *asked)
    }

    /// The answer to a ticket, as the event exec hears; `None` for a ticket that is not open.
    pub fn answered(&mut self, ts: Nanos, ticket: u64, status: u16, body: &[u8]) -> Option<Event> {
        let at = self.unanswered.iter().position(|(open, _)| *open == ticket)?;
        let (_, asked) = self.unanswered.swap_remove(at);
        Some(read_reply(ts, asked, status, body))
    }

    /// The request a command is written as; `None` for an event that is no command.
    #[must_use]
    pub fn request(&self, command: &Event) -> Option<Outgoing> {
        match *command {
            Event::OrderIntent { market, client, .. } => Some(match self.ticker(market) {
                Some(ticker) => Outgoing::Send(self.create(command, ticker)?, Asked::Create { client }),
                // A market without a name cannot be written into a request.
                None => Outgoing::Refused { asked: Asked::Create { client }, reason: RejectReason::MarketNotFound },
            }),
            Event::CancelIntent { client, order, .. } => {
                let mut path = Vec::with_capacity(128);
                write_cancel_path(&mut path, order, self.shard);
                let path = String::from_utf8_lossy(&path).into_owned();
                Some(Outgoing::Send(Request::Cancel(path), Asked::Cancel { client, order }))
            }
            _ => None,
        }
    }

    fn create(&self, intent: &Event, ticker: &[u8]) -> Option<Request> {
        let Event::OrderIntent { side, time_in_force, client, count, expires, price, post_only, self_trade, .. } =
            *intent
        else {
            return None;
        };
        let order = Create {
            client,
            side,
            price,
            count,
            time_in_force,
            expires: (expires != Nanos::NEVER && expires.0 != 0).then_some(expires),
            post_only: post_only != 0,
            self_trade,
            cancel_on_pause: true,
        };
        let mut body = Vec::with_capacity(320);
        write_create(&mut body, ticker, &order, self.shard);
        Some(Request::Create(body))
    }

    fn ticker(&self, market: MarketId) -> Option<&[u8]> {
        let (ticker, len) = self.tickers.get(market.0 as usize)?;
        ticker.get(..usize::from(*len)).filter(|ticker| !ticker.is_empty())
    }
}

/// What the journal keeps of a reply: a line that says what it answers, then its body. A venue's
/// refusal does not name the order.
pub fn write_reply(out: &mut Vec<u8>, asked: Option<Asked>, body: &[u8]) {
    out.clear();
    let head = match asked {
        Some(Asked::Create { client }) => format!("create {client}\n"),
        Some(Asked::Cancel { client, order }) => format!("cancel {client} {order}\n"),
        None => "nothing\n".to_owned(),
    };
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(body);
}

/// Reads what [`write_reply`] wrote: what was asked, if it was ours, and the body. `None` for
/// anything else.
#[must_use]
pub fn split_reply(record: &[u8]) -> Option<(Option<Asked>, &[u8])> {
    let end = record.iter().position(|byte| *byte == b'\n')?;
    let (head, body) = (&record[..end], &record[end + 1..]);
    let mut words = head.split(|byte| *byte == b' ');
    let asked = match words.next()? {
        b"create" => Some(Asked::Create { client: ClientId::parse(words.next()?)? }),
        b"cancel" => {
            Some(Asked::Cancel { client: ClientId::parse(words.next()?)?, order: Uuid::parse(words.next()?)? })
        }
        b"nothing" => None,
        _ => return None,
    };
    words.next().is_none().then_some((asked, body))
}
