//! Many hands: whatever the order in which events were done, the first that counts counts.

use super::*;

fn header() -> Header {
    Header {
        id: DocumentId(Uuid::from_u128(10)),
        kind: DocumentKind::Hazard,
        space: OrgId(Uuid::from_u128(11)),
        creator: REPORTER,
        created_ms: NOW_MS,
        schema: SCHEMA,
    }
}

fn folded(events: &[Event<HazardEvent>]) -> (HazardState, Vec<Option<Refusal>>) {
    let fields = HazardFields::new("法兰泄漏", HazardNature::ManagementDefect);
    let folded = fold::<Hazard>(&header(), &fields, events);
    (folded.state, folded.superseded)
}

fn story(told: &[(MemberId, Role, Kind)]) -> Vec<Event<HazardEvent>> {
    told.iter()
        .enumerate()
        .map(|(n, (member, role, kind))| event(n, *member, *role, kind.body()))
        .collect()
}

#[test]
fn the_first_of_two_decisions_counts_and_the_later_one_is_kept_with_its_reason() {
    let common = [
        (REPORTER, Role::Member, K::Reported),
        (OFFICER, SafetyOfficer, K::GradedGeneral),
        (OFFICER, SafetyOfficer, K::Assigned),
        (RECTIFIER, Role::Rectifier, K::RectifiedOwn),
    ];
    let passes = (VERIFIER, SafetyOfficer, K::Verified);
    let returns = (SUPERIOR, Supervisor, K::ReturnedForRework);
    let closes = (VERIFIER, SafetyOfficer, K::ClosedOut);
    let voids = (SUPERIOR, Supervisor, K::Voided);
    let after = |rest: &[(MemberId, Role, Kind)]| folded(&story(&[&common[..], rest].concat()));

    // The stale decision comes too late for a closed hazard, and for a returned one.
    let (state, superseded) = after(&[passes, closes, voids]);
    assert_eq!(state.status, S::Closed);
    assert_eq!(superseded[4..], [None, None, Some(Refusal::Status)]);
    let (state, superseded) = after(&[returns, passes, closes]);
    assert_eq!(state.status, S::Assigned);
    assert_eq!(
        superseded[4..],
        [None, Some(Refusal::Status), Some(Refusal::Status)]
    );
    // A return is still possible after a verification, because the table allows it then.
    let (state, superseded) = after(&[passes, returns]);
    assert_eq!(state.status, S::Assigned);
    assert_eq!(superseded[4..], [None, None]);
}

#[test]
fn a_superseded_event_leaves_the_effects_of_others() {
    let told = [
        (REPORTER, Role::Member, K::Reported),
        (OFFICER, SafetyOfficer, K::GradedGeneral),
        (OFFICER, SafetyOfficer, K::Assigned),
        (RECTIFIER, Role::Rectifier, K::RectifiedOwn),
        (RECTIFIER, SafetyOfficer, K::Verified), // in its own hand
        (STRANGER, Role::Member, K::RectifiedOnTheSpot), // somebody was there before
        (REPORTER, Role::Member, K::Reported),   // a second time
        (VERIFIER, BranchSecretary, K::Verified),
        (VERIFIER, BranchSecretary, K::ClosedOut),
    ];
    let (state, superseded) = folded(&story(&told));
    let reasons: Vec<_> = superseded[4..7].iter().copied().flatten().collect();
    assert_eq!(
        reasons,
        [Refusal::OwnHand, Refusal::Status, Refusal::Status]
    );
    let without = [&told[..4], &told[7..]].concat();
    assert_eq!(state, folded(&story(&without)).0);
    assert_eq!(state.rectified.unwrap().recorded_by, RECTIFIER);
    assert_eq!(state.verified.unwrap().by, VERIFIER);
    assert_eq!(state.status, S::Closed);
}

fn any_told() -> impl Strategy<Value = Vec<(MemberId, Role, Kind)>> {
    let cast = vec![REPORTER, OFFICER, RECTIFIER, VERIFIER, SUPERIOR, STRANGER];
    let one = (
        prop::sample::select(cast),
        prop_oneof![
            3 => prop::sample::select(REVIEWERS),
            1 => prop::sample::select(Role::ALL),
        ],
        prop::sample::select(&Kind::ALL[..]),
    );
    prop::collection::vec(one, 0..40).prop_map(|mut told| {
        told.insert(0, (REPORTER, Role::Member, K::Reported));
        told
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_is_superseded_changes_nothing_and_folding_is_the_same_every_time(told in any_told()) {
        let events = story(&told);
        let (state, superseded) = folded(&events);
        prop_assert_eq!(&(state.clone(), superseded.clone()), &folded(&events));

        // What comes later never rewrites what was decided before it.
        let mut before = folded(&[]).0;
        for count in 1..=events.len() {
            let (after, reasons) = folded(&events[..count]);
            prop_assert_eq!(&reasons[..], &superseded[..count]);
            if superseded[count - 1].is_some() {
                prop_assert_eq!(&before, &after);
            }
            before = after;
        }

        // The events that count make the same state alone, and all of them count.
        let effective: Vec<_> = events
            .iter()
            .zip(&superseded)
            .filter(|(_, superseded)| superseded.is_none())
            .map(|(event, _)| event.clone())
            .collect();
        let (alone, none) = folded(&effective);
        prop_assert_eq!(&alone, &state);
        prop_assert!(none.iter().all(Option::is_none));

        // Whatever happened: nothing is closed in its own hand, or Major without its papers.
        let is_major = state.grade == Some(HazardGrade::Major);
        if matches!(state.status, S::Verified | S::Closed) {
            let (rectified, verified) = (state.rectified.unwrap(), state.verified.unwrap());
            prop_assert_ne!(rectified.recorded_by, verified.by);
            let doer = rectified.rectification.on_behalf_of;
            prop_assert_ne!(doer, Some(Party::Member(verified.by)));
            if let Some(closed) = state.closed.filter(|_| is_major) {
                prop_assert_ne!(closed.by, verified.by);
            }
        }
        if is_major && matches!(state.status, S::Assigned | S::Rectified | S::Verified | S::Closed) {
            prop_assert!(state.control_measures > 0);
            prop_assert!(state.assignment.unwrap().plan.unwrap().is_complete());
        }
    }
}
