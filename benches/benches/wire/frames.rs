//! A frame of the size of a book delta, from the server's write to its reader, one at a time.
//!
//! The server writes when the reader has the frame before, and after a pause: the reader is waiting,
//! ours with looks, the other in the kernel.

use crate::papers::{Papers, ServerStream};
use kalshi_trader::config::Layers;
use kalshi_trader::socket::link::{Link, LinkEvent, LinkSettings};
use kalshi_trader::socket::reactor::Reactor;
use kalshi_trader::socket::url::Url;
use rustls::{ClientConnection, StreamOwned};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use trader_benches::conditions::{Conditions, now};
use trader_benches::report::{Bound, Goal, Table};
use trader_benches::statistics::{median, median_ratio, percentile};
use trader_benches::turns::{elapsed_ns, in_turns, wait_until};
use trader_journal::units::Nanos;
use tungstenite::{Message, WebSocket};

const FRAMES_PER_BLOCK: u64 = 200;
/// Between two frames: long enough for a blocked reader to sleep.
const PAUSE: Duration = Duration::from_micros(50);
/// The wall's time; it stands still, so that no ping is sent.
const WALL: Nanos = Nanos(1);

/// What both ends of one connection share.
struct Relay {
    start: Instant,
    sent_ns: AtomicU64,
    received: AtomicU64,
}

/// Reads one frame.
type Read = Box<dyn FnMut()>;

struct Reader {
    read: Read,
    relay: Arc<Relay>,
    /// One way, ns.
    times: Vec<f64>,
    medians: Vec<f64>,
}

struct Sender {
    socket: WebSocket<ServerStream>,
    relay: Arc<Relay>,
    sent: u64,
}

/// One way and its median by block, for both readers.
pub(crate) fn measure(conditions: &Conditions) -> Table {
    let papers = Papers::new();
    let (mut near, mut far) = ([ours(&papers), blocking(&papers)].into_iter()).unzip::<_, _, Vec<_>, Vec<_>>();
    in_turns(conditions, &mut near, &mut far, |_, reader| reader.block(), Sender::block);
    let ratio = median_ratio(&near[1].medians, &near[0].medians);
    let blocks = near[0].medians.len();
    let names = ["Link over mio, looking", "blocking tungstenite"];
    let rows = names.into_iter().zip(&mut near).map(|(name, reader)| {
        let micros = |ns: f64| ns / 1_000.0;
        let p50 = micros(median(&reader.times));
        (name, vec![p50, micros(percentile(&mut reader.times, 99))])
    });
    Table {
        title: "WebSocket frame of 267 B, one way",
        columns: &["p50 us", "p99 us"],
        rows: rows.collect(),
        conditions: format!("{blocks} blocks of {FRAMES_PER_BLOCK} frames each, by turns"),
        goals: vec![Goal { what: "blocking p50 / ours", ratio, bound: Bound::AtLeast(3.0) }],
    }
}

impl Reader {
    fn block(&mut self) {
        let from = self.times.len();
        for _ in 0..FRAMES_PER_BLOCK {
            (self.read)();
            let sent_ns = self.relay.sent_ns.load(Ordering::Acquire) as f64;
            self.times.push(elapsed_ns(self.relay.start) - sent_ns);
            self.relay.received.fetch_add(1, Ordering::Release);
        }
        self.medians.push(median(&self.times[from..]));
    }
}

impl Sender {
    fn block(&mut self) {
        let text = format!("{{{}}}", "x".repeat(265));
        for _ in 0..FRAMES_PER_BLOCK {
            wait_until(|| self.relay.received.load(Ordering::Acquire) == self.sent);
            let waited = now();
            while waited.elapsed() < PAUSE {
                std::hint::spin_loop();
            }
            self.sent += 1;
            let message = Message::text(text.clone());
            self.relay.sent_ns.store(self.relay.start.elapsed().as_nanos() as u64, Ordering::Release);
            self.socket.send(message).expect("the reader is there");
        }
    }
}

/// Both ends of one connection; `connect` is given the port and makes the reading end.
fn pair(papers: &Papers, connect: impl FnOnce(u16) -> Read) -> (Reader, Sender) {
    let (listener, address) = Papers::door();
    std::thread::scope(|scope| {
        let server = scope.spawn(|| tungstenite::accept(papers.accept(&listener)).expect("an upgrade"));
        let read = connect(address.port());
        let socket = server.join().expect("a server");
        let relay = Relay { start: now(), sent_ns: AtomicU64::new(0), received: AtomicU64::new(0) };
        let relay = Arc::new(relay);
        let reader = Reader { read, relay: Arc::clone(&relay), times: Vec::new(), medians: Vec::new() };
        (reader, Sender { socket, relay, sent: 0 })
    })
}

fn ours(papers: &Papers) -> (Reader, Sender) {
    pair(papers, |port| {
        let config = Layers::defaults().and_then(|layers| layers.finish()).expect("the defaults are good");
        let url = Url::parse(&format!("wss://localhost:{port}/")).expect("a URL");
        let settings = LinkSettings::of(&config, url, Arc::clone(&papers.client), 1);
        let mut link = Link::new(settings, Box::new(Vec::new)).expect("a link");
        let mut reactor = Reactor::new().expect("a poll");
        while !matches!(link.work(&mut reactor, WALL), Some(LinkEvent::Up { .. })) {
            reactor.turn(Some(Duration::from_millis(1)));
        }
        Box::new(move || {
            while !matches!(link.work(&mut reactor, WALL), Some(LinkEvent::Frame { .. })) {
                reactor.turn(Some(Duration::ZERO));
            }
        })
    })
}

fn blocking(papers: &Papers) -> (Reader, Sender) {
    pair(papers, |port| {
        let tcp = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        tcp.set_nodelay(true).expect("no delay");
        let name = "localhost".try_into().expect("a name");
        let tls = ClientConnection::new(Arc::clone(&papers.client), name).expect("a client");
        let url = format!("wss://localhost:{port}/");
        let (mut socket, _) = tungstenite::client(url, StreamOwned::new(tls, tcp)).expect("an upgrade");
        Box::new(move || while !matches!(socket.read().expect("a frame"), Message::Text(_)) {})
    })
}
