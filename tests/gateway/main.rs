//! The way out: keys and signatures, orders on the wire, slow questions; against real sockets.

mod signer;

use kalshi_trader::clock::Stopwatch;
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
