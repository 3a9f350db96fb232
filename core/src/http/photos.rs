//! Photos over HTTP: up by tus 1.0.0, down by ranges. Both go on where a cut left them, as often
//! as anything comes through.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{
    AUTHORIZATION, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, IF_RANGE, LOCATION, RANGE,
};
use reqwest::{Method, RequestBuilder, Response};

use super::{HttpError, HttpRelay, problem, unreachable};
use crate::keys::hex;
use crate::notebook::{Notebook, NotebookError};
use crate::photos::transfer::{End, Job, PhotoProgress, Round, RoundOptions, Way};
use crate::photos::{Folder, PhotoError};
use crate::sync::{Options, Progress};

/// What is told of a file on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved<'a> {
    /// The relay has begun an upload; it is to be noted before anything is sent. `None` where the
    /// one that was known is gone.
    Begun(Option<&'a str>),
    /// So many bytes more are there.
    Bytes(u64),
}

/// How many bytes of a file one request carries: small enough to be read into memory, large enough
/// that the answers cost little.
const CHUNK_BYTES: usize = 512 << 10;
/// How often a file is tried while nothing more of it comes through.
const TRIES: u32 = 3;
/// How long to wait before the next of these tries.
const BETWEEN_TRIES: Duration = Duration::from_millis(200);
const TUS_VERSION: &str = "1.0.0";

impl HttpRelay {
    /// Carries one file as far as the network lets it; `told` is told of the way.
    ///
    /// # Errors
    /// [`HttpError::Problem`] where the relay does not know this device (any more), and those of
    /// `told`. Whatever concerns the file alone is its [`End`].
    pub async fn carry(
        &self,
        credential: &str,
        job: &Job,
        told: &mut (dyn FnMut(Moved<'_>) -> Result<(), HttpError> + Send),
    ) -> Result<End, HttpError> {
        let mut way = OnItsWay {
            relay: self,
            credential,
            job,
            told,
        };
        let end = match &job.way {
            Way::Up { path, url } => way.send(path, url.clone()).await,
            Way::Down(folder) => way.fetch(folder).await,
        };
        let stop = match end {
            Ok(end) | Err(Stop::Ended(end)) => return Ok(end),
            Err(Stop::Failed(error)) => error,
        };
        match stop {
            HttpError::Unreachable(reason) => Ok(End::Cut(reason)),
            HttpError::Problem {
                status,
                kind,
                title,
            } if !is_of_device(status) => {
                let kind = kind.rsplit(':').next().unwrap_or_default();
                Ok(End::Refused(if kind.is_empty() {
                    format!("HTTP {status}")
                } else {
                    format!("{kind}: {title}")
                }))
            }
            error => Err(error),
        }
    }

    /// Carries every file that may travel now; `observe` is told of the progress.
    ///
    /// # Errors
    /// [`HttpError::Unreachable`] where nothing comes through any more, and those of
    /// [`HttpRelay::carry`]; what has travelled has travelled.
    pub async fn carry_photos(
        &self,
        notebook: &mut Notebook,
        options: RoundOptions,
        mut observe: impl FnMut(&PhotoProgress) + Send,
    ) -> Result<PhotoProgress, HttpError> {
        let identity = notebook.identity().ok_or(NotebookError::NotEnrolled)?;
        let credential = hex(&identity.credential);
        let mut round = Round::new(options);
        while let Some(job) = round.next(notebook)? {
            let mut told = |moved: Moved<'_>| {
                match moved {
                    Moved::Begun(url) => notebook.upload_begun(&job.hash, url)?,
                    Moved::Bytes(bytes) => {
                        round.moved(&job, bytes);
                        observe(&round.progress());
                    }
                }
                Ok(())
            };
            let end = self.carry(&credential, &job, &mut told).await?;
            round.ended(notebook, &job, end)?;
        }
        if round.is_offline() {
            return Err(HttpError::Unreachable("no photo comes through".into()));
        }
        Ok(round.progress())
    }

    /// Syncs a notebook, then its photos, and then asks for the receipt of those that were sent.
    ///
    /// # Errors
    /// Those of [`HttpRelay::sync`] and [`HttpRelay::carry_photos`].
    pub async fn sync_with_photos(
        &self,
        notebook: &mut Notebook,
        options: Options,
        photos: RoundOptions,
    ) -> Result<(Progress, PhotoProgress), HttpError> {
        let text = self.sync(notebook, options, |_| ()).await?;
        let carried = self.carry_photos(notebook, photos, |_| ()).await?;
        if carried.sent > 0 {
            self.sync(notebook, options, |_| ()).await?;
        }
        Ok((text, carried))
    }
}

impl From<PhotoError> for HttpError {
    fn from(error: PhotoError) -> Self {
        match error {
            PhotoError::Notebook(error) => Self::Notebook(error),
            PhotoError::File(error) => Self::Notebook(NotebookError::Store(error.into())),
            other => Self::Unreachable(other.to_string()), // none of those comes from a transfer
        }
    }
}

/// Why a file goes no further at this try.
enum Stop {
    /// The file's way has ended.
    Ended(End),
    /// The relay or the network said no; another try may go further.
    Failed(HttpError),
}

impl From<HttpError> for Stop {
    fn from(error: HttpError) -> Self {
        Self::Failed(error)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Ended(error.into())
    }
}

/// Whether such an answer is about this device or app, and not about one file.
fn is_of_device(status: u16) -> bool {
    matches!(status, 401 | 403 | 426)
}

/// Whether such an answer may be another at the next try: the relay is busy, or a connection that
/// broke still holds the upload.
fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 409 | 423 | 429 | 500 | 502 | 503 | 504)
}

