//! Copies that are put back, answers that are lost, files that are damaged.

use vanguard_core::calendar::DAY_MS;
use vanguard_core::id::{OrgId, ZoneId};
use vanguard_core::model::hazard::{Hazard, HazardEvent, HazardGrade};
use vanguard_core::model::inspection::{Inspection, InspectionKind, ItemOutcome, ItemResult};
use vanguard_core::model::people::GrantFields;
use vanguard_core::model::{Role, Shift, SyncState};
use vanguard_core::sync::{Options, Session, Step};
use vanguard_tests::plain::PlainLog;
use vanguard_tests::{Fleet, Phone};

use super::{act, agree, comment, graded, one_phone, report, seen, two_phones};

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_put_back_to_an_old_copy_forks_nothing_and_gets_its_week_back() {
    let (fleet, branch, mut phone, mut other) = two_phones(31).await;
    let old = report(&mut phone, branch, "旧的隐患");
    act(&mut phone, old, &comment("未发送"));
    let copy = phone.path.with_extension("copy");
    phone = phone.while_closed(|path| {
        std::fs::copy(path, &copy).unwrap();
    });
    let week = report(&mut phone, branch, "一周后的隐患");
    act(&mut phone, old, &comment("一周后"));
    fleet.sync(&mut phone).await;

    phone = phone.while_closed(|path| {
        std::fs::copy(&copy, path).unwrap();
    });
    assert!(phone.notebook.get::<Hazard>(week).is_err());
    act(&mut phone, old, &comment("恢复之后"));
    fleet.sync(&mut phone).await;
    fleet.sync(&mut other).await;
    assert_eq!(seen(&phone, week), seen(&other, week));
    let texts: Vec<_> = seen(&other, old)
        .events
        .into_iter()
        .map(|folded| folded.event.body)
        .collect();
    let expected = [
        HazardEvent::Reported,
        comment("未发送"),
        comment("一周后"),
        comment("恢复之后"),
    ];
    assert_eq!(texts, expected);
    agree(&fleet, &[&phone, &other]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_put_back_to_an_old_copy_gets_from_the_phones_what_it_lost() {
    let (fleet, branch, mut one, mut other) = two_phones(32).await;
    let early = report(&mut one, branch, "备份之前");
    fleet.sync(&mut one).await;
    fleet.sync(&mut other).await;
    let copy = fleet.copy_of_relay().await;
    let lost = report(&mut one, branch, "备份之后");
    act(&mut one, early, &comment("备份之后"));
    fleet.sync(&mut one).await;
    fleet.sync(&mut other).await;
    act(&mut other, lost, &graded(HazardGrade::General));
    fleet.sync(&mut other).await;
    fleet.sync(&mut one).await;
    act(&mut one, lost, &comment("尚未发送"));

    let fleet = fleet.put_back(copy.path());
    let log = PlainLog::read(&fleet.data).unwrap();
    assert!(!log.documents.contains_key(&lost.into()));
    for _ in 0..3 {
        for phone in [&mut one, &mut other] {
            fleet.sync(phone).await;
        }
    }
    let log = PlainLog::read(&fleet.data).unwrap();
    assert_eq!(log.documents[&lost.into()].events.len(), 3);
    assert_eq!(log.documents[&early.into()].events.len(), 2);
    agree(&fleet, &[&one, &other]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_neither_doubles_nor_redates_what_was_admitted() {
    let (fleet, branch, mut phone) = one_phone(33).await;
    let hazard = report(&mut phone, branch, "信号中断");
    let Step::Exchange(body) = Session::new(Options::default())
        .next(&mut phone.notebook)
        .unwrap()
    else {
        panic!("there is something to send");
    };
    fleet.exchange(&phone.device, &body).await;
    assert_eq!(
        phone.notebook.get::<Hazard>(hazard).unwrap().sync_state,
        SyncState::Sent
    );
    fleet.env.advance(3_600_000);
    let mut phone = phone.reopened();
    let progress = fleet.sync(&mut phone).await;
    assert_eq!(progress.acknowledged, 1);
    agree(&fleet, &[&phone]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_somebody_gives_themselves_offline_is_there_for_what_they_do_with_it() {
    let mut fleet = Fleet::new(34).await;
    let (top, branch) = (fleet.plant.committee, fleet.plant.first);
    let mut admin = fleet.enlist("系统管理员", Role::Admin, top).await;
    fleet.sync(&mut admin).await;
    let hazard = report(&mut admin, branch, "先有隐患，后有角色");
    let member = admin.member();
    let (role, org) = (Role::SafetyOfficer, branch);
    admin
        .notebook
        .grant(&GrantFields { member, role, org })
        .unwrap();
    let grade = graded(HazardGrade::General);
    act(&mut admin, hazard, &grade);
    let progress = fleet.sync(&mut admin).await;
    assert_eq!((progress.acknowledged, progress.refused), (3, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_notebook_is_set_aside_and_the_work_that_was_sent_comes_back() {
    let (mut fleet, branch, mut phone) = one_phone(35).await;
    let hazard = report(&mut phone, branch, "文件损坏之前");
    fleet.sync(&mut phone).await;
    let member = phone.member();
    let phone = phone.while_closed(|path| {
        let mut bytes = std::fs::read(path).unwrap();
        bytes[..4_096].fill(0x5a);
        std::fs::write(path, bytes).unwrap();
    });
    let aside = phone.notebook.set_aside_file().unwrap();
    assert!(aside.exists(), "nothing is deleted");
    assert!(phone.notebook.identity().is_none());
    let mut anew = fleet.enrol(member, "新手机");
    fleet.sync(&mut anew).await;
    assert!(anew.notebook.get::<Hazard>(hazard).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_a_draft_survives_and_it_becomes_a_document_in_one_change() {
    let (fleet, branch, mut phone) = one_phone(36).await;
    let zone = ZoneId(branch.0);
    let draft = phone
        .notebook
        .start_inspection(branch, zone, InspectionKind::Daily, Shift::Day)
        .unwrap();
    for number in 0..5 {
        let answer = ItemResult {
            code: number.to_string(),
            outcome: ItemOutcome::Normal,
            remark: format!("第{number}项正常"),
            hazard: None,
            violation: None,
        };
        phone.notebook.answer(draft, answer).unwrap();
        phone = phone.reopened();
        assert_eq!(
            phone.notebook.draft(draft).unwrap().fields.items.len(),
            number + 1
        );
    }
    phone.notebook.submit_inspection(draft).unwrap();
    assert!(phone.notebook.drafts().unwrap().is_empty());
    assert_eq!(fleet.sync(&mut phone).await.acknowledged, 1);
    let submitted = phone.notebook.get::<Inspection>(draft).unwrap().view;
    assert_eq!(submitted.fields.items.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_years_off_prunes_nothing_that_is_fresh() {
    for (name, years) in [("时钟慢", -10), ("时钟快", 10)] {
        let mut fleet = Fleet::new(37).await;
        let branch = fleet.plant.first;
        let mut phone = fleet.enlist(name, Role::Member, branch).await;
        phone.env.advance(years * 365 * DAY_MS);
        fleet.sync(&mut phone).await;
        inspect(&mut phone, branch);
        fleet.sync(&mut phone).await;
        assert_eq!(phone.notebook.prune(1).unwrap(), 0, "{name}");
        // Nor does a clock that goes ahead after the last sync tell how old records are.
        phone.env.advance(10 * 365 * DAY_MS);
        assert_eq!(phone.notebook.prune(1).unwrap(), 0, "{name}");
        // The relay's does.
        fleet.env.advance(30 * DAY_MS);
        inspect(&mut phone, branch);
        fleet.sync(&mut phone).await;
        assert_eq!(phone.notebook.prune(1).unwrap(), 1, "{name}");
    }
}

fn inspect(phone: &mut Phone, branch: OrgId) {
    let (kind, shift) = (InspectionKind::Daily, Shift::Day);
    let draft = phone
        .notebook
        .start_inspection(branch, ZoneId(branch.0), kind, shift);
    phone.notebook.submit_inspection(draft.unwrap()).unwrap();
}
