//! Who edits what.

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
