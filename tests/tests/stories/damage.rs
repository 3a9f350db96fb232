//! Damaged documents, pages that are bad half-way, and syncs that are cut at any byte.

use vanguard_core::Verb;
use vanguard_core::id::{DocumentId, HazardId};
use vanguard_core::model::hazard::Hazard;
use vanguard_core::sync::{Options, Session, Step, SyncError};
use vanguard_core::wire::{self, SyncResponse};
use vanguard_tests::{Fleet, Phone, event_ids};

use super::{act, all_agree, comment, contents, report, seen, two_phones};

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
        let (fleet, branch, mut phone, mut other) = two_phones(56).await;
        let bad = report(&mut phone, branch, "会坏的");
        fleet.sync(&mut phone).await;
        act(&mut phone, bad, &comment("尚未发送"));
        let good = report(&mut phone, branch, "好的");
        let id = DocumentId::from(bad);
        phone = phone.while_closed(|path| {
            let conn = rusqlite::Connection::open(path).unwrap();
            let sql = format!("{sql} AND doc = (SELECT doc FROM document WHERE id = ?1)");
            conn.execute(&sql, [id]).unwrap();
        });
        fleet.sync(&mut other).await;
        act(&mut other, bad, &comment("别人的话"));
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

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_bad_half_way_changes_nothing_or_only_what_is_good() {
    let (fleet, branch, mut phone, mut other) = two_phones(57).await;
    fleet.sync(&mut other).await;
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
    let (fleet, branch, mut phone, mut other) = two_phones(58).await;
    fleet.sync(&mut other).await;
    let theirs = report(&mut other, branch, "别人的");
    fleet.sync(&mut other).await;
    let mine = report(&mut phone, branch, "我的");
    act(&mut phone, mine, &comment("备注"));

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
