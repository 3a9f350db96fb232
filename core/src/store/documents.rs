//! Documents as rows of changes: taking changes in, loading, pruning.

use automerge::{Automerge, ChangeHash};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Result, projection};
use crate::batch::change_hash;
use crate::document::{self, Admitted, Contents, Positions, ReadError};
use crate::id::{DocumentId, OrgId};
use crate::keys::Hash;
use crate::model::DocumentKind;

/// A document's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocKey(pub i64);

/// A document as it lies in the store.
#[derive(Debug)]
pub struct Loaded {
    /// Its row.
    pub key: DocKey,
    /// The document.
    pub doc: Automerge,
    /// The positions of its admitted changes.
    pub positions: Positions,
}

/// A change on its way into the store.
#[derive(Clone, Debug)]
pub struct Incoming<'a> {
    /// Where the relay admitted it; `None` for this device's own.
    pub admitted: Option<Admitted>,
    /// Its bytes, uncompressed.
    pub raw: &'a [u8],
}

/// What became of changes taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The document has them all; this many were new.
    All(usize),
    /// They build on changes that are not here: the document has to be fetched whole.
    MissingDependencies,
    /// The document cannot be loaded; it has to be fetched whole.
    Damaged,
}

/// The row of a document.
///
/// # Errors
/// SQLite's.
pub fn find(conn: &Connection, id: DocumentId) -> Result<Option<DocKey>> {
    let mut statement = conn.prepare_cached("SELECT doc FROM document WHERE id = ?1")?;
    Ok(statement
        .query_row([id], |row| row.get(0).map(DocKey))
        .optional()?)
}

/// The id of a document's row.
///
/// # Errors
/// SQLite's.
pub fn id_of(conn: &Connection, key: DocKey) -> Result<Option<DocumentId>> {
    let mut statement = conn.prepare_cached("SELECT id FROM document WHERE doc = ?1")?;
    Ok(statement.query_row([key.0], |row| row.get(0)).optional()?)
}

/// The documents that have changes without a place in the relay's log.
///
/// # Errors
/// SQLite's.
pub fn with_unplaced(conn: &Connection) -> Result<Vec<DocKey>> {
    let mut statement =
        conn.prepare("SELECT DISTINCT doc FROM change WHERE position IS NULL ORDER BY doc")?;
    let keys = statement.query_map([], |row| row.get(0).map(DocKey))?;
    Ok(keys.collect::<rusqlite::Result<_>>()?)
}

/// Loads a document.
///
/// # Errors
/// [`ReadError::Damaged`] where its changes do not make a document.
pub fn load(conn: &Connection, key: DocKey) -> Result<Loaded> {
    let stored = stored_changes(conn, key)?;
    Ok(Loaded {
        key,
        doc: load_stored(&stored)?,
        positions: positions_of(&stored),
    })
}

/// A change as its row has it.
#[derive(Clone, Debug)]
pub struct StoredChange {
    /// Its hash.
    pub hash: Hash,
    /// Where the relay admitted it.
    pub admitted: Option<Admitted>,
    /// Its bytes, uncompressed.
    pub raw: Vec<u8>,
}

