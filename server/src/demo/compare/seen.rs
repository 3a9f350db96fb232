//! What a place holds of a record, in plain data: read from the raw Automerge document that the
//! relay gives out, or from the text that a store projected. Neither goes through core's reading
//! of documents.

use std::collections::HashMap;

use automerge::{Automerge, Change, ChangeHash, ObjId, ObjType, ROOT, ReadDoc, Value as AmValue};
use serde_json::{Map, Value};

/// A record as some place holds it.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) kind: String,
    pub(super) space: String,
    pub(super) creator: String,
    pub(super) created_ms: i64,
    pub(super) fields: Map<String, Value>,
    /// Every value of the fields that have several.
    pub(super) several: Vec<(String, Vec<Value>)>,
    /// In the order in which they count.
    pub(super) events: Vec<SeenEvent>,
    /// Edits by author and second, where the place tells them.
    pub(super) edits: Option<Vec<(String, i64)>>,
}

/// An event as some place holds it.
#[derive(Clone, Debug)]
pub(super) struct SeenEvent {
    pub(super) id: String,
    pub(super) member: String,
    pub(super) at_ms: i64,
    /// What was written, its kind under `event`.
    pub(super) body: Map<String, Value>,
    /// Its place in the relay's log.
    pub(super) position: Option<u64>,
    pub(super) superseded: Option<String>,
}

impl SeenEvent {
    pub(super) fn kind(&self) -> &str {
        super::super::record::event_kind(&self.body)
    }
}

/// What frames an event and is nobody's writing.
const FRAME: [&str; 9] = [
    "id",
    "role",
    "grant",
    "seen",
    "position",
    "received_at_ms",
    "superseded",
    "unaware_of",
    "member",
];

fn event(id: Option<&str>, mut body: Map<String, Value>) -> SeenEvent {
    let text = |body: &Map<String, Value>, key: &str| {
        body.get(key).and_then(Value::as_str).map(str::to_owned)
    };
    let seen = SeenEvent {
        id: id
            .map(str::to_owned)
            .or_else(|| text(&body, "id"))
            .unwrap_or_default(),
        member: text(&body, "member").unwrap_or_default(),
        at_ms: body
            .get("at_ms")
            .and_then(Value::as_i64)
            .unwrap_or_default(),
        body: Map::new(),
        position: body.get("position").and_then(Value::as_u64),
        superseded: text(&body, "superseded"),
    };
    body.retain(|key, _| key != "at_ms" && !FRAME.contains(&key.as_str()));
    SeenEvent { body, ..seen }
}

impl Seen {
    /// From a projected row's text.
    pub(super) fn of_view(text: &str) -> Option<Self> {
        let Ok(Value::Object(mut view)) = serde_json::from_str(text) else {
            return None;
        };
        let text = |view: &Map<String, Value>, key: &str| {
            view.get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let mut seen = Self {
            kind: text(&view, "kind"),
            space: text(&view, "space"),
            creator: text(&view, "creator"),
            created_ms: view
                .get("created_ms")
                .and_then(Value::as_i64)
                .unwrap_or_default(),
            ..Self::default()
        };
        if let Some(Value::Object(fields)) = view.remove("fields") {
            seen.fields = fields;
        }
        if let Some(Value::Array(events)) = view.remove("events") {
            let maps = events.into_iter().filter_map(|event| match event {
                Value::Object(map) => Some(map),
                _ => None,
            });
            seen.events = maps.map(|map| event(None, map)).collect();
        }
        if let Some(Value::Array(conflicts)) = view.remove("conflicts") {
            for conflict in conflicts {
                let field = conflict["field"].as_str().unwrap_or_default().to_owned();
                let values = conflict["values"].as_array().cloned().unwrap_or_default();
                let values = values.into_iter().map(|value| value["value"].clone());
                seen.several.push((field, values.collect()));
            }
        }
        Some(seen)
    }

    /// From a raw Automerge file, with the places of its changes in the relay's log.
    pub(super) fn of_document(bytes: &[u8], places: &HashMap<ChangeHash, u64>) -> Option<Self> {
        let doc = Automerge::load(bytes).ok()?;
        let root = |key: &str| -> Value {
            let found = doc.get(ROOT, key).ok().flatten();
            found.map_or(Value::Null, |(value, id)| plain(&doc, &value, &id))
        };
        let text = |key: &str| root(key).as_str().unwrap_or_default().to_owned();
        let mut seen = Self {
            kind: text("kind"),
            space: text("space"),
            creator: text("creator"),
            created_ms: root("created_ms").as_i64().unwrap_or_default(),
            ..Self::default()
        };
        let (_, fields) = doc.get(ROOT, "fields").ok().flatten()?;
        for key in doc.keys(&fields) {
            let all = doc.get_all(&fields, key.as_str()).ok()?;
            let mut values: Vec<Value> = all.iter().map(|(v, id)| plain(&doc, v, id)).collect();
            if values.len() > 1 {
                seen.several.push((key.clone(), values.clone()));
            }
            if let Some(last) = values.pop() {
                seen.fields.insert(key, last);
            }
        }
        let (_, events) = doc.get(ROOT, "events").ok().flatten()?;
        let mut of_events = Vec::new();
        for key in doc.keys(&events) {
            let (value, id) = doc.get(&events, key.as_str()).ok().flatten()?;
            let Value::Object(map) = plain(&doc, &value, &id) else {
                return None;
            };
            let hash = doc.hash_for_opid(&id)?;
            of_events.push(hash);
            let position = places.get(&hash).copied();
            seen.events.push(SeenEvent {
                position,
                ..event(Some(&key), map)
            });
        }
        seen.events.sort_by_key(|event| event.position);
        let edits = doc
            .get_changes(&[])
            .into_iter()
            .filter(|change| !change.deps().is_empty() && !of_events.contains(&change.hash()));
        seen.edits = Some(
            edits
                .map(|change| (author_of(&change), change.timestamp()))
                .collect(),
        );
        Some(seen)
    }
}

/// Who wrote a change, by its message.
pub(super) fn author_of(change: &Change) -> String {
    let message = change.message().unwrap_or_default();
    message.split('/').next().unwrap_or_default().to_owned()
}

/// An Automerge value as JSON.
fn plain(doc: &Automerge, value: &AmValue<'_>, id: &ObjId) -> Value {
    match value {
        AmValue::Object(ObjType::Map | ObjType::Table) => {
            let entries = doc.keys(id).filter_map(|key| {
                let (value, child) = doc.get(id, key.as_str()).ok().flatten()?;
                Some((key, plain(doc, &value, &child)))
            });
            Value::Object(entries.collect())
        }
        AmValue::Object(ObjType::List) => {
            let items = (0..doc.length(id)).filter_map(|at| doc.get(id, at).ok().flatten());
            Value::Array(
                items
                    .map(|(value, child)| plain(doc, &value, &child))
                    .collect(),
            )
        }
        AmValue::Object(ObjType::Text) => Value::String(doc.text(id).unwrap_or_default()),
        AmValue::Scalar(scalar) => scalar_json(scalar),
    }
}

fn scalar_json(scalar: &automerge::ScalarValue) -> Value {
    use automerge::ScalarValue as S;
    match scalar {
        S::Str(text) => Value::String(text.to_string()),
        S::Int(number) | S::Timestamp(number) => Value::from(*number),
        S::Uint(number) => Value::from(*number),
        S::F64(number) => Value::from(*number),
        S::Boolean(flag) => Value::Bool(*flag),
        _ => Value::Null,
    }
}
