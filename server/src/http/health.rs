//! `GET /healthz`: whether the relay answers, for load balancers and people.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::state::App;

/// How the relay is.
#[derive(Serialize)]
pub(super) struct Health {
    status: &'static str,
    version: &'static str,
    log_head: u64,
}

/// Says how the relay is.
pub(super) async fn health(State(app): State<App>) -> Json<Health> {
    let is_stopping = *app.stopping.borrow();
    Json(Health {
        status: if is_stopping { "stopping" } else { "ok" },
        version: env!("CARGO_PKG_VERSION"),
        log_head: *app.relay.head().borrow(),
    })
}
