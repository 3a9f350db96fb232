//! Signing in and out at the console, and who is signed in.

use std::net::IpAddr;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vanguard_core::id::{GrantId, MemberId, OrgId};
use vanguard_core::model::Role;

use super::Nothing;
use crate::access::{AccessError, HALL_MS, SESSION_MS, Session, is_hall};
use crate::http::auth::{ConsoleAuth, SESSION_COOKIE};
use crate::http::json::JsonBody;
use crate::http::openapi::AnyProblem;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::{App, ClientAddress};

/// Number and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    /// 工号.
    number: String,
    /// 密码.
    password: String,
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    /// The member.
    member: MemberId,
    /// 工号.
    number: String,
    /// 姓名.
    name: String,
    /// The roles that they hold now.
    grants: Vec<HeldGrant>,
    /// The relay's clock, in milliseconds since 1970: what is overdue is judged by it.
    now_ms: i64,
    /// Whether this is a screen in the hall, whose session only looks.
    is_hall: bool,
}

/// A role held.
#[derive(Serialize, ToSchema)]
struct HeldGrant {
    /// The grant.
    grant: GrantId,
    /// The role.
    role: Role,
    /// Where.
    org: OrgId,
}

/// 登录. Signs in; the answer sets a session cookie.
#[utoipa::path(
    post, path = "/sessions", tag = "session", request_body = SignIn,
    responses(
        (status = 201, description = "Signed in", body = Me),
        AnyProblem,
    )
)]
pub(super) async fn sign_in(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    JsonBody(sign_in): JsonBody<SignIn>,
) -> Result<impl IntoResponse, Problem> {
    let number = sign_in.number.trim().to_owned();
    let found = app.relay.find_member(&number).await?;
    let asked = found.as_ref().map(|(member, _)| *member);
    let is_right = is_password_of(&app, asked, (&number, address), sign_in.password).await?;
    let (true, Some((member, name))) = (is_right, found) else {
        return Err(ProblemKind::SignInFailed.into());
    };
    let session = Session {
        member,
        number,
        name,
    };
    begin(&app, session).await
}

/// Whether this is a member's password. Wrong ones for a number, from an address, make the next
/// wait.
///
/// # Errors
/// [`ProblemKind::TooManyTries`], and the store's.
pub(super) async fn is_password_of(
    app: &App,
    member: Option<MemberId>,
    (number, address): (&str, IpAddr),
    password: String,
) -> Result<bool, Problem> {
    let key = (number.chars().take(40).collect::<String>(), address);
    let now = Instant::now();
    let wait = app.sign_ins.wait(&key, now);
    if let Some(wait) = wait.or_else(|| app.strangers.wait(&address, now)) {
        return Err(Problem::too_many_tries(wait));
    }
    // Counted before it is known, so that a thousand tries at once are a thousand tries.
    app.sign_ins.fail(&key, now);
    let kept = match member {
        Some(member) => {
            app.access(move |access| access.password_hash(member))
                .await?
        }
        None => None,
    };
    let is_right = app.passwords.verify(password, kept).await;
    if is_right {
        app.sign_ins.succeed(&key);
    } else {
        app.strangers.fail(&address, now);
    }
    Ok(is_right)
}

/// A one-time link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignInLink {
    /// The token of the link.
    token: String,
}

/// 用一次性链接登录. Signs in by a one-time link; the answer sets a session cookie.
#[utoipa::path(
    post, path = "/sessions/link", tag = "session", request_body = SignInLink,
    responses(
        (status = 201, description = "Signed in", body = Me),
        AnyProblem,
    )
)]
pub(super) async fn sign_in_by_link(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    JsonBody(SignInLink { token }): JsonBody<SignInLink>,
) -> Result<impl IntoResponse, Problem> {
    let now = Instant::now();
    if let Some(wait) = app.strangers.wait(&address, now) {
        return Err(Problem::too_many_tries(wait));
    }
    let taken = app.access(move |access| access.take_sign_in_link(&token));
    let Some(session) = taken.await? else {
        app.strangers.fail(&address, now);
        return Err(ProblemKind::LinkUsed.into());
    };
    begin(&app, session).await
}

