//! What a document says as plain values: read from Automerge, or, where the document is nothing
//! but its first change, from that change's operations. Most documents of a plant are that: a
//! member, a zone, an inspection that nobody has remarked on. Reading their operations costs a
//! fifth of making an Automerge document of them.

use automerge::{Automerge, ChangeHash, ObjId, ObjType, ROOT, ReadDoc, ScalarValue, ValueRef};
use serde_json::{Map, Value};

use super::{EVENTS, FIELDS, NESTING_LIMIT, ReadError, root_map, view};
use crate::model::{Author, FieldValue, Header};

/// A document's root, fields and events as plain values, before they are read as a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Contents {
    pub(super) header: Result<Header, ReadError>,
    pub(super) fields: Option<Map<String, Value>>,
    pub(super) conflicts: Vec<PlainConflict>,
    pub(super) events: Vec<PlainEvent>,
}

/// A field with several values, each with the change that wrote it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PlainConflict {
    pub(super) field: String,
    pub(super) values: Vec<(Option<ChangeHash>, FieldValue)>,
}

/// An event with the change that wrote it, and its place among that device's operations.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PlainEvent {
    pub(super) map: Map<String, Value>,
    pub(super) change: Option<ChangeHash>,
    pub(super) counter: u64,
}

impl Contents {
    /// Reads a document.
    ///
    /// # Errors
    /// [`ReadError::TooNew`] for a value of an unknown type, [`ReadError::Damaged`] where it is no
    /// record.
    pub fn of(doc: &Automerge) -> Result<Self, ReadError> {
        let (fields, conflicts) = match root_map(doc, FIELDS) {
            Some(object) => {
                let (fields, conflicts) = fields_of(doc, &object)?;
                (Some(fields), conflicts)
            }
            None => (None, Vec::new()),
        };
        Ok(Self {
            header: root_of(doc).and_then(view::header),
            fields,
            conflicts,
            events: events_of(doc)?,
        })
    }
}

/// The scalars at a document's root.
pub(super) fn root_of(doc: &Automerge) -> Result<Map<String, Value>, ReadError> {
    let mut root = Map::new();
    for item in doc.map_range(ROOT, ..) {
        if let ValueRef::Scalar(_) = item.value {
            root.insert(item.key.to_string(), json(doc, &item.value, &item.id(), 0)?);
        }
    }
    Ok(root)
}

fn events_of(doc: &Automerge) -> Result<Vec<PlainEvent>, ReadError> {
    let Some(events) = root_map(doc, EVENTS) else {
        return Ok(Vec::new());
    };
    let mut plain = Vec::new();
    for item in doc.map_range(&events, ..) {
        let id = item.id();
        let Value::Object(mut map) = json(doc, &item.value, &id, 0)? else {
            return Err(ReadError::Damaged("an event is no map".into()));
        };
        map.insert("id".into(), Value::String(item.key.to_string()));
        let counter = match &id {
            ObjId::Root => 0,
            ObjId::Id(counter, ..) => *counter,
        };
        plain.push(PlainEvent {
            map,
            change: doc.hash_for_opid(&id),
            counter,
        });
    }
    Ok(plain)
}

fn fields_of(
    doc: &Automerge,
    fields: &ObjId,
) -> Result<(Map<String, Value>, Vec<PlainConflict>), ReadError> {
    let mut map = Map::new();
    let mut conflicts = Vec::new();
    for item in doc.map_range(fields, ..) {
        map.insert(item.key.to_string(), json(doc, &item.value, &item.id(), 0)?);
        if item.conflict {
            conflicts.push(conflict_of(doc, fields, &item.key)?);
        }
    }
    Ok((map, conflicts))
}

fn conflict_of(doc: &Automerge, fields: &ObjId, field: &str) -> Result<PlainConflict, ReadError> {
    let all = doc
        .get_all(fields, field)
        .map_err(|e| ReadError::Damaged(e.to_string()))?;
    let mut values = Vec::with_capacity(all.len());
    for (value, id) in &all {
        let hash = doc.hash_for_opid(id);
        let change = hash.and_then(|hash| doc.get_change_meta_by_hash(&hash));
        let value = FieldValue {
            value: any_json(doc, value, id)?,
            author: change
                .as_ref()
                .and_then(|change| change.message.as_deref())
                .and_then(Author::from_message),
            at_ms: change.map_or(0, |change| change.timestamp.saturating_mul(1_000)),
            position: None,
        };
        values.push((hash, value));
    }
    Ok(PlainConflict {
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
fn any_json(doc: &Automerge, value: &automerge::Value<'_>, id: &ObjId) -> Result<Value, ReadError> {
    match value {
        automerge::Value::Object(kind) => json(doc, &ValueRef::Object(*kind), id, 0),
        automerge::Value::Scalar(scalar) => scalar_json(scalar),
    }
}

/// A value of the document as JSON, at most [`NESTING_LIMIT`] deep.
fn json(
    doc: &Automerge,
    value: &ValueRef<'_>,
    id: &ObjId,
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
        ValueRef::Scalar(scalar) => scalar_ref_json(scalar)?,
    })
}

fn scalar_ref_json(scalar: &automerge::ScalarValueRef<'_>) -> Result<Value, ReadError> {
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

pub(super) fn scalar_json(scalar: &ScalarValue) -> Result<Value, ReadError> {
    scalar_ref_json(&automerge::ScalarValueRef::from(scalar.clone()))
}
