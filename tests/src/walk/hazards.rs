//! Events of hazards: most of them such that they could be next, some of them not.

use vanguard_core::id::{DocumentId, HazardId, UnitId};
use vanguard_core::model::DocumentKind;
use vanguard_core::model::hazard::{
    Assignment, Hazard, HazardEvent, HazardGrade, HazardNature, HazardStatus, MajorHazardPlan,
    Party, Rectification, RectificationMode,
};
use vanguard_core::notebook::Result as VerbResult;

use super::{Done, World};

fn whole_plan() -> MajorHazardPlan {
    MajorHazardPlan::filled_with("已落实")
}

/// What usually comes next, by the numbers of [`World::event_numbered`].
fn usual_after(status: HazardStatus) -> &'static [usize] {
    match status {
        HazardStatus::Reported => &[0, 0, 0, 1, 4],
        HazardStatus::Graded => &[1, 2, 2, 2, 4],
        HazardStatus::Assigned => &[3, 5, 5, 5, 6],
        HazardStatus::Rectified => &[7, 8, 8, 8],
        HazardStatus::Verified => &[9, 9, 9, 7],
        HazardStatus::Closed | HazardStatus::Void => &[11, 12, 13],
    }
}

impl World {
    pub(super) fn hazard_event(&mut self, at: usize) -> VerbResult<Vec<(DocumentId, Done)>> {
        let Some(id) = self.some(at, DocumentKind::Hazard) else {
            return Ok(Vec::new());
        };
        let view = self.phone(at).notebook.get::<Hazard>(id)?.view;
        let number = if self.dice.percent(65) {
            *self.dice.one(usual_after(view.state.status))
        } else {
            self.dice.below(14)
        };
        if number == 12 {
            let (field, value) = self.some_choice(at, id)?;
            return self.append::<Hazard>(at, id, &HazardEvent::FieldChosen { field, value });
        }
        let assigned = view.state.assignment.map(|assignment| assignment.person);
        let event = self.event_numbered(number, at, assigned);
        let notebook = &mut self.phone(at).notebook;
        let event = notebook.act_on_hazard(HazardId::from(id), &event)?;
        Ok(vec![(id, Done::Appended(event))])
    }

    fn event_numbered(&mut self, number: usize, at: usize, assigned: Option<Party>) -> HazardEvent {
        let text = self.words("说明");
        let deadline_ms = 1_794_000_000_000;
        let is_major = self.dice.percent(30);
        match number {
            0 => HazardEvent::Graded {
                grade: if is_major {
                    HazardGrade::Major
                } else {
                    HazardGrade::General
                },
                nature: HazardNature::UnsafeAct,
                reason: text,
                criterion: is_major.then(|| "判定标准第三条".into()),
            },
            1 => HazardEvent::ControlMeasure { text },
            2 => HazardEvent::Assigned(Assignment {
                unit: UnitId(self.fleet.plant.contractor.0),
                person: Party::Member(*self.dice.one(&self.members)),
                mode: RectificationMode::Deadline,
                deadline_ms,
                assurances: None,
                plan: self.dice.percent(60).then(whole_plan),
            }),
            3 => HazardEvent::Extended {
                deadline_ms,
                reason: text,
            },
            4..=6 => {
                let me = Party::Member(self.members[at]);
                let on_the_spot = number == 4;
                let is_for_another = assigned.as_ref().is_some_and(|person| *person != me);
                HazardEvent::Rectified(Rectification {
                    what: text,
                    on_behalf_of: assigned.filter(|_| is_for_another && !on_the_spot),
                    on_the_spot,
                    photos: Vec::new(),
                })
            }
            7 => HazardEvent::ReturnedForRework { reason: text },
            8 => HazardEvent::Verified {
                conclusion: text.clone(),
                assessment: Some(text),
            },
            9 => HazardEvent::ClosedOut,
            10 => HazardEvent::Voided { reason: text },
            11 => HazardEvent::Reopened { reason: text },
            _ => HazardEvent::Commented { text },
        }
    }
}
