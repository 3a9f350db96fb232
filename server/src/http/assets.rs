//! The supervisor's page, as `cargo xtask console` built it and this program embeds it. A program
//! that was built without it says so at `/`.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{Embed, EmbeddedFile};

use super::problem::ProblemKind;

/// The files of the page. Beside each that is worth it lie its compressed forms.
#[derive(Embed)]
#[folder = "console/dist/page"]
#[allow_missing = true]
struct Files;

/// Nothing but the relay's own files, and no script or style that stands in the page itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'";
/// Names of assets carry a hash of their content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The page itself; `None` where none was built.
pub(super) fn page(headers: &HeaderMap) -> Option<Response> {
    let mut response = file("index.html", headers)?;
    let policy = HeaderName::from_static("content-security-policy");
    let headers = response.headers_mut();
    headers.insert(policy, HeaderValue::from_static(POLICY));
    Some(response)
}

/// `GET /assets/…`: what the page is made of.
pub(super) async fn asset(uri: Uri, headers: HeaderMap) -> Response {
    match file(uri.path().trim_start_matches('/'), &headers) {
        Some(mut response) => {
            let headers = response.headers_mut();
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(FOR_EVER));
            response
        }
        None => ProblemKind::NotFound.into_response(),
    }
}

/// Whatever no route answers: addresses within the page are the page's to answer.
pub(super) async fn elsewhere(request: Request) -> Response {
    let path = request.uri().path();
    let is_programs = ["/api/", "/v1/", "/assets/"]
        .iter()
        .any(|start| path.starts_with(start));
    let wants_page = request
        .headers()
        .get_all(header::ACCEPT)
        .iter()
        .any(|accepted| {
            let accepted = accepted.to_str().unwrap_or_default();
            accepted.contains("text/html")
        });
    let page = (request.method() == Method::GET && wants_page && !is_programs)
        .then(|| page(request.headers()))
        .flatten();
    page.unwrap_or_else(|| ProblemKind::NotFound.into_response())
}

/// A file in the best form that the client takes.
fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    let forms = [("br", ".br"), ("gzip", ".gz")];
    let compressed = forms
        .into_iter()
        .filter(|(encoding, _)| takes(headers, encoding))
        .find_map(|(encoding, end)| Some((Files::get(&format!("{path}{end}"))?, Some(encoding))));
    let (EmbeddedFile { data, .. }, encoding) =
        compressed.or_else(|| Some((Files::get(path)?, None)))?;
    let mut response = data.into_owned().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media(path)));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Some(response)
}

fn takes(headers: &HeaderMap, encoding: &str) -> bool {
    let mut offered = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .map(|offer| offer.split_once(";q=").unwrap_or((offer, "1")));
    offered.any(|(name, weight)| {
        name.trim().eq_ignore_ascii_case(encoding) && weight.trim().parse() != Ok(0.0_f32)
    })
}

/// The media type, by the end of the name.
fn media(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, end)| end) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offering(text: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(text));
        headers
    }

    #[test]
    fn only_an_encoding_that_the_client_takes_is_sent() {
        assert!(takes(&offering("gzip, deflate, br"), "br"));
        assert!(takes(&offering("br;q=0.5"), "br"));
        assert!(!takes(&offering("gzip, br;q=0"), "br"));
        assert!(!takes(&offering("brotli"), "br"));
        assert!(!takes(&HeaderMap::new(), "gzip"));
    }

    #[tokio::test]
    async fn programs_are_never_answered_with_a_page() {
        for path in ["/api/nothing", "/v1/nothing", "/assets/nothing.js"] {
            let request = Request::get(path).header(header::ACCEPT, "text/html");
            let request = request.body(axum::body::Body::empty()).unwrap();
            assert_eq!(elsewhere(request).await.status(), 404, "{path}");
        }
    }
}
