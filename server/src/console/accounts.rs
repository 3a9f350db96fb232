//! Passwords for the console: an administrator gives a member one, and everybody changes their own.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::ToSchema;
use vanguard_core::id::MemberId;
use vanguard_core::rules::{may_give_passwords, may_manage_devices};

use super::sessions::{Me, begin, is_password_of};
use super::{acceptable_password, required};
use crate::http::auth::ConsoleAuth;
use crate::http::json::JsonBody;
use crate::http::openapi::AnyProblem;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::{App, ClientAddress};

/// Whose password, and which.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    /// 工号.
    number: String,
    /// 密码, 10 characters at least.
    password: String,
}

/// 设置登录密码. Gives a member in reach a password, or another one; their sessions end.
#[utoipa::path(
    post, path = "/accounts", tag = "session", request_body = Account, security(("session" = [])),
    responses(
        (status = 204, description = "Done"),
        AnyProblem,
    )
)]
pub(super) async fn put_account(
    State(app): State<App>,
    auth: ConsoleAuth,
    JsonBody(account): JsonBody<Account>,
) -> Result<StatusCode, Problem> {
    let actor = auth.session.member;
    let directory = app.relay.directory();
    if !may_give_passwords(&directory, actor) {
        return Err(ProblemKind::Forbidden.into());
    }
    let number = required("number", &account.number, 40)?;
    let found = app.relay.find_member(number).await?;
    let (member, _) = found.ok_or_else(|| unknown_number(number))?;
    if !may_manage_devices(&directory, actor, member) {
        return Err(ProblemKind::Forbidden.into());
    }
    if member == actor {
        return Err(Problem::field(
            "number",
            "自己的密码请点右上角姓名修改，须输入现在的密码",
            "change your own password under your name at the top, with the present one",
        ));
    }
    acceptable_password(&account.password)?;
    put(&app, member, account.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The present password, and the next.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordChange {
    /// 现在的密码.
    current: String,
    /// 新密码, 10 characters at least.
    password: String,
}

/// 修改密码. Changes the password of whoever is signed in. All their sessions end, and the answer
/// begins another.
#[utoipa::path(
    put, path = "/me/password", tag = "session", request_body = PasswordChange,
    security(("session" = [])),
    responses(
        (status = 201, description = "Changed, and signed in anew", body = Me),
        AnyProblem,
    )
)]
pub(super) async fn change_password(
    State(app): State<App>,
    ConsoleAuth { session, .. }: ConsoleAuth,
    ClientAddress(address): ClientAddress,
    JsonBody(change): JsonBody<PasswordChange>,
) -> Result<impl IntoResponse, Problem> {
    acceptable_password(&change.password)?;
    let who = (session.number.as_str(), address);
    if !is_password_of(&app, Some(session.member), who, change.current).await? {
        let wrong = ("现在的密码不正确", "this is not the present password");
        return Err(Problem::field("current", wrong.0, wrong.1));
    }
    put(&app, session.member, change.password).await?;
    begin(&app, session).await
}

/// Keeps a password, which ends its member's sessions.
async fn put(app: &App, member: MemberId, password: String) -> Result<(), Problem> {
    let hash = app.passwords.hash(password).await;
    let hash = hash.ok_or(ProblemKind::Internal)?;
    app.access(move |access| access.put_account(member, &hash))
        .await
}

/// Nobody has this number.
pub(super) fn unknown_number(number: &str) -> Problem {
    let zh = format!("没有工号为“{number}”的人员");
    let en = format!("nobody has the number \"{number}\"");
    Problem::field("number", &zh, &en)
}
