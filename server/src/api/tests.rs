//! The review API over a real relay, asked as a browser asks.

mod console;
mod queue;
mod seen;
mod site;
mod writing;

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use vanguard_core::SystemEnv;
use vanguard_core::calendar::Day;
use vanguard_core::model::Author;
use vanguard_core::model::hazard::HazardStatus;
use vanguard_core::model::violation::{Violation, ViolationFields, ViolationKind};

use super::extract::POSITION;
use site::{act, site};

#[tokio::test(flavor = "multi_thread")]
async fn a_hazard_lives_its_life_at_the_console() {
    let site = site().await;
    let id = site.report("3号槽北侧灭火器过期").await;
    let grade = json!({"event": "graded", "grade": "general", "nature": "management_defect", "reason": "漏检"});

    let refused = site.append(site.worker, &id, grade.clone()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
    assert_eq!(refused.json()["refusal"], "role");
    let graded = site.append(site.officer, &id, grade.clone()).await;
    assert_eq!(graded.status, StatusCode::OK, "{}", graded.text);
    let assigned = json!({
        "event": "assigned", "unit": site.unit, "person": {"member": site.worker},
        "mode": "deadline", "deadline_ms": 1_000_000,
    });
    assert_eq!(
        site.append(site.officer, &id, assigned).await.status,
        StatusCode::OK
    );

    let overdue = site
        .get(
            site.worker,
            "/hazards?overdue=true&status=assigned,rectified",
        )
        .await;
    assert_eq!(
        overdue.json()["rows"][0]["id"],
        id.as_str(),
        "{}",
        overdue.text
    );
    assert_eq!(
        site.get(site.outsider, "/hazards").await.json()["rows"],
        json!([])
    );
    let hidden = site.get(site.outsider, &format!("/hazards/{id}")).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    let hidden = site
        .get(site.outsider, &format!("/documents/{id}/history"))
        .await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    let found = site
        .get(site.officer, "/hazards?q=%E7%81%AD%E7%81%AB")
        .await;
    assert_eq!(found.json()["rows"].as_array().unwrap().len(), 1);

    let path = format!("/documents/{id}/fields");
    let edited = site
        .ask(
            site.officer,
            Method::PATCH,
            &path,
            Some(json!({"requirements": "更换"})),
        )
        .await;
    assert_eq!(edited.status, StatusCode::OK, "{}", edited.text);
    for wrong in [
        json!({"colour": "red"}),
        json!({"description": 7}),
        json!({}),
    ] {
        let answer = site
            .ask(site.officer, Method::PATCH, &path, Some(wrong))
            .await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            answer.text
        );
    }

    let rectified = json!({"event": "rectified", "what": "已更换"});
    assert_eq!(
        site.append(site.worker, &id, rectified).await.status,
        StatusCode::OK
    );
    let verified = json!({"event": "verified", "conclusion": "合格"});
    assert_eq!(
        site.append(site.officer, &id, verified).await.status,
        StatusCode::OK
    );
    let closed = site
        .append(site.officer, &id, json!({"event": "closed_out"}))
        .await;
    assert_eq!(closed.status, StatusCode::OK);
    let again = site
        .append(site.officer, &id, json!({"event": "closed_out"}))
        .await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text);
    assert_eq!(
        again.headers[header::CONTENT_TYPE],
        "application/problem+json"
    );
    for wrong in [
        json!({"event": "exploded"}),
        json!({"event": "graded"}),
        json!({}),
    ] {
        let answer = site.append(site.officer, &id, wrong).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            answer.text
        );
    }

    let shown = site.get(site.officer, &format!("/hazards/{id}")).await;
    assert_eq!(
        shown.headers[POSITION],
        closed.json()["position"].to_string()
    );
    let shown = shown.json();
    assert_eq!(shown["state"]["status"], "closed");
    assert_eq!(shown["fields"]["requirements"], "更换");
    let events = shown["events"].as_array().unwrap();
    assert_eq!(events.len(), 6);
    assert_eq!(events[5]["event"], "closed_out");
    assert_eq!(events[5]["role"], "safety_officer");

    let history = site
        .get(site.officer, &format!("/documents/{id}/history"))
        .await
        .json();
    let kinds: Vec<_> = history["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["kind"].clone())
        .collect();
    assert_eq!(
        kinds,
        [
            "create", "append", "append", "edit", "append", "append", "append"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn names_in_violations_are_for_those_who_handle_them() {
    let site = site().await;
    let kind = ViolationKind::OperationViolation;
    let mut fields = ViolationFields::new(kind, "未系安全带", "脱硫塔", "第八条");
    fields.person = Some("周某".into());
    let (id, made) = act::<Violation>(site.branch, &fields);
    let position = site
        .app
        .relay
        .act(Author::OPERATOR, vec![made])
        .await
        .unwrap();
    site.app.relay.replica().wait_for(position).await;
    let path = format!("/violations/{id}");
    for who in [site.officer, site.supervisor] {
        assert_eq!(
            site.get(who, &path).await.json()["fields"]["person"],
            "周某"
        );
        let listed = site.get(who, "/violations").await;
        assert_eq!(listed.json()["rows"].as_array().unwrap().len(), 1);
        assert!(!listed.text.contains("周某"));
    }
    for who in [site.worker, site.outsider] {
        assert_eq!(site.get(who, &path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(site.get(who, "/violations").await.json()["rows"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_go_on_where_the_last_page_ended() {
    let site = site().await;
    let mut ids = BTreeSet::new();
    for number in 0..5 {
        ids.insert(site.report(&format!("隐患{number}")).await);
    }
    let mut found = BTreeSet::new();
    let mut path = "/hazards?limit=2".to_owned();
    loop {
        let page = site.get(site.supervisor, &path).await.json();
        for row in page["rows"].as_array().unwrap() {
            assert!(found.insert(row["id"].as_str().unwrap().to_owned()));
        }
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/hazards?limit=2&after={next}");
    }
    assert_eq!(found, ids);
    for wrong in [
        "/hazards?limit=0",
        "/hazards?limit=201",
        "/hazards?limit=x",
        "/hazards?after=1",
        "/hazards?colour=red",
        "/hazards?zone=x",
        "/hazards?status=burnt",
        "/hazards?from_ms=-1",
        "/ledger?closed_to_ms=-1",
        "/zones?category=A%20B",
        "/statistics/quarterly?year=2026&quarter=5",
        "/statistics/quarterly",
        "/duties?from=2026-02-30",
        "/duties?days=401",
    ] {
        let answer = site.get(site.worker, wrong).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{wrong}: {}",
            answer.text
        );
    }
    let nobody = site
        .router
        .clone()
        .oneshot(Request::get("/api/hazards").body(Body::empty()).unwrap());
    assert_eq!(nobody.await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_and_the_figures_are_there_as_json_and_csv() {
    let site = site().await;
    site.report("=1+1").await;
    let rows = site.get(site.officer, "/ledger").await.json();
    assert_eq!(rows["rows"][0]["inspector"], "王强");
    assert_eq!(rows["rows"][0]["labels"]["status"], "Reported");
    let csv = site
        .ask_for(site.officer, Method::GET, "/ledger", None, "text/csv")
        .await;
    assert_eq!(csv.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    assert!(
        csv.text.starts_with("\u{feff}Number,Inspected at,"),
        "{}",
        csv.text
    );
    assert!(csv.text.contains(",'=1+1,"));

    let overview = site.get(site.officer, "/statistics/overview").await.json();
    assert_eq!(overview["open"], 1);
    let theirs = format!("/statistics/overview?spaces={}", site.branch);
    assert_eq!(site.get(site.outsider, &theirs).await.json()["open"], 0);
    let yearly = site
        .get(site.officer, "/statistics/yearly?year=2001")
        .await
        .json();
    assert_eq!(yearly["closing_rate"], Value::Null);
    let today = Day::at(site.app.env.now_ms());
    let duties = site.get(site.officer, "/duties?days=7").await.json();
    assert_eq!(duties["zones"], json!([]));
    assert_eq!(duties["from"], today.0 - 7);
    assert_eq!(duties["to"], today.0, "today may still be done");
    assert_eq!(
        site.get(site.officer, "/statistics/repeats").await.status,
        StatusCode::OK
    );
    let texts = site.get(site.worker, "/catalogue/zh-CN").await.json();
    assert_eq!(texts["hazard_status"]["closed"], "已销号");
    assert_eq!(
        site.get(site.worker, "/catalogue/fr").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_branch_is_approved_with_its_secretary_and_dissolved() {
    let site = site().await;
    let proposed = json!({"name": "技改项目临时党支部", "org_kind": "temporary_branch", "parent": site.committee});
    let made = site.post(site.worker, "/organisations", proposed).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let id = made.json()["document"].as_str().unwrap().to_owned();
    let path = format!("/organisations/{id}/approve");
    let approval = json!({"secretary": site.outsider});
    let refused = site.post(site.worker, &path, approval.clone()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
    let path = format!("{path}?id={}", SystemEnv::shared().uuid_v7());
    // The second is as if the first one's answer had been lost.
    let approve = || site.post(site.supervisor, &path, approval.clone());
    for approved in [approve().await, approve().await] {
        assert_eq!(approved.status, StatusCode::OK, "{}", approved.text);
    }
    let grants = site
        .get(site.worker, &format!("/grants?member={}", site.outsider))
        .await
        .json();
    let roles = grants["rows"].as_array().unwrap().iter();
    let roles: Vec<&str> = roles
        .map(|grant| grant["fields"]["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["branch_secretary", "member"]);
    let other = json!({"secretary": site.worker});
    let refused = site.post(site.supervisor, &path, other).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    let zone = json!({"name": "脱硫塔", "code": "T1", "zone_kind": "safety"});
    let made = site
        .post(site.outsider, &format!("/zones?space={id}"), zone.clone())
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let refused = site
        .post(
            site.outsider,
            &format!("/zones?space={}", site.branch),
            zone,
        )
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);

    let dissolution = json!({"host": site.other_branch, "reason": "完工"});
    let path = format!(
        "/organisations/{id}/dissolve?id={}",
        SystemEnv::shared().uuid_v7()
    );
    let dissolve = || site.post(site.supervisor, &path, dissolution.clone());
    let (first, second) = tokio::join!(dissolve(), dissolve());
    for dissolved in [first, second, dissolve().await] {
        assert_eq!(dissolved.status, StatusCode::OK, "{}", dissolved.text);
    }
    let shown = site
        .get(site.worker, &format!("/organisations/{id}"))
        .await
        .json();
    assert_eq!(shown["state"]["status"], "dissolved");
    assert_eq!(shown["events"].as_array().unwrap().len(), 2, "{shown}");
    assert_eq!(shown["state"]["host"], site.other_branch.to_string());
}

#[test]
fn the_description_is_whole() {
    let (_, description) = crate::http::openapi::routes();
    let document = serde_json::to_value(&description).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    if let Ok(path) = std::env::var("VANGUARD_OPENAPI_OUT") {
        std::fs::write(path, serde_json::to_string_pretty(&document).unwrap()).unwrap();
    }
    let mut references = BTreeSet::new();
    collect_references(&document, &mut references);
    assert!(references.len() > 60, "{}", references.len());
    for reference in &references {
        let pointer = reference.trim_start_matches('#');
        assert!(
            document.pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
    let mut names = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(
                names.insert(name.to_owned()),
                "two operations are called {name}"
            );
            let responses = operation["responses"].as_object().unwrap();
            let is_told = responses.contains_key("401") || responses.contains_key("default");
            assert!(is_told, "{method} {path} does not say what goes wrong");
        }
    }
    let statuses = &document["components"]["schemas"]["HazardStatus"]["enum"];
    let texts: Vec<&str> = HazardStatus::ALL.iter().map(|s| s.as_str()).collect();
    assert_eq!(
        *statuses,
        json!(texts),
        "the texts, not the variants' names"
    );
    for path in [
        "/hazards/{id}",
        "/documents/{id}/events",
        "/ledger",
        "/duties",
    ] {
        assert!(document["paths"].get(path).is_some(), "{path}");
    }
}

fn collect_references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(reference) if key == "$ref" => {
                        found.insert(reference.clone());
                    }
                    value => collect_references(value, found),
                }
            }
        }
        Value::Array(list) => list
            .iter()
            .for_each(|value| collect_references(value, found)),
        _ => {}
    }
}
