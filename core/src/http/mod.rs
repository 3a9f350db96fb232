//! The one transport: HTTPS to a relay, checked by the relay's own key. Phones, tests and the
//! demo all use it. Bodies travel compressed with zstd.

mod crypto;
mod live;
mod photos;
mod pin;

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;

use crate::id::DocumentId;
use crate::invite::Invite;
use crate::json;
use crate::keys::{PublicKey, hex};
use crate::notebook::{Notebook, NotebookError};
use crate::sync::{Options, Progress, Session, Step, SyncError};
use crate::wire::{self, EnrolRequest, EnrolResponse, MEDIA_TYPE};

pub use live::LiveChannel;
pub use photos::Moved;

/// Why an exchange with the relay came to nothing. What was committed stays committed.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// No answer: offline, cut, or too slow. The same may be tried again at any time.
    #[error("the relay cannot be reached: {0}")]
    Unreachable(String),
    /// The relay's address makes no sense, or its key is none.
    #[error("the relay's address or key is not usable: {0}")]
    Address(String),
    /// The relay said no, as an RFC 9457 problem.
    #[error("the relay answers {status}: {title}")]
    Problem {
        /// The HTTP status.
        status: u16,
        /// The problem's stable type.
        kind: String,
        /// What it says for people.
        title: String,
    },
    /// The session failed.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// The notebook failed.
    #[error(transparent)]
    Notebook(#[from] NotebookError),
}

/// A relay, reached over HTTP.
#[derive(Clone, Debug)]
pub struct HttpRelay {
    client: Client,
    url: String,
    traffic: Arc<Traffic>,
}

/// Bytes of bodies as they travelled, compressed; heads and TLS apart.
#[derive(Debug, Default)]
pub struct Traffic {
    up_bytes: AtomicU64,
    down_bytes: AtomicU64,
}

