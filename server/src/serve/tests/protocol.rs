//! Enrolment, sync, news and documents, over TLS with the pinned key.

use std::io::Write as _;
use std::time::Duration;

use axum::http::StatusCode;
use futures_util::StreamExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use vanguard_core::SystemEnv;
use vanguard_core::id::MemberId;
use vanguard_core::keys::{SoftwareKey, hex};
use vanguard_core::wire::{self, LiveNews, SyncRequest, SyncResponse};

use super::{Rig, enrol_request, pinned, problem};

#[tokio::test]
async fn a_phone_enrols_is_confirmed_syncs_and_is_revoked() {
    let rig = Rig::start(|_| {}).await;
    assert!(rig.ready.public_url.starts_with("https://127.0.0.1:"));
    let member = rig.member("1001", "王建国").await;
    let invite = rig.invite(member);
    let key = SoftwareKey::generate(&SystemEnv);
    let enrolled = rig.enrol(&invite, &key).await;
    assert_eq!(enrolled.member, member);
    assert!(!enrolled.is_confirmed);

    let bearer = format!("Bearer {}", hex(&enrolled.credential));
    let sync = || {
        let request = rig.post_cbor("/v1/sync", wire::encode(&SyncRequest::default()));
        request.header("authorization", bearer.clone()).send()
    };
    let refused = problem(sync().await.unwrap()).await;
    assert_eq!(refused, (403, "device-unconfirmed".into()));
    let by = MemberId::OPERATOR;
    rig.access.confirm_device(enrolled.device, by).unwrap();
    let response = sync().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let bytes = response.bytes().await.unwrap();
    let answer: SyncResponse = wire::decode(&bytes).unwrap();
    assert!(answer.relay_time_ms > 0);
    let row = rig.access.device(enrolled.device).unwrap().unwrap();
    assert!(row.first_sync_at_ms.is_some());

    rig.access.revoke_device(enrolled.device, by).unwrap();
    let refused = problem(sync().await.unwrap()).await;
    assert_eq!(refused, (403, "device-revoked".into()));
    rig.stop().await;
}

#[tokio::test]
async fn a_client_that_pins_another_key_does_not_connect() {
    let rig = Rig::start(|_| {}).await;
    let other = SoftwareKey::generate(&SystemEnv).public_key();
    let sent = pinned::client(&other).get(rig.url("/healthz")).send().await;
    assert!(sent.is_err());
    rig.stop().await;
}

#[tokio::test]
async fn enrolment_says_why_it_refuses() {
    let rig = Rig::plain(|config| config.auto_confirm = true).await;
    let member = rig.member("1001", "王建国").await;
    let invite = rig.invite(member);
    let key = SoftwareKey::generate(&SystemEnv);
    let send = |request| rig.post_cbor("/v1/enroll", wire::encode(&request)).send();

    let mut forged = enrol_request(&invite, &key);
    forged.public_key = SoftwareKey::generate(&SystemEnv).public_key();
    let refused = problem(send(forged).await.unwrap()).await;
    assert_eq!(refused, (403, "bad-signature".into()));

    let mut old = enrol_request(&invite, &key);
    old.protocol = 0;
    let refused = problem(send(old).await.unwrap()).await;
    assert_eq!(refused, (426, "client-too-old".into()));

    assert!(rig.enrol(&invite, &key).await.is_confirmed);
    let other = enrol_request(&invite, &SoftwareKey::generate(&SystemEnv));
    let refused = problem(send(other).await.unwrap()).await;
    assert_eq!(refused, (409, "invite-used".into()));

    let mut guess = invite.clone();
    for tries in 0..60_u8 {
        guess.secret = [tries; 32];
        let answer = send(enrol_request(&guess, &key)).await.unwrap();
        if problem(answer).await.0 == 429 {
            assert!(tries >= 50);
            return rig.stop().await;
        }
    }
    panic!("guessing was not slowed");
}

