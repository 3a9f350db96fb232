//! What a change does, seen on its decoded operations: it creates a document, edits fields, or
//! appends one event. Whatever else it does, it is refused.

use std::collections::{HashMap, HashSet};

use automerge::legacy::{Key, ObjectId, Op, OpId, OpType};
use automerge::{Automerge, ChangeHash, ExpandedChange, ObjId, ObjType, ReadDoc, ScalarValue};

use crate::document::{EVENTS, FIELDS, NESTING_LIMIT, root_map};
use crate::id::{DocumentId, EventId};
use crate::rules::Refusal;

/// What an admissible change does.
#[derive(Debug)]
pub(super) enum Shape {
    /// Writes the root, `fields`, and at most one event.
    Create {
        /// The event.
        event: Option<EventId>,
    },
    /// Gives fields other values.
    Edit {
        /// Their names.
        fields: Vec<String>,
    },
    /// Adds one event.
    Append {
        /// The event.
        event: EventId,
    },
}

/// The id that a creating change gives its document.
pub(super) fn created_id(change: &ExpandedChange) -> Option<DocumentId> {
    change
        .operations
        .iter()
        .find_map(|op| match (&op.obj, &op.key, &op.action) {
            (ObjectId::Root, Key::Map(key), OpType::Put(ScalarValue::Str(id))) if key == "id" => {
                id.parse().ok()
            }
            _ => None,
        })
}

/// Says what `change` does to `base`, on which its dependencies are.
///
/// # Errors
/// The reason why it is none of the admissible shapes.
pub(super) fn classify(
    change: &ExpandedChange,
    base: Option<&Automerge>,
) -> Result<Shape, Refusal> {
    match base {
        None => classify_creation(change),
        Some(_) if change.deps.is_empty() => Err(Refusal::AlreadyCreated),
        Some(base) => classify_later(change, base),
    }
}

const ROOT_SCALARS: [&str; 6] = ["schema", "kind", "id", "space", "creator", "created_ms"];

fn classify_creation(change: &ExpandedChange) -> Result<Shape, Refusal> {
    let mut own = OwnObjects::default();
    let mut events_object = None;
    let mut event = None;
    for (op, id) in with_ids(change) {
        if op.obj != ObjectId::Root {
            if Some(&op.obj) == events_object.as_ref() {
                let (Key::Map(key), OpType::Make(ObjType::Map), None) =
                    (&op.key, &op.action, event)
                else {
                    return Err(Refusal::Malformed);
                };
                event = Some(key.parse().map_err(|_| Refusal::Malformed)?);
            }
            own.write(op, id)?;
            continue;
        }
        let Key::Map(key) = &op.key else {
            return Err(Refusal::Malformed);
        };
        match &op.action {
            OpType::Put(_) if ROOT_SCALARS.contains(&key.as_str()) => {}
            OpType::Make(ObjType::Map) if key == FIELDS => {}
            OpType::Make(ObjType::Map) if key == EVENTS => {
                events_object = Some(ObjectId::Id(id.clone()));
            }
            _ => return Err(Refusal::Malformed),
        }
        own.begin(op, id)?;
    }
    Ok(Shape::Create { event })
}

fn classify_later(change: &ExpandedChange, base: &Automerge) -> Result<Shape, Refusal> {
    let objects = |name| root_map(base, name).ok_or(Refusal::Malformed);
    let (fields, events) = (objects(FIELDS)?, objects(EVENTS)?);
    let (fields_id, events_id) = (legacy_id(&fields), legacy_id(&events));
    let mut own = OwnObjects::default();
    let mut edited: HashSet<&str> = HashSet::new();
    let mut event = None;
    for (op, id) in with_ids(change) {
        if op.obj == events_id {
            let (Key::Map(key), OpType::Make(ObjType::Map), None) = (&op.key, &op.action, event)
            else {
                return Err(Refusal::Overwrites);
            };
            let is_new = op.pred.is_empty() && all_at(base, &events, key, &change.deps)?.is_empty();
            if !is_new || matches!(base.get(&events, key.as_str()), Ok(Some(_))) {
                return Err(Refusal::Overwrites);
            }
            event = Some(key.parse().map_err(|_| Refusal::Malformed)?);
            own.begin(op, id)?;
        } else if op.obj == fields_id {
            let Key::Map(key) = &op.key else {
                return Err(Refusal::Malformed);
            };
            // A put without all that it replaces would hide somebody's work as a conflict, or
            // win over it unseen.
            let replaced: HashSet<OpId> = op.pred.iter().cloned().collect();
            let all = all_at(base, &fields, key, &change.deps)?;
            let is_whole = replaced == all || settles(op, &replaced, &all);
            if !is_whole || !edited.insert(key) {
                return Err(Refusal::Overwrites);
            }
            own.begin(op, id)?;
        } else {
            own.write(op, id)?;
        }
    }
    match (event, edited.len()) {
        (Some(event), 0) => Ok(Shape::Append { event }),
        (Some(event), 1) if is_choice_of(change, event, &edited) => Ok(Shape::Append { event }),
        (None, 1..) => Ok(Shape::Edit {
            fields: edited.into_iter().map(str::to_owned).collect(),
        }),
        _ => Err(Refusal::Malformed),
    }
}

