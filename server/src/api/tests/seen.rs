//! What people write on a page that does not show yet what others wrote, and pages that are open in
//! the name of somebody else.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::site::{Site, site};
use crate::access::Session;
use crate::api::extract::POSITION;

/// A hazard as a page shows it, and the position that it is shown at.
async fn shown(site: &Site, id: &str) -> (Value, String) {
    let answer = site.get(site.officer, &format!("/hazards/{id}")).await;
    let position = answer.headers[POSITION].to_str().unwrap().to_owned();
    (answer.json(), position)
}

async fn edit(site: &Site, id: &str, seen: &str, fields: Value) -> StatusCode {
    let path = format!("/documents/{id}/fields?seen={seen}");
    let edited = site.ask(site.officer, Method::PATCH, &path, Some(fields));
    edited.await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_overwrites_nothing_that_its_author_had_not_seen() {
    let site = site().await;
    let id = site.report("护栏缺失").await;
    let (_, seen) = shown(&site, &id).await;
    let theirs = json!({"place": "二号门", "item": "护栏"});
    let path = format!("/documents/{id}/fields");
    let edited = site.ask(site.worker, Method::PATCH, &path, Some(theirs));
    assert_eq!(edited.await.status, StatusCode::OK);

    let other = json!({"requirements": "更换"});
    assert_eq!(edit(&site, &id, &seen, other).await, StatusCode::OK);
    let (record, _) = shown(&site, &id).await;
    assert_eq!(record["fields"]["place"], "二号门");
    assert_eq!(record["fields"]["requirements"], "更换");
    assert_eq!(record["conflicts"], json!([]));

    let same = json!({"place": "三号门"});
    assert_eq!(edit(&site, &id, &seen, same).await, StatusCode::OK);
    let (record, seen) = shown(&site, &id).await;
    let conflict = &record["conflicts"][0];
    assert_eq!(conflict["field"], "place");
    let values = conflict["values"].as_array().unwrap().iter();
    let mut places: Vec<&str> = values
        .map(|value| value["value"].as_str().unwrap())
        .collect();
    places.sort_unstable();
    assert_eq!(places, ["三号门", "二号门"]);

    // Whoever has seen both settles it, be it with the value that is shown.
    let settled = json!({"place": record["fields"]["place"]});
    assert_eq!(edit(&site, &id, &seen, settled).await, StatusCode::OK);
    assert_eq!(shown(&site, &id).await.0["conflicts"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_says_what_its_author_had_not_seen() {
    let site = site().await;
    let id = site.report("护栏缺失").await;
    let (_, seen) = shown(&site, &id).await;
    let comment = json!({"event": "commented", "text": "已通知车间"});
    let commented = site.append(site.worker, &id, comment).await;
    assert_eq!(commented.status, StatusCode::OK, "{}", commented.text);

    let graded = json!({"event": "graded", "grade": "general", "nature": "unsafe_condition", "reason": "核实"});
    let path = format!("/documents/{id}/events?seen={seen}");
    let graded = site.post(site.officer, &path, graded).await;
    assert_eq!(graded.status, StatusCode::OK, "{}", graded.text);
    let (record, _) = shown(&site, &id).await;
    assert_eq!(record["state"]["status"], "graded");
    assert_eq!(
        record["events"][2]["unaware_of"],
        json!([commented.json()["event"]])
    );

    // Several at once were all decided on the same page.
    let batch = |text: &str| json!({"events": [{"event": {"event": "commented", "text": text}}]});
    let path = format!("/documents/{id}/event-batches?seen={seen}");
    let late = site.post(site.worker, &path, batch("现场查看")).await;
    assert_eq!(late.status, StatusCode::OK, "{}", late.text);
    let (record, _) = shown(&site, &id).await;
    let unaware = record["events"][3]["unaware_of"].as_array().unwrap().len();
    assert_eq!(unaware, 2);

    // What nobody can have seen.
    for beyond in [u64::MAX.to_string(), "x".into()] {
        let path = format!("/documents/{id}/event-batches?seen={beyond}");
        let refused = site.post(site.worker, &path, batch("…")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
    }
    let path = format!("/documents/{id}/event-batches?seen=0");
    let refused = site.post(site.worker, &path, batch("…")).await;
    assert!(refused.status.is_client_error(), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_done_in_the_name_of_whoever_signed_in_beside() {
    let site = site().await;
    let id = site.report("护栏缺失").await;
    site.app.access.put_account(site.officer, "x").unwrap();
    let session = Session {
        member: site.officer,
        number: String::new(),
        name: String::new(),
    };
    let token = site.app.access.create_session(&session).unwrap();
    let ask = async |member: String| {
        let comment = json!({"event": "commented", "text": "已通知车间"});
        let request = Request::post(format!("/api/documents/{id}/events"))
            .header(header::COOKIE, format!("vanguard_session={token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header("vanguard-member", member)
            .body(Body::from(comment.to_string()))
            .unwrap();
        let answer = site.router.clone().oneshot(request).await.unwrap();
        answer.status()
    };
    assert_eq!(ask(site.worker.to_string()).await, StatusCode::CONFLICT);
    assert_eq!(ask(site.officer.to_string()).await, StatusCode::OK);
}
