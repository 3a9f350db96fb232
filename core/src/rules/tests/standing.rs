//! What becomes of a grant that has ended.

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
    let reads =
        |directory: &Directory| directory.may_read(SOMEBODY, DocumentKind::Hazard, BRANCH, CREATOR);
    assert!(reads(&directory));
    end(&mut directory, &author, Some(ENDED_AT));
    assert!(!reads(&directory));
    assert!(directory.grants_of(SOMEBODY).is_empty());
    assert_eq!(directory.scope(SOMEBODY), [OrgId::DIRECTORY]);
    // It is still known, so that what was made under it can be judged.
    assert!(directory.grant(author.grant).is_some());
}
