//! The figures against a plain model kept beside the documents, which knows neither the fold nor
//! the projection.

mod duty;
mod model;

use super::*;
use crate::calendar::DAY_MS;
use crate::store::documents::{self, DocKey};
use crate::store::testing::World;
use model::{Model, ModelHazard, begin, model};

#[test]
fn the_figures_of_every_period_are_those_of_the_model() {
    for seed in 1..=6 {
        let model = model(seed);
        let conn = model.world.store.reader();
        let facts = &Facts::read(conn).unwrap();
        let now_ms = Day::from_ymd(2026, 9, 10).start_ms() + 1_000;
        let all = Vec::new();
        for spaces in [all, vec![model.spaces[0]], model.spaces[1..].to_vec()] {
            for number in 0..5 {
                let mut quarter = Quarter::of(Day::at(begin()));
                (0..number).for_each(|_| quarter = quarter.next());
                let found = quarterly(conn, facts, &spaces, quarter, now_ms).unwrap();
                check_period(&model, &spaces, &found, now_ms);
            }
            let found = yearly(conn, facts, &spaces, 2026, now_ms).unwrap();
            check_period(&model, &spaces, &found, now_ms);
        }
    }
}

#[test]
fn the_trend_of_a_period_adds_up_to_its_figures() {
    for seed in 1..=3 {
        let model = model(seed);
        let facts = &model.world.facts;
        for spaces in [Vec::new(), vec![model.spaces[0]]] {
            let is_in = |space: &OrgId| spaces.is_empty() || spaces.contains(space);
            let from = Day::at(begin());
            let days = trend(facts, &spaces, from..Day(from.0 + 200));
            assert_eq!(days.len(), 200);
            for day in days {
                let on = |ms: i64| Day::at(ms) == day.day;
                let mine = || {
                    model
                        .hazards
                        .iter()
                        .filter(|h| is_in(&h.space) && !h.is_void)
                };
                let reported = mine().filter(|h| on(h.at_ms)).count() as u64;
                let closed = mine().filter(|h| h.closed_ms.is_some_and(on)).count() as u64;
                assert_eq!(
                    (day.reported, day.closed),
                    (reported, closed),
                    "{day:?} of {seed}"
                );
            }
        }
    }
}

fn check_period(model: &Model, spaces: &[OrgId], found: &PeriodStatistics, now_ms: i64) {
    let is_in = |space: &OrgId| spaces.is_empty() || spaces.contains(space);
    let range = found.from.start_ms()..found.to.start_ms();
    let mine = || model.hazards.iter().filter(|hazard| is_in(&hazard.space));
    let all: Vec<_> = mine().filter(|h| range.contains(&h.at_ms)).collect();
    let reported: Vec<_> = all.iter().filter(|h| !h.is_void).collect();
    let count = |f: &dyn Fn(&ModelHazard) -> bool| reported.iter().filter(|h| f(h)).count() as u64;
    assert_eq!(found.reported, reported.len() as u64);
    assert_eq!(found.voided, (all.len() - reported.len()) as u64);
    assert_eq!(found.closed, count(&|h| h.closed_ms.is_some()));
    assert_eq!(found.open, count(&ModelHazard::is_open));
    assert_eq!(found.overdue, count(&|h| h.is_overdue(now_ms)));
    assert_eq!(found.major, count(&|h| h.grade == Some(HazardGrade::Major)));
    assert_eq!(found.as_of_ms, now_ms);
    let grades: Vec<_> = found.by_grade.iter().map(|of| of.grade).collect();
    assert_eq!(
        grades[..2],
        [Some(HazardGrade::General), Some(HazardGrade::Major)],
        "a grade of which there is none is said as well"
    );
    let sum: u64 = found.by_grade.iter().map(|of| of.reported).sum();
    assert_eq!(sum, found.reported);
    for of in &found.by_grade {
        let count = |f: &dyn Fn(&ModelHazard) -> bool| count(&|h| h.grade == of.grade && f(h));
        assert_eq!(of.reported, count(&|_| true));
        assert_eq!(of.closed, count(&|h| h.closed_ms.is_some()));
        assert_eq!(of.open, count(&ModelHazard::is_open));
        assert_eq!(of.overdue, count(&|h| h.is_overdue(now_ms)));
        assert_eq!(of.funded, count(&|h| h.is_funded));
        assert_eq!(of.closing_rate, Rate::of(of.closed, of.reported));
    }
    let closed_here = mine().filter(|h| h.closed_ms.is_some_and(|ms| range.contains(&ms)));
    assert_eq!(found.closed_in_period, closed_here.count() as u64);
    assert_eq!(found.closing_rate, Rate::of(found.closed, found.reported));

    let judged: Vec<_> = mine()
        .filter(|h| !h.is_void && h.deadline_ms.is_some_and(|ms| range.contains(&ms)))
        .filter(|h| h.deadline_ms < Some(now_ms) || h.rectified_ms.is_some())
        .collect();
    let on_time = |h: &&&ModelHazard| h.rectified_ms.is_some_and(|ms| Some(ms) <= h.deadline_ms);
    let on_time = judged.iter().filter(on_time).count() as u64;
    assert_eq!(found.on_time_rate, Rate::of(on_time, judged.len() as u64));

    let (due, done) = model.naive_duty(spaces, found.from, found.to.min(Day::at(now_ms)));
    assert_eq!(found.inspection_completion, Rate::of(done, due));

    let violations = model.violations.iter();
    let violations: Vec<_> = violations
        .filter(|(space, at_ms, ..)| is_in(space) && range.contains(at_ms))
        .collect();
    assert_eq!(found.violations, violations.len() as u64);
    for by_unit in &found.violations_by_unit {
        let of_unit = violations.iter().filter(|v| v.3 == by_unit.value);
        assert_eq!(by_unit.count, of_unit.count() as u64);
    }
    for by_kind in &found.violations_by_kind {
        let of_kind = violations.iter().filter(|v| Some(v.2) == by_kind.value);
        assert_eq!(by_kind.count, of_kind.count() as u64);
    }
}

