//! The WebSocket link when all goes well: up, frames, pings, renewal, goodbye. Time is a number here.

use crate::support::{Host, read_some, until};
use kalshi_trader::socket::link::{Link, LinkEvent, LinkFault, LinkSettings, LinkStats};
use kalshi_trader::socket::reactor::Reactor;
use kalshi_trader::socket::stream::TlsStream;
use kalshi_trader::socket::url::Url;
use std::collections::VecDeque;
use std::io::Write;
use trader_journal::units::Nanos;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};

pub(crate) const START: Nanos = Nanos(1_800_000_000 * Nanos::SECOND);
const MS: u64 = Nanos::MILLI;

/// What a link told, kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Up(u32),
    Frame(u32, Vec<u8>),
    Down(u32, LinkFault),
    Failed(LinkFault),
}

/// A link, the server it connects to, and the wall's time.
pub(crate) struct Scene {
    pub(crate) reactor: Reactor,
    pub(crate) host: Host,
    pub(crate) link: Link,
    pub(crate) wall: Nanos,
    told: VecDeque<Told>,
}

impl Scene {
    pub(crate) fn new() -> Scene {
        Scene::with(|_| ())
    }

    pub(crate) fn with(change: impl FnOnce(&mut LinkSettings)) -> Scene {
        let mut reactor = Reactor::new().unwrap();
        let host = Host::new(&mut reactor);
        let mut settings = settings(&host, host.url("/trade-api/ws/v2"));
        change(&mut settings);
        let mut attempt = 0;
        let headers = move || {
            attempt += 1;
            vec![("KALSHI-ACCESS-SIGNATURE".to_owned(), format!("signature-{attempt}"))]
        };
        let link = Link::new(settings, Box::new(headers)).unwrap();
        Scene { reactor, host, link, wall: START, told: VecDeque::new() }
    }

    /// Lets the link work; what it told waits in order.
    pub(crate) fn work(&mut self) {
        work(&mut self.link, &mut self.reactor, self.wall, &mut self.told);
    }

    pub(crate) fn pass(&mut self, nanos: u64) {
        self.wall = self.wall.plus(nanos);
        self.work();
    }

    /// The next thing told, waited for.
    pub(crate) fn next(&mut self) -> Told {
        let Scene { reactor, link, wall, told, .. } = self;
        until(reactor, "the link to tell something", |reactor| {
            work(link, reactor, *wall, told);
            told.pop_front()
        })
    }

    pub(crate) fn has_told_nothing(&mut self) -> bool {
        self.reactor.turn(Some(std::time::Duration::from_millis(2)));
        self.work();
        self.told.is_empty()
    }

    /// Waits for `step` while the link works.
    pub(crate) fn until<T>(&mut self, what: &str, mut step: impl FnMut() -> Option<T>) -> T {
        let Scene { reactor, link, wall, told, .. } = self;
        until(reactor, what, |reactor| {
            work(link, reactor, *wall, told);
            step()
        })
    }

    /// The next attempt, as far as its TCP connection.
    pub(crate) fn accept(&mut self) -> TlsStream {
        let Scene { reactor, link, wall, told, host } = self;
        until(reactor, "a knock", |reactor| {
            work(link, reactor, *wall, told);
            host.accept(reactor)
        })
    }

    /// The next attempt, as far as its HTTP request.
    pub(crate) fn knock(&mut self) -> (TlsStream, String) {
        let mut stream = self.accept();
        let mut request = Vec::new();
        self.until("the upgrade", || {
            read_some(&mut stream, &mut request);
            request.ends_with(b"\r\n\r\n").then_some(())
        });
        (stream, String::from_utf8(request).unwrap())
    }

    /// The next attempt, upgraded: the server's side.
    pub(crate) fn upgrade(&mut self) -> WebSocket<TlsStream> {
        let (stream, request) = self.knock();
        upgraded(stream, &request)
    }

    pub(crate) fn comes_up(&mut self, epoch: u32) -> WebSocket<TlsStream> {
        let server = self.upgrade();
        assert_eq!(self.next(), Told::Up(epoch));
        server
    }

    pub(crate) fn stats(&self) -> LinkStats {
        self.link.stats()
    }

    pub(crate) fn settings_for(&self, url: Url) -> LinkSettings {
        settings(&self.host, url)
    }
}

