//! `POST /v1/sync`: a device pushes and pulls.

use axum::extract::{Request, State};
use axum::response::Response;
use minicbor::Decoder;
use tokio::sync::OwnedSemaphorePermit;
use vanguard_core::wire::{self, BODY_LIMIT_BYTES, SyncRequest};

use super::auth::DeviceAuth;
use super::body::Sent;
use super::cbor;
use super::problem::Problem;
use super::state::App;
use crate::relay::RelayError;

/// The most items that a request's CBOR may consist of: what a full push with all that it names
/// takes, twice. Megabytes of empty things would take a hundred times as much memory decoded.
const REQUEST_LIMIT_ITEMS: usize = 200_000;

/// Hands a device's request to the relay. The device is known before a byte of its body is read.
pub(super) async fn sync(
    State(app): State<App>,
    auth: DeviceAuth,
    request: Request,
) -> Result<Response, Problem> {
    let sent = cbor::body(&app, request, BODY_LIMIT_BYTES).await?;
    // A phone's turn comes before its body is unfolded: those who wait hold what they sent, and no
    // more. Megabytes of arrays take milliseconds: not on a thread that others wait for.
    let turn = app.relay.turn(auth.device.id).await?;
    let decoded = app
        .relay
        .blocking(move || Ok::<_, RelayError>((decode(sent), turn)));
    let (decoded, turn) = decoded.await?;
    let (request, place) = decoded?;
    let device = auth.device.id;
    app.access.note_contact(device, request.health);
    app.happenings.device();
    if !auth.has_synced {
        app.access(move |access| access.note_first_sync(device))
            .await?;
    }
    let response = app.relay.sync_in(Some(turn), &auth.device, request).await?;
    drop(place); // a large body is done with only now
    Ok(cbor::response(&response))
}

/// What a body says, and its place among the large ones.
fn decode(sent: Sent) -> Result<(SyncRequest, Option<OwnedSemaphorePermit>), Problem> {
    let body = sent.decoded()?;
    cbor::check_protocol(protocol_of(&body.bytes)?)?;
    let decoded = wire::check_items(&body.bytes, REQUEST_LIMIT_ITEMS)
        .and_then(|()| wire::decode::<SyncRequest>(&body.bytes));
    Ok((decoded.map_err(|e| cbor::malformed(&e))?, body.place))
}

/// The protocol of a request, whatever the rest of it is: an older one may be shaped otherwise.
fn protocol_of(body: &[u8]) -> Result<u32, Problem> {
    let mut decoder = Decoder::new(body);
    let protocol = decoder.array().and_then(|_| decoder.u32());
    protocol.map_err(|e| cbor::malformed(&e))
}
