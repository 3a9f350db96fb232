//! Lists: filters, keyset paging, search, single records, counts.
//!
//! A list's SQL is put together from the fixed fragments below; values travel only as parameters.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row as SqlRow, Rows, params_from_iter};
use serde::{Deserialize, Serialize};

use super::documents::{DocKey, find, id_of};
use super::{Result, search};
use crate::id::{DocumentId, MemberId, OrgId, UnitId, ZoneId};
use crate::json;
use crate::model::{DocumentKind, Record, Rota, Shift, SyncState, View};

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
    let query = Query::new(R::KIND, filter, after);
    let mut statement = conn.prepare_cached(&query.list_sql())?;
    let mut values = query.values;
    values.push(Value::Integer(i64::try_from(limit + 1).unwrap_or(i64::MAX)));
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
    let query = Query::new(kind, filter, None);
    let mut statement = conn.prepare_cached(&query.count_sql())?;
    Ok(statement.query_row(params_from_iter(query.values), |row| row.get(0))?)
}

/// How SQLite carries out a list, for tests that hold every list to an index.
///
/// # Errors
/// SQLite's.
pub fn explain(conn: &Connection, kind: DocumentKind, filter: &Filter) -> Result<Vec<String>> {
    let query = Query::new(kind, filter, None);
    let mut values = query.values.clone();
    values.push(Value::Integer(50));
    let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {}", query.list_sql()))?;
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
    let mut statement =
        conn.prepare_cached(&format!("{SELECT} WHERE r.doc = ?1 AND r.kind = ?2"))?;
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
    let query = Query::new(kind, filter, None);
    let mut statement = conn.prepare_cached(&query.list_sql())?;
    let mut values = query.values;
    values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
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
    let mut statement = conn.prepare_cached(&format!("{SELECT} WHERE r.doc = ?1"))?;
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

const SELECT: &str = "SELECT r.doc, r.at_ms, r.view, r.is_conflicted,
    EXISTS (SELECT 1 FROM outbox WHERE outbox.doc = r.doc),
    EXISTS (SELECT 1 FROM returned WHERE document = (SELECT id FROM document WHERE document.doc = r.doc)
        AND NOT is_seen),
    EXISTS (SELECT 1 FROM photo p JOIN blob b ON b.hash = p.hash WHERE p.doc = r.doc AND b.is_owed)
    FROM record r";

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

struct Query {
    from: &'static str,
    index: &'static str,
    conditions: Vec<String>,
    values: Vec<Value>,
    order: &'static str,
}

impl Query {
    fn new(kind: DocumentKind, filter: &Filter, after: Option<PageKey>) -> Self {
        let typed = filter.text.as_deref().map(search::match_expression);
        let mut query = Self {
            from: "FROM record r",
            index: "",
            conditions: Vec::new(),
            values: Vec::new(),
            order: "ORDER BY r.at_ms DESC, r.doc DESC",
        };
        match typed {
            Some(Some(expression)) => {
                query.from = "FROM search CROSS JOIN record r ON r.doc = search.rowid";
                query.order = "ORDER BY search.rowid DESC";
                query.equal("search MATCH", Value::Text(expression));
                if let Some(after) = after {
                    query.equal("search.rowid <", Value::Integer(after.doc));
                }
            }
            Some(None) => query.conditions.push("0".into()),
            None => {
                query.index = index_for(filter);
                if let Some(after) = after {
                    let at = query.bind(Value::Integer(after.at_ms));
                    let doc = query.bind(Value::Integer(after.doc));
                    query
                        .conditions
                        .push(format!("(r.at_ms, r.doc) < ({at}, {doc})"));
                }
            }
        }
        query.equal("r.kind =", Value::Text(kind.as_str().into()));
        query.restrict(filter);
        query
    }

    fn restrict(&mut self, filter: &Filter) {
        let blob = |bytes: &[u8; 16]| Value::Blob(bytes.to_vec());
        let text = |text: &str| Value::Text(text.to_owned());
        self.any_of(
            "r.space",
            filter
                .spaces
                .iter()
                .map(|space| blob(space.as_bytes()))
                .collect(),
        );
        self.any_of(
            "r.status",
            filter.status.iter().map(|status| text(status)).collect(),
        );
        if let Some((member, spaces)) = &filter.by_or_in {
            let creator = self.bind(blob(member.as_bytes()));
            let spaces: Vec<String> = spaces
                .iter()
                .map(|space| self.bind(blob(space.as_bytes())))
                .collect();
            self.conditions.push(format!(
                "(r.creator = {creator} OR r.space IN ({}))",
                spaces.join(", ")
            ));
        }
        let equalities = [
            ("r.zone =", filter.zone.map(|id| blob(id.as_bytes()))),
            ("r.unit =", filter.unit.map(|id| blob(id.as_bytes()))),
            ("r.creator =", filter.creator.map(|id| blob(id.as_bytes()))),
            (
                "r.assignee =",
                filter.assignee.map(|id| blob(id.as_bytes())),
            ),
            ("r.category =", filter.category.as_deref().map(text)),
            ("r.grade =", filter.grade.as_deref().map(text)),
            ("r.nature =", filter.nature.as_deref().map(text)),
            ("r.shift =", filter.shift.map(|shift| text(shift.as_str()))),
            ("r.rota =", filter.rota.map(|rota| text(rota.as_str()))),
            ("r.at_ms >=", filter.from_ms.map(Value::Integer)),
            ("r.at_ms <", filter.to_ms.map(Value::Integer)),
            ("r.code =", filter.code.as_deref().map(text)),
            ("r.name =", filter.name.as_deref().map(text)),
        ];
        for (left, value) in equalities {
            if let Some(value) = value {
                self.equal(left, value);
            }
        }
        match filter.is_open {
            Some(true) => self.conditions.push("r.is_open".into()),
            Some(false) => self.conditions.push("NOT r.is_open".into()),
            None => {}
        }
        if let Some(now_ms) = filter.overdue_at_ms {
            self.conditions.push("r.is_open".into());
            self.equal("r.deadline_ms <", Value::Integer(now_ms));
        }
        for (column, wanted) in [
            ("r.is_conflicted", filter.is_conflicted),
            ("r.is_superseded", filter.is_superseded),
        ] {
            match wanted {
                Some(true) => {
                    self.conditions
                        .push("(r.is_conflicted OR r.is_superseded)".into());
                    self.conditions.push(column.into());
                }
                Some(false) => self.conditions.push(format!("NOT {column}")),
                None => {}
            }
        }
    }

    fn bind(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("?{}", self.values.len())
    }

    fn equal(&mut self, left: &str, value: Value) {
        let bound = self.bind(value);
        self.conditions.push(format!("{left} {bound}"));
    }

    fn any_of(&mut self, column: &str, values: Vec<Value>) {
        if values.is_empty() {
            return;
        }
        let bound: Vec<String> = values.into_iter().map(|value| self.bind(value)).collect();
        self.conditions
            .push(format!("{column} IN ({})", bound.join(", ")));
    }

    fn list_sql(&self) -> String {
        let limit = self.values.len() + 1;
        let select = SELECT.trim_end_matches("FROM record r");
        let conditions = self.conditions.join(" AND ");
        let Self {
            from, index, order, ..
        } = self;
        format!("{select} {from} {index} WHERE {conditions} {order} LIMIT ?{limit}")
    }

    fn count_sql(&self) -> String {
        let Self { from, index, .. } = self;
        format!(
            "SELECT count(*) {from} {index} WHERE {}",
            self.conditions.join(" AND ")
        )
    }
}

/// The index of a list: of the restrictions given, the one that leaves least. SQLite has no
/// statistics of a file that grows on a phone, so it is told.
fn index_for(filter: &Filter) -> &'static str {
    if filter.code.is_some() {
        "INDEXED BY record_by_code"
    } else if filter.is_conflicted == Some(true) || filter.is_superseded == Some(true) {
        "INDEXED BY record_unsettled"
    } else if filter.assignee.is_some() {
        "INDEXED BY record_by_assignee"
    } else if filter.zone.is_some() {
        "INDEXED BY record_by_zone"
    } else if filter.creator.is_some() {
        "INDEXED BY record_by_creator"
    } else if filter.status.len() == 1 {
        // Before those that are open: one status is some of them, or none.
        "INDEXED BY record_by_status"
    } else if filter.overdue_at_ms.is_some() || filter.is_open == Some(true) {
        "INDEXED BY record_open"
    } else if filter.spaces.len() == 1 {
        "INDEXED BY record_by_space"
    } else {
        "INDEXED BY record_by_time"
    }
}
