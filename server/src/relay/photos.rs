//! Which records name a photo, who may therefore send and see it, which photos a receipt may
//! promise, which are missing, and which nothing names. Names are read from the replica, once it has
//! all that was admitted before the question; who may see a record is judged on the log, as for
//! the record itself.

use std::collections::HashMap;
use std::sync::Arc;

use vanguard_core::id::{DeviceId, DocumentId, MemberId};
use vanguard_core::keys::Hash;
use vanguard_core::model::photo::PhotoPurpose;
use vanguard_core::store::photos::{self, FileCount, NamedFile};
use vanguard_core::wire::ByteArray32;

use super::{Relay, RelayError, log, may_read};
use crate::blobs::{Blobs, Swept};

/// How a record that somebody may see names a photo's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Naming {
    /// How many bytes it says that the file has.
    pub bytes: u64,
    /// Which of the photo's files it says that it is.
    pub purpose: PhotoPurpose,
}

/// Files that records name and the relay does not hold, by the device that took them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingOf {
    /// The device; `None` where the record does not say.
    pub device: Option<DeviceId>,
    /// How many, and their bytes.
    pub count: FileCount,
    /// When the oldest of them was named, by the clock of its device, in milliseconds.
    pub oldest_named_ms: i64,
}

/// So many names are read at a time.
const PAGE: usize = 1_000;

impl Relay {
    /// How the records that a member may see name a file; none where there is no such record. What
    /// was admitted before the question counts. A `taker` is the device that asks to send it: what
    /// it took itself it may send, even where its member may no longer see the record.
    ///
    /// # Errors
    /// [`RelayError::Busy`] where the replica is far behind, [`RelayError::Storage`].
    pub async fn namings(
        self: &Arc<Self>,
        member: MemberId,
        taker: Option<DeviceId>,
        hash: Hash,
    ) -> Result<Vec<Naming>, RelayError> {
        let mut visible = self.visible(member, taker, vec![hash]).await?;
        if visible.is_empty() {
            self.caught_up_soon().await?;
            visible = self.visible(member, taker, vec![hash]).await?;
        }
        let naming = |file: NamedFile| Naming {
            bytes: file.bytes,
            purpose: file.purpose,
        };
        Ok(visible.into_iter().map(naming).collect())
    }

    /// Which of the files that a device asks about a receipt may name: held, and named by a record
    /// that its member may see, or that says that it took them.
    pub(super) async fn held_of(
        self: &Arc<Self>,
        member: MemberId,
        taker: DeviceId,
        asked: &[ByteArray32],
    ) -> Result<Vec<ByteArray32>, RelayError> {
        let hashes: Vec<Hash> = asked.iter().map(|hash| hash.0).collect();
        if hashes.is_empty() {
            return Ok(Vec::new());
        }
        // A replica that is far behind must not hold up a sync: what it does not know yet is
        // promised the next time.
        let caught_up = self.caught_up_soon().await;
        if caught_up.is_err() {
            tracing::warn!("a receipt leaves out photos: the replica is far behind");
        }
        let _promise = self.promises.read().await;
        let visible = self.visible(member, Some(taker), hashes).await?;
        let held = self.blobs.run(move |blobs| {
            let mut held: Vec<ByteArray32> = Vec::new();
            for file in visible {
                let name = ByteArray32(file.hash);
                if held.last() != Some(&name) && blobs.surely_has(&file.hash)? {
                    held.push(name);
                }
            }
            Ok(held)
        });
        Ok(held.await?)
    }

    /// The files among `hashes` as records name them that a member may see, or whose `taker` this
    /// is, hash by hash, as far as the replica knows.
    async fn visible(
        self: &Arc<Self>,
        member: MemberId,
        taker: Option<DeviceId>,
        hashes: Vec<Hash>,
    ) -> Result<Vec<NamedFile>, RelayError> {
        let named = self.replica.read(move |conn| {
            let mut named = Vec::new();
            for hash in hashes {
                named.extend(photos::naming(conn, &hash)?);
            }
            Ok(named)
        });
        let named: Vec<NamedFile> = named.await?;
        let is_own = |file: &NamedFile| taker.is_some() && file.device == taker;
        let (mut visible, others): (Vec<_>, Vec<_>) = named.into_iter().partition(is_own);
        visible.extend(self.readable(member, others).await?);
        visible.sort_by_key(|file| file.hash); // names of one file lie together
        Ok(visible)
    }

