//! `GET /documents/{id}/actions`: what whoever asks may do to a record as it stands, and why not
//! the rest; `POST /actions`: what they may do to which of many. The rules are asked about a sample
//! of each event that says all that such an event has to say, so that what is refused is refused for
//! person, reach or state.

use axum::extract::State;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;
use vanguard_core::id::{DocumentId, EventId};
use vanguard_core::model::{DocumentKind, View, for_kind};
use vanguard_core::rules::{
    Governed, Judge, Refusal, author_of_change, choose_author, may_append_all,
};
use vanguard_core::store::{StoreError, query};
use vanguard_core::{NewEvent, Verb};

use super::extract::{Id, Positioned};
use super::hand::fresh_id;
use super::problems::{ReadProblems, WriteProblems};
use super::reading::Reader;
use super::records::Words;
use super::writes::event_verb;
use crate::acts::object;
use crate::http::auth::ConsoleAuth;
use crate::http::json::JsonBody;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::App;

/// What may be done to a record.
#[derive(Serialize, ToSchema)]
pub(super) struct Actions {
    /// The record.
    document: DocumentId,
    /// Every event of its kind by name, `edit` for its fields.
    actions: Vec<Action>,
}

/// Something that may be done, or not.
#[derive(Serialize, ToSchema)]
pub(super) struct Action {
    /// The event, such as `graded`; or `edit`.
    event: String,
    /// Which case of it, where the rules tell cases apart: `general` and `major` of a grade,
    /// `on_the_spot` and `on_behalf` of a rectification, `and_closed_out` of a verification that
    /// the same person closes out at once.
    case: Option<&'static str>,
    /// Why it may not be done; null where it may.
    refusal: Option<Refusal>,
    /// The same in words.
    words: Option<Words>,
}

/// 可办事项. What whoever asks may do to a record as it stands, and why not the rest.
#[utoipa::path(
    get, path = "/documents/{id}/actions", tag = "decide", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The record")),
    responses(
        (status = 200, description = "What may be done", body = Actions,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        ReadProblems,
    )
)]
pub(super) async fn actions(
    State(app): State<App>,
    auth: ConsoleAuth,
    Id(id): Id,
) -> Result<Positioned<Actions>, Problem> {
    let document = DocumentId(id);
    let reader = Reader::of(&app, &auth);
    let event = EventId(fresh_id(&app));
    let at_ms = app.env.now_ms();
    let replica = app.relay.replica();
    let position = replica.position();
    let actions = replica.read(move |conn| {
        let Some((kind, _)) = query::kind_of(conn, document)? else {
            return Ok(None);
        };
        for_kind!(kind, R => judged::<R>(conn, &reader, document, (event, at_ms)))
    });
    let actions = actions.await?.ok_or(ProblemKind::NotFound)?;
    Ok(Positioned::ok(position, Actions { document, actions }))
}

/// Records that were chosen together.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Chosen {
    /// The records.
    #[schema(max_items = 1000)]
    documents: Vec<DocumentId>,
}

/// The most records that may be asked about together.
const MOST_CHOSEN: usize = 1_000;

/// What may be done to some of the records that were chosen.
#[derive(Serialize, ToSchema)]
pub(super) struct Offers {
    /// Every event that at least one of them allows.
    offers: Vec<Offer>,
}

/// Something that may be done, and to which records.
#[derive(Serialize, ToSchema)]
pub(super) struct Offer {
    /// The event; see there.
    event: String,
    /// Which case of it; see there.
    case: Option<&'static str>,
    /// Those of the chosen records to which it may be done.
    documents: Vec<DocumentId>,
}

