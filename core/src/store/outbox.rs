//! What this device has made and no receipt covers yet, and what came back refused.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::Result;
use super::documents::DocKey;
use crate::compose::Verb;
use crate::id::{DocumentId, OrgId};
use crate::json;
use crate::keys::Hash;

/// A change on its way to the relay.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number in the outbox.
    pub entry: i64,
    /// Its document's row.
    pub key: DocKey,
    /// Its document.
    pub document: DocumentId,
    /// Its document's space.
    pub space: OrgId,
    /// Its hash.
    pub hash: Hash,
    /// What was done.
    pub verb: Verb,
    /// How far the device had seen the directory.
    pub directory_position: u64,
    /// When it was made, by the device's clock, in milliseconds.
    pub made_at_ms: i64,
    /// Its bytes.
    pub raw: Vec<u8>,
}

/// Puts a change into the outbox.
///
/// # Errors
/// SQLite's.
pub fn put(
    conn: &Connection,
    key: DocKey,
    hash: Hash,
    verb: &Verb,
    directory_position: u64,
    made_at_ms: i64,
) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO outbox (doc, hash, verb, directory_position, made_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        key.0,
        hash,
        serde_json::to_string(verb)?,
        directory_position,
        made_at_ms
    ])?;
    Ok(())
}

/// The outbox from an entry on, oldest first, at most `limit`.
///
/// # Errors
/// SQLite's, or a damaged row.
pub fn after(conn: &Connection, entry: i64, limit: usize) -> Result<Vec<Entry>> {
    select(
        conn,
        "WHERE o.entry > ?1 ORDER BY o.entry LIMIT ?2",
        params![entry, limit],
    )
}

/// What the outbox has of a document, in an order in which none comes before what it builds on.
///
/// # Errors
/// SQLite's, or a damaged row.
pub fn of_document(conn: &Connection, key: DocKey) -> Result<Vec<Entry>> {
    select(
        conn,
        "WHERE o.doc = ?1 ORDER BY
         (SELECT change FROM change c WHERE c.doc = o.doc AND c.hash = o.hash)",
        params![key.0],
    )
}

fn select(conn: &Connection, tail: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<Entry>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT o.entry, o.doc, d.id, d.space, o.hash, o.verb, o.directory_position, o.made_at_ms,
            (SELECT raw FROM change c WHERE c.doc = o.doc AND c.hash = o.hash)
         FROM outbox o JOIN document d ON d.doc = o.doc {tail}"
    ))?;
    let mut rows = statement.query(values)?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let verb = json::read(&row.get::<_, String>(5)?)?;
        entries.push(Entry {
            entry: row.get(0)?,
            key: DocKey(row.get(1)?),
            document: row.get(2)?,
            space: row.get(3)?,
            hash: row.get(4)?,
            verb,
            directory_position: row.get(6)?,
            made_at_ms: row.get(7)?,
            // A change that is gone is refused, and what was done comes back.
            raw: row.get::<_, Option<Vec<u8>>>(8)?.unwrap_or_default(),
        });
    }
    Ok(entries)
}

/// Takes an entry out: a receipt covers it, or it came back.
///
/// # Errors
/// SQLite's.
pub fn remove(conn: &Connection, entry: i64) -> Result<()> {
    conn.prepare_cached("DELETE FROM outbox WHERE entry = ?1")?
        .execute([entry])?;
    Ok(())
}

/// Takes out what has its place in the relay's log already.
///
/// # Errors
/// SQLite's.
pub fn remove_placed(conn: &Connection) -> Result<()> {
    conn.execute_batch(
        "DELETE FROM outbox WHERE EXISTS (SELECT 1 FROM change c
             WHERE c.doc = outbox.doc AND c.hash = outbox.hash AND c.position IS NOT NULL)",
    )?;
    Ok(())
}

/// How much waits, and since when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    /// How many changes no receipt covers.
    pub changes: u64,
    /// When the oldest of them was made, by the device's clock, in milliseconds.
    pub oldest_ms: Option<i64>,
}

/// How much waits, and since when.
///
/// # Errors
/// SQLite's.
pub fn unsent(conn: &Connection) -> Result<Unsent> {
    let mut statement = conn.prepare_cached("SELECT count(*), min(made_at_ms) FROM outbox")?;
    Ok(statement.query_row([], |row| {
        Ok(Unsent {
            changes: row.get(0)?,
            oldest_ms: row.get(1)?,
        })
    })?)
}

/// Something that the relay refused, or that no longer holds on top of what it refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Returned {
    /// Its number in the tray.
    pub number: i64,
    /// Its document.
    pub document: DocumentId,
    /// What was done, with all that was typed.
    pub verb: Verb,
    /// A [`Refusal`](crate::rules::Refusal)'s text.
    pub reason: String,
    /// When it was made, by the device's clock, in milliseconds.
    pub made_at_ms: i64,
    /// When it came back, by the device's clock, in milliseconds.
    pub returned_at_ms: i64,
}

/// Puts something into the tray.
///
/// # Errors
/// SQLite's.
pub fn put_returned(
    conn: &Connection,
    document: DocumentId,
    verb: &Verb,
    reason: &str,
    made_at_ms: i64,
    now_ms: i64,
) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO returned (document, verb, reason, made_at_ms, returned_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        document,
        serde_json::to_string(verb)?,
        reason,
        made_at_ms,
        now_ms
    ])?;
    Ok(())
}

/// What lies in the tray, oldest first; what its owner has dealt with is left out.
///
/// # Errors
/// SQLite's, or a damaged row.
pub fn returned(conn: &Connection) -> Result<Vec<Returned>> {
    let mut statement = conn.prepare_cached(
        "SELECT returned, document, verb, reason, made_at_ms, returned_at_ms FROM returned
         WHERE NOT is_seen ORDER BY returned",
    )?;
    let mut rows = statement.query([])?;
    let mut tray = Vec::new();
    while let Some(row) = rows.next()? {
        tray.push(Returned {
            number: row.get(0)?,
            document: row.get(1)?,
            verb: json::read(&row.get::<_, String>(2)?)?,
            reason: row.get(3)?,
            made_at_ms: row.get(4)?,
            returned_at_ms: row.get(5)?,
        });
    }
    Ok(tray)
}

/// Marks something in the tray as dealt with; it stays in the file.
///
/// # Errors
/// SQLite's.
pub fn settle_returned(conn: &Connection, number: i64) -> Result<()> {
    conn.prepare_cached("UPDATE returned SET is_seen = 1 WHERE returned = ?1")?
        .execute([number])?;
    Ok(())
}
