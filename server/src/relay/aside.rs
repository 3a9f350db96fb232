//! What stays out of the log and is kept beside it: refused changes, held ones, and how much each
//! device may have of both.

use rusqlite::{Connection, OptionalExtension as _, params};
use vanguard_core::id::{DeviceId, DocumentId, MemberId, OrgId};
use vanguard_core::keys::Hash;

use super::log::Result;

/// The highest number of bytes that are kept as evidence for one device: refused changes, and what
/// it signed for nothing else.
const QUARANTINE_BYTES: u64 = 16 << 20;
/// The highest number of refusals that are remembered for one device; further changes of it are
/// judged anew each time.
const REFUSED_LIMIT: u64 = 10_000;

/// A refused change.
pub(super) struct RefusedRow<'a> {
    pub(super) hash: &'a Hash,
    pub(super) reason: &'a str,
    pub(super) device: DeviceId,
    /// Whether the device that pushed it is the one that made it.
    pub(super) is_own: bool,
    pub(super) raw: &'a [u8],
}

/// Remembers a refusal, within the device's quota.
pub(super) fn put_refused(
    conn: &Connection,
    document: DocumentId,
    row: &RefusedRow<'_>,
    now_ms: i64,
) -> Result<()> {
    let Quota {
        refused,
        refused_bytes,
        ..
    } = quota(conn, row.device)?;
    if refused >= REFUSED_LIMIT {
        return Ok(());
    }
    let bytes = row.raw.len() as u64;
    let raw = (refused_bytes + bytes <= QUARANTINE_BYTES).then_some(row.raw);
    let made = conn
        .prepare_cached(
            "INSERT OR IGNORE INTO refused (document, hash, device, is_own, reason, at_ms, raw)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            document, row.hash, row.device, row.is_own, row.reason, now_ms, raw
        ])?;
    if made > 0 {
        let bytes = raw.map_or(0, <[u8]>::len);
        conn.prepare_cached(
            "INSERT INTO quota (device, refused, refused_bytes) VALUES (?1, 1, ?2)
             ON CONFLICT (device) DO UPDATE
             SET refused = refused + 1, refused_bytes = refused_bytes + ?2",
        )?
        .execute(params![row.device, bytes])?;
    }
    Ok(())
}

/// Takes so many bytes of a device's quota of evidence; says no where it has not as many left.
pub(super) fn keep_evidence(conn: &Connection, device: DeviceId, bytes: u64) -> Result<bool> {
    if quota(conn, device)?.refused_bytes + bytes > QUARANTINE_BYTES {
        return Ok(false);
    }
    conn.prepare_cached(
        "INSERT INTO quota (device, refused_bytes) VALUES (?1, ?2)
         ON CONFLICT (device) DO UPDATE SET refused_bytes = refused_bytes + ?2",
    )?
    .execute(params![device, bytes])?;
    Ok(true)
}

/// What a device has used up of what is kept for it beside the log.
#[derive(Clone, Copy, Default)]
struct Quota {
    refused: u64,
    refused_bytes: u64,
    held: u64,
    held_bytes: u64,
}

