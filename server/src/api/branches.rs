//! Temporary branches: approved with their secretary, dissolved into their host branch. A decision
//! that is there already under its id is answered as if it had just been made.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use vanguard_core::id::{DocumentId, EventId, MemberId, OrgId};
use vanguard_core::model::organisation::{PartyOrg, PartyOrgEvent};
use vanguard_core::model::people::{Grant, GrantFields};
use vanguard_core::model::{Role, View};
use vanguard_core::rules::{choose_author, may_change, may_create};
use vanguard_core::{NewEvent, Verb};

use super::extract::{Id, Parameters, Positioned};
use super::hand::{Written, caught_up, creation, fresh_id, perform, written};
use super::problems::{WriteProblems, refused};
use super::reading::Reader;
use super::writes::{NewEventParameters, is_there};
use crate::acts::object;
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
    params(("id" = Uuid, Path, description = "The temporary branch"), NewEventParameters),
    security(("session" = [])),
    responses(
        (status = 200, description = "Approved, now or by an earlier request with this id", body = Written,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        WriteProblems,
    )
)]
pub(super) async fn approve(
    State(app): State<App>,
    auth: ConsoleAuth,
    Id(id): Id,
    Parameters(new): Parameters<NewEventParameters>,
    JsonBody(Approval { secretary }): JsonBody<Approval>,
) -> Result<Positioned<Written>, Problem> {
    let grant = GrantFields {
        member: secretary,
        role: Role::BranchSecretary,
        org: OrgId(id),
    };
    let document = DocumentId(fresh_id(&app));
    let member = auth.session.member;
    let verb = creation::<Grant>(&app, member, document, OrgId::DIRECTORY, &grant, None);
    let granted = Act { document, verb };
    let seen = new.seen;
    let event = new.event(&app, &PartyOrgEvent::Approved { secretary });
    decide(&app, &auth, DocumentId(id), (event, seen), Some(granted)).await
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
    params(("id" = Uuid, Path, description = "The temporary branch"), NewEventParameters),
    security(("session" = [])),
    responses(
        (status = 200, description = "Dissolved, now or by an earlier request with this id", body = Written,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        WriteProblems,
    )
)]
pub(super) async fn dissolve(
    State(app): State<App>,
    auth: ConsoleAuth,
    Id(id): Id,
    Parameters(new): Parameters<NewEventParameters>,
    JsonBody(Dissolution { host, reason }): JsonBody<Dissolution>,
) -> Result<Positioned<Written>, Problem> {
    let seen = new.seen;
    let event = new.event(&app, &PartyOrgEvent::Dissolved { host, reason });
    decide(&app, &auth, DocumentId(id), (event, seen), None).await
}

impl NewEventParameters {
    fn event(self, app: &App, body: &PartyOrgEvent) -> NewEvent {
        NewEvent {
            id: EventId(self.id.unwrap_or_else(|| fresh_id(app))),
            at_ms: app.env.now_ms(),
            body: object(body),
        }
    }
}

/// Makes a decision about a branch as it was seen, together with the grant that goes with it, once.
async fn decide(
    app: &App,
    auth: &ConsoleAuth,
    id: DocumentId,
    (event, seen): (NewEvent, Option<u64>),
    granted: Option<Act>,
) -> Result<Positioned<Written>, Problem> {
    let event_id = event.id;
    let done = match decided(app, auth, id, (&event, seen), granted).await {
        // Perhaps because of an earlier request that was still on its way.
        Err(problem) if problem.members.contains_key("refusal") => {
            let view = branch(app, auth, id).await?;
            let is_done = is_there(&view, auth.session.member, &event);
            is_done
                .then(|| app.relay.replica().position())
                .ok_or(problem)
        }
        done => done,
    };
    Ok(written(id, Some(event_id), done?))
}

async fn decided(
    app: &App,
    auth: &ConsoleAuth,
    id: DocumentId,
    (event, seen): (&NewEvent, Option<u64>),
    granted: Option<Act>,
) -> Result<u64, Problem> {
    let view = branch(app, auth, id).await?;
    let member = auth.session.member;
    if is_there(&view, member, event) {
        return Ok(app.relay.replica().position());
    }
    let event = event.clone();
    let verb = Verb::Append { event };
    let author = choose_author(&app.relay.directory(), member, |judge| {
        may_change(judge, &view, &verb)?;
        let mut grants = granted.iter();
        grants.try_for_each(|grant| may_create::<Grant>(judge, &grant.verb))
    });
    let mut acts = vec![Act { document: id, verb }];
    acts.extend(granted);
    perform(app, author.map_err(refused)?, acts, seen).await
}

/// The branch as the log has it: what an earlier request did must be seen.
async fn branch(app: &App, auth: &ConsoleAuth, id: DocumentId) -> Result<View<PartyOrg>, Problem> {
    caught_up(app).await;
    let reader = Reader::of(app, auth);
    let found = app
        .relay
        .replica()
        .read(move |conn| reader.find::<PartyOrg>(conn, id));
    Ok(found.await?.ok_or(ProblemKind::NotFound)?)
}
