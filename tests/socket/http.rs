//! The kept-alive HTTPS connection: requests and replies, one at a time, and everything that ends it.

use crate::support::{Host, read_some, until};
use kalshi_trader::socket::http::{HttpConnection, HttpEvent, HttpFault, HttpSettings, REQUEST_BYTES_MAX};
use kalshi_trader::socket::reactor::Reactor;
use kalshi_trader::socket::stream::TlsStream;
use std::collections::VecDeque;
use std::io::Write;
use std::time::Duration;
use trader_journal::units::Nanos;

const START: Nanos = Nanos(1_800_000_000 * Nanos::SECOND);
const MS: u64 = Nanos::MILLI;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Ready,
    Reply(u16, String),
    Closed(HttpFault, bool),
}

struct Scene {
    reactor: Reactor,
    host: Host,
    connection: HttpConnection,
    wall: Nanos,
    told: VecDeque<Told>,
}

impl Scene {
    fn new() -> Scene {
        let mut reactor = Reactor::new().unwrap();
        let host = Host::new(&mut reactor);
        let settings = HttpSettings {
            url: host.url("/trade-api/v2"),
            tls: host.client.clone(),
            connect_ms_max: 5_000,
            reply_ms_max: 2_000,
            proven_after_ms: 10_000,
            backoff_ms_min: 100,
            backoff_ms_max: 1_600,
            head_bytes_max: 2_048,
            body_bytes_max: 10_000,
            seed: 7,
        };
        let connection = HttpConnection::open(settings).unwrap();
        Scene { reactor, host, connection, wall: START, told: VecDeque::new() }
    }

    /// One that is connected, and the server's side.
    fn ready() -> (Scene, TlsStream) {
        let mut scene = Scene::new();
        let server = scene.connect();
        (scene, server)
    }

    fn connect(&mut self) -> TlsStream {
        let Scene { reactor, connection, wall, told, host } = self;
        let mut server = until(reactor, "a knock", |reactor| {
            work(connection, reactor, *wall, told);
            host.accept(reactor)
        });
        let told = self.next_while(|| drop(server.advance()));
        assert_eq!(told, Told::Ready);
        until(&mut self.reactor, "the server's side", |_| server.advance().unwrap().then_some(()));
        assert!(self.has_told_nothing());
        server
    }

    fn work(&mut self) {
        work(&mut self.connection, &mut self.reactor, self.wall, &mut self.told);
    }

    fn pass(&mut self, nanos: u64) {
        self.wall = self.wall.plus(nanos);
        self.work();
    }

    fn next(&mut self) -> Told {
        self.next_while(|| ())
    }

    fn next_while(&mut self, mut act: impl FnMut()) -> Told {
        let Scene { reactor, connection, wall, told, .. } = self;
        until(reactor, "the connection to tell something", |reactor| {
            act();
            work(connection, reactor, *wall, told);
            told.pop_front()
        })
    }

    fn has_told_nothing(&mut self) -> bool {
        self.reactor.turn(Some(Duration::from_millis(2)));
        self.work();
        self.told.is_empty()
    }

    /// Asks, and what the server hears of it.
    fn ask(&mut self, server: &mut TlsStream) -> String {
        self.connection.send("POST", "/orders", &[("A", "b")], b"{}").unwrap();
        self.hear(server, "\r\n\r\n{}")
    }

    fn hear(&mut self, server: &mut TlsStream, end: &str) -> String {
        let mut request = Vec::new();
        until(&mut self.reactor, "a request", |_| {
            read_some(server, &mut request);
            request.ends_with(end.as_bytes()).then_some(())
        });
        String::from_utf8(request).unwrap()
    }
}

fn work(connection: &mut HttpConnection, reactor: &mut Reactor, wall: Nanos, told: &mut VecDeque<Told>) {
    while let Some(event) = connection.work(reactor, wall) {
        told.push_back(match event {
            HttpEvent::Ready => Told::Ready,
            HttpEvent::Reply { status, body } => Told::Reply(status, String::from_utf8(body.to_vec()).unwrap()),
            HttpEvent::Closed { fault, was_asked } => Told::Closed(fault, was_asked),
        });
    }
}

