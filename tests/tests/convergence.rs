//! Notebooks end equal, whatever the network does: random walks of whole fleets, by seed.
//!
//! `VANGUARD_SEEDS` is how many seeds (200), `VANGUARD_STEPS` how many steps each (500);
//! `VANGUARD_SEED` runs that one alone and tells every step.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use vanguard_tests::verdict;
use vanguard_tests::walk::World;

type Tally = BTreeMap<&'static str, (u32, u32)>;

fn number(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| text.parse().unwrap())
}

/// One walk; gives what it did.
fn walk(seed: u64, steps: usize, is_told: bool) -> Result<Tally, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let walked = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let world = World::new(seed).await;
            let mut world = if is_told { world.told() } else { world };
            world.walk(steps).await;
            world.come_together().await;
            let wrongs = verdict::judge(&world).await;
            for (what, count) in verdict::met(&world).await {
                world.tally.insert(what, (count, count));
            }
            (std::mem::take(&mut world.tally), wrongs)
        })
    }));
    match walked {
        Ok((tally, wrongs)) if wrongs.is_empty() => Ok(tally),
        Ok((_, wrongs)) => {
            let first: Vec<String> = wrongs.iter().take(6).cloned().collect();
            Err(format!(
                "{} wrongs:\n  {}",
                wrongs.len(),
                first.join("\n  ")
            ))
        }
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            Err(text.unwrap_or_else(|| "panicked".into()))
        }
    }
}

#[test]
fn after_any_walk_everybody_sees_the_same_and_nothing_is_lost() {
    let steps = usize::try_from(number("VANGUARD_STEPS", 500)).unwrap();
    if let Ok(seed) = std::env::var("VANGUARD_SEED") {
        walk(seed.parse().unwrap(), steps, true).unwrap();
        return;
    }
    let (next, seeds) = (AtomicU64::new(1), number("VANGUARD_SEEDS", 200));
    let (failures, sum) = (Mutex::new(Vec::new()), Mutex::new(Tally::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > seeds {
                        return;
                    }
                    match walk(seed, steps, false) {
                        Ok(tally) => add(&mut sum.lock().unwrap(), &tally),
                        Err(why) => {
                            println!("VANGUARD_SEED={seed}: {why}");
                            failures.lock().unwrap().push(seed);
                        }
                    }
                }
            });
        }
    });
    println!("steps taken, and how many came to something:");
    for (what, (taken, came)) in &*sum.lock().unwrap() {
        println!("{what:18} {taken:8} {came:8}");
    }
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "seeds that failed: {failures:?}");
}

fn add(sum: &mut Tally, tally: &Tally) {
    for (what, (taken, came)) in tally {
        let so_far = sum.entry(what).or_default();
        so_far.0 += taken;
        so_far.1 += came;
    }
}
