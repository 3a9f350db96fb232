//! Changes that come before what they build on.

use serde_json::json;
use vanguard_core::model::Role;
use vanguard_tests::dice::Dice;
use vanguard_tests::hostile::{Hostile, Made, Scene, answers, append, edit, entry};

/// A hazard with so many comments, none of them pushed yet.
fn chain(by: &Hostile, scene: &Scene, length: usize) -> Vec<Made> {
    let composer = by.composer();
    let mut chain = vec![by.report_as(&composer, scene.first, "断链")];
    for number in 1..length {
        let text = format!("第{number}条");
        let comment = append(json!({"event": "commented", "text": text}));
        let last = &chain[chain.len() - 1];
        chain.push(last.then(&composer, &comment));
    }
    chain
}

#[tokio::test(flavor = "multi_thread")]
async fn what_misses_its_dependencies_waits_and_is_admitted_when_the_gap_closes() {
    const LENGTH: usize = 8;
    let mut scene = Scene::new().await;
    let first = scene.first;
    let mut hostile = scene.hostile(&[(Role::Member, first)]).await;
    for seed in 0..12 {
        let mut dice = Dice::new(seed);
        let chain = chain(&hostile, &scene, LENGTH);
        let id = chain[0].id;
        let mut order: Vec<usize> = (0..LENGTH).collect();
        if seed == 0 {
            order.reverse();
        } else {
            for at in (1..LENGTH).rev() {
                order.swap(at, dice.below(at + 1));
            }
        }
        let mut arrived = [false; LENGTH];
        for at in order {
            arrived[at] = true;
            let whole = arrived.iter().take_while(|is_here| **is_here).count();
            let answer = answers(
                &hostile
                    .push(vec![entry(id, first, std::slice::from_ref(&chain[at].raw))])
                    .await,
            )
            .join(" ");
            let expected = if at < whole { "admitted" } else { "held" };
            assert_eq!(answer, expected, "seed {seed}: change {at} of {arrived:?}");
            let in_log = scene.log().iter().filter(|(of, _)| *of == id).count();
            assert_eq!(in_log, whole, "seed {seed}: {arrived:?}");
        }
        assert_eq!(scene.rows("held"), 0, "seed {seed}");
        // Whoever asks again is told where each is.
        let all: Vec<Vec<u8>> = chain.iter().map(|made| made.raw.clone()).collect();
        let outcomes = hostile.push(vec![entry(id, first, &all)]).await;
        assert_eq!(answers(&outcomes), vec!["admitted"; LENGTH]);
    }
    scene.is_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_for_something_refused_is_refused() {
    let mut scene = Scene::new().await;
    let first = scene.first;
    let mut hostile = scene.hostile(&[(Role::Member, first)]).await;
    let chain = chain(&hostile, &scene, 2);
    let composer = hostile.composer();
    let graded = append(json!({
        "event": "graded", "grade": "general", "nature": "unsafe_act", "reason": "无权定级",
    }));
    let graded = chain[1].then(&composer, &graded);
    let comment = append(json!({"event": "commented", "text": "其后"}));
    let after = graded.then(&composer, &comment);
    let id = chain[0].id;
    let raws =
        [&after, &graded, &chain[0], &chain[1], &graded, &after].map(|made| made.raw.clone());
    let outcomes = hostile.push(vec![entry(id, first, &raws)]).await;
    let answers = answers(&outcomes);
    assert_eq!(answers[..2], ["held", "held"]);
    assert_eq!(answers[2..4], ["admitted", "admitted"]);
    let again = hostile.push(vec![entry(id, first, &raws[..2])]).await;
    let again = vanguard_tests::hostile::answers(&again);
    assert_eq!(again, ["builds_on_refused", "role"]);
    assert_eq!(scene.rows("held"), 0);
    scene.is_unharmed().await;
}

/// What waits is judged when what it waits for comes, however much else comes into its document.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_in_which_much_waits_costs_no_more_to_write_to() {
    let mut scene = Scene::new().await;
    let first = scene.first;
    let mut hostile = scene.hostile(&[(Role::Member, first)]).await;
    let hazard = scene.honest_hazard().await;
    let composer = hostile.composer();
    let absent = hostile.report(first, "不发送");
    let waiting: Vec<Vec<u8>> = (0..300)
        .map(|number| {
            let photos = edit(json!({"more": [true, true]}));
            absent.then(&composer, &photos).forged(|change| {
                let insertion = change.operations[1].clone();
                change.operations.resize(10_000, insertion);
                change.time = number;
            })
        })
        .collect();
    for some in waiting.chunks(50) {
        let outcomes = hostile.push(vec![entry(hazard, first, some)]).await;
        assert!(answers(&outcomes).iter().all(|answer| *answer == "held"));
    }
    assert_eq!(scene.rows("held"), 300);
    assert_eq!(scene.rows("awaited"), 300);
    for number in 0..100 {
        let text = format!("第{number}条");
        let comment = serde_json::from_value(json!({"event": "commented", "text": text})).unwrap();
        scene
            .honest()
            .act_on_hazard(hazard.into(), &comment)
            .unwrap();
    }
    scene.honest_sync().await;
    assert_eq!(scene.rows("held"), 300);
    scene.is_unharmed().await;
}

/// A push that asks for more than any app's is judged as far as the time for it goes.
#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_would_hold_the_relay_up_is_postponed() {
    let mut scene = Scene::new().await;
    let first = scene.first;
    let mut hostile = scene.hostile(&[(Role::Member, first)]).await;
    let composer = hostile.composer();
    let made = hostile.report(first, "合法");
    let large = made.then(&composer, &edit(json!({"more": [true, true]})));
    let many = (0..400).map(|number| {
        large.forged(|change| {
            let insertion = change.operations[1].clone();
            change.operations.resize(10_000, insertion);
            change.time = number;
        })
    });
    let many: Vec<Vec<u8>> = many.collect();
    let before = scene.log().len();
    let last = hostile.report(first, "排在后面");
    let outcomes = hostile
        .push(vec![
            made.entry(),
            entry(made.id, first, &many),
            last.entry(),
        ])
        .await;
    let answers = answers(&outcomes);
    assert_eq!(answers[0], "admitted");
    let judged = answers[1..].iter().take_while(|answer| **answer != "held");
    let judged = judged.count();
    assert!((10..300).contains(&judged), "{judged}");
    assert!(answers[1 + judged..].iter().all(|answer| *answer == "held"));
    assert_eq!(scene.log().len(), before + 2, "one of them may follow");
    assert_eq!(scene.rows("held"), 0, "it is the device's to push again");
    let outcomes = hostile.push(vec![last.entry()]).await;
    assert_eq!(vanguard_tests::hostile::answers(&outcomes), ["admitted"]);
    scene.is_unharmed().await;
}
