//! What the console and the operator do: verbs composed into one batch that the relay's own key
//! signs, and pushed through the same admission as everybody's, all or none.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use minicbor::bytes::ByteVec;
use rusqlite::Connection;
use tokio::sync::oneshot;
use vanguard_core::admission::Subject;
use vanguard_core::batch::{FORMAT, statement};
use vanguard_core::id::{DeviceId, DocumentId};
use vanguard_core::keys::Signature;
use vanguard_core::model::{Author, SCHEMA};
use vanguard_core::rules::Refusal;
use vanguard_core::wire::{BatchEntry, BatchHeader, BatchOutcome, ChangeOutcome, SealedBatch};
use vanguard_core::{Composer, Verb};

use super::judge;
use super::pusher::Pusher;
use super::writer::Answer;
use super::{Relay, RelayError, log};

/// Something that the console or the operator does.
#[derive(Clone, Debug)]
pub struct Act {
    /// To which document.
    pub document: DocumentId,
    /// What.
    pub verb: Verb,
}

/// Why acts were not done; none of them was.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// The rules do not allow one of them.
    #[error("act {index} refused: {}", refusal.as_str())]
    Refused {
        /// Which.
        index: usize,
        /// Why.
        refusal: Refusal,
    },
    /// The relay failed.
    #[error(transparent)]
    Relay(#[from] RelayError),
}

impl Relay {
    /// Does acts in a member's hand, signed by the relay's key: all or none. Gives the position
    /// of the log after them.
    ///
    /// # Errors
    /// [`ActError::Refused`] where the rules do not allow one of them.
    pub async fn act(self: &Arc<Self>, author: Author, acts: Vec<Act>) -> Result<u64, ActError> {
        self.act_seeing(author, acts, None).await
    }

    /// Does acts like [`Relay::act`], in the hand of somebody who had seen the log up to a position
    /// and knew nothing of what came after it: their acts are composed on that, as on a phone that
    /// was offline since, so that nothing is overwritten which they had not seen. `None` is the
    /// log as it is.
    ///
    /// # Errors
    /// [`ActError::Refused`] where the rules do not allow one of them, or where a document was not
    /// in the log yet at that position.
    pub async fn act_seeing(
        self: &Arc<Self>,
        author: Author,
        acts: Vec<Act>,
        seen: Option<u64>,
    ) -> Result<u64, ActError> {
        if acts.is_empty() {
            return Ok(*self.writer.head().borrow());
        }
        let relay = Arc::clone(self);
        let (reply, answer) = oneshot::channel();
        self.blocking(move || {
            let batch = relay.compose(author, &acts, seen)?;
            let public_key = relay.key.public_key();
            let device = DeviceId::from_bytes([0; 16]);
            let pusher = Pusher {
                device,
                member: author.member,
                public_key,
                is_relay: true,
            };
            relay
                .submit(pusher, vec![batch], true, reply)
                .map_err(ActError::from)
        })
        .await?;
        match answer
            .await
            .map_err(|_| RelayError::Stopped)?
            .into_result()?
        {
            Answer::Refused { index, refusal } => Err(ActError::Refused { index, refusal }),
            Answer::Done { outcomes, .. } => Ok(last_position(&outcomes)),
            Answer::Failed(error) => Err(error.into()),
        }
    }

    /// Composes acts into one batch of the relay's own.
    fn compose(
        &self,
        author: Author,
        acts: &[Act],
        seen: Option<u64>,
    ) -> Result<SealedBatch, ActError> {
        let mut actor = self.env.random_16();
        actor[..8].copy_from_slice(&self.key.public_key().actor_prefix());
        let composer = Composer::new(actor, author, self.env.now_ms());
        let mut documents: HashMap<DocumentId, (automerge::Automerge, Subject)> = HashMap::new();
        let mut entries = Vec::with_capacity(acts.len());
        for (index, act) in acts.iter().enumerate() {
            let composed = self
                .readers
                .with(|conn| compose_act(conn, &composer, &mut documents, (act, seen)));
            entries.push(composed.map_err(|error| match error {
                ComposeError::Refused(refusal) => ActError::Refused { index, refusal },
                ComposeError::Relay(error) => error.into(),
            })?);
        }
        let header = BatchHeader {
            format: FORMAT,
            relay: self.fingerprint,
            device: DeviceId::from_bytes([0; 16]),
            opening: self.env.random_16(),
            number: 0,
            previous: [0; 32],
            directory_position: i64::MAX.unsigned_abs(),
            device_time_ms: self.env.now_ms(),
            clock_offset_ms: Some(0),
            on_behalf_of: Some(author.member),
        };
        let mut batch = SealedBatch {
            header,
            entries,
            signature: Signature([0; 64]),
        };
        batch.signature = self.key.sign(&statement(&batch));
        Ok(batch)
    }
}

fn last_position(outcomes: &[BatchOutcome]) -> u64 {
    let positions = outcomes.iter().flat_map(|outcome| match outcome {
        BatchOutcome::Judged(changes) => changes.as_slice(),
        _ => &[],
    });
    positions
        .filter_map(|change| match change {
            ChangeOutcome::Admitted { position, .. } => Some(*position),
            _ => None,
        })
        .max()
        .unwrap_or(0)
}

enum ComposeError {
    Refused(Refusal),
    Relay(RelayError),
}

impl From<rusqlite::Error> for ComposeError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Relay(error.into())
    }
}

fn compose_act(
    conn: &Connection,
    composer: &Composer,
    documents: &mut HashMap<DocumentId, (automerge::Automerge, Subject)>,
    (act, seen): (&Act, Option<u64>),
) -> Result<BatchEntry, ComposeError> {
    let malformed = |_| ComposeError::Refused(Refusal::Malformed);
    if let Verb::Create { header, .. } = &act.verb {
        debug_assert_eq!(header.schema, SCHEMA);
        let mut doc = automerge::Automerge::new();
        let composed = composer
            .perform(&mut doc, &act.verb, &[])
            .map_err(malformed)?;
        let subject = Subject {
            doc: doc.clone(),
            positions: HashMap::new(),
            header: header.clone(),
            bytes: composed.raw.len(),
        };
        documents.insert(act.document, (doc, subject));
        let changes = vec![ByteVec::from(composed.raw)];
        return Ok(BatchEntry {
            document: None,
            space: header.space,
            changes,
        });
    }
    let (doc, subject) = match documents.entry(act.document) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(place) => {
            let row = log::document(conn, act.document)?;
            let row = row.ok_or(ComposeError::Refused(Refusal::BuildsOnRefused))?;
            let subject = judge::load_subject_at(conn, row.doc, seen.unwrap_or(u64::MAX))?;
            let subject = subject.ok_or(ComposeError::Refused(Refusal::Malformed))?;
            place.insert((subject.doc.clone(), subject))
        }
    };
    let events = subject.frontier().map_err(malformed)?;
    let composed = composer.perform(doc, &act.verb, &events);
    let composed = composed.map_err(malformed)?;
    subject.doc = doc.clone();
    let (document, space) = (Some(act.document), subject.header.space);
    Ok(BatchEntry {
        document,
        space,
        changes: vec![ByteVec::from(composed.raw)],
    })
}
