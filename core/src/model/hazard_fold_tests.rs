//! The hazard's life, cell by cell: what the users' table says is written down here once more, in
//! its own words, and compared with what the fold does. Then the rules that a table cannot say.

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
    MajorHazardPlan {
        goals_and_tasks: "消除泄漏".into(),
        methods_and_measures: "更换法兰".into(),
        funds_and_supplies: "两万元".into(),
        body_and_people: "设备科".into(),
        time_limit_and_requirements: "十日内".into(),
        safety_measures_and_contingency_plan: "停气置换".into(),
        principal: "总经理".into(),
    }
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

/// Where a hazard may stand; what of its past the table asks for is said beside it.
struct Situation {
    name: &'static str,
    /// `None` at the start, before it is reported.
    status: Option<S>,
    grade: Option<HazardGrade>,
    ever_assigned: bool,
    life: Life,
}

fn situations() -> Vec<Situation> {
    let general = Some(HazardGrade::General);
    let major = Some(HazardGrade::Major);
    let spot = |life: Life| life.then(REPORTER, Role::Member, K::RectifiedOnTheSpot);
    let close = |life: Life| life.verified().then(VERIFIER, SafetyOfficer, K::ClosedOut);
    let major_close = |life: Life| life.verified().then(SUPERIOR, Supervisor, K::ClosedOut);
    let void = |life: Life| life.then(OFFICER, SafetyOfficer, K::Voided);
    let graded = || Life::reported().then(OFFICER, SafetyOfficer, K::GradedGeneral);
    let major_graded = || {
        Life::reported()
            .then(OFFICER, SafetyOfficer, K::GradedMajor)
            .then(REPORTER, Role::Member, K::ControlMeasure)
    };
    let rectified = || Life::assigned().rectified();
    let major_rectified = || Life::major_assigned().rectified();
    #[rustfmt::skip]
    let all = [
        ("start", None, None, false, Life::unborn()),
        ("reported", Some(S::Reported), None, false, Life::reported()),
        ("graded", Some(S::Graded), general, false, graded()),
        ("graded, major", Some(S::Graded), major, false, major_graded()),
        ("assigned", Some(S::Assigned), general, true, Life::assigned()),
        ("assigned, major", Some(S::Assigned), major, true, Life::major_assigned()),
        ("rectified, not graded", Some(S::Rectified), None, false, spot(Life::reported())),
        ("rectified on the spot", Some(S::Rectified), general, false, spot(graded())),
        ("rectified", Some(S::Rectified), general, true, rectified()),
        ("rectified, major", Some(S::Rectified), major, true, major_rectified()),
        ("verified, on the spot", Some(S::Verified), general, false, spot(graded()).verified()),
        ("verified", Some(S::Verified), general, true, rectified().verified()),
        ("verified, major", Some(S::Verified), major, true, major_rectified().verified()),
        ("closed, on the spot", Some(S::Closed), general, false, close(spot(graded()))),
        ("closed", Some(S::Closed), general, true, close(rectified())),
        ("closed, major", Some(S::Closed), major, true, major_close(major_rectified())),
        ("void, not graded", Some(S::Void), None, false, void(Life::reported())),
        ("void, graded", Some(S::Void), general, false, void(graded())),
        ("void, assigned", Some(S::Void), general, true, void(Life::assigned())),
        ("void, major", Some(S::Void), major, true, void(Life::major_assigned())),
    ];
    all.into_iter()
        .map(|(name, status, grade, ever_assigned, life)| Situation {
            name,
            status,
            grade,
            ever_assigned,
            life,
        })
        .collect()
}

