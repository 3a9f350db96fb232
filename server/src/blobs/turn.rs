//! One request's work on an upload. Only one works on an upload at a time, and whoever comes later
//! is right: a phone that asks again has given up the request before, of which the relay may not
//! know yet that its connection is dead.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};
use tokio::time::timeout;
use vanguard_core::keys::Hash;

use super::{BlobError, Blobs, Owner, PartId, Upload, book, lock};

/// How long a request waits for the one before it to give way.
const PATIENCE: Duration = Duration::from_secs(5);
/// So many bytes are written at a time: what an upload takes of memory.
const BLOCK_BYTES: usize = 256 << 10;

/// Where requests for one upload meet.
pub(super) struct Place {
    /// How many requests there have been: all but the last give way.
    asked: watch::Sender<u64>,
    work: Arc<Mutex<Running>>,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            asked: watch::Sender::new(0),
            work: Arc::default(),
        }
    }
}

/// The hash of a part's first bytes, as they came in. After a restart there is none, and the whole
/// is read from disk at its end.
#[derive(Default)]
struct Running {
    bytes: u64,
    hash: Option<Sha256>,
}

/// What a request says that the SHA-1 or SHA-256 of its own bytes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// The 20 bytes of a SHA-1: every tus server knows it.
    Sha1([u8; 20]),
    /// The 32 bytes of a SHA-256.
    Sha256(Hash),
}

enum Summing {
    Sha1(Sha1, [u8; 20]),
    Sha256(Sha256, Hash),
}

impl Summing {
    fn begin(checksum: Checksum) -> Self {
        match checksum {
            Checksum::Sha1(expected) => Self::Sha1(Sha1::new(), expected),
            Checksum::Sha256(expected) => Self::Sha256(Sha256::new(), expected),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(sum, _) => sum.update(bytes),
            Self::Sha256(sum, _) => sum.update(bytes),
        }
    }

    fn holds(self) -> bool {
        match self {
            Self::Sha1(sum, expected) => sum.finalize().as_slice() == expected,
            Self::Sha256(sum, expected) => sum.finalize().as_slice() == expected,
        }
    }
}

/// One request's work on an upload, until it is dropped.
pub struct Turn {
    blobs: Arc<Blobs>,
    upload: Upload,
    /// Where the upload stood when this began.
    from: u64,
    /// Where it stands with what was written since, durable or not.
    at: u64,
    waiting: Vec<u8>,
    summing: Option<Summing>,
    work: OwnedMutexGuard<Running>,
    asked: watch::Receiver<u64>,
    number: u64,
}

impl Blobs {
    /// Waits for the turn to work on an upload, and makes durable what it has.
    ///
    /// # Errors
    /// [`BlobError::Unknown`], and [`BlobError::Busy`] where another request does not give way.
    pub async fn turn(self: &Arc<Self>, owner: Owner, id: PartId) -> Result<Turn, BlobError> {
        self.run(move |blobs| blobs.upload(owner, id)).await?;
        let place = Arc::clone(lock(&self.places).entry(id).or_default());
        let mut number = 0;
        place.asked.send_modify(|asked| {
            *asked += 1;
            number = *asked;
        });
        let work = timeout(PATIENCE, Arc::clone(&place.work).lock_owned()).await;
        let work = work.map_err(|_| BlobError::Busy)?;
        let (upload, from) = self.run(move |blobs| blobs.stand(owner, id)).await?;
        Ok(Turn {
            blobs: Arc::clone(self),
            upload,
            from,
            at: from,
            waiting: Vec::new(),
            summing: None,
            work,
            asked: place.asked.subscribe(),
            number,
        })
    }

    /// An upload and how many bytes of it are durably there, and count.
    fn stand(&self, owner: Owner, id: PartId) -> Result<(Upload, u64), BlobError> {
        let mut upload = self.upload(owner, id)?;
        if self.has(&upload.hash) {
            if !upload.is_done {
                upload.is_done = true;
                self.store.discard(id)?;
                book::put(&self.book(), &upload)?;
            }
            return Ok((upload, upload.bytes));
        }
        let mut at = self.store.settle(id)?;
        if let Some(checked) = upload.unchecked_from.take() {
            if at > checked {
                self.store.write(id, checked, &[])?;
                at = self.store.settle(id)?;
            }
            book::put(&self.book(), &upload)?;
        }
        Ok((upload, at))
    }

    /// Checks the whole and makes it a blob; else it is thrown away.
    fn conclude(&self, upload: &Upload, hash: Option<Hash>) -> Result<(), BlobError> {
        let hash = hash.map_or_else(|| self.hash_of(upload.id), Ok)?;
        if hash != upload.hash {
            self.forget(&self.book(), upload)?;
            return Err(BlobError::WrongHash);
        }
        self.store.keep(upload.id, &hash)?;
        lock(&self.held).put(hash, upload.bytes);
        let mut upload = *upload;
        upload.is_done = true;
        book::put(&self.book(), &upload)?;
        lock(&self.places).remove(&upload.id);
        Ok(())
    }

