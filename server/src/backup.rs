//! A copy of a data directory, also while a relay runs on it.
//!
//! What is copied first names nothing that is not copied after it: the log, then the devices and
//! accounts, then the photos. So a copy holds whatever was acknowledged before it began, and a relay
//! that is started on it has at most more than it needs. What a relay makes anew for itself (the read
//! side, the book of uploads) is not copied.

use std::fs;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use sha2::{Digest as _, Sha256};
use vanguard_core::SystemEnv;
use vanguard_core::disk::sync_folder;
use vanguard_core::keys::{Hash, hex};

use crate::blobs::{BlobStore, Folder, Held, PartId};
use crate::relay::renew_epoch;
use crate::serve::folder;

/// The databases in the order of copying.
const DATABASES: [&str; 2] = ["log.db", "access.db"];
/// The relay's own key, without which no phone trusts what is started on the copy.
const KEY: &str = "relay.key";
/// What shows that a directory is not only a copy: a relay has been started there, or a command has
/// written to its databases.
const LIVED_IN: [&str; 3] = [folder::LOCK, "log.db-wal", "access.db-wal"];
/// So many blobs are listed at a time.
const PAGE: usize = 1_000;
/// A photo is read in pieces of so many bytes.
const PIECE_BYTES: usize = 1 << 20;

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// What should be copied is no relay's data directory.
    #[error("{} 不是中继站的数据目录 · is not a relay's data directory", .0.display())]
    NotARelays(PathBuf),
    /// What is where the copy should go has been written to since: it is no copy any more.
    #[error(
        "{} 已用作数据目录，请另选备份目录 · has been used as a data directory: choose another for the copy",
        .0.display()
    )]
    LivedIn(PathBuf),
    /// A copied database does not hold together; the copy before, if there is one, is left as it was.
    #[error("{file} 的副本未通过检查：{what} · the copy does not hold together: {what}")]
    Damaged {
        /// Which.
        file: &'static str,
        /// What SQLite says of it.
        what: String,
    },
    /// The restored log's.
    #[error(transparent)]
    Store(#[from] vanguard_core::store::StoreError),
    /// SQLite's.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The file system's.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What a copy came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Photos that were not in the copy before.
    pub photos: u64,
    /// Photos whose bytes are not what their name says: they were not copied.
    pub damaged: Vec<Hash>,
}

/// Copies a relay's data directory into another, which is made where it is missing. A directory that
/// holds an earlier copy is brought up to date: its databases are replaced, each in one step, and
/// only new photos are copied. Tells `on_photo` how many photos are done, and of how many.
///
/// # Errors
/// See [`BackupError`]. What was a whole copy before still is one.
pub fn copy(
    data: &Path,
    to: &Path,
    mut on_photo: impl FnMut(usize, usize),
) -> Result<Copied, BackupError> {
    if !data.join(KEY).exists() || !data.join(DATABASES[0]).exists() {
        return Err(BackupError::NotARelays(data.to_owned()));
    }
    folder::make(to)?;
    if LIVED_IN.iter().any(|name| to.join(name).exists()) {
        return Err(BackupError::LivedIn(to.to_owned()));
    }
    let present = DATABASES
        .into_iter()
        .filter(|name| data.join(name).exists());
    let copies: Vec<(PathBuf, PathBuf)> = present
        .map(|name| copy_database(name, data, to))
        .collect::<Result<_, _>>()?;
    let from = Folder::open(&data.join("blobs"))?;
    let photos = Folder::open(&to.join("blobs"))?;
    let copied = copy_photos(&from, &photos, &mut on_photo)?;

    let key = to.join("relay.key.new");
    fs::copy(data.join(KEY), &key)?;
    fs::File::open(&key)?.sync_all()?;
    for (new, name) in copies.into_iter().chain([(key, to.join(KEY))]) {
        fs::rename(new, name)?;
    }
    sync_folder(to)?;
    Ok(copied)
}

