//! A device that is enrolled like any other, and pushes whatever bytes it likes.

use automerge::Automerge;
use serde_json::{Value, json};
use vanguard_core::batch::{FORMAT, statement};
use vanguard_core::http::{HttpError, HttpRelay};
use vanguard_core::id::{DeviceId, DocumentId, MemberId, OrgId};
use vanguard_core::keys::{Hash, Signature, SoftwareKey, hex};
use vanguard_core::model::{Author, DocumentKind, Header, Record, Role, SCHEMA};
use vanguard_core::wire::{
    self, BatchEntry, BatchHeader, BatchOutcome, ChangeOutcome, SealedBatch, SyncRequest,
    SyncResponse,
};
use vanguard_core::{Composer, NewEvent, Notebook, Verb};

use super::{Made, env, event, map};

/// Somebody's device that says what it likes.
pub struct Hostile {
    /// What the relay knows it by.
    pub device: DeviceId,
    /// Whose it is.
    pub member: MemberId,
    /// What it signs with.
    pub key: SoftwareKey,
    /// The fingerprint of its relay.
    pub relay: Hash,
    /// In whose hands it may write.
    pub authors: Vec<Author>,
    /// Its opening.
    pub opening: [u8; 16],
    /// Its next batch's number.
    pub number: u64,
    /// How far it says to have seen the directory.
    pub directory_position: u64,
    /// Its way to the relay.
    pub http: HttpRelay,
    credential: String,
}

impl Hostile {
    /// The same device, once it no longer runs our app.
    pub fn new(notebook: &Notebook, http: HttpRelay) -> Self {
        let identity = notebook.identity().unwrap();
        let grants = notebook.directory().grants_of(identity.member);
        let authors = grants.iter().map(|(grant, stored)| Author {
            member: identity.member,
            role: stored.role,
            grant: *grant,
        });
        Self {
            device: identity.device,
            member: identity.member,
            key: identity.key.clone().unwrap(),
            relay: identity.relay_key.fingerprint(),
            authors: authors.collect(),
            opening: env().random_16(),
            number: 0,
            directory_position: 0,
            http,
            credential: hex(&identity.credential),
        }
    }

