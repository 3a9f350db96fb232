//! The sans-IO sync client: it turns what a notebook has into request bytes, and response bytes
//! into stored pages. Whoever owns the network drives it:
//!
//! ```text
//! let mut session = Session::new(options);
//! loop {
//!     match session.next(&mut notebook)? {
//!         Step::Sign(bytes)     => session.signed(&mut notebook, key_store.sign(&bytes)?)?,
//!         Step::Exchange(body)  => session.answered(&mut notebook, &post("/v1/sync", body)?)?,
//!         Step::Done(report)    => break report,
//!     }
//! }
//! ```
//!
//! Every answer is committed with its cursor in one transaction, so a session can be cut anywhere
//! and another goes on from there. With a [`SoftwareKey`](crate::keys::SoftwareKey) in the
//! notebook, `Step::Sign` never comes.

mod answer;
mod seal;

use rusqlite::Connection;

use crate::id::DocumentId;
use crate::keys::{KeyError, Signature};
use crate::notebook::{Notebook, NotebookError};
use crate::store::{outbox, photos, scope, synced};
use crate::wire::{
    self, ByteArray32, Health, LiveNews, PAGE_BYTES, PHOTOS_ASKED_LIMIT, PROTOCOL, SyncRequest,
    WANT_LIMIT, WINDOW_DAYS,
};

pub use seal::Link;

/// Why a sync did not go on. What was committed stays committed; another session goes on.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The relay's answer is no answer of this protocol.
    #[error("the relay's answer cannot be read: {0}")]
    Answer(String),
    /// The relay's receipt is not signed by the key that this device knows it by.
    #[error("the receipt is not signed by this device's relay")]
    Receipt,
    /// The relay takes no batch of this device: it is revoked, or meant for another relay.
    #[error("the relay rejects this device's batches: {0}")]
    Rejected(String),
    /// The notebook failed.
    #[error(transparent)]
    Notebook(#[from] NotebookError),
}

/// How a session is carried out.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// About how many bytes of changes a page brings.
    pub page_bytes: u32,
    /// At most how many changes a request pushes.
    pub push_changes: usize,
    /// How far back the device keeps what is not open, in days.
    pub window_days: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            page_bytes: PAGE_BYTES,
            push_changes: 1_000,
            window_days: WINDOW_DAYS,
        }
    }
}

/// What a session has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Changes that the relay acknowledged.
    pub acknowledged: u64,
    /// Changes that the relay refused; their verbs are in the tray, or done again.
    pub refused: u64,
    /// Changes that the relay holds until what they build on arrives.
    pub held: u64,
    /// Photos' files that the relay acknowledged.
    pub photos_acknowledged: u64,
    /// Changes taken in that were new here.
    pub taken: u64,
    /// What is still to come from the relay: positions of its log, and documents.
    pub remaining: u64,
    /// Bytes sent, before compression.
    pub bytes_up: u64,
    /// Bytes received, after decompression.
    pub bytes_down: u64,
    /// Requests made.
    pub requests: u64,
    /// Another copy of this notebook syncs as well.
    pub is_cloned: bool,
}

/// What the session needs next.
#[derive(Debug)]
pub enum Step {
    /// The device key's signature over these bytes; hand it to [`Session::signed`].
    Sign(Vec<u8>),
    /// The answer of `POST /v1/sync` to this body; hand it to [`Session::answered`].
    Exchange(Vec<u8>),
    /// Nothing more: the notebook is up to date, but for what the progress says is held.
    Done(Progress),
}

/// One sync, from the first request to the last.
#[derive(Debug)]
pub struct Session {
    options: Options,
    progress: Progress,
    is_begun: bool,
    is_more_to_pull: bool,
    exchanged_at_ms: i64,
    /// Outbox entries up to here were answered in this session: what is held is not pushed twice.
    pushed_to: i64,
    /// Photos that the last request asked about.
    photos_asked: Vec<ByteArray32>,
}

