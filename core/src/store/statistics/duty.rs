//! 应查/已查: which inspections zones owe by their duties, which were done, and who has not
//! reported.

use std::collections::{BTreeMap, HashMap};
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
    /// When it was last inspected, up to now, in milliseconds.
    pub last_inspected_ms: Option<i64>,
    /// By whom.
    pub last_inspector: Option<MemberId>,
}

/// The part of these days that is over: what is due today may still be done, so nobody owes it.
pub fn over(days: &Range<Day>, now_ms: i64) -> Range<Day> {
    days.start..days.end.min(Day::at(now_ms)).max(days.start)
}

/// What every zone with a duty (its own, or its template's) owes in those of these days that are
/// [`over`], and what was done. Whoever inspects a zone, and however often, fulfils its duty once
/// for the shift, day or week; an inspection counts on the day in China on which it was submitted.
/// A week belongs to the days in which its Sunday lies, and is looked at as a whole (see
/// [`Duty::periods`]): so each week is owed once, in one quarter, and no week that runs is owed. A
/// zone that was given up owes nothing from that day on, nor for the week of that day.
///
/// # Errors
/// SQLite's, or a damaged row.
pub fn duty_completion(
    conn: &Connection,
    facts: &Facts,
    spaces: &[OrgId],
    days: &Range<Day>,
    shifts_per_day: u32,
    now_ms: i64,
) -> Result<Vec<ZoneDuty>> {
    let mut owing = owing(conn, spaces, &over(days, now_ms))?;
    let zones = owing.iter().enumerate();
    let places = facts
        .ids()
        .table(zones.map(|(place, owed)| (owed.id, place)));
    let tomorrow_ms = Day::at(now_ms).end_ms();
    let inspections = facts.all_inspections();
    for (key, inspection) in inspections.filter(|(_, of)| of.at_ms < tomorrow_ms) {
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
        let each = duty.each(shifts_per_day);
        let (mut due, mut done) = (0, 0);
        for period in duty.periods(days) {
            due += each;
            done += inspected.times(&period).min(each);
        }
        ZoneDuty {
            zone: view.header.id.into(),
            due,
            done,
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
    /// The last inspection: when, in which row, by whom.
    last: Option<((i64, DocKey), Number)>,
}

impl Owing {
    fn note(&mut self, key: DocKey, inspection: &InspectionFact) {
        let at_ms = inspection.at_ms;
        if self.last.is_none_or(|(last, _)| last < (at_ms, key)) {
            self.last = Some(((at_ms, key), inspection.creator));
        }
        self.inspected.note(Day::at(at_ms), inspection.shift);
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
    /// Nothing yet in these days, nor in the week that they begin in.
    fn none(days: &Range<Day>) -> Self {
        let from = Day(days.start.0 - days.start.weekday());
        let count = usize::try_from(days.end.0 - from.0).unwrap_or(0);
        Self {
            from,
            days: vec![0; count],
        }
    }

    fn place(&self, day: Day) -> Option<usize> {
        usize::try_from(day.0 - self.from.0).ok()
    }

    fn note(&mut self, day: Day, shift: Option<Shift>) {
        let place = self.place(day);
        if let Some(shifts) = place.and_then(|place| self.days.get_mut(place)) {
            *shifts |= 1 << shift.map_or(7, |shift| shift as u8);
        }
    }

    /// In how many shifts of these days somebody inspected.
    fn times(&self, period: &Range<Day>) -> u32 {
        let places = self.place(period.start).zip(self.place(period.end));
        let days = places.and_then(|(start, end)| self.days.get(start..end));
        days.map_or(0, |days| {
            days.iter().map(|shifts| shifts.count_ones()).sum()
        })
    }
}
