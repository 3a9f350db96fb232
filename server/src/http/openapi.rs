//! The OpenAPI 3.1 document of `/api`, generated from the very routes that are served. A module
//! with routes of its own gives an [`OpenApiRouter`] and is merged in [`routes`].

use std::collections::BTreeMap;
use std::future::{Ready, ready};

use axum::Json;
use axum::Router;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;

use super::auth::SESSION_COOKIE;
use super::state::App;
use crate::{api, console};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Vanguard",
        description = "中继站的管理与审阅接口。 The relay's administration and review API. Errors are \
                       RFC 9457 problems with a stable `type`.",
        license(name = "MIT OR Apache-2.0")
    ),
    servers((url = "/api")),
    modifiers(&Session),
    components(schemas(ProblemBody))
)]
struct Description;

/// The cookie that a sign-in gives.
struct Session;

impl Modify for Session {
    fn modify(&self, openapi: &mut OpenApi) {
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(SESSION_COOKIE)));
        openapi
            .components
            .get_or_insert_with(Components::new)
            .add_security_scheme("session", cookie);
    }
}

/// A problem as RFC 9457 describes it; a few kinds have further members.
#[derive(utoipa::ToSchema, serde::Serialize)]
pub struct ProblemBody {
    /// `urn:vanguard:problem:<kind>`, stable.
    #[schema(example = "urn:vanguard:problem:sign-in-needed")]
    pub r#type: String,
    /// What people read, in the language of `Accept-Language`.
    #[schema(example = "请先登录")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 401)]
    pub status: u16,
    /// What is particular about this case.
    pub detail: Option<String>,
}

/// Problems as responses of the description: the status, or `default`, of each, and what it says.
pub(crate) fn problems<'a>(
    told: impl IntoIterator<Item = &'a (&'a str, &'a str)>,
) -> BTreeMap<String, RefOr<Response>> {
    let describe = |(status, description): &(&str, &str)| {
        let body = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("ProblemBody")))
            .build();
        let response = ResponseBuilder::new()
            .description(*description)
            .content("application/problem+json", body)
            .build();
        ((*status).to_owned(), RefOr::T(response))
    };
    told.into_iter().map(describe).collect()
}

/// Whatever problem a request may be answered with.
pub(crate) struct AnyProblem;

impl IntoResponses for AnyProblem {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[("default", "A problem")])
    }
}

/// The routes under `/api`, and their description.
pub fn routes() -> (Router<App>, OpenApi) {
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(console::routes())
        .merge(api::routes())
        .split_for_parts()
}

/// The description as JSON, for whoever generates a client.
///
/// # Errors
/// Where it cannot be written as JSON.
pub fn description() -> serde_json::Result<String> {
    routes().1.to_pretty_json()
}

/// `GET /api/openapi.json`.
pub(super) fn show(description: OpenApi) -> Ready<Json<OpenApi>> {
    ready(Json(description))
}
