//! The phones' side: every text that a phone shows is the relay's, byte for byte; every change
//! that counts as acknowledged is named by a receipt that the relay's key signed; every item in
//! the tray is something that its owner did.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use minicbor::Decoder;
use serde_json::Value;
use vanguard_core::Verb;
use vanguard_core::id::{DeviceId, DocumentId, MemberId};
use vanguard_core::keys::{Hash, PublicKey, Signature};
use vanguard_core::model::DocumentKind;
use vanguard_core::rules::Directory;
use vanguard_core::store::outbox::Returned;

use super::seen::Seen;
use super::tally::{Tally, add_seen, edits_of};
use super::{Difference, Findings};
use crate::demo::DemoError;
use crate::demo::fleet::in_parallel;
use crate::demo::phone::Phone;
use crate::demo::record::{Deed, Entry};

/// What the relay's replica shows.
pub(super) struct Shown {
    pub(super) texts: HashMap<DocumentId, String>,
    pub(super) seen: HashMap<DocumentId, Seen>,
    /// The edits of documents that have any: changes that are neither creations nor events.
    pub(super) edited: HashMap<DocumentId, Vec<(String, i64)>>,
    /// Who may see what in the end.
    pub(super) directory: Arc<Directory>,
}

impl Shown {
    /// Whether a member still may see a record: of others the phone has kept what it had.
    fn may_read(&self, member: MemberId, seen: &Seen) -> bool {
        let kind = DocumentKind::parse(&seen.kind);
        match (kind, seen.space.parse(), seen.creator.parse()) {
            (Some(kind), Ok(space), Ok(creator)) => {
                self.directory.may_read(member, kind, space, creator)
            }
            _ => true,
        }
    }
}

/// The relay's log by device: the hashes of what each brought, with their positions.
pub(super) type Brought = HashMap<DeviceId, HashMap<Hash, u64>>;

/// What is known of the phones together.
#[derive(Default)]
pub(super) struct Phones {
    /// What their owners did, as they hold it and hold it for acknowledged.
    pub(super) tally: Tally,
    /// Texts compared.
    pub(super) texts: u64,
    /// Receipts whose signature was checked.
    pub(super) receipts: u64,
    /// Records that their authors may no longer see: their phones have let them go, and hold
    /// their receipts.
    pub(super) let_go: u64,
    pub(super) differences: Vec<Difference>,
}

/// Looks at every phone.
pub(super) fn check_all(
    phones: &mut [Phone],
    shown: &Shown,
    brought: &Brought,
    relay_key: &PublicKey,
) -> Result<Phones, DemoError> {
    let all = Mutex::new((Phones::default(), None));
    in_parallel(phones, |phone| {
        let checked = check(phone, shown, brought, relay_key);
        let Ok(mut all) = all.lock() else {
            return;
        };
        match checked {
            Ok(one) => all.0.take(one),
            Err(error) => all.1 = Some(error),
        }
    });
    let (mut phones, error) = all.into_inner().unwrap_or_default();
    phones
        .differences
        .sort_by(|a, b| (&a.place, &a.record).cmp(&(&b.place, &b.record)));
    error.map_or(Ok(phones), Err)
}

impl Phones {
    fn take(&mut self, other: Self) {
        for (row, count) in other.tally {
            *self.tally.entry(row).or_default() += count;
        }
        self.texts += other.texts;
        self.receipts += other.receipts;
        self.let_go += other.let_go;
        self.differences.extend(other.differences);
    }

    fn differ(&mut self, place: &str, record: String, field: &str, expected: &str, found: &str) {
        self.differences.push(Difference {
            place: place.to_owned(),
            record,
            field: field.to_owned(),
            expected: expected.to_owned(),
            found: found.to_owned(),
        });
    }
}