#[test]
fn the_overview_and_the_repeats_are_those_of_the_model() {
    let model = model(11);
    let facts = &model.world.facts;
    let now_ms = Day::from_ymd(2026, 9, 10).start_ms();
    let space = model.spaces[1];
    let found = overview(facts, &[space], now_ms);
    let mine: Vec<_> = model.hazards.iter().filter(|h| h.space == space).collect();
    let count = |f: &dyn Fn(&ModelHazard) -> bool| mine.iter().filter(|h| f(h)).count() as u64;
    assert_eq!(found.open, count(&ModelHazard::is_open));
    assert_eq!(found.overdue, count(&|h| h.is_overdue(now_ms)));
    let statuses: u64 = found.by_status.iter().map(|count| count.count).sum();
    assert_eq!(statuses, mine.len() as u64);
    for tally in &found.by_zone {
        assert_eq!(tally.open, count(&|h| h.zone == tally.value && h.is_open()));
    }
    for tally in &found.by_unit {
        assert_eq!(
            tally.reported,
            count(&|h| h.unit == tally.value && !h.is_void)
        );
    }
    assert_eq!(found.by_branch.len(), 1);
    assert_eq!(found.by_branch[0].value, Some(space));
    assert_eq!(found.by_branch[0].overdue, found.overdue);
    let inspections = model.inspections.iter().filter(|(_, of, ..)| *of == space);
    let counted: u64 = found.inspections_by_kind.iter().map(|c| c.count).sum();
    assert_eq!(counted, inspections.count() as u64);

    let range = begin()..begin() + 200 * DAY_MS;
    for repeat in repeat_hazards(facts, &[space], &range, 2) {
        let is_there = |h: &ModelHazard| {
            let is_place = repeat.place.as_ref().is_none_or(|place| *place == h.place);
            !h.is_void && h.zone == repeat.zone && is_place && h.at_ms < range.end
        };
        assert_eq!(repeat.count, count(&is_there));
        assert_eq!(repeat.open, count(&|h| is_there(h) && h.is_open()));
        assert!(repeat.count >= 2);
    }
}

