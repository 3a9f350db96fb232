//! What a record's lists, filters, search and statistics read, written in the transaction that
//! wrote the document.

use rusqlite::{Connection, params};

use super::documents::{DocKey, project_stored};
use super::{Result, StoreError, photos, search};
use crate::document::{Contents, Positions, ReadError};
use crate::id::{UnitId, ZoneId};
use crate::model::hazard::{Hazard, HazardGrade, Party};
use crate::model::inspection::Inspection;
use crate::model::organisation::{PartyOrg, Unit};
use crate::model::people::{Grant, Member, Person};
use crate::model::post::VanguardPost;
use crate::model::team::TaskTeam;
use crate::model::template::Template;
use crate::model::violation::Violation;
use crate::model::zone::ResponsibilityZone;
use crate::model::{Record, Rota, Shift, View, for_kind};

/// The columns of a record that its kind fills.
#[derive(Default)]
pub(crate) struct Columns<'a> {
    name: &'a str,
    code: Option<&'a str>,
    zone: Option<ZoneId>,
    unit: Option<UnitId>,
    category: Option<&'static str>,
    status: Option<&'static str>,
    grade: Option<&'static str>,
    nature: Option<&'static str>,
    shift: Option<Shift>,
    rota: Option<Rota>,
    assignee: Option<[u8; 16]>,
    deadline_ms: Option<i64>,
    rectified_ms: Option<i64>,
    closed_ms: Option<i64>,
}

/// How a kind of record fills its columns.
pub(crate) trait Projected: Record {
    fn columns(view: &View<Self>) -> Columns<'_>;
}

/// Projects a document. One that this version cannot read is marked, and keeps what was last
/// projected of it.
pub(super) fn project(
    conn: &Connection,
    key: DocKey,
    contents: std::result::Result<Contents, ReadError>,
    positions: &Positions,
) -> Result<()> {
    let projected = contents
        .map_err(StoreError::from)
        .and_then(|contents| project_good(conn, key, contents, positions));
    let condition = match projected {
        Ok(()) => "good",
        Err(StoreError::Document(ReadError::TooNew(_))) => "too_new",
        Err(StoreError::Document(ReadError::Damaged(_))) => "damaged",
        Err(error) => return Err(error),
    };
    conn.prepare_cached("UPDATE document SET condition = ?2 WHERE doc = ?1 AND condition <> ?2")?
        .execute(params![key.0, condition])?;
    Ok(())
}

fn project_good(
    conn: &Connection,
    key: DocKey,
    contents: Contents,
    positions: &Positions,
) -> Result<()> {
    let header = contents.header()?;
    for_kind!(header.kind, R => {
        let view = contents.view::<R>(positions)?;
        write(conn, key, &view)
    })
}

/// Projects every document anew, from the changes; for replicas and after a repair.
///
/// # Errors
/// SQLite's.
pub fn project_all(conn: &Connection) -> Result<usize> {
    let mut statement = conn.prepare("SELECT doc FROM document ORDER BY doc")?;
    let keys: Vec<i64> = statement
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for key in &keys {
        match project_stored(conn, DocKey(*key)) {
            Ok(()) => {}
            Err(StoreError::Document(_)) => {
                conn.execute(
                    "UPDATE document SET condition = 'damaged' WHERE doc = ?1",
                    [key],
                )?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(keys.len())
}

const UPDATE: &str = "UPDATE record SET kind = ?2, space = ?3, creator = ?4, at_ms = ?5, name = ?6,
    code = ?7, zone = ?8, unit = ?9, category = ?10, status = ?11, grade = ?12, nature = ?13,
    shift = ?14, rota = ?15, assignee = ?16, deadline_ms = ?17, rectified_ms = ?18,
    closed_ms = ?19, is_open = ?20, is_conflicted = ?21, is_superseded = ?22, view = ?23
    WHERE doc = ?1";
const INSERT: &str = "INSERT INTO record (doc, kind, space, creator, at_ms, name, code, zone, unit,
    category, status, grade, nature, shift, rota, assignee, deadline_ms, rectified_ms, closed_ms,
    is_open, is_conflicted, is_superseded, view)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
        ?20, ?21, ?22, ?23)";

fn write<R: Projected>(conn: &Connection, key: DocKey, view: &View<R>) -> Result<()> {
    let columns = R::columns(view);
    let header = &view.header;
    // A clock that runs ahead must not put a record into the future.
    let received = view.events.first().and_then(|event| event.received_at_ms);
    let at_ms = received.map_or(header.created_ms, |received| {
        received.min(header.created_ms)
    });
    let is_superseded = view.events.iter().any(|event| event.superseded.is_some());
    let json = serde_json::to_string(view)?;
    let values = params![
        key.0,
        header.kind,
        header.space,
        header.creator,
        at_ms,
        columns.name,
        columns.code,
        columns.zone,
        columns.unit,
        columns.category,
        columns.status,
        columns.grade,
        columns.nature,
        columns.shift,
        columns.rota,
        columns.assignee,
        columns.deadline_ms,
        columns.rectified_ms,
        columns.closed_ms,
        R::is_open(&view.state),
        !view.conflicts.is_empty(),
        is_superseded,
        json,
    ];
    // Not `INSERT OR REPLACE`: that opens a savepoint, at which FTS5 writes its index to disk,
    // once for each document of a page.
    if conn.prepare_cached(UPDATE)?.execute(values)? == 0 {
        conn.prepare_cached(INSERT)?.execute(values)?;
    }
    if R::HAS_PHOTOS {
        photos::project(conn, key, &R::photos(view))?;
    }
    let texts = R::search_text(view);
    if texts.is_empty() {
        return Ok(());
    }
    conn.prepare_cached("INSERT OR REPLACE INTO search (rowid, text) VALUES (?1, ?2)")?
        .execute(params![key.0, search::segment(&texts)])?;
    Ok(())
}

impl Projected for Hazard {
    fn columns(view: &View<Self>) -> Columns<'_> {
        let (fields, state) = (&view.fields, &view.state);
        let assignment = state.assignment.as_ref();
        Columns {
            name: &fields.description,
            zone: fields.zone,
            unit: assignment.map(|assignment| assignment.unit),
            status: Some(state.status.as_str()),
            grade: state.grade.map(HazardGrade::as_str),
            nature: Some(state.nature.as_str()),
            assignee: assignment.map(|assignment| match assignment.person {
                Party::Member(member) => *member.as_bytes(),
                Party::Person(person) => *person.as_bytes(),
            }),
            deadline_ms: state.deadline_ms(),
            rectified_ms: state.rectified.as_ref().map(|rectified| rectified.at_ms),
            closed_ms: state.closed.as_ref().map(|closed| closed.at_ms),
            ..Columns::default()
        }
    }
}

