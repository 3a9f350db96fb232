//! Inviting a member's phone, confirming the six digits that it shows, and revoking it.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vanguard_core::id::{DeviceId, MemberId};
use vanguard_core::rules::{may_look_after_devices, may_manage_devices};

use super::accounts::unknown_number;
use super::{Nothing, required};
use crate::access::{DeviceRow, DeviceStatus};
use crate::http::auth::ConsoleAuth;
use crate::http::json::JsonBody;
use crate::http::openapi::AnyProblem;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::App;

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewInvite {
    /// 工号.
    number: String,
    /// For how many hours it holds: 1 to 720, 72 unless said otherwise.
    #[schema(minimum = 1, maximum = 720)]
    valid_hours: Option<u16>,
}

/// An invite.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeInvite {
    /// What its QR code says. Nobody can look it up again.
    text: String,
    /// Whom it is for.
    member: MemberId,
    /// Their name.
    name: String,
    /// When it runs out, in milliseconds since 1970.
    expires_at_ms: i64,
}

/// A device.
#[derive(Serialize, ToSchema)]
pub(super) struct Device {
    /// Its id.
    id: DeviceId,
    /// Whose it is.
    member: MemberId,
    /// What its owner calls it.
    name: String,
    /// Where it stands.
    status: DeviceStatus,
    /// The six digits to compare, until it is confirmed.
    code: Option<String>,
    /// When it was enrolled, in milliseconds since 1970; so are the times below.
    enrolled_at_ms: i64,
    /// When it was confirmed.
    confirmed_at_ms: Option<i64>,
    /// When it was revoked.
    revoked_at_ms: Option<i64>,
    /// When it last synced.
    last_contact_ms: Option<i64>,
    /// How many of its changes waited then.
    unsent: Option<u64>,
    /// When the oldest of them was made, by the device's clock.
    oldest_unsent_ms: Option<i64>,
    /// How many files of photos it owed then.
    photos_owed: Option<u64>,
    /// Their bytes.
    photo_bytes_owed: Option<u64>,
    /// What to add to the device's clock to get the relay's.
    clock_offset_ms: Option<i64>,
    /// How many of its changes the relay has refused.
    refused: u64,
    /// How many wait at the relay for what they build on.
    held: u64,
    /// Whether whoever asks may confirm and revoke it.
    may_manage: bool,
}

impl From<DeviceRow> for Device {
    fn from(row: DeviceRow) -> Self {
        let status = row.status();
        let contact = row.contact;
        Self {
            id: row.id,
            member: row.member,
            name: row.name,
            status,
            code: (status == DeviceStatus::Unconfirmed).then_some(row.code),
            enrolled_at_ms: row.enrolled_at_ms,
            confirmed_at_ms: row.confirmed_at_ms,
            revoked_at_ms: row.revoked_at_ms,
            last_contact_ms: contact.map(|contact| contact.at_ms),
            unsent: contact.map(|contact| contact.unsent),
            oldest_unsent_ms: contact.and_then(|contact| contact.oldest_unsent_ms),
            photos_owed: contact.map(|contact| contact.photos_owed),
            photo_bytes_owed: contact.map(|contact| contact.photo_bytes_owed),
            clock_offset_ms: contact.map(|contact| contact.clock_offset_ms),
            refused: 0,
            held: 0,
            may_manage: false,
        }
    }
}

