//! 台账: the ledger of hazards with the columns that the regulations ask for, names resolved from
//! the directory. The screens, the CSV and the printed sheet are all made of these rows.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};

use super::Result;
use super::query::{self, Filter, PageKey};
use crate::calendar::{CHINA_OFFSET_MS, DAY_MS, Day};
use crate::catalogue::{self, Language};
use crate::id::{DocumentId, HazardId, MemberId};
use crate::model::hazard::{
    Decision, Hazard, HazardEventKind, HazardGrade, HazardNature, HazardStatus, Party,
    RectificationMode,
};
use crate::model::photo::Photo;
use crate::model::{Role, View, enumeration};

enumeration! {
    /// The ledger's columns in their order.
    LedgerColumn, "ledger_column" {
        Number = "number",
        InspectedAt = "inspected_at",
        InspectingUnit = "inspecting_unit",
        Inspector = "inspector",
        Item = "item",
        Place = "place",
        Description = "description",
        Nature = "nature",
        Grade = "grade",
        Requirements = "requirements",
        Deadline = "deadline",
        ResponsibleUnit = "responsible_unit",
        ResponsiblePerson = "responsible_person",
        Funds = "funds",
        ContingencyPlan = "contingency_plan",
        CompletedAt = "completed_at",
        Verifier = "verifier",
        VerifiedAt = "verified_at",
        ClosedOut = "closed_out",
        PhotosBefore = "photos_before",
        PhotosAfter = "photos_after",
    }
}

/// One hazard in the ledger. Times are in milliseconds, what is not known yet is `None`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LedgerRow {
    /// The hazard.
    pub hazard: HazardId,
    /// Its number: the day of its report and eight digits of its id, which never change.
    pub number: String,
    /// When the inspection that found it began; else when it was reported.
    pub inspected_at_ms: i64,
    /// The unit of whoever found it, else the branch whose space it is in.
    pub inspecting_unit: Option<String>,
    /// Who found it.
    pub inspector: Option<String>,
    /// The checklist item or subject.
    pub item: Option<String>,
    /// The zone's name.
    pub zone: Option<String>,
    /// The place as reported.
    pub place: Option<String>,
    /// What is wrong.
    pub description: String,
    /// Its nature.
    pub nature: HazardNature,
    /// Its grade.
    pub grade: Option<HazardGrade>,
    /// How it is rectified.
    pub mode: Option<RectificationMode>,
    /// What rectification must achieve.
    pub requirements: Option<String>,
    /// When the assignment that counts was given: the date of its notice.
    pub assigned_at_ms: Option<i64>,
    /// The deadline that counts.
    pub deadline_ms: Option<i64>,
    /// The responsible unit's name.
    pub responsible_unit: Option<String>,
    /// The responsible person's name.
    pub responsible_person: Option<String>,
    /// 资金.
    pub funds: Option<String>,
    /// 预案.
    pub contingency_plan: Option<String>,
    /// When it was rectified.
    pub completed_at_ms: Option<i64>,
    /// Who verified it.
    pub verifier: Option<String>,
    /// When.
    pub verified_at_ms: Option<i64>,
    /// Who closed it out.
    pub closed_by: Option<String>,
    /// When.
    pub closed_at_ms: Option<i64>,
    /// Where it stands.
    pub status: HazardStatus,
    /// Not closed or void, and past its deadline.
    pub is_overdue: bool,
    /// Photos from before.
    pub photos_before: Vec<Photo>,
    /// Photos from after.
    pub photos_after: Vec<Photo>,
    /// Nature, grade, mode and status in the reader's language.
    pub labels: LedgerLabels,
}

/// A row's enumerations in the reader's language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LedgerLabels {
    /// The nature.
    pub nature: String,
    /// The grade.
    pub grade: Option<String>,
    /// The way of rectification.
    pub mode: Option<String>,
    /// Where it stands.
    pub status: String,
}

/// A page of the ledger, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LedgerPage {
    /// Its rows.
    pub rows: Vec<LedgerRow>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<PageKey>,
}

/// For whom, and as of when, a ledger is drawn up.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// The language of names that the directory does not hold, and of the labels.
    pub language: Language,
    /// The instant by which overdue is judged, in milliseconds.
    pub now_ms: i64,
}

