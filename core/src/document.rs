//! How a record is an Automerge document, and how it is read back with its history.
//!
//! The root map holds the [`Header`]'s entries, a map `fields` and a map `events`. Fields are
//! scalars, or lists and maps that are replaced whole; each event is a map under its id that
//! nobody touches again. Every change carries its author as its message. A document is kept and
//! sent as the sequence of its changes, uncompressed: that too is a file which every Automerge
//! can load.

use std::collections::{HashMap, HashSet};
use std::panic::catch_unwind;

use automerge::{Automerge, ChangeHash, ObjType, ROOT, ReadDoc, ValueRef};
use serde_json::{Map, Value};

use crate::id::EventId;
use crate::model::{
    Author, Event, FieldConflict, FieldValue, FoldedEvent, Header, Record, SCHEMA, View, fold,
};

/// A change that the relay has admitted: where, and when the relay received it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// Its place in the relay's log.
    pub position: u64,
    /// When the relay received it, in milliseconds of the relay's clock.
    pub received_at_ms: i64,
}

/// The relay's positions of a document's changes; a change that is missing here is this device's
/// own and not yet admitted.
pub type Positions = HashMap<ChangeHash, Admitted>;

/// Why a document cannot be read as a record.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A newer version wrote something that this one does not know.
    #[error("written by a newer version: {0}")]
    TooNew(String),
    /// The bytes are damaged, or not a record at all.
    #[error("not readable: {0}")]
    Damaged(String),
    /// A verb that would leave the document as it is: its fields have these values already.
    #[error("nothing would change")]
    Unchanged,
}

/// The names of the root's two maps.
pub(crate) const FIELDS: &str = "fields";
pub(crate) const EVENTS: &str = "events";
/// How deep lists and maps may nest below `fields` or an event.
pub const NESTING_LIMIT: usize = 6;

/// Loads a document from its changes in an order in which none comes before what it builds on.
///
/// # Errors
/// [`ReadError::Damaged`] where bytes are no changes, or a change is missing in between.
pub fn load<'a>(changes: impl IntoIterator<Item = &'a [u8]>) -> Result<Automerge, ReadError> {
    let mut bytes = Vec::new();
    let mut count = 0;
    for change in changes {
        bytes.extend_from_slice(change);
        count += 1;
    }
    // Of tampered bytes it may panic, even within their limits.
    let loaded = catch_unwind(|| Automerge::load(&bytes).map_err(|e| e.to_string()));
    let loaded = loaded.unwrap_or_else(|_| Err("not a document".into()));
    let doc = loaded.map_err(ReadError::Damaged)?;
    // A missing dependency does not fail: the change waits in a queue, silently.
    if doc.get_changes_meta(&[]).len() != count || !doc.get_missing_deps(&[]).is_empty() {
        return Err(ReadError::Damaged("changes are missing".into()));
    }
    Ok(doc)
}

/// Reads what a document says of itself at its root.
///
/// # Errors
/// [`ReadError::TooNew`] for a higher schema number, [`ReadError::Damaged`] where it is no record.
pub fn read_header(doc: &Automerge) -> Result<Header, ReadError> {
    let mut root = Map::new();
    for item in doc.map_range(ROOT, ..) {
        if let ValueRef::Scalar(_) = item.value {
            root.insert(item.key.to_string(), json(doc, &item.value, &item.id(), 0)?);
        }
    }
    let schema = root.get("schema").and_then(Value::as_u64);
    if schema.is_some_and(|schema| schema > SCHEMA) {
        return Err(ReadError::TooNew(format!(
            "schema {}",
            schema.unwrap_or_default()
        )));
    }
    serde_json::from_value(Value::Object(root)).map_err(|e| ReadError::Damaged(e.to_string()))
}

