//! What operators and tools look at: health, metrics, the API's description, errors.

use axum::http::StatusCode;
use serde_json::Value;
use tokio::net::TcpListener;

use super::super::{Config, ServeError, Server};
use super::{Rig, problem};

#[tokio::test]
async fn health_and_metrics_answer_without_anything_personal() {
    let rig = Rig::plain(|_| {}).await;
    let (enrolled, _) = rig.device().await;
    let health = rig.get("/healthz").await.bytes().await.unwrap();
    let health: Value = serde_json::from_slice(&health).unwrap();
    assert_eq!(health["status"], "ok");
    assert_eq!(health["log_head"], *rig.relay.head().borrow());
    rig.get(&format!("/v1/documents/{}", enrolled.member)).await;
    let metrics = rig.get("/metrics").await.text().await.unwrap();
    for line in [
        "vanguard_requests_total{method=\"POST\",route=\"/v1/enroll\",status=\"200\"} 1",
        "vanguard_devices{state=\"confirmed\"} 1",
        "route=\"/v1/documents/{id}\"",
        "vanguard_received_bytes_total",
        "vanguard_request_duration_seconds_bucket",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    assert!(!metrics.contains(&enrolled.member.to_string()));
    rig.stop().await;
}

#[tokio::test]
async fn problems_are_told_in_the_clients_language() {
    let rig = Rig::plain(|_| {}).await;
    let ask = async |language: &str| -> Value {
        let request = rig.client.get(rig.url("/nothing"));
        let response = request
            .header("accept-language", language)
            .send()
            .await
            .unwrap();
        assert_eq!(
            response.headers().get("x-content-type-options").unwrap(),
            "nosniff"
        );
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    };
    assert_eq!(ask("zh-CN").await["title"], "没有此内容");
    assert_eq!(ask("en-GB").await["title"], "There is nothing here");
    let method = problem(rig.get("/v1/sync").await).await;
    assert_eq!(method, (405, "method-not-allowed".into()));
    let api = problem(rig.get("/api/nothing").await).await;
    assert_eq!(api, (404, "not-found".into()));
    let json = rig.client.post(rig.url("/api/sessions"));
    let json = json.header("content-type", "application/json").body("{");
    let json = problem(json.send().await.unwrap()).await;
    assert_eq!(json, (400, "bad-request".into()));
    rig.stop().await;
}

#[tokio::test]
async fn the_api_describes_itself_compressed_for_who_can_read_it() {
    let rig = Rig::plain(|_| {}).await;
    let request = rig.client.get(rig.url("/api/openapi.json"));
    let response = request
        .header("accept-encoding", "gzip, zstd")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let encoding = response.headers().get("content-encoding").cloned();
    assert_eq!(encoding.unwrap(), "zstd");
    let bytes = response.bytes().await.unwrap();
    let bytes = zstd::decode_all(&bytes[..]).unwrap();
    let description: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(description["openapi"], "3.1.0");
    let paths = description["paths"].as_object().unwrap();
    for path in [
        "/setup",
        "/sessions",
        "/sessions/current",
        "/me",
        "/invites",
        "/devices",
        "/devices/{id}/confirm",
        "/devices/{id}/revoke",
        "/accounts",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
    let page = rig.get("/").await.text().await.unwrap();
    assert!(
        page.contains("先锋"),
        "with the console built into it or without: {page}"
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_is_its_owners_and_one_relays_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("relay");
    let start = async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Server::start(listener, Config::new(&data))
    };
    let first = start().await.unwrap();
    assert!(matches!(start().await, Err(ServeError::Taken)));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&data).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
    first.run(async {}).await;
    start().await.unwrap().run(async {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_of_which_a_part_is_missing_is_not_begun_anew() {
    for (missing, is_fatal) in [
        ("relay.key", true),
        ("log.db", true),
        ("replica.db", false),
        ("blobs.db", false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let start = async || {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            Server::start(listener, Config::new(folder.path()))
        };
        start().await.unwrap().run(async {}).await;
        std::fs::remove_file(folder.path().join(missing)).unwrap();
        match start().await {
            Ok(server) => {
                assert!(!is_fatal, "{missing}");
                server.run(async {}).await;
            }
            Err(error) => {
                assert!(is_fatal && error.to_string().contains(missing), "{error}");
                assert!(!folder.path().join(missing).exists());
            }
        }
    }
}

#[tokio::test]
async fn ten_relays_run_in_one_process() {
    let mut rigs = Vec::new();
    for _ in 0..10 {
        rigs.push(Rig::start(|_| {}).await);
    }
    for rig in &rigs {
        assert_eq!(rig.get("/healthz").await.status(), StatusCode::OK);
    }
    for rig in rigs {
        rig.stop().await;
    }
}