/// Begins a session.
pub(super) async fn begin(
    app: &App,
    session: Session,
) -> Result<impl IntoResponse + use<>, Problem> {
    let me = me_of(app, &session, false);
    let token = app
        .access(move |access| access.create_session(&session))
        .await?;
    let cookie = cookie(app, &token, SESSION_MS / 1_000)?;
    let headers = AppendHeaders([(header::SET_COOKIE, cookie)]);
    Ok((StatusCode::CREATED, headers, Json(me)))
}

/// 大屏登录. Makes this browser a screen in the hall: its session ends, and one begins that lasts for a
/// quarter and only looks. Nobody can sign in anew at a wall every morning, and whoever gets hold of its
/// keyboard must be able to change nothing; so the working day of other sessions stays as short as it is.
#[utoipa::path(
    post, path = "/sessions/hall", tag = "session", request_body = Nothing, security(("session" = [])),
    responses(
        (status = 201, description = "This browser only looks now", body = Me),
        AnyProblem,
    )
)]
pub(super) async fn begin_hall(
    State(app): State<App>,
    auth: ConsoleAuth,
    JsonBody(Nothing {}): JsonBody<Nothing>,
) -> Result<impl IntoResponse, Problem> {
    let me = me_of(&app, &auth.session, true);
    let token = app.access(move |access| {
        let token = access.create_hall_session(&auth.session)?;
        access.end_session(&auth.token)?;
        Ok::<_, AccessError>(token)
    });
    let cookie = cookie(&app, &token.await?, HALL_MS / 1_000)?;
    let headers = AppendHeaders([(header::SET_COOKIE, cookie)]);
    Ok((StatusCode::CREATED, headers, Json(me)))
}

/// 在所有浏览器退出登录. Ends all sessions of whoever is signed in, on whatever computer.
#[utoipa::path(
    delete, path = "/sessions", tag = "session", security(("session" = [])),
    responses(
        (status = 204, description = "Signed out everywhere"),
        AnyProblem,
    )
)]
pub(super) async fn sign_out_everywhere(
    State(app): State<App>,
    auth: ConsoleAuth,
) -> Result<impl IntoResponse, Problem> {
    app.access(move |access| access.end_sessions_of(auth.session.member))
        .await?;
    let headers = AppendHeaders([(header::SET_COOKIE, cookie(&app, "", 0)?)]);
    Ok((StatusCode::NO_CONTENT, headers))
}

/// 退出登录. Signs out.
#[utoipa::path(
    delete, path = "/sessions/current", tag = "session", security(("session" = [])),
    responses(
        (status = 204, description = "Signed out"),
        AnyProblem,
    )
)]
pub(super) async fn sign_out(
    State(app): State<App>,
    auth: ConsoleAuth,
) -> Result<impl IntoResponse, Problem> {
    app.access(move |access| access.end_session(&auth.token))
        .await?;
    let headers = AppendHeaders([(header::SET_COOKIE, cookie(&app, "", 0)?)]);
    Ok((StatusCode::NO_CONTENT, headers))
}

/// 当前登录人. Says who is signed in.
#[utoipa::path(
    get, path = "/me", tag = "session", security(("session" = [])),
    responses(
        (status = 200, description = "Who is signed in", body = Me),
        AnyProblem,
    )
)]
pub(super) async fn me(State(app): State<App>, auth: ConsoleAuth) -> Json<Me> {
    Json(me_of(&app, &auth.session, is_hall(&auth.token)))
}

fn me_of(app: &App, session: &Session, is_hall: bool) -> Me {
    let directory = app.relay.directory();
    let held = directory.grants_of(session.member).into_iter();
    let grants = held.map(|(id, grant)| HeldGrant {
        grant: id,
        role: grant.role,
        org: grant.org,
    });
    Me {
        member: session.member,
        number: session.number.clone(),
        name: session.name.clone(),
        grants: grants.collect(),
        now_ms: app.env.now_ms(),
        is_hall,
    }
}

fn cookie(app: &App, token: &str, max_age_s: i64) -> Result<HeaderValue, Problem> {
    let secure = if app.is_https { "; Secure" } else { "" };
    let text = format!(
        "{SESSION_COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={max_age_s}{secure}"
    );
    HeaderValue::from_str(&text).map_err(|_| ProblemKind::Internal.into())
}
