//! A relay in a process of its own stays small, whatever is thrown at it.

use serde_json::json;
use vanguard_core::model::Role;
use vanguard_core::wire;
use vanguard_tests::hostile::{Hostile, Scene, edit, entry};

/// What the relay may take beside what it takes at rest: some large bodies at a time, decoded, and
/// a database's pages.
const ROOM_MIB: u64 = 192;
/// So many phones at once.
const PHONES: usize = if cfg!(debug_assertions) { 3 } else { 24 };

#[tokio::test(flavor = "multi_thread")]
async fn bombs_do_not_fill_the_memory_of_the_relay() {
    let mut scene = Scene::new().await;
    let first = scene.first;
    let hostile = scene.hostile(&[(Role::Member, first)]).await;
    let bombs = bombs(hostile.copy(), &scene);
    let mut relay = scene.outside(env!("CARGO_BIN_EXE_relay")).await;
    relay.is_unharmed().await;
    let at_rest = relay.peak_mib();
    for (what, body) in bombs {
        // All at once, as many phones would.
        let posts = (0..PHONES).map(|_| {
            let (device, body) = (hostile.copy(), body.clone());
            tokio::spawn(async move { device.post(body).await.is_ok() })
        });
        let posts: Vec<_> = posts.collect();
        for post in posts {
            post.await.unwrap();
        }
        let peak = relay.peak_mib();
        println!("{what}: {at_rest} MiB at rest, at most {peak} MiB");
        assert!(peak < at_rest + ROOM_MIB, "{what}: {peak} MiB");
        relay.is_unharmed().await;
    }
}

fn bombs(mut hostile: Hostile, scene: &Scene) -> Vec<(&'static str, Vec<u8>)> {
    let mut bombs = vec![
        ("zeros", vec![0; 64 << 20]),
        ("empty strings", vec![0x40; 16 << 20]),
    ];
    let batch = hostile.seal(vec![entry(scene.first.into(), scene.first, &[Vec::new()])]);
    let body = wire::encode(&hostile.request(vec![batch]));
    let at = body
        .windows(4)
        .rposition(|at| at == [0x81, 0x40, 0x58, 0x40])
        .unwrap();
    let count: u32 = 15 << 20;
    let many = [
        vec![0x9a],
        count.to_be_bytes().to_vec(),
        vec![0x40; 15 << 20],
    ]
    .concat();
    bombs.push((
        "empty changes",
        [&body[..at], &many, &body[at + 2..]].concat(),
    ));

    let made = hostile.report(scene.first, "合法");
    let large = made.then(
        &hostile.composer(),
        &edit(json!({"place": "x".repeat(1_000_000)})),
    );
    let raws = vec![large.raw; 15];
    let batch = hostile.seal(vec![made.entry(), entry(made.id, scene.first, &raws)]);
    bombs.push(("large changes", wire::encode(&hostile.request(vec![batch]))));

    // Ten thousand operations in some hundred bytes, four hundred times.
    let entries = (0..400)
        .map(|_| {
            let made = hostile.report(scene.first, "合法");
            let photos = edit(json!({"more": [true, true]}));
            let many = made.then(&hostile.composer(), &photos).forged(|change| {
                let insertion = change.operations[1].clone();
                change.operations.resize(10_000, insertion);
            });
            assert!(many.len() < 500);
            let mut new = made.entry();
            new.changes.push(many.into());
            new
        })
        .collect();
    let batch = hostile.seal(entries);
    bombs.push(("run lengths", wire::encode(&hostile.request(vec![batch]))));
    bombs
}
