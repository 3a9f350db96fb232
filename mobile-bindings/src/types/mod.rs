//! Core's own types as Kotlin and Swift see them. Each definition repeats the shape of a type in
//! `vanguard_core::model`, which the compiler holds it to; none is a type of its own.

mod directory;
mod hazard;
mod inspection;
mod photo;
mod place;
mod violation;

use serde_json::Value as Json;
use vanguard_core::calendar::Day;
use vanguard_core::catalogue::Language;
use vanguard_core::id::{
    DeviceId, DocumentId, EventId, GrantId, HazardId, InspectionId, MemberId, OrgId, PersonId,
    PostId, TeamId, TemplateId, UnitId, ViolationId, ZoneId,
};
use vanguard_core::model::{
    Author, DocumentKind, FieldConflict, FieldValue, Role, Rota, Shift, SyncState,
};
use vanguard_core::rules::Refusal;
use vanguard_core::store::query::PageKey;

use crate::error::VanguardError;

/// Ids travel as the text of their UUID; a text that is none is refused as `Invalid`.
macro_rules! ids {
    ($($name:ident),+ $(,)?) => {$(
        uniffi::custom_type!($name, String, {
            remote,
            lower: |id| id.to_string(),
            try_lift: |text| text.parse().map_err(|_| {
                VanguardError::invalid(format!("{text} is no {}", stringify!($name))).into()
            }),
        });
    )+};
}

ids! {
    DeviceId, DocumentId, EventId, GrantId, HazardId, InspectionId, MemberId, OrgId, PersonId,
    PostId, TeamId, TemplateId, UnitId, ViolationId, ZoneId,
}

uniffi::custom_type!(
    /// A day as `2026-11-20`.
    Day,
    String,
    {
        remote,
        lower: |day| day.iso(),
        try_lift: |text| Day::parse_iso(&text)
            .ok_or_else(|| VanguardError::invalid(format!("{text} is no day")).into()),
    }
);

uniffi::custom_type!(
    /// A value of any shape as JSON text.
    Json,
    String,
    {
        remote,
        lower: |value| value.to_string(),
        try_lift: |text| serde_json::from_str(&text)
            .map_err(|error| VanguardError::invalid(error).into()),
    }
);

/// The languages, the users' own first.
#[uniffi::remote(Enum)]
pub enum Language {
    /// 简体中文.
    Chinese,
    /// English.
    English,
}

/// The kinds of record.
#[uniffi::remote(Enum)]
pub enum DocumentKind {
    Organisation,
    Unit,
    Person,
    Member,
    Grant,
    Template,
    Zone,
    Post,
    Team,
    Inspection,
    Violation,
    Hazard,
}

/// What a member may do in a space.
#[uniffi::remote(Enum)]
pub enum Role {
    Member,
    ZoneHolder,
    Rectifier,
    SafetyOfficer,
    BranchSecretary,
    Supervisor,
    Admin,
    Viewer,
}

/// 班次.
#[uniffi::remote(Enum)]
pub enum Shift {
    Day,
    Morning,
    Middle,
    Night,
}

/// 轮班.
#[uniffi::remote(Enum)]
pub enum Rota {
    A,
    B,
    C,
    D,
}

/// Where a record stands between this device and the relay.
#[uniffi::remote(Enum)]
pub enum SyncState {
    /// Written here and not sent.
    LocalOnly,
    /// Sent, and not answered yet.
    Sent,
    /// The relay has signed for it.
    Acknowledged,
    /// The relay has it, but not yet all of its photos.
    MediaPending,
    /// Several people wrote the same field without knowing of each other.
    Conflicted,
    /// The relay refused something of it, which lies in the tray.
    Returned,
}

/// In whose hand, and under which grant, something was written.
#[uniffi::remote(Record)]
pub struct Author {
    /// The member.
    pub member: MemberId,
    /// The role of the grant.
    pub role: Role,
    /// The grant.
    pub grant: GrantId,
}

/// A field with several values, each written by somebody who did not know of the others.
#[uniffi::remote(Record)]
pub struct FieldConflict {
    /// The field's name.
    pub field: String,
    /// The values, the one that is shown meanwhile last.
    pub values: Vec<FieldValue>,
}

/// One of the values of a field in conflict.
#[uniffi::remote(Record)]
pub struct FieldValue {
    /// The value, as JSON.
    pub value: Json,
    /// Who wrote it.
    pub author: Option<Author>,
    /// When, by the clock of the device that wrote it, in milliseconds (whole seconds).
    pub at_ms: i64,
    /// The relay's position of the change that wrote it; nothing until admitted.
    pub position: Option<u64>,
}

/// Where a page ended; the next one begins after it.
#[uniffi::remote(Record)]
pub struct PageKey {
    /// The last row's time, in milliseconds.
    pub at_ms: i64,
    /// The last row's number in this file.
    pub doc: i64,
}

/// Why something may not be done, or does not count. Its words are given by `label_refusal`.
#[uniffi::remote(Enum)]
pub enum Refusal {
    Role,
    Status,
    TextMissing,
    CriterionMissing,
    ControlMeasureMissing,
    PlanMissing,
    AssessmentMissing,
    NotAssigned,
    OnTheSpotMajor,
    NotGraded,
    OwnHand,
    VerifierCloses,
    AbnormalUnexplained,
    DeclaredDespiteViolation,
    NotHolder,
    NotCreator,
    NotEditable,
    OutsideSpace,
    GrantUnknown,
    GrantEnded,
    DeviceRevoked,
    Malformed,
    TooLarge,
    TooManyPhotos,
    Overwrites,
    Forged,
    AlreadyCreated,
    TooNew,
    BuildsOnRefused,
}
