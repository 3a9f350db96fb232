//! One notebook for many threads: one writes at a time, and a few read beside it on read-only
//! connections of their own (SQLite's WAL), so that no list waits while a page of sync is committed.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use super::{Identity, Notebook, Result};
use crate::env::Env;
use crate::id::DocumentId;
use crate::rules::Directory;
use crate::store::{Store, StoreError};

/// At most so many read at once; the next waits for one of them. A phone shows one screen, and an
/// observer or two look again behind it.
const READERS: usize = 3;

/// A notebook that any number of threads use. Dropping it closes every connection to the file.
#[derive(Debug)]
pub struct SharedNotebook {
    // Closed before the writer, which as the last of all folds the journal into the file.
    readers: Vec<Mutex<Notebook>>,
    /// Whose turn it is to be waited for when all readers are at work.
    turn: AtomicUsize,
    known: Mutex<Known>,
    writer: Mutex<Notebook>,
}

/// What a notebook knows beside its file, as of the writer's last work.
#[derive(Clone, Debug)]
struct Known {
    identity: Option<Arc<Identity>>,
    directory: Arc<Directory>,
    sent: Arc<HashSet<DocumentId>>,
}

impl SharedNotebook {
    /// Opens the notebook at `path`, as [`Notebook::open`] does.
    ///
    /// # Errors
    /// Those of [`Notebook::open`].
    pub fn open(path: &Path, env: Arc<dyn Env>) -> Result<Self> {
        let writer = Notebook::open(path, env)?;
        let reader = |_| writer.beside().map(Mutex::new);
        Ok(Self {
            readers: (0..READERS).map(reader).collect::<Result<_>>()?,
            turn: AtomicUsize::new(0),
            known: Mutex::new(writer.known()),
            writer: Mutex::new(writer),
        })
    }

    /// Reads, beside whoever writes: what was committed last, of one moment however many queries
    /// `work` makes.
    ///
    /// # Errors
    /// Those of `work`, and SQLite's.
    pub fn read<T>(&self, work: impl FnOnce(&Notebook) -> Result<T>) -> Result<T> {
        let mut reader = self.reader();
        reader.take_over(lock(&self.known).clone());
        let moment = reader.store.reader().unchecked_transaction();
        let _moment = moment.map_err(StoreError::from)?;
        work(&reader)
    }

    /// Does something that writes, when whoever writes now is done. Every read that begins
    /// afterwards sees what it did.
    pub fn write<T>(&self, work: impl FnOnce(&mut Notebook) -> T) -> T {
        let mut writer = lock(&self.writer);
        let done = work(&mut writer);
        *lock(&self.known) = writer.known();
        done
    }

    /// The first reader that is free; where none is, one of them, when it is.
    fn reader(&self) -> MutexGuard<'_, Notebook> {
        for reader in &self.readers {
            match reader.try_lock() {
                Ok(reader) => return reader,
                Err(TryLockError::Poisoned(reader)) => return reader.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        lock(&self.readers[self.turn.fetch_add(1, Ordering::Relaxed) % READERS])
    }
}

/// A panic leaves nothing half done: it rolled its transaction back.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Notebook {
    fn known(&self) -> Known {
        Known {
            identity: self.identity.clone(),
            directory: Arc::clone(&self.directory),
            sent: self.link.sent(),
        }
    }

    fn take_over(&mut self, known: Known) {
        self.identity = known.identity;
        self.directory = known.directory;
        self.link.set_sent(known.sent);
    }

    /// The same notebook on a connection that can only read.
    fn beside(&self) -> Result<Self> {
        let store = Store::open_beside(self.store.path())?;
        let link = crate::sync::Link::new(store.reader(), self.env.as_ref())?;
        let mut beside = Self {
            store,
            env: Arc::clone(&self.env),
            identity: None,
            directory: Arc::default(),
            link,
            actor: self.actor,
            set_aside: self.set_aside.clone(),
        };
        beside.take_over(self.known());
        Ok(beside)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::SystemEnv;
    use crate::id::{OrgId, ZoneId};
    use crate::model::Shift;
    use crate::model::inspection::InspectionKind;
    use crate::notebook::NotebookError;

    fn begin(notebook: &mut Notebook) -> Result<()> {
        let (space, zone) = (OrgId::DIRECTORY, ZoneId(uuid::Uuid::nil()));
        notebook.start_inspection(space, zone, InspectionKind::Daily, Shift::Day)?;
        Ok(())
    }

    fn drafts(shared: &SharedNotebook) -> usize {
        shared.read(Notebook::drafts).unwrap().len()
    }

    #[test]
    fn who_reads_does_not_wait_for_who_writes() {
        let folder = tempfile::tempdir().unwrap();
        let shared =
            SharedNotebook::open(&folder.path().join("n.db"), SystemEnv::shared()).unwrap();
        shared.write(begin).unwrap();
        shared
            .write(|notebook| {
                // This thread has the writer, and its transaction has written and is not committed.
                notebook.store.transact(|conn| {
                    assert_eq!(conn.execute("DELETE FROM draft", [])?, 1);
                    // More than there are readers, one after the other and at once.
                    std::thread::scope(|threads| {
                        let readers: Vec<_> = (0..READERS * 4)
                            .map(|_| threads.spawn(|| drafts(&shared)))
                            .collect();
                        for reader in readers {
                            assert_eq!(
                                reader.join().unwrap(),
                                1,
                                "what is not committed is not seen"
                            );
                        }
                    });
                    Ok::<_, NotebookError>(())
                })
            })
            .unwrap();
        assert_eq!(drafts(&shared), 0, "what is committed is seen at once");
    }

    #[test]
    fn who_writes_does_not_wait_for_who_reads_and_a_read_sees_one_moment() {
        let folder = tempfile::tempdir().unwrap();
        let shared =
            SharedNotebook::open(&folder.path().join("n.db"), SystemEnv::shared()).unwrap();
        let (before, after) = shared
            .read(|notebook| {
                let before = notebook.drafts()?.len();
                let (done, wait) = channel();
                std::thread::scope(|threads| {
                    threads.spawn(|| done.send(shared.write(begin)).unwrap());
                });
                wait.recv().unwrap()?;
                Ok((before, notebook.drafts()?.len()))
            })
            .unwrap();
        assert_eq!((before, after), (0, 0));
        assert_eq!(drafts(&shared), 1);
    }

    #[test]
    fn a_reader_cannot_write_and_a_panic_costs_nobody_their_reader() {
        let folder = tempfile::tempdir().unwrap();
        let shared =
            SharedNotebook::open(&folder.path().join("n.db"), SystemEnv::shared()).unwrap();
        let refused =
            shared.read(|notebook| Ok(notebook.reader().execute("DELETE FROM draft", [])?));
        assert!(
            matches!(refused, Err(NotebookError::Store(_))),
            "{refused:?}"
        );
        for _ in 0..READERS * 2 {
            let read = || shared.read(|_| -> Result<()> { panic!("of the test") });
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).unwrap_err();
        }
        shared.write(begin).unwrap();
        assert_eq!(drafts(&shared), 1);
    }
}
