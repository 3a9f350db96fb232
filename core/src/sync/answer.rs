//! What a relay's answer does to the notebook: one transaction of receipts, refusals, pages and
//! cursor. When it fails, nothing of it has happened.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::seal::{InFlight, Link};
use super::{SyncError, Taken};
use crate::admission::bounded;
use crate::batch::receipt_statement;
use crate::compose::Verb;
use crate::document::Admitted;
use crate::env::Env;
use crate::id::{DeviceId, DocumentId};
use crate::keys::Hash;
use crate::model::DocumentKind;
use crate::notebook::{
    Hand, Identity, Notebook, NotebookError, fresh_actor, load_directory, note_ahead, rebuild,
    rebuild_without_lost,
};
use crate::rules::Directory;
use crate::store::documents::{self, DocKey, Incoming};
use crate::store::{StoreError, outbox, photos, query, scope, set_meta, synced};
use crate::wire::{BatchOutcome, ByteArray32, ChangeOutcome, DocumentChanges, SyncResponse};

/// What an answer answers; nothing where the relay speaks unasked.
#[derive(Default)]
pub(super) struct Asked<'a> {
    /// The batches that were sent.
    pub(super) in_flight: &'a [InFlight],
    /// The photos that were asked about.
    pub(super) photos: &'a [ByteArray32],
    /// When, by the device's clock, which is then measured by the answer.
    pub(super) sent_at_ms: Option<i64>,
}

/// Commits an answer.
pub(super) fn commit(
    notebook: &mut Notebook,
    response: &SyncResponse,
    asked: &Asked<'_>,
) -> Result<Taken, SyncError> {
    let identity = notebook
        .identity
        .clone()
        .ok_or(NotebookError::NotEnrolled)?;
    let pushed = match sort_outcomes(asked.in_flight, response) {
        Ok(pushed) => pushed,
        Err(reason) => {
            notebook.link = new_link(notebook)?;
            return Err(SyncError::Rejected(reason));
        }
    };
    let receipt = verified_receipt(&identity, response, &pushed.admitted)?;
    let now_ms = notebook.env.now_ms();
    // A refused document is done again by an actor that never wrote before.
    let hand = Hand {
        actor: fresh_actor(Some(&identity), notebook.env.as_ref()),
        ..notebook.hand()?
    };
    let last_batch = notebook.link.last_hash();
    let Notebook {
        store, directory, ..
    } = notebook;

    let page = Page {
        response,
        pushed: &pushed,
        receipt,
        hand,
        asked,
        device: identity.device,
        now_ms,
        last_batch,
        relay_prefix: identity.relay_key.actor_prefix(),
    };
    #[cfg(feature = "defects")]
    if crate::defects::Defect::CursorBeforePage.is_planted() {
        store.transact(|conn| {
            synced::set_cursor(conn, &response.cursor).map_err(NotebookError::from)
        })?;
        crate::defects::Defect::CursorBeforePage.linger();
    }
    let (taken, directory_after) = store.transact(|conn| page.commit(conn, directory))?;
    notebook.directory = directory_after;
    if pushed.is_out_of_order || response.is_diverged {
        notebook.link = new_link(notebook)?;
    }
    if !pushed.refused.is_empty() {
        notebook.actor = fresh_actor(Some(&identity), notebook.env.as_ref());
    }
    Ok(taken)
}

fn new_link(notebook: &Notebook) -> Result<Link, NotebookError> {
    let env: &dyn Env = notebook.env.as_ref();
    Ok(Link::new(notebook.store.reader(), env)?)
}

/// What became of the changes in flight.
#[derive(Default)]
struct Pushed {
    admitted: Vec<(super::seal::Item, Admitted)>,
    refused: HashMap<DocKey, HashMap<Hash, String>>,
    held: u64,
    up_to: i64,
    is_out_of_order: bool,
}

