//! Hazards, inspections and violations: who reports, works on and decides them.

use crate::model::hazard::{Hazard, HazardEvent, Party};
use crate::model::inspection::{Inspection, InspectionEvent, InspectionFields};
use crate::model::photo::check_photos;
use crate::model::violation::{Violation, ViolationEvent, ViolationStatus};
use crate::model::{Header, Record, Role, View};
use crate::rules::Refusal;
use crate::rules::directory::handles_violations;

use super::{Governed, Judge, MEMBERS, require};

impl Governed for Hazard {
    fn check_fields(fields: &Self::Fields) -> Result<(), Refusal> {
        require(!fields.description.trim().is_empty(), Refusal::TextMissing)?;
        check_photos(&fields.photos)
    }

    fn is_remark(event: &Self::Event) -> bool {
        matches!(
            event,
            HazardEvent::Commented { .. } | HazardEvent::ControlMeasure { .. }
        )
    }

    fn may_create(
        judge: &Judge<'_>,
        header: &Header,
        fields: &Self::Fields,
    ) -> Result<(), Refusal> {
        Self::check_fields(fields)?;
        judge.holds(MEMBERS, header.space)
    }

    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Result<(), Refusal> {
        judge.holds(MEMBERS, view.header.space)?;
        require(Self::is_open(&view.state), Refusal::Status)
    }

    fn may_append(
        judge: &Judge<'_>,
        view: &View<Self>,
        event: &HazardEvent,
    ) -> Result<(), Refusal> {
        if let HazardEvent::Rectified(rectification) = event {
            check_photos(&rectification.photos)?;
        }
        let assigned = view
            .state
            .assignment
            .as_ref()
            .map(|assignment| &assignment.person);
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
    fn check_fields(fields: &Self::Fields) -> Result<(), Refusal> {
        fields.check()
    }

    fn is_remark(event: &Self::Event) -> bool {
        matches!(event, InspectionEvent::Commented { .. })
    }

    fn may_create(
        judge: &Judge<'_>,
        header: &Header,
        fields: &InspectionFields,
    ) -> Result<(), Refusal> {
        Self::check_fields(fields)?;
        judge.holds(MEMBERS, header.space)
    }

    fn may_edit(_: &Judge<'_>, _: &View<Self>) -> Result<(), Refusal> {
        Err(Refusal::NotEditable)
    }

    fn may_append(
        judge: &Judge<'_>,
        view: &View<Self>,
        event: &InspectionEvent,
    ) -> Result<(), Refusal> {
        if matches!(event, InspectionEvent::Corrected { .. }) {
            require(
                view.header.creator == judge.author.member,
                Refusal::NotCreator,
            )?;
        }
        judge.reaches(view.header.space)
    }
}

impl Governed for Violation {
    fn check_fields(fields: &Self::Fields) -> Result<(), Refusal> {
        require(!fields.description.trim().is_empty(), Refusal::TextMissing)?;
        check_photos(&fields.photos)
    }

    fn is_remark(event: &Self::Event) -> bool {
        matches!(event, ViolationEvent::Commented { .. })
    }

    fn may_create(
        judge: &Judge<'_>,
        header: &Header,
        fields: &Self::Fields,
    ) -> Result<(), Refusal> {
        Self::check_fields(fields)?;
        judge.holds(MEMBERS, header.space)
    }

    fn may_edit(judge: &Judge<'_>, view: &View<Self>) -> Result<(), Refusal> {
        let is_creator = view.header.creator == judge.author.member;
        let is_handler = judge.author.role == Role::SafetyOfficer;
        require(is_creator || is_handler, Refusal::NotCreator)?;
        require(
            view.state.status == ViolationStatus::Recorded,
            Refusal::Status,
        )?;
        judge.reaches(view.header.space)
    }

    fn may_append(judge: &Judge<'_>, view: &View<Self>, _: &Self::Event) -> Result<(), Refusal> {
        let is_creator = view.header.creator == judge.author.member;
        require(
            is_creator || judge.is_operator() || handles_violations(judge.author.role),
            Refusal::Role,
        )?;
        judge.reaches(view.header.space)
    }
}