#[tokio::test]
async fn bad_bodies_are_turned_away_at_the_door() {
    let rig = Rig::plain(|_| {}).await;
    let (_, bearer) = rig.device().await;
    let post = |encoding: &'static str, body: Vec<u8>| {
        let request = rig.post_cbor("/v1/sync", body);
        let request = request.header("content-encoding", encoding);
        request.header("authorization", bearer.clone()).send()
    };
    let zeros = vec![0; wire::BODY_LIMIT_BYTES + 1];
    let bomb = zstd::encode_all(&zeros[..], 3).unwrap();
    assert!(bomb.len() < 10_000);
    assert_eq!(
        problem(post("zstd", bomb).await.unwrap()).await.1,
        "too-large"
    );
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&zeros).unwrap();
    let bomb = gzip.finish().unwrap();
    assert_eq!(
        problem(post("gzip", bomb).await.unwrap()).await.1,
        "too-large"
    );
    let other = post("br", vec![1]).await.unwrap();
    assert_eq!(problem(other).await, (415, "unsupported-media-type".into()));
    let noise = post("identity", vec![0xff; 64]).await.unwrap();
    assert_eq!(problem(noise).await, (400, "bad-request".into()));

    let good = wire::encode(&SyncRequest::default());
    let good = zstd::encode_all(&good[..], 3).unwrap();
    assert_eq!(post("zstd", good).await.unwrap().status(), StatusCode::OK);
    let old = SyncRequest {
        protocol: 0,
        ..SyncRequest::default()
    };
    let old = post("identity", wire::encode(&old)).await.unwrap();
    assert_eq!(problem(old).await, (426, "client-too-old".into()));

    let stranger = rig.post_cbor("/v1/sync", wire::encode(&SyncRequest::default()));
    let stranger = stranger.header("authorization", format!("Bearer {}", "00".repeat(32)));
    let refused = problem(stranger.send().await.unwrap()).await;
    assert_eq!(refused, (401, "credential-unknown".into()));
    rig.stop().await;
}

#[tokio::test]
async fn a_listener_hears_that_the_log_grew_and_that_the_relay_stops() {
    let rig = Rig::plain(|_| {}).await;
    let (_, bearer) = rig.device().await;
    let url = rig.url("/v1/live").replace("http://", "ws://");
    let mut request = url.into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("authorization", bearer.parse().unwrap());
    let stream = TcpStream::connect(rig.ready.address).await.unwrap();
    let opened = tokio_tungstenite::client_async(request, stream).await;
    let (mut socket, _) = opened.unwrap();

    let mut hear = async || loop {
        let message = timeout(Duration::from_mins(1), socket.next()).await;
        match message.unwrap() {
            Some(Ok(Message::Binary(bytes))) => {
                let news: LiveNews = wire::decode(&bytes).unwrap();
                break Some(news.head);
            }
            Some(Ok(Message::Close(_))) | None => break None,
            Some(Ok(_)) => {}
            Some(Err(error)) => panic!("{error}"),
        }
    };
    let start = hear().await.unwrap();
    assert_eq!(start, *rig.relay.head().borrow());
    rig.member("1002", "李秀英").await;
    rig.member("1003", "张伟").await;
    let end = *rig.relay.head().borrow();
    let mut heard = hear().await.unwrap();
    if heard < end {
        heard = hear().await.unwrap();
    }
    assert_eq!(heard, end);
    let stopping = rig.stop();
    let ((), last) = tokio::join!(stopping, hear());
    assert_eq!(last, None);
}

#[tokio::test]
async fn a_document_is_given_to_a_device_and_to_nobody_else() {
    let rig = Rig::plain(|_| {}).await;
    let (enrolled, bearer) = rig.device().await;
    let path = format!("/v1/documents/{}", enrolled.member);
    let get = |path: &str| {
        let request = rig.client.get(rig.url(path));
        request.header("authorization", bearer.clone()).send()
    };
    let response = get(&path).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        response.headers().get("content-type").unwrap(),
        "application/octet-stream"
    );
    let absent = get("/v1/documents/0198c1a0-0000-7000-8000-000000000000").await;
    assert_eq!(problem(absent.unwrap()).await, (404, "not-found".into()));
    let nonsense = get("/v1/documents/x").await.unwrap();
    assert_eq!(problem(nonsense).await, (404, "not-found".into()));
    let nobody = problem(rig.get(&path).await).await;
    assert_eq!(nobody, (401, "sign-in-needed".into()));
    rig.stop().await;
}
