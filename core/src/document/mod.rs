//! How a record is an Automerge document, and how it is read back with its history.
//!
//! The root map holds the [`Header`]'s entries, a map `fields` and a map `events`. Fields are
//! scalars, or lists and maps that are replaced whole; each event is a map under its id that
//! nobody touches again. Every change carries its author as its message. A document is kept and
//! sent as the sequence of its changes, uncompressed: that too is a file which every Automerge
//! can load.

mod contents;
mod creation;
mod view;

use std::collections::HashMap;
use std::panic::catch_unwind;

use automerge::{Automerge, ChangeHash, ObjType, ROOT, ReadDoc};

use crate::id::EventId;
use crate::model::{Header, Record, View};

pub use contents::Contents;
pub(crate) use contents::{field_at, root_json};
pub use view::frontier;

/// A change that the relay has admitted: where, and when the relay received it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// Its place in the relay's log.
    pub position: u64,
    /// When the relay received it, in milliseconds of the relay's clock.
    pub received_at_ms: i64,
}

/// The relay's positions of a document's changes; a change that is missing here is this device's
/// own and not yet admitted.
pub type Positions = HashMap<ChangeHash, Admitted>;

/// Why a document cannot be read as a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// A newer version wrote something that this one does not know.
    #[error("written by a newer version: {0}")]
    TooNew(String),
    /// The bytes are damaged, or not a record at all.
    #[error("not readable: {0}")]
    Damaged(String),
    /// A verb that would leave the document as it is: its fields have these values already.
    #[error("nothing would change")]
    Unchanged,
}

/// The names of the root's two maps.
pub(crate) const FIELDS: &str = "fields";
pub(crate) const EVENTS: &str = "events";
/// How deep lists and maps may nest below `fields` or an event.
pub const NESTING_LIMIT: usize = 6;

/// Loads a document from its changes in an order in which none comes before what it builds on.
///
/// # Errors
/// [`ReadError::Damaged`] where bytes are no changes, or a change is missing in between.
pub fn load<'a>(changes: impl IntoIterator<Item = &'a [u8]>) -> Result<Automerge, ReadError> {
    let mut bytes = Vec::new();
    let mut count = 0;
    for change in changes {
        bytes.extend_from_slice(change);
        count += 1;
    }
    // Of tampered bytes it may panic, even within their limits.
    let loaded = catch_unwind(|| Automerge::load(&bytes).map_err(|e| e.to_string()));
    let loaded = loaded.unwrap_or_else(|_| Err("not a document".into()));
    let doc = loaded.map_err(ReadError::Damaged)?;
    // A missing dependency does not fail: the change waits in a queue, silently.
    if doc.get_changes_meta(&[]).len() != count || !doc.get_missing_deps(&[]).is_empty() {
        return Err(ReadError::Damaged("changes are missing".into()));
    }
    Ok(doc)
}

/// Reads what a document says of itself at its root.
///
/// # Errors
/// [`ReadError::TooNew`] for a higher schema number, [`ReadError::Damaged`] where it is no record.
pub fn read_header(doc: &Automerge) -> Result<Header, ReadError> {
    contents::root_of(doc).and_then(view::header)
}

/// Reads a record: its fields with their conflicts, and its events folded in the relay's order.
///
/// # Errors
/// See [`Contents::view`].
pub fn read<R: Record>(doc: &Automerge, positions: &Positions) -> Result<View<R>, ReadError> {
    Contents::of(doc)?.view(positions)
}

/// Whether an event is in a document.
pub(crate) fn has_event(doc: &Automerge, id: EventId) -> bool {
    let found = root_map(doc, EVENTS).map(|events| doc.get(&events, id.to_string()));
    matches!(found, Some(Ok(Some(_))))
}

/// One of the root's two maps.
pub(crate) fn root_map(doc: &impl ReadDoc, name: &str) -> Option<automerge::ObjId> {
    match doc.get(ROOT, name) {
        Ok(Some((automerge::Value::Object(ObjType::Map), id))) => Some(id),
        _ => None,
    }
}
