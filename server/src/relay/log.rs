//! The log's SQL: one sequence, one hash chain, the documents in it, and the envelopes.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};
use vanguard_core::calendar::DAY_MS;
use vanguard_core::document::Admitted;
use vanguard_core::env::Env;
use vanguard_core::id::{DeviceId, DocumentId, MemberId, OrgId};
use vanguard_core::keys::{Hash, Signature, sha256};
use vanguard_core::model::{DocumentKind, Header};
use vanguard_core::store::{StoreError, migrate};
use vanguard_core::wire::Cursor;

/// The log's migrations in order.
pub(super) const MIGRATIONS: [&str; 3] = [
    include_str!("schema.sql"),
    include_str!("quotas.sql"),
    include_str!("bounds.sql"),
];

pub(super) type Result<T> = rusqlite::Result<T>;

/// Opens the log for its writer, and begins one where there is none.
pub(super) fn open(path: &Path, env: &dyn Env) -> std::result::Result<Connection, StoreError> {
    let mut conn = Connection::open(path)?;
    prepare(&conn)?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    migrate(&mut conn, &MIGRATIONS)?;
    conn.execute(
        "INSERT OR IGNORE INTO log (id, epoch, head, chain) VALUES (1, ?1, 0, ?2)",
        params![new_epoch(env), [0_u8; 32]],
    )?;
    Ok(conn)
}

fn new_epoch(env: &dyn Env) -> [u8; 8] {
    let mut epoch = [0; 8];
    env.fill_random(&mut epoch);
    epoch
}

/// Begins another life of a log that was put back, so that every cursor into the old one is told
/// from those into this one.
///
/// # Errors
/// The database's.
pub(crate) fn renew_epoch(path: &Path, env: &dyn Env) -> std::result::Result<(), StoreError> {
    open(path, env)?.execute("UPDATE log SET epoch = ?1", [new_epoch(env)])?;
    Ok(())
}

/// Opens the log to read beside the writer.
pub(super) fn open_reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    prepare(&conn)?;
    Ok(conn)
}

fn prepare(conn: &Connection) -> Result<()> {
    conn.busy_timeout(Duration::from_secs(30))?;
    conn.set_prepared_statement_cache_capacity(64);
    // Else every statement with `LIMIT ?` is planned anew at each use; indexes are named anyway.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// The end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) epoch: [u8; 8],
    pub(super) seq: u64,
    pub(super) chain: Hash,
}

impl Head {
    pub(super) fn cursor(&self) -> Cursor {
        Cursor {
            epoch: self.epoch,
            seq: self.seq,
            chain: short(&self.chain),
        }
    }

    /// The head after one more change.
    pub(super) fn next(&self, document: DocumentId, hash: &Hash) -> Self {
        let mut bytes = self.chain.to_vec();
        bytes.extend_from_slice(&(self.seq + 1).to_be_bytes());
        bytes.extend_from_slice(document.as_bytes());
        bytes.extend_from_slice(hash);
        Self {
            epoch: self.epoch,
            seq: self.seq + 1,
            chain: sha256(&bytes),
        }
    }
}

fn short(chain: &Hash) -> [u8; 8] {
    std::array::from_fn(|i| chain[i])
}

pub(super) fn head(conn: &Connection) -> Result<Head> {
    conn.prepare_cached("SELECT epoch, head, chain FROM log WHERE id = 1")?
        .query_row([], |row| {
            Ok(Head {
                epoch: row.get(0)?,
                seq: row.get(1)?,
                chain: row.get(2)?,
            })
        })
}

pub(super) fn set_head(conn: &Connection, head: &Head) -> Result<()> {
    conn.prepare_cached("UPDATE log SET head = ?1, chain = ?2 WHERE id = 1")?
        .execute(params![head.seq, head.chain])?;
    Ok(())
}

/// The cursor at a position of this log; `None` beyond its end.
pub(super) fn cursor_at(conn: &Connection, seq: u64) -> Result<Option<Cursor>> {
    let head = head(conn)?;
    let chain: Option<Hash> = if seq == 0 {
        Some([0; 32])
    } else {
        conn.prepare_cached("SELECT chain FROM change WHERE seq = ?1")?
            .query_row([seq], |row| row.get(0))
            .optional()?
    };
    Ok(chain.map(|chain| Cursor {
        epoch: head.epoch,
        seq,
        chain: short(&chain),
    }))
}

/// A document's row.
#[derive(Clone, Copy, Debug)]
pub(super) struct DocumentRow {
    pub(super) doc: i64,
    pub(super) id: DocumentId,
    pub(super) kind: DocumentKind,
    pub(super) space: OrgId,
    pub(super) creator: MemberId,
    pub(super) last_seq: u64,
}

const DOCUMENT: &str = "SELECT doc, id, kind, space, creator, last_seq FROM document";

