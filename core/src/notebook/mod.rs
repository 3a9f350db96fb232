//! The notebook: one person's offline copy of what concerns them, on one SQLite file.
//!
//! Its verbs are those of the domain. Each checks the rules first, then commits document, outbox
//! and projection in one transaction that is on disk when the verb returns: what a screen called
//! saved is saved. Nothing here knows a network; [`sync`](crate::sync) brings a notebook and its
//! relay together, in bytes.

mod drafts;
mod identity;
mod rebuilding;
mod safety;
mod shared;
mod verbs;
mod writing;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use crate::document::ReadError;
use crate::env::Env;
use crate::id::{DocumentId, MemberId};
use crate::model::organisation::PartyOrg;
use crate::model::people::Grant;
use crate::model::{DocumentKind, Record, SyncState};
use crate::rules::{Directory, Refusal};
use crate::store::outbox::{Returned, Unsent};
use crate::store::query::{self, Filter, Page, PageKey, Row};
use crate::store::{Durability, Store, StoreError, meta, outbox, synced};
use crate::sync::Link;

pub use drafts::InspectionDraft;
pub(crate) use identity::note_confirmed;
pub use identity::{Enrolment, Identity, UnsignedEnrolment};
pub(crate) use rebuilding::{rebuild, rebuild_without_lost};
pub use safety::StorageUse;
pub use shared::SharedNotebook;
pub(crate) use writing::Hand;

/// Why a verb was not done. Nothing has happened then.
#[derive(Debug, thiserror::Error)]
pub enum NotebookError {
    /// The rules do not allow it.
    #[error("refused: {}", .0.as_str())]
    Refused(Refusal),
    /// There is no such record here.
    #[error("there is no record {0} here")]
    NotFound(DocumentId),
    /// The notebook is nobody's yet.
    #[error("this device is not enrolled yet")]
    NotEnrolled,
    /// The notebook is somebody's already.
    #[error("this device is enrolled already")]
    AlreadyEnrolled,
    /// The record was written by a newer app, or is damaged: it can be looked at, not changed.
    #[error("this record cannot be changed here: {0}")]
    ReadOnly(#[from] ReadError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Refusal> for NotebookError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<rusqlite::Error> for NotebookError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Shorthand for results of the notebook.
pub type Result<T> = std::result::Result<T, NotebookError>;

/// One person's notebook. It is used by one thread at a time; [`SharedNotebook`] is for many.
pub struct Notebook {
    pub(crate) store: Store,
    pub(crate) env: Arc<dyn Env>,
    pub(crate) identity: Option<Arc<Identity>>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) link: Link,
    /// This opening's Automerge actor: never used by another opening, so that a copied or
    /// restored file cannot make two changes of one number.
    pub(crate) actor: [u8; 16],
    set_aside: Option<PathBuf>,
}

impl std::fmt::Debug for Notebook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notebook")
            .field("path", &self.store.path())
            .finish_non_exhaustive()
    }
}

impl Notebook {
    /// Opens the notebook at `path`, or begins one. A damaged file is set aside, see
    /// [`Notebook::set_aside_file`].
    ///
    /// # Errors
    /// Where the file cannot be opened or was written by a newer version.
    pub fn open(path: &Path, env: Arc<dyn Env>) -> Result<Self> {
        #[cfg_attr(not(feature = "photos"), allow(unused_mut))]
        let (mut store, set_aside) =
            Store::open_or_set_aside(path, Durability::Full, env.now_ms())?;
        // A folder that cannot be read is no reason to keep the records from anybody.
        #[cfg(feature = "photos")]
        let _ = crate::photos::tidy(&mut store, env.now_ms());
        let identity = Identity::load(store.reader())?.map(Arc::new);
        let directory = Arc::new(load_directory(store.reader())?);
        let link = Link::new(store.reader(), env.as_ref())?;
        let actor = fresh_actor(identity.as_deref(), env.as_ref());
        Ok(Self {
            store,
            env,
            identity,
            directory,
            link,
            actor,
            set_aside,
        })
    }

    /// Where a damaged file was set aside when this notebook was opened.
    pub fn set_aside_file(&self) -> Option<&Path> {
        self.set_aside.as_deref()
    }