fn reply(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} Whatever\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn a_request_is_what_was_asked_in_one_record() {
    let (mut scene, mut server) = Scene::ready();
    let headers = [("KALSHI-ACCESS-KEY", "id"), ("Content-Type", "application/json")];
    let before = server.bytes_in();
    scene.connection.send("POST", "/trade-api/v2/portfolio/events/orders", &headers, b"{\"a\":1}").unwrap();
    let heard = scene.hear(&mut server, "{\"a\":1}");
    let port = scene.host.url("/").port;
    let expected = format!(
        "POST /trade-api/v2/portfolio/events/orders HTTP/1.1\r\nHost: localhost:{port}\r\n\
         User-Agent: kalshi-trader/{}\r\nKALSHI-ACCESS-KEY: id\r\nContent-Type: application/json\r\n\
         Content-Length: 7\r\n\r\n{{\"a\":1}}",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(heard, expected);
    assert_eq!(server.bytes_in() - before, expected.len() as u64 + 22, "one record of TLS 1.3");
    server.write_all(reply(201, "").as_bytes()).unwrap();
    assert_eq!(scene.next(), Told::Reply(201, String::new()));
    scene.connection.send("DELETE", "/orders/1?x=y", &[], b"").unwrap();
    let heard = scene.hear(&mut server, "\r\n\r\n");
    assert!(heard.starts_with("DELETE /orders/1?x=y HTTP/1.1\r\n") && !heard.contains("Content-Length"), "{heard}");
}

#[test]
fn one_connection_answers_a_thousand_requests() {
    let (mut scene, mut server) = Scene::ready();
    for at in 0..1_000 {
        assert!(scene.connection.is_ready());
        scene.ask(&mut server);
        assert!(!scene.connection.is_ready());
        assert_eq!(scene.connection.send("GET", "/", &[], b""), Err(HttpFault::Busy));
        let body = "b".repeat(at * 7 % 10_001);
        let text = if at % 2 == 0 {
            reply(200, &body)
        } else {
            let chunk = if body.is_empty() { String::new() } else { format!("{:x}\r\n{body}\r\n", body.len()) };
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n")
        };
        server.write_all(text.as_bytes()).unwrap();
        assert_eq!(scene.next(), Told::Reply(200, body));
    }
    let stats = scene.connection.stats();
    assert_eq!((stats.opened, stats.closed, stats.asked, stats.answered), (1, 0, 1_000, 1_000));
}

#[test]
fn a_reply_that_comes_byte_by_byte_is_the_same_reply() {
    let (mut scene, mut server) = Scene::ready();
    for text in [reply(200, "{\"order\":{}}"), reply(429, ""), "HTTP/1.1 204 No Content\r\n\r\n".to_owned()] {
        scene.ask(&mut server);
        let (last, first) = text.as_bytes().split_last().unwrap();
        for byte in first {
            server.write_all(&[*byte]).unwrap(); // a record each
            assert!(scene.has_told_nothing());
        }
        server.write_all(&[*last]).unwrap();
        assert!(matches!(scene.next(), Told::Reply(..)));
        assert!(scene.connection.is_ready());
    }
}

#[test]
fn a_reply_that_is_not_one_ends_the_connection_with_the_question_open() {
    let cases = [
        ("SSH-2.0-OpenSSH\r\n", HttpFault::Garbage),
        ("HTTP/1.1 200 OK\r\n\r\n", HttpFault::Garbage),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", HttpFault::Garbage),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10001\r\n\r\n", HttpFault::TooLarge),
    ];
    for (text, fault) in cases {
        let (mut scene, mut server) = Scene::ready();
        scene.ask(&mut server);
        server.write_all(text.as_bytes()).unwrap();
        assert_eq!(scene.next(), Told::Closed(fault, true), "{text}");
        assert!(!scene.connection.is_ready());
    }
    // Too long a head, and an end before the reply's.
    let (mut scene, mut server) = Scene::ready();
    scene.ask(&mut server);
    server.write_all(format!("HTTP/1.1 200 OK\r\nX: {}\r\n", "y".repeat(2_048)).as_bytes()).unwrap();
    assert_eq!(scene.next(), Told::Closed(HttpFault::TooLarge, true));

    for with_goodbye in [true, false] {
        let (mut scene, mut server) = Scene::ready();
        scene.ask(&mut server);
        server.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345").unwrap();
        if with_goodbye {
            assert!(server.close().unwrap());
        }
        drop(server);
        assert_eq!(scene.next(), Told::Closed(HttpFault::Closed, true));
    }
}