pub(super) fn read_document(row: &rusqlite::Row<'_>) -> Result<DocumentRow> {
    let kind: String = row.get(2)?;
    let kind = DocumentKind::parse(&kind).ok_or(rusqlite::Error::InvalidQuery)?;
    let (doc, id) = (row.get(0)?, row.get(1)?);
    let (space, creator, last_seq) = (row.get(3)?, row.get(4)?, row.get(5)?);
    Ok(DocumentRow {
        doc,
        id,
        kind,
        space,
        creator,
        last_seq,
    })
}

pub(super) fn document(conn: &Connection, id: DocumentId) -> Result<Option<DocumentRow>> {
    conn.prepare_cached(&format!("{DOCUMENT} WHERE id = ?1"))?
        .query_row([id], read_document)
        .optional()
}

pub(super) fn document_by_row(conn: &Connection, doc: i64) -> Result<DocumentRow> {
    conn.prepare_cached(&format!("{DOCUMENT} WHERE doc = ?1"))?
        .query_row([doc], read_document)
}

/// An admitted change as the log has it.
#[derive(Clone, Debug)]
pub(super) struct ChangeRow {
    pub(super) admitted: Admitted,
    pub(super) hash: Hash,
    pub(super) raw: Vec<u8>,
}

/// The positions after `from` at which something came into a space; at most `limit`.
pub(super) fn news_of_space(
    conn: &Connection,
    space: OrgId,
    from: u64,
    limit: usize,
) -> Result<Vec<u64>> {
    conn.prepare_cached(
        "SELECT seq FROM change WHERE space = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?
    .query_map(params![space, from, limit], |row| row.get(0))?
    .collect()
}

/// The positions after `from` at which something came into a document that was ever assigned to a
/// member.
pub(super) fn news_of_assigned(conn: &Connection, member: MemberId, from: u64) -> Result<Vec<u64>> {
    conn.prepare_cached(
        "SELECT c.seq FROM assigned a JOIN change c USING (doc) WHERE a.member = ?1 AND c.seq > ?2",
    )?
    .query_map(params![member, from], |row| row.get(0))?
    .collect()
}

/// The change at a position, and its document's row.
pub(super) fn change_at(conn: &Connection, seq: u64) -> Result<(i64, ChangeRow)> {
    conn.prepare_cached("SELECT seq, received_at_ms, hash, raw, doc FROM change WHERE seq = ?1")?
        .query_row([seq], |row| Ok((row.get(4)?, read_change(row)?)))
}

fn read_change(row: &rusqlite::Row<'_>) -> Result<ChangeRow> {
    let admitted = Admitted {
        position: row.get(0)?,
        received_at_ms: row.get(1)?,
    };
    Ok(ChangeRow {
        admitted,
        hash: row.get(2)?,
        raw: row.get(3)?,
    })
}

/// A document's changes in the log's order.
pub(super) fn changes_of(conn: &Connection, doc: i64) -> Result<Vec<ChangeRow>> {
    let mut statement = conn.prepare_cached(
        "SELECT seq, received_at_ms, hash, raw FROM change WHERE doc = ?1 ORDER BY seq",
    )?;
    statement.query_map([doc], read_change)?.collect()
}

/// How many changes, bytes of changes and operations a document has; found without reading them.
pub(super) fn size_of(conn: &Connection, doc: i64) -> Result<(usize, usize, usize)> {
    conn.prepare_cached(
        "SELECT count(*), coalesce(sum(length(c.raw)), 0), d.ops
         FROM document d LEFT JOIN change c USING (doc) WHERE d.doc = ?1",
    )?
    .query_row([doc], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
}

/// Makes a document's row, or notes what has become of it with so many operations more.
pub(super) fn put_document(
    conn: &Connection,
    header: &Header,
    is_open: bool,
    ops: usize,
    last_seq: u64,
    now_ms: i64,
) -> Result<i64> {
    conn.prepare_cached(
        "INSERT INTO document (id, kind, space, creator, is_open, last_seq, touched_ms, ops)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE
         SET is_open = ?5, last_seq = ?6, touched_ms = ?7, ops = ops + ?8
         RETURNING doc",
    )?
    .query_row(
        params![
            header.id,
            header.kind,
            header.space,
            header.creator,
            is_open,
            last_seq,
            now_ms,
            ops
        ],
        |row| row.get(0),
    )
}

pub(super) fn put_assigned(conn: &Connection, member: MemberId, doc: i64) -> Result<()> {
    conn.prepare_cached("INSERT OR IGNORE INTO assigned (member, doc) VALUES (?1, ?2)")?
        .execute(params![member, doc])?;
    Ok(())
}

pub(super) fn is_assigned(conn: &Connection, member: MemberId, doc: i64) -> Result<bool> {
    conn.prepare_cached("SELECT 1 FROM assigned WHERE member = ?1 AND doc = ?2")?
        .exists(params![member, doc])
}

/// A change on its way into the log.
pub(super) struct NewChange<'a> {
    pub(super) doc: i64,
    pub(super) space: OrgId,
    pub(super) hash: &'a Hash,
    pub(super) raw: &'a [u8],
    pub(super) batch: i64,
    pub(super) received_at_ms: i64,
    pub(super) is_late: bool,
}

pub(super) fn put_change(conn: &Connection, head: &Head, change: &NewChange<'_>) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO change (seq, doc, space, hash, raw, batch, received_at_ms, is_late, chain)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        head.seq,
        change.doc,
        change.space,
        change.hash,
        change.raw,
        change.batch,
        change.received_at_ms,
        change.is_late,
        head.chain,
    ])?;
    Ok(())
}

