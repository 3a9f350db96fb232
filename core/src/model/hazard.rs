//! 隐患, the safety record with legal weight: its fields, its thirteen events and what they carry.
//! The table that says who may do what, when, is in `hazard_fold.rs`.

use serde::{Deserialize, Serialize};

use super::photo::{self, Photo, PhotoStage, StagedPhoto};
use super::{DocumentKind, Event, Header, Record, View, enumeration, hazard_fold};
use crate::id::{InspectionId, MemberId, PersonId, UnitId, ViolationId, ZoneId};
use crate::rules::Refusal;

enumeration! {
    /// 隐患等级.
    HazardGrade, "hazard_grade" { General = "general", Major = "major" }
}

enumeration! {
    /// 隐患性质.
    HazardNature, "hazard_nature" {
        UnsafeCondition = "unsafe_condition",
        UnsafeAct = "unsafe_act",
        ManagementDefect = "management_defect",
    }
}

enumeration! {
    /// 整改方式.
    RectificationMode, "rectification_mode" {
        Immediate = "immediate",
        Deadline = "deadline",
        Suspension = "suspension",
    }
}

enumeration! {
    /// Where a hazard stands in its life.
    HazardStatus, "hazard_status" {
        Reported = "reported",
        Graded = "graded",
        Assigned = "assigned",
        Rectified = "rectified",
        Verified = "verified",
        Closed = "closed",
        Void = "void",
    }
}

/// 隐患.
#[derive(Clone, Debug, PartialEq)]
pub struct Hazard;

/// What is known of a hazard. Several people may edit it; values written without knowledge of
/// each other are all kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HazardFields {
    /// What is wrong, in the reporter's words.
    pub description: String,
    /// What kind of cause it has.
    pub nature: HazardNature,
    /// Where it is; expected, but a hurried report may lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The responsibility zone that it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneId>,
    /// The checklist item or subject that it was found under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// What rectification must achieve (整改要求).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirements: Option<String>,
    /// The inspection that found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspection: Option<InspectionId>,
    /// The violation that it is the lasting cause of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violation: Option<ViolationId>,
    /// Photos that show it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<Photo>,
}

impl HazardFields {
    /// A hazard of which only what is required is known.
    pub fn new(description: impl Into<String>, nature: HazardNature) -> Self {
        Self {
            description: description.into(),
            nature,
            place: None,
            zone: None,
            item: None,
            requirements: None,
            inspection: None,
            violation: None,
            photos: Vec::new(),
        }
    }
}

/// Somebody in the plant: a member with an account, or a person without one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Party {
    /// A member with an account.
    Member(MemberId),
    /// Staff or contractor personnel without one.
    Person(PersonId),
}

/// 五落实: the five things that rectification must have settled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FiveAssurances {
    /// 责任: who answers for it.
    pub responsibility: String,
    /// 措施: what is done.
    pub measures: String,
    /// 资金: what it costs and who pays.
    pub funds: String,
    /// 时限: by when.
    pub time_limit: String,
    /// 预案: what if it goes wrong meanwhile.
    pub contingency_plan: String,
}

/// 重大隐患治理方案 in its six parts (Order 16 of 2007, art. 15).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MajorHazardPlan {
    /// 目标和任务.
    pub goals_and_tasks: String,
    /// 方法和措施.
    pub methods_and_measures: String,
    /// 经费和物资.
    pub funds_and_supplies: String,
    /// 机构和人员.
    pub body_and_people: String,
    /// 时限和要求.
    pub time_limit_and_requirements: String,
    /// 安全措施和应急预案.
    pub safety_measures_and_contingency_plan: String,
    /// The enterprise's principal (企业主要负责人), who organises the plan.
    pub principal: String,
}

impl MajorHazardPlan {
    /// A plan each part of which says the same, for where it only counts that it is said.
    pub fn filled_with(text: &str) -> Self {
        Self {
            goals_and_tasks: text.into(),
            methods_and_measures: text.into(),
            funds_and_supplies: text.into(),
            body_and_people: text.into(),
            time_limit_and_requirements: text.into(),
            safety_measures_and_contingency_plan: text.into(),
            principal: text.into(),
        }
    }

