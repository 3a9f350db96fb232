//! The check: the generator's record, the phones, the relay and a supervisor's own notebook tell
//! the same, counted row by row and read one by one.

mod expected;
mod phones;
mod photos;
mod seen;
mod tally;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use automerge::ChangeHash;
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use vanguard_core::http::HttpError;
use vanguard_core::id::{DeviceId, DocumentId};
use vanguard_core::keys::{Hash, hex};
use vanguard_core::rules::Directory;

use super::DemoError;
use super::phone::Phone;
use super::record::Entry;
use crate::relay::Relay;
use phones::{Brought, Shown};
pub(super) use photos::ROW as PHOTO_ROW;
use seen::Seen;
use tally::Tally;

/// Two places that do not tell the same.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Difference {
    pub(super) place: String,
    pub(super) record: String,
    pub(super) field: String,
    pub(super) expected: String,
    pub(super) found: String,
}

/// A row of the table.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    /// What is counted: `hazard`, `hazard.graded`, ...
    pub(super) name: String,
    pub(super) record: u64,
    /// `None` where phones have no part in it.
    pub(super) phones: Option<u64>,
    pub(super) relay: Option<u64>,
    pub(super) supervisor: Option<u64>,
}

impl Row {
    pub(super) fn agrees(&self) -> bool {
        let others = [self.phones, self.relay, self.supervisor];
        others
            .into_iter()
            .flatten()
            .all(|count| count == self.record)
    }
}

/// Everything that the check found.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Findings {
    pub(super) rows: Vec<Row>,
    pub(super) differences: Vec<Difference>,
    pub(super) records_checked: u64,
    pub(super) events_checked: u64,
    pub(super) values_checked: u64,
    pub(super) texts_compared: u64,
    pub(super) receipts_verified: u64,
    /// Documents that were fetched over HTTPS too.
    pub(super) fetched: u64,
    /// Files of photos that the supervisor's phone fetched over HTTPS too.
    pub(super) photos_fetched: u64,
    /// Bytes of photos whose content was checked at the relay.
    pub(super) photo_bytes: u64,
    /// Records that their authors may no longer see: the receipts alone are still on their phones.
    pub(super) let_go: u64,
    /// What came back to its author, by what it was and why.
    pub(super) returned: BTreeMap<String, u64>,
    /// Superseded events by kind and reason.
    pub(super) superseded: BTreeMap<String, u64>,
    /// Fields with several values, by kind of record and field.
    pub(super) conflicts: BTreeMap<String, u64>,
    /// A digest of every record as the supervisor reads it.
    pub(super) ledger_digest: String,
}

impl Findings {
    pub(super) fn agrees(&self) -> bool {
        self.differences.is_empty() && self.rows.iter().all(Row::agrees)
    }
}

/// What is to be compared.
pub(super) struct Places<'a> {
    pub(super) imported: &'a [Entry],
    pub(super) phones: &'a mut [Phone],
    pub(super) supervisor: &'a mut Phone,
    pub(super) relay: &'a Arc<Relay>,
    pub(super) data: &'a std::path::Path,
    pub(super) runtime: &'a tokio::runtime::Handle,
}

