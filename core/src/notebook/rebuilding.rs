//! How a document is rebuilt without changes that will never be in the relay's log: those that it
//! refused, and those of others that it lost. This device's verbs that rested on them are done
//! again by a fresh actor where they still hold, and come back into the tray where they do not.

use std::collections::{HashMap, HashSet};

use automerge::{Automerge, Change};
use rusqlite::Connection;

use super::writing::{Hand, write};
use super::{NotebookError, Result};
use crate::compose::{Verb, retold};
use crate::document;
use crate::id::DocumentId;
use crate::keys::Hash;
use crate::rules::{Directory, Refusal};
use crate::store::documents::{self, DocKey, StoredChange};
use crate::store::outbox::Entry;
use crate::store::{StoreError, outbox, synced};

/// Why a change is taken out that the relay no longer has and nobody can send again.
const LOST: &str = "lost_by_the_relay";

/// Rebuilds a document of which the relay refused changes. Bytes are kept aside, nothing typed is
/// lost.
pub(crate) fn rebuild(
    conn: &Connection,
    directory: &Directory,
    hand: &Hand,
    key: DocKey,
    refused: &HashMap<Hash, String>,
) -> Result<()> {
    let mut roots = refused.clone();
    if refused.values().any(|reason| is_builds_on_refused(reason)) {
        // What it builds on may be somebody else's work that the relay has lost and refuses now.
        for (hash, _) in unplaced_of_others(conn, key)? {
            roots.entry(hash).or_insert_with(|| LOST.to_owned());
        }
    }
    take_out(conn, directory, hand, key, &roots)
}

/// Rebuilds every document without what the relay's own key had made and its log no longer has:
/// nobody can send that again.
pub(crate) fn rebuild_without_lost(
    conn: &Connection,
    directory: &Directory,
    hand: &Hand,
    relay_prefix: [u8; 8],
) -> Result<()> {
    for key in documents::with_unplaced(conn)? {
        let lost: HashMap<Hash, String> = unplaced_of_others(conn, key)?
            .into_iter()
            .filter(|(_, change)| change.actor_id().to_bytes().starts_with(&relay_prefix))
            .map(|(hash, _)| (hash, LOST.to_owned()))
            .collect();
        if !lost.is_empty() {
            take_out(conn, directory, hand, key, &lost)?;
        }
    }
    Ok(())
}

fn is_builds_on_refused(reason: &str) -> bool {
    reason == Refusal::BuildsOnRefused.as_str()
}

/// The changes of a document that the log does not have and this device has not made.
fn unplaced_of_others(conn: &Connection, key: DocKey) -> Result<Vec<(Hash, Change)>> {
    let own: HashSet<Hash> = outbox::of_document(conn, key)?
        .into_iter()
        .map(|entry| entry.hash)
        .collect();
    let stored = documents::stored_changes(conn, key)?;
    let others = stored
        .into_iter()
        .filter(|change| change.admitted.is_none() && !own.contains(&change.hash));
    Ok(others
        .filter_map(|change| Some((change.hash, Change::from_bytes(change.raw).ok()?)))
        .collect())
}

/// Takes changes and all that builds on them out of a document, and does this device's own among
/// them again.
fn take_out(
    conn: &Connection,
    directory: &Directory,
    hand: &Hand,
    key: DocKey,
    roots: &HashMap<Hash, String>,
) -> Result<()> {
    let entries = outbox::of_document(conn, key)?;
    let stored = documents::stored_changes(conn, key)?;
    let Some(id) = documents::id_of(conn, key)? else {
        return Ok(());
    };
    let doc = document::load(stored.iter().map(|change| change.raw.as_slice())).ok();
    // A document that cannot be loaded is fetched whole; what was refused of it were broken bytes.
    let is_there: HashSet<Hash> = stored.iter().map(|change| change.hash).collect();
    let dead = match &doc {
        Some(_) => closure(&stored, roots),
        None => is_there.clone(),
    };
    let own: Vec<(Entry, Verb)> = entries
        .into_iter()
        .filter(|entry| dead.contains(&entry.hash) || !is_there.contains(&entry.hash))
        .map(|entry| {
            let verb = verb_of(doc.as_ref(), &entry);
            (entry, verb)
        })
        .collect();
    for change in stored.iter().filter(|change| dead.contains(&change.hash)) {
        let reason = roots.get(&change.hash).map(String::as_str);
        let reason = reason.unwrap_or_else(|| Refusal::BuildsOnRefused.as_str());
        documents::withdraw(conn, key, id, change.hash, reason, hand.now_ms)?;
    }
    for (entry, _) in &own {
        outbox::remove(conn, entry.entry)?;
    }
    if stored.len() == dead.len() {
        documents::remove(conn, key)?;
        if doc.is_none() {
            synced::want(conn, id, "damaged")?;
        }
    } else {
        documents::refresh(conn, key, hand.now_ms)?;
    }
    for (entry, verb) in own {
        // Where its bytes were broken or gone, nothing is said against what was done.
        let is_whole = doc.is_some() && is_there.contains(&entry.hash);
        let refused = roots.get(&entry.hash).filter(|_| is_whole);
        let own_reason = refused.filter(|reason| !is_builds_on_refused(reason));
        do_again(conn, directory, hand, id, (&entry, &verb), own_reason)?;
    }
    Ok(())
}

/// What an entry did, in words also where only its bytes were sent again.
fn verb_of(doc: Option<&Automerge>, entry: &Entry) -> Verb {
    let retold = match (&entry.verb, doc) {
        (Verb::Resend, Some(doc)) => retold(doc, &entry.raw).ok(),
        _ => None,
    };
    retold.unwrap_or_else(|| entry.verb.clone())
}

/// The changes that are `roots` or build on one of them.
fn closure(stored: &[StoredChange], roots: &HashMap<Hash, String>) -> HashSet<Hash> {
    let mut dead = HashSet::new();
    // None comes before what it builds on.
    for change in stored {
        let builds_on_dead = || {
            let read = Change::from_bytes(change.raw.clone());
            read.is_ok_and(|read| read.deps().iter().any(|dep| dead.contains(&dep.0)))
        };
        let is_dead = roots.contains_key(&change.hash) || builds_on_dead();
        // What the log has stays, whatever it may build on here.
        if is_dead && change.admitted.is_none() {
            dead.insert(change.hash);
        }
    }
    dead
}

/// Does a verb again, unless it was refused for what it says itself; what does not hold comes
/// back.
fn do_again(
    conn: &Connection,
    directory: &Directory,
    hand: &Hand,
    id: DocumentId,
    (entry, verb): (&Entry, &Verb),
    own_reason: Option<&String>,
) -> Result<()> {
    let reason = match own_reason {
        Some(reason) => reason.clone(),
        None => match write(conn, directory, hand, id, verb, entry.made_at_ms) {
            Ok(()) => return Ok(()),
            Err(NotebookError::Refused(refusal)) => refusal.as_str().to_owned(),
            Err(
                NotebookError::NotFound(_)
                | NotebookError::ReadOnly(_)
                | NotebookError::Store(StoreError::Document(_)),
            ) => Refusal::BuildsOnRefused.as_str().to_owned(),
            Err(error) => return Err(error),
        },
    };
    outbox::put_returned(conn, id, verb, &reason, entry.made_at_ms, hand.now_ms)?;
    Ok(())
}
