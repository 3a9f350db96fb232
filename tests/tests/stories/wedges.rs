//! Nothing wedges: whatever happens to a phone, a relay or what lies between them, the phone ends
//! up to date, and what was committed is there once.

use serde_json::json;
use vanguard_core::NotebookError;
use vanguard_core::calendar::DAY_MS;
use vanguard_core::id::{HazardId, MemberId};
use vanguard_core::model::hazard::{Hazard, HazardEvent, HazardFields, HazardGrade, HazardNature};
use vanguard_core::model::{Author, Role};
use vanguard_core::rules::Refusal;
use vanguard_core::sync::{Options, Session, Step};
use vanguard_core::wire::{self, SyncResponse};
use vanguard_tests::{Fleet, event_ids};

use super::{
    act, all_agree, assigned, at_the_console, comment, contents, graded, rectified, report, seen,
    verified,
};

/// What closes a general hazard that is reported.
fn to_the_end(fleet: &Fleet, person: MemberId) -> [HazardEvent; 5] {
    [
        graded(HazardGrade::General),
        assigned(fleet.plant.contractor, person),
        rectified("已清理"),
        verified(),
        HazardEvent::ClosedOut,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hazard_that_was_pruned_comes_back_whole_when_it_is_reopened() {
    let mut fleet = Fleet::new(51).await;
    let (top, first, second) = (fleet.plant.committee, fleet.plant.first, fleet.plant.second);
    let mut officer = fleet.enlist("赵安全", Role::SafetyOfficer, first).await;
    let mut checker = fleet.enlist("孙书记", Role::BranchSecretary, first).await;
    // The assigned one follows another space: the hazard reaches them by assignment alone.
    let mut abroad = fleet.enlist("李师傅", Role::Member, second).await;
    let mut chief = fleet.enlist("陈督查", Role::Supervisor, top).await;
    fleet.sync(&mut officer).await;
    let hazard = report(&mut officer, first, "会重新打开的隐患");
    fleet.sync(&mut officer).await;
    let steps = to_the_end(&fleet, abroad.member());
    for (at, event) in steps.iter().enumerate() {
        let by = match at {
            2 => &mut abroad,
            3 | 4 => &mut checker,
            _ => &mut officer,
        };
        fleet.sync(by).await;
        act(by, hazard, event);
        fleet.sync(by).await;
    }
    all_agree(
        &fleet,
        &mut [&mut officer, &mut checker, &mut abroad, &mut chief],
    )
    .await;

    fleet.env.advance(200 * DAY_MS);
    for phone in [&mut officer, &mut checker, &mut abroad] {
        phone.env.advance(200 * DAY_MS);
        fleet.sync(phone).await;
        assert_eq!(phone.notebook.prune(90).unwrap(), 1);
        assert!(phone.notebook.get::<Hazard>(hazard).is_err());
    }
    let reopened = HazardEvent::Reopened {
        reason: "再次发现".into(),
    };
    act(&mut chief, hazard, &reopened);
    fleet.sync(&mut chief).await;
    for narrow in [1_024, 1 << 20] {
        let phone = if narrow == 1_024 {
            &mut officer
        } else {
            &mut abroad
        };
        let options = Options {
            page_bytes: narrow,
            ..Options::default()
        };
        fleet.sync_with(phone, options).await;
        let before = if narrow == 1_024 { 7 } else { 8 };
        assert_eq!(event_ids(&seen(phone, hazard)).len(), before);
        act(phone, hazard, &comment("又看到了"));
        let progress = fleet.sync(phone).await;
        assert_eq!((progress.acknowledged, progress.refused), (1, 0));
    }
    all_agree(
        &fleet,
        &mut [&mut officer, &mut checker, &mut abroad, &mut chief],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_space_that_is_left_and_entered_again_is_there_again_and_nothing_unsent_is_lost() {
    let mut fleet = Fleet::new(52).await;
    let (first, second) = (fleet.plant.first, fleet.plant.second);
    let mut native = fleet.enlist("孙书记", Role::BranchSecretary, second).await;
    let mut guest = fleet.enlist("王建国", Role::Member, first).await;
    let grant = fleet.grant(guest.member(), Role::Member, second).await;
    for phone in [&mut native, &mut guest] {
        fleet.sync(phone).await;
    }
    let hazards: Vec<HazardId> = (0..12)
        .map(|number| report(&mut native, second, &format!("第{number}处隐患")))
        .collect();
    fleet.sync(&mut native).await;
    fleet.sync(&mut guest).await;
    act(&mut guest, hazards[3], &comment("离开之前"));
    let ended = json!({"event": "ended", "reason": "轮岗"});
    at_the_console(&fleet, Author::OPERATOR, grant, &ended).await;
    for hazard in &hazards {
        act(&mut native, *hazard, &comment("期间"));
    }
    fleet.sync(&mut native).await;
    fleet.sync(&mut guest).await;
    assert!(
        hazards
            .iter()
            .all(|hazard| guest.notebook.get::<Hazard>(*hazard).is_err())
    );
    assert_eq!(guest.notebook.unsent().unwrap().changes, 0);
    fleet.grant(guest.member(), Role::Member, second).await;
    let narrow = Options {
        page_bytes: 1_024,
        ..Options::default()
    };
    fleet.sync_with(&mut guest, narrow).await;
    all_agree(&fleet, &mut [&mut native, &mut guest]).await;
    let events = seen(&guest, hazards[3]).events;
    assert_eq!(
        events.len(),
        3,
        "the comment from before is in the log once"
    );
}

/// What the relay would refuse whatever it knew, or what could never be sent, is not even begun.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_admitted_is_not_begun_and_blocks_nothing() {
    let mut fleet = Fleet::new(59).await;
    let branch = fleet.plant.first;
    let mut phone = fleet.enlist("赵安全", Role::SafetyOfficer, branch).await;
    fleet.sync(&mut phone).await;
    let hazard = report(&mut phone, branch, "原来的描述");
    let before = contents(&phone);
    let huge = "长".repeat(6 << 20);
    for (fields, refusal) in [
        (json!({"description": 7}), Refusal::Malformed),
        (json!({"nature": "不是性质"}), Refusal::Malformed),
        (json!({"description": null}), Refusal::Malformed),
        (json!({"description": " "}), Refusal::TextMissing),
        (json!({"place": huge.clone()}), Refusal::TooLarge),
    ] {
        let serde_json::Value::Object(fields) = fields else {
            unreachable!("fields are maps");
        };
        let refused = phone.notebook.edit(hazard, fields);
        assert!(
            matches!(&refused, Err(NotebookError::Refused(told)) if *told == refusal),
            "{refusal:?}: {refused:?}"
        );
    }
    let event = HazardEvent::FieldChosen {
        field: "nature".into(),
        value: "不是性质".into(),
    };
    assert!(phone.notebook.act_on_hazard(hazard, &event).is_err());
    assert!(
        phone
            .notebook
            .act_on_hazard(hazard, &comment(&huge))
            .is_err()
    );
    let fields = HazardFields::new(huge, HazardNature::UnsafeAct);
    assert!(phone.notebook.report_hazard(branch, &fields).is_err());
    assert_eq!(contents(&phone), before);
    assert_eq!(fleet.sync(&mut phone).await.acknowledged, 1);
}

/// Somebody to whom much was assigned from elsewhere gets it page by page, as everything.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_assigned_from_elsewhere_comes_in_pages() {
    let mut fleet = Fleet::new(62).await;
    let (first, second) = (fleet.plant.first, fleet.plant.second);
    let mut officer = fleet.enlist("赵安全", Role::SafetyOfficer, first).await;
    let mut abroad = fleet.enlist("李师傅", Role::Member, second).await;
    fleet.sync(&mut officer).await;
    for number in 0..8 {
        let hazard = report(&mut officer, first, &format!("第{number}处").repeat(200));
        act(&mut officer, hazard, &graded(HazardGrade::General));
        let assignment = assigned(fleet.plant.contractor, abroad.member());
        act(&mut officer, hazard, &assignment);
    }
    fleet.sync(&mut officer).await;
    let mut session = Session::new(Options {
        page_bytes: 1_024,
        ..Options::default()
    });
    let mut got = 0;
    while let Step::Exchange(body) = session.next(&mut abroad.notebook).unwrap() {
        let answer = fleet.exchange(&abroad.device, &body).await;
        let page: SyncResponse = wire::decode(&answer).unwrap();
        // Reported, graded and assigned.
        let hazards = page.documents.iter();
        let hazards = hazards
            .filter(|document| document.changes.len() == 3)
            .count();
        assert!(hazards <= 1, "{hazards} in a page with room for one");
        got += hazards;
        session.answered(&mut abroad.notebook, &answer).unwrap();
    }
    assert_eq!(got, 8);
    all_agree(&fleet, &mut [&mut officer, &mut abroad]).await;
}
