//! Appending events to records, and editing their fields.

use axum::extract::State;
use rusqlite::Connection;
use serde_json::{Map, Value};
use utoipa::openapi::schema::{AnyOfBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};
use vanguard_core::id::{DocumentId, EventId};
use vanguard_core::model::hazard::HazardEvent;
use vanguard_core::model::inspection::InspectionEvent;
use vanguard_core::model::organisation::PartyOrgEvent;
use vanguard_core::model::people::GrantEvent;
use vanguard_core::model::post::PostEvent;
use vanguard_core::model::team::TeamEvent;
use vanguard_core::model::template::TemplateEvent;
use vanguard_core::model::violation::ViolationEvent;
use vanguard_core::model::zone::ZoneEvent;
use vanguard_core::model::{Author, for_kind};
use vanguard_core::rules::{Governed, author_of_change};
use vanguard_core::store::{StoreError, query};
use vanguard_core::{NewEvent, Verb};

use super::extract::{Id, Positioned};
use super::hand::{Written, fresh_id, perform, written};
use super::problems::{WriteProblems, invalid, refused};
use super::reading::Reader;
use crate::acts::object;
use crate::http::auth::ConsoleAuth;
use crate::http::json::JsonBody;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::App;
use crate::relay::Act;

macro_rules! any_event {
    ($($event:ident),+ $(,)?) => {
        impl PartialSchema for AnyEvent {
            fn schema() -> RefOr<Schema> {
                let any = AnyOfBuilder::new()
                    .description(Some("An event of the record's kind, named by `event`."));
                $(let any = any.item(Ref::from_schema_name($event::name()));)+
                any.into()
            }
        }

        impl ToSchema for AnyEvent {
            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                $(
                    schemas.push(($event::name().into_owned(), $event::schema()));
                    $event::schemas(schemas);
                )+
            }
        }
    };
}

/// An event of any kind of record.
pub(super) struct AnyEvent;

any_event! {
    HazardEvent, InspectionEvent, ViolationEvent, ZoneEvent, PostEvent, TeamEvent, PartyOrgEvent,
    GrantEvent, TemplateEvent,
}

/// A change that is ready to be done.
struct Prepared {
    author: Author,
    verb: Verb,
}

/// 办理. Makes something happen to a record: an event of its kind, under the first grant of the
/// person signed in that allows it.
#[utoipa::path(
    post, path = "/documents/{id}/events", tag = "decide", request_body = AnyEvent,
    params(("id" = Uuid, Path, description = "The record")), security(("session" = [])),
    responses(
        (status = 200, description = "Admitted", body = Written,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        WriteProblems,
    )
)]
pub(super) async fn append_event(
    State(app): State<App>,
    auth: ConsoleAuth,
    Id(id): Id,
    JsonBody(body): JsonBody<Map<String, Value>>,
) -> Result<Positioned<Written>, Problem> {
    let event = EventId(fresh_id(&app));
    let at_ms = app.env.now_ms();
    let prepare = Preparation::Event { event, at_ms, body };
    let position = change(&app, &auth, DocumentId(id), prepare).await?;
    Ok(written(DocumentId(id), Some(event), position))
}

/// Fields and their new values; null removes one.
#[derive(ToSchema)]
#[schema(value_type = std::collections::HashMap<String, Value>)]
#[allow(dead_code)] // named in the OpenAPI document only
pub(super) struct FieldValues(Map<String, Value>);

/// 修改. Gives fields of a record other values; null removes one. What others edit meanwhile is
/// kept beside it until somebody chooses.
#[utoipa::path(
    patch, path = "/documents/{id}/fields", tag = "decide", request_body = FieldValues,
    params(("id" = Uuid, Path, description = "The record")), security(("session" = [])),
    responses(
        (status = 200, description = "Admitted", body = Written,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        WriteProblems,
    )
)]
pub(super) async fn edit_fields(
    State(app): State<App>,
    auth: ConsoleAuth,
    Id(id): Id,
    JsonBody(fields): JsonBody<Map<String, Value>>,
) -> Result<Positioned<Written>, Problem> {
    let prepare = Preparation::Fields(fields);
    let position = change(&app, &auth, DocumentId(id), prepare).await?;
    Ok(written(DocumentId(id), None, position))
}

async fn change(
    app: &App,
    auth: &ConsoleAuth,
    id: DocumentId,
    preparation: Preparation,
) -> Result<u64, Problem> {
    let reader = Reader::of(app, auth);
    let prepared = app.relay.replica().read(move |conn| {
        let Some((kind, _)) = query::kind_of(conn, id)? else {
            return Ok(Err(ProblemKind::NotFound.into()));
        };
        for_kind!(kind, R => preparation.of::<R>(conn, &reader, id))
    });
    let Prepared { author, verb } = prepared.await??;
    perform(app, author, vec![Act { document: id, verb }]).await
}

/// What is to be done, before it is known to what kind of record.
enum Preparation {
    Event {
        event: EventId,
        at_ms: i64,
        body: Map<String, Value>,
    },
    Fields(Map<String, Value>),
}

impl Preparation {
    fn of<R: Governed>(
        self,
        conn: &Connection,
        reader: &Reader,
        id: DocumentId,
    ) -> Result<Result<Prepared, Problem>, StoreError> {
        let Some(view) = reader.find::<R>(conn, id)? else {
            return Ok(Err(ProblemKind::NotFound.into()));
        };
        let verb = match self {
            Self::Event { event, at_ms, body } => event_verb::<R>(event, at_ms, body),
            Self::Fields(fields) => edit_verb::<R>(&view.fields, fields),
        };
        Ok(verb.and_then(|verb| {
            let author = author_of_change(&reader.directory, reader.member, &view, &verb);
            let author = author.map_err(refused)?;
            Ok(Prepared { author, verb })
        }))
    }
}

pub(super) fn event_verb<R: Governed>(
    id: EventId,
    at_ms: i64,
    body: Map<String, Value>,
) -> Result<Verb, Problem> {
    // Through its type and back, so that nothing gets in which the type does not say.
    let body: R::Event =
        serde_json::from_value(Value::Object(body)).map_err(|error| invalid(&error))?;
    let event = NewEvent {
        id,
        at_ms,
        body: object(&body),
    };
    Ok(Verb::Append { event })
}

fn edit_verb<R: Governed>(present: &R::Fields, edits: Map<String, Value>) -> Result<Verb, Problem> {
    let mut merged = object(present);
    merged.extend(edits.clone());
    merged.retain(|_, value| !value.is_null());
    let fields: R::Fields =
        serde_json::from_value(Value::Object(merged)).map_err(|error| invalid(&error))?;
    let known = object(&fields);
    let is_empty = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    };
    // A field that the type does not say would be kept, and never shown.
    let mut unknown = edits
        .iter()
        .filter(|(name, value)| !known.contains_key(*name) && !is_empty(value));
    if let Some((name, _)) = unknown.next() {
        return Err(Problem::field(name, "没有此字段", "there is no such field"));
    }
    if edits.is_empty() {
        return Err(Problem::from(ProblemKind::Invalid).detail("没有修改内容", "nothing to edit"));
    }
    let edited = |(name, value): (String, Value)| {
        let value = known.get(&name).cloned().unwrap_or(value);
        (name, value)
    };
    Ok(Verb::Edit {
        fields: edits.into_iter().map(edited).collect(),
    })
}
