//! What the API says of records: one schema for each kind, so that a client can be generated from
//! the OpenAPI document.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;
use vanguard_core::catalogue::Language;
use vanguard_core::id::{EventId, GrantId, MemberId};
use vanguard_core::model::hazard::{Hazard, HazardEvent, HazardFields, HazardState};
use vanguard_core::model::inspection::{
    Inspection, InspectionEvent, InspectionFields, InspectionState,
};
use vanguard_core::model::organisation::{
    NoState, PartyOrg, PartyOrgEvent, PartyOrgFields, PartyOrgState, Unit, UnitFields,
};
use vanguard_core::model::people::{
    Grant, GrantEvent, GrantFields, GrantState, Member, MemberFields, Person, PersonFields,
};
use vanguard_core::model::post::{PostEvent, PostFields, PostState, VanguardPost};
use vanguard_core::model::team::{TaskTeam, TeamEvent, TeamFields, TeamState};
use vanguard_core::model::template::{Template, TemplateEvent, TemplateFields, TemplateState};
use vanguard_core::model::violation::{Violation, ViolationEvent, ViolationFields, ViolationState};
use vanguard_core::model::zone::{ResponsibilityZone, ZoneEvent, ZoneFields, ZoneState};
use vanguard_core::model::{FieldConflict, FoldedEvent, Header, Role, View};
use vanguard_core::rules::{Governed, Refusal};

/// A kind of record that the API shows.
pub(super) trait Shown: Governed {
    /// What it says of one.
    type Shape: Serialize + Send + 'static;
    /// What it says of a page of them.
    type Page: Serialize + Send + 'static;

    /// Says it.
    fn show(view: View<Self>) -> Self::Shape;

    /// Makes a page of rows, and of where the next one begins.
    fn page(rows: Vec<Self::Shape>, next: Option<String>) -> Self::Page;

    /// Takes out what only those may see who handle it.
    fn conceal(_view: &mut View<Self>) {}
}

/// A text in both languages.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Words {
    /// 简体中文.
    #[serde(rename = "zh-CN")]
    pub(super) chinese: Cow<'static, str>,
    /// English.
    #[serde(rename = "en")]
    pub(super) english: Cow<'static, str>,
}

impl Words {
    /// Why something may not be done, in both languages.
    pub(super) fn of(refusal: Refusal) -> Self {
        Self {
            chinese: refusal.label(Language::Chinese).into(),
            english: refusal.label(Language::English).into(),
        }
    }
}

/// What surrounds every event.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventFrame {
    /// Its id.
    id: EventId,
    /// Who made it.
    member: MemberId,
    /// In which role.
    role: Role,
    /// Under which grant.
    grant: GrantId,
    /// When, by the clock of the device, in milliseconds.
    at_ms: i64,
    /// The latest events that its author had seen.
    seen: Vec<EventId>,
    /// The relay's position of its change.
    position: Option<u64>,
    /// When the relay received it, in milliseconds.
    received_at_ms: Option<i64>,
    /// Why it does not count, where it does not.
    superseded: Option<Refusal>,
    /// The same in words.
    superseded_words: Option<Words>,
    /// Earlier events that its author did not know of when deciding.
    unaware_of: Vec<EventId>,
}

fn framed<B>(folded: FoldedEvent<B>) -> (EventFrame, B) {
    let event = folded.event;
    let frame = EventFrame {
        id: event.id,
        member: event.author.member,
        role: event.author.role,
        grant: event.author.grant,
        at_ms: event.at_ms,
        seen: event.seen,
        position: folded.position,
        received_at_ms: folded.received_at_ms,
        superseded: folded.superseded,
        superseded_words: folded.superseded.map(Words::of),
        unaware_of: folded.unaware_of,
    };
    (frame, event.body)
}