fn check(
    phone: &Phone,
    shown: &Shown,
    brought: &Brought,
    relay_key: &PublicKey,
) -> Result<Phones, DemoError> {
    let mut phones = Phones::default();
    let place = format!("手机 phone {}", phone.who);
    let me = phone.member.to_string();
    let conn = phone.notebook.reader();
    let unsent = phone.notebook.unsent()?;
    if unsent.changes > 0 {
        let found = format!("{} 条 changes", unsent.changes);
        phones.differ(&place, "—".into(), "未发送 unsent", "0", &found);
    }
    let mut statement =
        conn.prepare("SELECT d.id, r.view FROM record r JOIN document d USING (doc)")?;
    let mut rows = statement.query([])?;
    let mut on_phone = HashSet::new();
    while let Some(row) = rows.next()? {
        let id: DocumentId = row.get(0)?;
        on_phone.insert(id);
        let text = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        phones.texts += 1;
        let theirs = shown.texts.get(&id).map(String::as_str);
        let own;
        let seen = if theirs == Some(text) {
            shown.seen.get(&id)
        } else {
            own = Seen::of_view(text);
            if own
                .as_ref()
                .is_none_or(|seen| shown.may_read(phone.member, seen))
            {
                let (field, expected, found) = first_difference(theirs, text);
                phones.differ(&place, id.to_string(), &field, &expected, &found);
            }
            own.as_ref()
        };
        let Some(seen) = seen else {
            continue;
        };
        let mut mine = seen.clone_for(&me);
        if shown.edited.contains_key(&id) {
            mine.edits = Some(edits_of(conn, id.as_bytes(), seen)?);
        }
        add_seen(&mut phones.tally, &mine, Some(&me));
    }
    for (id, seen) in &shown.seen {
        if on_phone.contains(id) || shown.may_read(phone.member, seen) {
            continue;
        }
        let mut mine = seen.clone_for(&me);
        mine.edits = shown.edited.get(id).cloned();
        let before = phones.tally.values().sum::<u64>();
        add_seen(&mut phones.tally, &mine, Some(&me));
        phones.let_go += u64::from(phones.tally.values().sum::<u64>() > before);
    }
    check_receipts(phone, &place, brought, relay_key, &mut phones)?;
    Ok(phones)
}

impl Seen {
    /// What of it concerns one person, so that nothing large is copied.
    fn clone_for(&self, who: &str) -> Self {
        let events = self.events.iter().filter(|event| event.member == who);
        Self {
            kind: self.kind.clone(),
            creator: self.creator.clone(),
            events: events.cloned().collect(),
            ..Self::default()
        }
    }
}

/// Where two texts of one record part.
pub(super) fn first_difference(relay: Option<&str>, other: &str) -> (String, String, String) {
    let Some(relay) = relay else {
        let start: String = other.chars().take(120).collect();
        return (
            "record".into(),
            "中继站没有 · the relay has none".into(),
            start,
        );
    };
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let (a, b) = (parse(relay), parse(other));
    part("", &a, &b).unwrap_or_else(|| {
        (
            "bytes".into(),
            "同样的字节 · the same bytes".into(),
            "另一种写法 · other bytes".into(),
        )
    })
}

fn part(path: &str, a: &Value, b: &Value) -> Option<(String, String, String)> {
    if a == b {
        return None;
    }
    match (a, b) {
        (Value::Object(left), Value::Object(right)) => {
            let mut keys: Vec<&String> = left.keys().chain(right.keys()).collect();
            keys.sort_unstable();
            keys.into_iter().find_map(|key| {
                let null = &Value::Null;
                let (a, b) = (
                    left.get(key).unwrap_or(null),
                    right.get(key).unwrap_or(null),
                );
                part(&format!("{path}.{key}"), a, b)
            })
        }
        (Value::Array(left), Value::Array(right)) => {
            let items = left.iter().zip(right).enumerate();
            let mut parts = items.filter_map(|(at, (a, b))| part(&format!("{path}[{at}]"), a, b));
            parts.next().or_else(|| {
                let (left, right) = (left.len().to_string(), right.len().to_string());
                Some((format!("{path}.length"), left, right))
            })
        }
        _ => Some((
            path.trim_start_matches('.').to_owned(),
            a.to_string(),
            b.to_string(),
        )),
    }
}

