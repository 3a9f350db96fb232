//! The figures against a plain model kept beside the documents, which knows neither the fold nor
//! the projection.

use super::*;
use crate::calendar::DAY_MS;
use crate::id::MemberId;
use crate::model::Role;
use crate::model::hazard::{
    Assignment, Hazard, HazardEvent, HazardFields, MajorHazardPlan, Party, Rectification,
    RectificationMode,
};
use crate::model::inspection::{Inspection, InspectionFields};
use crate::model::template::{Duty, DutyFrequency, Exception, Template, TemplateFields};
use crate::model::violation::{Violation, ViolationEvent, ViolationFields};
use crate::model::zone::{ResponsibilityZone, ZoneEvent, ZoneFields, ZoneKind};
use crate::store::testing::World;

struct ModelHazard {
    space: OrgId,
    at_ms: i64,
    grade: Option<HazardGrade>,
    zone: Option<ZoneId>,
    unit: Option<UnitId>,
    place: String,
    deadline_ms: Option<i64>,
    rectified_ms: Option<i64>,
    closed_ms: Option<i64>,
    is_void: bool,
}

impl ModelHazard {
    fn is_open(&self) -> bool {
        !self.is_void && self.closed_ms.is_none()
    }

    fn is_overdue(&self, now_ms: i64) -> bool {
        self.is_open() && self.deadline_ms.is_some_and(|deadline| deadline < now_ms)
    }
}

struct ModelZone {
    id: ZoneId,
    space: OrgId,
    duty: Option<Duty>,
    retired: Option<Day>,
}

struct Model {
    world: World,
    spaces: [OrgId; 3],
    zones: Vec<ModelZone>,
    hazards: Vec<ModelHazard>,
    inspections: Vec<(ZoneId, OrgId, i64, Shift)>,
    violations: Vec<(OrgId, i64, ViolationKind, Option<UnitId>)>,
}

const FROM: (i32, u32, u32) = (2025, 10, 1);
const DAYS: i64 = 420;

fn begin() -> i64 {
    Day::from_ymd(FROM.0, FROM.1, FROM.2).start_ms()
}

fn model(seed: u64) -> Model {
    let mut world = World::new(seed);
    let spaces = std::array::from_fn(|_| OrgId(world.uuid(1)));
    let mut model = Model {
        world,
        spaces,
        zones: Vec::new(),
        hazards: Vec::new(),
        inspections: Vec::new(),
        violations: Vec::new(),
    };
    model.set_up_zones();
    let units: [UnitId; 3] = std::array::from_fn(|_| UnitId(model.world.uuid(1)));
    for _ in 0..60 {
        model.report(&units);
    }
    for _ in 0..150 {
        model.inspect();
    }
    for _ in 0..25 {
        model.stop_violation(&units);
    }
    model
}

impl Model {
    fn set_up_zones(&mut self) {
        let secretary = self.world.author(Role::BranchSecretary);
        let from = Day::from_ymd(2025, 11, 5);
        let shutdown = Exception {
            from: Day(from.0 + 60),
            to: Day(from.0 + 77),
            reason: "检修".into(),
        };
        let duty = |frequency, excepted| Duty {
            frequency,
            from,
            excepted,
        };
        let weekly = duty(DutyFrequency::Weekly, vec![shutdown.clone()]);
        let template = TemplateFields {
            name: "周检".into(),
            inspection_kind: InspectionKind::Comprehensive,
            org: self.spaces[0],
            duty: Some(weekly.clone()),
        };
        let directory = OrgId::DIRECTORY;
        let world = &mut self.world;
        let template = world.create::<Template>(secretary, directory, &template, None, 5);
        let own = [
            Some(duty(DutyFrequency::EveryShift, vec![shutdown])),
            Some(duty(DutyFrequency::Daily, Vec::new())),
            None,
            None,
        ];
        for (number, duty) in own.into_iter().enumerate() {
            let inherits = number == 2;
            let fields = ZoneFields {
                name: format!("{number}区"),
                code: format!("Z{number}"),
                zone_kind: ZoneKind::Safety,
                place: String::new(),
                boundary: None,
                risk_points: Vec::new(),
                holders: vec![MemberId(self.world.uuid(1))],
                covered_people: Vec::new(),
                unit: None,
                duty: duty.clone(),
                template: inherits.then_some(template.into()),
            };
            let space = self.spaces[number % 2];
            let world = &mut self.world;
            let zone = world.create::<ResponsibilityZone>(secretary, space, &fields, None, 10);
            let retired = (number == 1).then(|| Day::from_ymd(2026, 7, 20));
            if let Some(day) = retired {
                let reason = "拆除".into();
                let event = ZoneEvent::Retired { reason };
                let at_ms = day.start_ms() + 7;
                world.append::<ResponsibilityZone>(zone, secretary, &event, at_ms);
            }
            self.zones.push(ModelZone {
                id: zone.into(),
                space,
                duty: if inherits { Some(weekly.clone()) } else { duty },
                retired,
            });
        }
    }

