//! What travels next, and what becomes of it: sans-IO, state in SQLite. A [`Round`] is driven by
//! whoever owns the network, as a [`Session`](crate::sync::Session) is:
//!
//! ```text
//! while let Some(job) = round.next(&notebook)? {
//!     let end = carry(&job);              // see `http::HttpRelay::carry`
//!     round.ended(&mut notebook, &job, end)?;
//! }
//! ```
//!
//! Text comes first (a file goes only when no change of its record waits), then thumbnails, then
//! originals, the oldest first. A file that cannot travel waits by itself and blocks nothing.

use std::io;
use std::path::PathBuf;

use rusqlite::{Connection, params};

use super::{Conditions, Folder, PhotoError, SyncPolicy};
use crate::keys::Hash;
use crate::model::photo::PhotoPurpose;
use crate::notebook::Notebook;
use crate::store::photos::LONGEST_WAIT_MS;
use crate::store::{StoreError, photos};

/// A file on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// SHA-256 of the file.
    pub hash: Hash,
    /// Its size in bytes.
    pub bytes: u64,
    /// Which of its photo's files it is.
    pub purpose: PhotoPurpose,
    /// Which way it goes.
    pub way: Way,
}

/// Which way a file goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the relay.
    Up {
        /// Where it lies.
        path: PathBuf,
        /// The upload that was begun for it, a path at the relay.
        url: Option<String>,
    },
    /// From the relay, into this folder.
    Down(Folder),
}

/// How a file's way ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It is there.
    Arrived,
    /// The connection broke, and nothing more of the file came through after several tries.
    Cut(String),
    /// The relay does not take it, or has not got it.
    Refused(String),
    /// The file that should be sent is not here, or is not what it was.
    Lost,
    /// This device cannot read or write the file.
    Failed(String),
    /// There is no room on this device for what should come.
    Full,
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Failed(format!("the photo's file: {error}")),
        }
    }
}

/// What a round has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhotoProgress {
    /// Files sent.
    pub sent: u64,
    /// Files received.
    pub received: u64,
    /// Files that could not travel, and wait.
    pub failed: u64,
    /// Bytes of files sent.
    pub bytes_up: u64,
    /// Bytes of files received.
    pub bytes_down: u64,
    /// Files that may travel now and have not yet.
    pub files_left: u64,
    /// Their bytes.
    pub bytes_left: u64,
}

/// A file that waits, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delayed {
    /// SHA-256 of the file.
    pub hash: Hash,
    /// How often it was tried in vain.
    pub attempts: u32,
    /// When it is tried again, by the device's clock, in milliseconds.
    pub not_before_ms: i64,
    /// Why it did not travel.
    pub problem: String,
}

/// What may travel in a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoundOptions {
    /// What the phone's owner allows.
    pub policy: SyncPolicy,
    /// How the phone is.
    pub conditions: Conditions,
}

/// The files of one sync, from the first to the last that may travel now.
#[derive(Debug)]
pub struct Round {
    options: RoundOptions,
    progress: PhotoProgress,
    cut_in_a_row: u32,
    /// The disk is full: what is sent makes room, and what would come has none.
    is_full: bool,
}

/// After so many files in a row through which nothing came, the relay counts as out of reach.
const OFFLINE_AFTER: u32 = 3;
impl Round {
    /// A round that has done nothing yet.
    pub fn new(options: RoundOptions) -> Self {
        Self {
            options,
            progress: PhotoProgress::default(),
            cut_in_a_row: 0,
            is_full: false,
        }
    }

    /// What it has done so far.
    pub fn progress(&self) -> PhotoProgress {
        self.progress
    }

    /// From now on other files may travel: its owner's mind has changed, or the phone's state.
    pub fn go_by(&mut self, options: RoundOptions) {
        self.options = options;
    }

    /// Whether it ended because nothing came through, not because all was done.
    pub fn is_offline(&self) -> bool {
        self.cut_in_a_row >= OFFLINE_AFTER
    }

    /// Notes bytes on their way, for the progress.
    pub fn moved(&mut self, job: &Job, bytes: u64) {
        match job.way {
            Way::Up { .. } => self.progress.bytes_up += bytes,
            Way::Down(_) => self.progress.bytes_down += bytes,
        }
        self.progress.bytes_left = self.progress.bytes_left.saturating_sub(bytes);
    }

    /// What travels next; `None` where nothing may now.
    ///
    /// # Errors
    /// The store's.
    pub fn next(&mut self, notebook: &Notebook) -> Result<Option<Job>, PhotoError> {
        if self.is_offline() {
            return Ok(None);
        }
        let now_ms = notebook.env.now_ms();
        let may = |purpose| {
            let RoundOptions { policy, conditions } = &self.options;
            policy.allows(conditions, purpose)
        };
        let conn = notebook.reader();
        let mut due = due_up(conn, now_ms)?;
        if !self.is_full {
            due.extend(due_down(conn, now_ms)?);
        }
        due.retain(|file| file.is_urgent || may(file.purpose));
        self.progress.files_left = due.len() as u64;
        self.progress.bytes_left = due.iter().map(|file| file.bytes).sum();
        let next = due.into_iter().min_by_key(Due::rank);
        let folder = notebook.photo_folder();
        Ok(next.map(|file| Job {
            way: if file.is_up {
                Way::Up {
                    path: folder.path(&file.hash),
                    url: file.url,
                }
            } else {
                Way::Down(folder)
            },
            hash: file.hash,
            bytes: file.bytes,
            purpose: file.purpose,
        }))
    }

