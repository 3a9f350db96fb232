//! A stand-in for the relay's log, admission and replica: it keeps what the operator does in
//! memory, so that the shell around it can be built and tested. The real one replaces it.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};
use tokio::sync::watch;
use vanguard_core::id::{DeviceId, DocumentId, MemberId, OrgId, PostId, UnitId};
use vanguard_core::keys::{PublicKey, SoftwareKey};
use vanguard_core::model::organisation::{PartyOrg, PartyOrgFields};
use vanguard_core::model::people::{Grant, GrantFields};
use vanguard_core::model::{Author, DocumentKind, Header, Record, View};
use vanguard_core::rules::{Directory, Refusal};
use vanguard_core::wire::{Cursor, SyncRequest, SyncResponse};
use vanguard_core::{Env, Verb};

use crate::import::Known;

/// How the relay works.
#[derive(Clone, Copy, Debug)]
pub struct RelayOptions {
    /// How long after a grant's end work from before it is still admitted, in milliseconds.
    pub grace_ms: i64,
    /// How far back devices keep what is not open, in days.
    pub window_days: u32,
}

/// A confirmed device that is not revoked.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Whose it is.
    pub member: MemberId,
    /// Its key.
    pub public_key: PublicKey,
}

/// Why the relay cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// Another process has the data directory, or too much waits already.
    #[error("the relay is busy")]
    Busy,
    /// Its files cannot be read or written.
    #[error("storage: {0}")]
    Storage(String),
    /// The device speaks a protocol that is too old.
    #[error("the client is too old")]
    TooOld,
    /// The request makes no sense.
    #[error("malformed: {0}")]
    Malformed(String),
    /// It has been closed.
    #[error("the relay is stopped")]
    Stopped,
}

/// Something that the console or the operator does.
#[derive(Clone, Debug)]
pub struct Act {
    /// To what.
    pub document: DocumentId,
    /// What.
    pub verb: Verb,
}

/// Why an act was not done.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// One of the acts is not allowed, so none was done.
    #[error("act {index} is refused: {}", refusal.as_str())]
    Refused {
        /// Which.
        index: usize,
        /// Why.
        refusal: Refusal,
    },
    /// The relay cannot answer.
    #[error(transparent)]
    Relay(#[from] RelayError),
}

#[derive(Default)]
struct Memory {
    directory: Arc<Directory>,
    known: Known,
    names: HashMap<MemberId, String>,
    documents: HashSet<DocumentId>,
}

/// The relay.
pub struct Relay {
    key: SoftwareKey,
    head: watch::Sender<u64>,
    memory: Mutex<Memory>,
    env: Arc<dyn Env>,
}

impl Relay {
    /// Opens the data directory, making what it needs.
    ///
    /// # Errors
    /// Where its files cannot be read or written.
    pub fn open(
        data: &Path,
        _options: RelayOptions,
        env: Arc<dyn Env>,
    ) -> Result<Arc<Self>, RelayError> {
        let storage = |error: std::io::Error| RelayError::Storage(error.to_string());
        std::fs::create_dir_all(data).map_err(storage)?;
        let path = data.join("relay.key");
        if !path.exists() {
            let key = SoftwareKey::generate(env.as_ref());
            std::fs::write(&path, key.to_bytes()).map_err(storage)?;
        }
        let bytes = std::fs::read(&path).map_err(storage)?;
        let secret = <[u8; 32]>::try_from(bytes.as_slice());
        let key = secret
            .ok()
            .and_then(|secret| SoftwareKey::from_bytes(&secret).ok());
        Ok(Arc::new(Self {
            key: key.ok_or_else(|| RelayError::Storage("relay.key is damaged".into()))?,
            head: watch::Sender::new(0),
            memory: Mutex::default(),
            env,
        }))
    }

    /// The relay's long-lived key.
    pub fn key(&self) -> &SoftwareKey {
        &self.key
    }

    /// Takes what a device pushes and gives it the next page.
    ///
    /// # Errors
    /// Where the relay cannot answer.
    #[allow(clippy::unused_async)]
    pub async fn sync(
        &self,
        _device: &Device,
        request: SyncRequest,
    ) -> Result<SyncResponse, RelayError> {
        let start = Cursor {
            epoch: [1; 8],
            seq: 0,
            chain: [0; 8],
        };
        Ok(SyncResponse {
            relay_time_ms: self.env.now_ms(),
            cursor: request.cursor.unwrap_or(start),
            is_diverged: false,
            outcomes: Vec::new(),
            receipt: None,
            tail: Vec::new(),
            documents: Vec::new(),
            bootstraps: Vec::new(),
            scope: Some(vec![OrgId::DIRECTORY]),
            absent: Vec::new(),
            remaining: 0,
            is_cloned: false,
        })
    }