/// The users' table: event, by whom, allowed in, leads to.
///
/// "members" are all who belong to the space in whatever role; a viewer looks, and may remark.
const TABLE: &str = "
Reported           | members                                    | start                                                | Reported
GradedGeneral      | SafetyOfficer, BranchSecretary, Supervisor | Reported, Graded, Assigned, Rectified                | Graded from Reported, or when raised to Major; else unchanged
GradedMajor        | SafetyOfficer, Supervisor                  | Reported, Graded, Assigned, Rectified                | Graded from Reported, or when raised to Major; else unchanged
ControlMeasure     | members                                    | any but Closed, Void                                 | unchanged
Assigned           | SafetyOfficer, BranchSecretary, Supervisor | Graded, Assigned                                     | Assigned
Extended           | SafetyOfficer, BranchSecretary, Supervisor | Assigned                                             | unchanged
RectifiedOwn       | members                                    | Assigned                                             | Rectified
RectifiedOnBehalf  | members                                    | Assigned                                             | Rectified
RectifiedOnTheSpot | members                                    | Reported, Graded; never Major                        | Rectified
ReturnedForRework  | SafetyOfficer, BranchSecretary, Supervisor | Rectified, Verified                                  | Assigned if ever assigned, else Graded if graded, else Reported
Verified           | SafetyOfficer, BranchSecretary, Supervisor | Rectified; once graded                               | Verified
ClosedOut          | General: SafetyOfficer, BranchSecretary. Major: Supervisor | Verified                             | Closed
Voided             | SafetyOfficer, Supervisor                  | any but Closed, Void                                 | Void
Reopened           | Supervisor                                 | Closed, Void                                         | Assigned if ever assigned, else Graded if graded, else Reported
FieldChosen        | SafetyOfficer, BranchSecretary, Supervisor | any                                                  | unchanged
Commented          | whoever can see it                         | any                                                  | unchanged
";

/// What the table says of one cell: where it leads, or the reasons against it.
fn told(kind: Kind, situation: &Situation, role: Role) -> Result<S, Vec<Refusal>> {
    let row = TABLE
        .lines()
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .find(|row| row[0] == format!("{kind:?}"))
        .expect("every event has its row");
    let (by, allowed_in, leads_to) = (row[1], row[2], row[3]);
    let mut against = Vec::new();

    let is_major = situation.grade == Some(HazardGrade::Major);
    let by = match by.split_once(". Major: ") {
        Some((_, major)) if is_major => major,
        Some((general, _)) => general.trim_start_matches("General: "),
        None => by,
    };
    let may = match by {
        "whoever can see it" => true,
        "members" => role != Role::Viewer,
        roles => roles.split(", ").any(|name| name == format!("{role:?}")),
    };
    if !may {
        against.push(Refusal::Role);
    }

    let (states, condition) = allowed_in.split_once("; ").unwrap_or((allowed_in, ""));
    let stand = situation.status.map(|status| format!("{status:?}"));
    let stand = stand.as_deref().unwrap_or("start");
    let is_allowed = match states.strip_prefix("any but ") {
        Some(not) => stand != "start" && !not.split(", ").any(|name| name == stand),
        None if states == "any" => stand != "start",
        None => states.split(", ").any(|name| name == stand),
    };
    if !is_allowed {
        against.push(Refusal::Status);
    }
    match condition {
        "" => {}
        "never Major" if !is_major => {}
        "never Major" => against.push(Refusal::OnTheSpotMajor),
        "once graded" if situation.grade.is_some() => {}
        "once graded" => against.push(Refusal::NotGraded),
        other => panic!("the test does not know {other:?}"),
    }
    if !against.is_empty() {
        return Err(against);
    }

    let now = situation.status.unwrap_or(S::Reported);
    Ok(match leads_to {
        "unchanged" => now,
        "Graded from Reported, or when raised to Major; else unchanged" => {
            let is_raised = kind == K::GradedMajor && !is_major;
            if now == S::Reported || is_raised {
                S::Graded
            } else {
                now
            }
        }
        "Assigned if ever assigned, else Graded if graded, else Reported" => {
            match (situation.ever_assigned, situation.grade) {
                (true, _) => S::Assigned,
                (false, Some(_)) => S::Graded,
                (false, None) => S::Reported,
            }
        }
        one => *HazardStatus::ALL
            .iter()
            .find(|status| format!("{status:?}") == one)
            .expect("a state"),
    })
}

