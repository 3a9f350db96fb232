//! Party organisations, each of which owns a space, with the life of a temporary branch; and
//! administrative units.

use serde::{Deserialize, Serialize};

use super::{DocumentKind, Event, Header, Record, View, enumeration};
use crate::id::{MemberId, OrgId, UnitId};
use crate::rules::{Refusal, SUPERIORS, require};

enumeration! {
    /// The kinds of Party organisation.
    PartyOrgKind, "party_org_kind" {
        Committee = "committee",
        GeneralBranch = "general_branch",
        Branch = "branch",
        TemporaryBranch = "temporary_branch",
        PartyGroup = "party_group",
    }
}

enumeration! {
    /// Where an organisation stands; all but temporary branches are active from the start.
    PartyOrgStatus, "party_org_status" {
        Proposed = "proposed",
        Approved = "approved",
        Active = "active",
        Dissolved = "dissolved",
        Archived = "archived",
    }
}

/// A Party organisation.
#[derive(Clone, Debug, PartialEq)]
pub struct PartyOrg;

/// What is known of an organisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartyOrgFields {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub org_kind: PartyOrgKind,
    /// The organisation above it; `None` for the top one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<OrgId>,
    /// The project or site that a temporary branch is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
}

/// What can happen to an organisation: the life of a temporary branch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PartyOrgEvent {
    /// The superior organisation approves it and appoints its secretary.
    Approved {
        /// The secretary.
        secretary: MemberId,
    },
    /// Its secretary begins its work.
    Activated,
    /// It ends with its project; its space passes to the host branch.
    Dissolved {
        /// The branch that takes over its space, open hazards and history included.
        host: OrgId,
        /// Why.
        reason: String,
    },
    /// Its papers are complete.
    Archived,
}

/// What an organisation's events come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartyOrgState {
    /// Where it stands.
    pub status: PartyOrgStatus,
    /// The secretary appointed at approval.
    pub secretary: Option<MemberId>,
    /// The branch that its space passed to.
    pub host: Option<OrgId>,
}

impl Record for PartyOrg {
    const KIND: DocumentKind = DocumentKind::Organisation;
    type Fields = PartyOrgFields;
    type Event = PartyOrgEvent;
    type State = PartyOrgState;

    fn begin(_: &Header, fields: &PartyOrgFields) -> PartyOrgState {
        let is_temporary = fields.org_kind == PartyOrgKind::TemporaryBranch;
        let status = if is_temporary {
            PartyOrgStatus::Proposed
        } else {
            PartyOrgStatus::Active
        };
        PartyOrgState {
            status,
            secretary: None,
            host: None,
        }
    }

    fn apply(
        state: &PartyOrgState,
        event: &Event<PartyOrgEvent>,
    ) -> Result<PartyOrgState, Refusal> {
        use PartyOrgStatus as S;
        let (from, to): (&[S], S) = match event.body {
            PartyOrgEvent::Approved { .. } => (&[S::Proposed], S::Approved),
            PartyOrgEvent::Activated => (&[S::Approved], S::Active),
            PartyOrgEvent::Dissolved { .. } => (&[S::Approved, S::Active], S::Dissolved),
            PartyOrgEvent::Archived => (&[S::Dissolved], S::Archived),
        };
        require(SUPERIORS.contains(&event.author.role), Refusal::Role)?;
        require(from.contains(&state.status), Refusal::Status)?;
        let mut next = PartyOrgState {
            status: to,
            ..state.clone()
        };
        match event.body {
            PartyOrgEvent::Approved { secretary } => next.secretary = Some(secretary),
            PartyOrgEvent::Dissolved { host, .. } => next.host = Some(host),
            PartyOrgEvent::Activated | PartyOrgEvent::Archived => {}
        }
        Ok(next)
    }

    fn search_text(view: &View<Self>) -> Vec<&str> {
        let mut texts = vec![view.fields.name.as_str()];
        texts.extend(view.fields.project.as_deref());
        texts
    }
}

enumeration! {
    /// The kinds of administrative unit.
    UnitKind, "unit_kind" {
        Plant = "plant",
        Workshop = "workshop",
        Department = "department",
        Contractor = "contractor",
        Crew = "crew",
    }
}

/// An administrative unit or contractor.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit;

/// What is known of a unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnitFields {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub unit_kind: UnitKind,
    /// The unit above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<UnitId>,
}

/// Nothing happens to things of this kind; what changes of them is a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum NoEvent {}

/// A state that says nothing, of kinds to which nothing happens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NoState {}

impl Record for Unit {
    const KIND: DocumentKind = DocumentKind::Unit;
    type Fields = UnitFields;
    type Event = NoEvent;
    type State = NoState;

    fn begin(_: &Header, _: &UnitFields) -> NoState {
        NoState {}
    }

    fn apply(_: &NoState, event: &Event<NoEvent>) -> Result<NoState, Refusal> {
        match event.body {}
    }

    fn search_text(view: &View<Self>) -> Vec<&str> {
        vec![&view.fields.name]
    }
}
