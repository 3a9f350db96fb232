//! What the things of the domain are: one module for each kind of document, with its fields, its
//! events, and the state that folds from them.
//!
//! A kind implements [`Record`]; everything generic (mapping to Automerge, projection, admission,
//! the notebook's lists) is written once over that trait. The words are those of the users'
//! vocabulary; their Chinese and English are in the [`catalogue`](crate::catalogue).

pub mod hazard;
mod hazard_fold;
pub mod inspection;
pub mod organisation;
pub mod people;
pub mod photo;
pub mod post;
pub mod team;
pub mod template;
pub mod violation;
pub mod zone;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::id::{DocumentId, EventId, GrantId, MemberId, OrgId};
use crate::rules::Refusal;

/// Declares an enumeration of the domain: its text in documents and on the wire, and its key in
/// the message catalogue. (`$text` is a token, not a literal: as a literal it would reach derives in
/// a group that they do not look into, and the OpenAPI document would give the variant's name.)
macro_rules! enumeration {
    ($(#[$meta:meta])* $name:ident, $key:literal { $($(#[$vmeta:meta])* $variant:ident = $text:tt),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name {
            $($(#[$vmeta])* #[doc = concat!("`", $text, "`")] #[serde(rename = $text)] $variant),+
        }

        impl $name {
            /// Every value, in the order of the users' vocabulary.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The enumeration's name in the message catalogue.
            pub const CATALOGUE: &'static str = $key;

            /// The text in documents, JSON and SQLite.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value of such a text.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }

            /// The name for people.
            pub fn label(self, language: $crate::catalogue::Language) -> &'static str {
                $crate::catalogue::label(language, $key, self.as_str())
            }
        }

        impl rusqlite::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok(rusqlite::types::ToSqlOutput::from(self.as_str()))
            }
        }
    };
}
pub(crate) use enumeration;

enumeration! {
    /// The kinds of document.
    DocumentKind, "document_kind" {
        Organisation = "organisation",
        Unit = "unit",
        Person = "person",
        Member = "member",
        Grant = "grant",
        Template = "template",
        Zone = "zone",
        Post = "post",
        Team = "team",
        Inspection = "inspection",
        Violation = "violation",
        Hazard = "hazard",
    }
}

impl DocumentKind {
    /// Whether documents of this kind live in the [directory](OrgId::DIRECTORY).
    pub const fn is_directory(self) -> bool {
        matches!(
            self,
            Self::Organisation
                | Self::Unit
                | Self::Person
                | Self::Member
                | Self::Grant
                | Self::Template
        )
    }
}

enumeration! {
    /// What a member may do in a space, and (all but the first three) in the spaces below it.
    Role, "role" {
        Member = "member",
        ZoneHolder = "zone_holder",
        Rectifier = "rectifier",
        SafetyOfficer = "safety_officer",
        BranchSecretary = "branch_secretary",
        Supervisor = "supervisor",
        Admin = "admin",
        Viewer = "viewer",
    }
}

enumeration! {
    /// 班次: the shift of a day.
    Shift, "shift" { Day = "day", Morning = "morning", Middle = "middle", Night = "night" }
}

enumeration! {
    /// 轮班: the crew of a four-crew rota.
    Rota, "rota" { A = "a", B = "b", C = "c", D = "d" }
}

enumeration! {
    /// 特殊作业: work that needs a permit (GB 30871).
    SpecialWork, "special_work" {
        HotWork = "hot_work",
        ConfinedSpace = "confined_space",
        BlindPlate = "blind_plate",
        WorkAtHeight = "work_at_height",
        Lifting = "lifting",
        TempPower = "temp_power",
        Excavation = "excavation",
        RoadClosure = "road_closure",
    }
}

enumeration! {
    /// Where a record stands between this device and the relay.
    SyncState, "sync_state" {
        LocalOnly = "local_only",
        Sent = "sent",
        Acknowledged = "acknowledged",
        MediaPending = "media_pending",
        Conflicted = "conflicted",
        Returned = "returned",
    }
}

