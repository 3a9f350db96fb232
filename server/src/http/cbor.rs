//! Bodies of the sync protocol: CBOR in, CBOR out.

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use minicbor::Encode;
use vanguard_core::wire;

use super::body::{self, Sent};
use super::problem::{Problem, ProblemKind};
use super::state::App;

/// The body of a CBOR request, as it was sent.
pub(super) async fn body(app: &App, request: Request, limit: usize) -> Result<Sent, Problem> {
    let (parts, body) = request.into_parts();
    let media = parts.headers.get(header::CONTENT_TYPE);
    if media.is_none_or(|media| media.as_bytes() != wire::MEDIA_TYPE.as_bytes()) {
        let problem = Problem::from(ProblemKind::UnsupportedMedia);
        return Err(problem.with("accepts", wire::MEDIA_TYPE.into()));
    }
    let limits = app.body_limits(limit);
    body::receive(&parts.headers, body, limits, &app.large_bodies).await
}

/// A CBOR response.
pub(super) fn response<T: Encode<()>>(message: &T) -> Response {
    let media = HeaderValue::from_static(wire::MEDIA_TYPE);
    ([(header::CONTENT_TYPE, media)], wire::encode(message)).into_response()
}

/// The problem of bytes that are no such message.
pub(super) fn malformed(error: &minicbor::decode::Error) -> Problem {
    let detail = error.to_string();
    Problem::from(ProblemKind::BadRequest).detail(detail.clone(), detail)
}

/// Turns an older protocol away.
pub(super) fn check_protocol(protocol: u32) -> Result<(), Problem> {
    if protocol >= wire::PROTOCOL {
        return Ok(());
    }
    let problem = Problem::from(ProblemKind::ClientTooOld);
    Err(problem.with("protocol", wire::PROTOCOL.into()))
}