    fn some_time(&mut self) -> i64 {
        begin() + self.world.random.below(DAYS * DAY_MS)
    }

    fn report(&mut self, units: &[UnitId]) {
        let mut at_ms = self.some_time();
        let zone = self.world.random.below(5);
        let zone = self.zones.get(usize::try_from(zone).unwrap()).map(|z| z.id);
        let space = self.world.random.pick(&self.spaces);
        let nature = self.world.random.pick(HazardNature::ALL);
        let place = format!("{}号槽", self.world.random.below(3));
        let mut fields = HazardFields::new("通道堵塞", nature);
        fields.zone = zone;
        fields.place = Some(place.clone());
        let supervisor = self.world.author(Role::Supervisor);
        let worker = self.world.author(Role::Member);
        let officer = self.world.author(Role::SafetyOfficer);
        let reported = Some(&HazardEvent::Reported);
        let world = &mut self.world;
        let id = world.create::<Hazard>(worker, space, &fields, reported, at_ms);
        let mut hazard = ModelHazard {
            space,
            at_ms,
            grade: None,
            zone,
            unit: None,
            place,
            deadline_ms: None,
            rectified_ms: None,
            closed_ms: None,
            is_void: false,
        };
        let mut step = |world: &mut World, author, event: &HazardEvent| {
            at_ms += 1 + world.random.below(20 * DAY_MS);
            world.append::<Hazard>(id, author, event, at_ms);
            at_ms
        };
        let stage = world.random.below(7);
        if stage >= 1 {
            let is_major = world.random.one_in(5);
            let grade = match is_major {
                true => HazardGrade::Major,
                false => HazardGrade::General,
            };
            hazard.grade = Some(grade);
            let graded = HazardEvent::Graded {
                grade,
                nature,
                reason: "现场核实".into(),
                criterion: is_major.then(|| "第三条".into()),
            };
            step(world, officer, &graded);
            let text = "设置围挡".into();
            step(world, officer, &HazardEvent::ControlMeasure { text });
        }
        if stage >= 2 {
            let unit = world.random.pick(units);
            let deadline_ms = at_ms_after(world, hazard.at_ms);
            hazard.unit = Some(unit);
            hazard.deadline_ms = Some(deadline_ms);
            let assigned = HazardEvent::Assigned(Assignment {
                unit,
                person: Party::Member(worker.member),
                mode: RectificationMode::Deadline,
                deadline_ms,
                assurances: None,
                plan: Some(plan()),
            });
            step(world, supervisor, &assigned);
        }
        if stage >= 3 {
            let rectified = HazardEvent::Rectified(Rectification {
                what: "已清理".into(),
                on_behalf_of: None,
                on_the_spot: false,
                photos: Vec::new(),
            });
            hazard.rectified_ms = Some(step(world, worker, &rectified));
        }
        if stage >= 4 {
            let verified = HazardEvent::Verified {
                conclusion: "合格".into(),
                assessment: Some("可控".into()),
            };
            step(world, officer, &verified);
        }
        if stage == 5 {
            let closer = match hazard.grade {
                Some(HazardGrade::Major) => supervisor,
                _ => officer,
            };
            hazard.closed_ms = Some(step(world, closer, &HazardEvent::ClosedOut));
        }
        if stage == 6 || world.random.one_in(9) && stage < 5 {
            let reason = "重复上报".into();
            step(world, supervisor, &HazardEvent::Voided { reason });
            hazard.is_void = true;
        }
        self.hazards.push(hazard);
    }