/// The number of the document format that this version writes, and the highest that it reads.
pub const SCHEMA: u64 = 1;

/// What every document says of itself at its root, written once at its creation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Header {
    /// The document's id.
    pub id: DocumentId,
    /// What it is.
    pub kind: DocumentKind,
    /// The organisation that owns it, for its whole life.
    pub space: OrgId,
    /// Who made it.
    pub creator: MemberId,
    /// When, by the clock of the device that made it, in milliseconds.
    pub created_ms: i64,
    /// The format's number, see [`SCHEMA`].
    pub schema: u64,
}

/// In whose hand, and under which grant, something was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Author {
    /// The member.
    pub member: MemberId,
    /// The role of the grant.
    pub role: Role,
    /// The grant.
    pub grant: GrantId,
}

impl Author {
    /// The operator of the relay, see [`MemberId::OPERATOR`].
    pub const OPERATOR: Self = Self {
        member: MemberId::OPERATOR,
        role: Role::Admin,
        grant: GrantId::OPERATOR,
    };

    /// The text that every change carries as its Automerge message, so that a document alone
    /// tells who wrote what: `member/role/grant`.
    pub fn to_message(&self) -> String {
        format!("{}/{}/{}", self.member, self.role.as_str(), self.grant)
    }

    /// The author of a change with such a message.
    pub fn from_message(message: &str) -> Option<Self> {
        let mut parts = message.split('/');
        let author = Self {
            member: parts.next()?.parse().ok()?,
            role: Role::parse(parts.next()?)?,
            grant: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(author)
    }
}

/// One event as its document keeps it, under the key of its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event<B> {
    /// Its id, the key under `events`.
    pub id: EventId,
    /// In whose hand, and under which grant.
    #[serde(flatten)]
    pub author: Author,
    /// When, by the clock of the device, in milliseconds.
    pub at_ms: i64,
    /// The latest events that its author had seen: those that no other seen event names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<EventId>,
    /// What happened.
    #[serde(flatten)]
    pub body: B,
}

/// One thing that the domain keeps as a document.
pub trait Record: Sized + 'static {
    /// Its kind.
    const KIND: DocumentKind;
    /// What is written of it at its creation and edited field by field.
    type Fields: Serialize + DeserializeOwned + Clone + std::fmt::Debug + PartialEq;
    /// What can happen to it.
    type Event: Serialize + DeserializeOwned + Clone + std::fmt::Debug + PartialEq;
    /// What its events come to.
    type State: Serialize + DeserializeOwned + Clone + std::fmt::Debug + PartialEq;

    /// The state before any event.
    fn begin(header: &Header, fields: &Self::Fields) -> Self::State;

    /// The state after `event`, or why it does not hold. Everything that depends on the record
    /// alone is decided here; whether the author's grant reaches the record's space is decided at
    /// [admission](crate::admission).
    ///
    /// # Errors
    /// The reason why the event does not hold in this state, by this author.
    fn apply(state: &Self::State, event: &Event<Self::Event>) -> Result<Self::State, Refusal>;

    /// Whether somebody still has something to do about it: such records are kept on phones
    /// however old they are, and come first to a new one.
    fn is_open(_state: &Self::State) -> bool {
        false
    }

    /// The member whom it is assigned to, whom it then reaches across spaces.
    fn assignee(_state: &Self::State) -> Option<MemberId> {
        None
    }

    /// Whether such records name photos.
    const HAS_PHOTOS: bool = false;

    /// The photos that it names, those of superseded events among them: whoever may see it may
    /// fetch these.
    fn photos(_view: &View<Self>) -> Vec<photo::StagedPhoto> {
        Vec::new()
    }

    /// The texts that full-text search finds it by.
    fn search_text(view: &View<Self>) -> Vec<&str>;
}

