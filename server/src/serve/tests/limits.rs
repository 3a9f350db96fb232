//! Slow, silent and greedy clients, and the end of a relay with work in flight.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use vanguard_core::wire::{self, SyncRequest};

use super::Rig;

const SHORT: Duration = Duration::from_secs(1);
/// No limit of a test: whatever hangs ends some day.
const LONG: Duration = Duration::from_mins(1);

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

/// Asks for the relay's health on a connection that stays.
async fn is_served(stream: &mut TcpStream) {
    let ask = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(ask).await.unwrap();
    is_told(stream, "HTTP/1.1 200").await;
}

/// Waits until the relay says something that begins so.
async fn is_told(stream: &mut TcpStream, beginning: &str) {
    let mut said = vec![0; beginning.len()];
    let read = timeout(LONG, stream.read_exact(&mut said)).await;
    read.unwrap().unwrap();
    assert_eq!(String::from_utf8_lossy(&said), beginning);
}

/// Begins a sync of so many bytes, whose handler then waits for them.
async fn begin_sync(stream: &mut TcpStream, bearer: &str, length: usize) {
    let head = format!(
        "POST /v1/sync HTTP/1.1\r\nhost: x\r\nauthorization: {bearer}\r\n\
         content-type: application/cbor\r\ncontent-length: {length}\r\n\
         expect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    is_told(stream, "HTTP/1.1 100 Continue\r\n\r\n").await;
}

#[tokio::test]
async fn silent_and_slow_clients_are_cut() {
    let rig = Rig::plain(|config| {
        config.limits.header = SHORT;
        config.limits.body_idle = SHORT;
    })
    .await;
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
    begin_sync(&mut slow_body, &bearer, 100).await;
    slow_body.write_all(b"x").await.unwrap();
    let said = rest(&mut slow_body).await;
    assert!(said.starts_with("HTTP/1.1 408"), "{said}");
    assert!(said.contains("urn:vanguard:problem:too-slow"));
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
    let mut first = connect(&rig).await;
    is_served(&mut first).await;
    let mut second = connect(&rig).await;
    is_served(&mut second).await;
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
    let body = wire::encode(&SyncRequest::default());
    let mut stream = connect(&rig).await;
    begin_sync(&mut stream, &bearer, body.len()).await;
    stream.write_all(&body[..4]).await.unwrap();
    let address = rig.ready.address;
    let stopping = tokio::spawn(rig.stop());
    // Nothing new is taken from now on.
    while TcpStream::connect(address).await.is_ok() {}
    stream.write_all(&body[4..]).await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200"));
    timeout(LONG, stopping).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_never_ends_does_not_keep_the_relay_from_stopping() {
    let rig = Rig::plain(|config| config.limits.drain = SHORT).await;
    let (_, bearer) = rig.device().await;
    let mut stream = connect(&rig).await;
    begin_sync(&mut stream, &bearer, 100).await;
    timeout(LONG, rig.stop()).await.unwrap();
}
