//! Uploads: begin, ask where one stands, go on, end. What a cut request has brought counts.

use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::time::timeout;

use super::Caller;
use super::places::Taken;
use super::tus;
use crate::blobs::{BlobError, Checksum, PartId, Turn, Upload};
use crate::http::body::Pieces;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::App;

/// `OPTIONS`: what this relay can do.
pub(super) async fn abilities(State(app): State<App>) -> Response {
    let size = app.relay.blobs().limits().file_bytes;
    let headers = [
        (tus::EXTENSION, HeaderValue::from_static(tus::EXTENSIONS)),
        (tus::ALGORITHM, HeaderValue::from_static(tus::ALGORITHMS)),
        (tus::MAX_SIZE, size.into()),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// `POST /v1/blobs`: begins an upload of a photo that a record names, or finds the one begun before.
/// Where the relay holds the photo already, the answer's offset is its length.
pub(super) async fn begin(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    tus::check_version(&headers)?;
    let bytes = tus::number(&headers, &tus::LENGTH)?;
    let hash = tus::hash(&headers)?;
    let blobs = app.relay.blobs();
    if bytes > blobs.limits().file_bytes {
        let problem = Problem::from(ProblemKind::PhotoTooLarge);
        return Err(problem.with("limit", blobs.limits().file_bytes.into()));
    }
    let namings = app
        .relay
        .namings(caller.member, caller.device, hash)
        .await?;
    if !namings.iter().any(|naming| naming.bytes == bytes) {
        return Err(ProblemKind::PhotoNotNamed.into());
    }
    let owner = caller.owner;
    let begun = blobs.run(move |blobs| {
        let upload = blobs.begin(owner, hash, bytes)?;
        Ok((upload, blobs.has(&hash)))
    });
    let (upload, is_held) = begun.await?;
    let location = format!("/v1/blobs/uploads/{}", upload.id);
    let mut response = answer(StatusCode::CREATED, &upload, None);
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(&location) {
        headers.insert(header::LOCATION, location);
    }
    if is_held {
        headers.insert(tus::OFFSET, bytes.into());
    }
    Ok(response)
}

/// `HEAD`: where an upload stands. A request that still works on it gives way.
pub(super) async fn stands(
    State(app): State<App>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    tus::check_version(&headers)?;
    let turn = turn(&app, &caller, id).await?;
    let mut response = answer(StatusCode::OK, turn.upload(), Some(turn.offset()));
    let headers = response.headers_mut();
    headers.insert(tus::LENGTH, turn.upload().bytes.into());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(metadata) = HeaderValue::from_str(&tus::metadata(&turn.upload().hash)) {
        headers.insert(tus::METADATA, metadata);
    }
    Ok(response)
}

/// `DELETE`: throws an upload away. A photo that is held already stays.
pub(super) async fn end(
    State(app): State<App>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    tus::check_version(&headers)?;
    turn(&app, &caller, id).await?.end().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST` with `X-HTTP-Method-Override`, for clients whose surroundings know no `PATCH` or `DELETE`.
pub(super) async fn overridden(
    State(app): State<App>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    match tus::text(request.headers(), &tus::METHOD) {
        Some("PATCH") => go_on(State(app), caller, id, request).await,
        Some("DELETE") => {
            let ended = end(State(app), caller, id, request.headers().clone()).await;
            ended.map(axum::response::IntoResponse::into_response)
        }
        _ => Err(ProblemKind::MethodNotAllowed.into()),
    }
}

/// `PATCH`: more bytes. What came before a cut counts, unless the request says a checksum.
pub(super) async fn go_on(
    State(app): State<App>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (turn, place) = match prepare(&app, &caller, id, &parts.headers).await {
        Ok(prepared) => prepared,
        Err(response) => {
            hear_out(&mut Pieces::of(body, app.body_limits(HEARD_OUT_BYTES))).await;
            return Ok(response);
        }
    };
    let left = turn.upload().bytes - turn.offset();
    let limits = app.body_limits(usize::try_from(left).unwrap_or(usize::MAX));
    let pieces = Pieces::of(body, limits);
    // Not dropped with its connection: what has come is made durable first.
    let taking = tokio::spawn(take(app, turn, pieces, place));
    let (upload, at) = taking.await.map_err(|_| ProblemKind::Stopping)??;
    Ok(answer(StatusCode::NO_CONTENT, &upload, Some(at)))
}

/// So many bytes of a request that is refused are still read.
const HEARD_OUT_BYTES: usize = 1 << 20;
/// And for so long.
const HEARD_OUT: Duration = Duration::from_secs(2);

/// Reads what a refused request still sends, within bounds: a client whose connection ends while it
/// is sending often never sees the answer.
async fn hear_out(pieces: &mut Pieces) {
    let hearing = async { while let Ok(Some(_)) = pieces.next().await {} };
    let _ = timeout(HEARD_OUT, hearing).await;
}

/// The turn for a request whose head is right.
async fn prepare(
    app: &App,
    caller: &Caller,
    id: Result<Path<String>, PathRejection>,
    headers: &HeaderMap,
) -> Result<(Turn, Taken), Response> {
    let told = |problem: Problem| problem.into_response();
    let (offset, checksum) = head_of(headers).map_err(told)?;
    let declared = tus::number(headers, &header::CONTENT_LENGTH).ok();
    let place = app.uploads.take(caller.owner).await.map_err(told)?;
    let mut turn = turn(app, caller, id).await.map_err(told)?;
    let stands = turn.offset();
    if stands != offset {
        let mut response = told(BlobError::Elsewhere { at: stands }.into());
        response.headers_mut().insert(tus::OFFSET, stands.into());
        return Err(response);
    }
    let left = turn.upload().bytes - offset;
    if declared.is_some_and(|declared| declared > left) {
        return Err(told(ProblemKind::PhotoTooLarge.into()));
    }
    if let Some(checksum) = checksum {
        let expected = turn.expect(checksum).await;
        expected.map_err(|error| told(error.into()))?;
    }
    Ok((turn, place))
}

/// Where a `PATCH` says that it goes on, and its checksum.
fn head_of(headers: &HeaderMap) -> Result<(u64, Option<Checksum>), Problem> {
    tus::check_version(headers)?;
    let media = headers.get(header::CONTENT_TYPE);
    if media.is_none_or(|media| media != tus::PART) {
        let problem = Problem::from(ProblemKind::UnsupportedMedia);
        return Err(problem.with("accepts", tus::PART.into()));
    }
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(ProblemKind::UnsupportedMedia.into());
    }
    Ok((tus::number(headers, &tus::OFFSET)?, tus::checksum(headers)?))
}

/// Takes a body's bytes into an upload until its end, or until it is cut.
async fn take(
    app: App,
    mut turn: Turn,
    mut pieces: Pieces,
    place: Taken,
) -> Result<(Upload, u64), Problem> {
    let cut: Option<Problem> = loop {
        let piece = tokio::select! {
            // What is here is taken before anybody is given way to.
            biased;
            piece = pieces.next() => piece,
            () = turn.is_asked_for() => break Some(ProblemKind::UploadInUse.into()),
            () = app.stopped() => break Some(ProblemKind::Stopping.into()),
        };
        match piece {
            Ok(Some(bytes)) => {
                app.metrics.photo_bytes_received.inc_by(bytes.len() as u64);
                if let Err(error) = turn.push(&bytes).await {
                    drop((turn, place));
                    hear_out(&mut pieces).await;
                    return Err(error.into());
                }
            }
            Ok(None) => break None,
            Err(problem) => break Some(problem),
        }
    };
    let finished = turn.finish(cut.is_none()).await;
    drop(place);
    match cut {
        // What is thrown away is said; else why the request ended.
        Some(problem) => match finished {
            Err(error @ (BlobError::WrongHash | BlobError::Full)) => Err(error.into()),
            _ => Err(problem),
        },
        None => {
            let (upload, at) = finished?;
            if at == upload.bytes {
                app.metrics.photos_received.inc();
                app.happenings.photo();
            }
            Ok((upload, at))
        }
    }
}

async fn turn(
    app: &App,
    caller: &Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Turn, Problem> {
    let id = id.ok().and_then(|Path(id)| PartId::parse(&id));
    let id = id.ok_or(ProblemKind::UploadUnknown)?;
    Ok(app.relay.blobs().turn(caller.owner, id).await?)
}

fn answer(status: StatusCode, upload: &Upload, offset: Option<u64>) -> Response {
    let mut response = status.into_response();
    let headers = response.headers_mut();
    if let Some(offset) = offset {
        headers.insert(tus::OFFSET, offset.into());
    }
    if let Some(date) = tus::date(upload.expires_at_ms) {
        headers.insert(tus::EXPIRES, date);
    }
    response
}