#[test]
fn every_cell_is_as_the_table_says() {
    let mut cells = 0;
    for situation in situations() {
        let Life(state) = &situation.life;
        let stands = (
            state.reported_by.is_some().then_some(state.status),
            state.grade,
        );
        assert_eq!(
            stands,
            (situation.status, situation.grade),
            "{}",
            situation.name
        );
        for kind in Kind::ALL {
            for role in Role::ALL {
                let author = if kind == K::RectifiedOwn {
                    RECTIFIER
                } else {
                    STRANGER
                };
                let found = situation.life.tries(author, *role, &kind.body());
                let cell = format!("{kind:?} when {} by {role:?}", situation.name);
                match (told(kind, &situation, *role), found) {
                    (Ok(status), Ok(next)) => assert_eq!(next.status, status, "{cell}"),
                    (Err(against), Err(refusal)) => {
                        assert!(against.contains(&refusal), "{cell}: {refusal:?}");
                    }
                    (told, found) => panic!("{cell}: {told:?} told, {found:?} found"),
                }
                cells += 1;
            }
        }
    }
    assert_eq!(cells, 20 * 16 * 8);
}

#[test]
fn nobody_verifies_what_they_rectified() {
    for role in REVIEWERS {
        let own = Life::assigned().then(RECTIFIER, *role, K::RectifiedOwn);
        let refusal = own.refuses(RECTIFIER, *role, &K::Verified.body());
        assert_eq!(refusal, Refusal::OwnHand);
        own.then(STRANGER, *role, K::Verified);
        let spot = Life::reported()
            .then(STRANGER, *role, K::RectifiedOnTheSpot)
            .then(OFFICER, SafetyOfficer, K::GradedGeneral);
        let refusal = spot.refuses(STRANGER, *role, &K::Verified.body());
        assert_eq!(refusal, Refusal::OwnHand);
    }
}

#[test]
fn nobody_verifies_what_they_recorded_on_behalf_or_what_was_recorded_for_them() {
    let recorded = Life::assigned().then(OFFICER, SafetyOfficer, K::RectifiedOnBehalf);
    for hand in [OFFICER, RECTIFIER] {
        // Under whatever grant: the person counts, not the role.
        for role in REVIEWERS {
            let refusal = recorded.refuses(hand, *role, &K::Verified.body());
            assert_eq!(refusal, Refusal::OwnHand);
        }
    }
    recorded.then(VERIFIER, BranchSecretary, K::Verified);
}

#[test]
fn who_rectified_in_vain_may_verify_what_somebody_else_put_right() {
    let again = Life::assigned()
        .then(OFFICER, SafetyOfficer, K::RectifiedOnBehalf)
        .then(VERIFIER, SafetyOfficer, K::ReturnedForRework)
        .rectified();
    again.then(OFFICER, SafetyOfficer, K::Verified);
}

#[test]
fn only_the_assigned_person_rectifies_or_somebody_in_their_name() {
    let life = Life::assigned();
    let own = life.refuses(STRANGER, Role::Member, &K::RectifiedOwn.body());
    assert_eq!(own, Refusal::NotAssigned);
    let for_another = rectified(Some(Party::Member(STRANGER)), false);
    for author in [RECTIFIER, OFFICER] {
        let refusal = life.refuses(author, Role::Member, &for_another);
        assert_eq!(refusal, Refusal::NotAssigned);
    }
    // Both names are kept.
    let Life(state) = life.then(STRANGER, Role::Member, K::RectifiedOnBehalf);
    let rectified = state.rectified.unwrap();
    assert_eq!(rectified.recorded_by, STRANGER);
    let doer = rectified.rectification.on_behalf_of;
    assert_eq!(doer, Some(Party::Member(RECTIFIER)));
}

