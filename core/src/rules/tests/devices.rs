//! Whose devices somebody manages.

use super::*;

#[test]
fn nobody_makes_a_device_with_more_rights_than_their_own() {
    let mut directory = directory();
    let [admin, secretary, worker, officer, stranger] =
        [1, 2, 3, 4, 5].map(|n| MemberId(Uuid::from_u128(n)));
    for (member, role, org) in [
        (admin, Admin, COMMITTEE),
        (secretary, BranchSecretary, BRANCH),
        (secretary, PartyMember, BRANCH),
        (worker, PartyMember, BRANCH),
        (officer, PartyMember, BRANCH),
        (officer, SafetyOfficer, COMMITTEE),
    ] {
        give(&mut directory, member, role, org);
    }
    let may = |actor, member| may_manage_devices(&directory, actor, member);
    for everybody in [secretary, worker, officer, stranger] {
        assert!(may(admin, everybody));
        assert!(may(everybody, everybody));
        assert!(!may(worker, everybody) || everybody == worker);
    }
    for (member, gives) in [(admin, true), (secretary, false), (officer, false)] {
        assert_eq!(may_give_passwords(&directory, member), gives);
    }
    assert!(may(secretary, worker));
    assert!(!may(secretary, officer), "an officer's phone can do more");
    assert!(!may(secretary, admin));
    assert!(!may(secretary, stranger));
}
