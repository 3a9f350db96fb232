//! Counts and statistics over projected records, the same on phones and at the relay: what stands
//! open now, the figures of a quarter or year that the regulations ask for, duties and repeats.
//!
//! Only reads, and only what is projected: figures are counted from [`Facts`], which are read once
//! for many figures. `spaces` restricts to those of them; none means all.
//! Days are days in China. A rate whose denominator is zero is not known, never 100%. Violations
//! are counted by kind and unit, never by person.

mod counting;
mod duty;
mod facts;
mod repeats;
#[cfg(test)]
mod tests;
mod trend;

use std::collections::BTreeMap;
use std::ops::Range;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::Result;
use crate::calendar::{Day, Quarter};
use crate::id::{OrgId, UnitId, ZoneId};
use crate::model::hazard::{HazardGrade, HazardNature, HazardStatus};
use crate::model::inspection::InspectionKind;
use crate::model::violation::ViolationKind;
use crate::model::{Rota, Shift};

use counting::{counts, ranked};
use facts::{HazardFact, Number, Within};

pub use counting::{Count, Rate, Tally};
pub use duty::{
    BranchDuty, DEFAULT_SHIFTS_PER_DAY, ZoneDuty, duties_by_branch, duty_completion, over,
};
pub use facts::Facts;
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

/// The hazards of a grade that were reported in a period, void ones apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GradeFigures {
    /// The grade; `None` for hazards that nobody has graded.
    pub grade: Option<HazardGrade>,
    /// How many were reported.
    pub reported: u64,
    /// Of them, those closed out.
    pub closed: u64,
    /// Of them, those still open.
    pub open: u64,
    /// Of them, those open and past their deadline.
    pub overdue: u64,
    /// Of them, those for whose rectification funds are named (五落实, or the plan of a Major
    /// hazard). Funds are named in words: they can be counted, and not be added up.
    pub funded: u64,
    /// 整改率: closed out of reported; unknown where none was reported.
    pub closing_rate: Option<Rate>,
}

impl GradeFigures {
    fn of(grade: Option<HazardGrade>, reported: &[&HazardFact], now_ms: i64) -> Self {
        let of_grade = |hazard: &&&HazardFact| hazard.grade == grade && !hazard.is_void();
        let hazards: Vec<&HazardFact> = reported.iter().filter(of_grade).copied().collect();
        let closed = count(&hazards, HazardFact::is_closed);
        let reported = count(&hazards, |_| true);
        Self {
            grade,
            reported,
            closed,
            open: count(&hazards, |hazard| hazard.is_open),
            overdue: count(&hazards, |hazard| hazard.is_overdue(now_ms)),
            funded: count(&hazards, |hazard| hazard.is_funded),
            closing_rate: Rate::of(closed, reported),
        }
    }
}

/// The figures of a period, of the hazards reported in it as they stand now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PeriodStatistics {
    /// The first day, as days since 1970-01-01.
    pub from: Day,
    /// The day after the last.
    pub to: Day,
    /// When the figures stood so, in milliseconds.
    pub as_of_ms: i64,
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
    /// The reported by grade, every grade and then those without one.
    pub by_grade: Vec<GradeFigures>,
    /// 整改率: closed out of reported; unknown where none was reported.
    pub closing_rate: Option<Rate>,
    /// 按期整改率: rectified by their deadline, out of those whose deadline lies in the period and
    /// is past, or which are rectified; unknown where there are none.
    pub on_time_rate: Option<Rate>,
    /// 应查/已查: inspections done out of those due on the days of the period that are over, weeks
    /// on their Sundays; unknown where none was due.
    pub inspection_completion: Option<Rate>,
    /// Violations in the period, withdrawn ones apart.
    pub violations: u64,
    /// They by kind.
    pub violations_by_kind: Vec<Count<ViolationKind>>,
    /// They by the unit whose people they are.
    pub violations_by_unit: Vec<Count<UnitId>>,
}

/// How things stand at `now_ms`.
pub fn overview(facts: &Facts, spaces: &[OrgId], now_ms: i64) -> Overview {
    let within = facts.within(spaces);
    let ids = within.ids();
    let hazards: Vec<&HazardFact> = within.hazards().collect();
    let tallied = |value: fn(&HazardFact) -> Option<Number>| tallies(&hazards, now_ms, value);
    Overview {
        open: count(&hazards, |hazard| hazard.is_open),
        overdue: count(&hazards, |hazard| hazard.is_overdue(now_ms)),
        major_open: count(&hazards, |hazard| {
            hazard.is_open && hazard.grade == Some(HazardGrade::Major)
        }),
        by_status: counts(
            HazardStatus::ALL,
            hazards.iter().map(|hazard| hazard.status),
        ),
        by_grade: tallies(&hazards, now_ms, |hazard| hazard.grade),
        by_nature: tallies(&hazards, now_ms, |hazard| hazard.nature),
        by_zone: by_urgency(tallied(|hazard| hazard.zone), |zone| ZoneId(ids.id(zone))),
        by_unit: by_urgency(tallied(|hazard| hazard.unit), |unit| UnitId(ids.id(unit))),
        by_branch: by_urgency(tallied(|hazard| Some(hazard.space)), |space| {
            OrgId(ids.id(space))
        }),
        inspections_by_kind: counts(InspectionKind::ALL, within.inspections().map(|i| i.kind)),
        inspections_by_shift: counts(Shift::ALL, within.inspections().map(|i| i.shift)),
        inspections_by_rota: counts(Rota::ALL, within.inspections().map(|i| i.rota)),
        violations_by_kind: counts(
            ViolationKind::ALL,
            within.violations(&ALWAYS).map(|v| v.kind),
        ),
    }
}

