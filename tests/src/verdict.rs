//! What must hold after a walk, whatever the network did: everybody sees the same, nothing that a
//! verb said yes to is missing or there twice, and all of it is what a plain reading of the log
//! comes to.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use vanguard_core::calendar::DAY_MS;
use vanguard_core::env::Env as _;
use vanguard_core::id::{DocumentId, MemberId, OrgId};
use vanguard_core::model::DocumentKind;
use vanguard_core::rules::Directory;
use vanguard_core::store::outbox::Returned;
use vanguard_core::{Notebook, Verb, store};
use vanguard_server::relay::Relay;

use crate::plain::{Paper, PlainDocument, PlainLog};
use crate::walk::{Commit, Done, World};

/// What lists and pages show of a document: its columns and its view.
type Shown = Vec<rusqlite::types::Value>;

/// Everything that is wrong, in words.
pub type Wrongs = Vec<String>;

/// Judges a fleet that has come together.
pub async fn judge(world: &World) -> Wrongs {
    let fleet = &world.fleet;
    let log = match PlainLog::read(&fleet.data) {
        Ok(log) => log,
        Err(why) => return vec![why],
    };
    let notebooks: Vec<&Notebook> = world.phones().map(|phone| &phone.notebook).collect();
    let fresh_ms = fleet.env.now_ms() - DAY_MS / 2;
    let mut wrongs = everybody_agrees(&fleet.relay, &log, fresh_ms, &notebooks).await;
    wrongs.extend(accounts(world, &log));
    wrongs
}

/// Holds notebooks and the relay against each other and against the log; what was touched after
/// `fresh_ms` of the relay's clock nobody's window leaves out.
pub async fn everybody_agrees(
    relay: &Relay,
    log: &PlainLog,
    fresh_ms: i64,
    notebooks: &[&Notebook],
) -> Wrongs {
    let replica = shown_by_relay(relay).await;
    let mut wrongs = Wrongs::new();
    if replica.len() != log.documents.len() {
        wrongs.push(format!(
            "the relay shows {} documents, its log has {}",
            replica.len(),
            log.documents.len()
        ));
    }
    let papers: BTreeMap<DocumentId, Paper> = log
        .documents
        .iter()
        .filter(|(_, document)| document.kind == "hazard")
        .map(|(id, document)| (*id, Paper::of(&document.events)))
        .collect();
    for (id, shown) in &replica {
        if let Some(document) = log.documents.get(id) {
            wrongs.extend(against_paper(*id, shown, document, papers.get(id)));
        }
    }
    let books = Books {
        directory: &relay.directory(),
        log,
        papers,
        replica,
        fresh_ms,
    };
    for (at, notebook) in notebooks.iter().enumerate() {
        let found = books.against(notebook);
        wrongs.extend(found.into_iter().map(|why| format!("phone {at}: {why}")));
    }
    wrongs
}

const SHOWN: &str = "SELECT d.id, r.kind, r.space, r.creator, r.at_ms, r.name, r.code, r.zone,
    r.unit, r.category, r.status, r.grade, r.nature, r.shift, r.rota, r.assignee, r.deadline_ms,
    r.rectified_ms, r.closed_ms, r.is_open, r.is_conflicted, r.is_superseded, r.view, d.condition
    FROM document d LEFT JOIN record r ON r.doc = d.doc";
const STATUS: usize = 9;
const IS_OPEN: usize = 18;
const VIEW: usize = 21;

fn shown(conn: &rusqlite::Connection) -> rusqlite::Result<HashMap<DocumentId, Shown>> {
    let mut statement = conn.prepare_cached(SHOWN)?;
    let rows = statement.query_map([], |row| {
        let columns: rusqlite::Result<Shown> = (1..=23).map(|at| row.get(at)).collect();
        Ok((row.get(0)?, columns?))
    })?;
    rows.collect()
}