fn sort_outcomes(in_flight: &[InFlight], response: &SyncResponse) -> Result<Pushed, String> {
    let mut pushed = Pushed::default();
    let relay_time_ms = response.relay_time_ms;
    for (sent, outcome) in in_flight.iter().zip(&response.outcomes) {
        match outcome {
            BatchOutcome::OutOfOrder { .. } => pushed.is_out_of_order = true,
            BatchOutcome::Rejected { reason } => return Err(reason.clone()),
            BatchOutcome::Judged(changes) => {
                for (item, change) in sent.items.iter().zip(changes) {
                    pushed.up_to = pushed.up_to.max(item.entry);
                    match change {
                        ChangeOutcome::Admitted {
                            position,
                            received_at_ms,
                        } => pushed.admitted.push((
                            *item,
                            Admitted {
                                position: *position,
                                received_at_ms: received_at_ms.unwrap_or(relay_time_ms),
                            },
                        )),
                        ChangeOutcome::Held => pushed.held += 1,
                        ChangeOutcome::Refused { reason } => {
                            let of_document = pushed.refused.entry(item.key).or_default();
                            of_document.insert(item.hash, reason.clone());
                        }
                    }
                }
            }
        }
    }
    Ok(pushed)
}

/// The receipt's statement, when the relay's key has signed it. Without a receipt nothing counts
/// as acknowledged.
fn verified_receipt(
    identity: &Identity,
    response: &SyncResponse,
    admitted: &[(super::seal::Item, Admitted)],
) -> Result<Option<Vec<u8>>, SyncError> {
    let photos_held = &response.photos_held;
    if admitted.is_empty() && photos_held.is_empty() {
        return Ok(None);
    }
    let named: Vec<(ByteArray32, u64)> = admitted
        .iter()
        .map(|(item, at)| (ByteArray32(item.hash), at.position))
        .collect();
    let relay = identity.relay_key.fingerprint();
    let at = response.relay_time_ms;
    let statement = receipt_statement(relay, identity.device, at, &named, photos_held);
    let signature = response.receipt.as_ref().ok_or(SyncError::Receipt)?;
    identity
        .relay_key
        .verify(&statement, signature)
        .map_err(|_| SyncError::Receipt)?;
    Ok(Some(statement))
}

/// Everything that one answer's transaction needs.
struct Page<'a> {
    response: &'a SyncResponse,
    pushed: &'a Pushed,
    receipt: Option<Vec<u8>>,
    hand: Hand,
    asked: &'a Asked<'a>,
    device: DeviceId,
    now_ms: i64,
    last_batch: Hash,
    /// What every actor of the relay's own key begins with.
    relay_prefix: [u8; 8],
}