    fn hash_of(&self, part: PartId) -> Result<Hash, BlobError> {
        let mut reader = self.store.read_part(part)?;
        let mut block = vec![0; BLOCK_BYTES];
        let mut hash = Sha256::new();
        loop {
            let taken = reader.read(&mut block)?;
            if taken == 0 {
                return Ok(hash.finalize().into());
            }
            hash.update(&block[..taken]);
        }
    }
}

impl Turn {
    /// The upload.
    pub const fn upload(&self) -> &Upload {
        &self.upload
    }

    /// How many bytes of it were durably there when the turn began.
    pub const fn offset(&self) -> u64 {
        self.from
    }

    /// Ready when a later request asks for the upload.
    pub async fn is_asked_for(&self) {
        let mut asked = self.asked.clone();
        // Nobody left who could ask means that the upload is gone.
        let _ = asked.wait_for(|asked| *asked != self.number).await;
    }

    /// Says before the first byte that the bytes to come count all together or not at all.
    ///
    /// # Errors
    /// The book's.
    pub async fn expect(&mut self, checksum: Checksum) -> Result<(), BlobError> {
        self.summing = Some(Summing::begin(checksum));
        self.upload.unchecked_from = Some(self.from);
        self.put().await
    }

    /// Takes bytes that go on where the last ones ended.
    ///
    /// # Errors
    /// [`BlobError::TooLarge`] beyond the whole, of which nothing is taken then;
    /// [`BlobError::Full`]; the store's.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        let left = self.upload.bytes - self.at - self.waiting.len() as u64;
        if bytes.len() as u64 > left {
            return Err(BlobError::TooLarge);
        }
        for piece in bytes.chunks(BLOCK_BYTES) {
            self.waiting.extend_from_slice(piece);
            if self.waiting.len() >= BLOCK_BYTES {
                self.write().await?;
            }
        }
        Ok(())
    }

    async fn write(&mut self) -> Result<(), BlobError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.waiting);
        let (id, at) = (self.upload.id, self.at);
        // Gone while it is not known whether they were written.
        let mut hash = match self.work.hash.take() {
            Some(hash) if self.work.bytes == at => Some(hash),
            _ => (at == 0).then(Sha256::new),
        };
        let mut summing = self.summing.take();
        let written = self.blobs.run(move |blobs| {
            blobs.store.write(id, at, &bytes)?;
            if let Some(hash) = &mut hash {
                hash.update(&bytes);
            }
            if let Some(summing) = &mut summing {
                summing.update(&bytes);
            }
            Ok((bytes, hash, summing))
        });
        let (mut bytes, hash, summing) = written.await?;
        self.at += bytes.len() as u64;
        (self.work.bytes, self.work.hash) = (self.at, hash);
        self.summing = summing;
        bytes.clear();
        self.waiting = bytes;
        Ok(())
    }

    /// Makes durable what came, and gives the upload and how many bytes it has; at the whole's end it
    /// is checked, and held from then on. Where `is_whole` says that not all came that the request
    /// had to bring, bytes with a checksum do not count.
    ///
    /// # Errors
    /// [`BlobError::WrongHash`] and [`BlobError::WrongChecksum`] where bytes were thrown away;
    /// the store's and the book's.
    pub async fn finish(mut self, is_whole: bool) -> Result<(Upload, u64), BlobError> {
        self.write().await?;
        let is_checked = self.upload.unchecked_from.take().is_some();
        let is_right = self.summing.take().is_none_or(Summing::holds);
        let (id, from) = (self.upload.id, self.from);
        if is_checked && !(is_whole && is_right) {
            // What is written stays marked as unchecked: the next turn cuts it off.
            return if is_whole {
                Err(BlobError::WrongChecksum)
            } else {
                Err(BlobError::Elsewhere { at: from })
            };
        }
        let settled = self.blobs.run(move |blobs| Ok(blobs.store.settle(id)?));
        let at = settled.await?;
        self.upload.expires_at_ms = self.blobs.env.now_ms() + self.blobs.limits.upload_ms;
        self.put().await?;
        if at == self.upload.bytes {
            let hash = self.work.hash.take().filter(|_| self.work.bytes == at);
            let hash = hash.map(|hash| hash.finalize().into());
            let upload = self.upload;
            let concluded = self.blobs.run(move |blobs| blobs.conclude(&upload, hash));
            concluded.await?;
        }
        Ok((self.upload, at))
    }

    /// Throws the upload away. What is held stays held.
    ///
    /// # Errors
    /// The store's and the book's.
    pub async fn end(self) -> Result<(), BlobError> {
        let upload = self.upload;
        let forgotten = self
            .blobs
            .run(move |blobs| blobs.forget(&blobs.book(), &upload));
        forgotten.await
    }

    async fn put(&self) -> Result<(), BlobError> {
        let upload = self.upload;
        let put = self
            .blobs
            .run(move |blobs| Ok(book::put(&blobs.book(), &upload)?));
        put.await
    }
}