#[test]
fn a_server_that_resets_before_it_answers_leaves_the_question_open() {
    let (mut scene, server) = Scene::ready();
    scene.connection.send("POST", "/orders", &[], b"{}").unwrap();
    until(&mut scene.reactor, "the request to arrive", |_| server.is_readable().then_some(()));
    drop(server); // with the request unread
    let Told::Closed(fault, true) = scene.next() else { panic!("not closed") };
    let reset = HttpFault::Io(std::io::ErrorKind::ConnectionReset);
    assert!([reset, HttpFault::Closed].contains(&fault), "{fault:?}");
}

#[test]
fn bytes_behind_a_reply_and_replies_to_nothing_end_the_connection() {
    let (mut scene, mut server) = Scene::ready();
    scene.ask(&mut server);
    server.write_all((reply(200, "mine") + &reply(200, "whose?")).as_bytes()).unwrap();
    assert_eq!(scene.next(), Told::Reply(200, "mine".to_owned()));
    assert_eq!(scene.next(), Told::Closed(HttpFault::Unasked, false));
    assert_eq!(scene.connection.send("GET", "/", &[], b""), Err(HttpFault::NotReady));

    let (mut scene, mut server) = Scene::ready();
    server.write_all(reply(408, "idle").as_bytes()).unwrap();
    assert_eq!(scene.next(), Told::Closed(HttpFault::Unasked, false));
}

#[test]
fn a_request_is_not_sent_on_a_connection_that_turns_out_to_be_closed() {
    let (mut scene, mut server) = Scene::ready();
    assert!(server.close().unwrap());
    // The end arrives, and nobody has called `work` since.
    until(&mut scene.reactor, "the end", |reactor| (reactor.turn(Some(Duration::ZERO)) > 0).then_some(()));
    assert!(scene.connection.is_ready(), "it cannot know");
    assert_eq!(scene.connection.send("POST", "/", &[], b"{}"), Err(HttpFault::NotReady));
    assert_eq!(scene.next(), Told::Closed(HttpFault::Closed, false));
    assert_eq!(scene.connection.stats().asked, 0);
    let mut heard = Vec::new();
    until(&mut scene.reactor, "our end", |_| (!read_some(&mut server, &mut heard)).then_some(()));
    assert_eq!(heard, b"");
}

#[test]
fn a_request_the_kernel_refuses_has_not_left() {
    let (mut scene, mut server) = Scene::ready();
    scene.connection.send("POST", "/orders", &[], b"{}").unwrap();
    until(&mut scene.reactor, "the request to arrive", |_| server.is_readable().then_some(()));
    server.write_all(reply(201, "before it was read").as_bytes()).unwrap();
    assert_eq!(scene.next(), Told::Reply(201, "before it was read".to_owned()));
    drop(server); // the request unread: a reset, of which nobody has told us yet
    let sent = scene.connection.send("POST", "/orders", &[], b"{}");
    let Err(HttpFault::Io(kind)) = sent else { panic!("{sent:?}") };
    assert_eq!(scene.next(), Told::Closed(HttpFault::Io(kind), false));
    assert_eq!(scene.connection.stats().asked, 1);
}

