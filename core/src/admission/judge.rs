//! The last three steps, one after the other.

use std::collections::HashSet;

use automerge::{Automerge, Change, ChangeHash, ChangeMetadata, ExpandedChange};

use crate::document::{self, Admitted, Contents, ReadError};
use crate::id::{EventId, OrgId};
use crate::keys::Hash;
use crate::model::{Author, DocumentKind, Event, FoldedEvent, Record, View, fold};
use crate::rules::{Governed, Judge, Refusal};

use super::shape::{self, Shape};
use super::{Claim, Context, Outcome, Parsed, Subject, Verdict};

pub(super) fn judge(
    context: &Context<'_>,
    subject: Option<&Subject>,
    claim: Claim,
    parsed: Parsed,
    provisional: Admitted,
) -> Result<Verdict, Refusal> {
    let Parsed { change, expanded } = parsed;
    let base = subject.map(|subject| &subject.doc);
    let author = hand_of(context, &change)?;
    let missing: Vec<Hash> = change
        .deps()
        .iter()
        .filter(|dep| base.is_none_or(|base| base.get_change_meta_by_hash(dep).is_none()))
        .map(|dep| dep.0)
        .collect();
    if !missing.is_empty() {
        return Ok(Verdict::Held { missing });
    }
    well_formed(context, base, &change)?;
    let shape = shape::classify(&expanded, base)?;
    let (hash, size) = (change.hash(), change.raw_bytes().len());
    let read = match subject {
        None => Contents::of_decoded(&expanded, hash),
        Some(_) => None,
    };
    let is_plain = read.is_some() && is_as_written(&change, expanded);
    let apply = || applied(base, change);
    let is_directory = |contents: &Contents| {
        let header = contents.header();
        header.is_ok_and(|header| header.kind.is_directory()) // these are asked for, as they stand
    };
    let (contents, doc) = match read {
        Some(contents) if is_plain && !is_directory(&contents) => (contents, None),
        Some(contents) => (contents, Some(apply()?)),
        None => {
            let doc = apply()?;
            (Contents::of(&doc).map_err(|e| refusal_of(&e))?, Some(doc))
        }
    };
    let header = contents.header().map_err(|e| refusal_of(&e))?;
    let is_claimed = claim.space == header.space
        && claim.document.is_none_or(|document| document == header.id)
        && (claim.document.is_some() || matches!(shape, Shape::Create { .. }));
    if !is_claimed {
        return Err(Refusal::Forged);
    }
    let mut positions = subject
        .map(|subject| subject.positions.clone())
        .unwrap_or_default();
    positions.insert(hash, provisional);
    crate::model::for_kind!(header.kind, R => {
        let view = contents.view::<R>(&positions).map_err(|e| refusal_of(&e))?;
        let after = doc.map(|doc| Subject {
            doc,
            positions,
            header,
            bytes: subject.map_or(0, |subject| subject.bytes) + size,
        });
        allowed::<R>(context, subject, after, &view, hash, &author, &shape)
    })
}

/// Whether a change's bytes are those that Automerge writes for its operations. Of a first change
/// whose operations only make and fill objects in their order this says that loading it does what
/// making it did: nothing hides in how it was written, and there is no need to try.
pub(super) fn is_as_written(change: &Change, expanded: ExpandedChange) -> bool {
    Change::from(expanded).raw_bytes() == change.raw_bytes()
}

/// In whose hand a change is written: that of the device that signed for it and of the member whose
/// device it is. Asked before anything else, so that nobody's change waits or is refused because
/// somebody else has pushed it.
fn hand_of(context: &Context<'_>, change: &Change) -> Result<Author, Refusal> {
    let actor = change.actor_id().to_bytes();
    if !actor.starts_with(&context.actor_prefix) {
        return Err(Refusal::Forged);
    }
    let message = change.message().ok_or(Refusal::Malformed)?;
    let author = Author::from_message(message).ok_or(Refusal::Malformed)?;
    if author.member == context.member {
        Ok(author)
    } else {
        Err(Refusal::Forged)
    }
}

