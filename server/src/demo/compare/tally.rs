//! Counting: the rows of the table, from what each place holds.

use std::collections::BTreeMap;

use rusqlite::Connection;
use vanguard_core::id::MemberId;

use super::seen::{Seen, author_of};
use crate::demo::record::{Deed, Entry};

/// How often each kind of deed is there.
pub(super) type Tally = BTreeMap<String, u64>;

/// The row of everything that the operator imported.
const IMPORTED: &str = "imported";

fn add(tally: &mut Tally, author: &str, row: String) {
    let is_import = author == MemberId::OPERATOR.to_string();
    let row = if is_import { IMPORTED.to_owned() } else { row };
    *tally.entry(row).or_default() += 1;
}

/// Counts the record.
pub(super) fn of_record<'a>(entries: impl Iterator<Item = &'a Entry>) -> Tally {
    let mut tally = Tally::new();
    for entry in entries {
        let author = entry.author.to_string();
        if let Deed::Created {
            kind,
            first: Some(first),
            ..
        } = &entry.deed
        {
            add(&mut tally, &author, format!("{}.{first}", kind.as_str()));
        }
        add(&mut tally, &author, entry.deed.row());
    }
    tally
}

/// Counts a record as some place holds it: what `of` did, or everybody.
pub(super) fn add_seen(tally: &mut Tally, seen: &Seen, of: Option<&str>) {
    let counts = |author: &str| of.is_none_or(|of| of == author);
    if counts(&seen.creator) {
        add(tally, &seen.creator, seen.kind.clone());
    }
    for event in seen.events.iter().filter(|event| event.position.is_some()) {
        if counts(&event.member) {
            add(
                tally,
                &event.member,
                format!("{}.{}", seen.kind, event.kind()),
            );
        }
    }
    for (author, _) in seen.edits.iter().flatten() {
        if counts(author) {
            add(tally, author, format!("{}.edited", seen.kind));
        }
    }
}

/// The edits that a store holds of a document, by author and second: its admitted changes that
/// neither made it nor made an event.
pub(super) fn edits_of(
    conn: &Connection,
    id: &[u8; 16],
    seen: &Seen,
) -> rusqlite::Result<Vec<(String, i64)>> {
    let mut statement = conn.prepare_cached(
        "SELECT c.raw FROM change c JOIN document d USING (doc)
         WHERE d.id = ?1 AND c.position IS NOT NULL ORDER BY c.change",
    )?;
    let rows = statement.query_map([id], |row| row.get::<_, Vec<u8>>(0))?;
    let mut edits = Vec::new();
    for raw in rows {
        let Ok(change) = automerge::Change::from_bytes(raw?) else {
            continue;
        };
        if !change.deps().is_empty() {
            edits.push((author_of(&change), change.timestamp()));
        }
    }
    // Each event of a later change is one change of its author, of its second.
    for event in seen.events.iter().filter(|event| event.position.is_some()) {
        let wanted = (event.member.clone(), event.at_ms.div_euclid(1_000));
        if let Some(place) = edits.iter().position(|edit| *edit == wanted) {
            edits.swap_remove(place);
        }
    }
    Ok(edits)
}
