//! The relay's read side: one more replica of the log, in core's own store, so that a
//! supervisor's ledger is the same projection as on a phone. It may lag by a moment, says how
//! far it is, and can be deleted: it is rebuilt from the log.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{Notify, watch};
use vanguard_core::document::Admitted;
use vanguard_core::env::Env;
use vanguard_core::id::DocumentId;
use vanguard_core::store::documents::{self, Incoming};
use vanguard_core::store::statistics::Facts;
use vanguard_core::store::{Durability, Store, StoreError, meta, open_reader, set_meta};

use super::facts::KnownFacts;
use super::pool::Pool;
use super::{RelayError, log};
use crate::hands::Hands;

/// What the replica looks at while it follows the log.
pub(super) struct Followed {
    /// The end of the log.
    pub(super) head: watch::Receiver<u64>,
    /// How many pushes are waiting to be judged or being judged.
    pub(super) pushes: watch::Receiver<usize>,
}

/// The replica: its readers, and the thread that feeds it.
pub struct Replica {
    readers: Arc<Pool>,
    hands: Hands,
    /// Does what takes seconds.
    patient_hand: Hands,
    facts: Arc<KnownFacts>,
    /// Somebody waits for what the replica does not have yet.
    hurry: Arc<Notify>,
    position: watch::Receiver<u64>,
    thread: Option<JoinHandle<()>>,
    stop: watch::Sender<bool>,
}

impl Replica {
    /// Opens the replica, begins it anew where it is not of this log, and follows the log.
    pub(super) fn follow(
        data: &Path,
        log_path: &Path,
        followed: Followed,
        env: Arc<dyn Env>,
        runtime: tokio::runtime::Handle,
    ) -> Result<Self, RelayError> {
        let failed = |error: std::io::Error| RelayError::Storage(error.to_string());
        let path = data.join("replica.db");
        let log = log::open_reader(log_path)?;
        let store = open_of(&path, &log, env.now_ms())?;
        let begun: u64 = meta(store.reader(), "replica_seq")?.unwrap_or(0);
        let (news, position) = watch::channel(begun);
        let (stop, stopped) = watch::channel(false);
        let hurry = Arc::new(Notify::new());
        let facts = Arc::new(KnownFacts::default());
        let mut feeder = Feeder {
            store,
            log,
            news,
            facts: Arc::clone(&facts),
            hurry: Arc::clone(&hurry),
            env,
        };
        let thread = std::thread::Builder::new()
            .name("replica".into())
            .spawn(move || {
                step_back();
                feeder.run(followed, stopped, &runtime);
            })
            .map_err(failed)?;
        let hands = Hands::one_for_each_core("reading").map_err(failed)?;
        let patient_hand = Hands::new("reading all", 1).map_err(failed)?;
        let readers = Arc::new(Pool::new(path, |path| {
            open_reader(path).map_err(|_| rusqlite::Error::InvalidPath(path.to_owned()))
        }));
        // Now, and not when the first supervisor of the day waits for it. Whoever counts reads
        // them again where this fails.
        let (known, pool) = (Arc::clone(&facts), Arc::clone(&readers));
        drop(patient_hand.run(move || pool.with(|conn| known.read(conn))));
        Ok(Self {
            readers,
            hands,
            patient_hand,
            facts,
            hurry,
            position,
            thread: Some(thread),
            stop,
        })
    }

    /// The position of the log up to which the replica is.
    pub fn position(&self) -> u64 {
        *self.position.borrow()
    }

    /// Waits until the replica is at `position`.
    pub async fn wait_for(&self, position: u64) {
        let mut at = self.position.clone();
        if *at.borrow() < position {
            self.hurry.notify_one();
        }
        // An error means that the feeder has stopped: then nobody waits any more.
        let _ = at.wait_for(|reached| *reached >= position).await;
    }

