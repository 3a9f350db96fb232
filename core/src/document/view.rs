//! A document's contents read as a record of its kind, with its events folded.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::contents::{Contents, PlainEvent};
use super::{Admitted, Positions, ReadError};
use crate::id::EventId;
use crate::model::{Event, FieldConflict, FoldedEvent, Header, Record, SCHEMA, View, fold};

/// What a document's root says of it.
pub(super) fn header(root: Map<String, Value>) -> Result<Header, ReadError> {
    let schema = root.get("schema").and_then(Value::as_u64);
    if schema.is_some_and(|schema| schema > SCHEMA) {
        return Err(ReadError::TooNew(format!(
            "schema {}",
            schema.unwrap_or_default()
        )));
    }
    serde_json::from_value(Value::Object(root)).map_err(|e| ReadError::Damaged(e.to_string()))
}

impl Contents {
    /// What the document says of itself.
    ///
    /// # Errors
    /// [`ReadError::TooNew`] for a higher schema number, [`ReadError::Damaged`] where it is no
    /// record.
    pub fn header(&self) -> Result<Header, ReadError> {
        self.header.clone()
    }

    /// The record: its fields with their conflicts, and its events folded in the relay's order.
    ///
    /// # Errors
    /// [`ReadError::TooNew`] where an event or field is of a kind that this version does not know:
    /// such a record is shown as needing a newer app, never wrongly. [`ReadError::Damaged`] where
    /// the document is no record of this kind.
    pub fn view<R: Record>(self, positions: &Positions) -> Result<View<R>, ReadError> {
        let header = self.header?;
        if header.kind != R::KIND {
            return Err(ReadError::Damaged(format!("a {}", header.kind.as_str())));
        }
        let fields = self
            .fields
            .ok_or_else(|| ReadError::Damaged("the document has no fields".into()))?;
        let fields = serde_json::from_value(Value::Object(fields))
            .map_err(|e| ReadError::TooNew(e.to_string()))?;
        let conflicts = self.conflicts.into_iter().map(|conflict| {
            let values = conflict.values.into_iter().map(|(change, mut value)| {
                let admitted = change.and_then(|change| positions.get(&change));
                value.position = admitted.map(|at| at.position);
                value
            });
            FieldConflict {
                field: conflict.field,
                values: values.collect(),
            }
        });
        let conflicts = conflicts.collect();
        let mut events = self
            .events
            .into_iter()
            .map(|event| placed(event, positions))
            .collect::<Result<Vec<Placed<R::Event>>, ReadError>>()?;
        // The relay's order; then this device's own, in the order of their making.
        events.sort_by_key(|event| {
            (
                event.position.map_or(u64::MAX, |at| at.position),
                event.counter,
            )
        });

        let folded = fold::<R>(&header, &fields, events.iter().map(|placed| &placed.event));
        let mut view_events = Vec::with_capacity(events.len());
        let mut unaware = Unaware::default();
        for (placed, superseded) in events.into_iter().zip(folded.superseded) {
            let unaware_of = unaware.next(&placed.event, superseded.is_none());
            view_events.push(FoldedEvent {
                event: placed.event,
                position: placed.position.map(|at| at.position),
                received_at_ms: placed.position.map(|at| at.received_at_ms),
                superseded,
                unaware_of,
            });
        }
        Ok(View {
            header,
            fields,
            state: folded.state,
            events: view_events,
            conflicts,
        })
    }
}

struct Placed<B> {
    event: Event<B>,
    position: Option<Admitted>,
    counter: u64,
}

fn placed<B: serde::de::DeserializeOwned>(
    plain: PlainEvent,
    positions: &Positions,
) -> Result<Placed<B>, ReadError> {
    let event = serde_json::from_value(Value::Object(plain.map))
        .map_err(|e| ReadError::TooNew(e.to_string()))?;
    let change = plain.change;
    Ok(Placed {
        event,
        position: change.and_then(|change| positions.get(&change).copied()),
        counter: plain.counter,
    })
}

/// Finds the earlier events that an event's author had not seen.
#[derive(Default)]
struct Unaware {
    effective: Vec<EventId>,
    closure: HashMap<EventId, HashSet<EventId>>,
}

impl Unaware {
    fn next<B>(&mut self, event: &Event<B>, is_effective: bool) -> Vec<EventId> {
        let mut known = HashSet::new();
        for seen in &event.seen {
            known.insert(*seen);
            known.extend(self.closure.get(seen).into_iter().flatten());
        }
        let unaware = self
            .effective
            .iter()
            .filter(|id| !known.contains(id))
            .copied()
            .collect();
        self.closure.insert(event.id, known);
        if is_effective {
            self.effective.push(event.id);
        }
        unaware
    }
}

/// The events that no other event names as seen: what the author of the next one has seen last.
pub fn frontier<B>(events: &[FoldedEvent<B>]) -> Vec<EventId> {
    let named: HashSet<EventId> = events
        .iter()
        .flat_map(|e| e.event.seen.iter().copied())
        .collect();
    events
        .iter()
        .map(|e| e.event.id)
        .filter(|id| !named.contains(id))
        .collect()
}