    /// Whose notebook it is; `None` until enrolled.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_deref()
    }

    /// The organisation tree and the grants as this device has seen them.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The store's connection, for the queries of [`store`](crate::store).
    pub fn reader(&self) -> &Connection {
        self.store.reader()
    }

    /// A page of records, newest first.
    ///
    /// # Errors
    /// The store's.
    pub fn list<R: Record>(
        &self,
        filter: &Filter,
        after: Option<PageKey>,
        limit: usize,
    ) -> Result<Page<R>> {
        let mut page = query::list(self.reader(), filter, after, limit)?;
        for row in &mut page.rows {
            self.mark_sent(row);
        }
        Ok(page)
    }

    /// One record.
    ///
    /// # Errors
    /// [`NotebookError::NotFound`] where it is not here, and the store's.
    pub fn get<R: Record>(&self, id: impl Into<DocumentId>) -> Result<Row<R>> {
        let id = id.into();
        let mut row = query::get(self.reader(), id)?.ok_or(NotebookError::NotFound(id))?;
        self.mark_sent(&mut row);
        Ok(row)
    }

    fn mark_sent<R: Record>(&self, row: &mut Row<R>) {
        if row.sync_state == SyncState::LocalOnly && self.link.has_sent_all(row.view.header.id) {
            row.sync_state = SyncState::Sent;
        }
    }

    /// What the first `limit` rows of a list show, as a number that is another one when they show
    /// something else.
    ///
    /// # Errors
    /// The store's.
    pub fn fingerprint(&self, kind: DocumentKind, filter: &Filter, limit: usize) -> Result<u64> {
        let is_sent = |id| self.link.has_sent_all(id);
        Ok(query::fingerprint(
            self.reader(),
            kind,
            filter,
            limit,
            is_sent,
        )?)
    }

    /// What one record shows, as a number; see [`Notebook::fingerprint`].
    ///
    /// # Errors
    /// The store's.
    pub fn fingerprint_of(&self, id: DocumentId) -> Result<u64> {
        let is_sent = |id| self.link.has_sent_all(id);
        Ok(query::fingerprint_of_one(self.reader(), id, is_sent)?)
    }

    /// How many changes no receipt covers, and since when.
    ///
    /// # Errors
    /// The store's.
    pub fn unsent(&self) -> Result<Unsent> {
        Ok(outbox::unsent(self.reader())?)
    }

    /// The returned-to-you tray.
    ///
    /// # Errors
    /// The store's.
    pub fn returned(&self) -> Result<Vec<Returned>> {
        Ok(outbox::returned(self.reader())?)
    }

    /// Marks something in the tray as dealt with.
    ///
    /// # Errors
    /// The store's.
    pub fn settle_returned(&mut self, number: i64) -> Result<()> {
        self.store
            .transact(|conn| Ok(outbox::settle_returned(conn, number)?))
    }

    /// The member whose notebook it is.
    ///
    /// # Errors
    /// [`NotebookError::NotEnrolled`].
    pub fn member(&self) -> Result<MemberId> {
        Ok(self
            .identity
            .as_ref()
            .ok_or(NotebookError::NotEnrolled)?
            .member)
    }

    /// Removes what was neither open nor touched within `window_days` when the relay was last heard,
    /// nor holds anything unsent; the relay keeps it, and it comes back when it is wanted. Gives how
    /// many went.
    ///
    /// # Errors
    /// The store's.
    pub fn prune(&mut self, window_days: u32) -> Result<usize> {
        // Documents are dated by the relay's clock, from which this device's may be years away, and
        // may have gone years ahead since it was last compared.
        let Some(synced_ms) = synced::last_sync_ms(self.reader())? else {
            return Ok(0);
        };
        let offset_ms: i64 = meta(self.reader(), "clock_offset_ms")?.unwrap_or(0);
        let heard_ms = synced_ms.saturating_add(offset_ms);
        let before = heard_ms.saturating_sub(i64::from(window_days) * crate::calendar::DAY_MS);
        self.store.transact(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT d.doc FROM document d JOIN record r ON r.doc = d.doc
                 WHERE d.touched_ms < ?1 AND NOT r.is_open
                 AND r.kind IN ('inspection', 'violation', 'hazard')
                 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.doc = d.doc)
                 AND NOT EXISTS (SELECT 1 FROM photo p JOIN blob b ON b.hash = p.hash
                     WHERE p.doc = d.doc AND b.is_owed)",
            )?;
            let keys: Vec<i64> = statement
                .query_map([before], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            for key in &keys {
                crate::store::documents::remove(conn, crate::store::documents::DocKey(*key))?;
            }
            Ok(keys.len())
        })
    }

    /// What this member writes with now.
    pub(crate) fn hand(&self) -> Result<Hand> {
        let cursor = synced::cursor(self.reader())?;
        Ok(Hand {
            member: self.member()?,
            actor: self.actor,
            directory_position: cursor.map_or(0, |cursor| cursor.seq),
            now_ms: self.env.now_ms(),
        })
    }
}

pub(crate) fn fresh_actor(identity: Option<&Identity>, env: &dyn Env) -> [u8; 16] {
    let mut actor = env.random_16();
    if let Some(identity) = identity {
        actor[..8].copy_from_slice(&identity.public_key.actor_prefix());
    }
    actor
}

/// The directory from what is projected of it.
pub(crate) fn load_directory(conn: &Connection) -> Result<Directory> {
    let mut directory = Directory::default();
    let everything = Filter::default();
    for row in query::list::<PartyOrg>(conn, &everything, None, 1_000_000)?.rows {
        directory.put_org(&row.view);
    }
    for row in query::list::<Grant>(conn, &everything, None, 1_000_000)?.rows {
        directory.put_grant(&row.view);
    }
    Ok(directory)
}

/// Takes a directory document's news into a directory; other documents leave it as it is.
pub(crate) fn note_ahead(
    conn: &Connection,
    directory: &mut Arc<Directory>,
    id: DocumentId,
) -> Result<()> {
    match query::kind_of(conn, id)? {
        Some((DocumentKind::Organisation, _)) => {
            if let Some(row) = query::get::<PartyOrg>(conn, id)? {
                Arc::make_mut(directory).put_org(&row.view);
            }
        }
        Some((DocumentKind::Grant, _)) => {
            if let Some(row) = query::get::<Grant>(conn, id)? {
                Arc::make_mut(directory).put_grant(&row.view);
            }
        }
        _ => {}
    }
    Ok(())
}
