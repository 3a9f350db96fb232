//! What the relay keeps beside its log, for people to look at: changes that it refused, as evidence,
//! and changes that wait for what they build on. Their bytes are read and shown, and never loaded.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use vanguard_core::id::{DeviceId, DocumentId};
use vanguard_core::keys::Hash;

use super::{Relay, RelayError};

/// A change that is not in the log.
#[derive(Clone, Debug)]
pub struct Quarantined {
    /// The device that pushed it.
    pub device: DeviceId,
    /// The document that it claims to be of.
    pub document: DocumentId,
    /// Its hash, as the relay counted it.
    pub hash: Hash,
    /// Why it was refused; `None` where it waits.
    pub reason: Option<String>,
    /// When it came, in milliseconds of the relay's clock.
    pub at_ms: i64,
    /// How many bytes it has; `None` where the device's quota was used up and none were kept.
    pub size: Option<u64>,
    /// Its first bytes, 64 at most.
    pub head: Vec<u8>,
}

/// How many changes of a device are in quarantine.
#[derive(Clone, Copy, Debug, Default)]
pub struct QuarantineCount {
    /// Refused for good.
    pub refused: u64,
    /// Waiting.
    pub held: u64,
}

// The bytes are looked at only once it is known which rows are shown.
const KEYS: &str = "SELECT device, document, hash, reason, at_ms FROM refused
    UNION ALL SELECT device, document, hash, NULL, at_ms FROM held
    ORDER BY 5 DESC, 3";
const HEAD_OF_REFUSED: &str = "SELECT length(raw), substr(raw, 1, 64) FROM refused
    WHERE document = ?2 AND hash = ?3 AND device = ?1";
const HEAD_OF_HELD: &str = "SELECT length(raw), substr(raw, 1, 64) FROM held
    WHERE document = ?2 AND hash = ?3 AND device = ?1";
const BYTES: &str = "SELECT raw FROM refused
        WHERE document = ?2 AND hash = ?3 AND device = ?1 AND raw IS NOT NULL
    UNION ALL SELECT raw FROM held WHERE document = ?2 AND hash = ?3 AND device = ?1";
const COUNTS: &str = "SELECT refused, held FROM quota WHERE device = ?1";

impl Relay {
    /// What is in quarantine of devices that `is_shown` says yes to, the latest first: `limit` at
    /// most, and whether there is more.
    ///
    /// # Errors
    /// [`RelayError::Storage`].
    pub async fn quarantined(
        self: &Arc<Self>,
        is_shown: impl Fn(DeviceId) -> bool + Send + 'static,
        limit: usize,
    ) -> Result<(Vec<Quarantined>, bool), RelayError> {
        let relay = Arc::clone(self);
        self.blocking(move || {
            relay.readers.with(|conn| {
                let mut shown = keys(conn, is_shown, limit + 1)?;
                let has_more = shown.len() > limit;
                shown.truncate(limit);
                for row in &mut shown {
                    look_at(conn, row)?;
                }
                Ok((shown, has_more))
            })
        })
        .await
    }

    /// The bytes of a change in quarantine; `None` where there is no such change, or none were kept.
    ///
    /// # Errors
    /// [`RelayError::Storage`].
    pub async fn quarantined_bytes(
        self: &Arc<Self>,
        device: DeviceId,
        document: DocumentId,
        hash: Hash,
    ) -> Result<Option<Vec<u8>>, RelayError> {
        let relay = Arc::clone(self);
        self.blocking(move || {
            relay.readers.with(|conn| {
                let mut statement = conn.prepare_cached(BYTES)?;
                let found = statement.query_row(params![device, document, hash], |row| row.get(0));
                Ok(found.optional()?)
            })
        })
        .await
    }

    /// How many changes of each of these devices are in quarantine.
    ///
    /// # Errors
    /// [`RelayError::Storage`].
    pub async fn quarantine_counts(
        self: &Arc<Self>,
        devices: Vec<DeviceId>,
    ) -> Result<Vec<QuarantineCount>, RelayError> {
        let relay = Arc::clone(self);
        self.blocking(move || {
            relay.readers.with(|conn| {
                let mut statement = conn.prepare_cached(COUNTS)?;
                let counts = devices.iter().map(|device| {
                    let read = |row: &Row<'_>| {
                        Ok(QuarantineCount {
                            refused: row.get(0)?,
                            held: row.get(1)?,
                        })
                    };
                    let found = statement.query_row([device], read).optional()?;
                    Ok(found.unwrap_or_default())
                });
                counts.collect::<Result<_, RelayError>>()
            })
        })
        .await
    }
}

fn keys(
    conn: &Connection,
    is_shown: impl Fn(DeviceId) -> bool,
    limit: usize,
) -> rusqlite::Result<Vec<Quarantined>> {
    let mut statement = conn.prepare_cached(KEYS)?;
    let rows = statement.query_map([], |row| {
        Ok(Quarantined {
            device: row.get(0)?,
            document: row.get(1)?,
            hash: row.get(2)?,
            reason: row.get(3)?,
            at_ms: row.get(4)?,
            size: None,
            head: Vec::new(),
        })
    })?;
    let shown = rows.filter(|row| row.as_ref().map_or(true, |row| is_shown(row.device)));
    shown.take(limit).collect()
}

fn look_at(conn: &Connection, row: &mut Quarantined) -> rusqlite::Result<()> {
    let sql = if row.reason.is_some() {
        HEAD_OF_REFUSED
    } else {
        HEAD_OF_HELD
    };
    let key = params![row.device, row.document, row.hash];
    let mut statement = conn.prepare_cached(sql)?;
    let found = statement.query_row(key, |found| {
        let size: Option<u64> = found.get(0)?;
        let head: Option<Vec<u8>> = found.get(1)?;
        Ok((size, head.unwrap_or_default()))
    });
    if let Some((size, head)) = found.optional()? {
        row.size = size;
        row.head = head;
    }
    Ok(())
}
