//! An inspection from start to submit. Each answer is on disk when its call returns.

use vanguard_core::id::{InspectionId, OrgId, TemplateId, ViolationId, ZoneId};
use vanguard_core::model::inspection::{InspectionKind, ItemResult};
use vanguard_core::model::photo::Photo;
use vanguard_core::model::{Rota, Shift};
use vanguard_core::notebook::InspectionDraft;

use crate::error::Result;
use crate::notebook::Notebook;

/// What else a draft can say; whatever is left out stays as it is.
#[derive(Clone, Debug, Default, uniffi::Record)]
pub struct DraftNotes {
    /// What was seen and done, in the inspector's words.
    #[uniffi(default = None)]
    pub summary: Option<String>,
    /// What was covered beyond the zone's name.
    #[uniffi(default = None)]
    pub coverage: Option<String>,
    /// 包保对象.
    #[uniffi(default = None)]
    pub covered_people: Option<Vec<String>>,
    /// Violations that were stopped during it.
    #[uniffi(default = None)]
    pub violations: Option<Vec<ViolationId>>,
    /// Photos taken on it: all of them, as they shall stand.
    #[uniffi(default = None)]
    pub photos: Option<Vec<Photo>>,
    /// The code read from the zone's signboard.
    #[uniffi(default = None)]
    pub signboard: Option<String>,
    /// The crew of the rota.
    #[uniffi(default = None)]
    pub rota: Option<Rota>,
    /// The checklist's template.
    #[uniffi(default = None)]
    pub template: Option<TemplateId>,
    /// The version of the template that is answered.
    #[uniffi(default = None)]
    pub template_version: Option<u32>,
}

#[uniffi::export]
impl Notebook {
    /// Begins a round through a zone.
    ///
    /// # Errors
    /// `Paused`, `Storage`.
    pub fn start_inspection(
        &self,
        space: OrgId,
        zone: ZoneId,
        kind: InspectionKind,
        shift: Shift,
    ) -> Result<InspectionId> {
        self.write(|notebook| notebook.start_inspection(space, zone, kind, shift))
    }

    /// Saves an answer; the same item's earlier answer is replaced.
    ///
    /// # Errors
    /// `NotFound` where there is no such draft, `Paused`, `Storage`.
    pub fn answer(&self, inspection: InspectionId, answer: ItemResult) -> Result<()> {
        self.write(|notebook| notebook.answer(inspection, answer))
    }

    /// Saves what else the draft says.
    ///
    /// # Errors
    /// `NotFound` where there is no such draft, `Paused`, `Storage`.
    pub fn note_draft(&self, inspection: InspectionId, notes: DraftNotes) -> Result<()> {
        self.write(|notebook| {
            notebook.edit_draft(inspection, |fields| {
                take(&mut fields.summary, notes.summary);
                take(&mut fields.coverage, notes.coverage);
                take(&mut fields.covered_people, notes.covered_people);
                take(&mut fields.violations, notes.violations);
                take(&mut fields.photos, notes.photos);
                fields.signboard = notes.signboard.or(fields.signboard.take());
                fields.rota = notes.rota.or(fields.rota);
                fields.template = notes.template.or(fields.template);
                fields.template_version = notes.template_version.or(fields.template_version);
            })
        })
    }

    /// A draft.
    ///
    /// # Errors
    /// `NotFound`, `Paused`, `Storage`.
    pub fn draft(&self, inspection: InspectionId) -> Result<InspectionDraft> {
        self.read(|notebook| notebook.draft(inspection))
    }

    /// The drafts, oldest first.
    ///
    /// # Errors
    /// `Paused`, `Storage`.
    pub fn drafts(&self) -> Result<Vec<InspectionDraft>> {
        self.read(vanguard_core::Notebook::drafts)
    }

    /// Submits a draft; it is an inspection then, of the same id.
    ///
    /// # Errors
    /// `Refused`, for example where an abnormal item points at nothing; the draft is kept then.
    /// `NotFound`, `NotEnrolled`, `Paused`, `Storage`.
    pub fn submit_inspection(&self, inspection: InspectionId) -> Result<()> {
        self.write(|notebook| notebook.submit_inspection(inspection))
    }

    /// Throws a draft away.
    ///
    /// # Errors
    /// `Paused`, `Storage`.
    pub fn discard_draft(&self, inspection: InspectionId) -> Result<()> {
        self.write(|notebook| notebook.discard_draft(inspection))
    }
}

fn take<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}
