//! What the console asks for besides records: what may be done, the ledger as a workbook, figures
//! day by day, one-time links.

use axum::http::{Method, StatusCode, header};
use calamine::{Data, Reader as _};
use serde_json::{Value, json};
use vanguard_core::id::MemberId;

use super::site::{Site, site};
use crate::access::Session;

/// The refusals of a record's actions by event and case; null where it may be done.
async fn refusals(site: &Site, who: MemberId, id: &str) -> Value {
    let answer = site.get(who, &format!("/documents/{id}/actions")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let answer = answer.json();
    let actions = answer["actions"].as_array().unwrap().iter();
    let named = actions.map(|action| {
        let case = action["case"].as_str().map(|case| format!(".{case}"));
        let name = format!(
            "{}{}",
            action["event"].as_str().unwrap(),
            case.unwrap_or_default()
        );
        (name, action["refusal"].clone())
    });
    Value::Object(named.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_offered_is_what_is_allowed() {
    let site = site().await;
    let id = site.report("3号槽北侧灭火器过期").await;
    let workers = refusals(&site, site.worker, &id).await;
    assert_eq!(workers["graded.general"], "role");
    assert_eq!(workers["commented"], Value::Null);
    assert_eq!(workers["edit"], Value::Null);
    let officers = refusals(&site, site.officer, &id).await;
    assert_eq!(officers["graded.major"], Value::Null);
    assert_eq!(officers["assigned"], "status");
    assert_eq!(officers["verified.and_closed_out"], "status");

    for event in [
        json!({"event": "graded", "grade": "general", "nature": "unsafe_condition", "reason": "核实"}),
        json!({"event": "rectified", "what": "已更换", "on_the_spot": true}),
    ] {
        let done = site.append(site.worker, &id, event.clone()).await;
        let done = match done.status {
            StatusCode::OK => done,
            _ => site.append(site.officer, &id, event).await,
        };
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    }
    let officers = refusals(&site, site.officer, &id).await;
    assert_eq!(officers["verified.and_closed_out"], Value::Null);
    // Of many together it is said which allow what; of those that are out of sight, nothing.
    let other = site.report("护栏缺失").await;
    let chosen = json!({"documents": [id, other, uuid::Uuid::nil()]});
    let offered = async |who, event: &str, case: Option<&str>| {
        let offers = site.post(who, "/actions", chosen.clone()).await.json();
        let mut offers = offers["offers"].as_array().unwrap().clone().into_iter();
        let offer = offers.find(|it| it["event"] == event && it["case"] == json!(case));
        offer.map_or(json!([]), |offer| offer["documents"].clone())
    };
    let officer = site.officer;
    assert_eq!(
        offered(officer, "commented", None).await,
        json!([id, other])
    );
    assert_eq!(
        offered(officer, "rectified", Some("on_the_spot")).await,
        json!([other])
    );
    let close = Some("and_closed_out");
    assert_eq!(offered(officer, "verified", close).await, json!([id]));
    assert_eq!(offered(site.worker, "verified", None).await, json!([]));
    assert_eq!(offered(site.outsider, "commented", None).await, json!([]));
    let many = json!({"documents": vec![&id; 1_001]});
    let refused = site.post(officer, "/actions", many).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    // A Supervisor verifies, but does not close out a General hazard.
    let supervisors = refusals(&site, site.supervisor, &id).await;
    assert_eq!(supervisors["verified"], Value::Null);
    assert_eq!(supervisors["verified.and_closed_out"], "role");
    let path = format!("/documents/{id}/actions");
    let hidden = site.get(site.outsider, &path).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_is_a_workbook_with_real_dates() {
    let site = site().await;
    let id = site.report("=1+1").await;
    let sheet = site
        .ask_for(
            site.officer,
            Method::GET,
            "/ledger",
            None,
            crate::api::workbook::MEDIA,
        )
        .await;
    assert_eq!(sheet.status, StatusCode::OK, "{}", sheet.text);
    let mut book: calamine::Xlsx<_> =
        calamine::open_workbook_from_rs(std::io::Cursor::new(sheet.bytes)).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    assert_eq!(range.height(), 2);
    assert_eq!(
        range.get((0, 1)),
        Some(&Data::String("Inspected at".into()))
    );
    assert!(matches!(range.get((1, 1)), Some(Data::DateTime(_))));
    // A text, not a formula.
    assert_eq!(range.get((1, 6)), Some(&Data::String("=1+1".into())));

    let row = site.get(site.worker, &format!("/ledger/{id}")).await.json();
    assert_eq!(row["description"], "=1+1");
    assert_eq!(row["inspector"], "王强");
    let hidden = site.get(site.outsider, &format!("/ledger/{id}")).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_day_asked_for_is_in_the_trend() {
    let site = site().await;
    site.report("护栏缺失").await;
    let trend = site
        .get(site.officer, "/statistics/trend?days=5")
        .await
        .json();
    let days = trend["days"].as_array().unwrap();
    assert_eq!(days.len(), 5);
    // Yesterday, where midnight passed since.
    let reported = |day: usize| days[day]["reported"].as_u64().unwrap();
    assert_eq!(reported(3) + reported(4), 1);
    let theirs = site
        .get(site.outsider, "/statistics/trend?days=1")
        .await
        .json();
    assert_eq!(theirs["days"][0]["reported"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_signs_in_once_and_signing_out_everywhere_ends_every_session() {
    let site = site().await;
    let session = Session {
        member: site.officer,
        number: "李敏".into(),
        name: "李敏".into(),
    };
    let token = site
        .app
        .access
        .create_sign_in_link(&session, 60_000)
        .unwrap();
    let late = site.app.access.create_sign_in_link(&session, 0).unwrap();
    let link = |token: &str| json!({"token": token});
    let first = site.post(site.worker, "/sessions/link", link(&token)).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    assert_eq!(first.json()["name"], "李敏");
    assert!(first.headers.contains_key(header::SET_COOKIE));
    for used in [token.as_str(), late.as_str(), "", "x"] {
        let again = site.post(site.worker, "/sessions/link", link(used)).await;
        assert_eq!(again.status, StatusCode::GONE, "{used}: {}", again.text);
    }
    let other = site.app.access.create_session(&session).unwrap();
    let out = site
        .ask(site.officer, Method::DELETE, "/sessions", None)
        .await;
    assert_eq!(out.status, StatusCode::NO_CONTENT, "{}", out.text);
    assert!(site.app.access.session(&other).unwrap().is_none());
}
