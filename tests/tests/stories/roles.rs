//! Who may see and do what, and what happens when that changes.

use vanguard_core::calendar::DAY_MS;
use vanguard_core::id::{GrantId, OrgId};
use vanguard_core::model::hazard::{Hazard, HazardFields, HazardNature};
use vanguard_core::model::organisation::{PartyOrg, PartyOrgEvent, PartyOrgStatus};
use vanguard_core::model::violation::{Violation, ViolationFields, ViolationKind};
use vanguard_core::model::{Role, SyncState};
use vanguard_core::rules::Refusal;
use vanguard_core::{NotebookError, Verb};
use vanguard_tests::{Fleet, Phone};

use super::{act, comment, edit, report, seen};

/// An administrator and a member, both synced, and the member's grant.
async fn a_grant_to_end(seed: u64) -> (Fleet, OrgId, Phone, Phone, GrantId) {
    let mut fleet = Fleet::new(seed).await;
    let (top, branch) = (fleet.plant.committee, fleet.plant.first);
    let mut admin = fleet.enlist("陈督查", Role::Admin, top).await;
    let mut member = fleet.phone("王建国", branch, &[]).await;
    let grant = fleet.grant(member.member(), Role::Member, branch).await;
    for phone in [&mut admin, &mut member] {
        fleet.sync(phone).await;
    }
    (fleet, branch, admin, member, grant)
}

