//! Who may create, edit and append to each kind of record. What the record's own state allows is
//! not said here but by [`Record::apply`].

mod organisation;
mod places;
mod safety;

use crate::id::OrgId;
use crate::model::{Author, Header, Record, Role, View};

use crate::rules::Refusal;
use crate::rules::directory::{Directory, StoredGrant, handles_violations};

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

/// Whether somebody in this role may see the names in a violation.
pub const fn is_name_visible(role: Role) -> bool {
    handles_violations(role)
}
