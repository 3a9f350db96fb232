//! Who reads what.

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
