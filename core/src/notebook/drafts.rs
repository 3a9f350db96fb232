//! Drafts: an inspection being answered is a local row, saved after every answer as durably as
//! anything else; its document is born when it is submitted, in one change.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Notebook, NotebookError, Result};
use crate::id::{DocumentId, InspectionId, OrgId, ZoneId};
use crate::json;
use crate::model::Shift;
use crate::model::inspection::{Inspection, InspectionFields, InspectionKind, ItemResult};
use crate::store::StoreError;

/// An inspection that is not submitted yet.
#[derive(Clone, Debug, PartialEq)]
pub struct InspectionDraft {
    /// Its id, which it keeps when it is submitted: hazards and violations may point at it.
    pub id: InspectionId,
    /// The space that it will be in.
    pub space: OrgId,
    /// What is answered so far.
    pub fields: InspectionFields,
    /// When it was last saved, by the device's clock, in milliseconds.
    pub updated_ms: i64,
}

impl Notebook {
    /// Begins a round through a zone.
    ///
    /// # Errors
    /// The store's.
    pub fn start_inspection(
        &mut self,
        space: OrgId,
        zone: ZoneId,
        kind: InspectionKind,
        shift: Shift,
    ) -> Result<InspectionId> {
        let id = InspectionId(self.env.uuid_v7());
        let now_ms = self.env.now_ms();
        let fields = InspectionFields::new(zone, kind, shift, now_ms);
        let draft = InspectionDraft {
            id,
            space,
            fields,
            updated_ms: now_ms,
        };
        self.store.transact(|conn| save(conn, &draft))?;
        Ok(id)
    }

    /// Saves an answer; the same item's earlier answer is replaced.
    ///
    /// # Errors
    /// [`NotebookError::NotFound`] where there is no such draft, and the store's.
    pub fn answer(&mut self, inspection: InspectionId, answer: ItemResult) -> Result<()> {
        self.edit_draft(inspection, |fields| {
            match fields
                .items
                .iter_mut()
                .find(|item| item.code == answer.code)
            {
                Some(item) => *item = answer,
                None => fields.items.push(answer),
            }
        })
    }

    /// Saves whatever `edit` does to a draft.
    ///
    /// # Errors
    /// [`NotebookError::NotFound`] where there is no such draft, and the store's.
    pub fn edit_draft(
        &mut self,
        inspection: InspectionId,
        edit: impl FnOnce(&mut InspectionFields),
    ) -> Result<()> {
        let now_ms = self.env.now_ms();
        self.store.transact(|conn| {
            let mut draft = load(conn, inspection)?;
            edit(&mut draft.fields);
            draft.updated_ms = now_ms;
            save(conn, &draft)
        })
    }

    /// A draft.
    ///
    /// # Errors
    /// [`NotebookError::NotFound`] where there is none, and the store's.
    pub fn draft(&self, inspection: InspectionId) -> Result<InspectionDraft> {
        load(self.reader(), inspection)
    }

    /// The drafts, oldest first.
    ///
    /// # Errors
    /// The store's.
    pub fn drafts(&self) -> Result<Vec<InspectionDraft>> {
        let mut statement = self
            .reader()
            .prepare_cached("SELECT id FROM draft ORDER BY id")?;
        let ids = statement.query_map([], |row| row.get(0))?;
        ids.map(|id| load(self.reader(), id?)).collect()
    }

    /// Submits a draft: its document is made and the draft is gone, in one transaction.
    ///
    /// # Errors
    /// [`NotebookError::Refused`] with the reason, for example an abnormal item that points at
    /// nothing; the draft is kept then. [`NotebookError::NotFound`] where there is no such draft.
    pub fn submit_inspection(&mut self, inspection: InspectionId) -> Result<()> {
        let mut draft = self.draft(inspection)?;
        draft.fields.submitted_ms = self.env.now_ms();
        let id = DocumentId::from(inspection);
        let (_, verb) = self.creation_as::<Inspection>(id, draft.space, &draft.fields, None)?;
        self.perform_with(&[(id, verb)], |conn| remove(conn, inspection))
    }

    /// Throws a draft away.
    ///
    /// # Errors
    /// The store's.
    pub fn discard_draft(&mut self, inspection: InspectionId) -> Result<()> {
        self.store.transact(|conn| remove(conn, inspection))
    }
}

fn save(conn: &Connection, draft: &InspectionDraft) -> Result<()> {
    let body = serde_json::to_string(&draft.fields).map_err(StoreError::from)?;
    conn.prepare_cached(
        "INSERT OR REPLACE INTO draft (id, space, kind, body, updated_ms)
         VALUES (?1, ?2, 'inspection', ?3, ?4)",
    )?
    .execute(params![draft.id, draft.space, body, draft.updated_ms])?;
    Ok(())
}

fn load(conn: &Connection, id: InspectionId) -> Result<InspectionDraft> {
    let mut statement =
        conn.prepare_cached("SELECT space, body, updated_ms FROM draft WHERE id = ?1")?;
    let found = statement
        .query_row([id], |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?))
        })
        .optional()?;
    let (space, body, updated_ms) = found.ok_or(NotebookError::NotFound(id.into()))?;
    let fields = json::read(&body).map_err(StoreError::from)?;
    Ok(InspectionDraft {
        id,
        space,
        fields,
        updated_ms,
    })
}

fn remove(conn: &Connection, id: InspectionId) -> Result<()> {
    conn.prepare_cached("DELETE FROM draft WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}