    fn inspect(&mut self) {
        let at_ms = self.some_time();
        let zone = usize::try_from(self.world.random.below(4)).unwrap();
        let (zone, space) = (self.zones[zone].id, self.zones[zone].space);
        let shift = self.world.random.pick(Shift::ALL);
        let kind = self.world.random.pick(InspectionKind::ALL);
        let fields = InspectionFields::new(zone, kind, shift, at_ms);
        let author = self.world.author(Role::Member);
        let world = &mut self.world;
        world.create::<Inspection>(author, space, &fields, None, at_ms);
        self.inspections.push((zone, space, at_ms, shift));
        if world.random.one_in(3) {
            // The same round twice on the same day fulfils the duty once.
            let again = (at_ms + 1).min(Day::at(at_ms).end_ms() - 1);
            world.create::<Inspection>(author, space, &fields, None, again);
            self.inspections.push((zone, space, again, shift));
        }
    }

    fn stop_violation(&mut self, units: &[UnitId]) {
        let at_ms = self.some_time();
        let kind = self.world.random.pick(ViolationKind::ALL);
        let space = self.world.random.pick(&self.spaces);
        let mut fields = ViolationFields::new(kind, "未戴安全帽", "铸造", "第十二条");
        fields.unit = (!self.world.random.one_in(4)).then(|| self.world.random.pick(units));
        fields.person = Some("张三".into());
        let officer = self.world.author(Role::SafetyOfficer);
        let world = &mut self.world;
        let id = world.create::<Violation>(officer, space, &fields, None, at_ms);
        if world.random.one_in(4) {
            let reason = "误报".into();
            let event = ViolationEvent::Withdrawn { reason };
            world.append::<Violation>(id, officer, &event, at_ms + 5);
        } else {
            self.violations.push((space, at_ms, kind, fields.unit));
        }
    }

    /// What the zones owe and have, counted day by day.
    fn naive_duty(&self, spaces: &[OrgId], from: Day, to: Day) -> (u64, u64) {
        let (mut due, mut done) = (0, 0);
        for zone in &self.zones {
            let is_in = spaces.is_empty() || spaces.contains(&zone.space);
            let Some(duty) = zone.duty.as_ref().filter(|_| is_in) else {
                continue;
            };
            let mut weeks_due = std::collections::BTreeSet::new();
            let mut weeks_done = std::collections::BTreeSet::new();
            for day in (from.0..to.0).map(Day) {
                if zone.retired.is_some_and(|retired| day >= retired) {
                    continue;
                }
                let monday = day.0 - day.weekday();
                let mut shifts: Vec<Shift> = (self.inspections.iter())
                    .filter(|(of, _, at_ms, _)| *of == zone.id && Day::at(*at_ms) == day)
                    .map(|(_, _, _, shift)| *shift)
                    .collect();
                if !shifts.is_empty() {
                    weeks_done.insert(monday);
                }
                if day < duty.from || duty.excepted.iter().any(|e| day >= e.from && day <= e.to) {
                    continue;
                }
                weeks_due.insert(monday);
                shifts.sort_unstable();
                shifts.dedup();
                match duty.frequency {
                    DutyFrequency::EveryShift => {
                        due += 3;
                        done += shifts.len().min(3) as u64;
                    }
                    DutyFrequency::Daily => {
                        due += 1;
                        done += u64::from(!shifts.is_empty());
                    }
                    DutyFrequency::Weekly => {}
                }
            }
            if duty.frequency == DutyFrequency::Weekly {
                due += weeks_due.len() as u64;
                done += weeks_due.intersection(&weeks_done).count() as u64;
            }
        }
        (due, done)
    }
}

