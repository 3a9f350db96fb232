//! How a verb becomes a change: judged by the rules as this device knows them, composed, and
//! written with its outbox entry.

use rusqlite::Connection;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{NotebookError, Result};
use crate::admission::bounded;
use crate::compose::{Composed, Composer, Verb, chosen_field};
use crate::document::{self, Contents, Positions, ReadError, frontier};
use crate::id::{DocumentId, MemberId};
use crate::model::for_kind;
use crate::rules::{Directory, Governed as _, Refusal, author_of_change, author_of_creation};
use crate::store::documents;
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
    let (contents, positions, composed) = match verb {
        Verb::Create {
            header,
            fields,
            event,
        } => {
            let author = author_of_creation(directory, hand.member, verb)?;
            let composer = Composer::new(hand.actor, author, made_at_ms);
            let composed = composer.create(header, fields, event.as_ref());
            bounded::check(&composed.raw)?;
            let read = Contents::of_creation(&composed.raw);
            let contents = read.map_or_else(|| loaded_contents(&composed.raw), Ok);
            (contents, Positions::new(), composed)
        }
        Verb::Resend => return Err(Refusal::BuildsOnRefused.into()),
        Verb::Edit { .. } | Verb::Append { .. } => {
            let key = documents::find(conn, id)?.ok_or(NotebookError::NotFound(id))?;
            let documents::Loaded {
                mut doc, positions, ..
            } = documents::load(conn, key)?;
            let header = document::read_header(&doc)?;
            if let Verb::Append { event } = verb
                && document::has_event(&doc, event.id)
            {
                // Of a notebook put back to an old copy: what it does again was done before.
                return Ok(());
            }
            let (author, seen) = for_kind!(header.kind, R => {
                let view = document::read::<R>(&doc, &positions)?;
                (author_of_change(directory, hand.member, &view, verb)?, frontier(&view.events))
            });
            let composer = Composer::new(hand.actor, author, made_at_ms);
            let composed = match composer.perform(&mut doc, verb, &seen) {
                // The fields have these values already: what was wanted is so.
                Err(ReadError::Unchanged) => return Ok(()),
                made => made?,
            };
            check_own(&doc, &positions, verb, &composed)?;
            (Contents::of(&doc), positions, composed)
        }
    };
    let key = documents::write_own(conn, contents, &positions, &composed, hand.now_ms)?;
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

/// What a document says that only Automerge can tell.
fn loaded_contents(raw: &[u8]) -> std::result::Result<Contents, ReadError> {
    Contents::of(&document::load([raw])?)
}

/// What the relay would refuse whatever it knows is not even begun: a change above the limits,
/// which might be too large to be sent at all, and an edit that leaves no readable record.
fn check_own(
    doc: &automerge::Automerge,
    positions: &Positions,
    verb: &Verb,
    composed: &Composed,
) -> Result<()> {
    bounded::check(&composed.raw)?;
    let is_edit = match verb {
        Verb::Edit { .. } => true,
        Verb::Append { event } => chosen_field(&event.body).is_some(),
        Verb::Create { .. } | Verb::Resend => false,
    };
    if is_edit {
        let header = document::read_header(doc)?;
        for_kind!(header.kind, R => {
            let view = document::read::<R>(doc, positions).map_err(|_| Refusal::Malformed)?;
            R::check_fields(&view.fields)?;
        });
    }
    Ok(())
}
