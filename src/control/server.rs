//! The socket of a run: a line of JSON in, a line of JSON out.
//!
//! One helper thread looks at all connections in turn and waits for none of them: a client that
//! is slow, silent or talks nonsense costs itself its connection, and the others nothing.

use super::ask::is_alive;
use super::commands::{By, Commands, Request, hold, verb_named};
use super::place::{name_of, owners_only, remove_stale, socket_path};
use crate::clock::Stopwatch;
use crate::desk::Status;
use crate::thread;
use interprocess::local_socket::{Listener, ListenerNonblockingMode, ListenerOptions, Stream, prelude::*};
use serde_json::{Value, json};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use thiserror::Error;

/// Between two looks at the connections.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// A request is shorter.
const REQUEST_BYTES_MAX: usize = 4096;
/// A client that sends no whole line for so long, or does not take its reply, is dropped.
const SILENCE_MS_MAX: u64 = 5_000;
/// More clients at once are turned away.
const CLIENTS_MAX: usize = 16;

/// Why a run cannot be spoken to.
#[derive(Debug, Error)]
pub enum ControlError {
    /// Another process has the data directory.
    #[error("another process runs in {dir}: stop it, or give another --data-dir")]
    Alive {
        /// The data directory.
        dir: String,
    },
    /// The system refused.
    #[error("cannot listen at {path}: {source}; a shorter --data-dir helps where the path is too long")]
    Listen {
        /// The socket.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Where a run is spoken to, before its thread runs.
pub struct Server {
    listener: Listener,
    commands: Commands,
    status: Arc<Mutex<Status>>,
    clients: Vec<Client>,
}

/// A server whose thread runs; it ends with this value.
pub struct RunningServer {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    path: PathBuf,
}

impl Server {
    /// Takes requests for the run in `data_dir` from now on.
    ///
    /// # Errors
    /// [`ControlError`]: somebody else has the directory, or the system refuses.
    pub fn start(
        data_dir: &Path,
        commands: Commands,
        status: Arc<Mutex<Status>>,
    ) -> Result<RunningServer, ControlError> {
        let path = socket_path(data_dir);
        let refused = |source| ControlError::Listen { path: path.display().to_string(), source };
        let listener = match listen(data_dir) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                if is_alive(data_dir) {
                    return Err(ControlError::Alive { dir: data_dir.display().to_string() });
                }
                remove_stale(data_dir).and_then(|()| listen(data_dir)).map_err(refused)?
            }
            listener => listener.map_err(refused)?,
        };
        let mut server = Server { listener, commands, status, clients: Vec::new() };
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let body = move || {
            while !over.load(Ordering::Relaxed) {
                if server.work() == 0 {
                    thread::rest(LOOK_EVERY);
                }
            }
        };
        let thread = thread::spawn("control", body).map_err(refused)?;
        Ok(RunningServer { is_over, thread: Some(thread), path })
    }

    /// One look at everything; returns how much there was to do.
    fn work(&mut self) -> usize {
        let mut did = 0;
        while let Ok(stream) = self.listener.accept() {
            did += 1;
            if self.clients.len() < CLIENTS_MAX && stream.set_nonblocking(true).is_ok() {
                self.clients.push(Client::new(stream));
            }
        }
        let Server { commands, status, clients, .. } = self;
        clients.retain_mut(|client| match client.work(&mut |line| answer(line, commands, status)) {
            Ok(more) => {
                did += more;
                client.waiting.millis() < SILENCE_MS_MAX
            }
            Err(_) => false,
        });
        did
    }
}

impl RunningServer {
    /// The socket.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of it ends nothing else.
            let _ = thread.join();
        }
    }
}

fn listen(data_dir: &Path) -> io::Result<Listener> {
    let options = || Ok::<_, io::Error>(ListenerOptions::new().name(name_of(data_dir)?));
    let polled = |options: ListenerOptions<'static>| options.nonblocking(ListenerNonblockingMode::Both).create_sync();
    match polled(owners_only(options()?)) {
        // Where the system knows no modes of sockets, the directory's has to do.
        Err(error) if error.kind() == ErrorKind::Unsupported => polled(options()?),
        listener => listener,
    }
}

/// One connection.
struct Client {
    stream: Stream,
    heard: Vec<u8>,
    reply: Vec<u8>,
    sent: usize,
    /// Since its last whole line.
    waiting: Stopwatch,
}

impl Client {
    fn new(stream: Stream) -> Client {
        Client { stream, heard: Vec::new(), reply: Vec::new(), sent: 0, waiting: Stopwatch::start() }
    }

    /// Sends what can be sent, then reads what is there and answers the first whole line of it.
    /// An error ends the connection.
    fn work(&mut self, answer: &mut impl FnMut(&[u8]) -> Value) -> io::Result<usize> {
        let sent = self.send()?;
        if !self.reply.is_empty() {
            return Ok(sent);
        }
        let read = self.read()?;
        let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') else {
            if self.heard.len() < REQUEST_BYTES_MAX {
                return Ok(sent + read);
            }
            self.heard.clear();
            self.set_reply(&refusal(&format!("a request has at most {REQUEST_BYTES_MAX} bytes")));
            self.send()?;
            return Err(ErrorKind::InvalidData.into());
        };
        let reply = answer(&self.heard[..end]);
        self.heard.drain(..=end);
        self.waiting = Stopwatch::start();
        self.set_reply(&reply);
        Ok(sent + read + self.send()?)
    }

    fn set_reply(&mut self, reply: &Value) {
        self.reply = reply.to_string().into_bytes();
        self.reply.push(b'\n');
        self.sent = 0;
    }

    fn send(&mut self) -> io::Result<usize> {
        let mut total = 0;
        while self.sent < self.reply.len() {
            match self.stream.write(&self.reply[self.sent..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(bytes) => {
                    self.sent += bytes;
                    total += bytes;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(total),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.reply.clear();
        Ok(total)
    }

    fn read(&mut self) -> io::Result<usize> {
        let mut bytes = [0; REQUEST_BYTES_MAX];
        let room = REQUEST_BYTES_MAX - self.heard.len();
        match self.stream.read(&mut bytes[..room]) {
            Ok(0) if room > 0 => Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                self.heard.extend_from_slice(&bytes[..read]);
                Ok(read)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(0),
            Err(error) => Err(error),
        }
    }
}

/// What a line gets.
fn answer(line: &[u8], commands: &Commands, status: &Mutex<Status>) -> Value {
    let request: Request = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(error) => {
            return refusal(&format!("not a request ({error}); as in {{\"verb\":\"pause\",\"why\":\"lunch\"}}"));
        }
    };
    if request.verb == "status" {
        let now = commands.now();
        let status = hold(status);
        return json!({ "ok": true, "status": status.json(now), "text": status.text(now) });
    }
    let Some(verb) = verb_named(&request.verb) else {
        return refusal("the verb is none of pause, resume, cancel-all, kill, clear, status");
    };
    match commands.give(verb, By::Socket, &request.who, &request.why) {
        Ok(ts) => json!({ "ok": true, "verb": request.verb, "market_time": crate::show::time(ts) }),
        Err(error) => refusal(&error.to_string()),
    }
}

fn refusal(error: &str) -> Value {
    json!({ "ok": false, "error": error })
}
