//! What a table cannot say: rules about persons, about what an event must bring, about the past.

use super::*;

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