impl Session {
    /// A session that has done nothing yet.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            progress: Progress::default(),
            is_begun: false,
            is_more_to_pull: true,
            exchanged_at_ms: 0,
            pushed_to: 0,
            photos_asked: Vec::new(),
        }
    }

    /// What it has done so far.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// What it needs next.
    ///
    /// # Errors
    /// [`SyncError::Notebook`] where the notebook is not enrolled or its store fails.
    pub fn next(&mut self, notebook: &mut Notebook) -> Result<Step, SyncError> {
        if !synced::is_reconciling(notebook.reader()).map_err(NotebookError::from)? {
            notebook.seal(self.pushed_to, self.options.push_changes)?;
        }
        if let Some(statement) = notebook.link.unsigned_statement() {
            match notebook
                .identity()
                .and_then(|identity| identity.key.as_ref())
            {
                Some(key) => {
                    let signature = key.sign(&statement);
                    notebook.link.sign(signature);
                }
                None => return Ok(Step::Sign(statement)),
            }
        }
        if notebook.link.unsigned_statement().is_some() {
            return self.next(notebook);
        }
        let is_pushing = !notebook.link.batches().is_empty();
        if self.is_begun && !is_pushing && !self.is_more_to_pull {
            return Ok(Step::Done(self.progress));
        }
        self.is_begun = true;
        let request = request(notebook, &self.options).map_err(NotebookError::from)?;
        let body = wire::encode(&request);
        self.photos_asked = request.photos;
        self.exchanged_at_ms = notebook.env.now_ms();
        self.progress.bytes_up += body.len() as u64;
        self.progress.requests += 1;
        notebook.link.mark_sent();
        Ok(Step::Exchange(body))
    }

    /// Takes the signature that [`Step::Sign`] asked for.
    ///
    /// # Errors
    /// [`KeyError::Mismatch`] where it is not that of this device's key; the relay would refuse
    /// all that it is under, so it is asked for again.
    pub fn signed(
        &mut self,
        notebook: &mut Notebook,
        signature: Signature,
    ) -> Result<(), KeyError> {
        let public_key = notebook.identity().map(|identity| identity.public_key);
        if let Some((statement, key)) = notebook.link.unsigned_statement().zip(public_key) {
            key.verify(&statement, &signature)?;
            notebook.link.sign(signature);
        }
        Ok(())
    }

    /// Takes the relay's answer: one page, committed with its cursor.
    ///
    /// # Errors
    /// [`SyncError`]; then nothing of the page is committed, and the session is over.
    pub fn answered(&mut self, notebook: &mut Notebook, body: &[u8]) -> Result<(), SyncError> {
        self.progress.bytes_down += body.len() as u64;
        let response = wire::decode(body).map_err(|e| SyncError::Answer(e.to_string()))?;
        let in_flight = notebook.link.take_in_flight();
        let asked = answer::Asked {
            in_flight: &in_flight,
            photos: &std::mem::take(&mut self.photos_asked),
            sent_at_ms: Some(self.exchanged_at_ms),
        };
        let taken = answer::commit(notebook, &response, &asked)?;
        self.progress.acknowledged += taken.acknowledged;
        self.progress.refused += taken.refused;
        self.progress.held += taken.held;
        self.progress.photos_acknowledged += taken.photos_acknowledged;
        self.progress.taken += taken.new_changes;
        self.progress.is_cloned |= response.is_cloned;
        self.pushed_to = self.pushed_to.max(taken.pushed_to);
        let to_come = open_ends(notebook.reader()).map_err(NotebookError::from)?;
        self.progress.remaining = response.remaining + to_come.remaining;
        self.is_more_to_pull = response.remaining > 0
            || response.is_diverged
            || to_come.bootstraps
            || (to_come.wanted && taken.is_news);
        Ok(())
    }
}

impl Notebook {
    /// What to send when the live channel is opened, so that it brings news and not only word of it.
    ///
    /// # Errors
    /// [`SyncError::Notebook`] where the store fails.
    pub fn live_request(&self, options: &Options) -> Result<Vec<u8>, SyncError> {
        let mut request = request(self, options).map_err(NotebookError::from)?;
        request.batches.clear();
        request.bootstraps.clear();
        request.photos.clear();
        Ok(wire::encode(&request))
    }

    /// Takes what the live channel brought. False where it brought only word of news, or news
    /// for another place than where this notebook stands: then a sync fetches it.
    ///
    /// # Errors
    /// [`SyncError`]; then nothing of it is committed.
    pub fn take_news(&mut self, news: &LiveNews) -> Result<bool, SyncError> {
        let cursor = synced::cursor(self.reader()).map_err(NotebookError::from)?;
        if cursor.is_some_and(|cursor| cursor.seq >= news.head) {
            return Ok(true);
        }
        let Some(live) = news.page.as_ref().filter(|live| Some(live.from) == cursor) else {
            return Ok(false);
        };
        let taken = answer::commit(self, &live.page, &answer::Asked::default())?;
        let to_come = open_ends(self.reader()).map_err(NotebookError::from)?;
        let is_all = live.page.remaining == 0 && !to_come.bootstraps && !to_come.wanted;
        Ok(is_all && taken.held == 0)
    }
}

fn request(notebook: &Notebook, options: &Options) -> crate::store::Result<SyncRequest> {
    let conn = notebook.reader();
    let cursor = synced::cursor(conn)?;
    let unsent = outbox::unsent(conn)?;
    let owed = photos::owed(conn)?;
    Ok(SyncRequest {
        protocol: PROTOCOL,
        cursor,
        batches: notebook.link.batches(),
        held: synced::held(conn, cursor.as_ref(), HELD_LIMIT)?,
        scope: scope::digest(&scope::followed(conn)?),
        bootstraps: synced::bootstraps(conn)?,
        want: synced::wanted(conn, WANT_LIMIT)?,
        page_bytes: options.page_bytes,
        window_days: options.window_days,
        health: Health {
            device_time_ms: notebook.env.now_ms(),
            unsent: unsent.changes,
            oldest_unsent_ms: unsent.oldest_ms,
            photos_owed: owed.files,
            photo_bytes_owed: owed.bytes,
        },
        photos: photos::unconfirmed(conn, PHOTOS_ASKED_LIMIT)?,
    })
}

/// How many hashes a request names at most; beyond them the relay sends what is here already,
/// which costs bytes and harms nothing.
const HELD_LIMIT: usize = 2_000;

struct OpenEnds {
    remaining: u64,
    bootstraps: bool,
    wanted: bool,
}

fn open_ends(conn: &Connection) -> crate::store::Result<OpenEnds> {
    Ok(OpenEnds {
        remaining: synced::remaining(conn)?,
        bootstraps: !synced::bootstraps(conn)?.is_empty(),
        wanted: !synced::wanted(conn, 1)?.is_empty(),
    })
}

/// What a page did, for the session to count.
#[derive(Debug, Default)]
struct Taken {
    acknowledged: u64,
    refused: u64,
    held: u64,
    photos_acknowledged: u64,
    new_changes: u64,
    pushed_to: i64,
    is_news: bool,
    directory_documents: Vec<DocumentId>,
}
