//! What people do about hazards, each by what their own phone shows and their role allows: grading,
//! assigning, rectifying, verifying, closing out, and all that goes wrong in between. Since phones
//! are offline most of the time, two people often decide the same thing without knowing.

use serde_json::Value;
use vanguard_core::calendar::DAY_MS;
use vanguard_core::id::{HazardId, OrgId};
use vanguard_core::model::hazard::{
    Hazard, HazardEvent, HazardGrade, HazardStatus, Party, Rectification,
};
use vanguard_core::model::{DocumentKind, Role, View};
use vanguard_core::store::query::Filter;

use super::assign::{assign, grade, raise};
use super::phone::Phone;
use super::shift::{Place, Today};
use super::{findings, words};

/// A look at the hazards on one's phone, and what one does about them.
pub(super) fn attend_to(phone: &mut Phone, today: &Today<'_>, place: &Place<'_>) {
    rectify_what_is_mine(phone, today);
    tell_more_of_mine(phone);
    let desk = Desk::of(phone, today);
    for space in desk.spaces.clone() {
        for view in shown(phone, &of_space(space), 60) {
            decide(phone, today, place, &desk, &view);
        }
    }
    if desk.is_supervisor {
        oversee(phone, today, &desk);
    }
}

/// Which hazards somebody decides on, in which roles.
struct Desk {
    spaces: Vec<OrgId>,
    is_officer: bool,
    is_secretary: bool,
    is_supervisor: bool,
}

impl Desk {
    fn of(phone: &Phone, today: &Today<'_>) -> Self {
        let person = &today.world.people[phone.who];
        let branch = &today.world.branches[person.home];
        let is_officer = phone.holds(Role::SafetyOfficer, branch.org);
        let mut is_secretary = branch.secretary == phone.who;
        let mut spaces = Vec::new();
        if is_officer || is_secretary {
            spaces.push(branch.org);
        }
        for (site, state) in today.world.sites.iter().zip(today.sites) {
            let hosts = site.host == person.home && (is_officer || is_secretary);
            let is_lead = site.people.get(1) == Some(&phone.who);
            if let Some(org) = state.org.filter(|_| hosts || is_lead) {
                spaces.push(org);
                is_secretary |= is_lead;
            }
        }
        Self {
            spaces,
            is_officer,
            is_secretary,
            is_supervisor: person
                .roles
                .iter()
                .any(|(role, _)| *role == Role::Supervisor),
        }
    }
}

fn of_space(space: OrgId) -> Filter {
    Filter {
        spaces: vec![space],
        is_open: Some(true),
        ..Filter::default()
    }
}

/// What the phone shows.
fn shown(phone: &mut Phone, filter: &Filter, limit: usize) -> Vec<View<Hazard>> {
    let page = phone.notebook.list::<Hazard>(filter, None, limit);
    let rows = phone.take(page).map(|page| page.rows).unwrap_or_default();
    rows.into_iter().map(|row| row.view).collect()
}

pub(super) fn id_of(view: &View<Hazard>) -> HazardId {
    HazardId::from(view.header.id)
}

/// One in twelve hazards is one whose place people quarrel about.
fn is_disputed(id: HazardId) -> bool {
    id.as_bytes()[15].is_multiple_of(12)
}

/// 临时防范措施.
pub(super) fn measure(phone: &mut Phone, hazard: HazardId) {
    phone.pass(60);
    let text = words::one(&mut phone.dice, words::MEASURES).into();
    phone.append::<Hazard>(hazard, &HazardEvent::ControlMeasure { text });
}

fn comment(phone: &mut Phone, hazard: HazardId) {
    phone.pass(40);
    let text = words::one(&mut phone.dice, words::COMMENTS).into();
    phone.append::<Hazard>(hazard, &HazardEvent::Commented { text });
}

/// Writes a field anew, with the time, as people do who correct each other.
fn edit(phone: &mut Phone, hazard: HazardId, field: &str, text: &str) {
    phone.pass(60);
    let value = Value::String(format!("{text}（{}）", phone.time_text()));
    phone.edit(DocumentKind::Hazard, hazard, field, value);
}

