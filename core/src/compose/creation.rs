//! A document's first change, written down as its operations: what a transaction on an empty
//! document would give, byte for byte, without the document.

use std::num::NonZeroU64;

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType, SortedVec};
use automerge::{ActorId, Change, ExpandedChange, ObjType, ScalarValue};
use serde_json::{Map, Value};

use super::{Composed, Composer, NewEvent, scalar_of};
use crate::document::{EVENTS, FIELDS};
use crate::model::Header;

impl Composer {
    /// The change that makes a document.
    pub fn create(
        &self,
        header: &Header,
        fields: &Map<String, Value>,
        event: Option<&NewEvent>,
    ) -> Composed {
        let mut writer = Writer {
            actor: &self.actor,
            operations: Vec::new(),
        };
        let root = ObjectId::Root;
        writer.put(&root, "schema", header.schema);
        writer.put(&root, "kind", header.kind.as_str());
        writer.put(&root, "id", header.id.to_string());
        writer.put(&root, "space", header.space.to_string());
        writer.put(&root, "creator", header.creator.to_string());
        writer.put(&root, "created_ms", header.created_ms);
        let fields_map = writer.make(&root, map_key(FIELDS), ObjType::Map, false);
        writer.put_all(&fields_map, fields);
        let events = writer.make(&root, map_key(EVENTS), ObjType::Map, false);
        if let Some(event) = event {
            let key = map_key(&event.id.to_string());
            let map = writer.make(&events, key, ObjType::Map, false);
            writer.put(&map, "member", self.author.member.to_string());
            writer.put(&map, "role", self.author.role.as_str());
            writer.put(&map, "grant", self.author.grant.to_string());
            writer.put(&map, "at_ms", event.at_ms);
            writer.put_all(&map, &event.body);
        }
        let change = Change::from(ExpandedChange {
            operations: writer.operations,
            actor_id: self.actor.clone(),
            hash: None,
            seq: 1,
            start_op: NonZeroU64::MIN,
            time: self.time_s,
            message: Some(self.author.to_message()),
            deps: Vec::new(),
            extra_bytes: Vec::new(),
            author: None,
        });
        Composed {
            hash: change.hash().0,
            raw: change.raw_bytes().to_vec(),
        }
    }
}

/// The operations so far; each is known by its place among them, counted from 1.
struct Writer<'a> {
    actor: &'a ActorId,
    operations: Vec<Op>,
}

fn map_key(key: &str) -> Key {
    Key::Map(key.into())
}

impl Writer<'_> {
    fn push(&mut self, obj: &ObjectId, key: Key, action: OpType, insert: bool) -> OpId {
        self.operations.push(Op {
            action,
            obj: obj.clone(),
            key,
            pred: SortedVec::new(),
            insert,
        });
        OpId::new(self.operations.len() as u64, self.actor)
    }

    fn make(&mut self, obj: &ObjectId, key: Key, kind: ObjType, insert: bool) -> ObjectId {
        ObjectId::Id(self.push(obj, key, OpType::Make(kind), insert))
    }

    fn put(&mut self, obj: &ObjectId, key: &str, value: impl Into<ScalarValue>) {
        self.push(obj, map_key(key), OpType::Put(value.into()), false);
    }

    /// Fills a map; what is null is absent.
    fn put_all(&mut self, obj: &ObjectId, map: &Map<String, Value>) {
        for (key, value) in map {
            if !value.is_null() {
                self.write(obj, map_key(key), value, false);
            }
        }
    }

    fn write(&mut self, obj: &ObjectId, key: Key, value: &Value, insert: bool) -> OpId {
        match value {
            Value::Object(map) => {
                let made = self.push(obj, key, OpType::Make(ObjType::Map), insert);
                self.put_all(&ObjectId::Id(made.clone()), map);
                made
            }
            Value::Array(list) => {
                let made = self.push(obj, key, OpType::Make(ObjType::List), insert);
                let list_id = ObjectId::Id(made.clone());
                let mut after = ElementId::Head;
                for value in list {
                    let key = Key::Seq(after);
                    after = ElementId::Id(self.write(&list_id, key, value, true));
                }
                made
            }
            scalar => self.push(obj, key, OpType::Put(scalar_of(scalar)), insert),
        }
    }
}

