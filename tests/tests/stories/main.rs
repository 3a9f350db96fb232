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

use vanguard_core::NotebookError;
use vanguard_core::id::{HazardId, MemberId, OrgId, UnitId};
use vanguard_core::model::hazard::{
    Assignment, Hazard, HazardEvent, HazardFields, HazardGrade, HazardNature, HazardStatus,
    MajorHazardPlan, Party, Rectification, RectificationMode,
};
use vanguard_core::model::{Role, SyncState, View};
use vanguard_core::rules::Refusal;
use vanguard_tests::{Fleet, Phone};

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
    let said = || "已落实".to_owned();
    HazardEvent::Assigned(Assignment {
        unit,
        person: Party::Member(person),
        mode: RectificationMode::Deadline,
        deadline_ms: 1_794_000_000_000,
        assurances: None,
        plan: Some(MajorHazardPlan {
            goals_and_tasks: said(),
            methods_and_measures: said(),
            funds_and_supplies: said(),
            body_and_people: said(),
            time_limit_and_requirements: said(),
            safety_measures_and_contingency_plan: said(),
            principal: said(),
        }),
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

/// 上报.
fn report(phone: &mut Phone, space: OrgId, description: &str) -> HazardId {
    let fields = HazardFields::new(description, HazardNature::UnsafeCondition);
    phone.notebook.report_hazard(space, &fields).unwrap()
}

/// A hazard as a phone shows it.
fn seen(phone: &Phone, hazard: HazardId) -> View<Hazard> {
    phone.notebook.get::<Hazard>(hazard).unwrap().view
}

/// An edit of one field.
fn edit(field: &str, value: &str) -> serde_json::Map<String, serde_json::Value> {
    serde_json::Map::from_iter([(field.to_owned(), value.into())])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hazard_goes_from_report_to_close_out_across_three_phones() {
    let mut fleet = Fleet::new(1).await;
    let branch = fleet.plant.first;
    let mut finder = fleet
        .phone("王建国", branch, &[(Role::Member, branch)])
        .await;
    let mut rectifier = fleet
        .phone("李师傅", branch, &[(Role::Rectifier, branch)])
        .await;
    let mut officer = fleet
        .phone("赵安全", branch, &[(Role::SafetyOfficer, branch)])
        .await;
    for phone in [&mut finder, &mut rectifier, &mut officer] {
        fleet.sync(phone).await;
    }

    let fields = HazardFields::new("3号槽北侧消防通道堵塞", HazardNature::UnsafeCondition);
    let hazard = finder.notebook.report_hazard(branch, &fields).unwrap();
    let row = finder.notebook.get::<Hazard>(hazard).unwrap();
    assert_eq!(row.sync_state, SyncState::LocalOnly);
    let progress = fleet.sync(&mut finder).await;
    assert_eq!((progress.acknowledged, progress.refused), (1, 0));
    let row = finder.notebook.get::<Hazard>(hazard).unwrap();
    assert_eq!(row.sync_state, SyncState::Acknowledged);

    fleet.sync(&mut officer).await;
    officer
        .notebook
        .act_on_hazard(hazard, &graded(HazardGrade::General))
        .unwrap();
    let assigned = HazardEvent::Assigned(Assignment {
        unit: fleet.plant.contractor,
        person: Party::Member(rectifier.member()),
        mode: RectificationMode::Deadline,
        deadline_ms: 1_794_000_000_000,
        assurances: None,
        plan: None,
    });
    officer.notebook.act_on_hazard(hazard, &assigned).unwrap();
    fleet.sync(&mut officer).await;

    fleet.sync(&mut rectifier).await;
    let rectified = HazardEvent::Rectified(Rectification {
        what: "已清理通道".into(),
        on_behalf_of: None,
        on_the_spot: false,
        photos: Vec::new(),
    });
    let refused = finder.notebook.act_on_hazard(hazard, &rectified);
    assert!(matches!(
        refused,
        Err(NotebookError::Refused(Refusal::Status))
    ));
    rectifier
        .notebook
        .act_on_hazard(hazard, &rectified)
        .unwrap();
    fleet.sync(&mut rectifier).await;

    fleet.sync(&mut officer).await;
    let verified = HazardEvent::Verified {
        conclusion: "通道畅通".into(),
        assessment: None,
    };
    officer.notebook.act_on_hazard(hazard, &verified).unwrap();
    officer
        .notebook
        .act_on_hazard(hazard, &HazardEvent::ClosedOut)
        .unwrap();
    fleet.sync(&mut officer).await;
    fleet.sync(&mut finder).await;
    let row = finder.notebook.get::<Hazard>(hazard).unwrap();
    assert_eq!(row.view.state.status, HazardStatus::Closed);
    assert_eq!(row.view.events.len(), 6);
    assert!(row.view.events.iter().all(|e| e.superseded.is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn choosing_the_value_that_is_shown_already_settles_a_conflict() {
    let mut fleet = Fleet::new(2).await;
    let branch = fleet.plant.first;
    let mut finder = fleet
        .phone("王建国", branch, &[(Role::Member, branch)])
        .await;
    let mut officer = fleet
        .phone("赵安全", branch, &[(Role::SafetyOfficer, branch)])
        .await;
    fleet.sync(&mut finder).await;
    let fields = HazardFields::new("护栏松动", HazardNature::UnsafeCondition);
    let hazard = finder.notebook.report_hazard(branch, &fields).unwrap();
    fleet.sync(&mut finder).await;
    fleet.sync(&mut officer).await;
    for (phone, place) in [(&mut finder, "东门"), (&mut officer, "西门")] {
        let fields = [("place".to_owned(), place.into())].into_iter().collect();
        phone.notebook.edit(hazard, fields).unwrap();
        fleet.sync(phone).await;
    }
    let row = officer.notebook.get::<Hazard>(hazard).unwrap();
    assert_eq!(row.view.conflicts[0].values.len(), 2);

    let shown = row.view.fields.place.unwrap();
    let chosen = HazardEvent::FieldChosen {
        field: "place".into(),
        value: shown.clone().into(),
    };
    officer.notebook.act_on_hazard(hazard, &chosen).unwrap();
    let progress = fleet.sync(&mut officer).await;
    assert_eq!((progress.acknowledged, progress.refused), (1, 0));
    fleet.sync(&mut finder).await;
    for phone in [&finder, &officer] {
        let row = phone.notebook.get::<Hazard>(hazard).unwrap();
        assert_eq!(row.view.fields.place.as_deref(), Some(shown.as_str()));
        assert!(row.view.conflicts.is_empty());
    }
}
