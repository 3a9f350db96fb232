//! 违章记录.

use vanguard_core::id::{HazardId, InspectionId, UnitId, ZoneId};
use vanguard_core::model::photo::Photo;
use vanguard_core::model::violation::{
    ViolationEvent, ViolationFields, ViolationKind, ViolationState, ViolationStatus,
};
use vanguard_core::rules::ViolationAction;

/// The kinds of violation.
#[uniffi::remote(Enum)]
pub enum ViolationKind {
    CommandViolation,
    OperationViolation,
    DisciplineViolation,
}

/// Where a violation stands.
#[uniffi::remote(Enum)]
pub enum ViolationStatus {
    Recorded,
    Confirmed,
    Handled,
    Withdrawn,
}

/// What may be done to a violation.
#[uniffi::remote(Enum)]
pub enum ViolationAction {
    Edit,
    Confirm,
    Handle,
    Withdraw,
    Comment,
}

/// What a violation's record says.
#[uniffi::remote(Record)]
pub struct ViolationFields {
    /// Its kind.
    pub violation_kind: ViolationKind,
    /// What was seen.
    pub description: String,
    /// Where.
    pub place: String,
    /// The rule that was broken.
    pub rule_broken: String,
    /// Whether it was stopped at once.
    #[uniffi(default = true)]
    pub stopped_at_once: bool,
    /// The responsibility zone.
    #[uniffi(default = None)]
    pub zone: Option<ZoneId>,
    /// The unit or contractor whose people they are.
    #[uniffi(default = None)]
    pub unit: Option<UnitId>,
    /// The person's name, where it was taken. Only those who handle it see it.
    #[uniffi(default = None)]
    pub person: Option<String>,
    /// Whether the person is a Party member, where known.
    #[uniffi(default = None)]
    pub is_party_member: Option<bool>,
    /// 批评教育: what was said to them.
    #[uniffi(default = "")]
    pub corrective_talk: String,
    /// The inspection that met it.
    #[uniffi(default = None)]
    pub inspection: Option<InspectionId>,
    /// The hazard that its lasting cause is recorded as.
    #[uniffi(default = None)]
    pub hazard: Option<HazardId>,
    /// Photos of it.
    #[uniffi(default = [])]
    pub photos: Vec<Photo>,
}

/// What can happen to a violation.
#[uniffi::remote(Enum)]
pub enum ViolationEvent {
    /// The safety officer confirms it.
    Confirmed {
        /// What the officer says to it.
        remark: String,
    },
    /// The outcome is entered.
    Handled {
        /// The outcome.
        outcome: String,
    },
    /// 撤销: it was none.
    Withdrawn {
        /// Why.
        reason: String,
    },
    /// A remark.
    Commented {
        /// The remark.
        text: String,
    },
}

/// What a violation's events come to.
#[uniffi::remote(Record)]
pub struct ViolationState {
    /// Where it stands.
    pub status: ViolationStatus,
}
