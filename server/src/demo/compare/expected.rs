//! What the generator's record says should be everywhere, record by record; and the holding of
//! one record, as some place has it, against it.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;
use vanguard_core::id::DocumentId;

use super::seen::{Seen, SeenEvent};
use super::{Difference, Findings};
use crate::demo::record::{Deed, Entry, event_kind};

/// What people did to one record, what came back to them left out.
#[derive(Default)]
pub(super) struct Expected<'a> {
    creation: Option<&'a Entry>,
    /// In the order in which they reached the relay.
    events: Vec<&'a Entry>,
    edits: Vec<&'a Entry>,
}

/// The record by document.
pub(super) type Book<'a> = BTreeMap<DocumentId, Expected<'a>>;

/// Orders the record's entries by document, and within one by their arrival at the relay.
pub(super) fn book<'a>(entries: impl Iterator<Item = &'a Entry>) -> Book<'a> {
    let mut book = Book::new();
    for entry in entries {
        let expected = book.entry(entry.document).or_default();
        match &entry.deed {
            Deed::Created { .. } => expected.creation = Some(entry),
            Deed::Happened { .. } => expected.events.push(entry),
            Deed::Edited { .. } => expected.edits.push(entry),
        }
    }
    for expected in book.values_mut() {
        expected.events.sort_by_key(|entry| entry.sent); // stable: one's own stay in order
    }
    book
}

/// Holds everything that a place has against the book.
pub(super) fn check_place(
    findings: &mut Findings,
    place: &'static str,
    book: &Book<'_>,
    held: &HashMap<DocumentId, Seen>,
) {
    for (id, expected) in book {
        if let Some(seen) = held.get(id) {
            let mut check = Check {
                findings,
                place,
                id: *id,
            };
            check.all(expected, seen);
        } else {
            let kind = expected.creation.map_or("?", kind_of);
            let found = "没有 · missing";
            findings.differ(place, *id, kind, "在记录中 · in the record", found);
        }
    }
    for (id, seen) in held.iter().filter(|(id, _)| !book.contains_key(id)) {
        findings.differ(
            place,
            *id,
            &seen.kind,
            "无人做过 · nobody made it",
            "有 · present",
        );
    }
}

fn kind_of(entry: &Entry) -> &'static str {
    match &entry.deed {
        Deed::Created { kind, .. } => kind.as_str(),
        Deed::Happened { on, .. } | Deed::Edited { on, .. } => on.as_str(),
    }
}

/// One record in one place.
struct Check<'a> {
    findings: &'a mut Findings,
    place: &'static str,
    id: DocumentId,
}