/// Copies a database as of one moment, beside its place; gives the copy's path and that place.
fn copy_database(
    name: &'static str,
    data: &Path,
    to: &Path,
) -> Result<(PathBuf, PathBuf), BackupError> {
    let new = to.join(format!("{name}.new"));
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(data.join(name), flags)?;
    let mut copy = Connection::open(&new)?;
    // All in one step, which one reading transaction sees: writers go on meanwhile.
    let step = Backup::new(&source, &mut copy)?.step(-1)?;
    if step != StepResult::Done {
        let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        return Err(rusqlite::Error::SqliteFailure(busy, None).into());
    }
    // The file alone is the copy: nothing may lie in a journal beside it.
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    let what: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if what != "ok" {
        return Err(BackupError::Damaged { file: name, what });
    }
    Ok((new, to.join(name)))
}

/// Copies the photos that are not there yet, each only if its bytes are what its name says.
fn copy_photos(
    from: &dyn BlobStore,
    to: &dyn BlobStore,
    on_photo: &mut dyn FnMut(usize, usize),
) -> io::Result<Copied> {
    let mut held: Vec<Held> = Vec::new();
    loop {
        let page = from.list(held.last().map(|held| &held.hash), PAGE)?;
        if page.is_empty() {
            break;
        }
        held.extend(page);
    }
    let mut copied = Copied::default();
    for (index, Held { hash, .. }) in held.iter().enumerate() {
        if to.open(hash)?.is_none() {
            match copy_photo(from, to, hash)? {
                Some(true) => copied.photos += 1,
                Some(false) => {
                    tracing::error!(photo = hex(hash), "its bytes are not what its name says");
                    copied.damaged.push(*hash);
                }
                None => {} // the sweep has removed it
            }
        }
        on_photo(index + 1, held.len());
    }
    Ok(copied)
}

/// Copies a photo; whether its bytes were right, and `None` where it is not there any more.
fn copy_photo(from: &dyn BlobStore, to: &dyn BlobStore, hash: &Hash) -> io::Result<Option<bool>> {
    let Some(mut photo) = from.open(hash)? else {
        return Ok(None);
    };
    let mut name = [0; 16];
    name.copy_from_slice(&hash[..16]);
    let part = PartId(name);
    let (mut hasher, mut piece, mut at) = (Sha256::new(), vec![0; PIECE_BYTES], 0);
    loop {
        let length = match photo.reader.read(&mut piece) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            length => length?,
        };
        to.write(part, at, &piece[..length])?;
        if length == 0 {
            break;
        }
        hasher.update(&piece[..length]);
        at += length as u64;
    }
    let is_right = hasher.finalize().as_slice() == hash;
    if is_right {
        to.settle(part)?;
        to.keep(part, hash)?;
    } else {
        to.discard(part)?;
    }
    Ok(Some(is_right))
}

