//! Grading a hazard, and assigning it to somebody: for a Major one with its plan.

use vanguard_core::calendar::{DAY_MS, Day};
use vanguard_core::id::{MemberId, UnitId};
use vanguard_core::model::View;
use vanguard_core::model::hazard::{
    Assignment, FiveAssurances, Hazard, HazardEvent, HazardGrade, MajorHazardPlan, Party,
    RectificationMode,
};

use super::hazards::{id_of, measure};
use super::phone::Phone;
use super::shift::{Place, Today};
use super::words;

/// 定级; says whether it is Major.
pub(super) fn grade(phone: &mut Phone, is_officer: bool, view: &View<Hazard>) -> bool {
    phone.pass(180);
    let id = id_of(view);
    let is_major = is_officer && phone.dice.per_mille(60);
    let (criterion, why) = *phone.dice.pick(words::MAJOR);
    let event = HazardEvent::Graded {
        grade: if is_major {
            HazardGrade::Major
        } else {
            HazardGrade::General
        },
        nature: view.state.nature,
        reason: if is_major {
            why.into()
        } else {
            words::one(&mut phone.dice, words::GRADE_REASONS).into()
        },
        criterion: is_major.then(|| criterion.into()),
    };
    phone.append::<Hazard>(id, &event).is_some() && is_major
}

/// 交办, for a Major hazard with its control measure and its plan.
pub(super) fn assign(
    phone: &mut Phone,
    today: &Today<'_>,
    place: &Place<'_>,
    view: &View<Hazard>,
    is_major: bool,
) {
    let id = id_of(view);
    if is_major && view.state.control_measures == 0 {
        measure(phone, id);
    }
    phone.pass(240);
    let (unit, person) = somebody(phone, today, place);
    let days = phone.dice.between(2, 10);
    let deadline_ms = Day::at(phone.now_ms() + days * DAY_MS).end_ms() - 1_000;
    let mode = *phone.dice.pick(RectificationMode::ALL);
    let assurances = phone.dice.per_mille(400).then(|| assurances(today, days));
    let assignment = Assignment {
        unit,
        person,
        mode: if is_major {
            RectificationMode::Suspension
        } else {
            mode
        },
        deadline_ms,
        assurances,
        plan: is_major.then(|| plan(today, days)),
    };
    phone.append::<Hazard>(id, &HazardEvent::Assigned(assignment));
}

/// Who is to rectify: somebody of the branch, of another one, or without an account.
fn somebody(phone: &mut Phone, today: &Today<'_>, place: &Place<'_>) -> (UnitId, Party) {
    let world = today.world;
    let here = &world.branches[place.branch];
    let dice = &mut phone.dice;
    if dice.per_mille(380) && !here.persons.is_empty() {
        let id = *dice.pick(&here.persons);
        let unit = world.persons.iter().find(|person| person.0 == id);
        return (unit.map_or(here.unit, |person| person.2), Party::Person(id));
    }
    let branch = if dice.per_mille(120) {
        dice.pick(&world.branches)
    } else {
        here
    };
    let member: MemberId = world.people[*dice.pick(&branch.members)].id;
    (branch.unit, Party::Member(member))
}

fn assurances(today: &Today<'_>, days: i64) -> FiveAssurances {
    let name = &today.world.people[today.world.branches[0].secretary].name;
    FiveAssurances {
        responsibility: format!("责任人：{name}"),
        measures: "停机、隔离、整改、验收".into(),
        funds: "安全生产费用列支 3,000 元".into(),
        time_limit: format!("{days} 天内完成"),
        contingency_plan: "整改期间专人监护，异常立即撤离".into(),
    }
}

fn plan(today: &Today<'_>, days: i64) -> MajorHazardPlan {
    let principal = &today.world.people[today.world.branches[0].secretary].name;
    MajorHazardPlan {
        goals_and_tasks: "消除重大隐患，达到判定标准要求".into(),
        methods_and_measures: "停产整改，拆除违规设施，增设联锁".into(),
        funds_and_supplies: "专项资金 12 万元，备件已落实".into(),
        body_and_people: "成立整改小组，设备部牵头".into(),
        time_limit_and_requirements: format!("{days} 天内完成并组织验收"),
        safety_measures_and_contingency_plan: "整改区域封闭，消防监护，应急队待命".into(),
        principal: principal.clone(),
    }
}

/// Raises a hazard to Major, whoever graded it General.
pub(super) fn raise(phone: &mut Phone, view: &View<Hazard>) {
    let (criterion, why) = *phone.dice.pick(words::MAJOR);
    phone.pass(200);
    let event = HazardEvent::Graded {
        grade: HazardGrade::Major,
        nature: view.state.nature,
        reason: format!("督查提级：{why}"),
        criterion: Some(criterion.into()),
    };
    phone.append::<Hazard>(id_of(view), &event);
}
