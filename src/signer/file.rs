//! Key files: one plain file that its owner alone may read.

use super::error::KeyError;
use std::fs::{File, Metadata, symlink_metadata};
use std::io::Read;
use std::path::Path;
use zeroize::Zeroizing;

/// An RSA key of 8192 bits in PEM has about 6,400 bytes.
const FILE_BYTES_MAX: u64 = 16 * 1024;

/// The text of a key file, wiped when it is dropped.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let unreadable = |why| KeyError::Unreadable { path: path.to_owned(), why };
    let named = symlink_metadata(path).map_err(unreadable)?;
    check(path, &named)?;
    let mut file = File::open(path).map_err(unreadable)?;
    let opened = file.metadata().map_err(unreadable)?;
    check(path, &opened)?;
    if !same_file(&named, &opened) {
        return Err(KeyError::NotAFile { path: path.to_owned(), what: "being replaced" });
    }
    // Of full size from the start: a buffer that grows leaves copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(FILE_BYTES_MAX as usize + 1));
    file.by_ref().take(FILE_BYTES_MAX).read_to_end(&mut text).map_err(unreadable)?;
    Ok(text)
}

fn check(path: &Path, found: &Metadata) -> Result<(), KeyError> {
    let kind = found.file_type();
    let what = match () {
        () if kind.is_file() => None,
        () if kind.is_symlink() => Some("a symbolic link"),
        () if kind.is_dir() => Some("a folder"),
        () => Some("no plain file"),
    };
    if let Some(what) = what {
        return Err(KeyError::NotAFile { path: path.to_owned(), what });
    }
    check_mode(path, found)?;
    if found.len() > FILE_BYTES_MAX {
        return Err(KeyError::TooLong { path: path.to_owned(), bytes: found.len(), max: FILE_BYTES_MAX });
    }
    Ok(())
}

#[cfg(unix)]
fn check_mode(path: &Path, found: &Metadata) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyError::Open { path: path.to_owned(), mode }) }
}

/// Elsewhere the folder's access list says who may read.
#[cfg(not(unix))]
fn check_mode(_path: &Path, _found: &Metadata) -> Result<(), KeyError> {
    Ok(())
}

/// What was looked at is what was opened, so that nobody put a link there in between.
#[cfg(unix)]
fn same_file(named: &Metadata, opened: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (named.dev(), named.ino()) == (opened.dev(), opened.ino())
}

#[cfg(not(unix))]
fn same_file(_named: &Metadata, _opened: &Metadata) -> bool {
    true
}
