//! What one device pushes must not decide over what another made.

use serde_json::json;
use vanguard_core::model::Role;
use vanguard_core::model::hazard::HazardEvent;
use vanguard_core::store::outbox;
use vanguard_core::wire::{BatchEntry, Bootstrap};
use vanguard_tests::hostile::{Scene, answers, append, entry};

/// A relay that was put back to an old copy lacks what everybody's phone has: whoever is first to
/// push somebody else's work must not spoil it.
#[tokio::test(flavor = "multi_thread")]
async fn who_pushes_anothers_change_first_does_not_spoil_it_for_its_author() {
    let mut scene = Scene::new().await;
    let first = scene.first;
    let mut hostile = scene.hostile(&[(Role::SafetyOfficer, first)]).await;
    let hazard = scene.honest_hazard().await;
    let honest = scene.honest();
    let text = "作者自己的话".to_owned();
    let comment = HazardEvent::Commented { text };
    honest.act_on_hazard(hazard.into(), &comment).unwrap();
    honest.act_on_hazard(hazard.into(), &comment).unwrap();
    let created = honest
        .report_hazard(
            first,
            &vanguard_core::model::hazard::HazardFields::new(
                "尚未上传",
                vanguard_core::model::hazard::HazardNature::UnsafeAct,
            ),
        )
        .unwrap();
    let unsent = outbox::after(honest.reader(), 0, 10).unwrap();
    assert_eq!(unsent.len(), 3);
    // The second comment first: nobody knows yet what it builds on.
    for at in [1, 0, 2] {
        let raws = [unsent[at].raw.clone()];
        let stolen = if at == 2 {
            BatchEntry {
                document: None,
                ..entry(created.into(), first, &raws)
            }
        } else {
            entry(hazard, first, &raws)
        };
        let outcomes = hostile.push(vec![stolen]).await;
        assert_eq!(answers(&outcomes), ["forged"]);
    }
    assert_eq!(scene.rows("held"), 0);
    scene.honest_sync().await;
}

/// A broken copy of a change in its own name is its own affair: the change is still taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_damaged_bytes_is_not_one_of_the_change() {
    let mut scene = Scene::new().await;
    let first = scene.first;
    let mut hostile = scene.hostile(&[(Role::Member, first)]).await;
    let good = hostile.report(first, "好的");
    let mut damaged = good.raw.clone();
    damaged[4] ^= 1; // the checksum is not part of what is hashed
    let outcomes = hostile.push(vec![entry(good.id, first, &[damaged])]).await;
    assert_eq!(answers(&outcomes), ["malformed"]);
    assert_eq!(
        answers(&hostile.push(vec![good.entry()]).await),
        ["admitted"]
    );
    scene.is_unharmed().await;
}

/// Evidence has a quota, in bytes and in number.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_kept_within_a_quota() {
    let mut scene = Scene::new().await;
    let first = scene.first;
    let mut hostile = scene.hostile(&[(Role::Member, first)]).await;
    for round in 0..20 {
        let raw = vec![round; 1_000_000];
        let outcomes = hostile.push(vec![entry(first.into(), first, &[raw])]).await;
        assert_eq!(answers(&outcomes), ["malformed"]);
    }
    let kept: u64 = scene
        .database()
        .query_row("SELECT sum(length(raw)) FROM refused", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 16_000_000);
    for round in 0..4_u32 {
        let raws: Vec<Vec<u8>> = (0..4_000_u32)
            .map(|number| {
                [
                    [9; 8].to_vec(),
                    (round * 4_000 + number).to_be_bytes().to_vec(),
                ]
                .concat()
            })
            .collect();
        hostile.push(vec![entry(first.into(), first, &raws)]).await;
    }
    assert_eq!(scene.rows("refused"), 10_000);
    scene.is_unharmed().await;
}

/// The same space a hundred thousand times over is read once.
#[tokio::test(flavor = "multi_thread")]
async fn a_space_asked_for_again_and_again_is_given_once() {
    let mut scene = Scene::new().await;
    let first = scene.first;
    let hostile = scene.hostile(&[(Role::Member, first)]).await;
    scene.honest_hazard().await;
    let mut request = hostile.request(Vec::new());
    let space = Bootstrap {
        space: first,
        after: None,
    };
    request.bootstraps = vec![space; 20_000];
    request.page_bytes = 1 << 20;
    let answer = hostile.ask(&request).await.unwrap();
    assert_eq!((answer.bootstraps.len(), answer.documents.len()), (1, 1));
    scene.is_unharmed().await;
}

/// Rows of documents are numbered by the time in their ids: ids of one number, or of the last
/// number of all, find another place.
#[tokio::test(flavor = "multi_thread")]
async fn documents_whose_ids_collide_are_all_there() {
    let mut scene = Scene::new().await;
    let first = scene.first;
    let mut hostile = scene.hostile(&[(Role::Member, first)]).await;
    let composer = hostile.composer();
    let entries: Vec<BatchEntry> = (0..300_u64)
        .map(|number| {
            let time = if number < 150 {
                0xffff_ffff_ffff_7fff
            } else {
                0x0190_0000_0000_7000
            };
            let id = uuid::Uuid::from_u64_pair(time, 0xbfff_ffff_ffff_0000 + number);
            let header = json!({
                "id": id, "kind": "hazard", "space": first, "creator": hostile.member,
                "created_ms": 1, "schema": 1,
            });
            let verb = vanguard_core::Verb::Create {
                header: serde_json::from_value(header).unwrap(),
                fields: vanguard_tests::hostile::map(
                    json!({"description": "同号", "nature": "unsafe_act"}),
                ),
                event: Some(vanguard_tests::hostile::event(json!({"event": "reported"}))),
            };
            let mut doc = automerge::Automerge::new();
            let raw = composer.perform(&mut doc, &verb, &[]).unwrap().raw;
            BatchEntry {
                document: None,
                space: first,
                changes: vec![raw.into()],
            }
        })
        .collect();
    let outcomes = hostile.push(entries).await;
    assert_eq!(answers(&outcomes), vec!["admitted"; 300]);
    scene.honest_sync().await;
    let page = scene
        .honest()
        .list::<vanguard_core::model::hazard::Hazard>(
            &vanguard_core::store::query::Filter::default(),
            None,
            1_000,
        )
        .unwrap();
    assert_eq!(page.rows.len(), 300);
    scene.is_unharmed().await;
}

/// A document that the relay's disk has damaged is not one that does not exist: nobody makes it
/// anew under its id, and nothing is decided about it until it can be read.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_the_relay_cannot_read_is_left_as_it_is() {
    let mut scene = Scene::new().await;
    let first = scene.first;
    let mut hostile = scene.hostile(&[(Role::Member, first)]).await;
    let hazard = hostile.report(first, "会损坏");
    hostile.push(vec![hazard.entry()]).await;
    let disk = rusqlite::Connection::open(scene.data.join("log.db")).unwrap();
    let sql = "UPDATE change SET raw = zeroblob(64)
        WHERE doc = (SELECT doc FROM document WHERE id = ?1)";
    assert_eq!(disk.execute(sql, [hazard.id]).unwrap(), 1);
    drop(disk);
    let comment = append(json!({"event": "commented", "text": "备注"}));
    let next = hazard.then(&hostile.composer(), &comment);
    let again = hostile.report_with_id(hazard.id, first, "重新占用");
    for entry in [next.entry(), again.entry()] {
        let outcomes = scene.attack(&mut hostile, entry).await;
        assert_eq!(answers(&outcomes), ["held"]);
    }
    assert_eq!((scene.rows("held"), scene.rows("refused")), (0, 0));
}
