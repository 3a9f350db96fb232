//! Enrolled devices: found by their credential, confirmed by six digits, revoked for good.

use rusqlite::{OptionalExtension as _, Row, params};
use vanguard_core::id::{DeviceId, MemberId};
use vanguard_core::keys::{PublicKey, sha256};

use super::{Access, AccessError, Contact, sql};

/// What is known of a device.
#[derive(Clone, Debug)]
pub struct DeviceRow {
    /// Its id.
    pub id: DeviceId,
    /// Whose it is.
    pub member: MemberId,
    /// Its key.
    pub public_key: PublicKey,
    /// What its owner calls it.
    pub name: String,
    /// The six digits that its screen shows until it is confirmed.
    pub code: String,
    /// When it was enrolled, in milliseconds of the relay's clock.
    pub enrolled_at_ms: i64,
    /// When somebody confirmed it.
    pub confirmed_at_ms: Option<i64>,
    /// When it first synced.
    pub first_sync_at_ms: Option<i64>,
    /// When it was revoked.
    pub revoked_at_ms: Option<i64>,
    /// When and how it was last seen.
    pub contact: Option<Contact>,
}

/// Where a device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceStatus {
    /// 待确认: nobody has compared its digits yet.
    Unconfirmed,
    /// 已确认: its batches are admitted.
    Confirmed,
    /// 已停用: nothing more is taken from it.
    Revoked,
}

/// How many devices there are of each standing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceCounts {
    /// Confirmed and not revoked.
    pub confirmed: i64,
    /// Waiting to be confirmed.
    pub unconfirmed: i64,
    /// Revoked.
    pub revoked: i64,
}

impl DeviceRow {
    /// Where it stands.
    pub const fn status(&self) -> DeviceStatus {
        match (self.revoked_at_ms, self.confirmed_at_ms) {
            (Some(_), _) => DeviceStatus::Revoked,
            (None, Some(_)) => DeviceStatus::Confirmed,
            (None, None) => DeviceStatus::Unconfirmed,
        }
    }

    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let key: Vec<u8> = row.get(2)?;
        let public_key = PublicKey::from_sec1(&key).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Blob, error.into())
        })?;
        let last_contact: Option<i64> = row.get(9)?;
        let contact = match last_contact {
            None => None,
            Some(at_ms) => Some(Contact {
                at_ms,
                unsent: u64::try_from(row.get::<_, i64>(10)?).unwrap_or(0),
                oldest_unsent_ms: row.get(11)?,
                clock_offset_ms: row.get(12)?,
                photos_owed: u64::try_from(row.get::<_, i64>(13)?).unwrap_or(0),
                photo_bytes_owed: u64::try_from(row.get::<_, i64>(14)?).unwrap_or(0),
            }),
        };
        Ok(Self {
            id: row.get(0)?,
            member: row.get(1)?,
            public_key,
            name: row.get(3)?,
            code: row.get(4)?,
            enrolled_at_ms: row.get(5)?,
            confirmed_at_ms: row.get(6)?,
            first_sync_at_ms: row.get(7)?,
            revoked_at_ms: row.get(8)?,
            contact,
        })
    }
}

impl Access {
    /// The device that shows this credential. It is found by the credential's hash, so that how
    /// long the search takes tells nothing about the credential.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn device_by_credential(
        &self,
        credential: &[u8; 32],
    ) -> Result<Option<DeviceRow>, AccessError> {
        self.find_device(sql::BY_CREDENTIAL, sha256(credential).as_slice())
    }

    /// A device.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn device(&self, id: DeviceId) -> Result<Option<DeviceRow>, AccessError> {
        self.find_device(sql::BY_ID, id.as_bytes().as_slice())
    }

    fn find_device(&self, by: &str, key: &[u8]) -> Result<Option<DeviceRow>, AccessError> {
        let db = self.db();
        let mut statement = db.prepare_cached(&format!("{} {by}", sql::DEVICE_COLUMNS))?;
        Ok(statement.query_row([key], DeviceRow::read).optional()?)
    }

    /// Every device, the latest first.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn devices(&self) -> Result<Vec<DeviceRow>, AccessError> {
        self.flush_contacts()?;
        let db = self.db();
        let text = format!("{} {}", sql::DEVICE_COLUMNS, sql::ALL_DEVICES);
        let mut statement = db.prepare_cached(&text)?;
        let rows = statement.query_map([], DeviceRow::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The devices that wait to be confirmed and show these digits: nearly always one at most.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn devices_waiting_with(&self, code: &str) -> Result<Vec<DeviceRow>, AccessError> {
        let db = self.db();
        let text = format!("{} {}", sql::DEVICE_COLUMNS, sql::BY_WAITING_CODE);
        let mut statement = db.prepare_cached(&text)?;
        let rows = statement.query_map([code], DeviceRow::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Confirms a device in the name of `by`; false where it was confirmed before or is revoked.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn confirm_device(&self, id: DeviceId, by: MemberId) -> Result<bool, AccessError> {
        let now = self.env.now_ms();
        let changed = self
            .db()
            .execute(sql::CONFIRM_DEVICE, params![id, now, by])?;
        Ok(changed == 1)
    }

    /// Revokes a device in the name of `by`, for good; false where it was revoked before, or is
    /// not known.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn revoke_device(&self, id: DeviceId, by: MemberId) -> Result<bool, AccessError> {
        let now = self.env.now_ms();
        let changed = self
            .db()
            .execute(sql::REVOKE_DEVICE, params![id, now, by])?;
        Ok(changed == 1)
    }

    /// Remembers that a device has synced, after which its credential is never given anew.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn note_first_sync(&self, id: DeviceId) -> Result<(), AccessError> {
        let now = self.env.now_ms();
        self.db().execute(sql::NOTE_FIRST_SYNC, params![id, now])?;
        Ok(())
    }

    /// How many devices there are.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn count_devices(&self) -> Result<DeviceCounts, AccessError> {
        let db = self.db();
        let counts = db.query_row(sql::COUNT_DEVICES, [], |row| {
            Ok(DeviceCounts {
                confirmed: row.get(0)?,
                unconfirmed: row.get(1)?,
                revoked: row.get(2)?,
            })
        })?;
        Ok(counts)
    }
}
