//! The files of photos: which ones records name (projected with each record), and which of them
//! are here. The same tables serve the phone, where they say what is owed and what is still to be
//! fetched, and the relay's replica, where they decide who may send or fetch a file, and what is
//! named but missing.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::Result;
use super::documents::DocKey;
use crate::id::{DeviceId, DocumentId};
use crate::keys::Hash;
use crate::model::photo::{PhotoPurpose, PhotoStage, StagedPhoto, parse_hash};
use crate::wire::ByteArray32;

/// A file of a photo as a record names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// SHA-256 of the file.
    pub hash: Hash,
    /// Its size in bytes, as the record says.
    pub bytes: u64,
    /// The record.
    pub document: DocumentId,
    /// Which of the photo's files it is.
    pub purpose: PhotoPurpose,
    /// What the photo shows of the record.
    pub stage: PhotoStage,
    /// SHA-256 of the photo's kept original.
    pub original: Hash,
    /// The device that took it, where one did.
    pub device: Option<DeviceId>,
    /// When it was named, by the clock of the device that named it, in milliseconds.
    pub named_at_ms: i64,
}

/// How many files of photos there are of something, and how large they are together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileCount {
    /// How many.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Replaces what a record names.
pub(crate) fn project(conn: &Connection, key: DocKey, photos: &[StagedPhoto]) -> Result<()> {
    conn.prepare_cached("DELETE FROM photo WHERE doc = ?1")?
        .execute([key.0])?;
    let mut statement = conn.prepare_cached(
        "INSERT INTO photo (doc, ordinal, purpose, stage, hash, bytes, original, device, named_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for (ordinal, staged) in (0_i64..).zip(photos) {
        let photo = &staged.photo;
        let Some(original) = parse_hash(&photo.hash) else {
            continue; // admitted by no rule; nothing can be fetched by it
        };
        for (purpose, hash, bytes) in photo.files() {
            let Some(hash) = parse_hash(hash) else {
                continue;
            };
            statement.execute(params![
                key.0,
                ordinal,
                purpose,
                staged.stage,
                hash,
                bytes,
                original,
                photo.device,
                staged.named_at_ms
            ])?;
        }
    }
    Ok(())
}

const COLUMNS: &str =
    "p.hash, p.bytes, d.id, p.purpose, p.stage, p.original, p.device, p.named_at_ms";

fn named_file(row: &Row<'_>) -> rusqlite::Result<NamedFile> {
    let purpose: String = row.get(3)?;
    let stage: String = row.get(4)?;
    Ok(NamedFile {
        hash: row.get(0)?,
        bytes: row.get(1)?,
        document: row.get(2)?,
        purpose: PhotoPurpose::parse(&purpose).unwrap_or(PhotoPurpose::Original),
        stage: PhotoStage::parse(&stage).unwrap_or(PhotoStage::Evidence),
        original: row.get(5)?,
        device: row.get(6)?,
        named_at_ms: row.get(7)?,
    })
}

fn listed(conn: &Connection, rest: &str, values: impl rusqlite::Params) -> Result<Vec<NamedFile>> {
    let sql = format!("SELECT {COLUMNS} FROM photo p JOIN document d ON d.doc = p.doc {rest}");
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map(values, named_file)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Who names a file: once for each record and place in it.
///
/// # Errors
/// SQLite's.
pub fn naming(conn: &Connection, hash: &Hash) -> Result<Vec<NamedFile>> {
    listed(conn, "WHERE p.hash = ?1 ORDER BY p.doc, p.ordinal", [hash])
}

/// The files that a record names, photo by photo, thumbnails first.
///
/// # Errors
/// SQLite's.
pub fn of_document(conn: &Connection, document: DocumentId) -> Result<Vec<NamedFile>> {
    let order = "WHERE d.id = ?1 ORDER BY p.ordinal, p.purpose = 'thumbnail' DESC, p.purpose";
    listed(conn, order, [document])
}

/// Files that records name and that are not here, in the order of their hashes, beyond `after`.
///
/// # Errors
/// SQLite's.
pub fn missing(conn: &Connection, after: Option<&Hash>, limit: usize) -> Result<Vec<NamedFile>> {
    let rest = "WHERE p.hash > ?1 AND NOT EXISTS (SELECT 1 FROM blob b WHERE b.hash = p.hash)
        GROUP BY p.hash ORDER BY p.hash LIMIT ?2";
    let after = after.map_or(&[][..], |hash| hash.as_slice());
    listed(conn, rest, params![after, limit])
}

/// Notes that a file is here. One that is `owed` was made here, and is the relay's due.
///
/// # Errors
/// SQLite's.
pub fn put(conn: &Connection, hash: &Hash, bytes: u64, at_ms: i64, is_owed: bool) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO blob (hash, bytes, at_ms, is_owed) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (hash) DO NOTHING",
    )?
    .execute(params![hash, bytes, at_ms, is_owed])?;
    Ok(())
}

