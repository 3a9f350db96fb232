//! What a person can see and save of a notebook that has not reached its relay: how much it
//! holds, and its unsent work as a text that can be handed over by any other way.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Notebook, Result};
use crate::model::DocumentKind;
use crate::rules::{Actionable, allowed_actions};
use crate::store::{StoreError, outbox, photos, query, synced};

/// How much a notebook holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageUse {
    /// The database on disk, its journal included, in bytes.
    pub database_bytes: u64,
    /// Documents of every kind.
    pub documents: u64,
    /// Of these, inspections, violations and hazards, which pruning may remove.
    pub records: u64,
    /// Inspections that are not submitted yet.
    pub drafts: u64,
    /// Files of photos that are here.
    pub photo_files: u64,
    /// Their bytes.
    pub photo_bytes: u64,
    /// Files of photos that the relay has not acknowledged.
    pub photo_files_owed: u64,
    /// Their bytes.
    pub photo_bytes_owed: u64,
    /// Files of photos that nothing names: shots that were not used, which may be discarded.
    pub photo_files_unnamed: u64,
    /// Their bytes.
    pub photo_bytes_unnamed: u64,
}

impl Notebook {
    /// What this member may do to a record now; nothing where it is written by a newer app or
    /// damaged, which can be looked at but not changed.
    ///
    /// # Errors
    /// [`NotebookError::NotFound`](super::NotebookError::NotFound) where the record is not here,
    /// [`NotebookError::NotEnrolled`](super::NotebookError::NotEnrolled), and the store's.
    pub fn allowed_actions<R: Actionable>(
        &self,
        id: impl Into<crate::id::DocumentId>,
    ) -> Result<Vec<R::Action>> {
        let id = id.into();
        let row = self.get::<R>(id)?;
        let member = self.member()?;
        if !query::is_good(self.reader(), id)? {
            return Ok(Vec::new());
        }
        Ok(allowed_actions(self.directory(), member, &row.view))
    }

    /// How much it holds.
    ///
    /// # Errors
    /// The store's.
    pub fn storage_use(&self) -> Result<StorageUse> {
        let count = |sql| -> Result<u64> {
            Ok(self
                .reader()
                .prepare_cached(sql)?
                .query_row([], |row| row.get(0))?)
        };
        let path = self.store.path();
        let size = |suffix: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            std::fs::metadata(name).map_or(0, |file| file.len()) // there may be no journal
        };
        let stored = photos::stored(self.reader())?;
        let owed = photos::owed(self.reader())?;
        let unnamed = photos::unnamed(self.reader())?;
        Ok(StorageUse {
            database_bytes: size("") + size("-wal"),
            documents: count("SELECT count(*) FROM document")?,
            records: count(
                "SELECT count(*) FROM record WHERE kind IN ('inspection', 'violation', 'hazard')",
            )?,
            drafts: count("SELECT count(*) FROM draft")?,
            photo_files: stored.files,
            photo_bytes: stored.bytes,
            photo_files_owed: owed.files,
            photo_bytes_owed: owed.bytes,
            photo_files_unnamed: unnamed.len() as u64,
            photo_bytes_unnamed: unnamed.iter().map(|(_, bytes)| bytes).sum(),
        })
    }

    /// Everything that exists nowhere but here, as JSON: drafts, what no receipt covers, and what
    /// was returned, each as the verb that was done, and the names of the photos' files that the
    /// relay has not acknowledged, which lie beside the notebook. It has no keys in it and can be handed to a
    /// supervisor by any way; it is for reading and entering again, not for syncing.
    ///
    /// # Errors
    /// The store's.
    pub fn export_unsent(&self) -> Result<Value> {
        let entries = outbox::after(self.reader(), 0, usize::MAX >> 1)?;
        let mut unsent = Vec::with_capacity(entries.len());
        for entry in entries {
            let kind = query::kind_of(self.reader(), entry.document)?;
            unsent.push(json!({
                "document": entry.document,
                "kind": kind.map(|(kind, _): (DocumentKind, _)| kind),
                "space": entry.space,
                "made_at_ms": entry.made_at_ms,
                "verb": entry.verb,
            }));
        }
        let drafts: Vec<Value> = self
            .drafts()?
            .into_iter()
            .map(|draft| {
                json!({
                    "id": draft.id,
                    "space": draft.space,
                    "updated_ms": draft.updated_ms,
                    "fields": draft.fields,
                })
            })
            .collect();
        let photos: Vec<Value> = photos::unsent(self.reader())?
            .into_iter()
            .map(|(hash, bytes, at_ms)| {
                json!({ "hash": crate::keys::hex(&hash), "bytes": bytes, "made_at_ms": at_ms })
            })
            .collect();
        let identity = self.identity();
        Ok(json!({
            "format": "vanguard unsent work 1",
            "exported_ms": self.env.now_ms(),
            "member": identity.map(|identity| identity.member),
            "device": identity.map(|identity| identity.device),
            "relay": identity.map(|identity| &identity.relay_url),
            "drafts": drafts,
            "unsent": unsent,
            "photos": photos,
            "returned": serde_json::to_value(self.returned()?).map_err(StoreError::from)?,
        }))
    }

    /// When the last sync ended well, by the device's clock, in milliseconds.
    ///
    /// # Errors
    /// The store's.
    pub fn last_sync_ms(&self) -> Result<Option<i64>> {
        Ok(synced::last_sync_ms(self.reader())?)
    }
}
