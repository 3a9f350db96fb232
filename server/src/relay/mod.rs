//! The relay itself: what a device pushes is judged, put into the log and acknowledged; what it
//! lacks is read from the log and given. HTTP is elsewhere; this takes requests and gives answers.

mod act;
mod aside;
mod facts;
mod judge;
mod key;
mod known;
mod log;
mod pages;
mod photos;
mod pool;
mod push;
mod pusher;
mod quarantine;
mod replica;
mod turns;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::watch;
use vanguard_core::batch::receipt_statement;
use vanguard_core::env::Env;
use vanguard_core::id::{DeviceId, DocumentId, MemberId};
use vanguard_core::keys::{Hash, SoftwareKey};
use vanguard_core::model::people::Member;
use vanguard_core::rules::Directory;
use vanguard_core::store::StoreError;
use vanguard_core::store::query::{self, Filter};
use vanguard_core::wire::{
    PHOTOS_ASKED_LIMIT, PROTOCOL, PUSH_LIMIT_CHANGES, SyncRequest, SyncResponse, WINDOW_DAYS,
};

use crate::blobs::{BlobError, BlobLimits, Blobs};
use crate::hands::Hands;
use crate::import::Known;
pub use act::{Act, ActError};
pub(crate) use log::renew_epoch;
use pages::Asked;
pub use photos::{MissingOf, Naming};
use pool::Pool;
use push::{Pushed, admitted_of};
use pusher::Pusher;
pub use quarantine::{QuarantineCount, Quarantined};
use replica::Followed;
pub use replica::Replica;
pub(crate) use turns::Turn;
use turns::Turns;
use writer::Writer;

/// How long whoever waits at a screen or with a phone waits for the replica.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an import waits for it, and the end of the relay.
const LONG_PATIENCE: Duration = Duration::from_secs(30);

/// How the relay judges and serves.
#[derive(Clone, Copy, Debug)]
pub struct RelayOptions {
    /// How long after a grant's end work from before it is still admitted, in milliseconds.
    pub grace_ms: i64,
    /// How far back devices may ask for what is not open, in days.
    pub window_days: u32,
    /// Bounds on photos.
    pub blobs: BlobLimits,
}

impl Default for RelayOptions {
    fn default() -> Self {
        Self {
            grace_ms: 30 * vanguard_core::calendar::DAY_MS,
            window_days: WINDOW_DAYS,
            blobs: BlobLimits::default(),
        }
    }
}

/// A confirmed device that is not revoked.
#[derive(Clone, Copy, Debug)]
pub struct Device {
    /// The device.
    pub id: DeviceId,
    /// Whose it is.
    pub member: MemberId,
    /// Its key.
    pub public_key: vanguard_core::keys::PublicKey,
}

/// Why the relay gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// Too much is going on; the same request may be made again.
    #[error("the relay is busy")]
    Busy,
    /// The disk is full; nothing was taken.
    #[error("the disk is full")]
    Full,
    /// The disk or the database failed.
    #[error("storage: {0}")]
    Storage(String),
    /// The client speaks an older protocol.
    #[error("the client is too old")]
    TooOld,
    /// The request says something that no client says.
    #[error("malformed request: {0}")]
    Malformed(String),
    /// The relay is stopping.
    #[error("the relay has stopped")]
    Stopped,
}

impl From<rusqlite::Error> for RelayError {
    fn from(error: rusqlite::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&rusqlite::Error> for RelayError {
    fn from(error: &rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy) => Self::Busy,
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full,
            _ => Self::Storage(error.to_string()),
        }
    }
}

impl From<StoreError> for RelayError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Sqlite(error) => error.into(),
            other => Self::Storage(other.to_string()),
        }
    }
}

impl From<BlobError> for RelayError {
    fn from(error: BlobError) -> Self {
        Self::Storage(error.to_string())
    }
}

/// The relay on one data directory.
pub struct Relay {
    key: SoftwareKey,
    fingerprint: Hash,
    options: RelayOptions,
    env: Arc<dyn Env>,
    readers: Pool,
    turns: Turns,
    /// Judge pushes and read pages.
    hands: Hands,
    blobs: Arc<Blobs>,
    /// Held to read while a receipt names photos, to write while the sweep removes one.
    promises: tokio::sync::RwLock<()>,
    // Dropped in this order: the replica follows the writer's head.
    replica: Replica,
    writer: Writer,
}

