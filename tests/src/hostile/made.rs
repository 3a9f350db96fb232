//! Changes made by hand, honest or not, and the batch entries that carry them.

use std::collections::BTreeSet;

use automerge::{Automerge, Change, ExpandedChange};
use serde_json::{Map, Value};
use vanguard_core::id::{DocumentId, EventId, GrantId, OrgId};
use vanguard_core::keys::sha256;
use vanguard_core::wire::BatchEntry;
use vanguard_core::{Composer, NewEvent, Verb};

use super::env;
use crate::dice::Dice;

/// A change that was made, with its document as it stands after it.
#[derive(Clone)]
pub struct Made {
    /// The document.
    pub id: DocumentId,
    /// Its space.
    pub space: OrgId,
    /// The document after the change.
    pub doc: Automerge,
    /// The change.
    pub raw: Vec<u8>,
    pub(super) is_new: bool,
}

impl Made {
    /// The batch entry that honest devices would make of it.
    pub fn entry(&self) -> BatchEntry {
        BatchEntry {
            document: (!self.is_new).then_some(self.id),
            space: self.space,
            changes: vec![self.raw.clone().into()],
        }
    }

    /// The next change of the same document.
    #[must_use]
    pub fn then(&self, composer: &Composer, verb: &Verb) -> Self {
        next(&self.doc, self.id, self.space, composer, verb)
    }

    /// The change, altered.
    pub fn forged(&self, alter: impl FnOnce(&mut ExpandedChange)) -> Vec<u8> {
        forged(&self.raw, alter)
    }
}

/// The next change of a document, which names as seen all events that no other names.
pub fn next(doc: &Automerge, id: DocumentId, space: OrgId, by: &Composer, verb: &Verb) -> Made {
    let mut doc = doc.clone();
    let seen = frontier(&doc);
    let raw = by.perform(&mut doc, verb, &seen).unwrap().raw;
    Made {
        id,
        space,
        doc,
        raw,
        is_new: false,
    }
}

/// The events of a document that no other event names as seen.
pub fn frontier(doc: &Automerge) -> Vec<EventId> {
    let json = serde_json::to_value(automerge::AutoSerde::from(doc)).unwrap();
    let events: Map<String, Value> = json["events"].as_object().cloned().unwrap_or_default();
    let seen: BTreeSet<&str> = events
        .values()
        .flat_map(|event| event["seen"].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .collect();
    let open = events.keys().filter(|id| !seen.contains(id.as_str()));
    open.map(|id| id.parse().unwrap()).collect()
}

/// A change, altered and written again as Automerge writes it.
pub fn forged(raw: &[u8], alter: impl FnOnce(&mut ExpandedChange)) -> Vec<u8> {
    let mut change = Change::from_bytes(raw.to_vec()).unwrap().decode();
    alter(&mut change);
    Change::from(change).raw_bytes().to_vec()
}

/// The change with one to three bytes changed, and a checksum that fits.
pub fn tampered(dice: &mut Dice, raw: &[u8]) -> Vec<u8> {
    let mut raw = raw.to_vec();
    for _ in 0..=dice.below(3) {
        let at = 9 + dice.below(raw.len() - 9);
        raw[at] = match dice.below(4) {
            0 => u8::try_from(dice.below(256)).unwrap(),
            1 => raw[at] ^ (1 << dice.below(8)),
            2 => raw[at].wrapping_add(1),
            _ => raw[at].wrapping_sub(1),
        };
    }
    let checksum = sha256(&raw[8..]);
    raw[4..8].copy_from_slice(&checksum[..4]);
    raw
}

/// A verb that appends an event.
pub fn append(body: Value) -> Verb {
    Verb::Append { event: event(body) }
}

/// A verb that edits fields.
pub fn edit(fields: Value) -> Verb {
    Verb::Edit {
        fields: map(fields),
    }
}

/// A new event.
pub fn event(body: Value) -> NewEvent {
    NewEvent {
        id: EventId(env().uuid_v7()),
        at_ms: env().now_ms(),
        body: map(body),
    }
}

/// An entry for a document that exists.
pub fn entry(id: DocumentId, space: OrgId, changes: &[Vec<u8>]) -> BatchEntry {
    BatchEntry {
        document: Some(id),
        space,
        changes: changes.iter().map(|raw| raw.clone().into()).collect(),
    }
}

/// The map of a JSON object.
pub fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// A chunk with a checksum that fits.
pub fn chunk(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut hashed = vec![kind];
    hashed.extend(uleb(body.len() as u64));
    hashed.extend(body);
    let mut raw = vec![0x85, 0x6f, 0x4a, 0x83];
    raw.extend(&sha256(&hashed)[..4]);
    raw.extend(hashed);
    raw
}

/// An unsigned number as Automerge writes it.
pub fn uleb(value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    leb128::write::unsigned(&mut bytes, value).unwrap();
    bytes
}

/// A signed number as Automerge writes it.
pub fn sleb(value: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    leb128::write::signed(&mut bytes, value).unwrap();
    bytes
}

/// The id of a grant that nobody was ever given.
pub fn no_grant() -> GrantId {
    GrantId(env().uuid_v7())
}
