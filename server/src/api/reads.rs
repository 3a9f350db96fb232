//! `GET` of lists and of single records, one pair for each kind.

use axum::extract::State;
use vanguard_core::id::DocumentId;
use vanguard_core::model::hazard::Hazard;
use vanguard_core::model::inspection::Inspection;
use vanguard_core::model::organisation::{PartyOrg, Unit};
use vanguard_core::model::people::{Grant, Member, Person};
use vanguard_core::model::post::VanguardPost;
use vanguard_core::model::team::TaskTeam;
use vanguard_core::model::template::Template;
use vanguard_core::model::violation::Violation;
use vanguard_core::model::zone::ResponsibilityZone;

use super::extract::{Id, Parameters, Positioned};
use super::filters::{
    HazardParameters, InspectionParameters, RecordParameters, ViolationParameters,
};
use super::problems::ReadProblems;
use super::reading::{list, one};
use super::records::{
    GrantPage, GrantRecord, HazardPage, HazardRecord, InspectionPage, InspectionRecord, MemberPage,
    MemberRecord, OrganisationPage, OrganisationRecord, PersonPage, PersonRecord, PostPage,
    PostRecord, TeamPage, TeamRecord, TemplatePage, TemplateRecord, UnitPage, UnitRecord,
    ViolationPage, ViolationRecord, ZonePage, ZoneRecord,
};
use crate::http::auth::ConsoleAuth;
use crate::http::problem::Problem;
use crate::http::state::App;

macro_rules! reads {
    ($($(#[$list_doc:meta])* $list:ident $lists:tt, $(#[$get_doc:meta])* $get:ident $gets:tt: $R:ident, $parameters:ident, $page:ident, $record:ident;)+) => {$(
        $(#[$list_doc])*
        #[utoipa::path(
            get, path = $lists, tag = "review", params($parameters), security(("session" = [])),
            responses(
                (status = 200, description = "A page, newest first", body = $page,
                    headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
                ReadProblems,
            )
        )]
        pub(super) async fn $list(
            State(app): State<App>,
            auth: ConsoleAuth,
            Parameters(parameters): Parameters<$parameters>,
        ) -> Result<Positioned<$page>, Problem> {
            list::<$R>(&app, &auth, &parameters).await
        }

        $(#[$get_doc])*
        #[utoipa::path(
            get, path = $gets, tag = "review", security(("session" = [])),
            params(("id" = Uuid, Path, description = "Its id")),
            responses(
                (status = 200, description = "The record", body = $record,
                    headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
                ReadProblems,
            )
        )]
        pub(super) async fn $get(
            State(app): State<App>,
            auth: ConsoleAuth,
            Id(id): Id,
        ) -> Result<Positioned<$record>, Problem> {
            one::<$R>(&app, &auth, DocumentId(id)).await
        }
    )+};
}

reads! {
    /// 党组织列表. Party organisations.
    list_organisations "/organisations",
    /// 党组织. One Party organisation.
    get_organisation "/organisations/{id}": PartyOrg, RecordParameters, OrganisationPage, OrganisationRecord;
    /// 单位列表. Administrative units and contractors.
    list_units "/units",
    /// 单位. One unit.
    get_unit "/units/{id}": Unit, RecordParameters, UnitPage, UnitRecord;
    /// 人员列表. Persons without accounts.
    list_persons "/persons",
    /// 人员. One person.
    get_person "/persons/{id}": Person, RecordParameters, PersonPage, PersonRecord;
    /// 党员列表. Members.
    list_members "/members",
    /// 党员. One member.
    get_member "/members/{id}": Member, RecordParameters, MemberPage, MemberRecord;
    /// 授权列表. Grants of roles.
    list_grants "/grants",
    /// 授权. One grant.
    get_grant "/grants/{id}": Grant, RecordParameters, GrantPage, GrantRecord;
    /// 检查表列表. Checklist templates.
    list_templates "/templates",
    /// 检查表. One template with its checklist.
    get_template "/templates/{id}": Template, RecordParameters, TemplatePage, TemplateRecord;
    /// 责任区列表. Responsibility zones.
    list_zones "/zones",
    /// 责任区. One zone.
    get_zone "/zones/{id}": ResponsibilityZone, RecordParameters, ZonePage, ZoneRecord;
    /// 先锋岗列表. Vanguard posts with their entries.
    list_posts "/posts",
    /// 先锋岗. One post with its entries.
    get_post "/posts/{id}": VanguardPost, RecordParameters, PostPage, PostRecord;
    /// 突击队列表. Task teams.
    list_teams "/teams",
    /// 突击队. One team.
    get_team "/teams/{id}": TaskTeam, RecordParameters, TeamPage, TeamRecord;
    /// 检查列表. Inspections.
    list_inspections "/inspections",
    /// 检查. One inspection.
    get_inspection "/inspections/{id}": Inspection, InspectionParameters, InspectionPage, InspectionRecord;
    /// 违章列表. Violations that whoever asks handles or recorded, without names.
    list_violations "/violations",
    /// 违章. One violation; the name is there for those who handle it.
    get_violation "/violations/{id}": Violation, ViolationParameters, ViolationPage, ViolationRecord;
    /// 隐患列表. Hazards.
    list_hazards "/hazards",
    /// 隐患. One hazard with its events, superseded ones among them, and its conflicts.
    get_hazard "/hazards/{id}": Hazard, HazardParameters, HazardPage, HazardRecord;
}
