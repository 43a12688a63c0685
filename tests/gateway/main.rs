//! The way out: keys and signatures, orders on the wire, slow questions; against real sockets.

mod exchange;
mod orders;
mod scout;
mod server;
mod signer;
mod wire;

use kalshi_trader::clock::Stopwatch;
use kalshi_trader::signer::Key;
use kalshi_trader::thread::rest;
use std::time::Duration;

/// Looks again and again until `holds`, and says what did not come in time.
pub(crate) fn wait_until(what: &str, within: Duration, mut holds: impl FnMut() -> bool) {
    let watch = Stopwatch::start();
    while !holds() {
        assert!(u128::from(watch.millis()) < within.as_millis(), "not within {within:?}: {what}");
        rest(Duration::from_millis(1));
    }
}

/// The throw-away key of the recorded signatures, as OpenSSL writes it.
pub(crate) fn known_key() -> Key {
    use base64::Engine;
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let der: Vec<u8> = head.into_iter().chain(0..32).collect();
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    Key::from_pem(pem.as_bytes(), "a-key").unwrap()
}
