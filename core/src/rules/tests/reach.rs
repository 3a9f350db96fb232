//! How far a role reaches.

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
