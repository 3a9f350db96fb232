//! Who may do what: written once, asked by the phone before it commits (tentatively) and by the
//! relay at admission (for good).
//!
//! [`Directory`] knows the organisation tree and the grants; [`Governed`] says for each kind of
//! record who may create, edit and append; what a record's own state allows is said by
//! [`Record::apply`](crate::model::Record::apply). A [`Refusal`] is the reason in every case.

mod actions;
mod author;
mod devices;
mod directory;
mod permissions;
mod roles;

pub use actions::{
    Actionable, Attempt, HazardAction, InspectionAction, PartyOrgAction, PostAction, TeamAction,
    ViolationAction, ZoneAction, allowed_actions, is_action_allowed,
};
pub use author::{
    author_of_change, author_of_creation, choose_author, may_append_all, may_change, may_create,
};
pub use devices::{may_give_passwords, may_look_after_devices, may_manage_devices};
pub use directory::{Directory, DirectoryOrg, Standing, StoredGrant};
pub use permissions::{Governed, Judge, is_name_visible};
pub(crate) use roles::{KEEPERS, MEMBERS, OFFICERS, OVERSEERS, REGISTRARS, REVIEWERS, SUPERIORS};

use crate::model::enumeration;

enumeration! {
    /// Why something may not be done, or does not count. Its words for people are in the message
    /// catalogue under `refusal`.
    Refusal, "refusal" {
        /// The author's role may not do this.
        Role = "role",
        /// The record's present state does not allow this.
        Status = "status",
        /// A text or reason is needed.
        TextMissing = "text_missing",
        /// A Major grade names its criterion.
        CriterionMissing = "criterion_missing",
        /// A Major hazard has a control measure before it is assigned.
        ControlMeasureMissing = "control_measure_missing",
        /// A Major hazard is assigned with all six parts of its plan and the principal.
        PlanMissing = "plan_missing",
        /// A Major hazard is verified with an assessment.
        AssessmentMissing = "assessment_missing",
        /// Only the assigned person, or somebody on their behalf.
        NotAssigned = "not_assigned",
        /// A Major hazard is never rectified on the spot.
        OnTheSpotMajor = "on_the_spot_major",
        /// It has to be graded first.
        NotGraded = "not_graded",
        /// Nobody verifies what they rectified or recorded.
        OwnHand = "own_hand",
        /// A Major hazard is closed out by another person than its verifier.
        VerifierCloses = "verifier_closes",
        /// An abnormal item points at a hazard or a violation.
        AbnormalUnexplained = "abnormal_unexplained",
        /// 党员身边无违章 cannot be declared of a round that met a violation.
        DeclaredDespiteViolation = "declared_despite_violation",
        /// Only a holder of this zone or post.
        NotHolder = "not_holder",
        /// Only the author of the record.
        NotCreator = "not_creator",
        /// Things of this kind are not edited; what changes is an event or a new record.
        NotEditable = "not_editable",
        /// The grant does not reach the record's space.
        OutsideSpace = "outside_space",
        /// The grant is not known, or is somebody else's.
        GrantUnknown = "grant_unknown",
        /// The grant had ended.
        GrantEnded = "grant_ended",
        /// The device is revoked or not yet confirmed.
        DeviceRevoked = "device_revoked",
        /// The bytes are not a change of the kind that this version admits.
        Malformed = "malformed",
        /// The change is too large or claims too much.
        TooLarge = "too_large",
        /// More photos than a record or a rectification may name.
        TooManyPhotos = "too_many_photos",
        /// The change writes over somebody else's work.
        Overwrites = "overwrites",
        /// The change claims another author, document or space than its batch.
        Forged = "forged",
        /// The document is already there, made by another change.
        AlreadyCreated = "already_created",
        /// This relay is too old for it.
        TooNew = "too_new",
        /// It builds on something that was refused.
        BuildsOnRefused = "builds_on_refused",
    }
}

/// Yes, or the reason why not.
pub type Ruling = Result<(), Refusal>;

pub(crate) fn require(holds: bool, refusal: Refusal) -> Ruling {
    if holds { Ok(()) } else { Err(refusal) }
}

/// Requires a text to say something.
pub(crate) fn require_text(text: &str) -> Ruling {
    require(!text.trim().is_empty(), Refusal::TextMissing)
}

#[cfg(test)]
mod tests;
