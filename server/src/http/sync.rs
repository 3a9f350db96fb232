//! `POST /v1/sync`: a device pushes and pulls.

use axum::extract::{Request, State};
use axum::response::Response;
use minicbor::Decoder;
use vanguard_core::wire::{self, BODY_LIMIT_BYTES, SyncRequest};

use super::auth::DeviceAuth;
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
    let body = cbor::body(&app, request, BODY_LIMIT_BYTES).await?;
    cbor::check_protocol(protocol_of(&body.bytes)?)?;
    // Checking megabytes of arrays takes milliseconds: not on a thread that others wait for.
    let (body, place) = (body.bytes, body.place);
    let decoded = app.relay.blocking(move || {
        let decoded = wire::check_items(&body, REQUEST_LIMIT_ITEMS)
            .and_then(|()| wire::decode::<SyncRequest>(&body));
        Ok::<_, RelayError>(decoded.map_err(|e| cbor::malformed(&e)))
    });
    let request = decoded.await??;
    let device = auth.device.id;
    app.access.note_contact(device, request.health);
    if !auth.has_synced {
        app.access(move |access| access.note_first_sync(device))
            .await?;
    }
    let response = app.relay.sync(&auth.device, request).await?;
    drop(place); // a large body is done with only now
    Ok(cbor::response(&response))
}

/// The protocol of a request, whatever the rest of it is: an older one may be shaped otherwise.
fn protocol_of(body: &[u8]) -> Result<u32, Problem> {
    let mut decoder = Decoder::new(body);
    let protocol = decoder.array().and_then(|_| decoder.u32());
    protocol.map_err(|e| cbor::malformed(&e))
}
