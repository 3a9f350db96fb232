//! `blobs.db`: which uploads are under way, and which blobs nothing names. It may be lost without
//! losing a photo: uploads begin anew, and the time of grace does, too. So its commits survive a
//! killed process (`synchronous=NORMAL` in WAL), and wait for no disk.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use vanguard_core::keys::Hash;
use vanguard_core::store::{StoreError, migrate};

use super::{Owner, PartId, Upload};

type Result<T> = rusqlite::Result<T>;

/// The book's migrations in order.
const MIGRATIONS: [&str; 1] = [include_str!("schema.sql")];

/// Opens the book. One that is damaged is worth less than a relay that starts: it is begun anew.
pub(super) fn open(path: &Path) -> std::result::Result<Connection, StoreError> {
    match open_as_it_is(path) {
        Err(error) if error.is_damage() => {
            tracing::error!(%error, "blobs.db is damaged and begun anew; uploads begin anew, too");
            for suffix in ["", "-wal", "-shm"] {
                let mut name = path.as_os_str().to_owned();
                name.push(suffix);
                // Whatever cannot be removed shows in what follows.
                let _ = std::fs::remove_file(name);
            }
            open_as_it_is(path)
        }
        opened => opened,
    }
}

fn open_as_it_is(path: &Path) -> std::result::Result<Connection, StoreError> {
    let mut conn = Connection::open(path)?;
    conn.busy_timeout(Duration::from_secs(10))?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "NORMAL")?;
    migrate(&mut conn, &MIGRATIONS)?;
    Ok(conn)
}

const UPLOAD: &str =
    "SELECT id, owner, hash, bytes, expires_at_ms, unchecked_from, is_done FROM upload";

fn read(row: &Row<'_>) -> Result<Upload> {
    Ok(Upload {
        id: PartId(row.get(0)?),
        owner: Owner(row.get(1)?),
        hash: row.get(2)?,
        bytes: row.get(3)?,
        expires_at_ms: row.get(4)?,
        unchecked_from: row.get(5)?,
        is_done: row.get(6)?,
    })
}

pub(super) fn find(conn: &Connection, id: PartId) -> Result<Option<Upload>> {
    conn.prepare_cached(&format!("{UPLOAD} WHERE id = ?1"))?
        .query_row([id.0], read)
        .optional()
}

pub(super) fn find_of(conn: &Connection, owner: Owner, hash: &Hash) -> Result<Option<Upload>> {
    conn.prepare_cached(&format!("{UPLOAD} WHERE owner = ?1 AND hash = ?2"))?
        .query_row(params![owner.0, hash], read)
        .optional()
}

pub(super) fn put(conn: &Connection, upload: &Upload) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO upload (id, owner, hash, bytes, expires_at_ms, unchecked_from, is_done)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id) DO UPDATE SET expires_at_ms = ?5, unchecked_from = ?6, is_done = ?7",
    )?
    .execute(params![
        upload.id.0,
        upload.owner.0,
        upload.hash,
        upload.bytes,
        upload.expires_at_ms,
        upload.unchecked_from,
        upload.is_done,
    ])?;
    Ok(())
}

pub(super) fn remove(conn: &Connection, id: PartId) -> Result<()> {
    conn.prepare_cached("DELETE FROM upload WHERE id = ?1")?
        .execute([id.0])?;
    Ok(())
}

/// How many uploads of an owner are under way.
pub(super) fn under_way_of(conn: &Connection, owner: Owner) -> Result<usize> {
    conn.prepare_cached("SELECT count(*) FROM upload WHERE owner = ?1 AND NOT is_done")?
        .query_row([owner.0], |row| row.get(0))
}

/// How many uploads are under way, and how many bytes they will have in all.
pub(super) fn under_way(conn: &Connection) -> Result<(u64, u64)> {
    conn.prepare_cached("SELECT count(*), coalesce(sum(bytes), 0) FROM upload WHERE NOT is_done")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Uploads whose time is over.
pub(super) fn expired(conn: &Connection, now_ms: i64) -> Result<Vec<Upload>> {
    let mut statement = conn.prepare_cached(&format!("{UPLOAD} WHERE expires_at_ms <= ?1"))?;
    statement.query_map([now_ms], read)?.collect()
}

/// Notes that nothing names a blob, and says since when that is known.
pub(super) fn unnamed_since(conn: &Connection, hash: &Hash, now_ms: i64) -> Result<i64> {
    conn.prepare_cached(
        "INSERT INTO unnamed (hash, since_ms) VALUES (?1, ?2)
         ON CONFLICT (hash) DO UPDATE SET since_ms = min(since_ms, ?2) RETURNING since_ms",
    )?
    .query_row(params![hash, now_ms], |row| row.get(0))
}

/// Forgets that a blob was unnamed: it is named again, or gone.
pub(super) fn forget_unnamed(conn: &Connection, hash: &Hash) -> Result<()> {
    conn.prepare_cached("DELETE FROM unnamed WHERE hash = ?1")?
        .execute([hash])?;
    Ok(())
}
