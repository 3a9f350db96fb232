//! The relay's log, read without any of the core's own reading: Automerge's own JSON of each
//! document, events in the order of the log, and the hazard's life written down a second time,
//! from the table that safety officers know. What the core folds must come to the same.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use automerge::legacy::{Key, OpType};
use automerge::{AutoSerde, Automerge, Change, ScalarValue};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use vanguard_core::id::{DocumentId, EventId, MemberId, OrgId};

/// An event as the log has it.
#[derive(Clone, Debug)]
pub struct PlainEvent {
    /// Its id.
    pub id: EventId,
    /// What its document says of it.
    pub body: Value,
}

/// A document as the log has it.
#[derive(Clone, Debug)]
pub struct PlainDocument {
    /// Its kind.
    pub kind: String,
    /// Its space.
    pub space: OrgId,
    /// Who made it.
    pub creator: MemberId,
    /// When the relay last received something of it, by the relay's clock, in milliseconds.
    pub touched_ms: i64,
    /// Its events in the log's order.
    pub events: Vec<PlainEvent>,
    /// Every text that was ever put under a key.
    pub texts: BTreeSet<(String, String)>,
    /// Its changes.
    pub hashes: Vec<[u8; 32]>,
}

/// The whole log.
#[derive(Debug, Default)]
pub struct PlainLog {
    /// Its documents.
    pub documents: BTreeMap<DocumentId, PlainDocument>,
}

impl PlainLog {
    /// Reads the log in a relay's data directory.
    ///
    /// # Errors
    /// What is wrong with it: a change or an event that is there twice, above all.
    pub fn read(data: &Path) -> Result<Self, String> {
        let told = |error: rusqlite::Error| error.to_string();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let conn = Connection::open_with_flags(data.join("log.db"), flags).map_err(told)?;
        let mut statement = conn
            .prepare(
                "SELECT d.id, d.kind, d.space, d.creator, d.touched_ms, c.raw FROM change c
                 JOIN document d USING (doc) ORDER BY c.seq",
            )
            .map_err(told)?;
        let mut rows = statement.query([]).map_err(told)?;
        let mut raws: BTreeMap<DocumentId, (PlainDocument, Vec<Vec<u8>>)> = BTreeMap::new();
        while let Some(row) = rows.next().map_err(told)? {
            let mut read = || -> rusqlite::Result<()> {
                let document = PlainDocument {
                    kind: row.get(1)?,
                    space: row.get(2)?,
                    creator: row.get(3)?,
                    touched_ms: row.get(4)?,
                    events: Vec::new(),
                    texts: BTreeSet::new(),
                    hashes: Vec::new(),
                };
                let entry = raws.entry(row.get(0)?).or_insert((document, Vec::new()));
                entry.1.push(row.get(5)?);
                Ok(())
            };
            read().map_err(told)?;
        }
        let read = raws.into_iter().map(|(id, (document, raws))| {
            let read = read_document(document, &raws).map_err(|why| format!("{id}: {why}"));
            Ok((id, read?))
        });
        Ok(Self {
            documents: read.collect::<Result<_, String>>()?,
        })
    }
}

fn read_document(mut document: PlainDocument, raws: &[Vec<u8>]) -> Result<PlainDocument, String> {
    let file = raws.concat();
    let whole = Automerge::load(&file).map_err(|error| error.to_string())?;
    let json = serde_json::to_value(AutoSerde::from(&whole)).map_err(|error| error.to_string())?;
    let mut seen = HashSet::new();
    for raw in raws {
        let change = Change::from_bytes(raw.clone()).map_err(|error| error.to_string())?;
        if !seen.insert(change.hash()) {
            return Err(format!("the change {} is in the log twice", change.hash()));
        }
        document.hashes.push(change.hash().0);
        for op in change.decode().operations {
            let Key::Map(key) = &op.key else { continue };
            match &op.action {
                OpType::Put(ScalarValue::Str(text)) => {
                    document.texts.insert((key.to_string(), text.to_string()));
                }
                OpType::Make(_) => {
                    let Ok(id) = key.parse() else { continue };
                    let body = json["events"][key.as_str()].clone();
                    document.events.push(PlainEvent { id, body });
                }
                _ => {}
            }
        }
    }
    let ids: HashSet<EventId> = document.events.iter().map(|event| event.id).collect();
    let is_map = document.events.iter().all(|event| event.body.is_object());
    if ids.len() == document.events.len() && is_map {
        Ok(document)
    } else {
        Err("an event is in the log twice".into())
    }
}

