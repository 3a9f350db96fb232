//! `GET /documents/{id}/history`: every change of a record.

use axum::extract::State;
use utoipa::ToSchema;
use vanguard_core::id::DocumentId;
use vanguard_core::keys::hex;
use vanguard_core::model::for_kind;
use vanguard_core::store::history::{self, ChangeRecord};
use vanguard_core::store::query;

use super::extract::{Id, Positioned};
use super::problems::ReadProblems;
use super::reading::Reader;
use crate::http::auth::ConsoleAuth;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::App;

/// A record's changes in the relay's order.
#[derive(serde::Serialize, ToSchema)]
pub(super) struct History {
    /// The record.
    document: DocumentId,
    /// Its changes.
    changes: Vec<ChangeRecord>,
    /// What the actors of the relay's own hand begin with, lower-case hexadecimal: such a change
    /// was made through the console and is attested by the relay.
    relay_actor: String,
}

/// 历史. Every change of a record: its place in the log, when the relay received it, in whose
/// hand, by which actor and when by that device's clock, and what it did.
#[utoipa::path(
    get, path = "/documents/{id}/history", tag = "review", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The record")),
    responses(
        (status = 200, description = "Its history", body = History,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        ReadProblems,
    )
)]
pub(super) async fn history(
    State(app): State<App>,
    auth: ConsoleAuth,
    Id(id): Id,
) -> Result<Positioned<History>, Problem> {
    let document = DocumentId(id);
    let reader = Reader::of(&app, &auth);
    let replica = app.relay.replica();
    let position = replica.position();
    let changes = replica.read(move |conn| {
        let Some((kind, _)) = query::kind_of(conn, document)? else {
            return Ok(None);
        };
        let is_readable = for_kind!(kind, R => reader.find::<R>(conn, document)?.is_some());
        if !is_readable {
            return Ok(None);
        }
        history::history(conn, document)
    });
    let changes = changes.await?.ok_or(ProblemKind::NotFound)?;
    let relay_actor = hex(&app.relay.key().public_key().actor_prefix());
    let history = History {
        document,
        changes,
        relay_actor,
    };
    Ok(Positioned::ok(position, history))
}