async fn shown_by_relay(relay: &Relay) -> HashMap<DocumentId, Shown> {
    let head = *relay.head().borrow();
    relay.replica().wait_for(head).await;
    let read = |conn: &rusqlite::Connection| shown(conn).map_err(store::StoreError::from);
    relay.replica().read(read).await.unwrap()
}

fn view(shown: &Shown) -> Value {
    match &shown[VIEW] {
        rusqlite::types::Value::Text(json) => serde_json::from_str(json).unwrap_or_default(),
        _ => Value::Null,
    }
}

/// What is shown is what the log says: all events, in its order; of a hazard, the same life.
fn against_paper(
    id: DocumentId,
    shown: &Shown,
    document: &PlainDocument,
    paper: Option<&Paper>,
) -> Wrongs {
    let view = view(shown);
    let events = view["events"].as_array().cloned().unwrap_or_default();
    let ids: Vec<&str> = events.iter().filter_map(|e| e["id"].as_str()).collect();
    let expected: Vec<String> = document.events.iter().map(|e| e.id.to_string()).collect();
    let mut wrongs = Wrongs::new();
    if ids != expected {
        wrongs.push(format!("{id}: events {ids:?}, the log has {expected:?}"));
    }
    if let Some(paper) = paper {
        let counts: Vec<bool> = events.iter().map(|e| e["superseded"].is_null()).collect();
        let status = rusqlite::types::Value::Text(paper.status.into());
        if counts != paper.counts || shown[STATUS] != status {
            wrongs.push(format!(
                "{id}: {:?} with {counts:?}, on paper {} with {:?}: {events:#?}",
                shown[STATUS], paper.status, paper.counts
            ));
        }
    }
    wrongs
}

/// What notebooks are held against.
struct Books<'a> {
    directory: &'a Directory,
    log: &'a PlainLog,
    papers: BTreeMap<DocumentId, Paper>,
    replica: HashMap<DocumentId, Shown>,
    fresh_ms: i64,
}

impl Books<'_> {
    fn against(&self, notebook: &Notebook) -> Wrongs {
        let member = notebook.member().unwrap();
        let own = shown(notebook.reader()).unwrap();
        let mut wrongs = Wrongs::new();
        let unsent = notebook.unsent().unwrap().changes;
        if unsent > 0 {
            wrongs.push(format!("{unsent} changes are still unsent"));
        }
        for (id, document) in &self.log.documents {
            let kind = &document.kind;
            let may_see = self.may_see(member, id, document);
            match (own.get(id), self.replica.get(id), may_see) {
                (Some(mine), Some(theirs), true) if mine != theirs => {
                    wrongs.push(format!("{kind} {id} differs: {}", difference(mine, theirs)));
                }
                (None, Some(theirs), true) if self.must_have(document, theirs) => {
                    wrongs.push(format!("{kind} {id} is missing"));
                }
                (Some(_), _, false) => wrongs.push(format!("{kind} {id} is not for this member")),
                _ => {}
            }
        }
        let astray = own.keys().filter(|id| !self.log.documents.contains_key(id));
        wrongs.extend(astray.map(|id| format!("{id} is only here")));
        wrongs
    }

    fn may_see(&self, member: MemberId, id: &DocumentId, document: &PlainDocument) -> bool {
        let kind = DocumentKind::parse(&document.kind).unwrap();
        let (space, creator) = (document.space, document.creator);
        let is_in_scope = self.directory.scope(member).contains(&space)
            && self.directory.may_read(member, kind, space, creator);
        let paper = self.papers.get(id);
        is_in_scope || paper.is_some_and(|paper| paper.assigned_to.contains(&member.to_string()))
    }

    /// What no window leaves out: the directory, what is open, and what is fresh.
    fn must_have(&self, document: &PlainDocument, shown: &Shown) -> bool {
        let is_directory = document.space == OrgId::DIRECTORY;
        let is_open = shown[IS_OPEN] == rusqlite::types::Value::Integer(1);
        is_directory || is_open || document.touched_ms > self.fresh_ms
    }
}

