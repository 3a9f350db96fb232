//! How a verb becomes a change: judged by the rules as this device knows them, composed, and
//! written with its outbox entry; and how a document is rebuilt when the relay refused one.

use std::collections::HashMap;

use rusqlite::Connection;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{NotebookError, Result};
use crate::compose::{Composer, NewEvent, Verb};
use crate::document::{self, Positions, frontier};
use crate::id::{DocumentId, MemberId};
use crate::keys::Hash;
use crate::model::{Author, Event, Record, View, for_kind};
use crate::rules::{Directory, Governed, Judge, Refusal};
use crate::store::documents::{self, DocKey};
use crate::store::outbox;

/// In whose hand a notebook writes, and what that hand has seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hand {
    pub(crate) member: MemberId,
    pub(crate) actor: [u8; 16],
    pub(crate) directory_position: u64,
    pub(crate) now_ms: i64,
}

/// The JSON map of something that serialises to one.
pub(super) fn to_map(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// Does a verb: document, outbox and projection, within the caller's transaction.
pub(crate) fn write(
    conn: &Connection,
    directory: &Directory,
    hand: &Hand,
    id: DocumentId,
    verb: &Verb,
    made_at_ms: i64,
) -> Result<()> {
    let (mut doc, positions, author, seen) = match verb {
        Verb::Create { header, .. } => {
            let author = for_kind!(header.kind, R => judge_creation::<R>(directory, hand, verb))?;
            (
                automerge::Automerge::new(),
                Positions::new(),
                author,
                Vec::new(),
            )
        }
        Verb::Resend => return Err(Refusal::BuildsOnRefused.into()),
        Verb::Edit { .. } | Verb::Append { .. } => {
            let key = documents::find(conn, id)?.ok_or(NotebookError::NotFound(id))?;
            let loaded = documents::load(conn, key)?;
            let header = document::read_header(&loaded.doc)?;
            let (author, seen) = for_kind!(header.kind, R => {
                let view = document::read::<R>(&loaded.doc, &loaded.positions)?;
                (judge_change::<R>(directory, hand, &view, verb)?, frontier(&view.events))
            });
            (loaded.doc, loaded.positions, author, seen)
        }
    };
    let composer = Composer::new(hand.actor, author, made_at_ms);
    let composed = composer.perform(&mut doc, verb, &seen)?;
    let key = documents::write_own(conn, &doc, positions, &composed, hand.now_ms)?;
    outbox::put(
        conn,
        key,
        composed.hash,
        verb,
        hand.directory_position,
        made_at_ms,
    )?;
    Ok(())
}

fn judge_creation<R: Governed>(directory: &Directory, hand: &Hand, verb: &Verb) -> Result<Author> {
    let Verb::Create {
        header,
        fields,
        event,
    } = verb
    else {
        return Err(Refusal::Malformed.into());
    };
    let fields: R::Fields =
        serde_json::from_value(Value::Object(fields.clone())).map_err(|_| Refusal::Malformed)?;
    choose_author(directory, hand.member, |judge| {
        R::may_create(judge, header, &fields)?;
        if let Some(event) = event {
            R::apply(
                &R::begin(header, &fields),
                &framed::<R>(event, judge.author)?,
            )?;
        }
        Ok(())
    })
}

fn judge_change<R: Governed>(
    directory: &Directory,
    hand: &Hand,
    view: &View<R>,
    verb: &Verb,
) -> Result<Author> {
    choose_author(directory, hand.member, |judge| match verb {
        Verb::Append { event } => {
            let event = framed::<R>(event, judge.author)?;
            R::may_append(judge, view, &event.body)?;
            R::apply(&view.state, &event).map(|_| ())
        }
        Verb::Edit { fields } => {
            R::check_editable(fields.keys().map(String::as_str))?;
            R::may_edit(judge, view)
        }
        Verb::Create { .. } | Verb::Resend => Err(Refusal::AlreadyCreated),
    })
}

/// The event as it will stand in the document.
fn framed<R: Record>(
    event: &NewEvent,
    author: Author,
) -> std::result::Result<Event<R::Event>, Refusal> {
    let body = serde_json::from_value(Value::Object(event.body.clone()))
        .map_err(|_| Refusal::Malformed)?;
    Ok(Event {
        id: event.id,
        author,
        at_ms: event.at_ms,
        seen: Vec::new(),
        body,
    })
}

/// The first of the member's grants under which the rules allow it; else the most telling reason.
fn choose_author(
    directory: &Directory,
    member: MemberId,
    allows: impl Fn(&Judge<'_>) -> std::result::Result<(), Refusal>,
) -> Result<Author> {
    let mut reason = Refusal::GrantUnknown;
    for (grant, stored) in directory.grants_of(member) {
        let author = Author {
            member,
            role: stored.role,
            grant,
        };
        match allows(&Judge {
            directory,
            author,
            grant: Some(stored),
        }) {
            Ok(()) => return Ok(author),
            // Another grant may say more than that this one does not do.
            Err(refusal) if says_more(refusal, reason) => reason = refusal,
            Err(_) => {}
        }
    }
    Err(reason.into())
}

fn says_more(refusal: Refusal, than: Refusal) -> bool {
    let rank = |refusal| match refusal {
        Refusal::GrantUnknown => 0,
        Refusal::OutsideSpace => 1,
        Refusal::Role => 2,
        _ => 3,
    };
    rank(refusal) > rank(than)
}

/// Rebuilds a document of which the relay refused changes: takes them and everything of this
/// device after them out, does the later verbs again with a fresh actor where they still hold,
/// and puts the rest into the tray. Bytes are kept aside, nothing typed is lost.
pub(crate) fn rebuild(
    conn: &Connection,
    directory: &Directory,
    hand: &Hand,
    key: DocKey,
    refused: &HashMap<Hash, String>,
) -> Result<()> {
    let entries = outbox::of_document(conn, key)?;
    let Some(first) = entries
        .iter()
        .position(|entry| refused.contains_key(&entry.hash))
    else {
        return Ok(());
    };
    let taken_back = &entries[first..];
    let Some(id) = taken_back.first().map(|entry| entry.document) else {
        return Ok(());
    };
    for entry in taken_back {
        let reason = refused
            .get(&entry.hash)
            .map_or("builds_on_refused", String::as_str);
        documents::withdraw(conn, key, id, entry.hash, reason, hand.now_ms)?;
        outbox::remove(conn, entry.entry)?;
    }
    if documents::stored_changes(conn, key)?.is_empty() {
        documents::remove(conn, key)?;
    } else {
        documents::refresh(conn, key, hand.now_ms)?;
    }
    let own_reason = |hash: &Hash| {
        refused
            .get(hash)
            .filter(|reason| *reason != Refusal::BuildsOnRefused.as_str())
    };
    for entry in taken_back {
        let outcome = match own_reason(&entry.hash) {
            Some(reason) => Err(reason.clone()),
            None => match write(conn, directory, hand, id, &entry.verb, entry.made_at_ms) {
                Ok(()) => Ok(()),
                Err(NotebookError::Refused(refusal)) => Err(refusal.as_str().to_owned()),
                Err(NotebookError::NotFound(_) | NotebookError::ReadOnly(_)) => {
                    Err(Refusal::BuildsOnRefused.as_str().to_owned())
                }
                Err(error) => return Err(error),
            },
        };
        if let Err(reason) = outcome {
            outbox::put_returned(
                conn,
                id,
                &entry.verb,
                &reason,
                entry.made_at_ms,
                hand.now_ms,
            )?;
        }
    }
    Ok(())
}