/// 批量可办事项. What whoever asks may do to which of many records. Those that they may not see
/// allow nothing. It changes nothing; it is posted because there are many.
#[utoipa::path(
    post, path = "/actions", tag = "decide", request_body = Chosen, security(("session" = [])),
    responses(
        (status = 200, description = "What may be done", body = Offers,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        WriteProblems,
    )
)]
pub(super) async fn actions_of_many(
    State(app): State<App>,
    auth: ConsoleAuth,
    JsonBody(Chosen { documents }): JsonBody<Chosen>,
) -> Result<Positioned<Offers>, Problem> {
    if documents.len() > MOST_CHOSEN {
        let (zh, en) = ("一次最多 1000 项", "at most 1000 of them");
        return Err(Problem::field("documents", zh, en));
    }
    let reader = Reader::of(&app, &auth);
    let new = (EventId(fresh_id(&app)), app.env.now_ms());
    let replica = app.relay.replica();
    let position = replica.position();
    let offers = replica.read_all(move |conn| {
        let mut offers: Vec<Offer> = Vec::new();
        for document in documents {
            let Some((kind, _)) = query::kind_of(conn, document)? else {
                continue;
            };
            let actions = for_kind!(kind, R => judged::<R>(conn, &reader, document, new))?;
            let allowed = actions.into_iter().flatten();
            for Action { event, case, .. } in allowed.filter(|action| action.refusal.is_none()) {
                let mut known = offers.iter_mut();
                match known.find(|offer| offer.event == event && offer.case == case) {
                    Some(offer) => offer.documents.push(document),
                    None => offers.push(Offer {
                        event,
                        case,
                        documents: vec![document],
                    }),
                }
            }
        }
        Ok(offers)
    });
    let offers = offers.await?;
    Ok(Positioned::ok(position, Offers { offers }))
}

fn judged<R: Governed>(
    conn: &Connection,
    reader: &Reader,
    id: DocumentId,
    (event, at_ms): (EventId, i64),
) -> Result<Option<Vec<Action>>, StoreError> {
    let Some(view) = reader.find::<R>(conn, id)? else {
        return Ok(None);
    };
    let ask = |verb: &Verb| author_of_change(&reader.directory, reader.member, &view, verb).err();
    let mut actions = Vec::new();
    for (case, body) in samples(R::KIND, &object(&view.fields), &object(&view.state)) {
        let name = body
            .get("event")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let name = name.to_owned();
        let refusal = match event_verb::<R>(event, at_ms, body) {
            Ok(verb) => ask(&verb),
            Err(_) => Some(Refusal::Malformed),
        };
        actions.push(Action::new(name, case, refusal));
    }
    if R::KIND == DocumentKind::Hazard {
        let refusal = close_at_once(reader, &view, (event, at_ms)).err();
        let case = Some("and_closed_out");
        actions.push(Action::new("verified".into(), case, refusal));
    }
    let edit = Verb::Edit { fields: Map::new() };
    actions.push(Action::new("edit".into(), None, ask(&edit)));
    Ok(Some(actions))
}

/// Whether whoever verifies a hazard now may then close it out.
fn close_at_once<R: Governed>(
    reader: &Reader,
    view: &View<R>,
    (event, at_ms): (EventId, i64),
) -> Result<(), Refusal> {
    let bodies = [
        json!({"event": "verified", "conclusion": TEXT, "assessment": TEXT}),
        json!({"event": "closed_out"}),
    ];
    let events = bodies.map(|body| NewEvent {
        id: event,
        at_ms,
        body: map(body),
    });
    let allows = |judge: &Judge<'_>| may_append_all(judge, view, &events);
    choose_author(&reader.directory, reader.member, allows).map(|_| ())
}

impl Action {
    fn new(event: String, case: Option<&'static str>, refusal: Option<Refusal>) -> Self {
        Self {
            event,
            case,
            refusal,
            words: refusal.map(Words::of),
        }
    }
}

/// A text that is not empty.
const TEXT: &str = "…";
/// An instant after every deadline, in milliseconds.
const LATE_MS: i64 = 253_402_300_799_999;

