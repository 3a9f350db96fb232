//! The organisation and its people, grants and templates: who makes and changes them.

use crate::id::OrgId;
use crate::model::organisation::{PartyOrg, PartyOrgEvent, PartyOrgKind, Unit};
use crate::model::people::{Grant, GrantFields, Member, Person};
use crate::model::template::Template;
use crate::model::{Header, Role, View};
use crate::rules::{
    KEEPERS, MEMBERS, OVERSEERS, REGISTRARS, Refusal, Ruling, SUPERIORS, require, require_text,
};

use super::{Governed, Judge};

impl Governed for PartyOrg {
    /// Who oversees whom, and whether approval was needed, must not change under those who act.
    const FIXED_FIELDS: &'static [&'static str] = &["parent", "org_kind"];

    fn check_fields(fields: &Self::Fields) -> Ruling {
        require_text(&fields.name)
    }

    fn may_create(judge: &Judge<'_>, _: &Header, fields: &Self::Fields) -> Ruling {
        if judge.is_operator() {
            return Ok(());
        }
        let parent = fields.parent.ok_or(Refusal::OutsideSpace)?;
        if fields.org_kind == PartyOrgKind::TemporaryBranch {
            // Applied for on site by whoever is there; it gives nobody any right until approved.
            judge.is_one_of(MEMBERS)?;
            return require(judge.directory.org(parent).is_some(), Refusal::OutsideSpace);
        }
        judge.holds(&[Role::Admin], parent)
    }

    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Ruling {
        judge.holds(&[Role::Admin], OrgId::from(view.header.id))
    }

    fn may_append(judge: &Judge<'_>, view: &View<Self>, event: &Self::Event) -> Ruling {
        let org = OrgId::from(view.header.id);
        match event {
            PartyOrgEvent::Activated => judge.reaches(org),
            PartyOrgEvent::Dissolved { host, .. } => {
                let is_there = *host != org && judge.directory.org(*host).is_some();
                require(is_there, Refusal::OutsideSpace)?;
                judge.is_superior_of(org)
            }
            PartyOrgEvent::Approved { .. } | PartyOrgEvent::Archived => judge.is_superior_of(org),
        }
    }
}

impl Governed for Unit {
    fn check_fields(fields: &Self::Fields) -> Ruling {
        require_text(&fields.name)
    }

    fn may_create(judge: &Judge<'_>, _: &Header, _: &Self::Fields) -> Ruling {
        judge.is_one_of(REGISTRARS)
    }

    fn may_edit(judge: &Judge<'_>, _: &View<Self>) -> Ruling {
        judge.is_one_of(REGISTRARS)
    }

    fn may_append(_: &Judge<'_>, _: &View<Self>, event: &Self::Event) -> Ruling {
        match *event {}
    }
}

impl Governed for Person {
    fn check_fields(fields: &Self::Fields) -> Ruling {
        require_text(&fields.name)
    }

    fn may_create(judge: &Judge<'_>, _: &Header, _: &Self::Fields) -> Ruling {
        judge.is_one_of(REGISTRARS)
    }

    fn may_edit(judge: &Judge<'_>, _: &View<Self>) -> Ruling {
        judge.is_one_of(REGISTRARS)
    }

    fn may_append(_: &Judge<'_>, _: &View<Self>, event: &Self::Event) -> Ruling {
        match *event {}
    }
}

impl Governed for Member {
    fn check_fields(fields: &Self::Fields) -> Ruling {
        require_text(&fields.name)
    }

    fn may_create(judge: &Judge<'_>, _: &Header, fields: &Self::Fields) -> Ruling {
        match fields.home {
            Some(home) => judge.holds(KEEPERS, home),
            None => judge.is_one_of(KEEPERS),
        }
    }

    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Ruling {
        judge.holds(&[Role::Admin], view.fields.home.unwrap_or(OrgId::DIRECTORY))
    }

    fn may_append(_: &Judge<'_>, _: &View<Self>, event: &Self::Event) -> Ruling {
        match *event {}
    }
}

impl Governed for Grant {
    fn check_fields(_: &Self::Fields) -> Ruling {
        Ok(())
    }

    fn may_create(judge: &Judge<'_>, _: &Header, fields: &Self::Fields) -> Ruling {
        may_grant(judge, fields)
    }

    fn may_edit(_: &Judge<'_>, _: &View<Self>) -> Ruling {
        Err(Refusal::NotEditable)
    }

    fn may_append(judge: &Judge<'_>, view: &View<Self>, _: &Self::Event) -> Ruling {
        may_grant(judge, &view.fields)
    }
}

/// An administrator gives every role within reach; a secretary those of the rank and file; who
/// stands above a temporary branch appoints its secretary.
fn may_grant(judge: &Judge<'_>, fields: &GrantFields) -> Ruling {
    let org = judge.directory.org(fields.org);
    let is_temporary = org.is_some_and(|org| org.kind == PartyOrgKind::TemporaryBranch);
    match fields.role {
        Role::BranchSecretary if is_temporary => {
            judge.is_one_of(SUPERIORS)?;
            judge.is_superior_of(fields.org)
        }
        role if role.is_rank_and_file() => judge.holds(KEEPERS, fields.org),
        _ => judge.holds(&[Role::Admin], fields.org),
    }
}

impl Governed for Template {
    fn check_fields(fields: &Self::Fields) -> Ruling {
        require_text(&fields.name)
    }

    fn may_create(judge: &Judge<'_>, _: &Header, fields: &Self::Fields) -> Ruling {
        judge.holds(OVERSEERS, fields.org)
    }

    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Ruling {
        judge.holds(OVERSEERS, view.fields.org)
    }

    fn may_append(judge: &Judge<'_>, view: &View<Self>, _: &Self::Event) -> Ruling {
        judge.holds(OVERSEERS, view.fields.org)
    }
}
