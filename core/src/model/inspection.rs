//! 检查: one round through a zone, with what was found, or the declaration 党员身边无违章.

use serde::{Deserialize, Serialize};

use super::photo::{self, Photo, PhotoStage, StagedPhoto};
use super::{DocumentKind, Event, Header, Record, Role, Rota, Shift, View, enumeration};
use crate::id::{HazardId, TemplateId, ViolationId, ZoneId};
use crate::rules::{REVIEWERS, Refusal, Ruling, require, require_text};

enumeration! {
    /// The kinds of inspection.
    InspectionKind, "inspection_kind" {
        NoViolation = "no_violation",
        Daily = "daily",
        Comprehensive = "comprehensive",
        Specialist = "specialist",
        Seasonal = "seasonal",
        Holiday = "holiday",
        Special = "special",
        Resumption = "resumption",
        IncidentAnalogy = "incident_analogy",
    }
}

enumeration! {
    /// 检查项结果.
    ItemOutcome, "item_outcome" {
        Normal = "normal",
        Abnormal = "abnormal",
        NotApplicable = "not_applicable",
    }
}

enumeration! {
    /// Where an inspection stands.
    InspectionStatus, "inspection_status" {
        Submitted = "submitted",
        Returned = "returned",
        Reviewed = "reviewed",
    }
}

/// An inspection.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection;

/// The answer to one question of the checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemResult {
    /// The question's code in the template.
    pub code: String,
    /// The outcome.
    pub outcome: ItemOutcome,
    /// What was seen.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
    /// The hazard that an abnormal outcome points at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hazard: Option<HazardId>,
    /// The violation that an abnormal outcome points at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violation: Option<ViolationId>,
}

/// What an inspection says. Never edited: a correction is an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InspectionFields {
    /// The zone.
    pub zone: ZoneId,
    /// Its kind.
    pub inspection_kind: InspectionKind,
    /// The shift.
    pub shift: Shift,
    /// The crew of the rota, where the plant works one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rota: Option<Rota>,
    /// The checklist's template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateId>,
    /// The version of the template that was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_version: Option<u32>,
    /// The answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ItemResult>,
    /// What was seen and done, in the inspector's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// What was covered beyond the zone's name: which part, which work going on.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub coverage: String,
    /// 包保对象: the people in charge whom the declaration speaks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covered_people: Vec<String>,
    /// Violations that were stopped during it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<ViolationId>,
    /// The code read from the zone's signboard, as proof of presence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signboard: Option<String>,
    /// Photos taken on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<Photo>,
    /// When the round began, by the device's clock, in milliseconds.
    pub started_ms: i64,
    /// When it was submitted, by the device's clock, in milliseconds.
    pub submitted_ms: i64,
}

impl InspectionFields {
    /// A round through `zone` that has only just begun.
    pub fn new(zone: ZoneId, inspection_kind: InspectionKind, shift: Shift, now_ms: i64) -> Self {
        Self {
            zone,
            inspection_kind,
            shift,
            rota: None,
            template: None,
            template_version: None,
            items: Vec::new(),
            summary: String::new(),
            coverage: String::new(),
            covered_people: Vec::new(),
            violations: Vec::new(),
            signboard: None,
            photos: Vec::new(),
            started_ms: now_ms,
            submitted_ms: now_ms,
        }
    }

    /// Whether it may be submitted as it stands.
    ///
    /// # Errors
    /// [`Refusal::AbnormalUnexplained`] where an abnormal item points at nothing, and
    /// [`Refusal::DeclaredDespiteViolation`] where 党员身边无违章 is declared although the round
    /// met a violation; those of its [photos](photo::check_photos).
    pub fn check(&self) -> Ruling {
        photo::check_photos(&self.photos)?;
        let is_explained = |item: &ItemResult| {
            item.outcome != ItemOutcome::Abnormal
                || item.hazard.is_some()
                || item.violation.is_some()
        };
        let all_explained = self.items.iter().all(is_explained);
        require(all_explained, Refusal::AbnormalUnexplained)?;
        let met_violation =
            !self.violations.is_empty() || self.items.iter().any(|item| item.violation.is_some());
        let declares_none = self.inspection_kind == InspectionKind::NoViolation;
        require(
            !(declares_none && met_violation),
            Refusal::DeclaredDespiteViolation,
        )
    }
}