/// Whether an operation leaves of several values just the one that is shown. Automerge writes the
/// choice of that value so: it deletes the others.
fn settles(op: &Op, replaced: &HashSet<OpId>, all: &HashSet<OpId>) -> bool {
    let shown = all.iter().max();
    matches!(op.action, OpType::Delete)
        && !replaced.is_empty()
        && replaced.len() + 1 == all.len()
        && replaced.is_subset(all)
        && shown.is_some_and(|shown| !replaced.contains(shown))
}

/// Whether the event chooses a value of just the field that is edited with it.
fn is_choice_of(change: &ExpandedChange, event: EventId, edited: &HashSet<&str>) -> bool {
    let event_key = event.to_string();
    let object = with_ids(change).find_map(|(op, id)| match (&op.key, &op.action) {
        (Key::Map(key), OpType::Make(_)) if *key == event_key => Some(ObjectId::Id(id)),
        _ => None,
    });
    let says = |name: &str, expected: &dyn Fn(&str) -> bool| {
        change.operations.iter().any(|op| {
            let is_here = Some(&op.obj) == object.as_ref();
            matches!((&op.key, &op.action), (Key::Map(key), OpType::Put(ScalarValue::Str(text)))
                if is_here && key == name && expected(text))
        })
    };
    says("event", &|kind| kind == "field_chosen") && says("field", &|field| edited.contains(field))
}

/// The objects that a change makes: beneath them it may write freely, once per key.
#[derive(Default)]
struct OwnObjects {
    depth: HashMap<ObjectId, usize>,
    written: HashSet<(ObjectId, String)>,
}

impl OwnObjects {
    /// An operation on an object of the document, whose predecessors the caller has checked.
    fn begin(&mut self, op: &Op, id: OpId) -> Result<(), Refusal> {
        self.take(op, id, 1)
    }

    /// An operation that must lie within an object of this same change.
    fn write(&mut self, op: &Op, id: OpId) -> Result<(), Refusal> {
        let depth = *self.depth.get(&op.obj).ok_or(Refusal::Overwrites)?;
        if !op.pred.is_empty() || matches!(op.action, OpType::Delete) {
            return Err(Refusal::Malformed);
        }
        if let Key::Map(key) = &op.key
            && !self.written.insert((op.obj.clone(), key.to_string()))
        {
            return Err(Refusal::Malformed);
        }
        self.take(op, id, depth + 1)
    }

    fn take(&mut self, op: &Op, id: OpId, depth: usize) -> Result<(), Refusal> {
        match &op.action {
            OpType::Make(ObjType::Map | ObjType::List) if depth <= NESTING_LIMIT + 1 => {
                self.depth.insert(ObjectId::Id(id), depth);
                Ok(())
            }
            OpType::Put(value) if is_plain(value) => Ok(()),
            OpType::Delete => Ok(()),
            _ => Err(Refusal::Malformed),
        }
    }
}

fn is_plain(value: &ScalarValue) -> bool {
    match value {
        ScalarValue::Str(_)
        | ScalarValue::Int(_)
        | ScalarValue::Uint(_)
        | ScalarValue::Boolean(_)
        | ScalarValue::Null => true,
        ScalarValue::F64(number) => number.is_finite(),
        _ => false,
    }
}

fn with_ids(change: &ExpandedChange) -> impl Iterator<Item = (&Op, OpId)> {
    (change.start_op.get()..)
        .zip(&change.operations)
        .map(|(counter, op)| (op, OpId::new(counter, &change.actor_id)))
}

/// The operations that give `key` its values as of `heads`.
fn all_at(
    base: &Automerge,
    object: &ObjId,
    key: &str,
    heads: &[ChangeHash],
) -> Result<HashSet<OpId>, Refusal> {
    let all = base
        .get_all_at(object, key, heads)
        .map_err(|_| Refusal::Malformed)?;
    Ok(all
        .iter()
        .filter_map(|(_, id)| match id {
            ObjId::Root => None,
            ObjId::Id(counter, actor, _) => Some(OpId::new(*counter, actor)),
        })
        .collect())
}

fn legacy_id(id: &ObjId) -> ObjectId {
    match id {
        ObjId::Root => ObjectId::Root,
        ObjId::Id(counter, actor, _) => ObjectId::Id(OpId::new(*counter, actor)),
    }
}
