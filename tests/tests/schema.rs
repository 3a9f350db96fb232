//! The API does what its own OpenAPI document says: schemathesis tries every operation with
//! generated input, good and bad, against a running relay with an organisation in it.

#![allow(clippy::unwrap_used, missing_docs)]

use std::process::Command;

use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use vanguard_core::SystemEnv;
use vanguard_server::{Config, Server, Tls, import};

const PASSWORD: &str = "安全生产人人有责2026";

async fn post(client: &Client, url: String, cookie: &str, body: Value) -> reqwest::Response {
    let response = client
        .post(url)
        .header(CONTENT_TYPE, "application/json")
        .header("Sec-Fetch-Site", "same-origin")
        .header(COOKIE, cookie)
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    let status = response.status();
    assert!(
        status.is_success(),
        "{status}: {}",
        response.text().await.unwrap()
    );
    response
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_keeps_to_its_own_description() {
    let Some(schemathesis) = std::env::var_os("SCHEMATHESIS") else {
        panic!("SCHEMATHESIS must name the program: run `cargo xtask test openapi`");
    };
    let directory = tempfile::tempdir().unwrap();
    let mut config = Config::new(directory.path().join("relay"));
    config.tls = Tls::Plain;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::start(listener, config).unwrap();
    let (relay, ready) = (server.relay(), server.ready().clone());
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(server.run(async move {
        let _ = stopped.await;
    }));

    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/samples");
    let files: Vec<_> = std::fs::read_dir(samples)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "csv"))
        .collect();
    import::run(&relay, &files, &SystemEnv).await.unwrap();

    let client = vanguard_tests::plain_client();
    let (url, setup) = (ready.public_url, ready.setup_url.unwrap());
    let (_, token) = setup.split_once("token=").unwrap();
    let administrator = json!({
        "token": token, "organisation": "厂党委", "name": "陈安", "number": "90001",
        "password": PASSWORD,
    });
    post(&client, format!("{url}/api/setup"), "", administrator).await;
    let sign_in = json!({"number": "90001", "password": PASSWORD});
    let signed_in = post(&client, format!("{url}/api/sessions"), "", sign_in).await;
    let cookie = signed_in.headers()[SET_COOKIE].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();

    let described = format!("{url}/api/openapi.json");
    let checked = tokio::task::spawn_blocking(move || {
        Command::new(schemathesis)
            .args(["run", &described])
            .args(["--header", &format!("Cookie: {cookie}")])
            .args(["--header", "Sec-Fetch-Site: same-origin"])
            .args(["--seed", "2026", "--max-examples", "20", "--workers", "2"])
            // Signing out would end the session that all the others need.
            .args(["--exclude-path", "/sessions/current"])
            .args(["--exclude-operation-id", "sign_out_everywhere"])
            .args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance"])
            .args(["--suppress-health-check", "all", "--no-color"])
            .status()
            .unwrap()
    });
    let status = checked.await.unwrap();
    stop.send(()).unwrap();
    running.await.unwrap();
    assert!(status.success(), "schemathesis: {status}");
}
