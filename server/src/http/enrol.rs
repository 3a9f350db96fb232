//! `POST /v1/enroll`: a phone that scanned an invite becomes its member's device.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::response::Response;
use vanguard_core::invite::{confirmation_code, enrolment_statement};
use vanguard_core::wire::{self, EnrolRequest, EnrolResponse};

use super::cbor;
use super::problem::{Problem, ProblemKind};
use super::state::{App, ClientAddress};
use crate::access::Enrolment;

/// The most bytes of an enrolment.
const BODY_BYTES: usize = 4 << 10;
/// The most characters of a device's name.
const NAME_CHARS: usize = 60;

/// Enrols a device.
pub(super) async fn enrol(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    request: Request,
) -> Result<Response, Problem> {
    if let Some(wait) = app.strangers.wait(&address, Instant::now()) {
        return Err(Problem::too_many_tries(wait));
    }
    let body = cbor::body(&app, request, BODY_BYTES)
        .await?
        .decoded()?
        .bytes;
    let request: EnrolRequest = wire::decode(&body).map_err(|e| cbor::malformed(&e))?;
    cbor::check_protocol(request.protocol)?;
    let relay_key = app.relay.key().public_key();
    let statement = enrolment_statement(&relay_key, &request.secret, &request.public_key);
    let signed = request.public_key.verify(&statement, &request.signature);
    signed.map_err(|_| ProblemKind::BadSignature)?;
    let name: String = request.name.trim().chars().take(NAME_CHARS).collect();
    let enrolment = Enrolment {
        secret: request.secret,
        public_key: request.public_key,
        name,
        code: confirmation_code(&relay_key, &request.secret, &request.public_key),
        is_confirmed: app.auto_confirm,
    };
    let enrolled = app.access(move |access| access.enrol(&enrolment)).await;
    let enrolled = match enrolled {
        Ok(enrolled) => enrolled,
        Err(problem) => {
            if problem.kind == ProblemKind::InviteUnknown {
                app.strangers.fail(&address, Instant::now());
            }
            return Err(problem);
        }
    };
    app.happenings.device();
    tracing::info!(device = %enrolled.device, confirmed = enrolled.is_confirmed, "enrolled");
    Ok(cbor::response(&EnrolResponse {
        device: enrolled.device,
        member: enrolled.member,
        credential: enrolled.credential,
        is_confirmed: enrolled.is_confirmed,
    }))
}