    /// The same device in another opening of its notebook.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self {
            key: self.key.clone(),
            authors: self.authors.clone(),
            opening: env().random_16(),
            number: 0,
            http: self.http.clone(),
            credential: self.credential.clone(),
            ..*self
        }
    }

    /// The author in a role.
    pub fn as_role(&self, role: Role) -> Author {
        let found = self.authors.iter().find(|author| author.role == role);
        *found.unwrap()
    }

    /// An actor that never wrote before.
    pub fn actor(&self) -> [u8; 16] {
        let mut actor = env().random_16();
        actor[..8].copy_from_slice(&self.key.public_key().actor_prefix());
        actor
    }

    /// A composer with a new actor in the hand of its first grant.
    pub fn composer(&self) -> Composer {
        self.composer_as(self.authors[0])
    }

    /// A composer with a new actor.
    pub fn composer_as(&self, author: Author) -> Composer {
        Composer::new(self.actor(), author, env().now_ms())
    }

    /// A hazard that it reports.
    pub fn report(&self, space: OrgId, description: &str) -> Made {
        self.report_as(&self.composer(), space, description)
    }

    /// A hazard that it reports, by this composer.
    pub fn report_as(&self, composer: &Composer, space: OrgId, description: &str) -> Made {
        let id = DocumentId(env().uuid_v7());
        self.created(composer, id, space, description)
    }

    /// A hazard that it reports under this id.
    pub fn report_with_id(&self, id: DocumentId, space: OrgId, description: &str) -> Made {
        self.created(&self.composer(), id, space, description)
    }

    fn created(&self, by: &Composer, id: DocumentId, space: OrgId, description: &str) -> Made {
        let fields = json!({"description": description, "nature": "unsafe_condition"});
        let reported = Some(event(json!({"event": "reported"})));
        self.document(by, (id, DocumentKind::Hazard, space), fields, reported)
    }

    /// A record of another kind than hazards that it creates, by this composer.
    pub fn create<R: Record>(&self, by: &Composer, space: OrgId, fields: &R::Fields) -> Made {
        let id = DocumentId(env().uuid_v7());
        let fields = serde_json::to_value(fields).unwrap();
        self.document(by, (id, R::KIND, space), fields, None)
    }

    fn document(
        &self,
        by: &Composer,
        (id, kind, space): (DocumentId, DocumentKind, OrgId),
        fields: Value,
        event: Option<NewEvent>,
    ) -> Made {
        let header = Header {
            id,
            kind,
            space,
            creator: self.member,
            created_ms: env().now_ms(),
            schema: SCHEMA,
        };
        let verb = Verb::Create {
            header,
            fields: map(fields),
            event,
        };
        let mut doc = Automerge::new();
        let raw = by.perform(&mut doc, &verb, &[]).unwrap().raw;
        Made {
            id,
            space,
            doc,
            raw,
            is_new: true,
        }
    }

    /// Pushes one batch, and gives what became of its changes.
    pub async fn push(&mut self, entries: Vec<BatchEntry>) -> Vec<ChangeOutcome> {
        let batch = self.seal(entries);
        match self.send(vec![batch]).await.unwrap().outcomes.remove(0) {
            BatchOutcome::Judged(outcomes) => outcomes,
            other => panic!("{other:?}"),
        }
    }

    /// A batch with the next number, signed.
    pub fn seal(&mut self, entries: Vec<BatchEntry>) -> SealedBatch {
        let header = BatchHeader {
            format: FORMAT,
            relay: self.relay,
            device: self.device,
            opening: self.opening,
            number: self.number,
            previous: [0; 32],
            directory_position: self.directory_position,
            device_time_ms: env().now_ms(),
            clock_offset_ms: None,
            on_behalf_of: None,
        };
        self.number += 1;
        self.sign(SealedBatch {
            header,
            entries,
            signature: Signature([0; 64]),
        })
    }

    /// Signs a batch, whatever it says.
    pub fn sign(&self, mut batch: SealedBatch) -> SealedBatch {
        batch.signature = self.key.sign(&statement(&batch));
        batch
    }

    /// Sends batches.
    ///
    /// # Errors
    /// What HTTP says.
    pub async fn send(&self, batches: Vec<SealedBatch>) -> Result<SyncResponse, HttpError> {
        self.ask(&self.request(batches)).await
    }

    /// A request with these batches and nothing else.
    pub fn request(&self, batches: Vec<SealedBatch>) -> SyncRequest {
        SyncRequest {
            batches,
            page_bytes: 1_024,
            window_days: 1,
            ..SyncRequest::default()
        }
    }

    /// Sends a request.
    ///
    /// # Errors
    /// What HTTP says.
    pub async fn ask(&self, request: &SyncRequest) -> Result<SyncResponse, HttpError> {
        let answer = self.post(wire::encode(request)).await?;
        Ok(wire::decode(&answer).unwrap())
    }

    /// Posts any bytes.
    ///
    /// # Errors
    /// What HTTP says.
    pub async fn post(&self, body: Vec<u8>) -> Result<Vec<u8>, HttpError> {
        let credential = Some(self.credential.as_str());
        self.http.post("/v1/sync", credential, body).await
    }
}

/// The reasons of refusals; anything else by its name.
pub fn answers(outcomes: &[ChangeOutcome]) -> Vec<&str> {
    outcomes
        .iter()
        .map(|outcome| match outcome {
            ChangeOutcome::Admitted { .. } => "admitted",
            ChangeOutcome::Held => "held",
            ChangeOutcome::Refused { reason } => reason.as_str(),
        })
        .collect()
}