impl Page<'_> {
    fn commit(
        &self,
        conn: &Connection,
        directory: &Arc<Directory>,
    ) -> Result<(Taken, Arc<Directory>), NotebookError> {
        let mut taken = Taken {
            acknowledged: self.pushed.admitted.len() as u64,
            refused: self.pushed.refused.values().map(|of| of.len() as u64).sum(),
            held: self.pushed.held,
            pushed_to: self.pushed.up_to,
            ..Taken::default()
        };
        if self.response.is_diverged {
            synced::restart(conn, self.device)?;
            // Before anything is forgotten: what no log has is nowhere but here.
            push_again(conn, self.hand.actor, self.now_ms)?;
        }
        self.acknowledge(conn)?;
        let (asked, held) = (self.asked.photos, &self.response.photos_held);
        let (settled, records) = photos::confirm(conn, asked, held, self.now_ms)?;
        taken.photos_acknowledged = settled;
        for key in records {
            scope::forget_unseen(conn, key, self.hand.member)?;
        }
        self.pull(conn, &mut taken)?;
        let mut directory = Arc::clone(directory);
        for id in &taken.directory_documents {
            note_ahead(conn, &mut directory, *id)?;
        }
        directory = self.rebuild_refused(conn, directory)?;
        if synced::take_settling(conn)? {
            outbox::remove_placed(conn)?;
            rebuild_without_lost(conn, &directory, &self.hand, self.relay_prefix)?;
            directory = Arc::new(load_directory(conn)?);
        }
        self.measure(conn)?;
        Ok((taken, directory))
    }

    /// Does refused documents again. What the directory learned from one of them is unlearned
    /// before anything else is done by it.
    fn rebuild_refused(
        &self,
        conn: &Connection,
        mut directory: Arc<Directory>,
    ) -> Result<Arc<Directory>, NotebookError> {
        let mut refused = Vec::with_capacity(self.pushed.refused.len());
        let sql = "SELECT kind NOT IN ('organisation', 'grant') FROM document WHERE doc = ?1";
        for (key, reasons) in &self.pushed.refused {
            let mut statement = conn.prepare_cached(sql)?;
            let is_other: bool = statement.query_row([key.0], |row| row.get(0))?;
            refused.push((is_other, key.0, reasons));
        }
        refused.sort_by_key(|(is_other, key, _)| (*is_other, *key));
        for (is_other, key, reasons) in refused {
            rebuild(conn, &directory, &self.hand, DocKey(key), reasons)?;
            if is_other {
                scope::forget_unseen(conn, DocKey(key), self.hand.member)?;
            } else {
                directory = Arc::new(load_directory(conn)?);
            }
        }
        Ok(directory)
    }

    /// Notes the receipt, and each admitted change's place.
    fn acknowledge(&self, conn: &Connection) -> Result<(), NotebookError> {
        let received_at_ms = self.response.relay_time_ms;
        let mut touched = HashSet::new();
        for (item, admitted) in &self.pushed.admitted {
            documents::place(conn, item.key, item.hash, *admitted)?;
            outbox::remove(conn, item.entry)?;
            touched.insert(item.key);
        }
        for key in touched {
            if documents::shows_positions(conn, key)? {
                self.refresh(conn, key)?;
            } else {
                documents::redate(conn, key)?;
            }
            scope::forget_unseen(conn, key, self.hand.member)?;
        }
        if let (Some(statement), Some(signature)) = (&self.receipt, &self.response.receipt) {
            conn.prepare_cached(
                "INSERT INTO receipt (relay_time_ms, statement, signature) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![received_at_ms, statement, signature.0])?;
            set_meta(conn, "last_batch", self.last_batch)?;
        }
        Ok(())
    }

    /// Projects a document anew; one that does not load is wanted whole, and stops no other.
    fn refresh(&self, conn: &Connection, key: DocKey) -> Result<(), NotebookError> {
        match documents::refresh(conn, key, self.now_ms) {
            Err(StoreError::Document(_)) => match documents::id_of(conn, key)? {
                Some(id) => Ok(synced::want(conn, id, "damaged")?),
                None => Ok(()),
            },
            refreshed => Ok(refreshed?),
        }
    }

    fn pull(&self, conn: &Connection, taken: &mut Taken) -> Result<(), NotebookError> {
        let response = self.response;
        if let Some(scope) = &response.scope {
            scope::follow(conn, scope, self.hand.member)?;
            taken.is_news = true;
        }
        for changes in in_creation_order(&response.documents) {
            self.take_document(conn, changes, true, taken)?;
        }
        for changes in in_creation_order(&response.tail) {
            self.take_document(conn, changes, false, taken)?;
        }
        for id in &response.absent {
            synced::unwant(conn, *id)?;
            taken.is_news = true;
        }
        for progress in &response.bootstraps {
            synced::set_bootstrap(conn, progress)?;
        }
        synced::reconcile(conn)?;
        Ok(synced::set_cursor(conn, &response.cursor)?)
    }

    /// Takes one document's changes. What cannot be applied is wanted whole, so that one bad
    /// document never blocks another; one that is bad even whole is left until the next time.
    fn take_document(
        &self,
        conn: &Connection,
        changes: &DocumentChanges,
        is_whole: bool,
        taken: &mut Taken,
    ) -> Result<(), NotebookError> {
        let id = changes.document;
        let incoming: Vec<Incoming<'_>> = changes
            .changes
            .iter()
            .map(|change| Incoming {
                admitted: Some(Admitted {
                    position: change.position,
                    received_at_ms: change.received_at_ms,
                }),
                raw: &change.raw,
            })
            .collect();
        // Automerge believes what it reads: nothing is shown to it that no relay admits.
        let is_bounded = incoming
            .iter()
            .all(|change| bounded::check(change.raw).is_ok());
        let mut outcome = if is_bounded {
            documents::take(conn, id, &incoming, self.now_ms)?
        } else {
            documents::Taken::Damaged
        };
        if is_whole && is_bounded && !matches!(outcome, documents::Taken::All(_)) {
            outcome = replace_damaged(conn, id, &incoming, self.now_ms)?;
        }
        match outcome {
            documents::Taken::All(new) => {
                taken.new_changes += new as u64;
                taken.is_news |= new > 0;
                if is_whole {
                    synced::unwant(conn, id)?;
                    taken.is_news = true;
                }
                let kind = query::kind_of(conn, id)?;
                if let Some((DocumentKind::Organisation | DocumentKind::Grant, _)) = kind {
                    taken.directory_documents.push(id);
                }
            }
            documents::Taken::MissingDependencies | documents::Taken::Damaged if is_whole => {
                synced::unwant(conn, id)?;
            }
            documents::Taken::MissingDependencies => {
                synced::want(conn, id, "missing_dependencies")?;
                taken.is_news = true;
            }
            documents::Taken::Damaged => {
                synced::want(conn, id, "damaged")?;
                taken.is_news = true;
            }
        }
        Ok(())
    }

    /// Notes how far the device's clock is from the relay's, and when this sync was.
    fn measure(&self, conn: &Connection) -> Result<(), StoreError> {
        let Some(sent_at_ms) = self.asked.sent_at_ms else {
            return Ok(());
        };
        let middle_ms = i64::midpoint(sent_at_ms, self.now_ms);
        let offset_ms = self.response.relay_time_ms.saturating_sub(middle_ms);
        set_meta(conn, "clock_offset_ms", offset_ms)?;
        set_meta(conn, "last_sync_ms", self.now_ms)
    }
}

