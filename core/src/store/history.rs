//! A document's whole history: each of its changes, in whose hand, by which device's actor, when
//! it was made and when the relay received it, and what it did.

use automerge::legacy::{Key, ObjectId, OpId};
use automerge::{Automerge, Change, ObjId};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::documents::{self, StoredChange};
use super::{Result, StoreError};
use crate::document::{self, EVENTS, FIELDS, ReadError, root_map};
use crate::id::{DocumentId, EventId};
use crate::keys::hex;
use crate::model::{Author, enumeration};

enumeration! {
    /// What a change did.
    ChangeKind, "change_kind" { Create = "create", Edit = "edit", Append = "append" }
}

/// One change of a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeRecord {
    /// Its hash, lower-case hexadecimal.
    pub hash: String,
    /// The relay's position of it; `None` until admitted.
    pub position: Option<u64>,
    /// When the relay received it, in milliseconds of the relay's clock.
    pub received_at_ms: Option<i64>,
    /// In whose hand, and under which grant.
    pub author: Option<Author>,
    /// The Automerge actor: one opening of one device's notebook; its first eight bytes are the
    /// device's. Lower-case hexadecimal.
    pub actor: String,
    /// When it was made by the device's clock, in milliseconds (whole seconds).
    pub device_time_ms: i64,
    /// What it did.
    pub kind: ChangeKind,
    /// The fields that it wrote.
    pub fields: Vec<String>,
    /// The event that it added.
    pub event: Option<EventId>,
    /// The event's kind, such as `graded`.
    pub event_kind: Option<String>,
}

/// The changes of a document in the relay's order; those not admitted yet come last.
///
/// # Errors
/// SQLite's, and where the document is damaged.
pub fn history(conn: &Connection, id: DocumentId) -> Result<Option<Vec<ChangeRecord>>> {
    let Some(key) = documents::find(conn, id)? else {
        return Ok(None);
    };
    let mut stored = documents::stored_changes(conn, key)?;
    let doc = document::load(stored.iter().map(|change| change.raw.as_slice()))?;
    stored.sort_by_key(|change| change.admitted.map_or(u64::MAX, |at| at.position));
    let objects = Objects {
        fields: legacy_id(&doc, FIELDS),
        events: legacy_id(&doc, EVENTS),
    };
    let records = stored.iter().map(|change| describe(change, &objects));
    records.collect::<Result<_>>().map(Some)
}

/// The document's two maps as operations name them.
struct Objects {
    fields: Option<ObjectId>,
    events: Option<ObjectId>,
}

fn legacy_id(doc: &Automerge, name: &str) -> Option<ObjectId> {
    match root_map(doc, name)? {
        ObjId::Root => None,
        ObjId::Id(counter, actor, _) => Some(ObjectId::Id(OpId::new(counter, &actor))),
    }
}

fn describe(stored: &StoredChange, objects: &Objects) -> Result<ChangeRecord> {
    let change = Change::from_bytes(stored.raw.clone())
        .map_err(|e| StoreError::Document(ReadError::Damaged(e.to_string())))?;
    let expanded = change.decode();
    let mut fields: Vec<String> = Vec::new();
    let mut event: Option<EventId> = None;
    let mut event_object = None;
    let mut event_kind = None;
    for (counter, op) in (expanded.start_op.get()..).zip(&expanded.operations) {
        let Key::Map(key) = &op.key else { continue };
        let here = Some(&op.obj);
        if here == objects.fields.as_ref() {
            fields.push(key.to_string());
        } else if here == objects.events.as_ref() {
            event = key.parse().ok();
            event_object = Some(ObjectId::Id(OpId::new(counter, &expanded.actor_id)));
        } else if here == event_object.as_ref() && key == "event" {
            event_kind = op
                .primitive_value()
                .and_then(|value| value.as_str().map(str::to_owned));
        }
    }
    let kind = match event {
        _ if change.deps().is_empty() => ChangeKind::Create,
        Some(_) => ChangeKind::Append,
        None => ChangeKind::Edit,
    };
    Ok(ChangeRecord {
        hash: hex(&stored.hash),
        position: stored.admitted.map(|at| at.position),
        received_at_ms: stored.admitted.map(|at| at.received_at_ms),
        author: change.message().and_then(Author::from_message),
        actor: hex(change.actor_id().to_bytes()),
        device_time_ms: change.timestamp().saturating_mul(1_000),
        kind,
        fields,
        event,
        event_kind,
    })
}