/// Step two: the change's place among its actor's and its document's changes.
fn well_formed(
    context: &Context<'_>,
    base: Option<&Automerge>,
    change: &Change,
) -> Result<(), Refusal> {
    let is_a_time = (0..=LAST_SECOND).contains(&change.timestamp());
    if !is_a_time || change.is_empty() {
        return Err(Refusal::Malformed);
    }
    let Some(base) = base else {
        let is_first = change.start_op().get() == 1 && change.seq() == 1;
        return if is_first {
            Ok(())
        } else {
            Err(Refusal::Malformed)
        };
    };
    let mut highest_op = 0;
    for dep in change.deps() {
        let meta = base
            .get_change_meta_by_hash(dep)
            .ok_or(Refusal::Malformed)?;
        highest_op = highest_op.max(meta.max_op);
    }
    let last_seq = base
        .get_changes_meta(&[])
        .into_iter()
        .filter(|meta| *meta.actor == *change.actor_id())
        .map(|meta| meta.seq)
        .max()
        .unwrap_or(0);
    if change.start_op().get() != highest_op + 1 || change.seq() != last_seq + 1 {
        return Err(Refusal::Malformed);
    }
    let is_own = |meta: &ChangeMetadata<'_>| {
        let actor = meta.actor.to_bytes();
        actor.starts_with(&context.actor_prefix)
    };
    let heads = base.get_heads();
    let own_heads = heads
        .iter()
        .filter(|head| !change.deps().contains(head))
        .filter_map(|head| base.get_change_meta_by_hash(head))
        .filter(is_own);
    if own_heads.count() < OWN_HEADS_LIMIT {
        Ok(())
    } else {
        Err(Refusal::TooLarge)
    }
}

/// How many heads of a document one device may make. A device builds on its own changes, but for
/// those that an old copy of its notebook does not know; every change names all the heads that it
/// builds on, and there is a [limit](super::bounded::DEPS_LIMIT) to them.
const OWN_HEADS_LIMIT: usize = 16;
/// The bytes of changes from which on a document takes decisions and nothing else.
const DOCUMENT_LIMIT_BYTES: usize = 4 << 20;
/// The number of changes from which on a document takes decisions and nothing else.
const DOCUMENT_LIMIT_CHANGES: usize = 4_000;
/// The number of operations from which on a document takes decisions and nothing else: thousands of
/// them may be written in a hundred bytes, and weigh on every phone that follows its space.
const DOCUMENT_LIMIT_OPS: usize = 100_000;
/// The bytes of a decision that even such a document takes.
const DECISION_LIMIT_BYTES: usize = 16 << 10;
/// The operations of a decision that even such a document takes.
const DECISION_LIMIT_OPS: usize = 1_000;

/// Whether a document has room for the change that brings it from `before` to `after` and is no
/// decision: it has to be loaded whole by everybody who writes to it.
fn has_room(before: &Subject, after: &Subject) -> Result<(), Refusal> {
    let is_small = after.bytes <= DOCUMENT_LIMIT_BYTES && after.ops() <= DOCUMENT_LIMIT_OPS;
    if is_small && before.positions.len() < DOCUMENT_LIMIT_CHANGES {
        Ok(())
    } else {
        Err(Refusal::TooLarge)
    }
}

/// The last second of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;

/// Step three: only bytes that were loaded, or that are [as Automerge writes](is_as_written), are
/// ever served. A new document is its first change's bytes; a later change is applied to a copy,
/// which is saved and loaded again.
fn applied(base: Option<&Automerge>, change: Change) -> Result<Automerge, Refusal> {
    let Some(base) = base else {
        return Automerge::load(change.raw_bytes()).map_err(|_| Refusal::Malformed);
    };
    let mut doc = base.clone();
    doc.apply_changes([change])
        .map_err(|_| Refusal::Malformed)?;
    Automerge::load(&doc.save_nocompress()).map_err(|_| Refusal::Malformed)
}

/// Step four.
fn allowed<R: Governed>(
    context: &Context<'_>,
    before: Option<&Subject>,
    after: Option<Subject>,
    view: &View<R>,
    hash: ChangeHash,
    author: &Author,
    shape: &Shape,
) -> Result<Verdict, Refusal> {
    let standing = if *author == Author::OPERATOR {
        None // the caller has checked that the relay's own key signed for the operator
    } else {
        let position = context.directory_position;
        Some(
            context
                .directory
                .standing(author, position, context.now_ms, context.grace_ms)?,
        )
    };
    let judge = Judge {
        directory: context.directory,
        author: *author,
        grant: standing.map(|standing| standing.grant),
    };
    R::check_fields(&view.fields)?;
    match shape {
        Shape::Create { event } => {
            begins_well::<R>(context, author, view, event.is_some())?;
            R::may_create(&judge, &view.header, &view.fields)?;
            if view.events.iter().any(|event| event.superseded.is_some()) {
                return Err(Refusal::Status);
            }
        }
        Shape::Edit { fields } => {
            R::check_editable(fields.iter().map(String::as_str))?;
            let (before, after) = before.zip(after.as_ref()).ok_or(Refusal::Malformed)?;
            has_room(before, after)?;
            let known = known_events(&after.doc, hash);
            R::may_edit(
                &judge,
                &as_known::<R>(before, |_, change| known.contains(&change))?,
            )?;
        }
        Shape::Append { event } => {
            let (before, after) = before.zip(after.as_ref()).ok_or(Refusal::Malformed)?;
            appended::<R>(&judge, before, after, hash, view, *event)?;
        }
    }
    let is_open = R::is_open(&view.state);
    let assignee = R::assignee(&view.state);
    let is_late = standing.is_some_and(|standing| standing.is_late);
    Ok(Verdict::Admitted(Box::new(Outcome {
        header: view.header.clone(),
        subject: after,
        is_open,
        assignee,
        is_late,
    })))
}

