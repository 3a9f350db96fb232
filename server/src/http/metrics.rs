//! Counters for Prometheus: how much, how fast, how many. Routes are named by their pattern, never
//! by what fills it, so that nothing personal is in them.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::problem::Problem;
use super::state::App;
use crate::blobs::Blobs;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StateLabels {
    state: String,
}

/// The relay's counters.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram>,
    devices: Family<StateLabels, Gauge>,
    log_head: Gauge,
    /// Open connections, WebSockets among them.
    pub(crate) connections: Gauge,
    /// Bytes received, as they came over the network.
    pub(crate) received: Counter,
    /// Bytes sent, as they went over the network.
    pub(crate) sent: Counter,
    /// Connections that were cut because of silence, slowness or a failed handshake.
    pub(crate) cut: Counter,
    /// Devices that listen for news.
    pub(crate) listeners: Gauge,
    /// Bytes of photos that uploads brought, those sent twice counted twice.
    pub(crate) photo_bytes_received: Counter,
    /// Photos that came in whole.
    pub(crate) photos_received: Counter,
    /// Bytes of photos asked for.
    pub(crate) photo_bytes_sent: Counter,
    photos_held: Gauge,
    photo_bytes_held: Gauge,
    uploads: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let seconds = || Histogram::new(exponential_buckets(0.001, 2.0, 15));
        let mut metrics = Self {
            registry: Registry::with_prefix("vanguard"),
            requests: Family::default(),
            durations: Family::new_with_constructor(seconds),
            devices: Family::default(),
            log_head: Gauge::default(),
            connections: Gauge::default(),
            received: Counter::default(),
            sent: Counter::default(),
            cut: Counter::default(),
            listeners: Gauge::default(),
            photo_bytes_received: Counter::default(),
            photos_received: Counter::default(),
            photo_bytes_sent: Counter::default(),
            photos_held: Gauge::default(),
            photo_bytes_held: Gauge::default(),
            uploads: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("requests", "Requests answered", self.requests.clone());
        registry.register_with_unit(
            "request_duration",
            "From the request's head to the response's head",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register("devices", "Enrolled devices", self.devices.clone());
        registry.register("log_head", "The log's last position", self.log_head.clone());
        registry.register("connections", "Open connections", self.connections.clone());
        registry.register_with_unit(
            "received",
            "Received over the network",
            Unit::Bytes,
            self.received.clone(),
        );
        registry.register_with_unit(
            "sent",
            "Sent over the network",
            Unit::Bytes,
            self.sent.clone(),
        );
        registry.register(
            "connections_cut",
            "Slow or silent clients cut",
            self.cut.clone(),
        );
        registry.register(
            "live_listeners",
            "Devices listening for news",
            self.listeners.clone(),
        );
        self.register_photos();
    }

    fn register_photos(&mut self) {
        let registry = &mut self.registry;
        registry.register_with_unit(
            "photo_received",
            "Bytes that uploads of photos brought",
            Unit::Bytes,
            self.photo_bytes_received.clone(),
        );
        registry.register_with_unit(
            "photo_sent",
            "Bytes of photos asked for",
            Unit::Bytes,
            self.photo_bytes_sent.clone(),
        );
        registry.register(
            "photos_received",
            "Photos that came in whole",
            self.photos_received.clone(),
        );
        registry.register("photos_held", "Photos held", self.photos_held.clone());
        registry.register_with_unit(
            "photos_held",
            "Bytes of photos held",
            Unit::Bytes,
            self.photo_bytes_held.clone(),
        );
        registry.register(
            "photo_uploads",
            "Uploads of photos under way",
            self.uploads.clone(),
        );
    }
}

/// The layer that counts requests.
pub(super) async fn count(State(app): State<App>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let method = match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known,
        _ => "other",
    };
    let method = method.to_owned();
    let start = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let elapsed = start.elapsed();
    tracing::debug!(%method, %route, status, ms = elapsed.as_secs_f64() * 1_000.0, "answered");
    let durations = RouteLabels {
        route: route.clone(),
    };
    let metrics = &app.metrics;
    metrics
        .durations
        .get_or_create(&durations)
        .observe(elapsed.as_secs_f64());
    let labels = RequestLabels {
        method,
        route,
        status,
    };
    metrics.requests.get_or_create(&labels).inc();
    response
}

/// `GET /metrics`.
pub(super) async fn show(State(app): State<App>) -> Result<Response, Problem> {
    let counts = app.access(crate::access::Access::count_devices);
    let counts = counts.await?;
    let states = [
        ("confirmed", counts.confirmed),
        ("unconfirmed", counts.unconfirmed),
        ("revoked", counts.revoked),
    ];
    let metrics = &app.metrics;
    for (state, count) in states {
        let labels = StateLabels {
            state: state.to_owned(),
        };
        metrics.devices.get_or_create(&labels).set(count);
    }
    let head = *app.relay.head().borrow();
    metrics
        .log_head
        .set(i64::try_from(head).unwrap_or(i64::MAX));
    let photos = app.relay.blobs().run(Blobs::counts).await?;
    let gauges = [
        (&metrics.photos_held, photos.held),
        (&metrics.photo_bytes_held, photos.held_bytes),
        (&metrics.uploads, photos.uploads),
    ];
    for (gauge, count) in gauges {
        gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = encode(&mut text, &metrics.registry);
    let media = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let header = [(header::CONTENT_TYPE, HeaderValue::from_static(media))];
    Ok((header, text).into_response())
}

/// A counter shared with a connection.
#[derive(Clone)]
pub(crate) struct Traffic {
    pub(crate) received: Counter,
    pub(crate) sent: Counter,
}

impl Traffic {
    pub(crate) fn of(metrics: &Metrics) -> Arc<Self> {
        Arc::new(Self {
            received: metrics.received.clone(),
            sent: metrics.sent.clone(),
        })
    }
}