/// Reads a record: its fields with their conflicts, and its events folded in the relay's order.
///
/// # Errors
/// [`ReadError::TooNew`] where an event or field is of a kind that this version does not know:
/// such a record is shown as needing a newer app, never wrongly. [`ReadError::Damaged`] where the
/// document is no record of this kind.
pub fn read<R: Record>(doc: &Automerge, positions: &Positions) -> Result<View<R>, ReadError> {
    let header = read_header(doc)?;
    if header.kind != R::KIND {
        return Err(ReadError::Damaged(format!("a {}", header.kind.as_str())));
    }
    let (fields, conflicts) = read_fields::<R>(doc, positions)?;
    let mut events = read_events::<R>(doc, positions)?;
    // The relay's order; then this device's own, in the order of their making.
    events.sort_by_key(|event| {
        (
            event.position.map_or(u64::MAX, |at| at.position),
            event.counter,
        )
    });

    let folded = fold::<R>(&header, &fields, events.iter().map(|placed| &placed.event));
    let mut view_events = Vec::with_capacity(events.len());
    let mut unaware = Unaware::default();
    for (placed, superseded) in events.into_iter().zip(folded.superseded) {
        let unaware_of = unaware.next(&placed.event, superseded.is_none());
        view_events.push(FoldedEvent {
            event: placed.event,
            position: placed.position.map(|at| at.position),
            received_at_ms: placed.position.map(|at| at.received_at_ms),
            superseded,
            unaware_of,
        });
    }
    Ok(View {
        header,
        fields,
        state: folded.state,
        events: view_events,
        conflicts,
    })
}

/// Finds the earlier events that an event's author had not seen.
#[derive(Default)]
struct Unaware {
    effective: Vec<EventId>,
    closure: HashMap<EventId, HashSet<EventId>>,
}

impl Unaware {
    fn next<B>(&mut self, event: &Event<B>, is_effective: bool) -> Vec<EventId> {
        let mut known = HashSet::new();
        for seen in &event.seen {
            known.insert(*seen);
            known.extend(self.closure.get(seen).into_iter().flatten());
        }
        let unaware = self
            .effective
            .iter()
            .filter(|id| !known.contains(id))
            .copied()
            .collect();
        self.closure.insert(event.id, known);
        if is_effective {
            self.effective.push(event.id);
        }
        unaware
    }
}

/// Whether an event is in a document.
pub(crate) fn has_event(doc: &Automerge, id: EventId) -> bool {
    let found = root_map(doc, EVENTS).map(|events| doc.get(&events, id.to_string()));
    matches!(found, Some(Ok(Some(_))))
}

/// The events that no other event names as seen: what the author of the next one has seen last.
pub fn frontier<B>(events: &[FoldedEvent<B>]) -> Vec<EventId> {
    let named: HashSet<EventId> = events
        .iter()
        .flat_map(|e| e.event.seen.iter().copied())
        .collect();
    events
        .iter()
        .map(|e| e.event.id)
        .filter(|id| !named.contains(id))
        .collect()
}

struct Placed<B> {
    event: Event<B>,
    position: Option<Admitted>,
    counter: u64,
}

fn read_events<R: Record>(
    doc: &Automerge,
    positions: &Positions,
) -> Result<Vec<Placed<R::Event>>, ReadError> {
    let Some(events) = root_map(doc, EVENTS) else {
        return Ok(Vec::new());
    };
    let mut placed = Vec::new();
    for item in doc.map_range(&events, ..) {
        let id = item.id();
        let Value::Object(mut map) = json(doc, &item.value, &id, 0)? else {
            return Err(ReadError::Damaged("an event is no map".into()));
        };
        map.insert("id".into(), Value::String(item.key.to_string()));
        let event = serde_json::from_value(Value::Object(map))
            .map_err(|e| ReadError::TooNew(e.to_string()))?;
        let hash = doc.hash_for_opid(&id);
        let counter = match &id {
            automerge::ObjId::Root => 0,
            automerge::ObjId::Id(counter, ..) => *counter,
        };
        let position = hash.and_then(|hash| positions.get(&hash).copied());
        placed.push(Placed {
            event,
            position,
            counter,
        });
    }
    Ok(placed)
}

fn read_fields<R: Record>(
    doc: &Automerge,
    positions: &Positions,
) -> Result<(R::Fields, Vec<FieldConflict>), ReadError> {
    let fields = root_map(doc, FIELDS)
        .ok_or_else(|| ReadError::Damaged("the document has no fields".into()))?;
    let mut map = Map::new();
    let mut conflicts = Vec::new();
    for item in doc.map_range(&fields, ..) {
        map.insert(item.key.to_string(), json(doc, &item.value, &item.id(), 0)?);
        if item.conflict {
            conflicts.push(read_conflict(doc, positions, &fields, &item.key)?);
        }
    }
    let fields =
        serde_json::from_value(Value::Object(map)).map_err(|e| ReadError::TooNew(e.to_string()))?;
    Ok((fields, conflicts))
}