/// What can happen to an inspection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum InspectionEvent {
    /// A supervisor has reviewed it.
    Reviewed {
        /// What the supervisor says to it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
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
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        items: Vec<ItemResult>,
    },
    /// Anybody who sees it remarks on it.
    Commented {
        /// The remark.
        text: String,
    },
}

/// What an inspection's events come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InspectionState {
    /// Where it stands.
    pub status: InspectionStatus,
    /// The answers as corrected.
    pub items: Vec<ItemResult>,
    /// How many corrections it had.
    pub corrections: u32,
}

impl InspectionState {
    /// How many items are abnormal, corrections counted.
    pub fn abnormal(&self) -> usize {
        self.items
            .iter()
            .filter(|item| item.outcome == ItemOutcome::Abnormal)
            .count()
    }
}

impl Record for Inspection {
    const KIND: DocumentKind = DocumentKind::Inspection;
    type Fields = InspectionFields;
    type Event = InspectionEvent;
    type State = InspectionState;

    fn begin(_: &Header, fields: &InspectionFields) -> InspectionState {
        let items = fields.items.clone();
        InspectionState {
            status: InspectionStatus::Submitted,
            items,
            corrections: 0,
        }
    }

    fn apply(
        state: &InspectionState,
        event: &Event<InspectionEvent>,
    ) -> Result<InspectionState, Refusal> {
        use InspectionStatus as S;
        let role = event.author.role;
        let mut next = state.clone();
        match &event.body {
            InspectionEvent::Reviewed { .. } => {
                require(REVIEWERS.contains(&role), Refusal::Role)?;
                require(state.status != S::Reviewed, Refusal::Status)?;
                next.status = S::Reviewed;
            }
            InspectionEvent::Returned { remark } => {
                require(REVIEWERS.contains(&role), Refusal::Role)?;
                require(state.status != S::Returned, Refusal::Status)?;
                require_text(remark)?;
                next.status = S::Returned;
            }
            InspectionEvent::Corrected { items, .. } => {
                require(role != Role::Viewer, Refusal::Role)?;
                for item in items {
                    match next.items.iter_mut().find(|old| old.code == item.code) {
                        Some(old) => *old = item.clone(),
                        None => next.items.push(item.clone()),
                    }
                }
                next.status = S::Submitted;
                next.corrections += 1;
            }
            InspectionEvent::Commented { .. } => {}
        }
        Ok(next)
    }

    fn is_open(state: &InspectionState) -> bool {
        state.status == InspectionStatus::Returned
    }

    const HAS_PHOTOS: bool = true;

    fn photos(view: &View<Self>) -> Vec<StagedPhoto> {
        photo::of_field(view, PhotoStage::Evidence, &view.fields.photos)
    }

    fn search_text(view: &View<Self>) -> Vec<&str> {
        let mut texts = vec![view.fields.summary.as_str(), &view.fields.coverage];
        texts.extend(view.fields.covered_people.iter().map(String::as_str));
        texts.extend(view.state.items.iter().map(|item| item.remark.as_str()));
        for folded in &view.events {
            match &folded.event.body {
                InspectionEvent::Reviewed { remark } | InspectionEvent::Returned { remark } => {
                    texts.push(remark);
                }
                InspectionEvent::Corrected { text, .. } | InspectionEvent::Commented { text } => {
                    texts.push(text);
                }
            }
        }
        texts.retain(|text| !text.is_empty());
        texts
    }
}