impl Projected for Inspection {
    fn columns(view: &View<Self>) -> Columns<'_> {
        let fields = &view.fields;
        Columns {
            name: &fields.summary,
            zone: Some(fields.zone),
            category: Some(fields.inspection_kind.as_str()),
            status: Some(view.state.status.as_str()),
            shift: Some(fields.shift),
            rota: fields.rota,
            ..Columns::default()
        }
    }
}

impl Projected for Violation {
    fn columns(view: &View<Self>) -> Columns<'_> {
        let fields = &view.fields;
        Columns {
            name: &fields.description,
            zone: fields.zone,
            unit: fields.unit,
            category: Some(fields.violation_kind.as_str()),
            status: Some(view.state.status.as_str()),
            ..Columns::default()
        }
    }
}

impl Projected for ResponsibilityZone {
    fn columns(view: &View<Self>) -> Columns<'_> {
        let fields = &view.fields;
        Columns {
            name: &fields.name,
            code: Some(&fields.code),
            unit: fields.unit,
            category: Some(fields.zone_kind.as_str()),
            ..Columns::default()
        }
    }
}

impl Projected for VanguardPost {
    fn columns(view: &View<Self>) -> Columns<'_> {
        let fields = &view.fields;
        Columns {
            name: &fields.name,
            code: Some(&fields.code),
            unit: fields.unit,
            category: Some(fields.post_kind.as_str()),
            status: Some(view.state.status.as_str()),
            ..Columns::default()
        }
    }
}

impl Projected for TaskTeam {
    fn columns(view: &View<Self>) -> Columns<'_> {
        let fields = &view.fields;
        Columns {
            name: &fields.name,
            unit: fields.unit,
            category: Some(fields.team_kind.as_str()),
            ..Columns::default()
        }
    }
}

impl Projected for PartyOrg {
    fn columns(view: &View<Self>) -> Columns<'_> {
        Columns {
            name: &view.fields.name,
            category: Some(view.fields.org_kind.as_str()),
            status: Some(view.state.status.as_str()),
            ..Columns::default()
        }
    }
}

impl Projected for Unit {
    fn columns(view: &View<Self>) -> Columns<'_> {
        let category = Some(view.fields.unit_kind.as_str());
        Columns {
            name: &view.fields.name,
            category,
            ..Columns::default()
        }
    }
}

impl Projected for Person {
    fn columns(view: &View<Self>) -> Columns<'_> {
        Columns {
            name: &view.fields.name,
            unit: Some(view.fields.unit),
            ..Columns::default()
        }
    }
}

impl Projected for Member {
    fn columns(view: &View<Self>) -> Columns<'_> {
        let fields = &view.fields;
        let code = Some(fields.number.as_str());
        Columns {
            name: &fields.name,
            code,
            unit: fields.unit,
            ..Columns::default()
        }
    }
}

impl Projected for Grant {
    fn columns(view: &View<Self>) -> Columns<'_> {
        let fields = &view.fields;
        Columns {
            category: Some(fields.role.as_str()),
            assignee: Some(*fields.member.as_bytes()),
            ..Columns::default()
        }
    }
}

impl Projected for Template {
    fn columns(view: &View<Self>) -> Columns<'_> {
        Columns {
            name: &view.fields.name,
            category: Some(view.fields.inspection_kind.as_str()),
            ..Columns::default()
        }
    }
}
