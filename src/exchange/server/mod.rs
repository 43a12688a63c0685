//! The mock exchange over sockets: REST and WebSocket of both venues, with TLS, keys and rates, on this
//! machine only.
//!
//! One thread owns the exchange and every socket ([`Server`]). What a client needs to come in is made at
//! each start and told by the [`Description`].

mod settings;
mod description;
mod papers;
mod door;
mod buckets;
mod request;
mod reply;
mod pipe;
mod connection;
mod talk;
mod mishap;
mod market;
mod counter;
mod pace;
mod house;

pub use description::{ClockDescription, Description, DescriptionError, MarketDescription};
pub use settings::ServerSettings;

use super::MockExchange;
use crate::clock::{MarketClock, wall};
use crate::config::Fault;
use crate::signer::KeyError;
use crate::socket::tls::TlsError;
use crate::thread;
use house::{Ask, House};
use papers::Papers;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// A thread that has not answered for so long is not going to.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Why an exchange cannot be served, or not any more.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ServerError {
    /// A port is taken or may not be had.
    #[error("cannot listen on 127.0.0.1:{port}: {reason}")]
    #[diagnostic(help("give another port, or 0 for any that is free"))]
    Listen {
        /// The port asked for.
        port: u16,
        /// What the system said.
        reason: io::Error,
    },
    /// The disk refused.
    #[error("cannot write {path}: {reason}")]
    #[diagnostic(help("choose a folder that can be written"))]
    Disk {
        /// The file or folder.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// The folder's name cannot be told in JSON.
    #[error("the exchange's folder cannot be told: {0}")]
    #[diagnostic(help("choose a folder whose name is Unicode"))]
    Folder(String),
    /// No certificate could be made.
    #[error("no certificate could be made: {0}")]
    Certificate(String),
    /// TLS refused it.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// No key could be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The system has no room for sockets or threads.
    #[error("the system refuses: {0}")]
    System(#[from] io::Error),
    /// The thread is gone.
    #[error("the exchange's thread has ended")]
    Gone,
}

/// Serves mock exchanges.
pub struct Server;

impl Server {
    /// Serves `exchange`, whose time is told by `clock`, from now on.
    ///
    /// # Errors
    /// [`ServerError`]; nothing listens then.
    pub fn start(
        exchange: MockExchange,
        settings: ServerSettings,
        clock: MarketClock,
    ) -> Result<RunningServer, ServerError> {
        let is_ours = settings.directory.is_none();
        let papers = Papers::make(&settings, wall())?;
        let (asks, mailbox) = channel();
        // Market time begins when the doors are open, however long the keys took.
        clock.hold_back(clock.now().since(clock.anchors().1));
        let mut description = describe(&papers, &settings, &clock);
        let (house, ports) = House::open(exchange, papers, settings, clock.clone(), mailbox)?;
        let [rest, stream, spot_rest, spot_stream] = ports;
        description.rest_url = format!("https://127.0.0.1:{rest}/trade-api/v2");
        description.ws_url = format!("wss://127.0.0.1:{stream}/trade-api/ws/v2");
        description.binance_rest_url = format!("https://127.0.0.1:{spot_rest}");
        description.binance_ws_url = format!("wss://127.0.0.1:{spot_stream}");
        // A description that cannot be told is found before anything runs.
        description.line()?;
        let thread = thread::spawn("exchange", move || house.serve())?;
        Ok(RunningServer { description, clock, asks, thread: Some(thread), is_folder_ours: is_ours })
    }
}

fn describe(papers: &Papers, settings: &ServerSettings, clock: &MarketClock) -> Description {
    Description {
        rest_url: String::new(),
        ws_url: String::new(),
        binance_rest_url: String::new(),
        binance_ws_url: String::new(),
        ca_path: papers.ca_path.clone(),
        key_id: papers.rsa.id.clone(),
        key_path: papers.rsa.path.clone(),
        ed25519_key_id: papers.ed25519.id.clone(),
        ed25519_key_path: papers.ed25519.path.clone(),
        clock: ClockDescription {
            wall_start_ns: clock.wall_now().0,
            market_start_ns: clock.now().0,
            speed: clock.speed(),
        },
        sim: MarketDescription { difficulty: settings.difficulty, noise: settings.noise, seed: settings.seed },
    }
}

/// A served exchange. Dropped without [`stop`](RunningServer::stop) it ends too, and takes its ledger along.
/// Certificate and keys go with it when nobody said where to put them.
pub struct RunningServer {
    description: Description,
    clock: MarketClock,
    asks: Sender<Ask>,
    thread: Option<JoinHandle<MockExchange>>,
    is_folder_ours: bool,
}

impl RunningServer {
    /// How to come in.
    #[must_use]
    pub const fn description(&self) -> &Description {
        &self.description
    }

    /// Its market time.
    #[must_use]
    pub const fn clock(&self) -> &MarketClock {
        &self.clock
    }

    /// Whether it serves.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Makes things go wrong on the wire, times counted from now.
    pub fn plan_faults(&self, faults: Vec<Fault>) {
        // Of a thread that is gone everything is wrong already.
        let _ = self.asks.send(Ask::Faults(faults));
    }

    /// Writes the venue's own record as it is now; whoever reads `path` sees all of it or what was there before.
    ///
    /// # Errors
    /// The thread is gone, or the disk refuses.
    pub fn write_ledger(&self, path: &Path) -> Result<(), ServerError> {
        let (to, ledger) = channel();
        self.asks.send(Ask::Ledger(to)).map_err(|_| ServerError::Gone)?;
        let ledger = ledger.recv_timeout(ANSWER_MAX).map_err(|_| ServerError::Gone)?;
        replace(path, &ledger)
    }

    /// Ends it; gives the exchange back.
    ///
    /// # Errors
    /// Its thread had ended in a panic.
    pub fn stop(mut self) -> Result<MockExchange, ServerError> {
        self.end().ok_or(ServerError::Gone)
    }

    fn end(&mut self) -> Option<MockExchange> {
        let thread = self.thread.take()?;
        // Where the thread is gone already, so is its mailbox.
        let _ = self.asks.send(Ask::Stop);
        thread.join().ok()
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.end();
        if !self.is_folder_ours {
            return;
        }
        let Description { ca_path, key_path, ed25519_key_path, .. } = &self.description;
        for file in [ca_path, key_path, ed25519_key_path] {
            // What cannot be removed opens nothing any more.
            let _ = std::fs::remove_file(file);
        }
        if let Some(folder) = ca_path.parent() {
            // A ledger that somebody put there stays, and its folder with it.
            let _ = std::fs::remove_dir(folder);
        }
    }
}

/// Puts a ledger where another may be: all of it at once.
///
/// # Errors
/// The disk refuses.
pub fn write_ledger_of(exchange: &MockExchange, path: &Path) -> Result<(), ServerError> {
    let mut ledger = Vec::new();
    exchange.write_ledger(&mut ledger)?;
    replace(path, &ledger)
}

fn replace(path: &Path, text: &[u8]) -> Result<(), ServerError> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = PathBuf::from(name);
    let write = || {
        let mut file = File::create(&part)?;
        file.write_all(text)?;
        file.sync_all()?;
        std::fs::rename(&part, path)
    };
    write().map_err(|error| papers::disk(path, &error))
}