macro_rules! shapes {
    ($($record:ident, $page:ident, $folded:ident: $R:ident { $fields:ident, $state:ident, $event:ident } $(with { $($more:item)* })?;)+) => {$(
        #[doc = concat!("One ", stringify!($R), ": its fields, what its events come to, and they in the order in which they count.")]
        #[derive(Debug, Serialize, ToSchema)]
        pub(super) struct $record {
            /// What the document says of itself.
            #[serde(flatten)]
            header: Header,
            /// Its fields.
            fields: $fields,
            /// What its events come to.
            state: $state,
            /// Its events, the superseded ones among them.
            events: Vec<$folded>,
            /// Fields that several people edited without knowing of each other.
            conflicts: Vec<FieldConflict>,
        }

        /// An event and what became of it.
        #[derive(Debug, Serialize, ToSchema)]
        pub(super) struct $folded {
            /// What surrounds it.
            #[serde(flatten)]
            frame: EventFrame,
            /// What happened.
            #[serde(flatten)]
            body: $event,
        }

        shapes!(@page $record, $page);

        impl Shown for $R {
            type Shape = $record;
            type Page = $page;

            fn show(view: View<Self>) -> $record {
                let events = view.events.into_iter().map(|folded| {
                    let (frame, body) = framed(folded);
                    $folded { frame, body }
                });
                $record {
                    header: view.header,
                    fields: view.fields,
                    state: view.state,
                    events: events.collect(),
                    conflicts: view.conflicts,
                }
            }

            fn page(rows: Vec<$record>, next: Option<String>) -> $page {
                $page { rows, next }
            }

            $($($more)*)?
        }
    )+};
    (@page $record:ident, $page:ident) => {
        /// A page of a list, newest first.
        #[derive(Debug, Serialize, ToSchema)]
        pub(super) struct $page {
            /// Its rows.
            rows: Vec<$record>,
            /// What to give as `after` for the next page; null after the last.
            next: Option<String>,
        }
    };
}

shapes! {
    HazardRecord, HazardPage, HazardFoldedEvent: Hazard { HazardFields, HazardState, HazardEvent };
    InspectionRecord, InspectionPage, InspectionFoldedEvent:
        Inspection { InspectionFields, InspectionState, InspectionEvent };
    ViolationRecord, ViolationPage, ViolationFoldedEvent:
        Violation { ViolationFields, ViolationState, ViolationEvent }
        with {
            fn conceal(view: &mut View<Self>) {
                view.fields.person = None;
                view.conflicts.retain(|conflict| conflict.field != "person");
            }
        };
    ZoneRecord, ZonePage, ZoneFoldedEvent: ResponsibilityZone { ZoneFields, ZoneState, ZoneEvent };
    PostRecord, PostPage, PostFoldedEvent: VanguardPost { PostFields, PostState, PostEvent };
    TeamRecord, TeamPage, TeamFoldedEvent: TaskTeam { TeamFields, TeamState, TeamEvent };
    OrganisationRecord, OrganisationPage, OrganisationFoldedEvent:
        PartyOrg { PartyOrgFields, PartyOrgState, PartyOrgEvent };
    GrantRecord, GrantPage, GrantFoldedEvent: Grant { GrantFields, GrantState, GrantEvent };
    TemplateRecord, TemplatePage, TemplateFoldedEvent:
        Template { TemplateFields, TemplateState, TemplateEvent };
}

macro_rules! eventless_shapes {
    ($($record:ident, $page:ident: $R:ident { $fields:ident };)+) => {$(
        #[doc = concat!("One ", stringify!($R), ", to which nothing happens but edits of its fields.")]
        #[derive(Debug, Serialize, ToSchema)]
        pub(super) struct $record {
            /// What the document says of itself.
            #[serde(flatten)]
            header: Header,
            /// Its fields.
            fields: $fields,
            /// Nothing.
            state: NoState,
            /// Fields that several people edited without knowing of each other.
            conflicts: Vec<FieldConflict>,
        }

        shapes!(@page $record, $page);

        impl Shown for $R {
            type Shape = $record;
            type Page = $page;

            fn show(view: View<Self>) -> $record {
                $record {
                    header: view.header,
                    fields: view.fields,
                    state: view.state,
                    conflicts: view.conflicts,
                }
            }

            fn page(rows: Vec<$record>, next: Option<String>) -> $page {
                $page { rows, next }
            }
        }
    )+};
}

eventless_shapes! {
    UnitRecord, UnitPage: Unit { UnitFields };
    PersonRecord, PersonPage: Person { PersonFields };
    MemberRecord, MemberPage: Member { MemberFields };
}
