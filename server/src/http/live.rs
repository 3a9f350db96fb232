//! `GET /v1/live`: tells a listening device that the log has grown, and brings what is new where
//! it is small. Each listener is one small task; it ends when its device goes silent or is
//! revoked, or the relay stops.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::response::Response;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use vanguard_core::wire::{self, LIVE_PAGE_LIMIT_BYTES, LiveNews, LivePage, SyncRequest};

use super::auth::{self, DeviceAuth};
use super::state::{App, Peer};
use crate::relay::Device;

/// News that come within this time are told together: one reading of the log for each burst.
const COALESCE: Duration = Duration::from_millis(5);
/// A request for news names at most some thousands of hashes.
const MESSAGE_LIMIT_BYTES: usize = 256 << 10;
/// A listener says little, and the whole buffer is cleared for each reading.
const READ_BUFFER_BYTES: usize = 4 << 10;
/// And of a few thousand items; see [`super::sync`].
const MESSAGE_LIMIT_ITEMS: usize = 10_000;
/// Close codes of our own (RFC 6455, 7.4.2).
const CLOSE_STOPPING: u16 = 1001;
const CLOSE_REVOKED: u16 = 4403;

/// Opens the WebSocket.
pub(super) async fn live(
    State(app): State<App>,
    auth: DeviceAuth,
    peer: Option<Extension<Peer>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(MESSAGE_LIMIT_BYTES)
        .max_frame_size(MESSAGE_LIMIT_BYTES);
    upgrade.on_upgrade(move |socket| async move {
        let listeners = app.metrics.listeners.clone();
        listeners.inc();
        listen(&app, &auth.device, socket).await;
        listeners.dec();
        drop(peer); // the connection's place is free again
    })
}

async fn listen(app: &App, device: &Device, mut socket: WebSocket) {
    let mut head = app.relay.head();
    let mut pings = interval(app.limits.live_ping);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = None; // the first news says where the log stands
    let mut following: Option<SyncRequest> = None;
    let mut not_before = Instant::now();
    let mut last_heard = Instant::now();
    let close = loop {
        let news = async {
            // Nothing is lost when another branch is quicker: what was told decides, not what
            // was waited for.
            while told == Some(*head.borrow_and_update()) {
                head.changed().await.ok()?;
            }
            sleep_until(not_before).await;
            Some(*head.borrow_and_update())
        };
        tokio::select! {
            head = news => {
                let Some(head) = head else { break Some((CLOSE_STOPPING, "stopping")) };
                told = Some(head);
                not_before = Instant::now() + COALESCE;
                let page = next_page(app, device, &mut following).await;
                let message = wire::encode(&LiveNews { head, page });
                if send(app, &mut socket, Message::Binary(message.into())).await.is_err() {
                    break None;
                }
            }
            received = socket.recv() => match received {
                Some(Ok(Message::Close(_)) | Err(_)) | None => break None,
                Some(Ok(Message::Binary(asked))) => {
                    last_heard = Instant::now();
                    let counted = wire::check_items(&asked, MESSAGE_LIMIT_ITEMS);
                    following = counted.and_then(|()| wire::decode(&asked)).ok();
                    told = None;
                }
                Some(Ok(_)) => last_heard = Instant::now(),
            },
            _ = pings.tick() => {
                if last_heard.elapsed() > app.limits.live_ping * 2 + app.limits.body_idle {
                    app.metrics.cut.inc();
                    break None;
                }
                if !is_still_welcome(app, device).await {
                    break Some((CLOSE_REVOKED, "device-revoked"));
                }
                if send(app, &mut socket, Message::Ping(bytes::Bytes::new())).await.is_err() {
                    break None;
                }
            }
            () = app.stopped() => break Some((CLOSE_STOPPING, "stopping")),
        }
    };
    if let Some((code, reason)) = close {
        let reason = reason.into();
        let frame = Message::Close(Some(CloseFrame { code, reason }));
        let _ = send(app, &mut socket, frame).await; // the other end may be gone
    }
}

/// What is new for a device since the last page; `None` where it is too much for this channel, or
/// the device has not asked for it. A page that was not taken leaves the device where it was: it
/// then syncs, and asks anew.
async fn next_page(
    app: &App,
    device: &Device,
    following: &mut Option<SyncRequest>,
) -> Option<LivePage> {
    let asked = following.as_mut()?;
    let from = asked.cursor?;
    asked.batches.clear();
    let page = app.relay.sync(device, asked.clone()).await.ok()?;
    let is_small = wire::encode(&page).len() <= LIVE_PAGE_LIMIT_BYTES;
    if !is_small || page.remaining > 0 || page.is_diverged {
        *following = None;
        return None;
    }
    asked.cursor = Some(page.cursor);
    Some(LivePage { from, page })
}

/// Sends within bounds: a client that does not read is as good as gone.
async fn send(app: &App, socket: &mut WebSocket, message: Message) -> Result<(), ()> {
    match tokio::time::timeout(app.limits.body_idle, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(()),
    }
}

async fn is_still_welcome(app: &App, device: &Device) -> bool {
    let id = device.id;
    let row = app.access(move |access| access.device(id));
    match row.await {
        Ok(row) => row.is_some_and(|row| auth::admit(&row).is_ok()),
        Err(_) => true, // a book that cannot be read revokes nobody
    }
}
