//! Many connections at once.

use super::client::{BALANCE, DEADLINE, World, tls_to};
use kalshi_trader::exchange::server::ServerSettings;
use kalshi_trader::socket::url::Url;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

#[test]
fn two_hundred_idle_connections_stop_nobody() {
    let world = World::new();
    let url = &world.description().rest_url;
    let mut idle: Vec<_> = (0..200).map(|_| tls_to(url, &world.description().ca_path)).collect();
    for tls in &mut idle {
        while tls.conn.is_handshaking() {
            tls.conn.complete_io(&mut tls.sock).unwrap();
        }
    }
    let (mut http, key) = (world.rest(), world.ed25519());
    for _ in 0..50 {
        assert_eq!(http.signed(&key, "GET", BALANCE, "").status, 200);
    }
    drop(idle);
    assert_eq!(world.rest().get("/trade-api/v2/exchange/status").status, 200);
}

#[test]
fn who_speaks_no_tls_is_sent_away_and_nobody_else_is() {
    let world = World::new();
    let mut http = world.rest();
    let url = Url::parse(&world.description().rest_url).unwrap();
    for words in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x00", b"\x16\x03\x01\xff\xff"] {
        let mut tcp = TcpStream::connect((url.host.as_str(), url.port)).unwrap();
        tcp.set_read_timeout(Some(DEADLINE)).unwrap();
        tcp.write_all(words).unwrap();
        tcp.shutdown(Shutdown::Write).unwrap();
        let mut told = Vec::new();
        // An alert, an end or a reset: what it may not be is a wait.
        if let Err(error) = tcp.read_to_end(&mut told) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        }
        assert!(told.len() < 16, "{told:?}");
    }
    assert_eq!(http.get("/trade-api/v2/exchange/status").status, 200);
}

#[test]
fn more_connections_than_allowed_are_closed_and_room_is_made_again() {
    let world = World::with(1, |settings: &mut ServerSettings| settings.connections_max = 2);
    let (mut first, mut second) = (world.rest(), world.rest());
    for http in [&mut first, &mut second] {
        assert_eq!(http.get("/trade-api/v2/exchange/status").status, 200);
    }
    let tls = &mut tls_to(&world.description().rest_url, &world.description().ca_path);
    assert!(tls.conn.complete_io(&mut tls.sock).is_err());
    drop(first);
    // The server hears of it in its own time.
    let came_in = (0..10_000).any(|_| {
        let tls = &mut tls_to(&world.description().rest_url, &world.description().ca_path);
        tls.conn.complete_io(&mut tls.sock).is_ok() && !tls.conn.is_handshaking()
    });
    assert!(came_in);
}

#[test]
fn what_is_dropped_ends_and_leaves_nothing_behind() {
    let world = World::with(1, |settings: &mut ServerSettings| settings.directory = None);
    let description = world.description().clone();
    let mut http = world.rest();
    assert_eq!(http.get("/trade-api/v2/exchange/status").status, 200);
    assert!(description.key_path.exists());
    drop(world);
    assert!(http.has_ended());
    let port = description.rest_url.split([':', '/']).nth(4).unwrap().parse::<u16>().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "nobody listens");
    assert!(!description.ca_path.parent().unwrap().exists(), "its keys are gone with it");
}
