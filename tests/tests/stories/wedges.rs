//! Nothing wedges: whatever happens to a phone, a relay or what lies between them, the phone ends
//! up to date, and what was committed is there once.

use serde_json::json;
use vanguard_core::calendar::DAY_MS;
use vanguard_core::id::{DocumentId, HazardId, MemberId};
use vanguard_core::model::hazard::{Hazard, HazardEvent, HazardFields, HazardGrade, HazardNature};
use vanguard_core::model::{Author, Role};
use vanguard_core::rules::Refusal;
use vanguard_core::sync::{Options, Session, Step, SyncError};
use vanguard_core::wire::{self, SyncResponse};
use vanguard_core::{NewEvent, NotebookError, Verb};
use vanguard_server::relay::Act;
use vanguard_tests::plain::PlainLog;
use vanguard_tests::verdict::everybody_agrees;
use vanguard_tests::{Fleet, Phone, event_ids, photo};

use super::{assigned, graded, rectified, report, seen, verified};

fn comment(text: &str) -> HazardEvent {
    HazardEvent::Commented { text: text.into() }
}

/// Syncs all phones in turn until each has all, and holds them against the log.
async fn all_agree(fleet: &Fleet, phones: &mut [&mut Phone]) {
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
fn to_the_end(fleet: &Fleet, person: MemberId) -> [HazardEvent; 5] {
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

/// The relay's disk is put back, and with it goes what its console had done. Phones that built on
/// that are not stuck: their work is done again on what is left, or comes back to them.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_put_back_loses_what_its_console_did_and_stops_nobody() {
    let mut fleet = Fleet::new(53).await;
    let branch = fleet.plant.first;
    let mut officer = fleet
        .phone("赵安全", branch, &[(Role::SafetyOfficer, branch)])
        .await;
    let mut member = fleet
        .phone("王建国", branch, &[(Role::Member, branch)])
        .await;
    for phone in [&mut officer, &mut member] {
        fleet.sync(phone).await;
    }
    let hazard = report(&mut member, branch, "备份之前");
    fleet.sync(&mut member).await;
    let copy = fleet.copy_of_relay().await;
    let by = author(&fleet, officer.member(), Role::SafetyOfficer);
    at_the_console(&fleet, by, hazard, &graded(HazardGrade::General)).await;
    for phone in [&mut officer, &mut member] {
        fleet.sync(phone).await;
    }
    // One that holds without the grade, and one that does not.
    member
        .notebook
        .act_on_hazard(hazard, &comment("定级之后的备注"))
        .unwrap();
    fleet.sync(&mut member).await;
    fleet.sync(&mut officer).await;
    let person = member.member();
    let assignment = assigned(fleet.plant.contractor, person);
    officer.notebook.act_on_hazard(hazard, &assignment).unwrap();
    fleet.sync(&mut officer).await;
    fleet.sync(&mut member).await;
    member
        .notebook
        .act_on_hazard(hazard, &comment("尚未发送"))
        .unwrap();

    let fleet = fleet.put_back(&copy);
    all_agree(&fleet, &mut [&mut officer, &mut member]).await;
    let view = seen(&member, hazard);
    let bodies: Vec<&HazardEvent> = view.events.iter().map(|event| &event.event.body).collect();
    let expected = [
        HazardEvent::Reported,
        comment("定级之后的备注"),
        comment("尚未发送"),
    ];
    assert_eq!(bodies, expected.iter().collect::<Vec<_>>());
    let tray = officer.notebook.returned().unwrap();
    assert_eq!(tray.len(), 1, "{tray:?}");
    let Verb::Append { event } = &tray[0].verb else {
        panic!("{tray:?}");
    };
    assert_eq!(event.body["event"], "assigned");
    // Everything goes on.
    officer
        .notebook
        .act_on_hazard(hazard, &graded(HazardGrade::General))
        .unwrap();
    officer.notebook.act_on_hazard(hazard, &assignment).unwrap();
    all_agree(&fleet, &mut [&mut officer, &mut member]).await;
    assert_eq!(event_ids(&seen(&member, hazard)).len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_a_relay_lost_and_no_longer_takes_comes_back_with_its_words() {
    let mut fleet = Fleet::new(54).await;
    let branch = fleet.plant.first;
    let mut member = fleet
        .phone("王建国", branch, &[(Role::Member, branch)])
        .await;
    fleet.sync(&mut member).await;
    let old = report(&mut member, branch, "备份之前");
    fleet.sync(&mut member).await;
    let copy = fleet.copy_of_relay().await;
    report(&mut member, branch, "只在本机和丢失的日志里");
    member
        .notebook
        .act_on_hazard(old, &comment("丢失的备注"))
        .unwrap();
    let place = json!({"place": "丢失的地点", "photos": [photo(0xab)]});
    let serde_json::Value::Object(place) = place else {
        unreachable!()
    };
    member.notebook.edit(old, place.clone()).unwrap();
    fleet.sync(&mut member).await;
    let by = author(&fleet, member.member(), Role::Member);

    let fleet = fleet.put_back(&copy);
    let ended = json!({"event": "ended", "reason": "离职"});
    at_the_console(&fleet, Author::OPERATOR, by.grant, &ended).await;
    fleet.env.advance(60 * DAY_MS);
    fleet.sync(&mut member).await;
    fleet.sync(&mut member).await;
    assert_eq!(member.notebook.unsent().unwrap().changes, 0);
    let tray = member.notebook.returned().unwrap();
    let words: Vec<String> = tray
        .iter()
        .map(|returned| match &returned.verb {
            Verb::Create { fields, event, .. } => {
                assert_eq!(event.as_ref().unwrap().body["event"], "reported");
                fields["description"].as_str().unwrap().to_owned()
            }
            Verb::Append { event } => event.body["text"].as_str().unwrap().to_owned(),
            Verb::Edit { fields } => {
                assert_eq!(*fields, place);
                fields["place"].as_str().unwrap().to_owned()
            }
            Verb::Resend => "nothing".into(),
        })
        .collect();
    let mut words = words;
    words.sort();
    assert_eq!(
        words,
        ["丢失的地点", "丢失的备注", "只在本机和丢失的日志里"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_and_its_copy_both_work_on_and_everything_of_both_is_there_once() {
    let mut fleet = Fleet::new(55).await;
    let branch = fleet.plant.first;
    let mut phone = fleet
        .phone("王建国", branch, &[(Role::Member, branch)])
        .await;
    let mut other = fleet
        .phone("赵安全", branch, &[(Role::SafetyOfficer, branch)])
        .await;
    fleet.sync(&mut phone).await;
    let hazard = report(&mut phone, branch, "两台手机都有");
    phone
        .notebook
        .act_on_hazard(hazard, &comment("复制时尚未发送"))
        .unwrap();
    let copied = phone.path.with_extension("copy");
    phone = phone.while_closed(|path| {
        std::fs::copy(path, &copied).unwrap();
    });
    let env = vanguard_tests::TestEnv::new(5_555);
    let clock = std::sync::Arc::clone(&env) as std::sync::Arc<dyn vanguard_core::Env>;
    let mut copy = Phone {
        notebook: vanguard_core::Notebook::open(&copied, clock).unwrap(),
        device: phone.device,
        path: copied,
        env,
    };
    let mut told = [false; 2];
    for round in 0..4 {
        for (at, one) in [&mut phone, &mut copy].into_iter().enumerate() {
            one.notebook
                .act_on_hazard(hazard, &comment(&format!("第{round}轮，第{at}台")))
                .unwrap();
            told[at] |= fleet.sync(one).await.is_cloned;
        }
    }
    for (at, one) in [&mut phone, &mut copy].into_iter().enumerate() {
        told[at] |= fleet.sync(one).await.is_cloned;
    }
    assert_eq!(told, [true, true], "both are told");
    all_agree(&fleet, &mut [&mut phone, &mut copy, &mut other]).await;
    assert_eq!(event_ids(&seen(&other, hazard)).len(), 2 + 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_document_on_a_phone_stops_no_other() {
    // What is damaged: a change that was acknowledged, one that was not, and one that is gone.
    for (case, sql) in [
        (
            "acknowledged",
            "UPDATE change SET raw = zeroblob(100) WHERE position IS NOT NULL",
        ),
        (
            "unsent",
            "UPDATE change SET raw = zeroblob(100) WHERE position IS NULL",
        ),
        ("gone", "DELETE FROM change WHERE position IS NULL"),
        ("all", "UPDATE change SET raw = x'00' WHERE true"),
    ] {
        let mut fleet = Fleet::new(56).await;
        let branch = fleet.plant.first;
        let mut phone = fleet
            .phone("王建国", branch, &[(Role::Member, branch)])
            .await;
        let mut other = fleet
            .phone("赵安全", branch, &[(Role::SafetyOfficer, branch)])
            .await;
        fleet.sync(&mut phone).await;
        let bad = report(&mut phone, branch, "会坏的");
        fleet.sync(&mut phone).await;
        phone
            .notebook
            .act_on_hazard(bad, &comment("尚未发送"))
            .unwrap();
        let good = report(&mut phone, branch, "好的");
        let id = DocumentId::from(bad);
        phone = phone.while_closed(|path| {
            let conn = rusqlite::Connection::open(path).unwrap();
            let sql = format!("{sql} AND doc = (SELECT doc FROM document WHERE id = ?1)");
            conn.execute(&sql, [id]).unwrap();
        });
        fleet.sync(&mut other).await;
        other
            .notebook
            .act_on_hazard(bad, &comment("别人的话"))
            .unwrap();
        fleet.sync(&mut other).await;
        for _ in 0..3 {
            fleet.sync(&mut phone).await;
        }
        assert_eq!(phone.notebook.unsent().unwrap().changes, 0, "{case}");
        fleet.sync(&mut other).await;
        assert!(other.notebook.get::<Hazard>(good).is_ok(), "{case}");
        // What was typed is in the log or in the tray.
        let in_log = seen(&other, bad)
            .events
            .iter()
            .any(|event| event.event.body == comment("尚未发送"));
        let tray = phone.notebook.returned().unwrap();
        let returned = tray.iter().filter(
            |one| matches!(&one.verb, Verb::Append { event } if event.body["text"] == "尚未发送"),
        );
        assert_eq!(
            usize::from(in_log) + returned.count(),
            1,
            "{case}: {tray:?}"
        );
        all_agree(&fleet, &mut [&mut phone, &mut other]).await;
    }
}

/// The answer to the next request of a phone, as it is sent.
async fn next_answer(fleet: &Fleet, phone: &mut Phone) -> (Session, Vec<u8>, Vec<u8>) {
    let mut session = Session::new(Options::default());
    let Step::Exchange(request) = session.next(&mut phone.notebook).unwrap() else {
        panic!("there is something to ask");
    };
    let answer = fleet.exchange(&phone.device, &request).await;
    (session, request, answer)
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

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_bad_half_way_changes_nothing_or_only_what_is_good() {
    let mut fleet = Fleet::new(57).await;
    let branch = fleet.plant.first;
    let mut phone = fleet
        .phone("王建国", branch, &[(Role::Member, branch)])
        .await;
    let mut other = fleet
        .phone("赵安全", branch, &[(Role::SafetyOfficer, branch)])
        .await;
    for one in [&mut phone, &mut other] {
        fleet.sync(one).await;
    }
    let theirs: Vec<HazardId> = (0..3)
        .map(|number| report(&mut other, branch, &format!("别人的{number}")))
        .collect();
    fleet.sync(&mut other).await;
    let mine = report(&mut phone, branch, "我的");

    // A receipt that somebody else signed.
    let (mut session, _, answer) = next_answer(&fleet, &mut phone).await;
    let before = contents(&phone);
    let mut forged: SyncResponse = wire::decode(&answer).unwrap();
    forged.receipt = Some(vanguard_core::keys::Signature([7; 64]));
    let refused = session.answered(&mut phone.notebook, &wire::encode(&forged));
    assert!(matches!(refused, Err(SyncError::Receipt)));
    assert_eq!(contents(&phone), before);

    // One document's bytes are damaged on the way.
    let (mut session, _, answer) = next_answer(&fleet, &mut phone).await;
    let mut damaged: SyncResponse = wire::decode(&answer).unwrap();
    assert_eq!(damaged.tail.len(), 3);
    let raw = &mut damaged.tail[1].changes[0].raw;
    let middle = raw.len() / 2;
    raw[middle] ^= 1;
    let bad = HazardId::from(damaged.tail[1].document);
    session
        .answered(&mut phone.notebook, &wire::encode(&damaged))
        .unwrap();
    for hazard in &theirs {
        assert_eq!(
            phone.notebook.get::<Hazard>(*hazard).is_ok(),
            *hazard != bad
        );
    }
    all_agree(&fleet, &mut [&mut phone, &mut other]).await;
    assert!(other.notebook.get::<Hazard>(mine).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_is_cut_at_any_byte_goes_on_and_nothing_is_there_twice() {
    let mut fleet = Fleet::new(58).await;
    let branch = fleet.plant.first;
    let mut phone = fleet
        .phone("王建国", branch, &[(Role::Member, branch)])
        .await;
    let mut other = fleet
        .phone("赵安全", branch, &[(Role::SafetyOfficer, branch)])
        .await;
    for one in [&mut phone, &mut other] {
        fleet.sync(one).await;
    }
    let theirs = report(&mut other, branch, "别人的");
    fleet.sync(&mut other).await;
    let mine = report(&mut phone, branch, "我的");
    phone
        .notebook
        .act_on_hazard(mine, &comment("备注"))
        .unwrap();

    // The request is cut: the relay cannot take a part of it for something else.
    let mut session = Session::new(Options::default());
    let Step::Exchange(request) = session.next(&mut phone.notebook).unwrap() else {
        panic!("there is something to send");
    };
    for cut in 0..request.len() {
        assert!(
            wire::decode::<wire::SyncRequest>(&request[..cut]).is_err(),
            "byte {cut}"
        );
    }
    // The answer is cut: each time the relay has taken the request, and the phone knows nothing.
    let before = contents(&phone);
    let mut cut = 0;
    loop {
        let (mut session, again, answer) = next_answer(&fleet, &mut phone).await;
        assert_eq!(
            again.len(),
            request.len(),
            "the same batches are sent again"
        );
        if cut >= answer.len() {
            session.answered(&mut phone.notebook, &answer).unwrap();
            break;
        }
        let refused = session.answered(&mut phone.notebook, &answer[..cut]);
        assert!(matches!(refused, Err(SyncError::Answer(_))), "byte {cut}");
        assert_eq!(contents(&phone), before, "byte {cut}");
        cut += 1;
        if cut % 97 == 0 {
            phone = phone.reopened();
        }
    }
    all_agree(&fleet, &mut [&mut phone, &mut other]).await;
    assert_eq!(event_ids(&seen(&other, mine)).len(), 2);
    assert!(phone.notebook.get::<Hazard>(theirs).is_ok());
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