/// Compares all places.
pub(super) fn compare(places: Places<'_>) -> Result<Findings, DemoError> {
    let Places {
        imported,
        phones,
        supervisor,
        relay,
        data,
        runtime,
    } = places;
    let mut findings = Findings::default();
    runtime.block_on(relay.close()); // the replica has everything then
    let log = read_only(&data.join("log.db"))?;
    let positions = positions(&log)?;
    let documents = raw_documents(&mut findings, relay, runtime, supervisor, &positions)?;
    let mut shown = shown_by(&read_only(&data.join("replica.db"))?, relay.directory())?;
    shown.edited = documents
        .iter()
        .filter_map(|(id, seen)| Some((*id, seen.edits.clone()?)))
        .filter(|(_, edits)| !edits.is_empty())
        .collect();
    let checked = phones::check_all(phones, &shown, &brought(&log)?, &relay.key().public_key())?;
    findings.texts_compared = checked.texts;
    findings.receipts_verified = checked.receipts;
    findings.let_go = checked.let_go;

    let (standing, came_back) = phones::settle_trays(&mut findings, phones)?;
    for item in &came_back {
        let reason = format!("{} · {}", item.row, item.reason);
        *findings.returned.entry(reason).or_default() += 1;
    }
    let book = expected::book(imported.iter().chain(standing.iter().copied()));
    expected::check_place(
        &mut findings,
        "中继站文档 relay's documents",
        &book,
        &documents,
    );
    expected::check_place(
        &mut findings,
        "中继站副本 relay's replica",
        &book,
        &shown.seen,
    );
    let own = supervised(&mut findings, supervisor, &shown)?;
    expected::check_place(&mut findings, "督查手机 supervisor's notebook", &book, &own);
    findings.differences.extend(checked.differences);

    let columns = Columns {
        record: tally::of_record(imported.iter().chain(standing.iter().copied())),
        phones: checked.tally,
        relay: count(&documents),
        supervisor: count(&own),
    };
    findings.rows = columns.rows();
    let stands: Vec<Entry> = standing.into_iter().cloned().collect();
    photos::check(
        &mut findings,
        stands.iter(),
        phones,
        supervisor,
        relay,
        runtime,
    )?;
    findings.rows.push(Row {
        name: "returned".into(),
        record: came_back.len() as u64,
        phones: Some(trays(phones)?),
        relay: None,
        supervisor: None,
    });
    summarise(&mut findings, &own);
    findings.ledger_digest = digest(supervisor)?;
    Ok(findings)
}

fn read_only(path: &std::path::Path) -> Result<Connection, DemoError> {
    Ok(Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY,
    )?)
}

fn positions(log: &Connection) -> Result<HashMap<DocumentId, HashMap<ChangeHash, u64>>, DemoError> {
    let mut statement =
        log.prepare("SELECT d.id, c.hash, c.seq FROM document d LEFT JOIN change c USING (doc)")?;
    let mut rows = statement.query([])?;
    let mut positions: HashMap<_, HashMap<_, _>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let of_document = positions.entry(row.get(0)?).or_default();
        if let Some(hash) = row.get::<_, Option<Hash>>(1)? {
            of_document.insert(ChangeHash(hash), row.get(2)?);
        }
    }
    Ok(positions)
}

fn brought(log: &Connection) -> Result<Brought, DemoError> {
    let mut statement =
        log.prepare("SELECT b.device, c.hash, c.seq FROM change c JOIN batch b USING (batch)")?;
    let mut rows = statement.query([])?;
    let mut brought = Brought::new();
    while let Some(row) = rows.next()? {
        let device: DeviceId = row.get(0)?;
        brought
            .entry(device)
            .or_default()
            .insert(row.get(1)?, row.get(2)?);
    }
    Ok(brought)
}

/// Of so many documents one is fetched over HTTPS as well.
const SAMPLED: usize = 10;

/// Every document as the relay gives it to the supervisor; some of them by the supervisor's phone
/// with `GET /v1/documents/{id}`, which has to bring the same bytes.
fn raw_documents(
    findings: &mut Findings,
    relay: &Arc<Relay>,
    runtime: &tokio::runtime::Handle,
    supervisor: &Phone,
    positions: &HashMap<DocumentId, HashMap<ChangeHash, u64>>,
) -> Result<HashMap<DocumentId, Seen>, DemoError> {
    let mut files: Vec<_> = positions.keys().map(|id| (*id, Ok(None))).collect();
    files.sort_unstable_by_key(|(id, _)| *id);
    let member = supervisor.member;
    super::fleet::in_parallel(&mut files, |(id, file)| {
        *file = runtime.block_on(relay.document(member, *id));
    });
    let mut documents = HashMap::new();
    for (at, (id, file)) in files.into_iter().enumerate() {
        let file = file?;
        if at % SAMPLED == 0 {
            let fetch = supervisor.https.document(&supervisor.notebook, id);
            let fetched = match runtime.block_on(fetch) {
                Err(HttpError::Problem { status: 404, .. }) => None,
                other => Some(other?),
            };
            findings.fetched += 1;
            if fetched != file {
                let place = "GET /v1/documents";
                findings.differ(
                    place,
                    id,
                    "bytes",
                    "同样的字节 · the same bytes",
                    "另一些 · others",
                );
            }
        }
        if let Some(seen) = file.and_then(|file| Seen::of_document(&file, &positions[&id])) {
            documents.insert(id, seen);
        }
    }
    Ok(documents)
}

