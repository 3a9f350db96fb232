//! Who asks: a device by its bearer credential, or a person by a console session. A handler that
//! takes one of these extractors is not reached by anybody else.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, Method, header};
use vanguard_core::id::MemberId;

use super::problem::{Problem, ProblemKind};
use super::state::App;
use crate::access::{DeviceRow, DeviceStatus, Session, is_hall};
use crate::relay::Device;

/// A confirmed device that is not revoked.
#[derive(Clone, Debug)]
pub struct DeviceAuth {
    /// The device as the relay takes it.
    pub device: Device,
    /// Whether it has synced before.
    pub has_synced: bool,
}

/// A person signed in at the console, with the session's token.
#[derive(Clone, Debug)]
pub struct ConsoleAuth {
    /// Who.
    pub session: Session,
    pub(crate) token: String,
}

/// Either.
#[derive(Clone, Debug)]
pub enum AnyAuth {
    /// A device.
    Device(DeviceAuth),
    /// A person.
    Console(ConsoleAuth),
}

impl AnyAuth {
    /// The member whom it speaks for.
    pub const fn member(&self) -> MemberId {
        match self {
            Self::Device(auth) => auth.device.member,
            Self::Console(auth) => auth.session.member,
        }
    }
}

impl FromRequestParts<App> for DeviceAuth {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let credential = bearer(parts).ok_or(ProblemKind::CredentialUnknown)?;
        let row = app.access(move |access| access.device_by_credential(&credential));
        let row = row.await?.ok_or(ProblemKind::CredentialUnknown)?;
        admit(&row)
    }
}

/// A device's row, where it may sync.
///
/// # Errors
/// Why it may not.
pub(super) fn admit(row: &DeviceRow) -> Result<DeviceAuth, Problem> {
    match row.status() {
        DeviceStatus::Revoked => Err(ProblemKind::DeviceRevoked.into()),
        DeviceStatus::Unconfirmed => Err(ProblemKind::DeviceUnconfirmed.into()),
        DeviceStatus::Confirmed => Ok(DeviceAuth {
            has_synced: row.first_sync_at_ms.is_some(),
            device: Device {
                id: row.id,
                member: row.member,
                public_key: row.public_key,
            },
        }),
    }
}

impl FromRequestParts<App> for ConsoleAuth {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = session_token(parts).ok_or(ProblemKind::SignInNeeded)?;
        let asked = token.clone();
        let session = app.access(move |access| access.session(&asked));
        let session = session.await?.ok_or(ProblemKind::SignInNeeded)?;
        if is_meant_for_another(parts, session.member) {
            return Err(ProblemKind::AnotherMember.into());
        }
        if is_hall(&token) && !is_for_onlookers(parts) {
            return Err(ProblemKind::Forbidden.into());
        }
        Ok(Self { session, token })
    }
}

/// What a screen in the hall shows. Its keyboard hangs on a wall: whoever finds it reads no more there.
const FOR_ONLOOKERS: [&str; 7] = [
    "me",
    "news",
    "statistics",
    "duties",
    "units",
    "zones",
    "members",
];

/// Whether a request reads what a screen in the hall shows, or only ends the session that it comes
/// from.
fn is_for_onlookers(parts: &Parts) -> bool {
    let path = parts.uri.path();
    let path = path.strip_prefix("/api").unwrap_or(path);
    let first = path.split('/').nth(1).unwrap_or_default();
    match parts.method {
        Method::GET | Method::HEAD => FOR_ONLOOKERS.contains(&first),
        Method::DELETE => path == "/sessions/current",
        _ => false,
    }
}

impl FromRequestParts<App> for AnyAuth {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            let device = DeviceAuth::from_request_parts(parts, app).await?;
            return Ok(Self::Device(device));
        }
        let console = ConsoleAuth::from_request_parts(parts, app).await?;
        Ok(Self::Console(console))
    }
}

/// The 32 bytes of `Authorization: Bearer <64 hexadecimal digits>`.
fn bearer(parts: &Parts) -> Option<[u8; 32]> {
    let text = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, digits) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    unhex(digits.trim())
}

/// Thirty-two bytes of 64 hexadecimal digits.
fn unhex(digits: &str) -> Option<[u8; 32]> {
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// The cookie that carries a session's token.
pub(crate) const SESSION_COOKIE: &str = "vanguard_session";

/// The header that names the member for whom a page asks. All pages of a browser share one cookie:
/// without it, what one person typed would go in in the name of whoever signed in beside them.
const MEMBER: HeaderName = HeaderName::from_static("vanguard-member");

fn is_meant_for_another(parts: &Parts, member: MemberId) -> bool {
    let meant = parts.headers.get(MEMBER);
    meant.is_some_and(|meant| meant.as_bytes() != member.to_string().as_bytes())
}

fn session_token(parts: &Parts) -> Option<String> {
    let cookies = parts.headers.get_all(header::COOKIE).iter();
    let mut pairs = cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let (_, token) = pairs.find(|(name, _)| *name == SESSION_COOKIE)?;
    Some(token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_64_hexadecimal_digits() {
        assert_eq!(unhex(&"0f".repeat(32)), Some([15; 32]));
        assert_eq!(unhex(&"0f".repeat(31)), None);
        assert_eq!(unhex(&"+f".repeat(32)), None);
        assert_eq!(unhex(&"隐".repeat(32)), None);
    }
}