#[test]
fn a_contractor_without_an_account_rectifies_through_somebody_elses_hand() {
    let contractor = Party::Person(CONTRACTOR);
    let life = Life::assigned().does(OFFICER, SafetyOfficer, &assigned(contractor.clone(), None));
    let without = life.refuses(RECTIFIER, Role::Rectifier, &K::RectifiedOwn.body());
    assert_eq!(without, Refusal::NotAssigned);
    let Life(state) = life.does(REPORTER, Role::Member, &rectified(Some(contractor), false));
    assert_eq!(state.status, S::Rectified);
}

#[test]
fn a_general_hazard_may_be_closed_by_its_verifier() {
    let life = Life::assigned().rectified().verified();
    let Life(state) = life.then(VERIFIER, SafetyOfficer, K::ClosedOut);
    assert_eq!(state.closed.unwrap().by, VERIFIER);
}

#[test]
fn a_major_hazard_is_closed_by_another_supervisor_than_its_verifier() {
    let life = Life::major_assigned()
        .rectified()
        .then(VERIFIER, Supervisor, K::Verified);
    let own = life.refuses(VERIFIER, Supervisor, &HazardEvent::ClosedOut);
    assert_eq!(own, Refusal::VerifierCloses);
    let Life(state) = life.then(SUPERIOR, Supervisor, K::ClosedOut);
    assert_eq!(state.status, S::Closed);
}

#[test]
fn a_major_grade_names_its_criterion() {
    for criterion in [None, Some(""), Some("  ")] {
        let grade = graded(HazardGrade::Major, criterion);
        let refusal = Life::reported().refuses(OFFICER, SafetyOfficer, &grade);
        assert_eq!(refusal, Refusal::CriterionMissing);
    }
    let Life(state) = Life::reported().then(OFFICER, SafetyOfficer, K::GradedMajor);
    assert!(state.criterion.is_some());
}

#[test]
fn a_major_hazard_is_assigned_only_after_a_control_measure() {
    let life = Life::reported().then(OFFICER, SafetyOfficer, K::GradedMajor);
    let refusal = life.refuses(OFFICER, SafetyOfficer, &K::Assigned.body());
    assert_eq!(refusal, Refusal::ControlMeasureMissing);
    // One from before it was graded counts.
    Life::reported()
        .then(REPORTER, Role::Member, K::ControlMeasure)
        .then(OFFICER, SafetyOfficer, K::GradedMajor)
        .then(OFFICER, SafetyOfficer, K::Assigned);
}

#[test]
fn a_major_hazard_is_assigned_only_with_all_six_parts_and_the_principal() {
    type Part = fn(&mut MajorHazardPlan) -> &mut String;
    let parts: [Part; 7] = [
        |plan| &mut plan.goals_and_tasks,
        |plan| &mut plan.methods_and_measures,
        |plan| &mut plan.funds_and_supplies,
        |plan| &mut plan.body_and_people,
        |plan| &mut plan.time_limit_and_requirements,
        |plan| &mut plan.safety_measures_and_contingency_plan,
        |plan| &mut plan.principal,
    ];
    let life = Life::reported()
        .then(OFFICER, SafetyOfficer, K::GradedMajor)
        .then(REPORTER, Role::Member, K::ControlMeasure);
    let to = Party::Member(RECTIFIER);
    let without = life.refuses(OFFICER, SafetyOfficer, &assigned(to.clone(), None));
    assert_eq!(without, Refusal::PlanMissing);
    for part in parts {
        let mut plan = plan();
        *part(&mut plan) = " ".into();
        let refusal = life.refuses(OFFICER, SafetyOfficer, &assigned(to.clone(), Some(plan)));
        assert_eq!(refusal, Refusal::PlanMissing);
    }
    // A General one needs no plan.
    Life::reported()
        .then(OFFICER, SafetyOfficer, K::GradedGeneral)
        .does(OFFICER, SafetyOfficer, &assigned(to, None));
}

#[test]
fn a_major_hazard_is_verified_only_with_an_assessment() {
    let life = Life::major_assigned().rectified();
    for assessment in [None, Some(""), Some(" ")] {
        let refusal = life.refuses(VERIFIER, SafetyOfficer, &verified(assessment));
        assert_eq!(refusal, Refusal::AssessmentMissing);
    }
    Life::assigned()
        .rectified()
        .does(VERIFIER, SafetyOfficer, &verified(None));
}