    /// Runs a query on a connection of its own, off the async threads.
    ///
    /// # Errors
    /// [`RelayError::Storage`] where the query fails.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, RelayError> {
        self.by(&self.hands, work).await
    }

    /// Runs a query on what the replica has at one moment, and says up to which position of the log
    /// that is: nothing later is in what it found.
    ///
    /// # Errors
    /// [`RelayError::Storage`] where the query fails.
    pub async fn read_at<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<(u64, T), RelayError> {
        self.read(move |conn| {
            let moment = conn.unchecked_transaction()?;
            let position = meta(&moment, "replica_seq")?.unwrap_or(0);
            Ok((position, work(&moment)?))
        })
        .await
    }

    /// Runs a query that takes seconds, such as a whole ledger: one at a time, so that those who
    /// look at pages keep their hands.
    ///
    /// # Errors
    /// [`RelayError::Storage`] where the query fails.
    pub async fn read_all<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, RelayError> {
        self.by(&self.patient_hand, work).await
    }

    /// Counts figures, off the async threads.
    ///
    /// # Errors
    /// [`RelayError::Storage`] where a query fails.
    pub async fn count<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, &Facts) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, RelayError> {
        if !self.facts.are_read() {
            // Those who look at pages keep their hands.
            let facts = Arc::clone(&self.facts);
            self.read_all(move |conn| facts.read(conn)).await?;
        }
        let facts = Arc::clone(&self.facts);
        self.read(move |conn| facts.count(conn, |known| work(conn, known)))
            .await
    }

    async fn by<T: Send + 'static>(
        &self,
        hands: &Hands,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, RelayError> {
        let readers = Arc::clone(&self.readers);
        let done = hands.run(move || readers.with(|conn| work(conn)));
        Ok(done.await.map_err(|_| RelayError::Stopped)??)
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Opens the replica's store where it is of this log, else begins a new one.
fn open_of(path: &Path, log: &Connection, now_ms: i64) -> Result<Store, RelayError> {
    let epoch = log::head(log)?.epoch;
    let (store, _) = Store::open_or_set_aside(path, Durability::Rebuildable, now_ms)?;
    let seq: u64 = meta(store.reader(), "replica_seq")?.unwrap_or(0);
    let own: Option<Vec<u8>> = meta(store.reader(), "replica_cursor")?;
    let theirs = log::cursor_at(log, seq)?.map(|cursor| vanguard_core::wire::encode(&cursor));
    let is_new: Option<[u8; 8]> = meta(store.reader(), "replica_epoch")?;
    if (is_new == Some(epoch) && own == theirs) || (seq == 0 && own.is_none()) {
        return Ok(store);
    }
    drop(store);
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(PathBuf::from(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(RelayError::Storage(error.to_string()));
            }
            _ => {}
        }
    }
    Ok(Store::open(path, Durability::Rebuildable)?)
}

/// Lets whoever pushes or pulls go first: on Linux a thread has a niceness of its own.
fn step_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(10) {
        tracing::debug!(%error, "the replica works at the same priority as everybody");
    }
}

/// The thread that takes the log's changes into the replica.
struct Feeder {
    store: Store,
    log: Connection,
    news: watch::Sender<u64>,
    facts: Arc<KnownFacts>,
    hurry: Arc<Notify>,
    env: Arc<dyn Env>,
}

/// So many changes are taken in one transaction.
const STEP: usize = 500;
/// How long the replica stands back while pushes are judged, unless somebody waits for it: an
/// answer to a phone is worth more than a fresh figure on a screen.
const STAND_BACK: Duration = Duration::from_secs(1);

/// When a step that failed, as on a full disk, is tried again, whether or not the log grows.
const AGAIN: Duration = Duration::from_secs(5);

