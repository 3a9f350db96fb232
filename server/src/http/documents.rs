//! `GET /v1/documents/{id}`: a record as the plain Automerge file that it is.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;
use vanguard_core::id::DocumentId;

use super::auth::AnyAuth;
use super::problem::{Problem, ProblemKind};
use super::state::App;

/// Gives a document to a device or a person who may read it. What may not be read and what does
/// not exist answer alike.
pub(super) async fn document(
    State(app): State<App>,
    auth: AnyAuth,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(id) = id.map_err(|_| ProblemKind::NotFound)?;
    let found = app.relay.document(auth.member(), DocumentId(id)).await?;
    let bytes = found.ok_or(ProblemKind::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "private, no-store"),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    Ok((headers, bytes).into_response())
}
