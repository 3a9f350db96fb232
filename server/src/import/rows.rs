//! What one row of each kind becomes: its record, and what belongs to it.

use uuid::Uuid;
use vanguard_core::calendar::Day;
use vanguard_core::id::{DocumentId, EventId, MemberId, OrgId, UnitId};
use vanguard_core::model::Role;
use vanguard_core::model::organisation::{
    PartyOrg, PartyOrgFields, PartyOrgKind, Unit, UnitFields,
};
use vanguard_core::model::people::{Grant, GrantFields, Member, MemberFields};
use vanguard_core::model::post::{PostEvent, PostFields, PostStatus, VanguardPost};
use vanguard_core::model::template::Duty;
use vanguard_core::model::zone::{ResponsibilityZone, RiskPoint, ZoneFields};
use vanguard_core::{Env, NewEvent, Verb};

use super::Known;
use super::columns::{self as col, Column, Kind};
use super::report::Reason;
use super::row::RowReader;
use crate::acts::{create, object};
use crate::relay::Act;

/// What rows may refer to: what the relay has and what these files bring.
pub(super) struct Index<'a> {
    pub(super) names: &'a Known,
    /// Whether an organisation is a temporary branch.
    pub(super) is_temporary: &'a dyn Fn(OrgId) -> bool,
    pub(super) env: &'a dyn Env,
    pub(super) now_ms: i64,
}

/// An organisation: its record, and what lies above it.
pub(super) fn organisation(
    reader: &mut RowReader<'_, '_>,
    index: &Index<'_>,
    id: Uuid,
) -> Option<(Act, Option<OrgId>)> {
    let name = reader.required(col::ORG_NAME);
    let org_kind = reader.required_value::<PartyOrgKind>(col::KIND);
    let orgs = &index.names.orgs;
    let parent = reader.reference(col::PARENT_ORG, Kind::Organisations, orgs);
    let project = reader.text(col::PROJECT);
    let fields = PartyOrgFields {
        name: name?,
        org_kind: org_kind?,
        parent,
        project: (!project.is_empty()).then_some(project),
    };
    let act = create::<PartyOrg>(id, OrgId::DIRECTORY, &fields, index.now_ms);
    Some((act, parent))
}

/// A unit: its record, and what lies above it.
pub(super) fn unit(
    reader: &mut RowReader<'_, '_>,
    index: &Index<'_>,
    id: Uuid,
) -> Option<(Act, Option<UnitId>)> {
    let name = reader.required(col::UNIT_NAME);
    let unit_kind = reader.required_value(col::KIND);
    let parent = reader.reference(col::PARENT_UNIT, Kind::Units, &index.names.units);
    let fields = UnitFields {
        name: name?,
        unit_kind: unit_kind?,
        parent,
    };
    let act = create::<Unit>(id, OrgId::DIRECTORY, &fields, index.now_ms);
    Some((act, parent))
}

/// A member with their grants.
pub(super) fn member(
    reader: &mut RowReader<'_, '_>,
    index: &Index<'_>,
    id: Uuid,
) -> Option<Vec<Act>> {
    let number = reader.required(col::NUMBER);
    let name = reader.required(col::PERSON_NAME);
    let orgs = &index.names.orgs;
    let mut home = reader.reference(col::HOME, Kind::Organisations, orgs);
    let unit = reader.reference(col::UNIT, Kind::Units, &index.names.units);
    if home.is_some_and(index.is_temporary) {
        reader.wrong(col::HOME, Reason::TemporaryHome);
        home = None;
    }
    let grants = grants(reader, index, home);
    let fields = MemberFields {
        name: name?,
        number: number?,
        home,
        unit,
    };
    let mut acts = vec![create::<Member>(
        id,
        OrgId::DIRECTORY,
        &fields,
        index.now_ms,
    )];
    acts.extend(grants.into_iter().map(|(role, org)| {
        let fields = GrantFields {
            member: MemberId(id),
            role,
            org,
        };
        create::<Grant>(index.env.uuid_v7(), OrgId::DIRECTORY, &fields, index.now_ms)
    }));
    Some(acts)
}