fn settings(host: &Host, url: Url) -> LinkSettings {
    LinkSettings {
        url,
        tls: host.client.clone(),
        connect_ms_max: 5_000,
        silence_ms_max: 10_000,
        ping_after_ms: 4_000,
        renew_after_s: 3_600,
        proven_after_ms: 10_000,
        backoff_ms_min: 100,
        backoff_ms_max: 1_600,
        frame_bytes_max: 1 << 20,
        send_bytes_max: 1 << 20,
        seed: 7,
    }
}

fn work(link: &mut Link, reactor: &mut Reactor, wall: Nanos, told: &mut VecDeque<Told>) {
    while let Some(event) = link.work(reactor, wall) {
        told.push_back(match event {
            LinkEvent::Up { epoch } => Told::Up(epoch),
            LinkEvent::Frame { epoch, bytes } => Told::Frame(epoch, bytes.to_vec()),
            LinkEvent::Down { epoch, fault } => Told::Down(epoch, fault),
            LinkEvent::Failed { fault } => Told::Failed(fault),
        });
    }
}

fn upgraded(mut stream: TlsStream, request: &str) -> WebSocket<TlsStream> {
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let accept = derive_accept_key(key.as_bytes());
    let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
    stream.write_all(format!("{head}Sec-WebSocket-Accept: {accept}\r\n\r\n").as_bytes()).unwrap();
    let limits = WebSocketConfig::default().write_buffer_size(0);
    WebSocket::from_raw_socket(stream, Role::Server, Some(limits))
}

pub(crate) fn say(server: &mut WebSocket<TlsStream>, text: &str) {
    server.send(Message::text(text)).unwrap();
}

/// The next message the server heard, if there is one.
pub(crate) fn heard(server: &mut WebSocket<TlsStream>) -> Option<Result<Message, Error>> {
    match server.read() {
        Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => None,
        other => Some(other),
    }
}

