//! Hazards, inspections and violations: who reports, works on and decides them.

use crate::model::hazard::{Hazard, HazardEvent, Party};
use crate::model::inspection::{Inspection, InspectionEvent};
use crate::model::photo::check_photos;
use crate::model::violation::{Violation, ViolationEvent, ViolationStatus};
use crate::model::{Header, Record, Role, View};
use crate::rules::{MEMBERS, REVIEWERS, Refusal, Ruling, require, require_text};

use super::{Governed, Judge};

impl Governed for Hazard {
    fn check_fields(fields: &Self::Fields) -> Ruling {
        require_text(&fields.description)?;
        check_photos(&fields.photos)
    }

    fn is_remark(event: &Self::Event) -> bool {
        matches!(
            event,
            HazardEvent::Commented { .. } | HazardEvent::ControlMeasure { .. }
        )
    }

    fn may_create(judge: &Judge<'_>, header: &Header, _: &Self::Fields) -> Ruling {
        judge.holds(MEMBERS, header.space)
    }

    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Ruling {
        judge.holds(MEMBERS, view.header.space)?;
        require(Self::is_open(&view.state), Refusal::Status)
    }

    fn may_append(judge: &Judge<'_>, view: &View<Self>, event: &Self::Event) -> Ruling {
        if let HazardEvent::Rectified(rectification) = event {
            check_photos(&rectification.photos)?;
        }
        let assigned = view.state.assignment.as_ref().map(|it| &it.person);
        let is_for_the_assigned = matches!(
            event,
            HazardEvent::Rectified(_)
                | HazardEvent::ControlMeasure { .. }
                | HazardEvent::Commented { .. }
        );
        if is_for_the_assigned && assigned == Some(&Party::Member(judge.author.member)) {
            return Ok(()); // an assignment across spaces brings its own reach
        }
        judge.reaches(view.header.space)
    }
}

impl Governed for Inspection {
    fn check_fields(fields: &Self::Fields) -> Ruling {
        fields.check()
    }

    fn is_remark(event: &Self::Event) -> bool {
        matches!(event, InspectionEvent::Commented { .. })
    }

    fn may_create(judge: &Judge<'_>, header: &Header, _: &Self::Fields) -> Ruling {
        judge.holds(MEMBERS, header.space)
    }

    fn may_edit(_: &Judge<'_>, _: &View<Self>) -> Ruling {
        Err(Refusal::NotEditable)
    }

    fn may_append(judge: &Judge<'_>, view: &View<Self>, event: &Self::Event) -> Ruling {
        if matches!(event, InspectionEvent::Corrected { .. }) {
            require(judge.is_creator_of(&view.header), Refusal::NotCreator)?;
        }
        judge.reaches(view.header.space)
    }
}

impl Governed for Violation {
    fn check_fields(fields: &Self::Fields) -> Ruling {
        require_text(&fields.description)?;
        check_photos(&fields.photos)
    }

    fn is_remark(event: &Self::Event) -> bool {
        matches!(event, ViolationEvent::Commented { .. })
    }

    fn may_create(judge: &Judge<'_>, header: &Header, _: &Self::Fields) -> Ruling {
        judge.holds(MEMBERS, header.space)
    }

    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Ruling {
        let is_handler = judge.author.role == Role::SafetyOfficer;
        let may_correct = is_handler || judge.is_creator_of(&view.header);
        require(may_correct, Refusal::NotCreator)?;
        let is_untouched = view.state.status == ViolationStatus::Recorded;
        require(is_untouched, Refusal::Status)?;
        judge.reaches(view.header.space)
    }

    fn may_append(judge: &Judge<'_>, view: &View<Self>, _: &Self::Event) -> Ruling {
        let handles = judge.is_operator() || REVIEWERS.contains(&judge.author.role);
        require(handles || judge.is_creator_of(&view.header), Refusal::Role)?;
        judge.reaches(view.header.space)
    }
}
