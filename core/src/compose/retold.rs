//! Tells again, as the verb that made it, what a change did: for changes of which only the bytes are
//! left, so that what was typed can be done again or given back.

use automerge::legacy::{Key, ObjectId, OpId};
use automerge::{Automerge, Change, ObjId};
use serde_json::{Map, Value};

use super::{NewEvent, Verb};
use crate::document::{self, EVENTS, FIELDS, ReadError, root_map};
use crate::id::EventId;

/// What an event's frame adds to its body.
const FRAME: [&str; 5] = ["member", "role", "grant", "at_ms", "seen"];

/// The verb that made a change; `doc` has the change in it.
///
/// # Errors
/// [`ReadError::Damaged`] where the change is none that a [`Composer`](super::Composer) makes.
pub(crate) fn retold(doc: &Automerge, raw: &[u8]) -> Result<Verb, ReadError> {
    let damaged = || ReadError::Damaged("not a change that a verb makes".into());
    let change = Change::from_bytes(raw.to_vec()).map_err(|_| damaged())?;
    if change.deps().is_empty() {
        let alone = document::load([raw])?;
        let events = event_ids(&alone);
        let event = events.first().map(|id| event_of(&alone, id)).transpose()?;
        return Ok(Verb::Create {
            header: document::read_header(&alone)?,
            fields: document::root_json(&alone, FIELDS)?,
            event,
        });
    }
    let is_in = |object: &ObjectId, name: &str| match root_map(doc, name) {
        Some(ObjId::Id(counter, actor, _)) => *object == ObjectId::Id(OpId::new(counter, &actor)),
        _ => false,
    };
    let mut fields = Map::new();
    for op in change.decode().operations {
        let Key::Map(key) = &op.key else {
            continue;
        };
        if is_in(&op.obj, EVENTS) {
            let event = event_of(doc, key)?;
            return Ok(Verb::Append { event });
        }
        if is_in(&op.obj, FIELDS) {
            let value = document::field_at(doc, key, change.hash())?.pop();
            fields.insert(key.to_string(), value.unwrap_or_default());
        }
    }
    if fields.is_empty() {
        return Err(damaged());
    }
    Ok(Verb::Edit { fields })
}

fn event_ids(doc: &Automerge) -> Vec<String> {
    document::root_json(doc, EVENTS)
        .map(|events| events.keys().cloned().collect())
        .unwrap_or_default()
}

fn event_of(doc: &Automerge, key: &str) -> Result<NewEvent, ReadError> {
    let damaged = || ReadError::Damaged("not an event".into());
    let id: EventId = key.parse().map_err(|_| damaged())?;
    let mut events = document::root_json(doc, EVENTS)?;
    let Some(Value::Object(mut body)) = events.remove(key) else {
        return Err(damaged());
    };
    let at_ms = body.get("at_ms").and_then(Value::as_i64);
    let at_ms = at_ms.ok_or_else(damaged)?;
    for name in FRAME {
        body.remove(name);
    }
    Ok(NewEvent { id, at_ms, body })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::compose::Composer;
    use crate::id::{DocumentId, GrantId, MemberId, OrgId};
    use crate::model::{Author, DocumentKind, Header, Role, SCHEMA};

    fn map(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    #[test]
    fn a_change_is_told_again_as_it_was_done() {
        let author = Author {
            member: MemberId(Uuid::from_u128(1)),
            role: Role::Member,
            grant: GrantId(Uuid::from_u128(2)),
        };
        let composer = Composer::new([7; 16], author, 1_790_000_000_000);
        let event = |n: u128, body: Value| NewEvent {
            id: EventId(Uuid::from_u128(n)),
            at_ms: 1_790_000_000_000,
            body: map(body),
        };
        let verbs = [
            Verb::Create {
                header: Header {
                    id: DocumentId(Uuid::from_u128(3)),
                    kind: DocumentKind::Hazard,
                    space: OrgId(Uuid::from_u128(4)),
                    creator: author.member,
                    created_ms: 5,
                    schema: SCHEMA,
                },
                fields: map(json!({"description": "护栏松动", "photos": ["ab", "cd"]})),
                event: Some(event(6, json!({"event": "reported"}))),
            },
            Verb::Edit {
                fields: map(json!({"description": "护栏断裂", "photos": null, "more": {"k": [1]}})),
            },
            Verb::Append {
                event: event(8, json!({"event": "commented", "text": "备注"})),
            },
            Verb::Edit {
                fields: map(json!({"description": "又改了"})),
            },
        ];
        let mut doc = Automerge::new();
        let seen = [EventId(Uuid::from_u128(6))];
        let raws: Vec<Vec<u8>> = verbs
            .iter()
            .map(|verb| composer.perform(&mut doc, verb, &seen).unwrap().raw)
            .collect();
        for (verb, raw) in verbs.iter().zip(&raws) {
            assert_eq!(retold(&doc, raw).unwrap(), *verb);
        }
        assert!(retold(&doc, b"damaged").is_err());
    }
}