/// A batch's envelope.
pub(super) struct Envelope<'a> {
    pub(super) device: DeviceId,
    pub(super) opening: [u8; 16],
    pub(super) number: u64,
    pub(super) hash: &'a Hash,
    pub(super) statement: &'a [u8],
    pub(super) signature: &'a Signature,
}

pub(super) fn put_batch(conn: &Connection, envelope: &Envelope<'_>, now_ms: i64) -> Result<i64> {
    conn.prepare_cached(
        "INSERT INTO batch (device, opening, number, hash, statement, signature, received_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        envelope.device,
        envelope.opening,
        envelope.number,
        envelope.hash,
        envelope.statement,
        envelope.signature.0,
        now_ms,
    ])?;
    Ok(conn.last_insert_rowid())
}

/// A batch that the log has: its row and hash.
pub(super) fn batch(
    conn: &Connection,
    device: DeviceId,
    opening: &[u8; 16],
    number: u64,
) -> Result<Option<(i64, Hash)>> {
    conn.prepare_cached(
        "SELECT batch, hash FROM batch WHERE device = ?1 AND opening = ?2 AND number = ?3",
    )?
    .query_row(params![device, opening, number], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
    .optional()
}

/// The number that a device's next batch of an opening should have.
pub(super) fn expected_number(
    conn: &Connection,
    device: DeviceId,
    opening: &[u8; 16],
) -> Result<u64> {
    conn.prepare_cached(
        "SELECT coalesce(max(number) + 1, 0) FROM batch WHERE device = ?1 AND opening = ?2",
    )?
    .query_row(params![device, opening], |row| row.get(0))
}

/// So often may a device come back to an opening from another one. An app that is killed while a
/// request is under way, and opened again before that arrives, does so at most once: it asks
/// nothing more before what it has sent is answered.
const RETURNS_LIMIT: u32 = 1;

/// Notes that a device goes on in an opening; says whether it and another one have gone on by
/// turns, so that two copies of its notebook must be in use.
pub(super) fn goes_on_by_turns(
    conn: &Connection,
    device: DeviceId,
    opening: &[u8; 16],
) -> Result<bool> {
    let last: Option<[u8; 16]> = conn
        .prepare_cached("SELECT opening FROM last_opening WHERE device = ?1")?
        .query_row([device], |row| row.get(0))
        .optional()?;
    if last.as_ref() == Some(opening) {
        return Ok(false);
    }
    conn.prepare_cached(
        "INSERT INTO last_opening (device, opening) VALUES (?1, ?2)
         ON CONFLICT (device) DO UPDATE SET opening = ?2",
    )?
    .execute(params![device, opening])?;
    let returns: u32 = conn
        .prepare_cached(
            "INSERT INTO opening (device, opening, returns) VALUES (?1, ?2, 0)
             ON CONFLICT (device, opening) DO UPDATE SET returns = returns + 1
             RETURNING returns",
        )?
        .query_row(params![device, opening], |row| row.get(0))?;
    Ok(returns > RETURNS_LIMIT)
}

pub(super) fn mark_cloned(conn: &Connection, device: DeviceId, now_ms: i64) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO cloned (device, at_ms) VALUES (?1, ?2)
         ON CONFLICT (device) DO UPDATE SET at_ms = ?2",
    )?
    .execute(params![device, now_ms])?;
    Ok(())
}

/// So long a device is told that another copy of its notebook syncs, after both last did.
const CLONED_FOR_MS: i64 = 7 * DAY_MS;

pub(super) fn is_cloned(conn: &Connection, device: DeviceId, now_ms: i64) -> Result<bool> {
    conn.prepare_cached("SELECT 1 FROM cloned WHERE device = ?1 AND at_ms > ?2")?
        .exists(params![device, now_ms - CLONED_FOR_MS])
}

/// A final decision against a change that was made before.
pub(super) fn refusal(
    conn: &Connection,
    document: DocumentId,
    hash: &Hash,
) -> Result<Option<String>> {
    conn.prepare_cached("SELECT reason FROM refused WHERE document = ?1 AND hash = ?2 AND is_own")?
        .query_row(params![document, hash], |row| row.get(0))
        .optional()
}

/// Where the log has a change of a document.
pub(super) fn place_of(
    conn: &Connection,
    document: DocumentId,
    hash: &Hash,
) -> Result<Option<Admitted>> {
    conn.prepare_cached(
        "SELECT seq, received_at_ms FROM change
         WHERE doc = (SELECT doc FROM document WHERE id = ?1) AND hash = ?2",
    )?
    .query_row(params![document, hash], |row| {
        Ok(Admitted {
            position: row.get(0)?,
            received_at_ms: row.get(1)?,
        })
    })
    .optional()
}
