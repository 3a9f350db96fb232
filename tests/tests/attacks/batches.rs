//! Batches replayed, reordered, carried elsewhere or signed by somebody else.

use serde_json::json;
use vanguard_core::model::Role;
use vanguard_core::wire::{BatchOutcome, ChangeOutcome};
use vanguard_tests::hostile::{Hostile, Scene, answers, append, next};

async fn scene() -> (Scene, Hostile) {
    let mut scene = Scene::new().await;
    let first = scene.first;
    let hostile = scene.hostile(&[(Role::Member, first)]).await;
    (scene, hostile)
}

fn judged(outcome: &BatchOutcome) -> Vec<&str> {
    match outcome {
        BatchOutcome::Judged(outcomes) => answers(outcomes),
        BatchOutcome::OutOfOrder { .. } => vec!["out of order"],
        BatchOutcome::Rejected { reason } => vec![reason.as_str()],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_replayed_is_answered_as_before_and_is_in_the_log_once() {
    let (mut scene, mut hostile) = scene().await;
    let good = hostile.report(scene.first, "一次");
    let batch = hostile.seal(vec![good.entry()]);
    let first = hostile.send(vec![batch.clone()]).await.unwrap();
    let log = scene.log();
    let again = hostile
        .send(vec![batch.clone(), batch.clone()])
        .await
        .unwrap();
    assert!(scene.log() == log);
    let place = |outcome: &BatchOutcome| match outcome {
        BatchOutcome::Judged(changes) => match &changes[0] {
            ChangeOutcome::Admitted { position, .. } => *position,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(place(&again.outcomes[0]), place(&first.outcomes[0]));
    assert_eq!(place(&again.outcomes[1]), place(&first.outcomes[0]));
    assert!(!again.is_cloned, "a lost answer is no clone");
    scene.is_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_change_twice_in_one_push_has_one_place() {
    let (mut scene, mut hostile) = scene().await;
    let good = hostile.report(scene.first, "两次");
    let mut twice = good.entry();
    twice.changes.push(good.raw.clone().into());
    let outcomes = hostile.push(vec![twice, good.entry()]).await;
    let head = scene.log().len() as u64;
    for outcome in &outcomes {
        let ChangeOutcome::Admitted { position, .. } = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(*position, head);
    }
    scene.is_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_out_of_order_are_not_taken() {
    let (mut scene, mut hostile) = scene().await;
    let batches: Vec<_> = (0..3)
        .map(|_| {
            let entry = hostile.report(scene.first, "顺序").entry();
            hostile.seal(vec![entry])
        })
        .collect();
    let before = scene.log();
    let [first, second, third] = <[_; 3]>::try_from(batches).unwrap();
    let gap = hostile.send(vec![second.clone()]).await.unwrap();
    assert_eq!(gap.outcomes, [BatchOutcome::OutOfOrder { expected: 0 }]);
    assert!(scene.log() == before);
    let reversed = vec![first.clone(), third.clone(), second.clone()];
    let reversed = hostile.send(reversed).await.unwrap();
    let answers: Vec<_> = reversed.outcomes.iter().map(judged).collect();
    assert_eq!(
        answers,
        [vec!["admitted"], vec!["out of order"], vec!["out of order"]]
    );
    assert_eq!(scene.log().len(), before.len() + 1);
    let last = hostile.send(vec![first, second, third]).await.unwrap();
    assert_eq!(judged(&last.outcomes[2]), ["admitted"]);
    assert_eq!(scene.log().len(), before.len() + 3);
    assert!(!last.is_cloned);
    scene.is_unharmed().await;
}

/// A batch is judged as if those before it were in the log. Where one of them is not taken, what
/// builds on it must not be either: its document would never load again.
#[tokio::test(flavor = "multi_thread")]
async fn what_builds_on_a_batch_out_of_order_is_not_taken_either() {
    let (mut scene, mut hostile) = scene().await;
    let hazard = scene.honest_hazard().await;
    let doc = scene.document(hazard);
    let composer = hostile.composer();
    let comment = append(json!({"event": "commented", "text": "垫脚"}));
    let below = next(&doc, hazard, scene.first, &composer, &comment);
    let above = below.then(&composer, &comment);
    let mut gap = hostile.seal(vec![below.entry()]);
    gap.header.number += 7;
    let gap = hostile.sign(gap);
    let on_it = hostile.copy().seal(vec![above.entry()]);
    let before = scene.log();
    let answer = hostile.send(vec![gap, on_it]).await.unwrap();
    let answers: Vec<_> = answer.outcomes.iter().map(judged).collect();
    assert_eq!(answers, [["out of order"], ["out of order"]]);
    assert!(scene.log() == before);
    let comment = serde_json::from_value(json!({"event": "commented", "text": "照常"})).unwrap();
    scene
        .honest()
        .act_on_hazard(hazard.into(), &comment)
        .unwrap();
    scene.honest_sync().await;
    assert_eq!(scene.log().len(), before.len() + 1);
    scene.is_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_not_its_bearers_is_rejected_whole() {
    let (mut scene, mut hostile) = scene().await;
    let first = scene.first;
    let mut accomplice = scene.hostile(&[(Role::Member, first)]).await;
    let elsewhere = Scene::new().await;
    let report = hostile.report(first, "别人的");
    let before = scene.log();
    let mut batches = Vec::new();

    let good = hostile.seal(vec![report.entry()]);
    batches.push((
        "unsigned",
        vanguard_core::wire::SealedBatch {
            signature: vanguard_core::keys::Signature([0; 64]),
            ..good.clone()
        },
    ));
    let mut other = good.clone();
    other.signature = accomplice.sign(good.clone()).signature;
    batches.push(("with another's signature", other));
    let mut other = good.clone();
    other
        .entries
        .push(hostile.report(first, "塞进来的").entry());
    batches.push(("with more than was signed", other));
    let mut other = good.clone();
    other.entries[0].space = scene.second;
    batches.push(("with another space than was signed", other));
    let carried = accomplice.seal(vec![accomplice.report(first, "代交").entry()]);
    batches.push(("another device's, carried", carried));
    let mut other = good.clone();
    other.header.relay = elsewhere.site.relay.key().public_key().fingerprint();
    batches.push(("meant for another relay", hostile.sign(other)));
    let mut other = good.clone();
    other.header.on_behalf_of = Some(scene.honest().member().unwrap());
    batches.push(("in another's name", hostile.sign(other)));
    for (what, batch) in batches {
        let answer = hostile.send(vec![batch]).await.unwrap();
        assert_eq!(judged(&answer.outcomes[0]), ["forged"], "{what}");
        assert!(answer.receipt.is_none());
    }
    let mut future = good.clone();
    future.header.format += 1;
    let answer = hostile.send(vec![hostile.sign(future)]).await.unwrap();
    assert_eq!(judged(&answer.outcomes[0]), ["too_new"]);
    assert!(scene.log() == before);
    let answer = hostile.send(vec![good]).await.unwrap();
    assert_eq!(judged(&answer.outcomes[0]), ["admitted"]);
    scene.is_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_beyond_every_log_are_malformed_and_stop_nobody() {
    let (mut scene, mut hostile) = scene().await;
    let entry = hostile.report(scene.first, "数字").entry();
    let before = scene.log();
    let good = hostile.seal(vec![entry]);
    let mut number = good.clone();
    number.header.number = u64::MAX;
    let mut position = good.clone();
    position.header.directory_position = u64::MAX;
    for batch in [number, position] {
        let refused = hostile.send(vec![hostile.sign(batch)]).await;
        assert!(is_bad_request(&refused), "{refused:?}");
    }
    let mut request = hostile.request(Vec::new());
    request.cursor = Some(vanguard_core::wire::Cursor {
        epoch: [0; 8],
        seq: u64::MAX,
        chain: [0; 8],
    });
    assert!(is_bad_request(&hostile.ask(&request).await));
    let mut request = hostile.request(Vec::new());
    request.bootstraps.push(vanguard_core::wire::Bootstrap {
        space: scene.first,
        after: Some(vanguard_core::wire::BootstrapMark {
            open_done: false,
            seq: u64::MAX,
        }),
    });
    assert!(is_bad_request(&hostile.ask(&request).await));
    assert!(scene.log() == before);
    scene.is_unharmed().await;
}

fn is_bad_request<T>(answer: &Result<T, vanguard_core::http::HttpError>) -> bool {
    matches!(
        answer,
        Err(vanguard_core::http::HttpError::Problem { status: 400, .. })
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_of_nothing_are_malformed() {
    let (mut scene, mut hostile) = scene().await;
    let empty = hostile.seal(Vec::new());
    assert!(is_bad_request(&hostile.send(vec![empty]).await));
    let nothing = vanguard_tests::hostile::entry(scene.first.into(), scene.first, &[]);
    let empty = hostile.seal(vec![nothing]);
    assert!(is_bad_request(&hostile.send(vec![empty]).await));
    assert_eq!(scene.rows("batch WHERE device <> zeroblob(16)"), 0);
    scene.is_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_used_again_for_something_else_is_a_clone_and_both_are_told() {
    let (mut scene, mut hostile) = scene().await;
    let one = hostile.report(scene.first, "本机");
    let one = hostile.seal(vec![one.entry()]);
    let mut other = hostile.seal(vec![hostile.report(scene.first, "副本").entry()]);
    other.header.number = one.header.number;
    let other = hostile.sign(other);
    assert!(!hostile.send(vec![one]).await.unwrap().is_cloned);
    let before = scene.log();
    let told = hostile.send(vec![other]).await.unwrap();
    assert_eq!(told.outcomes, [BatchOutcome::OutOfOrder { expected: 1 }]);
    assert!(told.is_cloned, "the copy is told");
    assert!(scene.log() == before);
    assert!(
        hostile.send(Vec::new()).await.unwrap().is_cloned,
        "and so is the other"
    );
    scene.is_unharmed().await;
}

/// Two copies of a notebook that both go on.
#[tokio::test(flavor = "multi_thread")]
async fn two_openings_that_both_go_on_are_a_clone() {
    let (scene, mut hostile) = scene().await;
    let mut copy = hostile.copy();
    let mut told = false;
    for _ in 0..3 {
        for one in [&mut hostile, &mut copy] {
            let batch = one.seal(vec![one.report(scene.first, "两台").entry()]);
            told |= one.send(vec![batch]).await.unwrap().is_cloned;
        }
    }
    assert!(told);
}

/// An app that is killed while its request is under way, and opened again before it arrives.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_opening_sent_may_come_late_without_alarm() {
    for acknowledged in 0..2 {
        let (scene, mut before) = scene().await;
        for _ in 0..acknowledged {
            let batch = before.seal(vec![before.report(scene.first, "先到").entry()]);
            before.send(vec![batch]).await.unwrap();
        }
        let late = [0, 1].map(|_| before.seal(vec![before.report(scene.first, "迟到").entry()]));
        let mut after = before.copy();
        let mut told = false;
        for turn in 0..4 {
            if turn == 1 {
                told |= before.send(late.to_vec()).await.unwrap().is_cloned;
            }
            let batch = after.seal(vec![after.report(scene.first, "重开之后").entry()]);
            told |= after.send(vec![batch]).await.unwrap().is_cloned;
        }
        assert!(!told, "{acknowledged} acknowledged before");
    }
}