    /// Whether all six parts and the principal are named.
    pub fn is_complete(&self) -> bool {
        [
            &self.goals_and_tasks,
            &self.methods_and_measures,
            &self.funds_and_supplies,
            &self.body_and_people,
            &self.time_limit_and_requirements,
            &self.safety_measures_and_contingency_plan,
            &self.principal,
        ]
        .into_iter()
        .all(|part| !part.trim().is_empty())
    }
}

/// 交办: who rectifies, how and by when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Assignment {
    /// The responsible unit.
    pub unit: UnitId,
    /// The responsible person.
    pub person: Party,
    /// How.
    pub mode: RectificationMode,
    /// By when: the last instant in time, milliseconds since 1970-01-01T00:00:00Z.
    pub deadline_ms: i64,
    /// 五落实, where given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assurances: Option<FiveAssurances>,
    /// The plan; a Major hazard cannot be assigned without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<MajorHazardPlan>,
}

/// 整改完成: what was done, and in whose name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rectification {
    /// What was done.
    pub what: String,
    /// Who did it, where somebody else records it (代录).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Party>,
    /// 立查立改: put right on the spot, by whoever was there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_the_spot: bool,
    /// Photos of the result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<Photo>,
}

/// What can happen to a hazard.
#[allow(clippy::large_enum_variant)] // an assignment is no rarer than the others, and none is kept in bulk
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum HazardEvent {
    /// 上报. Made together with the document.
    Reported,
    /// 定级.
    Graded {
        /// The grade.
        grade: HazardGrade,
        /// The nature as the grader sees it.
        nature: HazardNature,
        /// Why.
        reason: String,
        /// The criterion met (Order 10 of 2023); a Major grade must name it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        criterion: Option<String>,
    },
    /// 临时防范措施.
    ControlMeasure {
        /// What protects people until it is put right.
        text: String,
    },
    /// 交办.
    Assigned(Assignment),
    /// 延期.
    Extended {
        /// The new deadline, milliseconds since 1970-01-01T00:00:00Z.
        deadline_ms: i64,
        /// Why.
        reason: String,
    },
    /// 整改完成.
    Rectified(Rectification),
    /// 退回.
    ReturnedForRework {
        /// Why.
        reason: String,
    },
    /// 复查合格.
    Verified {
        /// What was found.
        conclusion: String,
        /// 治理后评估; a Major hazard needs it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assessment: Option<String>,
    },
    /// 销号.
    ClosedOut,
    /// 作废.
    Voided {
        /// Why.
        reason: String,
    },
    /// 重新打开.
    Reopened {
        /// Why.
        reason: String,
    },
    /// 择定: one of the values of a field in conflict is chosen.
    FieldChosen {
        /// The field.
        field: String,
        /// The value; null removes it.
        value: serde_json::Value,
    },
    /// 备注.
    Commented {
        /// The remark.
        text: String,
    },
}

enumeration! {
    /// The events of a hazard's life by name, for tables and menus.
    HazardEventKind, "hazard_event" {
        Reported = "reported",
        Graded = "graded",
        ControlMeasure = "control_measure",
        Assigned = "assigned",
        Extended = "extended",
        Rectified = "rectified",
        ReturnedForRework = "returned_for_rework",
        Verified = "verified",
        ClosedOut = "closed_out",
        Voided = "voided",
        Reopened = "reopened",
        FieldChosen = "field_chosen",
        Commented = "commented",
    }
}

impl HazardEvent {
    /// Its name.
    pub const fn kind(&self) -> HazardEventKind {
        match self {
            Self::Reported => HazardEventKind::Reported,
            Self::Graded { .. } => HazardEventKind::Graded,
            Self::ControlMeasure { .. } => HazardEventKind::ControlMeasure,
            Self::Assigned(_) => HazardEventKind::Assigned,
            Self::Extended { .. } => HazardEventKind::Extended,
            Self::Rectified(_) => HazardEventKind::Rectified,
            Self::ReturnedForRework { .. } => HazardEventKind::ReturnedForRework,
            Self::Verified { .. } => HazardEventKind::Verified,
            Self::ClosedOut => HazardEventKind::ClosedOut,
            Self::Voided { .. } => HazardEventKind::Voided,
            Self::Reopened { .. } => HazardEventKind::Reopened,
            Self::FieldChosen { .. } => HazardEventKind::FieldChosen,
            Self::Commented { .. } => HazardEventKind::Commented,
        }
    }
}