fn at_ms_after(world: &mut World, from_ms: i64) -> i64 {
    from_ms + 10 * DAY_MS + world.random.below(60 * DAY_MS)
}

fn plan() -> MajorHazardPlan {
    let part = || "见附件".to_owned();
    MajorHazardPlan {
        goals_and_tasks: part(),
        methods_and_measures: part(),
        funds_and_supplies: part(),
        body_and_people: part(),
        time_limit_and_requirements: part(),
        safety_measures_and_contingency_plan: part(),
        principal: "李总".into(),
    }
}

#[test]
fn the_figures_of_every_period_are_those_of_the_model() {
    for seed in 1..=6 {
        let model = model(seed);
        let conn = model.world.store.reader();
        let now_ms = Day::from_ymd(2026, 9, 10).start_ms() + 1_000;
        let all = Vec::new();
        for spaces in [all, vec![model.spaces[0]], model.spaces[1..].to_vec()] {
            for number in 0..5 {
                let mut quarter = Quarter::of(Day::at(begin()));
                (0..number).for_each(|_| quarter = quarter.next());
                let found = quarterly(conn, &spaces, quarter, now_ms).unwrap();
                check_period(&model, &spaces, &found, now_ms);
            }
            let found = yearly(conn, &spaces, 2026, now_ms).unwrap();
            check_period(&model, &spaces, &found, now_ms);
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
    for tally in &found.by_grade {
        assert_eq!(tally.reported, count(&|h| h.grade == tally.value));
        assert_eq!(
            tally.open,
            count(&|h| h.grade == tally.value && h.is_open())
        );
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
    let conn = model.world.store.reader();
    let now_ms = Day::from_ymd(2026, 9, 10).start_ms();
    let space = model.spaces[1];
    let found = overview(conn, &[space], now_ms).unwrap();
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
    let inspections = model.inspections.iter().filter(|(_, of, ..)| *of == space);
    let counted: u64 = found.inspections_by_kind.iter().map(|c| c.count).sum();
    assert_eq!(counted, inspections.count() as u64);

    let range = (begin(), begin() + 200 * DAY_MS);
    for repeat in repeat_hazards(conn, &[space], range, 2).unwrap() {
        let is_there = |h: &ModelHazard| {
            let is_place = repeat.place.as_ref().is_none_or(|place| *place == h.place);
            !h.is_void && h.zone == repeat.zone && is_place && h.at_ms < range.1
        };
        assert_eq!(repeat.count, count(&is_there));
        assert_eq!(repeat.open, count(&|h| is_there(h) && h.is_open()));
        assert!(repeat.count >= 2);
    }
}

#[test]
fn nothing_is_known_of_an_empty_ledger() {
    let world = World::new(1);
    let quarter = Quarter {
        year: 2026,
        quarter: 1,
    };
    let now_ms = quarter.next().range_ms().0;
    let found = quarterly(world.store.reader(), &[], quarter, now_ms).unwrap();
    let rates = [
        found.closing_rate,
        found.on_time_rate,
        found.inspection_completion,
    ];
    assert_eq!(rates, [None; 3]);
    assert_eq!(
        overview(world.store.reader(), &[], now_ms).unwrap(),
        Overview::default()
    );
}

#[test]
fn a_zone_that_nobody_inspected_is_named_with_who_holds_it() {
    let model = model(3);
    let conn = model.world.store.reader();
    let (from, to) = (Day::from_ymd(2026, 3, 1), Day::from_ymd(2026, 3, 2));
    let duties = duty_completion(conn, &[], from, to, 3).unwrap();
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
            .filter(|ms| *ms < to.start_ms())
            .max();
        assert_eq!(duty.last_inspected_ms, last);
    }
}