#[tokio::test(flavor = "multi_thread")]
async fn work_from_before_its_device_saw_a_grant_end_is_admitted_and_later_work_is_not_done() {
    let (fleet, branch, mut admin, mut member, grant) = a_grant_to_end(21).await;
    let before = report(&mut member, branch, "照明损坏");
    admin.notebook.end_grant(grant, "调离").unwrap();
    fleet.sync(&mut admin).await;

    let progress = fleet.sync(&mut member).await;
    assert_eq!((progress.acknowledged, progress.refused), (1, 0));
    fleet.sync(&mut admin).await;
    assert_eq!(seen(&admin, before).events.len(), 1);
    let gone = member.notebook.get::<Hazard>(before).unwrap_err();
    assert!(
        matches!(gone, NotebookError::NotFound(_)),
        "a role lost is a sight lost"
    );
    let fields = HazardFields::new("再次上报", HazardNature::UnsafeAct);
    let refused = member.notebook.report_hazard(branch, &fields).unwrap_err();
    assert!(matches!(
        refused,
        NotebookError::Refused(Refusal::GrantUnknown)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_arrives_after_the_grace_comes_back_with_all_that_was_typed() {
    let (fleet, branch, mut admin, mut member, grant) = a_grant_to_end(22).await;
    let hazard = report(&mut member, branch, "照明损坏");
    member
        .notebook
        .edit(hazard, edit("place", "地下泵房"))
        .unwrap();
    let comment = comment("已通知电工");
    let comment = act(&mut member, hazard, &comment);
    admin.notebook.end_grant(grant, "调离").unwrap();
    fleet.sync(&mut admin).await;
    fleet.env.advance(31 * DAY_MS);

    let progress = fleet.sync(&mut member).await;
    assert_eq!((progress.acknowledged, progress.refused), (0, 3));
    let tray = member.notebook.returned().unwrap();
    let reasons: Vec<&str> = tray
        .iter()
        .map(|returned| returned.reason.as_str())
        .collect();
    assert_eq!(reasons[0], "grant_ended");
    assert_eq!(
        tray.len(),
        3,
        "the edit and the remark are accounted for too: {reasons:?}"
    );
    assert!(
        matches!(&tray[0].verb, Verb::Create { fields, .. } if fields["description"] == "照明损坏")
    );
    assert!(matches!(&tray[1].verb, Verb::Edit { fields } if fields["place"] == "地下泵房"));
    assert!(matches!(&tray[2].verb, Verb::Append { event } if event.id == comment));
    assert_eq!(member.notebook.unsent().unwrap().changes, 0);
    member.notebook.settle_returned(tray[0].number).unwrap();
    assert_eq!(member.notebook.returned().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_branch_is_applied_for_offline_and_its_space_passes_to_the_host() {
    let mut fleet = Fleet::new(23).await;
    let (top, first) = (fleet.plant.committee, fleet.plant.first);
    let mut on_site = fleet.enlist("王建国", Role::Member, first).await;
    let mut superior = fleet.enlist("周书记", Role::BranchSecretary, top).await;
    let mut host = fleet.enlist("孙书记", Role::BranchSecretary, first).await;
    for phone in [&mut on_site, &mut superior, &mut host] {
        fleet.sync(phone).await;
    }
    let org = on_site
        .notebook
        .propose_temporary_branch(top, "技改项目临时党支部", "技改工程")
        .unwrap();
    fleet.sync(&mut on_site).await;
    fleet.sync(&mut superior).await;
    superior
        .notebook
        .approve_temporary_branch(org, on_site.member())
        .unwrap();
    fleet.sync(&mut superior).await;
    fleet.sync(&mut on_site).await;
    on_site
        .notebook
        .act_on_org(org, &PartyOrgEvent::Activated)
        .unwrap();
    let hazard = report(&mut on_site, org, "脚手架缺扫地杆");
    fleet.sync(&mut on_site).await;
    fleet.sync(&mut host).await;
    assert!(
        host.notebook.get::<Hazard>(hazard).is_err(),
        "not the host's yet"
    );

    fleet.sync(&mut superior).await;
    let reason = "工程竣工".into();
    let dissolved = PartyOrgEvent::Dissolved {
        host: first,
        reason,
    };
    superior.notebook.act_on_org(org, &dissolved).unwrap();
    fleet.sync(&mut superior).await;
    fleet.sync(&mut host).await;
    let view = host.notebook.get::<PartyOrg>(org).unwrap().view;
    assert_eq!(view.state.status, PartyOrgStatus::Dissolved);
    let note = comment("本支部接管");
    act(&mut host, hazard, &note);
    assert_eq!(fleet.sync(&mut host).await.acknowledged, 1);
    fleet.sync(&mut superior).await;
    assert_eq!(seen(&superior, hazard), seen(&host, hazard));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_violation_is_seen_by_who_recorded_it_and_who_handles_it_and_nobody_else() {
    let mut fleet = Fleet::new(24).await;
    let (top, branch) = (fleet.plant.committee, fleet.plant.first);
    let mut recorder = fleet.enlist("王建国", Role::Member, branch).await;
    let mut officer = fleet.enlist("赵安全", Role::SafetyOfficer, branch).await;
    let mut colleague = fleet.enlist("李师傅", Role::Member, branch).await;
    let mut admin = fleet.enlist("陈督查", Role::Admin, top).await;
    for phone in [&mut recorder, &mut officer, &mut colleague, &mut admin] {
        fleet.sync(phone).await;
    }
    let kind = ViolationKind::OperationViolation;
    let fields = ViolationFields::new(kind, "未系安全带", "3号炉顶", "高处作业规程");
    let violation = recorder.notebook.record_violation(branch, &fields).unwrap();
    fleet.sync(&mut recorder).await;
    for phone in [&mut officer, &mut colleague] {
        fleet.sync(phone).await;
    }
    let row = recorder.notebook.get::<Violation>(violation).unwrap();
    assert_eq!(row.sync_state, SyncState::Acknowledged);
    assert!(officer.notebook.get::<Violation>(violation).is_ok());
    assert!(colleague.notebook.get::<Violation>(violation).is_err());

    // Whoever becomes an officer sees those from before, and no longer once they are none.
    let grant = fleet
        .grant(colleague.member(), Role::SafetyOfficer, branch)
        .await;
    fleet.sync(&mut colleague).await;
    assert!(colleague.notebook.get::<Violation>(violation).is_ok());
    fleet.sync(&mut admin).await;
    admin.notebook.end_grant(grant, "轮岗").unwrap();
    fleet.sync(&mut admin).await;
    fleet.sync(&mut colleague).await;
    assert!(colleague.notebook.get::<Violation>(violation).is_err());
}
