//! A relay in a process of its own, to be killed. `relay DATA ADDRESS [plain]`;
//! prints `ready`.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use tokio::net::TcpListener;
use vanguard_server::{Server, Tls};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, data, address, rest @ ..] = arguments.as_slice() else {
        panic!("relay DATA ADDRESS [plain]");
    };
    let is_plain = rest.first().is_some_and(|word| word == "plain");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await.unwrap();
        let mut config = vanguard_tests::site::config(Path::new(data));
        if is_plain {
            config.tls = Tls::Plain;
        }
        let server = Server::start(listener, config).unwrap();
        println!("ready");
        server.run(std::future::pending()).await;
    });
}
