//! What goes wrong in the review API, as responses of the OpenAPI document and as problems.

use std::collections::BTreeMap;

use utoipa::openapi::{RefOr, Response};
use vanguard_core::catalogue::Language;
use vanguard_core::rules::Refusal;

use crate::http::openapi::problems;
use crate::http::problem::{Problem, ProblemKind};
use crate::relay::ActError;

/// The problems that a reading request may be answered with.
pub(super) struct ReadProblems;

/// The problems that a writing request may be answered with.
pub(super) struct WriteProblems;

const OF_READS: [(&str, &str); 5] = [
    ("400", "A parameter makes no sense"),
    ("401", "Nobody is signed in"),
    ("403", "Whoever asks may not"),
    ("404", "There is nothing here that whoever asks may see"),
    ("503", "The relay has too much to do, or is stopping"),
];

const OF_WRITES: [(&str, &str); 5] = [
    ("408", "The body came too slowly"),
    (
        "409",
        "The record's present state does not allow it; `refusal` names the reason. Or the session is \
         another member's than the header `vanguard-member` names",
    ),
    ("413", "The body is too large"),
    ("415", "The body is no JSON"),
    (
        "422",
        "A value is missing or not acceptable; `refusal` or `detail` says which",
    ),
];

impl utoipa::IntoResponses for ReadProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&OF_READS)
    }
}

impl utoipa::IntoResponses for WriteProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(OF_READS.iter().chain(&OF_WRITES))
    }
}

/// A refusal by the rules: 403 where another person might, 409 where another time might have
/// been right, 422 where another value might be.
pub(super) fn refused(refusal: Refusal) -> Problem {
    use Refusal as R;
    let kind = match refusal {
        R::Role
        | R::OutsideSpace
        | R::GrantUnknown
        | R::GrantEnded
        | R::NotHolder
        | R::NotCreator
        | R::NotAssigned
        | R::OwnHand
        | R::VerifierCloses
        | R::DeviceRevoked => ProblemKind::Forbidden,
        R::TextMissing
        | R::CriterionMissing
        | R::ControlMeasureMissing
        | R::PlanMissing
        | R::AssessmentMissing
        | R::AbnormalUnexplained
        | R::DeclaredDespiteViolation
        | R::Malformed
        | R::TooLarge
        | R::Forged => ProblemKind::Invalid,
        _ => ProblemKind::Refused,
    };
    Problem::from(kind)
        .detail(
            refusal.label(Language::Chinese),
            refusal.label(Language::English),
        )
        .with("refusal", refusal.as_str().into())
}

/// Acts that were not done.
pub(super) fn not_done(error: ActError) -> Problem {
    match error {
        ActError::Refused { refusal, .. } => refused(refusal),
        ActError::Relay(error) => error.into(),
    }
}

/// A value of the body that is not acceptable, as the deserialiser says it.
pub(super) fn invalid(error: &serde_json::Error) -> Problem {
    let detail = error.to_string();
    Problem::from(ProblemKind::Invalid).detail(detail.clone(), detail)
}

/// A parameter that makes no sense.
pub(super) fn bad_parameter(name: &str, zh: &str, en: &str) -> Problem {
    Problem::from(ProblemKind::BadRequest)
        .with("parameter", name.into())
        .detail(zh, en)
}