fn read_conflict(
    doc: &Automerge,
    positions: &Positions,
    fields: &automerge::ObjId,
    field: &str,
) -> Result<FieldConflict, ReadError> {
    let all = doc
        .get_all(fields, field)
        .map_err(|e| ReadError::Damaged(e.to_string()))?;
    let mut values = Vec::with_capacity(all.len());
    for (value, id) in &all {
        let hash = doc.hash_for_opid(id);
        let change = hash.and_then(|hash| doc.get_change_meta_by_hash(&hash));
        values.push(FieldValue {
            value: any_json(doc, value, id)?,
            author: change
                .as_ref()
                .and_then(|change| change.message.as_deref())
                .and_then(Author::from_message),
            at_ms: change.map_or(0, |change| change.timestamp.saturating_mul(1_000)),
            position: hash.and_then(|h| positions.get(&h)).map(|at| at.position),
        });
    }
    Ok(FieldConflict {
        field: field.to_owned(),
        values,
    })
}

/// One of the root's two maps as JSON.
pub(crate) fn root_json(doc: &Automerge, name: &str) -> Result<Map<String, Value>, ReadError> {
    let damaged = || ReadError::Damaged(format!("the document has no {name}"));
    let id = root_map(doc, name).ok_or_else(damaged)?;
    let mut map = Map::new();
    for item in doc.map_range(&id, ..) {
        map.insert(item.key.to_string(), json(doc, &item.value, &item.id(), 0)?);
    }
    Ok(map)
}

/// The values of a field for those who know a change and what it builds on.
pub(crate) fn field_at(
    doc: &Automerge,
    field: &str,
    change: ChangeHash,
) -> Result<Vec<Value>, ReadError> {
    let damaged = |e: automerge::AutomergeError| ReadError::Damaged(e.to_string());
    let Some(fields) = root_map(doc, FIELDS) else {
        return Ok(Vec::new());
    };
    let all = doc.get_all_at(&fields, field, &[change]).map_err(damaged)?;
    all.iter()
        .map(|(value, id)| any_json(doc, value, id))
        .collect()
}

/// A value with its id as JSON.
fn any_json(
    doc: &Automerge,
    value: &automerge::Value<'_>,
    id: &automerge::ObjId,
) -> Result<Value, ReadError> {
    match value {
        automerge::Value::Object(kind) => json(doc, &ValueRef::Object(*kind), id, 0),
        automerge::Value::Scalar(scalar) => {
            scalar_json(&automerge::ScalarValueRef::from(scalar.as_ref().clone()))
        }
    }
}

/// One of the root's two maps.
pub(crate) fn root_map(doc: &impl ReadDoc, name: &str) -> Option<automerge::ObjId> {
    match doc.get(ROOT, name) {
        Ok(Some((automerge::Value::Object(ObjType::Map), id))) => Some(id),
        _ => None,
    }
}

/// A value of the document as JSON, at most [`NESTING_LIMIT`] deep.
fn json(
    doc: &Automerge,
    value: &ValueRef<'_>,
    id: &automerge::ObjId,
    depth: usize,
) -> Result<Value, ReadError> {
    if depth > NESTING_LIMIT {
        return Err(ReadError::Damaged("nested too deep".into()));
    }
    Ok(match value {
        ValueRef::Object(ObjType::Map | ObjType::Table) => {
            let mut map = Map::new();
            for item in doc.map_range(id, ..) {
                map.insert(
                    item.key.to_string(),
                    json(doc, &item.value, &item.id(), depth + 1)?,
                );
            }
            Value::Object(map)
        }
        ValueRef::Object(ObjType::List) => {
            let mut list = Vec::new();
            for item in doc.list_range(id, ..) {
                list.push(json(doc, &item.value, &item.id(), depth + 1)?);
            }
            Value::Array(list)
        }
        ValueRef::Object(ObjType::Text) => Value::String(
            doc.text(id)
                .map_err(|e| ReadError::Damaged(e.to_string()))?,
        ),
        ValueRef::Scalar(scalar) => scalar_json(scalar)?,
    })
}

fn scalar_json(scalar: &automerge::ScalarValueRef<'_>) -> Result<Value, ReadError> {
    use automerge::ScalarValueRef as S;
    Ok(match scalar {
        S::Str(text) => Value::String(text.to_string()),
        S::Int(number) | S::Timestamp(number) => Value::from(*number),
        S::Uint(number) => Value::from(*number),
        S::F64(number) => Value::from(*number),
        S::Boolean(flag) => Value::Bool(*flag),
        S::Null => Value::Null,
        _ => return Err(ReadError::TooNew("a value of an unknown type".into())),
    })
}