/// In the order of their rows: the full-text index is written once for each descent.
fn in_creation_order(documents: &[DocumentChanges]) -> Vec<&DocumentChanges> {
    let mut sorted: Vec<_> = documents.iter().collect();
    sorted.sort_by_key(|changes| changes.document);
    sorted
}

/// Puts the relay's whole document in the place of a local one that cannot be read, whose bytes
/// are kept aside. What this device had not sent of it is done again from its verbs.
fn replace_damaged(
    conn: &Connection,
    id: DocumentId,
    incoming: &[Incoming<'_>],
    now_ms: i64,
) -> Result<documents::Taken, NotebookError> {
    if let Some(key) = documents::find(conn, id)? {
        if !outbox::of_document(conn, key)?.is_empty() {
            return Ok(documents::Taken::Damaged); // not while something here is unsent
        }
        for change in documents::stored_changes(conn, key)? {
            documents::withdraw(conn, key, id, change.hash, "damaged", now_ms)?;
        }
        documents::remove(conn, key)?;
    }
    Ok(documents::take(conn, id, incoming, now_ms)?)
}

/// After the relay's log turned out to be another: everything that this device ever made and the
/// new log has not confirmed goes into the outbox again. The relay knows what it still has.
fn push_again(conn: &Connection, actor: [u8; 16], now_ms: i64) -> Result<(), NotebookError> {
    let mut statement = conn.prepare(
        "SELECT c.doc, c.hash, c.raw FROM change c WHERE c.position IS NULL
         AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.doc = c.doc AND o.hash = c.hash)
         ORDER BY c.doc, c.change",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Ok(change) = automerge::Change::from_bytes(row.get(2)?) else {
            continue;
        };
        // Of this device's key, in whatever opening; nobody can sign for another's.
        if change.actor_id().to_bytes().starts_with(&actor[..8]) {
            outbox::put(
                conn,
                DocKey(row.get(0)?),
                row.get(1)?,
                &Verb::Resend,
                0,
                now_ms,
            )?;
        }
    }
    Ok(())
}