#[test]
fn facts_that_were_noted_give_the_figures_of_facts_that_are_read() {
    for seed in 1..=12 {
        let mut world = model(seed).world;
        check_noted(&world, seed);
        let conn = world.store.reader();
        let mut statement = conn.prepare("SELECT doc FROM document").unwrap();
        let keys = statement.query_map([], |row| row.get(0).map(DocKey));
        let keys: Vec<DocKey> = keys.unwrap().collect::<rusqlite::Result<_>>().unwrap();
        drop(statement);
        for key in keys {
            if world.random.one_in(3) {
                documents::remove(world.store.reader(), key).unwrap();
            }
            // Those as well of which nothing has changed.
            world.facts.note(world.store.reader(), key).unwrap();
        }
        check_noted(&world, seed);
    }
}

fn check_noted(world: &World, seed: u64) {
    let conn = world.store.reader();
    let (noted, read) = (&world.facts, &Facts::read(conn).unwrap());
    let now_ms = Day::from_ymd(2026, 9, 10).start_ms() + 1_000;
    let spaces = overview(read, &[], now_ms).by_branch.into_iter();
    let spaces: Vec<OrgId> = spaces.filter_map(|tally| tally.value).collect();
    let days = Day::at(begin())..Day(Day::at(begin()).0 + 300);
    let ms = days.start.start_ms()..days.end.start_ms();
    for some in [
        &spaces[..0],
        &spaces[..1],
        &spaces[1..],
        &[OrgId::DIRECTORY],
    ] {
        let figures = |facts: &Facts| {
            (
                overview(facts, some, now_ms),
                yearly(conn, facts, some, 2026, now_ms).unwrap(),
                trend(facts, some, days.clone()),
                repeat_hazards(facts, some, &ms, 1),
                duty_completion(conn, facts, some, &days, 3, now_ms).unwrap(),
            )
        };
        assert_eq!(figures(noted), figures(read), "{some:?} of {seed}");
    }
}

#[test]
fn what_branches_owe_is_what_their_zones_owe() {
    let model = model(4);
    let conn = model.world.store.reader();
    let facts = &model.world.facts;
    let (from, to) = (Day::at(begin()), Day(Day::at(begin()).0 + 60));
    let now_ms = to.start_ms();
    let zones = duty_completion(conn, facts, &[], &(from..to), 3, now_ms).unwrap();
    let branches = duties_by_branch(&zones);
    assert!(branches.len() > 1);
    for branch in branches {
        let mine = model.naive_duty(&[branch.space], from, to);
        assert_eq!((branch.due, branch.done), mine);
        assert_eq!(branch.completion, Rate::of(mine.1, mine.0));
        let of = zones.iter().filter(|zone| zone.space == branch.space);
        let behind = of.clone().filter(|zone| zone.done < zone.due).count();
        assert_eq!(branch.behind, behind as u64);
        assert!(branch.silent <= branch.behind);
    }
}

#[test]
fn nothing_is_known_of_an_empty_ledger() {
    let world = World::new(1);
    let quarter = Quarter {
        year: 2026,
        quarter: 1,
    };
    let now_ms = quarter.next().first_day().start_ms();
    let found = quarterly(world.store.reader(), &world.facts, &[], quarter, now_ms).unwrap();
    let rates = [
        found.closing_rate,
        found.on_time_rate,
        found.inspection_completion,
    ];
    assert_eq!(rates, [None; 3]);
    assert_eq!(overview(&world.facts, &[], now_ms), Overview::default());
}

#[test]
fn a_zone_that_nobody_inspected_is_named_with_who_holds_it() {
    let model = model(3);
    let conn = model.world.store.reader();
    let (from, to) = (Day::from_ymd(2026, 3, 1), Day::from_ymd(2026, 3, 2));
    let now_ms = to.start_ms();
    let duties = duty_completion(conn, &model.world.facts, &[], &(from..to), 3, now_ms).unwrap();
    let codes: Vec<&str> = duties.iter().map(|duty| duty.code.as_str()).collect();
    assert_eq!(
        codes,
        ["Z0", "Z1", "Z2"],
        "a zone without a duty owes nothing"
    );
    assert!(
        duties
            .iter()
            .all(|duty| !duty.holders.is_empty() && duty.done <= duty.due)
    );
    for duty in &duties {
        let inspections = model.inspections.iter().filter(|i| i.0 == duty.zone);
        let last = inspections
            .map(|i| i.2)
            .filter(|ms| *ms < to.end_ms())
            .max();
        assert_eq!(duty.last_inspected_ms, last);
    }
}
