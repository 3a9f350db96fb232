//! Who may do what, told role by role: how far a role reaches, what becomes of an ended grant, and
//! who creates, edits, appends to and reads each kind of record.

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
fn ask(
    member: MemberId,
    role: Role,
    org: OrgId,
    may: impl Fn(&Judge<'_>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
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
fn only(what: &str, roles: &[Role], may: impl Fn(&Judge<'_>) -> Result<(), Refusal>) {
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
fn operator(may: impl Fn(&Judge<'_>) -> Result<(), Refusal>) -> Result<(), Refusal> {
    may(&Judge {
        directory: &directory(),
        author: Author::OPERATOR,
        grant: None,
    })
}

/// Asserts that exactly `roles` may, whatever their organisation.
fn only_anywhere(what: &str, roles: &[Role], may: impl Fn(&Judge<'_>) -> Result<(), Refusal>) {
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

mod reach {
    use super::*;

    #[test]
    fn a_member_a_holder_and_a_rectifier_reach_only_their_own_space() {
        let directory = directory();
        for role in LOCAL {
            for org in [COMMITTEE, BRANCH, OTHER_BRANCH, GROUP, TEMPORARY] {
                for space in [COMMITTEE, BRANCH, OTHER_BRANCH, GROUP, TEMPORARY, NOWHERE] {
                    let reaches = directory.reaches(org, *role, space);
                    assert_eq!(reaches, org == space, "{role:?} of {org} in {space}");
                }
            }
        }
    }

    #[test]
    fn roles_that_oversee_reach_every_space_below() {
        let directory = directory();
        for role in OVERSEEING {
            for (org, spaces) in [
                (
                    COMMITTEE,
                    &[COMMITTEE, BRANCH, OTHER_BRANCH, GROUP, TEMPORARY][..],
                ),
                (BRANCH, &[BRANCH, GROUP]),
                (OTHER_BRANCH, &[OTHER_BRANCH]),
                (GROUP, &[GROUP]),
                (TEMPORARY, &[TEMPORARY]),
            ] {
                for space in [COMMITTEE, BRANCH, OTHER_BRANCH, GROUP, TEMPORARY, NOWHERE] {
                    let reaches = directory.reaches(org, *role, space);
                    assert_eq!(
                        reaches,
                        spaces.contains(&space),
                        "{role:?} of {org} in {space}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_dissolved_branchs_space_passes_to_its_hosts_members() {
        let mut directory = directory();
        assert!(!directory.reaches(BRANCH, PartyMember, TEMPORARY));
        dissolve(&mut directory, TEMPORARY, BRANCH);
        for role in Role::ALL {
            assert!(directory.reaches(BRANCH, *role, TEMPORARY), "{role:?}");
            assert!(
                !directory.reaches(OTHER_BRANCH, *role, TEMPORARY),
                "{role:?}"
            );
            assert!(!directory.reaches(GROUP, *role, TEMPORARY), "{role:?}");
            // The site's own space came to the branch, not the branch's to the site.
            assert!(!directory.reaches(TEMPORARY, *role, BRANCH), "{role:?}");
        }
        assert!(directory.reaches(COMMITTEE, Supervisor, TEMPORARY));
        assert!(!directory.reaches(COMMITTEE, PartyMember, TEMPORARY));
    }

    #[test]
    fn a_space_passes_on_from_host_to_host_and_a_circle_of_hosts_ends() {
        let mut directory = directory();
        dissolve(&mut directory, TEMPORARY, OTHER_BRANCH);
        dissolve(&mut directory, OTHER_BRANCH, BRANCH);
        assert!(directory.reaches(BRANCH, PartyMember, TEMPORARY));
        dissolve(&mut directory, OTHER_BRANCH, TEMPORARY);
        assert!(!directory.reaches(BRANCH, PartyMember, TEMPORARY));
        assert!(directory.reaches(OTHER_BRANCH, PartyMember, TEMPORARY));
    }

    #[test]
    fn a_circle_of_superiors_ends() {
        let mut directory = directory();
        directory.put_org(&org(COMMITTEE, PartyOrgKind::Committee, Some(GROUP)));
        assert!(!directory.is_above(NOWHERE, BRANCH));
        assert!(!directory.reaches(OTHER_BRANCH, Supervisor, BRANCH));
    }

    #[test]
    fn a_device_follows_what_its_members_grants_reach_and_the_directory() {
        let mut directory = directory();
        assert_eq!(directory.scope(SOMEBODY), [OrgId::DIRECTORY]);
        give(&mut directory, SOMEBODY, PartyMember, BRANCH);
        give(&mut directory, SOMEBODY, PartyMember, TEMPORARY);
        let mut expected = vec![OrgId::DIRECTORY, BRANCH, TEMPORARY];
        expected.sort_unstable();
        assert_eq!(directory.scope(SOMEBODY), expected);
        let supervisor = MemberId(Uuid::from_u128(0x51));
        give(&mut directory, supervisor, Supervisor, COMMITTEE);
        assert_eq!(directory.scope(supervisor).len(), 6);
    }

    #[test]
    fn the_first_role_that_reaches_is_the_one_acted_under() {
        let mut directory = directory();
        let member = give(&mut directory, SOMEBODY, PartyMember, BRANCH);
        let officer = give(&mut directory, SOMEBODY, SafetyOfficer, COMMITTEE);
        let find = |roles: &[Role], space| directory.find_grant(SOMEBODY, roles, space);
        assert_eq!(find(&[PartyMember, SafetyOfficer], BRANCH), Some(member));
        assert_eq!(find(&[SafetyOfficer, PartyMember], BRANCH), Some(officer));
        assert_eq!(find(&[PartyMember, SafetyOfficer], GROUP), Some(officer));
        assert_eq!(find(&[PartyMember], OTHER_BRANCH), None);
        assert_eq!(find(&[Supervisor], BRANCH), None);
    }

    #[test]
    fn what_needs_no_office_is_not_done_under_one() {
        let mut directory = directory();
        let officer = give(&mut directory, SOMEBODY, SafetyOfficer, BRANCH);
        let member = give(&mut directory, SOMEBODY, PartyMember, BRANCH);
        let any = crate::rules::choose_author(&directory, SOMEBODY, |_| Ok(()));
        assert_eq!(any, Ok(member));
        let office = crate::rules::choose_author(&directory, SOMEBODY, |judge| {
            let is_officer = judge.author.role == SafetyOfficer;
            is_officer.then_some(()).ok_or(Refusal::Role)
        });
        assert_eq!(office, Ok(officer));
    }
}

mod standing {
    use super::*;

    const ENDED_AT: u64 = 100;
    const RECEIVED_MS: i64 = 1_790_000_000_000;
    const GRACE_MS: i64 = 86_400_000;

    /// Ends the grant; `position` is `None` where the end is not yet admitted.
    fn end(directory: &mut Directory, author: &Author, position: Option<u64>) {
        directory.put_grant(&ending(author, position, None));
    }

    fn ending(author: &Author, position: Option<u64>, superseded: Option<Refusal>) -> View<Grant> {
        let mut view = grant(author.member, author.role, BRANCH);
        view.events.push(FoldedEvent {
            event: Event {
                id: EventId(Uuid::from_u128(1)),
                author: *author,
                at_ms: RECEIVED_MS,
                seen: Vec::new(),
                body: GrantEvent::Ended {
                    reason: "调离".into(),
                },
            },
            position,
            received_at_ms: position.map(|_| RECEIVED_MS),
            superseded,
            unaware_of: Vec::new(),
        });
        view
    }

    fn is_late(
        directory: &Directory,
        author: &Author,
        seen: u64,
        later_ms: i64,
    ) -> Result<bool, Refusal> {
        directory
            .standing(author, seen, RECEIVED_MS + later_ms, GRACE_MS)
            .map(|standing| standing.is_late)
    }

    #[test]
    fn a_grant_is_somebodys_in_one_role() {
        let mut directory = directory();
        let author = give(&mut directory, SOMEBODY, PartyMember, BRANCH);
        assert_eq!(is_late(&directory, &author, 0, 0), Ok(false));
        for false_claim in [
            Author {
                member: CREATOR,
                ..author
            },
            Author {
                role: Admin,
                ..author
            },
            Author {
                grant: GrantId(Uuid::from_u128(404)),
                ..author
            },
            Author::OPERATOR,
        ] {
            let refusal = is_late(&directory, &false_claim, 0, 0);
            assert_eq!(refusal, Err(Refusal::GrantUnknown), "{false_claim:?}");
        }
    }

    #[test]
    fn what_was_made_before_the_end_was_seen_is_late_but_good_within_the_grace() {
        let mut directory = directory();
        let author = give(&mut directory, SOMEBODY, PartyMember, BRANCH);
        end(&mut directory, &author, Some(ENDED_AT));
        for seen in [0, ENDED_AT - 1] {
            assert_eq!(is_late(&directory, &author, seen, 0), Ok(true));
            assert_eq!(is_late(&directory, &author, seen, GRACE_MS), Ok(true));
            let too_late = is_late(&directory, &author, seen, GRACE_MS + 1);
            assert_eq!(too_late, Err(Refusal::GrantEnded));
        }
    }

    #[test]
    fn what_was_made_after_the_end_was_seen_is_refused_at_once() {
        let mut directory = directory();
        let author = give(&mut directory, SOMEBODY, PartyMember, BRANCH);
        end(&mut directory, &author, Some(ENDED_AT));
        for seen in [ENDED_AT, ENDED_AT + 1, u64::MAX] {
            // The relay's clock may be behind what it was: that opens nothing.
            for later_ms in [-GRACE_MS, 0, 1] {
                let refusal = is_late(&directory, &author, seen, later_ms);
                assert_eq!(refusal, Err(Refusal::GrantEnded));
            }
        }
    }

    #[test]
    fn an_end_that_is_this_devices_own_counts_for_it_at_once() {
        let mut directory = directory();
        let author = give(&mut directory, SOMEBODY, PartyMember, BRANCH);
        end(&mut directory, &author, None);
        let refusal = is_late(&directory, &author, 0, 0);
        assert_eq!(refusal, Err(Refusal::GrantEnded));
    }

    #[test]
    fn an_end_that_was_superseded_ends_nothing() {
        let mut directory = directory();
        let author = give(&mut directory, SOMEBODY, PartyMember, BRANCH);
        let superseded = Some(Refusal::Role);
        directory.put_grant(&ending(&author, Some(ENDED_AT), superseded));
        assert_eq!(is_late(&directory, &author, u64::MAX, 0), Ok(false));
    }

    #[test]
    fn an_ended_grant_gives_no_scope_no_reading_and_nothing_to_act_under() {
        let mut directory = directory();
        let author = give(&mut directory, SOMEBODY, SafetyOfficer, BRANCH);
        let reads = |directory: &Directory| {
            directory.may_read(SOMEBODY, DocumentKind::Hazard, BRANCH, CREATOR)
        };
        assert!(reads(&directory));
        end(&mut directory, &author, Some(ENDED_AT));
        assert!(!reads(&directory));
        assert!(directory.grants_of(SOMEBODY).is_empty());
        assert_eq!(directory.scope(SOMEBODY), [OrgId::DIRECTORY]);
        let found = directory.find_grant(SOMEBODY, &[SafetyOfficer], BRANCH);
        assert_eq!(found, None);
        // It is still known, so that what was made under it can be judged.
        assert!(directory.grant(author.grant).is_some());
    }
}

mod reading {
    use super::*;

    fn reads(role: Role, org: OrgId, kind: DocumentKind, creator: MemberId) -> bool {
        let mut directory = directory();
        give(&mut directory, SOMEBODY, role, org);
        directory.may_read(SOMEBODY, kind, BRANCH, creator)
    }

    #[test]
    fn everybody_in_reach_reads_a_space_and_nobody_else() {
        for kind in DocumentKind::ALL {
            if *kind == DocumentKind::Violation {
                continue;
            }
            for role in Role::ALL {
                assert!(reads(*role, BRANCH, *kind, CREATOR), "{role:?} {kind:?}");
                let above = reads(*role, COMMITTEE, *kind, CREATOR);
                assert_eq!(above, OVERSEEING.contains(role), "{role:?} {kind:?}");
                assert!(!reads(*role, OTHER_BRANCH, *kind, CREATOR));
                assert!(!reads(*role, TEMPORARY, *kind, CREATOR));
            }
        }
    }

    #[test]
    fn a_violation_is_read_only_by_those_who_handle_it_and_by_its_recorder() {
        let handlers = [SafetyOfficer, BranchSecretary, Supervisor];
        for role in Role::ALL {
            let is_handler = handlers.contains(role);
            let others = reads(*role, BRANCH, DocumentKind::Violation, CREATOR);
            assert_eq!(others, is_handler, "{role:?}");
            assert!(
                reads(*role, BRANCH, DocumentKind::Violation, SOMEBODY),
                "{role:?}"
            );
            let above = reads(*role, COMMITTEE, DocumentKind::Violation, CREATOR);
            assert_eq!(above, is_handler, "{role:?}");
            assert!(!reads(
                *role,
                OTHER_BRANCH,
                DocumentKind::Violation,
                CREATOR
            ));
            // Having recorded it does not outlast the last grant there.
            assert!(!reads(
                *role,
                OTHER_BRANCH,
                DocumentKind::Violation,
                SOMEBODY
            ));
            assert_eq!(is_name_visible(*role), is_handler, "{role:?}");
        }
    }

    #[test]
    fn everybody_reads_the_directory() {
        let nobody = MemberId(Uuid::from_u128(404));
        for kind in DocumentKind::ALL {
            assert!(directory().may_read(nobody, *kind, OrgId::DIRECTORY, CREATOR));
        }
    }

    #[test]
    fn a_dissolved_branchs_records_are_read_by_its_hosts_members() {
        let mut directory = directory();
        give(&mut directory, SOMEBODY, PartyMember, BRANCH);
        let kind = DocumentKind::Hazard;
        assert!(!directory.may_read(SOMEBODY, kind, TEMPORARY, CREATOR));
        dissolve(&mut directory, TEMPORARY, BRANCH);
        assert!(directory.may_read(SOMEBODY, kind, TEMPORARY, CREATOR));
        let kind = DocumentKind::Violation;
        assert!(!directory.may_read(SOMEBODY, kind, TEMPORARY, CREATOR));
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

fn creates<R: Governed>(view: &View<R>) -> impl Fn(&Judge<'_>) -> Result<(), Refusal> {
    |judge| R::may_create(judge, &view.header, &view.fields)
}

fn edits<R: Governed>(view: &View<R>) -> impl Fn(&Judge<'_>) -> Result<(), Refusal> {
    |judge| R::may_edit(judge, view)
}

fn appends<R: Governed>(
    view: &View<R>,
    event: R::Event,
) -> impl Fn(&Judge<'_>) -> Result<(), Refusal> {
    move |judge| R::may_append(judge, view, &event)
}

const KEEPERS: &[Role] = &[BranchSecretary, Admin];
const REGISTRARS: &[Role] = &[SafetyOfficer, BranchSecretary, Admin];
const TEMPLATE_KEEPERS: &[Role] = &[SafetyOfficer, BranchSecretary, Supervisor, Admin];

mod creating {
    use super::*;

    #[test]
    fn whoever_belongs_to_a_space_records_what_they_meet_there() {
        only("a hazard", BELONGING, creates(&hazard()));
        only("an inspection", BELONGING, creates(&inspection()));
        only("a violation", BELONGING, creates(&violation()));
    }

    #[test]
    fn the_secretary_keeps_zones_posts_and_teams() {
        only("a zone", KEEPERS, creates(&zone()));
        only("a post", KEEPERS, creates(&post()));
        only("a team", KEEPERS, creates(&team()));
    }

    #[test]
    fn the_directory_has_its_keepers() {
        only_anywhere("a unit", REGISTRARS, creates(&unit()));
        only_anywhere("a person", REGISTRARS, creates(&person()));
        only("a member", KEEPERS, creates(&member(Some(BRANCH))));
        only_anywhere("a member from elsewhere", KEEPERS, creates(&member(None)));
        only("a template", TEMPLATE_KEEPERS, creates(&template()));
        let branch = org(OrgId(ID), PartyOrgKind::Branch, Some(BRANCH));
        only("an organisation", &[Admin], creates(&branch));
        let top = org(OrgId(ID), PartyOrgKind::Committee, None);
        only_anywhere("a top organisation", NOBODY, creates(&top));
        assert_eq!(operator(creates(&top)), Ok(()));
    }

    #[test]
    fn a_temporary_branch_is_applied_for_by_whoever_is_there() {
        let kind = PartyOrgKind::TemporaryBranch;
        let applied = org(OrgId(ID), kind, Some(COMMITTEE));
        only_anywhere("a temporary branch", BELONGING, creates(&applied));
        let below_nothing = org(OrgId(ID), kind, Some(NOWHERE));
        only_anywhere("one below nothing", NOBODY, creates(&below_nothing));
    }

    #[test]
    fn roles_are_given_by_those_who_may() {
        for role in LOCAL {
            let given = grant(CREATOR, *role, BRANCH);
            only("a role of the rank and file", KEEPERS, creates(&given));
        }
        for role in OVERSEEING {
            let given = grant(CREATOR, *role, BRANCH);
            only("a role that oversees", &[Admin], creates(&given));
        }
    }

    #[test]
    fn a_temporary_branchs_secretary_is_appointed_from_above() {
        let secretary = grant(CREATOR, BranchSecretary, TEMPORARY);
        let superiors = [BranchSecretary, Supervisor, Admin];
        for role in Role::ALL {
            let above = ask(SOMEBODY, *role, COMMITTEE, creates(&secretary));
            assert_eq!(
                above.is_ok(),
                superiors.contains(role),
                "{role:?}: {above:?}"
            );
            for org in [TEMPORARY, BRANCH, GROUP] {
                let refusal = ask(SOMEBODY, *role, org, creates(&secretary));
                assert!(refusal.is_err(), "{role:?}");
            }
        }
        assert_eq!(operator(creates(&secretary)), Ok(()));
    }

    #[test]
    fn a_record_says_something() {
        let empty = |result: Result<(), Refusal>| assert_eq!(result, Err(Refusal::TextMissing));
        let create = |may: &dyn Fn(&Judge<'_>) -> Result<(), Refusal>| operator(may);
        let mut hazard = hazard();
        hazard.fields.description = "  ".into();
        empty(create(&creates(&hazard)));
        let mut violation = violation();
        violation.fields.description = String::new();
        empty(create(&creates(&violation)));
        let mut zone = zone();
        zone.fields.name = "\n".into();
        empty(create(&creates(&zone)));
        let mut member = member(None);
        member.fields.name = String::new();
        empty(create(&creates(&member)));
    }
}

mod editing {
    use super::*;

    #[test]
    fn a_hazard_is_edited_while_it_is_open() {
        let mut hazard = hazard();
        for status in HazardStatus::ALL {
            hazard.state.status = *status;
            if matches!(status, HazardStatus::Closed | HazardStatus::Void) {
                let refusal = ask(SOMEBODY, Supervisor, BRANCH, edits(&hazard));
                assert_eq!(refusal, Err(Refusal::Status));
            } else {
                only("a hazard", BELONGING, edits(&hazard));
            }
        }
    }

    #[test]
    fn an_inspection_and_a_grant_are_never_edited() {
        let given = grant(CREATOR, PartyMember, BRANCH);
        only_anywhere("an inspection", NOBODY, edits(&inspection()));
        only_anywhere("a grant", NOBODY, edits(&given));
        assert_eq!(operator(edits(&inspection())), Err(Refusal::NotEditable));
        assert_eq!(operator(edits(&given)), Err(Refusal::NotEditable));
    }

    #[test]
    fn a_violation_is_edited_by_its_recorder_and_the_safety_officer_until_confirmed() {
        let mut violation = violation();
        for role in Role::ALL {
            let others = ask(SOMEBODY, *role, BRANCH, edits(&violation));
            assert_eq!(others.is_ok(), *role == SafetyOfficer, "{role:?}");
            let own = ask(CREATOR, *role, BRANCH, edits(&violation));
            assert_eq!(own, Ok(()), "{role:?}");
            let moved = ask(CREATOR, *role, OTHER_BRANCH, edits(&violation));
            assert_eq!(moved, Err(Refusal::OutsideSpace), "{role:?}");
        }
        for status in ViolationStatus::ALL {
            violation.state.status = *status;
            let own = ask(CREATOR, PartyMember, BRANCH, edits(&violation));
            assert_eq!(own.is_ok(), *status == ViolationStatus::Recorded);
        }
    }

    #[test]
    fn who_creates_a_thing_of_the_space_or_the_directory_edits_it() {
        only("a zone", KEEPERS, edits(&zone()));
        only("a post", KEEPERS, edits(&post()));
        only("a team", KEEPERS, edits(&team()));
        only_anywhere("a unit", REGISTRARS, edits(&unit()));
        only_anywhere("a person", REGISTRARS, edits(&person()));
        only("a member", &[Admin], edits(&member(Some(BRANCH))));
        only_anywhere("a member from elsewhere", NOBODY, edits(&member(None)));
        only("a template", TEMPLATE_KEEPERS, edits(&template()));
        let branch = org(BRANCH, PartyOrgKind::Branch, Some(COMMITTEE));
        only("an organisation", &[Admin], edits(&branch));
    }
}

mod appending {
    use super::*;

    fn remark() -> HazardEvent {
        HazardEvent::Commented {
            text: "已看到".into(),
        }
    }

    #[test]
    fn a_hazards_events_need_reach_and_its_own_table_says_the_rest() {
        only("a remark", Role::ALL, appends(&hazard(), remark()));
        only(
            "a close-out",
            Role::ALL,
            appends(&hazard(), HazardEvent::ClosedOut),
        );
    }

    #[test]
    fn an_assignment_across_spaces_brings_its_own_reach() {
        let mut hazard = hazard();
        hazard.state.assignment = Some(Assignment {
            unit: UnitId(Uuid::from_u128(3)),
            person: Party::Member(SOMEBODY),
            mode: RectificationMode::Deadline,
            deadline_ms: 0,
            assurances: None,
            plan: None,
        });
        let rectified = HazardEvent::Rectified(Rectification {
            what: "已修复".into(),
            on_behalf_of: None,
            on_the_spot: false,
            photos: Vec::new(),
        });
        let measure = HazardEvent::ControlMeasure {
            text: "拉警戒线".into(),
        };
        let reason = || "不是隐患".to_owned();
        for role in Role::ALL {
            for event in [rectified.clone(), measure.clone(), remark()] {
                let assigned = ask(
                    SOMEBODY,
                    *role,
                    OTHER_BRANCH,
                    appends(&hazard, event.clone()),
                );
                assert_eq!(assigned, Ok(()), "{role:?}: {event:?}");
                let other = ask(CREATOR, *role, OTHER_BRANCH, appends(&hazard, event));
                assert_eq!(other, Err(Refusal::OutsideSpace), "{role:?}");
            }
            for event in [
                HazardEvent::ClosedOut,
                HazardEvent::Voided { reason: reason() },
                HazardEvent::Reopened { reason: reason() },
                HazardEvent::Verified {
                    conclusion: reason(),
                    assessment: None,
                },
            ] {
                let assigned = ask(SOMEBODY, *role, OTHER_BRANCH, appends(&hazard, event));
                assert_eq!(assigned, Err(Refusal::OutsideSpace), "{role:?}");
            }
        }
    }

    #[test]
    fn an_inspection_is_corrected_only_by_its_author() {
        let inspection = inspection();
        let correction = InspectionEvent::Corrected {
            text: "第三项应为异常".into(),
            items: Vec::new(),
        };
        let remark = String::new();
        only(
            "a review",
            Role::ALL,
            appends(&inspection, InspectionEvent::Reviewed { remark }),
        );
        for role in Role::ALL {
            let own = ask(
                CREATOR,
                *role,
                BRANCH,
                appends(&inspection, correction.clone()),
            );
            assert_eq!(own, Ok(()));
            let other = ask(
                SOMEBODY,
                *role,
                BRANCH,
                appends(&inspection, correction.clone()),
            );
            assert_eq!(other, Err(Refusal::NotCreator));
        }
    }

    #[test]
    fn a_violation_is_continued_only_by_those_who_may_read_it() {
        let violation = violation();
        let remark = || ViolationEvent::Commented {
            text: "已谈话".into(),
        };
        let handlers = &[SafetyOfficer, BranchSecretary, Supervisor];
        only("a violation", handlers, appends(&violation, remark()));
        for role in Role::ALL {
            let own = ask(CREATOR, *role, BRANCH, appends(&violation, remark()));
            assert_eq!(own, Ok(()), "{role:?}");
        }
    }

    #[test]
    fn holders_append_to_their_zone_and_so_do_those_who_oversee_it() {
        let mut zone = zone();
        let note = || ZoneEvent::Noted {
            text: "照明已修".into(),
        };
        only("a zone's note", TEMPLATE_KEEPERS, appends(&zone, note()));
        zone.fields.holders.push(SOMEBODY);
        only("its holder's note", Role::ALL, appends(&zone, note()));
    }

    #[test]
    fn only_its_holders_keep_a_posts_record() {
        let mut post = post();
        let entry = || {
            PostEvent::Entry(PostEntry {
                day: crate::calendar::Day(0),
                shift: Shift::Day,
                kept: Vec::new(),
                done: "巡检两次".into(),
                inspection: None,
                hazard: None,
            })
        };
        for role in Role::ALL {
            let refusal = ask(SOMEBODY, *role, BRANCH, appends(&post, entry()));
            assert_eq!(refusal, Err(Refusal::NotHolder), "{role:?}");
        }
        only(
            "a post's naming",
            Role::ALL,
            appends(&post, PostEvent::Named),
        );
        post.fields.holders.push(SOMEBODY);
        for role in Role::ALL {
            let holder = ask(SOMEBODY, *role, BRANCH, appends(&post, entry()));
            assert_eq!(holder, Ok(()), "{role:?}");
            let moved = ask(SOMEBODY, *role, OTHER_BRANCH, appends(&post, entry()));
            assert_eq!(moved, Err(Refusal::OutsideSpace), "{role:?}");
        }
    }

    #[test]
    fn a_teams_members_append_to_it_and_so_do_those_who_oversee_it() {
        let mut team = team();
        let note = || TeamEvent::Noted {
            text: "完成过半".into(),
        };
        only("a team's note", TEMPLATE_KEEPERS, appends(&team, note()));
        team.fields.members.push(SOMEBODY);
        only("its member's note", Role::ALL, appends(&team, note()));
    }

    #[test]
    fn a_temporary_branch_is_approved_and_dissolved_from_above_and_begun_from_within() {
        let branch = org(TEMPORARY, PartyOrgKind::TemporaryBranch, Some(COMMITTEE));
        let secretary = SOMEBODY;
        let reason = || "项目完工".to_owned();
        let dissolved = |host| PartyOrgEvent::Dissolved {
            host,
            reason: reason(),
        };
        for event in [
            PartyOrgEvent::Approved { secretary },
            dissolved(BRANCH),
            PartyOrgEvent::Archived,
        ] {
            for role in Role::ALL {
                let may = appends(&branch, event.clone());
                assert_eq!(ask(SOMEBODY, *role, COMMITTEE, &may), Ok(()));
                for org in [TEMPORARY, BRANCH, GROUP] {
                    let refusal = ask(SOMEBODY, *role, org, &may);
                    assert_eq!(refusal, Err(Refusal::OutsideSpace), "{role:?}: {event:?}");
                }
            }
        }
        let begun = appends(&branch, PartyOrgEvent::Activated);
        assert_eq!(ask(SOMEBODY, BranchSecretary, TEMPORARY, &begun), Ok(()));
        let other = ask(SOMEBODY, BranchSecretary, BRANCH, &begun);
        assert_eq!(other, Err(Refusal::OutsideSpace));
        for host in [TEMPORARY, NOWHERE] {
            let refusal = ask(
                SOMEBODY,
                Admin,
                COMMITTEE,
                appends(&branch, dissolved(host)),
            );
            assert_eq!(refusal, Err(Refusal::OutsideSpace));
        }
    }

    #[test]
    fn a_grant_is_ended_by_those_who_may_give_it() {
        let ended = || GrantEvent::Ended {
            reason: "调离".into(),
        };
        let given = grant(CREATOR, PartyMember, BRANCH);
        only(
            "the end of a member's grant",
            KEEPERS,
            appends(&given, ended()),
        );
        let given = grant(CREATOR, Supervisor, BRANCH);
        only(
            "the end of a supervisor's grant",
            &[Admin],
            appends(&given, ended()),
        );
    }

    #[test]
    fn a_template_is_published_by_its_keepers() {
        let template = template();
        let published = TemplateEvent::Published {
            version: 1,
            items: Vec::new(),
        };
        only(
            "a template",
            TEMPLATE_KEEPERS,
            appends(&template, published),
        );
    }
}

/// What each is offered of a hazard at each point of its life.
#[test]
fn a_screen_is_offered_what_the_rules_accept_and_nothing_else() {
    use HazardAction as A;
    let mut directory = directory();
    let mut member = |number: u128, role| {
        let id = MemberId(Uuid::from_u128(number));
        give(&mut directory, id, role, BRANCH);
        id
    };
    let rectifier = member(0x61, PartyMember);
    let officer = member(0x62, SafetyOfficer);
    let supervisor = member(0x63, Supervisor);
    let viewer = member(0x64, Viewer);

    let mut view = hazard();
    view.state.reported_by = Some(CREATOR);
    let offered = |view: &View<Hazard>, member| allowed_actions(&directory, member, view);
    let everybody = [
        A::Edit,
        A::AddControlMeasure,
        A::RectifyOnTheSpot,
        A::Comment,
    ];
    assert_eq!(offered(&view, rectifier), everybody);
    assert_eq!(offered(&view, viewer), [A::Comment]);
    assert_eq!(offered(&view, SOMEBODY), []);
    assert_eq!(
        offered(&view, officer),
        [
            A::Edit,
            A::GradeGeneral,
            A::GradeMajor,
            A::AddControlMeasure,
            A::RectifyOnTheSpot,
            A::Void,
            A::Comment
        ]
    );

    view.state.status = HazardStatus::Assigned;
    view.state.grade = Some(crate::model::hazard::HazardGrade::General);
    view.state.assignment = Some(Assignment {
        unit: UnitId(Uuid::nil()),
        person: Party::Member(rectifier),
        mode: RectificationMode::Deadline,
        deadline_ms: 0,
        assurances: None,
        plan: None,
    });
    let assigned = [A::Edit, A::AddControlMeasure, A::Rectify, A::Comment];
    assert_eq!(offered(&view, rectifier), assigned);
    let for_officer = offered(&view, officer);
    assert!(for_officer.contains(&A::RectifyOnBehalf) && for_officer.contains(&A::Extend));
    assert!(!for_officer.contains(&A::Rectify) && !for_officer.contains(&A::RectifyOnTheSpot));

    view.state.status = HazardStatus::Verified;
    let verified = [A::Edit, A::AddControlMeasure, A::ReturnForRework];
    assert_eq!(offered(&view, supervisor)[..3], verified);
    assert!(!offered(&view, supervisor).contains(&A::CloseOut));
    assert!(offered(&view, officer).contains(&A::CloseOut));

    view.state.status = HazardStatus::Closed;
    assert_eq!(offered(&view, officer), [A::Comment]);
    assert_eq!(offered(&view, supervisor), [A::Reopen, A::Comment]);
}

/// What each is offered of a zone, a team, a post and a temporary branch.
#[test]
fn a_screen_offers_zones_teams_posts_and_organisations_by_the_same_rules() {
    let mut directory = directory();
    let mut member = |number: u128, role, org| {
        let id = MemberId(Uuid::from_u128(number));
        give(&mut directory, id, role, org);
        id
    };
    let holder = member(0x61, PartyMember, BRANCH);
    let officer = member(0x62, SafetyOfficer, BRANCH);
    let secretary = member(0x63, BranchSecretary, BRANCH);
    let site_secretary = member(0x64, BranchSecretary, TEMPORARY);
    let superior = member(0x65, Supervisor, COMMITTEE);
    let admin = member(0x66, Admin, COMMITTEE);

    let mut zone = zone();
    zone.fields.holders = vec![holder];
    let offered =
        |view: &View<ResponsibilityZone>, member| allowed_actions(&directory, member, view);
    let all = [ZoneAction::Edit, ZoneAction::Note, ZoneAction::Retire];
    assert_eq!(offered(&zone, holder), [ZoneAction::Note]);
    assert_eq!(offered(&zone, officer), [ZoneAction::Note]);
    assert_eq!(offered(&zone, secretary), all);
    assert_eq!(offered(&zone, site_secretary), []);
    zone.state.is_retired = true;
    assert!(!offered(&zone, secretary).contains(&ZoneAction::Retire));

    let mut team = team();
    team.fields.members = vec![holder];
    team.fields.leader = None;
    let offered = |view: &View<TaskTeam>, member| allowed_actions(&directory, member, view);
    assert!(offered(&team, holder).contains(&TeamAction::Note));
    assert!(!offered(&team, holder).contains(&TeamAction::Edit));
    let all = [TeamAction::Edit, TeamAction::Note, TeamAction::End];
    assert_eq!(offered(&team, secretary), all);
    assert_eq!(offered(&team, SOMEBODY), []);
    team.state.is_ended = true;
    assert!(!offered(&team, secretary).contains(&TeamAction::End));

    let mut post = post();
    post.fields.holders = vec![holder];
    let offered = |view: &View<VanguardPost>, member| allowed_actions(&directory, member, view);
    assert_eq!(offered(&post, holder), [], "it is not named yet");
    assert_eq!(
        offered(&post, secretary),
        [PostAction::Edit, PostAction::Name]
    );
    post.state.status = crate::model::post::PostStatus::Named;
    assert_eq!(offered(&post, holder), [PostAction::WriteEntry]);
    post.state.unreviewed = vec![EventId(Uuid::nil())];
    assert!(offered(&post, secretary).contains(&PostAction::ReviewEntry));

    use PartyOrgAction as A;
    let mut branch = org(TEMPORARY, PartyOrgKind::TemporaryBranch, Some(COMMITTEE));
    let mut life = Vec::new();
    for status in PartyOrgStatus::ALL {
        branch.state.status = *status;
        let offered = |member| allowed_actions(&directory, member, &branch);
        life.push((offered(superior), offered(site_secretary)));
        assert_eq!(offered(holder), []);
        assert!(offered(admin).contains(&A::Edit));
    }
    let expected = [
        (vec![A::Approve], vec![]),
        (vec![A::Activate, A::Dissolve], vec![A::Activate]),
        (vec![A::Dissolve], vec![]),
        (vec![A::Archive], vec![]),
        (vec![], vec![]),
    ];
    assert_eq!(life, expected);
    // Nothing is above the committee that could take over its space.
    let committee = org(COMMITTEE, PartyOrgKind::Committee, None);
    assert_eq!(allowed_actions(&directory, admin, &committee), [A::Edit]);
}
