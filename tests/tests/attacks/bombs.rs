//! Few bytes that claim much, and forms that a relay does not take.

use automerge::{Automerge, Change};
use serde_json::{Value, json};
use vanguard_core::http::HttpError;
use vanguard_core::model::Role;
use vanguard_core::wire::BatchEntry;
use vanguard_tests::hostile::{
    Hostile, Scene, answers, append, chunk, edit, entry, forged, next, sleb, uleb,
};

async fn scene() -> (Scene, Hostile) {
    let mut scene = Scene::new().await;
    let first = scene.first;
    let hostile = scene.hostile(&[(Role::Member, first)]).await;
    (scene, hostile)
}

/// A change of less than 100 bytes whose columns claim so many operations.
fn claims(actor: [u8; 16], count: u64) -> Vec<u8> {
    let run = |value: &[u8]| [sleb(count.cast_signed()), value.to_vec()].concat();
    let columns = [
        (0x15, run(&[1, b'k'])),
        (0x34, uleb(count)),
        (0x42, run(&[1])),
        (0x56, run(&[0])),
        (0x70, run(&[0])),
    ];
    let mut body = vec![0, 16];
    body.extend(actor);
    body.extend([1, 1, 0, 0, 0]); // seq, first operation, time, message, other actors
    body.extend(uleb(columns.len() as u64));
    for (column, bytes) in &columns {
        body.extend([
            u8::try_from(*column).unwrap(),
            bytes.len().try_into().unwrap(),
        ]);
    }
    body.extend(columns.into_iter().flat_map(|(_, bytes)| bytes));
    chunk(1, &body)
}

