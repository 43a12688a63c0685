//! Where a run is spoken to: a socket file in its data directory, or a named pipe on Windows.

use interprocess::local_socket::{ListenerOptions, Name, prelude::*};
use std::io;
use std::path::{Path, PathBuf};

/// The socket's file in a data directory.
pub const SOCKET_NAME: &str = "control.sock";

/// The socket of a data directory; on Windows it names the pipe and is no file.
pub(super) fn socket_path(data_dir: &Path) -> PathBuf {
    data_dir.join(SOCKET_NAME)
}

#[cfg(unix)]
pub(super) fn name_of(data_dir: &Path) -> io::Result<Name<'static>> {
    use interprocess::local_socket::GenericFilePath;
    socket_path(data_dir).to_fs_name::<GenericFilePath>()
}

/// A pipe's name is a word of the machine: the directory, as it is called by everybody, in one word.
#[cfg(windows)]
pub(super) fn name_of(data_dir: &Path) -> io::Result<Name<'static>> {
    use interprocess::local_socket::GenericNamespaced;
    let whole = std::fs::canonicalize(data_dir).unwrap_or_else(|_| data_dir.to_owned());
    let mut hash = trader_journal::hash::StateHash::EMPTY;
    hash.mix_bytes(whole.to_string_lossy().as_bytes());
    format!("kalshi-trader-{:016x}", hash.value()).to_ns_name::<GenericNamespaced>()
}

/// Only its owner may speak to it.
#[cfg(unix)]
pub(super) fn owners_only(options: ListenerOptions<'_>) -> ListenerOptions<'_> {
    use interprocess::os::unix::local_socket::ListenerOptionsExt;
    options.mode(0o600)
}

/// A pipe's default lets its creator and administrators write, and nobody else.
#[cfg(windows)]
pub(super) fn owners_only(options: ListenerOptions<'_>) -> ListenerOptions<'_> {
    options
}

/// Removes the socket file that a killed process left. What is no socket stays.
#[cfg(unix)]
pub(super) fn remove_stale(data_dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt;
    let path = socket_path(data_dir);
    if std::fs::symlink_metadata(&path)?.file_type().is_socket() {
        std::fs::remove_file(&path)
    } else {
        Err(io::Error::new(io::ErrorKind::AlreadyExists, "something that is not a socket has its name"))
    }
}

/// A pipe goes with its process.
#[cfg(windows)]
pub(super) fn remove_stale(_data_dir: &Path) -> io::Result<()> {
    Ok(())
}