/// Hazards assigned to the phone's owner, from whatever space.
fn rectify_what_is_mine(phone: &mut Phone, today: &Today<'_>) {
    let filter = Filter {
        assignee: Some(phone.member.0),
        is_open: Some(true),
        status: vec![HazardStatus::Assigned.as_str().into()],
        ..Filter::default()
    };
    for view in shown(phone, &filter, 10) {
        let id = id_of(&view);
        if phone.dice.per_mille(60) {
            comment(phone, id);
        }
        if phone.dice.per_mille(550) {
            rectify(phone, today, &view, None);
        }
    }
}

fn rectify(phone: &mut Phone, today: &Today<'_>, view: &View<Hazard>, on_behalf_of: Option<Party>) {
    phone.pass(1_200);
    let zone = view.fields.zone.and_then(|zone| today.zone(zone));
    let done = findings::hazard(&mut phone.dice).done;
    let what = match &on_behalf_of {
        Some(Party::Person(id)) => {
            let named = today.world.persons.iter().find(|person| person.0 == *id);
            let name = named.map_or("相关人员", |person| person.1.as_str());
            format!("{done}（{name}完成，代录）")
        }
        Some(Party::Member(_)) => format!("{done}（代录）"),
        None => done.to_owned(),
    };
    let rectification = Rectification {
        what,
        on_behalf_of,
        on_the_spot: false,
        photos: phone.photograph(zone, true),
    };
    phone.append::<Hazard>(id_of(view), &HazardEvent::Rectified(rectification));
}

/// What a reporter adds to their own reports.
fn tell_more_of_mine(phone: &mut Phone) {
    let filter = Filter {
        creator: Some(phone.member),
        is_open: Some(true),
        ..Filter::default()
    };
    for view in shown(phone, &filter, 6) {
        let id = id_of(&view);
        if is_disputed(id) && phone.dice.per_mille(450) {
            let spot = findings::spot(&mut phone.dice);
            edit(phone, id, "place", &format!("{spot}，上报人核对"));
        } else if phone.dice.per_mille(40) {
            let said = view.fields.description.split('；').next();
            let more = format!("{}；现场补充说明", said.unwrap_or_default());
            edit(phone, id, "description", &more);
        } else if phone.dice.per_mille(25) {
            comment(phone, id);
        }
    }
}

/// A reviewer's decision on one hazard.
fn decide(
    phone: &mut Phone,
    today: &Today<'_>,
    place: &Place<'_>,
    desk: &Desk,
    view: &View<Hazard>,
) {
    let id = id_of(view);
    for conflict in &view.conflicts {
        if phone.dice.per_mille(600)
            && let Some(chosen) = conflict.values.first()
        {
            phone.pass(60);
            let (field, value) = (conflict.field.clone(), chosen.value.clone());
            phone.append::<Hazard>(id, &HazardEvent::FieldChosen { field, value });
        }
    }
    if is_disputed(id) && phone.dice.per_mille(250) {
        let who = if desk.is_officer {
            "安全员"
        } else {
            "支部"
        };
        let spot = findings::spot(&mut phone.dice);
        edit(phone, id, "place", &format!("{spot}，{who}确认"));
    }
    if phone.dice.per_mille(12) && desk.is_officer {
        phone.pass(60);
        let reason = words::one(&mut phone.dice, words::VOIDS).into();
        phone.append::<Hazard>(id, &HazardEvent::Voided { reason });
        return;
    }
    if phone.dice.per_mille(15) {
        comment(phone, id);
    }
    let is_major = view.state.grade == Some(HazardGrade::Major);
    match view.state.status {
        HazardStatus::Reported if phone.dice.per_mille(650) => {
            let is_major = grade(phone, desk.is_officer, view);
            if phone.dice.per_mille(800) {
                assign(phone, today, place, view, is_major);
            }
        }
        HazardStatus::Graded if phone.dice.per_mille(700) => {
            assign(phone, today, place, view, is_major);
        }
        HazardStatus::Assigned => follow_up(phone, today, place, view),
        HazardStatus::Rectified if phone.dice.per_mille(550) => verify(phone, desk, view),
        HazardStatus::Verified if !is_major && phone.dice.per_mille(700) => {
            phone.pass(60);
            phone.append::<Hazard>(id, &HazardEvent::ClosedOut);
        }
        _ => {}
    }
}

