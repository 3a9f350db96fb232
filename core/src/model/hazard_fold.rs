//! The hazard's life as one table: [`cell`] says for each event who may make it and in which
//! states, [`apply`] adds what it needs and what it leads to. Phone, browser and relay fold with
//! this and nothing else.

use super::hazard::{
    Decision, HazardEvent, HazardEventKind, HazardFields, HazardGrade, HazardState, HazardStatus,
    MajorHazardPlan, Party, Rectification, Rectified,
};
use super::{Author, Event, Role};
use crate::rules::{MEMBERS, OFFICERS, REVIEWERS, Refusal, Ruling, require, require_text};

use HazardStatus as S;
use Role::{BranchSecretary, SafetyOfficer, Supervisor};

const OPEN: &[S] = &[
    S::Reported,
    S::Graded,
    S::Assigned,
    S::Rectified,
    S::Verified,
];

/// Who may make an event, and in which states.
pub(super) struct Cell {
    pub(super) roles: &'static [Role],
    pub(super) states: &'static [HazardStatus],
}

/// The row of the table for `event` on a hazard that stands as `state`.
pub(super) fn cell(state: &HazardState, event: &HazardEvent) -> Cell {
    let is_major = state.grade == Some(HazardGrade::Major);
    let (roles, states): (_, &[S]) = match event {
        HazardEvent::Reported => (MEMBERS, &[]),
        HazardEvent::Graded { grade, .. } => (
            if *grade == HazardGrade::Major {
                OFFICERS
            } else {
                REVIEWERS
            },
            &[S::Reported, S::Graded, S::Assigned, S::Rectified],
        ),
        HazardEvent::ControlMeasure { .. } => (MEMBERS, OPEN),
        HazardEvent::Assigned(_) => (REVIEWERS, &[S::Graded, S::Assigned]),
        HazardEvent::Extended { .. } => (REVIEWERS, &[S::Assigned]),
        HazardEvent::Rectified(Rectification {
            on_the_spot: true, ..
        }) => (MEMBERS, &[S::Reported, S::Graded]),
        HazardEvent::Rectified(_) => (MEMBERS, &[S::Assigned]),
        HazardEvent::ReturnedForRework { .. } => (REVIEWERS, &[S::Rectified, S::Verified]),
        HazardEvent::Verified { .. } => (REVIEWERS, &[S::Rectified]),
        HazardEvent::ClosedOut => (
            if is_major {
                &[Supervisor]
            } else {
                &[SafetyOfficer, BranchSecretary]
            },
            &[S::Verified],
        ),
        HazardEvent::Voided { .. } => (OFFICERS, OPEN),
        HazardEvent::Reopened { .. } => (&[Supervisor], &[S::Closed, S::Void]),
        HazardEvent::FieldChosen { .. } => (REVIEWERS, HazardStatus::ALL),
        HazardEvent::Commented { .. } => (Role::ALL, HazardStatus::ALL),
    };
    Cell { roles, states }
}

/// A hazard of which not even the report has been folded.
pub(super) fn begin(fields: &HazardFields) -> HazardState {
    HazardState {
        status: S::Reported,
        reported_by: None,
        grade: None,
        nature: fields.nature,
        criterion: None,
        control_measures: 0,
        assignment: None,
        rectified: None,
        verified: None,
        closed: None,
        voided: None,
        reworks: 0,
        reopenings: 0,
    }
}

/// The hazard's [`Record::apply`](super::Record::apply).
pub(super) fn apply(
    state: &HazardState,
    event: &Event<HazardEvent>,
) -> Result<HazardState, Refusal> {
    let author = &event.author;
    let cell = cell(state, &event.body);
    let is_report = event.body.kind() == HazardEventKind::Reported;
    let state_allows = if is_report {
        state.reported_by.is_none()
    } else {
        cell.states.contains(&state.status)
    };
    let is_begun = is_report || state.reported_by.is_some();
    require(state_allows && is_begun, Refusal::Status)?;
    require(cell.roles.contains(&author.role), Refusal::Role)?;
    needs(state, author, &event.body)?;
    Ok(next(state, event))
}

fn says(text: Option<&String>) -> bool {
    text.is_some_and(|text| require_text(text).is_ok())
}

