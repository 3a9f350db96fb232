//! Photos at the relay, as bytes named by their SHA-256: uploads that go on after any cut, quotas,
//! and the sweep. [`Blobs`] counts and checks; [`BlobStore`] is where the bytes lie; [`Turn`] takes
//! an upload's bytes in. Who may upload or read what is decided by the records that name it, and
//! asked before anything here is called: this knows no records. Everything but a turn blocks.

mod book;
mod folder;
mod index;
mod store;
#[cfg(test)]
mod tests;
mod turn;

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use vanguard_core::calendar::DAY_MS;
use vanguard_core::env::Env;
use vanguard_core::id::{DeviceId, MemberId};
use vanguard_core::keys::Hash;
use vanguard_core::model::photo::UNTOUCHED_LIMIT_BYTES;
use vanguard_core::store::StoreError;

use crate::hands::Hands;

pub use folder::Folder;
use index::Index;
pub use store::{Blob, BlobStore, Held, PartId, Reading};
use turn::Place;
pub use turn::{Checksum, Turn};

/// Why bytes were not taken or given.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is no such upload, or it is somebody else's, or its time was over.
    #[error("there is no such upload")]
    Unknown,
    /// A blob may not be of this size.
    #[error("a blob may not be of this size")]
    TooLarge,
    /// Whoever asks has too many uploads under way.
    #[error("too many uploads are under way")]
    TooMany,
    /// The disk, or what may be used of it, is full.
    #[error("there is no room")]
    Full,
    /// Another request works on the upload, and does not give way.
    #[error("another request works on the upload")]
    Busy,
    /// The bytes do not go on where the upload stands.
    #[error("the upload stands at {at}")]
    Elsewhere {
        /// Where it stands.
        at: u64,
    },
    /// The whole has another hash than was said; it was thrown away.
    #[error("the whole has another hash")]
    WrongHash,
    /// A request's bytes have another checksum than it said; they were thrown away.
    #[error("the bytes have another checksum")]
    WrongChecksum,
    /// The store failed.
    #[error("store: {0}")]
    Store(std::io::Error),
    /// The book failed.
    #[error("blobs.db: {0}")]
    Book(#[from] StoreError),
    /// The relay is stopping.
    #[error("the relay is stopping")]
    Stopped,
}

impl From<rusqlite::Error> for BlobError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Book(error.into())
    }
}

impl From<std::io::Error> for BlobError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Store(error),
        }
    }
}

/// Bounds on what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobLimits {
    /// The most bytes of one blob.
    pub file_bytes: u64,
    /// The most bytes of all blobs and uploads together; `None` for what the disk has.
    pub storage_bytes: Option<u64>,
    /// So many bytes of the disk stay free: the log needs them more.
    pub floor_bytes: u64,
    /// The most uploads of one device, or of one person at the console, that are under way.
    pub uploads: usize,
    /// How long an upload may rest, in milliseconds.
    pub upload_ms: i64,
    /// How long nothing has to have named a blob before it is removed, in milliseconds. A relay
    /// that was put back to an earlier state gets its records back from the phones within it.
    pub unnamed_ms: i64,
}

impl Default for BlobLimits {
    fn default() -> Self {
        Self {
            file_bytes: UNTOUCHED_LIMIT_BYTES, // the largest that a record may name
            storage_bytes: None,
            floor_bytes: 256 << 20,
            uploads: 32,
            upload_ms: 7 * DAY_MS,
            unnamed_ms: 90 * DAY_MS,
        }
    }
}

/// Who uploads: a device, or a member at the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Owner([u8; 17]);

impl Owner {
    /// A device.
    pub fn device(id: DeviceId) -> Self {
        Self::of(0, id.as_bytes())
    }

    /// A member at the console.
    pub fn member(id: MemberId) -> Self {
        Self::of(1, id.as_bytes())
    }

    fn of(kind: u8, id: &[u8; 16]) -> Self {
        let mut bytes = [kind; 17];
        bytes[1..].copy_from_slice(id);
        Self(bytes)
    }
}

