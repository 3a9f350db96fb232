//! Who may do what, told role by role: how far a role reaches, what becomes of an ended grant, and
//! who creates, edits, appends to and reads each kind of record; and whose devices somebody manages.

mod appending;
mod creating;
mod devices;
mod editing;
mod offering;
mod reach;
mod reading;
mod standing;

use uuid::Uuid;

use super::*;
use crate::id::{DocumentId, EventId, GrantId, MemberId, OrgId, UnitId, ZoneId};
use crate::model::hazard::{
    Assignment, Hazard, HazardEvent, HazardFields, HazardNature, HazardStatus, Party,
    Rectification, RectificationMode,
};
use crate::model::inspection::{Inspection, InspectionEvent, InspectionFields, InspectionKind};
use crate::model::organisation::{
    PartyOrg, PartyOrgEvent, PartyOrgFields, PartyOrgKind, PartyOrgStatus, Unit, UnitFields,
    UnitKind,
};
use crate::model::people::{
    Grant, GrantEvent, GrantFields, Member, MemberFields, Person, PersonFields,
};
use crate::model::post::{PostEntry, PostEvent, PostFields, PostKind, VanguardPost};
use crate::model::team::{TaskTeam, TeamEvent, TeamFields, TeamKind};
use crate::model::template::{Template, TemplateEvent, TemplateFields};
use crate::model::violation::{
    Violation, ViolationEvent, ViolationFields, ViolationKind, ViolationStatus,
};
use crate::model::zone::{ResponsibilityZone, ZoneEvent, ZoneFields, ZoneKind};
use crate::model::{
    Author, DocumentKind, Event, FoldedEvent, Header, Record, Role, SCHEMA, Shift, View,
};

use Role::{
    Admin, BranchSecretary, Member as PartyMember, Rectifier, SafetyOfficer, Supervisor, Viewer,
    ZoneHolder,
};

const COMMITTEE: OrgId = OrgId(Uuid::from_u128(0xc0));
const BRANCH: OrgId = OrgId(Uuid::from_u128(0xb1));
const OTHER_BRANCH: OrgId = OrgId(Uuid::from_u128(0xb2));
const GROUP: OrgId = OrgId(Uuid::from_u128(0xb11));
const TEMPORARY: OrgId = OrgId(Uuid::from_u128(0x7e));
const NOWHERE: OrgId = OrgId(Uuid::from_u128(0xff));

const CREATOR: MemberId = MemberId(Uuid::from_u128(0xcc));
const SOMEBODY: MemberId = MemberId(Uuid::from_u128(0x50));

const BELONGING: &[Role] = &[
    PartyMember,
    ZoneHolder,
    Rectifier,
    SafetyOfficer,
    BranchSecretary,
    Supervisor,
    Admin,
];
const LOCAL: &[Role] = &[PartyMember, ZoneHolder, Rectifier];
const OVERSEEING: &[Role] = &[SafetyOfficer, BranchSecretary, Supervisor, Admin, Viewer];
const NOBODY: &[Role] = &[];

fn view<R: Record>(id: Uuid, space: OrgId, fields: R::Fields) -> View<R> {
    let header = Header {
        id: DocumentId(id),
        kind: R::KIND,
        space,
        creator: CREATOR,
        created_ms: 0,
        schema: SCHEMA,
    };
    View {
        state: R::begin(&header, &fields),
        header,
        fields,
        events: Vec::new(),
        conflicts: Vec::new(),
    }
}

fn org(id: OrgId, org_kind: PartyOrgKind, parent: Option<OrgId>) -> View<PartyOrg> {
    let fields = PartyOrgFields {
        name: "支部".into(),
        org_kind,
        parent,
        project: None,
    };
    view(id.0, OrgId::DIRECTORY, fields)
}

