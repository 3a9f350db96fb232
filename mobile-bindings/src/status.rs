//! What a person must always be able to see: what has not reached the relay yet and since when,
//! what came back, how much the phone holds; and the way to save it all.

use serde_json::Value as Json;
use vanguard_core::Verb;
use vanguard_core::id::DocumentId;
use vanguard_core::model::DocumentKind;
use vanguard_core::notebook::StorageUse;
use vanguard_core::rules::Refusal;
use vanguard_core::store::photos;
use vanguard_core::store::query::kind_of;

use crate::error::Result;
use crate::notebook::Notebook;

/// How much a notebook holds.
#[uniffi::remote(Record)]
pub struct StorageUse {
    /// The database on disk, its journal included, in bytes.
    pub database_bytes: u64,
    /// Documents of every kind.
    pub documents: u64,
    /// Of these, inspections, violations and hazards, which `prune` may remove.
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
    /// Files of photos that nothing names: shots that were not used, see `discard_photo`.
    pub photo_files_unnamed: u64,
    /// Their bytes.
    pub photo_bytes_unnamed: u64,
}

/// Where this device stands with its relay.
#[derive(Clone, Debug, uniffi::Record)]
pub struct SyncStatus {
    /// Changes that no receipt covers.
    pub unsent_changes: u64,
    /// Files of photos that records name and that no receipt covers.
    pub unsent_photos: u64,
    /// Their bytes.
    pub unsent_photo_bytes: u64,
    /// When the oldest of all these was made, by the device's clock, in milliseconds.
    pub oldest_unsent_ms: Option<i64>,
    /// When the last sync ended well, by the device's clock, in milliseconds.
    pub last_sync_ms: Option<i64>,
    /// How many things lie in the tray.
    pub returned: u64,
}

/// Something in the returned-to-you tray.
#[derive(Clone, Debug, uniffi::Record)]
pub struct ReturnedItem {
    /// Its number in the tray.
    pub number: i64,
    /// The record.
    pub record: DocumentId,
    /// What it is; nothing where the record itself was refused.
    pub kind: Option<DocumentKind>,
    /// What had been done, as JSON: nothing typed is lost.
    pub verb: Json,
    /// The reason's name in the message catalogue.
    pub reason: String,
    /// The reason, where this version knows it.
    pub refusal: Option<Refusal>,
    /// When it was done, by the device's clock, in milliseconds.
    pub made_at_ms: i64,
    /// When it came back, by the device's clock, in milliseconds.
    pub returned_at_ms: i64,
}

#[uniffi::export]
impl Notebook {
    /// Where this device stands with its relay.
    ///
    /// # Errors
    /// `Paused`, `Storage`.
    pub fn sync_status(&self) -> Result<SyncStatus> {
        self.read(|notebook| {
            let unsent = notebook.unsent()?;
            let owed = photos::owed(notebook.reader())?;
            let oldest = [unsent.oldest_ms, photos::oldest_owed_ms(notebook.reader())?];
            Ok(SyncStatus {
                unsent_changes: unsent.changes,
                unsent_photos: owed.files,
                unsent_photo_bytes: owed.bytes,
                oldest_unsent_ms: oldest.into_iter().flatten().min(),
                last_sync_ms: notebook.last_sync_ms()?,
                returned: notebook.returned()?.len() as u64,
            })
        })
    }

    /// The returned-to-you tray, oldest first.
    ///
    /// # Errors
    /// `Paused`, `Storage`.
    pub fn returned(&self) -> Result<Vec<ReturnedItem>> {
        self.read(|notebook| {
            let tray = notebook.returned()?.into_iter().map(|item| {
                let kind = match &item.verb {
                    Verb::Create { header, .. } => Some(header.kind),
                    _ => kind_of(notebook.reader(), item.document)?.map(|(kind, _)| kind),
                };
                Ok(ReturnedItem {
                    number: item.number,
                    record: item.document,
                    kind,
                    verb: serde_json::to_value(&item.verb).unwrap_or_default(),
                    refusal: Refusal::parse(&item.reason),
                    reason: item.reason,
                    made_at_ms: item.made_at_ms,
                    returned_at_ms: item.returned_at_ms,
                })
            });
            tray.collect()
        })
    }

    /// Marks something in the tray as dealt with; it stays in the file.
    ///
    /// # Errors
    /// `Paused`, `Storage`.
    pub fn settle_returned(&self, number: i64) -> Result<()> {
        self.write(|notebook| notebook.settle_returned(number))
    }

    /// How much this notebook holds.
    ///
    /// # Errors
    /// `Paused`, `Storage`.
    pub fn storage_use(&self) -> Result<StorageUse> {
        self.read(vanguard_core::Notebook::storage_use)
    }

    /// Removes what is neither open nor was touched within `window_days`, nor holds anything
    /// unsent; the relay keeps it. Gives how many records went.
    ///
    /// # Errors
    /// `Paused`, `Storage`.
    pub fn prune(&self, window_days: u32) -> Result<u64> {
        self.write(|notebook| notebook.prune(window_days))
            .map(|count| count as u64)
    }

    /// Everything that exists nowhere but here, as JSON to share by any way: drafts, what no
    /// receipt covers, what was returned, and which photos are unsent: their files are not in it.
    /// There are no keys in it.
    ///
    /// # Errors
    /// `Paused`, `Storage`.
    pub fn export_unsent(&self) -> Result<String> {
        let export = self.read(vanguard_core::Notebook::export_unsent)?;
        Ok(format!("{export:#}"))
    }
}