/// An upload as the book has it.
#[derive(Clone, Copy, Debug)]
pub struct Upload {
    /// Its name in addresses.
    pub id: PartId,
    /// Whose it is.
    pub owner: Owner,
    /// What the whole's SHA-256 has to be.
    pub hash: Hash,
    /// How many bytes the whole has.
    pub bytes: u64,
    /// When it is given up, in milliseconds of the relay's clock.
    pub expires_at_ms: i64,
    unchecked_from: Option<u64>,
    is_done: bool,
}

/// What is held and what is coming in, for those who watch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlobCounts {
    /// Blobs held.
    pub held: u64,
    /// Their bytes.
    pub held_bytes: u64,
    /// Uploads under way.
    pub uploads: u64,
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Uploads given up.
    pub uploads: usize,
    /// Blobs removed.
    pub blobs: usize,
}

/// The blobs of a relay.
pub struct Blobs {
    store: Arc<dyn BlobStore>,
    book: Mutex<Connection>,
    /// What the store holds, read once at the start.
    held: Mutex<Index>,
    places: Mutex<HashMap<PartId, Arc<Place>>>,
    hands: Hands,
    limits: BlobLimits,
    env: Arc<dyn Env>,
}

/// So many threads wait for the disk.
const HANDS: usize = 8;

impl Blobs {
    /// Opens the blobs of a data directory: the folder `blobs` and the file `blobs.db`.
    ///
    /// # Errors
    /// Where they cannot be read or made.
    pub fn open(data: &Path, limits: BlobLimits, env: Arc<dyn Env>) -> Result<Self, BlobError> {
        let store = Folder::open(&data.join("blobs"))?;
        Self::with(Arc::new(store), &data.join("blobs.db"), limits, env)
    }

    /// The blobs in a store of one's own.
    ///
    /// # Errors
    /// The store's and the book's.
    pub fn with(
        store: Arc<dyn BlobStore>,
        book: &Path,
        limits: BlobLimits,
        env: Arc<dyn Env>,
    ) -> Result<Self, BlobError> {
        let book = book::open(book)?;
        let held = Index::of(&*store)?;
        for part in store.parts()? {
            if book::find(&book, part)?.is_none() {
                store.discard(part)?;
            }
        }
        Ok(Self {
            store,
            book: Mutex::new(book),
            held: Mutex::new(held),
            places: Mutex::default(),
            hands: Hands::new("blobs", HANDS)?,
            limits,
            env,
        })
    }

