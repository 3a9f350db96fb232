//! Who appends what.

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
