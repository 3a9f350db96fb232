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

use crate::batch::change_hash;
use crate::keys::Hash;
use crate::rules::Refusal;
use crate::wire::{CHANGE_LIMIT_BYTES, CHANGE_LIMIT_OPS};

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

/// A column of values in runs: n times the same, n different ones, or n nulls. Only one sequence
/// of runs is right for a sequence of values.
struct Runs<'a, T> {
    cursor: Cursor<'a>,
    run: Run<T>,
    left: u64,
    /// The value before; `None` after a null and at the beginning.
    last: Option<T>,
    claimed: u64,
    limit: usize,
    is_absent: bool,
    had_value: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Run<T> {
    Begin,
    Same(T),
    Different,
    Null,
}

impl<'a, T: Item<'a>> Runs<'a, T> {
    fn new(bytes: &'a [u8], limit: usize) -> Self {
        Self {
            cursor: Cursor(bytes),
            run: Run::Begin,
            left: 0,
            last: None,
            claimed: 0,
            limit,
            is_absent: bytes.is_empty(),
            had_value: false,
        }
    }

    /// The next value, or null. Beyond the end is malformed: every column is as long as the first.
    fn next(&mut self) -> Result<Option<T>, Refusal> {
        if self.left == 0 {
            self.next_run()?;
        }
        self.left -= 1;
        let value = match self.run {
            Run::Begin | Run::Null => None,
            Run::Same(value) => Some(value),
            Run::Different => {
                let value = T::read(&mut self.cursor)?;
                require(self.last != Some(value))?;
                Some(value)
            }
        };
        self.last = value;
        self.had_value |= value.is_some();
        Ok(value)
    }

    fn next_run(&mut self) -> Result<(), Refusal> {
        let count = self.cursor.signed()?;
        let (run, left) = match count {
            0 => {
                require(self.run != Run::Null)?;
                (Run::Null, self.cursor.unsigned()?)
            }
            2.. => {
                let value = T::read(&mut self.cursor)?;
                require(self.last != Some(value))?;
                (Run::Same(value), count.unsigned_abs())
            }
            1 => return Err(Refusal::Malformed),
            _ => {
                require(self.run != Run::Different)?;
                (Run::Different, count.unsigned_abs())
            }
        };
        require(left > 0)?;
        self.claimed = self.claimed.saturating_add(left);
        within(usize::try_from(self.claimed).is_ok_and(|claimed| claimed <= self.limit))?;
        (self.run, self.left) = (run, left);
        Ok(())
    }

    /// The next value of a column that may be absent; a present one has a value or null for every
    /// operation.
    fn next_if_present(&mut self) -> Result<Option<T>, Refusal> {
        if self.is_absent {
            return Ok(None);
        }
        self.next()
    }

    fn is_at_end(&self) -> bool {
        self.cursor.0.is_empty() && self.left == 0
    }

    /// Whether it is absent, or read to its end and not all null.
    fn is_whole(&self) -> bool {
        self.is_absent || (self.is_at_end() && self.had_value)
    }
}

/// A column of numbers, each kept as its distance from the one before.
struct Deltas<'a>(Runs<'a, i64>, i64);

impl<'a> Deltas<'a> {
    fn new(bytes: &'a [u8], limit: usize) -> Self {
        Self(Runs::new(bytes, limit), 0)
    }

    fn next(&mut self) -> Result<Option<u64>, Refusal> {
        let Some(delta) = self.0.next()? else {
            return Ok(None);
        };
        self.1 = self.1.checked_add(delta).ok_or(Refusal::Malformed)?;
        u64::try_from(self.1)
            .map(Some)
            .map_err(|_| Refusal::Malformed)
    }

    fn next_if_present(&mut self) -> Result<Option<u64>, Refusal> {
        if self.0.is_absent {
            return Ok(None);
        }
        self.next()
    }
}