/// What the event needs beyond its author's role and the hazard's state.
fn needs(state: &HazardState, author: &Author, event: &HazardEvent) -> Ruling {
    let is_major = state.grade == Some(HazardGrade::Major);
    match event {
        HazardEvent::Graded {
            grade,
            reason,
            criterion,
            ..
        } => {
            require_text(reason)?;
            let is_needed = *grade == HazardGrade::Major;
            require(
                !is_needed || says(criterion.as_ref()),
                Refusal::CriterionMissing,
            )
        }
        HazardEvent::Assigned(assignment) if is_major => {
            require(state.control_measures > 0, Refusal::ControlMeasureMissing)?;
            let plan = assignment.plan.as_ref();
            let is_planned = plan.is_some_and(MajorHazardPlan::is_complete);
            require(is_planned, Refusal::PlanMissing)
        }
        HazardEvent::Rectified(rectification) => {
            require_text(&rectification.what)?;
            if rectification.on_the_spot {
                return require(!is_major, Refusal::OnTheSpotMajor);
            }
            let assigned = state.assignment.as_ref().map(|it| &it.person);
            let doer = rectification
                .on_behalf_of
                .clone()
                .unwrap_or(Party::Member(author.member));
            require(assigned == Some(&doer), Refusal::NotAssigned)
        }
        HazardEvent::Verified {
            conclusion,
            assessment,
        } => {
            require_text(conclusion)?;
            require(state.grade.is_some(), Refusal::NotGraded)?;
            require(!had_a_hand_in(state, author), Refusal::OwnHand)?;
            require(
                !is_major || says(assessment.as_ref()),
                Refusal::AssessmentMissing,
            )
        }
        HazardEvent::ClosedOut if is_major => {
            let verified = state.verified.as_ref();
            let is_verifier = verified.is_some_and(|it| it.by == author.member);
            require(!is_verifier, Refusal::VerifierCloses)
        }
        HazardEvent::ControlMeasure { text } | HazardEvent::Commented { text } => {
            require_text(text)
        }
        HazardEvent::Extended { reason, .. }
        | HazardEvent::ReturnedForRework { reason }
        | HazardEvent::Voided { reason }
        | HazardEvent::Reopened { reason } => require_text(reason),
        HazardEvent::Reported
        | HazardEvent::Assigned(_)
        | HazardEvent::ClosedOut
        | HazardEvent::FieldChosen { .. } => Ok(()),
    }
}

/// Whether the author rectified it, or recorded the rectification for somebody else.
fn had_a_hand_in(state: &HazardState, author: &Author) -> bool {
    state.rectified.as_ref().is_some_and(|rectified| {
        rectified.recorded_by == author.member
            || rectified.rectification.on_behalf_of == Some(Party::Member(author.member))
    })
}

/// The state that an event leads to which may be made.
fn next(state: &HazardState, event: &Event<HazardEvent>) -> HazardState {
    let mut next = state.clone();
    let decision = |text: &str| {
        Some(Decision {
            by: event.author.member,
            at_ms: event.at_ms,
            text: text.to_owned(),
        })
    };
    match &event.body {
        HazardEvent::Reported => next.reported_by = Some(event.author.member),
        HazardEvent::Graded {
            grade,
            nature,
            criterion,
            ..
        } => {
            let is_raised = *grade == HazardGrade::Major && state.grade != Some(HazardGrade::Major);
            if is_raised || state.status == S::Reported {
                next.status = S::Graded;
                next.rectified = None;
            }
            next.grade = Some(*grade);
            next.nature = *nature;
            next.criterion.clone_from(criterion);
        }
        HazardEvent::ControlMeasure { .. } => next.control_measures += 1,
        HazardEvent::Assigned(assignment) => {
            next.status = S::Assigned;
            next.assignment = Some(assignment.clone());
        }
        HazardEvent::Extended { deadline_ms, .. } => {
            if let Some(assignment) = &mut next.assignment {
                assignment.deadline_ms = *deadline_ms;
            }
        }
        HazardEvent::Rectified(rectification) => {
            next.status = S::Rectified;
            next.rectified = Some(Rectified {
                recorded_by: event.author.member,
                at_ms: event.at_ms,
                rectification: rectification.clone(),
            });
        }
        HazardEvent::ReturnedForRework { .. } => {
            next = sent_back(next);
            next.reworks += 1;
        }
        HazardEvent::Verified { conclusion, .. } => {
            next.status = S::Verified;
            next.verified = decision(conclusion);
        }
        HazardEvent::ClosedOut => {
            next.status = S::Closed;
            next.closed = decision("");
        }
        HazardEvent::Voided { reason } => {
            next.status = S::Void;
            next.voided = decision(reason);
        }
        HazardEvent::Reopened { .. } => {
            next = sent_back(next);
            next.reopenings += 1;
        }
        HazardEvent::FieldChosen { .. } | HazardEvent::Commented { .. } => {}
    }
    next
}

/// Back to where work begins again: Assigned if it was ever assigned as its grade asks (an
/// assignment from before it was raised to Major may lack the plan and the control measure, and
/// then does not count), else Graded if it was graded, else Reported.
fn sent_back(mut state: HazardState) -> HazardState {
    let is_major = state.grade == Some(HazardGrade::Major);
    let is_assigned = state.assignment.as_ref().is_some_and(|assignment| {
        let is_planned = assignment
            .plan
            .as_ref()
            .is_some_and(MajorHazardPlan::is_complete);
        !is_major || (is_planned && state.control_measures > 0)
    });
    state.status = match (is_assigned, state.grade) {
        (true, _) => S::Assigned,
        (false, Some(_)) => S::Graded,
        (false, None) => S::Reported,
    };
    state.rectified = None;
    state.verified = None;
    state.closed = None;
    state.voided = None;
    state
}

#[cfg(test)]
#[path = "hazard_fold_tests/mod.rs"]
mod tests;
