//! What fuzzing does with bytes, done without it: with every committed input of every target, and
//! with changes that were tampered with.

#![allow(clippy::unwrap_used, missing_docs)]

#[allow(
    clippy::expect_used,
    clippy::cast_possible_truncation,
    unreachable_pub,
    dead_code
)]
#[path = "../../../fuzz/src/lib.rs"]
mod targets;

mod tampered;

use std::path::PathBuf;

fn corpus(target: &str) -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.join("../fuzz/corpus").join(target)
}

fn replay(target: &str, run: fn(&[u8])) {
    let mut count = 0;
    for input in std::fs::read_dir(corpus(target)).unwrap() {
        let path = input.unwrap().path();
        println!("{}", path.display());
        run(&std::fs::read(path).unwrap());
        count += 1;
    }
    assert!(count > 1, "{target} has a corpus");
}

#[test]
fn the_bounded_readers_corpus_does_no_harm() {
    replay("bounded", targets::bounded::run);
}

#[test]
fn the_wires_corpus_does_no_harm() {
    replay("wire", targets::wire::run);
}

#[test]
fn admissions_corpus_does_no_harm() {
    replay("admission", targets::admission::run);
}

#[test]
fn the_page_commits_corpus_does_no_harm() {
    replay("page", targets::page::run);
}

/// Writes the seeds: `cargo test -p vanguard-tests --test fuzzed write_seeds -- --ignored`.
#[test]
#[ignore = "writes files that are committed"]
fn write_seeds() {
    for (target, seeds) in [
        ("bounded", targets::bounded::seeds()),
        ("wire", targets::wire::seeds()),
        ("admission", targets::admission::seeds()),
        ("page", targets::page::seeds()),
    ] {
        std::fs::create_dir_all(corpus(target)).unwrap();
        for (number, seed) in seeds.iter().enumerate() {
            let name = format!("seed-{number:02}");
            std::fs::write(corpus(target).join(name), seed).unwrap();
        }
    }
}
