//! The relay's HTTP face: the sync protocol under `/v1`, the JSON API under `/api`, and what
//! operators look at. Routes take an [`App`] and answer; who may ask is said by the
//! extractors in [`auth`], what goes wrong by [`problem`].

mod assets;
pub mod auth;
pub(crate) mod blobs;
pub mod body;
mod cbor;
mod documents;
mod enrol;
mod health;
pub mod json;
pub mod language;
mod layers;
mod live;
pub(crate) mod metrics;
pub(crate) mod news;
pub mod openapi;
mod pages;
pub mod problem;
pub mod state;
mod sync;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use problem::ProblemKind;
use state::App;

/// All routes with all layers.
pub fn router(app: App) -> Router {
    let (api, description) = openapi::routes();
    let api = api
        .route("/openapi.json", get(move || openapi::show(description)))
        .route("/news", get(news::news))
        .layer(from_fn(layers::same_origin));
    Router::new()
        .route("/", get(pages::index))
        .route("/assets/{*path}", get(assets::asset))
        .route("/setup", get(pages::setup))
        .route("/healthz", get(health::health))
        .route("/metrics", get(metrics::show))
        .route("/v1/enroll", post(enrol::enrol))
        .route("/v1/sync", post(sync::sync))
        .route("/v1/live", get(live::live))
        .route("/v1/documents/{id}", get(documents::document))
        .merge(blobs::routes())
        .nest("/api", api)
        .fallback(assets::elsewhere)
        .method_not_allowed_fallback(|| async { ProblemKind::MethodNotAllowed })
        // The layers, the innermost first.
        .layer(from_fn_with_state(app.clone(), layers::take_turns))
        .layer(CatchPanicLayer::custom(layers::caught))
        .layer(from_fn(problem::localise))
        .layer(from_fn(layers::careful_headers))
        // Levels above the fastest cost more time than they save on the links that matter.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(from_fn_with_state(app.clone(), metrics::count))
        .with_state(app)
}
