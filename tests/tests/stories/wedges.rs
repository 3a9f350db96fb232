//! Nothing wedges: whatever happens to a phone, a relay or what lies between them, the phone ends
//! up to date, and what was committed is there once.

use serde_json::json;
use vanguard_core::calendar::DAY_MS;
use vanguard_core::id::{DocumentId, HazardId, MemberId};
use vanguard_core::model::hazard::{Hazard, HazardEvent, HazardFields, HazardGrade, HazardNature};
use vanguard_core::model::{Author, Role};
use vanguard_core::rules::Refusal;
use vanguard_core::sync::Options;
use vanguard_core::{NewEvent, NotebookError, Verb};
use vanguard_server::relay::Act;
use vanguard_tests::plain::PlainLog;
use vanguard_tests::verdict::everybody_agrees;
use vanguard_tests::{Fleet, Phone, event_ids};

use super::damage::contents;
use super::{assigned, graded, rectified, report, seen, verified};

pub(super) fn comment(text: &str) -> HazardEvent {
    HazardEvent::Commented { text: text.into() }
}

/// Syncs all phones in turn until each has all, and holds them against the log.
pub(super) async fn all_agree(fleet: &Fleet, phones: &mut [&mut Phone]) {
    for _ in 0..4 {
        for phone in phones.iter_mut() {
            fleet.sync(phone).await;
        }
    }
    let log = PlainLog::read(&fleet.data).unwrap();
    let notebooks: Vec<_> = phones.iter().map(|phone| &phone.notebook).collect();
    let wrongs = everybody_agrees(&fleet.relay, &log, i64::MIN, &notebooks).await;
    assert_eq!(wrongs, Vec::<String>::new());
}

/// What closes a general hazard that is reported.
pub(super) fn to_the_end(fleet: &Fleet, person: MemberId) -> [HazardEvent; 5] {
    [
        graded(HazardGrade::General),
        assigned(fleet.plant.contractor, person),
        rectified("已清理"),
        verified(),
        HazardEvent::ClosedOut,
    ]
}

/// An act at the relay's console in somebody's name.
pub(super) async fn at_the_console(
    fleet: &Fleet,
    author: Author,
    document: impl Into<DocumentId>,
    event: &impl serde::Serialize,
) {
    let serde_json::Value::Object(body) = serde_json::to_value(event).unwrap() else {
        unreachable!("events are maps");
    };
    let clock: &dyn vanguard_core::Env = &*fleet.env;
    let event = NewEvent {
        id: vanguard_core::id::EventId(clock.uuid_v7()),
        at_ms: clock.now_ms(),
        body,
    };
    let act = Act {
        document: document.into(),
        verb: Verb::Append { event },
    };
    fleet.relay.act(author, vec![act]).await.unwrap();
}

pub(super) fn author(fleet: &Fleet, member: MemberId, role: Role) -> Author {
    let directory = fleet.relay.directory();
    let grants = directory.grants_of(member);
    let (grant, _) = grants.iter().find(|(_, grant)| grant.role == role).unwrap();
    Author {
        member,
        role,
        grant: *grant,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hazard_that_was_pruned_comes_back_whole_when_it_is_reopened() {
    let mut fleet = Fleet::new(51).await;
    let (top, first, second) = (fleet.plant.committee, fleet.plant.first, fleet.plant.second);
    let mut officer = fleet
        .phone("赵安全", first, &[(Role::SafetyOfficer, first)])
        .await;
    let mut checker = fleet
        .phone("孙书记", first, &[(Role::BranchSecretary, first)])
        .await;
    // The assigned one follows another space: the hazard reaches them by assignment alone.
    let mut abroad = fleet
        .phone("李师傅", second, &[(Role::Member, second)])
        .await;
    let mut chief = fleet.phone("陈督查", top, &[(Role::Supervisor, top)]).await;
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
        by.notebook.act_on_hazard(hazard, event).unwrap();
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
    chief.notebook.act_on_hazard(hazard, &reopened).unwrap();
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
        phone
            .notebook
            .act_on_hazard(hazard, &comment("又看到了"))
            .unwrap();
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
    let mut native = fleet
        .phone("孙书记", second, &[(Role::BranchSecretary, second)])
        .await;
    let mut guest = fleet.phone("王建国", first, &[(Role::Member, first)]).await;
    let grant = fleet.grant(guest.member(), Role::Member, second).await;
    for phone in [&mut native, &mut guest] {
        fleet.sync(phone).await;
    }
    let hazards: Vec<HazardId> = (0..12)
        .map(|number| report(&mut native, second, &format!("第{number}处隐患")))
        .collect();
    fleet.sync(&mut native).await;
    fleet.sync(&mut guest).await;
    guest
        .notebook
        .act_on_hazard(hazards[3], &comment("离开之前"))
        .unwrap();
    let ended = json!({"event": "ended", "reason": "轮岗"});
    at_the_console(&fleet, Author::OPERATOR, grant, &ended).await;
    for hazard in &hazards {
        native
            .notebook
            .act_on_hazard(*hazard, &comment("期间"))
            .unwrap();
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
    let roles = [(Role::SafetyOfficer, branch)];
    let mut phone = fleet.phone("赵安全", branch, &roles).await;
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
