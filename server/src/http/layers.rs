//! What every request passes through on its way to its route, and every response on its way back.

use std::any::Any;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::problem::ProblemKind;
use super::state::App;

/// How long a request waits for its turn before it is sent away.
const PATIENCE: Duration = Duration::from_secs(5);

/// Lets only so many requests work at a time.
pub(super) async fn take_turns(State(app): State<App>, request: Request, next: Next) -> Response {
    let turn = timeout(PATIENCE, app.turns.acquire()).await;
    match turn {
        Ok(Ok(_turn)) => next.run(request).await,
        Ok(Err(_)) => ProblemKind::Stopping.into_response(),
        Err(_) => ProblemKind::Busy.into_response(),
    }
}

/// Requires of requests under `/api` that change something that they come from the relay's own
/// pages (or from no browser at all), and are JSON: what another site's form cannot send.
pub(super) async fn same_origin(request: Request, next: Next) -> Response {
    if matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    ) {
        return next.run(request).await;
    }
    if !is_same_origin(request.headers()) {
        return ProblemKind::CrossOrigin.into_response();
    }
    let is_delete = *request.method() == Method::DELETE;
    if !is_delete && !is_json(request.headers()) {
        return ProblemKind::UnsupportedMedia.into_response();
    }
    next.run(request).await
}

pub(super) fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(HeaderValue::as_bytes);
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site"))
        && !matches!(site, b"same-origin" | b"none")
    {
        return false;
    }
    let Some(origin) = text(header::ORIGIN) else {
        return true; // no browser: browsers name the origin of everything but GET and HEAD
    };
    let host = text(header::HOST).unwrap_or_default();
    let authority = [b"https://".as_slice(), b"http://"]
        .iter()
        .find_map(|scheme| origin.strip_prefix(*scheme));
    authority.is_some_and(|authority| !host.is_empty() && authority.eq_ignore_ascii_case(host))
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.split(';').next());
    media.is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"))
}

/// Headers that every response carries: nothing is sniffed, framed or remembered unless a route
/// says otherwise.
pub(super) async fn careful_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let careful = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in careful {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

/// A panic in a handler is a problem of one request, not of the relay.
#[allow(clippy::needless_pass_by_value)] // the catching layer hands it over
pub(super) fn caught(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("?"), "a handler panicked");
    ProblemKind::Internal.into_response()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt as _;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_problem_of_one_request() {
        async fn panicking() {
            panic!("on purpose");
        }
        let router = Router::new()
            .route("/", get(panicking))
            .layer(CatchPanicLayer::custom(caught));
        let request = Request::new(Body::empty());
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        let media = response.headers().get(header::CONTENT_TYPE).unwrap();
        assert_eq!(media, "application/problem+json");
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                let name = header::HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            })
            .collect()
    }

    #[test]
    fn only_the_relays_own_pages_may_change_things() {
        let own = [("host", "relay:8443"), ("origin", "https://relay:8443")];
        assert!(is_same_origin(&headers(&own)));
        assert!(is_same_origin(&headers(&[("host", "relay:8443")])));
        let other = [("host", "relay:8443"), ("origin", "https://evil.example")];
        assert!(!is_same_origin(&headers(&other)));
        let port = [("host", "relay:8443"), ("origin", "https://relay:9000")];
        assert!(!is_same_origin(&headers(&port)));
        let opaque = [("host", "relay:8443"), ("origin", "null")];
        assert!(!is_same_origin(&headers(&opaque)));
        let site = [("host", "relay:8443"), ("sec-fetch-site", "same-site")];
        assert!(!is_same_origin(&headers(&site)));
    }
}
