//! Counts and statistics over projected records, the same on phones and at the relay: what stands
//! open now, the figures of a quarter or year that the regulations ask for, duties and repeats.
//!
//! Only reads, and only what is projected. `spaces` restricts to those of them; none means all.
//! Days are days in China. A rate whose denominator is zero is not known, never 100%. Violations
//! are counted by kind and unit, never by person.

mod counting;
mod duty;
mod repeats;
#[cfg(test)]
mod tests;
mod trend;

use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{Connection, Row as SqlRow, params_from_iter};
use serde::{Deserialize, Serialize};

use super::Result;
use crate::calendar::{Day, Quarter};
use crate::id::{OrgId, UnitId, ZoneId};
use crate::model::hazard::{HazardGrade, HazardNature, HazardStatus};
use crate::model::inspection::InspectionKind;
use crate::model::violation::ViolationKind;
use crate::model::{Rota, Shift};

use counting::{counts, ranked};

pub use counting::{Count, Rate, Tally};
pub use duty::{BranchDuty, DEFAULT_SHIFTS_PER_DAY, ZoneDuty, duties_by_branch, duty_completion};
pub use repeats::{RepeatHazards, repeat_hazards};
pub use trend::{TrendDay, trend};

/// How things stand now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overview {
    /// Hazards neither closed nor void.
    pub open: u64,
    /// Open ones past their deadline.
    pub overdue: u64,
    /// Open ones of Major grade.
    pub major_open: u64,
    /// Hazards by status, void ones as well.
    pub by_status: Vec<Count<HazardStatus>>,
    /// By grade.
    pub by_grade: Vec<Tally<HazardGrade>>,
    /// By nature.
    pub by_nature: Vec<Tally<HazardNature>>,
    /// By responsibility zone, most open first.
    pub by_zone: Vec<Tally<ZoneId>>,
    /// By responsible unit, most open first.
    pub by_unit: Vec<Tally<UnitId>>,
    /// By the organisation whose space they are in, most open first.
    pub by_branch: Vec<Tally<OrgId>>,
    /// Inspections by kind.
    pub inspections_by_kind: Vec<Count<InspectionKind>>,
    /// Inspections by shift.
    pub inspections_by_shift: Vec<Count<Shift>>,
    /// Inspections by crew.
    pub inspections_by_rota: Vec<Count<Rota>>,
    /// Violations by kind, withdrawn ones apart.
    pub violations_by_kind: Vec<Count<ViolationKind>>,
}

/// The figures of a period, of the hazards reported in it as they stand now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PeriodStatistics {
    /// The first day, as days since 1970-01-01.
    pub from: Day,
    /// The day after the last.
    pub to: Day,
    /// Hazards reported in the period, void ones apart.
    pub reported: u64,
    /// Those that were voided.
    pub voided: u64,
    /// Of the reported, those closed out.
    pub closed: u64,
    /// Of the reported, those still open.
    pub open: u64,
    /// Of the reported, those open and past their deadline.
    pub overdue: u64,
    /// Of the reported, those of Major grade.
    pub major: u64,
    /// Closed out in the period, whenever they were reported.
    pub closed_in_period: u64,
    /// The reported by grade.
    pub by_grade: Vec<Tally<HazardGrade>>,
    /// 整改率: closed out of reported; unknown where none was reported.
    pub closing_rate: Option<Rate>,
    /// 按期整改率: rectified by their deadline, out of those whose deadline lies in the period and
    /// is past, or which are rectified; unknown where there are none.
    pub on_time_rate: Option<Rate>,
    /// 应查/已查: inspections done out of those due on the days of the period that are over;
    /// unknown where none was due.
    pub inspection_completion: Option<Rate>,
    /// Violations in the period, withdrawn ones apart.
    pub violations: u64,
    /// They by kind.
    pub violations_by_kind: Vec<Count<ViolationKind>>,
    /// They by the unit whose people they are.
    pub violations_by_unit: Vec<Count<UnitId>>,
}

/// How things stand at `now_ms`.
///
/// # Errors
/// SQLite's.
pub fn overview(conn: &Connection, spaces: &[OrgId], now_ms: i64) -> Result<Overview> {
    let hazards = hazards(conn, spaces, (i64::MIN, i64::MAX), now_ms)?;
    let inspections = groups(conn, INSPECTIONS, spaces, &[], |row| {
        Ok((
            (
                named(row, 0, InspectionKind::parse)?,
                named(row, 1, Shift::parse)?,
                named(row, 2, Rota::parse)?,
            ),
            row.get::<_, u64>(3)?,
        ))
    })?;
    let violations = violation_groups(conn, spaces, (i64::MIN, i64::MAX))?;
    let inspections_by = || inspections.iter().map(|(keys, count)| (keys, *count));
    Ok(Overview {
        open: count(&hazards, |group| group.is_open),
        overdue: count(&hazards, |group| group.is_overdue),
        major_open: count(&hazards, |group| {
            group.is_open && group.grade == Some(HazardGrade::Major)
        }),
        by_status: counts(
            HazardStatus::ALL,
            hazards.iter().map(|hazard| (hazard.status, 1)),
        ),
        by_grade: tallies(&hazards, |group| group.grade),
        by_nature: tallies(&hazards, |group| group.nature),
        by_zone: by_urgency(tallies(&hazards, |group| group.zone)),
        by_unit: by_urgency(tallies(&hazards, |group| group.unit)),
        by_branch: by_urgency(tallies(&hazards, |group| Some(group.space))),
        inspections_by_kind: counts(InspectionKind::ALL, inspections_by().map(|(k, n)| (k.0, n))),
        inspections_by_shift: counts(Shift::ALL, inspections_by().map(|(k, n)| (k.1, n))),
        inspections_by_rota: counts(Rota::ALL, inspections_by().map(|(k, n)| (k.2, n))),
        violations_by_kind: counts(
            ViolationKind::ALL,
            violations.iter().map(|(keys, count)| (keys.0, *count)),
        ),
    })
}

