//! The users' table, cell by cell.

use super::*;

/// Where a hazard may stand; what of its past the table asks for is said beside it.
struct Situation {
    name: &'static str,
    /// `None` at the start, before it is reported.
    status: Option<S>,
    grade: Option<HazardGrade>,
    ever_assigned: bool,
    life: Life,
}

fn situations() -> Vec<Situation> {
    let general = Some(HazardGrade::General);
    let major = Some(HazardGrade::Major);
    let spot = |life: Life| life.then(REPORTER, Role::Member, K::RectifiedOnTheSpot);
    let close = |life: Life| life.verified().then(VERIFIER, SafetyOfficer, K::ClosedOut);
    let major_close = |life: Life| life.verified().then(SUPERIOR, Supervisor, K::ClosedOut);
    let void = |life: Life| life.then(OFFICER, SafetyOfficer, K::Voided);
    let graded = || Life::reported().then(OFFICER, SafetyOfficer, K::GradedGeneral);
    let major_graded = || {
        Life::reported()
            .then(OFFICER, SafetyOfficer, K::GradedMajor)
            .then(REPORTER, Role::Member, K::ControlMeasure)
    };
    let rectified = || Life::assigned().rectified();
    let major_rectified = || Life::major_assigned().rectified();
    #[rustfmt::skip]
    let all = [
        ("start", None, None, false, Life::unborn()),
        ("reported", Some(S::Reported), None, false, Life::reported()),
        ("graded", Some(S::Graded), general, false, graded()),
        ("graded, major", Some(S::Graded), major, false, major_graded()),
        ("assigned", Some(S::Assigned), general, true, Life::assigned()),
        ("assigned, major", Some(S::Assigned), major, true, Life::major_assigned()),
        ("rectified, not graded", Some(S::Rectified), None, false, spot(Life::reported())),
        ("rectified on the spot", Some(S::Rectified), general, false, spot(graded())),
        ("rectified", Some(S::Rectified), general, true, rectified()),
        ("rectified, major", Some(S::Rectified), major, true, major_rectified()),
        ("verified, on the spot", Some(S::Verified), general, false, spot(graded()).verified()),
        ("verified", Some(S::Verified), general, true, rectified().verified()),
        ("verified, major", Some(S::Verified), major, true, major_rectified().verified()),
        ("closed, on the spot", Some(S::Closed), general, false, close(spot(graded()))),
        ("closed", Some(S::Closed), general, true, close(rectified())),
        ("closed, major", Some(S::Closed), major, true, major_close(major_rectified())),
        ("void, not graded", Some(S::Void), None, false, void(Life::reported())),
        ("void, graded", Some(S::Void), general, false, void(graded())),
        ("void, assigned", Some(S::Void), general, true, void(Life::assigned())),
        ("void, major", Some(S::Void), major, true, void(Life::major_assigned())),
    ];
    all.into_iter()
        .map(|(name, status, grade, ever_assigned, life)| Situation {
            name,
            status,
            grade,
            ever_assigned,
            life,
        })
        .collect()
}

/// The users' table: event, by whom, allowed in, leads to.
///
/// "members" are all who belong to the space in whatever role; a viewer looks, and may remark.
const TABLE: &str = "
Reported           | members                                    | start                                                | Reported
GradedGeneral      | SafetyOfficer, BranchSecretary, Supervisor | Reported, Graded, Assigned, Rectified                | Graded from Reported, or when raised to Major; else unchanged
GradedMajor        | SafetyOfficer, Supervisor                  | Reported, Graded, Assigned, Rectified                | Graded from Reported, or when raised to Major; else unchanged
ControlMeasure     | members                                    | any but Closed, Void                                 | unchanged
Assigned           | SafetyOfficer, BranchSecretary, Supervisor | Graded, Assigned                                     | Assigned
Extended           | SafetyOfficer, BranchSecretary, Supervisor | Assigned                                             | unchanged
RectifiedOwn       | members                                    | Assigned                                             | Rectified
RectifiedOnBehalf  | members                                    | Assigned                                             | Rectified
RectifiedOnTheSpot | members                                    | Reported, Graded; never Major                        | Rectified
ReturnedForRework  | SafetyOfficer, BranchSecretary, Supervisor | Rectified, Verified                                  | Assigned if ever assigned, else Graded if graded, else Reported
Verified           | SafetyOfficer, BranchSecretary, Supervisor | Rectified; once graded                               | Verified
ClosedOut          | General: SafetyOfficer, BranchSecretary. Major: Supervisor | Verified                             | Closed
Voided             | SafetyOfficer, Supervisor                  | any but Closed, Void                                 | Void
Reopened           | Supervisor                                 | Closed, Void                                         | Assigned if ever assigned, else Graded if graded, else Reported
FieldChosen        | SafetyOfficer, BranchSecretary, Supervisor | any                                                  | unchanged
Commented          | whoever can see it                         | any                                                  | unchanged
";

