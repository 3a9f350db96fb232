//! `GET /api/news`: tells a page that is open in a browser that what it shows may have changed: by
//! the log's position, once the review side reflects it, and by counts of what happens beside the
//! log. A stream of events (`text/event-stream`) that ends with the session or the relay; browsers
//! open it anew by themselves.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, stream};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{interval, sleep, timeout};

use super::auth::ConsoleAuth;
use super::state::App;

/// How often things happened that are not in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Beside {
    /// Photos that have arrived whole.
    photos: u64,
    /// Devices that were enrolled, confirmed, revoked or heard of.
    devices: u64,
}

/// Counts what happens beside the log, for whoever listens.
pub struct Happenings(watch::Sender<Beside>);

impl Happenings {
    /// Begins to count at the relay's start, in milliseconds of its clock: no count comes again after
    /// a restart, and a page that missed something meanwhile sees that it did.
    pub fn since(now_ms: i64) -> Self {
        let start = now_ms.unsigned_abs();
        let (photos, devices) = (start, start);
        Self(watch::Sender::new(Beside { photos, devices }))
    }

    /// A photo has arrived whole.
    pub fn photo(&self) {
        self.0.send_modify(|beside| beside.photos += 1);
    }

    /// A device was enrolled, confirmed, revoked or heard of.
    pub fn device(&self) {
        self.0.send_modify(|beside| beside.devices += 1);
    }
}

/// What a page is told.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
struct News {
    /// Where the log stands.
    position: u64,
    #[serde(flatten)]
    beside: Beside,
}

/// News that come within this time are told together.
const COALESCE: Duration = Duration::from_millis(100);

/// Opens the stream. Its first event says how things stand.
pub(super) async fn news(
    State(app): State<App>,
    auth: ConsoleAuth,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let heard = (app.relay.head(), app.happenings.0.subscribe());
    let first = (app, auth, heard, None);
    let events = stream::unfold(first, |(app, auth, mut heard, told)| async move {
        let news = next(&app, &auth, &mut heard, told).await?;
        let event = Event::default().event("news").json_data(news).ok()?;
        Some((Ok(event), (app, auth, heard, Some(news))))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

/// The next news to tell; `None` when the stream ends.
async fn next(
    app: &App,
    auth: &ConsoleAuth,
    (head, beside): &mut (watch::Receiver<u64>, watch::Receiver<Beside>),
    told: Option<News>,
) -> Option<News> {
    let mut looks = interval(app.limits.live_ping);
    looks.tick().await; // the first is at once
    if told.is_some() {
        sleep(COALESCE).await;
    }
    loop {
        let news = News {
            position: *head.borrow_and_update(),
            beside: *beside.borrow_and_update(),
        };
        if told != Some(news) {
            let replica = app.relay.replica();
            // A page that asks a little too early asks again at the next news.
            let _ = timeout(app.limits.live_ping, replica.wait_for(news.position)).await;
            return Some(news);
        }
        tokio::select! {
            changed = head.changed() => changed.ok()?,
            changed = beside.changed() => changed.ok()?,
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
