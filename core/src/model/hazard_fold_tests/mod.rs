//! The hazard's life, cell by cell: what the users' table says is written down here once more, in
//! its own words, and compared with what the fold does. Then the rules that a table cannot say.

mod order;
mod rules;
mod table;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::id::{DocumentId, EventId, GrantId, MemberId, OrgId, PersonId, UnitId};
use crate::model::hazard::{Assignment, Hazard, HazardNature, MajorHazardPlan, RectificationMode};
use crate::model::{DocumentKind, Header, SCHEMA, fold};

const DAY_MS: i64 = 86_400_000;
const NOW_MS: i64 = 1_790_000_000_000;

/// Who takes part. A cast with names, so that rules about persons can be told.
const REPORTER: MemberId = MemberId(Uuid::from_u128(1));
const OFFICER: MemberId = MemberId(Uuid::from_u128(2));
const RECTIFIER: MemberId = MemberId(Uuid::from_u128(3));
const VERIFIER: MemberId = MemberId(Uuid::from_u128(4));
const SUPERIOR: MemberId = MemberId(Uuid::from_u128(5));
const STRANGER: MemberId = MemberId(Uuid::from_u128(6));
const CONTRACTOR: PersonId = PersonId(Uuid::from_u128(7));

/// The events of the table in all their variants, complete in what they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Reported,
    GradedGeneral,
    GradedMajor,
    ControlMeasure,
    Assigned,
    Extended,
    RectifiedOwn,
    RectifiedOnBehalf,
    RectifiedOnTheSpot,
    ReturnedForRework,
    Verified,
    ClosedOut,
    Voided,
    Reopened,
    FieldChosen,
    Commented,
}

use Kind as K;

impl Kind {
    const ALL: [Self; 16] = [
        K::Reported,
        K::GradedGeneral,
        K::GradedMajor,
        K::ControlMeasure,
        K::Assigned,
        K::Extended,
        K::RectifiedOwn,
        K::RectifiedOnBehalf,
        K::RectifiedOnTheSpot,
        K::ReturnedForRework,
        K::Verified,
        K::ClosedOut,
        K::Voided,
        K::Reopened,
        K::FieldChosen,
        K::Commented,
    ];

    fn body(self) -> HazardEvent {
        match self {
            K::Reported => HazardEvent::Reported,
            K::GradedGeneral => graded(HazardGrade::General, None),
            K::GradedMajor => graded(HazardGrade::Major, Some("煤气区域未设固定式报警")),
            K::ControlMeasure => HazardEvent::ControlMeasure {
                text: "拉警戒线，专人看守".into(),
            },
            K::Assigned => assigned(Party::Member(RECTIFIER), Some(plan())),
            K::Extended => HazardEvent::Extended {
                deadline_ms: NOW_MS + 20 * DAY_MS,
                reason: "备件未到".into(),
            },
            K::RectifiedOwn => rectified(None, false),
            K::RectifiedOnBehalf => rectified(Some(Party::Member(RECTIFIER)), false),
            K::RectifiedOnTheSpot => rectified(None, true),
            K::ReturnedForRework => HazardEvent::ReturnedForRework {
                reason: "仍有渗漏".into(),
            },
            K::Verified => verified(Some("治理后评估合格")),
            K::ClosedOut => HazardEvent::ClosedOut,
            K::Voided => HazardEvent::Voided {
                reason: "重复上报".into(),
            },
            K::Reopened => HazardEvent::Reopened {
                reason: "同一处再次泄漏".into(),
            },
            K::FieldChosen => HazardEvent::FieldChosen {
                field: "place".into(),
                value: "3# 炉".into(),
            },
            K::Commented => HazardEvent::Commented {
                text: "已通知车间".into(),
            },
        }
    }
}

fn graded(grade: HazardGrade, criterion: Option<&str>) -> HazardEvent {
    HazardEvent::Graded {
        grade,
        nature: HazardNature::UnsafeCondition,
        reason: "现场核实".into(),
        criterion: criterion.map(str::to_owned),
    }
}

fn assigned(person: Party, plan: Option<MajorHazardPlan>) -> HazardEvent {
    HazardEvent::Assigned(Assignment {
        unit: UnitId(Uuid::from_u128(8)),
        person,
        mode: RectificationMode::Deadline,
        deadline_ms: NOW_MS + 10 * DAY_MS,
        assurances: None,
        plan,
    })
}

fn plan() -> MajorHazardPlan {
    MajorHazardPlan::filled_with("已落实")
}

fn rectified(on_behalf_of: Option<Party>, on_the_spot: bool) -> HazardEvent {
    HazardEvent::Rectified(Rectification {
        what: "已更换并测漏".into(),
        on_behalf_of,
        on_the_spot,
        photos: Vec::new(),
    })
}

fn verified(assessment: Option<&str>) -> HazardEvent {
    HazardEvent::Verified {
        conclusion: "合格".into(),
        assessment: assessment.map(str::to_owned),
    }
}

fn event(n: usize, member: MemberId, role: Role, body: HazardEvent) -> Event<HazardEvent> {
    Event {
        id: EventId(Uuid::from_u128(1_000 + n as u128)),
        author: Author {
            member,
            role,
            grant: GrantId(Uuid::from_u128(9)),
        },
        at_ms: NOW_MS,
        seen: Vec::new(),
        body,
    }
}

/// A hazard's life as it goes on.
#[derive(Clone)]
struct Life(HazardState);

impl Life {
    /// Nothing has been folded yet.
    fn unborn() -> Self {
        let fields = HazardFields::new("法兰泄漏", HazardNature::ManagementDefect);
        Self(begin(&fields))
    }

    fn reported() -> Self {
        Self::unborn().then(REPORTER, Role::Member, K::Reported)
    }

    /// Graded General, assigned to [`RECTIFIER`].
    fn assigned() -> Self {
        Self::reported()
            .then(OFFICER, SafetyOfficer, K::GradedGeneral)
            .then(OFFICER, SafetyOfficer, K::Assigned)
    }

    /// Graded Major, assigned to [`RECTIFIER`] with everything that this needs.
    fn major_assigned() -> Self {
        Self::reported()
            .then(OFFICER, SafetyOfficer, K::GradedMajor)
            .then(REPORTER, Role::Member, K::ControlMeasure)
            .then(OFFICER, SafetyOfficer, K::Assigned)
    }

    fn rectified(self) -> Self {
        self.then(RECTIFIER, Role::Rectifier, K::RectifiedOwn)
    }

    fn verified(self) -> Self {
        self.then(VERIFIER, SafetyOfficer, K::Verified)
    }

    fn tries(
        &self,
        member: MemberId,
        role: Role,
        body: &HazardEvent,
    ) -> Result<HazardState, Refusal> {
        apply(&self.0, &event(0, member, role, body.clone()))
    }

    fn does(self, member: MemberId, role: Role, body: &HazardEvent) -> Self {
        match self.tries(member, role, body) {
            Ok(state) => Self(state),
            Err(refusal) => panic!("{body:?} in {:?}: {refusal:?}", self.0.status),
        }
    }

    fn then(self, member: MemberId, role: Role, kind: Kind) -> Self {
        self.does(member, role, &kind.body())
    }

    fn refuses(&self, member: MemberId, role: Role, body: &HazardEvent) -> Refusal {
        match self.tries(member, role, body) {
            Ok(state) => panic!("{body:?} leads to {:?}", state.status),
            Err(refusal) => refusal,
        }
    }
}
