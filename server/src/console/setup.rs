//! `POST /api/setup`: what the one-time link leads to. Makes the top organisation, the first
//! member, their grant as administrator, and their account; what an import made already is used.

use std::time::Instant;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use vanguard_core::id::{MemberId, OrgId};
use vanguard_core::model::organisation::{PartyOrg, PartyOrgFields, PartyOrgKind};
use vanguard_core::model::people::{Grant, GrantFields, Member, MemberFields};
use vanguard_core::model::{Author, Role};

use super::{acceptable_password, required};
use crate::acts;
use crate::http::json::JsonBody;
use crate::http::openapi::AnyProblem;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::{App, ClientAddress};
use crate::relay::Act;

/// The first administrator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Setup {
    /// The token of the printed link.
    token: String,
    /// 党组织名称: the top organisation's name.
    organisation: String,
    /// 姓名.
    name: String,
    /// 工号.
    number: String,
    /// 密码, 10 characters at least.
    password: String,
}

/// 建立首位管理员. Makes the first administrator, once.
#[utoipa::path(
    post, path = "/setup", tag = "setup", request_body = Setup,
    responses(
        (status = 201, description = "Done; sign in with number and password"),
        AnyProblem,
    )
)]
pub(super) async fn set_up(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    JsonBody(setup): JsonBody<Setup>,
) -> Result<StatusCode, Problem> {
    let now = Instant::now();
    if let Some(wait) = app.strangers.wait(&address, now) {
        return Err(Problem::too_many_tries(wait));
    }
    let _only_one = app.setup.lock().await;
    let token = setup.token.clone();
    if !app
        .access(move |access| access.is_setup_token(&token))
        .await?
    {
        app.strangers.fail(&address, now);
        return Err(ProblemKind::SetupUsed.into());
    }
    let organisation = required("organisation", &setup.organisation, 100)?;
    let name = required("name", &setup.name, 60)?;
    let number = required("number", &setup.number, 40)?;
    acceptable_password(&setup.password)?;

    let (member, acts) = first_acts(&app, organisation, name, number).await?;
    let hash = app.passwords.hash(setup.password).await;
    let hash = hash.ok_or(ProblemKind::Internal)?;
    app.relay.act(Author::OPERATOR, acts).await?;
    let token = setup.token;
    let made = app.access(move |access| access.create_first_account(&token, member, &hash));
    if !made.await? {
        return Err(ProblemKind::SetupUsed.into());
    }
    tracing::info!(%member, "the first administrator is made");
    Ok(StatusCode::CREATED)
}

async fn first_acts(
    app: &App,
    organisation: &str,
    name: &str,
    number: &str,
) -> Result<(MemberId, Vec<Act>), Problem> {
    let known = app.relay.known().await?;
    let now_ms = app.env.now_ms();
    let mut acts = Vec::new();
    let org = known.orgs.get(organisation).copied();
    let org = org.unwrap_or_else(|| {
        let id = app.env.uuid_v7();
        let fields = PartyOrgFields {
            name: organisation.to_owned(),
            org_kind: PartyOrgKind::Committee,
            parent: None,
            project: None,
        };
        acts.push(acts::create::<PartyOrg>(
            id,
            OrgId::DIRECTORY,
            &fields,
            now_ms,
        ));
        OrgId(id)
    });
    let member = known.members.get(number).copied();
    let member = member.unwrap_or_else(|| {
        let id = app.env.uuid_v7();
        let fields = MemberFields {
            name: name.to_owned(),
            number: number.to_owned(),
            home: Some(org),
            unit: None,
        };
        acts.push(acts::create::<Member>(
            id,
            OrgId::DIRECTORY,
            &fields,
            now_ms,
        ));
        MemberId(id)
    });
    let fields = GrantFields {
        member,
        role: Role::Admin,
        org,
    };
    let id = app.env.uuid_v7();
    acts.push(acts::create::<Grant>(id, OrgId::DIRECTORY, &fields, now_ms));
    Ok((member, acts))
}