#[test]
fn decisions_say_why() {
    let grade = HazardEvent::Graded {
        grade: HazardGrade::General,
        nature: HazardNature::UnsafeAct,
        reason: " ".into(),
        criterion: None,
    };
    let silent = |what: &str| what.into();
    let extension = HazardEvent::Extended {
        deadline_ms: NOW_MS,
        reason: silent(""),
    };
    let nothing_done = HazardEvent::Rectified(Rectification {
        what: silent(" "),
        on_behalf_of: None,
        on_the_spot: false,
        photos: Vec::new(),
    });
    let no_conclusion = HazardEvent::Verified {
        conclusion: silent(""),
        assessment: None,
    };
    let text = silent("\n");
    let rectified = || Life::assigned().rectified();
    let closed = rectified()
        .verified()
        .then(VERIFIER, SafetyOfficer, K::ClosedOut);
    for (life, body) in [
        (Life::reported(), grade),
        (Life::reported(), HazardEvent::ControlMeasure { text }),
        (
            Life::reported(),
            HazardEvent::Commented { text: silent("") },
        ),
        (Life::reported(), HazardEvent::Voided { reason: silent("") }),
        (Life::assigned(), extension),
        (Life::assigned(), nothing_done),
        (
            rectified(),
            HazardEvent::ReturnedForRework { reason: silent("") },
        ),
        (rectified(), no_conclusion),
        (closed, HazardEvent::Reopened { reason: silent("") }),
    ] {
        let refusal = life.refuses(SUPERIOR, Supervisor, &body);
        assert_eq!(refusal, Refusal::TextMissing, "{body:?}");
    }
}

#[test]
fn on_the_spot_is_never_for_a_major_hazard() {
    let life = Life::reported().then(OFFICER, SafetyOfficer, K::GradedMajor);
    for role in MEMBERS {
        let refusal = life.refuses(STRANGER, *role, &K::RectifiedOnTheSpot.body());
        assert_eq!(refusal, Refusal::OnTheSpotMajor);
    }
}

#[test]
fn what_was_put_right_on_the_spot_is_graded_before_it_is_verified() {
    let life = Life::reported().then(REPORTER, Role::Member, K::RectifiedOnTheSpot);
    let refusal = life.refuses(VERIFIER, SafetyOfficer, &K::Verified.body());
    assert_eq!(refusal, Refusal::NotGraded);
    let life = life.then(OFFICER, SafetyOfficer, K::GradedGeneral);
    assert_eq!(life.0.status, S::Rectified);
    assert_eq!(life.verified().0.status, S::Verified);
}

#[test]
fn a_return_leads_to_where_work_begins_again() {
    let spot = |life: Life| life.then(REPORTER, Role::Member, K::RectifiedOnTheSpot);
    let graded = || Life::reported().then(OFFICER, SafetyOfficer, K::GradedGeneral);
    for (life, status) in [
        (spot(Life::reported()), S::Reported),
        (spot(graded()), S::Graded),
        (spot(graded()).verified(), S::Graded),
        (Life::assigned().rectified(), S::Assigned),
        (Life::assigned().rectified().verified(), S::Assigned),
        (Life::major_assigned().rectified().verified(), S::Assigned),
    ] {
        let Life(state) = life.then(SUPERIOR, Supervisor, K::ReturnedForRework);
        assert_eq!(state.status, status);
        assert_eq!((state.rectified, state.verified), (None, None));
        assert_eq!(state.reworks, 1);
    }
}

