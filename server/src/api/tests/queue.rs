//! What waits for somebody is what they may decide now, and all of it is counted.

use axum::http::StatusCode;
use serde_json::{Value, json};
use vanguard_core::SystemEnv;
use vanguard_core::id::MemberId;
use vanguard_core::keys::SoftwareKey;

use super::site::{Site, site};
use crate::access::Enrolment;

/// How many wait for somebody, by the reason.
async fn waiting(site: &Site, who: MemberId) -> Value {
    let answer = site.get(who, "/queue").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let parts = answer.json()["parts"].as_array().unwrap().clone();
    let counts = parts.iter().map(|part| {
        assert_eq!(part["is_whole"], true);
        (part["why"].as_str().unwrap().into(), part["total"].clone())
    });
    Value::Object(counts.collect())
}

async fn append(site: &Site, who: MemberId, id: &str, event: Value) {
    let done = site.append(who, id, event).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_shown_what_they_may_not_decide() {
    let site = site().await;
    let id = site.report("3号槽北侧灭火器过期").await;
    assert_eq!(waiting(&site, site.worker).await, json!({}));
    assert_eq!(waiting(&site, site.outsider).await, json!({}));
    assert_eq!(waiting(&site, site.officer).await, json!({"grade": 1}));

    let graded = json!({"event": "graded", "grade": "general", "nature": "unsafe_condition", "reason": "核实"});
    append(&site, site.officer, &id, graded).await;
    assert_eq!(waiting(&site, site.officer).await, json!({"assign": 1}));
    let rectified = json!({"event": "rectified", "what": "已更换", "on_the_spot": true});
    append(&site, site.officer, &id, rectified).await;
    // Who rectified does not verify; a Supervisor verifies, and does not close out a General one.
    assert_eq!(waiting(&site, site.officer).await, json!({}));
    assert_eq!(waiting(&site, site.supervisor).await, json!({"verify": 1}));
    let verified = json!({"event": "verified", "conclusion": "合格"});
    append(&site, site.supervisor, &id, verified).await;
    assert_eq!(waiting(&site, site.supervisor).await, json!({}));
    assert_eq!(waiting(&site, site.officer).await, json!({"close": 1}));
}

#[tokio::test(flavor = "multi_thread")]
async fn branches_posts_and_phones_wait_for_those_above() {
    let site = site().await;
    let branch = json!({"name": "技改项目临时党支部", "org_kind": "temporary_branch", "parent": site.committee});
    let proposed = site.post(site.worker, "/organisations", branch).await;
    assert_eq!(proposed.status, StatusCode::CREATED, "{}", proposed.text);
    let post = json!({"name": "天车先锋岗", "code": "XF-9", "post_kind": "vanguard", "holders": [site.worker]});
    let path = format!("/posts?space={}", site.branch);
    let made = site.post(site.admin, &path, post).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let post = made.json()["document"].as_str().unwrap().to_owned();

    let key = SoftwareKey::generate(&SystemEnv);
    let relay = site.app.relay.key().public_key();
    let invite = site.app.access.invite(
        relay,
        "https://relay.example",
        (site.worker, "王强"),
        60_000,
        site.admin,
    );
    let enrolment = Enrolment {
        secret: invite.unwrap().secret,
        public_key: key.public_key(),
        name: "手机".into(),
        code: "123456".into(),
        is_confirmed: false,
    };
    let enrolled = site.app.access.enrol(&enrolment).unwrap();

    assert_eq!(waiting(&site, site.outsider).await, json!({}));
    let supervisors = waiting(&site, site.supervisor).await;
    assert_eq!(
        (&supervisors["name"], &supervisors["approve"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(waiting(&site, site.admin).await["device"], 1);
    let by = site.admin;
    assert!(site.app.access.confirm_device(enrolled.device, by).unwrap());
    assert_eq!(waiting(&site, site.admin).await["device"], Value::Null);

    append(&site, site.supervisor, &post, json!({"event": "named"})).await;
    for day in [20_000, 20_001] {
        let entry = json!({"event": "entry", "day": day, "shift": "day", "done": "点检天车"});
        append(&site, site.worker, &post, entry).await;
    }
    let answer = site.get(site.supervisor, "/queue").await.json();
    let mut parts = answer["parts"].as_array().unwrap().iter();
    let entries = parts.find(|part| part["why"] == "entries").unwrap();
    assert_eq!(
        (&entries["total"], &entries["rows"][0]["entries"]),
        (&json!(1), &json!(2))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_are_counted_also_those_that_are_not_shown() {
    let site = site().await;
    for number in 1..=53 {
        site.report(&format!("隐患 {number}")).await;
    }
    let answer = site.get(site.officer, "/queue").await.json();
    let part = &answer["parts"][0];
    assert_eq!(
        (&part["why"], &part["total"]),
        (&json!("grade"), &json!(53))
    );
    assert_eq!(part["rows"].as_array().unwrap().len(), 50);
}
