//! A phone in a process of its own, to be killed: does verbs on a notebook and syncs now and then.
//! `phone NOTEBOOK SPACE SEED`. Each line that it prints is a promise: `committed ID` when a verb
//! has returned, `acknowledged HASH` when a receipt has been committed.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::Write as _;
use std::path::Path;

use vanguard_core::Notebook;
use vanguard_core::env::SystemEnv;
use vanguard_core::http::HttpRelay;
use vanguard_core::sync::Options;
use vanguard_tests::crash::{Worker, acknowledged_after};
use vanguard_tests::dice::Dice;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, path, space, seed] = arguments.as_slice() else {
        panic!("phone NOTEBOOK SPACE SEED");
    };
    let mut notebook = Notebook::open(Path::new(path), SystemEnv::shared()).unwrap();
    let mut worker = Worker::new(space.parse().unwrap(), Dice::new(seed.parse().unwrap()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut last = acknowledged_after(notebook.reader(), u64::MAX).1;
    say("ready");
    loop {
        for _ in 0..worker.dice.below(6) {
            let done = worker.work(&mut notebook);
            say(&format!("committed {done}"));
        }
        let options = Options {
            page_bytes: 2_048,
            push_changes: 4,
            ..Options::default()
        };
        // Who is killed meets no errors, and a relay that is gone is met again.
        let synced = runtime.block_on(async {
            let http = HttpRelay::of(&notebook).unwrap();
            http.sync(&mut notebook, options, |_| {}).await
        });
        if let Err(error) = synced {
            say(&format!("offline {error}"));
        }
        let (hashes, position) = acknowledged_after(notebook.reader(), last);
        last = position;
        for hash in hashes {
            say(&format!("acknowledged {hash}"));
        }
    }
}

/// Nothing is said before it is out of this process.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        std::process::exit(0); // nobody listens any more
    }
}
