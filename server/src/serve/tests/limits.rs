//! Slow, silent and greedy clients, and the end of a relay with work in flight.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use vanguard_core::wire;

use super::{Rig, sync_request};

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(5);

async fn connect(rig: &Rig) -> TcpStream {
    TcpStream::connect(rig.ready.address).await.unwrap()
}

/// What the relay says until it hangs up.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A hang-up with unread bytes is a reset: what came before counts.
    let _ = timeout(LONG, stream.read_to_end(&mut bytes)).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn silent_and_slow_clients_are_cut() {
    let rig = Rig::plain(|config| {
        config.limits.header = SHORT;
        config.limits.body_idle = SHORT;
    })
    .await;
    let start = Instant::now();
    let mut silent = connect(&rig).await;
    assert_eq!(rest(&mut silent).await, "");

    let mut slow_head = connect(&rig).await;
    slow_head.write_all(b"GET /healthz HTT").await.unwrap();
    assert_eq!(rest(&mut slow_head).await, "");

    let mut idle = connect(&rig).await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let said = rest(&mut idle).await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");

    let (_, bearer) = rig.device().await;
    let mut slow_body = connect(&rig).await;
    let head = format!(
        "POST /v1/sync HTTP/1.1\r\nhost: x\r\nauthorization: {bearer}\r\n\
         content-type: application/cbor\r\ncontent-length: 100\r\n\r\nx"
    );
    slow_body.write_all(head.as_bytes()).await.unwrap();
    let said = rest(&mut slow_body).await;
    assert!(said.starts_with("HTTP/1.1 408"), "{said}");
    assert!(said.contains("urn:vanguard:problem:too-slow"));
    assert!(start.elapsed() < LONG);
    rig.stop().await;
}

#[tokio::test]
async fn a_client_that_shakes_no_hand_is_cut() {
    let rig = Rig::start(|config| config.limits.handshake = SHORT).await;
    let mut silent = connect(&rig).await;
    assert_eq!(rest(&mut silent).await, "");
    rig.stop().await;
}

#[tokio::test]
async fn a_connection_beyond_the_limit_waits_for_a_place() {
    let rig = Rig::plain(|config| config.limits.connections = 2).await;
    let first = connect(&rig).await;
    let _second = connect(&rig).await;
    sleep(Duration::from_millis(100)).await; // both have taken their places
    let mut third = connect(&rig).await;
    let ask = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    third.write_all(ask).await.unwrap();
    let mut byte = [0];
    assert!(timeout(SHORT, third.read(&mut byte)).await.is_err());
    drop(first);
    assert!(rest(&mut third).await.starts_with("HTTP/1.1 200"));
    rig.stop().await;
}

#[tokio::test]
async fn too_large_a_body_is_refused_before_it_is_sent() {
    let rig = Rig::plain(|_| {}).await;
    let (_, bearer) = rig.device().await;
    let mut stream = connect(&rig).await;
    let head = format!(
        "POST /v1/sync HTTP/1.1\r\nhost: x\r\nauthorization: {bearer}\r\n\
         content-type: application/cbor\r\ncontent-length: 999999999\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let said = rest(&mut stream).await;
    assert!(said.starts_with("HTTP/1.1 413"), "{said}");
    rig.stop().await;
}

#[tokio::test]
async fn what_is_in_flight_when_the_relay_stops_is_answered() {
    let rig = Rig::plain(|_| {}).await;
    let (_, bearer) = rig.device().await;
    let body = wire::encode(&sync_request());
    let mut stream = connect(&rig).await;
    let head = format!(
        "POST /v1/sync HTTP/1.1\r\nhost: x\r\nauthorization: {bearer}\r\n\
         content-type: application/cbor\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body[..4]).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    let address = rig.ready.address;
    let stopping = tokio::spawn(rig.stop());
    sleep(Duration::from_millis(100)).await;
    assert!(
        TcpStream::connect(address).await.is_err(),
        "nothing new is taken"
    );
    stream.write_all(&body[4..]).await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200"));
    timeout(LONG, stopping).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_never_ends_does_not_keep_the_relay_from_stopping() {
    let rig = Rig::plain(|config| config.limits.drain = SHORT).await;
    let (_, bearer) = rig.device().await;
    let mut stream = connect(&rig).await;
    let head = format!(
        "POST /v1/sync HTTP/1.1\r\nhost: x\r\nauthorization: {bearer}\r\n\
         content-type: application/cbor\r\ncontent-length: 100\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    timeout(LONG, rig.stop()).await.unwrap();
}