#[cfg(test)]
mod tests {
    use automerge::transaction::{CommitOptions, Transactable as _};
    use automerge::{Automerge, ROOT, ReadDoc as _};
    use serde_json::json;

    use super::*;
    use crate::compose::put_map;
    use crate::id::{DocumentId, EventId, GrantId, MemberId, OrgId};
    use crate::model::{Author, DocumentKind, Role, SCHEMA};

    fn map(value: Value) -> Map<String, Value> {
        let Value::Object(map) = value else {
            unreachable!()
        };
        map
    }

    /// What a transaction on an empty document makes of the same.
    fn by_transaction(
        by: &Composer,
        header: &Header,
        fields: &Map<String, Value>,
        event: Option<&NewEvent>,
    ) -> Vec<u8> {
        let mut doc = Automerge::new();
        doc.set_actor(by.actor.clone());
        let mut tx = doc.transaction();
        tx.put(ROOT, "schema", header.schema).unwrap();
        tx.put(ROOT, "kind", header.kind.as_str()).unwrap();
        for (key, id) in [
            ("id", header.id.to_string()),
            ("space", header.space.to_string()),
            ("creator", header.creator.to_string()),
        ] {
            tx.put(ROOT, key, id).unwrap();
        }
        tx.put(ROOT, "created_ms", header.created_ms).unwrap();
        let made = tx.put_object(ROOT, FIELDS, ObjType::Map).unwrap();
        put_map(&mut tx, &made, fields).unwrap();
        let events = tx.put_object(ROOT, EVENTS, ObjType::Map).unwrap();
        if let Some(event) = event {
            by.put_event(&mut tx, &events, event, &[]).unwrap();
        }
        let options = CommitOptions::default()
            .with_message(by.author.to_message())
            .with_time(by.time_s);
        let (hash, _) = tx.commit_with(options);
        let change = doc.get_change_by_hash(&hash.unwrap()).unwrap();
        change.raw_bytes().to_vec()
    }

    #[test]
    fn a_creation_is_what_a_transaction_makes() {
        let id = |n| uuid::Uuid::from_u128(n);
        let author = Author {
            member: MemberId(id(1)),
            role: Role::Member,
            grant: GrantId(id(2)),
        };
        let by = Composer::new([7; 16], author, 1_793_462_400_123);
        let header = Header {
            id: DocumentId(id(3)),
            kind: DocumentKind::Hazard,
            space: OrgId(id(4)),
            creator: author.member,
            created_ms: 1_793_462_400_123,
            schema: SCHEMA,
        };
        let event = NewEvent {
            id: EventId(id(5)),
            at_ms: 1_793_462_400_100,
            body: map(json!({"event": "reported", "nothing": null, "list": ["甲", {"乙": 2}]})),
        };
        let long = vec![json!({"code": "1", "flags": [true, false, null, [], {}]}); 40];
        let all = [
            json!({}),
            json!({"description": "煤气泄漏", "nothing": null}),
            json!({"whole": 3, "negative": -4, "part": 2.5, "large": 1e300, "": "空键"}),
            json!({"empty": {}, "none": [], "nulls": [null, null], "deep": [[[1], []], {"a": {"b": [{"c": null}]}}]}),
            json!({"items": long, "text": "长".repeat(3_000), "after": false}),
        ];
        for fields in all.map(map) {
            for event in [None, Some(&event)] {
                let expected = by_transaction(&by, &header, &fields, event);
                let made = by.create(&header, &fields, event);
                assert_eq!(made.raw, expected, "{fields:?}");
                let loaded = Automerge::load(&made.raw).unwrap();
                assert_eq!(loaded.get_heads()[0].0, made.hash);
            }
        }
    }
}
