//! `/quarantine`: what devices sent and the relay did not take into its log, as bytes and reasons.

use std::collections::HashMap;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use vanguard_core::id::{DeviceId, DocumentId, MemberId};
use vanguard_core::keys::{Hash, hex};
use vanguard_core::rules::{Refusal, may_look_after_devices};

use super::extract::{Parameters, Positioned};
use super::problems::ReadProblems;
use super::records::Words;
use crate::access::{Access, DeviceRow};
use crate::http::auth::ConsoleAuth;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::App;
use crate::relay::Quarantined;

/// The most rows of an answer.
const LIMIT: usize = 200;

/// Of which device.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct QuarantineParameters {
    /// Only what this device sent.
    device: Option<Uuid>,
}

/// A change that is not in the log.
#[derive(Serialize, ToSchema)]
pub(super) struct QuarantineRow {
    /// The device that sent it.
    device: DeviceId,
    /// What its owner calls the device.
    device_name: String,
    /// Whose device it is.
    member: MemberId,
    /// The record that it claims to be of.
    document: DocumentId,
    /// Its hash, lower-case hexadecimal.
    hash: String,
    /// Whether it waits for what it builds on; else it is refused for good.
    is_held: bool,
    /// Why it was refused; null where it waits, or where this relay does not know the reason.
    reason: Option<Refusal>,
    /// The same in words.
    words: Option<Words>,
    /// When it came, in milliseconds of the relay's clock.
    at_ms: i64,
    /// How many bytes it has; null where no more were kept of this device.
    size: Option<u64>,
    /// Its first bytes, 64 at most, lower-case hexadecimal.
    head: String,
}

/// What is in quarantine.
#[derive(Serialize, ToSchema)]
pub(super) struct QuarantinePage {
    /// The latest first.
    rows: Vec<QuarantineRow>,
    /// Whether there is more than this.
    has_more: bool,
}

/// 隔离区. What devices sent and the relay did not take: refused, as evidence, or waiting for what
/// it builds on. Of members whose devices whoever asks looks after.
#[utoipa::path(
    get, path = "/quarantine", tag = "devices", params(QuarantineParameters),
    security(("session" = [])),
    responses(
        (status = 200, description = "The latest, 200 at most", body = QuarantinePage,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        ReadProblems,
    )
)]
pub(super) async fn list_quarantine(
    State(app): State<App>,
    auth: ConsoleAuth,
    Parameters(QuarantineParameters { device }): Parameters<QuarantineParameters>,
) -> Result<Positioned<QuarantinePage>, Problem> {
    let devices = looked_after(&app, &auth).await?;
    let shown: Vec<DeviceId> = devices.keys().copied().collect();
    let is_shown = move |id: DeviceId| {
        device.is_none_or(|device| DeviceId(device) == id) && shown.contains(&id)
    };
    let position = app.relay.replica().position();
    let (rows, has_more) = app.relay.quarantined(is_shown, LIMIT).await?;
    let named = rows.into_iter().filter_map(|row| {
        let device = devices.get(&row.device)?;
        Some(QuarantineRow::of(&row, device))
    });
    let rows = named.collect();
    Ok(Positioned::ok(position, QuarantinePage { rows, has_more }))
}

impl QuarantineRow {
    fn of(row: &Quarantined, device: &DeviceRow) -> Self {
        let reason = row.reason.as_deref().and_then(Refusal::parse);
        Self {
            device: row.device,
            device_name: device.name.clone(),
            member: device.member,
            document: row.document,
            hash: hex(&row.hash),
            is_held: row.reason.is_none(),
            reason,
            words: reason.map(Words::of),
            at_ms: row.at_ms,
            size: row.size,
            head: hex(&row.head),
        }
    }
}

/// 下载原件. The bytes of a change in quarantine, as they came.
#[utoipa::path(
    get, path = "/quarantine/{device}/{document}/{hash}", tag = "devices", security(("session" = [])),
    params(
        ("device" = Uuid, Path, description = "The device that sent it"),
        ("document" = Uuid, Path, description = "The record that it claims to be of"),
        ("hash" = String, Path, description = "Its hash, 64 hexadecimal digits"),
    ),
    responses(
        (status = 200, description = "The bytes", body = Vec<u8>, content_type = "application/octet-stream"),
        ReadProblems,
    )
)]
pub(super) async fn quarantined_bytes(
    State(app): State<App>,
    auth: ConsoleAuth,
    named: Result<Path<(String, String, String)>, PathRejection>,
) -> Result<([(HeaderName, HeaderValue); 2], Vec<u8>), Problem> {
    let Path((device, document, hash)) = named.map_err(|_| ProblemKind::NotFound)?;
    let id = |text: &str| text.parse::<Uuid>().map_err(|_| ProblemKind::NotFound);
    let (device, document) = (DeviceId(id(&device)?), DocumentId(id(&document)?));
    let name = format!("{hash}.automerge");
    let hash = hash_of(&hash).ok_or(ProblemKind::NotFound)?;
    if !looked_after(&app, &auth).await?.contains_key(&device) {
        return Err(ProblemKind::NotFound.into());
    }
    let found = app.relay.quarantined_bytes(device, document, hash).await?;
    let bytes = found.ok_or(ProblemKind::NotFound)?;
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (
            header::CONTENT_DISPOSITION,
            disposition.map_err(|_| ProblemKind::NotFound)?,
        ),
    ];
    Ok((headers, bytes))
}

/// The hash that 64 hexadecimal digits say.
fn hash_of(digits: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(hash)
}

/// The devices that whoever asks looks after.
async fn looked_after(
    app: &App,
    auth: &ConsoleAuth,
) -> Result<HashMap<DeviceId, DeviceRow>, Problem> {
    let rows = app.access(Access::devices).await?;
    let directory = app.relay.directory();
    let actor = auth.session.member;
    let mine = rows
        .into_iter()
        .filter(|row| may_look_after_devices(&directory, actor, row.member));
    Ok(mine.map(|row| (row.id, row)).collect())
}
