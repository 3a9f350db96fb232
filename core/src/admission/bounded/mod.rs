//! Step one of admission: reads a change's bytes without believing them, before Automerge sees one.
//!
//! Automerge expands run lengths as it meets them, so that 69 bytes can ask for 50 million
//! operations and abort the process. [`check`] walks the same columns once, in step, never
//! expands nor allocates by a claimed length, and lets only those bytes pass that Automerge
//! itself would write for the same operations: what it reads and writes back differently leaves
//! a document that no longer loads. It knows nothing of documents and of who may do what.
//!
//! The format is that of <https://automerge.org/automerge-binary-format-spec/>; where that leaves
//! a choice, the choice here is that of automerge 0.12.

mod columns;
#[cfg(test)]
mod tests;

use crate::batch::change_hash;
use crate::keys::Hash;
use crate::rules::Refusal;
use crate::wire::{CHANGE_LIMIT_BYTES, CHANGE_LIMIT_OPS};

use columns::{Cursor, Deltas, Flags, Runs, require, utf8, within};

/// The highest number of changes that a change may build on directly.
pub const DEPS_LIMIT: usize = 1_000;
/// The highest number of actors that a change may refer to beside its own.
pub const ACTORS_LIMIT: usize = 1_000;
/// The highest number of operations that a change's operations may replace, all together.
pub const PREDS_LIMIT: usize = 4 * CHANGE_LIMIT_OPS;
/// The highest number of bytes of a change's message.
pub const MESSAGE_LIMIT_BYTES: usize = 1 << 10;
/// The number of bytes of a change's own actor.
pub const ACTOR_BYTES: usize = 16;
/// The highest number of bytes of another actor.
pub const OTHER_ACTOR_LIMIT_BYTES: usize = 32;

/// What a change that passes says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// How many operations it holds.
    pub ops: usize,
    /// How many changes it builds on directly.
    pub deps: usize,
    /// Its hash.
    pub hash: Hash,
}

/// Checks that `raw` is exactly one uncompressed change within the limits, written as Automerge
/// writes it. Takes time linear in the length of `raw` and the limits.
///
/// # Errors
/// [`Refusal::TooLarge`] where it is, or claims to be, above a limit; [`Refusal::Malformed`] where
/// it is anything else than such a change.
pub fn check(raw: &[u8]) -> Result<Claims, Refusal> {
    if raw.len() > CHANGE_LIMIT_BYTES {
        return Err(Refusal::TooLarge);
    }
    let (mut body, hash) = open(raw)?;
    let head = Head::read(&mut body)?;
    let columns = split_columns(&mut body)?;
    let deps = head.deps;
    let ops = Ops::new(head, &columns).check()?;
    Ok(Claims { ops, deps, hash })
}

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// A change, uncompressed; 0 is a document, 2 a compressed change, 3 a bundle.
const CHANGE_CHUNK: u8 = 1;

/// The chunk's contents and its hash.
fn open(raw: &[u8]) -> Result<(Cursor<'_>, Hash), Refusal> {
    let mut cursor = Cursor(raw);
    require(cursor.take(4)? == MAGIC)?;
    let checksum = cursor.take(4)?;
    require(cursor.byte()? == CHANGE_CHUNK)?;
    let length = cursor.unsigned()?;
    require(usize::try_from(length) == Ok(cursor.0.len()))?;
    let hash = change_hash(raw).ok_or(Refusal::Malformed)?;
    require(hash.starts_with(checksum))?;
    Ok((cursor, hash))
}

/// What comes before the operations.
struct Head<'a> {
    deps: usize,
    /// The change's own actor, then those that it refers to.
    actors: Vec<&'a [u8]>,
    start_op: u64,
}

