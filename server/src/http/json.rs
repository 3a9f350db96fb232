//! JSON bodies of `/api`, read under the same bounds as all bodies.

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::body;
use super::problem::{Problem, ProblemKind};
use super::state::App;

/// The most bytes of a JSON body.
pub const JSON_LIMIT_BYTES: usize = 256 << 10;

/// A JSON body; what it cannot be read as is a problem that says why.
#[derive(Clone, Copy, Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        read(request, app, JSON_LIMIT_BYTES).await.map(Self)
    }
}

/// A JSON body that may carry whole files, in base64.
#[derive(Clone, Copy, Debug)]
pub struct JsonWithFiles<T>(pub T);

/// The most bytes of a JSON body with files.
pub const FILES_LIMIT_BYTES: usize = 24 << 20;

impl<T: DeserializeOwned> FromRequest<App> for JsonWithFiles<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        read(request, app, FILES_LIMIT_BYTES).await.map(Self)
    }
}

async fn read<T: DeserializeOwned>(
    request: Request,
    app: &App,
    most_bytes: usize,
) -> Result<T, Problem> {
    let (parts, body) = request.into_parts();
    let limits = app.body_limits(most_bytes);
    let read = body::read(&parts.headers, body, limits, &app.large_bodies).await?;
    serde_json::from_slice(&read.bytes).map_err(|error| {
        let kind = match error.classify() {
            serde_json::error::Category::Data => ProblemKind::Invalid,
            _ => ProblemKind::BadRequest,
        };
        let detail = error.to_string();
        Problem::from(kind).detail(detail.clone(), detail)
    })
}
