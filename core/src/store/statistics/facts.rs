//! What figures are counted from: of each hazard, inspection and violation the few columns that
//! they ask for, in memory.
//!
//! A year of a large enterprise is a hundred thousand inspections: SQLite takes a tenth of a second
//! to hand them over, a processor a thousandth to count them. So whoever answers often (the relay)
//! reads them once and then [notes](Facts::note) what changes; whoever asks once reads and counts.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::ops::Range;

use rusqlite::{Connection, OptionalExtension as _, Row as SqlRow};
use uuid::Uuid;

use crate::id::OrgId;
use crate::model::hazard::{HazardGrade, HazardNature, HazardStatus};
use crate::model::inspection::InspectionKind;
use crate::model::violation::{ViolationKind, ViolationStatus};
use crate::model::{DocumentKind, Rota, Shift};
use crate::store::Result;
use crate::store::documents::DocKey;

/// The facts of every record that is counted.
#[derive(Debug, Default)]
pub struct Facts {
    ids: Ids,
    hazards: HashMap<DocKey, HazardFact>,
    inspections: HashMap<DocKey, InspectionFact>,
    violations: HashMap<DocKey, ViolationFact>,
}

/// What is counted of a hazard.
#[derive(Debug)]
pub(super) struct HazardFact {
    pub(super) space: Number,
    pub(super) at_ms: i64,
    pub(super) zone: Option<Number>,
    pub(super) place: Option<Box<str>>,
    pub(super) unit: Option<Number>,
    pub(super) status: Option<HazardStatus>,
    pub(super) grade: Option<HazardGrade>,
    pub(super) nature: Option<HazardNature>,
    pub(super) is_open: bool,
    pub(super) deadline_ms: Option<i64>,
    pub(super) rectified_ms: Option<i64>,
    pub(super) closed_ms: Option<i64>,
    pub(super) is_funded: bool,
}

impl HazardFact {
    pub(super) fn is_void(&self) -> bool {
        self.status == Some(HazardStatus::Void)
    }

    pub(super) fn is_overdue(&self, now_ms: i64) -> bool {
        self.is_open && self.deadline_ms.is_some_and(|deadline| deadline < now_ms)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.status == Some(HazardStatus::Closed)
    }

    /// When it was closed out, where it still is.
    pub(super) fn closed_ms(&self) -> Option<i64> {
        self.closed_ms.filter(|_| self.is_closed())
    }
}

/// What is counted of an inspection.
#[derive(Debug)]
pub(super) struct InspectionFact {
    pub(super) at_ms: i64,
    pub(super) space: Number,
    pub(super) creator: Number,
    pub(super) zone: Option<Number>,
    pub(super) kind: Option<InspectionKind>,
    pub(super) shift: Option<Shift>,
    pub(super) rota: Option<Rota>,
}

/// What is counted of a violation that was not withdrawn.
#[derive(Debug)]
pub(super) struct ViolationFact {
    pub(super) at_ms: i64,
    pub(super) space: Number,
    pub(super) kind: Option<ViolationKind>,
    pub(super) unit: Option<Number>,
}

/// An id among [`Ids`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Number(NonZeroU32);

impl Number {
    pub(super) fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// Spaces, zones, units and members by short numbers: sixteen bytes for each of them would be most
/// of what an inspection takes.
#[derive(Debug, Default)]
pub(super) struct Ids {
    numbers: HashMap<Uuid, Number>,
    ids: Vec<Uuid>,
}

impl Ids {
    fn number(&mut self, id: [u8; 16]) -> Number {
        let id = Uuid::from_bytes(id);
        *self.numbers.entry(id).or_insert_with(|| {
            self.ids.push(id);
            let count = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
            Number(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN))
        })
    }

    pub(super) fn id(&self, number: Number) -> Uuid {
        self.ids.get(number.index()).copied().unwrap_or_default()
    }

    /// A table by number, in which these ids have a value.
    pub(super) fn table<T: Clone>(&self, of: impl Iterator<Item = (Uuid, T)>) -> Vec<Option<T>> {
        let mut table = vec![None; self.ids.len()];
        for (id, value) in of {
            if let Some(number) = self.numbers.get(&id) {
                table[number.index()] = Some(value);
            }
        }
        table
    }
}

// `kind` before all else; the view comes last in a row, and only a hazard's is looked into.
const COLUMNS: &str =
    "SELECT r.doc, r.kind, r.space, r.at_ms, r.zone, r.unit, r.category, r.status,
        r.grade, r.nature, r.is_open, r.deadline_ms, r.rectified_ms, r.closed_ms, r.creator,
        r.shift, r.rota,
        CASE r.kind WHEN 'hazard' THEN trim(json_extract(r.view, '$.fields.place')) END,
        CASE r.kind WHEN 'hazard' THEN trim(concat(
            json_extract(r.view, '$.state.assignment.assurances.funds'),
            json_extract(r.view, '$.state.assignment.plan.funds_and_supplies'))) <> '' END";
const COUNTED: &str = "r.kind IN ('hazard', 'inspection', 'violation')";