#[test]
fn an_upgrade_carries_headers_made_for_it() {
    let mut scene = Scene::new();
    let (stream, request) = scene.knock();
    let port = scene.host.url("/").port;
    assert!(request.starts_with("GET /trade-api/ws/v2 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("\r\nHost: localhost:{port}\r\n")), "{request}");
    assert!(request.contains(": signature-1\r\n"), "{request}");
    drop(stream);
    assert_eq!(scene.next(), Told::Failed(LinkFault::Closed));
    scene.pass(100 * MS);
    let (stream, request) = scene.knock();
    assert!(request.contains(": signature-2\r\n"), "signed anew: {request}");
    let mut server = upgraded(stream, &request);
    assert_eq!(scene.next(), Told::Up(1));
    say(&mut server, "{\"type\":\"ticker\"}\n");
    assert_eq!(scene.next(), Told::Frame(1, b"{\"type\":\"ticker\"}\n".to_vec()));
    scene.link.send(b"{\"cmd\":\"subscribe\"}");
    let message = scene.until("a command", || heard(&mut server)).unwrap();
    assert_eq!(message, Message::text("{\"cmd\":\"subscribe\"}"));
    let stats = scene.stats();
    assert_eq!((stats.epoch, stats.frames, stats.bytes, stats.failures, stats.downs), (1, 1, 18, 1, 0));
    assert_eq!((stats.up_since, stats.last_frame_at), (Some(scene.wall), Some(scene.wall)));
}

#[test]
fn ten_thousand_frames_come_back_intact_and_in_order() {
    let mut scene = Scene::with(|settings| settings.send_bytes_max = 64 << 20);
    let mut server = scene.comes_up(1);
    // Lengths around the borders of the frame header's forms and of a TLS record.
    let lengths = [0, 1, 125, 126, 267, 1_400, 16_384, 65_535, 65_536];
    let text = |at: usize| {
        let length = lengths[at % lengths.len()] % if at % 100 < 95 { 2_000 } else { usize::MAX };
        let head = format!("{at}:");
        head.clone() + &"x".repeat(length.saturating_sub(head.len()))
    };
    for at in 0..10_000 {
        scene.link.send(text(at).as_bytes());
    }
    let mut echoed = 0;
    let mut came = 0;
    let mut last = None;
    while came < 10_000 {
        scene.reactor.turn(Some(std::time::Duration::ZERO));
        while echoed < 10_000
            && let Some(message) = last.take().map(Ok).or_else(|| heard(&mut server))
        {
            match server.write(message.unwrap()) {
                Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                other => other.unwrap(),
            }
            echoed += 1;
        }
        let _ = server.flush();
        scene.work();
        while let Some(told) = scene.told.pop_front() {
            assert_eq!(told, Told::Frame(1, text(came).into_bytes()), "frame {came}");
            came += 1;
        }
    }
    assert_eq!(scene.stats().frames, 10_000);
}

#[test]
fn fragments_become_one_frame_pings_are_answered_and_binary_is_counted() {
    let mut scene = Scene::new();
    let mut server = scene.comes_up(1);
    let raw = server.get_mut();
    raw.write_all(&[0x01, 3, b'o', b'n', b'e']).unwrap(); // text, not final
    raw.write_all(&[0x89, 9, b'h', b'e', b'a', b'r', b't', b'b', b'e', b'a', b't']).unwrap(); // ping between
    raw.write_all(&[0x80, 4, b' ', b't', b'w', b'o']).unwrap(); // the rest
    raw.write_all(&[0x82, 2, 0, 1]).unwrap(); // binary
    raw.write_all(&[0x81, 1, b'.']).unwrap();
    assert_eq!(scene.next(), Told::Frame(1, b"one two".to_vec()));
    assert_eq!(scene.next(), Told::Frame(1, b".".to_vec()));
    let message = scene.until("a pong", || heard(&mut server)).unwrap();
    assert_eq!(message, Message::Pong(b"heartbeat".to_vec().into()));
    let stats = scene.stats();
    assert_eq!((stats.frames, stats.binaries, stats.pings_heard), (2, 1, 1));
}

/// A server that only pings has its pongs and none of the thread's other agents' time.
#[test]
fn a_flood_of_pings_ends_a_call_and_not_the_connection() {
    let mut scene = Scene::new();
    let mut server = scene.comes_up(1);
    server.get_mut().write_all(&[0x89, 0].repeat(4_000)).unwrap();
    let Scene { reactor, link, wall, .. } = &mut scene;
    until(reactor, "all pings", |reactor| {
        let before = link.stats().pings_heard;
        assert_eq!(link.work(reactor, *wall), None);
        let heard_now = link.stats().pings_heard - before;
        assert!(heard_now <= 64, "{heard_now} in one call");
        // Its pongs are read, or they would be what is waited for.
        let _ = heard(&mut server);
        (link.stats().pings_heard == 4_000).then_some(())
    });
    assert!(scene.stats().is_up);
}

#[test]
fn silence_is_asked_about_and_then_ends_the_connection() {
    let mut scene = Scene::new();
    let mut server = scene.comes_up(1);
    scene.pass(4_000 * MS - 1);
    assert_eq!(scene.stats().pings_sent, 0);
    scene.pass(1);
    assert_eq!(scene.stats().pings_sent, 1);
    // The library answers pings by itself: the connection lives.
    let message = scene.until("a ping", || heard(&mut server)).unwrap();
    assert_eq!(message, Message::Ping(Vec::new().into()));
    server.flush().unwrap();
    let at = scene.wall;
    while scene.stats().last_heard_at != Some(at) {
        assert!(scene.has_told_nothing());
    }
    // From now on the server is not looked after: it hears and answers nothing.
    scene.pass(10_000 * MS - 1);
    assert!(scene.has_told_nothing());
    assert!(scene.stats().pings_sent >= 2);
    scene.pass(1);
    assert_eq!(scene.next(), Told::Down(1, LinkFault::Silent));
    scene.pass(100 * MS);
    let _server = scene.comes_up(2);
    assert_eq!((scene.stats().reconnects, scene.stats().downs), (1, 1));
}

#[test]
fn a_renewal_makes_before_it_breaks() {
    let mut scene = Scene::new();
    let mut old = scene.comes_up(1);
    scene.link.renew();
    let (stream, request) = scene.knock();
    say(&mut old, "while the new one is made");
    assert_eq!(scene.next(), Told::Frame(1, b"while the new one is made".to_vec()));
    scene.link.send(b"still to the old one");
    assert_eq!(scene.until("a text", || heard(&mut old)).unwrap(), Message::text("still to the old one"));
    // What the old one has received is handed on before the new one takes over.
    say(&mut old, "last");
    let mut new = upgraded(stream, &request);
    assert_eq!(scene.next(), Told::Frame(1, b"last".to_vec()));
    assert_eq!(scene.next(), Told::Up(2), "no Down between");
    let _ = old.send(Message::text("too late"));
    say(&mut new, "first");
    assert_eq!(scene.next(), Told::Frame(2, b"first".to_vec()));
    scene.link.send(b"to the new one");
    assert_eq!(scene.until("a text", || heard(&mut new)).unwrap(), Message::text("to the new one"));
    let goodbye = scene.until("a goodbye", || heard(&mut old)).unwrap();
    assert_eq!(goodbye, Message::Close(None));
    assert!(scene.has_told_nothing());
    let stats = scene.stats();
    assert_eq!((stats.epoch, stats.renewals, stats.reconnects, stats.downs), (2, 1, 0, 0));
}

#[test]
fn an_old_connection_is_renewed_by_itself() {
    let mut scene = Scene::with(|settings| settings.renew_after_s = 8);
    let mut old = scene.comes_up(1);
    scene.pass(3_999 * MS);
    say(&mut old, "not silent");
    assert_eq!(scene.next(), Told::Frame(1, b"not silent".to_vec()));
    assert_eq!(scene.link.next_deadline(), START.plus(7_999 * MS), "the ping comes first");
    scene.pass(4_000 * MS);
    assert_eq!(scene.link.next_deadline(), START.plus(8_000 * MS));
    scene.pass(MS);
    let _new = scene.comes_up(2);
    assert_eq!(scene.stats().renewals, 1);
    drop(old);
    assert!(scene.has_told_nothing(), "nobody cares for the old one");
}

#[test]
fn a_renewal_that_fails_leaves_the_old_connection_alone() {
    let mut scene = Scene::new();
    let mut old = scene.comes_up(1);
    scene.link.renew();
    let (mut stream, _) = scene.knock();
    stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n").unwrap();
    assert_eq!(scene.next(), Told::Failed(LinkFault::Refused { status: 502 }));
    say(&mut old, "still here");
    assert_eq!(scene.next(), Told::Frame(1, b"still here".to_vec()));
    // It is tried again; meanwhile the old one goes, which is told, and the new one is not started anew.
    scene.pass(200 * MS);
    let (stream, request) = scene.knock();
    drop(old);
    assert_eq!(scene.next(), Told::Down(1, LinkFault::Closed));
    let _new = upgraded(stream, &request);
    assert_eq!(scene.next(), Told::Up(2));
    assert_eq!((scene.stats().renewals, scene.stats().reconnects), (0, 1));
}

#[test]
fn a_closed_link_says_goodbye_and_nothing_else() {
    let mut scene = Scene::new();
    let mut server = scene.comes_up(1);
    scene.link.close();
    assert_eq!(scene.until("a goodbye", || heard(&mut server)).unwrap(), Message::Close(None));
    drop(server);
    scene.pass(1_000_000 * MS);
    assert!(scene.has_told_nothing());
    assert!(!scene.stats().is_up);
    assert_eq!(scene.link.next_deadline(), Nanos::NEVER);
    scene.link.send(b"to nobody");
    assert_eq!(scene.stats().unsent, 1);
}

#[test]
fn one_thread_keeps_many_links_and_the_end_of_one_is_nobody_elses() {
    let mut scene = Scene::new();
    let (mut links, mut servers) = (Vec::new(), Vec::new());
    for seed in 0..12 {
        let mut settings = scene.settings_for(scene.host.url("/stream"));
        settings.seed = seed;
        let link = Link::new(settings, Box::new(Vec::new)).unwrap();
        let idle = std::mem::replace(&mut scene.link, link);
        servers.push(scene.comes_up(1));
        links.push(std::mem::replace(&mut scene.link, idle));
    }
    for (at, server) in servers.iter_mut().enumerate() {
        if at == 5 {
            let _ = server.close(None);
        } else {
            say(server, &at.to_string());
        }
    }
    let mut heard = vec![VecDeque::new(); links.len()];
    until(&mut scene.reactor, "everybody to hear something", |reactor| {
        for (link, heard) in links.iter_mut().zip(&mut heard) {
            work(link, reactor, START, heard);
        }
        heard.iter().all(|heard| !heard.is_empty()).then_some(())
    });
    for (at, heard) in heard.iter().enumerate() {
        let expected =
            if at == 5 { Told::Down(1, LinkFault::Closed) } else { Told::Frame(1, at.to_string().into_bytes()) };
        assert_eq!(heard, &[expected], "link {at}");
    }
    drop((links, servers, scene.link));
    assert_eq!(scene.reactor.sockets(), 1, "the listener is left");
}