/// One sample of each event of a kind, with the case that it stands for.
fn samples(
    kind: DocumentKind,
    fields: &Map<String, Value>,
    state: &Map<String, Value>,
) -> Vec<(Option<&'static str>, Map<String, Value>)> {
    let nobody = Uuid::nil();
    let samples = match kind {
        DocumentKind::Hazard => return hazard_samples(state),
        DocumentKind::Inspection => vec![
            json!({"event": "reviewed"}),
            json!({"event": "returned", "remark": TEXT}),
            json!({"event": "corrected", "text": TEXT}),
            json!({"event": "commented", "text": TEXT}),
        ],
        DocumentKind::Violation => vec![
            json!({"event": "confirmed"}),
            json!({"event": "handled", "outcome": TEXT}),
            json!({"event": "withdrawn", "reason": TEXT}),
            json!({"event": "commented", "text": TEXT}),
        ],
        DocumentKind::Zone => vec![
            json!({"event": "noted", "text": TEXT}),
            json!({"event": "retired", "reason": TEXT}),
        ],
        DocumentKind::Post => {
            let first = state.get("unreviewed").and_then(|list| list.get(0));
            vec![
                json!({"event": "named"}),
                json!({"event": "review_started"}),
                json!({"event": "withdrawn", "reason": TEXT}),
                json!({"event": "entry", "day": 0, "shift": "day", "done": TEXT}),
                json!({"event": "entry_reviewed", "entry": first.cloned().unwrap_or(json!(nobody))}),
            ]
        }
        DocumentKind::Team => vec![
            json!({"event": "noted", "text": TEXT}),
            json!({"event": "ended", "outcome": TEXT}),
        ],
        DocumentKind::Organisation => vec![
            json!({"event": "approved", "secretary": nobody}),
            json!({"event": "activated"}),
            json!({"event": "dissolved", "host": fields.get("parent"), "reason": TEXT}),
            json!({"event": "archived"}),
        ],
        DocumentKind::Grant => vec![json!({"event": "ended", "reason": TEXT})],
        DocumentKind::Template => {
            let version = state.get("version").and_then(Value::as_u64).unwrap_or(0);
            vec![
                json!({"event": "published", "version": version + 1, "items": []}),
                json!({"event": "retired"}),
            ]
        }
        DocumentKind::Unit | DocumentKind::Person | DocumentKind::Member => Vec::new(),
    };
    let samples = samples.into_iter();
    samples.map(|sample| (None, map(sample))).collect()
}

fn hazard_samples(state: &Map<String, Value>) -> Vec<(Option<&'static str>, Map<String, Value>)> {
    let assigned = state.get("assignment").and_then(|it| it.get("person"));
    let person = assigned.cloned();
    let person = person.unwrap_or_else(|| json!({"member": Uuid::nil()}));
    let plan = json!({
        "goals_and_tasks": TEXT, "methods_and_measures": TEXT, "funds_and_supplies": TEXT,
        "body_and_people": TEXT, "time_limit_and_requirements": TEXT,
        "safety_measures_and_contingency_plan": TEXT, "principal": TEXT,
    });
    let nature = state.get("nature").cloned().unwrap_or_default();
    let graded = |grade: &str| {
        json!({
            "event": "graded", "grade": grade, "nature": nature, "reason": TEXT, "criterion": TEXT,
        })
    };
    let samples = [
        (Some("general"), graded("general")),
        (Some("major"), graded("major")),
        (None, json!({"event": "control_measure", "text": TEXT})),
        (
            None,
            json!({
                "event": "assigned", "unit": Uuid::nil(), "person": person, "mode": "deadline",
                "deadline_ms": LATE_MS, "plan": plan,
            }),
        ),
        (
            None,
            json!({"event": "extended", "deadline_ms": LATE_MS, "reason": TEXT}),
        ),
        (None, json!({"event": "rectified", "what": TEXT})),
        (
            Some("on_the_spot"),
            json!({"event": "rectified", "what": TEXT, "on_the_spot": true}),
        ),
        (
            Some("on_behalf"),
            json!({"event": "rectified", "what": TEXT, "on_behalf_of": person}),
        ),
        (
            None,
            json!({"event": "returned_for_rework", "reason": TEXT}),
        ),
        (
            None,
            json!({"event": "verified", "conclusion": TEXT, "assessment": TEXT}),
        ),
        (None, json!({"event": "closed_out"})),
        (None, json!({"event": "voided", "reason": TEXT})),
        (None, json!({"event": "reopened", "reason": TEXT})),
        (
            None,
            json!({"event": "field_chosen", "field": "description", "value": TEXT}),
        ),
        (None, json!({"event": "commented", "text": TEXT})),
    ];
    let samples = samples.into_iter();
    samples.map(|(case, sample)| (case, map(sample))).collect()
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
