//! 隐患: its fields, its events, and what they come to.

use serde_json::Value as Json;
use vanguard_core::id::{InspectionId, MemberId, PersonId, UnitId, ViolationId, ZoneId};
use vanguard_core::model::hazard::{
    Assignment, Decision, FiveAssurances, HazardEvent, HazardFields, HazardGrade, HazardNature,
    HazardState, HazardStatus, MajorHazardPlan, Party, Rectification, RectificationMode, Rectified,
};
use vanguard_core::model::photo::Photo;
use vanguard_core::rules::HazardAction;

/// 隐患等级.
#[uniffi::remote(Enum)]
pub enum HazardGrade {
    General,
    Major,
}

/// 隐患性质.
#[uniffi::remote(Enum)]
pub enum HazardNature {
    UnsafeCondition,
    UnsafeAct,
    ManagementDefect,
}

/// 整改方式.
#[uniffi::remote(Enum)]
pub enum RectificationMode {
    Immediate,
    Deadline,
    Suspension,
}

/// Where a hazard stands in its life.
#[uniffi::remote(Enum)]
pub enum HazardStatus {
    Reported,
    Graded,
    Assigned,
    Rectified,
    Verified,
    Closed,
    Void,
}

/// What may be done to a hazard. `label_hazard_action` gives its words.
#[uniffi::remote(Enum)]
pub enum HazardAction {
    Edit,
    GradeGeneral,
    GradeMajor,
    AddControlMeasure,
    Assign,
    Extend,
    Rectify,
    RectifyOnBehalf,
    RectifyOnTheSpot,
    ReturnForRework,
    Verify,
    CloseOut,
    Void,
    Reopen,
    ChooseField,
    Comment,
}

/// What is known of a hazard.
#[uniffi::remote(Record)]
pub struct HazardFields {
    /// What is wrong, in the reporter's words.
    pub description: String,
    /// What kind of cause it has.
    pub nature: HazardNature,
    /// Where it is.
    #[uniffi(default = None)]
    pub place: Option<String>,
    /// The responsibility zone that it lies in.
    #[uniffi(default = None)]
    pub zone: Option<ZoneId>,
    /// The checklist item or subject that it was found under.
    #[uniffi(default = None)]
    pub item: Option<String>,
    /// 整改要求: what rectification must achieve.
    #[uniffi(default = None)]
    pub requirements: Option<String>,
    /// The inspection that found it.
    #[uniffi(default = None)]
    pub inspection: Option<InspectionId>,
    /// The violation that it is the lasting cause of.
    #[uniffi(default = None)]
    pub violation: Option<ViolationId>,
    /// Photos that show it.
    #[uniffi(default = [])]
    pub photos: Vec<Photo>,
}

/// Somebody in the plant.
#[uniffi::remote(Enum)]
pub enum Party {
    /// A member with an account.
    Member(MemberId),
    /// Staff or contractor personnel without one.
    Person(PersonId),
}

/// 五落实.
#[uniffi::remote(Record)]
pub struct FiveAssurances {
    /// 责任.
    pub responsibility: String,
    /// 措施.
    pub measures: String,
    /// 资金.
    pub funds: String,
    /// 时限.
    pub time_limit: String,
    /// 预案.
    pub contingency_plan: String,
}

/// 重大隐患治理方案 in its six parts.
#[uniffi::remote(Record)]
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
    /// 企业主要负责人.
    pub principal: String,
}

/// 交办: who rectifies, how and by when.
#[uniffi::remote(Record)]
pub struct Assignment {
    /// The responsible unit.
    pub unit: UnitId,
    /// The responsible person.
    pub person: Party,
    /// How.
    pub mode: RectificationMode,
    /// By when, milliseconds since 1970-01-01T00:00:00Z.
    pub deadline_ms: i64,
    /// 五落实, where given.
    #[uniffi(default = None)]
    pub assurances: Option<FiveAssurances>,
    /// The plan; a Major hazard cannot be assigned without it.
    #[uniffi(default = None)]
    pub plan: Option<MajorHazardPlan>,
}

/// 整改完成: what was done, and in whose name.
#[uniffi::remote(Record)]
pub struct Rectification {
    /// What was done.
    pub what: String,
    /// 代录: who did it, where somebody else records it.
    #[uniffi(default = None)]
    pub on_behalf_of: Option<Party>,
    /// 立查立改: put right on the spot.
    #[uniffi(default = false)]
    pub on_the_spot: bool,
    /// Photos of the result.
    #[uniffi(default = [])]
    pub photos: Vec<Photo>,
}

/// What can happen to a hazard.
#[uniffi::remote(Enum)]
pub enum HazardEvent {
    /// 上报. Made by `report_hazard`, never alone.
    Reported,
    /// 定级.
    Graded {
        /// The grade.
        grade: HazardGrade,
        /// The nature as the grader sees it.
        nature: HazardNature,
        /// Why.
        reason: String,
        /// The criterion met; a Major grade must name it.
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
        /// The value as JSON; `null` removes it.
        value: Json,
    },
    /// 备注.
    Commented {
        /// The remark.
        text: String,
    },
}

/// A rectification that counts, with whose hand recorded it.
#[uniffi::remote(Record)]
pub struct Rectified {
    /// Who recorded it.
    pub recorded_by: MemberId,
    /// When, by the recorder's device, in milliseconds.
    pub at_ms: i64,
    /// What was done, and in whose name.
    pub rectification: Rectification,
}

/// A decision that counts: by whom and when.
#[uniffi::remote(Record)]
pub struct Decision {
    /// Who decided.
    pub by: MemberId,
    /// When, by the decider's device, in milliseconds.
    pub at_ms: i64,
    /// The conclusion or reason given.
    pub text: String,
}

/// What a hazard's events come to.
#[uniffi::remote(Record)]
pub struct HazardState {
    /// Where it stands.
    pub status: HazardStatus,
    /// Who reported it.
    pub reported_by: Option<MemberId>,
    /// The grade; nothing until graded.
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
