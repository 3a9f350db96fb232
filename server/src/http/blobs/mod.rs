//! Photos below `/v1/blobs`: uploads by tus 1.0.0 (<https://tus.io/protocols/resumable-upload>; core,
//! creation, checksum, expiration, termination) and downloads with ranges. Devices and people at the
//! console use the same addresses. Records decide who may: a photo is taken, and given, for a record
//! that names it and that the caller may see.

mod download;
mod places;
mod range;
mod tus;
mod upload;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;
use axum::middleware::map_response;
use axum::routing::{head, options};
use vanguard_core::id::{DeviceId, MemberId};

use super::auth::AnyAuth;
use super::layers::is_same_origin;
use super::problem::{Problem, ProblemKind};
use super::state::App;
use crate::blobs::Owner;

pub(crate) use download::serve as serve_blob;
pub(crate) use places::Places;

/// The routes, from `/v1/blobs` on.
pub(super) fn routes() -> Router<App> {
    let begin = options(upload::abilities).post(upload::begin);
    let one = head(upload::stands)
        .patch(upload::go_on)
        .delete(upload::end)
        .post(upload::overridden)
        .options(upload::abilities);
    Router::new()
        .route("/v1/blobs", begin)
        .route("/v1/blobs/uploads/{id}", one)
        .layer(map_response(tus::named))
        .route("/v1/blobs/{hash}", axum::routing::get(download::blob))
}

/// Whoever sends or fetches photos: a device, or a person at the console, who must come from the
/// relay's own page to change anything.
struct Caller {
    owner: Owner,
    member: MemberId,
    device: Option<DeviceId>,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let auth = AnyAuth::from_request_parts(parts, app).await?;
        let member = auth.member();
        let mut device = None;
        let owner = match auth {
            AnyAuth::Device(auth) => {
                device = Some(auth.device.id);
                Owner::device(auth.device.id)
            }
            AnyAuth::Console(_) => {
                let reads = matches!(parts.method, Method::GET | Method::HEAD);
                if !reads && !is_same_origin(&parts.headers) {
                    return Err(ProblemKind::CrossOrigin.into());
                }
                Owner::member(member)
            }
        };
        Ok(Self {
            owner,
            member,
            device,
        })
    }
}