fn quota(conn: &Connection, device: DeviceId) -> Result<Quota> {
    let found = conn
        .prepare_cached(
            "SELECT refused, refused_bytes, held, held_bytes FROM quota WHERE device = ?1",
        )?
        .query_row([device], |row| {
            Ok(Quota {
                refused: row.get(0)?,
                refused_bytes: row.get(1)?,
                held: row.get(2)?,
                held_bytes: row.get(3)?,
            })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// A change that waits for its dependencies.
pub(super) struct HeldRow {
    pub(super) hash: Hash,
    pub(super) device: DeviceId,
    pub(super) member: MemberId,
    pub(super) actor_prefix: [u8; 8],
    pub(super) space: OrgId,
    pub(super) directory_position: u64,
    pub(super) batch: i64,
    pub(super) raw: Vec<u8>,
}

/// The highest number of changes that wait for one device.
const HELD_LIMIT: u64 = 10_000;
/// The highest number of bytes of changes that wait for one device.
const HELD_LIMIT_BYTES: u64 = 16 << 20;

/// Keeps a change until those that are `missing` arrive. Over the device's quota it is not kept
/// here, but the device still has it.
pub(super) fn put_held(
    conn: &Connection,
    document: DocumentId,
    row: &HeldRow,
    missing: &[Hash],
    now_ms: i64,
) -> Result<()> {
    let Quota {
        held, held_bytes, ..
    } = quota(conn, row.device)?;
    let bytes = row.raw.len() as u64;
    if held >= HELD_LIMIT || held_bytes + bytes > HELD_LIMIT_BYTES {
        return Ok(());
    }
    let made = conn.prepare_cached(
        "INSERT OR IGNORE INTO held
            (document, hash, device, member, actor_prefix, space, directory_position, batch, at_ms, raw)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        document,
        row.hash,
        row.device,
        row.member,
        row.actor_prefix,
        row.space,
        row.directory_position,
        row.batch,
        now_ms,
        row.raw
    ])?;
    if made > 0 {
        let held = conn.last_insert_rowid();
        conn.prepare_cached(
            "INSERT INTO quota (device, held, held_bytes) VALUES (?1, 1, ?2)
             ON CONFLICT (device) DO UPDATE SET held = held + 1, held_bytes = held_bytes + ?2",
        )?
        .execute(params![row.device, bytes])?;
        let mut await_ =
            conn.prepare_cached("INSERT INTO awaited (document, hash, held) VALUES (?1, ?2, ?3)")?;
        for hash in missing {
            await_.execute(params![document, hash, held])?;
        }
    }
    Ok(())
}

/// What has become of a change that others may wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is in the log.
    Admitted,
    /// It never will be.
    Refused,
}

/// Takes out, oldest first, what need not wait any more now that this has become of a change: that
/// which waited for it last, or in vain.
pub(super) fn take_settled(
    conn: &Connection,
    document: DocumentId,
    hash: &Hash,
    fate: Fate,
) -> Result<Vec<HeldRow>> {
    let mut waiting: Vec<i64> = conn
        .prepare_cached("DELETE FROM awaited WHERE document = ?1 AND hash = ?2 RETURNING held")?
        .query_map(params![document, hash], |row| row.get(0))?
        .collect::<Result<_>>()?;
    waiting.sort_unstable();
    if fate == Fate::Admitted {
        let mut more = conn.prepare_cached("SELECT 1 FROM awaited WHERE held = ?1")?;
        let mut settled = Vec::with_capacity(waiting.len());
        for held in waiting {
            if !more.exists([held])? {
                settled.push(held);
            }
        }
        waiting = settled;
    }
    waiting
        .into_iter()
        .map(|held| take_held(conn, held))
        .collect()
}

fn take_held(conn: &Connection, held: i64) -> Result<HeldRow> {
    let row = conn
        .prepare_cached(
            "DELETE FROM held WHERE held = ?1 RETURNING
             hash, device, member, actor_prefix, space, directory_position, batch, raw",
        )?
        .query_row([held], |row| {
            Ok(HeldRow {
                hash: row.get(0)?,
                device: row.get(1)?,
                member: row.get(2)?,
                actor_prefix: row.get(3)?,
                space: row.get(4)?,
                directory_position: row.get(5)?,
                batch: row.get(6)?,
                raw: row.get(7)?,
            })
        })?;
    conn.prepare_cached(
        "UPDATE quota SET held = held - 1, held_bytes = held_bytes - ?2 WHERE device = ?1",
    )?
    .execute(params![row.device, row.raw.len()])?;
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::super::log;
    use super::*;

    #[test]
    fn a_log_from_before_quotas_counts_what_it_keeps_already() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(log::MIGRATIONS[0]).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        old.execute_batch(
            "INSERT INTO batch VALUES (1, x'01', x'02', 0, x'03', x'04', x'05', 6);
             INSERT INTO refused VALUES (x'd1', x'a1', 'forged', zeroblob(16), 5, x'0000');
             INSERT INTO refused VALUES (x'd1', x'a2', 'role', zeroblob(16), 5, NULL);
             INSERT INTO held VALUES
                (1, x'd1', x'a3', zeroblob(16), x'02', x'03', x'04', 0, 1, 5, x'000000');",
        )
        .unwrap();
        drop(old);
        let conn = log::open(&path, &vanguard_core::SystemEnv).unwrap();
        let kept = quota(&conn, DeviceId::from_bytes([0; 16])).unwrap();
        assert_eq!((kept.refused, kept.refused_bytes), (2, 2));
        let waiting = (kept.held, kept.held_bytes);
        assert_eq!(waiting, (0, 0), "what waits is pushed again");
        let own: u64 = conn
            .query_row("SELECT count(*) FROM refused WHERE is_own", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(own, 1, "of what was forged nobody knows whose it was");
    }
}
