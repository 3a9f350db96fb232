//! Who may create, edit and append to each kind of record. What the record's own state allows is
//! not said here but by [`Record::apply`].

use crate::id::OrgId;
use crate::model::hazard::{Hazard, HazardEvent, Party};
use crate::model::inspection::{Inspection, InspectionEvent, InspectionFields};
use crate::model::organisation::{PartyOrg, PartyOrgEvent, PartyOrgFields, PartyOrgKind, Unit};
use crate::model::people::{Grant, GrantFields, Member, MemberFields, Person};
use crate::model::photo::check_photos;
use crate::model::post::{PostEvent, VanguardPost};
use crate::model::team::{TaskTeam, TeamEvent};
use crate::model::template::{Template, TemplateFields};
use crate::model::violation::{Violation, ViolationEvent, ViolationStatus};
use crate::model::zone::{ResponsibilityZone, ZoneEvent};
use crate::model::{Author, Header, Record, Role, View};

use super::Refusal;
use super::directory::{Directory, StoredGrant, handles_violations};

/// An author whose grant is in good standing, and the directory to judge its reach by.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    /// The organisation tree.
    pub directory: &'a Directory,
    /// The author.
    pub author: Author,
    /// The author's grant; `None` for the operator of the relay, who may do everything that the
    /// state of a record allows.
    pub grant: Option<&'a StoredGrant>,
}

impl Judge<'_> {
    /// Requires the role to be one of `roles`, and the grant to reach `space`.
    fn holds(&self, roles: &[Role], space: OrgId) -> Result<(), Refusal> {
        let Some(grant) = self.grant else {
            return Ok(());
        };
        if !roles.contains(&grant.role) {
            return Err(Refusal::Role);
        }
        self.reaches(space)
    }

    /// Requires the grant to reach `space`.
    fn reaches(&self, space: OrgId) -> Result<(), Refusal> {
        let Some(grant) = self.grant else {
            return Ok(());
        };
        require(
            self.directory.reaches(grant.org, grant.role, space),
            Refusal::OutsideSpace,
        )
    }

    /// Requires the grant to be of an organisation above `org`.
    fn is_superior_of(&self, org: OrgId) -> Result<(), Refusal> {
        let Some(grant) = self.grant else {
            return Ok(());
        };
        require(
            self.directory.is_above(grant.org, org),
            Refusal::OutsideSpace,
        )
    }

    fn is_operator(&self) -> bool {
        self.grant.is_none()
    }
}

fn require(holds: bool, refusal: Refusal) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(refusal) }
}

const MEMBERS: &[Role] = &[
    Role::Member,
    Role::ZoneHolder,
    Role::Rectifier,
    Role::SafetyOfficer,
    Role::BranchSecretary,
    Role::Supervisor,
    Role::Admin,
];
const KEEPERS: &[Role] = &[Role::BranchSecretary, Role::Admin];
const REGISTRARS: &[Role] = &[Role::SafetyOfficer, Role::BranchSecretary, Role::Admin];
const TEMPLATE_KEEPERS: &[Role] = &[
    Role::SafetyOfficer,
    Role::BranchSecretary,
    Role::Supervisor,
    Role::Admin,
];

