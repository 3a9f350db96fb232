//! What secretaries and safety officers do beside hazards: review inspections and posts' entries,
//! confirm and handle violations; and what members answer to it.

use serde_json::Value;
use vanguard_core::id::{InspectionId, OrgId, PostId, ViolationId};
use vanguard_core::model::inspection::{Inspection, InspectionEvent, InspectionStatus};
use vanguard_core::model::post::{PostEvent, VanguardPost};
use vanguard_core::model::team::{TaskTeam, TeamEvent, TeamFields, TeamKind};
use vanguard_core::model::violation::{Violation, ViolationEvent, ViolationStatus};
use vanguard_core::model::zone::{ResponsibilityZone, ZoneEvent};
use vanguard_core::model::{DocumentKind, Role};
use vanguard_core::store::query::Filter;

use super::found::members;
use super::phone::Phone;
use super::shift::{Place, Today};
use super::{findings, names, words};

/// A look at what waits for this phone's owner.
pub(super) fn attend_to(phone: &mut Phone, today: &Today<'_>, place: &Place<'_>) {
    correct_my_inspections(phone);
    tell_more_of_my_violations(phone);
    note_on_my_zone(phone, place);
    let branch = &today.world.branches[today.world.people[phone.who].home];
    let is_officer = phone.holds(Role::SafetyOfficer, branch.org);
    let is_secretary = branch.secretary == phone.who;
    if is_officer || is_secretary {
        review_inspections(phone, branch.org);
    }
    if is_officer {
        handle_violations(phone, branch.org);
    }
    if is_secretary {
        review_posts(phone, today);
        lead(phone, today, place);
    }
}

fn review_inspections(phone: &mut Phone, space: OrgId) {
    let filter = Filter {
        spaces: vec![space],
        status: vec![InspectionStatus::Submitted.as_str().into()],
        ..Filter::default()
    };
    let page = phone.notebook.list::<Inspection>(&filter, None, 6);
    let rows = phone.take(page).map(|page| page.rows).unwrap_or_default();
    for row in rows {
        let id = InspectionId::from(row.view.header.id);
        let event = match phone.dice.below(1_000) {
            0..300 => InspectionEvent::Reviewed {
                remark: words::one(&mut phone.dice, words::REVIEWS).into(),
            },
            300..330 => InspectionEvent::Returned {
                remark: phone.dice.pick(words::RETURNS).0.into(),
            },
            330..340 => InspectionEvent::Commented {
                text: words::one(&mut phone.dice, words::COMMENTS).into(),
            },
            _ => continue,
        };
        phone.pass(40);
        phone.append::<Inspection>(id, &event);
    }
}

/// A correction is an event: what was submitted stays.
fn correct_my_inspections(phone: &mut Phone) {
    let filter = Filter {
        creator: Some(phone.member),
        status: vec![InspectionStatus::Returned.as_str().into()],
        ..Filter::default()
    };
    let page = phone.notebook.list::<Inspection>(&filter, None, 5);
    let rows = phone.take(page).map(|page| page.rows).unwrap_or_default();
    for row in rows {
        if phone.dice.per_mille(700) {
            phone.pass(180);
            let text = phone.dice.pick(words::RETURNS).1.into();
            let items = row.view.fields.items.first().cloned().into_iter().collect();
            let event = InspectionEvent::Corrected { text, items };
            phone.append::<Inspection>(InspectionId::from(row.view.header.id), &event);
        }
    }
}

fn handle_violations(phone: &mut Phone, space: OrgId) {
    let filter = Filter {
        spaces: vec![space],
        is_open: Some(true),
        ..Filter::default()
    };
    let page = phone.notebook.list::<Violation>(&filter, None, 20);
    let rows = phone.take(page).map(|page| page.rows).unwrap_or_default();
    for row in rows {
        let dice = &mut phone.dice;
        let event = match (row.view.state.status, dice.below(1_000)) {
            (ViolationStatus::Recorded, 0..550) => ViolationEvent::Confirmed {
                remark: words::one(dice, words::REVIEWS).into(),
            },
            (ViolationStatus::Recorded, 550..610) => ViolationEvent::Withdrawn {
                reason: "经核实当时已采取替代防护".into(),
            },
            (ViolationStatus::Confirmed, 0..500) => ViolationEvent::Handled {
                outcome: words::one(dice, words::OUTCOMES).into(),
            },
            (_, 950..) => ViolationEvent::Commented {
                text: words::one(dice, words::COMMENTS).into(),
            },
            _ => continue,
        };
        phone.pass(90);
        phone.append::<Violation>(ViolationId::from(row.view.header.id), &event);
    }
}

