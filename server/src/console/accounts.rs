//! `POST /api/accounts`: an administrator gives a member a password for the console.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use vanguard_core::rules::{may_give_passwords, may_manage_devices};

use super::{acceptable_password, required};
use crate::http::auth::ConsoleAuth;
use crate::http::json::JsonBody;
use crate::http::openapi::AnyProblem;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::App;

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
    acceptable_password(&account.password)?;
    let hash = app.passwords.hash(account.password).await;
    let hash = hash.ok_or(ProblemKind::Internal)?;
    app.access(move |access| access.put_account(member, &hash))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Nobody has this number.
pub(super) fn unknown_number(number: &str) -> Problem {
    let zh = format!("没有工号为“{number}”的人员");
    let en = format!("nobody has the number \"{number}\"");
    Problem::field("number", &zh, &en)
}
