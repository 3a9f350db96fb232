//! Reads request bodies under bounds: bytes as sent, bytes after decompression, the memory that a
//! decompressor may ask for, and the time between bytes. A body is decompressed when the whole of it
//! has come, and given up at the first byte over a bound: a small bomb costs no more than the bound,
//! and a hundred phones that send at once do not have a decompressor each.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use super::problem::{Problem, ProblemKind};

/// The largest window that a zstd frame may ask for: 2^23 bytes, as RFC 8878 advises (3.1.1.1.2).
const ZSTD_WINDOW_LOG: u32 = 23;

/// What a body takes without asking, in bytes after decompression: twice what our app pushes at a
/// time.
pub const SMALL_BYTES: usize = 2 << 20;
/// So many bodies at a time may be larger: all that the relay takes in at once has a bound, too.
pub const LARGE_BODIES: usize = 4;

/// A whole body, decompressed.
#[derive(Debug)]
pub struct Whole {
    /// Its bytes.
    pub bytes: Bytes,
    /// Its place among the large ones, for as long as it is worked on.
    pub place: Option<OwnedSemaphorePermit>,
}

/// The bounds of a body.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// The most bytes, as sent and after decompression.
    pub bytes: usize,
    /// The longest time without a byte.
    pub idle: Duration,
    /// Bytes a second as sent that a client has to reach on the whole, after `idle` at most.
    pub floor_bytes_per_s: u32,
}

/// The whole body, decompressed.
///
/// # Errors
/// Those of [`receive`] and [`Sent::decoded`].
pub async fn read(
    headers: &HeaderMap,
    body: Body,
    limits: BodyLimits,
    large: &Arc<Semaphore>,
) -> Result<Whole, Problem> {
    receive(headers, body, limits, large).await?.decoded()
}

/// A whole body as it was sent.
pub struct Sent {
    encoding: Encoding,
    bytes: Bounded,
}

/// The whole body, as it was sent.
///
/// # Errors
/// 413 over the bound, 415 for an encoding other than zstd, gzip and identity, 408 when it comes
/// too slowly, 400 where it breaks off, 503 where it is large and `large` has no place for it.
pub async fn receive(
    headers: &HeaderMap,
    body: Body,
    limits: BodyLimits,
    large: &Arc<Semaphore>,
) -> Result<Sent, Problem> {
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limits.bytes as u64) {
        return Err(ProblemKind::TooLarge.into());
    }
    let encoding = Encoding::of(headers)?;
    let mut bytes = Bounded::new(limits.bytes, large);
    let mut pieces = Pieces::of(body, limits);
    while let Some(data) = pieces.next().await? {
        bytes.write_all(&data).map_err(|_| bytes.problem())?;
    }
    Ok(Sent { encoding, bytes })
}

/// A body as sent, piece by piece as it arrives, under its bounds.
pub(super) struct Pieces {
    body: Body,
    limits: BodyLimits,
    start: Instant,
    taken: u64,
}

impl Pieces {
    pub(super) fn of(body: Body, limits: BodyLimits) -> Self {
        Self {
            body,
            limits,
            start: Instant::now(),
            taken: 0,
        }
    }

    /// The next piece; `None` at the end. A caller that stops waiting loses nothing.
    ///
    /// # Errors
    /// 413 over the bound, 408 when it comes too slowly, 400 where it breaks off.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        let limits = self.limits;
        loop {
            let earned = self.taken * 1_000 / u64::from(limits.floor_bytes_per_s.max(1));
            let deadline = self.start + limits.idle + Duration::from_millis(earned);
            let pause = limits.idle.min(deadline.duration_since(Instant::now()));
            let frame = match timeout(pause, self.body.frame()).await {
                Err(_) => return Err(ProblemKind::TooSlow.into()),
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => return Err(ProblemKind::BadRequest.into()),
                Ok(Some(Ok(frame))) => frame,
            };
            let Ok(data) = frame.into_data() else {
                continue; // trailers say nothing that matters here
            };
            self.taken += data.len() as u64;
            if self.taken > limits.bytes as u64 {
                return Err(ProblemKind::TooLarge.into());
            }
            return Ok(Some(data));
        }
    }
}

/// Takes bytes until the bound.
struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
    is_over: bool,
    large: Arc<Semaphore>,
    place: Option<OwnedSemaphorePermit>,
    is_crowded: bool,
}

impl Bounded {
    fn new(limit: usize, large: &Arc<Semaphore>) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
            is_over: false,
            large: Arc::clone(large),
            place: None,
            is_crowded: false,
        }
    }

    fn whole(self) -> Whole {
        Whole {
            bytes: self.bytes.into(),
            place: self.place,
        }
    }

    /// Why it takes no more; damaged input where it would.
    fn problem(&self) -> Problem {
        if self.is_over {
            ProblemKind::TooLarge.into()
        } else if self.is_crowded {
            ProblemKind::Busy.into()
        } else {
            ProblemKind::BadRequest.into()
        }
    }
}