/// What every new document has to be.
fn begins_well<R: Record>(
    context: &Context<'_>,
    author: &Author,
    view: &View<R>,
    has_event: bool,
) -> Result<(), Refusal> {
    let header = &view.header;
    let is_home = if header.kind.is_directory() {
        header.space == OrgId::DIRECTORY
    } else {
        context.directory.org(header.space).is_some()
    };
    if !is_home {
        return Err(Refusal::OutsideSpace);
    }
    let is_event_right = has_event == (header.kind == DocumentKind::Hazard)
        && view
            .events
            .iter()
            .all(|folded| folded.event.author == *author && folded.event.seen.is_empty());
    if header.creator != author.member || !is_event_right {
        return Err(Refusal::Forged);
    }
    Ok(())
}

/// An event: framed as its change is, complete in what it has seen, and allowed by what its
/// author knew. What the author did not know decides whether it counts, not whether it is kept.
fn appended<R: Governed>(
    judge: &Judge<'_>,
    before: &Subject,
    after: &Subject,
    hash: ChangeHash,
    view: &View<R>,
    event: EventId,
) -> Result<(), Refusal> {
    let folded = view.events.iter().find(|folded| folded.event.id == event);
    let event = &folded.ok_or(Refusal::Malformed)?.event;
    if event.author != judge.author || !(0..=LAST_SECOND * 1_000).contains(&event.at_ms) {
        return Err(Refusal::Forged);
    }
    let known = known_events(&after.doc, hash);
    let known_view = as_known::<R>(before, |_, change| known.contains(&change))?;
    let frontier: HashSet<EventId> = document::frontier(&known_view.events).into_iter().collect();
    if frontier != event.seen.iter().copied().collect() || frontier.len() != event.seen.len() {
        return Err(Refusal::Forged);
    }
    R::may_append(judge, &known_view, &event.body)?;
    R::apply(&known_view.state, event)?;
    let is_small = after.bytes - before.bytes <= DECISION_LIMIT_BYTES
        && after.ops().saturating_sub(before.ops()) <= DECISION_LIMIT_OPS;
    if R::is_remark(&event.body) || !is_small {
        has_room(before, after)?;
    }
    chooses_what_it_says(after, hash, &event.body)
}

/// An event that chooses a field's value leaves just that value, for those who know what its
/// author knew.
fn chooses_what_it_says(
    after: &Subject,
    hash: ChangeHash,
    body: &impl serde::Serialize,
) -> Result<(), Refusal> {
    let Ok(serde_json::Value::Object(body)) = serde_json::to_value(body) else {
        return Err(Refusal::Malformed);
    };
    let Some((field, value)) = crate::compose::chosen_field(&body) else {
        return Ok(());
    };
    let left = document::field_at(&after.doc, field, hash).map_err(|e| refusal_of(&e))?;
    let is_chosen = match left.as_slice() {
        [] => value.is_null(),
        [only] => only == value,
        _ => false,
    };
    if is_chosen {
        Ok(())
    } else {
        Err(Refusal::Forged)
    }
}

/// The changes that `hash` builds on.
fn known_events(doc: &Automerge, hash: ChangeHash) -> HashSet<ChangeHash> {
    let mut known = HashSet::new();
    let mut open = vec![hash];
    while let Some(at) = open.pop() {
        if let Some(meta) = doc.get_change_meta_by_hash(&at) {
            open.extend(meta.deps.into_iter().filter(|dep| known.insert(*dep)));
        }
    }
    known
}

/// The record as somebody saw it who knew only some of its changes.
fn as_known<R: Record>(
    subject: &Subject,
    is_known: impl Fn(&Event<R::Event>, ChangeHash) -> bool,
) -> Result<View<R>, Refusal> {
    let mut view =
        document::read::<R>(&subject.doc, &subject.positions).map_err(|e| refusal_of(&e))?;
    let by_position: std::collections::HashMap<u64, ChangeHash> = subject
        .positions
        .iter()
        .map(|(hash, at)| (at.position, *hash))
        .collect();
    let knows = |folded: &FoldedEvent<R::Event>| {
        let change = folded
            .position
            .and_then(|position| by_position.get(&position));
        change.is_some_and(|change| is_known(&folded.event, *change))
    };
    view.events.retain(knows);
    let events = view.events.iter().map(|folded| &folded.event);
    view.state = fold::<R>(&view.header, &view.fields, events).state;
    Ok(view)
}

fn refusal_of(error: &ReadError) -> Refusal {
    match error {
        ReadError::TooNew(_) => Refusal::TooNew,
        ReadError::Damaged(_) | ReadError::Unchanged => Refusal::Malformed,
    }
}