impl<'a> Head<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Refusal> {
        let deps = cursor.count(DEPS_LIMIT)?;
        let mut last: &[u8] = &[];
        for _ in 0..deps {
            let dep = cursor.take(32)?;
            require(last < dep)?;
            last = dep;
        }
        let actor_len = cursor.unsigned()?;
        require(usize::try_from(actor_len) == Ok(ACTOR_BYTES))?;
        let actor = cursor.take(ACTOR_BYTES)?;
        let seq = cursor.unsigned()?;
        let start_op = cursor.unsigned()?;
        let _time = cursor.signed()?;
        // Automerge counts both in 32 bits.
        require(seq > 0 && start_op > 0)?;
        within(u32::try_from(seq).is_ok() && u32::try_from(start_op).is_ok())?;
        let message_len = cursor.count(MESSAGE_LIMIT_BYTES)?;
        utf8(cursor.take(message_len)?)?;
        let actors = Self::read_actors(cursor, actor)?;
        Ok(Self {
            deps,
            actors,
            start_op,
        })
    }

    fn read_actors(cursor: &mut Cursor<'a>, own: &'a [u8]) -> Result<Vec<&'a [u8]>, Refusal> {
        let others = cursor.count(ACTORS_LIMIT)?;
        let mut actors = vec![own];
        let mut last: &[u8] = &[];
        for _ in 0..others {
            let len = cursor.count(OTHER_ACTOR_LIMIT_BYTES)?;
            let other = cursor.take(len)?;
            require(last < other && other != own)?;
            actors.push(other);
            last = other;
        }
        Ok(actors)
    }
}

/// The columns that automerge 0.12 writes: the id in the upper bits, the type in the lower four.
const COLUMNS: [u64; 14] = [
    0x01, // the object's actor
    0x02, // the object's counter
    0x11, // the key's actor
    0x13, // the key's counter
    0x15, // the key's text
    0x34, // insert
    0x42, // action
    0x56, // the value's type and length
    0x57, // the value's bytes
    0x70, // how many operations it replaces
    0x71, // their actors
    0x73, // their counters
    0x94, // expand
    0xa5, // the mark's name
];

/// The bytes of every column of [`COLUMNS`], empty where it is absent.
fn split_columns<'a>(body: &mut Cursor<'a>) -> Result<[&'a [u8]; COLUMNS.len()], Refusal> {
    let count = body.unsigned()?;
    let mut lengths = [0; COLUMNS.len()];
    let mut known = lengths.iter_mut().zip(COLUMNS);
    for _ in 0..count {
        // In ascending order, so the search goes on where the last one ended; it ends with the
        // known columns, however high the count.
        let spec = body.unsigned()?;
        let (length, _) = known
            .find(|(_, column)| *column == spec)
            .ok_or(Refusal::Malformed)?;
        *length = body.unsigned()?;
        require(*length > 0)?;
    }
    let mut columns: [&[u8]; COLUMNS.len()] = [&[]; COLUMNS.len()];
    for (column, length) in columns.iter_mut().zip(lengths) {
        *column = body.take(usize::try_from(length).map_err(|_| Refusal::Malformed)?)?;
    }
    require(body.0.is_empty())?;
    Ok(columns)
}

const MAKE_MAP: u64 = 0;
const PUT: u64 = 1;
const MAKE_LIST: u64 = 2;
const DELETE: u64 = 3;
const MAKE_TEXT: u64 = 4;
const INCREMENT: u64 = 5;
const MAKE_TABLE: u64 = 6;
const MARK: u64 = 7;

/// The operations, read column by column in step.
struct Ops<'a> {
    head: Head<'a>,
    /// Which of the actors were referred to.
    used: Vec<bool>,
    key_bytes: usize,
    preds: usize,
    obj_actor: Runs<'a, u64>,
    obj_counter: Runs<'a, u64>,
    key_actor: Runs<'a, u64>,
    key_counter: Deltas<'a>,
    key_text: Runs<'a, &'a str>,
    insert: Flags<'a>,
    action: Runs<'a, u64>,
    value_meta: Runs<'a, u64>,
    value: Cursor<'a>,
    pred_count: Runs<'a, u64>,
    pred_actor: Runs<'a, u64>,
    pred_counter: Deltas<'a>,
    expand: Flags<'a>,
    mark_name: Runs<'a, &'a str>,
}

/// Where an operation writes within its object.
#[derive(PartialEq)]
enum Key {
    Text,
    Head,
    Element,
}

