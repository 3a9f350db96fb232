//! The headers of tus 1.0.0, read and written.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use vanguard_core::keys::{Hash, hex};
use vanguard_core::model::photo::parse_hash;

use crate::blobs::Checksum;
use crate::http::problem::{Problem, ProblemKind};

/// The version that this relay speaks.
pub(super) const VERSION: &str = "1.0.0";
/// What it knows beyond the core protocol.
pub(super) const EXTENSIONS: &str = "creation,checksum,expiration,termination";
/// The checksums that it knows.
pub(super) const ALGORITHMS: &str = "sha1,sha256";
/// The media type of a part of an upload.
pub(super) const PART: &str = "application/offset+octet-stream";

pub(super) const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
pub(super) const VERSIONS: HeaderName = HeaderName::from_static("tus-version");
pub(super) const EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
pub(super) const MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
pub(super) const ALGORITHM: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
pub(super) const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub(super) const LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub(super) const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
pub(super) const CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
pub(super) const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
pub(super) const METHOD: HeaderName = HeaderName::from_static("x-http-method-override");

/// The name of the metadata that says which photo it is.
const SHA256: &str = "sha256";

/// Says in every response which version is spoken.
pub(super) async fn named(mut response: Response) -> Response {
    let version = HeaderValue::from_static(VERSION);
    response.headers_mut().insert(RESUMABLE, version.clone());
    response.headers_mut().insert(VERSIONS, version);
    response
}

/// Requires a request of this version.
///
/// # Errors
/// 412 for another, or none.
pub(super) fn check_version(headers: &HeaderMap) -> Result<(), Problem> {
    match text(headers, &RESUMABLE) {
        Some(VERSION) => Ok(()),
        _ => Err(ProblemKind::TusVersion.into()),
    }
}

/// The number in a header.
///
/// # Errors
/// 400 where there is none.
pub(super) fn number(headers: &HeaderMap, name: &HeaderName) -> Result<u64, Problem> {
    // `parse` alone would take a sign.
    let digits = text(headers, name).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| bad(name, "须为非负整数", "must be a whole number"))
}

/// The photo that `Upload-Metadata` names.
///
/// # Errors
/// 400 where it names none.
pub(super) fn hash(headers: &HeaderMap) -> Result<Hash, Problem> {
    let pairs = text(headers, &METADATA).unwrap_or_default().split(',');
    let mut named = pairs.filter_map(|pair| pair.trim().split_once(' '));
    let value = named
        .find(|(name, _)| *name == SHA256)
        .map(|(_, v)| v.trim());
    let decoded = value.and_then(|value| BASE64.decode(value).ok());
    decoded
        .and_then(|bytes| parse_hash(std::str::from_utf8(&bytes).ok()?))
        .ok_or_else(|| {
            bad(
                &METADATA,
                "须含 sha256：64 位小写十六进制数字的 Base64",
                "must have sha256: 64 lower-case hexadecimal digits in Base64",
            )
        })
}

/// The metadata of an upload as its client said it.
pub(super) fn metadata(hash: &Hash) -> String {
    format!("{SHA256} {}", BASE64.encode(hex(hash)))
}

/// The checksum that a request says its bytes have.
///
/// # Errors
/// 400 where it makes no sense or is of an algorithm that nobody here knows.
pub(super) fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>, Problem> {
    let Some(value) = headers.get(&CHECKSUM) else {
        return Ok(None);
    };
    let parsed = value.to_str().ok().and_then(|text| {
        let (algorithm, value) = text.trim().split_once(' ')?;
        let bytes = BASE64.decode(value.trim()).ok()?;
        match algorithm {
            "sha1" => bytes.try_into().ok().map(Checksum::Sha1),
            "sha256" => bytes.try_into().ok().map(Checksum::Sha256),
            _ => None,
        }
    });
    let problem = || {
        bad(
            &CHECKSUM,
            "须为 sha1 或 sha256 及其 Base64",
            "must be sha1 or sha256, and its Base64",
        )
    };
    parsed.map(Some).ok_or_else(problem)
}

/// An instant as HTTP writes it.
pub(super) fn date(ms: i64) -> Option<HeaderValue> {
    let instant = Timestamp::from_millisecond(ms).ok()?;
    let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&instant);
    HeaderValue::from_str(&text.ok()?).ok()
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn bad(name: &HeaderName, zh: &str, en: &str) -> Problem {
    Problem::from(ProblemKind::BadRequest)
        .with("header", name.as_str().into())
        .detail(zh, en)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn numbers_are_digits_only() {
        let number = |text: &str| number(&headers(OFFSET, text), &OFFSET).ok();
        assert_eq!(number("0"), Some(0));
        assert_eq!(number("18446744073709551615"), Some(u64::MAX));
        for wrong in ["", "+1", "-1", "1.0", "18446744073709551616", "1 "] {
            assert_eq!(number(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_photo_is_found_among_other_metadata() {
        let own = metadata(&[7; 32]);
        let said = format!("filename Ym9vay5qcGc=,is_confidential,{own}");
        assert_eq!(hash(&headers(METADATA, &said)).unwrap(), [7; 32]);
        for wrong in [
            "",
            "sha256",
            "sha256 ",
            "sha256 !!",
            "sha256 YWJj",
            "filename YWJj",
        ] {
            assert!(hash(&headers(METADATA, wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn checksums_have_the_length_of_their_algorithm() {
        let read = |text: &str| checksum(&headers(CHECKSUM, text));
        let sha1 = BASE64.encode([1; 20]);
        assert_eq!(
            read(&format!("sha1 {sha1}")).unwrap(),
            Some(Checksum::Sha1([1; 20]))
        );
        assert_eq!(checksum(&HeaderMap::new()).unwrap(), None);
        for wrong in [
            format!("sha256 {sha1}"),
            format!("md5 {sha1}"),
            "sha1".into(),
        ] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn dates_are_http_dates() {
        let date = date(1_793_462_400_000).unwrap();
        assert_eq!(date, "Sat, 31 Oct 2026 16:00:00 GMT");
    }
}
