//! What several people do to one hazard.

use serde_json::json;
use vanguard_core::NotebookError;
use vanguard_core::model::Role;
use vanguard_core::model::hazard::{HazardEvent, HazardGrade, HazardStatus};
use vanguard_core::rules::Refusal;
use vanguard_tests::Fleet;

use super::{assigned, edit, graded, rectified, report, seen, verified};

#[tokio::test(flavor = "multi_thread")]
async fn two_phones_edit_one_field_offline_and_both_values_stay_until_one_is_chosen() {
    let mut fleet = Fleet::new(11).await;
    let branch = fleet.plant.first;
    let mut one = fleet
        .phone("王建国", branch, &[(Role::Member, branch)])
        .await;
    let mut other = fleet
        .phone("赵安全", branch, &[(Role::SafetyOfficer, branch)])
        .await;
    fleet.sync(&mut one).await;
    let hazard = report(&mut one, branch, "护栏松动");
    fleet.sync(&mut one).await;
    fleet.sync(&mut other).await;

    one.notebook
        .edit(hazard, edit("place", "3号槽北侧"))
        .unwrap();
    other
        .notebook
        .edit(hazard, edit("place", "4号槽南侧"))
        .unwrap();
    for phone in [&mut one, &mut other] {
        fleet.sync(phone).await;
    }
    fleet.sync(&mut one).await;
    let conflicts = seen(&one, hazard).conflicts;
    assert_eq!(conflicts, seen(&other, hazard).conflicts);
    let values: Vec<_> = conflicts[0]
        .values
        .iter()
        .map(|value| &value.value)
        .collect();
    assert!(values.contains(&&json!("3号槽北侧")) && values.contains(&&json!("4号槽南侧")));

    let choice = HazardEvent::FieldChosen {
        field: "place".into(),
        value: json!("3号槽北侧"),
    };
    let refused = one.notebook.act_on_hazard(hazard, &choice).unwrap_err();
    assert!(matches!(refused, NotebookError::Refused(Refusal::Role)));
    other.notebook.act_on_hazard(hazard, &choice).unwrap();
    fleet.sync(&mut other).await;
    fleet.sync(&mut one).await;
    for phone in [&one, &other] {
        let view = seen(phone, hazard);
        assert_eq!(view.fields.place.as_deref(), Some("3号槽北侧"));
        assert!(view.conflicts.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_out_that_comes_too_late_is_superseded_and_its_author_is_told() {
    let mut fleet = Fleet::new(12).await;
    let branch = fleet.plant.first;
    let mut worker = fleet
        .phone("李师傅", branch, &[(Role::Rectifier, branch)])
        .await;
    let mut officer = fleet
        .phone("赵安全", branch, &[(Role::SafetyOfficer, branch)])
        .await;
    let mut secretary = fleet
        .phone("孙书记", branch, &[(Role::BranchSecretary, branch)])
        .await;
    fleet.sync(&mut officer).await;
    let hazard = report(&mut officer, branch, "吊具磨损");
    let assignment = assigned(fleet.plant.contractor, worker.member());
    for event in [graded(HazardGrade::General), assignment] {
        officer.notebook.act_on_hazard(hazard, &event).unwrap();
    }
    fleet.sync(&mut officer).await;
    fleet.sync(&mut worker).await;
    worker
        .notebook
        .act_on_hazard(hazard, &rectified("已更换"))
        .unwrap();
    fleet.sync(&mut worker).await;
    fleet.sync(&mut officer).await;
    officer.notebook.act_on_hazard(hazard, &verified()).unwrap();
    fleet.sync(&mut officer).await;
    fleet.sync(&mut secretary).await;

    let closing = officer
        .notebook
        .act_on_hazard(hazard, &HazardEvent::ClosedOut)
        .unwrap();
    assert_eq!(seen(&officer, hazard).state.status, HazardStatus::Closed);
    let returned = HazardEvent::ReturnedForRework {
        reason: "螺栓未紧固".into(),
    };
    let returning = secretary.notebook.act_on_hazard(hazard, &returned).unwrap();
    fleet.sync(&mut secretary).await;
    fleet.sync(&mut officer).await;

    let view = seen(&officer, hazard);
    assert_eq!(view.state.status, HazardStatus::Assigned);
    let late = view
        .events
        .iter()
        .find(|folded| folded.event.id == closing)
        .unwrap();
    assert_eq!(late.superseded, Some(Refusal::Status));
    assert_eq!(late.unaware_of, [returning]);
    fleet.sync(&mut secretary).await;
    assert_eq!(seen(&secretary, hazard), view);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_major_hazard_needs_measure_plan_assessment_and_four_hands() {
    let mut fleet = Fleet::new(13).await;
    let (top, branch) = (fleet.plant.committee, fleet.plant.first);
    let mut worker = fleet
        .phone("李师傅", branch, &[(Role::Rectifier, branch)])
        .await;
    let mut officer = fleet
        .phone("赵安全", branch, &[(Role::SafetyOfficer, branch)])
        .await;
    let mut supervisor = fleet.phone("陈督查", top, &[(Role::Supervisor, top)]).await;
    fleet.sync(&mut officer).await;
    let hazard = report(&mut officer, branch, "煤气管道泄漏");
    officer
        .notebook
        .act_on_hazard(hazard, &graded(HazardGrade::Major))
        .unwrap();
    let assignment = assigned(fleet.plant.contractor, worker.member());
    let refused = officer
        .notebook
        .act_on_hazard(hazard, &assignment)
        .unwrap_err();
    assert!(matches!(
        refused,
        NotebookError::Refused(Refusal::ControlMeasureMissing)
    ));
    let text = "划定警戒区，停用煤气".into();
    let measure = HazardEvent::ControlMeasure { text };
    for event in [measure, assignment] {
        officer.notebook.act_on_hazard(hazard, &event).unwrap();
    }
    fleet.sync(&mut officer).await;
    fleet.sync(&mut worker).await;
    worker
        .notebook
        .act_on_hazard(hazard, &rectified("更换管段"))
        .unwrap();
    fleet.sync(&mut worker).await;
    for phone in [&mut officer, &mut supervisor] {
        fleet.sync(phone).await;
    }
    officer.notebook.act_on_hazard(hazard, &verified()).unwrap();
    let close = HazardEvent::ClosedOut;
    let refused = officer.notebook.act_on_hazard(hazard, &close).unwrap_err();
    assert!(matches!(refused, NotebookError::Refused(Refusal::Role)));
    fleet.sync(&mut officer).await;
    fleet.sync(&mut supervisor).await;
    supervisor.notebook.act_on_hazard(hazard, &close).unwrap();
    fleet.sync(&mut supervisor).await;
    fleet.sync(&mut worker).await;
    let view = seen(&worker, hazard);
    assert_eq!(view.state.status, HazardStatus::Closed);
    assert!(view.events.iter().all(|folded| folded.superseded.is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_across_spaces_brings_the_hazard_and_the_right_to_rectify_it() {
    let mut fleet = Fleet::new(14).await;
    let (first, second) = (fleet.plant.first, fleet.plant.second);
    let mut officer = fleet
        .phone("赵安全", first, &[(Role::SafetyOfficer, first)])
        .await;
    let mut stranger = fleet
        .phone("李师傅", second, &[(Role::Member, second)])
        .await;
    fleet.sync(&mut officer).await;
    let (hazard, other) = (
        report(&mut officer, first, "电缆破损"),
        report(&mut officer, first, "地沟盖板缺失"),
    );
    officer
        .notebook
        .act_on_hazard(hazard, &graded(HazardGrade::General))
        .unwrap();
    fleet.sync(&mut officer).await;
    fleet.sync(&mut stranger).await;
    assert!(
        stranger
            .notebook
            .reader()
            .prepare("SELECT 1 FROM document WHERE kind = 'hazard'")
            .unwrap()
            .query([])
            .unwrap()
            .next()
            .unwrap()
            .is_none()
    );

    let assignment = assigned(fleet.plant.contractor, stranger.member());
    officer.notebook.act_on_hazard(hazard, &assignment).unwrap();
    fleet.sync(&mut officer).await;
    fleet.sync(&mut stranger).await;
    assert_eq!(seen(&stranger, hazard), seen(&officer, hazard));
    assert!(
        stranger
            .notebook
            .get::<vanguard_core::model::hazard::Hazard>(other)
            .is_err()
    );
    stranger
        .notebook
        .act_on_hazard(hazard, &rectified("已包扎"))
        .unwrap();
    let progress = fleet.sync(&mut stranger).await;
    assert_eq!((progress.acknowledged, progress.refused), (1, 0));
    fleet.sync(&mut officer).await;
    assert_eq!(seen(&officer, hazard).state.status, HazardStatus::Rectified);
}