#[test]
fn a_reopening_leads_to_where_work_begins_again() {
    let void = |life: Life| life.then(OFFICER, SafetyOfficer, K::Voided);
    let closed =
        Life::assigned()
            .rectified()
            .verified()
            .then(VERIFIER, SafetyOfficer, K::ClosedOut);
    let graded = Life::reported().then(OFFICER, SafetyOfficer, K::GradedGeneral);
    for (life, status) in [
        (void(Life::reported()), S::Reported),
        (void(graded), S::Graded),
        (void(Life::assigned()), S::Assigned),
        (void(Life::assigned().rectified()), S::Assigned),
        (void(Life::major_assigned()), S::Assigned),
        (closed, S::Assigned),
    ] {
        let Life(state) = life.then(SUPERIOR, Supervisor, K::Reopened);
        assert_eq!(state.status, status);
        let past = (state.rectified, state.verified, state.closed, state.voided);
        assert_eq!(past, (None, None, None, None));
        assert_eq!(state.reopenings, 1);
    }
}

#[test]
fn a_major_hazard_comes_back_assigned_only_as_major_hazards_are_assigned() {
    let raised_and_reopened = |life: Life| {
        life.then(OFFICER, SafetyOfficer, K::GradedMajor)
            .then(OFFICER, SafetyOfficer, K::Voided)
            .then(SUPERIOR, Supervisor, K::Reopened)
            .0
            .status
    };
    // Assigned with a plan, and no control measure yet.
    assert_eq!(raised_and_reopened(Life::assigned()), S::Graded);
    // With a control measure, and no plan.
    let unplanned = assigned(Party::Member(RECTIFIER), None);
    let measured = Life::assigned().then(REPORTER, Role::Member, K::ControlMeasure);
    let without_plan = measured.clone().does(OFFICER, SafetyOfficer, &unplanned);
    assert_eq!(raised_and_reopened(without_plan), S::Graded);
    assert_eq!(raised_and_reopened(measured), S::Assigned);
}

#[test]
fn a_raise_to_major_leads_to_graded_from_wherever_it_is_allowed() {
    let spot = Life::reported().then(REPORTER, Role::Member, K::RectifiedOnTheSpot);
    let graded = Life::reported().then(OFFICER, SafetyOfficer, K::GradedGeneral);
    for life in [
        Life::reported(),
        graded,
        Life::assigned(),
        Life::assigned().rectified(),
        spot,
    ] {
        let raised = life.then(SUPERIOR, Supervisor, K::GradedMajor);
        assert_eq!(raised.0.status, S::Graded);
        assert_eq!(raised.0.grade, Some(HazardGrade::Major));
        assert_eq!(
            raised.0.rectified, None,
            "it has to be rectified as a Major one is"
        );
        let skip = raised.refuses(RECTIFIER, Role::Rectifier, &K::RectifiedOwn.body());
        assert_eq!(skip, Refusal::Status);
        let by_secretary = raised.refuses(STRANGER, BranchSecretary, &K::GradedMajor.body());
        assert_eq!(by_secretary, Refusal::Role);
    }
    for life in [
        Life::assigned().rectified().verified(),
        Life::assigned()
            .rectified()
            .verified()
            .then(VERIFIER, SafetyOfficer, K::ClosedOut),
        Life::reported().then(OFFICER, SafetyOfficer, K::Voided),
    ] {
        let refusal = life.refuses(SUPERIOR, Supervisor, &K::GradedMajor.body());
        assert_eq!(refusal, Refusal::Status);
    }
    // Said once more of a Major one, and lowered again: it stays where it is.
    let stays = Life::major_assigned().then(SUPERIOR, Supervisor, K::GradedMajor);
    assert_eq!(stays.0.status, S::Assigned);
    let Life(lowered) = stays.then(SUPERIOR, Supervisor, K::GradedGeneral);
    assert_eq!(
        (lowered.status, lowered.grade),
        (S::Assigned, Some(HazardGrade::General))
    );
}

