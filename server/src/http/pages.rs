//! The two small pages that the relay itself serves: what it is, where the console was not built,
//! and the form behind the one-time link of the first administrator. No script or style from elsewhere; what is inline is named by
//! a nonce.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde::Deserialize;

use super::assets;
use super::problem::{Problem, ProblemKind};
use super::state::App;

const INDEX: &str = include_str!("pages/index.html");
const SETUP: &str = include_str!("pages/setup.html");
const SETUP_USED: &str = include_str!("pages/setup_used.html");

/// `GET /`: the console.
pub(super) async fn index(State(app): State<App>, headers: HeaderMap) -> Response {
    assets::page(&headers).unwrap_or_else(|| page(&app, INDEX))
}

/// What the printed link carries.
#[derive(Deserialize)]
pub(super) struct SetupQuery {
    #[serde(default)]
    token: String,
}

/// `GET /setup?token=…`: shows the form; the token is used by what the form posts.
pub(super) async fn setup(
    State(app): State<App>,
    query: Result<Query<SetupQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let token = query.map(|Query(query)| query.token).unwrap_or_default();
    let is_good = app.access(move |access| access.is_setup_token(&token));
    if is_good.await? {
        return Ok(page(&app, SETUP));
    }
    let mut response = page(&app, SETUP_USED);
    *response.status_mut() = ProblemKind::SetupUsed.status();
    Ok(response)
}

fn page(app: &App, html: &str) -> Response {
    let nonce = BASE64.encode(app.env.random_16());
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    let html = html.replace("{nonce}", &nonce);
    let mut response = Html(html).into_response();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        let name = HeaderName::from_static("content-security-policy");
        response.headers_mut().insert(name, policy);
    }
    response
}