/// The figures of a quarter (Order 16 of 2007, art. 14), as they stand at `now_ms`.
///
/// # Errors
/// SQLite's.
pub fn quarterly(
    conn: &Connection,
    spaces: &[OrgId],
    quarter: Quarter,
    now_ms: i64,
) -> Result<PeriodStatistics> {
    let (from, to) = (quarter.first_day(), quarter.next().first_day());
    period(conn, spaces, from, to, DEFAULT_SHIFTS_PER_DAY, now_ms)
}

/// The figures of a calendar year, as they stand at `now_ms`.
///
/// # Errors
/// SQLite's.
pub fn yearly(
    conn: &Connection,
    spaces: &[OrgId],
    year: i32,
    now_ms: i64,
) -> Result<PeriodStatistics> {
    let (from, to) = (Day::from_ymd(year, 1, 1), Day::from_ymd(year + 1, 1, 1));
    period(conn, spaces, from, to, DEFAULT_SHIFTS_PER_DAY, now_ms)
}

/// The figures of the days from `from` (included) to `to` (not included), as they stand at
/// `now_ms`; `shifts_per_day` is how many shifts the plant works.
///
/// # Errors
/// SQLite's.
pub fn period(
    conn: &Connection,
    spaces: &[OrgId],
    from: Day,
    to: Day,
    shifts_per_day: u32,
    now_ms: i64,
) -> Result<PeriodStatistics> {
    let range = (from.start_ms(), to.start_ms());
    let hazards = hazards(conn, spaces, range, now_ms)?;
    let reported = count(&hazards, |group| !group.is_void());
    let closed = count(&hazards, |group| group.status == Some(HazardStatus::Closed));
    let violations = violation_groups(conn, spaces, range)?;
    // What is due today may still be done.
    let over = to.min(Day::at(now_ms));
    let duties = duty_completion(conn, spaces, from, over, shifts_per_day)?;
    let due = duties.iter().map(|duty| u64::from(duty.due)).sum();
    let done = duties.iter().map(|duty| u64::from(duty.done)).sum();
    Ok(PeriodStatistics {
        from,
        to,
        reported,
        voided: count(&hazards, Counted::is_void),
        closed,
        open: count(&hazards, |group| group.is_open),
        overdue: count(&hazards, |group| group.is_overdue),
        major: count(&hazards, |group| {
            !group.is_void() && group.grade == Some(HazardGrade::Major)
        }),
        closed_in_period: closed_between(conn, spaces, range)?,
        by_grade: tallies(&hazards, |group| group.grade),
        closing_rate: Rate::of(closed, reported),
        on_time_rate: on_time_rate(conn, spaces, range, now_ms)?,
        inspection_completion: Rate::of(done, due),
        violations: violations.iter().map(|(_, count)| count).sum(),
        violations_by_kind: counts(
            ViolationKind::ALL,
            violations.iter().map(|(keys, count)| (keys.0, *count)),
        ),
        violations_by_unit: ranked(violations.iter().map(|(keys, count)| (keys.1, *count))),
    })
}

/// What of a hazard is counted.
struct Counted {
    status: Option<HazardStatus>,
    grade: Option<HazardGrade>,
    nature: Option<HazardNature>,
    zone: Option<ZoneId>,
    unit: Option<UnitId>,
    space: OrgId,
    is_open: bool,
    is_overdue: bool,
}

impl Counted {
    fn is_void(&self) -> bool {
        self.status == Some(HazardStatus::Void)
    }
}

// Each of these reads one index that has all that it asks for, in the index's order: nothing is
// sorted, and no record's row is read.
const HAZARDS: &str = "SELECT status, grade, nature, zone, unit, space, is_open,
        is_open AND deadline_ms IS NOT NULL AND deadline_ms < ?3
    FROM record INDEXED BY hazard_figures
    WHERE kind = 'hazard' AND at_ms >= ?1 AND at_ms < ?2 AND {spaces}";
const INSPECTIONS: &str = "SELECT category, shift, rota, count(*)
    FROM record INDEXED BY inspection_figures WHERE kind = 'inspection' AND {spaces}
    GROUP BY space, category, shift, rota";
