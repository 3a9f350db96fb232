//! Lists: filters, keyset paging, search, single records, counts.

mod sql;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rusqlite::{Connection, OptionalExtension as _, Row as SqlRow, Rows, params_from_iter};
use serde::{Deserialize, Serialize};

use super::Result;
use super::documents::{DocKey, find, id_of};
use crate::id::{DocumentId, MemberId, OrgId, UnitId, ZoneId};
use crate::json;
use crate::model::{DocumentKind, Record, Rota, Shift, SyncState, View};

use sql::Query;

/// What a list shows of a kind; whatever is `None` or empty does not restrict it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// In any of these spaces.
    pub spaces: Vec<OrgId>,
    /// In this zone.
    pub zone: Option<ZoneId>,
    /// Of this unit: the responsible one of a hazard, the offender's of a violation.
    pub unit: Option<UnitId>,
    /// Made by this member.
    pub creator: Option<MemberId>,
    /// Made by this member, or in one of these spaces: what somebody may see of a kind that is
    /// shown only to those who handle it, and to whoever made it.
    pub by_or_in: Option<(MemberId, Vec<OrgId>)>,
    /// Assigned to this member or person.
    pub assignee: Option<uuid::Uuid>,
    /// In any of these states: texts of the kind's status.
    pub status: Vec<String>,
    /// Of this kind within the kind: an inspection's, a violation's, a zone's, an organisation's.
    pub category: Option<String>,
    /// Of this grade.
    pub grade: Option<String>,
    /// Of this nature.
    pub nature: Option<String>,
    /// Of this shift.
    pub shift: Option<Shift>,
    /// Of this crew.
    pub rota: Option<Rota>,
    /// Not before this instant (milliseconds).
    pub from_ms: Option<i64>,
    /// Before this instant (milliseconds).
    pub to_ms: Option<i64>,
    /// Closed out not before this instant (milliseconds), and still closed.
    pub closed_from_ms: Option<i64>,
    /// Closed out before this instant (milliseconds), and still closed.
    pub closed_to_ms: Option<i64>,
    /// Open or not.
    pub is_open: Option<bool>,
    /// Open and past its deadline at this instant (milliseconds).
    pub overdue_at_ms: Option<i64>,
    /// With fields in conflict, or without.
    pub is_conflicted: Option<bool>,
    /// With superseded events, or without.
    pub is_superseded: Option<bool>,
    /// With this code: a zone's or post's signboard, a member's number.
    pub code: Option<String>,
    /// With this name.
    pub name: Option<String>,
    /// Containing this text.
    pub text: Option<String>,
}

/// Where a page ended; the next one begins after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PageKey {
    /// The last row's time, in milliseconds.
    pub at_ms: i64,
    /// The last row's number in this store.
    pub doc: i64,
}

/// A row of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Row<R: Record> {
    /// The record.
    #[serde(flatten)]
    pub view: View<R>,
    /// Where it stands between this device and the relay.
    pub sync_state: SyncState,
}

/// A page of a list, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Page<R: Record> {
    /// Its rows.
    pub rows: Vec<Row<R>>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<PageKey>,
}

/// A page of a list, newest first. A search by text is in the order of the documents' creation.
///
/// # Errors
/// SQLite's, or a damaged row.
pub fn list<R: Record>(
    conn: &Connection,
    filter: &Filter,
    after: Option<PageKey>,
    limit: usize,
) -> Result<Page<R>> {
    let (sql, values) = Query::new(R::KIND, filter, after).list(limit + 1);
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = Vec::with_capacity(limit.min(1_000));
    let mut keys = Vec::with_capacity(limit.min(1_000));
    let mut found = statement.query(params_from_iter(values))?;
    while let Some(row) = found.next()? {
        keys.push(PageKey {
            doc: row.get(0)?,
            at_ms: row.get(1)?,
        });
        rows.push(read_row(row)?);
    }
    let is_more = rows.len() > limit;
    rows.truncate(limit);
    let next = keys.get(limit.wrapping_sub(1)).copied().filter(|_| is_more);
    Ok(Page { rows, next })
}

/// How many records the filter leaves.
///
/// # Errors
/// SQLite's.
pub fn count(conn: &Connection, kind: DocumentKind, filter: &Filter) -> Result<u64> {
    let (sql, values) = Query::new(kind, filter, None).count();
    let mut statement = conn.prepare_cached(&sql)?;
    Ok(statement.query_row(params_from_iter(values), |row| row.get(0))?)
}

