//! What people see of a running line and what they do to it: its story as it happens, the control
//! socket, the signals.

use super::{Failure, output};
use crate::clock::Stopwatch;
use crate::control::signals::Signals;
use crate::control::{By, Commands, RunningServer, Server};
use crate::desk::{Observer, Status, Story, Told};
use crate::line::wired::WiredRun;
use crate::thread::rest;
use miette::miette;
use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use trader_journal::event::{Feed, OperatorVerb};

/// Between two looks at the signals.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// A stream that is not connected after this long is worth a word.
const CONNECT_MS_MAX: u64 = 5_000;
/// How long orders are given to come back when the process is to end.
const CANCEL_MS_MAX: u64 = 1_000;

/// Where the story goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voice {
    /// A person looks at standard output.
    Out,
    /// Standard output is for data.
    Err,
}

/// A line that is being watched.
pub(super) struct Watch {
    observer: Observer<Teller>,
    status: Arc<Mutex<Status>>,
    commands: Commands,
    signals: Signals,
    /// Ends with this value; `None`: nobody can speak to the run.
    _control: Option<RunningServer>,
}

/// Why nothing more is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The session is over, or the line stopped by itself.
    Over,
    /// A person or the system asked for its end.
    Asked,
}

/// The observer's state: it tells the story and keeps the status.
struct Teller {
    story: Story,
    status: Arc<Mutex<Status>>,
    voice: Voice,
}

impl Teller {
    fn see(&mut self, told: &Told<'_>) {
        hold(&self.status).see(told);
        for line in self.story.see(told) {
            hold(&self.status).tell(line);
            match (self.voice, told) {
                (Voice::Out, _) => output::tell(line),
                // The label is on standard error already.
                (Voice::Err, Told::Record { .. }) => {}
                (Voice::Err, Told::Event { .. }) => output::say(line),
            }
        }
    }
}

impl Watch {
    /// Watches a line that has just been started in `data_dir`.
    pub(super) fn start(run: &mut WiredRun, data_dir: &Path, json: bool) -> Result<Watch, Failure> {
        let refused = |what: &str, error: std::io::Error| Failure::Input(miette!("{what}: {error}"));
        let ring = run.commands().ok_or_else(|| miette!("the line's commands are taken already"))?;
        let commands = Commands::new(ring, run.clock().clone());
        let signals = Signals::listen().map_err(|error| refused("signals cannot be heard", error))?;
        let mut status = Status::default();
        let journal = run.journal_state();
        status.show_beside("journal", move || {
            let report = journal.report();
            (report.json(), report.to_string())
        });
        let status = Arc::new(Mutex::new(status));
        let voice = if !json && std::io::stdout().is_terminal() { Voice::Out } else { Voice::Err };
        let teller = Teller { story: Story::default(), status: Arc::clone(&status), voice };
        let observer = Observer::start(&run.journal_dir(), teller, Teller::see)
            .map_err(|error| refused("no thread for the observer", error))?;
        let control = match Server::start(data_dir, commands.clone(), Arc::clone(&status)) {
            Ok(server) => {
                let dir = data_dir.display();
                output::say(format_args!("speak to it: kalshi-trader status|pause|cancel-all|kill --data-dir {dir}"));
                Some(server)
            }
            Err(error) => {
                output::say(format_args!("warning: nobody can speak to this run: {error}"));
                None
            }
        };
        Ok(Watch { observer, status, commands, signals, _control: control })
    }

    /// Waits for the end of the session, or for somebody who asks for it.
    pub(super) fn wait(&self, run: &mut WiredRun) -> Result<Ending, Failure> {
        let since = Stopwatch::start();
        let mut is_asked_after = false;
        while !run.is_over().map_err(miette::Report::from)? {
            if !is_asked_after && since.millis() > CONNECT_MS_MAX {
                is_asked_after = true;
                self.say_who_is_missing();
            }
            if self.signals.is_asked_to_stop() {
                return Ok(Ending::Asked);
            }
            if self.signals.take_cancel_all() {
                self.give("SIGUSR1");
            }
            rest(LOOK_EVERY);
        }
        Ok(Ending::Over)
    }

    /// A stream that never came up is in no event.
    fn say_who_is_missing(&self) {
        let status = hold(&self.status);
        for feed in [Feed::Kalshi, Feed::BinanceSpot].into_iter().filter(|feed| !status.is_up(*feed)) {
            let (word, seconds) = (feed.word(), CONNECT_MS_MAX / 1000);
            output::say(format_args!(
                "warning: the stream of {word} is not connected after {seconds} s: nothing is traded without it"
            ));
        }
    }

    /// Takes everything back that rests, and waits until it is, a second at most.
    pub(super) fn take_back(&self) {
        let heard_before = hold(&self.status).commands_heard();
        if !self.give("asked to end") {
            return;
        }
        let is_back = || {
            let status = hold(&self.status);
            status.commands_heard() > heard_before && status.orders_open() == 0
        };
        let since = Stopwatch::start();
        while !is_back() {
            if since.millis() > CANCEL_MS_MAX {
                let open = hold(&self.status).orders_open();
                return output::say(format_args!("{open} orders of ours may still be open at the venue"));
            }
            rest(LOOK_EVERY);
        }
    }

    /// Tells the rest of the story, after the journal was closed.
    pub(super) fn end(self) {
        match self.observer.finish() {
            Some((_, Ok(_))) => {}
            Some((_, Err(damage))) => output::say(format_args!("the story ends early: {damage}")),
            None => output::say("the story ends early: its thread panicked"),
        }
    }

    /// Whether the command was given; if not, it is said.
    fn give(&self, why: &str) -> bool {
        let given = self.commands.give(OperatorVerb::CancelAll, By::Signal, "signal", why);
        given.map_err(output::say).is_ok()
    }
}

fn hold(status: &Mutex<Status>) -> MutexGuard<'_, Status> {
    status.lock().unwrap_or_else(PoisonError::into_inner)
}