impl Write for Bounded {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        if data.len() > self.limit - self.bytes.len() {
            self.is_over = true;
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        if self.place.is_none() && self.bytes.len() + data.len() > SMALL_BYTES {
            let Ok(place) = Arc::clone(&self.large).try_acquire_owned() else {
                self.is_crowded = true;
                return Err(std::io::ErrorKind::ResourceBusy.into());
            };
            self.place = Some(place);
        }
        self.bytes.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// How a body is written.
enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

impl Encoding {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
        let encoding = encodings.next().map_or(Ok("identity"), |value| {
            value.to_str().map_err(|_| ProblemKind::UnsupportedMedia)
        })?;
        if encodings.next().is_some() {
            return Err(ProblemKind::UnsupportedMedia.into());
        }
        if encoding.eq_ignore_ascii_case("identity") {
            Ok(Self::Identity)
        } else if encoding.eq_ignore_ascii_case("gzip") {
            Ok(Self::Gzip)
        } else if encoding.eq_ignore_ascii_case("zstd") {
            Ok(Self::Zstd)
        } else {
            Err(Problem::from(ProblemKind::UnsupportedMedia).with("accepts", "zstd, gzip".into()))
        }
    }
}

impl Sent {
    /// What was written so, under the same bound. It blocks for as long as it is large.
    ///
    /// # Errors
    /// 413 over the bound, 400 where it is damaged, 503 where it is large and there is no place
    /// for it.
    pub fn decoded(self) -> Result<Whole, Problem> {
        let Self {
            encoding,
            bytes: mut sent,
        } = self;
        if let Encoding::Identity = encoding {
            return Ok(sent.whole());
        }
        let mut decoded = Bounded::new(sent.limit, &sent.large);
        decoded.place = sent.place.take();
        let copied = if let Encoding::Gzip = encoding {
            let decoder = flate2::read::MultiGzDecoder::new(&sent.bytes[..]);
            copy(decoder, &mut decoded)
        } else {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(&sent.bytes[..])
                .map_err(|_| Problem::from(ProblemKind::Internal))?;
            decoder
                .window_log_max(ZSTD_WINDOW_LOG)
                .map_err(|_| Problem::from(ProblemKind::Internal))?;
            copy(decoder, &mut decoded)
        };
        copied.map_err(|_| decoded.problem())?;
        Ok(decoded.whole())
    }
}

fn copy(mut from: impl Read, into: &mut Bounded) -> std::io::Result<()> {
    std::io::copy(&mut from, into).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: BodyLimits = BodyLimits {
        bytes: 1 << 20,
        idle: Duration::from_millis(100),
        floor_bytes_per_s: 1_000_000,
    };

    async fn decode(encoding: &str, body: Vec<u8>) -> Result<Bytes, ProblemKind> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_ENCODING, encoding.parse().unwrap());
        let large = Arc::new(Semaphore::new(LARGE_BODIES));
        let read = read(&headers, Body::from(body), LIMITS, &large).await;
        read.map(|whole| whole.bytes)
            .map_err(|problem| problem.kind)
    }

    #[tokio::test]
    async fn large_bodies_have_a_place_each_until_they_are_done_with() {
        let large = Arc::new(Semaphore::new(1));
        let limits = BodyLimits {
            bytes: 16 << 20,
            ..LIMITS
        };
        let headers = HeaderMap::new();
        let read = |bytes: usize| read(&headers, Body::from(vec![7; bytes]), limits, &large);
        let first = read(SMALL_BYTES + 1).await.unwrap();
        let kind = |read: Result<Whole, Problem>| read.map(|_| ()).map_err(|problem| problem.kind);
        assert_eq!(kind(read(SMALL_BYTES + 1).await), Err(ProblemKind::Busy));
        assert_eq!(kind(read(SMALL_BYTES).await), Ok(()));
        drop(first);
        assert_eq!(kind(read(SMALL_BYTES + 1).await), Ok(()));
    }

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    #[tokio::test]
    async fn bodies_of_every_encoding_arrive_whole() {
        let data = "隐患".repeat(20_000).into_bytes();
        let zstd = zstd::encode_all(&data[..], 3).unwrap();
        assert_eq!(decode("zstd", zstd).await.unwrap(), data);
        assert_eq!(decode("gzip", gzip(&data)).await.unwrap(), data);
        assert_eq!(decode("identity", data.clone()).await.unwrap(), data);
        let brotli = decode("br", data).await;
        assert_eq!(brotli, Err(ProblemKind::UnsupportedMedia));
    }

    #[tokio::test]
    async fn bombs_are_given_up_at_the_bound() {
        let zeros = vec![0; 64 << 20];
        let bomb = zstd::encode_all(&zeros[..], 19).unwrap();
        assert!(bomb.len() < 20_000);
        assert_eq!(decode("zstd", bomb).await, Err(ProblemKind::TooLarge));
        let bomb = gzip(&zeros);
        assert!(bomb.len() < 80_000);
        assert_eq!(decode("gzip", bomb).await, Err(ProblemKind::TooLarge));
        let plain = vec![0; (1 << 20) + 1];
        assert_eq!(decode("identity", plain).await, Err(ProblemKind::TooLarge));
    }

    #[tokio::test]
    async fn a_frame_that_asks_for_a_huge_window_is_refused() {
        // RFC 8878, 3.1.1: magic, a descriptor without single segment, window 2^31.
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x01, 0x00, 0x00];
        let decoded = decode("zstd", frame.to_vec()).await;
        assert_eq!(decoded, Err(ProblemKind::BadRequest));
    }

    #[tokio::test]
    async fn a_damaged_body_is_a_bad_request() {
        let mut cut = gzip(b"something that is longer than nothing");
        cut.truncate(cut.len() - 9);
        assert_eq!(decode("gzip", cut).await, Err(ProblemKind::BadRequest));
        let noise = decode("zstd", vec![7; 100]).await;
        assert_eq!(noise, Err(ProblemKind::BadRequest));
    }

    #[tokio::test]
    async fn a_body_that_drips_is_cut() {
        let drops = futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b"x")), ()))
        });
        let large = Arc::new(Semaphore::new(1));
        let body = Body::from_stream(drops);
        let read = read(&HeaderMap::new(), body, LIMITS, &large).await;
        assert_eq!(read.unwrap_err().kind, ProblemKind::TooSlow);
    }
}