/// A page of the ledger of the hazards that `filter` leaves, newest first.
///
/// # Errors
/// SQLite's, or a damaged row.
pub fn rows(
    conn: &Connection,
    filter: &Filter,
    reader: Reader,
    after: Option<PageKey>,
    limit: usize,
) -> Result<LedgerPage> {
    let page = query::list::<Hazard>(conn, filter, after, limit)?;
    let mut names = Names::new(conn, reader.language);
    let rows = page
        .rows
        .into_iter()
        .map(|row| names.row(row.view, reader.now_ms))
        .collect::<Result<_>>()?;
    Ok(LedgerPage {
        rows,
        next: page.next,
    })
}

/// The row of one hazard.
///
/// # Errors
/// SQLite's.
pub fn row(conn: &Connection, view: View<Hazard>, reader: Reader) -> Result<LedgerRow> {
    Names::new(conn, reader.language).row(view, reader.now_ms)
}

/// A hazard's readable number. It comes from the document's header alone, so that it is the same
/// on every device and never changes.
pub fn number(view: &View<Hazard>) -> String {
    let (year, month, day) = Day::at(view.header.created_ms).ymd();
    let [.., a, b, c, d] = *view.header.id.as_bytes();
    format!("{year:04}{month:02}{day:02}-{a:02X}{b:02X}{c:02X}{d:02X}")
}

fn assigned_at_ms(view: &View<Hazard>) -> Option<i64> {
    let counts = view.events.iter().filter(|of| of.superseded.is_none());
    let mut assigned = counts.filter(|of| of.event.body.kind() == HazardEventKind::Assigned);
    Some(assigned.next_back()?.event.at_ms)
}

/// Names from the directory, each asked for once.
struct Names<'a> {
    conn: &'a Connection,
    language: Language,
    known: HashMap<DocumentId, Option<String>>,
}

impl<'a> Names<'a> {
    fn new(conn: &'a Connection, language: Language) -> Self {
        Self {
            conn,
            language,
            known: HashMap::new(),
        }
    }

    fn of(&mut self, id: impl Into<DocumentId>) -> Result<Option<String>> {
        let id = id.into();
        if id == DocumentId::from(MemberId::OPERATOR) {
            return Ok(Some(Role::Admin.label(self.language).to_owned()));
        }
        if let Some(known) = self.known.get(&id) {
            return Ok(known.clone());
        }
        let name = column(self.conn, NAME, id)?;
        self.known.insert(id, name.clone());
        Ok(name)
    }

    fn row(&mut self, view: View<Hazard>, now_ms: i64) -> Result<LedgerRow> {
        let number = number(&view);
        let assigned_at_ms = assigned_at_ms(&view);
        let View {
            header,
            fields,
            state,
            ..
        } = view;
        let finder = state.reported_by.unwrap_or(header.creator);
        let inspected_at_ms = match fields.inspection {
            Some(inspection) => column(self.conn, STARTED, inspection.into())?,
            None => None,
        };
        let assignment = state.assignment.as_ref();
        let (funds, contingency_plan) = money_and_plan(assignment);
        let language = self.language;
        Ok(LedgerRow {
            hazard: header.id.into(),
            number,
            inspected_at_ms: inspected_at_ms.unwrap_or(header.created_ms),
            inspecting_unit: match column(self.conn, UNIT_OF, finder.into())? {
                Some(unit) => Some(unit),
                None => self.of(header.space)?,
            },
            inspector: self.of(finder)?,
            item: fields.item,
            zone: match fields.zone {
                Some(zone) => self.of(zone)?,
                None => None,
            },
            place: fields.place,
            description: fields.description,
            nature: state.nature,
            grade: state.grade,
            mode: assignment.map(|assignment| assignment.mode),
            requirements: fields.requirements,
            assigned_at_ms,
            deadline_ms: state.deadline_ms(),
            responsible_unit: match assignment {
                Some(assignment) => self.of(assignment.unit)?,
                None => None,
            },
            responsible_person: match assignment.map(|assignment| &assignment.person) {
                Some(Party::Member(member)) => self.of(*member)?,
                Some(Party::Person(person)) => self.of(*person)?,
                None => None,
            },
            funds,
            contingency_plan,
            completed_at_ms: state.rectified.as_ref().map(|rectified| rectified.at_ms),
            verifier: self.decider(state.verified.as_ref())?,
            verified_at_ms: state.verified.as_ref().map(|verified| verified.at_ms),
            closed_by: self.decider(state.closed.as_ref())?,
            closed_at_ms: state.closed.as_ref().map(|closed| closed.at_ms),
            status: state.status,
            is_overdue: state.is_overdue(now_ms),
            labels: LedgerLabels {
                nature: state.nature.label(language).to_owned(),
                grade: state.grade.map(|grade| grade.label(language).to_owned()),
                mode: assignment.map(|a| a.mode.label(language).to_owned()),
                status: state.status.label(language).to_owned(),
            },
            photos_before: fields.photos,
            photos_after: state
                .rectified
                .map_or_else(Vec::new, |rectified| rectified.rectification.photos),
        })
    }