fn grants(
    reader: &mut RowReader<'_, '_>,
    index: &Index<'_>,
    home: Option<OrgId>,
) -> Vec<(Role, OrgId)> {
    let mut grants: Vec<(Role, OrgId)> = Vec::new();
    let has_home = !reader.cell(col::HOME).is_empty();
    for part in reader.names(col::ROLES) {
        let (role, place) = match part.split_once(['@', '＠']) {
            Some((role, place)) => (role.trim().to_owned(), Some(place.trim().to_owned())),
            None => (part, None),
        };
        let known = reader.value_of::<Role>(col::ROLES, &role);
        let org = if let Some(name) = place {
            let orgs = &index.names.orgs;
            reader.reference_to(col::ROLES, Kind::Organisations, &name, orgs)
        } else {
            if !has_home {
                reader.wrong(col::ROLES, Reason::RoleWithoutHome(role));
            }
            home
        };
        grants.extend(known.zip(org));
    }
    let is_mere_viewer = !grants.is_empty() && grants.iter().all(|(role, _)| *role == Role::Viewer);
    if let Some(home) = home.filter(|_| !is_mere_viewer) {
        grants.push((Role::Member, home));
    }
    grants.sort_unstable();
    grants.dedup();
    grants
}

/// What zones and posts have in common.
struct Place {
    org: Option<OrgId>,
    words: String,
    unit: Option<UnitId>,
    holders: Vec<MemberId>,
}

fn place(reader: &mut RowReader<'_, '_>, index: &Index<'_>) -> Place {
    let names = index.names;
    if reader.cell(col::OWNER).is_empty() {
        reader.wrong(col::OWNER, Reason::Empty);
    }
    let numbers = reader.names(col::HOLDERS);
    let holder =
        |number: &String| reader.reference_to(col::HOLDERS, Kind::Members, number, &names.members);
    let holders = numbers.iter().filter_map(holder).collect();
    Place {
        org: reader.reference(col::OWNER, Kind::Organisations, &names.orgs),
        words: reader.text(col::PLACE),
        unit: reader.reference(col::UNIT, Kind::Units, &names.units),
        holders,
    }
}

/// A zone.
pub(super) fn zone(
    reader: &mut RowReader<'_, '_>,
    index: &Index<'_>,
    id: Uuid,
) -> Option<Vec<Act>> {
    let code = reader.required(col::ZONE_CODE);
    let name = reader.required(col::ZONE_NAME);
    let zone_kind = reader.required_value(col::KIND);
    let place = place(reader, index);
    let from = reader.date(col::FROM);
    let duty = reader.value(col::FREQUENCY).map(|frequency| Duty {
        frequency,
        from: from.unwrap_or_else(|| Day::at(index.now_ms)),
        excepted: Vec::new(),
    });
    let points = reader.sentences(col::RISK_POINTS);
    let covered_people = reader.names(col::COVERED);
    let boundary = reader.boundary(col::BOUNDARY);
    let fields = ZoneFields {
        name: name?,
        code: code?,
        zone_kind: zone_kind?,
        place: place.words,
        boundary,
        risk_points: points.iter().map(|point| risk_point(point)).collect(),
        holders: place.holders,
        covered_people,
        unit: place.unit,
        duty,
        template: None,
    };
    let act = create::<ResponsibilityZone>(id, place.org?, &fields, index.now_ms);
    Some(vec![act])
}

fn risk_point(text: &str) -> RiskPoint {
    let (name, measures) = text.split_once(['：', ':']).unwrap_or((text, ""));
    RiskPoint {
        name: name.trim().to_owned(),
        measures: measures.trim().to_owned(),
    }
}

/// A post, named at once where the table says so.
pub(super) fn post(
    reader: &mut RowReader<'_, '_>,
    index: &Index<'_>,
    id: Uuid,
) -> Option<Vec<Act>> {
    let code = reader.required(col::POST_CODE);
    let name = reader.required(col::POST_NAME);
    let post_kind = reader.required_value(col::KIND);
    let place = place(reader, index);
    let commitments = reader.sentences(col::COMMITMENTS);
    let status = status(reader, col::STATUS);
    let fields = PostFields {
        name: name?,
        code: code?,
        post_kind: post_kind?,
        place: place.words,
        unit: place.unit,
        holders: place.holders,
        commitments,
    };
    let mut acts = vec![create::<VanguardPost>(
        id,
        place.org?,
        &fields,
        index.now_ms,
    )];
    if status == PostStatus::Named {
        let event = NewEvent {
            id: EventId(index.env.uuid_v7()),
            at_ms: index.now_ms,
            body: object(&PostEvent::Named),
        };
        acts.push(Act {
            document: DocumentId(id),
            verb: Verb::Append { event },
        });
    }
    Some(acts)
}

/// Posts come in as proposed or as named; the rest of their life is recorded, not imported.
fn status(reader: &mut RowReader<'_, '_>, column: Column) -> PostStatus {
    let status = reader.value(column).unwrap_or(PostStatus::Proposed);
    if !matches!(status, PostStatus::Proposed | PostStatus::Named) {
        let reason = Reason::NotAValue {
            text: reader.cell(column).to_owned(),
            possible: ("申报、命名授牌".into(), "Proposed, Named".into()),
        };
        reader.wrong(column, reason);
    }
    status
}