impl Check<'_> {
    fn all(&mut self, expected: &Expected<'_>, seen: &Seen) {
        self.findings.records_checked += 1;
        let Some(creation) = expected.creation else {
            self.differ("creation", "谁建的 · who made it", &seen.creator);
            return;
        };
        let Deed::Created {
            kind,
            fields,
            first,
        } = &creation.deed
        else {
            return;
        };
        self.same(
            "kind",
            &Value::from(kind.as_str()),
            &Value::from(seen.kind.clone()),
        );
        let author = Value::from(creation.author.to_string());
        self.same("creator", &author, &Value::from(seen.creator.clone()));
        self.same(
            "created_ms",
            &Value::from(creation.at_ms),
            &Value::from(seen.created_ms),
        );
        self.fields(fields, expected, seen);
        self.events(creation, *first, expected, seen);
        if let Some(edits) = &seen.edits {
            self.edits(expected, edits);
        }
    }

    /// Every field has the value that somebody wrote last: the creation's, or one of the edits'.
    fn fields(
        &mut self,
        created: &serde_json::Map<String, Value>,
        expected: &Expected<'_>,
        seen: &Seen,
    ) {
        let mut written: HashMap<&str, Vec<&Value>> = HashMap::new();
        for entry in &expected.edits {
            if let Deed::Edited { fields, .. } = &entry.deed {
                for (field, value) in fields {
                    written.entry(field).or_default().push(value);
                }
            }
        }
        for entry in &expected.events {
            let Deed::Happened { body, .. } = &entry.deed else {
                continue;
            };
            if event_kind(body) == "field_chosen"
                && let (Some(Value::String(field)), Some(value)) =
                    (body.get("field"), body.get("value"))
            {
                written.entry(field).or_default().push(value);
            }
        }
        let names: HashSet<&str> = created
            .keys()
            .map(String::as_str)
            .chain(seen.fields.keys().map(String::as_str))
            .chain(written.keys().copied())
            .collect();
        for name in names {
            let found = seen.fields.get(name).unwrap_or(&Value::Null);
            match written.get(name) {
                None => {
                    let wanted = created.get(name).unwrap_or(&Value::Null);
                    self.same(name, wanted, found);
                }
                Some(values) if !values.contains(&found) => {
                    let wanted = Value::Array(values.iter().map(|v| (*v).clone()).collect());
                    self.differ(name, &format!("其一 · one of {wanted}"), &found.to_string());
                }
                Some(_) => self.findings.values_checked += 1,
            }
        }
        for (name, values) in &seen.several {
            let known = written.get(name.as_str()).cloned().unwrap_or_default();
            for value in values {
                if !known.contains(&value) && created.get(name) != Some(value) {
                    self.differ(name, "有人写过 · somebody wrote it", &value.to_string());
                }
            }
        }
    }

    fn events(
        &mut self,
        creation: &Entry,
        first: Option<&'static str>,
        expected: &Expected<'_>,
        seen: &Seen,
    ) {
        let mut rest: Vec<(usize, &SeenEvent)> = seen.events.iter().enumerate().collect();
        let mut order = Vec::new();
        if let Some(first) = first {
            let author = creation.author.to_string();
            let place = rest.iter().position(|(_, event)| {
                event.kind() == first && event.member == author && event.at_ms == creation.at_ms
            });
            match place {
                Some(place) => order.push(rest.remove(place).0),
                None => self.differ(first, &format!("{author} @ {}", creation.at_ms), "—"),
            }
        }
        for entry in &expected.events {
            let Deed::Happened { id, body, .. } = &entry.deed else {
                continue;
            };
            let author = entry.author.to_string();
            let place = rest.iter().position(|(_, event)| match id {
                Some(id) => event.id == id.to_string(),
                None => {
                    event.kind() == event_kind(body)
                        && event.member == author
                        && event.at_ms == entry.at_ms
                }
            });
            let Some(place) = place else {
                let wanted = format!(
                    "{} {}",
                    Value::Object(body.clone()),
                    by(&author, entry.at_ms)
                );
                self.differ(event_kind(body), &wanted, "没有 · missing");
                continue;
            };
            let (at, found) = rest.remove(place);
            order.push(at);
            self.event(entry, body, found);
        }
        for (_, event) in rest {
            let found = format!(
                "{} {}",
                Value::Object(event.body.clone()),
                by(&event.member, event.at_ms)
            );
            self.differ(event.kind(), "无人做过 · nobody did it", &found);
        }
        if !order.is_sorted() {
            let found = format!("{order:?}");
            self.differ(
                "顺序 order",
                "到达中继站的先后 · as they reached the relay",
                &found,
            );
        }
    }

    fn event(&mut self, entry: &Entry, body: &serde_json::Map<String, Value>, found: &SeenEvent) {
        self.findings.events_checked += 1;
        let kind = event_kind(body).to_owned();
        let author = Value::from(entry.author.to_string());
        self.same(
            &format!("{kind}.member"),
            &author,
            &Value::from(found.member.clone()),
        );
        self.same(
            &format!("{kind}.at_ms"),
            &entry.at_ms.into(),
            &found.at_ms.into(),
        );
        let names: HashSet<&String> = body.keys().chain(found.body.keys()).collect();
        for name in names {
            let wanted = body.get(name).unwrap_or(&Value::Null);
            let value = found.body.get(name).unwrap_or(&Value::Null);
            self.same(&format!("{kind}.{name}"), wanted, value);
        }
    }

    /// Every edit is one change of its author, of its second.
    fn edits(&mut self, expected: &Expected<'_>, found: &[(String, i64)]) {
        let mut rest = found.to_vec();
        for entry in &expected.edits {
            let wanted = (entry.author.to_string(), entry.at_ms.div_euclid(1_000));
            match rest.iter().position(|edit| *edit == wanted) {
                Some(place) => {
                    rest.swap_remove(place);
                    self.findings.events_checked += 1;
                }
                None => self.differ("edit", &by(&wanted.0, wanted.1 * 1_000), "没有 · missing"),
            }
        }
        for (author, at_s) in rest {
            self.differ(
                "edit",
                "无人做过 · nobody did it",
                &by(&author, at_s * 1_000),
            );
        }
    }

    fn same(&mut self, field: &str, wanted: &Value, found: &Value) {
        self.findings.values_checked += 1;
        if wanted != found {
            self.differ(field, &wanted.to_string(), &found.to_string());
        }
    }

    fn differ(&mut self, field: &str, wanted: &str, found: &str) {
        self.findings
            .differ(self.place, self.id, field, wanted, found);
    }
}

fn by(author: &str, at_ms: i64) -> String {
    format!("({author} @ {at_ms})")
}

impl Findings {
    /// Notes a difference.
    pub(super) fn differ(
        &mut self,
        place: impl Into<String>,
        record: DocumentId,
        field: &str,
        expected: &str,
        found: &str,
    ) {
        self.differences.push(Difference {
            place: place.into(),
            record: record.to_string(),
            field: field.to_owned(),
            expected: expected.to_owned(),
            found: found.to_owned(),
        });
    }
}