fn tell_more_of_my_violations(phone: &mut Phone) {
    let filter = Filter {
        creator: Some(phone.member),
        status: vec![ViolationStatus::Recorded.as_str().into()],
        ..Filter::default()
    };
    let page = phone.notebook.list::<Violation>(&filter, None, 4);
    let rows = phone.take(page).map(|page| page.rows).unwrap_or_default();
    for row in rows {
        if phone.dice.per_mille(300) {
            phone.pass(60);
            let talk = phone.dice.pick(words::VIOLATIONS).3;
            let value = Value::String(format!("{talk}；{} 回访", phone.time_text()));
            phone.edit(
                DocumentKind::Violation,
                row.view.header.id,
                "corrective_talk",
                value,
            );
        }
    }
}

fn review_posts(phone: &mut Phone, today: &Today<'_>) {
    let home = &today.world.branches[today.world.people[phone.who].home];
    for post in &home.posts {
        if !phone.dice.per_mille(450) {
            continue;
        }
        let found = phone.notebook.get::<VanguardPost>(post.id);
        let Ok(row) = found else {
            continue; // not here yet
        };
        for entry in row.view.state.unreviewed.iter().take(3) {
            phone.pass(30);
            let remark = words::one(&mut phone.dice, words::REVIEWS).into();
            let event = PostEvent::EntryReviewed {
                entry: *entry,
                remark,
            };
            phone.append::<VanguardPost>(PostId::from(row.view.header.id), &event);
        }
    }
}

fn note_on_my_zone(phone: &mut Phone, place: &Place<'_>) {
    let held = place
        .zones
        .iter()
        .find(|zone| zone.holders.contains(&phone.who));
    if let Some(zone) = held.filter(|_| phone.dice.per_mille(12)) {
        phone.pass(60);
        let text = words::one(&mut phone.dice, words::SUMMARIES).into();
        phone.append::<ResponsibilityZone>(zone.id, &ZoneEvent::Noted { text });
    }
}

/// A secretary founds a team now and then, follows it, and describes a zone anew.
fn lead(phone: &mut Phone, today: &Today<'_>, place: &Place<'_>) {
    let home = &today.world.branches[today.world.people[phone.who].home];
    if phone.dice.per_mille(20) {
        let (name, goal) = *phone.dice.pick(names::TEAM_GOALS);
        phone.pass(300);
        let fields = TeamFields {
            name: format!("{}{name}", home.name),
            team_kind: *phone.dice.pick(TeamKind::ALL),
            goal: goal.into(),
            leader: Some(phone.member),
            members: members(today.world, &home.members),
            unit: Some(home.unit),
        };
        phone.create::<TaskTeam>(home.org, &fields, None);
    } else if phone.dice.per_mille(60) {
        let filter = Filter {
            creator: Some(phone.member),
            is_open: Some(true),
            ..Filter::default()
        };
        let page = phone.notebook.list::<TaskTeam>(&filter, None, 1);
        let rows = phone.take(page).map(|page| page.rows).unwrap_or_default();
        for row in rows {
            phone.pass(60);
            let text = words::one(&mut phone.dice, words::POST_DEEDS).into();
            phone.append::<TaskTeam>(row.view.header.id, &TeamEvent::Noted { text });
        }
    }
    if phone.dice.per_mille(15) && place.space == home.org {
        let zone = phone.dice.pick(place.zones).id;
        phone.pass(60);
        let spot = findings::spot(&mut phone.dice);
        let value = Value::String(format!(
            "{}，{spot}（{} 核定）",
            home.name,
            phone.time_text()
        ));
        phone.edit(DocumentKind::Zone, zone, "place", value);
    }
}
