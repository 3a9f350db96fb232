//! The data directory of a relay that runs: made for its owner alone, since it holds names and
//! photos, and taken by one relay at a time. Two would each print links and addresses that the other
//! does not know of. Commands that work beside a relay do not take it.

use std::fs::{DirBuilder, File, TryLockError};
use std::path::Path;

use super::ServeError;

/// The file that is locked; where it is, a relay has been started.
pub(crate) const LOCK: &str = "relay.lock";

/// Makes a directory for its owner alone where it is missing.
pub(crate) fn make(data: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(data)
}

/// Makes the directory where it is missing, and takes it for as long as the file is open.
pub(super) fn take(data: &Path) -> Result<File, ServeError> {
    make(data)?;
    let file = File::create(data.join(LOCK))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(ServeError::Taken),
        // Some network drives know no locks: then it is left to whoever starts relays.
        Err(TryLockError::Error(error)) => tracing::warn!(%error, "the directory is not locked"),
    }
    Ok(file)
}
