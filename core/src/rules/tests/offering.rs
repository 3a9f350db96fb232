//! What a screen offers.

use super::*;

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
    use PartyOrgAction as A;
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
