//! What a store holds, in memory: lists of what is missing ask for thousands of photos.

use std::collections::BTreeMap;
use std::ops::Bound;

use vanguard_core::keys::Hash;

use super::store::BlobStore;

/// So many blobs are listed at a time.
const PAGE: usize = 1_000;

/// The blobs of a store with their sizes, in the order of hashes.
#[derive(Default)]
pub(super) struct Index {
    bytes: u64,
    blobs: BTreeMap<Hash, u64>,
}

impl Index {
    /// Reads a store through.
    pub(super) fn of(store: &dyn BlobStore) -> std::io::Result<Self> {
        let mut index = Self::default();
        let mut last: Option<Hash> = None;
        loop {
            let page = store.list(last.as_ref(), PAGE)?;
            for held in &page {
                index.put(held.hash, held.bytes);
            }
            last = page.last().map(|held| held.hash);
            if last.is_none() {
                return Ok(index);
            }
        }
    }

    pub(super) fn has(&self, hash: &Hash) -> bool {
        self.blobs.contains_key(hash)
    }

    pub(super) fn count(&self) -> u64 {
        self.blobs.len() as u64
    }

    /// The bytes of all of them together.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn next_after(&self, hash: Option<&Hash>) -> Option<Hash> {
        let from = hash.map_or(Bound::Unbounded, Bound::Excluded);
        let mut range = self.blobs.range::<Hash, _>((from, Bound::Unbounded));
        range.next().map(|(hash, _)| *hash)
    }

    pub(super) fn put(&mut self, hash: Hash, bytes: u64) {
        let before = self.blobs.insert(hash, bytes).unwrap_or(0);
        self.bytes = self.bytes - before + bytes;
    }

    /// Says whether it was there.
    pub(super) fn remove(&mut self, hash: &Hash) -> bool {
        let bytes = self.blobs.remove(hash);
        self.bytes -= bytes.unwrap_or(0);
        bytes.is_some()
    }
}
