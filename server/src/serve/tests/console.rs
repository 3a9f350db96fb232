//! The first administrator, sessions, and devices in the console's hand.

use axum::http::StatusCode;
use reqwest::Response;
use serde_json::{Value, json};
use vanguard_core::SystemEnv;
use vanguard_core::invite::{Invite, confirmation_code};
use vanguard_core::keys::SoftwareKey;

use super::{Rig, problem};

async fn post(rig: &Rig, path: &str, cookie: &str, body: Value) -> Response {
    let request = rig.client.post(rig.url(path)).json(&body);
    request.header("cookie", cookie).send().await.unwrap()
}

async fn get(rig: &Rig, path: &str, cookie: &str) -> Response {
    let request = rig.client.get(rig.url(path));
    request.header("cookie", cookie).send().await.unwrap()
}

async fn body(response: Response) -> Value {
    assert!(response.status().is_success(), "{}", response.status());
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

const PASSWORD: &str = "安全生产人人有责2026";

fn setup_body(rig: &Rig) -> Value {
    let url = rig.ready.setup_url.clone().unwrap();
    let (_, token) = url.split_once("token=").unwrap();
    json!({
        "token": token, "organisation": "厂党委", "name": "陈安", "number": "1002",
        "password": PASSWORD,
    })
}

/// Makes the first administrator, signs them in, and gives the cookie.
async fn administrator(rig: &Rig) -> String {
    let made = post(rig, "/api/setup", "", setup_body(rig)).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let sign_in = json!({"number": "1002", "password": PASSWORD});
    let signed_in = post(rig, "/api/sessions", "", sign_in).await;
    assert_eq!(signed_in.status(), StatusCode::CREATED);
    let cookie = signed_in.headers().get("set-cookie").unwrap();
    let cookie = cookie.to_str().unwrap();
    for attribute in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_printed_link_makes_the_first_administrator_once() {
    let rig = Rig::start(|_| {}).await;
    let url = rig.ready.setup_url.clone().unwrap();
    let page = rig.client.get(&url).send().await.unwrap();
    let policy = page
        .headers()
        .get("content-security-policy")
        .unwrap()
        .clone();
    assert!(policy.to_str().unwrap().starts_with("default-src 'none'"));
    let html = page.text().await.unwrap();
    assert!(html.contains("首位管理员") && html.contains("First administrator"));
    assert!(!html.contains("src=") && !html.contains("{nonce}"));

    let mut weak = setup_body(&rig);
    weak["password"] = "short".into();
    let refused = post(&rig, "/api/setup", "", weak).await;
    assert_eq!(problem(refused).await, (422, "invalid".into()));
    let cookie = administrator(&rig).await;
    let again = post(&rig, "/api/setup", "", setup_body(&rig)).await;
    assert_eq!(problem(again).await, (410, "setup-used".into()));
    let page = rig.client.get(&url).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::GONE);

    let me = body(get(&rig, "/api/me", &cookie).await).await;
    assert_eq!(me["name"], "陈安");
    assert_eq!(me["grants"][0]["role"], "admin");
    rig.stop().await;
}

#[tokio::test]
async fn a_screen_in_the_hall_only_looks() {
    let rig = Rig::start(|_| {}).await;
    let desk = administrator(&rig).await;
    assert_eq!(
        body(get(&rig, "/api/me", &desk).await).await["is_hall"],
        false
    );
    let made = post(&rig, "/api/sessions/hall", &desk, json!({})).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let cookie = made.headers().get("set-cookie").unwrap().to_str().unwrap();
    assert!(cookie.contains("Max-Age=7948800"), "{cookie}"); // 92 days
    let hall = cookie.split(';').next().unwrap().to_owned();
    // The session that it came from is over.
    let me = get(&rig, "/api/me", &desk).await;
    assert_eq!(problem(me).await, (401, "sign-in-needed".into()));
    assert_eq!(
        body(get(&rig, "/api/me", &hall).await).await["is_hall"],
        true
    );
    body(get(&rig, "/api/statistics/overview", &hall).await).await;
    let invite = json!({"number": "1002"});
    for (path, said) in [
        ("/api/invites", invite),
        (
            "/api/units",
            json!({"name": "车间", "unit_kind": "workshop"}),
        ),
        ("/api/sessions/hall", json!({})),
    ] {
        let refused = post(&rig, path, &hall, said).await;
        assert_eq!(problem(refused).await, (403, "forbidden".into()), "{path}");
    }
    let records = get(&rig, "/api/violations", &hall).await;
    assert_eq!(problem(records).await, (403, "forbidden".into()));
    // Nobody makes a session that acts of it, and it can be ended where it is.
    let stripped = hall.replace("hall-", "");
    let me = get(&rig, "/api/me", &stripped).await;
    assert_eq!(problem(me).await, (401, "sign-in-needed".into()));
    let out = rig.client.delete(rig.url("/api/sessions/current"));
    let out = out.header("cookie", &hall).send().await.unwrap();
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    let me = get(&rig, "/api/me", &hall).await;
    assert_eq!(problem(me).await, (401, "sign-in-needed".into()));
    rig.stop().await;
}

#[tokio::test]
async fn a_session_ends_with_sign_out_and_guessing_is_slowed() {
    let rig = Rig::start(|_| {}).await;
    let cookie = administrator(&rig).await;
    let out = rig.client.delete(rig.url("/api/sessions/current"));
    let out = out.header("cookie", &cookie).send().await.unwrap();
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    let me = get(&rig, "/api/me", &cookie).await;
    assert_eq!(problem(me).await, (401, "sign-in-needed".into()));

    let guess = json!({"number": "1002", "password": "我猜我猜我猜猜猜"});
    // The first pause is a second: on a slow machine it is over before the next guess is made, and
    // only the next one, which is twice as long, is met.
    let mut guesses = 0;
    let slowed = loop {
        let answer = post(&rig, "/api/sessions", "", guess.clone()).await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            break answer;
        }
        assert_eq!(problem(answer).await, (401, "sign-in-failed".into()));
        guesses += 1;
        assert!(guesses < 15, "guessing was not slowed");
    };
    assert!(guesses >= 5, "people mistype: {guesses}");
    assert!(slowed.headers().contains_key("retry-after"));
    assert_eq!(problem(slowed).await, (429, "too-many-tries".into()));
    // Another account from the same address is not locked out.
    let other = json!({"number": "9999", "password": PASSWORD});
    let answer = post(&rig, "/api/sessions", "", other).await;
    assert_eq!(problem(answer).await, (401, "sign-in-failed".into()));
    rig.stop().await;
}

