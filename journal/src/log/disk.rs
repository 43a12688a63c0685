//! The storage seam: every call to the operating system that the log makes, one method each,
//! so that a test can make the n-th of them fail. [`Folder`] is a directory of a file system.

use super::format::LOCK_NAME;
use super::segment::Memory;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A directory of files that belong to one log.
///
/// # Errors
/// Every method passes on what the operating system says.
#[expect(clippy::missing_errors_doc, reason = "said once above for all methods")]
pub trait Disk: Send + Sync {
    /// Takes the writer's lock, which lasts as long as the returned value; `None` when another has it.
    fn lock(&self) -> io::Result<Option<Box<dyn Send + Sync>>>;
    /// The names of all files, in no order.
    fn names(&self) -> io::Result<Vec<String>>;
    /// A new empty file; an error when the name is taken.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// An existing file, to read.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// An existing file, to read, write and sync.
    fn open_mut(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Gives a file another name at once, replacing a file of that name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes creations, renames and removals durable.
    fn sync(&self) -> io::Result<()>;
    /// What people call it.
    fn place(&self) -> String {
        "the log".to_owned()
    }
}

/// One file of a [`Disk`].
///
/// # Errors
/// Every method passes on what the operating system says.
#[expect(clippy::missing_errors_doc, reason = "said once above for all methods")]
#[expect(clippy::len_without_is_empty, reason = "a file's length is asked for, its emptiness never")]
pub trait DiskFile: Send + Sync {
    /// Length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Reads from `offset` until `into` is full or the file ends; returns the bytes read.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;
    /// Writes all of `bytes` at `offset`.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Reserves space for `len` bytes of zeros, or fails when the disk has not got them.
    fn allocate(&self, len: u64) -> io::Result<()>;
    /// Maps the first `len` bytes, all pages ready to be written.
    fn map(&self, len: usize) -> io::Result<Memory>;
    /// Cuts the file to `len` bytes.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Makes the content durable. After an error nothing may be assumed; do not try again.
    fn sync(&self) -> io::Result<()>;
}

/// A [`Disk`] that is a directory of the file system.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The directory at `path`, which exists.
    #[must_use]
    pub fn existing(path: &Path) -> Folder {
        Folder(path.to_owned())
    }

    /// The directory at `path`, made if it is not there.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn made(path: &Path) -> io::Result<Folder> {
        fs::create_dir_all(path)?;
        Ok(Folder(path.to_owned()))
    }
}

impl Disk for Folder {
    fn lock(&self) -> io::Result<Option<Box<dyn Send + Sync>>> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(self.0.join(LOCK_NAME))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn names(&self) -> io::Result<Vec<String>> {
        // A name that is not Unicode is none of ours.
        let names = fs::read_dir(&self.0)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        names.filter_map(Result::transpose).collect()
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Arc::new(options.open(self.0.join(name))?))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(File::open(self.0.join(name))?))
    }

    fn open_mut(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(OpenOptions::new().read(true).write(true).open(self.0.join(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    fn sync(&self) -> io::Result<()> {
        // Windows has no such call: NTFS journals its names itself.
        if cfg!(windows) { Ok(()) } else { File::open(&self.0)?.sync_all() }
    }

    fn place(&self) -> String {
        format!("the log in {}", self.0.display())
    }
}

impl DiskFile for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < into.len() {
            match read_some_at(self, offset + filled as u64, &mut into[filled..]) {
                Ok(0) => break,
                Ok(bytes) => filled += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        write_all_at(self, offset, bytes)
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        fs4::FileExt::allocate(self, len)?;
        // Reserving need not lengthen the file everywhere; where it did, this changes nothing.
        File::set_len(self, len)
    }

    fn map(&self, len: usize) -> io::Result<Memory> {
        Memory::map(self, len)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        File::set_len(self, len)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

#[cfg(unix)]
fn read_some_at(file: &File, offset: u64, into: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, offset)
}

#[cfg(windows)]
fn read_some_at(file: &File, offset: u64, into: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, into, offset)
}

#[cfg(unix)]
fn write_all_at(file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(windows)]
fn write_all_at(mut file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    use std::io::{Seek, Write};
    file.seek(io::SeekFrom::Start(offset))?;
    file.write_all(bytes)
}