/// A rectification that counts, with whose hand recorded it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rectified {
    /// Who recorded it.
    pub recorded_by: MemberId,
    /// When, by the recorder's device, in milliseconds.
    pub at_ms: i64,
    /// What was done, and in whose name.
    #[serde(flatten)]
    pub rectification: Rectification,
}

/// A decision that counts: by whom and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Decision {
    /// Who decided.
    pub by: MemberId,
    /// When, by the decider's device, in milliseconds.
    pub at_ms: i64,
    /// The conclusion or reason given.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// What a hazard's events come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HazardState {
    /// Where it stands.
    pub status: HazardStatus,
    /// Who reported it; `None` only before the report itself is folded.
    pub reported_by: Option<MemberId>,
    /// The grade; `None` until graded.
    pub grade: Option<HazardGrade>,
    /// The nature as last graded, else as reported.
    pub nature: HazardNature,
    /// The criterion of the last Major grade.
    pub criterion: Option<String>,
    /// How many control measures are in place.
    pub control_measures: u32,
    /// The assignment that counts, its deadline as extended.
    pub assignment: Option<Assignment>,
    /// The rectification that counts.
    pub rectified: Option<Rectified>,
    /// The verification that counts.
    pub verified: Option<Decision>,
    /// The close-out that counts.
    pub closed: Option<Decision>,
    /// The voiding that counts.
    pub voided: Option<Decision>,
    /// How often it was returned for rework.
    pub reworks: u32,
    /// How often it was reopened.
    pub reopenings: u32,
}

impl HazardState {
    /// The deadline that counts, milliseconds since 1970-01-01T00:00:00Z.
    pub fn deadline_ms(&self) -> Option<i64> {
        self.assignment
            .as_ref()
            .map(|assignment| assignment.deadline_ms)
    }

    /// Neither closed nor void, and past its deadline: also where it is rectified but not
    /// verified.
    pub fn is_overdue(&self, now_ms: i64) -> bool {
        Hazard::is_open(self) && self.deadline_ms().is_some_and(|deadline| deadline < now_ms)
    }
}

impl Record for Hazard {
    const KIND: DocumentKind = DocumentKind::Hazard;
    type Fields = HazardFields;
    type Event = HazardEvent;
    type State = HazardState;

    fn begin(_: &Header, fields: &HazardFields) -> HazardState {
        hazard_fold::begin(fields)
    }

    fn apply(state: &HazardState, event: &Event<HazardEvent>) -> Result<HazardState, Refusal> {
        hazard_fold::apply(state, event)
    }

    fn is_open(state: &HazardState) -> bool {
        !matches!(state.status, HazardStatus::Closed | HazardStatus::Void)
    }

    fn assignee(state: &HazardState) -> Option<MemberId> {
        match state.assignment.as_ref()?.person {
            Party::Member(member) => Some(member),
            Party::Person(_) => None,
        }
    }

    const HAS_PHOTOS: bool = true;

    fn photos(view: &View<Self>) -> Vec<StagedPhoto> {
        let mut photos = photo::of_field(view, PhotoStage::Before, &view.fields.photos);
        for folded in &view.events {
            if let HazardEvent::Rectified(rectification) = &folded.event.body {
                let after = rectification.photos.iter().map(|photo| StagedPhoto {
                    stage: PhotoStage::After,
                    named_at_ms: folded.event.at_ms,
                    photo: photo.clone(),
                });
                photos.extend(after);
            }
        }
        photos
    }

    fn search_text(view: &View<Self>) -> Vec<&str> {
        let mut texts = vec![view.fields.description.as_str()];
        texts.extend(view.fields.place.as_deref());
        texts.extend(view.fields.item.as_deref());
        texts.extend(view.fields.requirements.as_deref());
        for folded in &view.events {
            match &folded.event.body {
                HazardEvent::ControlMeasure { text } | HazardEvent::Commented { text } => {
                    texts.push(text);
                }
                HazardEvent::Rectified(rectification) => texts.push(&rectification.what),
                HazardEvent::Verified { conclusion, .. } => texts.push(conclusion),
                HazardEvent::Graded { reason, .. }
                | HazardEvent::ReturnedForRework { reason }
                | HazardEvent::Voided { reason }
                | HazardEvent::Reopened { reason } => texts.push(reason),
                _ => {}
            }
        }
        texts
    }
}