#[test]
fn rectified_but_not_verified_is_overdue_past_its_deadline() {
    let deadline = NOW_MS + 10 * DAY_MS;
    let verified = Life::assigned().rectified().verified();
    for Life(state) in [
        Life::assigned(),
        Life::assigned().rectified(),
        verified.clone(),
        Life::assigned().then(OFFICER, SafetyOfficer, K::GradedMajor),
    ] {
        assert_eq!(state.deadline_ms(), Some(deadline));
        assert!(!state.is_overdue(deadline), "{:?}", state.status);
        assert!(state.is_overdue(deadline + 1), "{:?}", state.status);
    }
    for Life(state) in [
        verified.then(VERIFIER, SafetyOfficer, K::ClosedOut),
        Life::assigned().then(OFFICER, SafetyOfficer, K::Voided),
        Life::reported(),
    ] {
        assert!(!state.is_overdue(i64::MAX), "{:?}", state.status);
    }
}

#[test]
fn an_extension_moves_the_deadline_and_an_earlier_one_does_too() {
    let extend = |life: Life, deadline_ms| {
        let reason = "按上级要求".into();
        life.does(
            OFFICER,
            SafetyOfficer,
            &HazardEvent::Extended {
                deadline_ms,
                reason,
            },
        )
    };
    let later = extend(Life::assigned(), NOW_MS + 20 * DAY_MS);
    assert_eq!(later.0.deadline_ms(), Some(NOW_MS + 20 * DAY_MS));
    assert!(!later.0.is_overdue(NOW_MS + 15 * DAY_MS));
    let earlier = extend(later, NOW_MS + DAY_MS);
    assert_eq!(earlier.0.deadline_ms(), Some(NOW_MS + DAY_MS));
    assert!(earlier.0.is_overdue(NOW_MS + 15 * DAY_MS));
    // A new assignment brings its own.
    let Life(state) = earlier.then(OFFICER, SafetyOfficer, K::Assigned);
    assert_eq!(state.deadline_ms(), Some(NOW_MS + 10 * DAY_MS));
}

fn header() -> Header {
    Header {
        id: DocumentId(Uuid::from_u128(10)),
        kind: DocumentKind::Hazard,
        space: OrgId(Uuid::from_u128(11)),
        creator: REPORTER,
        created_ms: NOW_MS,
        schema: SCHEMA,
    }
}

fn folded(events: &[Event<HazardEvent>]) -> (HazardState, Vec<Option<Refusal>>) {
    let fields = HazardFields::new("法兰泄漏", HazardNature::ManagementDefect);
    let folded = fold::<Hazard>(&header(), &fields, events);
    (folded.state, folded.superseded)
}

fn story(told: &[(MemberId, Role, Kind)]) -> Vec<Event<HazardEvent>> {
    told.iter()
        .enumerate()
        .map(|(n, (member, role, kind))| event(n, *member, *role, kind.body()))
        .collect()
}

#[test]
fn the_first_of_two_decisions_counts_and_the_later_one_is_kept_with_its_reason() {
    let common = [
        (REPORTER, Role::Member, K::Reported),
        (OFFICER, SafetyOfficer, K::GradedGeneral),
        (OFFICER, SafetyOfficer, K::Assigned),
        (RECTIFIER, Role::Rectifier, K::RectifiedOwn),
    ];
    let passes = (VERIFIER, SafetyOfficer, K::Verified);
    let returns = (SUPERIOR, Supervisor, K::ReturnedForRework);
    let closes = (VERIFIER, SafetyOfficer, K::ClosedOut);
    let voids = (SUPERIOR, Supervisor, K::Voided);
    let after = |rest: &[(MemberId, Role, Kind)]| folded(&story(&[&common[..], rest].concat()));

    // The stale decision comes too late for a closed hazard, and for a returned one.
    let (state, superseded) = after(&[passes, closes, voids]);
    assert_eq!(state.status, S::Closed);
    assert_eq!(superseded[4..], [None, None, Some(Refusal::Status)]);
    let (state, superseded) = after(&[returns, passes, closes]);
    assert_eq!(state.status, S::Assigned);
    assert_eq!(
        superseded[4..],
        [None, Some(Refusal::Status), Some(Refusal::Status)]
    );
    // A return is still possible after a verification, because the table allows it then.
    let (state, superseded) = after(&[passes, returns]);
    assert_eq!(state.status, S::Assigned);
    assert_eq!(superseded[4..], [None, None]);
}

