//! What the system or a person at the keyboard tells the process: Ctrl-C and SIGTERM ask it to
//! end in order, a second one ends it at once; SIGUSR1, where there is one, asks to cancel all.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The exit code of a process that was interrupted twice.
pub const EXIT_INTERRUPTED: i32 = 130;

/// The signals so far, as flags.
#[derive(Clone, Debug)]
pub struct Signals {
    stop: Arc<AtomicBool>,
    cancel_all: Arc<AtomicBool>,
}

impl Signals {
    /// Listens from now on, in this process.
    ///
    /// # Errors
    /// The system does not let a signal be heard.
    pub fn listen() -> io::Result<Signals> {
        let signals = Signals { stop: Arc::default(), cancel_all: Arc::default() };
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal finds the flag down, the second one up.
            flag::register_conditional_shutdown(signal, EXIT_INTERRUPTED, Arc::clone(&signals.stop))?;
            flag::register(signal, Arc::clone(&signals.stop))?;
        }
        #[cfg(unix)]
        flag::register(signal_hook::consts::SIGUSR1, Arc::clone(&signals.cancel_all))?;
        Ok(signals)
    }

    /// Whether the process is to end in order.
    #[must_use]
    pub fn is_asked_to_stop(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Whether somebody asked to cancel everything since this was last asked.
    #[must_use]
    pub fn take_cancel_all(&self) -> bool {
        self.cancel_all.swap(false, Ordering::SeqCst)
    }
}