/// A hazard's life as a safety officer would keep it on paper.
#[derive(Clone, Debug, Default)]
pub struct Paper {
    /// Where it stands.
    pub status: &'static str,
    /// For each event, whether it counts.
    pub counts: Vec<bool>,
    /// Everybody to whom it was ever assigned.
    pub assigned_to: BTreeSet<String>,
    grade: Option<&'static str>,
    measures: u32,
    /// The person who has it, and whether there is a whole plan.
    assigned: Option<(String, bool)>,
    /// Who recorded the rectification, and for whom.
    hands: Vec<String>,
    verifier: String,
}

const REVIEWERS: [&str; 3] = ["safety_officer", "branch_secretary", "supervisor"];

impl Paper {
    /// Writes events down one after the other.
    pub fn of(events: &[PlainEvent]) -> Self {
        let mut paper = Self::default();
        for event in events {
            let counts = paper.take(&event.body);
            paper.counts.push(counts);
        }
        paper
    }

    /// Whether the event counts; then it is taken.
    fn take(&mut self, event: &Value) -> bool {
        let text = |name: &str| event[name].as_str().unwrap_or_default();
        let (kind, role, by) = (text("event"), text("role"), text("member"));
        let is_major = self.grade == Some("major");
        let is = |states: &[&str]| states.contains(&self.status);
        let is_over = is(&["closed", "void"]);
        let reviews = REVIEWERS.contains(&role);
        let belongs = role != "viewer";
        match kind {
            "reported" if self.status.is_empty() && belongs => self.status = "reported",
            "graded" if is(&["reported", "graded", "assigned", "rectified"]) && reviews => {
                let to_major = text("grade") == "major";
                if to_major && (role == "branch_secretary" || text("criterion").is_empty()) {
                    return false;
                }
                if (to_major && !is_major) || self.status == "reported" {
                    self.status = "graded";
                    self.hands.clear();
                }
                self.grade = Some(if to_major { "major" } else { "general" });
            }
            "control_measure" if !is_over && belongs => self.measures += 1,
            "assigned" if is(&["graded", "assigned"]) && reviews => {
                let plan = event["plan"].as_object();
                let is_planned = plan.is_some_and(|plan| plan.len() == 7);
                if is_major && (self.measures == 0 || !is_planned) {
                    return false;
                }
                let person = event["person"]["member"].as_str().unwrap_or_default();
                self.assigned_to.insert(person.to_owned());
                self.assigned = Some((person.to_owned(), is_planned));
                self.status = "assigned";
            }
            "extended" if is(&["assigned"]) && reviews => {}
            "rectified" if event["on_the_spot"] == true => {
                if is_major || !is(&["reported", "graded"]) || !belongs {
                    return false;
                }
                self.hands = vec![by.to_owned()];
                self.status = "rectified";
            }
            "rectified" if is(&["assigned"]) && belongs => {
                let behalf = event["on_behalf_of"]["member"].as_str().unwrap_or(by);
                if self
                    .assigned
                    .as_ref()
                    .is_none_or(|(person, _)| person != behalf)
                {
                    return false;
                }
                self.hands = vec![by.to_owned(), behalf.to_owned()];
                self.status = "rectified";
            }
            "returned_for_rework" if is(&["rectified", "verified"]) && reviews => self.send_back(),
            "verified" if is(&["rectified"]) && reviews => {
                if self.grade.is_none() || self.hands.iter().any(|hand| hand == by) {
                    return false;
                }
                by.clone_into(&mut self.verifier);
                self.status = "verified";
            }
            "closed_out" if is(&["verified"]) => {
                let may = if is_major {
                    role == "supervisor" && self.verifier != by
                } else {
                    role == "safety_officer" || role == "branch_secretary"
                };
                if !may {
                    return false;
                }
                self.status = "closed";
            }
            "voided" if !is_over && reviews && role != "branch_secretary" => self.status = "void",
            "reopened" if is_over && role == "supervisor" => self.send_back(),
            "field_chosen" if reviews => {}
            "commented" => {}
            _ => return false,
        }
        true
    }

    fn send_back(&mut self) {
        let is_major = self.grade == Some("major");
        let is_assigned = self
            .assigned
            .as_ref()
            .is_some_and(|(_, is_planned)| !is_major || (*is_planned && self.measures > 0));
        self.status = match (is_assigned, self.grade) {
            (true, _) => "assigned",
            (false, Some(_)) => "graded",
            (false, None) => "reported",
        };
        self.hands.clear();
    }
}