fn difference(mine: &Shown, theirs: &Shown) -> String {
    let (my_view, their_view) = (view(mine), view(theirs));
    if my_view == their_view {
        return format!("{mine:?} / {theirs:?}");
    }
    let mut parts = Vec::new();
    parts_that_differ("", &my_view, &their_view, &mut parts);
    parts.join("; ")
}

fn parts_that_differ(at: &str, mine: &Value, theirs: &Value, parts: &mut Vec<String>) {
    match (mine, theirs) {
        (Value::Object(my_map), Value::Object(their_map)) => {
            let keys: std::collections::BTreeSet<_> =
                my_map.keys().chain(their_map.keys()).collect();
            for key in keys {
                parts_that_differ(&format!("{at}/{key}"), &mine[key], &theirs[key], parts);
            }
        }
        (Value::Array(my_list), Value::Array(their_list)) if my_list.len() == their_list.len() => {
            for (number, (mine, theirs)) in my_list.iter().zip(their_list).enumerate() {
                parts_that_differ(&format!("{at}/{number}"), mine, theirs, parts);
            }
        }
        _ if mine != theirs => parts.push(format!("{at}: here {mine}, at the relay {theirs}")),
        _ => {}
    }
}

/// How much of what is interesting the walk met: records with superseded events, with fields in
/// conflict, and things returned to their authors.
pub async fn met(world: &World) -> [(&'static str, u32); 4] {
    let replica = shown_by_relay(&world.fleet.relay).await;
    let is = |at: usize| {
        let yes = rusqlite::types::Value::Integer(1);
        let count = replica.values().filter(|shown| shown[at] == yes).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    };
    let trays = world
        .phones()
        .map(|phone| phone.notebook.returned().unwrap().len());
    [
        (
            "= documents",
            u32::try_from(replica.len()).unwrap_or(u32::MAX),
        ),
        ("= superseded", is(IS_OPEN + 2)),
        ("= conflicted", is(IS_OPEN + 1)),
        (
            "= returned",
            u32::try_from(trays.sum::<usize>()).unwrap_or(u32::MAX),
        ),
    ]
}

/// Every verb that said yes is in the log, or in its author's tray; and never in both.
fn accounts(world: &World, log: &PlainLog) -> Wrongs {
    let trays: Vec<Vec<Returned>> = world
        .phones()
        .map(|phone| phone.notebook.returned().unwrap())
        .collect();
    let mut wrongs = Wrongs::new();
    for commit in &world.ledger {
        let is_in_log = is_in_log(commit, log);
        let returned = trays[commit.phone]
            .iter()
            .filter(|returned| returned.document == commit.document);
        let times = returned
            .filter(|returned| is_of(commit, &returned.verb))
            .count();
        if usize::from(is_in_log) + times != 1 {
            wrongs.push(format!(
                "{commit:?}: in the log: {is_in_log}; in the tray {times} times"
            ));
        }
    }
    wrongs
}

fn is_in_log(commit: &Commit, log: &PlainLog) -> bool {
    let Some(document) = log.documents.get(&commit.document) else {
        return false;
    };
    match &commit.done {
        Done::Created => true,
        Done::Appended(id) => document.events.iter().any(|event| event.id == *id),
        Done::Edited(fields) => fields.iter().all(|(field, value)| {
            let text = value.as_str().unwrap_or_default();
            document.texts.contains(&(field.clone(), text.to_owned()))
        }),
    }
}

fn is_of(commit: &Commit, verb: &Verb) -> bool {
    match (&commit.done, verb) {
        (Done::Created, Verb::Create { .. }) => true,
        (Done::Appended(id), Verb::Append { event }) => event.id == *id,
        (Done::Edited(mine), Verb::Edit { fields }) => mine == fields,
        _ => false,
    }
}
