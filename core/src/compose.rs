//! Makes changes: a document's first, an edit of fields, an event appended.
//!
//! Phones compose in a member's hand and the relay composes for its console; both go through
//! here, so that there is one shape of change, the one that [admission](crate::admission) admits.

mod creation;
mod retold;

use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{ActorId, Automerge, AutomergeError, ObjId, ObjType, ReadDoc, ScalarValue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::document::{EVENTS, FIELDS, ReadError, root_map};
use crate::id::EventId;
use crate::keys::Hash;
use crate::model::{Author, Header};

pub(crate) use retold::retold;

/// What is done to a document, in the words of the domain: kept in the outbox beside its bytes, so
/// that it can be done again on a rebuilt document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Verb {
    /// The document comes to be.
    Create {
        /// What it says of itself.
        header: Header,
        /// Its fields.
        fields: Map<String, Value>,
        /// Its first event, for kinds that begin with one.
        event: Option<NewEvent>,
    },
    /// Fields are given other values; null removes one.
    Edit {
        /// The fields.
        fields: Map<String, Value>,
    },
    /// Something happens to it.
    Append {
        /// The event.
        event: NewEvent,
    },
    /// A change that the relay had acknowledged and lost is sent again as it is.
    Resend,
}

/// An event before it is in a document: its frame (author, time, what was seen) is added when it
/// is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewEvent {
    /// Its id.
    pub id: EventId,
    /// When, by the device's clock, in milliseconds.
    pub at_ms: i64,
    /// What happens, with its kind under `event`.
    pub body: Map<String, Value>,
}

/// A change as made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    /// Its hash.
    pub hash: Hash,
    /// Its bytes, uncompressed.
    pub raw: Vec<u8>,
}

/// Writes changes in one hand.
#[derive(Clone, Debug)]
pub struct Composer {
    actor: ActorId,
    author: Author,
    time_s: i64,
}

impl Composer {
    /// A composer that writes as `actor` in the hand of `author`, at the device's `now_ms`.
    pub fn new(actor: [u8; 16], author: Author, now_ms: i64) -> Self {
        Self {
            actor: ActorId::from(&actor[..]),
            author,
            time_s: now_ms.div_euclid(1_000),
        }
    }

    /// Does `verb` to `doc`, which is empty for a creation; `seen` are the latest events that the author has seen in it.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] where `doc` is no record, [`ReadError::Unchanged`] where the verb
    /// makes no change.
    pub fn perform(
        &self,
        doc: &mut Automerge,
        verb: &Verb,
        seen: &[EventId],
    ) -> Result<Composed, ReadError> {
        if let Verb::Create {
            header,
            fields,
            event,
        } = verb
        {
            let composed = self.create(header, fields, event.as_ref());
            let made = Automerge::load(&composed.raw);
            *doc = made.map_err(|error| ReadError::Damaged(error.to_string()))?;
            return Ok(composed);
        }
        doc.set_actor(self.actor.clone());
        let options = CommitOptions::default()
            .with_message(self.author.to_message())
            .with_time(self.time_s);
        let mut tx = doc.transaction();
        if let Err(error) = self.write(&mut tx, verb, seen) {
            tx.rollback();
            return Err(ReadError::Damaged(error.to_string()));
        }
        let (hash, _) = tx.commit_with(options);
        let change = hash
            .and_then(|hash| doc.get_change_by_hash(&hash))
            .ok_or(ReadError::Unchanged)?;
        Ok(Composed {
            hash: change.hash().0,
            raw: change.raw_bytes().to_vec(),
        })
    }

    fn write(
        &self,
        tx: &mut Transaction<'_>,
        verb: &Verb,
        seen: &[EventId],
    ) -> Result<(), AutomergeError> {
        match verb {
            Verb::Edit { fields } => put_map(tx, &child(tx, FIELDS)?, fields),
            Verb::Append { event } => {
                if let Some((field, value)) = chosen_field(&event.body) {
                    put(tx, &child(tx, FIELDS)?, field, value)?;
                }
                self.put_event(tx, &child(tx, EVENTS)?, event, seen)
            }
            // Written without a document; and its bytes are there, nothing is written anew.
            Verb::Create { .. } | Verb::Resend => Ok(()),
        }
    }

    fn put_event(
        &self,
        tx: &mut Transaction<'_>,
        events: &ObjId,
        event: &NewEvent,
        seen: &[EventId],
    ) -> Result<(), AutomergeError> {
        let map = tx.put_object(events, event.id.to_string(), ObjType::Map)?;
        tx.put(&map, "member", self.author.member.to_string())?;
        tx.put(&map, "role", self.author.role.as_str())?;
        tx.put(&map, "grant", self.author.grant.to_string())?;
        tx.put(&map, "at_ms", event.at_ms)?;
        if !seen.is_empty() {
            let list = tx.put_object(&map, "seen", ObjType::List)?;
            for (index, id) in seen.iter().enumerate() {
                tx.insert(&list, index, id.to_string())?;
            }
        }
        put_map(tx, &map, &event.body)
    }
}

/// The field that an event chooses a value of (`FieldChosen`), whose change also writes it.
pub(crate) fn chosen_field(body: &Map<String, Value>) -> Option<(&str, &Value)> {
    let is_choice = body.get("event").and_then(Value::as_str) == Some("field_chosen");
    let field = body
        .get("field")
        .and_then(Value::as_str)
        .filter(|_| is_choice)?;
    Some((field, body.get("value").unwrap_or(&Value::Null)))
}

fn child(tx: &Transaction<'_>, name: &str) -> Result<ObjId, AutomergeError> {
    root_map(tx, name).ok_or_else(|| AutomergeError::InvalidObjId(name.to_owned()))
}

fn put_map(
    tx: &mut Transaction<'_>,
    obj: &ObjId,
    map: &Map<String, Value>,
) -> Result<(), AutomergeError> {
    map.iter()
        .try_for_each(|(key, value)| put(tx, obj, key, value))
}

fn put(
    tx: &mut Transaction<'_>,
    obj: &ObjId,
    key: &str,
    value: &Value,
) -> Result<(), AutomergeError> {
    match value {
        Value::Null => {
            if tx.get(obj, key)?.is_some() {
                tx.delete(obj, key)
            } else {
                Ok(())
            }
        }
        Value::Object(map) => {
            let child = tx.put_object(obj, key, ObjType::Map)?;
            put_map(tx, &child, map)
        }
        Value::Array(list) => {
            let child = tx.put_object(obj, key, ObjType::List)?;
            insert_all(tx, &child, list)
        }
        scalar => tx.put(obj, key, scalar_of(scalar)),
    }
}

fn insert_all(
    tx: &mut Transaction<'_>,
    list: &ObjId,
    values: &[Value],
) -> Result<(), AutomergeError> {
    for (index, value) in values.iter().enumerate() {
        match value {
            Value::Object(map) => {
                let child = tx.insert_object(list, index, ObjType::Map)?;
                put_map(tx, &child, map)?;
            }
            Value::Array(nested) => {
                let child = tx.insert_object(list, index, ObjType::List)?;
                insert_all(tx, &child, nested)?;
            }
            scalar => tx.insert(list, index, scalar_of(scalar))?,
        }
    }
    Ok(())
}

fn scalar_of(value: &Value) -> ScalarValue {
    match value {
        Value::Bool(flag) => ScalarValue::Boolean(*flag),
        Value::String(text) => ScalarValue::Str(text.as_str().into()),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => ScalarValue::Int(whole),
            None => ScalarValue::F64(number.as_f64().unwrap_or_default()),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => ScalarValue::Null,
    }
}
