//! Downloads: the bytes of a photo, for whoever may see a record that names it.

use std::io::SeekFrom;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;
use vanguard_core::id::MemberId;
use vanguard_core::keys::hex;
use vanguard_core::model::photo::{PhotoPurpose, parse_hash};

use super::Caller;
use super::range::{Wanted, wanted};
use crate::blobs::{BlobError, Blobs, Reading};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::App;

/// So many bytes are read at a time: what a download takes of memory.
const BLOCK_BYTES: usize = 64 << 10;
/// A blob never changes, so that it is asked for once; nobody's cache but the reader's own keeps it.
const CACHED: &str = "private, max-age=31536000, immutable";

/// `GET /v1/blobs/{hash}`, and `HEAD`.
pub(super) async fn blob(
    State(app): State<App>,
    caller: Caller,
    hash: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path(hash) = hash.map_err(|_| ProblemKind::NotFound)?;
    serve(&app, caller.member, &hash, &headers).await
}

/// The answer to a member's request for a blob. What they may not see and what does not exist answer
/// alike.
///
/// # Errors
/// 404, and 416 for a range outside.
pub(crate) async fn serve(
    app: &App,
    member: MemberId,
    hash: &str,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let hash = parse_hash(hash).ok_or(ProblemKind::NotFound)?;
    let namings = app.relay.namings(member, None, hash).await?;
    if namings.is_empty() {
        return Err(ProblemKind::NotFound.into());
    }
    // What a camera wrote is whatever it is: bytes to save, and nothing that a browser opens.
    let is_jpeg = namings
        .iter()
        .any(|it| it.purpose != PhotoPurpose::Untouched);
    let (media, disposition) = if is_jpeg {
        ("image/jpeg", "inline")
    } else {
        ("application/octet-stream", "attachment")
    };
    let blobs = app.relay.blobs();
    let blob = blobs.run(move |blobs| blobs.read(&hash)).await?;
    let blob = blob.ok_or(ProblemKind::NotFound)?;
    let tag = format!("\"{}\"", hex(&hash));
    let wanted = wanted(headers, &tag, blob.bytes);
    let (status, range) = match wanted {
        Wanted::Nothing => (StatusCode::NOT_MODIFIED, 0..0),
        Wanted::Whole => (StatusCode::OK, 0..blob.bytes),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Outside => {
            let mut response = ProblemKind::RangeNotSatisfiable.into_response();
            put(
                &mut response,
                header::CONTENT_RANGE,
                &format!("bytes */{}", blob.bytes),
            );
            return Ok(response);
        }
    };
    let length = range.end - range.start;
    let body = if status == StatusCode::NOT_MODIFIED {
        Body::empty()
    } else {
        app.metrics.photo_bytes_sent.inc_by(length);
        streamed(Arc::clone(blobs), blob.reader, range.start, length)
    };
    let mut response = (status, body).into_response();
    put(&mut response, header::ETAG, &tag);
    put(&mut response, header::CACHE_CONTROL, CACHED);
    if status == StatusCode::NOT_MODIFIED {
        return Ok(response);
    }
    put(&mut response, header::CONTENT_TYPE, media);
    put(&mut response, header::CONTENT_LENGTH, &length.to_string());
    put(&mut response, header::ACCEPT_RANGES, "bytes");
    put(&mut response, header::CONTENT_DISPOSITION, disposition);
    put(
        &mut response,
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; sandbox",
    );
    if status == StatusCode::PARTIAL_CONTENT {
        let said = format!("bytes {}-{}/{}", range.start, range.end - 1, blob.bytes);
        put(&mut response, header::CONTENT_RANGE, &said);
    }
    Ok(response)
}

fn put(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// So many bytes from a place on, read as they are sent.
fn streamed(blobs: Arc<Blobs>, reader: Box<dyn Reading>, from: u64, length: u64) -> Body {
    let begin = (blobs, reader, from, length);
    Body::from_stream(stream::try_unfold(
        begin,
        |(blobs, reader, from, left)| async move {
            if left == 0 {
                return Ok::<_, BlobError>(None);
            }
            let read = blobs.run(move |_| Ok(read_at(reader, from, left)?));
            let (reader, bytes) = read.await?;
            let taken = bytes.len() as u64;
            Ok(Some((bytes, (blobs, reader, from + taken, left - taken))))
        },
    ))
}

fn read_at(
    mut reader: Box<dyn Reading>,
    from: u64,
    left: u64,
) -> std::io::Result<(Box<dyn Reading>, Bytes)> {
    let length = usize::try_from(left).map_or(BLOCK_BYTES, |left| left.min(BLOCK_BYTES));
    let mut block = vec![0; length];
    reader.seek(SeekFrom::Start(from))?;
    reader.read_exact(&mut block)?;
    Ok((reader, block.into()))
}
