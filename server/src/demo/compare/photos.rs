//! The photos: each that a record names is at the relay, byte for byte, acknowledged on the phone
//! that took it, and named in the supervisor's notebook; some are fetched over HTTPS as well.

use std::collections::{HashMap, HashSet};
use std::io::Read as _;
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use vanguard_core::id::MemberId;
use vanguard_core::keys::{Hash, hex};
use vanguard_core::model::photo::{Photo, PhotoPurpose, parse_hash};
use vanguard_core::photos::transfer::RoundOptions;
use vanguard_core::store::photos;

use super::{Findings, Row};
use crate::demo::DemoError;
use crate::demo::phone::Phone;
use crate::demo::record::{Deed, Entry};
use crate::relay::Relay;

/// The row of the table.
pub(crate) const ROW: &str = "photo";
/// Of so many photos one is fetched by the supervisor's phone as well.
const SAMPLED: usize = 20;

/// Compares the photos of what stands.
pub(super) fn check<'a>(
    findings: &mut Findings,
    standing: impl Iterator<Item = &'a Entry>,
    phones: &[Phone],
    supervisor: &mut Phone,
    relay: &Arc<Relay>,
    runtime: &tokio::runtime::Handle,
) -> Result<(), DemoError> {
    let mut taken: Vec<(MemberId, Photo)> = Vec::new();
    for entry in standing {
        let (Deed::Created { fields: said, .. } | Deed::Happened { body: said, .. }) = &entry.deed
        else {
            continue;
        };
        let named = said.get("photos").cloned().unwrap_or(Value::Null);
        let named: Vec<Photo> = serde_json::from_value(named).unwrap_or_default();
        taken.extend(named.into_iter().map(|photo| (entry.author, photo)));
    }
    let by_member: HashMap<MemberId, &Phone> =
        phones.iter().map(|phone| (phone.member, phone)).collect();
    let mut row = Row {
        name: ROW.into(),
        record: taken.len() as u64,
        phones: Some(0),
        relay: Some(0),
        supervisor: Some(0),
    };
    let told = named_in(supervisor)?;
    for (member, photo) in &taken {
        let acknowledged = match by_member.get(member) {
            Some(phone) => is_acknowledged(phone, photo)?,
            None => false,
        };
        let mut is_held = true;
        for (_, hash, bytes) in photo.files() {
            is_held &= holds(relay, hash, bytes)?;
        }
        let is_told = parse_hash(&photo.hash).is_some_and(|hash| told.contains(&hash));
        for (count, counts, place) in [
            (&mut row.phones, acknowledged, "手机 phone"),
            (&mut row.relay, is_held, "中继站 relay"),
            (
                &mut row.supervisor,
                is_told,
                "督查手机 supervisor's notebook",
            ),
        ] {
            *count = count.map(|sum| sum + u64::from(counts));
            if !counts {
                let record = format!("照片 photo {}", photo.hash);
                findings.miss(place, record);
            }
        }
        findings.photo_bytes += photo.bytes + photo.thumbnail.bytes;
    }
    findings.rows.push(row);
    fetch_some(findings, &taken, supervisor, relay, runtime)
}

/// Whether a phone has a receipt for every file of a photo.
fn is_acknowledged(phone: &Phone, photo: &Photo) -> Result<bool, DemoError> {
    let conn = phone.notebook.reader();
    for (_, hash, _) in photo.files() {
        let state = match parse_hash(hash) {
            Some(hash) => photos::is_owed(conn, &hash)?,
            None => None,
        };
        if state != Some(false) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the relay holds a file, and it has the size and the content that its record names.
fn holds(relay: &Relay, hash: &str, bytes: u64) -> Result<bool, DemoError> {
    Ok(content(relay, hash)?.is_some_and(|file| {
        let digest: Hash = Sha256::digest(&file).into();
        file.len() as u64 == bytes && hex(&digest) == hash
    }))
}

fn content(relay: &Relay, hash: &str) -> Result<Option<Vec<u8>>, DemoError> {
    let Some(hash) = parse_hash(hash) else {
        return Ok(None);
    };
    let failed = |error: &dyn std::fmt::Display| {
        DemoError::Io(std::io::Error::other(format!("photo: {error}")))
    };
    let Some(mut blob) = relay.blobs().read(&hash).map_err(|e| failed(&e))? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    blob.reader.read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// The originals that a notebook's records name.
fn named_in(phone: &Phone) -> Result<HashSet<Hash>, DemoError> {
    let mut statement = phone
        .notebook
        .reader()
        .prepare("SELECT hash FROM photo WHERE purpose = ?1")?;
    let rows = statement.query_map([PhotoPurpose::Original], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The supervisor's phone fetches some, as somebody does who looks at them.
fn fetch_some(
    findings: &mut Findings,
    taken: &[(MemberId, Photo)],
    supervisor: &mut Phone,
    relay: &Relay,
    runtime: &tokio::runtime::Handle,
) -> Result<(), DemoError> {
    let some: Vec<&Photo> = taken
        .iter()
        .step_by(SAMPLED)
        .map(|(_, photo)| photo)
        .collect();
    for photo in &some {
        for hash in [&photo.thumbnail.hash, &photo.hash] {
            supervisor.notebook.want_photo(hash, false)?;
        }
    }
    let options = RoundOptions::default();
    let carrying = supervisor
        .https
        .carry_photos(&mut supervisor.notebook, options, |_| ());
    runtime.block_on(carrying)?;
    for photo in some {
        for hash in [&photo.thumbnail.hash, &photo.hash] {
            let fetched = supervisor.notebook.photo_bytes(hash).ok();
            let is_same = fetched.is_some() && fetched == content(relay, hash)?;
            if is_same {
                findings.photos_fetched += 1;
            } else {
                findings.miss("GET /v1/blobs", format!("照片 photo {hash}"));
            }
        }
    }
    Ok(())
}

impl Findings {
    fn miss(&mut self, place: &str, record: String) {
        self.differences.push(super::Difference {
            place: place.into(),
            record,
            field: "照片文件 the photo's files".into(),
            expected: "完整 whole".into(),
            found: "没有或不同 missing or different".into(),
        });
    }
}
