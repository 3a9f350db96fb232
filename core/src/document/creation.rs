//! A document that is nothing but its first change, read from that change's operations.

use std::panic::catch_unwind;

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpType};
use automerge::{Change, ChangeHash, ExpandedChange, ObjType};
use serde_json::{Map, Value};

use super::contents::{Contents, PlainEvent, scalar_json};
use super::{EVENTS, FIELDS, NESTING_LIMIT, view};

impl Contents {
    /// Reads a document that has only its first change; `None` where the bytes are no such
    /// change, or one that only Automerge can tell the outcome of.
    pub fn of_creation(raw: &[u8]) -> Option<Self> {
        let read = catch_unwind(|| {
            let change = Change::from_bytes(raw.to_vec()).ok()?;
            Self::of_decoded(&change.decode(), change.hash())
        });
        read.ok().flatten()
    }

    /// The same, of a change that is decoded already.
    pub(crate) fn of_decoded(change: &ExpandedChange, hash: ChangeHash) -> Option<Self> {
        if !change.deps.is_empty() || change.start_op.get() != 1 {
            return None;
        }
        let mut tree = Tree::new();
        for (op, counter) in change.operations.iter().zip(1..) {
            tree.take(change, op, counter)?;
        }
        tree.into_contents(hash)
    }
}

/// The objects that a first change makes, filled operation by operation. Anything but making and
/// filling them in order is left to Automerge.
struct Tree {
    objects: Vec<Object>,
    /// For each operation, counted from 1, the object that it made.
    made_by: Vec<Option<usize>>,
    root: Map<String, Value>,
    fields: Option<usize>,
    events: Option<usize>,
}

struct Object {
    value: Value,
    /// The object that it lies in, and where; the root's two maps lie in none.
    parent: Option<(usize, Slot)>,
    /// The operation that made it.
    counter: u64,
    /// The operation that inserted the last element, where it is a list.
    last: u64,
    depth: usize,
}

enum Slot {
    Key(String),
    Index(usize),
}

impl Tree {
    fn new() -> Self {
        Self {
            objects: Vec::new(),
            made_by: vec![None], // operations count from 1
            root: Map::new(),
            fields: None,
            events: None,
        }
    }

    fn take(&mut self, change: &ExpandedChange, op: &Op, counter: u64) -> Option<()> {
        let value = match &op.action {
            _ if !op.pred.is_empty() => return None,
            OpType::Make(ObjType::Map) => Value::Object(Map::new()),
            OpType::Make(ObjType::List) => Value::Array(Vec::new()),
            OpType::Put(scalar) => scalar_json(scalar).ok()?,
            _ => return None,
        };
        let made = self.objects.len();
        match &op.obj {
            ObjectId::Root => self.take_root(op, value, counter)?,
            ObjectId::Id(id) if *id.actor() == change.actor_id => {
                let maker = usize::try_from(id.counter()).ok()?;
                let parent = self.made_by.get(maker).copied().flatten()?;
                self.take_inner(change, op, parent, value, counter)?;
            }
            ObjectId::Id(_) => return None,
        }
        self.made_by
            .push((self.objects.len() > made).then_some(made));
        Some(())
    }

    fn take_inner(
        &mut self,
        change: &ExpandedChange,
        op: &Op,
        at: usize,
        value: Value,
        counter: u64,
    ) -> Option<()> {
        let is_event = Some(at) == self.events;
        let object = matches!(op.action, OpType::Make(_)).then(|| value.clone());
        let parent = &mut self.objects[at];
        let depth = parent.depth + 1;
        if depth > NESTING_LIMIT + 1 || (is_event && !value.is_object()) {
            return None;
        }
        let slot = match (&mut parent.value, &op.key) {
            (Value::Object(map), Key::Map(key)) if !op.insert => {
                if map.insert(key.to_string(), value).is_some() {
                    return None;
                }
                Slot::Key(key.to_string())
            }
            (Value::Array(list), Key::Seq(after)) if op.insert => {
                let is_last = match after {
                    ElementId::Head => list.is_empty(),
                    ElementId::Id(id) => {
                        id.counter() == parent.last && *id.actor() == change.actor_id
                    }
                };
                if !is_last {
                    return None;
                }
                parent.last = counter;
                list.push(value);
                Slot::Index(list.len() - 1)
            }
            _ => return None,
        };
        if let Some(value) = object {
            self.objects.push(Object {
                value,
                parent: Some((at, slot)),
                counter,
                last: 0,
                depth,
            });
        }
        Some(())
    }

    fn take_root(&mut self, op: &Op, value: Value, counter: u64) -> Option<()> {
        let Key::Map(key) = &op.key else {
            return None;
        };
        if let OpType::Put(_) = op.action {
            let is_first = self.root.insert(key.to_string(), value).is_none();
            return is_first.then_some(());
        }
        let one = match key.as_str() {
            FIELDS => &mut self.fields,
            EVENTS => &mut self.events,
            _ => return None,
        };
        if one.is_some() || !value.is_object() {
            return None;
        }
        *one = Some(self.objects.len());
        self.objects.push(Object {
            value,
            parent: None,
            counter,
            last: 0,
            depth: 0,
        });
        Some(())
    }

