//! The verbs of the domain.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::writing::{to_map, write};
use super::{Notebook, NotebookError, Result};
use crate::compose::{NewEvent, Verb};
use crate::id::{
    DocumentId, EventId, GrantId, HazardId, InspectionId, MemberId, OrgId, PostId, TemplateId,
    ViolationId, ZoneId,
};
use crate::model::hazard::{Hazard, HazardEvent, HazardFields};
use crate::model::inspection::{Inspection, InspectionEvent};
use crate::model::organisation::{PartyOrg, PartyOrgEvent, PartyOrgFields, PartyOrgKind};
use crate::model::people::{Grant, GrantEvent, GrantFields};
use crate::model::post::{PostEntry, PostEvent, PostFields, VanguardPost};
use crate::model::template::{ChecklistItem, Template, TemplateEvent, TemplateFields};
use crate::model::violation::{Violation, ViolationEvent, ViolationFields};
use crate::model::zone::{ResponsibilityZone, ZoneFields};
use crate::model::{Header, Record, Role, SCHEMA};

impl Notebook {
    /// 上报: reports a hazard in a space.
    ///
    /// # Errors
    /// [`NotebookError::Refused`] with the reason, and the store's; nothing has happened then.
    pub fn report_hazard(&mut self, space: OrgId, fields: &HazardFields) -> Result<HazardId> {
        self.create::<Hazard>(space, fields, Some(&HazardEvent::Reported))
            .map(HazardId::from)
    }

    /// Makes an event of a hazard's life.
    ///
    /// # Errors
    /// [`NotebookError::Refused`] with the reason, and the store's; nothing has happened then.
    pub fn act_on_hazard(&mut self, hazard: HazardId, event: &HazardEvent) -> Result<EventId> {
        self.append::<Hazard>(hazard, event)
    }

    /// Records a violation in a space.
    ///
    /// # Errors
    /// [`NotebookError::Refused`] with the reason, and the store's; nothing has happened then.
    pub fn record_violation(
        &mut self,
        space: OrgId,
        fields: &ViolationFields,
    ) -> Result<ViolationId> {
        self.create::<Violation>(space, fields, None)
            .map(ViolationId::from)
    }

    /// Confirms, handles, withdraws or remarks on a violation.
    ///
    /// # Errors
    /// [`NotebookError::Refused`] with the reason, and the store's; nothing has happened then.
    pub fn act_on_violation(
        &mut self,
        violation: ViolationId,
        event: &ViolationEvent,
    ) -> Result<EventId> {
        self.append::<Violation>(violation, event)
    }

    /// Reviews, returns, corrects or remarks on a submitted inspection.
    ///
    /// # Errors
    /// [`NotebookError::Refused`] with the reason, and the store's; nothing has happened then.
    pub fn act_on_inspection(
        &mut self,
        inspection: InspectionId,
        event: &InspectionEvent,
    ) -> Result<EventId> {
        self.append::<Inspection>(inspection, event)
    }

    /// Sets up a responsibility zone.
    ///
    /// # Errors
    /// [`NotebookError::Refused`] with the reason, and the store's; nothing has happened then.
    pub fn create_zone(&mut self, space: OrgId, fields: &ZoneFields) -> Result<ZoneId> {
        self.create::<ResponsibilityZone>(space, fields, None)
            .map(ZoneId::from)
    }

    /// Proposes a vanguard post.
    ///
    /// # Errors
    /// [`NotebookError::Refused`] with the reason, and the store's; nothing has happened then.
    pub fn propose_post(&mut self, space: OrgId, fields: &PostFields) -> Result<PostId> {
        self.create::<VanguardPost>(space, fields, None)
            .map(PostId::from)
    }

    /// 履岗记录: writes an entry of a post that this member holds.
    ///
    /// # Errors
    /// [`NotebookError::Refused`] with the reason, and the store's; nothing has happened then.
    pub fn write_post_entry(&mut self, post: PostId, entry: PostEntry) -> Result<EventId> {
        self.append::<VanguardPost>(post, &PostEvent::Entry(entry))
    }

    /// Sets up a checklist template with its first version.
    ///
    /// # Errors
    /// [`NotebookError::Refused`] with the reason, and the store's; nothing has happened then.
    pub fn create_template(
        &mut self,
        fields: &TemplateFields,
        items: Vec<ChecklistItem>,
    ) -> Result<TemplateId> {
        let (header, create) = self.creation::<Template>(OrgId::DIRECTORY, fields, None)?;
        let publish = self.event(&TemplateEvent::Published { version: 1, items });
        self.perform_all(&[
            (header.id, create),
            (header.id, Verb::Append { event: publish }),
        ])?;
        Ok(TemplateId::from(header.id))
    }

    /// Applies on site for a temporary branch below `parent`.
    ///
    /// # Errors
    /// [`NotebookError::Refused`] with the reason, and the store's; nothing has happened then.
    pub fn propose_temporary_branch(
        &mut self,
        parent: OrgId,
        name: &str,
        project: &str,
    ) -> Result<OrgId> {
        let fields = PartyOrgFields {
            name: name.to_owned(),
            org_kind: PartyOrgKind::TemporaryBranch,
            parent: Some(parent),
            project: Some(project.to_owned()),
        };
        self.create::<PartyOrg>(OrgId::DIRECTORY, &fields, None)
            .map(OrgId::from)
    }