impl Stop {
    /// Whether the same may go through in a moment.
    fn is_passing(&self) -> bool {
        match self {
            Self::Failed(HttpError::Problem { status, .. }) => is_passing(*status),
            Self::Failed(HttpError::Unreachable(_)) => true,
            _ => false,
        }
    }

    /// Whether it says that there is no such upload (any more).
    fn is_gone(&self) -> bool {
        self.has_status(&[404, 410])
    }

    fn has_status(&self, those: &[u16]) -> bool {
        matches!(self, Self::Failed(HttpError::Problem { status, .. }) if those.contains(status))
    }
}

struct OnItsWay<'a> {
    relay: &'a HttpRelay,
    credential: &'a str,
    job: &'a Job,
    told: &'a mut (dyn FnMut(Moved<'_>) -> Result<(), HttpError> + Send),
}

impl OnItsWay<'_> {
    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let bearer = format!("Bearer {}", self.credential);
        let request = self
            .relay
            .client
            .request(method, format!("{}{path}", self.relay.url));
        request
            .header(AUTHORIZATION, bearer)
            .header("Tus-Resumable", TUS_VERSION)
    }

    async fn send(&mut self, path: &Path, known: Option<String>) -> Result<End, Stop> {
        let mut file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(End::Lost),
            opened => opened?,
        };
        if file.metadata()?.len() != self.job.bytes {
            return Ok(End::Lost);
        }
        let mut url = known;
        let mut offset = None;
        // The most that the relay has ever said it holds: to ask it once more is no step forward.
        let mut confirmed = 0;
        let mut in_vain = 0;
        loop {
            let before = offset;
            let step = self.send_more(&mut file, &mut url, &mut offset).await;
            if offset == Some(self.job.bytes) {
                return Ok(End::Arrived);
            }
            if let Some(now) = offset.filter(|now| *now > confirmed) {
                confirmed = now;
                in_vain = 0;
            }
            if step.is_ok() && before.is_none_or(|before| offset > Some(before)) {
                continue;
            }
            in_vain += 1;
            match step {
                Err(stop) if stop.is_gone() && url.is_some() && in_vain < TRIES => {
                    url = None;
                    (self.told)(Moved::Begun(None))?;
                    continue;
                }
                Err(stop) if in_vain == TRIES || !stop.is_passing() => return Err(stop),
                Ok(()) if in_vain == TRIES => {
                    return Ok(End::Cut("nothing more comes through".into()));
                }
                _ => {}
            }
            tokio::time::sleep(BETWEEN_TRIES).await;
        }
    }

    /// One step of an upload: it is begun, or asked where it stands, or given its next piece.
    async fn send_more(
        &mut self,
        file: &mut File,
        url: &mut Option<String>,
        offset: &mut Option<u64>,
    ) -> Result<(), Stop> {
        let Some(at) = url.clone() else {
            let (begun, length) = self.begin().await?;
            *offset = Some(length);
            (self.told)(Moved::Begun(Some(&begun)))?;
            *url = Some(begun);
            return Ok(());
        };
        let Some(from) = *offset else {
            let answer = self.ask(Method::HEAD, &at).send().await;
            let answer = accepted(answer.map_err(unreachable)?).await?;
            *offset = Some(number(answer.headers(), "Upload-Offset")?);
            return Ok(());
        };
        // Where this fails, only the relay knows how far the file has come.
        *offset = None;
        let size = usize::try_from(self.job.bytes.saturating_sub(from)).unwrap_or(CHUNK_BYTES);
        let mut piece = vec![0; size.min(CHUNK_BYTES)];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut piece)?;
        self.relay.traffic.up(piece.len());
        let request = self
            .ask(Method::PATCH, &at)
            .header(CONTENT_TYPE, "application/offset+octet-stream")
            .header("Upload-Offset", from)
            .body(piece);
        let answer = accepted(request.send().await.map_err(unreachable)?).await?;
        let now = number(answer.headers(), "Upload-Offset")?;
        *offset = Some(now);
        Ok((self.told)(Moved::Bytes(now.saturating_sub(from)))?)
    }

    /// Begins an upload; gives its path and how much of the file the relay has already.
    async fn begin(&mut self) -> Result<(String, u64), HttpError> {
        let name = STANDARD.encode(hex(&self.job.hash));
        let request = self
            .ask(Method::POST, "/v1/blobs")
            .header("Upload-Length", self.job.bytes)
            .header("Upload-Metadata", format!("sha256 {name}"));
        let answer = accepted(request.send().await.map_err(unreachable)?).await?;
        let headers = answer.headers();
        let location = headers.get(LOCATION).and_then(|it| it.to_str().ok());
        let offset = match headers.get("Upload-Offset") {
            Some(_) => number(headers, "Upload-Offset")?,
            None => 0,
        };
        Ok((path_of(location.unwrap_or_default()).to_owned(), offset))
    }

    async fn fetch(&mut self, folder: &Folder) -> Result<End, Stop> {
        let (mut most, mut in_vain) = (0, 0);
        loop {
            let (mut file, length) = folder.go_on(&self.job.hash)?;
            let mut have = length;
            if have > self.job.bytes {
                file.set_len(0)?;
                have = 0;
            }
            most = have.max(most);
            let stop = match self.fetch_from(&mut file, &mut have).await {
                // To the relay's own end; whether it is the right one, its hash says.
                Ok(()) => return Ok(End::Arrived),
                Err(stop) if length > 0 && stop.has_status(&[416]) => return Ok(End::Arrived),
                Err(stop) => stop,
            };
            in_vain = if have > most { 0 } else { in_vain + 1 };
            if !stop.is_passing() || in_vain == TRIES {
                return Err(stop);
            }
            if in_vain > 0 {
                tokio::time::sleep(BETWEEN_TRIES).await;
            }
        }
    }

    /// Fetches what is missing, and notes in `have` how much is there.
    async fn fetch_from(&mut self, file: &mut File, have: &mut u64) -> Result<(), Stop> {
        if *have == self.job.bytes {
            return Ok(());
        }
        let name = hex(&self.job.hash);
        let mut request = self.ask(Method::GET, &format!("/v1/blobs/{name}"));
        if *have > 0 {
            request = request
                .header(RANGE, format!("bytes={have}-"))
                .header(IF_RANGE, format!("\"{name}\""));
        }
        let mut answer = accepted(request.send().await.map_err(unreachable)?).await?;
        let begins = answer
            .headers()
            .get(CONTENT_RANGE)
            .map_or(0, begin_of_range);
        if begins != *have {
            file.set_len(0)?; // it is given whole
            *have = 0;
        }
        while let Some(piece) = answer.chunk().await.map_err(unreachable)? {
            self.relay.traffic.down(piece.len());
            if *have + piece.len() as u64 > self.job.bytes {
                file.set_len(0)?;
                *have = 0;
                let reason = "more came than the record names";
                return Err(Stop::Ended(End::Refused(reason.into())));
            }
            file.write_all(&piece)?;
            *have += piece.len() as u64;
            (self.told)(Moved::Bytes(piece.len() as u64))?;
        }
        Ok(())
    }
}

async fn accepted(answer: Response) -> Result<Response, HttpError> {
    if answer.status().is_success() {
        Ok(answer)
    } else {
        Err(problem(answer).await)
    }
}

fn number(headers: &HeaderMap, name: &str) -> Result<u64, HttpError> {
    let text = headers.get(name).and_then(|value| value.to_str().ok());
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| HttpError::Unreachable(format!("the answer has no {name}")))
}

/// `bytes 100-199/200` begins at 100.
fn begin_of_range(value: &reqwest::header::HeaderValue) -> u64 {
    let text = value
        .to_str()
        .ok()
        .and_then(|text| text.strip_prefix("bytes "));
    let begin = text.and_then(|text| text.split('-').next());
    begin.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The path of an address, which may be absolute: it is this relay's in any case.
fn path_of(address: &str) -> &str {
    match address.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => address,
    }
}