/// 邀请设备. Makes an invite for one device of a member in reach.
#[utoipa::path(
    post, path = "/invites", tag = "devices", request_body = NewInvite, security(("session" = [])),
    responses(
        (status = 201, description = "The invite", body = MadeInvite),
        AnyProblem,
    )
)]
pub(super) async fn invite(
    State(app): State<App>,
    auth: ConsoleAuth,
    JsonBody(new): JsonBody<NewInvite>,
) -> Result<(StatusCode, Json<MadeInvite>), Problem> {
    let number = required("number", &new.number, 40)?;
    let hours = new.valid_hours.unwrap_or(72);
    if !(1..=720).contains(&hours) {
        let problem = Problem::field("valid_hours", "须为 1 至 720 小时", "1 to 720 hours");
        return Err(problem);
    }
    let found = app.relay.find_member(number).await?;
    let (member, name) = found.ok_or_else(|| unknown_number(number))?;
    let actor = auth.session.member;
    if !may_manage_devices(&app.relay.directory(), actor, member) {
        return Err(ProblemKind::Forbidden.into());
    }
    let valid_ms = i64::from(hours) * 3_600_000;
    let expires_at_ms = app.env.now_ms() + valid_ms;
    let relay_key = app.relay.key().public_key();
    let url = app.public_url.clone();
    let told = name.clone();
    let made =
        app.access(move |access| access.invite(relay_key, &url, (member, &told), valid_ms, actor));
    let made = MadeInvite {
        text: made.await?.to_text(),
        member,
        name,
        expires_at_ms,
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// 设备列表. Lists the devices of members whose devices whoever asks looks after, the latest first.
#[utoipa::path(
    get, path = "/devices", tag = "devices", security(("session" = [])),
    responses(
        (status = 200, description = "The devices", body = Vec<Device>),
        AnyProblem,
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    auth: ConsoleAuth,
) -> Result<Json<Vec<Device>>, Problem> {
    let rows = app.access(crate::access::Access::devices).await?;
    let directory = app.relay.directory();
    let actor = auth.session.member;
    let in_reach = rows
        .into_iter()
        .filter(|row| may_look_after_devices(&directory, actor, row.member));
    let mut devices: Vec<Device> = in_reach.map(Device::from).collect();
    let ids = devices.iter().map(|device| device.id).collect();
    let counts = app.relay.quarantine_counts(ids).await?;
    for (device, count) in devices.iter_mut().zip(counts) {
        device.refused = count.refused;
        device.held = count.held;
        device.may_manage = may_manage_devices(&directory, actor, device.member);
    }
    Ok(Json(devices))
}

/// The digits that the device shows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    /// Six digits, as read from the device's screen.
    #[schema(pattern = "^[0-9]{6}$")]
    code: String,
}

/// 确认设备. Confirms a device whose digits were compared.
#[utoipa::path(
    post, path = "/devices/{id}/confirm", tag = "devices", request_body = Confirmation,
    params(("id" = Uuid, Path, description = "The device")), security(("session" = [])),
    responses(
        (status = 204, description = "Confirmed, now or before"),
        AnyProblem,
    )
)]
pub(super) async fn confirm(
    State(app): State<App>,
    auth: ConsoleAuth,
    id: Result<Path<Uuid>, PathRejection>,
    JsonBody(confirmation): JsonBody<Confirmation>,
) -> Result<StatusCode, Problem> {
    let row = in_reach(&app, &auth, id).await?;
    if row.status() == DeviceStatus::Revoked {
        return Err(ProblemKind::DeviceRevoked.into());
    }
    if row.code != confirmation.code.trim() {
        return Err(ProblemKind::CodeMismatch.into());
    }
    let by = auth.session.member;
    app.access(move |access| access.confirm_device(row.id, by))
        .await?;
    app.happenings.device();
    Ok(StatusCode::NO_CONTENT)
}

/// 停用设备. Revokes a device for good; what it still holds comes in only through a supervisor.
#[utoipa::path(
    post, path = "/devices/{id}/revoke", tag = "devices", request_body = Nothing,
    params(("id" = Uuid, Path, description = "The device")), security(("session" = [])),
    responses(
        (status = 204, description = "Revoked, now or before"),
        AnyProblem,
    )
)]
pub(super) async fn revoke(
    State(app): State<App>,
    auth: ConsoleAuth,
    id: Result<Path<Uuid>, PathRejection>,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Result<StatusCode, Problem> {
    let row = in_reach(&app, &auth, id).await?;
    let by = auth.session.member;
    app.access(move |access| access.revoke_device(row.id, by))
        .await?;
    app.happenings.device();
    Ok(StatusCode::NO_CONTENT)
}

/// A device that whoever is signed in may manage; others answer as if they did not exist.
async fn in_reach(
    app: &App,
    auth: &ConsoleAuth,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<DeviceRow, Problem> {
    let Path(id) = id.map_err(|_| ProblemKind::NotFound)?;
    let row = app
        .access(move |access| access.device(DeviceId(id)))
        .await?;
    let row = row.ok_or(ProblemKind::NotFound)?;
    let actor = auth.session.member;
    if may_manage_devices(&app.relay.directory(), actor, row.member) {
        Ok(row)
    } else {
        Err(ProblemKind::NotFound.into())
    }
}
