//! A relay of the bench in a process of its own: this program, started again by a command of its
//! own, which says one line of JSON when it is ready and ends with its standard input.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use vanguard_server::{Config, Server, Tls};

/// The runtime of every process of the bench.
pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// Starts this program by `command` on `data`, and waits for what it says when it is ready.
pub(crate) fn start<R: DeserializeOwned>(
    command: &str,
    data: &Path,
    numbers: &[usize],
) -> (Child, R) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg(command)
        .arg(data)
        .args(numbers.iter().map(ToString::to_string))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let ready = serde_json::from_str(&line).unwrap();
    (child, ready)
}

/// Runs a relay until standard input ends. `begin` fills it, and gives what to say when it is ready
/// and what goes on beside it.
pub(crate) fn serve<R: Serialize>(
    mut config: Config,
    begin: impl AsyncFnOnce(&Server) -> (R, JoinSet<()>),
) {
    config.tls = Tls::Plain;
    runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server::start(listener, config).unwrap();
        let (ready, mut beside) = begin(&server).await;
        println!("{}", serde_json::to_string(&ready).unwrap());
        std::io::stdout().flush().unwrap();
        let ended = tokio::task::spawn_blocking(|| {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
        });
        server
            .run(async {
                let _ = ended.await;
                beside.abort_all();
            })
            .await;
    });
}
