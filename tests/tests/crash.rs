//! Nothing is lost when phones and relays are killed: real processes, SIGKILL, by seed.
//! `VANGUARD_SEED` is the seed (1).

#![allow(clippy::unwrap_used, missing_docs)]

use vanguard_tests::crash::{kill_phones, kill_relays};

fn seed() -> u64 {
    let text = std::env::var("VANGUARD_SEED").ok();
    let seed = text.map_or(1, |text| text.parse().unwrap());
    println!("VANGUARD_SEED={seed}");
    seed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_killed_two_hundred_times_keeps_what_it_committed() {
    let promises = kill_phones(env!("CARGO_BIN_EXE_phone"), 200, seed(), None).await;
    println!("{} promises kept", promises.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_killed_a_hundred_times_keeps_what_it_acknowledged() {
    let promises = kill_relays(env!("CARGO_BIN_EXE_relay"), 100, seed(), None).await;
    println!("{} promises kept", promises.unwrap());
}