impl Relay {
    /// Opens the relay's data, makes what is missing, and starts its writer and its replica. Must
    /// be called within a tokio runtime that has its timers enabled.
    ///
    /// # Errors
    /// [`RelayError::Storage`] where the directory or a file in it cannot be used.
    pub fn open(
        data: &Path,
        options: RelayOptions,
        env: Arc<dyn Env>,
    ) -> Result<Arc<Self>, RelayError> {
        let failed = |error: std::io::Error| RelayError::Storage(error.to_string());
        std::fs::create_dir_all(data).map_err(failed)?;
        let path = data.join("log.db");
        let is_first = !path.exists();
        if is_first && data.join("access.db").exists() {
            let missing = "log.db is missing: put it back from a backup";
            return Err(RelayError::Storage(missing.into()));
        }
        let key = key::load(&data.join("relay.key"), is_first, env.as_ref()).map_err(failed)?;
        let writer = Writer::start(
            log::open(&path, env.as_ref())?,
            Arc::clone(&env),
            options.grace_ms,
        )?;
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| RelayError::Stopped)?;
        let turns = Turns::default();
        let followed = Followed {
            head: writer.head(),
            pushes: turns.taken(),
        };
        let replica = Replica::follow(data, &path, followed, Arc::clone(&env), runtime)?;
        let readers = Pool::new(path, log::open_reader);
        let blobs = Blobs::open(data, options.blobs, Arc::clone(&env))?;
        let fingerprint = key.public_key().fingerprint();
        Ok(Arc::new(Self {
            key,
            fingerprint,
            options,
            env,
            readers,
            turns,
            hands: Hands::one_for_each_core("judge").map_err(failed)?,
            blobs: Arc::new(blobs),
            promises: tokio::sync::RwLock::default(),
            replica,
            writer,
        }))
    }

    /// The relay's long-lived key.
    pub fn key(&self) -> &SoftwareKey {
        &self.key
    }

    /// The end of the log, for those who wait for news.
    pub fn head(&self) -> watch::Receiver<u64> {
        self.writer.head()
    }

    /// The organisation tree and the grants, as of the last commit.
    pub fn directory(&self) -> Arc<Directory> {
        self.writer.directory()
    }

    /// The read side.
    pub fn replica(&self) -> &Replica {
        &self.replica
    }

    /// The photos.
    pub const fn blobs(&self) -> &Arc<Blobs> {
        &self.blobs
    }

    /// Answers a device's sync.
    ///
    /// # Errors
    /// [`RelayError::TooOld`] and [`RelayError::Malformed`] for requests that no current client
    /// makes, [`RelayError::Storage`], [`RelayError::Busy`] and [`RelayError::Stopped`] where the
    /// same request may be made again.
    pub async fn sync(
        self: &Arc<Self>,
        device: &Device,
        request: SyncRequest,
    ) -> Result<SyncResponse, RelayError> {
        let turn = if request.batches.is_empty() {
            None
        } else {
            Some(self.turn(device.id).await?)
        };
        self.sync_in(turn, device, request).await
    }

    /// Waits until it is a device's turn to push.
    ///
    /// # Errors
    /// [`RelayError::Stopped`].
    pub(crate) async fn turn(&self, device: DeviceId) -> Result<Turn, RelayError> {
        self.turns.of(device).await.ok_or(RelayError::Stopped)
    }

    /// Answers a sync of a device whose turn it is; without a turn it may push nothing.
    ///
    /// # Errors
    /// See [`Relay::sync`].
    pub(crate) async fn sync_in(
        self: &Arc<Self>,
        turn: Option<Turn>,
        device: &Device,
        request: SyncRequest,
    ) -> Result<SyncResponse, RelayError> {
        if request.protocol < PROTOCOL {
            return Err(RelayError::TooOld);
        }
        check_shape(&request)?;
        let pusher = Pusher {
            device: device.id,
            member: device.member,
            public_key: device.public_key,
            is_relay: false,
        };
        let mut request = request;
        let batches = std::mem::take(&mut request.batches);
        let pushed = match turn {
            Some(turn) if !batches.is_empty() => self.push(turn, pusher, batches).await?,
            _ => Pushed {
                outcomes: Vec::new(),
                hashes: Vec::new(),
                received_at_ms: self.env.now_ms(),
            },
        };
        let admitted = admitted_of(&pushed);
        let photos_held = self
            .held_of(device.member, device.id, &request.photos)
            .await?;
        let held = photos_held.clone();
        let relay = Arc::clone(self);
        let (member, id) = (device.member, device.id);
        let hashes = pushed.hashes.iter().flatten().copied().collect();
        let (pulled, is_cloned, receipt) = self
            .blocking(move || {
                let asked = Asked::of(&request, member, hashes, relay.options.window_days);
                let directory = relay.directory();
                let has_receipt = !admitted.is_empty() || !held.is_empty();
                let receipt = has_receipt.then(|| {
                    let at = pushed.received_at_ms;
                    let statement = receipt_statement(relay.fingerprint, id, at, &admitted, &held);
                    relay.key.sign(&statement)
                });
                relay.readers.with(|conn| {
                    let now_ms = relay.env.now_ms();
                    let pulled = pages::pull(conn, &directory, &asked, now_ms)?;
                    Ok::<_, RelayError>((pulled, log::is_cloned(conn, id, now_ms)?, receipt))
                })
            })
            .await?;
        Ok(SyncResponse {
            relay_time_ms: pushed.received_at_ms,
            cursor: pulled.cursor,
            is_diverged: pulled.is_diverged,
            outcomes: pushed.outcomes,
            receipt,
            tail: pulled.tail,
            documents: pulled.documents,
            bootstraps: pulled.bootstraps,
            scope: pulled.scope,
            absent: pulled.absent,
            remaining: pulled.remaining,
            is_cloned,
            photos_held,
        })
    }

    /// Runs blocking work off the async threads, when a core is free for it.
    ///
    /// # Errors
    /// Those of `work`, and [`RelayError::Stopped`].
    pub(crate) async fn blocking<T: Send + 'static, E: Send + From<RelayError> + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let done = self.hands.run(work).await;
        done.map_err(|_| RelayError::Stopped)?
    }

    /// A whole document as an Automerge file; `None` where there is none that the member may see.
    ///
    /// # Errors
    /// [`RelayError::Storage`].
    pub async fn document(
        self: &Arc<Self>,
        member: MemberId,
        id: DocumentId,
    ) -> Result<Option<Vec<u8>>, RelayError> {
        let relay = Arc::clone(self);
        self.blocking(move || {
            relay.readers.with(|conn| {
                let Some(row) = log::document(conn, id)? else {
                    return Ok(None);
                };
                if !may_read(conn, &relay.directory(), member, &row)? {
                    return Ok(None);
                }
                Ok(judge::load_subject(conn, row.doc)?.map(|subject| subject.doc.save()))
            })
        })
        .await
    }

    /// What the organisation has already, for an import to compare with.
    ///
    /// # Errors
    /// [`RelayError::Busy`] where the replica does not catch up, [`RelayError::Storage`].
    pub async fn known(&self) -> Result<Known, RelayError> {
        // Compared with less than there is, an import would make anew what is there.
        if !self.caught_up(LONG_PATIENCE).await {
            return Err(RelayError::Busy);
        }
        self.replica.read(known::read).await
    }

    /// Waits until everything acknowledged is in the replica as well, so that the relay can be
    /// dropped without loss of warmth. The log needs no closing.
    pub async fn close(&self) {
        self.caught_up(LONG_PATIENCE).await;
    }

    /// Waits until the replica has all that was admitted before; says whether it has. A full disk
    /// can keep it from following for long.
    async fn caught_up(&self, patience: Duration) -> bool {
        let head = *self.writer.head().borrow();
        let waited = tokio::time::timeout(patience, self.replica.wait_for(head));
        waited.await.is_ok()
    }

    /// The same for whoever can come again.
    async fn caught_up_soon(&self) -> Result<(), RelayError> {
        if self.caught_up(PATIENCE).await {
            Ok(())
        } else {
            Err(RelayError::Busy)
        }
    }

    /// A member by their number in the enterprise: id and name.
    ///
    /// # Errors
    /// [`RelayError::Storage`].
    pub async fn find_member(
        &self,
        number: &str,
    ) -> Result<Option<(MemberId, String)>, RelayError> {
        self.caught_up(PATIENCE).await;
        let filter = Filter {
            code: Some(number.to_owned()),
            ..Filter::default()
        };
        self.replica
            .read(move |conn| {
                let page = query::list::<Member>(conn, &filter, None, 1)?;
                let found = page.rows.into_iter().next();
                Ok(found.map(|row| (MemberId::from(row.view.header.id), row.view.fields.name)))
            })
            .await
    }
}