impl<'a> Ops<'a> {
    fn new(head: Head<'a>, columns: &[&'a [u8]; COLUMNS.len()]) -> Self {
        let &[
            obj_actor,
            obj_counter,
            key_actor,
            key_counter,
            key_text,
            insert,
            action,
            value_meta,
            value,
            pred_count,
            pred_actor,
            pred_counter,
            expand,
            mark_name,
        ] = columns;
        Self {
            used: vec![false; head.actors.len()],
            head,
            key_bytes: 0,
            preds: 0,
            obj_actor: Runs::new(obj_actor, CHANGE_LIMIT_OPS),
            obj_counter: Runs::new(obj_counter, CHANGE_LIMIT_OPS),
            key_actor: Runs::new(key_actor, CHANGE_LIMIT_OPS),
            key_counter: Deltas::new(key_counter, CHANGE_LIMIT_OPS),
            key_text: Runs::new(key_text, CHANGE_LIMIT_OPS),
            insert: Flags::new(insert),
            action: Runs::new(action, CHANGE_LIMIT_OPS),
            value_meta: Runs::new(value_meta, CHANGE_LIMIT_OPS),
            value: Cursor(value),
            pred_count: Runs::new(pred_count, CHANGE_LIMIT_OPS),
            pred_actor: Runs::new(pred_actor, PREDS_LIMIT),
            pred_counter: Deltas::new(pred_counter, PREDS_LIMIT),
            expand: Flags::new(expand),
            mark_name: Runs::new(mark_name, CHANGE_LIMIT_OPS),
        }
    }

    /// Checks them all, and counts them.
    fn check(mut self) -> Result<usize, Refusal> {
        let mut ops = 0;
        while !self.action.is_at_end() {
            let action = self.action.next()?;
            let id = self.head.start_op + ops;
            within(u32::try_from(id).is_ok())?;
            self.check_op(id, action.ok_or(Refusal::Malformed)?)?;
            ops += 1;
        }
        // Automerge leaves a column out that would say nothing.
        let is_whole = self.obj_actor.is_whole()
            && self.obj_counter.is_whole()
            && self.key_actor.is_whole()
            && self.key_counter.0.is_whole()
            && self.key_text.is_whole()
            && self.insert.is_at_end()
            && self.value_meta.is_whole()
            && self.value.0.is_empty()
            && self.pred_count.is_whole()
            && self.pred_actor.is_whole()
            && self.pred_counter.0.is_whole()
            && self.expand.is_at_end()
            && (self.expand.is_absent || self.expand.had_true)
            && self.mark_name.is_whole();
        // Others than its own (the first) it names because it needs them.
        let is_every_actor_used = self.used.iter().skip(1).all(|used| *used);
        require(is_whole && is_every_actor_used)?;
        usize::try_from(ops).map_err(|_| Refusal::TooLarge)
    }

    fn check_op(&mut self, id: u64, action: u64) -> Result<(), Refusal> {
        self.check_object(id)?;
        let key = self.check_key(id)?;
        let is_insert = self.insert.next()?;
        let value_type = self.check_value()?;
        let preds = self.check_preds(id)?;
        let is_expand = self.expand.next_if_present()?;
        let mark_name = self.mark_name.next_if_present()?;
        self.spend(mark_name)?;

        let is_value_right = match action {
            MAKE_MAP | MAKE_LIST | MAKE_TEXT | MAKE_TABLE | DELETE => value_type == NULL,
            INCREMENT => matches!(value_type, UINT | INT),
            MARK if mark_name.is_none() => value_type == NULL, // where a mark ends
            PUT | MARK => true,
            _ => false,
        };
        let is_place_right = match key {
            Key::Text => !is_insert,
            Key::Head => is_insert,
            Key::Element => true,
        };
        let is_change_of_old = matches!(action, DELETE | INCREMENT);
        let is_pred_right = if is_insert {
            preds == 0 && !is_change_of_old
        } else {
            preds > 0 || !is_change_of_old
        };
        let is_mark_right = action == MARK || (mark_name.is_none() && !is_expand);
        require(is_value_right && is_place_right && is_pred_right && is_mark_right)
    }

    fn check_object(&mut self, id: u64) -> Result<(), Refusal> {
        match (
            self.obj_actor.next_if_present()?,
            self.obj_counter.next_if_present()?,
        ) {
            (None, None) => Ok(()), // the root
            (Some(actor), Some(counter)) => self.refer(id, actor, counter),
            _ => Err(Refusal::Malformed),
        }
    }

    fn check_key(&mut self, id: u64) -> Result<Key, Refusal> {
        let actor = self.key_actor.next_if_present()?;
        let counter = self.key_counter.next_if_present()?;
        let text = self.key_text.next_if_present()?;
        self.spend(text)?;
        match (actor, counter, text) {
            (None, None, Some(_)) => Ok(Key::Text),
            (None, Some(0), None) => Ok(Key::Head),
            (Some(actor), Some(counter), None) => {
                self.refer(id, actor, counter)?;
                Ok(Key::Element)
            }
            _ => Err(Refusal::Malformed),
        }
    }

    /// One key may be a megabyte and repeat ten thousand times in three bytes more; Automerge
    /// holds each as its own text.
    fn spend(&mut self, text: Option<&str>) -> Result<(), Refusal> {
        self.key_bytes += text.map_or(0, str::len);
        within(self.key_bytes <= CHANGE_LIMIT_BYTES)
    }

    fn check_value(&mut self) -> Result<u64, Refusal> {
        let meta = self.value_meta.next()?.ok_or(Refusal::Malformed)?;
        let (value_type, length) = (meta & 0xf, meta >> 4);
        let length = usize::try_from(length).map_err(|_| Refusal::Malformed)?;
        let mut bytes = Cursor(self.value.take(length)?);
        match value_type {
            NULL | FALSE | TRUE => {}
            UINT => drop(bytes.unsigned()?),
            INT | COUNTER | TIMESTAMP => drop(bytes.signed()?),
            FLOAT => drop(bytes.take(8)?),
            TEXT => drop(utf8(bytes.take(length)?)?),
            BYTES => drop(bytes.take(length)?),
            _ => return Err(Refusal::Malformed),
        }
        require(bytes.0.is_empty())?;
        Ok(value_type)
    }

    /// The operations that it replaces, in the order of their ids.
    fn check_preds(&mut self, id: u64) -> Result<u64, Refusal> {
        let count = self.pred_count.next()?.ok_or(Refusal::Malformed)?;
        let mut last: Option<(u64, &[u8])> = None;
        for _ in 0..count {
            self.preds += 1;
            within(self.preds <= PREDS_LIMIT)?;
            let actor = self.pred_actor.next()?;
            let counter = self.pred_counter.next()?;
            let (actor, counter) = actor.zip(counter).ok_or(Refusal::Malformed)?;
            self.refer(id, actor, counter)?;
            let pred = (counter, self.actor(actor)?);
            require(last.is_none_or(|last| last < pred))?;
            last = Some(pred);
        }
        Ok(count)
    }

    /// A reference from the operation `id` to an earlier one.
    fn refer(&mut self, id: u64, actor: u64, counter: u64) -> Result<(), Refusal> {
        let index = usize::try_from(actor).map_err(|_| Refusal::Malformed)?;
        *self.used.get_mut(index).ok_or(Refusal::Malformed)? = true;
        require(counter > 0 && counter < id)
    }

    fn actor(&self, actor: u64) -> Result<&'a [u8], Refusal> {
        usize::try_from(actor)
            .ok()
            .and_then(|index| self.head.actors.get(index).copied())
            .ok_or(Refusal::Malformed)
    }
}

const NULL: u64 = 0;
const FALSE: u64 = 1;
const TRUE: u64 = 2;
const UINT: u64 = 3;
const INT: u64 = 4;
const FLOAT: u64 = 5;
const TEXT: u64 = 6;
const BYTES: u64 = 7;
const COUNTER: u64 = 8;
const TIMESTAMP: u64 = 9;
