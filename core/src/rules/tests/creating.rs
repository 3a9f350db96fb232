//! Who creates what.

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