/// Every instant.
const ALWAYS: Range<i64> = i64::MIN..i64::MAX;

/// The figures of a quarter (Order 16 of 2007, art. 14), as they stand at `now_ms`.
///
/// # Errors
/// SQLite's.
pub fn quarterly(
    conn: &Connection,
    facts: &Facts,
    spaces: &[OrgId],
    quarter: Quarter,
    now_ms: i64,
) -> Result<PeriodStatistics> {
    let days = quarter.first_day()..quarter.next().first_day();
    period(conn, facts, spaces, days, DEFAULT_SHIFTS_PER_DAY, now_ms)
}

/// The figures of a calendar year, as they stand at `now_ms`.
///
/// # Errors
/// SQLite's.
pub fn yearly(
    conn: &Connection,
    facts: &Facts,
    spaces: &[OrgId],
    year: i32,
    now_ms: i64,
) -> Result<PeriodStatistics> {
    let days = Day::from_ymd(year, 1, 1)..Day::from_ymd(year + 1, 1, 1);
    period(conn, facts, spaces, days, DEFAULT_SHIFTS_PER_DAY, now_ms)
}

/// The figures of days, as they stand at `now_ms`; `shifts_per_day` is how many shifts the plant
/// works.
///
/// # Errors
/// SQLite's.
pub fn period(
    conn: &Connection,
    facts: &Facts,
    spaces: &[OrgId],
    days: Range<Day>,
    shifts_per_day: u32,
    now_ms: i64,
) -> Result<PeriodStatistics> {
    let within = facts.within(spaces);
    let ids = within.ids();
    let range = days.start.start_ms()..days.end.start_ms();
    let hazards: Vec<&HazardFact> = within.reported(&range).collect();
    let reported = count(&hazards, |hazard| !hazard.is_void());
    let closed = count(&hazards, HazardFact::is_closed);
    let grades = HazardGrade::ALL.iter().copied().map(Some).chain([None]);
    let by_grade = grades
        .map(|grade| GradeFigures::of(grade, &hazards, now_ms))
        .filter(|figures| figures.grade.is_some() || figures.reported > 0);
    let violations = || within.violations(&range);
    let duties = duty_completion(conn, facts, spaces, &days, shifts_per_day, now_ms)?;
    let due = duties.iter().map(|duty| u64::from(duty.due)).sum();
    let done = duties.iter().map(|duty| u64::from(duty.done)).sum();
    Ok(PeriodStatistics {
        from: days.start,
        to: days.end,
        as_of_ms: now_ms,
        reported,
        voided: count(&hazards, HazardFact::is_void),
        closed,
        open: count(&hazards, |hazard| hazard.is_open),
        overdue: count(&hazards, |hazard| hazard.is_overdue(now_ms)),
        major: count(&hazards, |hazard| {
            !hazard.is_void() && hazard.grade == Some(HazardGrade::Major)
        }),
        closed_in_period: closed_within(&within, &range),
        by_grade: by_grade.collect(),
        closing_rate: Rate::of(closed, reported),
        on_time_rate: on_time_rate(&within, &range, now_ms),
        inspection_completion: Rate::of(done, due),
        violations: violations().count() as u64,
        violations_by_kind: counts(ViolationKind::ALL, violations().map(|v| v.kind)),
        violations_by_unit: ranked(violations().map(|v| Some(UnitId(ids.id(v.unit?))))),
    })
}

fn closed_within(within: &Within<'_>, range: &Range<i64>) -> u64 {
    let closed = within.hazards().filter_map(HazardFact::closed_ms);
    closed.filter(|ms| range.contains(ms)).count() as u64
}

fn on_time_rate(within: &Within<'_>, range: &Range<i64>, now_ms: i64) -> Option<Rate> {
    let (mut judged, mut on_time) = (0, 0);
    for hazard in within.hazards().filter(|hazard| !hazard.is_void()) {
        let Some(deadline) = hazard.deadline_ms.filter(|ms| range.contains(ms)) else {
            continue;
        };
        if deadline < now_ms || hazard.rectified_ms.is_some() {
            judged += 1;
            on_time += u64::from(hazard.rectified_ms.is_some_and(|ms| ms <= deadline));
        }
    }
    Rate::of(on_time, judged)
}

fn count(hazards: &[&HazardFact], counts: impl Fn(&HazardFact) -> bool) -> u64 {
    hazards.iter().filter(|hazard| counts(hazard)).count() as u64
}

fn tallies<K: Ord>(
    hazards: &[&HazardFact],
    now_ms: i64,
    value: impl Fn(&HazardFact) -> Option<K>,
) -> Vec<Tally<K>> {
    let mut sums: BTreeMap<Option<K>, [u64; 3]> = BTreeMap::new();
    for hazard in hazards.iter().filter(|hazard| !hazard.is_void()) {
        let [reported, open, overdue] = sums.entry(value(hazard)).or_default();
        *reported += 1;
        *open += u64::from(hazard.is_open);
        *overdue += u64::from(hazard.is_overdue(now_ms));
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

/// Tallies with the ids of their numbers, most open first.
fn by_urgency<K: Copy + Ord>(
    tallies: Vec<Tally<Number>>,
    id: impl Fn(Number) -> K,
) -> Vec<Tally<K>> {
    let tallies = tallies.into_iter().map(|tally| Tally {
        value: tally.value.map(&id),
        reported: tally.reported,
        open: tally.open,
        overdue: tally.overdue,
    });
    let mut tallies: Vec<Tally<K>> = tallies.collect();
    tallies.sort_by_key(|tally| {
        let most = std::cmp::Reverse((tally.open, tally.reported));
        (most, tally.value)
    });
    tallies
}
