//! The data directory of a relay that runs: made for its owner alone, since it holds names and
//! photos, and taken by one relay at a time. Two would each print links and addresses that the other
//! does not know of. Commands that work beside a relay do not take it.

use std::fs::{DirBuilder, File, TryLockError};
use std::path::Path;

use super::ServeError;

/// Makes the directory where it is missing, and takes it for as long as the file is open.
pub(super) fn take(data: &Path) -> Result<File, ServeError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(data)?;
    let file = File::create(data.join("relay.lock"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(ServeError::Taken),
        // Some network drives know no locks: then it is left to whoever starts relays.
        Err(TryLockError::Error(error)) => tracing::warn!(%error, "the directory is not locked"),
    }
    Ok(file)
}
