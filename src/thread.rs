//! Where threads begin and where a thread may sleep: here and nowhere else.
#![expect(
    clippy::disallowed_methods,
    reason = "somebody has to start threads and give the core away; it is here and nowhere else"
)]

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
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

/// Gives the core to another thread, if one waits for it.
pub fn give_way() {
    std::thread::yield_now();
}

/// Keeps the calling thread on one core, the `place`-th of those the system names; says whether it could.
pub fn pin(place: usize) -> bool {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    cores.get(place).is_some_and(|core| core_affinity::set_for_current(*core))
}

/// How many cores this process may use.
#[must_use]
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Keeps all memory this process has now from being paged out.
///
/// # Errors
/// The system does not allow it, or has no such thing.
pub fn lock_memory() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        // What comes later is left alone: with a limit, locking it would make an allocation fail.
        rustix::mm::mlockall(rustix::mm::MlockAllFlags::CURRENT)?;
        Ok(())
    }
    #[cfg(not(target_os = "linux"))]
    Err(io::ErrorKind::Unsupported.into())
}

/// What `body` gives; what it said when it panicked.
///
/// # Errors
/// The panic's message.
pub fn unless_it_panics<T>(body: impl FnOnce() -> T) -> Result<T, String> {
    // Nothing it held is used again: the line ends.
    catch_unwind(AssertUnwindSafe(body)).map_err(|panic| message(&*panic).to_owned())
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a word")
}