/// Makes a data directory of a copy, and lets whoever meets its log know that it is another one:
/// also a phone that knows nothing which the log has lost then compares all that it has with it.
///
/// # Errors
/// As [`copy`]'s; the directory must be a new one.
pub fn restore(
    from: &Path,
    data: &Path,
    on_photo: impl FnMut(usize, usize),
) -> Result<Copied, BackupError> {
    let copied = copy(from, data, on_photo)?;
    renew_epoch(&data.join(DATABASES[0]), &SystemEnv)?;
    Ok(copied)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with what a relay's has, but for the log's tables.
    fn relays() -> tempfile::TempDir {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join(KEY), [7; 32]).unwrap();
        let log = Connection::open(data.path().join("log.db")).unwrap();
        log.pragma_update(None, "journal_mode", "WAL").unwrap();
        log.execute_batch(
            "CREATE TABLE entry (seq INTEGER PRIMARY KEY); INSERT INTO entry VALUES (1)",
        )
        .unwrap();
        data
    }

    fn put_photo(data: &Path, bytes: &[u8], name: Hash) {
        let store = Folder::open(&data.join("blobs")).unwrap();
        store.write(PartId([1; 16]), 0, bytes).unwrap();
        store.settle(PartId([1; 16])).unwrap();
        store.keep(PartId([1; 16]), &name).unwrap();
    }

    fn entries(copy: &Path) -> u64 {
        let log = Connection::open(copy.join("log.db")).unwrap();
        log.query_row("SELECT count(*) FROM entry", [], |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn a_second_copy_brings_what_is_new() {
        let (data, place) = (relays(), tempfile::tempdir().unwrap());
        let to = place.path().join("copy");
        let first = vec![b'a'; 3 * PIECE_BYTES / 2];
        put_photo(data.path(), &first, Sha256::digest(&first).into());
        let mut told = Vec::new();
        let copied = copy(data.path(), &to, |done, all| told.push((done, all))).unwrap();
        assert_eq!((copied.photos, told), (1, vec![(1, 1)]));
        assert_eq!(entries(&to), 1);

        // What the writer has not yet folded into the file is copied, too.
        let log = Connection::open(data.path().join("log.db")).unwrap();
        log.execute_batch("INSERT INTO entry VALUES (2)").unwrap();
        put_photo(data.path(), b"second", Sha256::digest(b"second").into());
        let copied = copy(data.path(), &to, |_, _| {}).unwrap();
        assert_eq!(copied.photos, 1);
        assert_eq!(entries(&to), 2);
        let held = Folder::open(&to.join("blobs")).unwrap();
        assert_eq!(held.list(None, 10).unwrap().len(), 2);
        assert!(held.parts().unwrap().is_empty());
        assert_eq!(fs::read(to.join(KEY)).unwrap(), [7; 32]);
    }

    #[test]
    fn a_photo_that_is_not_what_its_name_says_is_told_and_stops_nothing() {
        let (data, to) = (relays(), tempfile::tempdir().unwrap());
        put_photo(data.path(), b"rotten", [0; 32]);
        put_photo(data.path(), b"sound", Sha256::digest(b"sound").into());
        let copied = copy(data.path(), to.path(), |_, _| {}).unwrap();
        let expected = Copied {
            photos: 1,
            damaged: vec![[0; 32]],
        };
        assert_eq!(copied, expected);
    }

    #[test]
    fn a_damaged_log_replaces_no_sound_copy() {
        let (data, to) = (relays(), tempfile::tempdir().unwrap());
        copy(data.path(), to.path(), |_, _| {}).unwrap();
        let log = Connection::open(data.path().join("log.db")).unwrap();
        let fill =
            "WITH RECURSIVE n(i) AS (VALUES (2) UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
                    INSERT INTO entry SELECT i FROM n; PRAGMA wal_checkpoint(TRUNCATE)";
        log.execute_batch(fill).unwrap();
        drop(log);
        let path = data.path().join("log.db");
        let mut bytes = fs::read(&path).unwrap();
        bytes[2 * 4096..3 * 4096].fill(0xff);
        fs::write(&path, bytes).unwrap();
        let error = copy(data.path(), to.path(), |_, _| {}).unwrap_err();
        assert!(
            matches!(error, BackupError::Damaged { file: "log.db", .. }),
            "{error}"
        );
        assert_eq!(entries(to.path()), 1);
    }

    #[test]
    fn what_is_no_relays_and_where_one_lives_are_refused() {
        let (data, to) = (relays(), tempfile::tempdir().unwrap());
        let error = copy(to.path(), data.path(), |_, _| {}).unwrap_err();
        assert!(matches!(error, BackupError::NotARelays(_)), "{error}");
        fs::write(data.path().join(folder::LOCK), "").unwrap();
        let error = copy(data.path(), data.path(), |_, _| {}).unwrap_err();
        assert!(matches!(error, BackupError::LivedIn(_)), "{error}");
    }
}