/// What happens while a hazard is assigned: extensions, another assignment, a record on behalf of
/// whoever did the work.
fn follow_up(phone: &mut Phone, today: &Today<'_>, place: &Place<'_>, view: &View<Hazard>) {
    let Some(assignment) = &view.state.assignment else {
        return;
    };
    let id = id_of(view);
    let is_major = view.state.grade == Some(HazardGrade::Major);
    let (now_ms, deadline_ms) = (phone.now_ms(), assignment.deadline_ms);
    let chance = phone.dice.below(1_000);
    if deadline_ms - now_ms < DAY_MS && chance < 180 {
        phone.pass(60);
        let event = HazardEvent::Extended {
            deadline_ms: deadline_ms.max(now_ms) + phone.dice.between(2, 6) * DAY_MS,
            reason: words::one(&mut phone.dice, words::EXTENSIONS).into(),
        };
        phone.append::<Hazard>(id, &event);
    } else if chance < 30 {
        assign(phone, today, place, view, is_major);
    } else if chance < 450 && assignment.person != Party::Member(phone.member) {
        // Who has no phone of ours has the work recorded for them.
        let is_person = matches!(assignment.person, Party::Person(_));
        if is_person || chance < 60 {
            rectify(phone, today, view, Some(assignment.person.clone()));
        }
    }
}

/// 复查: returned for rework, or verified, graded first where that was forgotten.
fn verify(phone: &mut Phone, desk: &Desk, view: &View<Hazard>) {
    let id = id_of(view);
    let mut is_major = view.state.grade == Some(HazardGrade::Major);
    if view.state.grade.is_none() {
        is_major = grade(phone, desk.is_officer, view);
    }
    phone.pass(300);
    if phone.dice.per_mille(130) {
        let reason = words::one(&mut phone.dice, words::REWORKS).into();
        phone.append::<Hazard>(id, &HazardEvent::ReturnedForRework { reason });
        return;
    }
    let event = HazardEvent::Verified {
        conclusion: words::one(&mut phone.dice, words::CONCLUSIONS).into(),
        assessment: is_major.then(|| "治理后评估：风险降至可接受".into()),
    };
    let is_done = phone.append::<Hazard>(id, &event).is_some();
    if is_done && !is_major && phone.dice.per_mille(500) && (desk.is_officer || desk.is_secretary) {
        phone.pass(30);
        phone.append::<Hazard>(id, &HazardEvent::ClosedOut);
    }
}

/// A committee's supervisor looks around: closes Major hazards out, reopens, raises, voids.
fn oversee(phone: &mut Phone, today: &Today<'_>, desk: &Desk) {
    let major = |status: HazardStatus| Filter {
        grade: Some(HazardGrade::Major.as_str().into()),
        status: vec![status.as_str().into()],
        ..Filter::default()
    };
    for view in shown(phone, &major(HazardStatus::Verified), 20) {
        if phone.dice.per_mille(700) {
            phone.pass(120);
            phone.append::<Hazard>(id_of(&view), &HazardEvent::ClosedOut);
        }
    }
    for view in shown(phone, &major(HazardStatus::Rectified), 20) {
        if phone.dice.per_mille(300) {
            verify(phone, desk, &view);
        }
    }
    let closed = Filter {
        status: vec![HazardStatus::Closed.as_str().into()],
        ..Filter::default()
    };
    for view in shown(phone, &closed, 12) {
        if phone.dice.per_mille(8) {
            phone.pass(120);
            let reason = words::one(&mut phone.dice, words::REOPENS).into();
            phone.append::<Hazard>(id_of(&view), &HazardEvent::Reopened { reason });
        }
    }
    let open = Filter {
        is_open: Some(true),
        ..Filter::default()
    };
    for view in shown(phone, &open, 25) {
        match phone.dice.below(1_000) {
            0..12 => raise(phone, &view),
            12..30 => comment(phone, id_of(&view)),
            30..36 => {
                phone.pass(60);
                let reason = words::one(&mut phone.dice, words::VOIDS).into();
                phone.append::<Hazard>(id_of(&view), &HazardEvent::Voided { reason });
            }
            36..50 if view.state.status == HazardStatus::Rectified => verify(phone, desk, &view),
            50..58 => {
                let text = format!("督查要求：{} 日前闭环", today.day.iso());
                edit(phone, id_of(&view), "requirements", &text);
            }
            _ => {}
        }
    }
}