/// A record as its document and the relay's positions make it: what lists and pages show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct View<R: Record> {
    /// What the document says of itself.
    #[serde(flatten)]
    pub header: Header,
    /// Its fields; of a field with several values the one that Automerge chooses.
    pub fields: R::Fields,
    /// What its events come to.
    pub state: R::State,
    /// Its events in the order in which they count, the superseded ones among them.
    pub events: Vec<FoldedEvent<R::Event>>,
    /// Fields that were edited by several people who did not know of each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<FieldConflict>,
}

/// An event with what the fold found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldedEvent<B> {
    /// The event.
    #[serde(flatten)]
    pub event: Event<B>,
    /// The relay's position of its change; `None` until the relay has admitted it.
    pub position: Option<u64>,
    /// When the relay received it, in milliseconds of the relay's clock.
    pub received_at_ms: Option<i64>,
    /// Why it does not count, where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded: Option<Refusal>,
    /// Earlier events that its author did not know of when deciding.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unaware_of: Vec<EventId>,
}

/// A field with several values, each written by somebody who did not know of the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldConflict {
    /// The field's name.
    pub field: String,
    /// The values, the one that is shown meanwhile last.
    pub values: Vec<FieldValue>,
}

/// One of the values of a field in conflict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldValue {
    /// The value.
    pub value: serde_json::Value,
    /// Who wrote it.
    pub author: Option<Author>,
    /// When, by the clock of the device that wrote it, in milliseconds (whole seconds).
    pub at_ms: i64,
    /// The relay's position of the change that wrote it; `None` until admitted.
    pub position: Option<u64>,
}

/// The result of folding events that lie in the order in which they count.
pub struct Folded<R: Record> {
    /// The state after all of them.
    pub state: R::State,
    /// For each event, why it does not count, where it does not.
    pub superseded: Vec<Option<Refusal>>,
}

/// Folds `events`, which must be in the relay's order with this device's own unadmitted ones last.
pub fn fold<'a, R: Record>(
    header: &Header,
    fields: &R::Fields,
    events: impl IntoIterator<Item = &'a Event<R::Event>>,
) -> Folded<R> {
    let mut state = R::begin(header, fields);
    let mut superseded = Vec::new();
    for event in events {
        match R::apply(&state, event) {
            Ok(next) => {
                state = next;
                superseded.push(None);
            }
            Err(refusal) => superseded.push(Some(refusal)),
        }
    }
    Folded { state, superseded }
}

/// Runs an expression with `$R` bound to the record type of a kind.
#[macro_export]
macro_rules! for_kind {
    ($kind:expr, $R:ident => $body:expr) => {
        match $kind {
            $crate::model::DocumentKind::Organisation => {
                type $R = $crate::model::organisation::PartyOrg;
                $body
            }
            $crate::model::DocumentKind::Unit => {
                type $R = $crate::model::organisation::Unit;
                $body
            }
            $crate::model::DocumentKind::Person => {
                type $R = $crate::model::people::Person;
                $body
            }
            $crate::model::DocumentKind::Member => {
                type $R = $crate::model::people::Member;
                $body
            }
            $crate::model::DocumentKind::Grant => {
                type $R = $crate::model::people::Grant;
                $body
            }
            $crate::model::DocumentKind::Template => {
                type $R = $crate::model::template::Template;
                $body
            }
            $crate::model::DocumentKind::Zone => {
                type $R = $crate::model::zone::ResponsibilityZone;
                $body
            }
            $crate::model::DocumentKind::Post => {
                type $R = $crate::model::post::VanguardPost;
                $body
            }
            $crate::model::DocumentKind::Team => {
                type $R = $crate::model::team::TaskTeam;
                $body
            }
            $crate::model::DocumentKind::Inspection => {
                type $R = $crate::model::inspection::Inspection;
                $body
            }
            $crate::model::DocumentKind::Violation => {
                type $R = $crate::model::violation::Violation;
                $body
            }
            $crate::model::DocumentKind::Hazard => {
                type $R = $crate::model::hazard::Hazard;
                $body
            }
        }
    };
}
pub use for_kind;
