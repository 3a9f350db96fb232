//! Phones and relays that are killed at random moments, and what must hold after each kill.

mod phones;
mod relays;

use rusqlite::Connection;
use vanguard_core::Notebook;
use vanguard_core::id::{DocumentId, EventId, HazardId, OrgId};
use vanguard_core::keys::hex;
use vanguard_core::model::hazard::{HazardEvent, HazardFields, HazardNature};

pub use phones::kill_phones;
pub use relays::kill_relays;

use crate::dice::Dice;

/// Somebody who works: reports hazards, and remarks on the last one.
pub struct Worker {
    space: OrgId,
    /// What they do next.
    pub dice: Dice,
    last: Option<HazardId>,
}

impl Worker {
    /// Somebody who works in a space.
    pub const fn new(space: OrgId, dice: Dice) -> Self {
        Self {
            space,
            dice,
            last: None,
        }
    }

    /// One verb; gives the document or event that it made.
    pub fn work(&mut self, notebook: &mut Notebook) -> uuid::Uuid {
        match self.last.filter(|_| self.dice.percent(60)) {
            None => {
                let description = format!("现场隐患{}", self.dice.below(1_000_000));
                let fields = HazardFields::new(description, HazardNature::UnsafeCondition);
                let hazard = notebook.report_hazard(self.space, &fields).unwrap();
                self.last = Some(hazard);
                hazard.0
            }
            Some(hazard) => {
                let text = "已设警戒".into();
                let event = HazardEvent::ControlMeasure { text };
                notebook.act_on_hazard(hazard, &event).unwrap().0
            }
        }
    }
}

/// The changes that a notebook holds a place in the relay's log for, beyond a position; and the
/// last such position.
pub fn acknowledged_after(conn: &Connection, position: u64) -> (Vec<String>, u64) {
    let last: Option<u64> = conn
        .query_row("SELECT max(position) FROM change", [], |row| row.get(0))
        .unwrap();
    let mut statement = conn
        .prepare("SELECT hash FROM change WHERE position > ?1 ORDER BY position")
        .unwrap();
    let beyond = i64::try_from(position).unwrap_or(i64::MAX);
    let rows = statement
        .query_map([beyond], |row| row.get::<_, [u8; 32]>(0))
        .unwrap();
    let hashes = rows.map(|hash| hex(&hash.unwrap())).collect();
    (hashes, last.unwrap_or(0))
}

/// Whether a notebook has a document or an event.
fn has(notebook: &Notebook, id: uuid::Uuid) -> bool {
    let conn = notebook.reader();
    let is_document = conn
        .prepare_cached("SELECT 1 FROM document WHERE id = ?1")
        .and_then(|mut statement| statement.exists([DocumentId(id)]));
    let is_event = conn
        .prepare_cached("SELECT 1 FROM record WHERE instr(view, ?1) > 0")
        .and_then(|mut statement| statement.exists([EventId(id).to_string()]));
    is_document.unwrap() || is_event.unwrap()
}
