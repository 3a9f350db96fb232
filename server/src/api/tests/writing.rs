//! Requests that are made again because their answer was lost, what goes in together, and imports.

use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;
use vanguard_core::SystemEnv;

use super::site::{Site, site};

fn fresh() -> Uuid {
    SystemEnv::shared().uuid_v7()
}

async fn events_of(site: &Site, id: &str) -> Vec<Value> {
    let record = site.get(site.officer, &format!("/hazards/{id}")).await;
    record.json()["events"].as_array().unwrap().clone()
}

/// A graded hazard that a worker has put right on the spot.
async fn rectified(site: &Site) -> String {
    let id = site.report("3号槽北侧灭火器过期").await;
    for (who, event) in [
        (
            site.officer,
            json!({"event": "graded", "grade": "general", "nature": "unsafe_condition", "reason": "核实"}),
        ),
        (
            site.worker,
            json!({"event": "rectified", "what": "已更换", "on_the_spot": true}),
        ),
    ] {
        let done = site.append(who, &id, event).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    }
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_made_again_appends_nothing_twice() {
    let site = site().await;
    let id = site.report("护栏缺失").await;
    let event = fresh();
    let path = format!("/documents/{id}/events?id={event}");
    let comment = json!({"event": "commented", "text": "已通知车间"});
    // At once, as a browser does whose connection was cut before the answer came.
    let [first, second] = [
        site.post(site.officer, &path, comment.clone()),
        site.post(site.officer, &path, comment.clone()),
    ];
    let (first, second) = tokio::join!(first, second);
    for answer in [
        first,
        second,
        site.post(site.officer, &path, comment.clone()).await,
    ] {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(answer.json()["event"], event.to_string());
    }
    assert_eq!(events_of(&site, &id).await.len(), 2); // the report and the remark

    // Another event, or somebody else's, under the same id is no repetition.
    let other = json!({"event": "commented", "text": "另一条"});
    let refused = site.post(site.officer, &path, other).await;
    assert_eq!(refused.json()["refusal"], "overwrites", "{}", refused.text);
    let refused = site.post(site.worker, &path, comment).await;
    assert_eq!(refused.json()["refusal"], "overwrites", "{}", refused.text);

    let edit = json!({"place": "二号门"});
    let path = format!("/documents/{id}/fields");
    for _ in 0..2 {
        let edited = site
            .ask(site.officer, Method::PATCH, &path, Some(edit.clone()))
            .await;
        assert_eq!(edited.status, StatusCode::OK, "{}", edited.text);
    }
    let history = site
        .get(site.officer, &format!("/documents/{id}/history"))
        .await;
    let changes = history.json()["changes"].as_array().unwrap().len();
    assert_eq!(changes, 3); // reported, remarked, edited
}

#[tokio::test(flavor = "multi_thread")]
async fn verified_and_closed_out_in_one_step_or_not_at_all() {
    let site = site().await;
    let id = rectified(&site).await;
    let path = format!("/documents/{id}/event-batches");
    let step = json!({"events": [
        {"id": fresh(), "event": {"event": "verified", "conclusion": "符合要求"}},
        {"id": fresh(), "event": {"event": "closed_out"}},
    ]});
    // A Supervisor may verify, but not close out a General hazard: neither is done.
    let refused = site.post(site.supervisor, &path, step.clone()).await;
    assert_eq!(refused.json()["refusal"], "role", "{}", refused.text);
    assert_eq!(events_of(&site, &id).await.len(), 3);

    for _ in 0..2 {
        let done = site.post(site.officer, &path, step.clone()).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    }
    let events = events_of(&site, &id).await;
    let names: Vec<&str> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["reported", "graded", "rectified", "verified", "closed_out"]
    );
    let position = |at: usize| events[at]["position"].as_u64().unwrap();
    assert_eq!(position(4), position(3) + 1);

    let none = site.post(site.officer, &path, json!({"events": []})).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
}

fn import(files: &[(&str, &str)], is_preview: bool) -> Value {
    let files: Vec<Value> = files
        .iter()
        .map(|(name, text)| json!({"name": name, "content": BASE64_STANDARD.encode(text)}))
        .collect();
    json!({"files": files, "is_preview": is_preview})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_names_every_bad_row_and_does_nothing_or_all() {
    let site = site().await;
    let members =
        "工号,姓名,所属党组织\n2001,周志远,电解党支部\n2002,,电解党支部\n2003,陈安,没有的支部\n";
    let bad = site
        .post(
            site.admin,
            "/imports",
            import(&[("党员.csv", members)], false),
        )
        .await;
    assert_eq!(bad.status, StatusCode::OK, "{}", bad.text);
    let bad = bad.json();
    assert_eq!(bad["is_done"], false);
    let places: Vec<(&Value, &Value)> = bad["bad"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["row"], &row["column"]))
        .collect();
    assert_eq!(
        places,
        [
            (&json!(3), &json!("姓名")),
            (&json!(4), &json!("所属党组织"))
        ]
    );
    assert_eq!(bad["tables"][0]["rows"][1]["number"], 3);

    // Rows of one file refer to rows of another; the new branch's zone lies in its own new space.
    let files = [
        ("党员.csv", "工号,姓名,所属党组织\n2001,周志远,运输党支部\n"),
        (
            "党组织.csv",
            "党组织名称,类别,上级党组织\n运输党支部,党支部,公司党委\n",
        ),
        (
            "责任区.csv",
            "责任区编号,责任区名称,类别,所属党组织,责任人工号\nZR-9,装车区,安全,运输党支部,2001\n",
        ),
    ];
    let preview = site
        .post(site.admin, "/imports", import(&files, true))
        .await;
    assert_eq!(preview.json()["bad"], json!([]), "{}", preview.text);
    assert_eq!(preview.json()["is_done"], false);
    assert_eq!(preview.json()["counts"].as_array().unwrap().len(), 3);
    let zones = "/zones?q=装车区";
    assert_eq!(site.get(site.admin, zones).await.json()["rows"], json!([]));

    let done = site
        .post(site.admin, "/imports", import(&files, false))
        .await;
    assert_eq!(done.json()["is_done"], true, "{}", done.text);
    let zone = &site.get(site.admin, zones).await.json()["rows"][0];
    assert_eq!(zone["fields"]["code"], "ZR-9");
    assert_eq!(zone["creator"], site.admin.to_string());
    // The same files again find everything there.
    let again = site
        .post(site.admin, "/imports", import(&files, false))
        .await;
    assert_eq!(again.json()["counts"][0]["known"], 1, "{}", again.text);

    let refused = site
        .post(site.worker, "/imports", import(&files, true))
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_judge_an_import_too_and_the_row_is_named() {
    let site = site().await;
    // A top organisation is made by the operator only.
    let files = [("党组织.csv", "党组织名称,类别,上级党组织\n另一党委,党委,\n")];
    let refused = site
        .post(site.admin, "/imports", import(&files, false))
        .await
        .json();
    assert_eq!(refused["is_done"], false);
    assert_eq!(refused["bad"][0]["row"], 2, "{refused}");
    assert!(
        refused["bad"][0]["words"]["zh-CN"]
            .as_str()
            .unwrap()
            .contains("授权")
    );
}
