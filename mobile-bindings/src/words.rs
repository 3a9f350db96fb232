//! The words that people see, from core's message catalogue.

use vanguard_core::catalogue::{self, Language};
use vanguard_core::model::hazard::{
    HazardEvent, HazardGrade, HazardNature, HazardStatus, RectificationMode,
};
use vanguard_core::model::inspection::{InspectionKind, InspectionStatus, ItemOutcome};
use vanguard_core::model::organisation::{PartyOrgKind, PartyOrgStatus, UnitKind};
use vanguard_core::model::post::{PostKind, PostStatus};
use vanguard_core::model::team::TeamKind;
use vanguard_core::model::template::DutyFrequency;
use vanguard_core::model::violation::{ViolationKind, ViolationStatus};
use vanguard_core::model::zone::ZoneKind;
use vanguard_core::model::{DocumentKind, Role, Rota, Shift, SyncState};
use vanguard_core::rules::{
    HazardAction, InspectionAction, PartyOrgAction, PostAction, Refusal, TeamAction,
    ViolationAction, ZoneAction,
};

use crate::error::Result;

macro_rules! labels {
    ($($label:ident: $kind:ident,)+) => {$(
        /// The words for a value.
        ///
        /// # Errors
        /// None so far.
        #[uniffi::export]
        pub fn $label(value: $kind, language: Language) -> Result<String> {
            Ok(value.label(language).to_owned())
        }
    )+};
}

labels! {
    label_document_kind: DocumentKind,
    label_duty_frequency: DutyFrequency,
    label_hazard_action: HazardAction,
    label_hazard_grade: HazardGrade,
    label_hazard_nature: HazardNature,
    label_hazard_status: HazardStatus,
    label_inspection_action: InspectionAction,
    label_inspection_kind: InspectionKind,
    label_inspection_status: InspectionStatus,
    label_item_outcome: ItemOutcome,
    label_party_org_action: PartyOrgAction,
    label_party_org_kind: PartyOrgKind,
    label_party_org_status: PartyOrgStatus,
    label_post_action: PostAction,
    label_post_kind: PostKind,
    label_post_status: PostStatus,
    label_rectification_mode: RectificationMode,
    label_refusal: Refusal,
    label_role: Role,
    label_rota: Rota,
    label_shift: Shift,
    label_sync_state: SyncState,
    label_team_action: TeamAction,
    label_team_kind: TeamKind,
    label_unit_kind: UnitKind,
    label_violation_action: ViolationAction,
    label_violation_kind: ViolationKind,
    label_violation_status: ViolationStatus,
    label_zone_action: ZoneAction,
    label_zone_kind: ZoneKind,
}

/// The words for an event of a hazard's life.
///
/// # Errors
/// None so far.
#[uniffi::export]
#[allow(clippy::needless_pass_by_value)] // uniffi hands over what it made
pub fn label_hazard_event(event: HazardEvent, language: Language) -> Result<String> {
    Ok(event.kind().label(language).to_owned())
}

/// A text of the message catalogue by its group and name; nothing where it has none. A
/// returned thing's `reason` of a newer relay is looked up here under `refusal`.
///
/// # Errors
/// None so far.
#[uniffi::export]
pub fn catalogue_text(language: Language, group: &str, name: &str) -> Result<Option<String>> {
    Ok(catalogue::text(language, group, name).map(str::to_owned))
}