/// A committee with two branches, one of which has a group; and a temporary branch on a site.
fn directory() -> Directory {
    let mut directory = Directory::default();
    for (id, kind, parent) in [
        (COMMITTEE, PartyOrgKind::Committee, None),
        (BRANCH, PartyOrgKind::Branch, Some(COMMITTEE)),
        (OTHER_BRANCH, PartyOrgKind::Branch, Some(COMMITTEE)),
        (GROUP, PartyOrgKind::PartyGroup, Some(BRANCH)),
        (TEMPORARY, PartyOrgKind::TemporaryBranch, Some(COMMITTEE)),
    ] {
        directory.put_org(&org(id, kind, parent));
    }
    directory
}

fn dissolve(directory: &mut Directory, id: OrgId, host: OrgId) {
    let mut ended = org(id, PartyOrgKind::TemporaryBranch, Some(COMMITTEE));
    ended.state.status = PartyOrgStatus::Dissolved;
    ended.state.host = Some(host);
    directory.put_org(&ended);
}

/// A grant's document; the id is made of its parts, so that no two collide.
fn grant(member: MemberId, role: Role, org: OrgId) -> View<Grant> {
    let parts = format!("{member}/{}/{org}", role.as_str());
    let hash = crate::keys::sha256(parts.as_bytes());
    let id = Uuid::from_bytes(std::array::from_fn(|i| hash[i]));
    view(id, OrgId::DIRECTORY, GrantFields { member, role, org })
}

fn give(directory: &mut Directory, member: MemberId, role: Role, org: OrgId) -> Author {
    let view = grant(member, role, org);
    directory.put_grant(&view);
    Author {
        member,
        role,
        grant: view.header.id.into(),
    }
}

