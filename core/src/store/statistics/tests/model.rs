//! What was done, as plain facts, and documents made of it: hazards with random lives, rounds,
//! violations, zones with duties of every kind.

use crate::calendar::{DAY_MS, Day};
use crate::id::{MemberId, OrgId, UnitId, ZoneId};
use crate::model::hazard::{
    Assignment, FiveAssurances, Hazard, HazardEvent, HazardFields, HazardGrade, HazardNature,
    MajorHazardPlan, Party, Rectification, RectificationMode,
};
use crate::model::inspection::{Inspection, InspectionFields, InspectionKind};
use crate::model::template::{Duty, DutyFrequency, Exception, Template, TemplateFields};
use crate::model::violation::{Violation, ViolationEvent, ViolationFields, ViolationKind};
use crate::model::zone::{ResponsibilityZone, ZoneEvent, ZoneFields, ZoneKind};
use crate::model::{Role, Shift};
use crate::store::testing::World;

pub(super) struct ModelHazard {
    pub(super) space: OrgId,
    pub(super) at_ms: i64,
    pub(super) grade: Option<HazardGrade>,
    pub(super) zone: Option<ZoneId>,
    pub(super) unit: Option<UnitId>,
    pub(super) place: String,
    pub(super) deadline_ms: Option<i64>,
    pub(super) rectified_ms: Option<i64>,
    pub(super) closed_ms: Option<i64>,
    pub(super) is_void: bool,
    pub(super) is_funded: bool,
}

impl ModelHazard {
    pub(super) fn is_open(&self) -> bool {
        !self.is_void && self.closed_ms.is_none()
    }

    pub(super) fn is_overdue(&self, now_ms: i64) -> bool {
        self.is_open() && self.deadline_ms.is_some_and(|deadline| deadline < now_ms)
    }
}

pub(super) struct ModelZone {
    pub(super) id: ZoneId,
    pub(super) space: OrgId,
    pub(super) duty: Option<Duty>,
    pub(super) retired: Option<Day>,
}

pub(super) struct Model {
    pub(super) world: World,
    pub(super) spaces: [OrgId; 3],
    pub(super) zones: Vec<ModelZone>,
    pub(super) hazards: Vec<ModelHazard>,
    pub(super) inspections: Vec<(ZoneId, OrgId, i64, Shift)>,
    pub(super) violations: Vec<(OrgId, i64, ViolationKind, Option<UnitId>)>,
}

const FROM: (i32, u32, u32) = (2025, 10, 1);
const DAYS: i64 = 420;

pub(super) fn begin() -> i64 {
    Day::from_ymd(FROM.0, FROM.1, FROM.2).start_ms()
}

pub(super) fn model(seed: u64) -> Model {
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
            is_funded: false,
        };
        let mut step = |world: &mut World, author, event: &HazardEvent| {
            at_ms += 1 + world.random.below(20 * DAY_MS);
            world.append::<Hazard>(id, author, event, at_ms);
            at_ms
        };
        let stage = world.random.below(7);
        if stage >= 1 {
            let is_major = world.random.one_in(5);
            let grade = if is_major {
                HazardGrade::Major
            } else {
                HazardGrade::General
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
            // In 五落实, in the plan of a Major hazard, or nowhere.
            let is_major = hazard.grade == Some(HazardGrade::Major);
            let funds = world.random.pick(&["", " ", "800元"]);
            hazard.is_funded = is_major || funds == "800元";
            let assurances = FiveAssurances {
                funds: funds.into(),
                ..FiveAssurances::default()
            };
            let assigned = HazardEvent::Assigned(Assignment {
                unit,
                person: Party::Member(worker.member),
                mode: RectificationMode::Deadline,
                deadline_ms,
                assurances: Some(assurances),
                plan: is_major.then(|| MajorHazardPlan::filled_with("见附件")),
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
    pub(super) fn naive_duty(&self, spaces: &[OrgId], from: Day, to: Day) -> (u64, u64) {
        let (mut due, mut done) = (0, 0);
        for zone in &self.zones {
            let is_in = spaces.is_empty() || spaces.contains(&zone.space);
            let Some(duty) = zone.duty.as_ref().filter(|_| is_in) else {
                continue;
            };
            let has_duty = |day: Day| {
                day >= duty.from && !duty.excepted.iter().any(|e| day >= e.from && day <= e.to)
            };
            let shifts_of = |day: Day| {
                let mut shifts: Vec<Shift> = (self.inspections.iter())
                    .filter(|(of, _, at_ms, _)| *of == zone.id && Day::at(*at_ms) == day)
                    .map(|(_, _, _, shift)| *shift)
                    .collect();
                shifts.sort_unstable();
                shifts.dedup();
                shifts.len() as u64
            };
            for day in (from.0..to.0).map(Day) {
                if zone.retired.is_some_and(|retired| day >= retired) {
                    continue;
                }
                let is_sunday = day.weekday() == 6;
                match duty.frequency {
                    DutyFrequency::EveryShift if has_duty(day) => {
                        due += 3;
                        done += shifts_of(day).min(3);
                    }
                    DutyFrequency::Daily if has_duty(day) => {
                        due += 1;
                        done += shifts_of(day).min(1);
                    }
                    DutyFrequency::Weekly if is_sunday => {
                        let mut week = (day.0 - 6..=day.0).map(Day);
                        if week.clone().any(has_duty) {
                            due += 1;
                            done += u64::from(week.any(|day| shifts_of(day) > 0));
                        }
                    }
                    _ => {}
                }
            }
        }
        (due, done)
    }
}

fn at_ms_after(world: &mut World, from_ms: i64) -> i64 {
    from_ms + 10 * DAY_MS + world.random.below(60 * DAY_MS)
}