#[tokio::test]
async fn everybody_changes_their_own_password_with_the_present_one() {
    let rig = Rig::start(|_| {}).await;
    let cookie = administrator(&rig).await;
    let next = "每班巡查两遍不打折扣";
    let change = |current: &str| {
        let body = json!({"current": current, "password": next});
        let request = rig.client.put(rig.url("/api/me/password"));
        request
            .header("content-type", "application/json")
            .header("sec-fetch-site", "same-origin")
            .header("cookie", &cookie)
            .body(body.to_string())
            .send()
    };
    let wrong = change("我猜我猜我猜猜猜").await.unwrap();
    assert_eq!(problem(wrong).await, (422, "invalid".into()));
    // Not even an administrator gives it to themselves without the present one.
    let own = json!({"number": "1002", "password": next});
    let own = post(&rig, "/api/accounts", &cookie, own).await;
    assert_eq!(problem(own).await, (422, "invalid".into()));
    assert_eq!(get(&rig, "/api/me", &cookie).await.status(), StatusCode::OK);

    let changed = change(PASSWORD).await.unwrap();
    assert_eq!(changed.status(), StatusCode::CREATED);
    let fresh = changed.headers()["set-cookie"].to_str().unwrap().to_owned();
    let fresh = fresh.split(';').next().unwrap();
    assert_eq!(get(&rig, "/api/me", fresh).await.status(), StatusCode::OK);
    let before = get(&rig, "/api/me", &cookie).await;
    assert_eq!(problem(before).await, (401, "sign-in-needed".into()));
    for (password, status) in [(PASSWORD, 401), (next, 201)] {
        let sign_in = json!({"number": "1002", "password": password});
        let answer = post(&rig, "/api/sessions", "", sign_in).await;
        assert_eq!(answer.status(), status);
    }
    rig.stop().await;
}

/// Guesses a password through a proxy that names such clients, until guessing is slowed; never, if
/// it is not.
async fn guesses_until_slowed(rig: &Rig, clients: impl Fn(u32) -> String) -> Option<u32> {
    for number in 0..15 {
        let guess = json!({"number": "1002", "password": "我猜我猜我猜猜猜"});
        let guess = rig
            .client
            .post(rig.url("/api/sessions"))
            .header("content-type", "application/json")
            .header("sec-fetch-site", "same-origin")
            .header("x-forwarded-for", clients(number))
            .body(guess.to_string());
        if guess.send().await.unwrap().status() == StatusCode::TOO_MANY_REQUESTS {
            return Some(number);
        }
    }
    None
}