    /// Those of the names that stand in records which a member may see.
    async fn readable(
        self: &Arc<Self>,
        member: MemberId,
        mut named: Vec<NamedFile>,
    ) -> Result<Vec<NamedFile>, RelayError> {
        if named.is_empty() {
            return Ok(named);
        }
        let relay = Arc::clone(self);
        self.blocking(move || {
            let directory = relay.directory();
            relay.readers.with(|conn| {
                let mut seen: HashMap<DocumentId, bool> = HashMap::new();
                for file in &named {
                    if seen.contains_key(&file.document) {
                        continue;
                    }
                    let is_readable = match log::document(conn, file.document)? {
                        Some(row) => may_read(conn, &directory, member, &row)?,
                        None => false,
                    };
                    seen.insert(file.document, is_readable);
                }
                named.retain(|file| seen.get(&file.document) == Some(&true));
                Ok(named)
            })
        })
        .await
    }

    /// What is named in records that a member may see, and missing here, by device, the oldest
    /// first.
    ///
    /// # Errors
    /// [`RelayError::Storage`].
    pub async fn missing_photos(
        self: &Arc<Self>,
        member: MemberId,
    ) -> Result<Vec<MissingOf>, RelayError> {
        let mut by_device: HashMap<Option<DeviceId>, MissingOf> = HashMap::new();
        let mut after: Option<Hash> = None;
        loop {
            let from = after;
            let page = self.replica.read(move |conn| {
                // The replica's own store holds no file: these are all that are named.
                photos::missing(conn, from.as_ref(), PAGE)
            });
            let page = page.await?;
            let Some(last) = page.last() else { break };
            after = Some(last.hash);
            let lacking: Vec<Hash> = page
                .iter()
                .map(|file| file.hash)
                .filter(|hash| !self.blobs.has(hash))
                .collect();
            let named = self.replica.read(move |conn| {
                let mut named = Vec::new();
                for hash in lacking {
                    named.extend(photos::naming(conn, &hash)?);
                }
                Ok(named)
            });
            let mut visible = self.readable(member, named.await?).await?;
            visible.dedup_by_key(|file| file.hash);
            for file in visible {
                let missing = by_device.entry(file.device).or_insert(MissingOf {
                    device: file.device,
                    count: FileCount::default(),
                    oldest_named_ms: file.named_at_ms,
                });
                missing.count.files += 1;
                missing.count.bytes += file.bytes;
                missing.oldest_named_ms = missing.oldest_named_ms.min(file.named_at_ms);
            }
        }
        let mut missing: Vec<MissingOf> = by_device.into_values().collect();
        missing.sort_unstable_by_key(|it| (it.oldest_named_ms, it.device));
        Ok(missing)
    }

    /// Gives up uploads that have rested for too long, and removes photos that no record has named
    /// for longer than the time of grace.
    ///
    /// # Errors
    /// [`RelayError::Busy`] where the replica is far behind: then nothing more is removed;
    /// [`RelayError::Storage`].
    pub async fn sweep_photos(self: &Arc<Self>) -> Result<Swept, RelayError> {
        let uploads = self.blobs.run(Blobs::sweep_uploads).await?;
        let mut swept = Swept { uploads, blobs: 0 };
        let mut after: Option<Hash> = None;
        while let Some(hash) = self.blobs.held_after(after.as_ref()) {
            after = Some(hash);
            self.caught_up_soon().await?;
            // Nobody is promised a photo between the look at its names and its removal.
            let _no_promise = self.promises.write().await;
            let named = self.replica.read(move |conn| photos::naming(conn, &hash));
            let is_named = !named.await?.is_empty();
            let noted = self
                .blobs
                .run(move |blobs| blobs.note_named(&hash, is_named));
            let is_removed = noted.await?;
            swept.blobs += usize::from(is_removed);
        }
        Ok(swept)
    }
}
