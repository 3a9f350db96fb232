//! Zones, posts and task teams: who keeps them and who writes in their books.

use crate::id::MemberId;
use crate::model::post::{PostEvent, VanguardPost};
use crate::model::team::{TaskTeam, TeamEvent};
use crate::model::zone::{ResponsibilityZone, ZoneEvent};
use crate::model::{Header, View};
use crate::rules::{KEEPERS, OVERSEERS, Refusal, Ruling, require, require_text};

use super::{Governed, Judge};

impl Governed for ResponsibilityZone {
    fn check_fields(fields: &Self::Fields) -> Ruling {
        require_text(&fields.name)
    }

    fn is_remark(event: &Self::Event) -> bool {
        matches!(event, ZoneEvent::Noted { .. })
    }

    fn may_create(judge: &Judge<'_>, header: &Header, _: &Self::Fields) -> Ruling {
        judge.holds(KEEPERS, header.space)
    }

    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Ruling {
        judge.holds(KEEPERS, view.header.space)
    }

    fn may_append(judge: &Judge<'_>, view: &View<Self>, event: &Self::Event) -> Ruling {
        if matches!(event, ZoneEvent::Noted { .. }) {
            may_note(judge, &view.fields.holders)?;
        }
        judge.reaches(view.header.space)
    }
}

impl Governed for VanguardPost {
    fn check_fields(fields: &Self::Fields) -> Ruling {
        require_text(&fields.name)
    }

    fn is_remark(event: &Self::Event) -> bool {
        matches!(event, PostEvent::Entry(_))
    }

    fn may_create(judge: &Judge<'_>, header: &Header, _: &Self::Fields) -> Ruling {
        judge.holds(KEEPERS, header.space)
    }

    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Ruling {
        judge.holds(KEEPERS, view.header.space)
    }

    fn may_append(judge: &Judge<'_>, view: &View<Self>, event: &Self::Event) -> Ruling {
        if matches!(event, PostEvent::Entry(_)) {
            let is_holder = view.fields.holders.contains(&judge.author.member);
            require(is_holder, Refusal::NotHolder)?;
        }
        judge.reaches(view.header.space)
    }
}

impl Governed for TaskTeam {
    fn check_fields(fields: &Self::Fields) -> Ruling {
        require_text(&fields.name)
    }

    fn is_remark(event: &Self::Event) -> bool {
        matches!(event, TeamEvent::Noted { .. })
    }

    fn may_create(judge: &Judge<'_>, header: &Header, _: &Self::Fields) -> Ruling {
        judge.holds(KEEPERS, header.space)
    }

    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Ruling {
        judge.holds(KEEPERS, view.header.space)
    }

    fn may_append(judge: &Judge<'_>, view: &View<Self>, _: &Self::Event) -> Ruling {
        may_note(judge, &view.fields.members)?;
        judge.reaches(view.header.space)
    }
}

/// Those whom a zone or team names append to it, and so do those who keep and review it.
fn may_note(judge: &Judge<'_>, named: &[MemberId]) -> Ruling {
    let oversees = OVERSEERS.contains(&judge.author.role);
    let is_named = named.contains(&judge.author.member);
    require(oversees || is_named, Refusal::NotHolder)
}
