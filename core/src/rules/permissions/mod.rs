//! Who may create, edit and append to each kind of record: a line for each in most of them. What the
//! record's own state allows is not said here but by [`Record::apply`].

mod organisation;
mod places;
mod safety;

use crate::id::OrgId;
use crate::model::{Author, Header, Record, Role, View};
use crate::rules::directory::{Directory, StoredGrant};
use crate::rules::{REVIEWERS, Refusal, Ruling, require};

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
    /// Requires the role to be one of `roles`, wherever it is held.
    fn is_one_of(&self, roles: &[Role]) -> Ruling {
        require(roles.contains(&self.author.role), Refusal::Role)
    }

    /// Requires the role to be one of `roles`, and the grant to reach `space`.
    fn holds(&self, roles: &[Role], space: OrgId) -> Ruling {
        let is_right = self.grant.is_none_or(|it| roles.contains(&it.role));
        require(is_right, Refusal::Role)?;
        self.reaches(space)
    }

    /// Requires the grant to reach `space`.
    fn reaches(&self, space: OrgId) -> Ruling {
        let reaches = |it: &StoredGrant| self.directory.reaches(it.org, it.role, space);
        require(self.grant.is_none_or(reaches), Refusal::OutsideSpace)
    }

    /// Requires the grant to be of an organisation above `org`.
    fn is_superior_of(&self, org: OrgId) -> Ruling {
        let is_above = |it: &StoredGrant| self.directory.is_above(it.org, org);
        require(self.grant.is_none_or(is_above), Refusal::OutsideSpace)
    }

    fn is_operator(&self) -> bool {
        self.grant.is_none()
    }

    fn is_creator_of(&self, header: &Header) -> bool {
        header.creator == self.author.member
    }
}

/// Who may do what to records of a kind. Every method gives the reason when the answer is no.
pub trait Governed: Record {
    /// Fields that stay as they were created: everything else rests on them.
    const FIXED_FIELDS: &'static [&'static str] = &[];

    /// Are these fields ever edited?
    ///
    /// # Errors
    /// [`Refusal::NotEditable`] where one of them is fixed.
    fn check_editable<'a>(mut fields: impl Iterator<Item = &'a str>) -> Ruling {
        let is_fixed = fields.any(|field| Self::FIXED_FIELDS.contains(&field));
        require(!is_fixed, Refusal::NotEditable)
    }

    /// Do these fields make a record, whoever writes them? Asked at its creation and after every
    /// edit.
    ///
    /// # Errors
    /// [`Refusal::TextMissing`] where a text that it cannot do without is empty, and what else
    /// its kind asks.
    fn check_fields(fields: &Self::Fields) -> Ruling;

    /// Is the event a mere remark? A document that has grown too large takes decisions, and no
    /// remarks.
    fn is_remark(_: &Self::Event) -> bool {
        false
    }

    /// May the author create this record, whose fields [make one](Self::check_fields)?
    ///
    /// # Errors
    /// The reason why not.
    fn may_create(judge: &Judge<'_>, header: &Header, fields: &Self::Fields) -> Ruling;

    /// May the author edit a field of this record?
    ///
    /// # Errors
    /// The reason why not.
    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Ruling;

    /// May the author append this event, as far as reach and person go?
    ///
    /// # Errors
    /// The reason why not.
    fn may_append(judge: &Judge<'_>, view: &View<Self>, event: &Self::Event) -> Ruling;
}

/// Whether somebody in this role handles violations, and so sees the names in them.
pub fn is_name_visible(role: Role) -> bool {
    REVIEWERS.contains(&role)
}
