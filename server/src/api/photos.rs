//! Photos for the console: the bytes of those that records name, and which ones are missing.

use std::collections::HashMap;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vanguard_core::id::{DeviceId, MemberId};

use super::extract::{Parameters, Positioned};
use super::problems::{ReadProblems, bad_parameter};
use crate::access::DeviceRow;
use crate::http::auth::ConsoleAuth;
use crate::http::blobs::serve_blob;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::App;

/// 照片. The bytes of a photo's file, for whoever may see a record that names it. They never
/// change; `Range` asks for a part of them.
#[utoipa::path(
    get, path = "/photos/{hash}", tag = "review", security(("session" = [])),
    params(("hash" = String, Path, description = "Its SHA-256, in lower-case hexadecimal digits", pattern = "^[0-9a-f]{64}$")),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "image/jpeg"),
        (status = 206, description = "A part of the file", body = Vec<u8>, content_type = "image/jpeg"),
        (status = 304, description = "The asker has it"),
        (status = 416, description = "The range lies outside of the file", body = crate::http::openapi::ProblemBody, content_type = "application/problem+json"),
        ReadProblems,
    )
)]
pub(super) async fn photo(
    State(app): State<App>,
    auth: ConsoleAuth,
    hash: Result<Path<String>, axum::extract::rejection::PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path(hash) = hash.map_err(|_| ProblemKind::NotFound)?;
    serve_blob(&app, auth.session.member, &hash, &headers).await
}

/// Where a page begins, and how long it is.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MissingParameters {
    /// How many devices to leave out: the `next` of the page before.
    after: Option<u64>,
    /// The most devices in the page; 100 where it is not given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u64>,
}

/// Files of photos that a device took and that are missing here.
#[derive(Serialize, ToSchema)]
pub(super) struct MissingPhotos {
    /// The device; absent where the record does not say.
    device: Option<DeviceId>,
    /// What its owner calls it.
    device_name: Option<String>,
    /// Whose it is.
    member: Option<MemberId>,
    /// When it last synced, in milliseconds since 1970.
    last_contact_ms: Option<i64>,
    /// How many files are missing: thumbnails and originals counted each.
    files: u64,
    /// Their bytes.
    bytes: u64,
    /// When the oldest of them was named, in milliseconds of the device's clock.
    oldest_named_ms: i64,
}

/// A page of what is missing.
#[derive(Serialize, ToSchema)]
pub(super) struct MissingPage {
    /// By device, those first whose photos are missing for the longest time.
    rows: Vec<MissingPhotos>,
    /// Where the next page begins, if there is one.
    next: Option<u64>,
}

/// 缺失照片. Photos that records name and that have not arrived, by the device that took them.
#[utoipa::path(
    get, path = "/photos/missing", tag = "review", params(MissingParameters), security(("session" = [])),
    responses(
        (status = 200, description = "A page", body = MissingPage,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        ReadProblems,
    )
)]
pub(super) async fn missing(
    State(app): State<App>,
    auth: ConsoleAuth,
    Parameters(parameters): Parameters<MissingParameters>,
) -> Result<Positioned<MissingPage>, Problem> {
    let limit = parameters.limit.unwrap_or(100);
    if !(1..=500).contains(&limit) {
        return Err(bad_parameter("limit", "须为 1 至 500", "must be 1 to 500"));
    }
    let position = app.relay.replica().position();
    let all = app.relay.missing_photos(auth.session.member).await?;
    let total = all.len() as u64;
    let devices = app.access(crate::access::Access::devices).await?;
    let devices: HashMap<DeviceId, DeviceRow> =
        devices.into_iter().map(|row| (row.id, row)).collect();
    let after = parameters.after.unwrap_or(0);
    let skipped = usize::try_from(after).unwrap_or(usize::MAX);
    let taken = usize::try_from(limit).unwrap_or(usize::MAX);
    let rows = all.into_iter().skip(skipped).take(taken).map(|missing| {
        let device = missing.device.and_then(|id| devices.get(&id));
        MissingPhotos {
            device: missing.device,
            device_name: device.map(|row| row.name.clone()),
            member: device.map(|row| row.member),
            last_contact_ms: device.and_then(|row| Some(row.contact?.at_ms)),
            files: missing.count.files,
            bytes: missing.count.bytes,
            oldest_named_ms: missing.oldest_named_ms,
        }
    });
    let page = MissingPage {
        rows: rows.collect(),
        next: after.checked_add(limit).filter(|next| *next < total),
    };
    Ok(Positioned::ok(position, page))
}