    /// Puts every object where it lies, the innermost first.
    fn into_contents(mut self, hash: ChangeHash) -> Option<Contents> {
        let mut events = Vec::new();
        let mut fields = None;
        for at in (0..self.objects.len()).rev() {
            let object = self.objects.pop()?;
            match (object.parent, object.value) {
                (None, Value::Object(map)) if Some(at) == self.fields => fields = Some(map),
                (None, _) => {} // `events`: what lay in it has been taken out
                (Some((parent, Slot::Key(key))), Value::Object(mut map))
                    if Some(parent) == self.events =>
                {
                    map.insert("id".into(), Value::String(key));
                    events.push(PlainEvent {
                        map,
                        change: Some(hash),
                        counter: object.counter,
                    });
                }
                (Some((parent, slot)), value) => {
                    let place = match (&mut self.objects.get_mut(parent)?.value, slot) {
                        (Value::Object(map), Slot::Key(key)) => map.get_mut(&key)?,
                        (Value::Array(list), Slot::Index(index)) => list.get_mut(index)?,
                        _ => return None,
                    };
                    *place = value;
                }
            }
        }
        // Of several events Automerge tells the order.
        (events.len() <= 1).then_some(Contents {
            header: view::header(self.root),
            fields,
            conflicts: Vec::new(),
            events,
        })
    }
}

#[cfg(test)]
mod tests {
    use automerge::transaction::Transactable as _;
    use automerge::{Automerge, ObjId, ROOT, ScalarValue};
    use proptest::prelude::*;

    use super::*;

    /// A value as a record may hold it, some levels deep.
    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z隐患]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(8, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-d]{1,2}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn put(
        tx: &mut automerge::transaction::Transaction<'_>,
        into: &ObjId,
        key: &str,
        value: &Value,
    ) {
        match value {
            Value::Object(map) => {
                let object = tx.put_object(into, key, ObjType::Map).unwrap();
                map.iter()
                    .for_each(|(key, value)| put(tx, &object, key, value));
            }
            Value::Array(list) => {
                let object = tx.put_object(into, key, ObjType::List).unwrap();
                for (at, value) in list.iter().enumerate() {
                    insert(tx, &object, at, value);
                }
            }
            scalar => tx.put(into, key, scalar_of(scalar)).unwrap(),
        }
    }

    fn insert(
        tx: &mut automerge::transaction::Transaction<'_>,
        into: &ObjId,
        at: usize,
        value: &Value,
    ) {
        match value {
            Value::Object(map) => {
                let object = tx.insert_object(into, at, ObjType::Map).unwrap();
                map.iter()
                    .for_each(|(key, value)| put(tx, &object, key, value));
            }
            Value::Array(list) => {
                let object = tx.insert_object(into, at, ObjType::List).unwrap();
                for (at, value) in list.iter().enumerate() {
                    insert(tx, &object, at, value);
                }
            }
            scalar => tx.insert(into, at, scalar_of(scalar)).unwrap(),
        }
    }

    fn scalar_of(value: &Value) -> ScalarValue {
        match value {
            Value::Bool(flag) => ScalarValue::Boolean(*flag),
            Value::Number(number) => ScalarValue::Int(number.as_i64().unwrap()),
            Value::String(text) => ScalarValue::Str(text.as_str().into()),
            _ => ScalarValue::Null,
        }
    }

    fn creation(
        fields: &[(String, Value)],
        event: Option<&Value>,
        again: bool,
    ) -> (Automerge, Vec<u8>) {
        let mut doc = Automerge::new();
        let mut tx = doc.transaction();
        tx.put(ROOT, "schema", 1_u64).unwrap();
        tx.put(ROOT, "kind", "hazard").unwrap();
        let object = tx.put_object(ROOT, FIELDS, ObjType::Map).unwrap();
        for (key, value) in fields {
            put(&mut tx, &object, key, value);
        }
        if let (true, Some((key, _))) = (again, fields.first()) {
            tx.put(&object, key.as_str(), "another").unwrap();
        }
        let events = tx.put_object(ROOT, EVENTS, ObjType::Map).unwrap();
        if let Some(event) = event {
            put(&mut tx, &events, "0198", event);
        }
        tx.commit();
        let change = doc.get_last_local_change().unwrap();
        let raw = change.raw_bytes().to_vec();
        (doc, raw)
    }

    proptest! {
        /// What is read off a first change is what Automerge makes of it, or nothing.
        #[test]
        fn a_first_change_reads_as_its_document(
            fields in prop::collection::vec(("[a-f]{1,2}", value()), 0..6),
            event in prop::option::of(value()),
            again in prop::bool::weighted(0.1),
        ) {
            let mut seen = std::collections::HashSet::new();
            let fields: Vec<_> = fields
                .into_iter()
                .filter(|(key, _)| seen.insert(key.clone()))
                .collect();
            let (doc, raw) = creation(&fields, event.as_ref(), again);
            match (Contents::of_creation(&raw), Contents::of(&doc)) {
                (Some(quick), Ok(whole)) => prop_assert_eq!(quick, whole),
                (None, Ok(_)) => prop_assert!(again && !fields.is_empty(), "read only slowly"),
                (quick, Err(_)) => prop_assert!(quick.is_none()),
            }
        }
    }
}