/// Whether a member may see a document: by their roles, or because it is assigned to them.
fn may_read(
    conn: &Connection,
    directory: &Directory,
    member: MemberId,
    row: &log::DocumentRow,
) -> log::Result<bool> {
    Ok(directory.may_read(member, row.kind, row.space, row.creator)
        || log::is_assigned(conn, member, row.doc)?)
}

/// Refuses what no client says: SQLite counts in 63 bits, and a batch of nothing would still be
/// kept.
fn check_shape(request: &SyncRequest) -> Result<(), RelayError> {
    let malformed = |what: &str| Err(RelayError::Malformed(what.into()));
    let headers = request.batches.iter().map(|batch| &batch.header);
    let numbers = headers.flat_map(|header| [header.number, header.directory_position]);
    let marks = request.bootstraps.iter().filter_map(|space| space.after);
    let mut places = request.cursor.iter().map(|cursor| cursor.seq);
    if numbers.chain(marks.map(|mark| mark.seq)).any(is_beyond) || places.any(is_beyond) {
        return malformed("a number beyond every log");
    }
    let entries = request.batches.iter().map(|batch| &batch.entries);
    if entries.clone().any(Vec::is_empty)
        || entries
            .clone()
            .flatten()
            .any(|entry| entry.changes.is_empty())
    {
        return malformed("a batch of nothing");
    }
    let changes = entries.flatten().map(|entry| entry.changes.len());
    if changes.sum::<usize>() > PUSH_LIMIT_CHANGES {
        return malformed("too many changes");
    }
    if request.photos.len() > PHOTOS_ASKED_LIMIT {
        return malformed("too many photos");
    }
    Ok(())
}

/// Where a log ends at the latest. A bootstrap begins with a mark that lies exactly there.
const fn is_beyond(number: u64) -> bool {
    number > i64::MAX.unsigned_abs()
}
