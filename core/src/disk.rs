//! What the standard library does not say of a disk.

#[cfg(unix)]
use std::fs::File;
use std::io;
use std::path::Path;

/// Makes durable what was made, renamed or removed in a folder.
///
/// # Errors
/// The file system's.
#[cfg(unix)]
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be opened, and its entries are written with its files.
///
/// # Errors
/// None.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
pub fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// How many bytes of a folder's volume are free for this program; `None` where the system does not
/// say.
///
/// # Errors
/// The file system's.
#[cfg(unix)]
pub fn free_bytes(folder: &Path) -> io::Result<Option<u64>> {
    let volume = rustix::fs::statvfs(folder)?;
    Ok(Some(volume.f_bavail.saturating_mul(volume.f_frsize)))
}

/// How many bytes of a folder's volume are free: elsewhere, the system does not say.
///
/// # Errors
/// None.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
pub fn free_bytes(_: &Path) -> io::Result<Option<u64>> {
    Ok(None)
}
