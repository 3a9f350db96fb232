//! A phone in a process of its own that brings what it owes to the relay, to be killed or left in a
//! bad network. `carrier NOTEBOOK URL`; prints `there` when every record and photo is acknowledged.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;
use std::time::Duration;

use vanguard_core::Notebook;
use vanguard_core::env::SystemEnv;
use vanguard_core::http::HttpRelay;
use vanguard_tests::blobs::{carry, is_all_acknowledged};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, path, url] = arguments.as_slice() else {
        panic!("carrier NOTEBOOK URL");
    };
    let mut notebook = Notebook::open(Path::new(path), SystemEnv::shared()).unwrap();
    let key = notebook.identity().unwrap().relay_key;
    let http = HttpRelay::new(url, &key).unwrap();
    while !is_all_acknowledged(&notebook) {
        if carry(&http, &mut notebook).await.is_err() {
            // Nobody tells when the network is back.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    println!("there");
}