    /// Does what blocks on the threads of the blobs.
    ///
    /// # Errors
    /// Those of `work`, and [`BlobError::Stopped`].
    pub(crate) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, BlobError> + Send + 'static,
    ) -> Result<T, BlobError> {
        let blobs = Arc::clone(self);
        let done = self.hands.run(move || work(&blobs)).await;
        done.map_err(|_| BlobError::Stopped)?
    }

    /// The bounds.
    pub const fn limits(&self) -> &BlobLimits {
        &self.limits
    }

    /// Whether a blob is held.
    pub fn has(&self, hash: &Hash) -> bool {
        lock(&self.held).has(hash)
    }

    /// Whether a blob is held, asked of the store itself: what a receipt rests on.
    ///
    /// # Errors
    /// The store's.
    pub fn surely_has(&self, hash: &Hash) -> Result<bool, BlobError> {
        Ok(self.has(hash) && self.read(hash)?.is_some())
    }

    /// A blob to read; `None` where it is not held.
    ///
    /// # Errors
    /// The store's.
    pub fn read(&self, hash: &Hash) -> Result<Option<Blob>, BlobError> {
        let blob = self.store.open(hash)?;
        if blob.is_none() && lock(&self.held).remove(hash) {
            tracing::error!(hash = %vanguard_core::keys::hex(hash), "a held blob is gone");
        }
        Ok(blob)
    }

    /// How much there is.
    ///
    /// # Errors
    /// The book's.
    pub fn counts(&self) -> Result<BlobCounts, BlobError> {
        let (uploads, _) = book::under_way(&self.book())?;
        let held = lock(&self.held);
        Ok(BlobCounts {
            held: held.count(),
            held_bytes: held.bytes(),
            uploads,
        })
    }

    /// Begins an upload, or finds the one that the owner has begun of this blob before; its answer
    /// may have been lost. One of a blob that is held is done at once.
    ///
    /// # Errors
    /// [`BlobError::TooLarge`], [`BlobError::TooMany`] and [`BlobError::Full`] where the bounds do
    /// not allow it.
    pub fn begin(&self, owner: Owner, hash: Hash, bytes: u64) -> Result<Upload, BlobError> {
        if bytes == 0 || bytes > self.limits.file_bytes {
            return Err(BlobError::TooLarge);
        }
        let is_held = self.has(&hash);
        let expires_at_ms = self.env.now_ms() + self.limits.upload_ms;
        let book = self.book();
        if let Some(mut known) = book::find_of(&book, owner, &hash)? {
            if known.bytes == bytes && (is_held || !known.is_done) {
                known.expires_at_ms = expires_at_ms;
                known.is_done = is_held;
                book::put(&book, &known)?;
                return Ok(known);
            }
            self.forget(&book, &known)?;
        }
        if !is_held {
            self.check_room(&book, owner, bytes)?;
        }
        let upload = Upload {
            id: PartId(self.env.random_16()),
            owner,
            hash,
            bytes,
            expires_at_ms,
            unchecked_from: None,
            is_done: is_held,
        };
        book::put(&book, &upload)?;
        Ok(upload)
    }

    fn check_room(&self, book: &Connection, owner: Owner, bytes: u64) -> Result<(), BlobError> {
        if book::under_way_of(book, owner)? >= self.limits.uploads {
            return Err(BlobError::TooMany);
        }
        let (_, coming) = book::under_way(book)?;
        let wanted = coming.saturating_add(bytes);
        let held = lock(&self.held).bytes();
        let quota = self.limits.storage_bytes;
        if quota.is_some_and(|quota| held.saturating_add(wanted) > quota) {
            return Err(BlobError::Full);
        }
        // What is coming has a part of its bytes on disk already: counted twice, to be safe.
        let free = self.store.free_bytes()?;
        if free.is_some_and(|free| free < self.limits.floor_bytes.saturating_add(wanted)) {
            return Err(BlobError::Full);
        }
        Ok(())
    }

    /// An upload of this owner.
    ///
    /// # Errors
    /// [`BlobError::Unknown`] where the owner has no such upload.
    pub fn upload(&self, owner: Owner, id: PartId) -> Result<Upload, BlobError> {
        let found = book::find(&self.book(), id)?;
        let now_ms = self.env.now_ms();
        found
            .filter(|upload| upload.owner == owner && upload.expires_at_ms > now_ms)
            .ok_or(BlobError::Unknown)
    }

    /// Gives up every upload that has rested for too long.
    ///
    /// # Errors
    /// The store's and the book's.
    pub fn sweep_uploads(&self) -> Result<usize, BlobError> {
        let book = self.book();
        let expired = book::expired(&book, self.env.now_ms())?;
        for upload in &expired {
            self.forget(&book, upload)?;
        }
        Ok(expired.len())
    }

    /// The next blob that is held, after `after` in the order of hashes: what a sweep asks about.
    pub fn held_after(&self, after: Option<&Hash>) -> Option<Hash> {
        lock(&self.held).next_after(after)
    }

    /// Notes whether anything names a blob, and removes it where nothing has for long enough. The
    /// caller sees to it that nobody is promised the blob in the meantime. Says whether it is
    /// removed.
    ///
    /// # Errors
    /// The store's and the book's.
    pub fn note_named(&self, hash: &Hash, is_named: bool) -> Result<bool, BlobError> {
        let book = self.book();
        if is_named {
            book::forget_unnamed(&book, hash)?;
            return Ok(false);
        }
        let now_ms = self.env.now_ms();
        let since_ms = book::unnamed_since(&book, hash, now_ms)?;
        if now_ms - since_ms < self.limits.unnamed_ms {
            return Ok(false);
        }
        self.store.remove(hash)?;
        lock(&self.held).remove(hash);
        book::forget_unnamed(&book, hash)?;
        Ok(true)
    }

    /// Throws away an upload, with what it has brought.
    fn forget(&self, book: &Connection, upload: &Upload) -> Result<(), BlobError> {
        self.store.discard(upload.id)?;
        book::remove(book, upload.id)?;
        lock(&self.places).remove(&upload.id);
        Ok(())
    }

    fn book(&self) -> MutexGuard<'_, Connection> {
        lock(&self.book)
    }
}

/// A panic in between leaves what is behind these locks sound: each is changed in one step, or in
/// a transaction.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
