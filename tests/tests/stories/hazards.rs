//! A hazard's life, and what several people do to one hazard.

use serde_json::json;
use vanguard_core::NotebookError;
use vanguard_core::model::hazard::{Hazard, HazardEvent, HazardGrade, HazardStatus};
use vanguard_core::model::{Role, SyncState};
use vanguard_core::rules::Refusal;
use vanguard_tests::Fleet;

use super::{act, assigned, edit, graded, rectified, report, seen, two_phones, verified};

#[tokio::test(flavor = "multi_thread")]
async fn a_hazard_goes_from_report_to_close_out_across_three_phones() {
    let mut fleet = Fleet::new(1).await;
    let branch = fleet.plant.first;
    let mut finder = fleet.enlist("王建国", Role::Member, branch).await;
    let mut rectifier = fleet.enlist("李师傅", Role::Rectifier, branch).await;
    let mut officer = fleet.enlist("赵安全", Role::SafetyOfficer, branch).await;
    for phone in [&mut finder, &mut rectifier, &mut officer] {
        fleet.sync(phone).await;
    }

    let hazard = report(&mut finder, branch, "3号槽北侧消防通道堵塞");
    let row = finder.notebook.get::<Hazard>(hazard).unwrap();
    assert_eq!(row.sync_state, SyncState::LocalOnly);
    let progress = fleet.sync(&mut finder).await;
    assert_eq!((progress.acknowledged, progress.refused), (1, 0));
    let row = finder.notebook.get::<Hazard>(hazard).unwrap();
    assert_eq!(row.sync_state, SyncState::Acknowledged);

    fleet.sync(&mut officer).await;
    act(&mut officer, hazard, &graded(HazardGrade::General));
    let assigned = assigned(fleet.plant.contractor, rectifier.member());
    act(&mut officer, hazard, &assigned);
    fleet.sync(&mut officer).await;

    fleet.sync(&mut rectifier).await;
    let rectified = rectified("已清理通道");
    let refused = finder.notebook.act_on_hazard(hazard, &rectified);
    assert!(matches!(
        refused,
        Err(NotebookError::Refused(Refusal::Status))
    ));
    act(&mut rectifier, hazard, &rectified);
    fleet.sync(&mut rectifier).await;

    fleet.sync(&mut officer).await;
    act(&mut officer, hazard, &verified());
    act(&mut officer, hazard, &HazardEvent::ClosedOut);
    fleet.sync(&mut officer).await;
    fleet.sync(&mut finder).await;
    let view = seen(&finder, hazard);
    assert_eq!(view.state.status, HazardStatus::Closed);
    assert_eq!(view.events.len(), 6);
    assert!(view.events.iter().all(|e| e.superseded.is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_phones_edit_one_field_offline_and_both_values_stay_until_one_is_chosen() {
    let (fleet, branch, mut one, mut other) = two_phones(11).await;
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
    act(&mut other, hazard, &choice);
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
    let mut worker = fleet.enlist("李师傅", Role::Rectifier, branch).await;
    let mut officer = fleet.enlist("赵安全", Role::SafetyOfficer, branch).await;
    let mut secretary = fleet.enlist("孙书记", Role::BranchSecretary, branch).await;
    fleet.sync(&mut officer).await;
    let hazard = report(&mut officer, branch, "吊具磨损");
    let assignment = assigned(fleet.plant.contractor, worker.member());
    for event in [graded(HazardGrade::General), assignment] {
        act(&mut officer, hazard, &event);
    }
    fleet.sync(&mut officer).await;
    fleet.sync(&mut worker).await;
    act(&mut worker, hazard, &rectified("已更换"));
    fleet.sync(&mut worker).await;
    fleet.sync(&mut officer).await;
    act(&mut officer, hazard, &verified());
    fleet.sync(&mut officer).await;
    fleet.sync(&mut secretary).await;

    let closing = act(&mut officer, hazard, &HazardEvent::ClosedOut);
    assert_eq!(seen(&officer, hazard).state.status, HazardStatus::Closed);
    let returned = HazardEvent::ReturnedForRework {
        reason: "螺栓未紧固".into(),
    };
    let returning = act(&mut secretary, hazard, &returned);
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
    let mut worker = fleet.enlist("李师傅", Role::Rectifier, branch).await;
    let mut officer = fleet.enlist("赵安全", Role::SafetyOfficer, branch).await;
    let mut supervisor = fleet.enlist("陈督查", Role::Supervisor, top).await;
    fleet.sync(&mut officer).await;
    let hazard = report(&mut officer, branch, "煤气管道泄漏");
    act(&mut officer, hazard, &graded(HazardGrade::Major));
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
        act(&mut officer, hazard, &event);
    }
    fleet.sync(&mut officer).await;
    fleet.sync(&mut worker).await;
    act(&mut worker, hazard, &rectified("更换管段"));
    fleet.sync(&mut worker).await;
    for phone in [&mut officer, &mut supervisor] {
        fleet.sync(phone).await;
    }
    act(&mut officer, hazard, &verified());
    let close = HazardEvent::ClosedOut;
    let refused = officer.notebook.act_on_hazard(hazard, &close).unwrap_err();
    assert!(matches!(refused, NotebookError::Refused(Refusal::Role)));
    fleet.sync(&mut officer).await;
    fleet.sync(&mut supervisor).await;
    act(&mut supervisor, hazard, &close);
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
    let mut officer = fleet.enlist("赵安全", Role::SafetyOfficer, first).await;
    let mut stranger = fleet.enlist("李师傅", Role::Member, second).await;
    fleet.sync(&mut officer).await;
    let (hazard, other) = (
        report(&mut officer, first, "电缆破损"),
        report(&mut officer, first, "地沟盖板缺失"),
    );
    act(&mut officer, hazard, &graded(HazardGrade::General));
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
    act(&mut officer, hazard, &assignment);
    fleet.sync(&mut officer).await;
    fleet.sync(&mut stranger).await;
    assert_eq!(seen(&stranger, hazard), seen(&officer, hazard));
    assert!(stranger.notebook.get::<Hazard>(other).is_err());
    act(&mut stranger, hazard, &rectified("已包扎"));
    let progress = fleet.sync(&mut stranger).await;
    assert_eq!((progress.acknowledged, progress.refused), (1, 0));
    fleet.sync(&mut officer).await;
    assert_eq!(seen(&officer, hazard).state.status, HazardStatus::Rectified);
}

#[tokio::test(flavor = "multi_thread")]
async fn choosing_the_value_that_is_shown_already_settles_a_conflict() {
    let (fleet, branch, mut finder, mut officer) = two_phones(2).await;
    let hazard = report(&mut finder, branch, "护栏松动");
    fleet.sync(&mut finder).await;
    fleet.sync(&mut officer).await;
    for (phone, place) in [(&mut finder, "东门"), (&mut officer, "西门")] {
        phone.notebook.edit(hazard, edit("place", place)).unwrap();
        fleet.sync(phone).await;
    }
    let row = officer.notebook.get::<Hazard>(hazard).unwrap();
    assert_eq!(row.view.conflicts[0].values.len(), 2);

    let shown = row.view.fields.place.unwrap();
    let chosen = HazardEvent::FieldChosen {
        field: "place".into(),
        value: shown.clone().into(),
    };
    act(&mut officer, hazard, &chosen);
    let progress = fleet.sync(&mut officer).await;
    assert_eq!((progress.acknowledged, progress.refused), (1, 0));
    fleet.sync(&mut finder).await;
    for phone in [&finder, &officer] {
        let row = phone.notebook.get::<Hazard>(hazard).unwrap();
        assert_eq!(row.view.fields.place.as_deref(), Some(shown.as_str()));
        assert!(row.view.conflicts.is_empty());
    }
}
