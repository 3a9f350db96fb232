//! The generator's own plain record: what each person did, written down when they did it, without
//! the core's documents, fold or projections. The comparison at the end is held against it.

use serde_json::{Map, Value};
use vanguard_core::id::{DocumentId, EventId, MemberId};
use vanguard_core::model::DocumentKind;

/// One thing that one person did.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Who.
    pub(super) author: MemberId,
    /// When, by the clock of their phone.
    pub(super) at_ms: i64,
    /// To which record.
    pub(super) document: DocumentId,
    /// What.
    pub(super) deed: Deed,
    /// The number of the request that brought it to the relay, in the order of all requests that
    /// brought something; `None` while it has not arrived.
    pub(super) sent: Option<u64>,
}

/// What somebody did.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// Made a record.
    Created {
        /// Of which kind.
        kind: DocumentKind,
        /// What they wrote.
        fields: Map<String, Value>,
        /// The event that the record begins with, for kinds that have one.
        first: Option<&'static str>,
    },
    /// Did something about a record.
    Happened {
        /// On which kind of record.
        on: DocumentKind,
        /// The event's id where the phone told it.
        id: Option<EventId>,
        /// What they wrote, its kind under `event`.
        body: Map<String, Value>,
    },
    /// Wrote over fields of a record.
    Edited {
        /// On which kind of record.
        on: DocumentKind,
        /// The fields' new values.
        fields: Map<String, Value>,
    },
}

impl Deed {
    /// The row of the table that it counts in: `hazard`, `hazard.graded`, `hazard.edited`.
    pub(super) fn row(&self) -> String {
        match self {
            Self::Created { kind, .. } => kind.as_str().to_owned(),
            Self::Happened { on, body, .. } => format!("{}.{}", on.as_str(), event_kind(body)),
            Self::Edited { on, .. } => format!("{}.edited", on.as_str()),
        }
    }
}

/// The kind of an event's body.
pub(super) fn event_kind(body: &Map<String, Value>) -> &str {
    body.get("event").and_then(Value::as_str).unwrap_or("?")
}
