//! When each device was last seen and how it was then: telemetry for the supervisor's eyes. It is
//! gathered in memory and written every few seconds without waiting for the disk, so that a sync
//! costs no extra flush; a power cut loses some seconds of it and nothing else.

use std::collections::HashMap;
use std::sync::PoisonError;

use rusqlite::params;
use vanguard_core::id::DeviceId;
use vanguard_core::wire::Health;

use super::{Access, AccessError, sql};

/// How a device was when it was last seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact {
    /// When, in milliseconds of the relay's clock.
    pub at_ms: i64,
    /// How many of its changes wait to be sent or acknowledged.
    pub unsent: u64,
    /// When the oldest of them was made, in milliseconds of the device's clock.
    pub oldest_unsent_ms: Option<i64>,
    /// How many files of photos it owed.
    pub photos_owed: u64,
    /// Their bytes.
    pub photo_bytes_owed: u64,
    /// What to add to the device's clock to get the relay's, in milliseconds.
    pub clock_offset_ms: i64,
}

/// Contacts that are not in the file yet.
pub(super) type Pending = HashMap<DeviceId, Contact>;

impl Access {
    /// Remembers a contact, in memory for now.
    pub fn note_contact(&self, device: DeviceId, health: Health) {
        let now = self.env.now_ms();
        let contact = Contact {
            at_ms: now,
            unsent: health.unsent,
            oldest_unsent_ms: health.oldest_unsent_ms,
            photos_owed: health.photos_owed,
            photo_bytes_owed: health.photo_bytes_owed,
            clock_offset_ms: now.saturating_sub(health.device_time_ms),
        };
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.insert(device, contact);
    }

    /// Writes what [`note_contact`](Self::note_contact) gathered.
    ///
    /// # Errors
    /// Where the file cannot be written; what was gathered is then lost.
    pub fn flush_contacts(&self) -> Result<(), AccessError> {
        let gathered = {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *pending)
        };
        if gathered.is_empty() {
            return Ok(());
        }
        let mut db = self
            .telemetry
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let tx = db.transaction()?;
        for (device, contact) in gathered {
            tx.prepare_cached(sql::PUT_CONTACT)?.execute(params![
                device,
                contact.at_ms,
                i64::try_from(contact.unsent).unwrap_or(i64::MAX),
                contact.oldest_unsent_ms,
                contact.clock_offset_ms,
                i64::try_from(contact.photos_owed).unwrap_or(i64::MAX),
                i64::try_from(contact.photo_bytes_owed).unwrap_or(i64::MAX)
            ])?;
        }
        tx.commit()?;
        Ok(())
    }
}
