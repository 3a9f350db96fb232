//! The bad network in a process of its own, which may run in a network namespace of its own.
//! `proxy LISTEN RELAY CUT_BYTES`; prints `ready`, and for each line of its input
//! `CONNECTIONS CUTS BODY_BYTES`. It ends with its input.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use vanguard_tests::proxy::{Plan, Proxy};

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, listen, relay, cut_bytes] = arguments.as_slice() else {
        panic!("proxy LISTEN RELAY CUT_BYTES");
    };
    let address = |text: &String| -> SocketAddr { text.parse().unwrap() };
    let plan = Plan {
        cut_bytes: Some(cut_bytes.parse().unwrap()),
        ..Plan::default()
    };
    let proxy = Proxy::start(address(listen), address(relay), plan).await;
    say("ready");
    // This thread waits for its input; the proxy works on the others.
    for _ in std::io::stdin().lines().map_while(Result::ok) {
        let count = |of: &std::sync::atomic::AtomicU64| of.load(Ordering::Relaxed);
        let counts = &proxy.counts;
        let (connections, cuts) = (count(&counts.connections), count(&counts.cuts));
        say(&format!("{connections} {cuts} {}", counts.body_bytes()));
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}
