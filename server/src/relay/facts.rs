//! What figures are counted from, in memory, as far as the replica is. It is read while the
//! replica goes on: a disk that nobody has read from yet takes seconds to hand over a large log.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use rusqlite::Connection;
use vanguard_core::id::DocumentId;
use vanguard_core::store::statistics::Facts;
use vanguard_core::store::{StoreError, documents};

/// The facts of every record, once they are read.
#[derive(Default)]
pub(super) struct KnownFacts(RwLock<State>);

enum State {
    /// Not read yet; these documents have changed since somebody may have begun to.
    Unread(HashSet<DocumentId>),
    Read(Facts),
}

impl Default for State {
    fn default() -> Self {
        Self::Unread(HashSet::new())
    }
}

impl KnownFacts {
    /// Whether nobody has to read them any more.
    pub(super) fn are_read(&self) -> bool {
        matches!(*self.read_lock(), State::Read(_))
    }

    /// Reads them where nobody has.
    ///
    /// # Errors
    /// SQLite's.
    pub(super) fn read(&self, conn: &Connection) -> Result<(), StoreError> {
        if self.are_read() {
            return Ok(());
        }
        let facts = Facts::read(conn)?;
        self.put(conn, facts)
    }

    /// Takes facts that were read a moment ago, and brings them up to now.
    fn put(&self, conn: &Connection, mut facts: Facts) -> Result<(), StoreError> {
        let mut state = self.write_lock();
        if let State::Unread(changed) = &*state {
            for id in changed {
                note(&mut facts, conn, *id)?;
            }
            *state = State::Read(facts);
        }
        Ok(())
    }

    /// Notes that a document has changed, which `conn` sees as it is now.
    pub(super) fn note(&self, conn: &Connection, id: DocumentId) {
        let mut state = self.write_lock();
        match &mut *state {
            State::Unread(changed) => {
                changed.insert(id);
            }
            State::Read(facts) => {
                if let Err(error) = note(facts, conn, id) {
                    tracing::error!(%error, "facts cannot be noted: they are read anew");
                    *state = State::default();
                }
            }
        }
    }

    /// Counts.
    ///
    /// # Errors
    /// SQLite's, and those of `work`.
    pub(super) fn count<T>(
        &self,
        conn: &Connection,
        work: impl FnOnce(&Facts) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        loop {
            self.read(conn)?;
            if let State::Read(facts) = &*self.read_lock() {
                return work(facts);
            }
        }
    }

    fn read_lock(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_lock(&self) -> std::sync::RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn note(facts: &mut Facts, conn: &Connection, id: DocumentId) -> Result<(), StoreError> {
    documents::find(conn, id)?.map_or(Ok(()), |key| facts.note(conn, key))
}

#[cfg(test)]
mod tests {
    use vanguard_core::document::Admitted;
    use vanguard_core::env::SystemEnv;
    use vanguard_core::id::OrgId;
    use vanguard_core::model::Author;
    use vanguard_core::model::hazard::{Hazard, HazardFields, HazardNature};
    use vanguard_core::store::documents::Incoming;
    use vanguard_core::store::statistics::overview;
    use vanguard_core::store::{Durability, Store};
    use vanguard_core::{Composer, Verb};

    use super::*;
    use crate::acts;

    /// One more hazard in the store, which is noted.
    fn report(known: &KnownFacts, store: &mut Store) {
        let env = SystemEnv::shared();
        let now_ms = env.now_ms();
        let id = env.uuid_v7();
        let fields = HazardFields::new("护栏松动", HazardNature::UnsafeCondition);
        let act = acts::create::<Hazard>(id, OrgId(env.uuid_v7()), &fields, now_ms);
        let Verb::Create { .. } = &act.verb else {
            panic!("not a creation");
        };
        let composer = Composer::new(env.random_16(), Author::OPERATOR, now_ms);
        let mut doc = automerge::Automerge::new();
        let raw = composer.perform(&mut doc, &act.verb, &[]).unwrap().raw;
        let incoming = Incoming {
            admitted: Some(Admitted {
                position: 1,
                received_at_ms: now_ms,
            }),
            raw: &raw,
        };
        let taken = store.transact::<_, StoreError>(|conn| {
            documents::take(conn, act.document, &[incoming], now_ms)
        });
        assert!(matches!(taken.unwrap(), documents::Taken::All(_)));
        known.note(store.reader(), act.document);
    }

    fn open_hazards(known: &KnownFacts, conn: &Connection) -> u64 {
        let counted = known.count(conn, |facts| Ok(overview(facts, &[], 0).open));
        counted.unwrap()
    }

    #[test]
    fn what_changes_while_the_facts_are_read_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("replica.db");
        let mut store = Store::open(&path, Durability::Rebuildable).unwrap();
        let known = KnownFacts::default();
        report(&known, &mut store);

        let begun = Facts::read(store.reader()).unwrap();
        report(&known, &mut store);
        known.put(store.reader(), begun).unwrap();
        assert!(known.are_read());
        assert_eq!(open_hazards(&known, store.reader()), 2);

        // Whoever has read them at the same time comes too late, and nothing goes back.
        let late = Facts::default();
        known.put(store.reader(), late).unwrap();
        report(&known, &mut store);
        assert_eq!(open_hazards(&known, store.reader()), 3);
    }
}