fn shown_by(store: &Connection, directory: Arc<Directory>) -> Result<Shown, DemoError> {
    let mut shown = Shown {
        texts: HashMap::new(),
        seen: HashMap::new(),
        edited: HashMap::new(),
        directory,
    };
    let mut statement =
        store.prepare("SELECT d.id, r.view FROM record r JOIN document d USING (doc)")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    for row in rows {
        let (id, text) = row?;
        if let Some(seen) = Seen::of_view(&text) {
            shown.seen.insert(id, seen);
        }
        shown.texts.insert(id, text);
    }
    Ok(shown)
}

/// What the supervisor's own notebook holds, compared with the relay's replica text by text.
fn supervised(
    findings: &mut Findings,
    supervisor: &Phone,
    shown: &Shown,
) -> Result<HashMap<DocumentId, Seen>, DemoError> {
    let conn = supervisor.notebook.reader();
    let own = shown_by(conn, Arc::clone(&shown.directory))?;
    for (id, text) in &own.texts {
        findings.texts_compared += 1;
        let theirs = shown.texts.get(id).map(String::as_str);
        if theirs != Some(text) {
            let (field, expected, found) = phones::first_difference(theirs, text);
            findings.differ(
                "督查手机 supervisor's notebook",
                *id,
                &field,
                &expected,
                &found,
            );
        }
    }
    let mut seen = own.seen;
    for (id, seen) in &mut seen {
        if shown.edited.contains_key(id) {
            seen.edits = Some(tally::edits_of(conn, id.as_bytes(), seen)?);
        }
    }
    Ok(seen)
}

fn count(documents: &HashMap<DocumentId, Seen>) -> Tally {
    let mut tally = Tally::new();
    for seen in documents.values() {
        tally::add_seen(&mut tally, seen, None);
    }
    tally
}

fn trays(phones: &[Phone]) -> Result<u64, DemoError> {
    let mut items = 0;
    for phone in phones {
        items += phone.notebook.returned()?.len() as u64;
    }
    Ok(items)
}

struct Columns {
    record: Tally,
    phones: Tally,
    relay: Tally,
    supervisor: Tally,
}

impl Columns {
    fn rows(&self) -> Vec<Row> {
        let all = [&self.record, &self.phones, &self.relay, &self.supervisor];
        let names: BTreeSet<&String> = all.into_iter().flat_map(BTreeMap::keys).collect();
        let of = |tally: &Tally, name: &str| tally.get(name).copied().unwrap_or(0);
        let rows = names.into_iter().map(|name| Row {
            name: name.clone(),
            record: of(&self.record, name),
            phones: (name != "imported").then(|| of(&self.phones, name)),
            relay: Some(of(&self.relay, name)),
            supervisor: Some(of(&self.supervisor, name)),
        });
        rows.collect()
    }
}

/// Counts what was decided without effect, and what is still in conflict.
fn summarise(findings: &mut Findings, own: &HashMap<DocumentId, Seen>) {
    for seen in own.values() {
        for event in &seen.events {
            if let Some(reason) = &event.superseded {
                let row = format!("{}.{} · {reason}", seen.kind, event.kind());
                *findings.superseded.entry(row).or_default() += 1;
            }
        }
        for (field, _) in &seen.several {
            let row = format!("{}.{field}", seen.kind);
            *findings.conflicts.entry(row).or_default() += 1;
        }
    }
}

const DEVICE: &str = "\"device\":\"";
/// The length of an id's text.
const UUID_LENGTH: usize = 36;

/// The same seed gives the same digest: of every record with its events, their order and states.
fn digest(supervisor: &Phone) -> Result<String, DemoError> {
    let conn = supervisor.notebook.reader();
    let mut statement =
        conn.prepare("SELECT r.view FROM record r JOIN document d USING (doc) ORDER BY d.id")?;
    let mut rows = statement.query([])?;
    let mut hasher = Sha256::new();
    while let Some(row) = rows.next()? {
        let text = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        // Which device took a photo is told by an id from the relay's own randomness.
        let mut parts = text.split(DEVICE);
        hasher.update(parts.next().unwrap_or_default());
        for part in parts {
            hasher.update(part.get(UUID_LENGTH..).unwrap_or_default());
        }
        hasher.update([0]);
    }
    Ok(hex(&hasher.finalize()))
}
