//! Photos over networks that cut, delay, throttle, repeat and lose, and with either side killed.
//! `VANGUARD_SEED` is the seed (1).

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod kills;
mod namespaces;

use std::time::Duration;

use vanguard_core::http::HttpRelay;
use vanguard_tests::blobs::{
    Desk, carry, files_of, is_all_acknowledged, plain_config, report_with_photos, stored,
};
use vanguard_tests::proxy::{Plan, Proxy};
use vanguard_tests::scratch;

fn seed() -> u64 {
    let seed = std::env::var("VANGUARD_SEED").map_or(1, |seed| seed.parse().unwrap());
    println!("VANGUARD_SEED={seed}");
    seed
}

/// What uploads may cost at most, in hundredths of what is uploaded.
const MOST_PERCENT: u64 = 130;
/// The same where connections arrive twice: when the second one wins the race to the relay, what the
/// first carries is refused, and asked for again.
const MOST_PERCENT_WHEN_REPEATED: u64 = 200;

#[tokio::test(flavor = "multi_thread")]
async fn photos_arrive_and_are_fetched_through_a_network_that_does_its_worst() {
    let seed = seed();
    let folder = scratch();
    let data = folder.path().join("relay");
    let mut desk = Desk::open(folder.path(), plain_config(&data)).await;
    let photos = report_with_photos(&mut desk.phones[0], desk.space, 12, (600, 500), seed);
    let files = files_of(&desk.phones[0], &photos);
    let content: u64 = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    let plan = Plan {
        cut_bytes: Some(64 << 10),
        stall_bytes: None,
        delay: Duration::from_millis(1),
        bytes_per_s: Some(8 << 20),
        twice_percent: 25,
        seed,
    };
    let proxy = Proxy::start(([127, 0, 0, 1], 0).into(), desk.site.address, plan).await;
    let key = desk.phones[0].identity().unwrap().relay_key;
    let http = HttpRelay::new(&proxy.url(), &key).unwrap();
    let mut rounds = 0;
    while !is_all_acknowledged(&desk.phones[0]) {
        rounds += 1;
        assert!(rounds < 500, "it does not end");
        // A cut round is what this is about: the next goes on.
        let _ = carry(&http, &mut desk.phones[0]).await;
    }
    for (hash, bytes) in &files {
        assert_eq!(stored(&data, hash).as_ref(), Some(bytes));
    }
    let sent = proxy.counts.body_bytes();
    println!(
        "{} files of {content} bytes cost {sent} bytes of bodies in {rounds} rounds: {:?}",
        files.len(),
        proxy.counts
    );
    let most = content * MOST_PERCENT_WHEN_REPEATED;
    assert!(sent * 100 <= most, "{sent} for {content}");

    // A colleague fetches them all over the same network.
    desk.sync(1).await;
    let colleague = &mut desk.phones[1];
    for (hash, _) in &files {
        colleague.want_photo(hash, true).unwrap();
    }
    let mut rounds = 0;
    while files
        .iter()
        .any(|(hash, _)| colleague.photo_path(hash).is_err())
    {
        rounds += 1;
        assert!(rounds < 500, "it does not end");
        let _ = carry(&http, colleague).await;
    }
    assert_eq!(files_of(colleague, &photos), files);
    desk.site.stop().await;
}