/// Asks `may` of a judge of that member and role; what it refuses comes back.
fn ask(member: MemberId, role: Role, org: OrgId, may: impl Fn(&Judge<'_>) -> Ruling) -> Ruling {
    let mut directory = directory();
    let author = give(&mut directory, member, role, org);
    let judge = Judge {
        directory: &directory,
        author,
        grant: directory.grant(author.grant),
    };
    may(&judge)
}

/// Asserts that exactly `roles` may, wherever they are held from which they reach the branch: in
/// it, and in roles that oversee in the committee above it; and nobody from another branch.
fn only(what: &str, roles: &[Role], may: impl Fn(&Judge<'_>) -> Ruling) {
    for role in Role::ALL {
        let here = ask(SOMEBODY, *role, BRANCH, &may);
        assert_eq!(
            here.is_ok(),
            roles.contains(role),
            "{what}: {role:?}: {here:?}"
        );
        let above = ask(SOMEBODY, *role, COMMITTEE, &may);
        let may_above = roles.contains(role) && OVERSEEING.contains(role);
        assert_eq!(
            above.is_ok(),
            may_above,
            "{what}: {role:?} above: {above:?}"
        );
        for elsewhere in [OTHER_BRANCH, GROUP, TEMPORARY, NOWHERE] {
            let refusal = ask(SOMEBODY, *role, elsewhere, &may);
            assert!(refusal.is_err(), "{what}: {role:?} of another organisation");
            if roles.contains(role) {
                assert_eq!(refusal, Err(Refusal::OutsideSpace), "{what}: {role:?}");
            }
        }
    }
    let operator = operator(&may);
    assert_eq!(operator, Ok(()), "{what}: the operator");
}

/// Asks for the operator of the relay, who needs no grant.
fn operator(may: impl Fn(&Judge<'_>) -> Ruling) -> Ruling {
    may(&Judge {
        directory: &directory(),
        author: Author::OPERATOR,
        grant: None,
    })
}

/// Asserts that exactly `roles` may, whatever their organisation.
fn only_anywhere(what: &str, roles: &[Role], may: impl Fn(&Judge<'_>) -> Ruling) {
    for role in Role::ALL {
        for org in [BRANCH, COMMITTEE, OTHER_BRANCH, TEMPORARY] {
            let found = ask(SOMEBODY, *role, org, &may);
            assert_eq!(
                found.is_ok(),
                roles.contains(role),
                "{what}: {role:?}: {found:?}"
            );
        }
    }
}

const ID: Uuid = Uuid::from_u128(1);

fn hazard() -> View<Hazard> {
    let fields = HazardFields::new("护栏缺失", HazardNature::UnsafeCondition);
    view(ID, BRANCH, fields)
}

fn inspection() -> View<Inspection> {
    let zone = ZoneId(Uuid::from_u128(2));
    let fields = InspectionFields::new(zone, InspectionKind::Daily, Shift::Day, 0);
    view(ID, BRANCH, fields)
}

fn violation() -> View<Violation> {
    let kind = ViolationKind::OperationViolation;
    let fields = ViolationFields::new(kind, "未系安全带", "二车间", "高处作业规程");
    view(ID, BRANCH, fields)
}

fn zone() -> View<ResponsibilityZone> {
    let fields = ZoneFields {
        name: "一号炉区".into(),
        code: "Z-01".into(),
        zone_kind: ZoneKind::Safety,
        place: String::new(),
        boundary: None,
        risk_points: Vec::new(),
        holders: Vec::new(),
        covered_people: Vec::new(),
        unit: None,
        duty: None,
        template: None,
    };
    view(ID, BRANCH, fields)
}

fn post() -> View<VanguardPost> {
    let fields = PostFields {
        name: "炉前先锋岗".into(),
        code: "P-01".into(),
        post_kind: PostKind::Vanguard,
        place: String::new(),
        unit: None,
        holders: Vec::new(),
        commitments: Vec::new(),
    };
    view(ID, BRANCH, fields)
}

fn team() -> View<TaskTeam> {
    let fields = TeamFields {
        name: "检修突击队".into(),
        team_kind: TeamKind::Shock,
        goal: String::new(),
        leader: None,
        members: Vec::new(),
        unit: None,
    };
    view(ID, BRANCH, fields)
}

fn unit() -> View<Unit> {
    let fields = UnitFields {
        name: "电解车间".into(),
        unit_kind: UnitKind::Workshop,
        parent: None,
    };
    view(ID, OrgId::DIRECTORY, fields)
}

fn person() -> View<Person> {
    let fields = PersonFields {
        name: "王五".into(),
        unit: UnitId(Uuid::from_u128(3)),
    };
    view(ID, OrgId::DIRECTORY, fields)
}

fn member(home: Option<OrgId>) -> View<Member> {
    let fields = MemberFields {
        name: "李四".into(),
        number: "0042".into(),
        home,
        unit: None,
    };
    view(ID, OrgId::DIRECTORY, fields)
}

fn template() -> View<Template> {
    let fields = TemplateFields {
        name: "日常检查表".into(),
        inspection_kind: InspectionKind::Daily,
        org: BRANCH,
        duty: None,
    };
    view(ID, OrgId::DIRECTORY, fields)
}

fn creates<R: Governed>(view: &View<R>) -> impl Fn(&Judge<'_>) -> Ruling {
    |judge| {
        R::check_fields(&view.fields)?;
        R::may_create(judge, &view.header, &view.fields)
    }
}

fn edits<R: Governed>(view: &View<R>) -> impl Fn(&Judge<'_>) -> Ruling {
    |judge| R::may_edit(judge, view)
}

fn appends<R: Governed>(view: &View<R>, event: R::Event) -> impl Fn(&Judge<'_>) -> Ruling {
    move |judge| R::may_append(judge, view, &event)
}

const KEEPERS: &[Role] = &[BranchSecretary, Admin];
const REGISTRARS: &[Role] = &[SafetyOfficer, BranchSecretary, Admin];
const TEMPLATE_KEEPERS: &[Role] = &[SafetyOfficer, BranchSecretary, Supervisor, Admin];
