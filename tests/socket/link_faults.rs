//! The WebSocket link against servers that misbehave: every fault has its name, and the pauses grow
//! until a connection has proved itself.

use crate::link::{START, Scene, Told, heard, say};
use kalshi_trader::clock::Stopwatch;
use kalshi_trader::socket::fault::TlsFault;
use kalshi_trader::socket::link::LinkFault;
use kalshi_trader::socket::url::Url;
use kalshi_trader::thread;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use trader_journal::units::Nanos;
use tungstenite::Message;

const MS: u64 = Nanos::MILLI;

/// Answers the next attempt with `reply` in place of an upgrade.
fn refuse(scene: &mut Scene, reply: &str) -> Told {
    let (mut stream, _) = scene.knock();
    stream.write_all(reply.as_bytes()).unwrap();
    let _ = stream.close();
    scene.next()
}

#[test]
fn a_refused_upgrade_tells_its_status() {
    for status in [301, 400, 401, 403, 404, 429, 500, 502, 503] {
        let mut scene = Scene::new();
        let reply = format!("HTTP/1.1 {status} No\r\nContent-Length: 2\r\n\r\nno");
        assert_eq!(refuse(&mut scene, &reply), Told::Failed(LinkFault::Refused { status }));
        assert_eq!(scene.stats().last_fault, Some(LinkFault::Refused { status }));
    }
}

#[test]
fn what_is_no_answer_to_an_upgrade_is_garbage() {
    let replies = [
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "\u{0}\u{1}\u{2}\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: bm8=\r\n\r\n",
    ];
    for reply in replies {
        assert_eq!(refuse(&mut Scene::new(), reply), Told::Failed(LinkFault::Garbage), "{reply:?}");
    }
    assert_eq!(refuse(&mut Scene::new(), "HTTP/1.1 101 Swi"), Told::Failed(LinkFault::Closed));
}

#[test]
fn a_connection_in_use_ends_with_the_reason() {
    let frames: [(&[u8], LinkFault); 8] = [
        (&[0x88, 0], LinkFault::Closed),                                // close
        (&[0x88, 2, 0x03, 0xe9], LinkFault::Closed),                    // close 1001
        (&[0x83, 1, 0], LinkFault::Garbage),                            // an opcode there is not
        (&[0xf1, 1, b'x'], LinkFault::Garbage),                         // reserved bits
        (&[0x81, 0x81, 0, 0, 0, 0, b'x'], LinkFault::Garbage),          // masked by a server
        (&[0x81, 1, 0xff], LinkFault::Garbage),                         // not UTF-8
        (&[0x81, 127, 0, 0, 0, 0, 0, 0x10, 0, 1], LinkFault::TooLarge), // 1 MiB and a byte
        (&[0x81, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], LinkFault::TooLarge),
    ];
    for (frame, fault) in frames {
        let mut scene = Scene::new();
        let mut server = scene.comes_up(1);
        server.get_mut().write_all(frame).unwrap();
        assert_eq!(scene.next(), Told::Down(1, fault), "{frame:x?}");
    }
}

#[test]
fn a_message_may_not_grow_past_the_limit_in_fragments() {
    let mut scene = Scene::with(|settings| settings.frame_bytes_max = 1_000);
    let mut server = scene.comes_up(1);
    let mut fragment = vec![0x01, 126, 3, 0];
    fragment.extend_from_slice(&[b'x'; 768]);
    server.get_mut().write_all(&fragment).unwrap();
    fragment[0] = 0x00;
    server.get_mut().write_all(&fragment).unwrap();
    assert_eq!(scene.next(), Told::Down(1, LinkFault::TooLarge));
}

#[test]
fn a_half_closed_and_a_vanished_server_are_told_from_each_other() {
    let mut scene = Scene::new();
    let mut server = scene.comes_up(1);
    say(&mut server, "last words");
    assert!(server.get_mut().close().unwrap());
    assert_eq!(scene.next(), Told::Frame(1, b"last words".to_vec()));
    assert_eq!(scene.next(), Told::Down(1, LinkFault::Closed));

    let mut scene = Scene::new();
    let server = scene.comes_up(1);
    scene.link.send(b"unread: closing now makes TCP reset the connection");
    drop(server);
    let Told::Down(1, fault) = scene.next() else { panic!("not down") };
    assert!([LinkFault::Io(ErrorKind::ConnectionReset), LinkFault::Closed].contains(&fault), "{fault:?}");
}

/// A scene whose link connects to a plain socket of the test's own.
fn elsewhere() -> (Scene, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let scene = Scene::with(|settings| settings.url = Url::parse(&format!("wss://localhost:{port}/")).unwrap());
    (scene, listener)
}