impl Traffic {
    fn up(&self, bytes: usize) {
        self.up_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn down(&self, bytes: usize) {
        self.down_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Bytes sent.
    pub fn up_bytes(&self) -> u64 {
        self.up_bytes.load(Ordering::Relaxed)
    }

    /// Bytes received.
    pub fn down_bytes(&self) -> u64 {
        self.down_bytes.load(Ordering::Relaxed)
    }
}

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long nothing may arrive before an exchange counts as cut.
const READ_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a connection is kept for the next request: less than the 30 seconds after which the relay
/// hangs up, so that no request meets a connection that is just being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// Level 3 is zstd's own default: fast, and small enough.
const ZSTD_LEVEL: i32 = 3;
/// Bodies below this size do not gain by compression, in bytes.
const COMPRESS_FROM_BYTES: usize = 256;

impl HttpRelay {
    /// The relay at `url`, trusted by `relay_key`: by its own certificate whatever the dates, or
    /// by a certificate that the Web's authorities vouch for.
    ///
    /// # Errors
    /// [`HttpError::Address`] where TLS cannot be set up with that key.
    pub fn new(url: &str, relay_key: &PublicKey) -> Result<Self, HttpError> {
        let tls = pin::client_config(relay_key).map_err(HttpError::Address)?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .no_proxy()
            .build()
            .map_err(|error| HttpError::Address(error.to_string()))?;
        Ok(Self {
            client,
            url: url.trim_end_matches('/').to_owned(),
            traffic: Arc::default(),
        })
    }

    /// The relay that a notebook is enrolled at.
    ///
    /// # Errors
    /// As [`HttpRelay::new`], and [`NotebookError::NotEnrolled`].
    pub fn of(notebook: &Notebook) -> Result<Self, HttpError> {
        let identity = notebook.identity().ok_or(NotebookError::NotEnrolled)?;
        Self::new(&identity.relay_url, &identity.relay_key)
    }

    /// What has travelled through this and its clones.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Enrols a notebook by an invite to this relay; gives the six digits to compare where
    /// somebody still has to confirm.
    ///
    /// # Errors
    /// [`HttpError`]; the same invite may be used again after a lost answer.
    pub async fn enrol(
        &self,
        notebook: &mut Notebook,
        invite: &Invite,
        name: &str,
    ) -> Result<Option<String>, HttpError> {
        let enrolment = notebook.begin_enrolment(invite, name)?;
        let response = self.ask_to_enrol(&enrolment.request).await?;
        notebook.finish_enrolment(invite, &response)?;
        Ok((!response.is_confirmed).then_some(enrolment.confirmation_code))
    }

    /// Asks to enrol a device, for callers that cannot lend their notebook while they wait.
    ///
    /// # Errors
    /// [`HttpError`]; the same may be asked again after a lost answer.
    pub async fn ask_to_enrol(&self, request: &EnrolRequest) -> Result<EnrolResponse, HttpError> {
        let answer = self.post("/v1/enroll", None, wire::encode(request)).await?;
        Ok(wire::decode(&answer).map_err(|error| SyncError::Answer(error.to_string()))?)
    }

    /// Syncs a notebook until it is up to date; `observe` is told of the progress after each page.
    ///
    /// # Errors
    /// [`HttpError`]; pages committed before stay, and the next sync goes on from there.
    pub async fn sync(
        &self,
        notebook: &mut Notebook,
        options: Options,
        mut observe: impl FnMut(&Progress),
    ) -> Result<Progress, HttpError> {
        let identity = notebook.identity().ok_or(NotebookError::NotEnrolled)?;
        let credential = hex(&identity.credential);
        let mut session = Session::new(options);
        loop {
            match session.next(notebook)? {
                Step::Exchange(body) => {
                    let answer = self.post("/v1/sync", Some(&credential), body).await?;
                    session.answered(notebook, &answer)?;
                    observe(&session.progress());
                }
                Step::Sign(_) => {
                    let reason = "this notebook's key lies elsewhere: drive the session yourself";
                    return Err(HttpError::Address(reason.into()));
                }
                Step::Done(progress) => return Ok(progress),
            }
        }
    }

    /// Posts a CBOR body and gives the answer's, decompressed.
    ///
    /// # Errors
    /// [`HttpError::Unreachable`] and [`HttpError::Problem`].
    pub async fn post(
        &self,
        path: &str,
        credential: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, HttpError> {
        let mut request = self
            .client
            .post(format!("{}{path}", self.url))
            .header(CONTENT_TYPE, MEDIA_TYPE)
            .header(ACCEPT_ENCODING, "zstd");
        if let Some(credential) = credential {
            request = request.header(AUTHORIZATION, format!("Bearer {credential}"));
        }
        if body.len() >= COMPRESS_FROM_BYTES {
            let packed = zstd::bulk::compress(&body, ZSTD_LEVEL)
                .map_err(|error| HttpError::Unreachable(error.to_string()))?;
            self.traffic.up(packed.len());
            request = request.header(CONTENT_ENCODING, "zstd").body(packed);
        } else {
            self.traffic.up(body.len());
            request = request.body(body);
        }
        self.answer(request).await
    }

    /// A record that the notebook's member may read, as the plain Automerge file that it is.
    ///
    /// # Errors
    /// [`HttpError::Unreachable`], and [`HttpError::Problem`] with status 404 where there is none.
    pub async fn document(
        &self,
        notebook: &Notebook,
        id: DocumentId,
    ) -> Result<Vec<u8>, HttpError> {
        let identity = notebook.identity().ok_or(NotebookError::NotEnrolled)?;
        let bearer = format!("Bearer {}", hex(&identity.credential));
        let request = self
            .client
            .get(format!("{}/v1/documents/{id}", self.url))
            .header(ACCEPT_ENCODING, "zstd")
            .header(AUTHORIZATION, bearer);
        self.answer(request).await
    }

    /// Sends a request and gives the answer's body, decompressed.
    async fn answer(&self, request: RequestBuilder) -> Result<Vec<u8>, HttpError> {
        let response = request.send().await.map_err(unreachable)?;
        if !response.status().is_success() {
            return Err(problem(response).await);
        }
        let is_packed = response.headers().get(CONTENT_ENCODING).is_some();
        let bytes = response.bytes().await.map_err(unreachable)?;
        self.traffic.down(bytes.len());
        if is_packed {
            unpack(&bytes)
        } else {
            Ok(bytes.into())
        }
    }
}

/// The highest number of bytes of an answer, uncompressed.
const ANSWER_LIMIT_BYTES: u64 = 64 << 20;

fn unpack(packed: &[u8]) -> Result<Vec<u8>, HttpError> {
    let bad = |error: std::io::Error| HttpError::Unreachable(error.to_string());
    let mut bytes = Vec::new();
    let decoder = zstd::Decoder::new(packed).map_err(bad)?;
    decoder
        .take(ANSWER_LIMIT_BYTES)
        .read_to_end(&mut bytes)
        .map_err(bad)?;
    Ok(bytes)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: String,
}

async fn problem(response: Response) -> HttpError {
    let status: StatusCode = response.status();
    let is_packed = response.headers().get(CONTENT_ENCODING).is_some();
    let body = match response.bytes().await {
        Ok(bytes) if is_packed => unpack(&bytes).unwrap_or_default(),
        Ok(bytes) => bytes.into(),
        Err(error) => return unreachable(error),
    };
    // Whatever stands between may answer in its own words.
    let problem: Problem = std::str::from_utf8(&body)
        .ok()
        .and_then(|body| json::read(body).ok())
        .unwrap_or_default();
    HttpError::Problem {
        status: status.as_u16(),
        kind: problem.kind,
        title: problem.title,
    }
}

/// The whole chain of reasons: reqwest's own message leaves out the cause.
#[allow(clippy::needless_pass_by_value)] // made for `map_err`
fn unreachable(error: reqwest::Error) -> HttpError {
    let mut reasons = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        reasons.push_str(": ");
        reasons.push_str(&inner.to_string());
        cause = inner.source();
    }
    HttpError::Unreachable(reasons)
}