/// Receipts name just what the log has of this device.
fn check_receipts(
    phone: &Phone,
    place: &str,
    brought: &Brought,
    relay_key: &PublicKey,
    phones: &mut Phones,
) -> Result<(), DemoError> {
    let Some(identity) = phone.notebook.identity() else {
        return Ok(());
    };
    let nothing = HashMap::new();
    let in_log = brought.get(&identity.device).unwrap_or(&nothing);
    let mut named: HashSet<Hash> = HashSet::new();
    let conn = phone.notebook.reader();
    let mut statement = conn.prepare("SELECT statement, signature FROM receipt")?;
    let receipts = statement.query_map([], |row| {
        Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, [u8; 64]>(1)?))
    })?;
    for receipt in receipts {
        let (statement, signature) = receipt?;
        phones.receipts += 1;
        if relay_key.verify(&statement, &Signature(signature)).is_err() {
            phones.differ(
                place,
                "—".into(),
                "回执 receipt",
                "中继站签名 · the relay's signature",
                "不符 · another",
            );
        }
        for (hash, position) in admitted_in(&statement).unwrap_or_default() {
            named.insert(hash);
            if in_log.get(&hash) != Some(&position) {
                let found = in_log
                    .get(&hash)
                    .map_or("没有 · missing".to_owned(), u64::to_string);
                let record = vanguard_core::keys::hex(&hash);
                let expected = format!("日志第 {position} 条 · position of the log");
                phones.differ(place, record, "已回执 receipted", &expected, &found);
            }
        }
    }
    let unnamed = in_log.keys().filter(|hash| !named.contains(*hash)).count();
    if unnamed > 0 {
        let found = format!("{unnamed} 条无回执 · changes without one");
        phones.differ(
            place,
            "—".into(),
            "回执 receipts",
            "每条变更都有 · every change has one",
            &found,
        );
    }
    Ok(())
}

/// The changes that a receipt's statement names.
fn admitted_in(statement: &[u8]) -> Option<Vec<(Hash, u64)>> {
    let mut decoder = Decoder::new(statement);
    decoder.array().ok()?;
    decoder.str().ok()?;
    decoder.bytes().ok()?;
    decoder.bytes().ok()?;
    decoder.i64().ok()?;
    let count = decoder.array().ok()??;
    (0..count)
        .map(|_| {
            decoder.array().ok()?;
            let hash = decoder.bytes().ok()?.try_into().ok()?;
            Some((hash, decoder.u64().ok()?))
        })
        .collect()
}

/// Something that came back to its author.
pub(super) struct CameBack {
    pub(super) row: String,
    pub(super) reason: String,
}

/// Accounts for every item of every tray: takes what came back out of the record's entries.
pub(super) fn settle_trays<'a>(
    findings: &mut Findings,
    phones: &'a [Phone],
) -> Result<(Vec<&'a Entry>, Vec<CameBack>), DemoError> {
    let (mut standing, mut came_back) = (Vec::new(), Vec::new());
    for phone in phones {
        let mut tray = phone.notebook.returned()?;
        for entry in &phone.entries {
            match tray.iter().position(|item| is_of(item, entry)) {
                Some(place) => {
                    let item = tray.swap_remove(place);
                    came_back.push(CameBack {
                        row: entry.deed.row(),
                        reason: item.reason,
                    });
                }
                None => standing.push(entry),
            }
        }
        for item in tray {
            let place = format!("手机 phone {}", phone.who);
            let found = format!("{:?}: {}", item.verb, item.reason);
            findings.differ(
                place,
                item.document,
                "退回 returned",
                "做过的事 · something done",
                &found,
            );
        }
    }
    Ok((standing, came_back))
}

fn is_of(item: &Returned, entry: &Entry) -> bool {
    item.document == entry.document
        && match (&item.verb, &entry.deed) {
            (Verb::Create { .. }, Deed::Created { .. }) => true,
            (Verb::Append { event }, Deed::Happened { id, .. }) => {
                id.map_or(item.made_at_ms == entry.at_ms, |id| id == event.id)
            }
            (
                Verb::Edit { fields },
                Deed::Edited {
                    fields: written, ..
                },
            ) => item.made_at_ms == entry.at_ms && fields == written,
            _ => false,
        }
}
