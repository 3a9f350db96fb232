//! The verbs of the walk that change the directory: roles, organisations, templates, the registry.

use vanguard_core::id::{GrantId, OrgId};
use vanguard_core::model::inspection::InspectionKind;
use vanguard_core::model::organisation::{PartyOrg, PartyOrgEvent, Unit, UnitFields, UnitKind};
use vanguard_core::model::people::{GrantFields, Person, PersonFields};
use vanguard_core::model::template::{ChecklistItem, Template, TemplateEvent, TemplateFields};
use vanguard_core::model::{DocumentKind, Role};

use super::World;
use super::verbs::{Did, appended, created};

impl World {
    pub(super) fn template(&mut self, at: usize) -> Did {
        let (org, name) = (self.space(at), self.words("检查表"));
        let items = vec![ChecklistItem {
            code: "1".into(),
            text: name.clone(),
        }];
        if let Some(id) = self
            .some(at, DocumentKind::Template)
            .filter(|_| self.dice.percent(50))
        {
            let version = self
                .phone(at)
                .notebook
                .get::<Template>(id)?
                .view
                .state
                .version
                + 1;
            return self.append::<Template>(at, id, &TemplateEvent::Published { version, items });
        }
        let fields = TemplateFields {
            name,
            inspection_kind: InspectionKind::Daily,
            org,
            duty: None,
        };
        let notebook = &mut self.phone(at).notebook;
        let id = notebook.create_template(&fields, items)?;
        let view = notebook.get::<Template>(id)?.view;
        let mut done = created(id);
        done.extend(
            view.events
                .iter()
                .flat_map(|folded| appended(id, folded.event.id)),
        );
        Ok(done)
    }

    pub(super) fn grant(&mut self, at: usize) -> Did {
        let fields = GrantFields {
            member: *self.dice.one(&self.members),
            role: *self.dice.one(Role::ALL),
            org: self.space(at),
        };
        self.phone(at).notebook.grant(&fields).map(created)
    }

    pub(super) fn end_grant(&mut self, at: usize) -> Did {
        let Some(id) = self.some(at, DocumentKind::Grant) else {
            return Ok(Vec::new());
        };
        let reason = self.words("调离");
        let notebook = &mut self.phone(at).notebook;
        let event = notebook.end_grant(GrantId::from(id), &reason)?;
        Ok(appended(id, event))
    }

    pub(super) fn branch(&mut self, at: usize) -> Did {
        let (parent, name) = (self.space(at), self.words("临时党支部"));
        let (secretary, host) = (*self.dice.one(&self.members), self.space(at));
        let org = self.documents(at, DocumentKind::Organisation);
        let org = self.dice.any(&org).map(OrgId::from);
        let notebook = &mut self.walkers[at].phone.as_mut().expect("a phone").notebook;
        match (org, self.dice.below(6)) {
            (Some(org), 0 | 1) => {
                let grant = notebook.approve_temporary_branch(org, secretary)?;
                let view = notebook.get::<PartyOrg>(org)?.view;
                let approval = view.events.last().map(|folded| folded.event.id);
                let mut done = created(grant);
                done.extend(approval.into_iter().flat_map(|event| appended(org, event)));
                Ok(done)
            }
            (Some(org), 2) => self.append::<PartyOrg>(at, org.into(), &PartyOrgEvent::Activated),
            (Some(org), 3) => {
                let event = PartyOrgEvent::Dissolved { host, reason: name };
                self.append::<PartyOrg>(at, org.into(), &event)
            }
            (Some(org), 4) if self.dice.percent(30) => {
                self.append::<PartyOrg>(at, org.into(), &PartyOrgEvent::Archived)
            }
            _ => {
                let org = notebook.propose_temporary_branch(parent, &name, "技改工程")?;
                self.orgs.push(org);
                Ok(created(org))
            }
        }
    }

    pub(super) fn register(&mut self, at: usize) -> Did {
        let name = self.words("单位");
        if let Some(unit) = self
            .some(at, DocumentKind::Unit)
            .filter(|_| self.dice.percent(70))
        {
            let fields = PersonFields {
                name,
                unit: unit.into(),
            };
            let notebook = &mut self.phone(at).notebook;
            return notebook
                .create::<Person>(OrgId::DIRECTORY, &fields, None)
                .map(created);
        }
        let fields = UnitFields {
            name,
            unit_kind: UnitKind::Crew,
            parent: None,
        };
        let notebook = &mut self.phone(at).notebook;
        notebook
            .create::<Unit>(OrgId::DIRECTORY, &fields, None)
            .map(created)
    }
}
