//! 应查/已查: which inspections zones owe by their duties, which were done, and who has not
//! reported.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Rate;
use super::facts::{Facts, InspectionFact, Number};
use crate::calendar::Day;
use crate::id::{MemberId, OrgId, TemplateId, ZoneId};
use crate::model::template::{Duty, DutyFrequency, Template};
use crate::model::zone::{ResponsibilityZone, ZoneEvent};
use crate::model::{Shift, View};
use crate::store::Result;
use crate::store::documents::DocKey;
use crate::store::query::{self, Filter};

/// How many shifts a plant works a day where nobody says otherwise.
pub const DEFAULT_SHIFTS_PER_DAY: u32 = 3;

/// What a zone owes, and what was done of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ZoneDuty {
    /// The zone.
    pub zone: ZoneId,
    /// Its name.
    pub name: String,
    /// The code on its signboard.
    pub code: String,
    /// The organisation that it belongs to.
    pub space: OrgId,
    /// How often it is inspected.
    pub frequency: DutyFrequency,
    /// Who holds it.
    pub holders: Vec<MemberId>,
    /// 应查: how many inspections were due.
    pub due: u32,
    /// 已查: in how many of the duty's periods it was inspected.
    pub done: u32,
    /// When it was last inspected before the end of the days asked for, in milliseconds.
    pub last_inspected_ms: Option<i64>,
    /// By whom.
    pub last_inspector: Option<MemberId>,
}

/// What every zone with a duty (its own, or its template's) owes in these days, and what was done.
/// Whoever inspects a zone, and however often, fulfils its duty once for the shift, day or week; an
/// inspection counts on the day in China on which it was submitted. A zone that was given up owes
/// nothing from that day on.
///
/// # Errors
/// SQLite's, or a damaged row.
pub fn duty_completion(
    conn: &Connection,
    facts: &Facts,
    spaces: &[OrgId],
    days: Range<Day>,
    shifts_per_day: u32,
) -> Result<Vec<ZoneDuty>> {
    let mut owing = owing(conn, spaces, &days)?;
    let zones = owing.iter().enumerate();
    let places = facts
        .ids()
        .table(zones.map(|(place, owed)| (owed.id, place)));
    for (key, inspection) in facts.all_inspections() {
        let place = inspection.zone.and_then(|zone| places[zone.index()]);
        if let Some(owed) = place.and_then(|place| owing.get_mut(place)) {
            owed.note(key, inspection);
        }
    }
    let member = |number: Number| MemberId(facts.ids().id(number));
    let duties = owing.into_iter().map(|owed| {
        let Owing {
            view,
            duty,
            days,
            inspected,
            last,
            ..
        } = owed;
        ZoneDuty {
            zone: view.header.id.into(),
            due: duty.due(days.start, days.end, shifts_per_day),
            done: inspected.fulfilled(&duty, shifts_per_day),
            frequency: duty.frequency,
            last_inspected_ms: last.map(|((at_ms, _), _)| at_ms),
            last_inspector: last.map(|(_, creator)| member(creator)),
            name: view.fields.name,
            code: view.fields.code,
            space: view.header.space,
            holders: view.fields.holders,
        }
    });
    let mut duties: Vec<ZoneDuty> = duties.collect();
    duties.sort_by(|a, b| a.code.cmp(&b.code).then(a.zone.cmp(&b.zone)));
    Ok(duties)
}

/// A zone that owes inspections, and those that it had.
struct Owing {
    id: Uuid,
    view: View<ResponsibilityZone>,
    duty: Duty,
    days: Range<Day>,
    inspected: Inspected,
    /// The last inspection before the end of the days: when, in which row, by whom.
    last: Option<((i64, DocKey), Number)>,
}

impl Owing {
    fn note(&mut self, key: DocKey, inspection: &InspectionFact) {
        let at_ms = inspection.at_ms;
        if at_ms >= self.days.end.start_ms() {
            return;
        }
        if self.last.is_none_or(|(last, _)| last < (at_ms, key)) {
            self.last = Some(((at_ms, key), inspection.creator));
        }
        if at_ms >= self.days.start.start_ms() {
            self.inspected.note(Day::at(at_ms), inspection.shift);
        }
    }
}

