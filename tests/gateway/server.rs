//! An HTTPS server that answers as a test says, byte for byte.

use kalshi_trader::thread;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What a client asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Which connection, counted from 0.
    pub(crate) connection: usize,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// What the server does about it.
#[derive(Clone, Debug)]
pub(crate) enum Does {
    /// A whole reply; the connection stays.
    Replies(u16, String),
    /// These bytes; the connection stays.
    Writes(Vec<u8>),
    /// These bytes, then the end of the connection.
    Cuts(Vec<u8>),
    /// Nothing; the connection stays.
    Nothing,
}

/// A server and all it was asked.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) tls: Arc<ClientConfig>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A whole reply, as its bytes.
pub(crate) fn reply(status: u16, body: &str) -> Vec<u8> {
    let head = "Content-Type: application/json\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT";
    format!("HTTP/1.1 {status} X\r\n{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

impl Server {
    /// Starts one that does what `handler` says.
    pub(crate) fn start(handler: impl Fn(&Asked) -> Does + Send + Sync + 'static) -> Server {
        Server::on(TcpListener::bind("127.0.0.1:0").unwrap(), handler)
    }

    /// Starts one on a port that was reserved before.
    pub(crate) fn on(listener: TcpListener, handler: impl Fn(&Asked) -> Does + Send + Sync + 'static) -> Server {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let server = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        let (server, handler) = (Arc::new(server), Arc::new(handler));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let port = listener.local_addr().unwrap().port();
        let all = Arc::clone(&asked);
        thread::spawn("test-server", move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let Ok(stream) = stream else { continue };
                let (server, handler, all) = (Arc::clone(&server), Arc::clone(&handler), Arc::clone(&all));
                thread::spawn("test-connection", move || {
                    let tls = ServerConnection::new(server).unwrap();
                    // A client that goes away ends its connection and nothing else.
                    let _ = serve(StreamOwned::new(tls, stream), connection, &*handler, &all);
                })
                .unwrap();
            }
        })
        .unwrap();
        Server { port, tls: client(&certificate), asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}/trade-api/v2", self.port)
    }

    /// All it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn client(certificate: &CertificateDer<'static>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

fn serve(
    stream: StreamOwned<ServerConnection, TcpStream>,
    connection: usize,
    handler: &(impl Fn(&Asked) -> Does + ?Sized),
    all: &Mutex<Vec<Asked>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(asked) = read_request(&mut stream, connection)? {
        all.lock().unwrap().push(asked.clone());
        let (bytes, goes_on) = match handler(&asked) {
            Does::Replies(status, body) => (reply(status, &body), true),
            Does::Writes(bytes) => (bytes, true),
            Does::Cuts(bytes) => (bytes, false),
            Does::Nothing => (Vec::new(), true),
        };
        stream.get_mut().write_all(&bytes)?;
        stream.get_mut().flush()?;
        if !goes_on {
            stream.get_mut().conn.send_close_notify();
            stream.get_mut().flush()?;
            return Ok(());
        }
    }
    Ok(())
}

fn read_request(stream: &mut impl BufRead, connection: usize) -> std::io::Result<Option<Asked>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut asked = Asked { connection, method, target, headers: Vec::new(), body: String::new() };
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        asked.headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let length = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    asked.body = String::from_utf8(body).unwrap();
    Ok(Some(asked))
}
