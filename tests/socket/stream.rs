//! The TLS stream: handshake, bytes both ways, ends, and everything that is not a proper peer.

use crate::support::{Authority, Door, until};
use kalshi_trader::socket::fault::{SocketFault, TlsFault};
use kalshi_trader::socket::reactor::Reactor;
use kalshi_trader::socket::stream::TlsStream;
use kalshi_trader::socket::tls::{self, TlsError};
use kalshi_trader::thread;
use rcgen::{CertificateParams, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::ServerName;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

fn name(host: &'static str) -> ServerName<'static> {
    ServerName::try_from(host).unwrap()
}

/// Both ends of one connection, handshake done.
fn pair(reactor: &mut Reactor) -> (TlsStream, TlsStream) {
    let authority = Authority::new();
    let door = Door::open(reactor);
    let config = authority.server("localhost");
    let mut client = TlsStream::connect(reactor, door.address, name("localhost"), authority.client()).unwrap();
    let mut server = until(reactor, "a knock", |reactor| {
        client.advance().unwrap();
        door.accept(reactor, &config)
    });
    until(reactor, "the handshake", |_| (client.advance().unwrap() & server.advance().unwrap()).then_some(()));
    (client, server)
}

/// What our side makes of the server behind `config`, known as `localhost`.
fn fault_of(authority: &Authority, config: &Arc<ServerConfig>, host: &'static str) -> SocketFault {
    let mut reactor = Reactor::new().unwrap();
    let door = Door::open(&mut reactor);
    let mut client = TlsStream::connect(&mut reactor, door.address, name(host), authority.client()).unwrap();
    let mut server = None;
    let error = until(&mut reactor, "a fault", |reactor| {
        server = server.take().or_else(|| door.accept(reactor, config));
        if let Some(server) = &mut server {
            let _ = server.advance(); // its view is the other test's
        }
        client.advance().err()
    });
    SocketFault::of(&error)
}

fn is_would_block(result: &io::Result<usize>) -> bool {
    result.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

/// More than the kernel keeps for a loopback connection.
const BYTES: usize = 16_000_000;

#[test]
fn bytes_arrive_whole_both_ways_through_full_kernel_buffers() {
    let mut reactor = Reactor::new().unwrap();
    let (client, server) = pair(&mut reactor);
    let pattern = |salt: usize| (0..BYTES).map(|at: usize| (at * 31 + salt) as u8).collect::<Vec<_>>();
    let mut ends = [(client, pattern(1), 0, Vec::new()), (server, pattern(2), 0, Vec::new())];
    let mut was_full = false;
    until(&mut reactor, "both to have everything", |_| {
        for (stream, outgoing, sent, _) in &mut ends {
            // Everybody writes until nothing more goes before anybody reads: the buffers fill up.
            loop {
                let result = stream.write(&outgoing[*sent..]);
                if *sent == outgoing.len() || is_would_block(&result) {
                    was_full |= *sent < outgoing.len();
                    break;
                }
                *sent += result.unwrap();
            }
        }
        for (stream, _, _, incoming) in &mut ends {
            let mut buffer = [0; 10_007];
            loop {
                let result = stream.read(&mut buffer);
                if is_would_block(&result) {
                    break;
                }
                incoming.extend_from_slice(&buffer[..result.unwrap()]);
            }
        }
        ends.iter().all(|(.., incoming)| incoming.len() >= BYTES).then_some(())
    });
    assert!(was_full, "the kernel took everything at once: the test tests nothing");
    assert!(ends[0].3 == ends[1].1 && ends[1].3 == ends[0].1, "bytes changed on the way");
    assert!(!ends[0].0.has_unsent() && !ends[1].0.has_unsent());
}

#[test]
fn one_write_of_a_request_is_one_record() {
    let mut reactor = Reactor::new().unwrap();
    let (mut client, mut server) = pair(&mut reactor);
    let before = client.bytes_out();
    assert_eq!(client.write(&[b'x'; 900]).unwrap(), 900);
    assert!(!client.has_unsent());
    assert_eq!(client.bytes_out() - before, 900 + 5 + 1 + 16, "record header, content type and tag of TLS 1.3");
    let mut buffer = [0; 2000];
    let came = until(&mut reactor, "the request", |_| server.read(&mut buffer).ok());
    assert_eq!(came, 900);
}

#[test]
fn goodbye_is_an_end_and_a_missing_one_is_an_error() {
    let mut reactor = Reactor::new().unwrap();
    let (mut client, mut server) = pair(&mut reactor);
    server.write_all(b"last words").unwrap();
    assert!(server.close().unwrap());
    let mut heard = Vec::new();
    until(&mut reactor, "the end", |_| {
        let mut buffer = [0; 4];
        match client.read(&mut buffer) {
            Ok(0) => Some(()),
            Ok(came) => {
                heard.extend_from_slice(&buffer[..came]);
                None
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                None
            }
        }
    });
    assert_eq!(heard, b"last words");
    // Half closed: the other direction still works.
    client.write_all(b"heard").unwrap();
    let mut buffer = [0; 16];
    let came = until(&mut reactor, "an answer", |_| server.read(&mut buffer).ok());
    assert_eq!(&buffer[..came], b"heard");

    let (mut client, server) = pair(&mut reactor);
    drop(server);
    let error = until(&mut reactor, "the end", |_| match client.read(&mut [0; 4]) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => None,
        other => Some(other.expect_err("no goodbye was said")),
    });
    assert_eq!(SocketFault::of(&error), SocketFault::Closed);
}

#[test]
fn a_server_that_cannot_prove_who_it_is_is_refused() {
    let authority = Authority::new();
    let stranger = Authority::new();
    let tls = |fault| SocketFault::Tls(fault);
    assert_eq!(fault_of(&authority, &stranger.server("localhost"), "localhost"), tls(TlsFault::Untrusted));
    assert_eq!(fault_of(&authority, &authority.server("localhost"), "127.0.0.1"), tls(TlsFault::WrongName));
    let mut old = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    (old.not_before, old.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    assert_eq!(fault_of(&authority, &authority.server_with(&old), "localhost"), tls(TlsFault::Expired));
    let mut early = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    (early.not_before, early.not_after) = (date_time_ymd(2120, 1, 1), date_time_ymd(2121, 1, 1));
    assert_eq!(fault_of(&authority, &authority.server_with(&early), "localhost"), tls(TlsFault::Expired));
}

#[test]
fn the_server_hears_that_it_was_refused() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let config = stranger.server("localhost");
    let mut reactor = Reactor::new().unwrap();
    let door = Door::open(&mut reactor);
    let mut client = TlsStream::connect(&mut reactor, door.address, name("localhost"), authority.client()).unwrap();
    let mut server = None;
    let error = until(&mut reactor, "a fault at the server", |reactor| {
        let _ = client.advance();
        server = server.take().or_else(|| door.accept(reactor, &config));
        server.as_mut().and_then(|server| match server.advance() {
            Ok(true) => server.read(&mut [0; 1]).err().filter(|error| error.kind() != ErrorKind::WouldBlock),
            Ok(false) => None,
            Err(error) => Some(error),
        })
    });
    assert_eq!(SocketFault::of(&error), SocketFault::Tls(TlsFault::RefusedByPeer));
}

/// A peer on a thread of its own, blocking, without TLS.
fn peer(act: impl FnOnce(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn("peer", move || act(listener.accept().unwrap().0)).unwrap();
    address
}

fn fault_at(address: SocketAddr) -> SocketFault {
    let mut reactor = Reactor::new().unwrap();
    let config = Authority::new().client();
    let mut client = TlsStream::connect(&mut reactor, address, name("localhost"), config).unwrap();
    SocketFault::of(&until(&mut reactor, "a fault", |_| client.advance().err()))
}

#[test]
fn whatever_answers_instead_of_tls_is_named() {
    let plain = peer(|mut tcp| {
        tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let _ = tcp.read_to_end(&mut Vec::new());
    });
    assert_eq!(fault_at(plain), SocketFault::Tls(TlsFault::NotTls));

    let hangs_up = peer(|mut tcp| {
        let _ = tcp.read(&mut [0; 4096]); // the whole hello: unread bytes would reset it
    });
    assert_eq!(fault_at(hangs_up), SocketFault::Closed);

    // Closing with unread bytes makes TCP reset the connection.
    let resets = peer(|tcp| drop(tcp.peek(&mut [0; 1])));
    assert_eq!(fault_at(resets), SocketFault::Io(ErrorKind::ConnectionReset));

    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(fault_at(nobody), SocketFault::Io(ErrorKind::ConnectionRefused));
}

#[test]
fn a_handshake_that_comes_byte_by_byte_is_a_handshake() {
    let authority = Authority::new();
    let config = authority.server("localhost");
    let address = peer(move |tcp| {
        tcp.set_nodelay(true).unwrap();
        let mut connection = rustls::ServerConnection::new(config).unwrap();
        let mut drip = Drip(tcp);
        while connection.is_handshaking() {
            connection.complete_io(&mut drip).unwrap();
        }
        connection.writer().write_all(b"drop by drop").unwrap();
        connection.complete_io(&mut drip).unwrap();
        let _ = drip.0.read(&mut [0; 1]);
    });
    let mut reactor = Reactor::new().unwrap();
    let mut client = TlsStream::connect(&mut reactor, address, name("localhost"), authority.client()).unwrap();
    let mut heard = Vec::new();
    until(&mut reactor, "the drops", |_| {
        let mut buffer = [0; 64];
        if let Ok(came) = client.read(&mut buffer) {
            heard.extend_from_slice(&buffer[..came]);
        }
        (heard == b"drop by drop").then_some(())
    });
}

/// Writes one byte a system call.
struct Drip(TcpStream);

impl Read for Drip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Drip {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.write(&buffer[..buffer.len().min(1)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[test]
fn places_in_the_reactor_are_given_back() {
    let mut reactor = Reactor::new().unwrap();
    for _ in 0..20 {
        let (client, server) = pair(&mut reactor);
        assert_eq!(reactor.sockets(), 2);
        drop((client, server));
        assert_eq!(reactor.sockets(), 0);
    }
}

#[test]
fn a_client_needs_somebody_to_trust() {
    assert!(matches!(tls::client_config(None), Err(TlsError::NoRoots)));
    let missing = std::path::Path::new("/nowhere/ca.pem");
    assert!(matches!(tls::client_config(Some(missing)), Err(TlsError::Unreadable { .. })));
    let empty = tempfile::NamedTempFile::new().unwrap();
    assert!(matches!(tls::client_config(Some(empty.path())), Err(TlsError::Empty(_))));
}