/// How SQLite carries out a list, for tests that hold every list to an index.
///
/// # Errors
/// SQLite's.
pub fn explain(conn: &Connection, kind: DocumentKind, filter: &Filter) -> Result<Vec<String>> {
    let (sql, values) = Query::new(kind, filter, None).list(50);
    let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let rows = statement.query_map(params_from_iter(values), |row| row.get(3))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One record.
///
/// # Errors
/// SQLite's, or a damaged row.
pub fn get<R: Record>(conn: &Connection, id: DocumentId) -> Result<Option<Row<R>>> {
    let Some(DocKey(doc)) = find(conn, id)? else {
        return Ok(None);
    };
    let sql = format!("{SELECT} FROM record r WHERE r.doc = ?1 AND r.kind = ?2");
    let mut statement = conn.prepare_cached(&sql)?;
    let row = statement
        .query_row((doc, R::KIND), |row| Ok(read_row(row)))
        .optional()?;
    row.transpose()
}

/// What the first `limit` rows of a list show, as a number that is another one when they show
/// something else. Rows are not read, only compared. `is_sent` says of a document that is unsent
/// whether it is on its way.
///
/// # Errors
/// SQLite's.
pub fn fingerprint(
    conn: &Connection,
    kind: DocumentKind,
    filter: &Filter,
    limit: usize,
    is_sent: impl Fn(DocumentId) -> bool,
) -> Result<u64> {
    let (sql, values) = Query::new(kind, filter, None).list(limit);
    let mut statement = conn.prepare_cached(&sql)?;
    fingerprint_of(conn, statement.query(params_from_iter(values))?, is_sent)
}

/// What one record shows, as a number; see [`fingerprint`].
///
/// # Errors
/// SQLite's.
pub fn fingerprint_of_one(
    conn: &Connection,
    id: DocumentId,
    is_sent: impl Fn(DocumentId) -> bool,
) -> Result<u64> {
    let key = find(conn, id)?.map(|DocKey(key)| key);
    let sql = format!("{SELECT} FROM record r WHERE r.doc = ?1");
    let mut statement = conn.prepare_cached(&sql)?;
    fingerprint_of(conn, statement.query([key])?, is_sent)
}

fn fingerprint_of(
    conn: &Connection,
    mut rows: Rows<'_>,
    is_sent: impl Fn(DocumentId) -> bool,
) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    while let Some(row) = rows.next()? {
        let key: i64 = row.get(0)?;
        let is_unsent: bool = row.get(4)?;
        let flags: [bool; 4] = [row.get(3)?, is_unsent, row.get(5)?, row.get(6)?];
        let view = row.get_ref(2)?.as_bytes().map_err(rusqlite::Error::from)?;
        (key, view, flags).hash(&mut hasher);
        if is_unsent && let Some(id) = id_of(conn, DocKey(key))? {
            is_sent(id).hash(&mut hasher);
        }
    }
    Ok(hasher.finish())
}

/// What kind a document is, and which space it is in.
///
/// # Errors
/// SQLite's.
pub fn kind_of(conn: &Connection, id: DocumentId) -> Result<Option<(DocumentKind, OrgId)>> {
    let mut statement = conn.prepare_cached("SELECT kind, space FROM document WHERE id = ?1")?;
    let found = statement
        .query_row([id], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, OrgId>(1)?))
        })
        .optional()?;
    Ok(found.and_then(|(kind, space)| Some((DocumentKind::parse(&kind)?, space))))
}

/// Whether this version can read all of a document; otherwise it can be looked at, not changed.
///
/// # Errors
/// SQLite's.
pub fn is_good(conn: &Connection, id: DocumentId) -> Result<bool> {
    let mut statement =
        conn.prepare_cached("SELECT 1 FROM document WHERE id = ?1 AND condition = 'good'")?;
    Ok(statement.exists([id])?)
}

/// What a list takes of each record; `r` is the record.
const SELECT: &str = "SELECT r.doc, r.at_ms, r.view, r.is_conflicted,
    EXISTS (SELECT 1 FROM outbox WHERE outbox.doc = r.doc),
    EXISTS (SELECT 1 FROM returned WHERE document = (SELECT id FROM document WHERE document.doc = r.doc)
        AND NOT is_seen),
    EXISTS (SELECT 1 FROM photo p JOIN blob b ON b.hash = p.hash WHERE p.doc = r.doc AND b.is_owed)";

fn read_row<R: Record>(row: &SqlRow<'_>) -> Result<Row<R>> {
    let view = json::read(row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?)?;
    let (is_conflicted, is_unsent): (bool, bool) = (row.get(3)?, row.get(4)?);
    let (is_returned, is_media_pending): (bool, bool) = (row.get(5)?, row.get(6)?);
    let sync_state = if is_returned {
        SyncState::Returned
    } else if is_unsent {
        SyncState::LocalOnly
    } else if is_media_pending {
        SyncState::MediaPending
    } else if is_conflicted {
        SyncState::Conflicted
    } else {
        SyncState::Acknowledged
    };
    Ok(Row { view, sync_state })
}
