//! Changes that come before what they build on.

use serde_json::json;
use vanguard_core::model::Role;
use vanguard_tests::dice::Dice;
use vanguard_tests::hostile::{Hostile, Made, Scene, answers, append, entry};

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

/// The quota of what waits is the device's own, and somebody else's document costs no more to
/// write to for it.
#[tokio::test(flavor = "multi_thread")]
async fn waiting_changes_have_a_quota() {
    let mut scene = Scene::new().await;
    let first = scene.first;
    let mut hostile = scene.hostile(&[(Role::Member, first)]).await;
    let hazard = scene.honest_hazard().await;
    let chain = chain(&hostile, &scene, 301);
    let raws: Vec<Vec<u8>> = chain[1..].iter().map(|made| made.raw.clone()).collect();
    let outcomes = hostile.push(vec![entry(hazard, first, &raws)]).await;
    assert!(answers(&outcomes).iter().all(|answer| *answer == "held"));
    assert_eq!(scene.rows("held"), 256);
    scene.honest_sync().await;
    let comment = serde_json::from_value(json!({"event": "commented", "text": "照常"})).unwrap();
    scene
        .honest()
        .act_on_hazard(hazard.into(), &comment)
        .unwrap();
    scene.honest_sync().await;
}