impl Feeder {
    fn run(
        &mut self,
        Followed {
            mut head,
            mut pushes,
        }: Followed,
        mut stopped: watch::Receiver<bool>,
        runtime: &tokio::runtime::Handle,
    ) {
        loop {
            let mut is_behind = false;
            match self.step() {
                Ok(0) => {}
                Ok(_) => {
                    if *stopped.borrow() {
                        return;
                    }
                    continue;
                }
                Err(error) => {
                    tracing::error!(%error, "the replica cannot follow the log");
                    is_behind = true;
                }
            }
            let is_over = runtime.block_on(async {
                let mut ended = stopped.clone();
                tokio::select! {
                    changed = head.changed() => changed.is_err(),
                    () = tokio::time::sleep(AGAIN), if is_behind => false,
                    _ = ended.wait_for(|stopped| *stopped) => true,
                }
            });
            if is_over {
                return;
            }
            runtime.block_on(self.stand_back(&mut pushes, &mut stopped));
        }
    }

    /// Waits while pushes are judged, for a moment.
    async fn stand_back(
        &self,
        pushes: &mut watch::Receiver<usize>,
        stopped: &mut watch::Receiver<bool>,
    ) {
        let quiet = pushes.wait_for(|pushes| *pushes == 0);
        let pushed = tokio::time::timeout(STAND_BACK, quiet);
        tokio::select! {
            _ = pushed => {}
            () = self.hurry.notified() => {}
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
    }

    /// Takes the next changes in; says how many.
    fn step(&mut self) -> Result<usize, RelayError> {
        let from = *self.news.borrow();
        let rows = self.read_after(from)?;
        let Some(last) = rows.last().map(|row| row.admitted.position) else {
            return Ok(0);
        };
        let cursor = log::cursor_at(&self.log, last)?;
        let epoch = log::head(&self.log)?.epoch;
        let now_ms = self.env.now_ms();
        self.store.transact::<_, StoreError>(|conn| {
            for changes in by_document(&rows) {
                let incoming: Vec<Incoming<'_>> = changes
                    .iter()
                    .map(|row| Incoming {
                        admitted: Some(row.admitted),
                        raw: &row.raw,
                    })
                    .collect();
                let id = changes[0].document;
                let taken = documents::take(conn, id, &incoming, now_ms)?;
                if !matches!(taken, documents::Taken::All(_)) {
                    tracing::error!(%id, ?taken, "a document of the log cannot be projected");
                }
            }
            set_meta(conn, "replica_seq", last)?;
            set_meta(conn, "replica_epoch", epoch)?;
            set_meta(
                conn,
                "replica_cursor",
                cursor.map(|cursor| vanguard_core::wire::encode(&cursor)),
            )
        })?;
        self.note(&rows);
        self.news.send_replace(last);
        Ok(rows.len())
    }

    /// Notes what has changed, for whoever counts: record by record, since this thread may be
    /// stopped for others at any time, and whoever counts waits for the lock.
    fn note(&self, rows: &[LogRow]) {
        for changes in by_document(rows) {
            self.facts.note(self.store.reader(), changes[0].document);
        }
    }

    fn read_after(&self, from: u64) -> Result<Vec<LogRow>, RelayError> {
        let mut statement = self.log.prepare_cached(
            "SELECT c.seq, c.received_at_ms, d.id, c.raw FROM change c JOIN document d USING (doc)
             WHERE c.seq > ?1 ORDER BY c.seq LIMIT ?2",
        )?;
        let rows = statement.query_map((from, STEP), |row| {
            let admitted = Admitted {
                position: row.get(0)?,
                received_at_ms: row.get(1)?,
            };
            Ok(LogRow {
                admitted,
                document: row.get(2)?,
                raw: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<log::Result<_>>()?)
    }
}

struct LogRow {
    admitted: Admitted,
    document: DocumentId,
    raw: Vec<u8>,
}

/// Groups rows by document, the documents in the order of their ids.
fn by_document(rows: &[LogRow]) -> Vec<Vec<&LogRow>> {
    let mut sorted: Vec<&LogRow> = rows.iter().collect();
    sorted.sort_by_key(|row| (row.document, row.admitted.position));
    sorted
        .chunk_by(|a, b| a.document == b.document)
        .map(<[_]>::to_vec)
        .collect()
}