    fn decider(&mut self, decision: Option<&Decision>) -> Result<Option<String>> {
        match decision {
            Some(decision) => self.of(decision.by),
            None => Ok(None),
        }
    }
}

/// 资金 and 预案: from 五落实, else from the plan of a Major hazard.
fn money_and_plan(
    assignment: Option<&crate::model::hazard::Assignment>,
) -> (Option<String>, Option<String>) {
    let said = |text: &String| (!text.trim().is_empty()).then(|| text.clone());
    let assurances = assignment.and_then(|assignment| assignment.assurances.as_ref());
    let plan = assignment.and_then(|assignment| assignment.plan.as_ref());
    let funds = assurances
        .and_then(|assurances| said(&assurances.funds))
        .or_else(|| said(&plan?.funds_and_supplies));
    let contingency = assurances
        .and_then(|assurances| said(&assurances.contingency_plan))
        .or_else(|| said(&plan?.safety_measures_and_contingency_plan));
    (funds, contingency)
}

const NAME: &str = "SELECT r.name FROM document d JOIN record r ON r.doc = d.doc WHERE d.id = ?1";
const UNIT_OF: &str = "SELECT u.name FROM document d JOIN record r ON r.doc = d.doc
    JOIN document ud ON ud.id = r.unit JOIN record u ON u.doc = ud.doc WHERE d.id = ?1";
const STARTED: &str = "SELECT json_extract(r.view, '$.fields.started_ms')
    FROM document d JOIN record r ON r.doc = d.doc WHERE d.id = ?1 AND r.kind = 'inspection'";

fn column<T: rusqlite::types::FromSql>(
    conn: &Connection,
    sql: &str,
    id: DocumentId,
) -> Result<Option<T>> {
    let mut statement = conn.prepare_cached(sql)?;
    let found = statement.query_row([id], |row| row.get(0)).optional()?;
    Ok(found.flatten())
}

impl LedgerRow {
    /// A column's text for a sheet, times in China's. Of photos it says how many there are: paper
    /// shows none, and the hazard's page shows all.
    pub fn text(&self, column: LedgerColumn, language: Language) -> String {
        use LedgerColumn as C;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let time = |ms: Option<i64>| ms.map(china_time).unwrap_or_default();
        match column {
            C::Number => self.number.clone(),
            C::InspectedAt => china_time(self.inspected_at_ms),
            C::InspectingUnit => text(&self.inspecting_unit),
            C::Inspector => text(&self.inspector),
            C::Item => text(&self.item),
            C::Place => {
                let parts = [self.zone.as_deref(), self.place.as_deref()];
                parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
            }
            C::Description => self.description.clone(),
            C::Nature => self.labels.nature.clone(),
            C::Grade => text(&self.labels.grade),
            C::Requirements => text(&self.requirements),
            C::Deadline => time(self.deadline_ms),
            C::ResponsibleUnit => text(&self.responsible_unit),
            C::ResponsiblePerson => text(&self.responsible_person),
            C::Funds => text(&self.funds),
            C::ContingencyPlan => text(&self.contingency_plan),
            C::CompletedAt => time(self.completed_at_ms),
            C::Verifier => text(&self.verifier),
            C::VerifiedAt => time(self.verified_at_ms),
            C::ClosedOut => self.closed_out(language),
            C::PhotosBefore => self.photos_before.len().to_string(),
            C::PhotosAfter => self.photos_after.len().to_string(),
        }
    }

    /// When and by whom it was closed out; until then where it stands, and whether it is overdue.
    fn closed_out(&self, language: Language) -> String {
        let mut parts = vec![self.labels.status.clone()];
        if self.status == HazardStatus::Closed {
            parts.extend(self.closed_at_ms.map(china_time));
            parts.extend(self.closed_by.clone());
        }
        if self.is_overdue {
            let overdue = catalogue::text(language, "ledger", "overdue").unwrap_or("overdue");
            parts.push(overdue.to_owned());
        }
        parts.join(" ")
    }
}

/// `2026-11-20 08:05`, in China.
fn china_time(ms: i64) -> String {
    let minutes = ms.saturating_add(CHINA_OFFSET_MS).rem_euclid(DAY_MS) / 60_000;
    let (hour, minute) = (minutes / 60, minutes % 60);
    format!("{} {hour:02}:{minute:02}", Day::at(ms).iso())
}

#[cfg(test)]
mod tests;