/// Who may do what to records of a kind. Every method gives the reason when the answer is no.
pub trait Governed: Record {
    /// Fields that stay as they were created: everything else rests on them.
    const FIXED_FIELDS: &'static [&'static str] = &[];

    /// Are these fields ever edited?
    ///
    /// # Errors
    /// [`Refusal::NotEditable`] where one of them is fixed.
    fn check_editable<'a>(mut fields: impl Iterator<Item = &'a str>) -> Result<(), Refusal> {
        let is_fixed = fields.any(|field| Self::FIXED_FIELDS.contains(&field));
        require(!is_fixed, Refusal::NotEditable)
    }

    /// Do these fields make a record, whoever writes them? Asked at its creation and after every
    /// edit.
    ///
    /// # Errors
    /// [`Refusal::TextMissing`] where a text that it cannot do without is empty, and what else
    /// its kind asks.
    fn check_fields(fields: &Self::Fields) -> Result<(), Refusal>;

    /// Is the event a mere remark? A document that has grown too large takes decisions, and no
    /// remarks.
    fn is_remark(_: &Self::Event) -> bool {
        false
    }

    /// May the author create this record?
    ///
    /// # Errors
    /// The reason why not.
    fn may_create(judge: &Judge<'_>, header: &Header, fields: &Self::Fields)
    -> Result<(), Refusal>;

    /// May the author edit a field of this record?
    ///
    /// # Errors
    /// The reason why not.
    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Result<(), Refusal>;

    /// May the author append this event, as far as reach and person go?
    ///
    /// # Errors
    /// The reason why not.
    fn may_append(judge: &Judge<'_>, view: &View<Self>, event: &Self::Event)
    -> Result<(), Refusal>;
}

impl Governed for Hazard {
    fn check_fields(fields: &Self::Fields) -> Result<(), Refusal> {
        require(!fields.description.trim().is_empty(), Refusal::TextMissing)?;
        check_photos(&fields.photos)
    }

    fn is_remark(event: &Self::Event) -> bool {
        matches!(
            event,
            HazardEvent::Commented { .. } | HazardEvent::ControlMeasure { .. }
        )
    }

    fn may_create(
        judge: &Judge<'_>,
        header: &Header,
        fields: &Self::Fields,
    ) -> Result<(), Refusal> {
        Self::check_fields(fields)?;
        judge.holds(MEMBERS, header.space)
    }

    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Result<(), Refusal> {
        judge.holds(MEMBERS, view.header.space)?;
        require(Self::is_open(&view.state), Refusal::Status)
    }

    fn may_append(
        judge: &Judge<'_>,
        view: &View<Self>,
        event: &HazardEvent,
    ) -> Result<(), Refusal> {
        if let HazardEvent::Rectified(rectification) = event {
            check_photos(&rectification.photos)?;
        }
        let assigned = view
            .state
            .assignment
            .as_ref()
            .map(|assignment| &assignment.person);
        let is_for_the_assigned = matches!(
            event,
            HazardEvent::Rectified(_)
                | HazardEvent::ControlMeasure { .. }
                | HazardEvent::Commented { .. }
        );
        if is_for_the_assigned && assigned == Some(&Party::Member(judge.author.member)) {
            return Ok(()); // an assignment across spaces brings its own reach
        }
        judge.reaches(view.header.space)
    }
}

impl Governed for Inspection {
    fn check_fields(fields: &Self::Fields) -> Result<(), Refusal> {
        fields.check()
    }

    fn is_remark(event: &Self::Event) -> bool {
        matches!(event, InspectionEvent::Commented { .. })
    }

    fn may_create(
        judge: &Judge<'_>,
        header: &Header,
        fields: &InspectionFields,
    ) -> Result<(), Refusal> {
        Self::check_fields(fields)?;
        judge.holds(MEMBERS, header.space)
    }

    fn may_edit(_: &Judge<'_>, _: &View<Self>) -> Result<(), Refusal> {
        Err(Refusal::NotEditable)
    }

    fn may_append(
        judge: &Judge<'_>,
        view: &View<Self>,
        event: &InspectionEvent,
    ) -> Result<(), Refusal> {
        if matches!(event, InspectionEvent::Corrected { .. }) {
            require(
                view.header.creator == judge.author.member,
                Refusal::NotCreator,
            )?;
        }
        judge.reaches(view.header.space)
    }
}

impl Governed for Violation {
    fn check_fields(fields: &Self::Fields) -> Result<(), Refusal> {
        require(!fields.description.trim().is_empty(), Refusal::TextMissing)?;
        check_photos(&fields.photos)
    }

    fn is_remark(event: &Self::Event) -> bool {
        matches!(event, ViolationEvent::Commented { .. })
    }

    fn may_create(
        judge: &Judge<'_>,
        header: &Header,
        fields: &Self::Fields,
    ) -> Result<(), Refusal> {
        Self::check_fields(fields)?;
        judge.holds(MEMBERS, header.space)
    }

    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Result<(), Refusal> {
        let is_creator = view.header.creator == judge.author.member;
        let is_handler = judge.author.role == Role::SafetyOfficer;
        require(is_creator || is_handler, Refusal::NotCreator)?;
        require(
            view.state.status == ViolationStatus::Recorded,
            Refusal::Status,
        )?;
        judge.reaches(view.header.space)
    }

    fn may_append(judge: &Judge<'_>, view: &View<Self>, _: &Self::Event) -> Result<(), Refusal> {
        let is_creator = view.header.creator == judge.author.member;
        require(
            is_creator || judge.is_operator() || handles_violations(judge.author.role),
            Refusal::Role,
        )?;
        judge.reaches(view.header.space)
    }
}

impl Governed for ResponsibilityZone {
    fn check_fields(fields: &Self::Fields) -> Result<(), Refusal> {
        require(!fields.name.trim().is_empty(), Refusal::TextMissing)
    }

    fn is_remark(event: &Self::Event) -> bool {
        matches!(event, ZoneEvent::Noted { .. })
    }

    fn may_create(
        judge: &Judge<'_>,
        header: &Header,
        fields: &Self::Fields,
    ) -> Result<(), Refusal> {
        Self::check_fields(fields)?;
        judge.holds(KEEPERS, header.space)
    }

    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Result<(), Refusal> {
        judge.holds(KEEPERS, view.header.space)
    }

    fn may_append(judge: &Judge<'_>, view: &View<Self>, event: &ZoneEvent) -> Result<(), Refusal> {
        if matches!(event, ZoneEvent::Noted { .. }) {
            may_note(judge, &view.fields.holders)?;
        }
        judge.reaches(view.header.space)
    }
}

impl Governed for VanguardPost {
    fn check_fields(fields: &Self::Fields) -> Result<(), Refusal> {
        require(!fields.name.trim().is_empty(), Refusal::TextMissing)
    }

    fn is_remark(event: &Self::Event) -> bool {
        matches!(event, PostEvent::Entry(_))
    }

    fn may_create(
        judge: &Judge<'_>,
        header: &Header,
        fields: &Self::Fields,
    ) -> Result<(), Refusal> {
        Self::check_fields(fields)?;
        judge.holds(KEEPERS, header.space)
    }

    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Result<(), Refusal> {
        judge.holds(KEEPERS, view.header.space)
    }

    fn may_append(judge: &Judge<'_>, view: &View<Self>, event: &PostEvent) -> Result<(), Refusal> {
        if matches!(event, PostEvent::Entry(_)) {
            let is_holder = view.fields.holders.contains(&judge.author.member);
            require(is_holder, Refusal::NotHolder)?;
        }
        judge.reaches(view.header.space)
    }
}

impl Governed for TaskTeam {
    fn check_fields(fields: &Self::Fields) -> Result<(), Refusal> {
        require(!fields.name.trim().is_empty(), Refusal::TextMissing)
    }

    fn is_remark(event: &Self::Event) -> bool {
        matches!(event, TeamEvent::Noted { .. })
    }

    fn may_create(
        judge: &Judge<'_>,
        header: &Header,
        fields: &Self::Fields,
    ) -> Result<(), Refusal> {
        Self::check_fields(fields)?;
        judge.holds(KEEPERS, header.space)
    }

    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Result<(), Refusal> {
        judge.holds(KEEPERS, view.header.space)
    }

    fn may_append(judge: &Judge<'_>, view: &View<Self>, _: &Self::Event) -> Result<(), Refusal> {
        may_note(judge, &view.fields.members)?;
        judge.reaches(view.header.space)
    }
}

/// Those whom a zone or team names append to it, and so do those who keep and review it.
fn may_note(judge: &Judge<'_>, named: &[crate::id::MemberId]) -> Result<(), Refusal> {
    let oversees = TEMPLATE_KEEPERS.contains(&judge.author.role);
    require(
        oversees || named.contains(&judge.author.member),
        Refusal::NotHolder,
    )
}

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

/// Whether somebody in this role may see the names in a violation.
pub const fn is_name_visible(role: Role) -> bool {
    handles_violations(role)
}
