//! What one zone owes, and when.

use super::*;
use crate::calendar::HOUR_MS;
use crate::id::MemberId;
use crate::model::Role;
use crate::model::inspection::{Inspection, InspectionFields};
use crate::model::template::{Duty, DutyFrequency};
use crate::model::zone::{ResponsibilityZone, ZoneEvent, ZoneFields, ZoneKind};

/// A zone with a duty since long ago.
struct Owed {
    world: World,
    zone: ZoneId,
    space: OrgId,
}

impl Owed {
    fn every(frequency: DutyFrequency) -> Self {
        let mut world = World::new(1);
        let space = OrgId(world.uuid(1));
        let fields = ZoneFields {
            name: "整流区".into(),
            code: "Z1".into(),
            zone_kind: ZoneKind::Safety,
            place: String::new(),
            boundary: None,
            risk_points: Vec::new(),
            holders: vec![MemberId(world.uuid(1))],
            covered_people: Vec::new(),
            unit: None,
            duty: Some(Duty {
                frequency,
                from: Day::from_ymd(2026, 1, 1),
                excepted: Vec::new(),
            }),
            template: None,
        };
        let secretary = world.author(Role::BranchSecretary);
        let zone = world.create::<ResponsibilityZone>(secretary, space, &fields, None, 10);
        Self {
            world,
            zone: zone.into(),
            space,
        }
    }

    fn inspected(mut self, day: Day, hour: i64, shift: Shift) -> Self {
        let at_ms = day.start_ms() + hour * HOUR_MS;
        let fields = InspectionFields::new(self.zone, InspectionKind::Daily, shift, at_ms);
        let author = self.world.author(Role::Member);
        let world = &mut self.world;
        world.create::<Inspection>(author, self.space, &fields, None, at_ms);
        self
    }

    /// 已查 and 应查 of these days, at this hour of a day.
    fn of(&self, days: Range<Day>, now: Day, hour: i64) -> (u32, u32) {
        let now_ms = now.start_ms() + hour * HOUR_MS;
        let conn = self.world.store.reader();
        let found = duty_completion(conn, &self.world.facts, &[], &days, 3, now_ms).unwrap();
        (found[0].done, found[0].due)
    }
}

/// A Monday.
fn monday() -> Day {
    Day::from_ymd(2026, 11, 2)
}

fn after(day: Day, days: i32) -> Day {
    Day(day.0 + days)
}

#[test]
fn this_morning_nobody_owes_the_shifts_of_today() {
    let yesterday = after(monday(), 8);
    let today = after(yesterday, 1);
    let zone = Owed::every(DutyFrequency::EveryShift)
        .inspected(yesterday, 2, Shift::Night)
        .inspected(yesterday, 9, Shift::Day)
        .inspected(yesterday, 17, Shift::Middle)
        .inspected(today, 2, Shift::Night);
    // The last shift of today has not even begun.
    assert_eq!(zone.of(yesterday..after(today, 1), today, 8), (3, 3));
    assert_eq!(zone.of(today..after(today, 1), today, 8), (0, 0));
    // A day later it is owed.
    let tomorrow = after(today, 1);
    assert_eq!(zone.of(today..tomorrow, tomorrow, 0), (1, 3));
}

#[test]
fn who_inspects_every_monday_owes_nothing_on_any_day_of_the_week() {
    let zone = (0..4).fold(Owed::every(DutyFrequency::Weekly), |zone, week| {
        zone.inspected(after(monday(), 7 * week), 9, Shift::Day)
    });
    for day in 0..7 {
        // Seven days that are over, as the overview asks for; all but the first begin mid-week.
        let today = after(monday(), 21 + day);
        assert_eq!(zone.of(after(today, -7)..today, today, 8), (1, 1), "{day}");
    }
}

#[test]
fn a_week_that_runs_is_not_owed_and_one_that_ended_without_is() {
    let zone = Owed::every(DutyFrequency::Weekly).inspected(monday(), 9, Shift::Day);
    let from = after(monday(), -7);
    let wednesday = after(monday(), 9);
    // The week before, this one with its Monday, and the running one, of which nothing is there.
    assert_eq!(zone.of(from..after(from, 90), wednesday, 8), (1, 2));
    let sunday = after(monday(), 13);
    assert_eq!(zone.of(from..after(from, 90), sunday, 23), (1, 2));
    let next_monday = after(monday(), 14);
    assert_eq!(zone.of(from..after(from, 90), next_monday, 0), (1, 3));
}

#[test]
fn each_week_is_owed_in_one_quarter() {
    // The third quarter ends on a Wednesday, in a week that was done on its Tuesday.
    let (third, fourth) = (Day::from_ymd(2026, 7, 1), Day::from_ymd(2026, 10, 1));
    let end = Day::from_ymd(2027, 1, 1);
    let zone = Owed::every(DutyFrequency::Weekly).inspected(after(fourth, -2), 9, Shift::Day);
    let of = |days| zone.of(days, end, 8);
    assert_eq!(of(third..fourth), (0, 13));
    assert_eq!(of(fourth..end), (1, 13));
    assert_eq!(of(third..end), (1, 26));
}

#[test]
fn a_zone_that_is_given_up_in_a_week_does_not_owe_that_week() {
    let mut zone = Owed::every(DutyFrequency::Weekly);
    let wednesday = after(monday(), 9);
    let secretary = zone.world.author(Role::BranchSecretary);
    let event = ZoneEvent::Retired {
        reason: "拆除".into(),
    };
    let (id, at_ms) = (zone.zone.into(), wednesday.start_ms());
    let world = &mut zone.world;
    world.append::<ResponsibilityZone>(id, secretary, &event, at_ms);
    let days = monday()..after(monday(), 28);
    assert_eq!(zone.of(days, after(monday(), 28), 8), (0, 1));
}
