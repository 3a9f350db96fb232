//! A store filled with real documents for tests: composed as a device composes them, taken in as
//! a replica takes them.

use std::collections::HashMap;

use automerge::Automerge;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::documents::{self, Incoming, Taken};
use super::statistics::Facts;
use super::{Durability, Store};
use crate::compose::{Composer, NewEvent, Verb};
use crate::document::{self, Admitted, Positions, frontier};
use crate::id::{DocumentId, EventId, GrantId, MemberId, OrgId};
use crate::model::{Author, Header, Record, Role, SCHEMA};

/// Numbers that look random and are the same for the same seed (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number from 0 to `end`, not included.
    pub(crate) fn below(&mut self, end: i64) -> i64 {
        i64::try_from((self.next() >> 1) % end.unsigned_abs()).unwrap()
    }

    pub(crate) fn one_in(&mut self, chance: i64) -> bool {
        self.below(chance) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(i64::try_from(from.len()).unwrap())).unwrap()]
    }
}

/// A store, and the documents that were put into it.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) random: Random,
    /// Noted document by document, as a relay does.
    pub(crate) facts: Facts,
    documents: HashMap<DocumentId, (Automerge, Positions)>,
    position: u64,
    _dir: tempfile::TempDir,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("replica.db");
        Self {
            store: Store::open(&path, Durability::Rebuildable).unwrap(),
            random: Random::new(seed),
            facts: Facts::default(),
            documents: HashMap::new(),
            position: 0,
            _dir: dir,
        }
    }

    pub(crate) fn uuid(&mut self, at_ms: i64) -> Uuid {
        let mut bytes = [0; 10];
        for byte in &mut bytes {
            *byte = u8::try_from(self.random.below(256)).unwrap();
        }
        uuid::Builder::from_unix_timestamp_millis(at_ms.unsigned_abs(), &bytes).into_uuid()
    }

    pub(crate) fn author(&mut self, role: Role) -> Author {
        Author {
            member: MemberId(self.uuid(1)),
            role,
            grant: GrantId(self.uuid(1)),
        }
    }

    pub(crate) fn create<R: Record>(
        &mut self,
        author: Author,
        space: OrgId,
        fields: &R::Fields,
        event: Option<&R::Event>,
        at_ms: i64,
    ) -> DocumentId {
        let id = DocumentId(self.uuid(at_ms));
        let header = Header {
            id,
            kind: R::KIND,
            space,
            creator: author.member,
            created_ms: at_ms,
            schema: SCHEMA,
        };
        let event = event.map(|event| self.event(event, at_ms));
        let verb = Verb::Create {
            header,
            fields: to_map(fields),
            event,
        };
        self.documents
            .insert(id, (Automerge::new(), Positions::new()));
        self.perform(id, author, &verb, &[], at_ms);
        id
    }

    pub(crate) fn append<R: Record>(
        &mut self,
        id: DocumentId,
        author: Author,
        event: &R::Event,
        at_ms: i64,
    ) {
        let (doc, positions) = &self.documents[&id];
        let seen = frontier(&document::read::<R>(doc, positions).unwrap().events);
        let event = self.event(event, at_ms);
        self.perform(id, author, &Verb::Append { event }, &seen, at_ms);
    }

    fn event(&mut self, body: &impl Serialize, at_ms: i64) -> NewEvent {
        NewEvent {
            id: EventId(self.uuid(at_ms)),
            at_ms,
            body: to_map(body),
        }
    }

    fn perform(
        &mut self,
        id: DocumentId,
        author: Author,
        verb: &Verb,
        seen: &[EventId],
        at_ms: i64,
    ) {
        let (doc, positions) = self.documents.get_mut(&id).unwrap();
        let made = Composer::new([7; 16], author, at_ms).perform(doc, verb, seen);
        let composed = made.unwrap();
        self.position += 1;
        let admitted = Admitted {
            position: self.position,
            received_at_ms: at_ms,
        };
        positions.insert(automerge::ChangeHash(composed.hash), admitted);
        let incoming = Incoming {
            admitted: Some(admitted),
            raw: &composed.raw,
        };
        let taken = self
            .store
            .transact(|conn| documents::take(conn, id, &[incoming], at_ms))
            .unwrap();
        assert_eq!(taken, Taken::All(1));
        let conn = self.store.reader();
        let key = documents::find(conn, id).unwrap().unwrap();
        self.facts.note(conn, key).unwrap();
    }
}

fn to_map(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value).unwrap() {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}
