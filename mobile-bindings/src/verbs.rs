//! The verbs of the domain. Each is on disk when its call returns, or nothing has happened.

#![allow(clippy::needless_pass_by_value)] // uniffi hands over what it has made

use std::collections::HashMap;

use serde_json::Value as Json;
use vanguard_core::id::{
    DocumentId, EventId, HazardId, InspectionId, MemberId, OrgId, PersonId, PostId, TeamId,
    TemplateId, ViolationId, ZoneId,
};
use vanguard_core::model::hazard::{Hazard, HazardEvent, HazardFields};
use vanguard_core::model::inspection::{Inspection, InspectionEvent};
use vanguard_core::model::organisation::{PartyOrg, PartyOrgEvent};
use vanguard_core::model::people::{Person, PersonFields};
use vanguard_core::model::post::{PostEntry, PostEvent, PostFields, VanguardPost};
use vanguard_core::model::team::{TaskTeam, TeamEvent, TeamFields};
use vanguard_core::model::template::{ChecklistItem, Template, TemplateEvent, TemplateFields};
use vanguard_core::model::violation::{Violation, ViolationEvent, ViolationFields};
use vanguard_core::model::zone::{ResponsibilityZone, ZoneEvent, ZoneFields};
use vanguard_core::rules::{
    HazardAction, InspectionAction, PartyOrgAction, PostAction, TeamAction, ViolationAction,
    ZoneAction,
};

use crate::error::Result;
use crate::notebook::Notebook;

#[uniffi::export]
impl Notebook {
    /// 上报: reports a hazard in a space.
    ///
    /// # Errors
    /// `Refused`, `NotEnrolled`, `Paused`, `Storage`.
    pub fn report_hazard(&self, space: OrgId, fields: HazardFields) -> Result<HazardId> {
        self.write(|notebook| notebook.report_hazard(space, &fields))
    }

    /// Makes an event of a hazard's life.
    ///
    /// # Errors
    /// `Refused`, `NotFound`, `NotEnrolled`, `NeedsUpdate`, `Paused`, `Storage`.
    pub fn act_on_hazard(&self, hazard: HazardId, event: HazardEvent) -> Result<EventId> {
        self.write(|notebook| notebook.act_on_hazard(hazard, &event))
    }

    /// What this member may do to a hazard now; a screen offers these and nothing else.
    ///
    /// # Errors
    /// `NotFound`, `NotEnrolled`, `Paused`, `Storage`.
    pub fn hazard_actions(&self, hazard: HazardId) -> Result<Vec<HazardAction>> {
        self.read(|notebook| notebook.allowed_actions::<Hazard>(hazard))
    }

    /// Records a violation in a space.
    ///
    /// # Errors
    /// `Refused`, `NotEnrolled`, `Paused`, `Storage`.
    pub fn record_violation(&self, space: OrgId, fields: ViolationFields) -> Result<ViolationId> {
        self.write(|notebook| notebook.record_violation(space, &fields))
    }

    /// Confirms, handles, withdraws or remarks on a violation.
    ///
    /// # Errors
    /// `Refused`, `NotFound`, `NotEnrolled`, `NeedsUpdate`, `Paused`, `Storage`.
    pub fn act_on_violation(
        &self,
        violation: ViolationId,
        event: ViolationEvent,
    ) -> Result<EventId> {
        self.write(|notebook| notebook.act_on_violation(violation, &event))
    }

    /// What this member may do to a violation now.
    ///
    /// # Errors
    /// `NotFound`, `NotEnrolled`, `Paused`, `Storage`.
    pub fn violation_actions(&self, violation: ViolationId) -> Result<Vec<ViolationAction>> {
        self.read(|notebook| notebook.allowed_actions::<Violation>(violation))
    }

    /// Reviews, returns, corrects or remarks on a submitted inspection.
    ///
    /// # Errors
    /// `Refused`, `NotFound`, `NotEnrolled`, `NeedsUpdate`, `Paused`, `Storage`.
    pub fn act_on_inspection(
        &self,
        inspection: InspectionId,
        event: InspectionEvent,
    ) -> Result<EventId> {
        self.write(|notebook| notebook.act_on_inspection(inspection, &event))
    }

    /// What this member may do to a submitted inspection now.
    ///
    /// # Errors
    /// `NotFound`, `NotEnrolled`, `Paused`, `Storage`.
    pub fn inspection_actions(&self, inspection: InspectionId) -> Result<Vec<InspectionAction>> {
        self.read(|notebook| notebook.allowed_actions::<Inspection>(inspection))
    }

    /// Sets up a responsibility zone.
    ///
    /// # Errors
    /// `Refused`, `NotEnrolled`, `Paused`, `Storage`.
    pub fn create_zone(&self, space: OrgId, fields: ZoneFields) -> Result<ZoneId> {
        self.write(|notebook| notebook.create_zone(space, &fields))
    }

    /// Notes something of a zone, or gives it up.
    ///
    /// # Errors
    /// `Refused`, `NotFound`, `NotEnrolled`, `NeedsUpdate`, `Paused`, `Storage`.
    pub fn act_on_zone(&self, zone: ZoneId, event: ZoneEvent) -> Result<EventId> {
        self.write(|notebook| notebook.append::<ResponsibilityZone>(zone, &event))
    }

    /// What this member may do to a zone now.
    ///
    /// # Errors
    /// `NotFound`, `NotEnrolled`, `Paused`, `Storage`.
    pub fn zone_actions(&self, zone: ZoneId) -> Result<Vec<ZoneAction>> {
        self.read(|notebook| notebook.allowed_actions::<ResponsibilityZone>(zone))
    }

