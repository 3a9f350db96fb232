//! In whose hand the console writes: acts under the first grant of the person signed in that
//! allows them, done through the relay and waited for in the replica.

use std::time::Duration;

use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;
use uuid::Uuid;
use vanguard_core::id::{DocumentId, EventId, MemberId, OrgId};
use vanguard_core::model::{Author, Header, Record, SCHEMA};
use vanguard_core::{NewEvent, Verb};

use super::extract::Positioned;
use super::problems::{bad_parameter, not_done};
use crate::acts::object;
use crate::http::problem::Problem;
use crate::http::state::App;
use crate::relay::Act;

/// What was written, and where.
#[derive(Serialize, ToSchema)]
pub(super) struct Written {
    /// The record.
    pub(super) document: DocumentId,
    /// The event, where one was appended.
    pub(super) event: Option<EventId>,
    /// The log's position after it.
    pub(super) position: u64,
}

/// How long an answer waits for the replica; what was written stands in any case.
const PATIENCE: Duration = Duration::from_secs(5);

/// Does acts of somebody who had seen the log up to `seen`, all or none, and waits until reading
/// them gives what was written.
///
/// # Errors
/// The refusal of the first that is not allowed, a position that the log has not reached, and the
/// relay's.
pub(super) async fn perform(
    app: &App,
    author: Author,
    acts: Vec<Act>,
    seen: Option<u64>,
) -> Result<u64, Problem> {
    if seen.is_some_and(|seen| seen > *app.relay.head().borrow()) {
        let (zh, en) = (
            "服务器没有此位置的记录，请刷新页面",
            "the log has not come so far; reload the page",
        );
        return Err(bad_parameter("seen", zh, en));
    }
    let done = app.relay.act_seeing(author, acts, seen).await;
    let position = done.map_err(not_done)?;
    // The directory that the next request is judged by is the writer's; the replica follows.
    let _ = timeout(PATIENCE, app.relay.replica().wait_for(position)).await;
    Ok(position)
}

/// Waits until the replica has what the log has now, so that a write is judged by what was done
/// before it.
pub(super) async fn caught_up(app: &App) {
    let head = *app.relay.head().borrow();
    let _ = timeout(PATIENCE, app.relay.replica().wait_for(head)).await;
}

/// The answer to a write.
pub(super) fn written(
    document: DocumentId,
    event: Option<EventId>,
    position: u64,
) -> Positioned<Written> {
    let body = Written {
        document,
        event,
        position,
    };
    Positioned::ok(position, body)
}

/// A fresh UUIDv7.
pub(super) fn fresh_id(app: &App) -> Uuid {
    app.env.uuid_v7()
}

/// An event before it is in a document.
pub(super) fn event_of<B: Serialize>(app: &App, body: &B) -> NewEvent {
    NewEvent {
        id: EventId(fresh_id(app)),
        at_ms: app.env.now_ms(),
        body: object(body),
    }
}

/// The verb that creates a record.
pub(super) fn creation<R: Record>(
    app: &App,
    creator: MemberId,
    id: DocumentId,
    space: OrgId,
    fields: &R::Fields,
    event: Option<&R::Event>,
) -> Verb {
    let header = Header {
        id,
        kind: R::KIND,
        space,
        creator,
        created_ms: app.env.now_ms(),
        schema: SCHEMA,
    };
    Verb::Create {
        header,
        fields: object(fields),
        event: event.map(|event| event_of(app, event)),
    }
}
