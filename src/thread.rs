//! Where threads begin and where a thread may sleep: here and nowhere else.
#![expect(
    clippy::disallowed_methods,
    reason = "somebody has to start threads and give the core away; it is here and nowhere else"
)]

use std::io;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// Starts a named thread.
///
/// # Errors
/// The system has no room for another thread.
pub fn spawn<T: Send + 'static>(name: &str, body: impl FnOnce() -> T + Send + 'static) -> io::Result<JoinHandle<T>> {
    Builder::new().name(name.to_owned()).spawn(body)
}

/// Gives the core away for about `pause`. For helpers off the order path.
pub fn rest(pause: Duration) {
    std::thread::sleep(pause);
}