#[test]
fn a_server_that_accepts_and_says_nothing_is_given_up_in_time() {
    let (mut scene, _listener) = elsewhere(); // the kernel accepts for it
    assert!(scene.has_told_nothing());
    scene.pass(5_000 * MS - 1);
    assert!(scene.has_told_nothing());
    assert_eq!(scene.link.next_deadline(), START.plus(5_000 * MS));
    scene.pass(1);
    assert_eq!(scene.next(), Told::Failed(LinkFault::Timeout));

    // The same behind a TLS handshake.
    let mut scene = Scene::new();
    let (_stream, _) = scene.knock();
    scene.pass(5_000 * MS);
    assert_eq!(scene.next(), Told::Failed(LinkFault::Timeout));
}

#[test]
fn garbage_instead_of_tls_and_nobody_at_all_are_told() {
    let (mut scene, listener) = elsewhere();
    let peer = thread::spawn("peer", move || {
        let mut tcp = listener.accept().unwrap().0;
        tcp.write_all(&[0x55; 64]).unwrap();
        let _ = tcp.read_to_end(&mut Vec::new());
    });
    assert_eq!(scene.next(), Told::Failed(LinkFault::Tls(TlsFault::NotTls)));
    drop(scene);
    peer.unwrap().join().unwrap();

    let (mut scene, listener) = elsewhere();
    drop(listener);
    assert_eq!(scene.next(), Told::Failed(LinkFault::Io(ErrorKind::ConnectionRefused)));
}

#[test]
fn a_name_nobody_knows_is_looked_up_without_waiting() {
    let url = Url::parse("wss://no-such-host.invalid/").unwrap();
    let mut scene = Scene::with(|settings| settings.url = url);
    let watch = Stopwatch::start();
    scene.work();
    assert!(watch.millis() < 1_000, "the resolver was waited for");
    let told = scene.next();
    assert_eq!(told, Told::Failed(LinkFault::Unresolved));
}

#[test]
fn pauses_grow_until_a_connection_has_proved_itself() {
    let mut scene = Scene::new();
    let refused = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";
    let pause = |scene: &mut Scene| {
        let pause = scene.link.next_deadline().since(scene.wall);
        // No attempt before the time has come.
        scene.pass(pause - 1);
        assert!(scene.has_told_nothing() && scene.host.accept(&mut scene.reactor).is_none());
        scene.pass(1);
        pause / MS
    };
    let within = |pause: u64, span: u64| assert!((span / 2..=span).contains(&pause), "{pause} of {span}");
    for span in [100, 200, 400] {
        refuse(&mut scene, refused);
        within(pause(&mut scene), span);
    }
    // Up, but gone before it was any good: the pause still grows.
    drop(scene.comes_up(1));
    assert_eq!(scene.next(), Told::Down(1, LinkFault::Closed));
    within(pause(&mut scene), 800);
    // A frame proves it.
    let mut server = scene.comes_up(2);
    say(&mut server, "good");
    assert_eq!(scene.next(), Told::Frame(2, b"good".to_vec()));
    drop(server);
    assert_eq!(scene.next(), Told::Down(2, LinkFault::Closed));
    within(pause(&mut scene), 100);
    refuse(&mut scene, refused);
    within(pause(&mut scene), 200);
    // And so does having been up for long enough.
    let mut server = scene.comes_up(3);
    scene.pass(4_000 * MS);
    assert!(matches!(scene.until("a ping", || heard(&mut server)), Ok(Message::Ping(_))));
    scene.pass(6_000 * MS);
    drop(server);
    assert!(matches!(scene.next(), Told::Down(3, _)));
    within(pause(&mut scene), 100);
    assert_eq!((scene.stats().failures, scene.stats().downs), (4, 3));
}

#[test]
fn a_server_that_wants_to_be_left_alone_is() {
    let mut scene = Scene::new();
    refuse(&mut scene, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(scene.link.next_deadline().since(scene.wall), 7 * Nanos::SECOND);
    // But not for ever.
    scene.pass(7 * Nanos::SECOND);
    refuse(&mut scene, "HTTP/1.1 503 No\r\nRetry-After: 999999999\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(scene.link.next_deadline().since(scene.wall), 300 * Nanos::SECOND);
}

#[test]
fn a_server_that_takes_nothing_is_given_up() {
    let mut scene = Scene::with(|settings| settings.send_bytes_max = 100_000);
    let _server = scene.comes_up(1);
    // It never reads: first the kernel's buffers fill, then ours.
    for _ in 0..2_000 {
        scene.link.send(&[b'x'; 10_000]);
    }
    assert_eq!(scene.next(), Told::Down(1, LinkFault::Stuck));
}

#[test]
fn a_header_that_cannot_be_written_is_told() {
    let mut scene = Scene::new();
    let url = scene.host.url("/");
    let settings = scene.settings_for(url);
    let headers = || vec![("KALSHI-ACCESS-KEY".to_owned(), "a\r\nb".to_owned())];
    scene.link = kalshi_trader::socket::link::Link::new(settings, Box::new(headers)).unwrap();
    let mut server = scene.accept();
    scene.until("the handshake", || server.advance().unwrap().then_some(()));
    assert_eq!(scene.next(), Told::Failed(LinkFault::Unwritable));
}
