//! `GET /api/news`: tells a page that is open in a browser that what it shows may have changed, by
//! the log's position, once the review side reflects it. A stream of events (`text/event-stream`)
//! that ends with the session or the relay; browsers open it anew by themselves.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, stream};
use tokio::time::{interval, timeout};

use super::auth::ConsoleAuth;
use super::state::App;

/// Opens the stream. Its first event says where the log stands.
pub(super) async fn news(
    State(app): State<App>,
    auth: ConsoleAuth,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let head = app.relay.head();
    let first = (app, auth, head, None);
    let events = stream::unfold(first, |(app, auth, mut head, told)| async move {
        let position = next(&app, &auth, &mut head, told).await?;
        let event = Event::default()
            .event("position")
            .data(position.to_string());
        Some((Ok(event), (app, auth, head, Some(position))))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

/// The next position to tell of; `None` when the stream ends.
async fn next(
    app: &App,
    auth: &ConsoleAuth,
    head: &mut tokio::sync::watch::Receiver<u64>,
    told: Option<u64>,
) -> Option<u64> {
    let mut looks = interval(app.limits.live_ping);
    looks.tick().await; // the first is at once
    loop {
        let position = *head.borrow_and_update();
        if told != Some(position) {
            let replica = app.relay.replica();
            // A page that asks a little too early asks again at the next news.
            let _ = timeout(app.limits.live_ping, replica.wait_for(position)).await;
            return Some(position);
        }
        tokio::select! {
            changed = head.changed() => changed.ok()?,
            () = app.stopped() => return None,
            _ = looks.tick() => {
                let token = auth.token.clone();
                let session = app.access(move |access| access.session(&token)).await;
                if matches!(session, Ok(None)) {
                    return None;
                }
            }
        }
    }
}
