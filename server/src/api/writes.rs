//! Appending events to records, and editing their fields.

use axum::extract::State;
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::openapi::schema::{AnyOfBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use uuid::Uuid;
use vanguard_core::id::{DocumentId, EventId, MemberId};
use vanguard_core::model::hazard::HazardEvent;
use vanguard_core::model::inspection::InspectionEvent;
use vanguard_core::model::organisation::PartyOrgEvent;
use vanguard_core::model::people::GrantEvent;
use vanguard_core::model::post::PostEvent;
use vanguard_core::model::team::TeamEvent;
use vanguard_core::model::template::TemplateEvent;
use vanguard_core::model::violation::ViolationEvent;
use vanguard_core::model::zone::ZoneEvent;
use vanguard_core::model::{Author, View, for_kind};
use vanguard_core::rules::{Governed, author_of_change, choose_author, may_append_all};
use vanguard_core::store::{StoreError, query};
use vanguard_core::{NewEvent, Verb};

use super::extract::{Id, Parameters, Positioned};
use super::hand::{Written, caught_up, fresh_id, perform, written};
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

/// What is to be done to a record, judged as it stands.
enum Prepared {
    /// In whose hand, and what.
    ToDo { author: Author, verbs: Vec<Verb> },
    /// It is there already, by a request whose answer was lost.
    Done,
}

/// Under which id an event goes in, and what its author had seen.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct NewEventParameters {
    /// The event's id, a UUIDv7, so that a request that got no answer can be made again: the same
    /// event under the same id goes in once. A new one is made where none is given.
    pub(super) id: Option<Uuid>,
    /// The position of the log that the record was shown at (`vanguard-position`): the event says
    /// that its author knew nothing later. What the log has now where none is given.
    pub(super) seen: Option<u64>,
}

/// What whoever writes had seen.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SeenParameters {
    /// The position of the log that the record was shown at (`vanguard-position`): what came later
    /// is not overwritten but stands beside what is written. What the log has now where none is
    /// given.
    seen: Option<u64>,
}

/// 办理. Makes something happen to a record: an event of its kind, under the first grant of the
/// person signed in that allows it.
#[utoipa::path(
    post, path = "/documents/{id}/events", tag = "decide", request_body = AnyEvent,
    params(("id" = Uuid, Path, description = "The record"), NewEventParameters), security(("session" = [])),
    responses(
        (status = 200, description = "Admitted, now or by an earlier request with this id", body = Written,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        WriteProblems,
    )
)]
pub(super) async fn append_event(
    State(app): State<App>,
    auth: ConsoleAuth,
    Id(id): Id,
    Parameters(NewEventParameters { id: event, seen }): Parameters<NewEventParameters>,
    JsonBody(body): JsonBody<Map<String, Value>>,
) -> Result<Positioned<Written>, Problem> {
    let event = EventId(event.unwrap_or_else(|| fresh_id(&app)));
    let events = vec![(event, body)];
    let position = append_all(&app, &auth, DocumentId(id), events, seen).await?;
    Ok(written(DocumentId(id), Some(event), position))
}

/// An event and its id.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IdentifiedEvent {
    /// The event's id, a UUIDv7; see there.
    id: Option<Uuid>,
    /// What happens: an event as `POST /documents/{id}/events` takes it.
    #[schema(value_type = HashMap<String, Value>)]
    event: Map<String, Value>,
}

/// Events that go in together.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EventBatch {
    /// In their order.
    #[schema(min_items = 1, max_items = 100)]
    events: Vec<IdentifiedEvent>,
}

/// The most events that go in together.
const MOST_EVENTS: usize = 100;

/// 一步办理. Makes several things happen to a record one after another, all or none, in one batch
/// under one grant: 复查合格 and 销号 of a General hazard, or a post's entries reviewed.
#[utoipa::path(
    post, path = "/documents/{id}/event-batches", tag = "decide", request_body = EventBatch,
    params(("id" = Uuid, Path, description = "The record"), SeenParameters), security(("session" = [])),
    responses(
        (status = 200, description = "All admitted, now or by an earlier request with these ids", body = Written,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        WriteProblems,
    )
)]
pub(super) async fn append_events(
    State(app): State<App>,
    auth: ConsoleAuth,
    Id(id): Id,
    Parameters(SeenParameters { seen }): Parameters<SeenParameters>,
    JsonBody(EventBatch { events }): JsonBody<EventBatch>,
) -> Result<Positioned<Written>, Problem> {
    if events.is_empty() || events.len() > MOST_EVENTS {
        let zh = format!("须为 1 至 {MOST_EVENTS} 项");
        let en = format!("1 to {MOST_EVENTS} of them");
        return Err(Problem::field("events", &zh, &en));
    }
    let identified = events.into_iter().map(|IdentifiedEvent { id, event }| {
        let id = EventId(id.unwrap_or_else(|| fresh_id(&app)));
        (id, event)
    });
    let events: Vec<_> = identified.collect();
    let last = events.last().map(|(id, _)| *id);
    let position = append_all(&app, &auth, DocumentId(id), events, seen).await?;
    Ok(written(DocumentId(id), last, position))
}

/// Appends events, all or none; those that are there already under their ids are left as they are.
async fn append_all(
    app: &App,
    auth: &ConsoleAuth,
    id: DocumentId,
    events: Vec<(EventId, Map<String, Value>)>,
    seen: Option<u64>,
) -> Result<u64, Problem> {
    let at_ms = app.env.now_ms();
    let prepare = Preparation::Events { at_ms, events };
    match change(app, auth, id, prepare.clone(), seen).await {
        // Perhaps because of an earlier request that was still on its way.
        Err(problem) if problem.members.contains_key("refusal") => {
            match prepared(app, auth, id, prepare).await {
                Ok(Prepared::Done) => Ok(app.relay.replica().position()),
                _ => Err(problem),
            }
        }
        done => done,
    }
}