/// The zones with a duty, each with the days for which it owes.
fn owing(conn: &Connection, spaces: &[OrgId], days: &Range<Day>) -> Result<Vec<Owing>> {
    let everything = Filter::default();
    let templates: HashMap<TemplateId, Option<Duty>> =
        query::list::<Template>(conn, &everything, None, EVERY)?
            .rows
            .into_iter()
            .map(|row| (row.view.header.id.into(), row.view.fields.duty))
            .collect();
    let filter = Filter {
        spaces: spaces.to_vec(),
        ..Filter::default()
    };
    let zones = query::list::<ResponsibilityZone>(conn, &filter, None, EVERY)?.rows;
    let owing = zones.into_iter().filter_map(|row| {
        let view = row.view;
        let inherited = || templates.get(&view.fields.template?)?.clone();
        let duty = view.fields.duty.clone().or_else(inherited)?;
        let end = given_up(&view).map_or(days.end, |day| days.end.min(day));
        let days = days.start..end.max(days.start);
        Some(Owing {
            id: view.header.id.0,
            inspected: Inspected::none(&days),
            view,
            duty,
            days,
            last: None,
        })
    });
    Ok(owing.collect())
}

/// What the zones of an organisation owe together, and how many of them are behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BranchDuty {
    /// The organisation.
    pub space: OrgId,
    /// 应查.
    pub due: u64,
    /// 已查.
    pub done: u64,
    /// The rate of the two; unknown where nothing was due.
    pub completion: Option<Rate>,
    /// Zones that owe an inspection still.
    pub behind: u64,
    /// Zones of which nothing at all was reported, though something was due.
    pub silent: u64,
}

/// The duties of zones, organisation by organisation: those furthest behind first.
pub fn duties_by_branch(duties: &[ZoneDuty]) -> Vec<BranchDuty> {
    let mut sums: BTreeMap<OrgId, BranchDuty> = BTreeMap::new();
    for duty in duties {
        let sum = sums.entry(duty.space).or_insert(BranchDuty {
            space: duty.space,
            due: 0,
            done: 0,
            completion: None,
            behind: 0,
            silent: 0,
        });
        sum.due += u64::from(duty.due);
        sum.done += u64::from(duty.done);
        sum.behind += u64::from(duty.done < duty.due);
        sum.silent += u64::from(duty.done == 0 && duty.due > 0);
    }
    let mut branches: Vec<BranchDuty> = sums.into_values().collect();
    for branch in &mut branches {
        branch.completion = Rate::of(branch.done, branch.due);
    }
    branches.sort_by_key(|branch| std::cmp::Reverse(branch.due.saturating_sub(branch.done)));
    branches
}

/// More zones and templates than any organisation has.
const EVERY: usize = 1_000_000;

/// The day on which a zone was given up.
fn given_up(view: &View<ResponsibilityZone>) -> Option<Day> {
    let mut events = view.events.iter();
    let retired = events.find(|folded| {
        folded.superseded.is_none() && matches!(folded.event.body, ZoneEvent::Retired { .. })
    })?;
    let at_ms = retired.received_at_ms.unwrap_or(retired.event.at_ms);
    Some(Day::at(at_ms))
}

/// On which days, and in which shifts of them, somebody inspected.
struct Inspected {
    from: Day,
    /// For each day a bit for each shift, and one for inspections that name none.
    days: Vec<u8>,
}

impl Inspected {
    fn none(days: &Range<Day>) -> Self {
        let count = usize::try_from(days.end.0 - days.start.0).unwrap_or(0);
        Self {
            from: days.start,
            days: vec![0; count],
        }
    }

    fn note(&mut self, day: Day, shift: Option<Shift>) {
        let place = usize::try_from(day.0 - self.from.0).ok();
        if let Some(shifts) = place.and_then(|place| self.days.get_mut(place)) {
            *shifts |= 1 << shift.map_or(7, |shift| shift as u8);
        }
    }

    /// In how many of a duty's periods somebody inspected.
    fn fulfilled(&self, duty: &Duty, shifts_per_day: u32) -> u32 {
        let days = || (self.from.0..).map(Day).zip(self.days.iter().copied());
        let due = || days().filter(|(day, _)| duty.holds_on(*day));
        match duty.frequency {
            DutyFrequency::EveryShift => due()
                .map(|(_, shifts)| shifts.count_ones().min(shifts_per_day))
                .sum(),
            DutyFrequency::Daily => due().map(|(_, shifts)| u32::from(shifts != 0)).sum(),
            DutyFrequency::Weekly => {
                // The week is due if the duty holds on any of its days that are asked for; then
                // whichever day somebody went is right.
                let week = |day: Day| day.0 - day.weekday();
                let due: BTreeSet<i32> = due().map(|(day, _)| week(day)).collect();
                let gone = days().filter(|(_, shifts)| *shifts != 0);
                let gone: BTreeSet<i32> = gone.map(|(day, _)| week(day)).collect();
                u32::try_from(due.intersection(&gone).count()).unwrap_or(u32::MAX)
            }
        }
    }
}
