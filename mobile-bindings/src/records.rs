//! What lists show: one record, one event and one page for each kind, made from core's generic
//! views, because uniffi knows no generics.

use vanguard_core::id::{
    EventId, HazardId, InspectionId, MemberId, OrgId, PersonId, PostId, TeamId, TemplateId, UnitId,
    ViolationId, ZoneId,
};
use vanguard_core::model::hazard::{Hazard, HazardEvent, HazardFields, HazardState};
use vanguard_core::model::inspection::{
    Inspection, InspectionEvent, InspectionFields, InspectionState,
};
use vanguard_core::model::organisation::{
    PartyOrg, PartyOrgEvent, PartyOrgFields, PartyOrgState, Unit, UnitFields,
};
use vanguard_core::model::people::{Member, MemberFields, Person, PersonFields};
use vanguard_core::model::post::{PostEvent, PostFields, PostState, VanguardPost};
use vanguard_core::model::team::{TaskTeam, TeamEvent, TeamFields, TeamState};
use vanguard_core::model::template::{Template, TemplateEvent, TemplateFields, TemplateState};
use vanguard_core::model::violation::{Violation, ViolationEvent, ViolationFields, ViolationState};
use vanguard_core::model::zone::{ResponsibilityZone, ZoneEvent, ZoneFields, ZoneState};
use vanguard_core::model::{Author, FieldConflict, FoldedEvent, SyncState};
use vanguard_core::rules::Refusal;
use vanguard_core::store::query::{Page, PageKey, Row};

/// A kind to which things happen.
macro_rules! kind {
    ($(#[$doc:meta])* $record:ident, $entry:ident, $page:ident: $kind:ident, $id:ident, $fields:ident, $event:ident, $state:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, uniffi::Record)]
        pub struct $record {
            /// Its id.
            pub id: $id,
            /// The organisation that owns it.
            pub space: OrgId,
            /// Who made it.
            pub creator: MemberId,
            /// When, by the clock of the device that made it, in milliseconds.
            pub created_ms: i64,
            /// What is known of it.
            pub fields: $fields,
            /// What its events come to.
            pub state: $state,
            /// Its events in the order in which they count, the superseded ones among them.
            pub events: Vec<$entry>,
            /// Fields that several people edited without knowing of each other.
            pub conflicts: Vec<FieldConflict>,
            /// Where it stands between this device and the relay.
            pub sync_state: SyncState,
        }

        /// An event with what became of it.
        #[derive(Clone, Debug, uniffi::Record)]
        pub struct $entry {
            /// Its id.
            pub id: EventId,
            /// In whose hand.
            pub author: Author,
            /// When, by the clock of the device, in milliseconds.
            pub at_ms: i64,
            /// What happened.
            pub event: $event,
            /// The relay's position of it; nothing until the relay has admitted it.
            pub position: Option<u64>,
            /// When the relay received it, in milliseconds of the relay's clock.
            pub received_at_ms: Option<i64>,
            /// Why it does not count, where it does not.
            pub superseded: Option<Refusal>,
            /// Earlier events that its author did not know of when deciding.
            pub unaware_of: Vec<EventId>,
        }

        impl From<FoldedEvent<$event>> for $entry {
            fn from(folded: FoldedEvent<$event>) -> Self {
                Self {
                    id: folded.event.id,
                    author: folded.event.author,
                    at_ms: folded.event.at_ms,
                    event: folded.event.body,
                    position: folded.position,
                    received_at_ms: folded.received_at_ms,
                    superseded: folded.superseded,
                    unaware_of: folded.unaware_of,
                }
            }
        }

        impl From<Row<$kind>> for $record {
            fn from(row: Row<$kind>) -> Self {
                let view = row.view;
                Self {
                    id: view.header.id.into(),
                    space: view.header.space,
                    creator: view.header.creator,
                    created_ms: view.header.created_ms,
                    fields: view.fields,
                    state: view.state,
                    events: view.events.into_iter().map(Into::into).collect(),
                    conflicts: view.conflicts,
                    sync_state: row.sync_state,
                }
            }
        }

        kind!(page $page: $kind, $record);
    };
    ($(#[$doc:meta])* $record:ident, $page:ident: $kind:ident, $id:ident, $fields:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, uniffi::Record)]
        pub struct $record {
            /// Its id.
            pub id: $id,
            /// What is known of it.
            pub fields: $fields,
            /// Where it stands between this device and the relay.
            pub sync_state: SyncState,
        }

        impl From<Row<$kind>> for $record {
            fn from(row: Row<$kind>) -> Self {
                Self {
                    id: row.view.header.id.into(),
                    fields: row.view.fields,
                    sync_state: row.sync_state,
                }
            }
        }

        kind!(page $page: $kind, $record);
    };
    (page $page:ident: $kind:ident, $record:ident) => {
        /// A page of a list.
        #[derive(Clone, Debug, uniffi::Record)]
        pub struct $page {
            /// Its rows, newest first.
            pub rows: Vec<$record>,
            /// Where the next page begins; nothing after the last.
            pub next: Option<PageKey>,
        }

        impl From<Page<$kind>> for $page {
            fn from(page: Page<$kind>) -> Self {
                Self {
                    rows: page.rows.into_iter().map(Into::into).collect(),
                    next: page.next,
                }
            }
        }
    };
}

kind! {
    /// 隐患.
    HazardRecord, HazardEntry, HazardPage:
    Hazard, HazardId, HazardFields, HazardEvent, HazardState
}
kind! {
    /// 检查, submitted.
    InspectionRecord, InspectionEntry, InspectionPage:
    Inspection, InspectionId, InspectionFields, InspectionEvent, InspectionState
}
kind! {
    /// 违章记录.
    ViolationRecord, ViolationEntry, ViolationPage:
    Violation, ViolationId, ViolationFields, ViolationEvent, ViolationState
}
kind! {
    /// 党员责任区.
    ZoneRecord, ZoneEntry, ZonePage:
    ResponsibilityZone, ZoneId, ZoneFields, ZoneEvent, ZoneState
}
kind! {
    /// 党员先锋岗, 示范岗.
    PostRecord, PostLogEntry, PostPage:
    VanguardPost, PostId, PostFields, PostEvent, PostState
}
kind! {
    /// 突击队, 攻坚组, 先锋队.
    TeamRecord, TeamEntry, TeamPage:
    TaskTeam, TeamId, TeamFields, TeamEvent, TeamState
}
kind! {
    /// A checklist template.
    TemplateRecord, TemplateEntry, TemplatePage:
    Template, TemplateId, TemplateFields, TemplateEvent, TemplateState
}
kind! {
    /// 党组织.
    OrgRecord, OrgEntry, OrgPage:
    PartyOrg, OrgId, PartyOrgFields, PartyOrgEvent, PartyOrgState
}
kind! {
    /// 行政单位.
    UnitRecord, UnitPage: Unit, UnitId, UnitFields
}
kind! {
    /// 党员.
    MemberRecord, MemberPage: Member, MemberId, MemberFields
}
kind! {
    /// 人员, without an account.
    PersonRecord, PersonPage: Person, PersonId, PersonFields
}