    /// Takes how a file's way ended.
    ///
    /// # Errors
    /// The store's.
    pub fn ended(
        &mut self,
        notebook: &mut Notebook,
        job: &Job,
        end: End,
    ) -> Result<(), PhotoError> {
        let now_ms = notebook.env.now_ms();
        let end = match (&job.way, end) {
            (Way::Down(folder), End::Arrived) => match folder.finish(&job.hash) {
                Ok(true) => End::Arrived,
                Ok(false) => End::Refused("what came was not what the record names".into()),
                Err(error) => error.into(),
            },
            (_, end) => end,
        };
        self.is_full |= end == End::Full;
        self.cut_in_a_row = match end {
            End::Cut(_) => self.cut_in_a_row + 1,
            _ => 0,
        };
        notebook.store.transact(|conn| {
            let problem = match end {
                End::Arrived => {
                    photos::forget_transfer(conn, &job.hash)?;
                    return match job.way {
                        Way::Up { .. } => {
                            self.progress.sent += 1;
                            photos::sent(conn, &job.hash)
                        }
                        Way::Down(ref folder) => {
                            self.progress.received += 1;
                            conn.prepare_cached("DELETE FROM photo_wanted WHERE hash = ?1")?
                                .execute([job.hash])?;
                            // A record may name another size than the file has.
                            let found = folder.path(&job.hash).metadata();
                            let bytes = found.map_or(job.bytes, |file| file.len());
                            photos::put(conn, &job.hash, bytes, now_ms, false)
                        }
                    };
                }
                End::Cut(reason) | End::Refused(reason) | End::Failed(reason) => reason,
                End::Lost => "the photo's file is missing or damaged on this device".into(),
                End::Full => "there is no room for it on this device".into(),
            };
            self.progress.failed += 1;
            photos::delay(conn, &job.hash, now_ms, &problem)
        })?;
        Ok(())
    }
}

/// A file that may travel as far as its own state goes.
struct Due {
    hash: Hash,
    bytes: u64,
    purpose: PhotoPurpose,
    since_ms: i64,
    url: Option<String>,
    is_up: bool,
    is_urgent: bool,
}

impl Due {
    /// The lowest goes first: what somebody waits for; then by purpose; then what is unsent before
    /// what is not here; then by age.
    fn rank(&self) -> (bool, PhotoPurpose, bool, i64, Hash) {
        (
            !self.is_urgent,
            self.purpose,
            !self.is_up,
            self.since_ms,
            self.hash,
        )
    }
}

/// A clock that was put back must not make a file wait for years.
const IS_DUE: &str = "NOT coalesce(t.not_before_ms BETWEEN ?1 + 1 AND ?1 + ?2, 0)";

/// What a file is for, of all that records say: a record that calls a thumbnail something else
/// does not hold it back.
const PURPOSE: &str = "CASE WHEN max(p.purpose = 'thumbnail') THEN 'thumbnail'
    WHEN max(p.purpose = 'original') THEN 'original' ELSE 'untouched' END";

fn due_up(conn: &Connection, now_ms: i64) -> Result<Vec<Due>, StoreError> {
    let sql = format!(
        "SELECT b.hash, b.bytes, {PURPOSE}, b.at_ms, t.url, 1, 0 FROM blob b
         JOIN photo p ON p.hash = b.hash LEFT JOIN transfer t ON t.hash = b.hash
         WHERE b.is_owed AND NOT b.is_sent AND {IS_DUE}
         AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.doc = p.doc) GROUP BY b.hash"
    );
    due(conn, &sql, now_ms)
}

/// How large a file is, the record says that gives it most: one that gives it less spoils nothing.
fn due_down(conn: &Connection, now_ms: i64) -> Result<Vec<Due>, StoreError> {
    let sql = format!(
        "SELECT w.hash, max(p.bytes), {PURPOSE}, w.asked_ms, NULL, 0, w.is_urgent FROM photo_wanted w
         JOIN photo p ON p.hash = w.hash LEFT JOIN transfer t ON t.hash = w.hash
         WHERE {IS_DUE} AND NOT EXISTS (SELECT 1 FROM blob b WHERE b.hash = w.hash)
         GROUP BY w.hash"
    );
    due(conn, &sql, now_ms)
}

fn due(conn: &Connection, sql: &str, now_ms: i64) -> Result<Vec<Due>, StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map(params![now_ms, LONGEST_WAIT_MS], |row| {
        let purpose: String = row.get(2)?;
        Ok(Due {
            hash: row.get(0)?,
            bytes: row.get(1)?,
            purpose: PhotoPurpose::parse(&purpose).unwrap_or(PhotoPurpose::Untouched),
            since_ms: row.get(3)?,
            url: row.get(4)?,
            is_up: row.get(5)?,
            is_urgent: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
