//! Where this device stands with its relay: the cursor, how far each space has been taken, what it
//! wants. Which spaces it follows is in [`scope`](super::scope).

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Result, meta, photos, set_meta};
use crate::id::{DeviceId, DocumentId};
use crate::wire::{Bootstrap, BootstrapMark, BootstrapProgress, ByteArray32, Cursor};

/// The cursor; `None` before the first page.
///
/// # Errors
/// SQLite's.
pub fn cursor(conn: &Connection) -> Result<Option<Cursor>> {
    let bytes: Option<Vec<u8>> = meta(conn, "cursor")?;
    Ok(bytes.and_then(|bytes| crate::wire::decode(&bytes).ok()))
}

/// Moves the cursor, in the transaction of its page.
///
/// # Errors
/// SQLite's.
pub fn set_cursor(conn: &Connection, cursor: &Cursor) -> Result<()> {
    set_meta(conn, "cursor", crate::wire::encode(cursor))
}

/// The spaces that are not complete yet, and how far each has come; the directory first.
///
/// # Errors
/// SQLite's.
pub fn bootstraps(conn: &Connection) -> Result<Vec<Bootstrap>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, open_done, after_seq FROM space WHERE NOT is_complete ORDER BY id",
    )?;
    let rows = statement.query_map([], |row| {
        let open_done: Option<bool> = row.get(1)?;
        let seq: Option<u64> = row.get(2)?;
        let after = open_done
            .zip(seq)
            .map(|(open_done, seq)| BootstrapMark { open_done, seq });
        Ok(Bootstrap {
            space: row.get(0)?,
            after,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Notes how far the taking of a space has come.
///
/// # Errors
/// SQLite's.
pub fn set_bootstrap(conn: &Connection, progress: &BootstrapProgress) -> Result<()> {
    let mark = progress.after;
    conn.prepare_cached(
        "UPDATE space SET is_complete = ?2, open_done = ?3, after_seq = ?4, remaining = ?5
         WHERE id = ?1",
    )?
    .execute(params![
        progress.space,
        mark.is_none(),
        mark.map(|mark| mark.open_done),
        mark.map(|mark| mark.seq),
        progress.remaining,
    ])?;
    Ok(())
}

/// Begins anew with every space, because the relay's log is another one: what is here stays, and
/// is compared by hash, `device`'s own photos among it.
///
/// # Errors
/// SQLite's.
pub fn restart(conn: &Connection, device: DeviceId) -> Result<()> {
    photos::owe_again(conn, device)?;
    conn.execute_batch(
        "UPDATE space SET is_complete = 0, open_done = NULL, after_seq = NULL;
         UPDATE change SET position = NULL, received_at_ms = NULL;
         -- Positions of the other log say nothing about what was seen of this one.
         UPDATE outbox SET directory_position = 0;
         INSERT OR REPLACE INTO meta (name, value) VALUES ('is_reconciling', 1);",
    )?;
    Ok(())
}

/// Once every space is taken again after a [`restart`]: wants what lies outside the window too,
/// so that its changes get their places back.
///
/// # Errors
/// SQLite's.
pub fn reconcile(conn: &Connection) -> Result<()> {
    let is_reconciling: Option<i64> = meta(conn, "is_reconciling")?;
    if is_reconciling.is_none() || !bootstraps(conn)?.is_empty() {
        return Ok(());
    }
    conn.execute_batch(
        "INSERT OR IGNORE INTO wanted (id, reason)
         SELECT d.id, 'reconciling' FROM document d WHERE EXISTS (
             SELECT 1 FROM change c WHERE c.doc = d.doc AND c.position IS NULL
             AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.doc = c.doc AND o.hash = c.hash));
         DELETE FROM meta WHERE name = 'is_reconciling';
         INSERT OR REPLACE INTO meta (name, value) VALUES ('is_settling', 1);",
    )?;
    Ok(())
}

/// Whether it is still being found out what another log has of what is here. Nothing is pushed
/// before: what it has needs no sending, and what it will never have is not built on.
///
/// # Errors
/// SQLite's.
pub fn is_reconciling(conn: &Connection) -> Result<bool> {
    let mut statement = conn.prepare_cached(
        "SELECT 1 FROM meta WHERE name = 'is_reconciling'
         UNION ALL SELECT 1 FROM wanted WHERE reason = 'reconciling'",
    )?;
    Ok(statement.exists([])?)
}

/// Whether that has just been found out; says so once.
///
/// # Errors
/// SQLite's.
pub fn take_settling(conn: &Connection) -> Result<bool> {
    if is_reconciling(conn)? {
        return Ok(false);
    }
    let mut statement = conn.prepare_cached("DELETE FROM meta WHERE name = 'is_settling'")?;
    Ok(statement.execute([])? > 0)
}

/// How many documents are still to be taken.
///
/// # Errors
/// SQLite's.
pub fn remaining(conn: &Connection) -> Result<u64> {
    let mut statement = conn.prepare_cached("SELECT coalesce(sum(remaining), 0) FROM space")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Wants a document whole.
///
/// # Errors
/// SQLite's.
pub fn want(conn: &Connection, id: DocumentId, reason: &str) -> Result<()> {
    conn.prepare_cached("INSERT OR IGNORE INTO wanted (id, reason) VALUES (?1, ?2)")?
        .execute(params![id, reason])?;
    Ok(())
}

/// No longer wants a document: it is here, or it is not to be had.
///
/// # Errors
/// SQLite's.
pub fn unwant(conn: &Connection, id: DocumentId) -> Result<()> {
    conn.prepare_cached("DELETE FROM wanted WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// Documents to fetch whole, at most `limit`.
///
/// # Errors
/// SQLite's.
pub fn wanted(conn: &Connection, limit: usize) -> Result<Vec<DocumentId>> {
    let mut statement = conn.prepare_cached("SELECT id FROM wanted ORDER BY id LIMIT ?1")?;
    Ok(statement
        .query_map([limit], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?)
}

/// Hashes of changes beyond the cursor that are here already, at most `limit`.
///
/// # Errors
/// SQLite's.
pub fn held(conn: &Connection, cursor: Option<&Cursor>, limit: usize) -> Result<Vec<ByteArray32>> {
    let mut statement = conn
        .prepare_cached("SELECT hash FROM change WHERE position > ?1 ORDER BY position LIMIT ?2")?;
    let seq = cursor.map_or(0, |cursor| cursor.seq);
    let rows = statement.query_map(params![seq, limit], |row| row.get(0).map(ByteArray32))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// When the last sync ended well, by the device's clock, in milliseconds.
///
/// # Errors
/// SQLite's.
pub fn last_sync_ms(conn: &Connection) -> Result<Option<i64>> {
    let mut statement =
        conn.prepare_cached("SELECT value FROM meta WHERE name = 'last_sync_ms'")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}
