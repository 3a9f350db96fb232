//! Lists with filters, paging and search, and single records.

use vanguard_core::id::{
    HazardId, InspectionId, MemberId, OrgId, PersonId, PostId, TeamId, TemplateId, UnitId,
    ViolationId, ZoneId,
};
use vanguard_core::model::hazard::{Hazard, Party};
use vanguard_core::model::inspection::Inspection;
use vanguard_core::model::organisation::{PartyOrg, Unit};
use vanguard_core::model::people::{Member, Person};
use vanguard_core::model::post::VanguardPost;
use vanguard_core::model::team::TaskTeam;
use vanguard_core::model::template::Template;
use vanguard_core::model::violation::Violation;
use vanguard_core::model::zone::ResponsibilityZone;
use vanguard_core::model::{DocumentKind, Rota, Shift};
use vanguard_core::store::query::{Filter, PageKey, count};

use crate::error::Result;
use crate::notebook::Notebook;
use crate::records::{
    HazardPage, HazardRecord, InspectionPage, InspectionRecord, MemberPage, MemberRecord, OrgPage,
    OrgRecord, PersonPage, PersonRecord, PostPage, PostRecord, TeamPage, TeamRecord, TemplatePage,
    TemplateRecord, UnitPage, UnitRecord, ViolationPage, ViolationRecord, ZonePage, ZoneRecord,
};

/// What a list shows; whatever is left out does not restrict it.
#[derive(Clone, Debug, Default, uniffi::Record)]
pub struct ListFilter {
    /// In any of these spaces.
    #[uniffi(default = [])]
    pub spaces: Vec<OrgId>,
    /// In this zone.
    #[uniffi(default = None)]
    pub zone: Option<ZoneId>,
    /// Of this unit: the responsible one of a hazard, the offender's of a violation.
    #[uniffi(default = None)]
    pub unit: Option<UnitId>,
    /// Made by this member.
    #[uniffi(default = None)]
    pub creator: Option<MemberId>,
    /// Assigned to this member or person.
    #[uniffi(default = None)]
    pub assignee: Option<Party>,
    /// In any of these states, by their names in the message catalogue, such as `rectified`.
    #[uniffi(default = [])]
    pub status: Vec<String>,
    /// Of this kind within the kind, by its name in the message catalogue, such as `daily`.
    #[uniffi(default = None)]
    pub category: Option<String>,
    /// Of this grade: `general` or `major`.
    #[uniffi(default = None)]
    pub grade: Option<String>,
    /// Of this shift.
    #[uniffi(default = None)]
    pub shift: Option<Shift>,
    /// Of this crew.
    #[uniffi(default = None)]
    pub rota: Option<Rota>,
    /// Not before this instant, in milliseconds since 1970-01-01T00:00:00Z.
    #[uniffi(default = None)]
    pub from_ms: Option<i64>,
    /// Before this instant, in milliseconds since 1970-01-01T00:00:00Z.
    #[uniffi(default = None)]
    pub to_ms: Option<i64>,
    /// Open or not.
    #[uniffi(default = None)]
    pub is_open: Option<bool>,
    /// Open and past its deadline at this instant, in milliseconds since 1970-01-01T00:00:00Z.
    #[uniffi(default = None)]
    pub overdue_at_ms: Option<i64>,
    /// With fields in conflict, or without.
    #[uniffi(default = None)]
    pub is_conflicted: Option<bool>,
    /// With superseded events, or without.
    #[uniffi(default = None)]
    pub is_superseded: Option<bool>,
    /// With this code: a zone's or post's signboard, a member's number.
    #[uniffi(default = None)]
    pub code: Option<String>,
    /// Containing this text, Chinese of any length; the order is then that of creation.
    #[uniffi(default = None)]
    pub text: Option<String>,
}

impl From<ListFilter> for Filter {
    fn from(filter: ListFilter) -> Self {
        Self {
            spaces: filter.spaces,
            zone: filter.zone,
            unit: filter.unit,
            creator: filter.creator,
            assignee: filter.assignee.map(|party| match party {
                Party::Member(member) => member.0,
                Party::Person(person) => person.0,
            }),
            status: filter.status,
            category: filter.category,
            grade: filter.grade,
            shift: filter.shift,
            rota: filter.rota,
            from_ms: filter.from_ms,
            to_ms: filter.to_ms,
            is_open: filter.is_open,
            overdue_at_ms: filter.overdue_at_ms,
            is_conflicted: filter.is_conflicted,
            is_superseded: filter.is_superseded,
            code: filter.code,
            text: filter.text,
            ..Self::default()
        }
    }
}

/// The most rows of a page: what a phone lists within one frame's time.
const PAGE_LIMIT: u32 = 1_000;

macro_rules! lists {
    ($($kind:ident: $id:ident, $list:ident -> $page:ident, $get:ident -> $record:ident;)+) => {
        #[uniffi::export]
        impl Notebook {
            $(
                /// A page of them, newest first, of at most 1,000 rows.
                ///
                /// # Errors
                /// `Paused`, `Storage`.
                #[uniffi::method(default(after = None, limit = 50))]
                pub fn $list(
                    &self,
                    filter: ListFilter,
                    after: Option<PageKey>,
                    limit: u32,
                ) -> Result<$page> {
                    let limit = limit.min(PAGE_LIMIT) as usize;
                    let page = self.read(|it| it.list::<$kind>(&filter.into(), after, limit))?;
                    Ok(page.into())
                }

                /// One of them.
                ///
                /// # Errors
                /// `NotFound`, `Paused`, `Storage`.
                pub fn $get(&self, id: $id) -> Result<$record> {
                    Ok(self.read(|it| it.get::<$kind>(id))?.into())
                }
            )+
        }
    };
}

lists! {
    Hazard: HazardId, list_hazards -> HazardPage, hazard -> HazardRecord;
    Inspection: InspectionId, list_inspections -> InspectionPage, inspection -> InspectionRecord;
    Violation: ViolationId, list_violations -> ViolationPage, violation -> ViolationRecord;
    ResponsibilityZone: ZoneId, list_zones -> ZonePage, zone -> ZoneRecord;
    VanguardPost: PostId, list_posts -> PostPage, post -> PostRecord;
    TaskTeam: TeamId, list_teams -> TeamPage, team -> TeamRecord;
    Template: TemplateId, list_templates -> TemplatePage, template -> TemplateRecord;
    PartyOrg: OrgId, list_orgs -> OrgPage, org -> OrgRecord;
    Unit: UnitId, list_units -> UnitPage, unit -> UnitRecord;
    Member: MemberId, list_members -> MemberPage, member -> MemberRecord;
    Person: PersonId, list_persons -> PersonPage, person -> PersonRecord;
}

#[uniffi::export]
impl Notebook {
    /// How many records of a kind the filter leaves.
    ///
    /// # Errors
    /// `Paused`, `Storage`.
    pub fn count(&self, kind: DocumentKind, filter: ListFilter) -> Result<u64> {
        self.read(|notebook| Ok(count(notebook.reader(), kind, &filter.into())?))
    }
}
