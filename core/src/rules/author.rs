//! Under which of their grants somebody does something. A notebook asks before it writes, and the
//! relay before it acts in the hand of somebody at its console; both ask here.

use serde_json::Value;

use super::{Directory, Governed, Judge, Refusal, Ruling};
use crate::compose::{NewEvent, Verb};
use crate::id::MemberId;
use crate::model::{Author, Event, Record, View, for_kind};

/// The first of the member's grants under which `allows` says yes; else the most telling reason.
///
/// # Errors
/// The reason why under none of them.
pub fn choose_author(
    directory: &Directory,
    member: MemberId,
    allows: impl Fn(&Judge<'_>) -> Ruling,
) -> Result<Author, Refusal> {
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
    Err(reason)
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

/// In whose hand a member creates what `verb` creates.
///
/// # Errors
/// The reason why they may not; [`Refusal::Malformed`] where the verb creates nothing.
pub fn author_of_creation(
    directory: &Directory,
    member: MemberId,
    verb: &Verb,
) -> Result<Author, Refusal> {
    let Verb::Create { header, .. } = verb else {
        return Err(Refusal::Malformed);
    };
    for_kind!(header.kind, R => {
        choose_author(directory, member, |judge| may_create::<R>(judge, verb))
    })
}

/// In whose hand a member edits a record, or appends an event to it.
///
/// # Errors
/// The reason why they may not.
pub fn author_of_change<R: Governed>(
    directory: &Directory,
    member: MemberId,
    view: &View<R>,
    verb: &Verb,
) -> Result<Author, Refusal> {
    choose_author(directory, member, |judge| may_change(judge, view, verb))
}

/// Whether the rules let the judged author create what `verb` creates.
///
/// # Errors
/// The reason why not.
pub fn may_create<R: Governed>(judge: &Judge<'_>, verb: &Verb) -> Ruling {
    let Verb::Create {
        header,
        fields,
        event,
    } = verb
    else {
        return Err(Refusal::Malformed);
    };
    let fields: R::Fields =
        serde_json::from_value(Value::Object(fields.clone())).map_err(|_| Refusal::Malformed)?;
    R::check_fields(&fields)?;
    R::may_create(judge, header, &fields)?;
    if let Some(event) = event {
        let event = framed::<R>(event, judge.author)?;
        R::apply(&R::begin(header, &fields), &event)?;
    }
    Ok(())
}

/// Whether the rules let the judged author do `verb` to a record as it stands.
///
/// # Errors
/// The reason why not.
pub fn may_change<R: Governed>(judge: &Judge<'_>, view: &View<R>, verb: &Verb) -> Ruling {
    match verb {
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
    }
}

/// Whether the rules let the judged author append events to a record one after another, each to the
/// record as those before it leave it: what is done in one step is done by one person under one
/// grant.
///
/// # Errors
/// The reason why the first that is not allowed is not.
pub fn may_append_all<R: Governed>(
    judge: &Judge<'_>,
    view: &View<R>,
    events: &[NewEvent],
) -> Ruling {
    let mut view = View {
        header: view.header.clone(),
        fields: view.fields.clone(),
        state: view.state.clone(),
        events: Vec::new(), // the rules ask the state
        conflicts: Vec::new(),
    };
    for event in events {
        let event = framed::<R>(event, judge.author)?;
        R::may_append(judge, &view, &event.body)?;
        view.state = R::apply(&view.state, &event)?;
    }
    Ok(())
}

/// The event as it will stand in the document.
fn framed<R: Record>(event: &NewEvent, author: Author) -> Result<Event<R::Event>, Refusal> {
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
