//! An order from its decision to its last byte in the kernel, and to its reply.

use crate::papers::{Papers, ServerStream};
use kalshi_trader::config::Layers;
use kalshi_trader::socket::http::{HttpConnection, HttpEvent, HttpSettings};
use kalshi_trader::socket::reactor::Reactor;
use kalshi_trader::socket::url::Url;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::cell::Cell;
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};
use trader_benches::conditions::{Conditions, now};
use trader_benches::report::{Bound, Goal, Table};
use trader_benches::statistics::{median, median_ratio};
use trader_benches::turns::{elapsed_ns, rounds};
use trader_journal::units::Nanos;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, TcpConnector, Transport, TransportAdapter,
};
use ureq::{Agent, Error};

const REQUESTS_PER_BLOCK: usize = 100;
/// The wall's time; it stands still, so that no time is up.
const WALL: Nanos = Nanos(1);
const PATH: &str = "/trade-api/v2/portfolio/events/orders";
const HEADERS: [(&str, &str); 4] = [
    ("Content-Type", "application/json"),
    ("KALSHI-ACCESS-KEY", "a0b1c2d3-0000-4000-8000-123456789abc"),
    ("KALSHI-ACCESS-TIMESTAMP", "1780000000000"),
    (
        "KALSHI-ACCESS-SIGNATURE",
        "tS5cW3Yk0Jm0nH1xX2pQ9v8u7t6s5r4q3p2o1n0m9l8k7j6h5g4f3d2s1a0ZXCVBNMASDFGHJKLQWERTYUIOP",
    ),
];
/// A create, with an end that the server knows.
const BODY: &[u8] = br#"{"ticker":"KXBTC15M-26NOV031615-15","client_order_id":"k1-0-1","side":"bid","count":"10.00","price":"0.5500","end":1}"#;
const REPLY: &[u8] =
    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"order\":\"done\"}";

thread_local! {
    /// When ureq's last bytes were in the kernel.
    static WRITTEN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// One way to ask; each call returns ns from the decision to the kernel and to the reply.
type Ask = Box<dyn FnMut() -> [f64; 2]>;

/// Both times of both contenders.
pub(crate) fn measure(conditions: &Conditions) -> Table {
    let papers = Papers::new();
    let medians = std::thread::scope(|scope| {
        let serve = || {
            let (listener, address) = Papers::door();
            let papers = &papers;
            scope.spawn(move || {
                conditions.pin(1);
                answer(papers.accept(&listener));
            });
            address.port()
        };
        let contenders = [ours(&papers, serve()), peer(&papers, serve())];
        conditions.pin(0);
        in_blocks(conditions, contenders)
    });
    let ratio = |what: usize| median_ratio(&medians[1][what], &medians[0][what]);
    let row = |index: usize| medians[index].iter().map(|times| median(times) / 1_000.0).collect();
    Table {
        title: "POST over kept-alive TLS 1.3",
        columns: &["written us", "reply us"],
        rows: vec![("HttpConnection", row(0)), ("ureq", row(1))],
        conditions: format!("{} blocks of {REQUESTS_PER_BLOCK} requests each, by turns", medians[0][0].len()),
        goals: vec![
            Goal { what: "decided to kernel: ureq / ours", ratio: ratio(0), bound: Bound::AtLeast(2.5) },
            Goal { what: "decided to reply: ureq / ours", ratio: ratio(1), bound: Bound::AtLeast(1.5) },
        ],
    }
}

/// For each contender the medians by block, of the times to the kernel and to the reply.
fn in_blocks(conditions: &Conditions, mut contenders: [Ask; 2]) -> [[Vec<f64>; 2]; 2] {
    let mut medians = <[[Vec<f64>; 2]; 2]>::default();
    for round in rounds(conditions) {
        for turn in 0..contenders.len() {
            let index = (turn + round / 2) % contenders.len();
            let times = (0..REQUESTS_PER_BLOCK).map(|_| contenders[index]()).collect::<Vec<_>>();
            for (what, into) in medians[index].iter_mut().enumerate() {
                into.push(median(&times.iter().map(|pair| pair[what]).collect::<Vec<_>>()));
            }
        }
    }
    medians
}

/// A blocking server of one connection.
fn answer(mut stream: ServerStream) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(came @ 1..) = stream.read(&mut buffer) {
        request.extend_from_slice(&buffer[..came]);
        if request.ends_with(BODY) {
            request.clear();
            stream.write_all(REPLY).expect("the client is there");
        }
    }
}

fn ours(papers: &Papers, port: u16) -> Ask {
    let config = Layers::defaults().and_then(|layers| layers.finish()).expect("the defaults are good");
    let url = Url::parse(&format!("https://localhost:{port}/")).expect("a URL");
    let settings = HttpSettings::of(&config, url, Arc::clone(&papers.client), 1);
    let mut connection = HttpConnection::open(settings).expect("a connection");
    let mut reactor = Reactor::new().expect("a poll");
    while connection.work(&mut reactor, WALL) != Some(HttpEvent::Ready) {
        reactor.turn(Some(Duration::from_millis(1)));
    }
    Box::new(move || {
        let start = now();
        connection.send("POST", PATH, &HEADERS, BODY).expect("it is ready");
        let written_ns = elapsed_ns(start);
        while !matches!(connection.work(&mut reactor, WALL), Some(HttpEvent::Reply { status: 201, .. })) {
            reactor.turn(Some(Duration::ZERO));
        }
        [written_ns, elapsed_ns(start)]
    })
}

fn peer(papers: &Papers, port: u16) -> Ask {
    let connector = TcpConnector::default().chain(Stamping(Arc::clone(&papers.client)));
    let agent =
        Agent::with_parts(Agent::config_builder().no_delay(true).build(), connector, DefaultResolver::default());
    let url = format!("https://localhost:{port}{PATH}");
    Box::new(move || {
        let start = now();
        let request = HEADERS.iter().fold(agent.post(&url), |request, (name, value)| request.header(*name, *value));
        let mut reply = request.send(BODY).expect("a reply");
        let body = reply.body_mut().read_to_vec().expect("a body");
        let replied_ns = elapsed_ns(start);
        assert!(reply.status() == 201 && body.len() == 16);
        let written = WRITTEN.get().expect("something was written");
        [written.duration_since(start).as_nanos() as f64, replied_ns]
    })
}

/// TLS over ureq's TCP, with the same `rustls`, that notes when bytes are in the kernel.
#[derive(Debug)]
struct Stamping(Arc<ClientConfig>);

struct StampingTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl std::fmt::Debug for StampingTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StampingTransport")
    }
}

impl<In: Transport> Connector<In> for Stamping {
    type Out = StampingTransport;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<StampingTransport>, Error> {
        let tcp = chained.expect("TCP comes before TLS").boxed();
        let name = "localhost".try_into().expect("a name");
        let tls = ClientConnection::new(Arc::clone(&self.0), name)?;
        let stream = StreamOwned::new(tls, TransportAdapter::new(tcp, Arc::clone(&details.current_time)));
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(StampingTransport { buffers, stream }))
    }
}

impl Transport for StampingTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.get_mut().set_timeout(timeout);
        self.stream.write_all(&self.buffers.output()[..amount])?;
        WRITTEN.set(Some(now()));
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.get_mut().set_timeout(timeout);
        let came = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(came);
        Ok(came > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}
