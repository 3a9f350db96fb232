//! What handlers take from a request, and the answers that name the log's position.

use axum::Json;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::App;

/// The header that names the position of the log that an answer reflects.
pub(super) const POSITION: HeaderName = HeaderName::from_static("vanguard-position");

/// Query parameters; those that make no sense, or that nobody knows, are a problem.
pub(super) struct Parameters<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let parsed = Query::<T>::try_from_uri(&parts.uri);
        let Query(parameters) = parsed.map_err(|rejection| {
            let detail = rejection.body_text();
            Problem::from(ProblemKind::BadRequest).detail(detail.clone(), detail)
        })?;
        Ok(Self(parameters))
    }
}

/// The id in the path; what is no id names nothing.
pub(super) struct Id(pub(super) Uuid);

impl FromRequestParts<App> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let id = Path::<Uuid>::from_request_parts(parts, app).await;
        let Path(id) = id.map_err(|_| ProblemKind::NotFound)?;
        Ok(Self(id))
    }
}

/// A JSON answer that reflects the log up to a position.
pub(super) struct Positioned<T> {
    pub(super) position: u64,
    pub(super) status: StatusCode,
    pub(super) body: T,
}

impl<T> Positioned<T> {
    pub(super) const fn ok(position: u64, body: T) -> Self {
        Self {
            position,
            status: StatusCode::OK,
            body,
        }
    }
}

impl<T: Serialize> IntoResponse for Positioned<T> {
    fn into_response(self) -> Response {
        let position = [(POSITION, self.position.to_string())];
        (self.status, position, Json(self.body)).into_response()
    }
}
