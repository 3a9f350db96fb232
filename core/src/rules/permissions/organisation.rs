//! The organisation and its people, grants and templates: who makes and changes them.

use crate::id::OrgId;
use crate::model::organisation::{PartyOrg, PartyOrgEvent, PartyOrgFields, PartyOrgKind, Unit};
use crate::model::people::{Grant, GrantFields, Member, MemberFields, Person};
use crate::model::template::{Template, TemplateFields};
use crate::model::{Header, Role, View};
use crate::rules::Refusal;

use super::{Governed, Judge, KEEPERS, MEMBERS, REGISTRARS, TEMPLATE_KEEPERS, require};

impl Governed for PartyOrg {
    /// Who oversees whom, and whether approval was needed, must not change under those who act.
    const FIXED_FIELDS: &'static [&'static str] = &["parent", "org_kind"];

    fn check_fields(fields: &Self::Fields) -> Result<(), Refusal> {
        require(!fields.name.trim().is_empty(), Refusal::TextMissing)
    }

    fn may_create(judge: &Judge<'_>, _: &Header, fields: &PartyOrgFields) -> Result<(), Refusal> {
        Self::check_fields(fields)?;
        if judge.is_operator() {
            return Ok(());
        }
        let parent = fields.parent.ok_or(Refusal::OutsideSpace)?;
        if fields.org_kind == PartyOrgKind::TemporaryBranch {
            // Applied for on site by whoever is there; it gives nobody any right until approved.
            require(MEMBERS.contains(&judge.author.role), Refusal::Role)?;
            return require(judge.directory.org(parent).is_some(), Refusal::OutsideSpace);
        }
        judge.holds(&[Role::Admin], parent)
    }

    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Result<(), Refusal> {
        judge.holds(&[Role::Admin], OrgId::from(view.header.id))
    }

    fn may_append(
        judge: &Judge<'_>,
        view: &View<Self>,
        event: &PartyOrgEvent,
    ) -> Result<(), Refusal> {
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
    fn check_fields(fields: &Self::Fields) -> Result<(), Refusal> {
        require(!fields.name.trim().is_empty(), Refusal::TextMissing)
    }

    fn may_create(judge: &Judge<'_>, _: &Header, fields: &Self::Fields) -> Result<(), Refusal> {
        Self::check_fields(fields)?;
        require(REGISTRARS.contains(&judge.author.role), Refusal::Role)
    }

    fn may_edit(judge: &Judge<'_>, _: &View<Self>) -> Result<(), Refusal> {
        require(REGISTRARS.contains(&judge.author.role), Refusal::Role)
    }

    fn may_append(_: &Judge<'_>, _: &View<Self>, event: &Self::Event) -> Result<(), Refusal> {
        match *event {}
    }
}

impl Governed for Person {
    fn check_fields(fields: &Self::Fields) -> Result<(), Refusal> {
        require(!fields.name.trim().is_empty(), Refusal::TextMissing)
    }

    fn may_create(judge: &Judge<'_>, _: &Header, fields: &Self::Fields) -> Result<(), Refusal> {
        Self::check_fields(fields)?;
        require(REGISTRARS.contains(&judge.author.role), Refusal::Role)
    }

    fn may_edit(judge: &Judge<'_>, _: &View<Self>) -> Result<(), Refusal> {
        require(REGISTRARS.contains(&judge.author.role), Refusal::Role)
    }

    fn may_append(_: &Judge<'_>, _: &View<Self>, event: &Self::Event) -> Result<(), Refusal> {
        match *event {}
    }
}

impl Governed for Member {
    fn check_fields(fields: &Self::Fields) -> Result<(), Refusal> {
        require(!fields.name.trim().is_empty(), Refusal::TextMissing)
    }

    fn may_create(judge: &Judge<'_>, _: &Header, fields: &MemberFields) -> Result<(), Refusal> {
        Self::check_fields(fields)?;
        match fields.home {
            Some(home) => judge.holds(KEEPERS, home),
            None => require(KEEPERS.contains(&judge.author.role), Refusal::Role),
        }
    }

    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Result<(), Refusal> {
        judge.holds(&[Role::Admin], view.fields.home.unwrap_or(OrgId::DIRECTORY))
    }

    fn may_append(_: &Judge<'_>, _: &View<Self>, event: &Self::Event) -> Result<(), Refusal> {
        match *event {}
    }
}

impl Governed for Grant {
    fn check_fields(_: &Self::Fields) -> Result<(), Refusal> {
        Ok(())
    }

    fn may_create(judge: &Judge<'_>, _: &Header, fields: &GrantFields) -> Result<(), Refusal> {
        may_grant(judge, fields)
    }

    fn may_edit(_: &Judge<'_>, _: &View<Self>) -> Result<(), Refusal> {
        Err(Refusal::NotEditable)
    }

    fn may_append(judge: &Judge<'_>, view: &View<Self>, _: &Self::Event) -> Result<(), Refusal> {
        may_grant(judge, &view.fields)
    }
}

/// An administrator gives every role within reach; a secretary those of the rank and file; who
/// stands above a temporary branch appoints its secretary.
fn may_grant(judge: &Judge<'_>, fields: &GrantFields) -> Result<(), Refusal> {
    let rank_and_file = matches!(
        fields.role,
        Role::Member | Role::ZoneHolder | Role::Rectifier
    );
    if fields.role == Role::BranchSecretary {
        let org = judge.directory.org(fields.org);
        if org.is_some_and(|org| org.kind == PartyOrgKind::TemporaryBranch) {
            let superiors = [Role::BranchSecretary, Role::Supervisor, Role::Admin];
            require(superiors.contains(&judge.author.role), Refusal::Role)?;
            return judge.is_superior_of(fields.org);
        }
    }
    judge.holds(
        if rank_and_file {
            KEEPERS
        } else {
            &[Role::Admin]
        },
        fields.org,
    )
}

impl Governed for Template {
    fn check_fields(fields: &Self::Fields) -> Result<(), Refusal> {
        require(!fields.name.trim().is_empty(), Refusal::TextMissing)
    }

    fn may_create(judge: &Judge<'_>, _: &Header, fields: &TemplateFields) -> Result<(), Refusal> {
        Self::check_fields(fields)?;
        judge.holds(TEMPLATE_KEEPERS, fields.org)
    }

    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Result<(), Refusal> {
        judge.holds(TEMPLATE_KEEPERS, view.fields.org)
    }

    fn may_append(judge: &Judge<'_>, view: &View<Self>, _: &Self::Event) -> Result<(), Refusal> {
        judge.holds(TEMPLATE_KEEPERS, view.fields.org)
    }
}