/// A column of flags: how often false, how often true, and so on.
struct Flags<'a> {
    cursor: Cursor<'a>,
    /// What the run says; `None` before the first.
    value: Option<bool>,
    left: u64,
    claimed: u64,
    is_absent: bool,
    had_true: bool,
}

impl<'a> Flags<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            cursor: Cursor(bytes),
            value: None,
            left: 0,
            claimed: 0,
            is_absent: bytes.is_empty(),
            had_true: false,
        }
    }

    fn next(&mut self) -> Result<bool, Refusal> {
        while self.left == 0 {
            self.left = self.cursor.unsigned()?;
            require(self.left > 0 || self.value.is_none())?;
            self.claimed = self.claimed.saturating_add(self.left);
            within(usize::try_from(self.claimed).is_ok_and(|claimed| claimed <= CHANGE_LIMIT_OPS))?;
            self.value = Some(self.value.is_some_and(|value| !value));
        }
        self.left -= 1;
        let value = self.value == Some(true);
        self.had_true |= value;
        Ok(value)
    }

    /// False for every operation where it is absent.
    fn next_if_present(&mut self) -> Result<bool, Refusal> {
        Ok(!self.is_absent && self.next()?)
    }

    fn is_at_end(&self) -> bool {
        self.cursor.0.is_empty() && self.left == 0
    }
}

/// Something that columns hold.
trait Item<'a>: Copy + PartialEq {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Refusal>;
}

impl<'a> Item<'a> for u64 {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Refusal> {
        cursor.unsigned()
    }
}

impl<'a> Item<'a> for i64 {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Refusal> {
        cursor.signed()
    }
}

impl<'a> Item<'a> for &'a str {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Refusal> {
        let length = usize::try_from(cursor.unsigned()?).map_err(|_| Refusal::Malformed)?;
        utf8(cursor.take(length)?)
    }
}

/// The bytes that are still to be read.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Refusal::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Refusal> {
        let (first, rest) = self.0.split_first().ok_or(Refusal::Malformed)?;
        self.0 = rest;
        Ok(*first)
    }

    /// A number of things, at most `limit`.
    fn count(&mut self, limit: usize) -> Result<usize, Refusal> {
        let count = usize::try_from(self.unsigned()?).map_err(|_| Refusal::TooLarge)?;
        within(count <= limit)?;
        Ok(count)
    }

    /// An unsigned LEB128 number in its one shortest form.
    fn unsigned(&mut self) -> Result<u64, Refusal> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            require(shift < 63 || bits <= 1)?;
            value |= bits << shift;
            if byte & 0x80 == 0 {
                require(byte != 0 || shift == 0)?;
                return Ok(value);
            }
        }
        Err(Refusal::Malformed)
    }

    /// A signed LEB128 number in its one shortest form.
    fn signed(&mut self) -> Result<i64, Refusal> {
        let mut value: i64 = 0;
        let mut before = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = i64::from(byte & 0x7f);
            let is_last = byte & 0x80 == 0;
            // Of the tenth byte only the sign is left to say.
            require(shift < 63 || byte == 0x00 || byte == 0x7f)?;
            value |= bits << shift;
            if is_last {
                let is_negative = byte & 0x40 != 0;
                if is_negative && shift < 57 {
                    value |= -1 << (shift + 7);
                }
                let repeats_the_sign =
                    (byte == 0x00 && before & 0x40 == 0) || (byte == 0x7f && before & 0x40 != 0);
                require(shift == 0 || !repeats_the_sign)?;
                return Ok(value);
            }
            before = byte;
        }
        Err(Refusal::Malformed)
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(bytes).map_err(|_| Refusal::Malformed)
}

fn require(holds: bool) -> Result<(), Refusal> {
    if holds {
        Ok(())
    } else {
        Err(Refusal::Malformed)
    }
}

fn within(holds: bool) -> Result<(), Refusal> {
    if holds {
        Ok(())
    } else {
        Err(Refusal::TooLarge)
    }
}

#[cfg(test)]
#[path = "bounded_tests.rs"]
mod tests;