/// Notes that a file is no longer here.
///
/// # Errors
/// SQLite's.
pub fn remove(conn: &Connection, hash: &Hash) -> Result<()> {
    conn.prepare_cached("DELETE FROM blob WHERE hash = ?1")?
        .execute([hash])?;
    Ok(())
}

/// Notes that a file is not here after all, unless it is owed.
///
/// # Errors
/// SQLite's.
pub fn remove_absent(conn: &Connection, hash: &Hash) -> Result<()> {
    conn.prepare_cached("DELETE FROM blob WHERE hash = ?1 AND NOT is_owed")?
        .execute([hash])?;
    Ok(())
}

/// Files that are not owed to the relay, and so may go from here: the oldest first, thumbnails
/// last.
///
/// # Errors
/// SQLite's.
pub fn may_go(conn: &Connection) -> Result<Vec<(Hash, u64)>> {
    let mut statement = conn.prepare_cached(
        "SELECT b.hash, b.bytes FROM blob b WHERE NOT b.is_owed
         ORDER BY EXISTS (SELECT 1 FROM photo p WHERE p.hash = b.hash AND p.purpose = 'thumbnail'),
             b.at_ms, b.hash",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The size of a file that is here, in bytes; `None` where it is not.
///
/// # Errors
/// SQLite's.
pub fn held(conn: &Connection, hash: &Hash) -> Result<Option<u64>> {
    let mut statement = conn.prepare_cached("SELECT bytes FROM blob WHERE hash = ?1")?;
    Ok(statement.query_row([hash], |row| row.get(0)).optional()?)
}

/// Whether a file that is here waits for the relay's receipt; `None` where it is not here.
///
/// # Errors
/// SQLite's.
pub fn is_owed(conn: &Connection, hash: &Hash) -> Result<Option<bool>> {
    let mut statement = conn.prepare_cached("SELECT is_owed FROM blob WHERE hash = ?1")?;
    Ok(statement.query_row([hash], |row| row.get(0)).optional()?)
}

/// What the files that are here come to.
///
/// # Errors
/// SQLite's.
pub fn stored(conn: &Connection) -> Result<FileCount> {
    counted(conn, "SELECT count(*), coalesce(sum(bytes), 0) FROM blob")
}

/// What this device owes the relay: files that records name and no receipt does.
///
/// # Errors
/// SQLite's.
pub fn owed(conn: &Connection) -> Result<FileCount> {
    counted(
        conn,
        "SELECT count(*), coalesce(sum(bytes), 0) FROM blob b WHERE is_owed
         AND EXISTS (SELECT 1 FROM photo p WHERE p.hash = b.hash)",
    )
}

fn counted(conn: &Connection, sql: &str) -> Result<FileCount> {
    let mut statement = conn.prepare_cached(sql)?;
    Ok(statement.query_row([], |row| {
        Ok(FileCount {
            files: row.get(0)?,
            bytes: row.get(1)?,
        })
    })?)
}

/// When the oldest file of what this device owes the relay came to be, by its clock, in
/// milliseconds.
///
/// # Errors
/// SQLite's.
pub fn oldest_owed_ms(conn: &Connection) -> Result<Option<i64>> {
    let mut statement = conn.prepare_cached(
        "SELECT min(at_ms) FROM blob b WHERE is_owed
         AND EXISTS (SELECT 1 FROM photo p WHERE p.hash = b.hash)",
    )?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Whether anything on this device names a file of a photo: a record, as it is projected or in a
/// text that is not yet part of one.
const IS_NAMED: &str = "(EXISTS (SELECT 1 FROM photo p WHERE p.hash = b.hash)
    OR EXISTS (SELECT 1 FROM draft WHERE instr(body, lower(hex(b.hash))))
    OR EXISTS (SELECT 1 FROM outbox WHERE instr(verb, lower(hex(b.hash))))
    OR EXISTS (SELECT 1 FROM returned WHERE NOT is_seen AND instr(verb, lower(hex(b.hash)))))";

/// Whether a record, a draft, something unsent or something in the tray names a file that is here.
///
/// # Errors
/// SQLite's.
pub fn is_named(conn: &Connection, hash: &Hash) -> Result<bool> {
    let sql = format!("SELECT 1 FROM blob b WHERE b.hash = ?1 AND {IS_NAMED}");
    Ok(conn.prepare_cached(&sql)?.exists([hash])?)
}

/// The files that were made here and that nothing names, with their bytes, the oldest first.
///
/// # Errors
/// SQLite's.
pub fn unnamed(conn: &Connection) -> Result<Vec<(Hash, u64)>> {
    let sql = format!(
        "SELECT b.hash, b.bytes FROM blob b WHERE b.is_owed AND NOT {IS_NAMED}
         ORDER BY b.at_ms, b.hash"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The files that were made here and that no receipt names, whatever names them, with their bytes
/// and when they came to be, the oldest first.
///
/// # Errors
/// SQLite's.
pub fn unsent(conn: &Connection) -> Result<Vec<(Hash, u64, i64)>> {
    let mut statement = conn
        .prepare_cached("SELECT hash, bytes, at_ms FROM blob WHERE is_owed ORDER BY at_ms, hash")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Every file that is here.
///
/// # Errors
/// SQLite's.
pub(crate) fn all(conn: &Connection) -> Result<HashSet<Hash>> {
    let mut statement = conn.prepare_cached("SELECT hash FROM blob")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Notes that a file was found that nothing was known of: it may be the relay's due, which is asked
/// about it before it is sent.
///
/// # Errors
/// SQLite's.
pub(crate) fn find(conn: &Connection, hash: &Hash, bytes: u64, now_ms: i64) -> Result<()> {
    put(conn, hash, bytes, now_ms, true)?;
    sent(conn, hash)
}

/// Forgets how far the way of a file had come.
///
/// # Errors
/// SQLite's.
pub(crate) fn forget_transfer(conn: &Connection, hash: &Hash) -> Result<()> {
    conn.prepare_cached("DELETE FROM transfer WHERE hash = ?1")?
        .execute([hash])?;
    Ok(())
}

/// Notes that an owed file was sent, as far as this device knows.
///
/// # Errors
/// SQLite's.
pub fn sent(conn: &Connection, hash: &Hash) -> Result<()> {
    conn.prepare_cached("UPDATE blob SET is_sent = 1 WHERE hash = ?1")?
        .execute([hash])?;
    Ok(())
}

/// Files that this device has sent and that no receipt names yet, at most `limit`, the oldest
/// first.
///
/// # Errors
/// SQLite's.
pub fn unconfirmed(conn: &Connection, limit: usize) -> Result<Vec<ByteArray32>> {
    let mut statement = conn.prepare_cached(
        "SELECT hash FROM blob WHERE is_owed AND is_sent ORDER BY at_ms LIMIT ?1",
    )?;
    let rows = statement.query_map([limit], |row| row.get(0).map(ByteArray32))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Takes what a receipt says of the files `asked` for: those that the relay holds are owed no
/// more, the others are sent again a little later. Gives how many are newly settled, and the
/// records that name them.
///
/// # Errors
/// SQLite's.
pub fn confirm(
    conn: &Connection,
    asked: &[ByteArray32],
    held: &[ByteArray32],
    now_ms: i64,
) -> Result<(u64, Vec<DocKey>)> {
    let mut count = 0;
    let mut named = Vec::new();
    let mut settled =
        conn.prepare_cached("UPDATE blob SET is_owed = 0 WHERE hash = ?1 AND is_owed")?;
    let mut documents = conn.prepare_cached("SELECT DISTINCT doc FROM photo WHERE hash = ?1")?;
    for hash in held {
        if settled.execute([hash.0])? == 0 {
            continue;
        }
        count += 1;
        for key in documents.query_map([hash.0], |row| row.get(0).map(DocKey))? {
            named.push(key?);
        }
    }
    let mut again = conn.prepare_cached("UPDATE blob SET is_sent = 0 WHERE hash = ?1")?;
    for hash in asked.iter().filter(|hash| !held.contains(hash)) {
        again.execute([hash.0])?;
        delay(conn, &hash.0, now_ms, "the relay does not hold it")?;
    }
    Ok((count, named))
}

/// How long a file waits after its first failure, in milliseconds; then twice as long each time.
const FIRST_WAIT_MS: i64 = 15_000;
/// The longest that a file waits after a failure, in milliseconds.
pub const LONGEST_WAIT_MS: i64 = 6 * 3_600_000;

/// Has a file wait after a failure, longer each time.
pub(crate) fn delay(conn: &Connection, hash: &Hash, now_ms: i64, problem: &str) -> Result<()> {
    let mut statement = conn.prepare_cached("SELECT attempts FROM transfer WHERE hash = ?1")?;
    let attempts: Option<u32> = statement.query_row([hash], |row| row.get(0)).optional()?;
    let attempts = attempts.unwrap_or(0);
    let wait_ms = (FIRST_WAIT_MS << attempts.min(16)).min(LONGEST_WAIT_MS);
    conn.prepare_cached(
        "INSERT INTO transfer (hash, attempts, not_before_ms, problem) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (hash) DO UPDATE SET attempts = ?2, not_before_ms = ?3, problem = ?4",
    )?
    .execute(params![hash, attempts + 1, now_ms + wait_ms, problem])?;
    Ok(())
}

/// After the relay's log turned out to be another: what this device took may be lost there too,
/// so that everything that is still here is owed again, and asked about before it is sent.
pub(super) fn owe_again(conn: &Connection, device: DeviceId) -> Result<()> {
    conn.prepare_cached(
        "UPDATE blob SET is_owed = 1, is_sent = 1
         WHERE hash IN (SELECT hash FROM photo WHERE device = ?1)",
    )?
    .execute([device])?;
    Ok(())
}

#[cfg(test)]
mod tests;
