//! What users live through, told as tests: real notebooks, a real relay.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod damage;
mod disasters;
mod hazards;
mod lists;
mod put_back;
mod refusals;
mod roles;
mod wedges;

use vanguard_core::id::{DocumentId, EventId, HazardId, MemberId, OrgId, UnitId};
use vanguard_core::model::hazard::{
    Assignment, Hazard, HazardEvent, HazardFields, HazardGrade, HazardNature, MajorHazardPlan,
    Party, Rectification, RectificationMode,
};
use vanguard_core::model::{Author, Role, View};
use vanguard_core::{Env, NewEvent, Verb};
use vanguard_server::relay::Act;
use vanguard_tests::plain::PlainLog;
use vanguard_tests::verdict::everybody_agrees;
use vanguard_tests::{Fleet, Phone};

/// How many stories begin: a branch with a member, whose phone is synced.
async fn one_phone(seed: u64) -> (Fleet, OrgId, Phone) {
    let mut fleet = Fleet::new(seed).await;
    let branch = fleet.plant.first;
    let mut member = fleet.enlist("王建国", Role::Member, branch).await;
    fleet.sync(&mut member).await;
    (fleet, branch, member)
}

/// The same with a safety officer, whose phone is not synced yet.
async fn two_phones(seed: u64) -> (Fleet, OrgId, Phone, Phone) {
    let mut fleet = Fleet::new(seed).await;
    let branch = fleet.plant.first;
    let mut member = fleet.enlist("王建国", Role::Member, branch).await;
    let officer = fleet.enlist("赵安全", Role::SafetyOfficer, branch).await;
    fleet.sync(&mut member).await; // it knows of the officer
    (fleet, branch, member, officer)
}

/// 定级.
fn graded(grade: HazardGrade) -> HazardEvent {
    HazardEvent::Graded {
        grade,
        nature: HazardNature::UnsafeCondition,
        reason: "现场确认".into(),
        criterion: (grade == HazardGrade::Major).then(|| "判定标准第三条".into()),
    }
}

/// 交办 to somebody, with a plan.
fn assigned(unit: UnitId, person: MemberId) -> HazardEvent {
    HazardEvent::Assigned(Assignment {
        unit,
        person: Party::Member(person),
        mode: RectificationMode::Deadline,
        deadline_ms: 1_794_000_000_000,
        assurances: None,
        plan: Some(MajorHazardPlan::filled_with("已落实")),
    })
}

/// 整改完成.
fn rectified(what: &str) -> HazardEvent {
    HazardEvent::Rectified(Rectification {
        what: what.into(),
        on_behalf_of: None,
        on_the_spot: false,
        photos: Vec::new(),
    })
}

/// 复查合格.
fn verified() -> HazardEvent {
    HazardEvent::Verified {
        conclusion: "复查合格".into(),
        assessment: Some("治理有效".into()),
    }
}

/// 备注.
fn comment(text: &str) -> HazardEvent {
    HazardEvent::Commented { text: text.into() }
}

/// 上报.
fn report(phone: &mut Phone, space: OrgId, description: &str) -> HazardId {
    let fields = HazardFields::new(description, HazardNature::UnsafeCondition);
    phone.notebook.report_hazard(space, &fields).unwrap()
}

/// What somebody does to a hazard, and may.
fn act(phone: &mut Phone, hazard: HazardId, event: &HazardEvent) -> EventId {
    phone.notebook.act_on_hazard(hazard, event).unwrap()
}

/// A hazard as a phone shows it.
fn seen(phone: &Phone, hazard: HazardId) -> View<Hazard> {
    phone.notebook.get::<Hazard>(hazard).unwrap().view
}

/// An edit of one field.
fn edit(field: &str, value: &str) -> serde_json::Map<String, serde_json::Value> {
    serde_json::Map::from_iter([(field.to_owned(), value.into())])
}

/// Syncs all phones in turn until each has all, and holds them against the log.
async fn all_agree(fleet: &Fleet, phones: &mut [&mut Phone]) {
    for _ in 0..4 {
        for phone in phones.iter_mut() {
            fleet.sync(phone).await;
        }
    }
    let phones: Vec<&Phone> = phones.iter().map(|phone| &**phone).collect();
    agree(fleet, &phones).await;
}

/// Holds phones against the log as they are.
async fn agree(fleet: &Fleet, phones: &[&Phone]) {
    let log = PlainLog::read(&fleet.data).unwrap();
    let notebooks: Vec<_> = phones.iter().map(|phone| &phone.notebook).collect();
    let wrongs = everybody_agrees(&fleet.relay, &log, i64::MIN, &notebooks).await;
    assert_eq!(wrongs, Vec::<String>::new());
}

/// An act at the relay's console in somebody's name.
async fn at_the_console(
    fleet: &Fleet,
    author: Author,
    document: impl Into<DocumentId>,
    event: &impl serde::Serialize,
) {
    let serde_json::Value::Object(body) = serde_json::to_value(event).unwrap() else {
        unreachable!("events are maps");
    };
    let clock: &dyn Env = &*fleet.env;
    let event = NewEvent {
        id: EventId(clock.uuid_v7()),
        at_ms: clock.now_ms(),
        body,
    };
    let act = Act {
        document: document.into(),
        verb: Verb::Append { event },
    };
    fleet.relay.act(author, vec![act]).await.unwrap();
}

/// Somebody in a role of theirs.
fn author(fleet: &Fleet, member: MemberId, role: Role) -> Author {
    let directory = fleet.relay.directory();
    let grants = directory.grants_of(member);
    let (grant, _) = grants.iter().find(|(_, grant)| grant.role == role).unwrap();
    Author {
        member,
        role,
        grant: *grant,
    }
}

/// Everything that a notebook's file holds, in few bytes.
fn contents(phone: &Phone) -> Vec<(String, i64, i64)> {
    let conn = phone.notebook.reader();
    let sum = |table: &str, what: &str| {
        let sql = format!("SELECT count(*), coalesce(sum({what}), 0) FROM {table}");
        conn.query_row(&sql, [], |row| {
            Ok((table.to_owned(), row.get(0)?, row.get(1)?))
        })
        .unwrap()
    };
    vec![
        sum("change", "length(raw) + coalesce(position, 0)"),
        sum("outbox", "entry"),
        sum("document", "touched_ms % 1000000"),
        sum("record", "length(view)"),
        sum("wanted", "1"),
        sum("receipt", "relay_time_ms % 1000000"),
        sum("meta", "length(value)"),
        sum("space", "is_complete"),
    ]
}