#[test]
fn a_server_that_says_close_is_left_after_its_reply_and_found_again() {
    let (mut scene, mut server) = Scene::ready();
    scene.ask(&mut server);
    server.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok").unwrap();
    assert_eq!(scene.next(), Told::Reply(200, "ok".to_owned()));
    assert_eq!(scene.next(), Told::Closed(HttpFault::Closed, false));
    let pause = scene.connection.next_deadline().since(scene.wall);
    assert!(pause <= 100 * MS, "it had proved itself");
    scene.pass(pause);
    let mut server = scene.connect();
    scene.ask(&mut server);
    server.write_all(reply(200, "again").as_bytes()).unwrap();
    assert_eq!(scene.next(), Told::Reply(200, "again".to_owned()));
    assert_eq!(scene.connection.stats().opened, 2);
}

#[test]
fn an_answer_that_does_not_come_is_given_up_and_its_connection_with_it() {
    let (mut scene, mut server) = Scene::ready();
    scene.ask(&mut server);
    scene.work();
    assert_eq!(scene.connection.next_deadline(), START.plus(2_000 * MS));
    scene.pass(2_000 * MS - 1);
    assert!(scene.has_told_nothing());
    scene.pass(1);
    assert_eq!(scene.next(), Told::Closed(HttpFault::Timeout, true));
    // A late answer has nowhere to go.
    let _ = server.write_all(reply(200, "late").as_bytes());
    scene.pass(100 * MS);
    let _server = scene.connect();
    assert!(scene.has_told_nothing());
}

#[test]
fn a_connection_that_does_not_come_up_is_tried_again_with_growing_pauses() {
    let mut scene = Scene::new();
    assert!(scene.has_told_nothing()); // the kernel accepts, nobody answers
    scene.pass(5_000 * MS);
    assert_eq!(scene.next(), Told::Closed(HttpFault::Timeout, false));
    for span in [100, 200, 400, 800, 1_600, 1_600] {
        let pause = scene.connection.next_deadline().since(scene.wall);
        assert!((span * MS / 2..=span * MS).contains(&pause), "{pause} of {span}");
        scene.pass(pause);
        scene.pass(5_000 * MS);
        assert_eq!(scene.next(), Told::Closed(HttpFault::Timeout, false));
        if span == 200 {
            assert_eq!(scene.connection.send("GET", "/", &[], b""), Err(HttpFault::NotReady));
        }
    }
}

#[test]
fn no_header_or_path_can_begin_a_second_request() {
    let (mut scene, _server) = Scene::ready();
    type Headers = &'static [(&'static str, &'static str)];
    let long = vec![b'x'; REQUEST_BYTES_MAX];
    let cases: [(&str, &str, Headers, &[u8]); 8] = [
        ("GET", "/ HTTP/1.1\r\nX: y", &[], b""),
        ("GET", "/a b", &[], b""),
        ("GET", "", &[], b""),
        ("GET", "orders", &[], b""),
        ("GET\r\n", "/", &[], b""),
        ("GET", "/", &[("A", "b\r\nC: d")], b""),
        ("GET", "/", &[("A: b\r\nC", "d")], b""),
        ("POST", "/", &[], &long),
    ];
    for (method, path, headers, body) in cases {
        assert_eq!(scene.connection.send(method, path, headers, body), Err(HttpFault::Unwritable), "{path:?}");
    }
    assert!(scene.connection.is_ready(), "nothing was sent");
}

#[test]
fn who_has_no_more_trust_gets_another_connection() {
    let (mut scene, mut server) = Scene::ready();
    scene.ask(&mut server);
    scene.connection.reopen();
    assert_eq!(scene.next(), Told::Closed(HttpFault::ClosedByUs, true));
    scene.pass(100 * MS);
    scene.connect();
    scene.connection.close();
    scene.pass(1_000_000 * MS);
    assert!(scene.has_told_nothing());
    assert_eq!(scene.connection.next_deadline(), Nanos::NEVER);
}
