//! The other end: one request to a running process, one reply.

use super::commands::Request;
use super::place::name_of;
use interprocess::local_socket::{Stream, prelude::*};
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::time::Duration;
use thiserror::Error;

/// A process that does not answer within this is hung.
const PATIENCE: Duration = Duration::from_secs(5);
/// No reply is longer.
const REPLY_BYTES_MAX: u64 = 1 << 20;

/// Why nothing came of a request.
#[derive(Debug, Error)]
pub enum AskError {
    /// No process has this data directory.
    #[error("nobody is running in {dir}")]
    Nobody {
        /// The data directory.
        dir: String,
    },
    /// There is one, and it does not answer.
    #[error("the process of {dir} does not answer: {source}")]
    Silent {
        /// The data directory.
        dir: String,
        /// What the system said.
        source: io::Error,
    },
    /// Its answer is none.
    #[error("the process of {dir} answered something else than a line of JSON: is it another version?")]
    Garbage {
        /// The data directory.
        dir: String,
    },
}

/// Asks the process that runs in `data_dir`.
///
/// # Errors
/// [`AskError`]; a refusal of the process is a reply with `"ok": false`.
pub fn ask(data_dir: &Path, request: &Request) -> Result<Value, AskError> {
    let dir = || data_dir.display().to_string();
    let stream = connect(data_dir).map_err(|_| AskError::Nobody { dir: dir() })?;
    let line = exchange(&stream, request).map_err(|source| AskError::Silent { dir: dir(), source })?;
    serde_json::from_str(&line).map_err(|_| AskError::Garbage { dir: dir() })
}

/// Whether a process runs in `data_dir` and takes connections.
#[must_use]
pub fn is_alive(data_dir: &Path) -> bool {
    connect(data_dir).is_ok()
}

fn connect(data_dir: &Path) -> io::Result<Stream> {
    Stream::connect(name_of(data_dir)?)
}

fn exchange(stream: &Stream, request: &Request) -> io::Result<String> {
    stream.set_recv_timeout(Some(PATIENCE))?;
    stream.set_send_timeout(Some(PATIENCE))?;
    let line = serde_json::to_string(request)? + "\n";
    let mut sender = stream;
    sender.write_all(line.as_bytes())?;
    let mut reply = String::new();
    BufReader::new(stream.take(REPLY_BYTES_MAX)).read_line(&mut reply)?;
    if reply.is_empty() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it hung up"));
    }
    Ok(reply)
}