    /// Approves a temporary branch and appoints its secretary, whose grant comes with it.
    ///
    /// # Errors
    /// [`NotebookError::Refused`] with the reason, and the store's; nothing has happened then.
    pub fn approve_temporary_branch(&mut self, org: OrgId, secretary: MemberId) -> Result<GrantId> {
        let approved = self.event(&PartyOrgEvent::Approved { secretary });
        let grant = GrantFields {
            member: secretary,
            role: Role::BranchSecretary,
            org,
        };
        let (header, create) = self.creation::<Grant>(OrgId::DIRECTORY, &grant, None)?;
        self.perform_all(&[
            (org.into(), Verb::Append { event: approved }),
            (header.id, create),
        ])?;
        Ok(GrantId::from(header.id))
    }

    /// Begins a temporary branch's work, dissolves or archives it.
    ///
    /// # Errors
    /// [`NotebookError::Refused`] with the reason, and the store's; nothing has happened then.
    pub fn act_on_org(&mut self, org: OrgId, event: &PartyOrgEvent) -> Result<EventId> {
        self.append::<PartyOrg>(org, event)
    }

    /// Gives a member a role.
    ///
    /// # Errors
    /// [`NotebookError::Refused`] with the reason, and the store's; nothing has happened then.
    pub fn grant(&mut self, fields: &GrantFields) -> Result<GrantId> {
        self.create::<Grant>(OrgId::DIRECTORY, fields, None)
            .map(GrantId::from)
    }

    /// Ends a grant.
    ///
    /// # Errors
    /// [`NotebookError::Refused`] with the reason, and the store's; nothing has happened then.
    pub fn end_grant(&mut self, grant: GrantId, reason: &str) -> Result<EventId> {
        self.append::<Grant>(
            grant,
            &GrantEvent::Ended {
                reason: reason.to_owned(),
            },
        )
    }

    /// Creates a record of any kind.
    ///
    /// # Errors
    /// [`NotebookError::Refused`] with the reason, and the store's; nothing has happened then.
    pub fn create<R: Record>(
        &mut self,
        space: OrgId,
        fields: &R::Fields,
        event: Option<&R::Event>,
    ) -> Result<DocumentId> {
        let (header, verb) = self.creation::<R>(space, fields, event)?;
        self.perform_all(&[(header.id, verb)])?;
        Ok(header.id)
    }

    /// Appends an event to a record of any kind.
    ///
    /// # Errors
    /// [`NotebookError::Refused`] with the reason, and the store's; nothing has happened then.
    pub fn append<R: Record>(
        &mut self,
        id: impl Into<DocumentId>,
        event: &R::Event,
    ) -> Result<EventId> {
        let event = self.event(event);
        let event_id = event.id;
        self.perform_all(&[(id.into(), Verb::Append { event })])?;
        Ok(event_id)
    }

    /// Gives fields of a record other values; null removes one. Fields that others edited
    /// meanwhile keep both values until somebody chooses.
    ///
    /// # Errors
    /// [`NotebookError::Refused`] with the reason, and the store's; nothing has happened then.
    pub fn edit(&mut self, id: impl Into<DocumentId>, fields: Map<String, Value>) -> Result<()> {
        self.perform_all(&[(id.into(), Verb::Edit { fields })])
    }

    /// A creating verb with a new id.
    pub(super) fn creation<R: Record>(
        &self,
        space: OrgId,
        fields: &R::Fields,
        event: Option<&R::Event>,
    ) -> Result<(Header, Verb)> {
        self.creation_as::<R>(DocumentId(self.env.uuid_v7()), space, fields, event)
    }

    pub(super) fn creation_as<R: Record>(
        &self,
        id: DocumentId,
        space: OrgId,
        fields: &R::Fields,
        event: Option<&R::Event>,
    ) -> Result<(Header, Verb)> {
        let created_ms = self.env.now_ms();
        let creator = self.member()?;
        let header = Header {
            id,
            kind: R::KIND,
            space,
            creator,
            created_ms,
            schema: SCHEMA,
        };
        let event = event.map(|event| self.event(event));
        let verb = Verb::Create {
            header: header.clone(),
            fields: to_map(fields),
            event,
        };
        Ok((header, verb))
    }

    fn event(&self, body: &impl serde::Serialize) -> NewEvent {
        NewEvent {
            id: EventId(self.env.uuid_v7()),
            at_ms: self.env.now_ms(),
            body: to_map(body),
        }
    }

    /// Does verbs in one transaction: all or none.
    pub(super) fn perform_all(&mut self, verbs: &[(DocumentId, Verb)]) -> Result<()> {
        self.perform_with(verbs, |_| Ok(()))
    }

    pub(super) fn perform_with(
        &mut self,
        verbs: &[(DocumentId, Verb)],
        also: impl FnOnce(&rusqlite::Connection) -> Result<()>,
    ) -> Result<()> {
        let hand = self.hand()?;
        let Self {
            store, directory, ..
        } = self;
        // A later verb may rest on an earlier one of the same transaction, as a grant on its
        // organisation: the rules see them one after the other.
        let mut seen_ahead = Arc::clone(directory);
        store.transact(|conn| {
            for (id, verb) in verbs {
                write(conn, &seen_ahead, &hand, *id, verb, hand.now_ms)?;
                super::note_ahead(conn, &mut seen_ahead, *id)?;
            }
            also(conn)
        })?;
        self.directory = seen_ahead;
        Ok::<(), NotebookError>(())
    }
}