impl Facts {
    /// Reads the facts of all records.
    ///
    /// # Errors
    /// SQLite's.
    pub fn read(conn: &Connection) -> Result<Self> {
        let mut facts = Self::default();
        let sql = format!("{COLUMNS} FROM record r NOT INDEXED WHERE {COUNTED}");
        let mut statement = conn.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            facts.put(row)?;
        }
        Ok(facts)
    }

    /// Reads the facts of one record anew, or forgets them where there is none any more.
    ///
    /// # Errors
    /// SQLite's.
    pub fn note(&mut self, conn: &Connection, key: DocKey) -> Result<()> {
        self.hazards.remove(&key);
        self.inspections.remove(&key);
        self.violations.remove(&key);
        let sql = format!("{COLUMNS} FROM record r WHERE r.doc = ?1 AND {COUNTED}");
        let mut statement = conn.prepare_cached(&sql)?;
        statement
            .query_row([key.0], |row| self.put(row))
            .optional()?;
        Ok(())
    }

    fn put(&mut self, row: &SqlRow<'_>) -> rusqlite::Result<()> {
        let key = DocKey(row.get(0)?);
        let space = self.ids.number(row.get(2)?);
        let at_ms = row.get(3)?;
        let unit = self.optional(row.get(5)?);
        let zone = self.optional(row.get(4)?);
        match named(row, 1, DocumentKind::parse)? {
            Some(DocumentKind::Hazard) => {
                let hazard = HazardFact {
                    space,
                    at_ms,
                    zone,
                    place: row.get(17)?,
                    unit,
                    status: named(row, 7, HazardStatus::parse)?,
                    grade: named(row, 8, HazardGrade::parse)?,
                    nature: named(row, 9, HazardNature::parse)?,
                    is_open: row.get(10)?,
                    deadline_ms: row.get(11)?,
                    rectified_ms: row.get(12)?,
                    closed_ms: row.get(13)?,
                    is_funded: row.get(18)?,
                };
                self.hazards.insert(key, hazard);
            }
            Some(DocumentKind::Inspection) => {
                let inspection = InspectionFact {
                    at_ms,
                    space,
                    creator: self.ids.number(row.get(14)?),
                    zone,
                    kind: named(row, 6, InspectionKind::parse)?,
                    shift: named(row, 15, Shift::parse)?,
                    rota: named(row, 16, Rota::parse)?,
                };
                self.inspections.insert(key, inspection);
            }
            Some(DocumentKind::Violation) => {
                let status = named(row, 7, ViolationStatus::parse)?;
                if status != Some(ViolationStatus::Withdrawn) {
                    let violation = ViolationFact {
                        at_ms,
                        space,
                        kind: named(row, 6, ViolationKind::parse)?,
                        unit,
                    };
                    self.violations.insert(key, violation);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn optional(&mut self, id: Option<[u8; 16]>) -> Option<Number> {
        id.map(|id| self.ids.number(id))
    }

    pub(super) fn ids(&self) -> &Ids {
        &self.ids
    }

    /// Every inspection, wherever it is.
    pub(super) fn all_inspections(&self) -> impl Iterator<Item = (DocKey, &InspectionFact)> {
        self.inspections.iter().map(|(key, fact)| (*key, fact))
    }

    /// The facts in these spaces; none means all.
    pub(super) fn within(&self, spaces: &[OrgId]) -> Within<'_> {
        let asked = spaces.iter().map(|space| (space.0, ()));
        let is_in = (!spaces.is_empty()).then(|| self.ids.table(asked));
        Within { facts: self, is_in }
    }
}

/// Facts in some spaces.
pub(super) struct Within<'a> {
    facts: &'a Facts,
    is_in: Option<Vec<Option<()>>>,
}

impl<'a> Within<'a> {
    pub(super) fn ids(&self) -> &'a Ids {
        &self.facts.ids
    }

    pub(super) fn hazards(&self) -> impl Iterator<Item = &'a HazardFact> {
        let hazards = self.facts.hazards.values();
        hazards.filter(|hazard| self.has(hazard.space))
    }

    /// The hazards reported in a time.
    pub(super) fn reported(&self, ms: &Range<i64>) -> impl Iterator<Item = &'a HazardFact> {
        self.hazards().filter(|hazard| ms.contains(&hazard.at_ms))
    }

    pub(super) fn inspections(&self) -> impl Iterator<Item = &'a InspectionFact> {
        let inspections = self.facts.inspections.values();
        inspections.filter(|inspection| self.has(inspection.space))
    }

    /// The violations of a time that were not withdrawn.
    pub(super) fn violations(&self, ms: &Range<i64>) -> impl Iterator<Item = &'a ViolationFact> {
        let violations = self.facts.violations.values();
        violations.filter(|violation| self.has(violation.space) && ms.contains(&violation.at_ms))
    }

    fn has(&self, space: Number) -> bool {
        let is_in = self.is_in.as_ref();
        is_in.is_none_or(|is_in| is_in.get(space.index()).is_some_and(Option::is_some))
    }
}

/// A value of an enumeration; `None` also for one that this version does not know.
fn named<T>(
    row: &SqlRow<'_>,
    column: usize,
    parse: impl Fn(&str) -> Option<T>,
) -> rusqlite::Result<Option<T>> {
    let text = row.get_ref(column)?.as_str_or_null();
    Ok(text.map_err(rusqlite::Error::from)?.and_then(parse))
}
