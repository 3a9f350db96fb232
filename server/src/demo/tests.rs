//! Two small demos tell the same, and whatever is spoilt is found.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use serde_json::Value;

use super::{Options, Sabotage, stage};

fn small(json: &Path, seed: u64, sabotage: Option<Sabotage>) -> (bool, Value) {
    let options = Options {
        members: 16,
        days: 3,
        seed,
        json: Some(json.to_owned()),
        exit: true,
        data: None,
        listen: ([127, 0, 0, 1], 0).into(),
        sabotage,
    };
    let agrees = stage::run(&options).unwrap();
    (
        agrees,
        serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap(),
    )
}

#[test]
fn the_same_seed_gives_the_same_ledger_and_another_one_another() {
    let directory = tempfile::tempdir().unwrap();
    let json = directory.path().join("demo.json");
    let digest = |seed| {
        let (agrees, whole) = small(&json, seed, None);
        assert!(agrees, "{}", whole["comparison"]["differences"]);
        whole["comparison"]["ledger_digest"].clone()
    };
    let first = digest(7);
    assert_eq!(first, digest(7));
    assert_ne!(first, digest(8));
}

#[test]
fn whatever_is_spoilt_is_found_and_named() {
    let directory = tempfile::tempdir().unwrap();
    let json = directory.path().join("demo.json");
    for sabotage in [
        Sabotage::DropChange,
        Sabotage::FlipEvent,
        Sabotage::SkipReceipt,
        Sabotage::LosePhoto,
    ] {
        let (agrees, whole) = small(&json, 7, Some(sabotage));
        assert!(!agrees, "{sabotage:?}");
        let differences = whole["comparison"]["differences"].as_array().unwrap();
        assert!(!differences.is_empty(), "{sabotage:?}");
    }
}
