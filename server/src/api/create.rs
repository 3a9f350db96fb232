//! `POST` of new records.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use vanguard_core::Verb;
use vanguard_core::id::{DocumentId, OrgId};
use vanguard_core::model::hazard::{Hazard, HazardEvent, HazardFields};
use vanguard_core::model::organisation::{PartyOrg, PartyOrgFields, Unit, UnitFields};
use vanguard_core::model::people::{
    Grant, GrantFields, Member, MemberFields, Person, PersonFields,
};
use vanguard_core::model::post::{PostFields, VanguardPost};
use vanguard_core::model::team::{TaskTeam, TeamFields};
use vanguard_core::model::template::{ChecklistItem, Template, TemplateEvent, TemplateFields};
use vanguard_core::model::zone::{ResponsibilityZone, ZoneFields};
use vanguard_core::rules::{Governed, author_of_creation};

use super::extract::{Parameters, Positioned};
use super::hand::{Written, creation, event_of, fresh_id, perform, written};
use super::problems::{WriteProblems, refused};
use crate::http::auth::ConsoleAuth;
use crate::http::json::JsonBody;
use crate::http::problem::Problem;
use crate::http::state::App;
use crate::relay::Act;

/// Where a new record goes.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct NewInSpace {
    /// The organisation whose space it is in.
    #[param(value_type = Uuid)]
    space: OrgId,
    /// Its id, a UUIDv7, so that a request that got no answer can be made again without making a
    /// second record: 409 says that it is there. A new one is made where none is given.
    id: Option<Uuid>,
}

/// A new record of the directory.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct NewInDirectory {
    /// Its id, a UUIDv7, so that a request that got no answer can be made again without making a
    /// second record: 409 says that it is there. A new one is made where none is given.
    id: Option<Uuid>,
}

/// What is new, and where.
struct New {
    space: OrgId,
    id: Option<Uuid>,
}

impl From<NewInSpace> for New {
    fn from(NewInSpace { space, id }: NewInSpace) -> Self {
        Self { space, id }
    }
}

impl From<NewInDirectory> for New {
    fn from(NewInDirectory { id }: NewInDirectory) -> Self {
        Self {
            space: OrgId::DIRECTORY,
            id,
        }
    }
}

async fn create<R: Governed>(
    app: &App,
    auth: &ConsoleAuth,
    new: New,
    fields: &R::Fields,
    event: Option<&R::Event>,
    then: Option<&R::Event>,
) -> Result<Positioned<Written>, Problem> {
    let member = auth.session.member;
    let document = DocumentId(new.id.unwrap_or_else(|| fresh_id(app)));
    let verb = creation::<R>(app, member, document, new.space, fields, event);
    let author = author_of_creation(&app.relay.directory(), member, &verb).map_err(refused)?;
    let mut acts = vec![Act { document, verb }];
    acts.extend(then.map(|event| Act {
        document,
        verb: Verb::Append {
            event: event_of(app, event),
        },
    }));
    let position = perform(app, author, acts, None).await?;
    Ok(Positioned {
        status: StatusCode::CREATED,
        ..written(document, None, position)
    })
}

macro_rules! creates {
    ($($(#[$doc:meta])* $create:ident $path:tt: $R:ident, $new:ident, $fields:ident, $event:expr;)+) => {$(
        $(#[$doc])*
        #[utoipa::path(
            post, path = $path, tag = "decide", params($new), request_body = $fields,
            security(("session" = [])),
            responses(
                (status = 201, description = "Made", body = Written,
                    headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
                WriteProblems,
            )
        )]
        pub(super) async fn $create(
            State(app): State<App>,
            auth: ConsoleAuth,
            Parameters(new): Parameters<$new>,
            JsonBody(fields): JsonBody<$fields>,
        ) -> Result<Positioned<Written>, Problem> {
            create::<$R>(&app, &auth, new.into(), &fields, $event, None).await
        }
    )+};
}

creates! {
    /// 新建党组织. Makes an organisation; a temporary branch is applied for thus.
    create_organisation "/organisations": PartyOrg, NewInDirectory, PartyOrgFields, None;
    /// 新建单位. Makes a unit.
    create_unit "/units": Unit, NewInDirectory, UnitFields, None;
    /// 新建人员. Makes a person.
    create_person "/persons": Person, NewInDirectory, PersonFields, None;
    /// 新建党员. Makes a member.
    create_member "/members": Member, NewInDirectory, MemberFields, None;
    /// 授权. Gives a member a role.
    create_grant "/grants": Grant, NewInDirectory, GrantFields, None;
    /// 新建责任区. Makes a zone.
    create_zone "/zones": ResponsibilityZone, NewInSpace, ZoneFields, None;
    /// 申报先锋岗. Proposes a post.
    create_post "/posts": VanguardPost, NewInSpace, PostFields, None;
    /// 新建突击队. Makes a team.
    create_team "/teams": TaskTeam, NewInSpace, TeamFields, None;
    /// 上报隐患. Reports a hazard.
    create_hazard "/hazards": Hazard, NewInSpace, HazardFields, Some(&HazardEvent::Reported);
}

/// A template with its first version.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewTemplate {
    /// What is known of it.
    fields: TemplateFields,
    /// The questions in order.
    items: Vec<ChecklistItem>,
}

/// 新建检查表. Makes a template with its first version.
#[utoipa::path(
    post, path = "/templates", tag = "decide", params(NewInDirectory), request_body = NewTemplate,
    security(("session" = [])),
    responses(
        (status = 201, description = "Made", body = Written,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        WriteProblems,
    )
)]
pub(super) async fn create_template(
    State(app): State<App>,
    auth: ConsoleAuth,
    Parameters(new): Parameters<NewInDirectory>,
    JsonBody(template): JsonBody<NewTemplate>,
) -> Result<Positioned<Written>, Problem> {
    let published = TemplateEvent::Published {
        version: 1,
        items: template.items,
    };
    let fields = &template.fields;
    create::<Template>(&app, &auth, new.into(), fields, None, Some(&published)).await
}
