//! A relay or a phone that is put back to an earlier state, and a phone and its copy.

use serde_json::json;
use vanguard_core::Verb;
use vanguard_core::calendar::DAY_MS;
use vanguard_core::id::HazardId;
use vanguard_core::model::hazard::{HazardEvent, HazardGrade};
use vanguard_core::model::{Author, Role};
use vanguard_core::store::synced;
use vanguard_server::backup;
use vanguard_tests::plain::PlainLog;
use vanguard_tests::{Phone, event_ids, photo, scratch};

use super::{
    act, all_agree, assigned, at_the_console, author, comment, graded, one_phone, report, seen,
    two_phones,
};

/// The relay's disk is put back, and with it goes what its console had done. Phones that built on
/// that are not stuck: their work is done again on what is left, or comes back to them.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_put_back_loses_what_its_console_did_and_stops_nobody() {
    let (fleet, branch, mut member, mut officer) = two_phones(53).await;
    fleet.sync(&mut officer).await;
    let hazard = report(&mut member, branch, "备份之前");
    fleet.sync(&mut member).await;
    let copy = fleet.copy_of_relay().await;
    let by = author(&fleet, officer.member(), Role::SafetyOfficer);
    at_the_console(&fleet, by, hazard, &graded(HazardGrade::General)).await;
    for phone in [&mut officer, &mut member] {
        fleet.sync(phone).await;
    }
    // One that holds without the grade, and one that does not.
    act(&mut member, hazard, &comment("定级之后的备注"));
    fleet.sync(&mut member).await;
    fleet.sync(&mut officer).await;
    let person = member.member();
    let assignment = assigned(fleet.plant.contractor, person);
    act(&mut officer, hazard, &assignment);
    fleet.sync(&mut officer).await;
    fleet.sync(&mut member).await;
    act(&mut member, hazard, &comment("尚未发送"));

    let fleet = fleet.put_back(copy.path());
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
    act(&mut officer, hazard, &graded(HazardGrade::General));
    act(&mut officer, hazard, &assignment);
    all_agree(&fleet, &mut [&mut officer, &mut member]).await;
    assert_eq!(event_ids(&seen(&member, hazard)).len(), 5);
}

/// A copy that is taken while phones push has all that was acknowledged before it began, and a relay
/// that is started on it gets the rest from the phones.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_running_relay_has_what_was_acknowledged_before_it() {
    let (fleet, branch, mut member, mut officer) = two_phones(59).await;
    let before: Vec<_> = (0..20)
        .map(|number| report(&mut member, branch, &format!("备份之前 {number}")))
        .collect();
    fleet.sync(&mut member).await;
    let (copy, data) = (scratch(), fleet.data.clone());
    let to = copy.path().to_owned();
    let copying = tokio::task::spawn_blocking(move || backup::copy(&data, &to, |_, _| {}));
    while !copying.is_finished() {
        report(&mut member, branch, "备份之中");
        fleet.sync(&mut member).await;
    }
    copying.await.unwrap().unwrap();
    let after = report(&mut member, branch, "备份之后");
    fleet.sync(&mut member).await;

    let fleet = fleet.put_back(copy.path());
    let log = PlainLog::read(&fleet.data).unwrap();
    let has = |hazard: &HazardId| log.documents.contains_key(&(*hazard).into());
    assert!(before.iter().all(has) && !has(&after));
    all_agree(&fleet, &mut [&mut officer, &mut member]).await;
    assert_eq!(seen(&officer, after), seen(&member, after));
}

/// Whoever meets a restored log is told, also who could not see it: a phone that stands where the
/// copy ends compares what it has with it, and nothing is lost or there twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_restored_relay_tells_its_phones() {
    let (fleet, branch, mut member, mut officer) = two_phones(60).await;
    report(&mut member, branch, "备份之前");
    all_agree(&fleet, &mut [&mut officer, &mut member]).await;
    let (copy, restored) = (scratch(), scratch());
    backup::copy(&fleet.data, copy.path(), |_, _| {}).unwrap();
    let data = restored.path().join("data");
    backup::restore(copy.path(), &data, |_, _| {}).unwrap();
    let later = report(&mut officer, branch, "备份之后");
    fleet.sync(&mut officer).await;
    let cursor = synced::cursor(member.notebook.reader()).unwrap().unwrap();

    let fleet = fleet.put_back(&data);
    fleet.sync(&mut member).await;
    let told = synced::cursor(member.notebook.reader()).unwrap().unwrap();
    assert_eq!(told.seq, cursor.seq);
    assert_ne!(told.epoch, cursor.epoch);
    all_agree(&fleet, &mut [&mut officer, &mut member]).await;
    assert_eq!(seen(&officer, later), seen(&member, later));
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_a_relay_lost_and_no_longer_takes_comes_back_with_its_words() {
    let (fleet, branch, mut member) = one_phone(54).await;
    let old = report(&mut member, branch, "备份之前");
    fleet.sync(&mut member).await;
    let copy = fleet.copy_of_relay().await;
    report(&mut member, branch, "只在本机和丢失的日志里");
    act(&mut member, old, &comment("丢失的备注"));
    let place = json!({"place": "丢失的地点", "photos": [photo(0xab)]});
    let serde_json::Value::Object(place) = place else {
        unreachable!()
    };
    member.notebook.edit(old, place.clone()).unwrap();
    fleet.sync(&mut member).await;
    let by = author(&fleet, member.member(), Role::Member);

    let fleet = fleet.put_back(copy.path());
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
    let (fleet, branch, mut phone, mut other) = two_phones(55).await;
    let hazard = report(&mut phone, branch, "两台手机都有");
    act(&mut phone, hazard, &comment("复制时尚未发送"));
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
            act(one, hazard, &comment(&format!("第{round}轮，第{at}台")));
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
