//! Members with accounts, persons without, and the grants that say who may do what where.
//! All three live in the directory, so that every device can judge; contact details do not.

use serde::{Deserialize, Serialize};

use super::organisation::{NoEvent, NoState};
use super::{DocumentKind, Event, Header, Record, Role, View};
use crate::id::{MemberId, OrgId, UnitId};
use crate::rules::{KEEPERS, Refusal, require};

/// A Party member with an account.
#[derive(Clone, Debug, PartialEq)]
pub struct Member;

/// What is known of a member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberFields {
    /// Their name.
    pub name: String,
    /// Their number in the enterprise (工号).
    pub number: String,
    /// The one branch that they belong to; `None` where their home is at another company, whose
    /// organisations this system does not hold. Temporary branches are never a home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<OrgId>,
    /// The unit that they work in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
}

impl Record for Member {
    const KIND: DocumentKind = DocumentKind::Member;
    type Fields = MemberFields;
    type Event = NoEvent;
    type State = NoState;

    fn begin(_: &Header, _: &MemberFields) -> NoState {
        NoState {}
    }

    fn apply(_: &NoState, event: &Event<NoEvent>) -> Result<NoState, Refusal> {
        match event.body {}
    }

    fn search_text(view: &View<Self>) -> Vec<&str> {
        vec![&view.fields.name, &view.fields.number]
    }
}

/// Staff or contractor personnel without an account.
#[derive(Clone, Debug, PartialEq)]
pub struct Person;

/// What is known of a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonFields {
    /// Their name.
    pub name: String,
    /// The unit or contractor that they work for.
    pub unit: UnitId,
}

impl Record for Person {
    const KIND: DocumentKind = DocumentKind::Person;
    type Fields = PersonFields;
    type Event = NoEvent;
    type State = NoState;

    fn begin(_: &Header, _: &PersonFields) -> NoState {
        NoState {}
    }

    fn apply(_: &NoState, event: &Event<NoEvent>) -> Result<NoState, Refusal> {
        match event.body {}
    }

    fn search_text(view: &View<Self>) -> Vec<&str> {
        vec![&view.fields.name]
    }
}

/// A role that a member holds in a space.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant;

/// What a grant says. Never edited: what changes is a new grant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GrantFields {
    /// Who holds the role.
    pub member: MemberId,
    /// The role.
    pub role: Role,
    /// Where.
    pub org: OrgId,
}

/// What can happen to a grant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum GrantEvent {
    /// It ends, for good.
    Ended {
        /// Why.
        reason: String,
    },
}

/// What a grant's events come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GrantState {
    /// Whether it has ended.
    pub is_ended: bool,
}

impl Record for Grant {
    const KIND: DocumentKind = DocumentKind::Grant;
    type Fields = GrantFields;
    type Event = GrantEvent;
    type State = GrantState;

    fn begin(_: &Header, _: &GrantFields) -> GrantState {
        GrantState { is_ended: false }
    }

    fn apply(state: &GrantState, event: &Event<GrantEvent>) -> Result<GrantState, Refusal> {
        let GrantEvent::Ended { .. } = event.body;
        require(KEEPERS.contains(&event.author.role), Refusal::Role)?;
        require(!state.is_ended, Refusal::Status)?;
        Ok(GrantState { is_ended: true })
    }

    fn search_text(_: &View<Self>) -> Vec<&str> {
        Vec::new()
    }
}
