//! 检查 and the checklists that it answers.

use vanguard_core::id::{HazardId, InspectionId, OrgId, TemplateId, ViolationId, ZoneId};
use vanguard_core::model::inspection::{
    InspectionEvent, InspectionFields, InspectionKind, InspectionState, InspectionStatus,
    ItemOutcome, ItemResult,
};
use vanguard_core::model::photo::Photo;
use vanguard_core::model::template::Duty;
use vanguard_core::model::template::{ChecklistItem, TemplateEvent, TemplateFields, TemplateState};
use vanguard_core::model::{Rota, Shift};
use vanguard_core::notebook::InspectionDraft;
use vanguard_core::rules::InspectionAction;

/// The kinds of inspection; `NoViolation` is 党员身边无违章.
#[uniffi::remote(Enum)]
pub enum InspectionKind {
    NoViolation,
    Daily,
    Comprehensive,
    Specialist,
    Seasonal,
    Holiday,
    Special,
    Resumption,
    IncidentAnalogy,
}

/// 检查项结果.
#[uniffi::remote(Enum)]
pub enum ItemOutcome {
    Normal,
    Abnormal,
    NotApplicable,
}

/// Where an inspection stands.
#[uniffi::remote(Enum)]
pub enum InspectionStatus {
    Submitted,
    Returned,
    Reviewed,
}

/// What may be done to a submitted inspection.
#[uniffi::remote(Enum)]
pub enum InspectionAction {
    Review,
    Return,
    Correct,
    Comment,
}

/// The answer to one question of the checklist.
#[uniffi::remote(Record)]
pub struct ItemResult {
    /// The question's code in the template.
    pub code: String,
    /// The outcome.
    pub outcome: ItemOutcome,
    /// What was seen.
    #[uniffi(default = "")]
    pub remark: String,
    /// The hazard that an abnormal outcome points at.
    #[uniffi(default = None)]
    pub hazard: Option<HazardId>,
    /// The violation that an abnormal outcome points at.
    #[uniffi(default = None)]
    pub violation: Option<ViolationId>,
}

/// What an inspection says.
#[uniffi::remote(Record)]
pub struct InspectionFields {
    /// The zone.
    pub zone: ZoneId,
    /// Its kind.
    pub inspection_kind: InspectionKind,
    /// The shift.
    pub shift: Shift,
    /// The crew of the rota.
    pub rota: Option<Rota>,
    /// The checklist's template.
    pub template: Option<TemplateId>,
    /// The version of the template that was answered.
    pub template_version: Option<u32>,
    /// The answers.
    pub items: Vec<ItemResult>,
    /// What was seen and done, in the inspector's words.
    pub summary: String,
    /// What was covered beyond the zone's name.
    pub coverage: String,
    /// 包保对象: the people in charge whom the declaration speaks for.
    pub covered_people: Vec<String>,
    /// Violations that were stopped during it.
    pub violations: Vec<ViolationId>,
    /// The code read from the zone's signboard.
    pub signboard: Option<String>,
    /// Photos taken on it.
    #[uniffi(default = [])]
    pub photos: Vec<Photo>,
    /// When the round began, by the device's clock, in milliseconds.
    pub started_ms: i64,
    /// When it was submitted, by the device's clock, in milliseconds.
    pub submitted_ms: i64,
}

/// An inspection that is not submitted yet.
#[uniffi::remote(Record)]
pub struct InspectionDraft {
    /// Its id, which it keeps when it is submitted.
    pub id: InspectionId,
    /// The space that it will be in.
    pub space: OrgId,
    /// What is answered so far.
    pub fields: InspectionFields,
    /// When it was last saved, by the device's clock, in milliseconds.
    pub updated_ms: i64,
}

/// What can happen to an inspection.
#[uniffi::remote(Enum)]
pub enum InspectionEvent {
    /// A supervisor has reviewed it.
    Reviewed {
        /// What the supervisor says to it.
        remark: String,
    },
    /// It goes back to the field.
    Returned {
        /// What is to be put right.
        remark: String,
    },
    /// Its author corrects it; what was submitted stays.
    Corrected {
        /// What is right, in words.
        text: String,
        /// The answers that replace those of the same code.
        items: Vec<ItemResult>,
    },
    /// A remark.
    Commented {
        /// The remark.
        text: String,
    },
}

/// What an inspection's events come to.
#[uniffi::remote(Record)]
pub struct InspectionState {
    /// Where it stands.
    pub status: InspectionStatus,
    /// The answers as corrected.
    pub items: Vec<ItemResult>,
    /// How many corrections it had.
    pub corrections: u32,
}

/// What is known of a checklist template, its questions apart.
#[uniffi::remote(Record)]
pub struct TemplateFields {
    /// Its name.
    pub name: String,
    /// The kind of inspection that it is for.
    pub inspection_kind: InspectionKind,
    /// The organisation that keeps it.
    pub org: OrgId,
    /// The duty of zones that use it and have none of their own.
    #[uniffi(default = None)]
    pub duty: Option<Duty>,
}

/// One question of a checklist.
#[uniffi::remote(Record)]
pub struct ChecklistItem {
    /// Its name within the template, kept across versions.
    pub code: String,
    /// What to look at.
    pub text: String,
}

/// What can happen to a template.
#[uniffi::remote(Enum)]
pub enum TemplateEvent {
    /// A version of its checklist is issued.
    Published {
        /// The version's number, one above the last.
        version: u32,
        /// The questions in order.
        items: Vec<ChecklistItem>,
    },
    /// It is no longer to be used.
    Retired,
}

/// What a template's events come to.
#[uniffi::remote(Record)]
pub struct TemplateState {
    /// The latest version's number; 0 before the first.
    pub version: u32,
    /// Its questions.
    pub items: Vec<ChecklistItem>,
    /// Whether it is retired.
    pub is_retired: bool,
}