#[tokio::test]
async fn a_proxys_clients_are_slowed_one_by_one() {
    let many = |number| format!("192.0.2.{number}");
    let rig = Rig::start(|config| config.proxy = Some([127, 0, 0, 1].into())).await;
    administrator(&rig).await;
    assert_eq!(guesses_until_slowed(&rig, many).await, None);
    // What stands before the proxy's own word, anybody may have written.
    let one = |number| format!("192.0.2.{number}, 192.0.2.77");
    assert!(guesses_until_slowed(&rig, one).await.is_some());
    rig.stop().await;

    // Another's word is not believed.
    let rig = Rig::start(|config| config.proxy = Some([10, 0, 0, 7].into())).await;
    administrator(&rig).await;
    assert!(guesses_until_slowed(&rig, many).await.is_some());
    rig.stop().await;
}

#[tokio::test]
async fn an_administrator_invites_confirms_and_revokes() {
    let rig = Rig::start(|_| {}).await;
    let cookie = administrator(&rig).await;
    rig.member("1003", "王建国").await;
    let nobody = post(&rig, "/api/invites", &cookie, json!({"number": "x"})).await;
    assert_eq!(problem(nobody).await, (422, "invalid".into()));
    let made = post(&rig, "/api/invites", &cookie, json!({"number": "1003"})).await;
    let made = body(made).await;
    let invite = Invite::parse(made["text"].as_str().unwrap()).unwrap();
    assert_eq!(invite.relay_key, rig.ready.relay_key);
    assert_eq!(invite.relay_url, rig.ready.public_url);
    let key = SoftwareKey::generate(&SystemEnv);
    rig.enrol(&invite, &key).await;

    let devices = body(get(&rig, "/api/devices", &cookie).await).await;
    assert_eq!(devices[0]["status"], "unconfirmed");
    let code = confirmation_code(&invite.relay_key, &invite.secret, &key.public_key());
    assert_eq!(devices[0]["code"], code);
    let path = format!("/api/devices/{}", devices[0]["id"].as_str().unwrap());
    let confirm = format!("{path}/confirm");
    let wrong = post(&rig, &confirm, &cookie, json!({"code": "0000000"})).await;
    assert_eq!(problem(wrong).await, (409, "code-mismatch".into()));
    let right = post(&rig, &confirm, &cookie, json!({"code": code})).await;
    assert_eq!(right.status(), StatusCode::NO_CONTENT);
    let revoked = post(&rig, &format!("{path}/revoke"), &cookie, json!({})).await;
    assert_eq!(revoked.status(), StatusCode::NO_CONTENT);
    let devices = body(get(&rig, "/api/devices", &cookie).await).await;
    assert_eq!(devices[0]["status"], "revoked");
    assert_eq!(devices[0]["code"], Value::Null);
    rig.stop().await;
}

#[tokio::test]
async fn a_member_without_a_role_manages_nobody_elses_devices() {
    let rig = Rig::start(|_| {}).await;
    let admin = administrator(&rig).await;
    rig.member("1003", "王建国").await;
    let account = json!({"number": "1003", "password": PASSWORD});
    let made = post(&rig, "/api/accounts", &admin, account.clone()).await;
    assert_eq!(made.status(), StatusCode::NO_CONTENT);
    let signed_in = post(&rig, "/api/sessions", "", account).await;
    let cookie = signed_in
        .headers()
        .get("set-cookie")
        .unwrap()
        .to_str()
        .unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let other = post(&rig, "/api/invites", &cookie, json!({"number": "1002"})).await;
    assert_eq!(problem(other).await, (403, "forbidden".into()));
    let own = post(&rig, "/api/invites", &cookie, json!({"number": "1003"})).await;
    assert_eq!(own.status(), StatusCode::CREATED);
    let account = json!({"number": "1002", "password": PASSWORD});
    let taken = post(&rig, "/api/accounts", &cookie, account).await;
    assert_eq!(problem(taken).await, (403, "forbidden".into()));
    rig.stop().await;
}

#[tokio::test]
async fn another_sites_page_changes_nothing() {
    let rig = Rig::start(|_| {}).await;
    let cookie = administrator(&rig).await;
    let request = rig
        .client
        .post(rig.url("/api/invites"))
        .json(&json!({"number": "1002"}));
    let request = request.header("cookie", &cookie);
    let evil = request
        .header("origin", "https://evil.example")
        .send()
        .await;
    assert_eq!(problem(evil.unwrap()).await, (403, "cross-origin".into()));
    let form = rig.client.post(rig.url("/api/invites")).body("number=1002");
    let form = form
        .header("content-type", "text/plain")
        .header("cookie", &cookie);
    let form = form.send().await.unwrap();
    assert_eq!(problem(form).await, (415, "unsupported-media-type".into()));
    rig.stop().await;
}