/// Fields and their new values; null removes one.
#[derive(ToSchema)]
#[schema(value_type = std::collections::HashMap<String, Value>)]
#[allow(dead_code)] // named in the OpenAPI document only
pub(super) struct FieldValues(Map<String, Value>);

/// 修改. Gives fields of a record other values; null removes one. Where somebody else has given a
/// field another value since the position that is named as seen, both values are kept until
/// somebody chooses.
#[utoipa::path(
    patch, path = "/documents/{id}/fields", tag = "decide", request_body = FieldValues,
    params(("id" = Uuid, Path, description = "The record"), SeenParameters), security(("session" = [])),
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
    Parameters(SeenParameters { seen }): Parameters<SeenParameters>,
    JsonBody(fields): JsonBody<Map<String, Value>>,
) -> Result<Positioned<Written>, Problem> {
    let prepare = Preparation::Fields(fields);
    let position = change(&app, &auth, DocumentId(id), prepare, seen).await?;
    Ok(written(DocumentId(id), None, position))
}

/// Judges what is to be done by the record as the log has it, and does it to the record as it was
/// seen.
async fn change(
    app: &App,
    auth: &ConsoleAuth,
    id: DocumentId,
    preparation: Preparation,
    seen: Option<u64>,
) -> Result<u64, Problem> {
    match prepared(app, auth, id, preparation).await? {
        Prepared::Done => Ok(app.relay.replica().position()),
        Prepared::ToDo { author, verbs } => {
            let acts = verbs.into_iter().map(|verb| Act { document: id, verb });
            perform(app, author, acts.collect(), seen).await
        }
    }
}

async fn prepared(
    app: &App,
    auth: &ConsoleAuth,
    id: DocumentId,
    preparation: Preparation,
) -> Result<Prepared, Problem> {
    // What an earlier request did must be seen.
    caught_up(app).await;
    let reader = Reader::of(app, auth);
    let prepared = app.relay.replica().read(move |conn| {
        let Some((kind, _)) = query::kind_of(conn, id)? else {
            return Ok(Err(ProblemKind::NotFound.into()));
        };
        for_kind!(kind, R => preparation.of::<R>(conn, &reader, id))
    });
    prepared.await?
}

/// What is to be done, before it is known to what kind of record.
#[derive(Clone)]
enum Preparation {
    Events {
        at_ms: i64,
        events: Vec<(EventId, Map<String, Value>)>,
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
        Ok(match self {
            Self::Events { at_ms, events } => events_of(reader, &view, at_ms, events),
            Self::Fields(fields) => edit_of(reader, &view, fields),
        })
    }
}

fn events_of<R: Governed>(
    reader: &Reader,
    view: &View<R>,
    at_ms: i64,
    events: Vec<(EventId, Map<String, Value>)>,
) -> Result<Prepared, Problem> {
    let mut new = Vec::new();
    for (id, body) in events {
        let event = new_event::<R>(id, at_ms, body)?;
        if !is_there(view, reader.member, &event) {
            new.push(event);
        }
    }
    if new.is_empty() {
        return Ok(Prepared::Done);
    }
    let author = choose_author(&reader.directory, reader.member, |judge| {
        may_append_all(judge, view, &new)
    });
    let verbs = new.into_iter().map(|event| Verb::Append { event });
    Ok(Prepared::ToDo {
        author: author.map_err(refused)?,
        verbs: verbs.collect(),
    })
}

/// Whether the very event is in the record already, in the same hand.
pub(super) fn is_there<R: Governed>(view: &View<R>, member: MemberId, new: &NewEvent) -> bool {
    let mut events = view.events.iter().map(|folded| &folded.event);
    events.any(|event| {
        event.id == new.id && event.author.member == member && object(&event.body) == new.body
    })
}

fn edit_of<R: Governed>(
    reader: &Reader,
    view: &View<R>,
    fields: Map<String, Value>,
) -> Result<Prepared, Problem> {
    let present = object(&view.fields);
    let is_same = |(name, value): (&String, &Value)| {
        let is_disputed = view
            .conflicts
            .iter()
            .any(|conflict| conflict.field == *name);
        !is_disputed && present.get(name).unwrap_or(&Value::Null) == value
    };
    if !fields.is_empty() && fields.iter().all(is_same) {
        return Ok(Prepared::Done);
    }
    let verb = edit_verb::<R>(&view.fields, fields)?;
    let author = author_of_change(&reader.directory, reader.member, view, &verb);
    Ok(Prepared::ToDo {
        author: author.map_err(refused)?,
        verbs: vec![verb],
    })
}

fn new_event<R: Governed>(
    id: EventId,
    at_ms: i64,
    body: Map<String, Value>,
) -> Result<NewEvent, Problem> {
    // Through its type and back, so that nothing gets in which the type does not say.
    let body: R::Event =
        serde_json::from_value(Value::Object(body)).map_err(|error| invalid(&error))?;
    let body = object(&body);
    Ok(NewEvent { id, at_ms, body })
}

pub(super) fn event_verb<R: Governed>(
    id: EventId,
    at_ms: i64,
    body: Map<String, Value>,
) -> Result<Verb, Problem> {
    let event = new_event::<R>(id, at_ms, body)?;
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