    /// 申报: proposes a vanguard post.
    ///
    /// # Errors
    /// `Refused`, `NotEnrolled`, `Paused`, `Storage`.
    pub fn propose_post(&self, space: OrgId, fields: PostFields) -> Result<PostId> {
        self.write(|notebook| notebook.propose_post(space, &fields))
    }

    /// 履岗记录: writes an entry of a post that this member holds.
    ///
    /// # Errors
    /// `Refused`, `NotFound`, `NotEnrolled`, `NeedsUpdate`, `Paused`, `Storage`.
    pub fn write_post_entry(&self, post: PostId, entry: PostEntry) -> Result<EventId> {
        self.write(|notebook| notebook.write_post_entry(post, entry))
    }

    /// Names, reviews or withdraws a post, or reviews an entry of it.
    ///
    /// # Errors
    /// `Refused`, `NotFound`, `NotEnrolled`, `NeedsUpdate`, `Paused`, `Storage`.
    pub fn act_on_post(&self, post: PostId, event: PostEvent) -> Result<EventId> {
        self.write(|notebook| notebook.append::<VanguardPost>(post, &event))
    }

    /// What this member may do to a post now.
    ///
    /// # Errors
    /// `NotFound`, `NotEnrolled`, `Paused`, `Storage`.
    pub fn post_actions(&self, post: PostId) -> Result<Vec<PostAction>> {
        self.read(|notebook| notebook.allowed_actions::<VanguardPost>(post))
    }

    /// Sets up a task team.
    ///
    /// # Errors
    /// `Refused`, `NotEnrolled`, `Paused`, `Storage`.
    pub fn create_team(&self, space: OrgId, fields: TeamFields) -> Result<TeamId> {
        self.write(|notebook| notebook.create::<TaskTeam>(space, &fields, None))
            .map(TeamId::from)
    }

    /// Notes a team's progress, or ends it.
    ///
    /// # Errors
    /// `Refused`, `NotFound`, `NotEnrolled`, `NeedsUpdate`, `Paused`, `Storage`.
    pub fn act_on_team(&self, team: TeamId, event: TeamEvent) -> Result<EventId> {
        self.write(|notebook| notebook.append::<TaskTeam>(team, &event))
    }

    /// What this member may do to a team now.
    ///
    /// # Errors
    /// `NotFound`, `NotEnrolled`, `Paused`, `Storage`.
    pub fn team_actions(&self, team: TeamId) -> Result<Vec<TeamAction>> {
        self.read(|notebook| notebook.allowed_actions::<TaskTeam>(team))
    }

    /// Sets up a checklist template with its first version.
    ///
    /// # Errors
    /// `Refused`, `NotEnrolled`, `Paused`, `Storage`.
    pub fn create_template(
        &self,
        fields: TemplateFields,
        items: Vec<ChecklistItem>,
    ) -> Result<TemplateId> {
        self.write(|notebook| notebook.create_template(&fields, items))
    }

    /// Issues another version of a template, or retires it.
    ///
    /// # Errors
    /// `Refused`, `NotFound`, `NotEnrolled`, `NeedsUpdate`, `Paused`, `Storage`.
    pub fn act_on_template(&self, template: TemplateId, event: TemplateEvent) -> Result<EventId> {
        self.write(|notebook| notebook.append::<Template>(template, &event))
    }

    /// Lists somebody without a phone, to whom hazards can be assigned and for whom others record.
    ///
    /// # Errors
    /// `Refused`, `NotEnrolled`, `Paused`, `Storage`.
    pub fn add_person(&self, fields: PersonFields) -> Result<PersonId> {
        self.write(|notebook| notebook.create::<Person>(OrgId::DIRECTORY, &fields, None))
            .map(PersonId::from)
    }

    /// Applies on site for a temporary branch below `parent`.
    ///
    /// # Errors
    /// `Refused`, `NotEnrolled`, `Paused`, `Storage`.
    pub fn propose_temporary_branch(
        &self,
        parent: OrgId,
        name: String,
        project: String,
    ) -> Result<OrgId> {
        self.write(|notebook| notebook.propose_temporary_branch(parent, &name, &project))
    }

    /// Approves a temporary branch and appoints its secretary, whose role comes with it.
    ///
    /// # Errors
    /// `Refused`, `NotFound`, `NotEnrolled`, `NeedsUpdate`, `Paused`, `Storage`.
    pub fn approve_temporary_branch(&self, org: OrgId, secretary: MemberId) -> Result<()> {
        self.write(|notebook| notebook.approve_temporary_branch(org, secretary))?;
        Ok(())
    }

    /// Begins a temporary branch's work, dissolves or archives it.
    ///
    /// # Errors
    /// `Refused`, `NotFound`, `NotEnrolled`, `NeedsUpdate`, `Paused`, `Storage`.
    pub fn act_on_org(&self, org: OrgId, event: PartyOrgEvent) -> Result<EventId> {
        self.write(|notebook| notebook.act_on_org(org, &event))
    }

    /// What this member may do to an organisation now.
    ///
    /// # Errors
    /// `NotFound`, `NotEnrolled`, `Paused`, `Storage`.
    pub fn org_actions(&self, org: OrgId) -> Result<Vec<PartyOrgAction>> {
        self.read(|notebook| notebook.allowed_actions::<PartyOrg>(org))
    }

    /// Gives fields of any record other values, by their names in the record, as JSON; `null`
    /// removes one. What others edited meanwhile keeps both values until somebody chooses.
    ///
    /// # Errors
    /// `Refused`, `NotFound`, `NotEnrolled`, `NeedsUpdate`, `Paused`, `Storage`.
    pub fn edit(&self, record: DocumentId, fields: HashMap<String, Json>) -> Result<()> {
        self.write(|notebook| notebook.edit(record, fields.into_iter().collect()))
    }
}
