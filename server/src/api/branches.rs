//! Temporary branches: approved with their secretary, dissolved into their host branch.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use vanguard_core::Verb;
use vanguard_core::id::{DocumentId, MemberId, OrgId};
use vanguard_core::model::organisation::{PartyOrg, PartyOrgEvent};
use vanguard_core::model::people::{Grant, GrantFields};
use vanguard_core::model::{Role, View};
use vanguard_core::rules::{choose_author, may_change, may_create};

use super::extract::{Id, Positioned};
use super::hand::{Written, creation, event_of, fresh_id, perform, written};
use super::problems::{WriteProblems, refused};
use super::reading::Reader;
use crate::http::auth::ConsoleAuth;
use crate::http::json::JsonBody;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::App;
use crate::relay::Act;

/// Who becomes secretary.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Approval {
    /// The member.
    secretary: MemberId,
}

/// 批准临时党支部. Approves a temporary branch and appoints its secretary, in one act.
#[utoipa::path(
    post, path = "/organisations/{id}/approve", tag = "decide", request_body = Approval,
    params(("id" = Uuid, Path, description = "The temporary branch")), security(("session" = [])),
    responses(
        (status = 200, description = "Approved", body = Written,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        WriteProblems,
    )
)]
pub(super) async fn approve(
    State(app): State<App>,
    auth: ConsoleAuth,
    Id(id): Id,
    JsonBody(Approval { secretary }): JsonBody<Approval>,
) -> Result<Positioned<Written>, Problem> {
    let view = branch(&app, &auth, id).await?;
    let event = event_of(&app, &PartyOrgEvent::Approved { secretary });
    let event_id = event.id;
    let approved = Verb::Append { event };
    let grant = GrantFields {
        member: secretary,
        role: Role::BranchSecretary,
        org: OrgId(id),
    };
    let member = auth.session.member;
    let grant_id = DocumentId(fresh_id(&app));
    let granted = creation::<Grant>(&app, member, grant_id, OrgId::DIRECTORY, &grant, None);
    let author = choose_author(&app.relay.directory(), member, |judge| {
        may_change(judge, &view, &approved)?;
        may_create::<Grant>(judge, &granted)
    });
    let acts = vec![
        Act {
            document: DocumentId(id),
            verb: approved,
        },
        Act {
            document: grant_id,
            verb: granted,
        },
    ];
    let position = perform(&app, author.map_err(refused)?, acts).await?;
    Ok(written(DocumentId(id), Some(event_id), position))
}

/// Where a branch's space goes, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Dissolution {
    /// The branch that takes over its space, open hazards and history included.
    host: OrgId,
    /// Why.
    reason: String,
}

/// 撤销临时党支部. Dissolves a temporary branch; its space passes to the host branch.
#[utoipa::path(
    post, path = "/organisations/{id}/dissolve", tag = "decide", request_body = Dissolution,
    params(("id" = Uuid, Path, description = "The temporary branch")), security(("session" = [])),
    responses(
        (status = 200, description = "Dissolved", body = Written,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        WriteProblems,
    )
)]
pub(super) async fn dissolve(
    State(app): State<App>,
    auth: ConsoleAuth,
    Id(id): Id,
    JsonBody(Dissolution { host, reason }): JsonBody<Dissolution>,
) -> Result<Positioned<Written>, Problem> {
    let view = branch(&app, &auth, id).await?;
    let event = event_of(&app, &PartyOrgEvent::Dissolved { host, reason });
    let event_id = event.id;
    let verb = Verb::Append { event };
    let directory = app.relay.directory();
    let author = choose_author(&directory, auth.session.member, |judge| {
        may_change(judge, &view, &verb)
    });
    let document = DocumentId(id);
    let acts = vec![Act { document, verb }];
    let position = perform(&app, author.map_err(refused)?, acts).await?;
    Ok(written(document, Some(event_id), position))
}

async fn branch(app: &App, auth: &ConsoleAuth, id: Uuid) -> Result<View<PartyOrg>, Problem> {
    let reader = Reader::of(app, auth);
    let found = app
        .relay
        .replica()
        .read(move |conn| reader.find::<PartyOrg>(conn, DocumentId(id)));
    Ok(found.await?.ok_or(ProblemKind::NotFound)?)
}