/// A document's changes in the order in which they were taken in.
///
/// # Errors
/// SQLite's.
pub fn stored_changes(conn: &Connection, key: DocKey) -> Result<Vec<StoredChange>> {
    let mut statement = conn.prepare_cached(
        "SELECT hash, position, received_at_ms, raw FROM change WHERE doc = ?1 ORDER BY change",
    )?;
    let rows = statement.query_map([key.0], |row| {
        let position: Option<u64> = row.get(1)?;
        let received_at_ms: Option<i64> = row.get(2)?;
        Ok(StoredChange {
            hash: row.get(0)?,
            admitted: position.map(|position| Admitted {
                position,
                received_at_ms: received_at_ms.unwrap_or_default(),
            }),
            raw: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn positions_of(stored: &[StoredChange]) -> Positions {
    let placed = |change: &StoredChange| Some((ChangeHash(change.hash), change.admitted?));
    stored.iter().filter_map(placed).collect()
}

/// Takes changes into a document, new or known, and projects it anew. A change that is there
/// already gets its position. Changes of a document that is not here yet, without its first one,
/// are not taken.
///
/// # Errors
/// SQLite's; damage and gaps are told by [`Taken`].
pub fn take(
    conn: &Connection,
    id: DocumentId,
    incoming: &[Incoming<'_>],
    now_ms: i64,
) -> Result<Taken> {
    let known = find(conn, id)?;
    let mut stored = match known {
        Some(key) => stored_changes(conn, key)?,
        None => Vec::new(),
    };
    let mut fresh = Vec::new();
    for change in incoming {
        let Some(hash) = change_hash(change.raw) else {
            return Ok(Taken::Damaged);
        };
        match stored.iter_mut().find(|old| old.hash == hash) {
            Some(old) => {
                if let (Some(key), Some(admitted), true) =
                    (known, change.admitted, old.admitted != change.admitted)
                {
                    place(conn, key, hash, admitted)?;
                    old.admitted = Some(admitted);
                }
            }
            None => {
                let raw = change.raw.to_vec();
                stored.push(StoredChange {
                    hash,
                    admitted: change.admitted,
                    raw,
                });
                fresh.push(stored.len() - 1);
            }
        }
    }
    let contents = match contents_of(&stored) {
        Ok(contents) => Ok(contents),
        Err(_) if load_stored(&stored).is_err() => {
            let old = stored.len() - fresh.len();
            let is_gap = !fresh.is_empty() && (old == 0 || load_stored(&stored[..old]).is_ok());
            return Ok(if is_gap {
                Taken::MissingDependencies
            } else {
                Taken::Damaged
            });
        }
        Err(error) => Err(error),
    };
    let key = match known {
        Some(key) => key,
        None => match contents
            .as_ref()
            .map_err(Clone::clone)
            .and_then(Contents::header)
        {
            Ok(header) if header.id == id => insert(conn, id, header.kind, header.space, now_ms)?,
            Ok(_) | Err(ReadError::Damaged(_) | ReadError::Unchanged) => return Ok(Taken::Damaged),
            Err(ReadError::TooNew(_)) => return Ok(Taken::MissingDependencies),
        },
    };
    let mut statement = conn.prepare_cached(
        "INSERT INTO change (doc, hash, position, received_at_ms, raw) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for change in fresh.iter().map(|at| &stored[*at]) {
        let position = change.admitted.map(|at| at.position);
        let received = change.admitted.map(|at| at.received_at_ms);
        statement.execute(params![key.0, change.hash, position, received, change.raw])?;
    }
    let positions = positions_of(&stored);
    touch(conn, key, &positions, now_ms)?;
    projection::project(conn, key, contents, &positions)?;
    Ok(Taken::All(fresh.len()))
}

/// What a document's changes make of it.
fn contents_of(stored: &[StoredChange]) -> std::result::Result<Contents, ReadError> {
    if let [only] = stored
        && let Some(contents) = Contents::of_creation(&only.raw)
    {
        return Ok(contents);
    }
    Contents::of(&load_stored(stored)?)
}

fn load_stored(stored: &[StoredChange]) -> std::result::Result<Automerge, ReadError> {
    document::load(stored.iter().map(|change| change.raw.as_slice()))
}

/// Gives a change its place in the relay's log.
///
/// # Errors
/// SQLite's.
pub fn place(conn: &Connection, key: DocKey, hash: Hash, admitted: Admitted) -> Result<()> {
    conn.prepare_cached(
        "UPDATE change SET position = ?3, received_at_ms = ?4 WHERE doc = ?1 AND hash = ?2",
    )?
    .execute(params![
        key.0,
        hash,
        admitted.position,
        admitted.received_at_ms
    ])?;
    Ok(())
}

/// Whether what is projected of a document says anything of its changes' positions: a record that
/// was only created, without an event, does not.
///
/// # Errors
/// SQLite's.
pub fn shows_positions(conn: &Connection, key: DocKey) -> Result<bool> {
    let mut statement = conn.prepare_cached(
        "SELECT kind = 'hazard' OR (SELECT count(*) FROM change c WHERE c.doc = d.doc) > 1
         FROM document d WHERE d.doc = ?1",
    )?;
    Ok(statement.query_row([key.0], |row| row.get(0))?)
}

/// Projects a document anew, after positions have changed.
///
/// # Errors
/// SQLite's, and [`ReadError::Damaged`].
pub fn refresh(conn: &Connection, key: DocKey, now_ms: i64) -> Result<()> {
    let stored = stored_changes(conn, key)?;
    let positions = positions_of(&stored);
    touch(conn, key, &positions, now_ms)?;
    project(conn, key, &stored, &positions)
}

/// Projects a document from its changes, without a new date.
///
/// # Errors
/// SQLite's, and [`ReadError::Damaged`] where the changes make no document.
pub(super) fn project_stored(conn: &Connection, key: DocKey) -> Result<()> {
    let stored = stored_changes(conn, key)?;
    project(conn, key, &stored, &positions_of(&stored))
}

fn project(
    conn: &Connection,
    key: DocKey,
    stored: &[StoredChange],
    positions: &Positions,
) -> Result<()> {
    let contents = contents_of(stored);
    if contents.is_err() {
        load_stored(stored)?;
    }
    projection::project(conn, key, contents, positions)
}

fn insert(
    conn: &Connection,
    id: DocumentId,
    kind: DocumentKind,
    space: OrgId,
    now_ms: i64,
) -> Result<DocKey> {
    let mut statement = conn.prepare_cached(
        "INSERT INTO document (doc, id, kind, space, touched_ms) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (doc) DO NOTHING",
    )?;
    let mut key = row_of(id);
    if statement.execute(params![key, id, kind, space, now_ms])? == 0 {
        // Another document of the same millisecond and the same fifteen random bits. Whoever
        // makes many such ids gets the next row at the end, not a longer and longer search.
        statement.execute(params![None::<i64>, id, kind, space, now_ms])?;
        key = conn.last_insert_rowid();
    }
    Ok(DocKey(key))
}

/// A row number that grows with the time in a UUIDv7: its 48 bits of milliseconds, then 15 of its
/// random bits.
fn row_of(id: DocumentId) -> i64 {
    let bytes = id.as_bytes();
    let ms = bytes[..6]
        .iter()
        .fold(0_i64, |ms, byte| (ms << 8) | i64::from(*byte));
    let random =
        (i64::from(bytes[8] & 0x3f) << 9) | (i64::from(bytes[9]) << 1) | i64::from(bytes[10] >> 7);
    (ms << 15) | random
}

fn touch(conn: &Connection, key: DocKey, positions: &Positions, now_ms: i64) -> Result<()> {
    let latest = positions
        .values()
        .map(|at| at.received_at_ms)
        .max()
        .unwrap_or(now_ms);
    conn.prepare_cached("UPDATE document SET touched_ms = ?2 WHERE doc = ?1")?
        .execute(params![key.0, latest])?;
    Ok(())
}

/// Dates a document by the relay's clock alone, after its changes got their places: the clock of
/// the device that made it says nothing about windows.
///
/// # Errors
/// SQLite's.
pub fn redate(conn: &Connection, key: DocKey) -> Result<()> {
    conn.prepare_cached(
        "UPDATE document SET touched_ms = latest FROM
             (SELECT max(received_at_ms) AS latest FROM change WHERE doc = ?1)
         WHERE doc = ?1 AND latest IS NOT NULL",
    )?
    .execute([key.0])?;
    Ok(())
}

/// Removes a document from this store; its bytes stay at the relay.
///
/// # Errors
/// SQLite's.
pub fn remove(conn: &Connection, key: DocKey) -> Result<()> {
    conn.prepare_cached("DELETE FROM search WHERE rowid = ?1")?
        .execute([key.0])?;
    for table in [
        "DELETE FROM change WHERE doc = ?1",
        "DELETE FROM photo WHERE doc = ?1",
        "DELETE FROM record WHERE doc = ?1",
        "DELETE FROM document WHERE doc = ?1",
    ] {
        conn.prepare_cached(table)?.execute([key.0])?;
    }
    Ok(())
}

/// Keeps bytes that are no longer part of a document, as evidence.
fn keep_aside(
    conn: &Connection,
    id: DocumentId,
    raw: &[u8],
    reason: &str,
    now_ms: i64,
) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO set_aside (document, raw, reason, at_ms) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![id, raw, reason, now_ms])?;
    Ok(())
}

/// Writes a change that this device has just made to a document, new or known, and projects what that
/// says after it.
///
/// # Errors
/// SQLite's, or where the document does not read as the record that it should be.
pub fn write_own(
    conn: &Connection,
    contents: std::result::Result<Contents, ReadError>,
    positions: &Positions,
    composed: &crate::compose::Composed,
    now_ms: i64,
) -> Result<DocKey> {
    let header = contents.as_ref().map_err(Clone::clone)?.header()?;
    let key = match find(conn, header.id)? {
        Some(key) => key,
        None => insert(conn, header.id, header.kind, header.space, now_ms)?,
    };
    conn.prepare_cached("INSERT INTO change (doc, hash, raw) VALUES (?1, ?2, ?3)")?
        .execute(params![key.0, composed.hash, composed.raw])?;
    projection::project(conn, key, contents, positions)?;
    Ok(key)
}

/// Takes a change out of a document, and keeps its bytes aside.
///
/// # Errors
/// SQLite's.
pub fn withdraw(
    conn: &Connection,
    key: DocKey,
    id: DocumentId,
    hash: Hash,
    reason: &str,
    now_ms: i64,
) -> Result<()> {
    let mut statement =
        conn.prepare_cached("DELETE FROM change WHERE doc = ?1 AND hash = ?2 RETURNING raw")?;
    let raw: Option<Vec<u8>> = statement
        .query_row(params![key.0, hash], |row| row.get(0))
        .optional()?;
    match raw {
        Some(raw) => keep_aside(conn, id, &raw, reason, now_ms),
        None => Ok(()),
    }
}