/// What the table says of one cell: where it leads, or the reasons against it.
fn told(kind: Kind, situation: &Situation, role: Role) -> Result<S, Vec<Refusal>> {
    let row = TABLE
        .lines()
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .find(|row| row[0] == format!("{kind:?}"))
        .expect("every event has its row");
    let (by, allowed_in, leads_to) = (row[1], row[2], row[3]);
    let mut against = Vec::new();

    let is_major = situation.grade == Some(HazardGrade::Major);
    let by = match by.split_once(". Major: ") {
        Some((_, major)) if is_major => major,
        Some((general, _)) => general.trim_start_matches("General: "),
        None => by,
    };
    let may = match by {
        "whoever can see it" => true,
        "members" => role != Role::Viewer,
        roles => roles.split(", ").any(|name| name == format!("{role:?}")),
    };
    if !may {
        against.push(Refusal::Role);
    }

    let (states, condition) = allowed_in.split_once("; ").unwrap_or((allowed_in, ""));
    let stand = situation.status.map(|status| format!("{status:?}"));
    let stand = stand.as_deref().unwrap_or("start");
    let is_allowed = match states.strip_prefix("any but ") {
        Some(not) => stand != "start" && !not.split(", ").any(|name| name == stand),
        None if states == "any" => stand != "start",
        None => states.split(", ").any(|name| name == stand),
    };
    if !is_allowed {
        against.push(Refusal::Status);
    }
    match condition {
        "" => {}
        "never Major" if !is_major => {}
        "never Major" => against.push(Refusal::OnTheSpotMajor),
        "once graded" if situation.grade.is_some() => {}
        "once graded" => against.push(Refusal::NotGraded),
        other => panic!("the test does not know {other:?}"),
    }
    if !against.is_empty() {
        return Err(against);
    }

    let now = situation.status.unwrap_or(S::Reported);
    Ok(match leads_to {
        "unchanged" => now,
        "Graded from Reported, or when raised to Major; else unchanged" => {
            let is_raised = kind == K::GradedMajor && !is_major;
            if now == S::Reported || is_raised {
                S::Graded
            } else {
                now
            }
        }
        "Assigned if ever assigned, else Graded if graded, else Reported" => {
            match (situation.ever_assigned, situation.grade) {
                (true, _) => S::Assigned,
                (false, Some(_)) => S::Graded,
                (false, None) => S::Reported,
            }
        }
        one => *HazardStatus::ALL
            .iter()
            .find(|status| format!("{status:?}") == one)
            .expect("a state"),
    })
}

#[test]
fn every_cell_is_as_the_table_says() {
    let mut cells = 0;
    for situation in situations() {
        let Life(state) = &situation.life;
        let stands = (
            state.reported_by.is_some().then_some(state.status),
            state.grade,
        );
        assert_eq!(
            stands,
            (situation.status, situation.grade),
            "{}",
            situation.name
        );
        for kind in Kind::ALL {
            for role in Role::ALL {
                let author = if kind == K::RectifiedOwn {
                    RECTIFIER
                } else {
                    STRANGER
                };
                let found = situation.life.tries(author, *role, &kind.body());
                let cell = format!("{kind:?} when {} by {role:?}", situation.name);
                match (told(kind, &situation, *role), found) {
                    (Ok(status), Ok(next)) => assert_eq!(next.status, status, "{cell}"),
                    (Err(against), Err(refusal)) => {
                        assert!(against.contains(&refusal), "{cell}: {refusal:?}");
                    }
                    (told, found) => panic!("{cell}: {told:?} told, {found:?} found"),
                }
                cells += 1;
            }
        }
    }
    assert_eq!(cells, 20 * 16 * 8);
}
