//! 违章记录: somebody broke a rule. A thing of its own, not a hazard; one with a lasting cause
//! also makes a hazard. Its names are for those who handle it.

use serde::{Deserialize, Serialize};

use super::photo::{self, Photo, PhotoStage, StagedPhoto};
use super::{DocumentKind, Event, Header, Record, Role, View, enumeration};
use crate::id::{HazardId, InspectionId, UnitId, ZoneId};
use crate::rules::{Refusal, require};

enumeration! {
    /// The kinds of violation.
    ViolationKind, "violation_kind" {
        CommandViolation = "command_violation",
        OperationViolation = "operation_violation",
        DisciplineViolation = "discipline_violation",
    }
}

enumeration! {
    /// Where a violation stands.
    ViolationStatus, "violation_status" {
        Recorded = "recorded",
        Confirmed = "confirmed",
        Handled = "handled",
        Withdrawn = "withdrawn",
    }
}

/// A violation.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation;

/// What a violation's record says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    pub stopped_at_once: bool,
    /// The responsibility zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneId>,
    /// The unit or contractor whose people they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// The person's name, where it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Whether the person is a Party member, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_party_member: Option<bool>,
    /// 批评教育: what was said to them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub corrective_talk: String,
    /// The inspection that met it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspection: Option<InspectionId>,
    /// The hazard that its lasting cause is recorded as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hazard: Option<HazardId>,
    /// Photos of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<Photo>,
}

impl ViolationFields {
    /// A violation of which only what is required is known.
    pub fn new(
        violation_kind: ViolationKind,
        description: impl Into<String>,
        place: impl Into<String>,
        rule_broken: impl Into<String>,
    ) -> Self {
        Self {
            violation_kind,
            description: description.into(),
            place: place.into(),
            rule_broken: rule_broken.into(),
            stopped_at_once: true,
            zone: None,
            unit: None,
            person: None,
            is_party_member: None,
            corrective_talk: String::new(),
            inspection: None,
            hazard: None,
            photos: Vec::new(),
        }
    }
}

/// What can happen to a violation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ViolationEvent {
    /// The safety officer confirms it.
    Confirmed {
        /// What the officer says to it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        remark: String,
    },
    /// The outcome is entered; penalties follow the plant's own rules.
    Handled {
        /// The outcome.
        outcome: String,
    },
    /// 撤销: it was none.
    Withdrawn {
        /// Why.
        reason: String,
    },
    /// Anybody who sees it remarks on it.
    Commented {
        /// The remark.
        text: String,
    },
}

/// What a violation's events come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ViolationState {
    /// Where it stands.
    pub status: ViolationStatus,
}

impl Record for Violation {
    const KIND: DocumentKind = DocumentKind::Violation;
    type Fields = ViolationFields;
    type Event = ViolationEvent;
    type State = ViolationState;

    fn begin(_: &Header, _: &ViolationFields) -> ViolationState {
        ViolationState {
            status: ViolationStatus::Recorded,
        }
    }

    fn apply(
        state: &ViolationState,
        event: &Event<ViolationEvent>,
    ) -> Result<ViolationState, Refusal> {
        use ViolationStatus as S;
        let (from, to): (&[S], S) = match &event.body {
            ViolationEvent::Confirmed { .. } => (&[S::Recorded], S::Confirmed),
            ViolationEvent::Handled { .. } => (&[S::Confirmed], S::Handled),
            ViolationEvent::Withdrawn { .. } => (&[S::Recorded, S::Confirmed], S::Withdrawn),
            ViolationEvent::Commented { .. } => return Ok(state.clone()),
        };
        require(event.author.role == Role::SafetyOfficer, Refusal::Role)?;
        require(from.contains(&state.status), Refusal::Status)?;
        Ok(ViolationState { status: to })
    }

    fn is_open(state: &ViolationState) -> bool {
        matches!(
            state.status,
            ViolationStatus::Recorded | ViolationStatus::Confirmed
        )
    }

    const HAS_PHOTOS: bool = true;

    fn photos(view: &View<Self>) -> Vec<StagedPhoto> {
        photo::of_field(view, PhotoStage::Evidence, &view.fields.photos)
    }

    fn search_text(view: &View<Self>) -> Vec<&str> {
        let fields = &view.fields;
        let mut texts = vec![
            fields.description.as_str(),
            &fields.place,
            &fields.rule_broken,
            &fields.corrective_talk,
        ];
        for folded in &view.events {
            match &folded.event.body {
                ViolationEvent::Confirmed { remark } => texts.push(remark),
                ViolationEvent::Handled { outcome } => texts.push(outcome),
                ViolationEvent::Withdrawn { reason } => texts.push(reason),
                ViolationEvent::Commented { text } => texts.push(text),
            }
        }
        texts.retain(|text| !text.is_empty());
        texts
    }
}
