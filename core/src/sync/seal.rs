//! Sealing: unsent changes become numbered, signed batches. Batches in flight live in memory; a
//! notebook that is opened again seals what is still unsent anew, and the relay knows a change
//! that it has already by document and hash.

use std::collections::HashSet;
use std::sync::Arc;

use minicbor::bytes::ByteVec;
use rusqlite::Connection;

use crate::batch::{FORMAT, statement};
use crate::compose::Verb;
use crate::env::Env;
use crate::id::{DocumentId, OrgId};
use crate::keys::{Hash, Signature, sha256};
use crate::notebook::{Notebook, NotebookError};
use crate::store::{StoreError, documents::DocKey, meta, outbox};
use crate::wire::{BatchEntry, BatchHeader, CHANGE_LIMIT_BYTES, SealedBatch};

/// A notebook's side of the way to its relay, for one opening.
#[derive(Debug)]
pub struct Link {
    opening: [u8; 16],
    next_number: u64,
    previous: Hash,
    in_flight: Vec<InFlight>,
    /// The documents in batches that were sent.
    sent: Arc<HashSet<DocumentId>>,
}

/// A batch that no answer has come to yet.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) batch: SealedBatch,
    is_signed: bool,
    /// The batch's changes in its order.
    pub(super) items: Vec<Item>,
}

/// A change in flight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) entry: i64,
    pub(super) key: DocKey,
    pub(super) document: DocumentId,
    pub(super) hash: Hash,
}

impl Link {
    /// A new opening: a fresh random id, its batches numbered from 0, chained to the last batch
    /// that this file's relay acknowledged.
    pub(crate) fn new(conn: &Connection, env: &dyn Env) -> Result<Self, StoreError> {
        let previous: Option<[u8; 32]> = meta(conn, "last_batch")?;
        Ok(Self {
            opening: env.random_16(),
            next_number: 0,
            previous: previous.unwrap_or_default(),
            in_flight: Vec::new(),
            sent: Arc::default(),
        })
    }

    /// Whether all that the outbox has of a document is in a batch that was sent.
    pub(crate) fn has_sent_all(&self, document: DocumentId) -> bool {
        self.sent.contains(&document)
    }

    /// The documents in batches that were sent.
    pub(crate) fn sent(&self) -> Arc<HashSet<DocumentId>> {
        Arc::clone(&self.sent)
    }

    /// Says what another opening of the same notebook has sent.
    pub(crate) fn set_sent(&mut self, sent: Arc<HashSet<DocumentId>>) {
        self.sent = sent;
    }

    pub(super) fn batches(&self) -> Vec<SealedBatch> {
        self.in_flight
            .iter()
            .map(|in_flight| in_flight.batch.clone())
            .collect()
    }

    pub(super) fn unsigned_statement(&self) -> Option<Vec<u8>> {
        let unsigned = self
            .in_flight
            .iter()
            .find(|in_flight| !in_flight.is_signed)?;
        Some(statement(&unsigned.batch))
    }

    pub(super) fn sign(&mut self, signature: Signature) {
        if let Some(in_flight) = self
            .in_flight
            .iter_mut()
            .find(|in_flight| !in_flight.is_signed)
        {
            in_flight.batch.signature = signature;
            in_flight.is_signed = true;
        }
    }

    pub(super) fn mark_sent(&mut self) {
        let batches = self.in_flight.iter();
        let items = batches.flat_map(|batch| batch.items.iter().map(|item| item.document));
        self.sent = Arc::new(items.collect());
    }

    /// Takes the batches out that an answer has come to.
    pub(super) fn take_in_flight(&mut self) -> Vec<InFlight> {
        self.sent = Arc::default();
        std::mem::take(&mut self.in_flight)
    }

    /// The hash of the last batch sealed.
    pub(super) fn last_hash(&self) -> Hash {
        self.previous
    }
}

/// At most about how many bytes of changes a request pushes.
const PUSH_BYTES: usize = CHANGE_LIMIT_BYTES;

impl Notebook {
    /// Seals what lies in the outbox beyond `pushed_to` and is not in flight: one batch for each
    /// run of changes that had seen the directory up to the same position. A batch in flight is
    /// answered before more are sealed, so that it is sent again as it was.
    pub(super) fn seal(&mut self, pushed_to: i64, limit: usize) -> Result<(), NotebookError> {
        if !self.link.in_flight.is_empty() {
            return Ok(());
        }
        let mut entries = outbox::after(self.reader(), pushed_to, limit)?;
        let mut bytes = 0;
        let fits = entries.iter().take_while(|entry| {
            bytes += entry.raw.len();
            bytes <= PUSH_BYTES
        });
        let fitting = fits.count().max(1);
        entries.truncate(fitting);
        let offset: Option<i64> = meta(self.reader(), "clock_offset_ms")?;
        for run in entries.chunk_by(|a, b| a.directory_position == b.directory_position) {
            self.seal_run(run, offset)?;
        }
        Ok(())
    }

    fn seal_run(
        &mut self,
        run: &[outbox::Entry],
        offset: Option<i64>,
    ) -> Result<(), NotebookError> {
        let identity = self.identity.as_ref().ok_or(NotebookError::NotEnrolled)?;
        let Some(first) = run.first() else {
            return Ok(());
        };
        let mut entries: Vec<BatchEntry> = Vec::new();
        let mut items: Vec<Vec<Item>> = Vec::new();
        // A document's changes travel together, but none moves past a change of the directory: it
        // may be what they, or what comes after them, rest on.
        let mut places = std::collections::HashMap::new();
        let mut last = None;
        for change in run {
            let is_of_directory = change.space == OrgId::DIRECTORY;
            if is_of_directory && last != Some(change.document) {
                places.clear();
            }
            last = is_of_directory.then_some(change.document);
            let place = *places.entry(change.document).or_insert_with(|| {
                let is_new = matches!(change.verb, Verb::Create { .. });
                let document = (!is_new).then_some(change.document);
                entries.push(BatchEntry {
                    document,
                    space: change.space,
                    changes: Vec::new(),
                });
                items.push(Vec::new());
                entries.len() - 1
            });
            entries[place]
                .changes
                .push(ByteVec::from(change.raw.clone()));
            let outbox::Entry {
                entry,
                key,
                document,
                hash,
                ..
            } = *change;
            items[place].push(Item {
                entry,
                key,
                document,
                hash,
            });
        }
        let header = BatchHeader {
            format: FORMAT,
            relay: identity.relay_key.fingerprint(),
            device: identity.device,
            opening: self.link.opening,
            number: self.link.next_number,
            previous: self.link.previous,
            directory_position: first.directory_position,
            device_time_ms: self.env.now_ms(),
            clock_offset_ms: offset,
            on_behalf_of: None,
        };
        let batch = SealedBatch {
            header,
            entries,
            signature: Signature([0; 64]),
        };
        self.link.previous = sha256(&statement(&batch));
        self.link.next_number += 1;
        let items = items.into_iter().flatten().collect();
        self.link.in_flight.push(InFlight {
            batch,
            is_signed: false,
            items,
        });
        Ok(())
    }
}