#[test]
fn a_superseded_event_leaves_the_effects_of_others() {
    let told = [
        (REPORTER, Role::Member, K::Reported),
        (OFFICER, SafetyOfficer, K::GradedGeneral),
        (OFFICER, SafetyOfficer, K::Assigned),
        (RECTIFIER, Role::Rectifier, K::RectifiedOwn),
        (RECTIFIER, SafetyOfficer, K::Verified), // in its own hand
        (STRANGER, Role::Member, K::RectifiedOnTheSpot), // somebody was there before
        (REPORTER, Role::Member, K::Reported),   // a second time
        (VERIFIER, BranchSecretary, K::Verified),
        (VERIFIER, BranchSecretary, K::ClosedOut),
    ];
    let (state, superseded) = folded(&story(&told));
    let reasons: Vec<_> = superseded[4..7].iter().copied().flatten().collect();
    assert_eq!(
        reasons,
        [Refusal::OwnHand, Refusal::Status, Refusal::Status]
    );
    let without = [&told[..4], &told[7..]].concat();
    assert_eq!(state, folded(&story(&without)).0);
    assert_eq!(state.rectified.unwrap().recorded_by, RECTIFIER);
    assert_eq!(state.verified.unwrap().by, VERIFIER);
    assert_eq!(state.status, S::Closed);
}

fn any_told() -> impl Strategy<Value = Vec<(MemberId, Role, Kind)>> {
    let cast = vec![REPORTER, OFFICER, RECTIFIER, VERIFIER, SUPERIOR, STRANGER];
    let one = (
        prop::sample::select(cast),
        prop_oneof![
            3 => prop::sample::select(REVIEWERS),
            1 => prop::sample::select(Role::ALL),
        ],
        prop::sample::select(&Kind::ALL[..]),
    );
    prop::collection::vec(one, 0..40).prop_map(|mut told| {
        told.insert(0, (REPORTER, Role::Member, K::Reported));
        told
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_is_superseded_changes_nothing_and_folding_is_the_same_every_time(told in any_told()) {
        let events = story(&told);
        let (state, superseded) = folded(&events);
        prop_assert_eq!(&(state.clone(), superseded.clone()), &folded(&events));

        // What comes later never rewrites what was decided before it.
        let mut before = folded(&[]).0;
        for count in 1..=events.len() {
            let (after, reasons) = folded(&events[..count]);
            prop_assert_eq!(&reasons[..], &superseded[..count]);
            if superseded[count - 1].is_some() {
                prop_assert_eq!(&before, &after);
            }
            before = after;
        }

        // The events that count make the same state alone, and all of them count.
        let effective: Vec<_> = events
            .iter()
            .zip(&superseded)
            .filter(|(_, superseded)| superseded.is_none())
            .map(|(event, _)| event.clone())
            .collect();
        let (alone, none) = folded(&effective);
        prop_assert_eq!(&alone, &state);
        prop_assert!(none.iter().all(Option::is_none));

        // Whatever happened: nothing is closed in its own hand, or Major without its papers.
        let is_major = state.grade == Some(HazardGrade::Major);
        if matches!(state.status, S::Verified | S::Closed) {
            let (rectified, verified) = (state.rectified.unwrap(), state.verified.unwrap());
            prop_assert_ne!(rectified.recorded_by, verified.by);
            let doer = rectified.rectification.on_behalf_of;
            prop_assert_ne!(doer, Some(Party::Member(verified.by)));
            if let Some(closed) = state.closed.filter(|_| is_major) {
                prop_assert_ne!(closed.by, verified.by);
            }
        }
        if is_major && matches!(state.status, S::Assigned | S::Rectified | S::Verified | S::Closed) {
            prop_assert!(state.control_measures > 0);
            prop_assert!(state.assignment.unwrap().plan.unwrap().is_complete());
        }
    }
}