/// The bytes as the first change of a new document.
fn as_creation(scene: &Scene, raw: &[u8]) -> BatchEntry {
    BatchEntry {
        document: None,
        ..entry(scene.first.into(), scene.first, &[raw.to_vec()])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_claim_more_than_they_hold_are_refused() {
    let (mut scene, mut hostile) = scene().await;
    let hazard = scene.honest_hazard().await;
    for count in [10_000_000, 50_000_000, 1_000_000_000_000] {
        let raw = claims(hostile.actor(), count);
        assert!(raw.len() < 100);
        let new = as_creation(&scene, &raw);
        let outcomes = scene.attack(&mut hostile, new).await;
        assert_eq!(answers(&outcomes), ["too_large"]);
        let old = entry(hazard, scene.first, &[raw]);
        let outcomes = scene.attack(&mut hostile, old).await;
        assert_eq!(answers(&outcomes), ["too_large"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_plain_changes_are_taken() {
    let (mut scene, mut hostile) = scene().await;
    let hazard = scene.honest_hazard().await;
    let made = hostile.report(scene.first, &"隐患".repeat(50_000));
    let compressed = Change::from_bytes(made.raw.clone())
        .unwrap()
        .bytes()
        .into_owned();
    assert!(compressed.len() * 100 < made.raw.len());
    let whole = made.doc.clone().save();
    let bundle = chunk(3, &made.raw[10..]);
    let unknown = chunk(9, &made.raw[10..]);
    let two = [made.raw.clone(), made.raw.clone()].concat();
    let forms = [
        compressed,
        whole,
        bundle,
        unknown,
        two,
        Vec::new(),
        b"x".to_vec(),
    ];
    for raw in forms {
        for document in [None, Some(hazard)] {
            let attack = BatchEntry {
                document,
                ..as_creation(&scene, &raw)
            };
            let outcomes = scene.attack(&mut hostile, attack).await;
            assert_eq!(answers(&outcomes), ["malformed"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_or_nested_too_deep_is_refused() {
    let (mut scene, mut hostile) = scene().await;
    let large = hostile.report(scene.first, &"x".repeat(1 << 20));
    let outcomes = scene.attack(&mut hostile, large.entry()).await;
    assert_eq!(answers(&outcomes), ["too_large"]);

    let hazard = scene.honest_hazard().await;
    let doc = scene.document(hazard);
    for depth in [8, 30, 100] {
        let nested = (0..depth).fold(json!("底"), |inner, level| {
            if level % 2 == 0 {
                json!([inner])
            } else {
                json!({"k": inner})
            }
        });
        let deep = edit(json!({"more": nested.clone()}));
        let event = append(json!({"event": "commented", "text": "备注", "more": nested}));
        for verb in [deep, event] {
            let made = next(&doc, hazard, scene.first, &hostile.composer(), &verb);
            let outcomes = scene.attack(&mut hostile, made.entry()).await;
            assert_eq!(answers(&outcomes), ["malformed"]);
        }
    }
    let photos = edit(json!({"photos": ["a", "b"]}));
    let made = next(&doc, hazard, scene.first, &hostile.composer(), &photos);
    let many = made.forged(|change| {
        let insertion = change.operations[1].clone();
        change.operations.resize(10_001, insertion);
    });
    let outcomes = scene
        .attack(&mut hostile, entry(hazard, scene.first, &[many]))
        .await;
    assert_eq!(answers(&outcomes), ["too_large"], "10,001 operations");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_heads_are_refused() {
    let (mut scene, mut hostile) = scene().await;
    let hazard = scene.honest_hazard().await;
    let doc = scene.document(hazard);
    let comment = append(json!({"event": "commented", "text": "备注"}));
    let made = next(&doc, hazard, scene.first, &hostile.composer(), &comment);
    let heads = made.forged(|change| {
        change.deps = (0..10_000_u32)
            .map(|n| automerge::ChangeHash(vanguard_core::keys::sha256(&n.to_be_bytes())))
            .collect();
        change.deps.sort_unstable();
    });
    let outcomes = scene
        .attack(&mut hostile, entry(hazard, scene.first, &[heads]))
        .await;
    assert_eq!(answers(&outcomes), ["too_large"]);
}

/// A change names all heads that it builds on, and there is a limit to them. A device that never
/// builds on its own changes must not use it up for everybody.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_forks_a_document_a_thousand_times_does_not_lock_it() {
    let (mut scene, mut hostile) = scene().await;
    let hazard = scene.honest_hazard().await;
    let doc = scene.document(hazard);
    let forks: Vec<Vec<u8>> = (0..1_100)
        .map(|number| {
            let text = format!("备注{number}");
            let comment = append(json!({"event": "commented", "text": text}));
            next(&doc, hazard, scene.first, &hostile.composer(), &comment).raw
        })
        .collect();
    let outcomes = hostile.push(vec![entry(hazard, scene.first, &forks)]).await;
    let admitted = answers(&outcomes)
        .into_iter()
        .filter(|answer| *answer == "admitted")
        .count();
    assert_eq!(admitted, 16);
    scene.honest_sync().await;
    let comment = serde_json::from_value(json!({"event": "commented", "text": "还能写"})).unwrap();
    let honest = scene.honest();
    honest.act_on_hazard(hazard.into(), &comment).unwrap();
    scene.honest_sync().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_inflate_are_given_up() {
    let (mut scene, hostile) = scene().await;
    for (byte, status) in [(0, 413), (0x40, 413)] {
        let refused = hostile.post(vec![byte; 64 << 20]).await;
        assert!(
            matches!(&refused, Err(HttpError::Problem { status: told, .. }) if *told == status),
            "{refused:?}"
        );
    }
    scene.is_unharmed().await;
}

/// Sixteen million empty changes are sixteen megabytes before decompression, one kilobyte after
/// it, and would be half a gigabyte of vectors.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_millions_of_empty_things_is_refused() {
    let (mut scene, mut hostile) = scene().await;
    let batch = hostile.seal(vec![entry(scene.first.into(), scene.first, &[])]);
    let body = vanguard_core::wire::encode(&hostile.request(vec![batch]));
    // The entry's changes are the last array before the signature: an empty one.
    let signature = body
        .windows(3)
        .rposition(|at| at == [0x80, 0x58, 0x40])
        .unwrap();
    let count: u32 = 15 << 20;
    let bombs: [(&str, Vec<u8>); 2] = [
        (
            "changes",
            [
                vec![0x9a],
                count.to_be_bytes().to_vec(),
                vec![0x40; 15 << 20],
            ]
            .concat(),
        ),
        (
            "endless changes",
            [vec![0x9f], vec![0x40; 15 << 20], vec![0xff]].concat(),
        ),
    ];
    for (what, bomb) in bombs {
        let body = [&body[..signature], &bomb, &body[signature + 1..]].concat();
        let refused = hostile.post(body).await;
        assert!(
            matches!(&refused, Err(HttpError::Problem { status: 400, .. })),
            "{what}: {refused:?}"
        );
    }
    scene.is_unharmed().await;
}

/// Whether in bytes or in operations: a list of nine thousand equal values takes some hundred bytes.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_grows_without_end_stops_growing_and_can_still_be_decided_on() {
    let long = |number: i32| json!({"requirements": format!("{number}").repeat(900 << 10)});
    let many = |number: i32| json!({"more": vec![json!(number); 9_900]});
    let growths: [(&dyn Fn(i32) -> Value, i32); 2] = [(&long, 4), (&many, 10)];
    for (more, room) in growths {
        let (mut scene, mut hostile) = scene().await;
        let mut made = hostile.report(scene.first, "越写越长");
        hostile.push(vec![made.entry()]).await;
        let composer = hostile.composer();
        let mut admitted = 0;
        for number in 0..2 * room {
            let larger = made.then(&composer, &edit(more(number)));
            let outcomes = hostile.push(vec![larger.entry()]).await;
            if answers(&outcomes) == ["too_large"] {
                break;
            }
            assert_eq!(answers(&outcomes), ["admitted"]);
            (made, admitted) = (larger, admitted + 1);
        }
        assert_eq!(admitted, room);
        scene.honest_sync().await;
        let graded = json!({
            "event": "graded", "grade": "general", "nature": "unsafe_condition",
            "reason": "现场确认",
        });
        let graded = serde_json::from_value(graded).unwrap();
        let hazard = made.id.into();
        scene.honest().act_on_hazard(hazard, &graded).unwrap();
        scene.is_unharmed().await;
    }
}

#[test]
fn a_forged_change_without_alteration_is_the_same() {
    let mut doc = Automerge::new();
    let mut tx = doc.transaction();
    automerge::transaction::Transactable::put(&mut tx, automerge::ROOT, "k", 1).unwrap();
    tx.commit();
    let raw = doc.get_changes(&[])[0].raw_bytes().to_vec();
    assert_eq!(forged(&raw, |_| ()), raw);
}
