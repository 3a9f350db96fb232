//! Telling a screen when what it shows has changed, and only then: after each commit the query is
//! made again and its rows compared as they lie, so that a thousand records of another zone wake nobody.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use vanguard_core::id::DocumentId;
use vanguard_core::model::DocumentKind;
use vanguard_core::store::photos;

use crate::error::Result;
use crate::handles::TaskHandle;
use crate::lists::ListFilter;
use crate::notebook::Notebook;
use crate::runtime;

/// What a screen shows.
#[allow(clippy::large_enum_variant)] // a screen has one, and uniffi knows no boxes
#[derive(Clone, Debug, uniffi::Enum)]
pub enum Watched {
    /// The first `limit` rows of a list.
    List {
        /// Of which kind.
        kind: DocumentKind,
        /// Which of them.
        filter: ListFilter,
        /// How many.
        limit: u32,
    },
    /// One record, which may not be here yet.
    Record {
        /// Its id.
        id: DocumentId,
    },
    /// What is unsent, returned and drafted.
    Status,
}

/// What an app gives to be told of changes. It is called on a thread of this library: hand over to
/// your own and return.
#[uniffi::export(with_foreign)]
pub trait ChangeListener: Send + Sync {
    /// What is watched has changed; ask for it again.
    fn on_changed(&self);
}

#[uniffi::export]
impl Notebook {
    /// Tells `listener` after each change of what is watched, until the handle is cancelled or
    /// let go of. Several changes in a row may be told as one.
    ///
    /// # Errors
    /// `Paused`, `Storage`.
    pub fn observe(
        self: Arc<Self>,
        watched: Watched,
        listener: Arc<dyn ChangeListener>,
    ) -> Result<Arc<TaskHandle>> {
        let mut changed = self.changed.subscribe();
        let mut shown = self.fingerprint(&watched)?;
        let notebook = Arc::downgrade(&self);
        let task = runtime::handle()?.spawn(async move {
            while changed.changed().await.is_ok() {
                let Some(notebook) = notebook.upgrade() else {
                    return;
                };
                // While paused, or where a row is damaged, there is nothing new to show.
                let Ok(now) = notebook.fingerprint(&watched) else {
                    continue;
                };
                drop(notebook);
                if now != shown {
                    shown = now;
                    listener.on_changed();
                }
            }
        });
        Ok(TaskHandle::new(task.abort_handle()))
    }
}

impl Notebook {
    fn fingerprint(&self, watched: &Watched) -> Result<u64> {
        self.read(|notebook| match watched {
            Watched::List {
                kind,
                filter,
                limit,
            } => notebook.fingerprint(*kind, &filter.clone().into(), *limit as usize),
            Watched::Record { id } => notebook.fingerprint_of(*id),
            Watched::Status => {
                let drafts: Vec<i64> = notebook.drafts()?.iter().map(|d| d.updated_ms).collect();
                let tray: Vec<i64> = notebook.returned()?.iter().map(|r| r.number).collect();
                let unsent = notebook.unsent()?;
                let owed = photos::owed(notebook.reader())?;
                let photos = (owed.files, owed.bytes);
                let mut hasher = DefaultHasher::new();
                (unsent.changes, unsent.oldest_ms, photos, tray, drafts).hash(&mut hasher);
                Ok(hasher.finish())
            }
        })
    }
}
