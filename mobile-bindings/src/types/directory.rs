//! Organisations, units, members and persons: what everybody knows of everybody.

use vanguard_core::id::{MemberId, OrgId, UnitId};
use vanguard_core::model::organisation::{
    PartyOrgEvent, PartyOrgFields, PartyOrgKind, PartyOrgState, PartyOrgStatus, UnitFields,
    UnitKind,
};
use vanguard_core::model::people::{MemberFields, PersonFields};
use vanguard_core::rules::PartyOrgAction;

/// The kinds of Party organisation.
#[uniffi::remote(Enum)]
pub enum PartyOrgKind {
    Committee,
    GeneralBranch,
    Branch,
    TemporaryBranch,
    PartyGroup,
}

/// Where an organisation stands.
#[uniffi::remote(Enum)]
pub enum PartyOrgStatus {
    Proposed,
    Approved,
    Active,
    Dissolved,
    Archived,
}

/// What is known of an organisation.
#[uniffi::remote(Record)]
pub struct PartyOrgFields {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub org_kind: PartyOrgKind,
    /// The organisation above it; nothing for the top one.
    pub parent: Option<OrgId>,
    /// The project or site that a temporary branch is for.
    pub project: Option<String>,
}

/// What can happen to an organisation: the life of a temporary branch.
#[uniffi::remote(Enum)]
pub enum PartyOrgEvent {
    /// The superior organisation approves it; use `approve_temporary_branch`, which also appoints.
    Approved {
        /// The secretary.
        secretary: MemberId,
    },
    /// Its secretary begins its work.
    Activated,
    /// It ends with its project; its space passes to the host branch.
    Dissolved {
        /// The branch that takes over its space.
        host: OrgId,
        /// Why.
        reason: String,
    },
    /// Its papers are complete.
    Archived,
}

/// What may be done to an organisation.
#[uniffi::remote(Enum)]
pub enum PartyOrgAction {
    Edit,
    Approve,
    Activate,
    Dissolve,
    Archive,
}

/// What an organisation's events come to.
#[uniffi::remote(Record)]
pub struct PartyOrgState {
    /// Where it stands.
    pub status: PartyOrgStatus,
    /// The secretary appointed at approval.
    pub secretary: Option<MemberId>,
    /// The branch that its space passed to.
    pub host: Option<OrgId>,
}

/// The kinds of administrative unit.
#[uniffi::remote(Enum)]
pub enum UnitKind {
    Plant,
    Workshop,
    Department,
    Contractor,
    Crew,
}

/// What is known of a unit.
#[uniffi::remote(Record)]
pub struct UnitFields {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub unit_kind: UnitKind,
    /// The unit above it.
    pub parent: Option<UnitId>,
}

/// What is known of a member.
#[uniffi::remote(Record)]
pub struct MemberFields {
    /// Their name.
    pub name: String,
    /// 工号.
    pub number: String,
    /// The one branch that they belong to.
    pub home: Option<OrgId>,
    /// The unit that they work in.
    pub unit: Option<UnitId>,
}

/// What is known of a person without an account.
#[uniffi::remote(Record)]
pub struct PersonFields {
    /// Their name.
    pub name: String,
    /// The unit or contractor that they work for.
    pub unit: UnitId,
}