const VIOLATIONS: &str = "SELECT category, unit, count(*)
    FROM record WHERE kind = 'violation' AND status <> 'withdrawn'
        AND at_ms >= ?1 AND at_ms < ?2 AND {spaces} GROUP BY 1, 2";
const CLOSED: &str = "SELECT count(*) FROM record INDEXED BY hazard_figures
    WHERE kind = 'hazard' AND status = 'closed' AND closed_ms >= ?1 AND closed_ms < ?2
        AND {spaces}";
const ON_TIME: &str = "SELECT count(*), coalesce(sum(rectified_ms <= deadline_ms), 0)
    FROM record INDEXED BY hazard_figures WHERE kind = 'hazard' AND status <> 'void'
        AND deadline_ms >= ?1 AND deadline_ms < ?2
        AND (deadline_ms < ?3 OR rectified_ms IS NOT NULL) AND {spaces}";

fn hazards(
    conn: &Connection,
    spaces: &[OrgId],
    (from_ms, to_ms): (i64, i64),
    now_ms: i64,
) -> Result<Vec<Counted>> {
    groups(conn, HAZARDS, spaces, &[from_ms, to_ms, now_ms], |row| {
        Ok(Counted {
            status: named(row, 0, HazardStatus::parse)?,
            grade: named(row, 1, HazardGrade::parse)?,
            nature: named(row, 2, HazardNature::parse)?,
            zone: row.get(3)?,
            unit: row.get(4)?,
            space: row.get(5)?,
            is_open: row.get(6)?,
            is_overdue: row.get(7)?,
        })
    })
}

type ViolationGroup = ((Option<ViolationKind>, Option<UnitId>), u64);

fn violation_groups(
    conn: &Connection,
    spaces: &[OrgId],
    (from_ms, to_ms): (i64, i64),
) -> Result<Vec<ViolationGroup>> {
    groups(conn, VIOLATIONS, spaces, &[from_ms, to_ms], |row| {
        let kind = named(row, 0, ViolationKind::parse)?;
        Ok(((kind, row.get(1)?), row.get(2)?))
    })
}

fn closed_between(conn: &Connection, spaces: &[OrgId], range: (i64, i64)) -> Result<u64> {
    let found: Vec<u64> = groups(conn, CLOSED, spaces, &[range.0, range.1], |row| row.get(0))?;
    Ok(found.into_iter().sum())
}

fn on_time_rate(
    conn: &Connection,
    spaces: &[OrgId],
    (from_ms, to_ms): (i64, i64),
    now_ms: i64,
) -> Result<Option<Rate>> {
    let found: Vec<(u64, u64)> = groups(conn, ON_TIME, spaces, &[from_ms, to_ms, now_ms], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(found
        .first()
        .and_then(|(judged, on_time)| Rate::of(*on_time, *judged)))
}

/// Runs one of the statements above: `times` are its first parameters, `{spaces}` in it becomes
/// the restriction to the spaces.
fn groups<T>(
    conn: &Connection,
    sql: &str,
    spaces: &[OrgId],
    times: &[i64],
    read: impl FnMut(&SqlRow<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut values: Vec<Value> = times.iter().copied().map(Value::Integer).collect();
    let mut places = Vec::with_capacity(spaces.len());
    for space in spaces {
        values.push(Value::Blob(space.as_bytes().to_vec()));
        places.push(format!("?{}", values.len()));
    }
    let restriction = match spaces {
        [] => "1".to_owned(),
        _ => format!("space IN ({})", places.join(", ")),
    };
    let mut statement = conn.prepare_cached(&sql.replace("{spaces}", &restriction))?;
    let rows = statement.query_map(params_from_iter(values), read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A value of an enumeration; `None` also for one that this version does not know.
fn named<T>(
    row: &SqlRow<'_>,
    column: usize,
    parse: impl Fn(&str) -> Option<T>,
) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    Ok(text.and_then(|text| parse(&text)))
}

fn count(hazards: &[Counted], counts: impl Fn(&Counted) -> bool) -> u64 {
    hazards.iter().filter(|hazard| counts(hazard)).count() as u64
}

fn tallies<K: Ord>(hazards: &[Counted], value: impl Fn(&Counted) -> Option<K>) -> Vec<Tally<K>> {
    let mut sums: BTreeMap<Option<K>, [u64; 3]> = BTreeMap::new();
    for hazard in hazards.iter().filter(|hazard| !hazard.is_void()) {
        let [reported, open, overdue] = sums.entry(value(hazard)).or_default();
        *reported += 1;
        *open += u64::from(hazard.is_open);
        *overdue += u64::from(hazard.is_overdue);
    }
    sums.into_iter()
        .map(|(value, [reported, open, overdue])| Tally {
            value,
            reported,
            open,
            overdue,
        })
        .collect()
}

fn by_urgency<K: Ord>(mut tallies: Vec<Tally<K>>) -> Vec<Tally<K>> {
    tallies.sort_by_key(|tally| std::cmp::Reverse((tally.open, tally.reported)));
    tallies
}
