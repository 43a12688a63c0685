//! What the agents of a threaded line have of the outside: two streams, the way of the orders, and
//! the answers of the scouts. Sockets stand behind it, or a test's script.

use super::pen::{Pen, PenError};
use crate::socket::reactor::Reactor;
use trader_journal::event::{ClientId, Event};
use trader_journal::units::Nanos;
use trader_ring::bytes::ByteConsumer;
use trader_ring::spsc::Producer;

/// One thing that a stream brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortEvent<'a> {
    /// A connection came up; numbers rise.
    Up {
        /// Its number.
        epoch: u32,
    },
    /// A text frame of the connection with this number.
    Frame {
        /// The connection's number.
        epoch: u32,
        /// The text.
        bytes: &'a [u8],
    },
    /// An attempt to connect failed; nothing else has changed.
    Failed,
    /// The connection with this number is gone.
    Down {
        /// Its number.
        epoch: u32,
    },
}

/// What became of a stream's connection, for the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortStats {
    /// Connections made after the first one.
    pub reconnects: u64,
    /// Frames brought.
    pub frames: u64,
    /// Why the last connection was lost.
    pub last_fault: Option<String>,
}

/// The stream of one venue. It never blocks.
pub trait FeedPort: Send {
    /// The next thing it brought, if any. `wall` is the wall's time.
    fn next(&mut self, reactor: &mut Reactor, wall: Nanos) -> Option<PortEvent<'_>>;

    /// Sends a text frame on the newest connection.
    fn send(&mut self, frame: &[u8]);

    /// When it wants to be asked again though nothing came, wall time.
    fn next_deadline(&self) -> Nanos;

    /// Nothing more is wanted of it.
    fn close(&mut self, reactor: &mut Reactor);

    /// What became of it so far.
    fn stats(&self) -> PortStats;
}

/// A request that was written to its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// The order it is about.
    pub client: ClientId,
    /// When it was written, wall time.
    pub wall: Nanos,
}

/// How many signatures were made ahead and how many on the spot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signatures {
    /// Taken from those made ahead.
    pub taken: u64,
    /// Made on the spot.
    pub inline: u64,
}

/// The way of the orders, on exec's thread. It never blocks, and sends a command once or not at all.
pub trait OrderPort: Send {
    /// Learns what exec heard: the names of the markets are among it.
    fn hear(&mut self, event: &Event);

    /// Takes a command of exec that may leave when `line` lines of exec's stream are committed.
    fn accept(&mut self, command: &Event, line: u64);

    /// Sends what may leave and hears what came back, for exec by `replies`.
    ///
    /// # Errors
    /// [`PenError`] when the journal refuses a record: nothing more may be done.
    fn work(&mut self, turn: OrderTurn<'_>) -> Result<usize, PenError>;

    /// Requests written since the last call.
    fn left(&mut self, each: &mut dyn FnMut(Left));

    /// Commands that are waiting, and requests without a reply.
    fn open(&self) -> usize;

    /// When it wants to be asked again though nothing came, wall time.
    fn next_deadline(&self) -> Nanos;

    /// What became of the signatures.
    fn signatures(&self) -> Signatures;
}

/// What the way of the orders works with.
pub struct OrderTurn<'a> {
    /// Market time.
    pub now: Nanos,
    /// Wall time.
    pub wall: Nanos,
    /// The sockets of the thread.
    pub reactor: &'a mut Reactor,
    /// Lines of exec's stream that are committed.
    pub committed: u64,
    /// The shell's pen.
    pub pen: &'a mut Pen,
    /// The ring to exec.
    pub replies: &'a mut Producer<Event>,
}

/// Asks for the account to be read, its orders and fills from a time on; it does not block.
pub type ReadAccount = Box<dyn Fn(Nanos) + Send>;

/// Our clock less the venue's, ns, as far as anybody has been told; positive where ours is ahead.
pub type SkewOf = Box<dyn Fn() -> Option<i64> + Send>;

/// What a threaded line is connected to.
pub struct Ports {
    /// Kalshi's stream.
    pub kalshi: Box<dyn FeedPort>,
    /// Answers of Kalshi's REST API: the tag is the status, the bytes the target, a line feed, the body.
    pub kalshi_answers: Vec<ByteConsumer>,
    /// Binance's stream. It is asked for the first time when the history's answers were heard.
    pub binance: Box<dyn FeedPort>,
    /// Answers of Binance's REST API, in the same form.
    pub binance_answers: Vec<ByteConsumer>,
    /// How many of them are the history.
    pub history_answers: usize,
    /// The way of the orders.
    pub orders: Box<dyn OrderPort>,
    /// Told when exec wants its account read.
    pub read_account: ReadAccount,
    /// How far our clock is off.
    pub skew: SkewOf,
}
