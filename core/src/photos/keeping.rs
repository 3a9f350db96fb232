//! What becomes of files that nothing names: a shot that was not used is let go of when somebody
//! says so, and what a crash or a lost notebook left in the folder is found again.

use std::collections::HashSet;

use rusqlite::Connection;

use super::{Folder, PhotoError};
use crate::keys::{Hash, hex};
use crate::model::photo::parse_hash;
use crate::notebook::Notebook;
use crate::store::{Store, photos};

/// For so long a partial file may be somebody's who is writing it.
const STALE_AFTER_MS: i64 = 24 * 3_600_000;

impl Notebook {
    /// The hashes of the files, in hexadecimal, that nothing on this device names: shots that were
    /// taken and not used, the oldest first.
    ///
    /// # Errors
    /// The store's.
    pub fn unnamed_photos(&self) -> Result<Vec<String>, PhotoError> {
        let unnamed = photos::unnamed(self.reader())?;
        Ok(unnamed.iter().map(|(hash, _)| hex(hash)).collect())
    }

    /// Lets go of a file that nothing names, by its hash in hexadecimal: a shot that is not used
    /// after all. A photo has one for its thumbnail, too.
    ///
    /// # Errors
    /// [`PhotoError::InUse`] where a record, a draft, or something unsent or in the tray names it;
    /// [`PhotoError::NotHere`], the store's and the folder's.
    pub fn discard_photo(&mut self, hash: &str) -> Result<(), PhotoError> {
        let hash = parse_hash(hash).ok_or(PhotoError::NotHere)?;
        self.store.transact(|conn| {
            if photos::held(conn, &hash)?.is_none() {
                return Err(PhotoError::NotHere);
            }
            if photos::is_named(conn, &hash)? {
                return Err(PhotoError::InUse);
            }
            photos::forget_transfer(conn, &hash)?;
            Ok(photos::remove(conn, &hash)?)
        })?;
        Ok(self.photo_folder().remove(&hash)?)
    }
}

/// Makes rows and files agree when a notebook is opened. A whole file without a row may be the only
/// one there is (its notebook was damaged, or brought back from a backup): it is taken in, and the
/// relay is asked about it before it is sent. Pieces of files that nobody gathers any more go.
///
/// # Errors
/// The store's and the folder's.
pub(crate) fn tidy(store: &mut Store, now_ms: i64) -> Result<(), PhotoError> {
    let folder = Folder::beside(store.path());
    let known: HashSet<Hash> = photos::all(store.reader())?;
    let mut found = folder.whole()?;
    found.retain(|(hash, _)| !known.contains(hash));
    if !found.is_empty() {
        store.transact(|conn| {
            found
                .iter()
                .try_for_each(|(hash, bytes)| photos::find(conn, hash, *bytes, now_ms))
        })?;
    }
    for (hash, touched_ms) in folder.partial()? {
        if now_ms - touched_ms > STALE_AFTER_MS && !is_gathered(store.reader(), &hash)? {
            folder.remove_partial(&hash)?;
        }
    }
    Ok(())
}

fn is_gathered(conn: &Connection, hash: &Hash) -> Result<bool, PhotoError> {
    let mut statement = conn.prepare_cached("SELECT 1 FROM photo_wanted WHERE hash = ?1")?;
    Ok(statement.exists([hash])?)
}