    /// The end of the log.
    pub fn head(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    /// Does something in the name of the console or the operator, all or nothing, and gives the
    /// log's position after it.
    ///
    /// # Errors
    /// Which act was refused and why, or why the relay cannot answer.
    #[allow(clippy::unused_async)]
    pub async fn act(&self, _author: Author, acts: Vec<Act>) -> Result<u64, ActError> {
        let mut memory = self.memory();
        for (index, act) in acts.iter().enumerate() {
            let is_new = matches!(act.verb, Verb::Create { .. });
            if is_new && memory.documents.contains(&act.document) {
                let refusal = Refusal::AlreadyCreated;
                return Err(ActError::Refused { index, refusal });
            }
        }
        let count = acts.len() as u64;
        for act in acts {
            if let Verb::Create { header, fields, .. } = act.verb {
                memory.documents.insert(act.document);
                memory.take(&header, &fields);
            }
        }
        self.head.send_modify(|head| *head += count);
        Ok(*self.head.borrow())
    }

    /// The organisation tree and the grants.
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.memory().directory)
    }

    /// A whole Automerge file; `None` where absent or not readable by that member.
    ///
    /// # Errors
    /// Where the relay cannot answer.
    #[allow(clippy::unused_async)]
    pub async fn document(
        &self,
        _member: MemberId,
        id: DocumentId,
    ) -> Result<Option<Vec<u8>>, RelayError> {
        let is_there = self.memory().documents.contains(&id);
        Ok(is_there.then(|| id.as_bytes().to_vec()))
    }

    /// A member by their number, with their name.
    ///
    /// # Errors
    /// Where the relay cannot answer.
    #[allow(clippy::unused_async)]
    pub async fn find_member(
        &self,
        number: &str,
    ) -> Result<Option<(MemberId, String)>, RelayError> {
        let memory = self.memory();
        let id = memory.known.members.get(number).copied();
        Ok(id.and_then(|id| Some((id, memory.names.get(&id)?.clone()))))
    }

    /// What an import need not make anew.
    ///
    /// # Errors
    /// Where the relay cannot answer.
    #[allow(clippy::unused_async)]
    pub async fn known(&self) -> Result<Known, RelayError> {
        Ok(self.memory().known.clone())
    }

    /// Ends what is in flight and closes.
    #[allow(clippy::unused_async)]
    pub async fn close(&self) {}

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn text(fields: &Map<String, Value>, name: &str) -> String {
    let value = fields.get(name).and_then(Value::as_str);
    value.unwrap_or_default().to_owned()
}

impl Memory {
    fn take(&mut self, header: &Header, fields: &Map<String, Value>) {
        let whole = Value::Object(fields.clone());
        let id = header.id;
        match header.kind {
            DocumentKind::Organisation => {
                self.known
                    .orgs
                    .insert(text(fields, "name"), OrgId::from(id));
                if let Ok(fields) = serde_json::from_value::<PartyOrgFields>(whole) {
                    let state = PartyOrg::begin(header, &fields);
                    Arc::make_mut(&mut self.directory).put_org(&View {
                        header: header.clone(),
                        fields,
                        state,
                        events: Vec::new(),
                        conflicts: Vec::new(),
                    });
                }
            }
            DocumentKind::Grant => {
                if let Ok(fields) = serde_json::from_value::<GrantFields>(whole) {
                    let state = Grant::begin(header, &fields);
                    Arc::make_mut(&mut self.directory).put_grant(&View {
                        header: header.clone(),
                        fields,
                        state,
                        events: Vec::new(),
                        conflicts: Vec::new(),
                    });
                }
            }
            DocumentKind::Unit => {
                let name = text(fields, "name");
                self.known.units.insert(name, UnitId::from(id));
            }
            DocumentKind::Member => {
                let number = text(fields, "number");
                self.known.members.insert(number, MemberId::from(id));
                self.names.insert(MemberId::from(id), text(fields, "name"));
            }
            DocumentKind::Zone => {
                self.known.zones.insert(text(fields, "code"), id.into());
            }
            DocumentKind::Post => {
                self.known
                    .posts
                    .insert(text(fields, "code"), PostId::from(id));
            }
            _ => {}
        }
    }
}
